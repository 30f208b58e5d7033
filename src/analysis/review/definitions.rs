//! Chooses the definitions with which a changed model is tried: the plain model, `+vmx`, `+svm`, and each feature that
//! the two maps treat differently, enabled and disabled.

use super::reading;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::Accel;

/// The most features of one model that are enabled and disabled one by one. A change that touches more is tried with a
/// few of every kind, and the report says so.
const MOST_SINGLY: usize = 24;

/// What is needed to choose the definitions of every model.
pub(super) struct Definitions<'a> {
    catalog: &'a Catalog,
    old: &'a CpuMap,
    new: &'a CpuMap,
    /// `vmx` and `svm`, each with the features that QEMU clears without it.
    parents: Vec<(FeatureId, FeatureSet)>,
    /// The features that QEMU reports in addition to those of the model.
    reported: FeatureSet,
    /// Features that NEW does not define any more.
    gone: FeatureSet,
}

/// The definitions of one model; each is a list of features with their policies.
pub(super) struct OfModel {
    /// Tried with every QEMU.
    pub(super) always: Vec<Vec<(FeatureId, Policy)>>,
    /// Each feature that differs, enabled and disabled.
    pub(super) singly: Vec<Vec<(FeatureId, Policy)>>,
    /// Whether these are not all features that differ; then they are tried with the oldest and the newest QEMU only.
    pub(super) sampled: bool,
}

impl<'a> Definitions<'a> {
    pub(super) fn of(catalog: &'a Catalog, old: &'a CpuMap, new: &'a CpuMap) -> Self {
        let named = catalog.named();
        let children = |parent: FeatureId| {
            let rows = catalog.qemu_releases().iter().filter_map(|qemu| qemu.dependencies.as_ref()).flatten();
            rows.filter(|(known, _)| *known == parent).fold(FeatureSet::EMPTY, |all, (_, children)| all | *children)
        };
        let parents = [named.vmx, named.svm].into_iter().flatten().map(|parent| (parent, children(parent)));
        let mut parents: Vec<(FeatureId, FeatureSet)> = parents.collect();
        if let Some((_, vmx)) = parents.iter_mut().find(|(parent, _)| Some(*parent) == named.vmx) {
            *vmx |= named.vmx_children;
        }
        Self {
            catalog,
            old,
            new,
            parents,
            reported: [named.ht, named.cmp_legacy, named.hypervisor].into_iter().flatten().collect(),
            gone: old.known - new.known,
        }
    }

    /// Returns whether the change can matter to any guest of the model: its definition differs, or one map defines a
    /// feature that QEMU may enable in it and the other does not.
    pub(super) fn is_touched(&self, model: ModelId) -> bool {
        reading(self.old, model) != reading(self.new, model)
            || !((self.old.known ^ self.new.known) & self.reach(model)).is_empty()
    }

    /// What QEMU may enable in the model: by itself, with `vmx` or `svm`, and what it only reports.
    fn reach(&self, model: ModelId) -> FeatureSet {
        let cells = Accel::ALL.iter().filter_map(|accel| self.catalog.qemu_defaults().of(model, *accel));
        let own = cells.fold(self.reported, |all, cells| all | cells.anywhere());
        self.parents.iter().fold(own, |all, (_, children)| all | *children)
    }

    pub(super) fn of_model(&self, model: ModelId) -> OfModel {
        let mut always = vec![Vec::new()];
        always.extend(self.parents.iter().map(|(parent, _)| vec![(*parent, Policy::Require)]));
        let differ = self.differ(model);
        let tried = self.some_of_each_kind(model, differ);
        let sampled = tried.len() < differ.len();
        let singly = tried.into_iter().flat_map(|feature| {
            [Policy::Require, Policy::Disable].map(|policy| {
                let parent = self.parents.iter().find(|(_, children)| children.contains(feature));
                let parent = parent.map(|(parent, _)| (*parent, Policy::Require));
                parent.into_iter().chain([(feature, policy)]).collect()
            })
        });
        OfModel { always, singly: singly.collect(), sampled }
    }

    /// The features that the two maps treat differently in the model.
    fn differ(&self, model: ModelId) -> FeatureSet {
        let gone = self.gone & self.reach(model);
        let (Some((data, removed, added, ..)), Some((data2, removed2, added2, ..))) =
            (reading(self.old, model), reading(self.new, model))
        else {
            return gone;
        };
        gone | (data ^ data2) | (removed ^ removed2) | (added ^ added2)
    }

    /// At most so many features, in turn one of each kind: features of one kind are equal in both maps and in QEMU.
    #[expect(clippy::many_single_char_names, reason = "marks that are only put into one list")]
    fn some_of_each_kind(&self, model: ModelId, differ: FeatureSet) -> Vec<FeatureId> {
        if differ.len() <= MOST_SINGLY {
            return self.new.in_order(differ);
        }
        let reach = self.reach(model);
        let mut kinds: Vec<([bool; 10], Vec<FeatureId>)> = Vec::new();
        for feature in self.new.in_order(differ) {
            let in_map = |map: &CpuMap| {
                let (data, removed, added, ..) = reading(map, model).unwrap_or_default();
                [data, removed, added, map.known].map(|set| set.contains(feature))
            };
            let [[a, b, c, d], [e, f, g, h]] = [self.old, self.new].map(in_map);
            let is_child = self.parents.iter().any(|(_, children)| children.contains(feature));
            let kind = [a, b, c, d, e, f, g, h, is_child, reach.contains(feature)];
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, features)) => features.push(feature),
                None => kinds.push((kind, vec![feature])),
            }
        }
        let longest = kinds.iter().map(|(_, features)| features.len()).max().unwrap_or(0);
        let in_turn = (0..longest).flat_map(|turn| kinds.iter().filter_map(move |(_, features)| features.get(turn)));
        in_turn.copied().take(MOST_SINGLY).collect()
    }
}
