//! Counts the verdicts of every model, machine type, state of the feature and pair of exact releases. Cases that cannot
//! differ are counted together and resolved once.

use super::space::{MachineClass, end, exact_releases, machine_classes, models};
use crate::domain::behaviour::{Behaviour, MapFacts};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::order::sort_by_key;
use crate::domain::qemu::{Accel, MachineId, ModelDefaults};
use crate::domain::scenario::{CpuChoice, MachineChoice, MaybeKnown, Scenario};
use crate::domain::version::Version;
use crate::resolve::{Case, Endpoint, Guest, Machine, Outcome, Prepared, RuleId, Started, Verdict, source};
use std::sync::Arc;

/// What the definition says about the feature: nothing, on, off.
pub const STATES: [Option<Policy>; 3] = [None, Some(Policy::Require), Some(Policy::Disable)];

/// The space: one accelerator and one QEMU at source and destination; everything else varies.
pub struct Space<'a> {
    catalog: &'a Catalog,
    accel: Accel,
    qemu: Version,
    releases: Vec<LibvirtId>,
    ends: Vec<Arc<Endpoint<'a>>>,
    behaviours: Vec<usize>,
}

/// How many scenarios came to what.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Count {
    pub scenarios: u64,
    /// How many of them were resolved; the others are equal to one of these.
    pub resolved: u64,
    /// How many came to each verdict by each rule, most first.
    pub by: Vec<(Verdict, Option<RuleId>, u64)>,
}

/// One scenario of the space: the machine type by its place among those with cells, the state by its place in
/// [`STATES`], the releases by their places in [`Space::releases`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Point {
    /// The machine type.
    pub machine: usize,
    /// What the definition says about the feature.
    pub state: usize,
    /// The source.
    pub from: usize,
    /// The destination.
    pub to: usize,
}

/// Every answer for one model.
pub struct OneModel {
    classes: Vec<Class>,
    class_of: Vec<usize>,
}

/// Machine types with the same defaults, and releases that read the model in the same way.
struct Class {
    machines: u64,
    classes_of_releases: Vec<usize>,
    sizes: Vec<u64>,
    answers: Vec<Outcome>,
}

impl<'a> Space<'a> {
    /// Returns the space of the exact releases.
    pub fn of(catalog: &'a Catalog, accel: Accel, qemu: Version) -> Self {
        let releases = exact_releases(catalog);
        let mut ends: Vec<Arc<Endpoint<'a>>> = Vec::new();
        for id in &releases {
            let mut scenario = Scenario::default_of(catalog);
            scenario.accel = accel;
            (scenario.from, scenario.to) = (end(*id, qemu), end(*id, qemu));
            ends.extend(source(catalog, &scenario));
        }
        let mut known: Vec<Behaviour> = Vec::new();
        let behaviours = ends.iter().map(|end| {
            // What decides how a CPU is decoded is nothing to a named model, the processor nothing to a guest on a host
            // that has whatever is asked for, and the words of a message nothing to a verdict.
            let none = Behaviour::default();
            let behaviour = Behaviour {
                not_copied: none.not_copied,
                partial_words: none.partial_words,
                tsx_hint: none.tsx_hint,
                map_facts: MapFacts::default(),
                decode_penalties: false,
                untranslated: FeatureSet::EMPTY,
                sorted_domcapabilities: false,
                ..end.behaviour.clone()
            };
            known.iter().position(|other| *other == behaviour).unwrap_or_else(|| {
                known.push(behaviour);
                known.len() - 1
            })
        });
        let behaviours = behaviours.collect();
        Self { catalog, accel, qemu, releases, ends, behaviours }
    }

    pub fn releases(&self) -> &[LibvirtId] {
        &self.releases
    }

