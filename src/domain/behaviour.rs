//! Describes how libvirt releases behave: one switch for each difference between releases, with dates and sources. The
//! dates are facts in `cpu_map/behaviour.xml`.

use super::feature::{FeatureId, FeatureSet};
use super::named_enum::named_enum;
use super::version::Version;

mod history;
mod value;

pub(crate) use history::Known;
pub use history::{Backport, Dated, MachineLifetime, Quirk, QuirkKind, SwitchHistory, TakenFromMap};

use serde::{Deserialize, Serialize};
use value::SettingValue;

named_enum! {
    /// How the destination treats removed features that the incoming definition does not mention.
    #[derive(Serialize, Deserialize)]
    Regime {
        /// Nothing is written: QEMU's default stands, and the full check sees it.
        Nothing "nothing",
        /// The feature is disabled.
        Disable "disable",
        /// The feature is required.
        Require "require",
    }
}

named_enum! {
    /// When a running guest keeps its original CPU in addition to the live one, so that two definitions are sent.
    #[derive(Serialize, Deserialize)]
    Original {
        /// Never: only the domain XML is sent.
        Never "never",
        /// When the live update changed something.
        IfChanged "if-changed",
        /// Always.
        Always "always",
    }
}

named_enum! {
    /// Which difference in a feature marked as added the full check overlooks.
    #[derive(Serialize, Deserialize)]
    AddedExempt {
        /// None.
        None "none",
        /// An extra one.
        Extra "extra",
        /// An extra one and a missing one.
        Both "both",
    }
}

named_enum! {
    /// Whether features marked as added are taken out of what is sent.
    #[derive(Serialize, Deserialize)]
    DropAdded {
        /// They stay.
        No "no",
        /// They go, unless the user named them.
        Always "always",
        /// The same, but only where an original CPU is kept.
        IfOriginal "if-original",
    }
}

named_enum! {
    /// Where a switched-off feature that QEMU does not know disappears.
    #[derive(Serialize, Deserialize)]
    DropUnknown {
        /// Nowhere: QEMU exits.
        Never "never",
        /// From the definition.
        Definition "definition",
        /// Only from the command line.
        CommandLine "command-line",
    }
}

named_enum! {
    /// How the partial check compares.
    #[derive(Serialize, Deserialize)]
    PartialCheck {
        /// With the map's idea of the model.
        Map "map",
        /// The same, unless QEMU calls the model usable and the definition only switches features off.
        Usable "usable",
        /// With what QEMU says is missing for the model.
        Blockers "blockers",
    }
}

named_enum! {
    /// The sentence with which the partial check begins.
    #[derive(Serialize, Deserialize)]
    PartialWords {
        /// `the CPU is incompatible with host CPU`, with the reason.
        Incompatible "incompatible",
        /// `guest and host CPU are not compatible`, with the reason.
        GuestAndHost "guest-and-host",
        /// `guest CPU is not compatible with host CPU`, without a reason.
        GuestCpu "guest-cpu",
    }
}

named_enum! {
    /// Where `hle` or `rtm` must be missing for the partial check to propose the model without TSX.
    #[derive(Serialize, Deserialize)]
    TsxHint {
        /// It does not propose one.
        Never "never",
        /// In the host.
        Host "host",
        /// In the definition.
        Definition "definition",
    }
}

named_enum! {
    /// Which features the live update takes for missing.
    #[derive(Serialize, Deserialize)]
    LiveMissing {
        /// Those that QEMU reports as unavailable.
        Reported "reported",
        /// Also those that it does not report as enabled.
        Absent "absent",
    }
}

named_enum! {
    /// The host that the checks before a start look at under KVM.
    #[derive(Serialize, Deserialize)]
    HostUnderKvm {
        /// The processor itself.
        Cpuid "cpuid",
        /// What QEMU gives.
        Qemu "qemu",
        /// Both; of QEMU only the features that it lists in addition to the model.
        JoinedListed "joined-listed",
        /// Both.
        Joined "joined",
    }
}

