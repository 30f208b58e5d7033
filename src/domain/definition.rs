//! Describes a guest's `<cpu>`: mode, model, check, match and the policies of single features, in order.

use super::feature::{FeatureId, FeatureSet};
use super::host::Vendor;
use super::map::{CpuMap, ModelId};
pub(crate) use super::named_enum::named_enum;
pub use super::policies::{Policies, Policy};

named_enum! {
    /// The attribute `mode` of `<cpu>`.
    Mode {
        /// A named model.
        Custom "custom",
        /// The host's CPU; libvirt replaces it with a model and features when the guest starts.
        HostModel "host-model",
        /// The host's CPU, passed through by QEMU.
        HostPassthrough "host-passthrough",
        /// Every feature that the hypervisor supports (libvirt 7.1.0 and later).
        Maximum "maximum",
    }
}

named_enum! {
    /// The attribute `check` of `<cpu>` (libvirt 3.2.0 and later).
    Check {
        /// No check.
        None "none",
        /// Compares the definition with the host before QEMU starts.
        Partial "partial",
        /// Compares the definition with the CPU that QEMU built, after QEMU starts.
        Full "full",
    }
}

named_enum! {
    /// The attribute `match` of `<cpu>`.
    Match {
        /// The guest gets all features of the host in addition.
        Minimum "minimum",
        /// The guest gets exactly the definition.
        Exact "exact",
        /// As exact, and the host must not have additional features.
        Strict "strict",
    }
}

named_enum! {
    /// The attribute `fallback` of `<model>`: what happens if QEMU does not have the model.
    Fallback {
        /// libvirt uses the closest model that QEMU has.
        Allow "allow",
        /// The start is refused.
        Forbid "forbid",
    }
}

/// A CPU definition: libvirt's `<cpu>` element.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Definition {
    /// The attribute `mode` of `<cpu>`.
    pub mode: Mode,
    /// The named model; `None` for host-passthrough, maximum and a host-model that was never expanded.
    pub model: Option<ModelId>,
    /// The attribute `match` of `<cpu>`.
    pub matching: Match,
    /// The attribute `check`.
    pub check: Check,
    /// The attribute `fallback` of `<model>`: what happens if QEMU does not have the model.
    pub fallback: Fallback,
    /// The vendor that the host must have (`<vendor>`); the guest's CPU is the same with and without it.
    pub vendor: Option<Vendor>,
    /// The `<feature>` elements, in order.
    pub features: Policies,
}

impl Definition {
    /// Returns the definition without the order of its features.
    #[must_use]
    pub fn unordered(&self) -> Self {
        Self { features: self.features.unordered(), ..*self }
    }

    /// Returns whether libvirt leaves the CPU to QEMU: host-passthrough and maximum.
    pub(crate) fn is_passthrough(&self) -> bool {
        matches!(self.mode, Mode::HostPassthrough | Mode::Maximum)
    }

    /// Returns whether libvirt puts the host's model in place of this CPU when the guest starts.
    pub(crate) fn takes_host_model(&self) -> bool {
        let is_bare = self.mode == Mode::HostModel && self.model.is_none();
        is_bare || (self.mode == Mode::Custom && self.matching == Match::Minimum)
    }

    /// Returns the feature set `map` reads from this definition: the model's data, then the policies in order
    /// (libvirt `x86ModelFromCPU`, every release). A model the map does not have counts as empty.
    pub(crate) fn described_by(&self, map: &CpuMap) -> FeatureSet {
        let described = self.model.and_then(|model| map.model(model)).map_or(FeatureSet::EMPTY, |model| model.data);
        (described | self.features.on()) - self.features.off()
    }

    /// Returns whether `map` reads this feature from the definition: [`described_by`](Self::described_by) for one.
    pub(crate) fn describes(&self, feature: FeatureId, map: &CpuMap) -> bool {
        match self.features.get(feature) {
            Some(policy) if policy.is_on() => true,
            Some(policy) if policy.is_off() => false,
            _ => self.model.and_then(|model| map.model(model)).is_some_and(|model| model.data.contains(feature)),
        }
    }
}
