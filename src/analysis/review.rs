//! Reviews a change of a CPU map: which guests that survive a migration within the old map do not survive one from the
//! old map to the new one, back, or within the new one. libvirt and QEMU are the same everywhere; only the map differs.

use super::space::{is_published, machine_classes, map_of, models, releases};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Mode, Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::HostId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{
    CpuChoice, HostChoice, LibvirtChoice, MachineChoice, QemuChoice, Release, Scenario, Told,
};
use crate::domain::version::Version;
use crate::resolve::{OutcomeWithFeatures, Resolver, RuleId, Verdict};
use foldhash::{HashMap, HashSet};

mod changes;
mod definitions;
mod distributions;
mod risks;

pub use changes::{Change, Changes, Mark, What};
pub use risks::{Mentions, Risk};

use changes::removed_from;
use definitions::Definitions;

named_enum! {
    /// Which way the guest goes.
    Direction {
        /// From the old map to the new one.
        OldToNew "old to new",
        /// From the new map to the old one.
        NewToOld "new to old",
        /// Between two hosts that have the new map, or a start there.
        WithinNew "within new",
    }
}

/// What is reviewed.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The map before the change.
    pub old: LibvirtId,
    /// The map after the change.
    pub new: LibvirtId,
    /// The release as which libvirt behaves with either map; `None` for the newest.
    pub like: Option<LibvirtId>,
    /// The QEMU releases to try, the same at source and destination; empty for every one that this libvirt accepts.
    pub qemu: Vec<Version>,
    /// Whether the machine types of distributions are tried too, each on the QEMU of its distribution.
    pub distributions: bool,
}

/// The guest of a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Who {
    /// A named model, and the features that the definition names.
    Model(ModelId, Vec<(FeatureId, Policy)>),
    /// host-model on a recorded host.
    HostModel(HostId),
}

/// A guest that has a worse outcome than within OLD, with everything that makes no difference folded.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Which way it goes.
    pub direction: Direction,
    /// The guest.
    pub who: Who,
    /// The outcome: aborted or changed; the start refused; or not decided, although it is within OLD.
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

impl Finding {
    /// Returns the model that the definition names.
    pub(crate) fn model(&self) -> Option<ModelId> {
        match &self.who {
            Who::Model(model, _) => Some(*model),
            Who::HostModel(_) => None,
        }
    }

    /// Returns whether it is one under this regime.
    pub(crate) fn is_under(&self, regime: Regime) -> bool {
        self.regimes.contains(&regime)
    }
}

/// A feature that NEW no longer has in a model, and where QEMU enables it by itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Removed {
    /// The model.
    pub model: ModelId,
    /// The feature.
    pub feature: FeatureId,
    /// Whether NEW marks it as removed.
    pub listed: bool,
    /// The accelerators under which QEMU enables it.
    pub accels: Vec<Accel>,
    /// The machine types under which QEMU enables it, in natural order; empty: no tried QEMU does.
    pub machines: Vec<MachineId>,
    /// The QEMU releases that do, oldest first.
    pub qemu: Vec<Version>,
}

/// A review.
#[derive(Clone, PartialEq, Debug)]
pub struct Review {
    /// What was reviewed.
    pub question: Question,
    /// The release as which libvirt behaves.
    pub like: LibvirtId,
    /// What that release does with removed features on incoming.
    pub regime: Regime,
    /// The QEMU releases that were tried, oldest first.
    pub qemu: Vec<Version>,
    /// Whether the maps are equal.
    pub is_same: bool,
    /// What NEW took out of models.
    pub removed: Vec<Removed>,
    /// What is worse than within OLD, under any regime.
    pub findings: Vec<Finding>,
    /// Models with a guest that is aborted or changed within OLD, and arrives unchanged within NEW or from OLD to NEW.
    pub better: Vec<ModelId>,
    /// Guests that cannot go back to OLD, which does not know a new feature or a new model that they have.
    pub no_return: Vec<Who>,
    /// How many guests could not be decided within OLD, nor after the change.
    pub undecided: usize,
    /// Models of which only some of the features that differ were enabled and disabled one by one.
    pub sampled: Vec<ModelId>,
    /// What the map itself says differently.
    pub changes: Changes,
    /// How many guests were resolved.
    pub resolved: usize,
}

