//! Lists known names, and prints the pages of the rules.

use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::host::{Host, HostSource};
use crate::domain::scenario::EXAMPLE_LIBVIRT;
use crate::explain::rule_page;
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
pub fn list(catalog: &Catalog, what: ListKind, json: bool, out: &mut dyn Write) -> Result<u8> {
    let rows = match what {
        ListKind::Models => models(catalog),
        ListKind::Machines => catalog
            .qemu_defaults()
            .machines
            .iter()
            .map(|machine| (catalog.machine_name(*machine).to_owned(), String::new()))
            .collect(),
        ListKind::Releases => releases(catalog),
        ListKind::Qemu => qemu(catalog),
        ListKind::Hosts => hosts(catalog),
        ListKind::Products => catalog
            .products()
            .iter()
            .map(|p| (p.name.to_string(), format!("libvirt {}, QEMU {}", p.libvirt, p.qemu)))
            .collect(),
        ListKind::Rules => {
            RuleId::ALL.iter().map(|rule| (rule.name().to_owned(), rule_page(*rule).title().to_owned())).collect()
        }
        ListKind::Features => catalog.features().iter().map(|name| (name.to_owned(), String::new())).collect(),
    };
    if json {
        let rows: Vec<serde_json::Value> =
            rows.iter().map(|(name, note)| serde_json::json!({ "name": name, "note": note })).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(0);
    }
    for (name, note) in rows {
        if note.is_empty() { writeln!(out, "{name}")? } else { writeln!(out, "{name}\t{note}")? }
    }
    Ok(0)
}

fn models(catalog: &Catalog) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = catalog
        .pickable_models()
        .map(|model| {
            let vendor = catalog.vendor(model).map(|vendor| vendor.to_string()).unwrap_or_default();
            (catalog.model_name(model).to_owned(), vendor)
        })
        .collect();
    rows.sort();
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
    let note = |facts: &crate::domain::qemu::QemuFacts| {
        let asked = if facts.ran { ", read over QMP" } else { "" };
        format!("{} machine types, {} models{asked}", facts.machines.len(), facts.models.len())
    };
    catalog.qemu_releases().iter().map(|facts| (facts.version.to_string(), note(facts))).collect()
}

fn hosts(catalog: &Catalog) -> Vec<(String, String)> {
    let note = |host: &Host| {
        let (vendor, model) = (host.vendor, host.model_id.trim());
        let source = match host.source {
            HostSource::QemuReply => "reply of a QEMU that is not recorded",
            HostSource::LibvirtTests => "from libvirt's tests",
        };
        let silicon = if host.silicon.is_some() { "silicon known" } else { "silicon not known" };
        let (features, asked) = (host.features.len(), host.asked.len());
        format!("{vendor}, {features} features of {asked} asked, {source}, {silicon}, {model}")
    };
    catalog.hosts().iter().map(|host| (host.name.to_string(), note(host))).collect()
}

/// Writes a rule's page, or all rules with their titles.
///
/// # Errors
/// An unknown id, with the nearest one; output that cannot be written.
pub fn rule(id: Option<&str>, out: &mut dyn Write) -> Result<u8> {
    let Some(id) = id else {
        for rule in RuleId::ALL {
            writeln!(out, "{}\t{}", rule.name(), rule_page(*rule).title())?;
        }
        return Ok(0);
    };
    match RuleId::ALL.iter().find(|rule| rule.name().eq_ignore_ascii_case(id)) {
        Some(rule) => out.write_all(rule_page(*rule).text.as_bytes())?,
        None => {
            let hint = did_you_mean(id, RuleId::ALL.iter().map(|rule| rule.name()));
            return Err(anyhow!("unknown rule {id:?}{hint}; `list rules` prints all of them"));
        }
    }
    Ok(0)
}
