//! Lists the values of a setting; each value is the scenario with it.

use super::{Choice, detail, displayed_value, problem};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId, Product, Provenance, ReleaseMap};
use crate::domain::definition::{Check, Fallback, Match, Mode, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{HostId, Vendor};
use crate::domain::map::ModelId;
use crate::domain::order::sort;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{
    CpuChoice, HostChoice, Key, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario, Stop,
    Topology, Transport,
};

/// One value of a setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// The value as it is displayed.
    pub(crate) label: String,
    /// A short description; may be empty.
    pub(crate) detail: String,
    /// Why the value is not possible; `None` if it is.
    pub(crate) problem: Option<String>,
    /// Whether stepping through the values skips it.
    pub(crate) only_in_list: bool,
    /// The scenario with this value.
    pub scenario: Scenario,
}

/// Returns every value of `choice`; the current one is always among them.
pub fn values(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Vec<Value> {
    let products = products(choice, catalog, scenario);
    let mut all = candidates(choice, catalog, scenario);
    if !all.contains(scenario) && !products.iter().any(|value| value.scenario == *scenario) {
        all.insert(0, scenario.clone());
    }
    let listed = all.into_iter().map(|with| Value {
        label: displayed_value(choice, catalog, &with),
        detail: detail::of(choice, catalog, &with),
        problem: problem(choice, catalog, &with),
        only_in_list: only_in_list(choice, catalog, &with),
        scenario: with,
    });
    products.into_iter().chain(listed).collect()
}

/// Returns the products as values, for settings that are releases, of each product the newest first. Each sets both
/// libvirt and QEMU.
fn products(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Vec<Value> {
    let is_release = matches!(choice, Choice::FromLibvirt | Choice::ToLibvirt | Choice::Started | Choice::Via);
    let Some(key) = choice.key().filter(|_| is_release) else { return Vec::new() };
    let value = |product: &Product| {
        let mut with = scenario.clone();
        if key == Key::Via {
            with.via.clear();
        }
        with.set(catalog, key, &product.name).ok()?;
        Some(Value {
            label: product.name.to_string(),
            detail: format!("libvirt {}, QEMU {}", product.libvirt, product.qemu),
            problem: problem(choice, catalog, &with),
            only_in_list: true,
            scenario: with,
        })
    };
    catalog.all_products().newest_first().filter_map(value).collect()
}

/// Returns the scenario with the default value of `choice`.
pub fn default_of(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Scenario {
    let from = Scenario::default_of(catalog);
    let mut to = scenario.clone();
    match choice {
        Choice::Model => to.cpu = from.cpu,
        Choice::Machine => to.machine = from.machine,
        Choice::Feature => to.feature = from.feature,
        Choice::Policy => to.features.put(scenario.feature, None),
        Choice::Accel => to.accel = from.accel,
        Choice::Topology => to.topology = from.topology,
        Choice::Check => to.check = from.check,
        Choice::Match => to.matching = from.matching,
        Choice::Fallback => to.fallback = from.fallback,
        Choice::Vendor => to.vendor = from.vendor,
        Choice::Pmu => to.pmu = from.pmu,
        Choice::Transport => to.transport = from.transport,
        Choice::FromLibvirt => to.from.set_libvirt(from.from.libvirt),
        Choice::FromQemu => to.from.set_qemu(from.from.qemu),
        Choice::FromHost => to.from_host = from.from_host,
        Choice::Started => to.started = from.started,
        Choice::Via => to.via = from.via,
        Choice::ToLibvirt => to.to.set_libvirt(from.to.libvirt),
        Choice::ToQemu => to.to.set_qemu(from.to.qemu),
        Choice::ToHost => to.to_host = from.to_host,
        Choice::Regime => to.regime = from.regime,
    }
    with_restart(choice, scenario, to)
}

/// Removes the running guest from a scenario with another definition: it needs a restart.
fn with_restart(choice: Choice, before: &Scenario, mut with: Scenario) -> Scenario {
    if choice.needs_restart() && with != *before {
        with.running = None;
    }
    with
}

/// Returns the scenario with a typed value that no list contains: a package, a topology, a downstream machine type, a
/// host, several stops. `None` if the text is not such a value.
pub(crate) fn free_value(choice: Choice, catalog: &Catalog, scenario: &Scenario, typed: &str) -> Option<Scenario> {
    let mut with = scenario.clone();
    match choice {
        Choice::Machine | Choice::Topology | Choice::FromHost | Choice::ToHost | Choice::Started => {
            with.set(catalog, choice.key()?, typed).ok()?;
        }
        Choice::Via => {
            with.via.clear();
            typed.split(',').try_for_each(|stop| with.set(catalog, Key::Via, stop.trim())).ok()?;
        }
        Choice::FromLibvirt | Choice::ToLibvirt => {
            with.set(catalog, choice.key()?, typed).ok()?;
            if !typed.contains(':') {
                let is_source = choice == Choice::FromLibvirt;
                let (before, release) =
                    if is_source { (&scenario.from, &mut with.from) } else { (&scenario.to, &mut with.to) };
                release.set_qemu(before.qemu.clone());
            }
        }
        Choice::FromQemu | Choice::ToQemu => {
            let mut probe = scenario.clone();
            probe.set(catalog, Key::From, &format!("old:{typed}")).ok()?;
            let release = if choice == Choice::FromQemu { &mut with.from } else { &mut with.to };
            release.set_qemu(probe.from.qemu);
        }
        Choice::Model
        | Choice::Feature
        | Choice::Policy
        | Choice::Accel
        | Choice::Check
        | Choice::Match
        | Choice::Fallback
        | Choice::Vendor
        | Choice::Pmu
        | Choice::Transport
        | Choice::Regime => return None,
    }
    (with != *scenario).then_some(with)
}

/// Returns the scenario with an unknown input set to one of its values, as an answer names both; `None` where the
/// scenario has no setting for it, such as for the map of a release.
pub(crate) fn with_input(catalog: &Catalog, scenario: &Scenario, input: &str, value: &str) -> Option<Scenario> {
    let of_side = |end: &str, [source, destination]: [Choice; 2]| match end {
        "source" => Some(source),
        "destination" => Some(destination),
        _ => None,
    };
    let choice = match input.split_once(" of the ") {
        Some(("libvirt", end)) => of_side(end, [Choice::FromLibvirt, Choice::ToLibvirt])?,
        Some(("QEMU", end)) => of_side(end, [Choice::FromQemu, Choice::ToQemu])?,
        Some(("host", end)) => of_side(end, [Choice::FromHost, Choice::ToHost])?,
        Some(_) => return None,
        None if input == "host" => {
            let (from, to) = value.split_once(" to ").unwrap_or((value, value));
            let with = free_value(Choice::FromHost, catalog, scenario, from).unwrap_or_else(|| scenario.clone());
            return Some(free_value(Choice::ToHost, catalog, &with, to).unwrap_or(with));
        }
        None if input == "machine type" => Choice::Machine,
        None if input == "topology" => Choice::Topology,
        None if input == "model" => Choice::Model,
        None if input.starts_with("switch removed-incoming") => Choice::Regime,
        None => return None,
    };
    // What stands after the value says how its gaps were filled.
    let value = value.split([',', ' ']).next()?;
    let is_listed = |listed: &Value| displayed_value(choice, catalog, &listed.scenario) == value;
    free_value(choice, catalog, scenario, value)
        .or_else(|| values(choice, catalog, scenario).into_iter().find(is_listed).map(|listed| listed.scenario))
}

/// Releases without an exact map are many and rarely wanted.
pub(super) fn only_in_list(choice: Choice, catalog: &Catalog, with: &Scenario) -> bool {
    let between = |release: &Release| match &release.libvirt {
        LibvirtChoice::Release(id, _) => matches!(catalog.release(*id).map, ReleaseMap::Between { .. }),
        LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => false,
    };
    (choice == Choice::FromLibvirt && between(&with.from))
        || (choice == Choice::ToLibvirt && between(&with.to))
        || (choice == Choice::Started && with.started.as_ref().is_some_and(between))
        || (choice == Choice::Via && with.via.iter().any(|stop| between(&stop.release)))
}

pub(super) fn candidates(choice: Choice, catalog: &Catalog, scenario: &Scenario) -> Vec<Scenario> {
    let each = |change: &dyn Fn(&mut Scenario)| {
        let mut with = scenario.clone();
        change(&mut with);
        with_restart(choice, scenario, with)
    };
    macro_rules! list {
        ($values:expr, |$with:ident, $value:ident| $set:expr) => {
            $values.into_iter().map(|$value| each(&|$with| $set)).collect()
        };
    }
    match choice {
        Choice::Model => list!(cpus(catalog), |with, cpu| with.cpu = cpu),
        Choice::Machine => list!(machines(catalog), |with, machine| with.machine = machine.clone()),
        Choice::Feature => list!(features(catalog, scenario), |with, feature| with.feature = feature),
        Choice::Policy => {
            let all = [
                None,
                Some(Policy::Require),
                Some(Policy::Disable),
                Some(Policy::Force),
                Some(Policy::Optional),
                Some(Policy::Forbid),
            ];
            list!(all, |with, policy| with.features.put(scenario.feature, policy))
        }
        Choice::Accel => list!(Accel::ALL.to_vec(), |with, accel| with.accel = accel),
        Choice::Topology => list!(topologies(), |with, topology| with.topology = topology),
        Choice::Check => list!(or_none(Check::ALL), |with, check| with.check = check),
        Choice::Match => list!(Match::ALL.to_vec(), |with, matching| with.matching = matching),
        Choice::Fallback => list!(Fallback::ALL.to_vec(), |with, fallback| with.fallback = fallback),
        Choice::Vendor => list!(or_none(&Vendor::ALL), |with, vendor| with.vendor = vendor),
        Choice::Pmu => list!(or_none(&[true, false]), |with, pmu| with.pmu = pmu),
        Choice::Transport => list!(Transport::ALL.to_vec(), |with, transport| with.transport = transport),
        Choice::FromLibvirt => list!(libvirts(catalog), |with, libvirt| with.from.set_libvirt(libvirt.clone())),
        Choice::ToLibvirt => list!(libvirts(catalog), |with, libvirt| with.to.set_libvirt(libvirt.clone())),
        Choice::FromQemu => list!(qemus(catalog, &scenario.from), |with, qemu| with.from.set_qemu(qemu.clone())),
        Choice::ToQemu => list!(qemus(catalog, &scenario.to), |with, qemu| with.to.set_qemu(qemu.clone())),
        Choice::FromHost => list!(hosts(catalog), |with, host| with.from_host = host.clone()),
        Choice::ToHost => list!(hosts(catalog), |with, host| with.to_host = host.clone()),
        Choice::Started => {
            let releases = releases(catalog, &scenario.from.qemu);
            list!(std::iter::once(None).chain(releases.into_iter().map(Some)), |with, release| {
                with.started.clone_from(&release);
            })
        }
        Choice::Via => {
            let releases = releases(catalog, &scenario.to.qemu);
            list!(std::iter::once(None).chain(releases.into_iter().map(Some)), |with, release| {
                with.via = release.iter().map(|release| Stop { release: release.clone(), host: None }).collect();
            })
        }
        Choice::Regime => list!(or_none(Regime::ALL), |with, regime| with.regime = regime),
    }
}

fn or_none<T: Copy>(all: &[T]) -> Vec<Option<T>> {
    std::iter::once(None).chain(all.iter().copied().map(Some)).collect()
}

fn cpus(catalog: &Catalog) -> Vec<CpuChoice> {
    let models = (0u16..)
        .zip(catalog.models().iter())
        .filter(|(_, name)| !matches!(*name, "base" | "host" | "max"))
        .map(|(number, _)| CpuChoice::Model(MaybeKnown::Is(ModelId(number))));
    let by_mode = [Mode::HostPassthrough, Mode::HostModel, Mode::Maximum].map(CpuChoice::Mode);
    models.chain(by_mode).chain([CpuChoice::Model(MaybeKnown::Unknown)]).collect()
}

fn machines(catalog: &Catalog) -> Vec<MachineChoice> {
    let all = catalog.machines_in_order().iter().map(|id| MachineChoice::Listed(*id));
    all.chain([MachineChoice::Unknown]).collect()
}

/// Features that some map has or had in the model come first.
fn features(catalog: &Catalog, scenario: &Scenario) -> Vec<FeatureId> {
    let mut near = FeatureSet::EMPTY;
    if let Some(model) = scenario.model() {
        for definition in catalog.maps().iter().filter_map(|map| map.model(model)) {
            near |= definition.data | definition.removed_set() | definition.added_set();
        }
    }
    let all = || (0u16..).zip(catalog.features().iter()).map(|(number, _)| FeatureId(number));
    all().filter(|f| near.contains(*f)).chain(all().filter(|f| !near.contains(*f))).collect()
}

fn topologies() -> Vec<MaybeKnown<Topology>> {
    let of = |sockets, dies, cores, threads| MaybeKnown::Is(Topology { sockets, dies, cores, threads });
    vec![
        of(1, 1, 1, 1),
        of(2, 1, 1, 1),
        of(1, 1, 2, 1),
        of(1, 1, 1, 2),
        of(1, 1, 2, 2),
        of(2, 1, 2, 2),
        MaybeKnown::Unknown,
    ]
}

/// Every release in order; *old* and *new* follow 9.0.0, on which they are based.
fn libvirts(catalog: &Catalog) -> Vec<LibvirtChoice> {
    let old = LibvirtChoice::Old.id(catalog);
    let mut all = Vec::new();
    for (number, release) in (0u16..).zip(catalog.libvirt_releases()) {
        all.push(LibvirtChoice::Release(LibvirtId(number), None));
        if Some(LibvirtId(number)) == old && release.provenance == Provenance::Published {
            all.extend([LibvirtChoice::Old, LibvirtChoice::New]);
        }
    }
    all.push(LibvirtChoice::Unknown);
    all
}

fn qemus(catalog: &Catalog, current: &Release) -> Vec<QemuChoice> {
    let mut versions: Vec<_> = catalog.qemu_releases().iter().map(|facts| facts.version).collect();
    if let MaybeKnown::Is(version) = current.qemu.version
        && !versions.contains(&version)
    {
        versions.push(version);
        sort(&mut versions);
    }
    let listed = versions.into_iter().map(|version| {
        let is_current = current.qemu.version == MaybeKnown::Is(version);
        QemuChoice { version: MaybeKnown::Is(version), build: current.qemu.build.clone().filter(|_| is_current) }
    });
    listed.chain([QemuChoice { version: MaybeKnown::Unknown, build: None }]).collect()
}

fn releases(catalog: &Catalog, qemu: &QemuChoice) -> Vec<Release> {
    libvirts(catalog).into_iter().map(|libvirt| Release::new(libvirt, qemu.clone())).collect()
}

fn hosts(catalog: &Catalog) -> Vec<HostChoice> {
    let listed = (0u16..).zip(catalog.hosts()).map(|(number, _)| HostChoice::Listed(HostId(number)));
    [HostChoice::Capable].into_iter().chain(listed).chain([HostChoice::Any, HostChoice::Unknown]).collect()
}
