//! Draws scenarios: of every form the link can take, and such as have a definite answer.

use super::ask::CATALOG;
use super::random::Random;
use virt_cpu_explorer::internal::domain::behaviour::Regime;
use virt_cpu_explorer::internal::domain::catalog::LibvirtId;
use virt_cpu_explorer::internal::domain::definition::{Check, Fallback, Match, Mode, Policy};
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::domain::host::{CpuSignature, GivenHost, HostId, Vendor};
use virt_cpu_explorer::internal::domain::map::ModelId;
use virt_cpu_explorer::internal::domain::qemu::{Accel, MachineId};
use virt_cpu_explorer::internal::domain::scenario::{
    CpuChoice, HostChoice, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario, Stop, Topology,
    Transport,
};
use virt_cpu_explorer::internal::domain::version::Version;

fn number(random: &mut Random, end: usize) -> u16 {
    u16::try_from(random.below(end)).unwrap_or(0)
}

/// Draws one of the features.
pub(crate) fn feature(random: &mut Random) -> FeatureId {
    FeatureId(number(random, CATALOG.features().len()))
}

/// Draws a model that is one.
pub(crate) fn model(random: &mut Random) -> ModelId {
    loop {
        let model = ModelId(number(random, CATALOG.models().len()));
        if !matches!(CATALOG.model_name(model), "base" | "host" | "max") {
            return model;
        }
    }
}

fn build(random: &mut Random) -> Option<Box<str>> {
    [None, None, Some("3.el9"), Some("2.module_el8.6.0"), Some("0ubuntu1"), Some("dfsg-4")][random.below(6)]
        .map(Into::into)
}

/// Draws a known QEMU: one of the facts, or a point release between.
pub(crate) fn qemu(random: &mut Random) -> Version {
    let all = CATALOG.qemu_releases();
    let known = all[random.below(all.len())].version;
    let point = Version::new(known.major, known.minor, number(random, 9));
    if random.once_in(3) && CATALOG.is_qemu_release(point) { point } else { known }
}

fn release(random: &mut Random) -> Release {
    let id = LibvirtId(number(random, CATALOG.libvirt_releases().len()));
    let published = CATALOG.release(id).name.parse::<Version>().is_ok();
    let libvirt = match random.below(12) {
        0 => LibvirtChoice::Old,
        1 => LibvirtChoice::New,
        2 => LibvirtChoice::Unknown,
        _ => LibvirtChoice::Release(id, if published { build(random) } else { None }),
    };
    let version = if random.once_in(12) { MaybeKnown::Unknown } else { MaybeKnown::Is(qemu(random)) };
    let build = version.known().and_then(|_| build(random));
    Release::new(libvirt, QemuChoice { version, build })
}

fn host(random: &mut Random) -> HostChoice {
    match random.below(6) {
        0 => HostChoice::Any,
        1 => HostChoice::Unknown,
        2 => HostChoice::Given(given_host(random)),
        3 => HostChoice::Capable,
        _ => HostChoice::Listed(HostId(number(random, CATALOG.hosts().len()))),
    }
}

fn given_host(random: &mut Random) -> GivenHost {
    let mut some = || (0..random.below(20)).map(|_| feature(random)).collect();
    let (features, silicon) = (some(), some());
    let mut part = || u32::from(number(random, 200));
    let (family, model, stepping) = (part(), part(), part());
    let stepping = (stepping > 40).then_some(stepping);
    GivenHost {
        vendor: random.one(&Vendor::ALL),
        signature: maybe(random, &[CpuSignature { family, model, stepping }]),
        features,
        silicon: maybe(random, &[silicon]),
        unknown: FeatureSet::EMPTY,
    }
}

fn machine(random: &mut Random) -> MachineChoice {
    match random.below(6) {
        0 => MachineChoice::Unknown,
        1 => MachineChoice::Unlisted(random.one(&["pc-q35-rhel99.4.0", "pc-i440fx-stonking", "rhel6.6.0"]).into()),
        _ => MachineChoice::Listed(loop {
            let id = MachineId(number(random, CATALOG.machines().len()));
            // A machine type of its own to some QEMUs, and to others a short name for another.
            if CATALOG.machine_name(id) != "xenfv" {
                break id;
            }
        }),
    }
}

fn topology(random: &mut Random) -> MaybeKnown<Topology> {
    let mut part = || u32::try_from(random.below(4) + 1).unwrap_or(1);
    let topology = Topology { sockets: part(), dies: part(), cores: part(), threads: part() };
    match random.below(4) {
        0 => MaybeKnown::Unknown,
        1 => MaybeKnown::Is(Topology::SINGLE),
        _ => MaybeKnown::Is(topology),
    }
}

fn maybe<T: Copy>(random: &mut Random, all: &[T]) -> Option<T> {
    if random.once_in(2) { None } else { Some(random.one(all)) }
}

