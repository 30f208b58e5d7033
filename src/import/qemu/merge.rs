//! Compares the answers of a QEMU with the facts, and adds a release that they do not have.

use super::{Asked, GENERIC, has_defaults};
use crate::domain::catalog::{Parts, machine_series};
use crate::domain::dependencies::{Dependency, closed};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::names::Names;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::qemu::{
    Accel, MachineId, MachineSet, ModelDefaults, QemuFacts, QemuMachine, QemuModel, RecordedHost,
};
use crate::load::notation::Alphabet;
use std::collections::{BTreeMap, BTreeSet};

/// What came of the answers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Merged {
    /// How many defaults of models were compared, and how many are new.
    pub(crate) equal: usize,
    pub(crate) new: usize,
    /// Where the answers are not what the facts have, a line each.
    pub(crate) differences: Vec<String>,
    /// Whether the facts had the release already, so that nothing was added.
    pub(crate) known: bool,
}

/// Features of libvirt's maps: the defaults of a model name no others.
fn mapped(parts: &Parts) -> FeatureSet {
    parts.maps.iter().fold(FeatureSet::EMPTY, |all, map| all | map.known)
}

fn set<'n>(features: &Names, names: impl IntoIterator<Item = &'n String>) -> FeatureSet {
    names.into_iter().filter_map(|name| features.get(name).map(FeatureId)).collect()
}

/// Compares the answers with the facts, and adds the release where they do not have it and nothing differs.
pub(crate) fn merge(parts: &mut Parts, asked: &Asked) -> Merged {
    let mut merged = Merged::default();
    let facts = facts(parts, asked);
    compare_defaults(parts, asked, &mut merged);
    match parts.qemu.iter().find(|known| known.version == asked.version) {
        Some(known) => {
            merged.known = true;
            let lists = compare_lists(parts, known, &facts);
            merged.differences.extend(lists);
        }
        None if asked.host.is_none() && merged.new > 0 => merged.differences.push(format!(
            "{} defaults are new, and those with KVM can be asked only where KVM can be used",
            merged.new
        )),
        None if merged.differences.is_empty() => {
            add_defaults(parts, asked);
            let index = parts.qemu.partition_point(|known| known.version < asked.version);
            parts.qemu.insert(index, facts);
            order_machines(parts);
        }
        None => {}
    }
    merged
}

/// Makes the facts of a release, giving numbers to names that are new.
fn facts(parts: &mut Parts, asked: &Asked) -> QemuFacts {
    let in_maps = mapped(parts);
    let alphabet = Alphabet::of(&parts.features);
    let mut machines: Vec<QemuMachine> = Vec::new();
    for machine in &asked.machines {
        let Some(id) = parts.machines.intern(&machine.name).map(MachineId) else { continue };
        machines.push(QemuMachine {
            machine: id,
            alias: machine.alias.as_deref().map(Into::into),
            default: machine.is_default,
            deprecated: machine.deprecated,
            cpu_max: machine.cpu_max,
            default_cpu: machine.default_cpu_type.as_deref().map(Into::into),
        });
    }
    let mut models: Vec<QemuModel> = Vec::new();
    let mut generic: Vec<Box<str>> = Vec::new();
    for model in &asked.models {
        if GENERIC.contains(&model.name.as_str()) {
            generic.push(model.name.as_str().into());
            continue;
        }
        let Some(id) = parts.models.intern(&model.name).map(ModelId) else { continue };
        let alias_of = model.alias_of.as_deref().and_then(|name| parts.models.intern(name)).map(ModelId);
        let lacks: Vec<String> =
            model.unavailable_features.iter().map(|name| super::libvirt_name(name).to_owned()).collect();
        let lacks = set(&parts.features, &lacks);
        let tcg_blockers = alphabet.sort(lacks).into();
        models.push(QemuModel { model: id, deprecated: model.deprecated, alias_of, tcg_blockers });
    }
    sort_machines(&mut machines);
    sort_by_key(&mut models, |known| known.model);
    sort(&mut generic);
    let features = &parts.features;
    let rows = asked
        .dependencies
        .iter()
        .filter_map(|(parent, children)| Some((FeatureId(features.get(parent)?), set(features, children))));
    let rows: Vec<Dependency> = rows.collect();
    // The rows of the release before are shorter where they come to the same.
    let before = parts.qemu.iter().rfind(|known| known.version < asked.version && known.dependencies.is_some());
    let before = before.and_then(|known| known.dependencies.clone());
    let dependencies = before.filter(|before| closed(before) == closed(&rows)).unwrap_or_else(|| rows.clone());
    let options = format!("-M {} -accel tcg", asked.newest);
    let running = format!("QEMU {} running", asked.version);
    QemuFacts {
        version: asked.version,
        source: running.as_str().into(),
        probe_source: Some(running.into()),
        tcg_max_source: Some(format!("`max` queried on a running QEMU {} with {options}", asked.version).into()),
        asked_with: Some(options.into()),
        ran: true,
        machines,
        tcg_unsupported: Some(models.iter().flat_map(|model| model.tcg_blockers.iter().copied()).collect()),
        models,
        generic,
        properties: Some(set(features, &asked.properties)),
        dependencies: Some(dependencies),
        tcg_max: Some(set(features, &asked.tcg_max) & in_maps),
        recorded_host: asked.host.as_ref().map(|host| RecordedHost {
            base: "host".into(),
            features: set(features, &host.features) & in_maps,
            non_migratable: set(features, &host.non_migratable) & in_maps,
            props: Vec::new(),
        }),
        ..QemuFacts::default()
    }
}

