//! Holds what a definition says about single features: as sets, and with the order of the XML.
//! The rules work on either; only what is shown needs the order.

use super::feature::{FeatureId, FeatureSet};
use super::named_enum::named_enum;

named_enum! {
    /// What a definition says about one feature.
    Policy {
        /// Switched on without asking whether the host has it.
        Force "force",
        /// Switched on; the host must have it.
        Require "require",
        /// Switched on where the host has it.
        Optional "optional",
        /// Switched off.
        Disable "disable",
        /// Switched off; the guest must not start where the host has it.
        Forbid "forbid",
    }
}

impl Policy {
    /// Returns whether QEMU is told to switch the feature on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Force | Self::Require)
    }

    /// Returns whether QEMU is told to switch the feature off.
    pub const fn is_off(self) -> bool {
        matches!(self, Self::Disable | Self::Forbid)
    }
}

/// What the rules ask of and do to the policies of a definition.
pub trait PolicyStore: Clone + PartialEq {
    /// Returns what these policies say, as far as this keeps it.
    fn of(policies: &Policies) -> Self;

    /// Returns the policies as sets.
    fn sets(&self) -> &PolicySets;

    /// Sets the policy of `feature`: in place where it is mentioned, else at the end (libvirt `virCPUDefUpdateFeature`).
    fn set(&mut self, feature: FeatureId, policy: Policy);

    /// Sets the policies of `later`, one after the other.
    fn update(&mut self, later: &Self);

    /// Takes features out.
    fn remove_all(&mut self, features: FeatureSet);

    /// Requires the features of `on` and disables those of `off`, one after the other in this order.
    fn write(&mut self, order: &[FeatureId], on: FeatureSet, off: FeatureSet);

    /// Returns the first mentioned feature that is one of these.
    fn first_of(&self, among: FeatureSet) -> Option<FeatureId>;

    /// Returns the policy of `feature`, if it is mentioned.
    fn get(&self, feature: FeatureId) -> Option<Policy> {
        self.sets().policy(feature)
    }

    /// Adds `feature` at the end unless it is mentioned (libvirt `virCPUDefAddFeatureIfMissing`). Returns whether it did.
    fn add_if_missing(&mut self, feature: FeatureId, policy: Policy) -> bool {
        let missing = !self.sets().mentioned().contains(feature);
        if missing {
            self.set(feature, policy);
        }
        missing
    }
}

/// Policies without their order: each feature is in one set at most, and `strong` tells `force` from `require` and
/// `forbid` from `disable`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct PolicySets {
    on: FeatureSet,
    off: FeatureSet,
    optional: FeatureSet,
    strong: FeatureSet,
}

impl PolicySets {
    /// Returns the features switched on.
    pub(crate) fn on(&self) -> FeatureSet {
        self.on
    }

    /// Returns the features switched off.
    pub(crate) fn off(&self) -> FeatureSet {
        self.off
    }

    pub(crate) fn with(&self, policy: Policy) -> FeatureSet {
        match policy {
            Policy::Force => self.on & self.strong,
            Policy::Require => self.on - self.strong,
            Policy::Optional => self.optional,
            Policy::Disable => self.off - self.strong,
            Policy::Forbid => self.off & self.strong,
        }
    }

    pub(crate) fn mentioned(&self) -> FeatureSet {
        self.on | self.off | self.optional
    }

    /// Returns the policy of `feature`, if it is mentioned.
    pub(crate) fn policy(&self, feature: FeatureId) -> Option<Policy> {
        let strong = self.strong.contains(feature);
        if self.on.contains(feature) {
            Some(if strong { Policy::Force } else { Policy::Require })
        } else if self.off.contains(feature) {
            Some(if strong { Policy::Forbid } else { Policy::Disable })
        } else {
            self.optional.contains(feature).then_some(Policy::Optional)
        }
    }
}

impl PolicyStore for PolicySets {
    fn of(policies: &Policies) -> Self {
        policies.sets
    }

    fn sets(&self) -> &PolicySets {
        self
    }

    fn set(&mut self, feature: FeatureId, policy: Policy) {
        for set in [&mut self.on, &mut self.off, &mut self.optional, &mut self.strong] {
            set.remove(feature);
        }
        match policy {
            Policy::Force | Policy::Require => self.on.insert(feature),
            Policy::Disable | Policy::Forbid => self.off.insert(feature),
            Policy::Optional => self.optional.insert(feature),
        }
        if matches!(policy, Policy::Force | Policy::Forbid) {
            self.strong.insert(feature);
        }
    }

    fn update(&mut self, later: &Self) {
        self.remove_all(later.mentioned());
        self.on |= later.on;
        self.off |= later.off;
        self.optional |= later.optional;
        self.strong |= later.strong;
    }

