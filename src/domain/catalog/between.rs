//! Makes the two maps that stand in for a release whose own map was never read: each exact neighbour's, brought to
//! the facts that are dated for this release. What is not dated stays as the neighbour has it.

use super::super::behaviour::{MapFact, MapFacts};
use super::super::feature::FeatureSet;
use super::super::map::{CpuMap, MapId, ModelDefinition, ModelId};
use super::super::qemu::is_versioned;
use super::super::version::Version;
use super::{Catalog, LibvirtId, ReleaseMap};
use foldhash::HashMap;
use std::sync::Arc;

/// A release between exact maps: its number, and the numbers and maps of its neighbours.
pub(super) type Gap = (Version, (Version, MapId), (Version, MapId));

/// Adds the stand-in maps to the catalog and returns, for each gap, the lower and the upper one.
/// Gaps with the same neighbours and the same dated facts share theirs.
pub(super) fn adapted_maps(catalog: &mut Catalog, gaps: &[Gap]) -> Vec<(MapId, MapId)> {
    let mut made: HashMap<(MapId, MapId, MapFacts), (MapId, MapId)> = HashMap::default();
    gaps.iter()
        .map(|(version, lower, upper)| {
            let facts = facts_at(catalog, *version);
            *made.entry((lower.1, upper.1, facts)).or_insert_with(|| {
                let (low, high) = (Arc::clone(catalog.map(lower.1)), Arc::clone(catalog.map(upper.1)));
                let dates = Dates { facts, lower: facts_at(catalog, lower.0), upper: facts_at(catalog, upper.0) };
                (
                    add(catalog, dates.raise(catalog, &low, &high), lower.1),
                    add(catalog, dates.lower(catalog, &high), upper.1),
                )
            })
        })
        .collect()
}

fn add(catalog: &mut Catalog, map: CpuMap, like: MapId) -> MapId {
    if *catalog.map(like).as_ref() == map {
        return like;
    }
    catalog.maps.push(Arc::new(map));
    MapId(u16::try_from(catalog.maps.len() - 1).unwrap_or(u16::MAX))
}

fn facts_at(catalog: &Catalog, version: Version) -> MapFacts {
    let (behaviour, open) = catalog.behaviour(version);
    let mut facts = behaviour.map_facts;
    for fact in MapFact::ALL {
        if open.iter().any(|(before, _)| before.name() == fact.name()) {
            facts.forget(*fact);
        }
    }
    facts
}

/// Returns the stand-in maps of a release between exact ones of which other dated facts hold: those of a package with
/// fixes of later releases. `None` for a release whose own map was read.
pub(super) fn with_facts(
    catalog: &Catalog,
    version: Version,
    map: ReleaseMap,
    changes: &[(MapFact, bool)],
) -> Option<[(LibvirtId, CpuMap); 2]> {
    let ReleaseMap::Between { lower, upper } = map else { return None };
    let mut facts = facts_at(catalog, version);
    for (fact, holds) in changes {
        facts.set(*fact, *holds);
    }
    let known = |id: LibvirtId| (catalog.release(id).version, catalog.release(id).map);
    let ((low, ReleaseMap::Exact(lower_map)), (high, ReleaseMap::Exact(upper_map))) = (known(lower.0), known(upper.0))
    else {
        return None;
    };
    let dates = Dates { facts, lower: facts_at(catalog, low), upper: facts_at(catalog, high) };
    let (lower_map, upper_map) = (catalog.map(lower_map), catalog.map(upper_map));
    Some([(lower.0, dates.raise(catalog, lower_map, upper_map)), (upper.0, dates.lower(catalog, upper_map))])
}

struct Dates {
    facts: MapFacts,
    lower: MapFacts,
    upper: MapFacts,
}

impl Dates {
    /// Whether a fact that the older neighbour lacks already holds.
    fn came(&self, fact: MapFact) -> bool {
        self.facts.get(fact) == Some(true) && self.lower.get(fact) == Some(false)
    }

    /// Whether a fact that the newer neighbour has does not hold yet.
    fn not_yet(&self, fact: MapFact) -> bool {
        self.facts.get(fact) == Some(false) && self.upper.get(fact) == Some(true)
    }

