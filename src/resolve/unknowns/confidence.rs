//! Says how sure an answer is: by what was recorded or read of the releases that decide.

use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::scenario::{LibvirtChoice, Release, Scenario};
use crate::resolve::answer::Basis;

/// Returns how sure the answer to `scenario` is: as sure as the least sure of its releases, unless a real run of
/// exactly this was recorded.
pub(super) fn of(catalog: &Catalog, scenario: &Scenario) -> Basis {
    if scenario.running.is_none() && catalog.is_recorded(scenario) {
        return Basis::Recorded;
    }
    let releases = [&scenario.from, &scenario.to].into_iter().chain(&scenario.via).chain(&scenario.started);
    let of_releases = releases.map(|release| of_libvirt(catalog, &release.libvirt).max(of_qemu(catalog, release)));
    let asked =
        if scenario.regime.is_some_and(|regime| regime != Regime::Disable) { Basis::Inferred } else { Basis::Read };
    of_releases.fold(asked, Basis::max)
}

fn of_libvirt(catalog: &Catalog, choice: &LibvirtChoice) -> Basis {
    match choice {
        LibvirtChoice::Old => Basis::Read,
        // The e-mail's own regime was never shipped; what it gives follows from the code that was read.
        LibvirtChoice::New | LibvirtChoice::Unknown => Basis::Inferred,
        LibvirtChoice::Release(id, build) => {
            let release = catalog.release(*id);
            let read = &catalog.decisions().source_trees;
            // Before the first source tree that was read there are only dated rules.
            if read.first().is_none_or(|first| release.version < *first) {
                Basis::Extrapolated
            } else if read.contains(&release.version) && build.is_none() && release.provenance != Provenance::User {
                Basis::Read
            } else {
                Basis::Inferred
            }
        }
    }
}

fn of_qemu(catalog: &Catalog, release: &Release) -> Basis {
    let Some(version) = release.qemu.version.known() else { return Basis::Inferred };
    if version < catalog.decisions().first_qemu {
        return Basis::Extrapolated;
    }
    let ran = catalog.qemu_releases().iter().any(|facts| facts.version == version && facts.ran);
    if ran && release.qemu.build.is_none() { Basis::Read } else { Basis::Inferred }
}

/// Returns the releases of the scenario that lie between exact maps, each with its two neighbours.
pub(super) fn between(catalog: &Catalog, scenario: &Scenario) -> Vec<(LibvirtId, LibvirtId, LibvirtId)> {
    let releases = std::iter::once(&scenario.from).chain(&scenario.via).chain([&scenario.to]).chain(&scenario.started);
    releases
        .filter_map(|release| match &release.libvirt {
            LibvirtChoice::Release(id, _) => match catalog.release(*id).map {
                ReleaseMap::Between { lower, upper } => Some((*id, lower.0, upper.0)),
                ReleaseMap::Exact(_) => None,
            },
            LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
        })
        .collect()
}
