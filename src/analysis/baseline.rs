//! Finds a CPU definition that several hosts support on several releases: libvirt's own baseline, and the richest one.
//! Each is resolved between all pairs of hosts and releases.

use super::space::models;
use crate::domain::behaviour::DropUnknown;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::{Accel, MachineId, is_versioned};
use crate::domain::scenario::{CpuChoice, HostChoice, LibvirtChoice, MachineChoice, MaybeKnown, Release, Scenario};
use crate::domain::version::Version;
use crate::resolve::host_model::{self, BaselineCpu, Processor, QemuModels};
use crate::resolve::{Endpoint, Outcome, Resolver, Verdict, expansions, resolve, sources};
use std::sync::Arc;

/// How often what still differs is disabled and everything resolved again.
const MOST_ROUNDS: usize = 4;

/// The features that protect a guest against attacks on the processor, or tell it that it needs no protection.
const MITIGATIONS: [&str; 45] = [
    "spec-ctrl",
    "stibp",
    "ssbd",
    "flush-l1d",
    "md-clear",
    "arch-capabilities",
    "core-capability",
    "rdctl-no",
    "ibrs-all",
    "rsba",
    "skip-l1dfl-vmentry",
    "ssb-no",
    "mds-no",
    "pschange-mc-no",
    "tsx-ctrl",
    "taa-no",
    "sbdr-ssdp-no",
    "fbsdp-no",
    "psdp-no",
    "fb-clear",
    "rrsba",
    "bhi-no",
    "pbrsb-no",
    "gds-no",
    "rfds-no",
    "rfds-clear",
    "its-no",
    "mcdt-no",
    "intel-psfd",
    "ipred-ctrl",
    "rrsba-ctrl",
    "ddpd-u",
    "bhi-ctrl",
    "ibpb",
    "ibrs",
    "amd-stibp",
    "amd-ssbd",
    "virt-ssbd",
    "amd-no-ssb",
    "amd-psfd",
    "auto-ibrs",
    "lfence-always-serializing",
    "sbpb",
    "ibpb-brtype",
    "srso-no",
];

/// A host of the cluster.
#[derive(Clone, PartialEq, Debug)]
pub struct BaselineHost {
    /// The listed name, or the file.
    pub name: String,
    /// A listed host, or one whose features are given.
    pub choice: HostChoice,
}

/// The input of a baseline.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The hosts.
    pub hosts: Vec<BaselineHost>,
    /// The releases on which the definition must be valid.
    pub on: Vec<Release>,
    /// Whether the definition may have transactional memory (`hle`, `rtm`), which attacks use.
    pub keep_tsx: bool,
}

/// Why there is no definition.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Failure {
    /// There is no host or no release, or its libvirt or QEMU is unknown.
    #[error("no host was given, or the release of libvirt or QEMU is missing")]
    Empty,
    /// A host without known features.
    #[error("{0}: expected a listed host or a file with its features")]
    NoHost(String),
    /// The hosts are of several vendors; each with the indices of its hosts.
    #[error("the hosts are of different vendors, which have no CPU model in common")]
    MixedVendors(Vec<(Vendor, Vec<usize>)>),
    /// A libvirt that requires a newer QEMU.
    #[error("libvirt {0} requires QEMU {1} or later, found {2}")]
    QemuTooOld(String, Version, Version),
    /// No known machine type is in all QEMU releases.
    #[error("no known machine type is in all these QEMU releases")]
    NoMachine,
}

/// The definitions that all hosts support.
#[derive(Clone, PartialEq, Debug)]
pub struct Baseline {
    /// The names of the hosts.
    pub hosts: Vec<String>,
    /// The newest machine type that all releases have.
    pub machine: MachineId,
    /// What `virsh hypervisor-cpu-baseline` computes from the hosts' host-models; else why libvirt finds none.
    pub libvirt: Result<Common, host_model::BaselineError>,
    /// The model and features with the fewest features lost; `None` if no model of the vendor is in all releases.
    pub richest: Option<Common>,
    /// Transactional memory that all hosts have and the definitions leave out.
    pub tsx: Vec<FeatureId>,
}

