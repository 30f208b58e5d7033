//! Runs `expand`: prints the CPU that libvirt puts in place of host-model on a listed host or on one from a file.

use super::analysis_args::{ExpandArgs, ExpandFormat};
use super::files;
use crate::analysis::host_models::across_releases;
use crate::app::error::did_you_mean;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::host::{CpuSignature, HostId};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice, MaybeKnown, Release, Scenario, write_release};
use crate::domain::version::Version;
use crate::export::analysis::{self as write, ExpansionReport};
use crate::input::host::{HostFile, Kind};
use crate::resolve::{
    PossibleExpansion, expansions, expansions_of_domcapabilities, not_asked_for_host_model, not_named_of_host,
};
use anyhow::{Context, Result, anyhow, bail};
use std::io::Write;

/// libvirt and QEMU.
struct On {
    release: Release,
    libvirt: LibvirtId,
    qemu: Version,
    /// As a scenario names them.
    name: String,
}

/// Where the host comes from.
enum Source {
    /// Under TCG no host matters.
    Nowhere,
    Listed(HostId),
    File(Box<HostFile>),
}

/// Runs `expand`.
///
/// # Errors
/// Bad input, a host that no model describes, or output that cannot be written.
pub fn expand(catalog: &Catalog, args: &ExpandArgs, out: &mut dyn Write) -> Result<u8> {
    let on = releases(catalog, args.on.as_deref())?;
    let source = source(catalog, args, &on)?;
    let from_host = match &source {
        Source::Nowhere => HostChoice::Capable,
        Source::Listed(id) => HostChoice::Listed(*id),
        Source::File(file) => file.choice(),
    };
    let scenario = Scenario { accel: args.accel, from: on.release.clone(), from_host, ..Scenario::default_of(catalog) };
    let from_file = match &source {
        Source::File(file) => of_file(catalog, file, &on, &scenario)?,
        Source::Nowhere | Source::Listed(_) => Vec::new(),
    };
    let as_shown = !from_file.is_empty();
    if args.releases {
        let qemu = on.release.qemu.name();
        let title = (args.host.as_deref().filter(|_| args.accel == Accel::Kvm), &*qemu);
        let runs = across_releases(catalog, &scenario);
        let text = match args.format {
            ExpandFormat::Text => write::releases_text(catalog, title, &runs),
            ExpandFormat::Json => write::releases_json(catalog, title, &runs),
            ExpandFormat::Xml => bail!("--releases has no XML: use --format text or json"),
        };
        out.write_all(text.as_bytes())?;
        return Ok(0);
    }
    let not_asked = not_asked_for_host_model(catalog, &scenario).filter(|_| !as_shown);
    if let Some(why) = not_asked {
        bail!(
            "cannot expand host-model on {}: {}; the live definition of a guest shows the CPU",
            on.name,
            write::not_asked_text(why)
        );
    }
    let alternatives = if as_shown { from_file } else { expansions(catalog, &scenario) };
    if alternatives.is_empty() {
        bail!("cannot expand host-model: no CPU model of libvirt {} describes the host", on.name);
    }
    let mut assumptions = Vec::new();
    if args.accel == Accel::Kvm || as_shown {
        assumptions = about_source(catalog, args, &source, &scenario, as_shown);
    } else if args.host.is_some() {
        assumptions.push("Under TCG the host does not matter, so --host is not used.".to_owned());
    }
    if let (Source::File(file), Accel::Kvm, false) = (&source, args.accel, as_shown) {
        assumptions.extend(missing_input(file.signature, &alternatives));
    }
    let version = catalog.release(on.libvirt).version;
    if version < catalog.decisions().first_compared {
        assumptions.push(format!("This result has not been compared with an expansion by libvirt {version}."));
    }
    let report = ExpansionReport {
        host: args.host.as_deref(),
        on: &on.name,
        accel: args.accel,
        check: catalog.behaviour(version).0.live_update,
        alternatives: &alternatives,
        assumptions: &assumptions,
    };
    let text = match args.format {
        ExpandFormat::Text => write::expansion_text(catalog, &report),
        ExpandFormat::Xml => write::expansion_xml(catalog, &report),
        ExpandFormat::Json => write::expansion_json(catalog, &report),
    };
    out.write_all(text.as_bytes())?;
    Ok(0)
}

/// Names what the input lacks about the processor, and whether that changes the result.
fn missing_input(signature: Option<CpuSignature>, alternatives: &[PossibleExpansion]) -> Option<String> {
    let (missing, tried) = match signature {
        None => ("CPU family, model and stepping", "those of every listed host of this vendor"),
        Some(CpuSignature { stepping: None, .. }) => ("stepping", "every stepping"),
        Some(_) => return None,
    };
    let decides = alternatives.windows(2).any(|pair| pair[0].signature != pair[1].signature);
    let result =
        if decides { "The result depends on it." } else { "The result is the same with each, and is inferred." };
    Some(format!("The input has no {missing}: {tried} was tried. {result}"))
}

/// A release and its QEMU for an error message.
fn example(catalog: &Catalog) -> String {
    let product = catalog.products().iter().rfind(|product| !product.libvirt.contains('-'));
    product.map(|known| format!("{}:{} or {}", known.libvirt, known.qemu, known.name)).unwrap_or_default()
}

