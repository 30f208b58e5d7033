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
    ($($(#[$doc:meta])* $item:ident $word:literal $type:ty => |$behaviour:ident, $value:ident| $apply:expr);+ $(;)?) => {
        /// One switch with its value.
        #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
        pub enum Setting { $($(#[$doc])* $item($type)),+ }

        impl Setting {
            /// The names of all switches, in order.
            pub const NAMES: &'static [&'static str] = &[$($word),+];

            /// Returns the switch's name.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$item(_) => $word),+ }
            }

            /// Returns the setting with this name and value; feature lists are looked up with `feature`.
            ///
            /// # Errors
            /// What was expected instead, for a sentence after "expected".
            pub(crate) fn parse(name: &str, value: &str, feature: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
                match name {
                    $($word => <$type as SettingValue>::read(value, feature).map(Self::$item),)+
                    _ => Err(format!("one of the switches {}", Self::NAMES.join(", "))),
                }
            }

            /// Returns the value as written in the facts; feature lists are named with `feature`.
            pub fn value(&self, feature: &dyn Fn(FeatureId) -> String) -> String {
                match self { $(Self::$item(value) => value.write(feature)),+ }
            }
        }

        impl Behaviour {
            /// Sets one switch.
            pub(crate) fn apply(&mut self, setting: &Setting) {
                match setting {
                    $(Setting::$item(value) => { let ($behaviour, $value) = (&mut *self, value.clone()); $apply })+
                }
            }
        }
    };
}

settings! {
    /// The definition is brought up to date after start (`virCPUx86UpdateLive`).
    LiveUpdate "live-update" bool => |b, v| b.live_update = v;
    /// Which features the live update takes for missing.
    LiveMissing "live-missing" LiveMissing => |b, v| b.live_missing = v;
    /// Check `full` counts for a definition that leaves the CPU to QEMU.
    PassthroughCheck "passthrough-check" bool => |b, v| b.passthrough_check = v;
    /// A cookie with the live CPU is sent in addition to the XML.
    Cookie "cookie" bool => |b, v| b.cookie = v;
    /// When the original CPU is kept.
    Original "original" Original => |b, v| b.original = v;
    /// The policy for removed features that an incoming definition does not mention.
    RemovedIncoming "removed-incoming" Regime => |b, v| b.removed_incoming = v;
    /// The policy for removed features that a live definition does not mention, at a reconnect.
    RemovedReconnect "removed-reconnect" Regime => |b, v| b.removed_reconnect = v;
    /// Haswell and Broadwell are started with `rtm` and `hle` unless the definition names them.
    AddTsx "add-tsx" bool => |b, v| b.add_tsx = v;
    /// Which difference in an added feature is overlooked.
    Added "added" AddedExempt => |b, v| b.added = v;
    /// An added feature is overlooked even where the definition disables it.
    AddedExplicit "added-explicit" bool => |b, v| b.added_explicit = v;
    /// Whether added features are taken out of what is sent.
    DropAdded "drop-added" DropAdded => |b, v| b.drop_added = v;
    /// The machine type is checked for incoming guests too.
    ValidateIncomingMachine "validate-incoming-machine" bool => |b, v| b.validate_incoming_machine = v;
    /// A forbidden feature that the host has refuses the start.
    ForbidCheck "forbid-check" bool => |b, v| b.forbid_check = v;
    /// Where a switched-off feature QEMU does not know disappears.
    DropUnknown "drop-unknown" DropUnknown => |b, v| b.drop_unknown = v;
    /// Features stripped from the definition before the command line.
    Ignored "ignored" FeatureSet => |b, v| b.ignored = v;
    /// The same features are stripped from what QEMU reports.
    FilterReported "filter-reported" bool => |b, v| b.filter_reported = v;
    /// Ignored features are dropped from the live definition at a reconnect.
    ReconnectIgnored "reconnect-ignored" bool => |b, v| b.reconnect_ignored = v;
    /// The attribute `check` exists.
    CheckAttribute "check-attribute" bool => |b, v| b.check_attribute = v;
    /// The default check of a named model under KVM is `partial`.
    DefaultCheck "default-check" bool => |b, v| b.default_check = v;
    /// The host that the checks before a start look at under KVM.
    HostUnderKvm "host-under-kvm" HostUnderKvm => |b, v| b.host_under_kvm = v;
    /// Which model-specific registers of the processor libvirt reads.
    RegistersRead "registers-read" RegistersRead => |b, v| b.registers_read = v;
    /// How the partial check compares.
    PartialCheck "partial-check" PartialCheck => |b, v| b.partial_check = v;
    /// MSR features are refused where QEMU cannot report them.
    MsrCheck "msr-check" bool => |b, v| b.msr_check = v;
    /// A feature reported both on and unavailable is an error.
    ConflictCheck "conflict-check" bool => |b, v| b.conflict_check = v;
    /// `pconfig=disable` is sent with every Icelake-Server.
    SendPconfig "send-pconfig" bool => |b, v| b.send_pconfig = v;
    /// The mode `maximum` exists.
    MaximumMode "maximum-mode" bool => |b, v| b.maximum_mode = v;
    /// The oldest QEMU it works with.
    MinimumQemu "minimum-qemu" Version => |b, v| b.minimum_qemu = v;
    /// Disabled features of a candidate count more than enabled ones when a CPU is decoded.
    DecodePenalties "decode-penalties" bool => |b, v| b.decode_penalties = v;
    /// Features of the map whose QEMU name this release does not translate.
    Untranslated "untranslated" FeatureSet => |b, v| b.untranslated = v;
    /// `virsh domcapabilities` lists the features of host-model alphabetically.
    SortedDomcapabilities "sorted-domcapabilities" bool => |b, v| b.sorted_domcapabilities = v;
    /// Who refuses to send a guest with `invtsc`.
    InvtscMessage "invtsc-message" InvtscMessage => |b, v| b.invtsc_message = v;
    /// A saved guest is restored through `fd:`.
    RestoresThroughFd "restore-through-fd" bool => |b, v| b.restores_through_fd = v;
    /// The command `migrate` gets the argument `detach`.
    MigratesWithDetach "migrate-detach" bool => |b, v| b.migrates_with_detach = v;
    /// A dated fact of the map.
    VmxKnown "vmx-known" bool => |b, v| b.map_facts.set(MapFact::VmxKnown, v);
    /// A dated fact of the map.
    VmxAdded "vmx-added" bool => |b, v| b.map_facts.set(MapFact::VmxAdded, v);
    /// A dated fact of the map.
    Versioned "versioned-models" bool => |b, v| b.map_facts.set(MapFact::Versioned, v);
    /// A dated fact of the map.
    FirstVersions "v1-models" bool => |b, v| b.map_facts.set(MapFact::FirstVersions, v);
    /// A dated fact of the map.
    FirstOldVersions "v1-old-models" bool => |b, v| b.map_facts.set(MapFact::FirstOldVersions, v);
    /// A dated fact of the map.
    MpxRemoved "mpx-removed" bool => |b, v| b.map_facts.set(MapFact::MpxRemoved, v);
    /// A dated fact of the map.
    PartialCompat "partial-compat" bool => |b, v| b.map_facts.set(MapFact::PartialCompat, v);
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

/// How one libvirt release decides.
#[derive(Clone, PartialEq, Debug)]
pub struct Behaviour {
    /// The definition is brought up to date after start (`virCPUx86UpdateLive`).
    pub(crate) live_update: bool,
    /// Which features the live update takes for missing.
    pub(crate) live_missing: LiveMissing,
    /// Check `full` counts for a definition that leaves the CPU to QEMU (`virCPUUpdateLive`).
    pub(crate) passthrough_check: bool,
    /// A cookie with the live CPU is sent in addition to the XML.
    pub(crate) cookie: bool,
    /// When the original CPU is kept.
    pub(crate) original: Original,
    /// The policy for removed features that an incoming definition does not mention (`virCPUx86Update`'s policy for
    /// removed features).
    pub(crate) removed_incoming: Regime,
    /// The policy for removed features that a live definition does not mention, at a reconnect
    /// (`qemuProcessRefreshCPU`).
    pub(crate) removed_reconnect: Regime,
    /// Haswell and Broadwell are started with `rtm` and `hle` unless the definition names them.
    pub(crate) add_tsx: bool,
    /// Which difference in an added feature the full check overlooks.
    pub(crate) added: AddedExempt,
    /// An added feature is overlooked even where the definition disables it.
    pub(crate) added_explicit: bool,
    /// Whether added features are taken out of what is sent (`qemuDomainDropAddedCPUFeatures`).
    pub(crate) drop_added: DropAdded,
    /// The machine type is checked for incoming guests too.
    pub(crate) validate_incoming_machine: bool,
    /// A forbidden feature that the host has refuses the start.
    pub(crate) forbid_check: bool,
    /// Where a switched-off feature QEMU does not know disappears.
    pub(crate) drop_unknown: DropUnknown,
    /// Features stripped from the definition before the command line (`virQEMUCapsCPUFilterFeatures`).
    pub(crate) ignored: FeatureSet,
    /// The same features are stripped from what QEMU reports.
    pub(crate) filter_reported: bool,
    /// Ignored features are dropped from the live definition at a reconnect.
    pub(crate) reconnect_ignored: bool,
    /// The attribute `check` exists; before, every KVM guest is compared with the host before it is started.
    pub(crate) check_attribute: bool,
    /// The host that the checks before a start look at under KVM (`virQEMUCapsInitHostCPUModel`).
    pub(crate) host_under_kvm: HostUnderKvm,
    /// Which model-specific registers of the processor libvirt reads (`virCPUx86GetHost`).
    pub(crate) registers_read: RegistersRead,
    /// How the partial check compares.
    pub(crate) partial_check: PartialCheck,
    /// A definition that names MSR features is refused where QEMU cannot report what is unavailable.
    pub(crate) msr_check: bool,
    /// A feature reported both on and unavailable is an error.
    pub(crate) conflict_check: bool,
    /// `pconfig=disable` is sent with every Icelake-Server (`qemuDomainMakeCPUMigratable`).
    pub(crate) send_pconfig: bool,
    /// The mode `maximum` exists.
    pub(crate) maximum_mode: bool,
    /// The oldest QEMU it works with.
    pub(crate) minimum_qemu: Version,
    /// The default check of a named model under KVM is `partial`; before, there is no check at all.
    pub(crate) default_check: bool,
    /// Disabled features of a candidate count more than enabled ones when a CPU is decoded, and a baseline prefers all
    /// models of its input (libvirt `virCPUx86CompareCandidateFeatureList`).
    pub(crate) decode_penalties: bool,
    /// Features of the map whose QEMU name this release does not translate: it never learns that QEMU has them.
    pub untranslated: FeatureSet,
    /// `virsh domcapabilities` lists the features of host-model alphabetically, not in map order.
    pub sorted_domcapabilities: bool,
    /// Who refuses to send a guest with `invtsc`.
    pub(crate) invtsc_message: InvtscMessage,
    /// A saved guest is restored through `fd:`, which names the file to QEMU by a descriptor.
    pub(crate) restores_through_fd: bool,
    /// The command `migrate` gets the argument `detach`, which QEMU ignored as long as it accepted it.
    pub(crate) migrates_with_detach: bool,
    /// The dated facts of its map.
    pub(crate) map_facts: MapFacts,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            live_update: false,
            live_missing: LiveMissing::Reported,
            passthrough_check: false,
            cookie: false,
            original: Original::Never,
            removed_incoming: Regime::Nothing,
            removed_reconnect: Regime::Nothing,
            add_tsx: false,
            added: AddedExempt::None,
            added_explicit: false,
            drop_added: DropAdded::No,
            validate_incoming_machine: false,
            forbid_check: false,
            drop_unknown: DropUnknown::Never,
            ignored: FeatureSet::EMPTY,
            filter_reported: false,
            reconnect_ignored: false,
            check_attribute: false,
            host_under_kvm: HostUnderKvm::Cpuid,
            registers_read: RegistersRead::None,
            partial_check: PartialCheck::Map,
            msr_check: false,
            conflict_check: false,
            send_pconfig: false,
            maximum_mode: false,
            minimum_qemu: Version::default(),
            default_check: false,
            decode_penalties: false,
            untranslated: FeatureSet::EMPTY,
            sorted_domcapabilities: false,
            invtsc_message: InvtscMessage::Libvirt,
            restores_through_fd: false,
            migrates_with_detach: false,
            map_facts: MapFacts::default(),
        }
    }
}
