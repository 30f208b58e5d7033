//! Describes a guest's `<cpu>`: mode, model, check, match and the policies of single features, in order.

use super::feature::FeatureSet;
use super::host::Vendor;
use super::map::{CpuMap, ModelId};
pub use super::policies::{Policies, PolicySets, PolicyStore};

macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(unreachable_pub, reason = "some of these enums are only for the crate")]
        pub enum $name { $($(#[$item_doc])* $item),+ }

        #[allow(dead_code, unreachable_pub, reason = "not every enum needs all of it, or outside of the crate")]
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$item),+];

            /// Returns the word libvirt's XML and scenarios use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $word),+ }
            }

            /// Returns the value this word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == word)
            }
        }
    };
}
pub(crate) use named_enum;

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

/// A guest's CPU as libvirt describes it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Definition<P = Policies> {
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
    pub features: P,
}

impl Definition {
    /// Returns the definition without the order of its features.
    pub fn unordered(&self) -> Definition<PolicySets> {
        self.stored()
    }

    /// Returns the definition with its features held in another way.
    pub(crate) fn stored<P: PolicyStore>(&self) -> Definition<P> {
        Definition {
            mode: self.mode,
            model: self.model,
            matching: self.matching,
            check: self.check,
            fallback: self.fallback,
            vendor: self.vendor,
            features: P::of(&self.features),
        }
    }
}

impl<P: PolicyStore> Definition<P> {
    /// Returns whether libvirt leaves the CPU to QEMU: host-passthrough and maximum.
    pub(crate) fn is_passthrough(&self) -> bool {
        matches!(self.mode, Mode::HostPassthrough | Mode::Maximum)
    }

    /// Returns whether libvirt puts the host's model in place of this CPU when the guest starts.
    pub fn takes_host_model(&self) -> bool {
        let is_bare = self.mode == Mode::HostModel && self.model.is_none();
        is_bare || (self.mode == Mode::Custom && self.matching == Match::Minimum)
    }

    /// Returns the feature set `map` reads from this definition: the model's data, then the policies in order
    /// (libvirt `x86ModelFromCPU`, every release). A model the map does not have counts as empty.
    pub(crate) fn described_by(&self, map: &CpuMap) -> FeatureSet {
        let described = self.model.and_then(|model| map.model(model)).map_or(FeatureSet::EMPTY, |model| model.data);
        let features = self.features.sets();
        (described | features.on()) - features.off()
    }
}
