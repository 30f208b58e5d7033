//! Describes the timeline of each switch: its values by release, backports in packages, and quirks of QEMU releases.

use super::super::feature::FeatureSet;
use super::super::map::{MapId, ModelId};
use super::super::named_enum::named_enum;
use super::super::package::Since;
use super::super::version::Version;
use super::Setting;
use serde::{Deserialize, Serialize};

/// One value in a switch's history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dated {
    /// The value.
    pub setting: Setting,
    /// The first release known to have it; `None` for the value every release starts with.
    pub since: Option<Version>,
    /// The last release known not to have it, where the two are not neighbours: the releases between them were not
    /// read.
    pub after: Option<Version>,
    /// Where that was read.
    pub source: Box<str>,
    /// Whether it was inferred and not read.
    pub inferred: bool,
}

/// A switch with every value it had.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SwitchHistory {
    /// What the switch decides, in one sentence.
    pub doc: Box<str>,
    /// Its values, oldest first.
    pub values: Vec<Dated>,
}

/// What a release's place in a switch's history says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Known<'a> {
    Sure(&'a Dated),
    /// One of two: the release lies inside the interval of the second.
    Either(&'a Dated, &'a Dated),
}

impl SwitchHistory {
    /// Returns what `release` does, or between which two values it lies; `None` when the history is empty.
    pub(crate) fn at(&self, release: Version) -> Option<Known<'_>> {
        let mut sure = self.values.first()?;
        for next in self.values.get(1..).unwrap_or_default() {
            let since = next.since.unwrap_or_default();
            if release >= since {
                sure = next;
            } else {
                return Some(match next.after {
                    Some(after) if release > after => Known::Either(sure, next),
                    _ => Known::Sure(sure),
                });
            }
        }
        Some(Known::Sure(sure))
    }
}

/// A fix that a distribution's package carries although its release does not.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Backport {
    /// The release the package is built from.
    pub release: Version,
    /// The builds that carry the fix.
    pub since: Since,
    /// The mark of the distribution, `el9`.
    pub distribution: Box<str>,
    /// The settings the fix brings.
    pub settings: Vec<Setting>,
    /// What its map has besides.
    pub taken: Vec<TakenFromMap>,
    /// Where that was read.
    pub source: Box<str>,
}

/// Models and features that a package's map has, as another release's map has them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TakenFromMap {
    pub(crate) map: MapId,
    /// The models, with their features.
    pub models: Vec<ModelId>,
    /// Features that no model brings.
    pub features: FeatureSet,
}

named_enum! {
    /// Something QEMU does from some point release on.
    #[derive(Serialize, Deserialize)]
    QuirkKind {
        /// `ht` and `cmp_legacy` are reported when a package has several threads.
        ThreadsReported "threads-reported",
        /// KVM gives `ht` to a guest that names it.
        HtWithKvm "ht-with-kvm",
        /// `arch-capabilities` is supported only where the silicon has it.
        ArchCapabilitiesSilicon "arch-capabilities-silicon",
        /// `arch-capabilities` is left out of `host` and `max` of guests with an AMD vendor.
        ArchCapabilitiesNotAmd "arch-capabilities-not-amd",
        /// KVM gives an AMD guest `overflow-recov` and `succor` on every host.
        AmdMachineCheck "amd-machine-check",
        /// `unavailable-features` is missing: libvirt does not trust it with model-specific registers.
        NoUnavailableFeatures "no-unavailable-features",
        /// `pdcm` is cleared while the PMU is off, without being marked unavailable.
        PdcmCleared "pdcm-cleared",
        /// The guest sees `pdcm` although the PMU is off.
        PdcmShown "pdcm-shown",
        /// The threads of one die count where those of a package do later.
        ThreadsOfDie "threads-of-die",
        /// `topoext` is supported only where the silicon has it.
        TopoextSilicon "topoext-silicon",
        /// `max` has the PMU by default under KVM only.
        PmuWithKvmOnly "pmu-with-kvm-only",
        /// XSAVE states that the accelerator lacks are left out, and not reported as unavailable.
        StatesMasked "states-masked",
        /// `invtsc` migrates where the definition gives a TSC frequency, so `host` has it.
        InvtscWithFrequency "invtsc-with-frequency",
        /// Under KVM a guest with `vmx` is not migrated.
        NestedVmxBlocked "nested-vmx-blocked",
        /// The command `migrate` does not know the argument `detach`.
        NoDetach "no-detach",
        /// A file is not restored through `fd:`.
        NoFileThroughFd "no-file-through-fd",
        /// The command `query-cpu-model-expansion` exists.
        ModelExpansion "model-expansion",
        /// The message about an unknown machine type has a capital letter.
        MachineCapital "machine-capital",
        /// The message about an unknown machine type does not begin with the option.
        MachineWithoutOption "machine-without-option",
        /// The message about an unknown machine type names it.
        MachineNamed "machine-named",
        /// The message about an unknown property names the type of the object.
        PropertyWithType "property-with-type",
        /// Without a machine type, a model without a version is its newest version.
        NewestVersions "newest-versions",
        /// Icelake and Cascadelake models have `intel-pt`, and Icelake-Server has `pconfig`.
        IntelPtInModels "intel-pt-in-models",
        /// `query-migrate` lists the reasons that block a migration (`blocked-reasons`).
        BlockedReasons "blocked-reasons",
    }
}

/// From which release on QEMU has no machine type of old, and how many major releases back that is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MachineLifetime {
    /// The first release that leaves them out.
    pub since: Version,
    /// How many major releases older than QEMU the newest is that it leaves out.
    pub majors: u16,
    /// Where that was read.
    pub source: Box<str>,
}

/// A range of QEMU point releases with something of their own.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Quirk {
    /// What they do.
    pub kind: QuirkKind,
    /// The first release.
    pub since: Version,
    /// The last release; `None` for every later one.
    pub until: Option<Version>,
    /// Only on machine types named after this QEMU series or a later one.
    pub machines_since: Option<(u16, u16)>,
    /// Where that was read.
    pub source: Box<str>,
}

impl Quirk {
    /// Returns whether a QEMU release is in the range.
    pub(crate) fn is_of(&self, version: Version) -> bool {
        version >= self.since && self.until.is_none_or(|until| version <= until)
    }
}
