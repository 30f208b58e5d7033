//! Runs one case through all its stages: start, reconnect, each migration to the destination, the migration back, and
//! the next cold boot.

use super::decision_table::Mention;
use super::endpoint::{Endpoint, Guest, Host};
use super::expansion::expand;
use super::prepared_endpoint::{Expansion, Facts, PreparedEndpoint};
use super::recorder::Recorder;
use super::refusal::UnorderedRefusal;
use super::send::{not_migrated, not_sent, send};
use super::start::{adopt_running, start_incoming, start_new};
use super::trace::{Built, Running, StartTrace};
use crate::domain::behaviour::{Original, Regime};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{self, Transport};
use std::rc::Rc;
use std::sync::Arc;

/// One case: every input decided.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The guest.
    pub guest: Guest,
    /// The user's definition, with the check that libvirt filled in.
    pub definition: Definition,
    /// The guest as it already runs at the source, where it does: then nothing is started there.
    pub running: Option<scenario::Running>,
    /// Where the guest was started, when the source's daemon was upgraded since.
    pub started: Option<Arc<Endpoint<'a>>>,
    /// The source, every stop, and the destination, in order.
    pub ends: Vec<Arc<Endpoint<'a>>>,
    /// Live migration or a save image.
    pub transport: Transport,
}

impl Case<'_> {
    fn guest_definition(&self) -> &Definition {
        self.running.as_ref().map_or(&self.definition, |running| &running.live)
    }
}

/// The endpoints of a case, prepared for one guest: any number of definitions of its model can then be decided.
pub struct Prepared<'e> {
    pub(super) catalog: &'e Catalog,
    pub(super) guest: &'e Guest,
    /// Every endpoint, in order; cases with the same endpoints share them.
    pub(super) endpoints: Vec<Rc<PreparedEndpoint<'e>>>,
    pub(super) started: Option<Rc<PreparedEndpoint<'e>>>,
    pub(super) running: Option<&'e scenario::Running>,
    /// What replaces the CPU of the case's definition where the guest starts.
    pub(super) expansion: Option<Rc<Expansion<'e>>>,
    pub(super) transport: Transport,
}

impl<'e> Prepared<'e> {
    /// Where the guest already runs, it is that guest which migrates, whatever definition is decided.
    pub fn of(catalog: &'e Catalog, case: &'e Case<'_>) -> Self {
        let first = case.started.as_ref().or(case.ends.first()).filter(|_| case.running.is_none());
        let expansion = first.and_then(|end| expand(catalog, end, &case.guest, &case.definition));
        let model = expansion.as_ref().map_or(case.guest_definition().model, |expansion| Some(expansion.model));
        let endpoint = |end: &'e Arc<Endpoint<'_>>| Rc::new(PreparedEndpoint::of(catalog, end, &case.guest, model));
        Self {
            catalog,
            guest: &case.guest,
            endpoints: case.ends.iter().map(endpoint).collect(),
            started: case.started.as_ref().map(endpoint),
            running: case.running.as_ref(),
            expansion: expansion.map(Rc::new),
            transport: case.transport,
        }
    }

    /// Returns the way over all of the endpoints.
    pub(super) fn path(&self) -> Vec<&PreparedEndpoint<'e>> {
        self.endpoints.iter().map(|endpoint| &**endpoint).collect()
    }

    fn facts(&self, definition: &Definition, feature: FeatureId) -> Facts<'_> {
        let named = definition.features.on();
        let expansion = self.expansion.as_deref();
        Facts { catalog: self.catalog, guest: self.guest, feature, named, expansion, transport: self.transport }
    }

    /// Whether the source took over a guest from a map that has the feature in the model: the map of its start, or, of a
    /// guest that is given as it runs, one older than the source's, which marks the feature as removed.
    fn adopts_with(&self, source: &PreparedEndpoint<'_>, feature: FeatureId) -> bool {
        match (self.running, self.started.as_deref()) {
            (Some(_), _) => source.of_map().is_some_and(|model| model.removed.contains(&feature)),
            (None, Some(started)) => started.of_map().is_some_and(|model| model.data.contains(feature)),
            (None, None) => false,
        }
    }
}

