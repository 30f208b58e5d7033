//! Walks one fully decided case through all its stages: start, reconnect, and each hop to the destination.

use super::decision_table::Mention;
use super::endpoint::{Endpoint, Guest};
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::recorder::{FullTrace, Recorder};
use super::send::send;
use super::start::{Attempt, Built, Running, adopt_running, start_incoming, start_new};
use super::trace::{Migration, StartTrace, Trace};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Mode, Policies, Policy, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{self, Transport};
use std::rc::Rc;

/// One case: every input decided.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The guest.
    pub guest: Guest,
    /// Its definition, as the user wrote it and libvirt filled it in.
    pub definition: Definition,
    /// The guest as it already runs at the source, where it does: then nothing is started there.
    pub running: Option<scenario::Running>,
    /// Where it was begun, when the source's daemon was upgraded since.
    pub started: Option<Endpoint<'a>>,
    /// The source, every stop, and the destination, in order.
    pub ends: Vec<Endpoint<'a>>,
    /// How it travels.
    pub transport: Transport,
}

impl Case<'_> {
    /// Returns the definition that decides what the guest is: the live one where it already runs.
    pub fn guest_definition(&self) -> &Definition {
        self.running.as_ref().map_or(&self.definition, |running| &running.live)
    }
}

/// A way through several ends, made ready for one guest: any number of definitions of its model can be decided.
pub struct Prepared<'e> {
    pub(super) catalog: &'e Catalog,
    pub(super) guest: &'e Guest,
    /// Every end, in order; cases that meet the same ends share them.
    pub(super) endpoints: Vec<Rc<PreparedEndpoint<'e>>>,
    pub(super) started: Option<Rc<PreparedEndpoint<'e>>>,
    pub(super) running: Option<&'e scenario::Running>,
    pub(super) transport: Transport,
}

/// What an answer needs to know of a walk.
pub(super) struct MigrationResult {
    /// What came of the last start: what ended the walk, if anything did.
    pub(super) last: Attempt,
    /// Whether the guest ran at all.
    pub(super) set_out: bool,
    /// What the guest could read at the source and at the last place it reached, where a CPU was built.
    pub(super) before: Option<FeatureSet>,
    pub(super) after: Option<FeatureSet>,
    /// The hop that refused the guest, else the first that changed its CPU, else the last.
    pub(super) hop: usize,
    /// What is sent over that hop says about the table's feature.
    pub(super) says: Mention,
    /// The CPU built at the end of that hop; of a guest that never set out, the one at the source.
    pub(super) cpu: Option<Built>,
    /// What is known of the guest's CPU at the source: of a guest that already runs, what the source's map speaks of.
    pub(super) told: FeatureSet,
    /// Whether the definition leaves the CPU to QEMU.
    pub(super) passthrough: bool,
}

impl<'e> Prepared<'e> {
    /// Makes the way of a case ready. Where the guest already runs, it is that guest which goes, whatever definition is
    /// decided.
    pub fn of(catalog: &'e Catalog, case: &'e Case<'_>) -> Self {
        Self::for_model(catalog, case, case.guest_definition().model)
    }

    fn for_model(catalog: &'e Catalog, case: &'e Case<'_>, model: Option<ModelId>) -> Self {
        let endpoint = |end: &'e Endpoint<'_>| Rc::new(PreparedEndpoint::of(catalog, end, &case.guest, model));
        Self {
            catalog,
            guest: &case.guest,
            endpoints: case.ends.iter().map(endpoint).collect(),
            started: case.started.as_ref().map(endpoint),
            running: case.running.as_ref(),
            transport: case.transport,
        }
    }

    /// Returns how many ends there are.
    pub(super) fn ends(&self) -> usize {
        self.endpoints.len()
    }

