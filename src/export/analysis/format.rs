//! Formats names, lists and ranges for the reports of `analysis`.

use crate::domain::catalog::Catalog;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::qemu::MachineId;
use crate::domain::version::Version;
use crate::resolve::Verdict;

/// The sign of a verdict where there is room for one letter.
pub(super) const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Unchanged => '=',
        Verdict::Changed => '~',
        Verdict::Aborted => 'X',
        Verdict::StartRefused => 'o',
        Verdict::Never => '0',
        Verdict::Depends => '?',
    }
}

pub(super) const SIGNS: &str = "= unchanged, ~ changed, X aborted, o start-refused, ? depends";

pub(super) fn names(catalog: &Catalog, features: impl IntoIterator<Item = FeatureId>) -> String {
    let names: Vec<&str> = features.into_iter().map(|feature| catalog.feature_name(feature)).collect();
    names.join(", ")
}

pub(super) fn in_order(catalog: &Catalog, set: FeatureSet) -> Vec<FeatureId> {
    catalog.newest_map().map_or_else(|| set.iter().collect(), |map| map.in_order(set))
}

/// Says which of `all` are in `some`: neighbours together, `pc-q35-2.4 to pc-q35-3.1`.
pub(super) fn runs<T: PartialEq + Copy>(all: &[T], some: &[T], name: impl Fn(T) -> String) -> String {
    let mut parts: Vec<(T, T)> = Vec::new();
    let mut going = false;
    for item in all {
        let is_in = some.contains(item);
        match parts.last_mut().filter(|_| is_in && going) {
            Some(run) => run.1 = *item,
            None if is_in => parts.push((*item, *item)),
            None => {}
        }
        going = is_in;
    }
    let text = |(first, last): &(T, T)| {
        if first == last { name(*first) } else { format!("{} to {}", name(*first), name(*last)) }
    };
    parts.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Collects what has the same key, in the order of its first.
pub(crate) fn grouped<K: PartialEq, T>(items: impl Iterator<Item = (K, T)>) -> Vec<(K, Vec<T>)> {
    let mut groups: Vec<(K, Vec<T>)> = Vec::new();
    for (key, item) in items {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, members)) => members.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

/// Returns machine types by family, neighbours together.
pub(crate) fn machines(catalog: &Catalog, some: &[MachineId]) -> String {
    let family = |machine: MachineId| catalog.machine_name(machine).rsplit_once('-').map_or("", |(family, _)| family);
    let families = grouped(catalog.qemu_defaults().machines.iter().map(|machine| (family(*machine), *machine)));
    let name = |machine| catalog.machine_name(machine).to_owned();
    let text = families.iter().map(|(_, members)| runs(members, some, name)).filter(|text| !text.is_empty());
    text.collect::<Vec<_>>().join(", ")
}

pub(super) fn qemus(catalog: &Catalog, some: &[Version]) -> String {
    let all: Vec<Version> = catalog.qemu_releases().iter().map(|facts| facts.version).collect();
    let listed = runs(&all, some, |version| version.to_string());
    let others = some.iter().filter(|version| !all.contains(version)).map(ToString::to_string);
    std::iter::once(listed).filter(|text| !text.is_empty()).chain(others).collect::<Vec<_>>().join(", ")
}

pub(super) fn json(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

pub(super) fn list(catalog: &Catalog, features: impl IntoIterator<Item = FeatureId>) -> serde_json::Value {
    features.into_iter().map(|feature| catalog.feature_name(feature)).collect()
}
