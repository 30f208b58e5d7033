//! Describes QEMU releases: machine types, models and their defaults under each machine type, property names,
//! dependencies, and the features that TCG supports.

use super::dependencies::Dependency;
use super::feature::{FeatureId, FeatureSet};
use super::host::Vendor;
use super::map::{ModelId, Register};
use super::named_enum::named_enum;
use super::version::Version;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The index of a machine type name in one catalog.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MachineId(pub u16);

/// A set of machine types with cells; there are 81, and 128 fit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug, Serialize, Deserialize)]
pub struct MachineSet(pub u128);

impl MachineSet {
    /// Adds the machine type with this position among those with cells.
    pub(crate) fn insert(&mut self, position: usize) {
        self.0 |= 1 << position;
    }

    /// Returns whether the machine type with this position is in the set.
    pub fn contains(self, position: usize) -> bool {
        self.0 & (1 << position) != 0
    }
}

named_enum! {
    /// The accelerator that runs the guest.
    Accel {
        /// The host's processor, through KVM.
        Kvm "kvm",
        /// QEMU's own emulation.
        Tcg "tcg",
    }
}

/// The features that a built-in model enables, before the host filter and after dependency clearing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ModelDefaults {
    /// On under every machine type.
    pub always: FeatureSet,
    /// On only under some: the feature and those machine types.
    pub only_on: Vec<(FeatureId, MachineSet)>,
}

impl ModelDefaults {
    /// Returns the features on under the machine type with this position among those with cells.
    pub(crate) fn on(&self, position: usize) -> FeatureSet {
        let mut on = self.always;
        on.extend(self.only_on.iter().filter(|(_, on)| on.contains(position)).map(|(feature, _)| *feature));
        on
    }

    /// Returns the features that it enables under some machine type of a set and not under every one.
    pub(crate) fn on_in(&self, machines: MachineSet) -> FeatureSet {
        self.only_on.iter().filter(|(_, on)| on.0 & machines.0 != 0).map(|(feature, _)| *feature).collect()
    }

    /// Returns the features on under some machine type.
    pub(crate) fn anywhere(&self) -> FeatureSet {
        let mut on = self.always;
        on.extend(self.only_on.iter().map(|(feature, _)| *feature));
        on
    }
}

/// The cells of one model under each accelerator; not one differs between two QEMUs that share a machine type.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct QemuDefaults {
    /// The machine types that have cells, in natural order; positions in [`MachineSet`] count along this list.
    pub machines: Vec<MachineId>,
    /// By the model's number: under KVM and under TCG; `None` for a model no asked QEMU has.
    pub models: Vec<Option<(ModelDefaults, ModelDefaults)>>,
}

impl QemuDefaults {
    /// Returns the features that `model` enables under `accel`, for all machine types.
    pub fn of(&self, model: ModelId, accel: Accel) -> Option<&ModelDefaults> {
        let (kvm, tcg) = self.models.get(usize::from(model.0))?.as_ref()?;
        Some(match accel {
            Accel::Kvm => kvm,
            Accel::Tcg => tcg,
        })
    }

    /// Returns where `machine` stands among those with cells.
    pub(crate) fn position(&self, machine: MachineId) -> Option<usize> {
        self.machines.iter().position(|known| *known == machine)
    }
}

/// A machine type as one QEMU release lists it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QemuMachine {
    /// The type.
    pub machine: MachineId,
    /// Its short name in this release, `q35` or `pc`.
    pub(crate) alias: Option<Box<str>>,
    /// Whether this release uses it when none is named.
    pub(crate) default: bool,
    /// Whether this release announces its removal.
    pub(crate) deprecated: bool,
    /// The most virtual CPUs it takes; `None` where not recorded.
    pub(crate) cpu_max: Option<u32>,
    /// The CPU type used when none is named, as QEMU writes it.
    pub(crate) default_cpu: Option<Arc<str>>,
}