named_enum! {
    /// Which model-specific registers of the processor libvirt reads.
    #[derive(Serialize, Deserialize)]
    RegistersRead {
        /// None.
        None "none",
        /// The one of `arch-capabilities`.
        ArchCapabilities "arch-capabilities",
        /// Every one that the map names.
        All "all",
    }
}

named_enum! {
    /// Which definitions count as having `invtsc`, where libvirt asks whether the guest has it and whether it may be sent.
    #[derive(Serialize, Deserialize)]
    InvtscCheck {
        /// Those that require it by name, except for host-passthrough.
        Required "required",
        /// Those that require it by name.
        RequiredAnyMode "required-any-mode",
        /// Those that have it, by name or by model.
        Described "described",
    }
}

named_enum! {
    /// Who refuses to send a guest with `invtsc`.
    #[derive(Serialize, Deserialize)]
    InvtscMessage {
        /// libvirt, before it asks QEMU.
        Libvirt "libvirt",
        /// QEMU, where it can list its reasons.
        Qemu "qemu",
    }
}

named_enum! {
    /// A fact about a release's map that is dated even where the map itself was never read.
    #[derive(Serialize, Deserialize)]
    MapFact {
        /// The map names the `vmx-*` features.
        VmxKnown "vmx-known",
        /// Models mark them as added.
        VmxAdded "vmx-added",
        /// There are models with a version, `-v2` and later.
        Versioned "versioned-models",
        /// There are models `-v1`, except for those of the next.
        FirstVersions "v1-models",
        /// There are models `-v1` of the oldest models.
        FirstOldVersions "v1-old-models",
        /// `mpx` is on the removed list of the models that had it.
        MpxRemoved "mpx-removed",
        /// Old models ask for the old partial check.
        PartialCompat "partial-compat",
    }
}