fn compare_defaults(parts: &Parts, asked: &Asked, merged: &mut Merged) {
    let in_maps = mapped(parts);
    for answer in &asked.defaults {
        let position = parts.machines.get(&answer.machine).and_then(|id| parts.qemu_defaults.position(MachineId(id)));
        let model = parts.models.get(&answer.model).map(ModelId);
        let known = model.and_then(|model| parts.qemu_defaults.of(model, answer.accel));
        let (Some(position), Some(known)) = (position, known) else {
            merged.new += 1;
            continue;
        };
        let (known, found) = (known.on(position), set(&parts.features, &answer.on) & in_maps);
        if known == found {
            merged.equal += 1;
        } else {
            let what = format!("{} under {} with {}", answer.model, answer.machine, answer.accel.name());
            merged.differences.push(difference(&parts.features, &what, known, found));
        }
    }
}

fn difference(features: &Names, what: &str, known: FeatureSet, found: FeatureSet) -> String {
    let names = |set: FeatureSet| set.iter().map(|f| features.name(f.0).to_owned()).collect::<Vec<_>>().join(" ");
    format!("{what}: more than the facts have: {}; less: {}", names(found - known), names(known - found))
}

fn compare_lists(parts: &Parts, known: &QemuFacts, found: &QemuFacts) -> Vec<String> {
    let mut lines = Vec::new();
    let machine = |machine: &QemuMachine| format!("{}: {machine:?}", parts.machines.name(machine.machine.0));
    let listed = |all: &[QemuMachine]| all.iter().map(machine).collect::<BTreeSet<_>>();
    lines.extend(only_in_one("machine type", &listed(&known.machines), &listed(&found.machines)));
    let model = |model: &QemuModel| format!("{}: {model:?}", parts.models.name(model.model.0));
    let listed = |all: &[QemuModel]| all.iter().map(model).collect::<BTreeSet<_>>();
    lines.extend(only_in_one("model", &listed(&known.models), &listed(&found.models)));
    let kvm = parts.features.get("kvm").map(FeatureId).into_iter().collect();
    for (what, known, found) in [
        ("properties", known.properties, found.properties),
        ("features that TCG lacks", known.tcg_unsupported, found.tcg_unsupported),
        ("features of max with TCG", known.tcg_max, found.tcg_max),
    ] {
        // `kvm` is a property of every CPU and no feature.
        if let (Some(known), Some(found)) = (known.map(|known| known - kvm), found)
            && known != found
        {
            lines.push(difference(&parts.features, what, known, found));
        }
    }
    let rows = |facts: &QemuFacts| -> BTreeMap<FeatureId, FeatureSet> {
        closed(facts.dependencies.as_deref().unwrap_or_default()).into_iter().collect()
    };
    let (known_rows, found_rows) = (rows(known), rows(found));
    let is_known = |parent: &&FeatureId| !known.dependencies_partial || known_rows.contains_key(*parent);
    for parent in known_rows.keys().chain(found_rows.keys()).filter(is_known).collect::<BTreeSet<_>>() {
        let of = |rows: &BTreeMap<FeatureId, FeatureSet>| rows.get(parent).copied().unwrap_or_default();
        if of(&known_rows) != of(&found_rows) {
            let what = format!("dependents of {}", parts.features.name(parent.0));
            lines.push(difference(&parts.features, &what, of(&known_rows), of(&found_rows)));
        }
    }
    lines
}

