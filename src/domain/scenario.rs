//! Describes one question: the guest, its source and its destination.

use super::behaviour::Regime;
use super::catalog::{Catalog, LibvirtId};
use super::definition::named_enum;
use super::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
use super::feature::FeatureId;
use super::host::{GivenHost, HostId, Vendor};
use super::map::ModelId;
use super::qemu::{Accel, MachineId};
use super::version::Version;

mod link;
mod release;

pub use link::{KEYS, Key, KeyInfo, LinkError, ValueError, write_machine};
pub(crate) use link::{MAX_STOPS, write_host, write_release, write_stop, write_topology};
pub use release::{LibvirtChoice, QemuChoice, Release};

/// A value, or `?` in a link: unknown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MaybeKnown<T> {
    /// The given value.
    Is(T),
    /// Not known: every value is tried.
    Unknown,
}

impl<T> MaybeKnown<T> {
    /// Returns the value; `None` if it is unknown.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

/// The first part of a link: a model or a mode.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CpuChoice {
    /// A named model.
    Model(MaybeKnown<ModelId>),
    /// host-model, host-passthrough or maximum.
    Mode(Mode),
    /// Neither is known, nor the features: an object that was not read defines the CPU.
    Unknown,
}

/// The guest's machine type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum MachineChoice {
    /// A machine type in the facts.
    Listed(MachineId),
    /// A machine type that is not in the facts, such as `pc-q35-rhel9.4.0`: any machine type of that QEMU can stand in
    /// for it.
    Unlisted(Box<str>),
    /// Not known.
    Unknown,
}

/// The attributes of `<topology>`.
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
    /// One thread in each package: the topology of a guest without one.
    pub const SINGLE: Self = Self { sockets: 1, dies: 1, cores: 1, threads: 1 };
    /// The most sockets, dies in one, cores in a die, threads in a core, and virtual CPUs.
    pub(crate) const MOST: u32 = 65_536;

    /// Returns the topology of sockets, cores and threads, or of sockets, dies, cores and threads; `None` if these are
    /// more or fewer numbers, or one is 0 or above [`MOST`](Self::MOST).
    pub(crate) fn of(numbers: &[u32]) -> Option<Self> {
        let (sockets, dies, cores, threads) = match *numbers {
            [sockets, cores, threads] => (sockets, 1, cores, threads),
            [sockets, dies, cores, threads] => (sockets, dies, cores, threads),
            _ => return None,
        };
        let fits = numbers.iter().all(|number| (1..=Self::MOST).contains(number));
        fits.then_some(Self { sockets, dies, cores, threads })
    }

    /// Returns how many threads share a package; more than one makes QEMU 10.0 report `ht`.
    pub(crate) const fn threads_per_package(self) -> u64 {
        self.dies as u64 * self.threads_per_die()
    }

    /// Returns how many threads share a die, which is what QEMU before 8.2 looks at.
    pub(crate) const fn threads_per_die(self) -> u64 {
        self.cores as u64 * self.threads as u64
    }
}

/// The host of the source or the destination.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(clippy::large_enum_variant, reason = "scenarios are cloned often, and a set of features is cheap to copy")]
pub enum HostChoice {
    /// A host with every feature that the model, the machine type and the definition need.
    Capable,
    /// A listed host.
    Listed(HostId),
    /// A host whose features are given.
    Given(GivenHost),
    /// Each recorded host on which the source starts, the same at source and destination.
    Any,
    /// Not known: each recorded host, at the source and at the destination.
    Unknown,
}

/// The release that the names `old` and `new` of the example mean.
pub(crate) const EXAMPLE_LIBVIRT: &str = "9.0.0";
/// The QEMU of source and destination when none is named.
pub const DEFAULT_QEMU: Version = Version::new(7, 2, 22);
/// The path of the emulator in libvirt's messages, where neither the domain nor a distribution names one.
pub(crate) const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";
/// The machine type taken when none is named.
pub(crate) const DEFAULT_MACHINE: &str = "pc-q35-4.0";
/// The model taken when none is named.
pub(crate) const DEFAULT_MODEL: &str = "Skylake-Client";

named_enum! {
    /// The transport.
    Transport {
        /// A live migration.
        Live "live",
        /// Saved to a file and restored.
        Save "save",
        /// A peer-to-peer live migration, decided like a live one.
        P2p "p2p",
    }
}

