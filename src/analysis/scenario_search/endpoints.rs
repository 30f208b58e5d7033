//! Lists the pairs of releases and of hosts that a scenario search tries.

use crate::analysis::space::{end, is_published};
use crate::domain::catalog::{Catalog, Product};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::HostId;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::scenario::Release;
use crate::domain::version::Version;

/// Pairs of different releases, upgrades first, nearest first; then each release with itself.
pub(super) fn pairs(catalog: &Catalog) -> Vec<(Release, Release)> {
    let releases = releases(catalog);
    let mut pairs: Vec<(bool, usize, usize, usize)> = Vec::new();
    for from in 0..releases.len() {
        for to in 0..releases.len() {
            pairs.push((to < from, from.abs_diff(to), from, to));
        }
    }
    sort_by_key(&mut pairs, |(back, far, from, _)| (*far == 0, *back, *far, std::cmp::Reverse(*from)));
    let pick = |index: usize| releases.get(index).cloned();
    pairs.into_iter().filter_map(|(_, _, from, to)| Some((pick(from)?, pick(to)?))).collect()
}

fn numbers(product: &Product) -> Option<(Version, Version)> {
    let number = |package: &str| package.split(['-', '+']).next().unwrap_or(package).parse::<Version>().ok();
    Some((number(&product.libvirt)?, number(&product.qemu)?))
}

/// The releases products ship, without their packages' builds, and those that changed something; oldest first.
fn releases(catalog: &Catalog) -> Vec<Release> {
    let shipped = catalog.products().iter().filter_map(numbers);
    let mut all: Vec<(Version, Version)> = shipped.chain(catalog.decisions().milestones.iter().copied()).collect();
    sort(&mut all);
    all.dedup();
    let release = |(libvirt, qemu): (Version, Version)| {
        let id = catalog.libvirt(&libvirt.to_string()).filter(|id| is_published(catalog, *id))?;
        Some(end(id, qemu))
    };
    all.into_iter().filter_map(release).collect()
}

/// Pairs of recorded hosts of one vendor: the first has all of these features, the second none. Those that differ least
/// come first.
pub(super) fn hosts_lacking(catalog: &Catalog, features: &[FeatureId]) -> Vec<(HostId, HostId)> {
    let wanted: FeatureSet = features.iter().copied().collect();
    let hosts: Vec<(HostId, &crate::domain::host::Host)> = catalog.recorded_hosts().collect();
    let mut found: Vec<(usize, HostId, HostId)> = Vec::new();
    for (strong, has) in hosts.iter().filter(|(_, host)| wanted.is_subset(&host.features)) {
        let weaker = hosts.iter().filter(|(_, host)| host.vendor == has.vendor && (wanted & host.features).is_empty());
        found.extend(weaker.map(|(weak, lacks)| ((has.features ^ lacks.features).len(), *strong, *weak)));
    }
    sort(&mut found);
    found.truncate(40);
    found.into_iter().map(|(_, strong, weak)| (strong, weak)).collect()
}
