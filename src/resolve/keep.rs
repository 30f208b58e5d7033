//! Keeps the stages of a walk for whoever wants to look at them, or nothing where only the answer counts.
//! The walk itself is the same.

use super::partial_check;
use super::resolution::{Hop, Journey, QemuCpu, Refusal, Run, Sent, Stop};
use super::site::{Facts, Site};
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
    runs: Vec<Run>,
    sent: Vec<Sent>,
    reconnected: Option<Definition>,
}

impl Everything {
    /// Returns a keeper with room for a way over this many ends.
    pub(super) fn with_room(ends: usize) -> Self {
        Self { runs: Vec::with_capacity(ends), sent: Vec::with_capacity(ends), reconnected: None }
    }

    /// Returns the journey; `None` when no stage was shown.
    pub(super) fn journey(self) -> Option<Journey> {
        let mut runs = self.runs.into_iter();
        let start = runs.next()?;
        let hops = self.sent.into_iter().zip(runs).map(|(sent, arrival)| Hop { sent, arrival }).collect();
        Some(Journey { start, reconnected: self.reconnected, hops })
    }

    /// Returns the only run.
    pub(super) fn run(mut self) -> Option<Run> {
        self.runs.pop()
    }
}

impl Keep<Policies> for Everything {
    const TO_THE_END: bool = true;

    fn given(&mut self, site: &Site<'_>, given: &Definition, replaced: bool) {
        self.runs.push(Run {
            given: given.clone(),
            replaced,
            prepared: None,
            command_line: Vec::new(),
            cpu: None,
            live: None,
            original: None,
            refused: None,
            map: Arc::clone(&site.end.map),
        });
    }

    fn prepared(&mut self, site: &Site<'_>, prepared: &Definition) {
        let Some(run) = self.runs.last_mut() else { return };
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
        if let Some(run) = self.runs.last_mut() {
            run.cpu = Some(cpu.clone());
        }
    }

    fn running(&mut self, running: &Running<Policies>) {
        if let Some(run) = self.runs.last_mut() {
            run.live = Some(running.live.clone());
            run.original.clone_from(&running.original);
        }
    }

    fn refused(&mut self, facts: &Facts<'_>, site: &Site<'_>, given: &Definition, stop: &Stop) {
        if let Some(run) = self.runs.last_mut() {
            run.refused = Some(partial_check::listed(facts, site, given, stop));
        }
    }

    fn reconnected(&mut self, live: &Definition) {
        self.reconnected = Some(live.clone());
    }

    fn sent(&mut self, sent: &Sent) {
        self.sent.push(sent.clone());
    }
}