fn only_in_one(what: &str, known: &BTreeSet<String>, found: &BTreeSet<String>) -> Vec<String> {
    let facts = known.difference(found).map(|line| format!("{what} only in the facts: {line}"));
    let answers = found.difference(known).map(|line| format!("{what} only in the answers: {line}"));
    facts.chain(answers).collect()
}

/// Adds what models enable under machine types that the facts do not have, and what new models enable. Of a model that
/// this QEMU no longer has, nothing is known there: it is taken to be as under the newest machine type of before.
fn add_defaults(parts: &mut Parts, asked: &Asked) {
    let in_maps = mapped(parts);
    let old = parts.qemu_defaults.machines.len();
    for machine in asked.machines.iter().filter(|machine| has_defaults(&machine.name)) {
        let id = parts.machines.get(&machine.name).map(MachineId);
        if let Some(id) = id.filter(|id| parts.qemu_defaults.position(*id).is_none()) {
            parts.qemu_defaults.machines.push(id);
        }
    }
    let positions = parts.qemu_defaults.machines.len();
    let mut answers: BTreeMap<(u16, bool, usize), FeatureSet> = BTreeMap::new();
    for answer in &asked.defaults {
        let position = parts.machines.get(&answer.machine).and_then(|id| parts.qemu_defaults.position(MachineId(id)));
        if let (Some(position), Some(model)) = (position, parts.models.get(&answer.model)) {
            let on = set(&parts.features, &answer.on) & in_maps;
            answers.insert((model, answer.accel == Accel::Kvm, position), on);
        }
    }
    parts.qemu_defaults.models.resize(parts.models.len(), None);
    for (number, known) in (0u16..).zip(&mut parts.qemu_defaults.models) {
        let half = |kvm: bool, known: Option<&ModelDefaults>| -> Option<ModelDefaults> {
            let asked: Vec<Option<FeatureSet>> =
                (0..positions).map(|position| answers.get(&(number, kvm, position)).copied()).collect();
            let first = asked.iter().flatten().next().copied();
            let mut last = known.map(|known| known.on(old.saturating_sub(1))).or(first)?;
            let sets = asked.into_iter().enumerate().map(|(position, asked)| {
                let before = known.filter(|_| position < old).map(|known| known.on(position));
                last = before.or(asked).unwrap_or(last);
                last
            });
            Some(defaults_of(&sets.collect::<Vec<_>>()))
        };
        let (of_kvm, of_tcg) = known.as_ref().map(|(kvm, tcg)| (kvm, tcg)).unzip();
        *known = half(true, of_kvm).zip(half(false, of_tcg));
    }
}

/// Puts the features of each machine type, by position, into the form of the facts.
fn defaults_of(sets: &[FeatureSet]) -> ModelDefaults {
    let always = sets.iter().copied().reduce(|all, set| all & set).unwrap_or_default();
    let sometimes = sets.iter().fold(FeatureSet::EMPTY, |all, set| all | *set) - always;
    let under = |feature: FeatureId| {
        let mut machines = MachineSet::default();
        let with = sets.iter().enumerate().filter(|(_, set)| set.contains(feature));
        with.for_each(|(position, _)| machines.insert(position));
        (feature, machines)
    };
    ModelDefaults { always, only_on: sometimes.iter().map(under).collect() }
}

