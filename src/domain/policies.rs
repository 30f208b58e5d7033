//! Stores the policies of a definition: as sets, and in the order of the XML if a caller reads it.

use super::feature::{FeatureId, FeatureSet};
use super::named_enum::named_enum;
use std::sync::Arc;

named_enum! {
    /// The attribute `policy` of a `<feature>`.
    Policy {
        /// Enabled, even if the host does not have it.
        Force "force",
        /// Enabled; the host must have it.
        Require "require",
        /// Enabled if the host has it.
        Optional "optional",
        /// Disabled.
        Disable "disable",
        /// Disabled; the guest does not start on a host that has it.
        Forbid "forbid",
    }
}

impl Policy {
    /// Returns whether libvirt passes `feature=on` to QEMU: `force` and `require`.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Force | Self::Require)
    }

    /// Returns whether libvirt passes `feature=off` to QEMU: `disable` and `forbid`.
    pub const fn is_off(self) -> bool {
        matches!(self, Self::Disable | Self::Forbid)
    }
}

/// Features with their policies, each once. `strong` tells `force` from `require` and `forbid` from `disable`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policies {
    on: FeatureSet,
    off: FeatureSet,
    optional: FeatureSet,
    strong: FeatureSet,
    /// The order of the XML; `None` if no caller reads it, which saves work. Definitions share it until one changes it.
    order: Option<Arc<Vec<FeatureId>>>,
}

impl Default for Policies {
    fn default() -> Self {
        Self { order: Some(Arc::default()), ..Self::NONE }
    }
}

impl Policies {
    const NONE: Self = Self {
        on: FeatureSet::EMPTY,
        off: FeatureSet::EMPTY,
        optional: FeatureSet::EMPTY,
        strong: FeatureSet::EMPTY,
        order: None,
    };

    /// Returns the policies without their order.
    pub(crate) fn unordered(&self) -> Self {
        Self { on: self.on, off: self.off, optional: self.optional, strong: self.strong, order: None }
    }

    /// Returns whether they have an order.
    pub(crate) fn is_ordered(&self) -> bool {
        self.order.is_some()
    }

    /// Returns the enabled features.
    #[inline]
    pub(crate) fn on(&self) -> FeatureSet {
        self.on
    }

    /// Returns the disabled features.
    #[inline]
    pub(crate) fn off(&self) -> FeatureSet {
        self.off
    }

    #[inline]
    pub(crate) fn with(&self, policy: Policy) -> FeatureSet {
        match policy {
            Policy::Force => self.on & self.strong,
            Policy::Require => self.on - self.strong,
            Policy::Optional => self.optional,
            Policy::Disable => self.off - self.strong,
            Policy::Forbid => self.off & self.strong,
        }
    }

    #[inline]
    pub(crate) fn mentioned(&self) -> FeatureSet {
        self.on | self.off | self.optional
    }

    /// Returns whether `feature` is mentioned.
    #[inline]
    pub(crate) fn mentions(&self, feature: FeatureId) -> bool {
        self.on.contains(feature) || self.off.contains(feature) || self.optional.contains(feature)
    }

    /// Returns the policy of `feature`, if it is mentioned.
    #[inline]
    pub fn get(&self, feature: FeatureId) -> Option<Policy> {
        let strong = self.strong.contains(feature);
        if self.on.contains(feature) {
            Some(if strong { Policy::Force } else { Policy::Require })
        } else if self.off.contains(feature) {
            Some(if strong { Policy::Forbid } else { Policy::Disable })
        } else {
            self.optional.contains(feature).then_some(Policy::Optional)
        }
    }

