//! Lists the changes of a model or a feature: over libvirt releases (added, removed, marked), and over machine types
//! and QEMU releases (enabled by default).

#[doc(hidden)]
pub mod example_guest;

use super::space::{added_maps, exact_releases, map_of, models};
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::definition::named_enum;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelDefinition, ModelId};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::version::Version;

/// Releases one after the other for which the same holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Segment<T> {
    /// The first of them whose map was read.
    pub first: LibvirtId,
    /// The last of them whose map was read.
    pub last: LibvirtId,
    /// What holds.
    pub state: T,
}

named_enum! {
    /// What a feature is to a model in one map.
    Membership {
        /// The map does not have the model.
        NoModel "no model",
        /// The map does not know the feature.
        Unknown "unknown",
        /// The model does not have it.
        Absent "absent",
        /// The model has it.
        Has "in the model",
        /// The model lost it, and says so.
        Removed "marked removed",
        /// Hypervisors always had it, and the model says so.
        Added "marked added",
    }
}

/// What changed in a model from one release to the next.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Change {
    /// The model is new here.
    pub came: bool,
    /// The model is gone here.
    pub went: bool,
    /// The model on which its definition builds, where that is new here.
    pub built_on: Option<BuiltOn>,
    /// Features that came into the model.
    pub gained: Vec<FeatureId>,
    /// Features that left the model and are marked as removed.
    pub removed: Vec<FeatureId>,
    /// Features that left the model without a mark.
    pub dropped: Vec<FeatureId>,
    /// Features newly marked as added.
    pub added: Vec<FeatureId>,
    /// Features newly marked as removed that the release before did not have in the model.
    pub marked: Vec<FeatureId>,
    /// The partial check changed.
    pub partial_check: bool,
}

/// The model that a definition names, from which it inherits.
#[derive(Clone, PartialEq, Debug)]
pub struct BuiltOn {
    /// The model.
    pub model: ModelId,
    /// Features that the definition adds to it.
    pub adds: Vec<FeatureId>,
    /// Features of the model that the definition does not have.
    pub lacks: Vec<FeatureId>,
}

impl BuiltOn {
    /// Returns whether the definition has the same features as the model on which it builds.
    pub(crate) fn is_copy(&self) -> bool {
        self.adds.is_empty() && self.lacks.is_empty()
    }
}

/// One step of a model's history.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelStep {
    /// The last release before, if there is one whose map was read.
    pub after: Option<LibvirtId>,
    /// The first release with the change.
    pub since: LibvirtId,
    /// What changed.
    pub change: Change,
}

/// A model's history.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelHistory {
    /// The model.
    pub model: ModelId,
    /// Its steps, oldest first.
    pub steps: Vec<ModelStep>,
    /// The features that it enables under some machine types only, with these, in natural order.
    pub machines: Vec<(FeatureId, Vec<MachineId>)>,
    /// The QEMU releases that have it: the first and the last of each run without a gap.
    pub qemu: Vec<(Version, Version)>,
}

/// A map that was added at run time, compared with the newest release.
#[derive(Clone, PartialEq, Debug)]
pub struct AddedMap {
    /// The release that has the map.
    pub map: LibvirtId,
    /// Whether it knows the feature.
    pub known: bool,
    /// The models in which the feature is something else than in the newest release: what it was, and what it is.
    pub models: Vec<(ModelId, Membership, Membership)>,
}

/// A feature's history.
#[derive(Clone, PartialEq, Debug)]
pub struct FeatureHistory {
    /// The feature.
    pub feature: FeatureId,
    /// Whether the maps know it.
    pub known: Vec<Segment<bool>>,
    /// Every model that ever had it or a mark of it, with what it was to that model.
    pub models: Vec<(ModelId, Vec<Segment<Membership>>)>,
    /// The maps that were added at run time.
    pub added: Vec<AddedMap>,
    /// The models with which QEMU turns it on, under which accelerators, and under which machine types where not all.
    pub turned_on: Vec<TurnedOn>,
    /// The first QEMU release asked that takes its name; `None` where none does.
    pub in_qemu: Option<Version>,
}