impl Review {
    /// Returns whether something is worse under the regime that is meant.
    pub fn at_risk(&self) -> bool {
        self.findings.iter().any(|finding| finding.is_under(self.regime))
    }

    /// Returns the models at risk under a regime, in the order of their names' numbers.
    pub fn models_at_risk(&self, regime: Regime) -> Vec<ModelId> {
        let under = self.findings.iter().filter(|finding| finding.is_under(regime));
        let mut models: Vec<ModelId> = under.filter_map(Finding::model).collect();
        models.sort_unstable();
        models.dedup();
        models
    }
}

/// Returns the release as which a map is reviewed if none is named: the newest.
pub(crate) fn newest(catalog: &Catalog) -> Option<LibvirtId> {
    releases(catalog).filter(|id| is_published(catalog, *id)).last()
}

/// Returns the oldest QEMU that a release accepts.
pub fn oldest_qemu(catalog: &Catalog, release: LibvirtId) -> Version {
    catalog.behaviour(catalog.release(release).version).0.minimum_qemu
}

/// Reviews a change. `progress` is told after each model how many of how many are done.
pub fn review(catalog: &Catalog, question: &Question, progress: &mut dyn FnMut(usize, usize)) -> Review {
    let like = question.like.or_else(|| newest(catalog)).unwrap_or(question.new);
    let version = catalog.release(like).version;
    let oldest = oldest_qemu(catalog, like);
    let mut qemu = question.qemu.clone();
    if qemu.is_empty() {
        qemu = catalog.qemu_releases().iter().map(|facts| facts.version).filter(|qemu| *qemu >= oldest).collect();
    }
    let mut alike = catalog.clone();
    let [from, to] = [question.old, question.new].map(|id| alike.behaving_as(id, version));
    let catalog = &alike;
    let [old, new] = [from, to].map(|id| map_of(catalog, id));
    let mut work = Work {
        catalog,
        ends: [from, to],
        resolver: Resolver::new(catalog),
        findings: Vec::new(),
        index: HashMap::default(),
        better: Vec::new(),
        no_return: HashSet::default(),
        undecided: 0,
        resolved: 0,
    };
    let definitions = Definitions::of(catalog, old, new);
    let (mut removed, mut sampled) = (Vec::new(), Vec::new());
    let all = models(catalog);
    let steps = all.len() + qemu.len();
    for (done, model) in all.iter().copied().enumerate() {
        if let (Some(before), Some(after)) = (old.model(model), new.model(model)) {
            for feature in old.in_order(before.data - after.data) {
                removed.push(removed_from(catalog, &qemu, (model, feature, after.removed.contains(&feature))));
            }
        }
        // A model that only NEW has is met by no guest of OLD.
        if old.model(model).is_some() && definitions.is_touched(model) {
            let tried = definitions.of_model(model);
            if tried.sampled {
                sampled.push(model);
            }
            let ends = [qemu.first(), qemu.last()];
            for version in &qemu {
                let is_end = ends.contains(&Some(version));
                let definitions = tried.always.iter().chain(tried.singly.iter().filter(|_| is_end || !tried.sampled));
                work.model(model, *version, definitions.clone());
                if question.distributions {
                    work.distributions(model, *version, definitions);
                }
            }
        }
        progress(done, steps);
    }
    if old != new {
        for (done, version) in qemu.iter().enumerate() {
            work.host_models(*version);
            progress(all.len() + done, steps);
        }
    }
    progress(steps, steps);
    let regime = catalog.behaviour(version).0.removed_incoming;
    let Work { mut findings, mut better, no_return, undecided, resolved, .. } = work;
    for finding in &mut findings {
        finding.machines.sort_by_key(|machine| catalog.qemu_defaults().position(*machine).unwrap_or(usize::MAX));
    }
    let mut findings = risks::under_every_regime(findings);
    risks::drop_implied(&mut findings);
    findings.sort_by_key(|found| (!found.is_under(regime), found.direction, found.verdict, found.model()));
    better.sort_unstable();
    better.dedup();
    let changes = Changes::between(catalog, old, new);
    let question = question.clone();
    let mut no_return: Vec<Who> = no_return.into_iter().collect();
    no_return.sort_unstable();
    let is_same = old == new;
    Review {
        question,
        like,
        regime,
        qemu,
        is_same,
        removed,
        findings,
        better,
        no_return,
        undecided,
        sampled,
        changes,
        resolved,
    }
}

fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// What makes two outcomes the same finding.
type FindingKey = (Direction, Who, OutcomeWithFeatures, Option<Regime>);

struct Work<'a> {
    catalog: &'a Catalog,
    ends: [LibvirtId; 2],
    resolver: Resolver<'a>,
    findings: Vec<Finding>,
    index: HashMap<FindingKey, usize>,
    better: Vec<ModelId>,
    no_return: HashSet<Who>,
    undecided: usize,
    resolved: usize,
}

impl Work<'_> {
    #[expect(clippy::needless_pass_by_value, reason = "an iterator, which is small")]
    fn model<'d>(
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

    /// host-model on every recorded host, with the newest machine type of this QEMU.
    fn host_models(&mut self, qemu: Version) {
        let catalog = self.catalog;
        let views = catalog.qemu_views(qemu);
        let is_there = |machine: &&MachineId| {
            let name = catalog.machine_name(**machine);
            name.starts_with("pc-q35") && views.iter().any(|view| view.has_machine(**machine, name))
        };
        let machines: Vec<MachineId> = catalog.qemu_defaults().machines.iter().filter(is_there).copied().collect();
        let [Some(oldest), Some(newest)] = [machines.first(), machines.last()] else { return };
        for (id, _) in catalog.recorded_hosts() {
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
    fn guest(&mut self, guest: &Scenario, who: &Who, qemu: &QemuChoice, machines: &[MachineId]) {
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
            for (place, regime) in if matters { REGIMES.as_slice() } else { &[None] }.iter().enumerate() {
                let end = |map| Release::new(LibvirtChoice::Release(map, None), qemu.clone());
                let scenario = |from, to| Scenario { from: end(from), to: end(to), regime: *regime, ..guest.clone() };
                let place = if regime.is_none() { REGIMES.len() } else { place };
                let before = within.get(place).copied().flatten().unwrap_or_else(|| {
                    self.resolved += 1;
                    self.resolver.brief(&scenario(old, old))
                });
                if let Some(known) = within.get_mut(place) {
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
                    Compared::Undecided => self.undecided += 1,
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

    /// Whether the guest is refused by OLD only because it has a feature that only NEW defines: no guest of OLD has it.
    fn is_new_to_old(&mut self, direction: Direction, after: &OutcomeWithFeatures, scenario: &Scenario) -> bool {
        let is_unknown = |rule| matches!(rule, Some(RuleId::UnknownFeature | RuleId::UnknownModel));
        if direction != Direction::NewToOld {
            return false;
        }
        if after.outcome.verdict != Verdict::Depends {
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
    QemuChoice { version: Told::Is(version), build: None }
}

/// A guest of a model that names these features.
fn guest_of(
    catalog: &Catalog,
    model: ModelId,
    (machine, accel): (MachineId, Accel),
    named: &[(FeatureId, Policy)],
) -> Scenario {
    let mut guest = Scenario::default_of(catalog);
    guest.cpu = CpuChoice::Model(Told::Is(model));
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

/// Returns how a map reads if it has the model: what differs between two of these can matter to a guest.
fn reading(map: &CpuMap, model: ModelId) -> Option<(FeatureSet, FeatureSet, FeatureSet, bool, Option<&str>)> {
    let model = map.model(model)?;
    Some((model.data, model.removed_set(), model.added_set(), model.partial_compat, model.vendor.as_deref()))
}