    fn remove_all(&mut self, features: FeatureSet) {
        for set in [&mut self.on, &mut self.off, &mut self.optional, &mut self.strong] {
            *set -= features;
        }
    }

    fn write(&mut self, _: &[FeatureId], on: FeatureSet, off: FeatureSet) {
        self.remove_all(on | off);
        self.off |= off;
        self.on |= on - off;
    }

    fn first_of(&self, among: FeatureSet) -> Option<FeatureId> {
        let found = self.mentioned() & among;
        if found.is_empty() { None } else { found.iter().next() }
    }
}

/// Features with their policies, each once, in the order of the XML.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Policies {
    order: Vec<FeatureId>,
    sets: PolicySets,
}

impl Policies {
    /// Returns the policy of `feature`, if it is mentioned.
    pub fn get(&self, feature: FeatureId) -> Option<Policy> {
        self.sets.policy(feature)
    }

    /// Sets the policy of `feature`: in place where it is mentioned, else at the end.
    pub fn set(&mut self, feature: FeatureId, policy: Policy) {
        if !self.sets.mentioned().contains(feature) {
            self.order.push(feature);
        }
        self.sets.set(feature, policy);
    }

    /// Takes out every feature for which `keep` says no.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(FeatureId, Policy) -> bool) {
        let dropped = self.iter().filter(|(feature, policy)| !keep(*feature, *policy)).map(|(feature, _)| feature);
        let dropped = dropped.collect();
        PolicyStore::remove_all(self, dropped);
    }

    /// Returns the features with their policies in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FeatureId, Policy)> + ExactSizeIterator + '_ {
        self.order.iter().map(|feature| (*feature, self.sets.policy(*feature).unwrap_or(Policy::Optional)))
    }

    pub(crate) fn mentioned(&self) -> FeatureSet {
        self.sets.mentioned()
    }

    /// Returns the policies without their order.
    pub(crate) fn sets(&self) -> PolicySets {
        self.sets
    }

    /// Returns how many features are mentioned.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether no feature is mentioned.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl PolicyStore for Policies {
    fn of(policies: &Policies) -> Self {
        policies.clone()
    }

    fn sets(&self) -> &PolicySets {
        &self.sets
    }

    fn set(&mut self, feature: FeatureId, policy: Policy) {
        Policies::set(self, feature, policy);
    }

    fn update(&mut self, later: &Self) {
        later.iter().for_each(|(feature, policy)| self.set(feature, policy));
    }

    fn remove_all(&mut self, features: FeatureSet) {
        if !(self.sets.mentioned() & features).is_empty() {
            self.sets.remove_all(features);
            self.order.retain(|feature| !features.contains(*feature));
        }
    }

    fn write(&mut self, order: &[FeatureId], on: FeatureSet, off: FeatureSet) {
        let new = (on | off) - self.sets.mentioned();
        self.order.reserve(new.len());
        self.order.extend(order.iter().copied().filter(|feature| new.contains(*feature)));
        self.sets.write(order, on, off);
    }

    fn first_of(&self, among: FeatureSet) -> Option<FeatureId> {
        self.order.iter().copied().find(|feature| among.contains(*feature))
    }
}

impl FromIterator<(FeatureId, Policy)> for Policies {
    fn from_iter<I: IntoIterator<Item = (FeatureId, Policy)>>(features: I) -> Self {
        let mut policies = Self::default();
        for (feature, policy) in features {
            policies.set(feature, policy);
        }
        policies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_order_say_the_same() {
        let mut policies: Policies =
            (5..=9u16).rev().zip(Policy::ALL).map(|(n, policy)| (FeatureId(n), *policy)).collect();
        assert_eq!(policies.iter().map(|(f, p)| (f.0, p)).collect::<Vec<_>>()[1], (8, Policy::Require));
        for (feature, policy) in policies.clone().iter() {
            assert!(policies.sets().with(policy).contains(feature));
        }
        policies.set(FeatureId(9), Policy::Disable);
        let order = [FeatureId(1), FeatureId(8), FeatureId(2)];
        let (on, off) = ([FeatureId(1)].into_iter().collect(), [FeatureId(8), FeatureId(2)].into_iter().collect());
        policies.write(&order, on, off);
        policies.remove_all(FeatureSet::only(FeatureId(7)));
        let list: Vec<_> = policies.iter().map(|(f, p)| (f.0, p.name())).collect();
        assert_eq!(
            list,
            [(9, "disable"), (8, "disable"), (6, "disable"), (5, "forbid"), (1, "require"), (2, "disable")]
        );
        assert_eq!(policies.first_of(on), Some(FeatureId(1)));
    }
}
