//! Finds the best CPU that all of some hosts can give now: a model and features that stay valid on the named releases,
//! what each host gives up for it, and whether a guest with it really moves between any two of the hosts.

use super::space::{map_of, models};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{HostId, Vendor};
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::{Accel, MachineId, is_versioned};
use crate::domain::scenario::{CpuChoice, HostChoice, MachineChoice, QemuChoice, Release, Scenario, Told};
use crate::resolve::{Outcome, Resolver, Verdict};

/// How often what still differs is switched off and everything resolved again.
const MOST_ROUNDS: usize = 4;

/// What all hosts can give.
#[derive(Clone, PartialEq, Debug)]
pub struct Baseline {
    /// The best model.
    pub model: ModelId,
    /// Its features that some host cannot give, to be disabled.
    pub disabled: Vec<FeatureId>,
    /// Features beyond the model that every host gives, to be required.
    pub required: Vec<FeatureId>,
    /// Everything a guest gets, as far as the releases name it.
    pub given: FeatureSet,
    /// For each host, in the order in which they were named, what it has and does not give.
    pub costs: Vec<(HostId, Vec<FeatureId>)>,
    /// Every pair of hosts and releases that was resolved and does not come out unchanged; empty: it holds everywhere.
    pub broken: Vec<Broken>,
    /// How many pairs were resolved.
    pub resolved: usize,
    /// The definition as a scenario, between the first and the last release.
    pub scenario: Scenario,
}

/// A pair for which the definition does not hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// The scenario.
    pub scenario: Scenario,
    /// What came of it.
    pub outcome: Outcome,
}

/// Returns the baseline of these hosts, valid on these releases. `None` when there is no host or no release, or no
/// model that every release has and every host can give.
pub fn baseline(catalog: &Catalog, hosts: &[HostId], on: &[Release]) -> Option<Baseline> {
    let first = catalog.host(*hosts.first()?);
    let common = hosts.iter().fold(first.features, |common, host| common & catalog.host(*host).features);
    let one_vendor = hosts.iter().all(|host| catalog.host(*host).vendor == first.vendor).then_some(first.vendor);
    let maps: Vec<_> =
        on.iter().filter_map(|release| release.libvirt.id(catalog)).map(|id| map_of(catalog, id)).collect();
    let known = maps.iter().fold(FeatureSet::ALL, |known, map| known & map.known);
    let usable = usable(catalog, common & known, on);
    let fitting = |model: &ModelId| fits(catalog, *model, one_vendor, on);
    let data =
        |model: ModelId| maps.iter().filter_map(|map| map.model(model)).fold(FeatureSet::EMPTY, |all, m| all | m.data);
    // The fewest features to name beside it, then the fewest of them to switch off, then a name without a version.
    let model = models(catalog).into_iter().filter(fitting).min_by_key(|model| {
        let data = data(*model);
        let versioned = is_versioned(catalog.model_name(*model));
        ((data ^ usable).len(), (data - usable).len(), versioned)
    })?;
    let newest = maps.last()?;
    let machine = newest_shared_machine(catalog, on)?;
    // QEMU's model may bring more than the maps': what some host lacks would come and go with the host.
    let brought = catalog.cell(model, machine, Accel::Kvm).unwrap_or_default() & known;
    let always: FeatureSet = catalog.named().hypervisor.into_iter().collect();
    let disabled = newest.in_order((data(model) - usable) | (brought - common - always));
    let shared = maps.iter().filter_map(|map| map.model(model)).fold(FeatureSet::ALL, |all, m| all & m.data);
    let required = newest.in_order(usable - shared);
    let scenario = definition(catalog, model, machine, (&required, &disabled), on)?;
    let mut found = Baseline {
        model,
        disabled,
        required,
        given: usable,
        costs: Vec::new(),
        broken: Vec::new(),
        resolved: 0,
        scenario,
    };
    for _ in 0..MOST_ROUNDS {
        let differ = verify(catalog, &mut found, hosts, on) & known;
        if differ.is_empty() {
            break;
        }
        for feature in newest.in_order(differ) {
            found.scenario.features.set(feature, Policy::Disable);
            found.given.remove(feature);
        }
        found.required.retain(|feature| !differ.contains(*feature));
        found.disabled = newest.in_order(found.scenario.features.sets().off());
    }
    found.costs = costs(catalog, hosts, newest, found.given);
    Some(found)
}