    /// The older neighbour's map with what is dated before this release.
    fn raise(&self, catalog: &Catalog, low: &CpuMap, high: &CpuMap) -> CpuMap {
        let mut map = low.clone();
        if self.came(MapFact::VmxKnown) {
            for (feature, definition) in high.order.iter().zip(&high.features) {
                if catalog.feature_name(*feature).starts_with("vmx-") && !map.known.contains(*feature) {
                    map.order.push(*feature);
                    map.features.push(Arc::clone(definition));
                    map.known.insert(*feature);
                }
            }
        }
        for id in &high.model_order {
            let name = catalog.model_name(*id);
            if is_versioned(name) && map.model(*id).is_none() && self.came(version_fact(name)) {
                let mut model = high.model(*id).cloned();
                if let Some(model) = &mut model {
                    model.data &= map.known;
                }
                put(&mut map, *id, model);
                map.model_order.push(*id);
            }
        }
        for id in low.model_order.clone() {
            let (Some(mut model), Some(later)) = (map.model(id).cloned(), high.model(id)) else { continue };
            if self.came(MapFact::VmxAdded) {
                model.added.clone_from(&later.added);
            }
            if self.came(MapFact::PartialCompat) {
                model.partial_compat = later.partial_compat;
            }
            if self.came(MapFact::MpxRemoved)
                && let Some(mpx) = catalog.feature("mpx")
                && later.removed.contains(&mpx)
                && model.data.contains(mpx)
            {
                model.data.remove(mpx);
                model.removed.push(mpx);
            }
            put(&mut map, id, Some(model));
        }
        map
    }

    /// The newer neighbour's map without what is dated after this release.
    fn lower(&self, catalog: &Catalog, high: &CpuMap) -> CpuMap {
        let mut map = high.clone();
        if self.not_yet(MapFact::VmxKnown) {
            let vmx: FeatureSet =
                high.order.iter().copied().filter(|f| catalog.feature_name(*f).starts_with("vmx-")).collect();
            let keep: Vec<bool> = map.order.iter().map(|f| !vmx.contains(*f)).collect();
            let mut kept = keep.iter();
            map.order.retain(|_| *kept.next().unwrap_or(&true));
            let mut kept = keep.iter();
            map.features.retain(|_| *kept.next().unwrap_or(&true));
            map.known -= vmx;
        }
        for id in high.model_order.clone() {
            let Some(mut model) = map.model(id).cloned() else { continue };
            let name = catalog.model_name(id);
            if is_versioned(name) && self.not_yet(version_fact(name)) {
                put(&mut map, id, None);
                map.model_order.retain(|known| *known != id);
                continue;
            }
            model.data &= map.known;
            if self.not_yet(MapFact::VmxAdded) || self.not_yet(MapFact::VmxKnown) {
                model.added.clear();
            }
            if self.not_yet(MapFact::PartialCompat) {
                model.partial_compat = false;
            }
            if self.not_yet(MapFact::MpxRemoved)
                && let Some(mpx) = catalog.feature("mpx")
                && model.removed.contains(&mpx)
            {
                model.removed.retain(|feature| *feature != mpx);
                model.data.insert(mpx);
            }
            put(&mut map, id, Some(model));
        }
        map
    }
}

/// The models whose `-v1` came later than those of all others.
const LATE_FIRST_VERSIONS: [&str; 22] = [
    "486",
    "athlon",
    "Conroe",
    "core2duo",
    "coreduo",
    "EPYC-Genoa",
    "KnightsMill",
    "kvm32",
    "kvm64",
    "n270",
    "Opteron_G1",
    "Opteron_G2",
    "Opteron_G3",
    "Opteron_G4",
    "Opteron_G5",
    "Penryn",
    "pentium",
    "pentium2",
    "pentium3",
    "phenom",
    "qemu32",
    "qemu64",
];

fn version_fact(name: &str) -> MapFact {
    match name.strip_suffix("-v1") {
        Some(base) if LATE_FIRST_VERSIONS.contains(&base) => MapFact::FirstOldVersions,
        Some(_) => MapFact::FirstVersions,
        None => MapFact::Versioned,
    }
}

fn put(map: &mut CpuMap, id: ModelId, model: Option<ModelDefinition>) {
    let place = usize::from(id.0);
    if map.models.len() <= place {
        map.models.resize(place + 1, None);
    }
    let unchanged = map.models[place].as_deref() == model.as_ref();
    if !unchanged {
        map.models[place] = model.map(Arc::new);
    }
}