/// A model with which QEMU turns a feature on.
#[derive(Clone, PartialEq, Debug)]
pub struct TurnedOn {
    /// The model.
    pub model: ModelId,
    /// Under KVM, under TCG.
    pub accels: Vec<Accel>,
    /// The machine types, in natural order; `None` for all.
    pub machines: Option<Vec<MachineId>>,
}

/// Returns the runs of releases for which `state` is the same.
pub(crate) fn segments<T: PartialEq>(releases: &[LibvirtId], mut state: impl FnMut(LibvirtId) -> T) -> Vec<Segment<T>> {
    let mut segments: Vec<Segment<T>> = Vec::new();
    for id in releases {
        let now = state(*id);
        match segments.last_mut().filter(|last| last.state == now) {
            Some(last) => last.last = *id,
            None => segments.push(Segment { first: *id, last: *id, state: now }),
        }
    }
    segments
}

/// Returns what `feature` is to `model` in the map of a release that need not have been read; `None` where the maps before
/// and after it differ.
pub(crate) fn likely(catalog: &Catalog, release: LibvirtId, model: ModelId, feature: FeatureId) -> Option<Membership> {
    let (lower, upper) = match catalog.release(release).map {
        ReleaseMap::Exact(map) => (map, map),
        ReleaseMap::Between { lower, upper } => (lower.1, upper.1),
    };
    let [lower, upper] = [lower, upper].map(|map| in_map(catalog.map(map), model, feature));
    (lower == upper).then_some(lower)
}

/// Returns what `feature` is to `model` in a map.
pub(crate) fn in_map(map: &CpuMap, model: ModelId, feature: FeatureId) -> Membership {
    match map.model(model) {
        None => Membership::NoModel,
        Some(of_map) if of_map.data.contains(feature) => Membership::Has,
        Some(of_map) if of_map.removed.contains(&feature) => Membership::Removed,
        Some(of_map) if of_map.added.contains(&feature) => Membership::Added,
        Some(_) if map.known.contains(feature) => Membership::Absent,
        Some(_) => Membership::Unknown,
    }
}

/// Returns the history of a model.
pub fn of_model(catalog: &Catalog, model: ModelId) -> ModelHistory {
    let mut steps = Vec::new();
    let mut before: Option<(LibvirtId, Option<&ModelDefinition>)> = None;
    for id in exact_releases(catalog) {
        let now = map_of(catalog, id).model(model);
        let last = before.and_then(|(_, model)| model);
        if let Some(change) = change(catalog, id, last, now) {
            steps.push(ModelStep { after: before.map(|(id, _)| id), since: id, change });
        }
        before = Some((id, now));
    }
    for id in added_maps(catalog) {
        let now = map_of(catalog, id).model(model);
        let change = change(catalog, id, before.and_then(|(_, model)| model), now).unwrap_or_default();
        steps.push(ModelStep { after: before.map(|(id, _)| id), since: id, change });
    }
    ModelHistory { model, steps, machines: by_machine(catalog, model), qemu: qemu_runs(catalog, model) }
}

fn change(
    catalog: &Catalog,
    id: LibvirtId,
    before: Option<&ModelDefinition>,
    now: Option<&ModelDefinition>,
) -> Option<Change> {
    let map = map_of(catalog, id);
    let change = match (before, now) {
        (None, None) => return None,
        (None, Some(now)) => Change { came: true, built_on: built_on(map, now), ..Change::default() },
        (Some(_), None) => Change { went: true, ..Change::default() },
        (Some(before), Some(now)) => {
            let left = before.data - now.data;
            let marks = now.removed_set();
            Change {
                gained: map.in_order(now.data - before.data),
                removed: map.in_order(left & marks),
                dropped: map.in_order(left - marks),
                added: map.in_order(now.added_set() - before.added_set()),
                marked: map.in_order(marks - before.removed_set() - left),
                partial_check: before.partial_compat != now.partial_compat,
                built_on: built_on(map, now).filter(|on| before.ancestor != Some(on.model)),
                ..Change::default()
            }
        }
    };
    (change != Change::default()).then_some(change)
}

/// Returns the ancestor of a definition, and how the definition differs from it in the same map.
fn built_on(map: &CpuMap, now: &ModelDefinition) -> Option<BuiltOn> {
    let model = now.ancestor?;
    let of_ancestor = map.model(model)?.data;
    Some(BuiltOn { model, adds: map.in_order(now.data - of_ancestor), lacks: map.in_order(of_ancestor - now.data) })
}

