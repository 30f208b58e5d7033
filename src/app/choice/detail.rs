//! Writes the short description of a value in its list.

use super::{Choice, maps_of};
use crate::analysis::history::{Membership, in_map};
use crate::domain::catalog::{Catalog, Provenance, ReleaseMap};
use crate::domain::definition::Mode;
use crate::domain::scenario::{
    CpuChoice, HostChoice, LibvirtChoice, MachineChoice, MaybeKnown, Release, Scenario, Topology,
};

/// Returns the description of the value that `choice` has in `with`; empty where the name is enough.
pub(super) fn of(choice: Choice, catalog: &Catalog, with: &Scenario) -> String {
    match choice {
        Choice::Model => model(catalog, with),
        Choice::Machine => machine(catalog, with),
        Choice::Feature => feature(catalog, with),
        Choice::Policy => policy(with).to_owned(),
        Choice::FromLibvirt => libvirt(catalog, &with.from),
        Choice::ToLibvirt => libvirt(catalog, &with.to),
        Choice::Started => with.started.as_ref().map(|release| libvirt(catalog, release)).unwrap_or_default(),
        Choice::Via => with.via.last().map(|stop| libvirt(catalog, &stop.release)).unwrap_or_default(),
        Choice::FromQemu => qemu(catalog, &with.from),
        Choice::ToQemu => qemu(catalog, &with.to),
        Choice::FromHost => host(catalog, &with.from_host),
        Choice::ToHost => host(catalog, &with.to_host),
        Choice::Topology => topology(with.topology),
        Choice::Check => {
            if with.check.is_none() { "libvirt's default if the XML has no check attribute" } else { "" }.to_owned()
        }
        Choice::Regime => match with.regime.map(crate::domain::behaviour::Regime::name) {
            None => "as the destination's release does",
            Some("nothing") => "does not add a removed feature that is not mentioned",
            Some("disable") => "disables a removed feature that is not mentioned",
            Some(_) => "requires a removed feature that is not mentioned",
        }
        .to_owned(),
        Choice::Accel | Choice::Match | Choice::Fallback | Choice::Vendor | Choice::Pmu | Choice::Transport => {
            String::new()
        }
    }
}

fn model(catalog: &Catalog, with: &Scenario) -> String {
    match with.cpu {
        CpuChoice::Model(MaybeKnown::Is(model)) => {
            catalog.vendor(model).map(|vendor| vendor.name().to_owned()).unwrap_or_default()
        }
        CpuChoice::Model(MaybeKnown::Unknown) => "unknown: tries every model".to_owned(),
        CpuChoice::Unknown => "defined by an object that was not read".to_owned(),
        CpuChoice::Mode(Mode::HostModel) => "the host's CPU, expanded to a model at start".to_owned(),
        CpuChoice::Mode(Mode::HostPassthrough) => "the host's CPU, not expanded".to_owned(),
        CpuChoice::Mode(Mode::Maximum) => "every feature that QEMU can enable".to_owned(),
        CpuChoice::Mode(Mode::Custom) => String::new(),
    }
}

/// The upstream machine type that a distribution's equals at the source.
pub(super) fn base<'c>(catalog: &'c Catalog, with: &Scenario) -> Option<&'c str> {
    let MachineChoice::Listed(id) = with.machine else { return None };
    let base = catalog.downstream().machine(id)?.base(with.from.qemu.version.known().unwrap_or_default())?;
    Some(catalog.machine_name(base))
}

