//! Says in a few words what else is worth knowing of a value while one chooses it.

use super::{Choice, maps_of};
use crate::analysis::history::{Membership, in_map};
use crate::domain::catalog::{Catalog, Provenance, ReleaseMap};
use crate::domain::definition::Mode;
use crate::domain::scenario::{CpuChoice, HostChoice, LibvirtChoice, MachineChoice, Release, Scenario, Told, Topology};

/// Returns what to say beside the value that `choice` has in `with`; empty where its name says all.
pub(super) fn of(choice: Choice, catalog: &Catalog, with: &Scenario) -> String {
    match choice {
        Choice::Model => model(catalog, with),
        Choice::Machine => machine(catalog, with),
        Choice::Feature => feature(catalog, with),
        Choice::Policy => policy(with).to_owned(),
        Choice::FromLibvirt => libvirt(catalog, &with.from),
        Choice::ToLibvirt => libvirt(catalog, &with.to),
        Choice::Started => with.started.as_ref().map(|release| libvirt(catalog, release)).unwrap_or_default(),
        Choice::Via => with.via.last().map(|release| libvirt(catalog, release)).unwrap_or_default(),
        Choice::FromQemu => qemu(catalog, &with.from),
        Choice::ToQemu => qemu(catalog, &with.to),
        Choice::FromHost => host(catalog, &with.from_host),
        Choice::ToHost => host(catalog, &with.to_host),
        Choice::Topology => topology(with.topology),
        Choice::Check => {
            if with.check.is_none() { "as libvirt does where the XML says nothing" } else { "" }.to_owned()
        }
        Choice::Regime => match with.regime.map(crate::domain::behaviour::Regime::name) {
            None => "what the destination's release does",
            Some("nothing") => "a removed feature nobody mentions stays as QEMU has it",
            Some("disable") => "a removed feature nobody mentions is switched off",
            Some(_) => "a removed feature nobody mentions is switched on",
        }
        .to_owned(),
        Choice::Accel | Choice::Match | Choice::Fallback | Choice::Vendor | Choice::Pmu | Choice::Transport => {
            String::new()
        }
    }
}

fn model(catalog: &Catalog, with: &Scenario) -> String {
    match with.cpu {
        CpuChoice::Model(Told::Is(model)) => {
            catalog.vendor(model).map(|vendor| vendor.name().to_owned()).unwrap_or_default()
        }
        CpuChoice::Model(Told::Unknown) => "not known: every model is tried".to_owned(),
        CpuChoice::Mode(Mode::HostModel) => "the host's CPU, written down at start".to_owned(),
        CpuChoice::Mode(Mode::HostPassthrough) => "the host's CPU as it is".to_owned(),
        CpuChoice::Mode(Mode::Maximum) => "everything QEMU can give".to_owned(),
        CpuChoice::Mode(Mode::Custom) => String::new(),
    }
}

fn machine(catalog: &Catalog, with: &Scenario) -> String {
    match &with.machine {
        MachineChoice::Listed(id) => {
            let version = with.from.qemu.version.known();
            let at_source = version.and_then(|v| catalog.qemu_releases().iter().find(|q| q.version == v));
            let known = at_source.and_then(|q| q.machines.iter().find(|m| m.machine == *id));
            let alias = known.and_then(|m| m.alias.as_deref()).map(|alias| format!("{alias} at the source"));
            let deprecated = known.is_some_and(|m| m.deprecated).then(|| "deprecated".to_owned());
            alias.into_iter().chain(deprecated).collect::<Vec<_>>().join(", ")
        }
        MachineChoice::Unlisted(_) => "not in the facts: any of that QEMU's stands for it".to_owned(),
        MachineChoice::Unknown => "not known: every machine type is tried".to_owned(),
    }
}

fn feature(catalog: &Catalog, with: &Scenario) -> String {
    let Some(model) = with.model() else { return String::new() };
    let says = |release: &Release| {
        let maps = maps_of(catalog, &release.libvirt);
        match in_map(maps.first()?, model, with.feature) {
            Membership::NoModel => None,
            Membership::Has => Some("in"),
            Membership::Removed => Some("removed"),
            Membership::Added => Some("added"),
            Membership::Absent | Membership::Unknown => Some("-"),
        }
    };
    match (says(&with.from), says(&with.to)) {
        (Some("-"), Some("-")) | (None, _) | (_, None) => String::new(),
        (Some(from), Some(to)) => format!("source {from}, destination {to}"),
    }
}

fn policy(with: &Scenario) -> &'static str {
    match with.features.get(with.feature).map(crate::domain::definition::Policy::name) {
        None => "the definition says nothing",
        Some("require") => "switched on; the host must have it",
        Some("disable") => "switched off",
        Some("force") => "switched on without asking",
        Some("optional") => "switched on where the host has it",
        Some(_) => "switched off; the host must not have it",
    }
}

fn libvirt(catalog: &Catalog, release: &Release) -> String {
    match &release.libvirt {
        LibvirtChoice::Old => "the e-mail's old: its map has the feature in the model".to_owned(),
        LibvirtChoice::New => "the e-mail's new: 9.0.0 with the feature removed everywhere".to_owned(),
        LibvirtChoice::Unknown => "not known: every release is tried".to_owned(),
        LibvirtChoice::Release(id, _) => {
            let release = catalog.release(*id);
            match (release.provenance, release.map) {
                (Provenance::Hypothetical, _) => "made up to show a map with the feature removed".to_owned(),
                (Provenance::User, _) => format!("read from {}", release.source),
                (Provenance::Published, ReleaseMap::Exact(_)) => String::new(),
                (Provenance::Published, ReleaseMap::Between { lower, upper }) => {
                    format!("between {} and {}", catalog.release(lower.0).name, catalog.release(upper.0).name)
                }
            }
        }
    }
}

fn qemu(catalog: &Catalog, release: &Release) -> String {
    match release.qemu.version {
        Told::Unknown => "not known: every release is tried".to_owned(),
        Told::Is(version) => match catalog.qemu_releases().iter().find(|q| q.version == version) {
            Some(facts) if facts.ran => "a running one was asked".to_owned(),
            Some(_) => String::new(),
            None => "its neighbours answer for it".to_owned(),
        },
    }
}

fn host(catalog: &Catalog, host: &HostChoice) -> String {
    match host {
        HostChoice::Capable => "has whatever is asked for".to_owned(),
        HostChoice::Listed(id) => catalog.host(*id).model_id.trim().to_owned(),
        HostChoice::Given { .. } => "as given".to_owned(),
        HostChoice::Any => "each recorded one on which the source starts".to_owned(),
        HostChoice::Unknown => "not known: each recorded one is tried".to_owned(),
    }
}

fn topology(topology: Told<Topology>) -> String {
    match topology {
        Told::Unknown => "not known: one and several threads in a package are tried".to_owned(),
        Told::Is(topology) => {
            let threads = topology.threads_per_package();
            format!("{threads} thread{} in each package", if threads == 1 { "" } else { "s" })
        }
    }
}