    /// Sets the policy of `feature`: in place where it is mentioned, else at the end (libvirt `virCPUDefUpdateFeature`).
    pub fn set(&mut self, feature: FeatureId, policy: Policy) {
        let is_new = !self.mentions(feature);
        if let Some(order) = self.order.as_mut().filter(|_| is_new) {
            Arc::make_mut(order).push(feature);
        }
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

    /// Sets the policy of `feature`, or takes the feature out.
    pub(crate) fn put(&mut self, feature: FeatureId, policy: Option<Policy>) {
        match policy {
            Some(policy) => self.set(feature, policy),
            None => self.retain(|known, _| known != feature),
        }
    }

    /// Adds `feature` at the end unless it is mentioned (libvirt `virCPUDefAddFeatureIfMissing`). Returns whether it did.
    #[inline]
    pub(crate) fn add_if_missing(&mut self, feature: FeatureId, policy: Policy) -> bool {
        let missing = !self.mentions(feature);
        if missing {
            self.set(feature, policy);
        }
        missing
    }

    /// Sets the policies of `later`, one after the other; they have an order if those of `later` have.
    pub(crate) fn update(&mut self, later: &Self) {
        if later.is_ordered() {
            return later.iter().for_each(|(feature, policy)| self.set(feature, policy));
        }
        self.order = None;
        self.remove_all(later.mentioned());
        self.on |= later.on;
        self.off |= later.off;
        self.optional |= later.optional;
        self.strong |= later.strong;
    }

    /// Takes features out.
    #[inline]
    pub(crate) fn remove_all(&mut self, features: FeatureSet) {
        if !self.mentioned().is_disjoint(&features) {
            self.remove_mentioned(&features);
        }
    }

    #[cold]
    fn remove_mentioned(&mut self, features: &FeatureSet) {
        self.on -= *features;
        self.off -= *features;
        self.optional -= *features;
        self.strong -= *features;
        if let Some(order) = &mut self.order {
            Arc::make_mut(order).retain(|feature| !features.contains(*feature));
        }
    }

    /// Requires the features of `on` and disables those of `off`, one after the other in this order.
    pub(crate) fn write(&mut self, in_order: &[FeatureId], on: FeatureSet, off: FeatureSet) {
        let written = on | off;
        if self.is_ordered() {
            let new = written - self.mentioned();
            let order = self.order.get_or_insert_default();
            Arc::make_mut(order)
                .extend(in_order.iter().copied().filter(|feature| new.contains(*feature)).take(new.len()));
        }
        self.on = (self.on - written) | (on - off);
        self.off = (self.off - written) | off;
        self.optional -= written;
        self.strong -= written;
    }

    /// Returns the first of these features, which are all mentioned; without an order, any of them.
    #[inline]
    pub(crate) fn first_of(&self, among: FeatureSet) -> Option<FeatureId> {
        if among.is_empty() { None } else { self.find_first_of(&among) }
    }

    #[cold]
    fn find_first_of(&self, among: &FeatureSet) -> Option<FeatureId> {
        match &self.order {
            Some(order) => order.iter().copied().find(|feature| among.contains(*feature)),
            None => among.iter().next(),
        }
    }

    /// Takes out every feature for which `keep` says no.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(FeatureId, Policy) -> bool) {
        let dropped = self.iter().filter(|(feature, policy)| !keep(*feature, *policy)).map(|(feature, _)| feature);
        let dropped = dropped.collect();
        self.remove_all(dropped);
    }

    /// Returns the features with their policies in order. Requires policies with an order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FeatureId, Policy)> + ExactSizeIterator + '_ {
        debug_assert!(self.is_ordered(), "policies without an order");
        let order = self.order.as_deref().map(Vec::as_slice).unwrap_or_default();
        order.iter().map(|feature| (*feature, self.get(*feature).unwrap_or(Policy::Optional)))
    }

    /// Returns how many features are mentioned.
    pub fn len(&self) -> usize {
        self.mentioned().len()
    }

    /// Returns whether no feature is mentioned.
    pub fn is_empty(&self) -> bool {
        self.mentioned().is_empty()
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
            assert!(policies.with(policy).contains(feature));
        }
        let mut unordered = policies.unordered();
        policies.set(FeatureId(9), Policy::Disable);
        unordered.set(FeatureId(9), Policy::Disable);
        let order = [FeatureId(1), FeatureId(8), FeatureId(2)];
        let (on, off) = ([FeatureId(1)].into_iter().collect(), [FeatureId(8), FeatureId(2)].into_iter().collect());
        policies.write(&order, on, off);
        policies.remove_all(FeatureSet::only(FeatureId(7)));
        unordered.write(&order, on, off);
        unordered.remove_all(FeatureSet::only(FeatureId(7)));
        assert_eq!(unordered, policies.unordered());
        let list: Vec<_> = policies.iter().map(|(f, p)| (f.0, p.name())).collect();
        assert_eq!(
            list,
            [(9, "disable"), (8, "disable"), (6, "disable"), (5, "forbid"), (1, "require"), (2, "disable")]
        );
        assert_eq!(policies.first_of(on), Some(FeatureId(1)));
    }
}