/// One definition.
#[derive(Clone, PartialEq, Debug)]
pub struct Common {
    /// The definition as a scenario, between the first and the last release.
    pub scenario: Scenario,
    /// For each host, the mitigations that it has and a guest does not get.
    pub mitigations: Vec<Vec<FeatureId>>,
    /// For each host, the other features that it has and a guest does not get.
    pub costs: Vec<Vec<FeatureId>>,
    /// Every pair of hosts and releases between which the guest does not migrate unchanged.
    pub broken: Vec<Broken>,
    /// How many pairs were resolved.
    pub resolved: usize,
}

/// A pair for which the definition does not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// The scenario.
    pub scenario: Scenario,
    /// Its outcome.
    pub outcome: Outcome,
}

impl Baseline {
    /// Returns whether a definition fails between some pair of hosts and releases.
    pub(crate) fn is_broken(&self) -> bool {
        self.libvirt.iter().chain(&self.richest).any(|common| !common.broken.is_empty())
    }
}

/// Returns the definitions that these hosts support on these releases.
///
/// # Errors
/// The reason why there is none.
pub fn baseline(catalog: &Catalog, question: &Question) -> Result<Baseline, Failure> {
    let processors: Vec<Processor> =
        question.hosts.iter().map(|host| processor(catalog, host)).collect::<Result<_, _>>()?;
    let (Some(first), Some(oldest)) = (processors.first(), oldest(catalog, &question.on)) else {
        return Err(Failure::Empty);
    };
    let ends: Vec<Ends<'_>> = question.on.iter().map(|release| ends(catalog, release)).collect();
    if ends.iter().any(Vec::is_empty) {
        return Err(Failure::Empty);
    }
    let of_oldest = question.on.iter().zip(&ends).find(|(release, _)| *release == oldest);
    let end = of_oldest.and_then(|(_, ends)| ends.first()).ok_or(Failure::Empty)?;
    for release in &question.on {
        let (Some(id), MaybeKnown::Is(found)) = (release.libvirt.id(catalog), release.qemu.version) else { continue };
        let needed = catalog.behaviour(catalog.release(id).version).0.minimum_qemu;
        if found < needed {
            return Err(Failure::QemuTooOld(catalog.release(id).name.to_string(), needed, found));
        }
    }
    let vendors = by_vendor(&processors);
    if vendors.len() > 1 {
        return Err(Failure::MixedVendors(vendors));
    }
    let names = catalog.named();
    let tsx: FeatureSet = [names.hle, names.rtm].into_iter().flatten().filter(|_| !question.keep_tsx).collect();
    let everywhere = processors.iter().fold(first.features, |common, host| common & host.features);
    let search = Search {
        catalog,
        question,
        processors: &processors,
        tsx,
        common: everywhere - tsx,
        machine: newest_machine(catalog, &question.on, end.qemu.version).ok_or(Failure::NoMachine)?,
        ends: &ends,
        oldest: (oldest, end),
        order: &end.map,
    };
    Ok(Baseline {
        hosts: question.hosts.iter().map(|host| host.name.clone()).collect(),
        machine: search.machine,
        libvirt: search.libvirt(),
        richest: search.richest(first.vendor),
        tsx: search.order.in_order(everywhere & tsx),
    })
}

/// The ways in which libvirt and QEMU of a release may be; empty where one of the two is unknown.
type Ends<'a> = Vec<Arc<Endpoint<'a>>>;

fn ends<'a>(catalog: &'a Catalog, release: &Release) -> Ends<'a> {
    if release.libvirt == LibvirtChoice::Unknown || release.qemu.version == MaybeKnown::Unknown {
        return Vec::new();
    }
    sources(catalog, &starting(catalog, release, HostChoice::Capable)).1.into_iter().flatten().collect()
}

/// The release with the oldest libvirt: what it decodes is known to all.
fn oldest<'a>(catalog: &Catalog, on: &'a [Release]) -> Option<&'a Release> {
    let known = on.iter().filter_map(|release| Some((release, release.libvirt.id(catalog)?)));
    known.min_by_key(|(_, id)| catalog.release(*id).version).map(|(release, _)| release)
}

