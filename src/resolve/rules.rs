//! Defines the rules. [`RULES`] lists the rows of the decision table and the other rules; the first rule that applies
//! decides.

use super::decision_table::Row;
use super::refusal::Refusal;
use super::verdict::Verdict;
use crate::domain::definition::named_enum;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::named::Named;

named_enum! {
    /// A rule. Its id does not change between releases of this program.
    RuleId {
        /// Row T1: any definition, old to old.
        T1 "T1",
        /// Row T2: any definition, new to new.
        T2 "T2",
        /// With the feature, old to new.
        T3 "T3",
        /// With the feature, new to old.
        T4 "T4",
        /// Without the feature, old to new.
        T5 "T5",
        /// Without the feature, new to old.
        T6 "T6",
        /// The feature is not mentioned, old to new.
        T7 "T7",
        /// The feature is not mentioned, new to old.
        T8 "T8",
        /// The destination's QEMU does not have the machine type.
        MachineType "machine-type",
        /// The map does not know a feature of the definition.
        UnknownFeature "unknown-feature",
        /// The map does not know the model.
        UnknownModel "unknown-model",
        /// QEMU does not have the model.
        ModelUnsupported "model-unsupported",
        /// QEMU cannot report MSR features that the definition names.
        MsrFeatures "msr-features",
        /// There is no such CPU mode.
        CpuMode "cpu-mode",
        /// The definition requires a host of another vendor, or the guest's vendor changes.
        Vendor "vendor",
        /// The host has more features than a strict definition.
        StrictMatch "strict-match",
        /// The check before the start found features that the host lacks.
        PartialCheck "partial-check",
        /// The host has a feature the definition forbids.
        ForbiddenFeature "forbidden-feature",
        /// QEMU does not know a feature that the command line enables.
        UnknownProperty "unknown-property",
        /// libvirt does not support so old a QEMU.
        QemuTooOld "qemu-too-old",
        /// The host does not support `invtsc`, or a guest with it cannot be sent.
        Invtsc "invtsc",
        /// QEMU 3.1 and 4.0 do not migrate a guest with `vmx`.
        NestedVmx "nested-vmx",
        /// QEMU reports a feature both as enabled and as unavailable.
        Conflict "conflict",
        /// QEMU 10.0 began to report `ht` and `cmp_legacy`.
        Ht "ht",
        /// The source's map does not know the vmx features that QEMU always enabled.
        VmxUnknownToSource "vmx-unknown-to-source",
        /// Disabled vmx features are not sent, and then reported as missing.
        VmxDisabled "vmx-disabled",
        /// The destination's QEMU clears `pdcm` without a PMU.
        Pdcm "pdcm",
        /// The destination's QEMU supports `arch-capabilities` differently.
        ArchCapabilities "arch-capabilities",
        /// monitor was removed from old AMD models.
        Monitor "monitor",
        /// intel-pt was removed from Icelake.
        IntelPt "intel-pt",
        /// pconfig was removed from Icelake-Server.
        Pconfig "pconfig",
        /// A parent was filtered at the source and disabled at the destination, with its children.
        Dependency "dependency",
        /// QEMU enabled features that the definition lacks.
        Extra "extra",
        /// QEMU did not enable features that the definition requires.
        Missing "missing",
        /// Some features are extra and others are missing.
        ExtraMissing "extra-missing",
        /// QEMU does not accept this libvirt's migrate command.
        MigrateCommand "migrate-command",
        /// QEMU cannot restore a saved guest with this libvirt.
        RestoreTransport "restore-transport",
        /// The migration completes with the same features and different XSAVE states.
        XsaveStates "xsave-states",
        /// The migration completes and the guest loses features.
        FeatureLost "feature-lost",
        /// The migration completes and the guest gains features.
        FeatureGained "feature-gained",
        /// A feature that no map lists changed.
        Unlisted "unlisted",
        /// The guest has the host's CPU, which is not compared.
        Passthrough "passthrough",
        /// Source and destination read the definition in the same way.
        SameDefinition "same-definition",
    }
}

impl From<Row> for RuleId {
    fn from(row: Row) -> Self {
        match row {
            Row::T1 => Self::T1,
            Row::T2 => Self::T2,
            Row::T3 => Self::T3,
            Row::T4 => Self::T4,
            Row::T5 => Self::T5,
            Row::T6 => Self::T6,
            Row::T7 => Self::T7,
            Row::T8 => Self::T8,
        }
    }
}