    pub fn scenario(&self, model: ModelId, point: Point) -> Option<Scenario> {
        let catalog = self.catalog;
        let mut scenario = Scenario::default_of(catalog);
        scenario.cpu = CpuChoice::Model(MaybeKnown::Is(model));
        scenario.machine = MachineChoice::Listed(*catalog.qemu_defaults().machines.get(point.machine)?);
        scenario.accel = self.accel;
        scenario.from = end(*self.releases.get(point.from)?, self.qemu);
        scenario.to = end(*self.releases.get(point.to)?, self.qemu);
        if let Some(policy) = STATES.get(point.state)? {
            scenario.features.set(scenario.feature, *policy);
        }
        Some(scenario)
    }

    /// Resolves every distinct case of one model.
    pub fn model(&self, model: ModelId) -> OneModel {
        let catalog = self.catalog;
        let views = catalog.qemu_views(self.qemu);
        let has =
            |machine: MachineId| views.iter().any(|view| view.has_machine(machine, catalog.machine_name(machine)));
        let mut machines = machine_classes(catalog, model, self.accel, has);
        machines.extend(machine_classes(catalog, model, self.accel, |machine| !has(machine)));
        let mut class_of = vec![0; catalog.qemu_defaults().machines.len()];
        for (number, class) in machines.iter().enumerate() {
            for machine in &class.machines {
                if let Some(index) = catalog.position(*machine) {
                    class_of[index] = number;
                }
            }
        }
        let releases = self.release_classes(model);
        OneModel { classes: machines.iter().map(|class| self.class(model, class, &releases)).collect(), class_of }
    }

    /// Folds the releases with the same behaviour and whose maps say the same about everything this model can meet.
    fn release_classes(&self, model: ModelId) -> Vec<usize> {
        let of_map = |index: usize| self.ends.get(index).and_then(|end| essence(end, model));
        let catalog = self.catalog;
        let mut met: FeatureSet =
            catalog.qemu_defaults().of(model, self.accel).map(ModelDefaults::anywhere).unwrap_or_default();
        let names = catalog.named();
        met.extend([names.hypervisor, names.ht, names.cmp_legacy, names.pconfig, names.pdcm].into_iter().flatten());
        met.insert(catalog.default_feature());
        for (data, removed, added, _) in (0..self.ends.len()).filter_map(of_map) {
            met |= data;
            met.extend(removed.iter().copied());
            met.extend(added.iter().copied());
        }
        let mut known = Vec::new();
        let classes = self.ends.iter().zip(&self.behaviours).enumerate().map(|(index, (end, behaviour))| {
            let key = (*behaviour, end.map.known & met, of_map(index));
            known.iter().position(|other| *other == key).unwrap_or_else(|| {
                known.push(key);
                known.len() - 1
            })
        });
        classes.collect()
    }

    fn class(&self, model: ModelId, class: &MachineClass, releases: &[usize]) -> Class {
        let count = releases.iter().max().map_or(0, |most| most + 1);
        let first =
            |wanted: usize| releases.iter().position(|class| *class == wanted).map(|index| self.ends[index].clone());
        let ends: Vec<Arc<Endpoint<'a>>> = (0..count).filter_map(first).collect();
        let mut sizes = vec![0; count];
        for release in releases {
            sizes[*release] += 1;
        }
        let Some(machine) = class.machines.first() else {
            return Class { machines: 0, classes_of_releases: releases.to_vec(), sizes, answers: Vec::new() };
        };
        let case = self.case(model, *machine, ends);
        let prepared = Prepared::of(self.catalog, &case);
        let feature = self.catalog.default_feature();
        let mut answers = Vec::with_capacity(STATES.len() * count * count);
        for state in STATES {
            let mut definition = case.definition.clone();
            if let Some(policy) = state {
                definition.features.set(feature, policy);
            }
            let mut definition = definition.unordered();
            for from in 0..count {
                definition.check = case.ends[from].filled_in_check(definition.mode, self.accel);
                let Some(started) = Started::at(&prepared, from, &definition, feature) else { continue };
                // Of a guest that does not start, the destination decides the row alone, by its model.
                let mut refused: Vec<(Option<bool>, Outcome)> = Vec::new();
                for (to, end) in case.ends.iter().enumerate() {
                    let has_it = end.map.model(model).map(|model| model.data.contains(feature));
                    let known = refused.iter().find(|(known, _)| *known == has_it).map(|(_, outcome)| *outcome);
                    let Some(outcome) = known.or_else(|| Some(started.to(to)?.outcome)) else { continue };
                    if known.is_none() && outcome.verdict == Verdict::StartRefused {
                        refused.push((has_it, outcome));
                    }
                    answers.push(outcome);
                }
            }
        }
        Class { machines: class.machines.len() as u64, classes_of_releases: releases.to_vec(), sizes, answers }
    }

