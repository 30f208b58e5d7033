//! Migrates one fully decided case through all its stages: start, reconnect, and each migration to the destination;
//! then back again, and the next cold boot.

use super::answer::Answer;
use super::decision_table::Mention;
use super::endpoint::{Endpoint, Guest, Host};
use super::expansion::expand;
use super::prepared_endpoint::{Expansion, Facts, PreparedEndpoint};
use super::recorder::{FullTrace, Recorder};
use super::refusal::UnorderedRefusal;
use super::send::{not_sent, send};
use super::start::{Attempt, Built, adopt_running, start_incoming, start_new};
use super::trace::{Running, StartTrace};
use crate::domain::behaviour::{Original, Regime};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Policies, Policy, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{self, Transport};
use std::rc::Rc;

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
    pub started: Option<Endpoint<'a>>,
    /// The source, every stop, and the destination, in order.
    pub ends: Vec<Endpoint<'a>>,
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

/// How far a guest came.
#[derive(Clone)]
pub(super) struct MigrationResult {
    /// The last start, at whichever endpoint.
    pub(super) last: Attempt,
    /// Whether the guest ran at all.
    pub(super) started: bool,
    /// What the guest could read at the source, and at the last endpoint where QEMU built a CPU for it.
    pub(super) before: Option<FeatureSet>,
    pub(super) after: Option<FeatureSet>,
    /// The index of the migration that was refused, else of the first that changed the guest's CPU, else of the last.
    pub(super) hop: usize,
    /// What is sent in that migration says about the feature of the decision table.
    pub(super) mention: Mention,
    /// Whether the guest ran under a map that has the feature in the model before the source's libvirt took it over.
    pub(super) adopted_with_feature: bool,
    /// The CPU built at the end of that migration; of a guest that never started, the one at the source.
    pub(super) cpu: Option<Built>,
    /// The features of which the guest's CPU at the source is known: all, but of a guest that already runs those of
    /// the source's map.
    pub(super) comparable: FeatureSet,
    /// Whether libvirt leaves the CPU to QEMU.
    pub(super) passthrough: bool,
    /// The features whose XSAVE state the guest could read at the source, and at the last endpoint with a CPU.
    pub(super) states: (FeatureSet, FeatureSet),
    /// Whether the vendor that the guest reads is another at the last endpoint.
    pub(super) vendor_changes: bool,
}

impl MigrationResult {
    /// Whether the guest reads another CPU in the end: these features, its vendor, or its XSAVE states.
    pub(super) fn changes(&self, (lost, gained): (FeatureSet, FeatureSet)) -> bool {
        !(lost | gained).is_empty() || self.vendor_changes || self.states.0 != self.states.1
    }
}

impl<'e> Prepared<'e> {
    /// Where the guest already runs, it is that guest which migrates, whatever definition is decided.
    pub fn of(catalog: &'e Catalog, case: &'e Case<'_>) -> Self {
        let first = case.started.as_ref().or(case.ends.first()).filter(|_| case.running.is_none());
        let expansion = first.and_then(|end| expand(catalog, end, &case.guest, &case.definition));
        let model = expansion.as_ref().map_or(case.guest_definition().model, |expansion| Some(expansion.model));
        let endpoint = |end: &'e Endpoint<'_>| Rc::new(PreparedEndpoint::of(catalog, end, &case.guest, model));
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

    fn facts<P: PolicyStore>(&self, definition: &Definition<P>, feature: FeatureId) -> Facts<'_> {
        let named = definition.features.sets().on();
        let expansion = self.expansion.as_deref();
        Facts { catalog: self.catalog, guest: self.guest, feature, named, expansion, transport: self.transport }
    }

