//! Defines the source or the destination of one case: libvirt's behaviour, CPU map, QEMU and host, with no unknowns.

use super::host_model::Libvirt;
use crate::domain::behaviour::{Behaviour, QuirkKind, Regime};
use crate::domain::catalog::{Catalog, QemuView};
use crate::domain::definition::{Check, Mode};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::CpuMap;
use crate::domain::package::Distribution;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::EMULATOR;
use std::sync::Arc;

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
        /// What the processor itself shows, whether or not KVM gives it to a guest.
        silicon: FeatureSet,
        /// Family, model and stepping, where they are known.
        signature: Option<CpuSignature>,
    },
}

/// The guest's machine type, decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Machine {
    /// Its name, for messages.
    pub name: Box<str>,
    /// It, where the facts name it.
    pub id: Option<MachineId>,
    /// The machine type whose cells it takes, where the QEMU at an endpoint does not decide.
    pub defaults: MachineId,
    /// The mark of the only distribution that has it, where it equals another type in all but the name.
    pub only_in: Option<Box<str>>,
    /// A quirk that it has of its own.
    pub quirk: Option<QuirkKind>,
    /// Whether QEMU is taken to have it without being asked: one outside the facts.
    pub taken_for_granted: bool,
}

impl Machine {
    /// Returns the machine type of this name, whose cells are its own.
    pub(crate) fn upstream(name: Box<str>, id: MachineId) -> Self {
        Self { name, id: Some(id), defaults: id, only_in: None, quirk: None, taken_for_granted: false }
    }
}

/// What stays the same at every end of a journey.
#[derive(Clone, PartialEq, Debug)]
pub struct Guest {
    /// The machine type.
    pub machine: Machine,
    /// Threads that share a package.
    pub threads_per_package: u64,
    /// Threads that share a die.
    pub threads_per_die: u64,
    /// The accelerator.
    pub accel: Accel,
    /// Whether the domain gives the guest a PMU; `None` leaves it to QEMU.
    pub pmu: Option<bool>,
    /// Whether `host` and `max` leave out what does not migrate.
    pub migratable: bool,
    /// The vendor that the definition tells the guest, if it names one (`vendor_id`).
    pub vendor_id: Option<Vendor>,
    /// Whether the definition gives a TSC frequency, so that a guest with `invtsc` may be sent.
    pub has_tsc_frequency: bool,
    /// Of a guest that already runs: whether `-cpu` of its QEMU names what its live definition disables. Otherwise QEMU
    /// filtered it.
    pub names_disabled: bool,
    /// Of a guest that already runs without a known inactive definition: whether that names the features with
    /// `added='yes'` that the live one has.
    pub names_added: bool,
    /// The emulator the domain names, if it names one.
    pub emulator: Option<Box<str>>,
}

/// The source or the destination of a case, without unknowns.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    /// How libvirt decides.
    pub behaviour: Behaviour,
    /// Its map.
    pub map: Arc<CpuMap>,
    /// Its QEMU.
    pub qemu: QemuView<'a>,
    /// The distribution whose packages these are, if it has some of its own.
    pub distribution: Option<&'a Distribution>,
    /// Its host.
    pub host: Host,
}

impl Endpoint<'_> {
    /// Returns the emulator's path, as in libvirt's messages.
    pub(crate) fn emulator(&self) -> &str {
        self.distribution.and_then(|known| known.emulator.as_deref()).unwrap_or(EMULATOR)
    }

    /// Returns the check that libvirt fills in where a definition says none (`qemuDomainDefCPUPostParse`, 3.2.0,
    /// commit fcd56ce866): partial for host-model, and for a named model under KVM; else none.
    pub(crate) fn filled_in_check(&self, mode: Mode, accel: Accel) -> Check {
        match mode {
            Mode::HostModel => Check::Partial,
            Mode::Custom if accel == Accel::Kvm && self.behaviour.default_check => Check::Partial,
            Mode::Custom | Mode::HostPassthrough | Mode::Maximum => Check::None,
        }
    }

    /// Returns its libvirt, as decodes and command lines are made by it.
    pub(crate) fn libvirt<'e>(&'e self, catalog: &'e Catalog) -> Libvirt<'e> {
        Libvirt { map: &self.map, behaviour: &self.behaviour, named: catalog.named() }
    }

    /// Returns the regime a guest that arrives here meets.
    pub(crate) fn regime(&self) -> Regime {
        self.behaviour.removed_incoming
    }
}