/// A guest that starts on this host with this release.
fn starting(catalog: &Catalog, release: &Release, host: HostChoice) -> Scenario {
    Scenario { from: release.clone(), from_host: host, ..Scenario::default_of(catalog) }
}

fn processor(catalog: &Catalog, host: &BaselineHost) -> Result<Processor, Failure> {
    match &host.choice {
        HostChoice::Listed(id) => Ok(Processor::of_host(catalog.host(*id))),
        HostChoice::Given(given) => {
            Ok(Processor { vendor: Some(given.vendor), signature: given.signature, features: given.features })
        }
        HostChoice::Capable | HostChoice::Any | HostChoice::Unknown => Err(Failure::NoHost(host.name.clone())),
    }
}

fn by_vendor(processors: &[Processor]) -> Vec<(Vendor, Vec<usize>)> {
    let mut vendors: Vec<(Vendor, Vec<usize>)> = Vec::new();
    for (index, vendor) in processors.iter().enumerate().filter_map(|(index, host)| Some((index, host.vendor?))) {
        match vendors.iter_mut().find(|(known, _)| *known == vendor) {
            Some((_, hosts)) => hosts.push(index),
            None => vendors.push((vendor, vec![index])),
        }
    }
    vendors
}

/// The newest machine type that every release surely has: q35 first, of equal ones upstream's first. Another type is as
/// new as the upstream one that it equals.
fn newest_machine(catalog: &Catalog, on: &[Release], qemu: Version) -> Option<MachineId> {
    let has =
        |machine: &MachineId| on.iter().all(|release| release.surely_has_machine(catalog, *machine) == Some(true));
    let known = catalog.machines_in_order().iter().copied().filter(has);
    let placed = known.filter_map(|machine| {
        let (name, series) = (catalog.machine_name(machine), catalog.series(catalog.base(machine, qemu)?));
        let is_upstream = catalog.downstream().machine(machine).is_none();
        Some((name.starts_with("pc-q35"), series, is_upstream, name.len(), name, machine))
    });
    placed.max().map(|(.., machine)| machine)
}

struct Search<'a> {
    catalog: &'a Catalog,
    question: &'a Question,
    processors: &'a [Processor],
    /// What is left out of every definition.
    tsx: FeatureSet,
    /// What all hosts have.
    common: FeatureSet,
    machine: MachineId,
    /// Of each release, in order.
    ends: &'a [Ends<'a>],
    /// The oldest release.
    oldest: (&'a Release, &'a Endpoint<'a>),
    /// Its map, in whose order features are listed.
    order: &'a CpuMap,
}

