//! Records the stages of a migration: all of them, only the refusal, or none. The verdict does not depend on it.

use super::host_model::command_line;
use super::partial_check;
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::refusal::{Refusal, UnorderedRefusal};
use super::trace::{Migration, QemuCpu, Running, Sent, StartTrace, Trace};
use crate::domain::definition::Definition;
use std::sync::Arc;

/// Records each stage when it is done.
pub(super) enum Recorder {
    /// Records nothing.
    Nothing,
    /// Records only why the guest was refused, with the features in libvirt's order.
    RefusalOnly(Option<Refusal>),
    /// Records every stage.
    Stages(Box<Stages>),
}

/// The stages recorded so far.
#[derive(Default)]
pub(super) struct Stages {
    start: Option<Box<StartTrace>>,
    migrations: Vec<Migration>,
    /// What was sent and has not arrived: the next start is its arrival.
    sent: Option<Sent>,
    reconnected: Option<Definition>,
}

impl Stages {
    fn current(&mut self) -> Option<&mut StartTrace> {
        match self.migrations.last_mut() {
            Some(hop) => Some(&mut hop.arrival),
            None => self.start.as_deref_mut(),
        }
    }
}

impl Recorder {
    /// Records every stage of a migration over this many endpoints.
    pub(super) fn of_stages(ends: usize) -> Self {
        let migrations = Vec::with_capacity(ends.saturating_sub(1));
        Self::Stages(Box::new(Stages { migrations, ..Stages::default() }))
    }

    /// `None` when no stage was recorded.
    pub(super) fn trace(self) -> Option<Trace> {
        let Self::Stages(stages) = self else { return None };
        let hop = stages.migrations.len().saturating_sub(1);
        Some(Trace { start: stages.start?, reconnected: stages.reconnected, migrations: stages.migrations, hop })
    }

    pub(super) fn start(self) -> Option<StartTrace> {
        let Self::Stages(stages) = self else { return None };
        stages.start.map(|start| *start)
    }

    /// Whether every stage is kept: the original CPU at the destination too, although the guest does not migrate on.
    pub(super) fn keeps_stages(&self) -> bool {
        matches!(self, Self::Stages(_))
    }

    /// Most migrations are not recorded, so recording is kept out of their way.
    #[inline(always)]
    fn record(&mut self, write: impl FnOnce(&mut Stages)) {
        #[cold]
        fn cold(stages: &mut Stages, write: impl FnOnce(&mut Stages)) {
            write(stages);
        }
        if let Self::Stages(stages) = self {
            cold(stages, write);
        }
    }

    /// A start or an arrival begins with this definition; `replaced` when it is the cookie's.
    #[inline]
    pub(super) fn given(&mut self, endpoint: &PreparedEndpoint<'_>, given: &Definition, replaced: bool) {
        self.record(|stages| {
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
            match stages.sent.take() {
                Some(sent) => stages.migrations.push(Migration { sent, arrival: start }),
                None => stages.start = Some(Box::new(start)),
            }
        });
    }

    /// The definition is ready for QEMU.
    #[inline]
    pub(super) fn prepared(&mut self, facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, prepared: &Definition) {
        self.record(|stages| {
            let Some(start) = stages.current() else { return };
            let flags = endpoint.flags(facts, prepared);
            start.command_line = command_line(endpoint.end.libvirt(facts.catalog), flags, prepared);
            start.prepared = Some(prepared.clone());
        });
    }

    /// QEMU built this CPU.
    #[inline]
    pub(super) fn cpu(&mut self, cpu: impl FnOnce() -> QemuCpu) {
        self.record(|stages| {
            if let Some(start) = stages.current() {
                start.cpu = Some(cpu());
            }
        });
    }

    /// The guest runs.
    #[inline]
    pub(super) fn running(&mut self, running: &Running) {
        self.record(|stages| {
            if let Some(start) = stages.current() {
                start.live = Some(running.live.clone());
                start.original.clone_from(&running.original);
            }
        });
    }

    /// It does not.
    pub(super) fn refused(
        &mut self,
        facts: &Facts<'_>,
        endpoint: &PreparedEndpoint<'_>,
        given: &Definition,
        refusal: &UnorderedRefusal,
    ) {
        let listed = || Some(partial_check::listed(facts, endpoint, given, refusal));
        match self {
            Self::Nothing => {}
            Self::RefusalOnly(known) => *known = listed(),
            Self::Stages(stages) => {
                if let Some(start) = stages.current() {
                    start.refused = listed();
                    // A destination that was ready ends with the migration.
                    (start.live, start.original) = (None, None);
                }
            }
        }
    }

    /// The upgraded daemon took the guest over.
    pub(super) fn reconnected(&mut self, live: &Definition) {
        self.record(|stages| stages.reconnected = Some(live.clone()));
    }

    /// The guest sets out with these definitions.
    #[inline]
    pub(super) fn sent(&mut self, sent: &Running) {
        self.record(|stages| {
            let cookie = sent.original.as_ref().map(|_| sent.live.clone());
            stages.sent = Some(Sent { xml: sent.xml().clone(), cookie });
        });
    }
}