fn machine(catalog: &Catalog, with: &Scenario) -> String {
    if let MachineChoice::Listed(id) = with.machine
        && let Some(known) = catalog.downstream().machine(id)
    {
        let like = known.like.is_empty().then(|| "equals no upstream type".to_owned());
        let version = known.default_cpu_version.as_ref().map(|version| format!("default CPU version {version}"));
        let note = known.note.as_deref().map(str::to_owned);
        return [like, version, note].into_iter().flatten().collect::<Vec<_>>().join("; ");
    }
    match &with.machine {
        MachineChoice::Listed(id) => {
            let version = with.from.qemu.version.known();
            let at_source = version.and_then(|v| catalog.qemu_releases().iter().find(|q| q.version == v));
            let known = at_source.and_then(|q| q.machines.iter().find(|m| m.machine == *id));
            let alias = known.and_then(|m| m.alias.as_deref()).map(|alias| format!("{alias} at the source"));
            let deprecated = known.is_some_and(|m| m.deprecated).then(|| "deprecated".to_owned());
            alias.into_iter().chain(deprecated).collect::<Vec<_>>().join(", ")
        }
        MachineChoice::Unlisted(_) => match with.machine_like {
            Some(like) => format!("decided as {}", catalog.machine_name(like)),
            None => "no data: cannot be decided".to_owned(),
        },
        MachineChoice::Unknown => "unknown: tries every machine type".to_owned(),
    }
}

fn feature(catalog: &Catalog, with: &Scenario) -> String {
    let Some(model) = with.model() else { return String::new() };
    let membership = |release: &Release| {
        let maps = maps_of(catalog, &release.libvirt);
        match in_map(maps.first()?, model, with.feature) {
            Membership::NoModel => None,
            Membership::Has => Some("in"),
            Membership::Removed => Some("removed"),
            Membership::Added => Some("added"),
            Membership::Absent | Membership::Unknown => Some("-"),
        }
    };
    match (membership(&with.from), membership(&with.to)) {
        (Some("-"), Some("-")) | (None, _) | (_, None) => String::new(),
        (Some(from), Some(to)) => format!("source {from}, destination {to}"),
    }
}

fn policy(with: &Scenario) -> &'static str {
    match with.features.get(with.feature).map(crate::domain::definition::Policy::name) {
        None => "not mentioned in the definition",
        Some("require") => "enabled; the host must support it",
        Some("disable") => "disabled",
        Some("force") => "enabled without a check of the host",
        Some("optional") => "enabled if the host supports it",
        Some(_) => "disabled; the host must not support it",
    }
}

fn libvirt(catalog: &Catalog, release: &Release) -> String {
    match &release.libvirt {
        LibvirtChoice::Old => "its map has the feature in the model".to_owned(),
        LibvirtChoice::New => "old with the feature marked removed in every model".to_owned(),
        LibvirtChoice::Unknown => "unknown: tries every release".to_owned(),
        LibvirtChoice::Release(id, _) => {
            let release = catalog.release(*id);
            match (release.provenance, release.map) {
                (Provenance::Hypothetical, _) => "hypothetical: old with the feature marked removed".to_owned(),
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
        MaybeKnown::Unknown => "unknown: tries every release".to_owned(),
        MaybeKnown::Is(version) => match catalog.qemu_releases().iter().find(|q| q.version == version) {
            Some(facts) if facts.ran => "queried on a running QEMU".to_owned(),
            Some(_) => String::new(),
            None => "no data: uses the neighbouring releases".to_owned(),
        },
    }
}

fn host(catalog: &Catalog, host: &HostChoice) -> String {
    match host {
        HostChoice::Capable => "supports every required feature".to_owned(),
        HostChoice::Listed(id) => catalog.host(*id).model_id.trim().to_owned(),
        HostChoice::Given(_) => "as defined in the scenario".to_owned(),
        HostChoice::Any => "tries every recorded host that can start the guest".to_owned(),
        HostChoice::Unknown => "unknown: tries every recorded host".to_owned(),
    }
}

fn topology(topology: MaybeKnown<Topology>) -> String {
    match topology {
        MaybeKnown::Unknown => "unknown: tries one and several threads in a socket".to_owned(),
        MaybeKnown::Is(topology) => {
            let threads = topology.threads_per_package();
            format!("{threads} thread{} in each socket", if threads == 1 { "" } else { "s" })
        }
    }
}