macro_rules! settings {
    (
        { $($(#[$doc:meta])* $item:ident $word:literal $vis:vis $field:ident: $type:ty = $default:expr);+ $(;)? }
        { $($fact:ident $fact_word:literal);+ $(;)? }
    ) => {
        /// How one libvirt release decides.
        #[derive(Clone, PartialEq, Debug)]
        pub struct Behaviour {
            $($(#[$doc])* $vis $field: $type,)+
            /// The dated facts of its map.
            pub(crate) map_facts: MapFacts,
        }

        impl Default for Behaviour {
            fn default() -> Self {
                Self { $($field: $default,)+ map_facts: MapFacts::default() }
            }
        }

        impl Behaviour {
            /// Sets one switch.
            pub(crate) fn apply(&mut self, setting: &Setting) {
                match setting {
                    $(Setting::$item(value) => self.$field = value.clone(),)+
                    $(Setting::$fact(holds) => self.map_facts.set(MapFact::$fact, *holds),)+
                }
            }
        }

        /// One switch with its value.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        pub enum Setting {
            $($(#[$doc])* $item($type),)+
            $(
                /// A dated fact of the map.
                $fact(bool),
            )+
        }

        impl Setting {
            /// The names of all switches, in order.
            pub const NAMES: &'static [&'static str] = &[$($word,)+ $($fact_word,)+];

            /// Returns the switch's name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$item(_) => $word,)+
                    $(Self::$fact(_) => $fact_word,)+
                }
            }

            /// Returns the setting with this name and value; feature lists are looked up with `feature`.
            ///
            /// # Errors
            /// What was expected instead, for a sentence after "expected".
            pub(crate) fn parse(name: &str, value: &str, feature: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
                match name {
                    $($word => <$type as SettingValue>::read(value, feature).map(Self::$item),)+
                    $($fact_word => bool::read(value, feature).map(Self::$fact),)+
                    _ => Err(format!("one of the switches {}", Self::NAMES.join(", "))),
                }
            }

            /// Returns the value as written in the facts; feature lists are named with `feature`.
            pub fn value(&self, feature: &dyn Fn(FeatureId) -> String) -> String {
                match self {
                    $(Self::$item(value) => value.write(feature),)+
                    $(Self::$fact(holds) => holds.write(feature),)+
                }
            }
        }
    };
}

settings! {
    {
        /// The definition is brought up to date after start (`virCPUx86UpdateLive`).
        LiveUpdate "live-update" pub(crate) live_update: bool = false;
        /// Which features the live update takes for missing.
        LiveMissing "live-missing" pub(crate) live_missing: LiveMissing = LiveMissing::Reported;
        /// Check `full` counts for a definition that leaves the CPU to QEMU (`virCPUUpdateLive`).
        PassthroughCheck "passthrough-check" pub(crate) passthrough_check: bool = false;
        /// A cookie with the live CPU is sent in addition to the XML.
        Cookie "cookie" pub(crate) cookie: bool = false;
        /// When the original CPU is kept.
        Original "original" pub(crate) original: Original = Original::Never;
        /// The policy for removed features that an incoming definition does not mention (`virCPUx86Update`'s policy for
        /// removed features).
        RemovedIncoming "removed-incoming" pub(crate) removed_incoming: Regime = Regime::Nothing;
        /// The policy for removed features that a live definition does not mention, at a reconnect
        /// (`qemuProcessRefreshCPU`).
        RemovedReconnect "removed-reconnect" pub(crate) removed_reconnect: Regime = Regime::Nothing;
        /// Haswell and Broadwell are started with `rtm` and `hle` unless the definition names them.
        AddTsx "add-tsx" pub(crate) add_tsx: bool = false;
        /// Which difference in an added feature the full check overlooks.
        Added "added" pub(crate) added: AddedExempt = AddedExempt::None;
        /// Whether added features are taken out of what is sent (`qemuDomainDropAddedCPUFeatures`).
        DropAdded "drop-added" pub(crate) drop_added: DropAdded = DropAdded::No;
        /// A definition with a feature that the map does not know is refused before anything is done with it.
        ValidateFeatures "validate-features" pub(crate) validate_features: bool = false;
        /// The machine type is checked for incoming guests too.
        ValidateIncomingMachine "validate-incoming-machine" pub(crate) validate_incoming_machine: bool = false;
        /// A forbidden feature that the host has refuses the start.
        ForbidCheck "forbid-check" pub(crate) forbid_check: bool = false;
        /// Where a switched-off feature QEMU does not know disappears.
        DropUnknown "drop-unknown" pub(crate) drop_unknown: DropUnknown = DropUnknown::Never;
        /// Every feature of the definition is written on the command line; without it, what differs from the model in the CPU
        /// map, and under TCG nothing (`qemuBuildCpuModelArgStr`).
        WritesFeatures "writes-features" pub(crate) writes_features: bool = false;
        /// Features stripped from the definition before the command line (`virQEMUCapsCPUFilterFeatures`).
        Ignored "ignored" pub(crate) ignored: FeatureSet = FeatureSet::EMPTY;
        /// Features of the definition that the command line does not name (`qemuFeatureNoEffect`, 5.4.0).
        Unwritten "unwritten" pub(crate) unwritten: FeatureSet = FeatureSet::EMPTY;
        /// The ignored features are stripped from what QEMU reports.
        FilterReported "filter-reported" pub(crate) filter_reported: bool = false;
        /// Ignored features are dropped from the live definition at a reconnect.
        ReconnectIgnored "reconnect-ignored" pub(crate) reconnect_ignored: bool = false;
        /// The attribute `check` exists; before, every KVM guest is compared with the host before it is started.
        CheckAttribute "check-attribute" pub(crate) check_attribute: bool = false;
        /// The default check of a named model under KVM is `partial`; without the switch there is no check.
        DefaultCheck "default-check" pub(crate) default_check: bool = false;
        /// The host that the checks before a start look at under KVM (`virQEMUCapsInitHostCPUModel`).
        HostUnderKvm "host-under-kvm" pub(crate) host_under_kvm: HostUnderKvm = HostUnderKvm::Cpuid;
        /// Features that are not in the host of the checks where it is a copy of the processor (`virQEMUCapsInitHostCPUModel`).
        NotCopied "not-copied" pub(crate) not_copied: FeatureSet = FeatureSet::EMPTY;
        /// Which model-specific registers of the processor libvirt reads (`virCPUx86GetHost`).
        RegistersRead "registers-read" pub(crate) registers_read: RegistersRead = RegistersRead::None;
        /// How the partial check compares.
        PartialCheck "partial-check" pub(crate) partial_check: PartialCheck = PartialCheck::Map;
        /// The sentence with which the partial check begins (`qemuBuildCpuModelArgStr`, later `virCPUx86Compare`).
        PartialWords "partial-words" pub(crate) partial_words: PartialWords = PartialWords::Incompatible;
        /// When the partial check proposes Haswell-noTSX or Broadwell-noTSX.
        TsxHint "tsx-hint" pub(crate) tsx_hint: TsxHint = TsxHint::Never;
        /// A definition that names MSR features is refused where QEMU cannot report what is unavailable.
        MsrCheck "msr-check" pub(crate) msr_check: bool = false;
        /// A feature reported both on and unavailable is an error.
        ConflictCheck "conflict-check" pub(crate) conflict_check: bool = false;
        /// `pconfig=disable` is sent with every Icelake-Server (`qemuDomainMakeCPUMigratable`).
        SendPconfig "send-pconfig" pub(crate) send_pconfig: bool = false;
        /// The mode `maximum` exists.
        MaximumMode "maximum-mode" pub(crate) maximum_mode: bool = false;
        /// The oldest QEMU it works with.
        MinimumQemu "minimum-qemu" pub(crate) minimum_qemu: Version = Version::default();
        /// Disabled features of a candidate count more than enabled ones when a CPU is decoded, and a baseline prefers all
        /// models of its input (libvirt `virCPUx86CompareCandidateFeatureList`).
        DecodePenalties "decode-penalties" pub(crate) decode_penalties: bool = false;
        /// Features of the map whose QEMU name this release does not translate: it never learns that QEMU has them.
        Untranslated "untranslated" pub untranslated: FeatureSet = FeatureSet::EMPTY;
        /// `virsh domcapabilities` lists the features of host-model alphabetically, not in map order.
        SortedDomcapabilities "sorted-domcapabilities" pub sorted_domcapabilities: bool = false;
        /// Which definitions count as having `invtsc` (`qemuProcessVerifyCPUFeatures`, `qemuMigrationSrcIsAllowed`).
        InvtscCheck "invtsc-check" pub(crate) invtsc_check: InvtscCheck = InvtscCheck::Described;
        /// Who refuses to send a guest with `invtsc`.
        InvtscMessage "invtsc-message" pub(crate) invtsc_message: InvtscMessage = InvtscMessage::Libvirt;
        /// A saved guest is restored through `fd:`, which names the file to QEMU by a descriptor.
        RestoresThroughFd "restore-through-fd" pub(crate) restores_through_fd: bool = false;
        /// The command `migrate` gets the argument `detach`, which QEMU ignored as long as it accepted it.
        MigratesWithDetach "migrate-detach" pub(crate) migrates_with_detach: bool = false;
    }
    {
        VmxKnown "vmx-known";
        VmxAdded "vmx-added";
        Versioned "versioned-models";
        FirstVersions "v1-models";
        FirstOldVersions "v1-old-models";
        MpxRemoved "mpx-removed";
        PartialCompat "partial-compat";
    }
}

impl Setting {
    /// Returns whether the switch only decides how a CPU is decoded, which is nothing to a guest with a named model.
    pub(crate) const fn is_about_decoding(&self) -> bool {
        matches!(self, Self::DecodePenalties(_) | Self::Untranslated(_) | Self::SortedDomcapabilities(_))
    }
}

/// The dated facts of one release's map; `None` where a release lies inside the interval of a date.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub(crate) struct MapFacts([Option<bool>; MapFact::ALL.len()]);

impl MapFacts {
    /// Returns whether the fact holds, if that is dated.
    pub(crate) fn get(self, fact: MapFact) -> Option<bool> {
        self.0[fact as usize]
    }

    /// Says whether the fact holds.
    pub(crate) fn set(&mut self, fact: MapFact, holds: bool) {
        self.0[fact as usize] = Some(holds);
    }

    /// Says that the release lies inside the interval of the date.
    pub(crate) fn forget(&mut self, fact: MapFact) {
        self.0[fact as usize] = None;
    }
}
