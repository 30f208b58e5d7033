//! Records the stages of a migration: all of them, only the refusal, or none. What is decided is the same.

use super::partial_check;
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Refusal, UnorderedRefusal};
use super::trace::{Migration, QemuCpu, Running, Sent, StartTrace, Trace};
use crate::domain::definition::{Definition, Policies, PolicyStore};
use std::sync::Arc;

/// What is told of each stage when it is done.
///
/// A type parameter, as is how policies are held: on a verdict alone (some 300 ns) a trait object costs 12 % more
/// instructions, and policies with their order 80 % more.
pub(super) trait Recorder<P: PolicyStore> {
    /// Whether the original CPU kept at the destination is wanted too, although the guest does not migrate on from there.
    const TO_THE_END: bool = false;

    /// A start or an arrival begins with this definition; `replaced` when it is the cookie's.
    fn given(&mut self, _endpoint: &PreparedEndpoint<'_>, _given: &Definition<P>, _replaced: bool) {}
    /// The definition is ready for QEMU.
    fn prepared(&mut self, _endpoint: &PreparedEndpoint<'_>, _prepared: &Definition<P>) {}
    /// QEMU built this CPU.
    fn cpu(&mut self, _cpu: &QemuCpu) {}
    /// The guest runs.
    fn running(&mut self, _running: &Running<P>) {}
    /// It does not.
    fn refused(
        &mut self,
        _facts: &Facts<'_>,
        _endpoint: &PreparedEndpoint<'_>,
        _given: &Definition<P>,
        _refusal: &UnorderedRefusal,
    ) {
    }
    /// The upgraded daemon took the guest over.
    fn reconnected(&mut self, _live: &Definition<P>) {}
    /// The guest sets out.
    fn sent(&mut self, _sent: &Sent<P>) {}
}

/// Records nothing.
pub(super) struct NoTrace;

impl<P: PolicyStore> Recorder<P> for NoTrace {}

/// Records only why the guest was refused, with the features in libvirt's order.
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
        refusal: &UnorderedRefusal,
    ) {
        self.refusal = Some(partial_check::listed(facts, endpoint, given, refusal));
    }
}

/// Records every stage.
#[derive(Default)]
pub(super) struct FullTrace {
    /// Boxed: a trace is large, and answers are moved several times.
    start: Option<Box<StartTrace>>,
    migrations: Vec<Migration>,
    /// What was sent and has not arrived: the next start is its arrival.
    sent: Option<Sent>,
    reconnected: Option<Definition>,
}

impl FullTrace {
    /// With room for a migration over this many endpoints.
    pub(super) fn with_room(ends: usize) -> Self {
        Self { migrations: Vec::with_capacity(ends.saturating_sub(1)), ..Self::default() }
    }

    /// `None` when no stage was recorded.
    pub(super) fn trace(self) -> Option<Trace> {
        let hop = self.migrations.len().saturating_sub(1);
        Some(Trace { start: self.start?, reconnected: self.reconnected, migrations: self.migrations, hop })
    }

    pub(super) fn start(self) -> Option<StartTrace> {
        self.start.map(|start| *start)
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
        let start = StartTrace {
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
            Some(sent) => self.migrations.push(Migration { sent, arrival: start }),
            None => self.start = Some(Box::new(start)),
        }
    }

    fn prepared(&mut self, endpoint: &PreparedEndpoint<'_>, prepared: &Definition) {
        let Some(start) = self.current() else { return };
        let known = endpoint.end.qemu.properties;
        start.command_line = prepared
            .features
            .iter()
            .filter(|(feature, policy)| policy.is_on() || (policy.is_off() && known.contains(*feature)))
            .map(|(feature, policy)| (feature, policy.is_on()))
            .collect();
        start.prepared = Some(prepared.clone());
    }

    fn cpu(&mut self, cpu: &QemuCpu) {
        if let Some(start) = self.current() {
            start.cpu = Some(cpu.clone());
        }
    }

    fn running(&mut self, running: &Running<Policies>) {
        if let Some(start) = self.current() {
            start.live = Some(running.live.clone());
            start.original.clone_from(&running.original);
        }
    }

    fn refused(
        &mut self,
        facts: &Facts<'_>,
        endpoint: &PreparedEndpoint<'_>,
        given: &Definition,
        refusal: &UnorderedRefusal,
    ) {
        if let Some(start) = self.current() {
            start.refused = Some(partial_check::listed(facts, endpoint, given, refusal));
            // A destination that was ready ends with the migration.
            (start.live, start.original) = (None, None);
        }
    }

    fn reconnected(&mut self, live: &Definition) {
        self.reconnected = Some(live.clone());
    }

    fn sent(&mut self, sent: &Sent) {
        self.sent = Some(sent.clone());
    }
}