/// What the rules look at.
#[derive(Clone, Debug)]
pub struct RuleInput<'a> {
    /// What happens to the guest.
    pub verdict: Verdict,
    pub refusal: Option<&'a Refusal<FeatureSet>>,
    /// Features that differ: extra and missing where a check refused, else gained and lost.
    pub more: FeatureSet,
    /// See `more`.
    pub less: FeatureSet,
    /// `more` and `less` together.
    pub differ: FeatureSet,
    /// The one feature that differs, where it is one.
    pub only: Option<FeatureId>,
    /// Whether XSAVE states that the guest can read differ.
    pub states_differ: bool,
    /// The table's row for the feature asked about.
    pub row: Option<Row>,
    /// The feature asked about.
    pub feature: FeatureId,
    /// Whether the definition leaves the CPU to QEMU.
    pub passthrough: bool,
    /// What the sender's map knows.
    pub source_knows: &'a FeatureSet,
    /// What the receiver's map knows.
    pub destination_knows: &'a FeatureSet,
    /// What the receiver's map marks as added in the model.
    pub added: &'a FeatureSet,
    /// What the destination's QEMU cleared because its parent is off.
    pub cleared: &'a FeatureSet,
    /// Features with a rule of their own.
    pub names: &'a Named,
}

impl RuleInput<'_> {
    /// Whether features differ, and all of them are in `within`.
    fn only(&self, within: FeatureSet) -> bool {
        !self.differ.is_empty() && self.differ.is_subset(&within)
    }

    fn only_one(&self, feature: Option<FeatureId>) -> bool {
        self.only.is_some() && self.only == feature
    }

    fn full_check(&self) -> bool {
        matches!(self.refusal, Some(Refusal::FullCheck { .. }))
    }

    /// Whether libvirt could have compared what differs.
    fn compared(&self) -> bool {
        !self.passthrough && !self.differ.is_disjoint(self.destination_knows)
    }

    /// Whether nothing but the feature asked about decided, and as its row says.
    fn row_decides(&self) -> bool {
        match (self.row, self.verdict) {
            (Some(Row::T7), Verdict::Changed) => self.only_one(Some(self.feature)),
            (Some(Row::T7), Verdict::Aborted) => {
                self.full_check() && self.less.is_empty() && self.only_one(Some(self.feature))
            }
            (Some(_), Verdict::Unchanged) => true,
            _ => false,
        }
    }
}

/// A rule outside the decision table.
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Whether it decides.
    pub applies: fn(&RuleInput<'_>) -> bool,
}

macro_rules! refused {
    ($pattern:pat) => {
        |found| matches!(found.refusal, Some($pattern))
    };
}

