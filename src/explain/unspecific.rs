//! Messages that come with a failed start or migration and do not name a CPU feature, with their meaning.

use crate::domain::definition::named_enum;
use crate::resolve::RuleId;

named_enum! {
    /// A message that does not say which CPU feature it was, or that is not about the CPU's features.
    Unspecific {
        /// The full check without its lists.
        WithoutLists "guest CPU doesn't match specification",
        /// The full check, cut off before a list.
        CutOff "missing features",
        /// The comparison with the host without its reason.
        Incompatible "the CPU is incompatible with host CPU",
        /// libvirt does not know the host's CPU.
        UnknownHost "unknown host CPU",
        /// nova's comparison before a migration.
        Unacceptable "Unacceptable CPU info",
        /// The host's vendor is not the required one.
        Vendor "CPU vendor does not match",
        /// libvirt asks its own map for a name that is in no definition.
        OwnQuestion "unknown CPU feature",
        /// The files of libvirt's CPU map do not fit each other.
        BrokenMap "required by CPU model",
        /// The connection to the destination broke.
        ConnectionLost "client socket is closed",
        /// QEMU refuses to migrate.
        NonMigratable "State blocked by non-migratable CPU",
        /// The kernel of a host cannot save the state of a nested guest.
        NestedState "kernel does not support required capabilities",
        /// QEMU does not migrate with this flag of Hyper-V.
        HyperV "CPU flag prevents migration",
        /// The host's TSC runs at another frequency than the definition requires.
        TscFrequency "Requested TSC frequency",
        /// The host's TSC runs at another frequency than the source's.
        TscMismatch "TSC frequency mismatch",
        /// The guest arrives with another TSC frequency than the definition has.
        TscMigrated "Mismatch between user-specified TSC frequency",
        /// QEMU was started with `enforce`, and a feature is missing.
        Enforced "doesn't support requested features",
        /// QEMU does not have the machine type, and does not name it.
        MachineType "unsupported machine type",
        /// QEMU cannot load the state of a virtual processor.
        CpuState "error while loading state of device 'cpu'",
        /// QEMU cannot load the state of a device, or not save it.
        Device "error while loading state of a device",
        /// The definition has CPU features or a vendor and no model.
        WithoutModel "specified without CPU model",
        /// The definition has `migratable` in a mode without it.
        Migratable "Attribute migratable is only allowed for",
        /// KubeVirt finds no node for a guest with host-model.
        NoNode "no node is suitable",
        /// oVirt misses flags on a host.
        ClusterFlags "missing the following CPU flags",
    }
}

impl Unspecific {
    /// Returns what the message means and what to do.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::WithoutLists => {
                "The destination's libvirt found a difference between the CPU that QEMU built and the migrated definition. \
                 Its CPU map does not define the feature; usually it is a feature of KVM itself."
            }
            Self::CutOff => {
                "The check of the guest's CPU found differences, but the text ends before the features. Pass the whole \
                 message."
            }
            Self::Incompatible => {
                "The comparison of the host with the guest's CPU failed before the start. Search libvirt's log for \
                 \"required features\" to find the reason."
            }
            Self::UnknownHost => {
                "libvirt has no CPU model for the host's processor, so it cannot compare a guest's CPU with it. Compare \
                 `virsh capabilities` with the CPU map; a newer libvirt may have the model."
            }
            Self::Unacceptable => {
                "nova compared the source host's CPU or the guest's model with this host before the migration. libvirt \
                 gives nova no reason. `virsh cpu-compare --error` with that CPU prints it. In \
                 nova.conf, skip_cpu_compare_on_dest in [workarounds] leaves the check to libvirt."
            }
            Self::Vendor => {
                "The definition requires a host of a certain vendor, but the host has a different one. The guest cannot \
                 start there."
            }
            Self::OwnQuestion => {
                "libvirt looked up a name in its CPU map that no definition contains, for example one for Hyper-V. This \
                 message is not the reason why a guest was refused."
            }
            Self::BrokenMap => {
                "The CPU map of this libvirt names a feature in a model and does not define it. Its files are of different \
                 releases: reinstall the package that has /usr/share/libvirt/cpu_map."
            }
            Self::ConnectionLost => {
                "The source lost the connection to the destination. The reason is in the destination's log; often it is a \
                 difference in the guest's CPU."
            }
            Self::NonMigratable => {
                "QEMU refuses to migrate the guest, because its CPU has a feature that cannot be migrated, usually invtsc."
            }
            Self::NestedState => {
                "The guest runs a hypervisor of its own, and the kernel of this host cannot save its state. Linux 4.20 and \
                 later can. Stop the nested guests, or remove vmx from the definition."
            }
            Self::HyperV => {
                "QEMU does not migrate a guest with this flag of Hyper-V. It comes from <hyperv mode='passthrough'> or \
                 from the command line. List the enlightenments in the definition instead, and restart the guest."
            }
            Self::TscFrequency => {
                "The definition requires a TSC frequency. The host's TSC has a different frequency, and its processor \
                 cannot scale it. The guest cannot run on this host."
            }
            Self::TscMismatch => {
                "A warning: the guest's time stamp counter now runs at the frequency of this host, which cannot scale it. \
                 The guest goes on. If the migration failed, another message has the reason."
            }
            Self::TscMigrated => {
                "The definition has a TSC frequency, and the guest arrives with another one. QEMU refuses it. Give the \
                 same frequency to the guest at source and destination."
            }
            Self::Enforced => {
                "QEMU was started with enforce, and a feature is missing. QEMU's warnings in the preceding lines name the \
                 missing features."
            }
            Self::MachineType => {
                "QEMU on that host does not have the guest's machine type, and exits. Its message does not name the type; \
                 the definition does, in <type machine=...>. `list machines` prints which QEMU has which."
            }
            Self::CpuState => {
                "QEMU at the destination could not load the state of a virtual processor. The lines before it name the \
                 field or the register. Often the host's kernel or QEMU does not support a register that the source saved."
            }
            Self::Device => {
                "QEMU could not save or load the state of a device, or its data is of another QEMU. This is about the \
                 device and the machine type, and the CPU model is not the reason."
            }
            Self::WithoutModel => {
                "libvirt refuses the definition: <cpu> has features or a vendor, and no <model>. Add a <model>, or a mode \
                 that needs none."
            }
            Self::Migratable => {
                "libvirt refuses the definition: migratable is an attribute of host-passthrough and maximum. Remove it from \
                 a CPU with another mode."
            }
            Self::NoNode => {
                "A guest with host-model needs a node with the labels of the source's model and features, and no node has \
                 all of them. Choose a named model that all nodes have, or restart the guest."
            }
            Self::ClusterFlags => {
                "oVirt compares each host with the cluster's CPU type, and this host lacks the listed flags. \
                 A flag model_NAME means that libvirt on the host does not report NAME as usable in \
                 `virsh domcapabilities`."
            }
        }
    }

    /// Returns the rule whose page says most about the message; `None` if no rule fits.
    pub(super) const fn rule(self) -> Option<RuleId> {
        match self {
            Self::TscFrequency => Some(RuleId::Invtsc),
            Self::MachineType => Some(RuleId::MachineType),
            Self::Incompatible | Self::Vendor => Some(RuleId::PartialCheck),
            _ => None,
        }
    }
}