fn costs(catalog: &Catalog, hosts: &[HostId], newest: &CpuMap, given: FeatureSet) -> Vec<(HostId, Vec<FeatureId>)> {
    let always: FeatureSet = catalog.named().hypervisor.into_iter().collect();
    let of = |host: HostId| newest.in_order((catalog.host(host).features & newest.known) - given - always);
    hosts.iter().map(|host| (*host, of(*host))).collect()
}

/// What every QEMU of the releases takes by name, and what may migrate; not what is only reported, nor what KVM's
/// nesting brings, which depends on the machine.
fn usable(catalog: &Catalog, common: FeatureSet, on: &[Release]) -> FeatureSet {
    let names = catalog.named();
    let mut usable = common - names.vmx_children;
    for release in on {
        let Told::Is(version) = release.qemu.version else { continue };
        for view in catalog.qemu_views(version) {
            usable &= view.properties;
        }
    }
    for feature in
        [names.ht, names.cmp_legacy, names.pdcm, names.vmx, names.svm, names.hypervisor].into_iter().flatten()
    {
        usable.remove(feature);
    }
    if let Some(map) = catalog.newest_map() {
        for (feature, definition) in map.order.iter().zip(&map.features) {
            if !definition.migratable {
                usable.remove(*feature);
            }
        }
    }
    usable
}

fn fits(catalog: &Catalog, model: ModelId, vendor: Option<Vendor>, on: &[Release]) -> bool {
    let of_vendor = match (catalog.vendor(model), vendor) {
        (Some(own), Some(vendor)) => {
            own == vendor || catalog.newest_map().is_some_and(|map| map.vendor_of(model).is_none())
        }
        (Some(_), None) => catalog.newest_map().is_some_and(|map| map.vendor_of(model).is_none()),
        (None, _) => true,
    };
    of_vendor
        && on.iter().all(|release| {
            let in_map = release.libvirt.id(catalog).is_some_and(|id| map_of(catalog, id).model(model).is_some());
            let in_qemu = match release.qemu.version {
                Told::Is(version) => catalog.qemu_views(version).iter().all(|view| view.has_model(model)),
                Told::Unknown => false,
            };
            in_map && in_qemu
        })
}

fn definition(
    catalog: &Catalog,
    model: ModelId,
    machine: MachineId,
    (required, disabled): (&[FeatureId], &[FeatureId]),
    on: &[Release],
) -> Option<Scenario> {
    let mut scenario = Scenario::default_of(catalog);
    scenario.cpu = CpuChoice::Model(Told::Is(model));
    for feature in required {
        scenario.features.set(*feature, Policy::Require);
    }
    for feature in disabled {
        scenario.features.set(*feature, Policy::Disable);
    }
    scenario.machine = MachineChoice::Listed(machine);
    (scenario.from, scenario.to) = (on.first()?.clone(), on.last()?.clone());
    Some(scenario)
}

fn newest_shared_machine(catalog: &Catalog, on: &[Release]) -> Option<MachineId> {
    let everywhere = |machine: &&MachineId| {
        let name = catalog.machine_name(**machine);
        name.starts_with("pc-q35")
            && on.iter().all(|release| match release.qemu {
                QemuChoice { version: Told::Is(version), .. } => {
                    catalog.qemu_views(version).iter().all(|view| view.has_machine(**machine, name))
                }
                QemuChoice { version: Told::Unknown, .. } => false,
            })
    };
    catalog.qemu_defaults().machines.iter().rev().find(everywhere).copied()
}

/// Resolves every pair. Returns what came and went between those that are not unchanged.
fn verify(catalog: &Catalog, found: &mut Baseline, hosts: &[HostId], on: &[Release]) -> FeatureSet {
    let mut resolver = Resolver::new(catalog);
    let mut differ = FeatureSet::EMPTY;
    found.broken.clear();
    found.resolved = 0;
    for (from_host, to_host) in hosts.iter().flat_map(|a| hosts.iter().map(move |b| (*a, *b))) {
        for (from, to) in on.iter().flat_map(|a| on.iter().map(move |b| (a, b))) {
            let scenario = Scenario {
                accel: Accel::Kvm,
                from_host: HostChoice::Listed(from_host),
                to_host: HostChoice::Listed(to_host),
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
