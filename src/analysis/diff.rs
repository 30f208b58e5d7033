//! Compares two models, the maps of two releases, or one model at source and destination, and groups the differences by
//! their effect on a migration.

#[doc(hidden)]
pub mod guest_outcomes;

use super::review::{Direction, Finding, Question, review};
use super::space::{map_of, models};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::named_enum;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::HostId;
use crate::domain::map::{CpuMap, ModelDefinition, ModelId};
use crate::domain::order::sort;
use crate::domain::version::Version;
use crate::resolve::Verdict;

named_enum! {
    /// Why a difference matters to a migration.
    Why {
        /// Removed from the model with `removed='yes'`: the regime decides for an incoming guest.
        RemovedListed "removed, marked",
        /// Removed from the model without a mark: nothing is added for an incoming guest.
        RemovedUnlisted "removed, unmarked",
        /// Added to the model with `added='yes'`: QEMU always enabled it, and the full check ignores it.
        AddedMarked "added, marked",
        /// Added to the model without a mark.
        NewUnmarked "new, unmarked",
        /// The new map does not know it at all, and a guest that names it is refused.
        Unknown "unknown to the other map",
    }
}

/// One model's difference.
#[derive(Clone, PartialEq, Debug)]
pub struct ModelDiff {
    /// The model on the left; on the right it may be another.
    pub model: ModelId,
    /// The model on the right.
    pub other: ModelId,
    /// What differs, grouped; groups without a feature are left out.
    pub groups: Vec<(Why, Vec<FeatureId>)>,
    /// Whether the old partial check is asked for on one side only.
    pub partial_check: bool,
}

/// Two maps' difference.
#[derive(Clone, PartialEq, Debug)]
pub struct MapDiff {
    /// The release on the left.
    pub old: LibvirtId,
    /// The release on the right.
    pub new: LibvirtId,
    /// Features only the left map knows.
    pub features_gone: Vec<FeatureId>,
    /// Features only the right map knows.
    pub features_new: Vec<FeatureId>,
    /// Whether the features both know stand in another order, which reorders libvirt's messages.
    pub order: bool,
    /// Models only the left map has.
    pub models_gone: Vec<ModelId>,
    /// Models only the right map has.
    pub models_new: Vec<ModelId>,
    /// The models that differ.
    pub models: Vec<ModelDiff>,
}

/// The effect of a difference on guests in one direction.
#[derive(Clone, PartialEq, Debug)]
pub struct Effect {
    /// The direction.
    pub direction: Direction,
    /// The guests with a worse outcome.
    pub findings: Vec<Finding>,
}

impl Effect {
    /// Returns the worst verdict of the guests; unchanged without one.
    pub fn worst(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Unchanged)
    }

    /// Returns the models that the guests name, each once.
    pub(crate) fn models(&self) -> Vec<ModelId> {
        let mut models: Vec<ModelId> = self.findings.iter().filter_map(Finding::model).collect();
        sort(&mut models);
        models.dedup();
        models
    }

    /// Returns the hosts of the host-model guests, each once.
    pub(crate) fn hosts(&self) -> Vec<HostId> {
        let mut hosts: Vec<HostId> = self.findings.iter().filter_map(Finding::host).collect();
        sort(&mut hosts);
        hosts.dedup();
        hosts
    }
}

/// The effects in both directions, and what was tried.
#[derive(Clone, PartialEq, Debug)]
pub struct Effects {
    /// The release as which libvirt behaves with both maps.
    pub like: LibvirtId,
    /// The QEMU releases that were tried, each at source and destination.
    pub qemu: Vec<Version>,
    /// The only model whose guests count; host-model guests then do not.
    pub only: Option<ModelId>,
    /// How many host-model guests could not be decided.
    pub undecided: usize,
    /// From the first map to the second, and back.
    pub directions: [Effect; 2],
}

