//! Finds why a value is not possible: an unknown model, a missing machine type, releases that do not work together.
//! Uses only the lists of the catalog; what a migration does is decided in `resolve`.

use super::{Choice, libvirt_name};
use crate::domain::catalog::{Catalog, ReleaseMap, machine_series};
use crate::domain::definition::Mode;
use crate::domain::map::CpuMap;
use crate::domain::package::Presence;
use crate::domain::scenario::{CpuChoice, LibvirtChoice, MachineChoice, MaybeKnown, Release, Scenario};
use crate::domain::version::Version;
use std::sync::Arc;

/// Returns one reason why a release is not possible at source or destination.
type Check = fn(&Catalog, &Scenario, &Release) -> Option<String>;

/// Returns why the value that `choice` has in `scenario` is not possible; `None` if it is.
pub(crate) fn problem(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Option<String> {
    let at = |checks: &[Check], release: &Release| checks.iter().find_map(|check| check(catalog, scenario, release));
    let endpoints = [(&scenario.from, "source"), (&scenario.to, "destination")];
    match choice {
        Choice::Model => endpoints.iter().find_map(|(release, side)| {
            at(&[model_in_map, model_in_qemu], release).map(|reason| format!("{side}: {reason}"))
        }),
        Choice::Machine => endpoints
            .iter()
            .find_map(|(release, side)| at(&[machine_in_qemu], release).map(|reason| format!("{side}: {reason}"))),
        Choice::FromLibvirt => at(&[needs_qemu, model_in_map], &scenario.from),
        Choice::ToLibvirt => at(&[needs_qemu, model_in_map], &scenario.to),
        Choice::FromQemu => at(&[needs_qemu, machine_in_qemu, model_in_qemu], &scenario.from),
        Choice::ToQemu => at(&[needs_qemu, machine_in_qemu, model_in_qemu], &scenario.to),
        Choice::Started => at(&[needs_qemu, model_in_map], scenario.started.as_ref()?),
        Choice::Via => {
            scenario.via.iter().find_map(|stop| at(&[needs_qemu, model_in_map, machine_in_qemu], &stop.release))
        }
        Choice::Feature
        | Choice::Policy
        | Choice::Accel
        | Choice::Topology
        | Choice::Check
        | Choice::Match
        | Choice::Fallback
        | Choice::Vendor
        | Choice::Pmu
        | Choice::Transport
        | Choice::FromHost
        | Choice::ToHost
        | Choice::Regime => None,
    }
}

/// Returns the map of a release, or those of its two exact neighbours. For *new* it is that of *old*, which has the same
/// models. Empty for an unknown release.
pub(crate) fn maps_of<'a>(catalog: &'a Catalog, libvirt: &LibvirtChoice) -> Vec<&'a Arc<CpuMap>> {
    match libvirt.id(catalog).map(|id| catalog.release(id).map) {
        None => Vec::new(),
        Some(ReleaseMap::Exact(map)) => vec![catalog.map(map)],
        Some(ReleaseMap::Between { lower, upper }) => vec![catalog.map(lower.1), catalog.map(upper.1)],
    }
}

fn number_of(catalog: &Catalog, libvirt: &LibvirtChoice) -> Option<Version> {
    libvirt.id(catalog).map(|id| catalog.release(id).version)
}

fn model_in_map(catalog: &Catalog, scenario: &Scenario, release: &Release) -> Option<String> {
    let name = || libvirt_name(catalog, release);
    match scenario.cpu {
        CpuChoice::Model(MaybeKnown::Is(model)) => {
            let maps = maps_of(catalog, &release.libvirt);
            let unknown = !maps.is_empty() && maps.iter().all(|map| map.model(model).is_none());
            unknown.then(|| format!("libvirt {} does not know {}", name(), catalog.model_name(model)))
        }
        CpuChoice::Mode(Mode::Maximum) => {
            let (behaviour, _) = catalog.behaviour(number_of(catalog, &release.libvirt)?);
            (!behaviour.maximum_mode).then(|| format!("libvirt {} does not have the CPU mode maximum", name()))
        }
        CpuChoice::Model(MaybeKnown::Unknown) | CpuChoice::Mode(_) | CpuChoice::Unknown => None,
    }
}

fn model_in_qemu(catalog: &Catalog, scenario: &Scenario, release: &Release) -> Option<String> {
    let (model, version) = (scenario.model()?, release.qemu.version.known()?);
    let views = catalog.qemu_views(version);
    let lacking = !views.is_empty() && views.iter().all(|view| !view.has_model(model));
    lacking.then(|| format!("QEMU {version} does not have {}", catalog.model_name(model)))
}

fn machine_in_qemu(catalog: &Catalog, scenario: &Scenario, release: &Release) -> Option<String> {
    let MachineChoice::Listed(machine) = scenario.machine else { return None };
    let version = release.qemu.version.known()?;
    let name = catalog.machine_name(machine);
    if release.has_machine(catalog, machine) != Some(Presence::No) {
        return None;
    }
    if catalog.downstream().machine(machine).is_some() || release.qemu_build(catalog).is_some() {
        return Some(format!("QEMU {} does not have {name}", release.qemu.name()));
    }
    let later = machine_series(name).is_some_and(|(_, series)| series.series() > version.series());
    let had_before =
        catalog.qemu_releases().iter().any(|q| q.version < version && q.machines.iter().any(|m| m.machine == machine));
    Some(match (later, had_before) {
        (true, _) => format!("QEMU {version} does not have {name} yet"),
        (false, true) => format!("QEMU {version} removed {name}"),
        (false, false) => format!("QEMU {version} does not have {name}"),
    })
}

fn needs_qemu(catalog: &Catalog, _: &Scenario, release: &Release) -> Option<String> {
    let version = release.qemu.version.known()?;
    let (behaviour, _) = catalog.behaviour(number_of(catalog, &release.libvirt)?);
    let needed = behaviour.minimum_qemu;
    (version < needed).then(|| format!("libvirt {} requires QEMU {needed} or later", libvirt_name(catalog, release)))
}
