//! Runs `list` and `rule`: prints known names, and the pages of the rules.

use super::analysis_args::TextFormat;
use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId, Product, Provenance, ReleaseMap};
use crate::domain::downstream::{Difference, DownstreamMachine};
use crate::domain::host::{Host, HostSource};
use crate::domain::order::{sort, sort_by_key};
use crate::domain::package::{Distribution, Presence};
use crate::domain::qemu::QemuFacts;
use crate::domain::scenario::EXAMPLE_LIBVIRT;
use crate::domain::text::without_links;
use crate::domain::version::Version;
use crate::explain::rule_page;
use crate::export::SCHEMA;
use crate::resolve::RuleId;
use anyhow::{Result, anyhow};
use clap::ValueEnum;
use std::io::Write;

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ListKind {
    /// CPU models, with their vendor.
    Models,
    /// Machine types.
    Machines,
    /// libvirt releases, with how their CPU map is known.
    Releases,
    /// QEMU releases.
    Qemu,
    /// Hosts.
    Hosts,
    /// CPU features.
    Features,
    /// Distributions and KubeVirt releases, with their libvirt and QEMU.
    Products,
    /// Rules, with their titles.
    Rules,
}

/// Writes a list: one name a line, with a note after a tab; or a JSON array of objects.
///
/// # Errors
/// Output that cannot be written.
pub fn list(catalog: &Catalog, what: ListKind, format: TextFormat, out: &mut dyn Write) -> Result<u8> {
    let rows = match what {
        ListKind::Models => models(catalog),
        ListKind::Machines => machines(catalog),
        ListKind::Releases => releases(catalog),
        ListKind::Qemu => qemu(catalog),
        ListKind::Hosts => hosts(catalog),
        ListKind::Products => products(catalog),
        ListKind::Rules => {
            RuleId::ALL.iter().map(|rule| (rule.name().to_owned(), rule_page(*rule).title().to_owned())).collect()
        }
        ListKind::Features => catalog.features().iter().map(|name| (name.to_owned(), String::new())).collect(),
    };
    if format == TextFormat::Json {
        let mut rows: Vec<serde_json::Value> =
            rows.iter().map(|(name, note)| serde_json::json!({ "name": name, "note": note })).collect();
        for (row, host) in rows.iter_mut().zip(catalog.hosts()).filter(|_| what == ListKind::Hosts) {
            row["vendor"] = host.vendor.name().into();
            row["signature"] = host.signature().to_string().into();
            row["recorded"] = (!host.recorded.is_empty()).then_some(&*host.recorded).into();
            row["qemu"] = (!host.qemu.is_empty()).then_some(&*host.qemu).into();
        }
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(0);
    }
    for (name, note) in rows {
        if note.is_empty() { writeln!(out, "{name}")? } else { writeln!(out, "{name}\t{note}")? }
    }
    Ok(0)
}

/// The upstream types with the QEMU releases that have them, then the distributions' with the upstream type each equals.
fn machines(catalog: &Catalog) -> Vec<(String, String)> {
    let upstream = catalog.qemu_defaults().machines.iter().map(|id| {
        let note = catalog.qemu_with(*id).map(|(first, last)| format!("QEMU {first} to {last}")).unwrap_or_default();
        (catalog.machine_name(*id).to_owned(), note)
    });
    let downstream = catalog.downstream().machines.iter().map(|known| {
        let like = known.like.iter().enumerate().map(|(index, (since, base))| {
            let from = if index == 0 { String::new() } else { format!(" from QEMU {since} on") };
            format!("as {}{from}", catalog.machine_name(*base))
        });
        let like: Vec<String> = like.collect();
        let like = if like.is_empty() { "equals no upstream type".to_owned() } else { like.join(", ") };
        let like = like + &known.differences.iter().map(|one| difference(catalog, one)).collect::<String>();
        let version = known.default_cpu_version.as_ref().map(|version| format!("; default CPU version {version}"));
        let (version, note) = (version.unwrap_or_default(), known.note.as_deref().unwrap_or_default());
        let mark = if note.is_empty() { "" } else { "; " };
        let text = format!("{like}; {}{version}; {}{mark}{note}", builds(catalog, known), known.certainty);
        (catalog.machine_name(known.machine).to_owned(), text)
    });
    upstream.chain(downstream).collect()
}

/// What a machine type does not have in common with the upstream type that it equals otherwise.
fn difference(catalog: &Catalog, difference: &Difference) -> String {
    match difference {
        Difference::Off(features, models) => {
            let names: Vec<&str> = features.iter().map(|feature| catalog.feature_name(feature)).collect();
            let models = models.as_ref().map(|models| format!(" in {} models", models.len())).unwrap_or_default();
            format!(", without {}{models}", names.join(" and "))
        }
        Difference::MayHave(quirk) => format!(", may have {}", quirk.name()),
    }
}

/// Which distributions' QEMU has a machine type.
fn builds(catalog: &Catalog, known: &DownstreamMachine) -> String {
    let of_distribution = |distribution: &Distribution| {
        let steps = known.builds.iter().filter(|(mark, ..)| *mark == distribution.mark);
        let since = |(_, since, presence): &(Box<str>, Version, Presence)| {
            let from = if *since == Version::default() { String::new() } else { format!(" from QEMU {since} on") };
            match presence {
                Presence::Yes => from,
                Presence::No => format!(" (not{from})"),
                Presence::Unread if from.is_empty() => " (older QEMU not read)".to_owned(),
                Presence::Unread => format!(" (not read{from})"),
            }
        };
        let mut steps: Vec<_> = steps.collect();
        sort_by_key(&mut steps, |(.., presence)| *presence != Presence::Yes);
        let text: String = steps.iter().map(|step| since(step)).collect();
        (!steps.is_empty()).then(|| format!("{}{text}", distribution.name))
    };
    catalog.downstream().distributions.iter().filter_map(of_distribution).collect::<Vec<_>>().join(", ")
}