/// A guest that already runs. Its migration starts from its live definition.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Running {
    /// The live definition.
    pub live: Definition,
    /// The inactive definition, if it is known.
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

/// An intermediate host of a migration.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Stop {
    /// Its software.
    pub release: Release,
    /// Its host; `None` for one like the destination's.
    pub host: Option<HostChoice>,
}

/// One question: a guest, its source, its destination, and everything else that affects the answer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scenario {
    /// The guest's CPU model or mode.
    pub cpu: CpuChoice,
    /// The policies of the definition, in order.
    pub features: Policies,
    /// The guest's machine type.
    pub machine: MachineChoice,
    /// The guest's topology.
    pub topology: MaybeKnown<Topology>,
    /// The accelerator at source and destination.
    pub accel: Accel,
    /// The source's host; used only under KVM.
    pub from_host: HostChoice,
    /// The destination's host; used only under KVM.
    pub to_host: HostChoice,
    /// The source.
    pub from: Release,
    /// The destination.
    pub to: Release,
    /// The intermediate hosts, in order.
    pub via: Vec<Stop>,
    /// The release under which the guest was started, if the source's daemon was upgraded since.
    pub started: Option<Release>,
    /// The definition's check; `None` for what libvirt fills in.
    pub check: Option<Check>,
    /// The definition's match.
    pub matching: Match,
    /// The definition's fallback.
    pub fallback: Fallback,
    /// The text of `<vendor>`: the vendor that the host must have.
    pub vendor: Option<Vendor>,
    /// The vendor that the guest sees instead of the model's or the host's (`vendor_id`).
    pub vendor_id: Option<Vendor>,
    /// The transport.
    pub transport: Transport,
    /// The definition's `migratable` attribute. libvirt accepts it for host-passthrough and maximum only.
    pub migratable: bool,
    /// The frequency of `<timer name='tsc'>` in Hz.
    pub tsc: Option<u64>,
    /// The machine type whose defaults the guest's machine type has, if the facts lack them.
    pub machine_like: Option<MachineId>,
    /// The destination's regime; `None` for that of its release.
    pub regime: Option<Regime>,
    /// The feature F of the decision table.
    pub feature: FeatureId,
    /// What `<pmu>` of the domain says; without it, `host` and `max` have a PMU and named models have none.
    pub pmu: Option<bool>,
    /// The product that writes the guest's domain, for the form of fixes.
    pub written_by: Option<Writer>,
    /// The path in `<emulator>`, which libvirt quotes in messages.
    pub emulator: Option<Box<str>>,
    /// The running guest, from a domain file or a link. Selecting a different guest clears it.
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
        [&self.from].into_iter().chain(self.via.iter().map(|stop| &stop.release)).chain([&self.to])
    }

    /// Returns who sends and who receives at one hop, counted from the source.
    pub(crate) fn hop(&self, hop: usize) -> (&Release, &Release) {
        let started = self.started.as_ref().unwrap_or(&self.from);
        let receiver = |hop: usize| self.via.get(hop).map_or(&self.to, |stop| &stop.release);
        (hop.checked_sub(1).map_or(started, receiver), receiver(hop))
    }

    /// Returns whether a hop, counted from the source, ends at a stop and not at the destination.
    pub(crate) fn is_stop(&self, hop: usize) -> bool {
        hop < self.via.len()
    }

    /// Returns the host of a stop, counted from the source.
    pub fn stop_host(&self, stop: usize) -> &HostChoice {
        self.via.get(stop).and_then(|stop| stop.host.as_ref()).unwrap_or(&self.to_host)
    }

    /// Returns the scenario of a command line without arguments: the example of README.
    ///
    /// Falls back to the first model, machine type and feature where the catalog lacks the named ones.
    pub fn default_of(catalog: &Catalog) -> Self {
        Self {
            cpu: CpuChoice::Model(MaybeKnown::Is(catalog.model(DEFAULT_MODEL).unwrap_or(ModelId(0)))),
            features: Policies::default(),
            machine: MachineChoice::Listed(catalog.machine(DEFAULT_MACHINE).unwrap_or(MachineId(0))),
            topology: MaybeKnown::Is(Topology::SINGLE),
            accel: Accel::Kvm,
            from_host: HostChoice::Capable,
            to_host: HostChoice::Capable,
            from: Release::with_default_qemu(LibvirtChoice::Old),
            to: Release::with_default_qemu(LibvirtChoice::New),
            via: Vec::new(),
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
            pmu: None,
            emulator: None,
            written_by: None,
            running: None,
        }
    }

    /// Returns the machine type of a guest without one: the usual one if source and destination have it, otherwise the
    /// newest that both have.
    pub(crate) fn default_machine(&self, catalog: &Catalog) -> MachineChoice {
        let (from, to) = (self.from.surely_has(catalog), self.to.surely_has(catalog));
        self.from.machine_from_here(catalog, |id| from(id) != Some(false) && to(id) != Some(false))
    }

    /// Returns the scenario with source and destination exchanged; the guest then counts as started at the new source.
    /// Each stop keeps its host.
    #[must_use]
    pub fn swapped(&self) -> Self {
        let stop = |number: usize, stop: &Stop| Stop {
            release: stop.release.clone(),
            host: Some(self.stop_host(number)).filter(|host| **host != self.from_host).cloned(),
        };
        Self {
            from: self.to.clone(),
            to: self.from.clone(),
            from_host: self.to_host.clone(),
            to_host: self.from_host.clone(),
            via: self.via.iter().enumerate().map(|(number, own)| stop(number, own)).rev().collect(),
            started: None,
            ..self.clone()
        }
    }

    /// Makes this a guest that already runs: its CPU is that of its live definition.
    pub(crate) fn run_as(&mut self, running: Running) {
        let live = &running.live;
        self.cpu = live.model.map_or(CpuChoice::Mode(live.mode), |model| CpuChoice::Model(MaybeKnown::Is(model)));
        self.features = live.features.clone();
        (self.check, self.matching, self.fallback) = (Some(live.check), live.matching, live.fallback);
        self.vendor = live.vendor;
        self.running = Some(Box::new(running));
    }

    /// Returns the scenario of the guest's next start. For a running guest it has the inactive definition, or the live
    /// one if the inactive one is unknown.
    #[must_use]
    pub fn next_start(&self) -> Self {
        let mut next = self.clone();
        if let Some(inactive) = next.running.take().and_then(|running| running.inactive) {
            next.cpu = match inactive.mode {
                Mode::Custom => inactive.model.map_or(next.cpu, |model| CpuChoice::Model(MaybeKnown::Is(model))),
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
            CpuChoice::Model(_) | CpuChoice::Unknown => Mode::Custom,
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

    /// Returns whether a definition of a guest under TCG has optional features or the check `partial`: libvirt then looks
    /// at the host.
    pub(crate) fn compares_with_processor_under_tcg(&self) -> bool {
        let of_running = self.running.iter().flat_map(|guest| guest.inactive.iter().chain([&guest.live]));
        let is_partial = self.check == Some(Check::Partial)
            || of_running.clone().any(|definition| definition.check == Check::Partial);
        let mut all = of_running.map(|definition| &definition.features).chain([&self.features]);
        let is_optional = all.any(|features| !features.with(Policy::Optional).is_empty());
        self.accel == Accel::Tcg && (is_partial || is_optional)
    }

    /// Returns whether QEMU gives the guest what each host has.
    pub(crate) fn passes_host_through(&self) -> bool {
        self.accel == Accel::Kvm && matches!(self.mode(), Mode::HostPassthrough | Mode::Maximum)
    }

    /// Returns whether the guest gets the CPU of a host and the source or the destination has no named host: then no
    /// host can be assumed, because the guest names no features.
    pub(crate) fn lacks_host(&self) -> bool {
        let unnamed = |host: &HostChoice| match host {
            HostChoice::Capable => true,
            HostChoice::Any | HostChoice::Unknown => self.takes_host_model(),
            HostChoice::Listed(_) | HostChoice::Given(_) => false,
        };
        let gets_host = self.passes_host_through() || (self.accel == Accel::Kvm && self.takes_host_model());
        gets_host && [&self.from_host, &self.to_host].into_iter().any(unnamed)
    }

    /// Returns the model; `None` for the other modes and for `?`.
    pub fn model(&self) -> Option<ModelId> {
        match self.cpu {
            CpuChoice::Model(model) => model.known(),
            CpuChoice::Mode(_) | CpuChoice::Unknown => None,
        }
    }
}