/// A CPU model as one QEMU release lists it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QemuModel {
    /// The model.
    pub model: ModelId,
    /// Whether this release announces its removal.
    pub(crate) deprecated: bool,
    /// The versioned model that an unversioned name means.
    pub(crate) alias_of: Option<ModelId>,
    /// What keeps it from running under TCG, if that was recorded.
    #[serde(skip)]
    pub tcg_blockers: Arc<[FeatureId]>,
}

/// What a KVM host offered on the machine a release was recorded on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RecordedHost {
    /// The model the reply expanded to.
    pub(crate) base: Box<str>,
    /// What was offered.
    pub(crate) features: FeatureSet,
    /// What of it may not migrate.
    pub(crate) non_migratable: FeatureSet,
    /// The other properties of the reply, as written.
    pub(crate) props: Vec<(Box<str>, Box<str>)>,
}

/// The facts about one QEMU release. Parts that were not read are `None`, and those of neighbouring releases are used.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct QemuFacts {
    /// The release.
    pub version: Version,
    /// Where its lists come from, as written in the facts; empty when it has none of its own.
    pub source: Box<str>,
    /// The release number that the recorded QEMU reported, where it differs: usually that of a release candidate.
    pub reported: Option<Version>,
    /// Where else the same lists were read, as written in the facts; the running QEMU's are the ones kept.
    pub recorded_source: Option<Box<str>>,
    /// The machine types that the other source leaves out; everything else is the same there.
    pub not_recorded: Vec<MachineId>,
    /// Where properties come from, and the dependencies if they were read; as written in the facts.
    pub probe_source: Option<Box<str>>,
    /// The command-line options of the queried QEMU.
    pub asked_with: Option<Box<str>>,
    /// Whether a running QEMU of this release was queried.
    pub ran: bool,
    /// Its machine types.
    pub machines: Vec<QemuMachine>,
    /// Its CPU models.
    pub models: Vec<QemuModel>,
    /// The CPU types in its list that are not models: `base`, `host`, `max`.
    pub generic: Vec<Box<str>>,
    /// The CPU feature names it takes in `-cpu`.
    pub properties: Option<FeatureSet>,
    /// Its dependency table, in order.
    pub dependencies: Option<Vec<Dependency>>,
    /// Whether only some rows of that table could be read; the others are those of the previous release.
    pub dependencies_partial: bool,
    /// Features that its TCG does not support, as reported by the running QEMU.
    pub tcg_unsupported: Option<FeatureSet>,
    /// The features of the model `max` under its TCG.
    pub tcg_max: Option<FeatureSet>,
    /// Where `tcg_max` comes from, as written in the facts.
    pub tcg_max_source: Option<Box<str>>,
    /// The features that KVM offered on the recording host.
    pub recorded_host: Option<RecordedHost>,
}

/// Returns the vendor QEMU gives a model that the maps leave without one (a decision of this project, after QEMU's
/// `builtin_x86_defs`): Intel for the old 32-bit names and `kvm*`, AMD for `qemu64`.
pub(crate) fn builtin_vendor(model: &str) -> Option<Vendor> {
    let base = base_name(model);
    match base {
        "486" | "pentium" | "pentium2" | "pentium3" | "qemu32" | "kvm32" | "kvm64" => Some(Vendor::Intel),
        "qemu64" => Some(Vendor::Amd),
        _ => None,
    }
}