/// Draws any scenario: every key, `?` included.
pub(crate) fn any(random: &mut Random) -> Scenario {
    let mut scenario = Scenario::default_of(&CATALOG);
    scenario.cpu = match random.below(6) {
        0 => CpuChoice::Model(MaybeKnown::Unknown),
        1 => CpuChoice::Mode(random.one(&[Mode::HostModel, Mode::HostPassthrough, Mode::Maximum])),
        _ => CpuChoice::Model(MaybeKnown::Is(model(random))),
    };
    for _ in 0..random.below(5) {
        scenario.features.set(feature(random), random.one(Policy::ALL));
    }
    scenario.machine = machine(random);
    scenario.topology = topology(random);
    scenario.accel = random.one(&[Accel::Kvm, Accel::Tcg]);
    (scenario.from_host, scenario.to_host) = (host(random), host(random));
    (scenario.from, scenario.to) = (release(random), release(random));
    let stop = |random: &mut Random| Stop {
        release: release(random),
        host: if random.once_in(2) { Some(host(random)) } else { None },
    };
    scenario.via = (0..random.below(3)).map(|_| stop(random)).collect();
    scenario.started = if random.once_in(3) { Some(release(random)) } else { None };
    scenario.check = maybe(random, Check::ALL);
    scenario.matching = random.one(Match::ALL);
    scenario.fallback = random.one(Fallback::ALL);
    scenario.vendor = maybe(random, &Vendor::ALL);
    scenario.transport = random.one(Transport::ALL);
    scenario.migratable = random.once_in(2);
    scenario.tsc = maybe(random, &[1, 2_400_000_000]);
    scenario.machine_like = maybe(random, &CATALOG.qemu_defaults().machines);
    scenario.regime = maybe(random, Regime::ALL);
    scenario.feature = feature(random);
    scenario.pmu = [None, Some(true), Some(false)][random.below(3)];
    scenario
}

/// Draws a scenario whose inputs are all told, and whose guest usually starts: model and machine type of the source,
/// releases of the last years, few features.
pub(crate) fn told(random: &mut Random) -> Scenario {
    let mut scenario = Scenario::default_of(&CATALOG);
    let run = ["5.2.0", "7.2.22", "10.0.13", "11.1.2"].map(|text| text.parse::<Version>().unwrap_or_default());
    let recent: Vec<LibvirtId> = (0u16..)
        .zip(CATALOG.libvirt_releases())
        .filter(|(_, release)| release.version >= Version::new(6, 0, 0))
        .map(|(number, _)| LibvirtId(number))
        .collect();
    let exact = ["7.0.0", "9.0.0", "9.0.0+mpx-removed", "11.3.0", "12.8.0"].map(|name| CATALOG.libvirt(name));
    let mut end = || {
        let libvirt = match random.below(10) {
            0 => LibvirtChoice::Old,
            1 => LibvirtChoice::New,
            2 | 3 => LibvirtChoice::Release(random.one(&recent), None),
            _ => LibvirtChoice::Release(random.one(&exact).unwrap_or(LibvirtId(0)), None),
        };
        Release::new(libvirt, QemuChoice { version: MaybeKnown::Is(random.one(&run)), build: None })
    };
    (scenario.from, scenario.to) = (end(), end());
    let older = scenario.from.qemu.version.known().min(scenario.to.qemu.version.known());
    let of_both: Vec<MachineId> = CATALOG
        .qemu_defaults()
        .machines
        .iter()
        .copied()
        .filter(|id| {
            let has = |version: &Version| {
                let facts = CATALOG.qemu_releases().iter().find(|facts| facts.version == *version);
                facts.is_some_and(|facts| facts.machines.iter().any(|known| known.machine == *id))
            };
            older.iter().all(has) && scenario.from.qemu.version.known().iter().all(has)
        })
        .collect();
    scenario.machine = MachineChoice::Listed(random.one(&of_both));
    let common = ["Skylake-Client", "EPYC", "Haswell", "qemu64", "Icelake-Server", "SapphireRapids", "EPYC-Milan"];
    let usual = CATALOG.model(random.one(&common)).unwrap_or(ModelId(0));
    scenario.cpu = CpuChoice::Model(MaybeKnown::Is(if random.once_in(2) { usual } else { model(random) }));
    let often = ["mpx", "vmx", "ht", "pdcm", "hypervisor", "arch-capabilities", "svm", "avx"];
    for _ in 0..random.below(3) {
        let often = CATALOG.feature(random.one(&often)).unwrap_or(FeatureId(0));
        let feature = if random.once_in(3) { feature(random) } else { often };
        scenario.features.set(feature, random.one(&[Policy::Require, Policy::Disable, Policy::Require, Policy::Force]));
    }
    scenario.accel = random.one(&[Accel::Kvm, Accel::Tcg]);
    let two = Topology { cores: 2, ..Topology::SINGLE };
    scenario.topology = MaybeKnown::Is(random.one(&[Topology::SINGLE, Topology::SINGLE, two]));
    scenario.transport = random.one(Transport::ALL);
    if random.once_in(3) {
        scenario.check = Some(Check::None);
        let listed = HostChoice::Listed(HostId(number(random, CATALOG.hosts().len())));
        scenario.to_host.clone_from(&listed);
        scenario.from_host = if random.once_in(2) { HostChoice::Capable } else { listed };
    }
    scenario
}
