//! Describes a guest's `<cpu>`: mode, model, check, match and the policies of single features, in order.

use super::feature::{FeatureId, FeatureSet};
use super::host::Vendor;
use super::map::{CpuMap, ModelId};
pub(crate) use super::named_enum::named_enum;
pub use super::policies::{Policies, Policy};

named_enum! {
    /// How the CPU is described.
    Mode {
        /// A named model.
        Custom "custom",
        /// The host's CPU as a model and features, written down at start.
        HostModel "host-model",
        /// The host's CPU as it is.
        HostPassthrough "host-passthrough",
        /// Everything the hypervisor can give.
        Maximum "maximum",
    }
}

named_enum! {
    /// How exactly libvirt compares the CPU QEMU built with the definition.
    Check {
        /// Never.
        None "none",
        /// Before start, with what the host can do.
        Partial "partial",
        /// After start, feature by feature.
        Full "full",
    }
}

named_enum! {
    /// How the definition relates to the host.
    Match {
        /// The guest may get more than it names.
        Minimum "minimum",
        /// The guest gets what it names.
        Exact "exact",
        /// As exact, and the host may have nothing else.
        Strict "strict",
    }
}

named_enum! {
    /// What happens when QEMU does not have the model.
    Fallback {
        /// The nearest model is taken.
        Allow "allow",
        /// The start is refused.
        Forbid "forbid",
    }
}

/// A guest's CPU as libvirt describes it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Definition {
    /// How the CPU is described.
    pub mode: Mode,
    /// The named model; `None` for host-passthrough, maximum and a host-model that was never expanded.
    pub model: Option<ModelId>,
    /// How the definition relates to the host.
    pub matching: Match,
    /// How exactly the result is compared.
    pub check: Check,
    /// What happens when QEMU does not have the model.
    pub fallback: Fallback,
    /// The vendor that the host must have (`<vendor>`); the guest's CPU is the same with and without it.
    pub vendor: Option<Vendor>,
    /// The policies of single features.
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