    /// Returns the way over all of the ends.
    pub(super) fn whole_way(&self) -> Vec<&PreparedEndpoint<'e>> {
        self.endpoints.iter().map(|endpoint| &**endpoint).collect()
    }

    fn facts<P: PolicyStore>(&self, definition: &Definition<P>, feature: FeatureId) -> Facts<'e> {
        Facts { catalog: self.catalog, guest: self.guest, feature, named: definition.features.sets().on() }
    }

    /// Returns the way straight from one of the ends to another, by their places; `None` where there is no such end.
    pub(super) fn path(&self, from: usize, to: usize) -> Option<[&PreparedEndpoint<'e>; 2]> {
        Some([self.endpoints.get(from)?, self.endpoints.get(to)?])
    }

    /// Walks over these ends, or as far as the guest comes. `None` when there is no end to start at.
    pub(super) fn walk<P: PolicyStore, K: Recorder<P>>(
        &self,
        path: &[&PreparedEndpoint<'_>],
        definition: &Definition<P>,
        feature: FeatureId,
        recorder: &mut K,
    ) -> Option<MigrationResult> {
        let source = *path.first()?;
        let mut guest = Running {
            live: self.running.map_or_else(|| definition.clone(), |running| running.live.stored()),
            original: self.running.and_then(|running| running.inactive.as_ref()).map(Definition::stored),
            needs_original: self.running.is_some() || path.len() > 1,
        };
        let facts = self.facts(&guest.live, feature);
        let given_says = Mention::of(&guest.live, feature);
        let mut walked = MigrationResult {
            last: Attempt::default(),
            set_out: false,
            before: None,
            after: None,
            hop: 0,
            says: given_says,
            cpu: None,
            told: if self.running.is_some() { source.end.map.known } else { FeatureSet::ALL },
            passthrough: guest.live.is_passthrough(),
        };
        let last = &mut walked.last;
        match self.running {
            Some(_) => adopt_running(&facts, source, &mut guest, (last, recorder)),
            None => start_new(&facts, self.started.as_deref().unwrap_or(source), &mut guest, (last, recorder)),
        }
        walked.set_out = last.stop.is_none();
        walked.before = last.cpu.map(|cpu| cpu.visible);
        walked.says = would_say(source, last.prepared_says.unwrap_or(given_says), feature);
        walked.cpu = last.cpu;
        if walked.set_out && self.started.is_some() && self.running.is_none() {
            reconnect(source, &mut guest.live);
            recorder.reconnected(&guest.live);
        }
        let mut changed = false;
        for (number, pair) in path.windows(2).enumerate() {
            let [from, to] = pair else { break };
            if walked.last.stop.is_some() {
                break;
            }
            let mut sent = send(&facts, (from, to), &guest.live, guest.original.as_ref(), self.transport);
            recorder.sent(&sent);
            guest.needs_original = number + 2 < path.len();
            let says = start_incoming(&facts, to, &mut sent, &mut guest, (&mut walked.last, recorder));
            let last = &walked.last;
            let came_by = walked.after.or(walked.before);
            walked.after = last.cpu.map(|cpu| cpu.visible);
            if !changed || last.stop.is_some() {
                (walked.hop, walked.says, walked.cpu) = (number, says, last.cpu);
            }
            let told = |set: Option<FeatureSet>| set.map(|set| set & walked.told);
            changed |= told(walked.after) != told(came_by);
        }
        Some(walked)
    }
}

/// What a guest that never started would have sent: its removed features are written down at every start.
fn would_say(source: &PreparedEndpoint<'_>, says: Mention, feature: FeatureId) -> Mention {
    let of_map = source.model.as_ref().and_then(|model| model.of_map);
    let removed = of_map.is_some_and(|of_map| of_map.removed.contains(&feature));
    if says == Mention::Nothing && removed { Mention::Off } else { says }
}

/// Returns the check that libvirt fills in where a definition says none (`qemuDomainDefCPUPostParse`, 3.2.0 and
/// later): partial for host-model, and for a named model under KVM; else none.
pub fn filled_in_check(mode: Mode, accel: Accel, end: &Endpoint<'_>) -> Check {
    match mode {
        Mode::HostModel => Check::Partial,
        Mode::Custom if accel == Accel::Kvm && end.behaviour.default_check => Check::Partial,
        Mode::Custom | Mode::HostPassthrough | Mode::Maximum => Check::None,
    }
}

/// What an upgraded daemon makes of a guest that already runs (libvirt `qemuProcessRefreshCPU`): a release that
/// requires removed features on incoming writes them down here too.
fn reconnect<P: PolicyStore>(source: &PreparedEndpoint<'_>, live: &mut Definition<P>) {
    if source.end.regime() == Regime::Require
        && let Some(of_map) = source.model.as_ref().and_then(|model| model.of_map)
    {
        for feature in &of_map.removed {
            live.features.add_if_missing(*feature, Policy::Require);
        }
    }
}

/// Returns what a fresh start of the guest's definition at the destination gives: the guest's next cold boot there.
pub fn cold_boot(catalog: &Catalog, case: &Case<'_>) -> Option<StartTrace> {
    let prepared = Prepared::for_model(catalog, case, case.definition.model);
    let facts = prepared.facts(case.guest_definition(), catalog.default_feature());
    let mut stages = FullTrace::default();
    let mut guest = Running { live: case.definition.clone(), original: None, needs_original: true };
    start_new(&facts, prepared.endpoints.last()?, &mut guest, (&mut Attempt::default(), &mut stages));
    stages.run()
}

/// Returns the journey of a guest that arrived, back to where it came from. `None` when it never arrived.
pub fn way_back(catalog: &Catalog, case: &Case<'_>, trace: &Trace) -> Option<Trace> {
    let arrival = trace.migrations.last().map(|hop| &hop.arrival)?;
    let live = arrival.live.as_ref()?;
    let prepared = Prepared::of(catalog, case);
    let facts = prepared.facts::<Policies>(case.guest_definition(), catalog.default_feature());
    let (source, destination) = (prepared.endpoints.first()?, prepared.endpoints.last()?);
    let sent = send(&facts, (destination, source), live, arrival.original.as_ref(), case.transport);
    let mut stages = FullTrace::default();
    let mut guest = Running { live: sent.xml.clone(), original: None, needs_original: true };
    start_incoming(&facts, source, &mut sent.clone(), &mut guest, (&mut Attempt::default(), &mut stages));
    let hop = stages.run().map(|arrival| Migration { sent, arrival });
    Some(Trace { start: Box::new(arrival.clone()), reconnected: None, migrations: hop.into_iter().collect(), hop: 0 })
}