/// A guest under way, and how far it came.
#[derive(Clone)]
pub(super) struct MigratingGuest<'p> {
    facts: Facts<'p>,
    /// The guest at its last arrival, with the refusal there.
    guest: Running,
    /// The CPU built at the source.
    at_source: Option<Built>,
    /// The CPU built at the last endpoint behind it.
    cpu: Option<Built>,
    is_started: bool,
    /// The index of the migration that was refused, else of the first that changed the guest's CPU, else of the last.
    pub(super) hop: usize,
    /// What is sent in that migration says about the feature of the decision table.
    pub(super) mention: Mention,
    /// The CPU built at the end of that migration, where the guest went on from there.
    went_on_with: Option<Built>,
    /// The CPU that the first migration which changed the guest's CPU led to, where the guest went on from there.
    changed: Option<Built>,
    /// Whether a sender kept the guest.
    is_kept: bool,
    /// The features of which the guest's CPU at the source is known: all, but of a guest that already runs those of
    /// the source's map.
    comparable: &'p FeatureSet,
    /// Whether libvirt leaves the CPU to QEMU.
    pub(super) passthrough: bool,
    /// Whether the guest ran under a map that has the feature in the model before the source's libvirt took it over.
    pub(super) adopted_with_feature: bool,
}

impl<'p> MigratingGuest<'p> {
    /// A guest before its start.
    #[expect(clippy::inline_always, reason = "such a guest is large; inlined, it is written in place")]
    #[inline(always)]
    pub(super) fn of(
        prepared: &'p Prepared<'_>,
        source: &'p PreparedEndpoint<'_>,
        definition: &Definition,
        feature: FeatureId,
    ) -> Self {
        let running = prepared.running;
        let given = running.map_or(definition, |running| &running.live);
        Self {
            guest: match running {
                None => Running::of(definition.clone(), None),
                Some(running) if definition.features.is_ordered() => {
                    Running::of(running.live.clone(), running.inactive.clone())
                }
                Some(running) => {
                    Running::of(running.live.unordered(), running.inactive.as_ref().map(Definition::unordered))
                }
            },
            facts: prepared.facts(given, feature),
            at_source: None,
            cpu: None,
            is_started: false,
            hop: 0,
            mention: Mention::of(given, feature),
            went_on_with: None,
            changed: None,
            is_kept: false,
            comparable: match running {
                Some(running) if !running.live.is_passthrough() => &source.end.map.known,
                Some(_) | None => &FeatureSet::ALL,
            },
            passthrough: given.is_passthrough(),
            adopted_with_feature: prepared.adopts_with(source, feature),
        }
    }