impl Search<'_> {
    /// What libvirt computes (`virQEMUDriver` `qemuConnectBaselineHypervisorCPU`): the baseline of the host-models.
    fn libvirt(&self) -> Result<Common, host_model::BaselineError> {
        let (catalog, (release, end)) = (self.catalog, self.oldest);
        let cpu = |host: &BaselineHost| {
            let scenario = starting(catalog, release, host.choice.clone());
            let expanded = expansions(catalog, &scenario).into_iter().next()?.guest;
            let features = expanded.definition.described_by(self.order) - self.tsx;
            Some(BaselineCpu { vendor: expanded.decoded.vendor, model: expanded.definition.model, features })
        };
        let cpus: Option<Vec<BaselineCpu>> = self.question.hosts.iter().map(cpu).collect();
        let cpus = cpus.ok_or(host_model::BaselineError::NoModel)?;
        let models = QemuModels::of(catalog, &end.qemu, Accel::Kvm, self.common);
        let found = host_model::baseline(end.libvirt(catalog), &cpus, (None, Some(&models)), true)?;
        let mut scenario = self.scenario(found.model).ok_or(host_model::BaselineError::Empty)?;
        for (feature, policy) in found.features {
            scenario.features.set(feature, policy);
        }
        let mut common = self.of(scenario);
        self.verify(&mut common);
        Ok(common)
    }

    /// The model of the vendor, or else one without a vendor, that needs the fewest additional features, then the
    /// fewest of them disabled, then without a version in its name; and every feature that all hosts and releases have.
    fn richest(&self, vendor: Option<Vendor>) -> Option<Common> {
        let catalog = self.catalog;
        let maps: Vec<&CpuMap> = self.ends.iter().flatten().map(|end| &*end.map).collect();
        let known = maps.iter().fold(FeatureSet::ALL, |known, map| known & map.known);
        let usable = self.usable(known);
        let data = |model: ModelId| {
            maps.iter().filter_map(|map| map.model(model)).fold(FeatureSet::EMPTY, |all, found| all | found.data)
        };
        let has_vendor = |model: &ModelId| catalog.newest_map().is_some_and(|map| map.vendor_of(*model).is_some());
        let fitting = models(catalog).into_iter().filter(|model| fits(catalog, *model, vendor, self.ends));
        let model = fitting.min_by_key(|model| {
            let data = data(*model);
            let versioned = is_versioned(catalog.model_name(*model));
            let costs = ((data ^ usable).len(), (data - usable).len());
            (self.names_unknown(data - usable), !has_vendor(model), costs, versioned)
        })?;
        // QEMU's model may have more features than the maps': those that some host lacks would differ by host.
        let brought = self.of_qemu(model) & known;
        let always: FeatureSet = catalog.named().hypervisor.into_iter().collect();
        let shared =
            maps.iter().filter_map(|map| map.model(model)).fold(FeatureSet::ALL, |all, found| all & found.data);
        let mut scenario = self.scenario(model)?;
        for feature in self.order.in_order(usable - shared) {
            scenario.features.set(feature, Policy::Require);
        }
        for feature in self.order.in_order((data(model) - usable) | (brought - self.common - always)) {
            scenario.features.set(feature, Policy::Disable);
        }
        let mut found = self.of(scenario);
        for _ in 0..MOST_ROUNDS {
            let differ = self.verify(&mut found) & known;
            if differ.is_empty() {
                break;
            }
            let features = &mut found.scenario.features;
            for feature in self.order.in_order(differ) {
                features.set(feature, Policy::Disable);
            }
            // What depends on a feature that is disabled now.
            let cleared = self.orphans((data(model) | brought | features.on()) - features.off());
            for feature in self.order.in_order(cleared & features.on()) {
                features.put(feature, None);
            }
            found = self.of(found.scenario);
        }
        self.verify(&mut found);
        Some(found)
    }

    /// What every QEMU of the releases has a name for, and what may migrate; not what is only reported, nor what depends
    /// on nesting.
    fn usable(&self, known: FeatureSet) -> FeatureSet {
        let names = self.catalog.named();
        let mut usable = (self.common & known) - names.vmx_children;
        for end in self.ends.iter().flatten() {
            usable &= end.qemu.properties;
        }
        for feature in
            [names.ht, names.cmp_legacy, names.pdcm, names.vmx, names.svm, names.hypervisor].into_iter().flatten()
        {
            usable.remove(feature);
        }
        usable = self.catalog.newest_map().map_or(usable, |map| usable & map.migratable());
        usable - self.orphans(usable)
    }

    /// What QEMU's model has on the machine type, by some QEMU of the releases.
    fn of_qemu(&self, model: ModelId) -> FeatureSet {
        let catalog = self.catalog;
        let base = |end: &Arc<Endpoint<'_>>| catalog.base(self.machine, end.qemu.version);
        let cells = self.ends.iter().flatten().filter_map(|end| catalog.cell(model, base(end)?, Accel::Kvm));
        cells.fold(FeatureSet::EMPTY, |all, cell| all | cell)
    }

    /// Whether some QEMU of the releases would refuse to disable one of these features, because it has no such property and
    /// libvirt writes it anyway (`qemuProcessDropUnknownCPUFeatures`, 5.10.0).
    fn names_unknown(&self, disabled: FeatureSet) -> bool {
        self.ends
            .iter()
            .flatten()
            .any(|end| end.behaviour.drop_unknown == DropUnknown::Never && !(disabled - end.qemu.properties).is_empty())
    }

    /// What a guest sees on a host with the oldest release; `None` where it does not start.
    fn seen(&self, scenario: &Scenario, host: &BaselineHost) -> Option<FeatureSet> {
        let mut started = scenario.clone();
        (started.from, started.to) = (self.oldest.0.clone(), self.oldest.0.clone());
        (started.from_host, started.to_host) = (host.choice.clone(), host.choice.clone());
        Some(resolve(self.catalog, &started).trace?.source().cpu.as_ref()?.visible)
    }

    /// What some QEMU of the releases clears of these features, because what it depends on is not among them.
    fn orphans(&self, features: FeatureSet) -> FeatureSet {
        let cleared = self.ends.iter().flatten().map(|end| end.qemu.dependencies.orphans(&features));
        cleared.fold(FeatureSet::EMPTY, |all, of_one| all | of_one)
    }

    /// A model between the first and the last release.
    fn scenario(&self, model: ModelId) -> Option<Scenario> {
        let on = &self.question.on;
        let (from, to) = (on.first()?.clone(), on.last()?.clone());
        let (cpu, machine) = (CpuChoice::Model(MaybeKnown::Is(model)), MachineChoice::Listed(self.machine));
        Some(Scenario { cpu, machine, from, to, ..Scenario::default_of(self.catalog) })
    }

    /// The definition with what each host loses by it.
    fn of(&self, scenario: Scenario) -> Common {
        let names = self.catalog.named();
        let features = &scenario.features;
        let data = scenario.model().and_then(|model| self.order.model(model)).map_or(FeatureSet::EMPTY, |m| m.data);
        let defined = (data | features.on()) - features.off();
        // Whether a guest sees these is up to its topology and its PMU.
        let (always, by_pmu): (FeatureSet, FeatureSet) =
            (names.hypervisor.into_iter().chain(names.ht).collect(), names.pdcm.into_iter().collect());
        let seen = |host: &BaselineHost| self.seen(&scenario, host).map_or(defined, |seen| seen | (defined & by_pmu));
        let of_hosts = self.question.hosts.iter().map(seen);
        let lost: Vec<FeatureSet> = (self.processors.iter().zip(of_hosts))
            .map(|(host, given)| (host.features & self.order.known) - given - always)
            .collect();
        let mitigating: FeatureSet = MITIGATIONS.iter().filter_map(|name| self.catalog.feature(name)).collect();
        Common {
            mitigations: lost.iter().map(|lost| self.order.in_order(*lost & mitigating)).collect(),
            costs: lost.iter().map(|lost| self.order.in_order(*lost - mitigating)).collect(),
            broken: Vec::new(),
            resolved: 0,
            scenario,
        }
    }

    /// Resolves every pair of hosts and releases. Returns what differed between those that are not unchanged.
    fn verify(&self, found: &mut Common) -> FeatureSet {
        let mut resolver = Resolver::new(self.catalog);
        let mut differ = FeatureSet::EMPTY;
        found.broken.clear();
        found.resolved = 0;
        let (hosts, on) = (&self.question.hosts, &self.question.on);
        for (from_host, to_host) in hosts.iter().flat_map(|one| hosts.iter().map(move |other| (one, other))) {
            for (from, to) in on.iter().flat_map(|one| on.iter().map(move |other| (one, other))) {
                let scenario = Scenario {
                    from_host: from_host.choice.clone(),
                    to_host: to_host.choice.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    ..found.scenario.clone()
                };
                let brief = resolver.brief(&scenario);
                found.resolved += 1;
                if brief.outcome.verdict != Verdict::Unchanged {
                    differ |= brief.more | brief.less;
                    found.broken.push(Broken { scenario, outcome: brief.outcome });
                }
            }
        }
        differ
    }
}

/// Whether a model is of the vendor, or of none, and every release has it, in whichever way it may be.
fn fits(catalog: &Catalog, model: ModelId, vendor: Option<Vendor>, ends: &[Ends<'_>]) -> bool {
    let in_map = catalog.newest_map().and_then(|map| map.vendor_of(model));
    let of_vendor = in_map.is_none() || vendor.is_none() || in_map == vendor;
    let has = |end: &Arc<Endpoint<'_>>| end.map.model(model).is_some() && end.qemu.has_model(model);
    of_vendor && ends.iter().all(|of_release| !of_release.is_empty() && of_release.iter().all(has))
}
