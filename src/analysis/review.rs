//! Reviews a change of a CPU map: every model, machine type and policy for which a guest that survives a migration
//! within OLD would not survive, or not unchanged, one from OLD to NEW or from NEW to OLD.

use super::space::{end, machine_classes, map_of, models};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{ModelDefinition, ModelId};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{CpuChoice, MachineChoice, Scenario, Told};
use crate::domain::version::Version;
use crate::resolve::{OutcomeWithFeatures, Resolver, RuleId, Verdict};

named_enum! {
    /// Which way the guest goes.
    Direction {
        /// From the old map to the new one.
        OldToNew "old to new",
        /// From the new map to the old one.
        NewToOld "new to old",
    }
}

/// What is reviewed.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The map before the change.
    pub old: LibvirtId,
    /// The map after the change.
    pub new: LibvirtId,
    /// The QEMU releases to try, each at both ends; empty for every one in the facts.
    pub qemu: Vec<Version>,
}

/// A guest that fares worse than within OLD, with everything that makes no difference folded.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Which way it goes.
    pub direction: Direction,
    /// Its model.
    pub model: ModelId,
    /// What its definition says beyond the model; `None` for nothing.
    pub policy: Option<(FeatureId, Policy)>,
    /// What came of it: aborted or changed, or the start was refused.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: Option<RuleId>,
    /// Extra features where it was aborted, else gained ones.
    pub more: FeatureSet,
    /// Missing features where it was aborted, else lost ones.
    pub less: FeatureSet,
    /// The regimes of the destination under which it is so, in order.
    pub regimes: Vec<Regime>,
    /// The accelerators.
    pub accels: Vec<Accel>,
    /// The machine types, in natural order.
    pub machines: Vec<MachineId>,
    /// The QEMU releases, oldest first.
    pub qemu: Vec<Version>,
}

/// A feature that NEW no longer has in a model, and the answer to: can the problematic case happen?
#[derive(Clone, PartialEq, Debug)]
pub struct Removed {
    /// The model.
    pub model: ModelId,
    /// The feature.
    pub feature: FeatureId,
    /// Whether NEW marks it as removed.
    pub listed: bool,
    /// The machine types under which QEMU turns it on by itself, in natural order; empty: it never does, which is safe.
    pub machines: Vec<MachineId>,
    /// The QEMU releases that do, oldest first.
    pub qemu: Vec<Version>,
}

/// A review.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    /// What was reviewed.
    pub question: Question,
    /// What NEW took out of models.
    pub removed: Vec<Removed>,
    /// What is at risk; empty when nothing is.
    pub findings: Vec<Finding>,
    /// How many guests were resolved.
    pub resolved: usize,
}

impl Review {
    /// Returns whether a guest is aborted or silently changed by the change.
    pub fn at_risk(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Returns the models at risk, in the order of their names' numbers.
    pub fn models_at_risk(&self) -> Vec<ModelId> {
        let mut models: Vec<ModelId> = self.findings.iter().map(|finding| finding.model).collect();
        models.sort_unstable();
        models.dedup();
        models
    }
}

/// Reviews a change. `progress` is told after each model how many of how many are done.
pub fn review(catalog: &Catalog, question: &Question, progress: &mut dyn FnMut(usize, usize)) -> Review {
    let mut qemu = question.qemu.clone();
    if qemu.is_empty() {
        qemu = catalog.qemu_releases().iter().map(|facts| facts.version).collect();
    }
    let mut work = Work { catalog, question, resolver: Resolver::new(catalog), findings: Vec::new(), resolved: 0 };
    let [old, new] = [question.old, question.new].map(|id| map_of(catalog, id));
    let mut removed = Vec::new();
    let all = models(catalog);
    for (done, model) in all.iter().copied().enumerate() {
        let definitions = (old.model(model), new.model(model));
        if definitions.0.is_some() || definitions.1.is_some() {
            let gone = match definitions {
                (Some(old), Some(new)) => old.data - new.data,
                _ => FeatureSet::EMPTY,
            };
            for feature in old.in_order(gone) {
                let listed = definitions.1.is_some_and(|model| model.removed.contains(&feature));
                removed.push(removed_from(catalog, &qemu, (model, feature, listed)));
            }
            for version in &qemu {
                work.model(model, *version, &policies(definitions));
            }
        }
        progress(done + 1, all.len());
    }
    work.findings.sort_by_key(|found| (found.direction, found.verdict, found.model));
    Review { question: question.clone(), removed, findings: work.findings, resolved: work.resolved }
}

/// What a definition may say: nothing, and each feature that left the model or came to it unmarked, on and off.
fn policies((old, new): (Option<&ModelDefinition>, Option<&ModelDefinition>)) -> Vec<Option<(FeatureId, Policy)>> {
    let mut all = vec![None];
    if let (Some(old), Some(new)) = (old, new) {
        let differ = old.data ^ new.data;
        all.extend(differ.iter().flat_map(|f| [Some((f, Policy::Require)), Some((f, Policy::Disable))]));
    }
    all
}

fn removed_from(catalog: &Catalog, qemu: &[Version], (model, feature, listed): (ModelId, FeatureId, bool)) -> Removed {
    let mut removed = Removed { model, feature, listed, machines: Vec::new(), qemu: Vec::new() };
    for version in qemu {
        let views = catalog.qemu_views(*version);
        for machine in &catalog.qemu_defaults().machines {
            let there = views
                .iter()
                .any(|view| view.has_model(model) && view.has_machine(*machine, catalog.machine_name(*machine)));
            let on = |accel| catalog.cell(model, *machine, accel).is_some_and(|on| on.contains(feature));
            if there && (on(Accel::Kvm) || on(Accel::Tcg)) {
                note(&mut removed.machines, *machine);
                note(&mut removed.qemu, *version);
            }
        }
    }
    sort_machines(catalog, &mut removed.machines);
    removed
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn sort_machines(catalog: &Catalog, machines: &mut [MachineId]) {
    machines.sort_by_key(|machine| catalog.qemu_defaults().position(*machine));
}

struct Work<'a> {
    catalog: &'a Catalog,
    question: &'a Question,
    resolver: Resolver<'a>,
    findings: Vec<Finding>,
    resolved: usize,
}

impl Work<'_> {
    fn model(&mut self, model: ModelId, qemu: Version, policies: &[Option<(FeatureId, Policy)>]) {
        let catalog = self.catalog;
        let views = catalog.qemu_views(qemu);
        if !views.iter().any(|view| view.has_model(model)) {
            return;
        }
        for accel in Accel::ALL.iter().copied() {
            let has = |machine| views.iter().any(|view| view.has_machine(machine, catalog.machine_name(machine)));
            for class in machine_classes(catalog, model, accel, has) {
                let Some(first) = class.machines.first() else { continue };
                for policy in policies {
                    let mut guest = Scenario::default_of(catalog);
                    guest.cpu = CpuChoice::Model(Told::Is(model));
                    guest.machine = MachineChoice::Listed(*first);
                    guest.accel = accel;
                    if let Some((feature, policy)) = policy {
                        guest.features.set(*feature, *policy);
                        guest.feature = *feature;
                    }
                    self.guest(&guest, qemu, &class.machines, *policy);
                }
            }
        }
    }

