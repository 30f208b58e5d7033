//! Expands host-model of one host on every libvirt release, which shows how the next cold boot after an upgrade changes
//! the guest's CPU.

use super::space::published_releases;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::Definition;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::resolve::{expansions, not_asked_for_host_model};

/// Releases one after the other on which host-model becomes the same.
#[derive(Clone, PartialEq, Debug)]
pub struct SameExpansion {
    pub first: LibvirtId,
    pub last: LibvirtId,
    /// What a guest gets, one for each result of the unknown inputs; empty where no model describes the host.
    pub guests: Vec<Definition>,
}

impl SameExpansion {
    /// Returns the features that a guest has beyond those of another in every way, and those that it lacks.
    pub(crate) fn changes(&self, before: &Self) -> [Vec<FeatureId>; 2] {
        let on = |expansion: &Self| -> Option<FeatureSet> {
            expansion.guests.iter().map(|guest| guest.features.on()).reduce(|all, some| all & some)
        };
        let (now, then) = (on(self).unwrap_or_default(), on(before).unwrap_or_default());
        [now - then, then - now].map(|set| set.iter().collect())
    }
}

/// Returns what host-model at the source of a scenario becomes on every published release of libvirt that works with its
/// QEMU, oldest first; empty if that is not known.
pub fn across_releases(catalog: &Catalog, scenario: &Scenario) -> Vec<SameExpansion> {
    let works = |id: &LibvirtId| {
        let behaviour = catalog.behaviour(catalog.release(*id).version).0;
        scenario.from.qemu.version.known().is_some_and(|qemu| behaviour.minimum_qemu <= qemu)
    };
    let mut on = scenario.clone();
    let mut runs: Vec<SameExpansion> = Vec::new();
    for id in published_releases(catalog).into_iter().filter(works) {
        on.from.set_libvirt(LibvirtChoice::Release(id, None));
        if not_asked_for_host_model(catalog, &on).is_some() {
            continue;
        }
        let guests: Vec<Definition> =
            expansions(catalog, &on).into_iter().map(|alternative| alternative.guest.definition).collect();
        match runs.last_mut().filter(|last| last.guests == guests) {
            Some(last) => last.last = id,
            None => runs.push(SameExpansion { first: id, last: id, guests }),
        }
    }
    runs
}
