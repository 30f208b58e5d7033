//! Puts together one end of a migration: how its libvirt decides, its map, its QEMU and its host, all decided.

use crate::domain::behaviour::{Behaviour, QuirkKind, Regime};
use crate::domain::catalog::{Catalog, QemuView, machine_series};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::{Accel, MachineId};
use std::sync::Arc;

/// The path of the emulator in libvirt's messages, where the domain names none.
pub const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";
/// The same on Enterprise Linux packages.
pub const EMULATOR_EL: &str = "/usr/libexec/qemu-kvm";

/// A host, decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Host {
    /// One that has whatever is asked for.
    Capable,
    /// One with these features.
    With {
        /// Its vendor.
        vendor: Vendor,
        /// What KVM can give a guest there.
        features: FeatureSet,
        /// Whether the processor itself, and not only KVM, has `arch-capabilities`.
        arch_capabilities_in_silicon: bool,
    },
}

/// Features that rules speak of by name, looked up once; a catalog without one of them never meets its rule.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// `hypervisor`.
    pub hypervisor: Option<FeatureId>,
    /// `ht`.
    pub ht: Option<FeatureId>,
    /// `cmp_legacy`.
    pub cmp_legacy: Option<FeatureId>,
    /// `topoext`.
    pub topoext: Option<FeatureId>,
    /// `pdcm`.
    pub pdcm: Option<FeatureId>,
    /// `arch-capabilities`.
    pub arch_capabilities: Option<FeatureId>,
    /// `rdctl-no`.
    pub rdctl_no: Option<FeatureId>,
    /// `monitor`.
    pub monitor: Option<FeatureId>,
    /// `intel-pt`.
    pub intel_pt: Option<FeatureId>,
    /// `pconfig`.
    pub pconfig: Option<FeatureId>,
    /// `vmx`.
    pub vmx: Option<FeatureId>,
    /// `svm`.
    pub svm: Option<FeatureId>,
    /// Every `vmx-*`.
    pub vmx_children: FeatureSet,
    /// Every `kvm*`: what KVM itself offers its guests.
    pub paravirtual: FeatureSet,
    /// The model Icelake-Server.
    pub icelake_server: Option<ModelId>,
}

impl Named {
    /// Looks the names up.
    pub fn of(catalog: &Catalog) -> Self {
        let beginning_with = |start: &str| {
            let all = (0u16..).zip(catalog.features().iter());
            all.filter(|(_, name)| name.starts_with(start)).map(|(number, _)| FeatureId(number)).collect()
        };
        Self {
            hypervisor: catalog.feature("hypervisor"),
            ht: catalog.feature("ht"),
            cmp_legacy: catalog.feature("cmp_legacy"),
            topoext: catalog.feature("topoext"),
            pdcm: catalog.feature("pdcm"),
            arch_capabilities: catalog.feature("arch-capabilities"),
            rdctl_no: catalog.feature("rdctl-no"),
            monitor: catalog.feature("monitor"),
            intel_pt: catalog.feature("intel-pt"),
            pconfig: catalog.feature("pconfig"),
            vmx: catalog.feature("vmx"),
            svm: catalog.feature("svm"),
            vmx_children: beginning_with("vmx-"),
            paravirtual: beginning_with("kvm"),
            icelake_server: catalog.model("Icelake-Server"),
        }
    }
}

/// The guest's machine type, decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Machine {
    /// Its name, for messages.
    pub name: Box<str>,
    /// The machine type whose cells it takes.
    pub cells: MachineId,
    /// Whether QEMU is taken to have it without being asked: one outside the facts.
    pub taken_for_granted: bool,
}

/// What stays the same at every end of a journey.
#[derive(Clone, PartialEq, Debug)]
pub struct Guest {
    /// The machine type.
    pub machine: Machine,
    /// Threads that share a package.
    pub threads_per_package: u64,
    /// What runs the guest.
    pub accel: Accel,
    /// Whether the guest has a PMU.
    pub pmu: bool,
    /// The emulator the domain names, if it names one.
    pub emulator: Option<Box<str>>,
    /// Features the user's definition switches on by name; they are visible even where they are only reported.
    pub named: FeatureSet,
}

/// One end, decided.
#[derive(Clone, Debug)]
pub struct End<'a> {
    /// How libvirt decides.
    pub behaviour: Behaviour,
    /// Its map.
    pub map: Arc<CpuMap>,
    /// Its QEMU.
    pub qemu: QemuView<'a>,
    /// Whether the packages are Enterprise Linux builds, which have machine types of their own only.
    pub enterprise_linux: bool,
    /// Its host.
    pub host: Host,
}