fn sort_machines(machines: &mut [QemuMachine]) {
    sort_by_key(machines, |known| known.machine);
}

/// Puts the machine types in their natural order again, in which they stand in the file; those of distributions, which
/// have a file of their own, stay behind them.
fn order_machines(parts: &mut Parts) {
    let mut order: Vec<(u16, String)> = (0u16..).zip(parts.machines.iter().map(str::to_owned)).collect();
    let of_distributions = &parts.downstream.machines;
    let position = |id: u16| of_distributions.iter().position(|known| known.machine.0 == id);
    order.sort_by_cached_key(|(id, name)| {
        let (family, version) = machine_series(name).unzip();
        (position(*id), family.map(str::to_owned), version, name.clone())
    });
    let mut names = Names::default();
    let mut new_ids = vec![MachineId(0); order.len()];
    for (old, name) in &order {
        if let (Some(index), Some(id)) = (new_ids.get_mut(usize::from(*old)), names.intern(name)) {
            *index = MachineId(id);
        }
    }
    let moved = |id: MachineId| new_ids.get(usize::from(id.0)).copied().unwrap_or(id);
    for release in &mut parts.qemu {
        release.machines.iter_mut().for_each(|known| known.machine = moved(known.machine));
        sort_machines(&mut release.machines);
        release.not_recorded.iter_mut().for_each(|machine| *machine = moved(*machine));
        sort(&mut release.not_recorded);
    }
    for known in &mut parts.downstream.machines {
        known.machine = moved(known.machine);
        known.like.iter_mut().for_each(|(_, base)| *base = moved(*base));
    }
    let defaults = &mut parts.qemu_defaults;
    let mut positions: Vec<(MachineId, usize)> =
        defaults.machines.iter().enumerate().map(|(position, machine)| (moved(*machine), position)).collect();
    sort(&mut positions);
    for (kvm, tcg) in defaults.models.iter_mut().flatten() {
        for (_, machines) in kvm.only_on.iter_mut().chain(&mut tcg.only_on) {
            let old = *machines;
            *machines = MachineSet::default();
            let kept = positions.iter().enumerate().filter(|(_, (_, position))| old.contains(*position));
            kept.for_each(|(position, _)| machines.insert(position));
        }
    }
    defaults.machines = positions.into_iter().map(|(machine, _)| machine).collect();
    parts.machines = names;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(features: &[u16]) -> FeatureSet {
        features.iter().map(|feature| FeatureId(*feature)).collect()
    }

    #[test]
    fn what_differs_between_machine_types_is_kept_apart() {
        let sets = [set(&[1, 2]), set(&[1, 3]), set(&[1, 2, 3])];
        let defaults = defaults_of(&sets);
        assert_eq!(defaults.always, set(&[1]));
        for (position, on) in sets.iter().enumerate() {
            assert_eq!(defaults.on(position), *on);
        }
    }

    #[test]
    fn a_new_machine_type_gets_its_natural_place() {
        let mut parts = Parts::default();
        for name in ["pc-i440fx-9.2", "pc-q35-9.2", "pc-i440fx-10.0", "none"] {
            parts.machines.intern(name);
        }
        let cells = |on: &[FeatureSet]| Some((defaults_of(on), defaults_of(on)));
        parts.qemu_defaults.machines = vec![MachineId(0), MachineId(1), MachineId(2)];
        parts.qemu_defaults.models = vec![cells(&[set(&[1]), set(&[2]), set(&[3])])];
        order_machines(&mut parts);
        let names: Vec<&str> = parts.machines.iter().collect();
        assert_eq!(names, ["none", "pc-i440fx-9.2", "pc-i440fx-10.0", "pc-q35-9.2"]);
        let on = |name: &str| {
            let id = MachineId(parts.machines.get(name).unwrap());
            parts.qemu_defaults.models[0].as_ref().unwrap().0.on(parts.qemu_defaults.position(id).unwrap())
        };
        assert_eq!(["pc-i440fx-9.2", "pc-q35-9.2", "pc-i440fx-10.0"].map(on), [set(&[1]), set(&[2]), set(&[3])]);
    }
}
