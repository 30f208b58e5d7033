//! Defines the reasons for which libvirt or QEMU refuses a guest.

use crate::domain::behaviour::PartialWords;
use crate::domain::definition::{Mode, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::version::Version;

named_enum! {
    /// The step that refused the guest.
    Stage {
        /// `qemuProcessStartValidate`: before QEMU starts.
        StartValidate "start-validate",
        /// `qemuProcessUpdateGuestCPU`: while the definition is brought up to date for this host.
        UpdateCpu "update-cpu",
        /// QEMU itself exits.
        Qemu "qemu",
        /// `qemuProcessUpdateAndVerifyCPU`: after QEMU starts, feature by feature.
        FullCheck "full-check",
        /// `qemuMigrationSrcIsAllowed`, `qemuDomainMakeCPUMigratable` and `qemuMonitorJSONMigrate`: at the sender, before
        /// the guest is sent.
        Send "send",
    }
}

/// The component that refuses to send a guest with `invtsc`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sender {
    /// libvirt, which sees `invtsc` in the definition, and does not ask for a TSC frequency.
    LibvirtWithoutTimer,
    /// libvirt, which sees `invtsc` in the definition.
    Libvirt,
    /// libvirt, which asked QEMU what blocks a migration.
    Reasons,
    /// QEMU, at the migrate command.
    Command,
}

/// How QEMU says that it does not have a machine type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MachineWording {
    /// After its option, with a capital letter.
    Capital,
    /// After its option.
    Option,
    /// Without naming it.
    Bare,
    /// With its name in quotation marks.
    Named,
}

/// How the partial check says that the host does not suit the definition.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PartialWording {
    /// The sentence with which it begins.
    pub words: PartialWords,
    /// The model whose variant without TSX it proposes at the end.
    pub without_tsx: Option<ModelId>,
}

impl PartialWording {
    /// The words of current releases.
    pub(crate) const CURRENT: Self = Self { words: PartialWords::Incompatible, without_tsx: None };
}

/// Why a start or an arrival was refused, as a value; `explain::message` has libvirt's message.
///
/// `L` is how several features are held: in the order of the message, or as a set if no caller reads the order.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Refusal<L = Vec<FeatureId>> {
    /// The definition requires a vendor and names no model.
    VendorWithoutModel,
    /// libvirt does not support so old a QEMU.
    QemuTooOld {
        /// The oldest it works with.
        needed: Version,
        /// The QEMU found.
        found: Version,
    },
    /// This libvirt has no such CPU mode.
    UnknownMode(Mode),
    /// The accelerator does not support this mode: TCG cannot pass through the host's CPU.
    UnsupportedMode(Mode),
    /// QEMU does not have the machine type, and libvirt says so.
    MachineType {
        /// The emulator's path, as in the message.
        emulator: Box<str>,
        /// The machine type.
        machine: Box<str>,
    },
    /// QEMU does not have the machine type, and libvirt did not look: QEMU exits.
    MachineTypeAtQemu {
        /// The emulator's path: the message has its last part.
        emulator: Box<str>,
        /// The accelerator that libvirt names with the machine type.
        accel: Accel,
        /// The machine type.
        machine: Box<str>,
        /// How this QEMU says it.
        wording: MachineWording,
    },
    /// The map does not know a feature of the definition, as libvirt sees at this stage: before anything else, and before
    /// 3.8.0 where it first needs the feature.
    UnknownFeature(FeatureId, Stage),
    /// QEMU cannot report these as unavailable, which libvirt requires for features in model-specific registers.
    MsrFeatures(L),
    /// The map does not know the model.
    UnknownModel(ModelId),
    /// The same, when the partial check asks what QEMU lacks of the model (recorded on 11.3.0).
    UnknownModelCompared(ModelId),
    /// The same, when the sender looks up which features its map marks as added in the model that the user named.
    UnknownModelSent(ModelId),
    /// QEMU does not have the model.
    ModelUnsupported(ModelId),
    /// The host has a feature that the definition forbids.
    ForbiddenFeature(FeatureId),
    /// The definition requires a different vendor from the host's.
    OtherVendor(Vendor, PartialWording),
    /// The partial check found features the definition forbids.
    PartialForbidden(L, PartialWording),
    /// The partial check found the host lacking features.
    PartialMissing(L, PartialWording),
    /// The partial check found the host to have more, and the match is strict.
    PartialStrict(L, PartialWording),
    /// QEMU does not know a feature that the command line enables, or that it disables if the release does not drop
    /// unknown ones.
    UnknownProperty {
        /// The feature.
        feature: FeatureId,
        /// Whether it was to be on.
        on: bool,
        /// The mode, which gives `host` and `max` on QEMU's command line.
        mode: Mode,
        /// The model there; `None` for `host` and `max`.
        model: Option<ModelId>,
        /// Whether QEMU's message names the type of the CPU.
        typed: bool,
    },
    /// The definition requires `invtsc`, and QEMU does not enable it.
    NoInvariantTsc,
    /// The sender keeps a guest with `invtsc`; who says so.
    NotSent(Sender),
    /// The source's QEMU does not migrate a guest with `vmx`.
    NestedNotSent,
    /// The source's QEMU does not accept libvirt's migrate command.
    NotMigrated,
    /// QEMU does not accept the save file in the form in which libvirt passes it.
    NotRestored,
    /// QEMU reported a feature both as enabled and as unavailable.
    Conflict(FeatureId),
    /// The full check found differences; both lists in the order of the map.
    FullCheck {
        /// What QEMU enabled and the definition does not have.
        extra: L,
        /// What the definition has and QEMU did not give.
        missing: L,
    },
}