/// Returns the model name without its version: `Skylake-Client` for `Skylake-Client-v3`.
pub(crate) fn base_name(model: &str) -> &str {
    match model.rsplit_once("-v") {
        Some((base, version)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => model,
    }
}

/// Returns whether the name carries a version, as `EPYC-v2` does.
pub(crate) fn is_versioned(model: &str) -> bool {
    base_name(model).len() != model.len()
}

/// QEMU's feature words in their order: CPUID leaf, subleaf, and register by position (eax, ebx, ecx, edx)
/// (QEMU `FeatureWord` in `target/i386/cpu.h`). The words of model-specific registers follow.
const FEATURE_WORDS: &[(u32, u32, usize)] = &[
    (1, 0, 3),
    (1, 0, 2),
    (7, 0, 1),
    (7, 0, 2),
    (7, 0, 3),
    (7, 1, 0),
    (0x8000_0001, 0, 3),
    (0x8000_0001, 0, 2),
    (0x8000_0007, 0, 1),
    (0x8000_0007, 0, 3),
    (0x8000_0008, 0, 1),
    (0x8000_0021, 0, 0),
    (0x8000_0021, 0, 2),
    (0x8000_0022, 0, 0),
    (0xC000_0001, 0, 3),
    (0x8000_000A, 0, 3),
    (0xD, 1, 0),
    (6, 0, 0),
];

/// The words that QEMU lists after those of model-specific registers, in their order.
const LATE_FEATURE_WORDS: &[(u32, u32, usize)] = &[
    (0x14, 0, 2),
    (0x12, 0, 0),
    (0x12, 0, 1),
    (0x12, 1, 0),
    (7, 1, 2),
    (7, 1, 3),
    (7, 2, 3),
    (0x24, 0, 1),
    (0x29, 0, 1),
    (0x1E, 1, 0),
    (0x24, 1, 2),
];

/// The words of model-specific registers, in their order (`FEAT_ARCH_CAPABILITIES` to `FEAT_VMX_VMFUNC`).
const REGISTER_WORDS: &[u32] = &[0x10a, 0xcf, 0x345, 0x48e, 0x48b, 0x48d, 0x48f, 0x490, 0x485, 0x48c, 0x480, 0x491];

/// An XSAVE state: bits of CPUID leaf 0xd, subleaf 0, register eax.
pub(crate) struct XsaveState {
    /// The feature that brings it.
    pub(crate) feature: &'static str,
    pub(crate) bits: &'static [u32],
    /// Whether TCG emulates it.
    pub(crate) tcg: bool,
}

/// The XSAVE states that QEMU knows (`x86_ext_save_areas`).
pub(crate) const XSAVE_STATES: &[XsaveState] = &[
    XsaveState { feature: "xsave", bits: &[0, 1], tcg: true },
    XsaveState { feature: "avx", bits: &[2], tcg: true },
    XsaveState { feature: "mpx", bits: &[3, 4], tcg: true },
    XsaveState { feature: "avx512f", bits: &[5, 6, 7], tcg: false },
    XsaveState { feature: "pku", bits: &[9], tcg: true },
    XsaveState { feature: "amx-tile", bits: &[17, 18], tcg: false },
];

/// The place of the XSAVE states: after every word of CPUID, before the registers.
pub(crate) const XSAVE_WORD: usize = FEATURE_WORDS.len() + 1;

/// Returns a register's place in the order of QEMU's feature words, and its lowest bit.
pub(crate) fn feature_word(register: Register) -> (usize, u32) {
    match register {
        Register::Cpuid { eax_in, ecx_in, masks } => {
            let (index, mask) = masks.into_iter().enumerate().find(|(_, mask)| *mask != 0).unwrap_or((0, 0));
            let find = |words: &[_]| words.iter().position(|word| *word == (eax_in, ecx_in, index));
            let late = || find(LATE_FEATURE_WORDS).map(|late| usize::MAX - LATE_FEATURE_WORDS.len() + late);
            let word = find(FEATURE_WORDS).or_else(late).unwrap_or(FEATURE_WORDS.len());
            (word, mask.trailing_zeros())
        }
        Register::Msr { index, masks: [eax, edx] } => {
            let bit = if eax == 0 { 32 + edx.trailing_zeros() } else { eax.trailing_zeros() };
            let word = REGISTER_WORDS.iter().position(|word| *word == index).unwrap_or(REGISTER_WORDS.len());
            (XSAVE_WORD + 1 + word, bit)
        }
    }
}