impl End<'_> {
    /// Returns the emulator's path, as in libvirt's messages.
    pub fn emulator(&self) -> &'static str {
        if self.enterprise_linux { EMULATOR_EL } else { EMULATOR }
    }

    /// Returns whether this QEMU has the guest's machine type.
    pub fn has_machine(&self, catalog: &Catalog, machine: &Machine) -> bool {
        if machine.taken_for_granted {
            return true;
        }
        !self.enterprise_linux
            && catalog.machine(&machine.name).is_some_and(|id| self.qemu.has_machine(id, &machine.name))
    }

    /// Returns the vendor a guest is told here: the one its definition names, else under KVM the host's, else the
    /// model's, or that of the CPU which QEMU's `max` is.
    pub fn guest_vendor(
        &self,
        catalog: &Catalog,
        guest: &Guest,
        named: Option<Vendor>,
        model: Option<ModelId>,
    ) -> Vendor {
        let of_model = |model| catalog.vendor(model).unwrap_or(Vendor::Intel);
        named.unwrap_or_else(|| match (guest.accel, self.host, model) {
            (Accel::Kvm, Host::With { vendor, .. }, _) => vendor,
            (Accel::Kvm, Host::Capable, None) => Vendor::Intel,
            // QEMU's max under TCG is an AMD processor (max_x86_cpu_initfn).
            (Accel::Tcg, _, None) => Vendor::Amd,
            (Accel::Kvm, Host::Capable, Some(model)) | (Accel::Tcg, _, Some(model)) => of_model(model),
        })
    }

    /// Returns what accelerator and host can give a guest with this vendor. Under TCG: what some builtin model of
    /// this QEMU carries and its TCG is not known to lack, and what `max` offers beyond. Under KVM: the host's.
    pub fn supported(&self, catalog: &Catalog, names: &Named, guest: &Guest, guest_vendor: Vendor) -> FeatureSet {
        let mut supported = match (guest.accel, self.host) {
            (Accel::Tcg, _) => {
                let carried = self.qemu.tcg_carried;
                (carried - self.qemu.tcg_unsupported) | (self.qemu.tcg_max - carried)
            }
            (Accel::Kvm, Host::Capable) => FeatureSet::ALL,
            (Accel::Kvm, Host::With { features, vendor, .. }) => {
                let mut given = features;
                given.extend(names.hypervisor);
                if matches!(vendor, Vendor::Amd | Vendor::Hygon) {
                    given.extend(names.topoext);
                }
                given
            }
        };
        let reports_threads = catalog.has_quirk(QuirkKind::ThreadsReported, self.qemu.version, None);
        for (feature, kvm_lists_it) in [(names.ht, false), (names.cmp_legacy, guest.accel == Accel::Kvm)] {
            let Some(feature) = feature else { continue };
            if reports_threads {
                supported.insert(feature);
            } else if !kvm_lists_it {
                supported.remove(feature);
            }
        }
        if guest.accel == Accel::Kvm
            && let Some(feature) = names.arch_capabilities
            && self.lacks_arch_capabilities(catalog, guest, guest_vendor)
        {
            supported.remove(feature);
        }
        supported
    }

    /// Returns what `host` and `max` switch on by themselves: what the host lists and this QEMU has a name for, or TCG's
    /// `max`. `ht`, `cmp_legacy` and `topoext` can be given beyond that, and are not switched on.
    pub fn offered(&self, names: &Named, guest: &Guest, supported: FeatureSet) -> FeatureSet {
        match (guest.accel, self.host) {
            (Accel::Tcg, _) => self.qemu.tcg_max,
            (Accel::Kvm, Host::Capable) => supported,
            // KVM's own features are named by every QEMU that has KVM, whether or not it could be asked with KVM.
            (Accel::Kvm, Host::With { features, .. }) => {
                features & supported & (self.qemu.properties | names.paravirtual)
            }
        }
    }

    fn lacks_arch_capabilities(&self, catalog: &Catalog, guest: &Guest, guest_vendor: Vendor) -> bool {
        let machine = machine_series(catalog.machine_name(guest.machine.cells)).map(|(_, version)| version.series());
        let quirk = |kind| catalog.has_quirk(kind, self.qemu.version, machine);
        let in_silicon = match self.host {
            Host::Capable => guest_vendor != Vendor::Amd,
            Host::With { arch_capabilities_in_silicon, .. } => arch_capabilities_in_silicon,
        };
        (quirk(QuirkKind::ArchCapabilitiesSilicon) && !in_silicon)
            || (quirk(QuirkKind::ArchCapabilitiesNotAmd) && guest_vendor == Vendor::Amd)
    }

    /// Returns the regime a guest that arrives here meets.
    pub fn regime(&self) -> Regime {
        self.behaviour.removed_incoming
    }
}
