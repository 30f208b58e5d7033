//! Resolves each guest of a review in every direction, and compares its outcome with the one within OLD.

use super::{Direction, Finding, Who};
use crate::analysis::space::{machine_classes, map_of};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Mode, Policy};
use crate::domain::feature::FeatureId;
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{
    CpuChoice, HostChoice, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario,
};
use crate::domain::version::Version;
use crate::resolve::{OutcomeWithFeatures, Resolver, RuleId, Verdict};
use foldhash::{HashMap, HashSet};
use std::collections::BTreeSet;

pub(super) fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// What makes two outcomes the same finding.
type FindingKey = (Direction, Who, OutcomeWithFeatures, Option<Regime>);

/// The guests that were tried, and what came of them.
pub(super) struct Work<'a> {
    pub(super) catalog: &'a Catalog,
    ends: [LibvirtId; 2],
    resolver: Resolver<'a>,
    pub(super) findings: Vec<Finding>,
    index: HashMap<FindingKey, usize>,
    pub(super) better: Vec<ModelId>,
    pub(super) no_return: HashSet<Who>,
    pub(super) undecided: usize,
    /// The unknown inputs on which these depend.
    pub(super) undecided_by: BTreeSet<String>,
    undecided_guests: HashSet<Who>,
    pub(super) resolved: usize,
}

impl<'a> Work<'a> {
    pub(super) fn between(catalog: &'a Catalog, ends: [LibvirtId; 2]) -> Self {
        Self {
            catalog,
            ends,
            resolver: Resolver::new(catalog),
            findings: Vec::new(),
            index: HashMap::default(),
            better: Vec::new(),
            no_return: HashSet::default(),
            undecided: 0,
            undecided_by: BTreeSet::new(),
            undecided_guests: HashSet::default(),
            resolved: 0,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "an iterator, which is small")]
    pub(super) fn model<'d>(
        &mut self,
        model: ModelId,
        qemu: Version,
        definitions: impl Iterator<Item = &'d Vec<(FeatureId, Policy)>> + Clone,
    ) {
        let catalog = self.catalog;
        let views = catalog.qemu_views(qemu);
        if !views.iter().any(|view| view.has_model(model)) {
            return;
        }
        let has = |machine| views.iter().any(|view| view.has_machine(machine, catalog.machine_name(machine)));
        for accel in Accel::ALL.iter().copied() {
            for class in machine_classes(catalog, model, accel, has) {
                let Some(first) = class.machines.first() else { continue };
                for named in definitions.clone() {
                    let guest = guest_of(catalog, model, (*first, accel), named);
                    self.guest(&guest, &Who::Model(model, named.clone()), &own(qemu), &class.machines);
                }
            }
        }
    }

    /// host-model on every listed host, with the oldest and the newest machine type of this QEMU.
    pub(super) fn host_models(&mut self, qemu: Version) {
        let catalog = self.catalog;
        let views = catalog.qemu_views(qemu);
        let is_there = |machine: &&MachineId| {
            let name = catalog.machine_name(**machine);
            name.starts_with("pc-q35") && views.iter().any(|view| view.has_machine(**machine, name))
        };
        let machines: Vec<MachineId> = catalog.qemu_defaults().machines.iter().filter(is_there).copied().collect();
        let [Some(oldest), Some(newest)] = [machines.first(), machines.last()] else { return };
        for (id, _) in (0u16..).map(HostId).zip(catalog.hosts()) {
            for machine in [oldest, newest] {
                let mut guest = Scenario::default_of(catalog);
                guest.cpu = CpuChoice::Mode(Mode::HostModel);
                (guest.from_host, guest.to_host) = (HostChoice::Listed(id), HostChoice::Listed(id));
                guest.machine = MachineChoice::Listed(*machine);
                self.guest(&guest, &Who::HostModel(id), &own(qemu), &[*machine]);
            }
        }
    }

    /// Resolves one guest in each direction under each regime that can matter, and compares with its outcome within OLD.
    pub(super) fn guest(&mut self, guest: &Scenario, who: &Who, qemu: &QemuChoice, machines: &[MachineId]) {
        let [old, new] = self.ends;
        let mut within: [Option<OutcomeWithFeatures>; 4] = [None; 4];
        let directions =
            [(Direction::OldToNew, old, new), (Direction::NewToOld, new, old), (Direction::WithinNew, new, new)];
        for (direction, from, to) in directions {
            let map = map_of(self.catalog, to);
            let matters = match guest.model() {
                Some(model) => map.model(model).is_some_and(|model| !model.removed.is_empty()),
                None => map.models.iter().flatten().any(|model| !model.removed.is_empty()),
            };
            for (slot, regime) in if matters { REGIMES.as_slice() } else { &[None] }.iter().enumerate() {
                let end = |map| Release::new(LibvirtChoice::Release(map, None), qemu.clone());
                let scenario = |from, to| Scenario { from: end(from), to: end(to), regime: *regime, ..guest.clone() };
                let slot = if regime.is_none() { REGIMES.len() } else { slot };
                let before = within.get(slot).copied().flatten().unwrap_or_else(|| {
                    self.resolved += 1;
                    self.resolver.brief(&scenario(old, old))
                });
                if let Some(known) = within.get_mut(slot) {
                    *known = Some(before);
                }
                // Such a guest is not there to be migrated.
                if before.outcome.verdict == Verdict::StartRefused {
                    return;
                }
                let after = self.resolver.brief(&scenario(from, to));
                self.resolved += 1;
                // That NEW refuses the start is one finding, and not one for each destination.
                if after.outcome.verdict == Verdict::StartRefused && direction == Direction::NewToOld {
                    continue;
                }
                match compared(&before, &after) {
                    Compared::Same => {}
                    Compared::Undecided => self.note_undecided(who, &scenario(from, to)),
                    Compared::Better => {
                        if direction != Direction::NewToOld {
                            self.better.extend(guest.model());
                        }
                    }
                    Compared::Worse if self.is_new_to_old(direction, &after, &scenario(from, to)) => {
                        self.no_return.insert(who.clone());
                    }
                    Compared::Worse => self.note((direction, who.clone(), after, *regime), guest.accel, machines, qemu),
                }
            }
        }
    }

    /// Counts a guest without a decision. The first one of each definition or host says on what it depends.
    fn note_undecided(&mut self, who: &Who, scenario: &Scenario) {
        self.undecided += 1;
        if self.undecided_guests.insert(who.clone()) {
            let inputs = self.resolver.resolve(scenario).depends_on.into_iter().map(|unknown| unknown.input);
            self.undecided_by.extend(inputs);
        }
    }

    /// Whether the guest is refused by OLD only because it has a feature that only NEW defines: no guest of OLD has it.
    fn is_new_to_old(&mut self, direction: Direction, after: &OutcomeWithFeatures, scenario: &Scenario) -> bool {
        let is_unknown = |rule| matches!(rule, Some(RuleId::UnknownFeature | RuleId::UnknownModel));
        if direction != Direction::NewToOld {
            return false;
        }
        // Without a rule the cases of an unknown input differ, also where all are aborted.
        if after.outcome.rule.is_some() {
            return is_unknown(after.outcome.rule);
        }
        let answer = self.resolver.resolve(scenario);
        let mut possible = answer.depends_on.iter().flat_map(|input| &input.answers).peekable();
        possible.peek().is_some() && possible.all(|one| one.verdict == Verdict::Unchanged || is_unknown(one.rule))
    }

    fn note(&mut self, key: FindingKey, accel: Accel, machines: &[MachineId], qemu: &QemuChoice) {
        let found = *self.index.entry(key).or_insert_with_key(|(direction, who, after, regime)| {
            self.findings.push(Finding {
                direction: *direction,
                who: who.clone(),
                verdict: after.outcome.verdict,
                rule: after.outcome.rule,
                more: after.more,
                less: after.less,
                regimes: regime.map_or_else(|| Regime::ALL.to_vec(), |regime| vec![regime]),
                accels: Vec::new(),
                machines: Vec::new(),
                qemu: Vec::new(),
            });
            self.findings.len() - 1
        });
        let Some(finding) = self.findings.get_mut(found) else { return };
        note(&mut finding.accels, accel);
        qemu.version.known().into_iter().for_each(|version| note(&mut finding.qemu, version));
        for machine in machines {
            note(&mut finding.machines, *machine);
        }
    }
}