/// Every product, the newest release of each first, then the other names of products and versions.
fn products(catalog: &Catalog) -> Vec<(String, String)> {
    let all = catalog.all_products();
    let ships = |product: &Product| {
        let through = product.through.as_ref().map(|last| format!("to {last}: ")).unwrap_or_default();
        let note = product.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
        let packages = match (&*product.libvirt, &*product.qemu) {
            ("", "") => "not read".to_owned(),
            ("", qemu) => format!("QEMU {qemu}"),
            (libvirt, qemu) => format!("libvirt {libvirt}, QEMU {qemu}"),
        };
        (product.name.to_string(), format!("{through}{packages}{note}"))
    };
    let products = all.newest_first().chain(&all.without_libvirt).map(ships);
    let same = all.same.iter().map(|(name, listed)| (format!("{name}:VERSION"), format!("as {listed}:VERSION")));
    let coded = all.codenames.iter().filter(|[of, _, version]| all.find(&format!("{of}:{version}")).is_ok());
    let coded = coded.map(|[of, name, version]| (format!("{of}:{name}"), format!("as {of}:{version}")));
    products.chain(same).chain(coded).collect()
}

fn models(catalog: &Catalog) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = catalog
        .pickable_models()
        .map(|model| {
            let vendor = catalog.vendor(model).map(|vendor| vendor.to_string()).unwrap_or_default();
            (catalog.model_name(model).to_owned(), vendor)
        })
        .collect();
    sort(&mut rows);
    rows
}

fn releases(catalog: &Catalog) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = (0u16..)
        .zip(catalog.libvirt_releases())
        .map(|(number, release)| (release.name.to_string(), release_note(catalog, LibvirtId(number))))
        .collect();
    rows.push(("old".to_owned(), EXAMPLE_LIBVIRT.to_owned()));
    rows.push(("new".to_owned(), format!("{EXAMPLE_LIBVIRT} with the feature removed from every model")));
    rows
}

fn release_note(catalog: &Catalog, id: LibvirtId) -> String {
    let release = catalog.release(id);
    let name = |id: LibvirtId| &*catalog.release(id).name;
    match (release.provenance, release.map) {
        (Provenance::Hypothetical, _) => "hypothetical".to_owned(),
        (Provenance::User, _) => format!("read from {}", release.source),
        (Provenance::Published, ReleaseMap::Exact(_)) => "exact".to_owned(),
        (Provenance::Published, ReleaseMap::Between { lower, upper }) => {
            format!("between {} and {}", name(lower.0), name(upper.0))
        }
    }
}

fn qemu(catalog: &Catalog) -> Vec<(String, String)> {
    let note = |facts: &QemuFacts| {
        let asked = if facts.ran { ", read over QMP" } else { "" };
        format!("{} machine types, {} models{asked}", facts.machines.len(), facts.models.len())
    };
    catalog.qemu_releases().iter().map(|facts| (facts.version.to_string(), note(facts))).collect()
}

fn hosts(catalog: &Catalog) -> Vec<(String, String)> {
    let note = |host: &Host| {
        let (vendor, model) = (host.vendor, host.model_id.trim());
        let source = recording(host);
        let silicon = if host.silicon.is_some() { "silicon known" } else { "silicon not known" };
        let (features, asked) = (host.features.len(), host.asked.len());
        let model = if model.is_empty() { String::new() } else { format!(", {model}") };
        format!("{vendor}, {features} features of {asked} asked, {source}, {silicon}{model}")
    };
    catalog.hosts().iter().map(|host| (host.name.to_string(), note(host))).collect()
}

/// What was recorded on a host, and when.
fn recording(host: &Host) -> String {
    let when = |word: &str| match &*host.recorded {
        "" => String::new(),
        recorded => format!(", {word} {recorded}"),
    };
    match host.source {
        HostSource::QemuReply if host.qemu.is_empty() => format!("reply of QEMU{}", when("in libvirt's tests since")),
        HostSource::QemuReply => {
            format!("reply of QEMU {} (inferred){}", host.qemu, when("in libvirt's tests since"))
        }
        HostSource::LibvirtTests => format!("expectation of libvirt's tests{}", when("added")),
    }
}

/// Writes a rule's page, or all rules with their titles.
///
/// # Errors
/// An unknown id, with the nearest one; output that cannot be written.
pub fn rule(catalog: &Catalog, id: Option<&str>, format: TextFormat, out: &mut dyn Write) -> Result<u8> {
    let Some(id) = id else { return list(catalog, ListKind::Rules, format, out) };
    let Some(rule) = RuleId::ALL.iter().find(|rule| rule.name().eq_ignore_ascii_case(id)) else {
        let hint = did_you_mean(id, RuleId::ALL.iter().map(|rule| rule.name()));
        return Err(anyhow!("unknown rule {id:?}{hint}; `list rules` prints all of them"));
    };
    let page = rule_page(*rule);
    if format == TextFormat::Text {
        out.write_all(without_links(page.text).as_bytes())?;
        return Ok(0);
    }
    let sections: serde_json::Map<String, serde_json::Value> =
        page.sections().map(|(heading, text)| (heading.to_lowercase(), text.into())).collect();
    let object = serde_json::json!({
        "schema": SCHEMA, "rule": rule.name(), "title": page.title(), "summary": page.summary(), "sections": sections,
    });
    writeln!(out, "{}", serde_json::to_string_pretty(&object)?)?;
    Ok(0)
}
