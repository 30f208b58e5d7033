//! Describes an answer: the verdict and what goes with it. Computes nothing.

use super::trace::Trace;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::LibvirtId;
use crate::domain::definition::named_enum;
use crate::domain::feature::FeatureId;

pub use super::refusal::Refusal;
pub(super) use super::refusal::UnorderedRefusal;

named_enum! {
    /// What came of the migration.
    Completion {
        /// The guest runs at the destination.
        Completed "completed",
        /// The destination refused it; it keeps running, or stays saved, at the source.
        Aborted "aborted",
        /// It never started at the source.
        StartRefused "start-refused",
        /// It cannot be told from what is known.
        Depends "depends",
    }
}

named_enum! {
    /// What the migration did to the guest's CPU.
    Verdict {
        /// The guest arrived with the CPU it had.
        Unchanged "unchanged",
        /// The guest arrived with another CPU.
        Changed "changed",
        /// The destination refused it.
        Aborted "aborted",
        /// It never started at the source.
        StartRefused "start-refused",
        /// No guest of the source sends what was asked about.
        Never "never",
        /// It cannot be told from what is known.
        Depends "depends",
    }
}

named_enum! {
    /// Where libvirt or QEMU said no.
    Stage {
        /// Before anything runs: the definition is compared with what libvirt and QEMU know.
        StartValidate "start-validate",
        /// While the definition is brought up to date for this host.
        UpdateCpu "update-cpu",
        /// QEMU itself would not start.
        Qemu "qemu",
        /// After start, feature by feature.
        FullCheck "full-check",
    }
}

named_enum! {
    /// Who is short of what would have let the guest through.
    LimitingComponent {
        /// A CPU map.
        Map "map",
        /// libvirt's code.
        Libvirt "libvirt",
        /// The QEMU release.
        Qemu "qemu",
        /// The machine type.
        MachineType "machine-type",
        /// The accelerator: emulation cannot do what silicon can.
        Accelerator "accelerator",
        /// The host's processor.
        Silicon "silicon",
    }
}

named_enum! {
    /// How sure an answer is, surest first.
    Basis {
        /// A real migration of exactly this was recorded.
        Recorded "recorded",
        /// The deciding code and facts were read at these releases.
        Read "read",
        /// Some of it was inferred, or the release lies between two that were read.
        Inferred "inferred",
        /// An old release resolved by dated rules.
        Extrapolated "extrapolated",
    }
}

named_enum! {
    /// What may go wrong although the migration completes.
    Risk {
        /// The guest's saved state names a feature its CPU no longer has; KVM may refuse to load it.
        GuestStateMayNotLoad "guest_state_may_not_load",
    }
}

named_enum! {
    /// A row of the decision table.
    Row {
        /// Anything, old to old.
        T1 "T1",
        /// Anything, new to new.
        T2 "T2",
        /// With the feature, old to new.
        T3 "T3",
        /// With the feature, new to old.
        T4 "T4",
        /// Without the feature, old to new.
        T5 "T5",
        /// Without the feature, new to old.
        T6 "T6",
        /// Silent, old to new.
        T7 "T7",
        /// Silent, new to old.
        T8 "T8",
    }
}

/// An input that decides and is not known, with one value for each answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dependence {
    /// The input: `host`, `topology`, `libvirt map of 10.0.0`.
    pub input: String,
    /// One value for each answer.
    pub answers: Vec<Possible>,
}

/// The answer that one value of an unknown input gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Possible {
    /// The value.
    pub value: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The rule that decides then.
    pub rule: Option<super::rules::RuleId>,
}

/// The answer to a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// What came of it.
    pub outcome: Completion,
    /// What it did to the guest's CPU.
    pub verdict: Verdict,
    /// The rule that decided; `None` when the answer depends.
    pub rule: Option<super::rules::RuleId>,
    /// The table's row for the scenario's feature.
    pub row: Option<Row>,
    /// The regime of the destination; `None` where it is not known.
    pub regime: Option<Regime>,
    /// Extra features, in the order of the destination's map.
    pub extra: Vec<FeatureId>,
    /// Missing features, in the order of the destination's map.
    pub missing: Vec<FeatureId>,
    /// What the guest lost, in map order.
    pub lost: Vec<FeatureId>,
    /// What the guest gained, in map order.
    pub gained: Vec<FeatureId>,
    /// Whether the CPU that QEMU built at the destination differs in what a guest can read; `None` where one was
    /// never built, or where it depends.
    pub would_notice: Option<bool>,
    /// What may go wrong although the migration completes.
    pub risk: Option<Risk>,
    /// Who is short of what would have let the guest through.
    pub fault: Option<LimitingComponent>,
    /// The inputs that decide and are not known.
    pub depends_on: Vec<Dependence>,
    /// The verdict of every case that was tried, where only the rule or the message depends.
    pub either_way: Option<Verdict>,
    /// How sure the answer is.
    pub basis: Basis,
    /// The exact releases on whose maps an answer for a release between them rests: that release and its neighbours.
    pub between: Vec<(LibvirtId, LibvirtId, LibvirtId)>,
    /// Every stage; for an answer that depends, of one of the cases. `None` where nothing could be worked out.
    pub trace: Option<Trace>,
}

impl Answer {
    /// Returns the refusal that ended the journey, unless the answer depends.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.verdict {
            Verdict::Depends | Verdict::Never => None,
            Verdict::Unchanged | Verdict::Changed | Verdict::Aborted | Verdict::StartRefused => {
                self.trace.as_ref().and_then(Trace::refusal)
            }
        }
    }
}