    fn case(&self, model: ModelId, machine: MachineId, ends: Vec<Arc<Endpoint<'a>>>) -> Case<'a> {
        let scenario = Scenario::default_of(self.catalog);
        let name = self.catalog.machine_name(machine).into();
        Case {
            guest: Guest {
                machine: Machine::upstream(name, machine),
                threads_per_package: 1,
                threads_per_die: 1,
                accel: self.accel,
                pmu: scenario.pmu,
                migratable: true,
                vendor_id: None,
                has_tsc_frequency: false,
                names_disabled: false,
                names_added: false,
                emulator: None,
            },
            definition: Definition {
                mode: Mode::Custom,
                model: Some(model),
                matching: Match::Exact,
                check: Check::None,
                fallback: Fallback::Forbid,
                vendor: None,
                features: Policies::default(),
            },
            running: None,
            started: None,
            ends,
            transport: scenario.transport,
        }
    }

    /// Counts every scenario.
    pub fn count(&self) -> Count {
        self.count_share(0, 1)
    }

    /// Counts one of `of` equal shares of the scenarios, so that shares can be counted side by side.
    pub(crate) fn count_share(&self, share: usize, of: usize) -> Count {
        let mut count = Count::default();
        for model in models(self.catalog).into_iter().skip(share).step_by(of.max(1)) {
            self.model(model).add_to(&mut count);
        }
        count.sort();
        count
    }
}

/// What the walk reads of a model's definition: data, removed, added, and whether the old partial check is asked for.
type Essence<'e> = (FeatureSet, &'e [FeatureId], &'e [FeatureId], bool);

fn essence<'e>(end: &'e Endpoint<'_>, model: ModelId) -> Option<Essence<'e>> {
    end.map.model(model).map(|model| (model.data, &*model.removed, &*model.added, model.partial_compat))
}

impl OneModel {
    /// Returns the answer at a point; `None` outside the space.
    pub fn outcome(&self, point: Point) -> Option<Outcome> {
        let class = self.classes.get(*self.class_of.get(point.machine)?)?;
        let count = class.sizes.len();
        let (from, to) = (class.classes_of_releases.get(point.from)?, class.classes_of_releases.get(point.to)?);
        class.answers.get((point.state * count + from) * count + to).copied()
    }

    fn add_to(&self, count: &mut Count) {
        for class in &self.classes {
            let releases = class.sizes.len();
            for (index, outcome) in class.answers.iter().enumerate() {
                let pairs = class.sizes[index / releases % releases] * class.sizes[index % releases];
                count.put(outcome.verdict, outcome.rule, pairs * class.machines);
            }
            count.resolved += class.answers.len() as u64;
        }
    }
}

impl Count {
    fn put(&mut self, verdict: Verdict, rule: Option<RuleId>, more: u64) {
        self.scenarios += more;
        match self.by.iter_mut().find(|(v, r, _)| (*v, *r) == (verdict, rule)) {
            Some((_, _, count)) => *count += more,
            None => self.by.push((verdict, rule, more)),
        }
    }

    fn sort(&mut self) {
        sort_by_key(&mut self.by, |(verdict, rule, count)| (std::cmp::Reverse(*count), *verdict, *rule));
    }

    /// Adds another share.
    pub fn add(&mut self, other: &Self) {
        for (verdict, rule, count) in &other.by {
            self.put(*verdict, *rule, *count);
        }
        self.resolved += other.resolved;
        self.sort();
    }
}