/// A refusal while it is found, when the order of its features does not matter yet.
pub(super) type UnorderedRefusal = Refusal<FeatureSet>;

impl UnorderedRefusal {
    /// Returns the refusal with its features listed by `list`.
    pub(super) fn listed(&self, list: impl Fn(FeatureSet) -> Vec<FeatureId>) -> Refusal {
        match self {
            Self::VendorWithoutModel => Refusal::VendorWithoutModel,
            Self::QemuTooOld { needed, found } => Refusal::QemuTooOld { needed: *needed, found: *found },
            Self::UnknownMode(mode) => Refusal::UnknownMode(*mode),
            Self::UnsupportedMode(mode) => Refusal::UnsupportedMode(*mode),
            Self::MachineType { emulator, machine } => {
                Refusal::MachineType { emulator: emulator.clone(), machine: machine.clone() }
            }
            Self::MachineTypeAtQemu { emulator, accel, machine, wording } => Refusal::MachineTypeAtQemu {
                emulator: emulator.clone(),
                accel: *accel,
                machine: machine.clone(),
                wording: *wording,
            },
            Self::UnknownFeature(feature, stage) => Refusal::UnknownFeature(*feature, *stage),
            Self::MsrFeatures(set) => Refusal::MsrFeatures(list(*set)),
            Self::UnknownModel(model) => Refusal::UnknownModel(*model),
            Self::UnknownModelCompared(model) => Refusal::UnknownModelCompared(*model),
            Self::UnknownModelSent(model) => Refusal::UnknownModelSent(*model),
            Self::ModelUnsupported(model) => Refusal::ModelUnsupported(*model),
            Self::ForbiddenFeature(feature) => Refusal::ForbiddenFeature(*feature),
            Self::PartialForbidden(set, wording) => Refusal::PartialForbidden(list(*set), *wording),
            Self::PartialMissing(set, wording) => Refusal::PartialMissing(list(*set), *wording),
            Self::PartialStrict(set, wording) => Refusal::PartialStrict(list(*set), *wording),
            Self::UnknownProperty { feature, on, mode, model, typed } => {
                Refusal::UnknownProperty { feature: *feature, on: *on, mode: *mode, model: *model, typed: *typed }
            }
            Self::OtherVendor(vendor, wording) => Refusal::OtherVendor(*vendor, *wording),
            Self::NoInvariantTsc => Refusal::NoInvariantTsc,
            Self::NotSent(who) => Refusal::NotSent(*who),
            Self::NestedNotSent => Refusal::NestedNotSent,
            Self::NotMigrated => Refusal::NotMigrated,
            Self::NotRestored => Refusal::NotRestored,
            Self::Conflict(feature) => Refusal::Conflict(*feature),
            Self::FullCheck { extra, missing } => Refusal::FullCheck { extra: list(*extra), missing: list(*missing) },
        }
    }

    /// Returns what was extra and what was missing, as far as the refusal is about that.
    pub(super) fn sets(&self) -> (FeatureSet, FeatureSet) {
        match self {
            Self::FullCheck { extra, missing } => (*extra, *missing),
            Self::PartialMissing(missing, _) => (FeatureSet::EMPTY, *missing),
            Self::PartialStrict(extra, _) => (*extra, FeatureSet::EMPTY),
            _ => (FeatureSet::EMPTY, FeatureSet::EMPTY),
        }
    }
}

impl<L> Refusal<L> {
    /// Returns where it is said.
    pub(crate) const fn stage(&self) -> Stage {
        match self {
            Self::VendorWithoutModel
            | Self::QemuTooOld { .. }
            | Self::UnknownMode(_)
            | Self::MachineType { .. }
            | Self::MsrFeatures(_) => Stage::StartValidate,
            Self::UnknownFeature(_, stage) => *stage,
            Self::UnsupportedMode(_)
            | Self::UnknownModel(_)
            | Self::UnknownModelCompared(_)
            | Self::ModelUnsupported(_)
            | Self::ForbiddenFeature(_)
            | Self::OtherVendor(..)
            | Self::PartialForbidden(..)
            | Self::PartialMissing(..)
            | Self::PartialStrict(..) => Stage::UpdateCpu,
            Self::UnknownProperty { .. } | Self::MachineTypeAtQemu { .. } | Self::NotRestored => Stage::Qemu,
            Self::NoInvariantTsc | Self::Conflict(_) | Self::FullCheck { .. } => Stage::FullCheck,
            Self::NotSent(_) | Self::UnknownModelSent(_) | Self::NestedNotSent | Self::NotMigrated => Stage::Send,
        }
    }
}

impl Refusal {
    /// Returns whether both are the same refusal, in whatever words QEMU says it.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let mut same = self.clone();
        match (&mut same, other) {
            (Self::MachineTypeAtQemu { wording, .. }, Self::MachineTypeAtQemu { wording: others, .. }) => {
                *wording = *others;
            }
            (Self::UnknownProperty { typed, .. }, Self::UnknownProperty { typed: others, .. }) => *typed = *others,
            _ => {}
        }
        same == *other
    }
}
