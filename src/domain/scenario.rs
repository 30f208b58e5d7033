//! Describes one question: the guest, its source and its destination.

use super::behaviour::Regime;
use super::catalog::{Catalog, LibvirtId};
use super::definition::named_enum;
use super::definition::{Check, Definition, Fallback, Match, Mode, Policies};
use super::feature::FeatureId;
use super::host::{GivenHost, HostId, Vendor};
use super::map::ModelId;
use super::qemu::{Accel, MachineId};
use super::version::Version;

mod link;
mod release;

pub use link::{KEYS, Key, KeyInfo, LinkError, ValueError, write_machine};
pub(crate) use link::{write_host, write_release, write_topology};
pub use release::{LibvirtChoice, QemuChoice, Release};

/// A value, or the word `?`: nobody told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Told<T> {
    /// This value.
    Is(T),
    /// Not known: every value is tried.
    Unknown,
}

impl<T> Told<T> {
    /// Returns the value, if it was told.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

/// How the guest's CPU is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CpuChoice {
    /// A named model.
    Model(Told<ModelId>),
    /// host-model, host-passthrough or maximum.
    Mode(Mode),
}

/// The guest's machine type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum MachineChoice {
    /// One the facts name.
    Listed(MachineId),
    /// One they do not, such as `pc-q35-rhel9.4.0`: any of that QEMU's stands for it.
    Unlisted(Box<str>),
    /// Not known.
    Unknown,
}

/// Sockets, dies, cores and threads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Topology {
    /// Packages.
    pub sockets: u32,
    /// Dies in a package.
    pub dies: u32,
    /// Cores in a die.
    pub cores: u32,
    /// Threads in a core.
    pub threads: u32,
}

impl Topology {
    /// One thread in each package: what a guest has whose topology nobody named.
    pub const SINGLE: Self = Self { sockets: 1, dies: 1, cores: 1, threads: 1 };

    /// Returns how many threads share a package; more than one makes QEMU 10.0 report `ht`.
    pub(crate) const fn threads_per_package(self) -> u64 {
        self.dies as u64 * self.cores as u64 * self.threads as u64
    }
}

/// A host at one end.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum HostChoice {
    /// One that has whatever model, machine type and definition ask for.
    Capable,
    /// A recorded one.
    Listed(HostId),
    /// One whose features were given.
    Given(GivenHost),
    /// Each of the recorded ones on which the source starts, the same at both ends.
    Any,
    /// Not known: each of the recorded ones, at each end.
    Unknown,
}

/// The release that the names `old` and `new` of the example stand for.
pub(crate) const EXAMPLE_LIBVIRT: &str = "9.0.0";
/// The QEMU taken at both ends when none is named.
pub const DEFAULT_QEMU: Version = Version::new(7, 2, 22);
/// The path of the emulator in libvirt's messages, where neither the domain nor a distribution names one.
pub(crate) const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";
/// The machine type taken when none is named.
pub(crate) const DEFAULT_MACHINE: &str = "pc-q35-4.0";
/// The model taken when none is named.
pub(crate) const DEFAULT_MODEL: &str = "Skylake-Client";

named_enum! {
    /// How the guest travels.
    Transport {
        /// A live migration.
        Live "live",
        /// Saved to a file and restored.
        Save "save",
        /// A peer-to-peer live migration, decided like a live one.
        P2p "p2p",
    }
}

/// A guest that already runs, as its own files tell: the journey begins with its live definition.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Running {
    /// The live definition.
    pub live: Definition,
    /// The inactive definition beside it, if that is known.
    pub inactive: Option<Definition>,
}

named_enum! {
    /// A product that writes domains for its users, who do not call `virsh`.
    Writer {
        /// KubeVirt, and products made of it.
        KubeVirt "kubevirt",
        /// OpenStack's nova.
        Nova "nova",
    }
}