/// Every rule outside the decision table, in the order in which they are tried.
pub const RULES: &[Rule] = &[
    Rule {
        id: RuleId::MachineType,
        applies: refused!(Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. }),
    },
    Rule { id: RuleId::UnknownFeature, applies: refused!(Refusal::UnknownFeature(..)) },
    Rule {
        id: RuleId::UnknownModel,
        applies: refused!(Refusal::UnknownModel(_) | Refusal::UnknownModelCompared(_) | Refusal::UnknownModelSent(_)),
    },
    Rule { id: RuleId::ModelUnsupported, applies: refused!(Refusal::ModelUnsupported(_)) },
    Rule { id: RuleId::MsrFeatures, applies: refused!(Refusal::MsrFeatures(_)) },
    Rule { id: RuleId::CpuMode, applies: refused!(Refusal::UnknownMode(_) | Refusal::UnsupportedMode(_)) },
    Rule {
        id: RuleId::XsaveStates,
        applies: |found| found.verdict == Verdict::Changed && found.differ.is_empty() && found.states_differ,
    },
    Rule {
        id: RuleId::Vendor,
        applies: |found| {
            matches!(found.refusal, Some(Refusal::OtherVendor(..) | Refusal::VendorWithoutModel))
                || (found.verdict == Verdict::Changed && found.differ.is_empty())
        },
    },
    Rule { id: RuleId::StrictMatch, applies: refused!(Refusal::PartialStrict(..)) },
    Rule { id: RuleId::PartialCheck, applies: refused!(Refusal::PartialMissing(..) | Refusal::PartialForbidden(..)) },
    Rule { id: RuleId::ForbiddenFeature, applies: refused!(Refusal::ForbiddenFeature(_)) },
    Rule { id: RuleId::UnknownProperty, applies: refused!(Refusal::UnknownProperty { .. }) },
    Rule { id: RuleId::QemuTooOld, applies: refused!(Refusal::QemuTooOld { .. }) },
    Rule { id: RuleId::Invtsc, applies: refused!(Refusal::NoInvariantTsc | Refusal::NotSent(_)) },
    Rule { id: RuleId::NestedVmx, applies: refused!(Refusal::NestedNotSent) },
    Rule { id: RuleId::MigrateCommand, applies: refused!(Refusal::NotMigrated) },
    Rule { id: RuleId::RestoreTransport, applies: refused!(Refusal::NotRestored) },
    Rule { id: RuleId::Conflict, applies: refused!(Refusal::Conflict(_)) },
    Rule {
        id: RuleId::Ht,
        applies: |found| {
            let threads = found.names.ht.into_iter().chain(found.names.cmp_legacy).collect();
            found.full_check() && found.less.is_empty() && found.only(threads)
        },
    },
    Rule {
        id: RuleId::VmxUnknownToSource,
        applies: |found| {
            found.full_check() && found.less.is_empty() && found.only(found.names.vmx_children - *found.source_knows)
        },
    },
    Rule { id: RuleId::VmxDisabled, applies: |found| found.only(found.names.vmx_children & *found.added) },
    Rule { id: RuleId::Pdcm, applies: |found| found.only_one(found.names.pdcm) },
    Rule { id: RuleId::ArchCapabilities, applies: |found| found.only_one(found.names.arch_capabilities) },
    Rule { id: RuleId::Monitor, applies: |found| found.only_one(found.names.monitor) },
    Rule { id: RuleId::IntelPt, applies: |found| found.only_one(found.names.intel_pt) },
    Rule { id: RuleId::Pconfig, applies: |found| found.only_one(found.names.pconfig) },
    Rule {
        id: RuleId::Dependency,
        applies: |found| found.full_check() && found.more.is_empty() && found.only(*found.cleared),
    },
    Rule { id: RuleId::Extra, applies: |found| found.full_check() && found.less.is_empty() },
    Rule { id: RuleId::Missing, applies: |found| found.full_check() && found.more.is_empty() },
    Rule { id: RuleId::ExtraMissing, applies: |found| found.full_check() },
    Rule { id: RuleId::FeatureLost, applies: |found| found.compared() && !found.less.is_empty() },
    Rule { id: RuleId::FeatureGained, applies: |found| found.compared() && !found.more.is_empty() },
    Rule { id: RuleId::Unlisted, applies: |found| found.only(FeatureSet::ALL - *found.destination_knows) },
    Rule { id: RuleId::Passthrough, applies: |found| found.passthrough },
    Rule { id: RuleId::SameDefinition, applies: |_| true },
];

/// Returns the rule that decided: the table's row where nothing but its feature did, else the first that applies.
pub(super) fn deciding(found: &RuleInput<'_>) -> RuleId {
    match found.row {
        Some(row) if found.row_decides() => row.into(),
        _ => RULES.iter().find(|rule| (rule.applies)(found)).map_or(RuleId::SameDefinition, |rule| rule.id),
    }
}

/// Returns the rule that the lists of a full check suggest where nothing else is known: no map is taken to know a `vmx-*`
/// at the source, and every one to mark it as added at the destination.
pub(crate) fn suggested(names: &Named, extra: FeatureSet, missing: FeatureSet) -> RuleId {
    deciding(&RuleInput {
        verdict: Verdict::Aborted,
        refusal: Some(&Refusal::FullCheck { extra, missing }),
        more: extra,
        less: missing,
        differ: extra | missing,
        only: (extra | missing).single(),
        states_differ: false,
        row: None,
        feature: FeatureId(0),
        passthrough: false,
        source_knows: &FeatureSet::EMPTY,
        destination_knows: &FeatureSet::ALL,
        added: &FeatureSet::ALL,
        cleared: &FeatureSet::EMPTY,
        names,
    })
}
