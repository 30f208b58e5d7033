//! Keeps the stages of a walk for whoever wants to look at them, or nothing where only the answer counts.
//! The walk itself is the same.

use super::partial_check;
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Refusal, UnorderedRefusal};
use super::start::Running;
use super::trace::{Migration, QemuCpu, Sent, StartTrace, Trace};
use crate::domain::definition::{Definition, Policies, PolicyStore};
use std::sync::Arc;

/// Who is shown each stage as the walk comes by.
pub(super) trait Recorder<P: PolicyStore> {
    /// Whether what runs at the end of the way is wanted too, although nothing goes on from there.
    const TO_THE_END: bool = false;

    /// A start or an arrival begins with this definition; `replaced` when it is the cookie's.
    fn given(&mut self, _site: &PreparedEndpoint<'_>, _given: &Definition<P>, _replaced: bool) {}
    /// The definition is ready for QEMU.
    fn prepared(&mut self, _site: &PreparedEndpoint<'_>, _prepared: &Definition<P>) {}
    /// QEMU built this CPU.
    fn cpu(&mut self, _cpu: &QemuCpu) {}
    /// The guest runs.
    fn running(&mut self, _running: &Running<P>) {}
    /// It does not.
    fn refused(
        &mut self,
        _facts: &Facts<'_>,
        _site: &PreparedEndpoint<'_>,
        _given: &Definition<P>,
        _stop: &UnorderedRefusal,
    ) {
    }
    /// The upgraded daemon took the guest over.
    fn reconnected(&mut self, _live: &Definition<P>) {}
    /// The guest sets out.
    fn sent(&mut self, _sent: &Sent<P>) {}
}

/// Keeps nothing.
pub(super) struct Nothing;

impl<P: PolicyStore> Recorder<P> for Nothing {}

/// Keeps only why the guest was refused, in libvirt's order.
#[derive(Default)]
pub(super) struct RefusalOnly {
    pub(super) refusal: Option<Refusal>,
}

impl Recorder<Policies> for RefusalOnly {
    fn refused(
        &mut self,
        facts: &Facts<'_>,
        endpoint: &PreparedEndpoint<'_>,
        given: &Definition,
        stop: &UnorderedRefusal,
    ) {
        self.refusal = Some(partial_check::listed(facts, endpoint, given, stop));
    }
}

/// Keeps every stage.
#[derive(Default)]
pub(super) struct FullTrace {
    /// Boxed, since an answer is handed on several times and a run is large.
    start: Option<Box<StartTrace>>,
    migrations: Vec<Migration>,
    /// What is on its way: the next run is its arrival.
    sent: Option<Sent>,
    reconnected: Option<Definition>,
}

impl FullTrace {
    /// Returns a keeper with room for a way over this many ends.
    pub(super) fn with_room(ends: usize) -> Self {
        Self { migrations: Vec::with_capacity(ends.saturating_sub(1)), ..Self::default() }
    }

    /// Returns the journey; `None` when no stage was shown.
    pub(super) fn trace(self) -> Option<Trace> {
        let hop = self.migrations.len().saturating_sub(1);
        Some(Trace { start: self.start?, reconnected: self.reconnected, migrations: self.migrations, hop })
    }

    /// Returns the first run.
    pub(super) fn run(self) -> Option<StartTrace> {
        self.start.map(|run| *run)
    }

    fn current(&mut self) -> Option<&mut StartTrace> {
        match self.migrations.last_mut() {
            Some(hop) => Some(&mut hop.arrival),
            None => self.start.as_deref_mut(),
        }
    }
}

impl Recorder<Policies> for FullTrace {
    const TO_THE_END: bool = true;

    fn given(&mut self, endpoint: &PreparedEndpoint<'_>, given: &Definition, replaced: bool) {
        let run = StartTrace {
            given: given.clone(),
            replaced,
            prepared: None,
            command_line: Vec::new(),
            cpu: None,
            live: None,
            original: None,
            refused: None,
            map: Arc::clone(&endpoint.end.map),
        };
        match self.sent.take() {
            Some(sent) => self.migrations.push(Migration { sent, arrival: run }),
            None => self.start = Some(Box::new(run)),
        }
    }

    fn prepared(&mut self, endpoint: &PreparedEndpoint<'_>, prepared: &Definition) {
        let Some(run) = self.current() else { return };
        let known = endpoint.end.qemu.properties;
        run.command_line = prepared
            .features
            .iter()
            .filter(|(feature, policy)| policy.is_on() || (policy.is_off() && known.contains(*feature)))
            .map(|(feature, policy)| (feature, policy.is_on()))
            .collect();
        run.prepared = Some(prepared.clone());
    }

    fn cpu(&mut self, cpu: &QemuCpu) {
        if let Some(run) = self.current() {
            run.cpu = Some(cpu.clone());
        }
    }

    fn running(&mut self, running: &Running<Policies>) {
        if let Some(run) = self.current() {
            run.live = Some(running.live.clone());
            run.original.clone_from(&running.original);
        }
    }

    fn refused(
        &mut self,
        facts: &Facts<'_>,
        endpoint: &PreparedEndpoint<'_>,
        given: &Definition,
        stop: &UnorderedRefusal,
    ) {
        if let Some(run) = self.current() {
            run.refused = Some(partial_check::listed(facts, endpoint, given, stop));
        }
    }

    fn reconnected(&mut self, live: &Definition) {
        self.reconnected = Some(live.clone());
    }

    fn sent(&mut self, sent: &Sent) {
        self.sent = Some(sent.clone());
    }
}