/// One question.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The guest's CPU model or mode.
    pub cpu: CpuChoice,
    /// What the definition says about single features, in order.
    pub features: Policies,
    /// The guest's machine type.
    pub machine: MachineChoice,
    /// The guest's topology.
    pub topology: Told<Topology>,
    /// What runs the guest, at both ends.
    pub accel: Accel,
    /// The source's host; asked only under KVM.
    pub from_host: HostChoice,
    /// The destination's host; asked only under KVM.
    pub to_host: HostChoice,
    /// The source.
    pub from: Release,
    /// The destination.
    pub to: Release,
    /// The stops between.
    pub via: Vec<Release>,
    /// The hosts of the stops, where they are not the destination's.
    pub via_hosts: Vec<HostChoice>,
    /// The release under which the guest was begun, when the source's daemon was upgraded since.
    pub started: Option<Release>,
    /// The definition's check; `None` for what libvirt fills in.
    pub check: Option<Check>,
    /// The definition's match.
    pub matching: Match,
    /// The definition's fallback.
    pub fallback: Fallback,
    /// The vendor the definition names.
    pub vendor: Option<Vendor>,
    /// The vendor that the guest is told in place of the model's or the host's (`vendor_id`).
    pub vendor_id: Option<Vendor>,
    /// How the guest travels.
    pub transport: Transport,
    /// The definition's `migratable` attribute. libvirt accepts it for host-passthrough and maximum only.
    pub migratable: bool,
    /// The TSC frequency that the definition asks for, in Hz.
    pub tsc: Option<u64>,
    /// The machine type whose defaults the guest's machine type has, if the facts lack them.
    pub machine_like: Option<MachineId>,
    /// The destination's regime, when it is not to be its release's own.
    pub regime: Option<Regime>,
    /// The feature the table is about.
    pub feature: FeatureId,
    /// Whether the guest has a PMU.
    pub pmu: bool,
    /// The product that writes the guest's domain, for the words of fixes.
    pub written_by: Option<Writer>,
    /// The emulator the domain names, for messages.
    pub emulator: Option<Box<str>>,
    /// The running guest, from a domain file or a link. Choosing another guest ends it.
    pub running: Option<Box<Running>>,
}

impl Scenario {
    /// Returns the product that writes the guest's domain: as its file tells, or as one of the releases does.
    pub(crate) fn writer(&self) -> Option<Writer> {
        self.written_by.or_else(|| self.writer_of_releases())
    }

    fn writer_of_releases(&self) -> Option<Writer> {
        (self.from.is_kubevirt() || self.to.is_kubevirt()).then_some(Writer::KubeVirt)
    }

    /// Returns the releases on the way: source, stops, destination.
    pub(crate) fn releases(&self) -> impl Iterator<Item = &Release> {
        [&self.from].into_iter().chain(&self.via).chain([&self.to])
    }

    /// Returns who sends and who receives at one hop, counted from the source.
    pub(crate) fn hop(&self, hop: usize) -> (&Release, &Release) {
        let started = self.started.as_ref().unwrap_or(&self.from);
        let sender = hop.checked_sub(1).map_or(started, |stop| self.via.get(stop).unwrap_or(&self.to));
        (sender, self.via.get(hop).unwrap_or(&self.to))
    }

    /// Returns whether a hop, counted from the source, ends at a stop and not at the destination.
    pub(crate) fn is_stop(&self, hop: usize) -> bool {
        hop < self.via.len()
    }

    /// Returns the host of a stop, counted from the source.
    pub fn stop_host(&self, stop: usize) -> &HostChoice {
        self.via_hosts.get(stop).unwrap_or(&self.to_host)
    }

    /// Returns the scenario of a command line without arguments: the example of README.
    ///
    /// Falls back to the first model, machine type and feature where the catalog lacks the named ones.
    pub fn default_of(catalog: &Catalog) -> Self {
        Self {
            cpu: CpuChoice::Model(Told::Is(catalog.model(DEFAULT_MODEL).unwrap_or(ModelId(0)))),
            features: Policies::default(),
            machine: MachineChoice::Listed(catalog.machine(DEFAULT_MACHINE).unwrap_or(MachineId(0))),
            topology: Told::Is(Topology::SINGLE),
            accel: Accel::Kvm,
            from_host: HostChoice::Capable,
            to_host: HostChoice::Capable,
            from: Release::with_default_qemu(LibvirtChoice::Old),
            to: Release::with_default_qemu(LibvirtChoice::New),
            via: Vec::new(),
            via_hosts: Vec::new(),
            started: None,
            check: None,
            matching: Match::Exact,
            fallback: Fallback::Forbid,
            vendor: None,
            vendor_id: None,
            transport: Transport::Live,
            migratable: true,
            tsc: None,
            machine_like: None,
            regime: None,
            feature: catalog.default_feature(),
            pmu: false,
            emulator: None,
            written_by: None,
            running: None,
        }
    }

