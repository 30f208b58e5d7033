//! Lists the keys of a link, from which the command line's flags and their help are made.

use super::super::super::definition::{Policy, named_enum};

named_enum! {
    /// A key of a link.
    Key {
        /// The machine type.
        Machine "machine",
        /// Sockets, dies, cores, threads.
        Topology "topology",
        /// The accelerator.
        Accel "accel",
        /// The host of source and destination.
        Host "host",
        /// The host at the source.
        FromHost "from-host",
        /// The host at the destination.
        ToHost "to-host",
        /// The source.
        From "from",
        /// The destination.
        To "to",
        /// An intermediate host.
        Via "via",
        /// The release under which the guest was started.
        Started "started",
        /// The definition's check.
        Check "check",
        /// The definition's match.
        Match "match",
        /// The definition's fallback.
        Fallback "fallback",
        /// The host vendor that the definition requires.
        Vendor "vendor",
        /// The vendor that the guest sees.
        VendorId "vendor-id",
        /// The transport.
        Transport "transport",
        /// The definition's migratable attribute.
        Migratable "migratable",
        /// The definition's TSC frequency.
        Tsc "tsc",
        /// The machine type whose defaults an unknown one has.
        MachineLike "machine-like",
        /// The running guest's definitions.
        Running "running",
        /// The destination's regime.
        Regime "regime",
        /// The feature of the decision table.
        Feature "feature",
        /// Whether the domain gives the guest a PMU.
        Pmu "pmu",
        /// The emulator that the domain names.
        Emulator "emulator",
        /// The product that writes the domain.
        Writer "writer",
    }
}

impl Key {
    /// Splits `KEY=VALUE`. `tsc=POLICY` is the CPU feature of that name and not the key.
    pub(crate) fn split(part: &str) -> Option<(Self, &str)> {
        let (name, value) = part.split_once('=')?;
        let key = Self::parse(name)?;
        (key != Self::Tsc || Policy::parse(value).is_none()).then_some((key, value))
    }

    /// Returns the keys that a link names, in its order.
    pub(crate) fn all_in(link: &str) -> impl Iterator<Item = Self> {
        link.split(',').skip(1).filter_map(|part| Some(Self::split(part)?.0))
    }

    /// Returns when the key is to be set: machine aliases, `started` and `via` need the releases, and a running guest has
    /// the definition of the guest that all others describe.
    pub(crate) const fn turn(self) -> u8 {
        match self {
            Self::Machine | Self::Started | Self::Via => 1,
            Self::Running => 2,
            Self::Topology
            | Self::Accel
            | Self::Host
            | Self::FromHost
            | Self::ToHost
            | Self::From
            | Self::To
            | Self::Check
            | Self::Match
            | Self::Fallback
            | Self::Vendor
            | Self::Transport
            | Self::Migratable
            | Self::Tsc
            | Self::MachineLike
            | Self::Regime
            | Self::Feature
            | Self::VendorId
            | Self::Emulator
            | Self::Writer
            | Self::Pmu => 0,
        }
    }

    /// Returns whether the key is a part of the `<cpu>`, which a running guest has of its own.
    pub(super) const fn is_of_the_cpu(self) -> bool {
        matches!(self, Self::Check | Self::Match | Self::Fallback | Self::Vendor)
    }

    /// Returns whether the key describes the guest, and not an end or the way between them.
    pub(crate) const fn is_of_the_guest(self) -> bool {
        match self {
            Self::Machine
            | Self::Topology
            | Self::Accel
            | Self::Started
            | Self::Check
            | Self::Match
            | Self::Fallback
            | Self::Vendor
            | Self::VendorId
            | Self::Migratable
            | Self::Tsc
            | Self::MachineLike
            | Self::Running
            | Self::Pmu => true,
            Self::Host
            | Self::FromHost
            | Self::ToHost
            | Self::From
            | Self::To
            | Self::Via
            | Self::Transport
            | Self::Regime
            | Self::Emulator
            | Self::Writer
            | Self::Feature => false,
        }
    }
}

/// What a key means, for help and documentation.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// The key.
    pub key: Key,
    /// The form of its value.
    pub value: &'static str,
    /// What it chooses, with its default.
    pub doc: &'static str,
}

