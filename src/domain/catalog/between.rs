//! Builds the two maps that stand in for a release whose own map was not read: the map of each exact neighbour, with
//! the dated facts of this release applied.

use super::super::behaviour::{MapFact, MapFacts};
use super::super::feature::FeatureId;
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

fn add(catalog: &mut Catalog, map: Arc<CpuMap>, like: MapId) -> MapId {
    let is_same = Arc::ptr_eq(catalog.map(like), &map) || *catalog.map(like) == map;
    if is_same {
        return like;
    }
    catalog.maps.push(map);
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
) -> Option<[(LibvirtId, Arc<CpuMap>); 2]> {
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
    fn raise(&self, catalog: &Catalog, low: &Arc<CpuMap>, high: &CpuMap) -> Arc<CpuMap> {
        let mut raised = Arc::clone(low);
        if self.came(MapFact::VmxKnown) {
            let map = Arc::make_mut(&mut raised);
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
            if is_versioned(name) && low.model(*id).is_none() && self.came(version_fact(name)) {
                let map = Arc::make_mut(&mut raised);
                let mut model = high.model(*id).cloned().unwrap_or_default();
                model.data &= map.known;
                put(map, *id, Some(model));
                map.model_order.push(*id);
            }
        }
        let [added, compat] = [MapFact::VmxAdded, MapFact::PartialCompat].map(|fact| self.came(fact));
        let mpx = catalog.feature("mpx").filter(|_| self.came(MapFact::MpxRemoved));
        for id in &low.model_order {
            let (Some(model), Some(later)) = (low.model(*id), high.model(*id)) else { continue };
            let lost = mpx.filter(|mpx| later.removed.contains(mpx) && model.data.contains(*mpx));
            let added = added && model.added != later.added;
            let compat = compat && model.partial_compat != later.partial_compat;
            if lost.is_none() && !added && !compat {
                continue;
            }
            let mut model = model.clone();
            if added {
                model.added.clone_from(&later.added);
            }
            if compat {
                model.partial_compat = later.partial_compat;
            }
            if let Some(mpx) = lost {
                model.data.remove(mpx);
                model.removed.push(mpx);
            }
            put(Arc::make_mut(&mut raised), *id, Some(model));
        }
        raised
    }

    /// The newer neighbour's map without what is dated after this release.
    fn lower(&self, catalog: &Catalog, high: &Arc<CpuMap>) -> Arc<CpuMap> {
        let mut lowered = Arc::clone(high);
        if self.not_yet(MapFact::VmxKnown) {
            let map = Arc::make_mut(&mut lowered);
            let is_vmx = |feature: &FeatureId| catalog.feature_name(*feature).starts_with("vmx-");
            map.order.retain(|feature| !is_vmx(feature));
            let mut features = high.order.iter();
            map.features.retain(|_| !features.next().is_some_and(is_vmx));
            map.known -= high.order.iter().copied().filter(is_vmx).collect();
        }
        let no_added = self.not_yet(MapFact::VmxAdded) || self.not_yet(MapFact::VmxKnown);
        let no_compat = self.not_yet(MapFact::PartialCompat);
        let mpx = catalog.feature("mpx").filter(|_| self.not_yet(MapFact::MpxRemoved));
        for id in &high.model_order {
            let Some(model) = high.model(*id) else { continue };
            let name = catalog.model_name(*id);
            if is_versioned(name) && self.not_yet(version_fact(name)) {
                let map = Arc::make_mut(&mut lowered);
                put(map, *id, None);
                map.model_order.retain(|known| known != id);
                continue;
            }
            let kept = mpx.filter(|mpx| model.removed.contains(mpx));
            let added = no_added && !model.added.is_empty();
            let compat = no_compat && model.partial_compat;
            if kept.is_none() && !added && !compat && model.data.is_subset(&lowered.known) {
                continue;
            }
            let mut model = model.clone();
            model.data &= lowered.known;
            if added {
                model.added.clear();
            }
            if compat {
                model.partial_compat = false;
            }
            if let Some(mpx) = kept {
                model.removed.retain(|feature| *feature != mpx);
                model.data.insert(mpx);
            }
            put(Arc::make_mut(&mut lowered), *id, Some(model));
        }
        lowered
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
    let index = usize::from(id.0);
    map.models.resize(map.models.len().max(index + 1), None);
    map.models[index] = model.map(Arc::new);
}
