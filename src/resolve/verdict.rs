//! Defines the verdict: the outcome of the migration, the limiting component, and the remaining risk.

use crate::domain::definition::named_enum;

named_enum! {
    /// The verdict on a migration.
    Verdict {
        /// The guest runs at the destination with the CPU it had.
        Unchanged "unchanged",
        /// The guest runs at the destination with a different CPU.
        Changed "changed",
        /// The destination refused the guest; it keeps running, or stays saved, at the source.
        Aborted "aborted",
        /// The guest never started at the source.
        StartRefused "start-refused",
        /// What row T8 of the decision table says: no guest that the source started sends this. No answer has it.
        Never "never",
        /// The verdict depends on an unknown input.
        Depends "depends",
    }
}

impl Verdict {
    /// Returns whether the guest runs at the destination.
    pub const fn is_completed(self) -> bool {
        matches!(self, Self::Unchanged | Self::Changed)
    }

    /// Returns the name of the outcome, whether or not the CPU changed.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Unchanged | Self::Changed => "completed",
            Self::Aborted => "aborted",
            Self::StartRefused => "start-refused",
            Self::Never | Self::Depends => "depends",
        }
    }
}

named_enum! {
    /// The component that lacks what the guest needs.
    LimitingComponent {
        /// A CPU map.
        Map "map",
        /// libvirt's code.
        Libvirt "libvirt",
        /// The QEMU release.
        Qemu "qemu",
        /// The machine type, which the QEMU does not have.
        MachineType "machine-type",
        /// The accelerator: TCG does not emulate it.
        Accelerator "accelerator",
        /// The host's processor.
        Silicon "silicon",
    }
}

named_enum! {
    /// What may go wrong although the migration completes.
    Risk {
        /// The guest's saved state names a feature its CPU no longer has; KVM may refuse to load it.
        GuestStateMayNotLoad "guest_state_may_not_load",
    }
}