    /// Starts the guest at the first of these endpoints and migrates it from each to the next, until one refuses it.
    pub(super) fn run(&mut self, prepared: &Prepared<'_>, path: &[&PreparedEndpoint<'_>], recorder: &mut Recorder) {
        if let [source, rest @ ..] = path {
            self.start(prepared, source, !rest.is_empty(), recorder);
            self.go_on(path, recorder);
        }
    }

    /// Starts the guest at the source, from which it migrates on or not.
    pub(super) fn start(
        &mut self,
        prepared: &Prepared<'_>,
        source: &PreparedEndpoint<'_>,
        migrates: bool,
        recorder: &mut Recorder,
    ) {
        let (facts, guest, cpu, mut mention) = (&self.facts, &mut self.guest, &mut self.at_source, None);
        if prepared.running.is_some() {
            adopt_running(facts, source, guest, (cpu, recorder));
        } else {
            guest.needs_original = migrates;
            mention = start_new(facts, prepared.started.as_deref().unwrap_or(source), guest, (cpu, recorder));
            if guest.refusal.is_none() && prepared.started.is_some() {
                reconnect(source, guest);
                recorder.reconnected(&guest.live);
            }
        }
        self.mention = would_mention(source, mention.unwrap_or(self.mention), facts.feature);
        self.is_started = guest.refusal.is_none();
    }

    /// Migrates the guest from each endpoint to the next, until one refuses it.
    pub(super) fn go_on(&mut self, path: &[&PreparedEndpoint<'_>], recorder: &mut Recorder) {
        for (hop, pair) in path.windows(2).enumerate() {
            let [from, to] = pair else { break };
            if self.refusal().is_some() {
                break;
            }
            self.migrate((from, to), (hop, hop + 2 < path.len()), recorder);
        }
    }

    fn migrate(
        &mut self,
        (from, to): (&PreparedEndpoint<'_>, &PreparedEndpoint<'_>),
        (hop, goes_on): (usize, bool),
        recorder: &mut Recorder,
    ) {
        let (facts, guest) = (&self.facts, &mut self.guest);
        // What it ran with at the sender.
        let at_sender = if hop == 0 { None } else { self.cpu };
        let sender = at_sender.as_ref().or(self.at_source.as_ref());
        let visible = sender.map_or(FeatureSet::EMPTY, |cpu| cpu.visible);
        let refusal = not_sent(facts, from, guest, &visible);
        send(facts, (from, to), guest);
        recorder.sent(guest);
        if let Some(refusal) = refusal {
            recorder.given(to, guest.xml(), false);
            recorder.refused(facts, to, guest.xml(), &refusal);
            (self.hop, self.mention, self.is_kept) = (hop, Mention::of(guest.xml(), facts.feature), true);
            guest.refusal = Some(refusal);
            return;
        }
        guest.needs_original = goes_on;
        let mention = start_incoming(facts, to, guest, (&mut self.cpu, recorder));
        if guest.refusal.is_none()
            && let Some(refusal) = not_migrated(facts, from, &visible)
        {
            recorder.refused(facts, to, &guest.live, &refusal);
            guest.refusal = Some(refusal);
        }
        if self.changed.is_some() && guest.refusal.is_none() {
            self.went_on_with = self.went_on_with.or(at_sender);
        } else {
            (self.hop, self.mention, self.went_on_with) = (hop, mention, None);
        }
        if let (true, None, Some(before), Some(after)) =
            (goes_on, &self.changed, at_sender.as_ref().or(self.at_source.as_ref()), &self.cpu)
            && before.differs(after, self.comparable)
        {
            self.changed = self.cpu;
        }
    }

    /// Whether the guest ran at all.
    pub(super) fn is_started(&self) -> bool {
        self.is_started
    }

    /// Why it came no further.
    pub(super) fn refusal(&self) -> Option<&UnorderedRefusal> {
        self.guest.refusal.as_ref()
    }

    /// The CPU built at the end of the migration that decides; of a guest that did not set out, the one at the source.
    pub(super) fn cpu(&self) -> Option<&Built> {
        let at_source = self.at_source.as_ref().filter(|_| !self.is_started || self.guest.refusal.is_none());
        self.went_on_with.as_ref().or(self.cpu.as_ref()).or(at_source).filter(|_| !self.is_kept)
    }

    /// What the guest could read at the source, and at the last endpoint where QEMU built a CPU for it. Of a guest that has
    /// its CPU back in the end, the first other one that it had on the way.
    pub(super) fn ends(&self) -> Option<(&Built, &Built)> {
        let (before, after) = self.at_source.as_ref().zip(self.cpu.as_ref())?;
        let is_back = !before.differs(after, self.comparable);
        Some((before, self.changed.as_ref().filter(|_| is_back).unwrap_or(after)))
    }

    /// The features that it lost and those that it gained.
    pub(super) fn lost_and_gained(&self) -> (FeatureSet, FeatureSet) {
        let Some((before, after)) = self.ends() else { return (FeatureSet::EMPTY, FeatureSet::EMPTY) };
        let kept = |set: FeatureSet| set & *self.comparable;
        (kept(before.visible - after.visible), kept(after.visible - before.visible))
    }

    /// Whether its XSAVE states are others in the end.
    pub(super) fn states_differ(&self) -> bool {
        self.ends().is_some_and(|(before, after)| before.states != after.states)
    }

    /// Whether the guest sees a different CPU at the end: its features, its vendor, its signature, or its XSAVE states.
    pub(super) fn changes(&self) -> bool {
        self.ends().is_some_and(|(before, after)| before.differs(after, self.comparable))
    }
}