/// Upstream's QEMU.
fn own(version: Version) -> QemuChoice {
    QemuChoice { version: MaybeKnown::Is(version), build: None }
}

/// A guest of a model that names these features.
pub(super) fn guest_of(
    catalog: &Catalog,
    model: ModelId,
    (machine, accel): (MachineId, Accel),
    named: &[(FeatureId, Policy)],
) -> Scenario {
    let mut guest = Scenario::default_of(catalog);
    guest.cpu = CpuChoice::Model(MaybeKnown::Is(model));
    guest.machine = MachineChoice::Listed(machine);
    guest.accel = accel;
    for (feature, policy) in named {
        guest.features.set(*feature, *policy);
        guest.feature = *feature;
    }
    guest
}

/// How an outcome compares with the one within OLD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Compared {
    Same,
    Better,
    Worse,
    /// Neither is known.
    Undecided,
}

fn compared(before: &OutcomeWithFeatures, after: &OutcomeWithFeatures) -> Compared {
    let harm = |outcome: &OutcomeWithFeatures| match outcome.outcome.verdict {
        Verdict::Unchanged | Verdict::Never => 0,
        Verdict::Depends => 1,
        Verdict::Changed => 2,
        Verdict::Aborted => 3,
        Verdict::StartRefused => 4,
    };
    match (harm(before), harm(after)) {
        (1, 1) => Compared::Undecided,
        (before, after) if before < after => Compared::Worse,
        (before, after) if before > after => Compared::Better,
        _ if after.more.is_subset(&before.more) && after.less.is_subset(&before.less) => Compared::Same,
        _ => Compared::Worse,
    }
}

const REGIMES: [Option<Regime>; 3] = [Some(Regime::Nothing), Some(Regime::Disable), Some(Regime::Require)];