    /// Returns the machine type of a guest of which none is named: the usual one where both ends have it, else the newest
    /// that both have.
    pub(crate) fn default_machine(&self, catalog: &Catalog) -> MachineChoice {
        let both_have = |id: MachineId| {
            let has = |end: &Release| end.surely_has_machine(catalog, id) != Some(false);
            has(&self.from) && has(&self.to)
        };
        let usual = catalog.machine(DEFAULT_MACHINE).unwrap_or(MachineId(0));
        if both_have(usual) {
            return MachineChoice::Listed(usual);
        }
        let qemu = self.from.qemu.version.known().unwrap_or_default();
        let known = catalog
            .machines_in_order()
            .iter()
            .copied()
            .filter(|id| catalog.machine_name(*id).starts_with("pc-q35") && both_have(*id));
        let place = |id: &MachineId| catalog.base(*id, qemu).and_then(|base| catalog.position(base));
        MachineChoice::Listed(known.rev().filter(|id| place(id).is_some()).max_by_key(place).unwrap_or(usual))
    }

    /// Returns the scenario with source and destination exchanged; a guest that goes the other way was begun there.
    #[must_use]
    pub fn swapped(&self) -> Self {
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
            from_host: self.to_host.clone(),
            to_host: self.from_host.clone(),
            via: self.via.iter().rev().cloned().collect(),
            via_hosts: self.via_hosts.iter().rev().cloned().collect(),
            started: None,
            ..self.clone()
        }
    }

    /// Makes this a guest that already runs: its CPU is that of its live definition.
    pub(crate) fn run_as(&mut self, running: Running) {
        let live = &running.live;
        self.cpu = live.model.map_or(CpuChoice::Mode(live.mode), |model| CpuChoice::Model(Told::Is(model)));
        self.features = live.features.clone();
        (self.check, self.matching, self.fallback) = (Some(live.check), live.matching, live.fallback);
        self.vendor = live.vendor;
        self.running = Some(Box::new(running));
    }

    /// Returns the question of the guest's next start: the same one, unless the guest already runs; then with its
    /// inactive definition where that is known, else with its live one.
    #[must_use]
    pub fn next_start(&self) -> Self {
        let mut next = self.clone();
        if let Some(inactive) = next.running.take().and_then(|running| running.inactive) {
            next.cpu = match inactive.mode {
                Mode::Custom => inactive.model.map_or(next.cpu, |model| CpuChoice::Model(Told::Is(model))),
                mode @ (Mode::HostModel | Mode::HostPassthrough | Mode::Maximum) => CpuChoice::Mode(mode),
            };
            next.features = inactive.features;
            next.check = Some(inactive.check);
            next.matching = inactive.matching;
            next.fallback = inactive.fallback;
            next.vendor = inactive.vendor;
        }
        next
    }

    /// Returns the mode of the definition.
    pub(crate) fn mode(&self) -> Mode {
        match self.cpu {
            CpuChoice::Model(_) => Mode::Custom,
            CpuChoice::Mode(mode) => mode,
        }
    }

    /// Returns whether libvirt puts the host's model in place of the guest's CPU when it starts.
    pub(crate) fn takes_host_model(&self) -> bool {
        let asks = match self.mode() {
            Mode::HostModel => true,
            Mode::Custom => self.matching == Match::Minimum,
            Mode::HostPassthrough | Mode::Maximum => false,
        };
        asks && self.running.is_none()
    }

    /// Returns whether libvirt decodes a CPU when the guest starts, so that the host's signature and QEMU's lists decide.
    pub(crate) fn decodes(&self) -> bool {
        self.takes_host_model() || (self.fallback == Fallback::Allow && self.running.is_none())
    }

    /// Returns whether a CPU is decoded whose family, model or stepping was not told.
    pub(crate) fn guesses_signature(&self) -> bool {
        let unsigned = |host: &HostChoice| match host {
            HostChoice::Given(host) => host.signature.and_then(|signature| signature.stepping).is_none(),
            HostChoice::Capable | HostChoice::Listed(_) | HostChoice::Any | HostChoice::Unknown => false,
        };
        self.decodes() && self.accel == Accel::Kvm && [&self.from_host, &self.to_host].into_iter().any(unsigned)
    }

    /// Returns whether the guest gets the CPU of a host and none is named at one end: then no host has whatever is asked
    /// for, since nothing is.
    pub(crate) fn lacks_host(&self) -> bool {
        let unnamed = |host: &HostChoice| match host {
            HostChoice::Capable => true,
            HostChoice::Any | HostChoice::Unknown => self.takes_host_model(),
            HostChoice::Listed(_) | HostChoice::Given(_) => false,
        };
        let gets_host = self.takes_host_model() || matches!(self.mode(), Mode::HostPassthrough | Mode::Maximum);
        self.accel == Accel::Kvm && gets_host && [&self.from_host, &self.to_host].into_iter().any(unnamed)
    }

    /// Returns the named model, if one is named and known.
    pub fn model(&self) -> Option<ModelId> {
        match self.cpu {
            CpuChoice::Model(model) => model.known(),
            CpuChoice::Mode(_) => None,
        }
    }
}