    /// Sends one guest there and back under each regime that can matter, and compares with how it fares within OLD.
    fn guest(&mut self, guest: &Scenario, qemu: Version, machines: &[MachineId], policy: Option<(FeatureId, Policy)>) {
        let (old, new) = (self.question.old, self.question.new);
        let Some(model) = guest.model() else { return };
        for (direction, from, to) in [(Direction::OldToNew, old, new), (Direction::NewToOld, new, old)] {
            let matters = map_of(self.catalog, to).model(model).is_some_and(|model| !model.removed.is_empty());
            let tried: &[Option<Regime>] = if matters { &REGIMES } else { &[None] };
            for regime in tried {
                let scenario =
                    |from, to| Scenario { from: end(from, qemu), to: end(to, qemu), regime: *regime, ..guest.clone() };
                let outcome = self.resolver.brief(&scenario(from, to));
                self.resolved += 1;
                if !matches!(outcome.outcome.verdict, Verdict::Aborted | Verdict::Changed) {
                    continue;
                }
                let within = self.resolver.brief(&scenario(old, old));
                if (within.outcome.verdict, within.more, within.less)
                    == (outcome.outcome.verdict, outcome.more, outcome.less)
                {
                    continue;
                }
                let regimes = regime.map_or_else(|| Regime::ALL.to_vec(), |regime| vec![regime]);
                self.note(direction, guest, policy, outcome, (&regimes, machines, qemu));
            }
        }
    }

    fn note(
        &mut self,
        direction: Direction,
        guest: &Scenario,
        policy: Option<(FeatureId, Policy)>,
        outcome: OutcomeWithFeatures,
        (regimes, machines, qemu): (&[Regime], &[MachineId], Version),
    ) {
        let Some(model) = guest.model() else { return };
        let same = |known: &Finding| {
            known.direction == direction
                && known.model == model
                && known.policy == policy
                && known.verdict == outcome.outcome.verdict
                && (known.more, known.less) == (outcome.more, outcome.less)
                && known.regimes.iter().any(|regime| regimes.contains(regime))
        };
        let known = self.findings.iter().rposition(same);
        let known = known.unwrap_or_else(|| {
            self.findings.push(Finding {
                direction,
                model,
                policy,
                verdict: outcome.outcome.verdict,
                rule: outcome.outcome.rule,
                more: outcome.more,
                less: outcome.less,
                regimes: regimes.to_vec(),
                accels: Vec::new(),
                machines: Vec::new(),
                qemu: Vec::new(),
            });
            self.findings.len() - 1
        });
        let Some(finding) = self.findings.get_mut(known) else { return };
        note(&mut finding.accels, guest.accel);
        note(&mut finding.qemu, qemu);
        for machine in machines {
            note(&mut finding.machines, *machine);
        }
        sort_machines(self.catalog, &mut finding.machines);
    }
}

const REGIMES: [Option<Regime>; 3] = [Some(Regime::Nothing), Some(Regime::Disable), Some(Regime::Require)];
