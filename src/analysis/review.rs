//! Reviews a change of a CPU map: finds guests that migrate within the old map, but not from the old map to the new
//! one, back, or within the new one. Only the map differs; libvirt and QEMU are the same on both sides.

use super::space::{is_published, map_of, models, releases};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::definition::{Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::HostId;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::order::{sort, sort_by_key};
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::version::Version;
use crate::resolve::{RuleId, Verdict};

mod changes;
mod definitions;
mod distributions;
mod guests;
mod risks;

pub use changes::{Change, Changes, Mark, What};
pub use risks::{Mentions, Risk};

use changes::removed_from;
use definitions::Definitions;
use guests::Work;

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
    /// host-model on a listed host.
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

    /// Returns the host of a host-model guest.
    pub(crate) fn host(&self) -> Option<HostId> {
        match &self.who {
            Who::Model(..) => None,
            Who::HostModel(host) => Some(*host),
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
    /// The unknown inputs on which they depend, in order; of each guest with the first machine type and QEMU only.
    pub undecided_by: Vec<String>,
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
        sort(&mut models);
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

/// Reviews a change. `progress` is called after each model with the number of models done and of all.
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
    let mut work = Work::between(catalog, [from, to]);
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
    let Work { mut findings, mut better, no_return, undecided, undecided_by, resolved, .. } = work;
    for finding in &mut findings {
        sort_by_key(&mut finding.machines, |machine| catalog.position(*machine).unwrap_or(usize::MAX));
    }
    let mut findings = risks::under_every_regime(findings);
    risks::drop_implied(&mut findings);
    sort_by_key(&mut findings, |found| (!found.is_under(regime), found.direction, found.verdict, found.model()));
    sort(&mut better);
    better.dedup();
    let changes = Changes::between(catalog, old, new);
    let question = question.clone();
    let mut no_return: Vec<Who> = no_return.into_iter().collect();
    sort(&mut no_return);
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
        undecided_by: undecided_by.into_iter().collect(),
        sampled,
        changes,
        resolved,
    }
}

/// Returns how a map reads if it has the model: what differs between two of these can matter to a guest.
fn reading(map: &CpuMap, model: ModelId) -> Option<(FeatureSet, FeatureSet, FeatureSet, bool, Option<&str>)> {
    let model = map.model(model)?;
    Some((model.data, model.removed_set(), model.added_set(), model.partial_compat, model.vendor.as_deref()))
}