fn by_machine(catalog: &Catalog, model: ModelId) -> Vec<(FeatureId, Vec<MachineId>)> {
    let cells = catalog.qemu_defaults();
    let some: FeatureSet = Accel::ALL
        .iter()
        .filter_map(|accel| cells.of(model, *accel))
        .flat_map(|cells| cells.only_on.iter().map(|(feature, _)| *feature))
        .collect();
    some.iter().map(|feature| (feature, machines_with(catalog, model, feature))).collect()
}

fn machines_with(catalog: &Catalog, model: ModelId, feature: FeatureId) -> Vec<MachineId> {
    let on = |machine: &MachineId| {
        Accel::ALL.iter().any(|accel| catalog.cell(model, *machine, *accel).is_some_and(|on| on.contains(feature)))
    };
    catalog.qemu_defaults().machines.iter().copied().filter(on).collect()
}

fn qemu_runs(catalog: &Catalog, model: ModelId) -> Vec<(Version, Version)> {
    let mut runs: Vec<(Version, Version)> = Vec::new();
    let mut going = false;
    for facts in catalog.qemu_releases() {
        let has = facts.models.iter().any(|known| known.model == model);
        match runs.last_mut().filter(|_| has && going) {
            Some(run) => run.1 = facts.version,
            None if has => runs.push((facts.version, facts.version)),
            None => {}
        }
        going = has;
    }
    runs
}

/// Returns the history of a feature.
pub fn of_feature(catalog: &Catalog, feature: FeatureId) -> FeatureHistory {
    let releases = exact_releases(catalog);
    let told = |membership: &Segment<Membership>| {
        matches!(membership.state, Membership::Has | Membership::Removed | Membership::Added)
    };
    let of = |model| segments(&releases, |id| in_map(map_of(catalog, id), model, feature));
    FeatureHistory {
        feature,
        known: segments(&releases, |id| map_of(catalog, id).known.contains(feature)),
        models: models(catalog).into_iter().map(|m| (m, of(m))).filter(|(_, all)| all.iter().any(told)).collect(),
        added: added_maps(catalog).map(|map| in_added(catalog, map, feature)).collect(),
        turned_on: turned_on(catalog, feature),
        in_qemu: catalog
            .qemu_releases()
            .iter()
            .find(|facts| facts.properties.is_some_and(|known| known.contains(feature)))
            .map(|facts| facts.version),
    }
}

/// Compares what the feature is to every model in an added map and in the newest release.
fn in_added(catalog: &Catalog, map: LibvirtId, feature: FeatureId) -> AddedMap {
    let newest = exact_releases(catalog).pop();
    let own = map_of(catalog, map);
    let compared = |model| {
        let before = newest.map_or(Membership::NoModel, |id| in_map(map_of(catalog, id), model, feature));
        (model, before, in_map(own, model, feature))
    };
    let differs = |(_, before, now): &(ModelId, Membership, Membership)| {
        let is_told =
            |state: &Membership| !matches!(state, Membership::NoModel | Membership::Unknown | Membership::Absent);
        before != now && (is_told(before) || is_told(now))
    };
    AddedMap {
        map,
        known: own.known.contains(feature),
        models: models(catalog).into_iter().map(compared).filter(differs).collect(),
    }
}

fn turned_on(catalog: &Catalog, feature: FeatureId) -> Vec<TurnedOn> {
    let mut all = Vec::new();
    for model in models(catalog) {
        let cells = |accel| catalog.qemu_defaults().of(model, accel);
        let on = |accel: &Accel| cells(*accel).is_some_and(|cells| cells.anywhere().contains(feature));
        let accels: Vec<Accel> = Accel::ALL.iter().copied().filter(on).collect();
        if accels.is_empty() {
            continue;
        }
        let everywhere = accels.iter().filter_map(|a| cells(*a)).all(|cells| cells.always.contains(feature));
        let machines = (!everywhere).then(|| machines_with(catalog, model, feature));
        all.push(TurnedOn { model, accels, machines });
    }
    all
}