fn releases(catalog: &Catalog, text: Option<&str>) -> Result<On> {
    let such_as = || format!("such as --on {}", example(catalog));
    let text = text.ok_or_else(|| anyhow!("--on is missing: name libvirt and QEMU, {}", such_as()))?;
    let from = Release::parse(catalog, text).with_context(|| format!("--on {text}"))?;
    let name = write_release(catalog, &from);
    let (LibvirtChoice::Release(..) | LibvirtChoice::Old, Some(libvirt)) = (&from.libvirt, from.libvirt.id(catalog))
    else {
        bail!("--on {text}: expected one release of libvirt, {}", such_as());
    };
    // Where the text names no QEMU, the scenario takes a default.
    let (true, MaybeKnown::Is(qemu)) = (text.contains(':'), from.qemu.version) else {
        bail!("--on {text}: the QEMU release is missing; name both, {}", such_as());
    };
    let needed = catalog.behaviour(catalog.release(libvirt).version).0.minimum_qemu;
    if qemu < needed {
        bail!("--on {text}: this libvirt needs QEMU {needed} or later");
    }
    Ok(On { release: from, libvirt, qemu, name })
}

/// A listed host of this name takes precedence over a file.
fn source(catalog: &Catalog, args: &ExpandArgs, on: &On) -> Result<Source> {
    let Some(name) = args.host.as_deref() else {
        if args.accel == Accel::Tcg {
            return Ok(Source::Nowhere);
        }
        let listed = catalog.hosts().first().map(|host| &*host.name).unwrap_or_default();
        bail!("--host is missing: name a listed host or a file, such as --host {listed} or --host domcapabilities.xml");
    };
    if let Some(id) = catalog.host_named(name) {
        return Ok(Source::Listed(id));
    }
    let files = if name == "-" { vec![name] } else { files::of_host(name) };
    if files.is_empty() {
        let near = did_you_mean(name, catalog.hosts().iter().map(|host| &*host.name));
        bail!(
            "--host {name:?}: neither a listed host nor a file{near}; `list hosts` prints the hosts, and `virsh \
             domcapabilities > host.xml` writes such a file"
        );
    }
    let (file, _) = files::read_host(catalog, &LibvirtChoice::Release(on.libvirt, None), &files)?;
    let for_tcg = file.host_model.as_ref().is_some_and(|displayed| displayed.accel == Accel::Tcg);
    if for_tcg && args.accel == Accel::Kvm {
        bail!(
            "{name}: made for TCG (domain qemu), which does not describe a KVM host; run `virsh domcapabilities \
             --virttype kvm`, or add --accel tcg"
        );
    }
    Ok(Source::File(Box::new(file)))
}

/// What `virsh domcapabilities` shows, if it is of the same libvirt, QEMU and accelerator; empty otherwise.
fn of_file(catalog: &Catalog, file: &HostFile, on: &On, scenario: &Scenario) -> Result<Vec<PossibleExpansion>> {
    let version = catalog.release(on.libvirt).version;
    let same = file.libvirt == Some(version) && file.qemu.is_some_and(|qemu| qemu.series() == on.qemu.series());
    let Some(displayed) = file.host_model.as_ref().filter(|displayed| same && displayed.accel == scenario.accel) else {
        return Ok(Vec::new());
    };
    let described = (displayed.model, displayed.vendor);
    let found = expansions_of_domcapabilities(catalog, scenario, described, &displayed.features);
    if found.is_empty() {
        bail!("libvirt {} has no CPU model {}", on.name, catalog.model_name(displayed.model));
    }
    Ok(found)
}

/// What the source of the host contains, and what it lacks.
fn about_source(
    catalog: &Catalog,
    args: &ExpandArgs,
    source: &Source,
    scenario: &Scenario,
    as_shown: bool,
) -> Vec<String> {
    let name = args.host.as_deref().unwrap_or_default();
    let mut said = Vec::new();
    let asked = match source {
        Source::Nowhere => return said,
        Source::Listed(id) => catalog.host(*id).asked,
        Source::File(file) => {
            let features = format!("{} features", file.features.len());
            let parts: Vec<&str> = std::iter::once(&*features).chain(file.notes.iter().map(String::as_str)).collect();
            said.push(format!("{name}: {}, {}.", file.kind.name(), parts.join("; ")));
            match &file.host_model {
                Some(_) if as_shown => {
                    said.push(format!(
                        "{name} is from the same libvirt and QEMU, so the result is its host-model without invtsc."
                    ));
                    return said;
                }
                Some(displayed) => said.extend(as_host(name, file, catalog.model_name(displayed.model))),
                None if file.kind == Kind::Capabilities || file.kind == Kind::CpuInfo => {
                    said.push(file.kind.tells().to_owned());
                }
                None => {}
            }
            file.asked
        }
    };
    let not_named = not_named_of_host(catalog, scenario, asked);
    if !not_named.is_empty() {
        let names: Vec<&str> = not_named.iter().map(|feature| catalog.feature_name(feature)).collect();
        said.push(format!(
            "The input cannot name {} features, so they count as absent: {}.",
            names.len(),
            names.join(", ")
        ));
    }
    said
}

fn as_host(name: &str, file: &HostFile, model: &str) -> [String; 2] {
    let why = match (file.libvirt, file.qemu) {
        (None, _) => {
            "it does not name its libvirt. If it is the same, put the output of virsh version before it".to_owned()
        }
        (Some(libvirt), Some(qemu)) => format!("it is from libvirt {libvirt} and QEMU {qemu}"),
        (Some(libvirt), None) => format!("it is from libvirt {libvirt} and does not name its QEMU"),
    };
    let inferred = match file.signature {
        Some(_) if file.silicon.is_some() => "Family, model and stepping are those of virsh capabilities.".to_owned(),
        Some(_) => format!("Family, model and stepping are inferred from {model}."),
        None => format!("Family, model and stepping are unknown: the map has none for {model}."),
    };
    [format!("{name} is read as a host, because {why}."), inferred]
}