    /// Starts the guest at the first of these endpoints and migrates it from each to the next, until one refuses it.
    /// `None` without endpoints.
    pub(super) fn migrate<P: PolicyStore, K: Recorder<P>>(
        &self,
        path: &[&PreparedEndpoint<'_>],
        definition: &Definition<P>,
        feature: FeatureId,
        recorder: &mut K,
    ) -> Option<MigrationResult> {
        let mut journey = self.start(path.first()?, path.len() > 1, (definition, feature), recorder);
        journey.go_on(path, feature, recorder);
        Some(journey.result)
    }

    /// Starts the guest at an endpoint, from which it migrates on or not.
    pub(super) fn start<P: PolicyStore, K: Recorder<P>>(
        &self,
        source: &PreparedEndpoint<'_>,
        migrates: bool,
        (definition, feature): (&Definition<P>, FeatureId),
        recorder: &mut K,
    ) -> Journey<'_, P> {
        let mut guest = Running {
            live: self.running.map_or_else(|| definition.clone(), |running| running.live.stored()),
            original: self.running.and_then(|running| running.inactive.as_ref()).map(Definition::stored),
            needs_original: self.running.is_some() || migrates,
        };
        let facts = self.facts(&guest.live, feature);
        let given = Mention::of(&guest.live, feature);
        let mut result = MigrationResult {
            last: Attempt::default(),
            started: false,
            before: None,
            after: None,
            hop: 0,
            mention: given,
            adopted_with_feature: self.adopts_with(source, feature),
            cpu: None,
            comparable: match self.running {
                Some(running) if !running.live.is_passthrough() => source.end.map.known,
                Some(_) | None => FeatureSet::ALL,
            },
            passthrough: guest.live.is_passthrough(),
            states: (FeatureSet::EMPTY, FeatureSet::EMPTY),
            vendor_changes: false,
        };
        let last = &mut result.last;
        match self.running {
            Some(_) => adopt_running(&facts, source, &mut guest, (last, recorder)),
            None => start_new(&facts, self.started.as_deref().unwrap_or(source), &mut guest, (last, recorder)),
        }
        result.started = last.refusal.is_none();
        result.before = last.cpu.map(|cpu| cpu.visible);
        result.mention = would_mention(source, last.prepared_mention.unwrap_or(given), feature);
        result.cpu = last.cpu;
        if let Some(cpu) = last.cpu {
            result.states = (cpu.states, cpu.states);
        }
        if result.started && self.started.is_some() && self.running.is_none() {
            reconnect(source, &mut guest);
            recorder.reconnected(&guest.live);
        }
        Journey { facts, guest, result }
    }

    /// Whether the source took over a guest from a map that has the feature in the model: the map of its start, or, of a
    /// guest that is given as it runs, one older than the source's, which marks the feature as removed.
    fn adopts_with(&self, source: &PreparedEndpoint<'_>, feature: FeatureId) -> bool {
        let of_map = |endpoint: &PreparedEndpoint<'e>| endpoint.model.as_ref().and_then(|model| model.of_map);
        match (self.running, self.started.as_deref()) {
            (Some(_), _) => source
                .model
                .as_ref()
                .and_then(|model| model.of_map)
                .is_some_and(|model| model.removed.contains(&feature)),
            (None, Some(started)) => of_map(started).is_some_and(|model| model.data.contains(feature)),
            (None, None) => false,
        }
    }
}

/// A guest under way.
#[derive(Clone)]
pub(super) struct Journey<'p, P> {
    facts: Facts<'p>,
    guest: Running<P>,
    pub(super) result: MigrationResult,
}

