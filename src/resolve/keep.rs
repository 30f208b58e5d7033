//! Keeps the stages of a walk for whoever wants to look at them, or nothing where only the answer counts.
//! The walk itself is the same.

use super::partial_check;
use super::refusal::{Refusal, Stop};
use super::site::{Facts, Site};
use super::stages::{Hop, Journey, QemuCpu, Run, Sent};
use super::start::Running;
use crate::domain::definition::{Definition, Policies, PolicyStore};
use std::sync::Arc;

/// Who is shown each stage as the walk comes by.
pub(super) trait Keep<P: PolicyStore> {
    /// Whether what runs at the end of the way is wanted too, although nothing goes on from there.
    const TO_THE_END: bool = false;

    /// A start or an arrival begins with this definition; `replaced` when it is the cookie's.
    fn given(&mut self, _site: &Site<'_>, _given: &Definition<P>, _replaced: bool) {}
    /// The definition is ready for QEMU.
    fn prepared(&mut self, _site: &Site<'_>, _prepared: &Definition<P>) {}
    /// QEMU built this CPU.
    fn cpu(&mut self, _cpu: &QemuCpu) {}
    /// The guest runs.
    fn running(&mut self, _running: &Running<P>) {}
    /// It does not.
    fn refused(&mut self, _facts: &Facts<'_>, _site: &Site<'_>, _given: &Definition<P>, _stop: &Stop) {}
    /// The upgraded daemon took the guest over.
    fn reconnected(&mut self, _live: &Definition<P>) {}
    /// The guest sets out.
    fn sent(&mut self, _sent: &Sent<P>) {}
}

/// Keeps nothing.
pub(super) struct Nothing;

impl<P: PolicyStore> Keep<P> for Nothing {}

/// Keeps only why the guest was refused, in libvirt's order.
#[derive(Default)]
pub(super) struct LastRefusal {
    pub(super) refusal: Option<Refusal>,
}

impl Keep<Policies> for LastRefusal {
    fn refused(&mut self, facts: &Facts<'_>, site: &Site<'_>, given: &Definition, stop: &Stop) {
        self.refusal = Some(partial_check::listed(facts, site, given, stop));
    }
}

/// Keeps every stage.
#[derive(Default)]
pub(super) struct Everything {
    /// Boxed, since an answer is handed on several times and a run is large.
    start: Option<Box<Run>>,
    hops: Vec<Hop>,
    /// What is on its way: the next run is its arrival.
    sent: Option<Sent>,
    reconnected: Option<Definition>,
}

impl Everything {
    /// Returns a keeper with room for a way over this many ends.
    pub(super) fn with_room(ends: usize) -> Self {
        Self { hops: Vec::with_capacity(ends.saturating_sub(1)), ..Self::default() }
    }

    /// Returns the journey; `None` when no stage was shown.
    pub(super) fn journey(self) -> Option<Journey> {
        let hop = self.hops.len().saturating_sub(1);
        Some(Journey { start: self.start?, reconnected: self.reconnected, hops: self.hops, hop })
    }

    /// Returns the first run.
    pub(super) fn run(self) -> Option<Run> {
        self.start.map(|run| *run)
    }

    fn current(&mut self) -> Option<&mut Run> {
        match self.hops.last_mut() {
            Some(hop) => Some(&mut hop.arrival),
            None => self.start.as_deref_mut(),
        }
    }
}

impl Keep<Policies> for Everything {
    const TO_THE_END: bool = true;

    fn given(&mut self, site: &Site<'_>, given: &Definition, replaced: bool) {
        let run = Run {
            given: given.clone(),
            replaced,
            prepared: None,
            command_line: Vec::new(),
            cpu: None,
            live: None,
            original: None,
            refused: None,
            map: Arc::clone(&site.end.map),
        };
        match self.sent.take() {
            Some(sent) => self.hops.push(Hop { sent, arrival: run }),
            None => self.start = Some(Box::new(run)),
        }
    }

    fn prepared(&mut self, site: &Site<'_>, prepared: &Definition) {
        let Some(run) = self.current() else { return };
        let known = site.end.qemu.properties;
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

    fn refused(&mut self, facts: &Facts<'_>, site: &Site<'_>, given: &Definition, stop: &Stop) {
        if let Some(run) = self.current() {
            run.refused = Some(partial_check::listed(facts, site, given, stop));
        }
    }

    fn reconnected(&mut self, live: &Definition) {
        self.reconnected = Some(live.clone());
    }

    fn sent(&mut self, sent: &Sent) {
        self.sent = Some(sent.clone());
    }
}