impl Effects {
    /// Leaves only the guests that name a model.
    pub(crate) fn keep_model(&mut self, model: ModelId) {
        (self.only, self.undecided) = (Some(model), 0);
        for effect in &mut self.directions {
            effect.findings.retain(|finding| finding.model() == Some(model));
        }
    }
}

/// Compares the maps of two releases.
pub fn maps(catalog: &Catalog, old: LibvirtId, new: LibvirtId) -> MapDiff {
    let (left, right) = (map_of(catalog, old), map_of(catalog, new));
    let mut diff = MapDiff {
        old,
        new,
        features_gone: left.in_order(left.known - right.known),
        features_new: right.in_order(right.known - left.known),
        order: shared(left, right.known) != shared(right, left.known),
        models_gone: Vec::new(),
        models_new: Vec::new(),
        models: Vec::new(),
    };
    for model in models(catalog) {
        match (left.model(model), right.model(model)) {
            (Some(_), None) => diff.models_gone.push(model),
            (None, Some(_)) => diff.models_new.push(model),
            (Some(_), Some(_)) => diff.models.extend(one_model(catalog, (old, model), (new, model))),
            (None, None) => {}
        }
    }
    diff
}

fn shared(map: &CpuMap, with: FeatureSet) -> Vec<FeatureId> {
    map.order.iter().copied().filter(|feature| with.contains(*feature)).collect()
}

/// Compares a model of one release with a model of another, or of the same. `None` when a map lacks its model or
/// nothing differs.
pub(crate) fn one_model(
    catalog: &Catalog,
    (old, model): (LibvirtId, ModelId),
    (new, other): (LibvirtId, ModelId),
) -> Option<ModelDiff> {
    in_maps((map_of(catalog, old), model), (map_of(catalog, new), other))
}

/// Compares a model of one map with a model of another, or of the same. `None` when a map lacks its model or nothing
/// differs.
pub(crate) fn in_maps((left, model): (&CpuMap, ModelId), (right, other): (&CpuMap, ModelId)) -> Option<ModelDiff> {
    let (before, after) = (left.model(model)?, right.model(other)?);
    let groups: Vec<(Why, Vec<FeatureId>)> = Why::ALL
        .iter()
        .map(|why| (*why, members(*why, before, after, right)))
        .filter(|(_, features)| !features.is_empty())
        .map(|(why, features)| {
            let map = if why == Why::Unknown { left } else { right };
            (why, map.in_order(features))
        })
        .collect();
    let partial_check = before.partial_compat != after.partial_compat;
    (partial_check || !groups.is_empty()).then_some(ModelDiff { model, other, groups, partial_check })
}

fn members(why: Why, before: &ModelDefinition, after: &ModelDefinition, right: &CpuMap) -> FeatureSet {
    let left = before.data - after.data;
    match why {
        Why::RemovedListed => left & after.removed_set(),
        Why::RemovedUnlisted => (left & right.known) - after.removed_set(),
        Why::AddedMarked => after.added_set() - before.added_set() - before.data,
        Why::NewUnmarked => after.data - before.data,
        Why::Unknown => left - right.known,
    }
}

/// Returns what the difference between the maps of two releases does to guests of every model in each direction, with
/// these QEMU releases at source and destination. libvirt behaves as the newest release everywhere. After each model
/// `progress` gets the number of finished models and the total.
pub fn effects(
    catalog: &Catalog,
    (old, new): (LibvirtId, LibvirtId),
    qemu: &[Version],
    progress: &mut dyn FnMut(usize, usize),
) -> Effects {
    let question = Question { old, new, like: None, qemu: qemu.to_vec(), distributions: false };
    let found = review(catalog, &question, progress);
    let directions = [Direction::OldToNew, Direction::NewToOld].map(|direction| {
        let is_it = |finding: &&Finding| finding.direction == direction && finding.is_under(found.regime);
        Effect { direction, findings: found.findings.iter().filter(is_it).cloned().collect() }
    });
    Effects { like: found.like, qemu: found.qemu, only: None, undecided: found.undecided, directions }
}