/// Every key, in the order of a printed link.
pub const KEYS: &[KeyInfo] = &[
    info(
        Key::Machine,
        "TYPE",
        "Machine type, or ? [default: pc-q35-4.0, or the newest that source and destination have]",
    ),
    info(
        Key::Topology,
        "S-C-T",
        "Sockets-cores-threads or sockets-dies-cores-threads, or ? [default: one thread in each socket]",
    ),
    info(Key::Accel, "tcg|kvm", "Accelerator [default: kvm]"),
    info(
        Key::Host,
        "HOST",
        "Host at source and destination: a listed name, capable, any, ?, or \
         VENDOR[:FAMILY-MODEL-STEPPING]:f1+f2+...[/s1+s2+...][~u1+u2+...]: what KVM supports, after the slash what the \
         processor has, after ~ what is not known of the host. The flag also accepts a file: the output of virsh \
         domcapabilities, virsh capabilities or QMP query-cpu-model-expansion, or /proc/cpuinfo. \
         CAPABILITIES,DOMCAPABILITIES combines two files of the same host [default: capable]",
    ),
    info(Key::FromHost, "HOST", "Host at the source"),
    info(Key::ToHost, "HOST", "Host at the destination"),
    info(
        Key::From,
        "RELEASE",
        "Source: LIBVIRT[:QEMU], each VERSION or a package VERSION-BUILD; old, new, a --cpu-map name, \
         PRODUCT:VERSION such as ubuntu:24.04, or ?. Without :QEMU it is 7.2.22 [default in the explorer: old; else \
         required, unless a file names it]",
    ),
    info(
        Key::To,
        "RELEASE",
        "Destination, in the same forms [default in the explorer: new; else required, unless a file names it]",
    ),
    info(
        Key::Via,
        "RELEASE[@HOST]",
        "Intermediate host between source and destination; may be given several times [default QEMU and host: those of the \
         destination]",
    ),
    info(
        Key::Started,
        "RELEASE",
        "libvirt release the guest was started under, if the source was upgraded since [default QEMU: the source's]",
    ),
    info(Key::Check, "none|partial|full", "check attribute of the CPU definition [default: set by libvirt]"),
    info(Key::Match, "minimum|exact|strict", "match attribute of the CPU definition [default: exact]"),
    info(Key::Fallback, "allow|forbid", "fallback attribute of the CPU model [default: forbid]"),
    info(Key::Vendor, "VENDOR", "CPU vendor that the definition requires: Intel, AMD, Hygon, Zhaoxin"),
    info(Key::VendorId, "VENDOR", "CPU vendor that the guest sees (vendor_id) [default: that of the model or host]"),
    info(
        Key::Transport,
        "live|save|p2p",
        "Live migration, save and restore, or peer-to-peer migration, which is decided like a live one [default: live; \
         save in a batch line]",
    ),
    info(
        Key::Migratable,
        "on|off",
        "migratable attribute of the CPU definition, for host-passthrough and maximum [default: on]",
    ),
    info(Key::Tsc, "HZ", "TSC frequency in the definition; the hosts are assumed to provide it [default: none]"),
    info(
        Key::MachineLike,
        "TYPE",
        "Known machine type with the same defaults; used if the data lacks those of the guest's machine type",
    ),
    info(
        Key::Running,
        "DEFINITIONS",
        "Running guest, as links contain it: the base64url of its deflated live and inactive <cpu>",
    ),
    info(
        Key::Regime,
        "nothing|disable|require",
        "How the destination treats removed features that the definition does not mention [default: as its libvirt does]",
    ),
    info(Key::Feature, "FEATURE", "Feature that the decision table is about [default: mpx]"),
    info(
        Key::Pmu,
        "on|off",
        "Virtual PMU in the guest [default: QEMU's, on for host-passthrough and maximum, off for models]",
    ),
    info(Key::Emulator, "PATH", "Path of the emulator, as it appears in messages [default: that of the packages]"),
    info(
        Key::Writer,
        "kubevirt|nova",
        "Product that writes the domain, for the form of the fixes [default: derived from the releases]",
    ),
];

const fn info(key: Key, value: &'static str, doc: &'static str) -> KeyInfo {
    KeyInfo { key, value, doc }
}