impl<P: PolicyStore> Journey<'_, P> {
    /// Migrates the guest from each endpoint to the next, until one refuses it.
    pub(super) fn go_on<K: Recorder<P>>(
        &mut self,
        path: &[&PreparedEndpoint<'_>],
        feature: FeatureId,
        recorder: &mut K,
    ) {
        let Self { facts, guest, result } = self;
        let vendor = result.last.cpu.and_then(|cpu| cpu.vendor);
        let mut changed = false;
        for (index, pair) in path.windows(2).enumerate() {
            let [from, to] = pair else { break };
            if result.last.refusal.is_some() {
                break;
            }
            let mut sent = send(facts, (from, to), &guest.live, guest.original.as_ref(), facts.transport);
            recorder.sent(&sent);
            if let Some(refusal) =
                not_sent(facts, from, guest, result.last.cpu.map(|cpu| cpu.visible).unwrap_or_default())
            {
                recorder.given(to, &sent.xml, false);
                recorder.refused(facts, to, &sent.xml, &refusal);
                (result.hop, result.mention, result.cpu) = (index, Mention::of(&sent.xml, feature), None);
                result.last.refusal = Some(refusal);
                break;
            }
            guest.needs_original = index + 2 < path.len();
            let mention = start_incoming(facts, to, &mut sent, guest, (&mut result.last, recorder));
            // qemuMonitorJSONMigrate: QEMU is told to migrate when the destination has prepared the guest.
            if result.last.refusal.is_none() && from.cannot_migrate {
                recorder.refused(facts, to, &guest.live, &UnorderedRefusal::NotMigrated);
                result.last.refusal = Some(UnorderedRefusal::NotMigrated);
            }
            let last = &result.last;
            let before = result.after.or(result.before);
            result.after = last.cpu.map(|cpu| cpu.visible);
            result.vendor_changes = last.cpu.is_some_and(|cpu| cpu.vendor != vendor);
            let states = result.states.1;
            if let Some(cpu) = last.cpu {
                result.states.1 = cpu.states;
            }
            if !changed || last.refusal.is_some() {
                (result.hop, result.mention, result.cpu) = (index, mention, last.cpu);
            }
            let comparable = |set: Option<FeatureSet>| set.map(|set| set & result.comparable);
            changed |= comparable(result.after) != comparable(before) || result.states.1 != states;
        }
    }
}

/// What a guest that never started would have sent: every start writes down the features removed from the model.
fn would_mention(source: &PreparedEndpoint<'_>, mention: Mention, feature: FeatureId) -> Mention {
    let of_map = source.model.as_ref().and_then(|model| model.of_map);
    let removed = of_map.is_some_and(|of_map| of_map.removed.contains(&feature));
    if mention == Mention::Nothing && removed { Mention::Off } else { mention }
}

/// What an upgraded daemon makes of a guest that already runs (libvirt `qemuProcessReconnect`, `qemuProcessRefreshCPU`):
/// where there is no original CPU it keeps the live one as that, then writes down the features removed from the model,
/// and drops the ignored ones.
fn reconnect<P: PolicyStore>(source: &PreparedEndpoint<'_>, guest: &mut Running<P>) {
    let behaviour = &source.end.behaviour;
    if behaviour.original == Original::Always && guest.original.is_none() {
        guest.original = Some(guest.live.clone());
    }
    if behaviour.removed_reconnect == Regime::Require
        && let Some(of_map) = source.model.as_ref().and_then(|model| model.of_map)
    {
        for feature in &of_map.removed {
            guest.live.features.add_if_missing(*feature, Policy::Require);
        }
    }
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
    let named = case.guest_definition().features.sets().on();
    let feature = catalog.default_feature();
    let facts = Facts { catalog, guest, feature, named, expansion: expansion.as_ref(), transport: case.transport };
    let mut stages = FullTrace::default();
    let mut running = Running { live: definition.clone(), original: None, needs_original: true };
    start_new(&facts, &endpoint, &mut running, (&mut Attempt::default(), &mut stages));
    stages.start()
}

/// Migrates the guest straight back from the destination to the source of this case, whose answer is given, and
/// returns its arrival there. `None` when it never reached the destination.
pub fn rollback(catalog: &Catalog, case: &Case<'_>, answer: &Answer) -> Option<StartTrace> {
    let arrival = answer.trace.as_ref()?.destination()?;
    let live = arrival.live.as_ref()?;
    let prepared = Prepared::of(catalog, case);
    let facts = prepared.facts::<Policies>(case.guest_definition(), catalog.default_feature());
    let (source, destination) = (prepared.endpoints.first()?, prepared.endpoints.last()?);
    let mut sent = send(&facts, (destination, source), live, arrival.original.as_ref(), case.transport);
    let mut stages = FullTrace::default();
    let mut guest = Running { live: sent.xml.clone(), original: None, needs_original: true };
    start_incoming(&facts, source, &mut sent, &mut guest, (&mut Attempt::default(), &mut stages));
    stages.start()
}