/// What a guest that never started would have sent: every start adds the features removed from the model.
fn would_mention(source: &PreparedEndpoint<'_>, mention: Mention, feature: FeatureId) -> Mention {
    let of_map = source.of_map();
    let removed = of_map.is_some_and(|of_map| of_map.removed.contains(&feature));
    if mention == Mention::Nothing && removed { Mention::Off } else { mention }
}

/// The live definition after an upgraded daemon reconnects to a running guest (libvirt `qemuProcessReconnect`,
/// `qemuProcessRefreshCPU`).
fn reconnect(source: &PreparedEndpoint<'_>, guest: &mut Running) {
    let behaviour = &source.end.behaviour;
    match behaviour.original {
        // qemuProcessReconnect, 10.3.0 (commit 4331048257): the live CPU is kept where there is no original one.
        Original::Always if guest.original.is_none() => guest.original = Some(guest.live.clone()),
        // qemuDomainObjPrivateXMLParse, before 3.5.0: an original one is not read.
        Original::Never => guest.original = None,
        Original::Always | Original::IfChanged => {}
    }
    // qemuProcessRefreshCPU of 10.4.0, not yet of 9.10.0: what is removed from the model is required.
    if behaviour.removed_reconnect == Regime::Require
        && let Some(of_map) = source.of_map()
    {
        for feature in &of_map.removed {
            guest.live.features.add_if_missing(*feature, Policy::Require);
        }
    }
    // Recorded of 12.8.0, not yet of 11.3.0: ignored features go.
    if behaviour.reconnect_ignored {
        guest.live.features.remove_all(behaviour.ignored);
    }
}

/// Starts the guest's definition afresh at the destination of this case: the guest's next cold boot there. `None` where
/// the host there decides and none is named.
pub fn cold_boot(catalog: &Catalog, case: &Case<'_>) -> Option<StartTrace> {
    let (end, guest, definition) = (case.ends.last()?, &case.guest, &case.definition);
    if definition.takes_host_model() && (guest.accel, end.host) == (Accel::Kvm, Host::Capable) {
        return None;
    }
    let expansion = expand(catalog, end, guest, definition);
    let model = expansion.as_ref().map_or(definition.model, |expansion| Some(expansion.model));
    let endpoint = PreparedEndpoint::of(catalog, end, guest, model);
    let named = case.guest_definition().features.on();
    let feature = catalog.default_feature();
    let facts = Facts { catalog, guest, feature, named, expansion: expansion.as_ref(), transport: case.transport };
    let mut stages = Recorder::of_stages(1);
    start_new(&facts, &endpoint, &mut Running::of(definition.clone(), None), (&mut None, &mut stages));
    stages.start()
}

/// Migrates the guest from the destination of this case straight back to the source, and returns its arrival there.
/// `None` when it never reached the destination.
pub fn rollback(catalog: &Catalog, case: &Case<'_>) -> Option<StartTrace> {
    let prepared = Prepared::of(catalog, case);
    let mut path = prepared.path();
    path.push(*path.first()?);
    let mut stages = Recorder::of_stages(path.len());
    let mut migrating = MigratingGuest::of(&prepared, path.first()?, &case.definition, catalog.default_feature());
    migrating.run(&prepared, &path, &mut stages);
    let mut migrations = stages.trace()?.migrations;
    migrations.pop().filter(|_| migrations.len() + 2 == path.len()).map(|back| back.arrival)
}
