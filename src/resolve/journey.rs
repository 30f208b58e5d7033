//! Walks one fully decided case through all its stages: start, reconnect, and each hop to the destination.

use super::end::{End, Guest, Host, Named};
use super::resolution::{Hop, Journey, Run};
use super::send::send;
use super::start::{Facts, fresh, incoming, taken_over};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Mode, Policy};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{Running, Transport};

/// One case: every input decided.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The guest.
    pub guest: Guest,
    /// Its definition, as the user wrote it and libvirt filled it in.
    pub definition: Definition,
    /// The guest as it already runs at the source, where it does: then nothing is started there.
    pub running: Option<Running>,
    /// Where it was begun, when the source's daemon was upgraded since.
    pub started: Option<End<'a>>,
    /// The source, every stop, and the destination, in order.
    pub ends: Vec<End<'a>>,
    /// How it travels.
    pub transport: Transport,
}

impl Case<'_> {
    /// Returns the definition that decides what the guest is: the live one where it already runs.
    pub fn guest_definition(&self) -> &Definition {
        self.running.as_ref().map_or(&self.definition, |running| &running.live)
    }

    /// Returns the source.
    pub fn source(&self) -> Option<&End<'_>> {
        self.ends.first()
    }

    /// Returns the destination.
    pub fn destination(&self) -> Option<&End<'_>> {
        self.ends.last()
    }
}

/// Walks the case. `None` when it has no end to start at.
pub fn travel(catalog: &Catalog, names: &Named, case: &Case<'_>) -> Option<Journey> {
    let facts = Facts { catalog, names };
    let source = case.source()?;
    let start = match &case.running {
        Some(running) => taken_over(facts, source, &case.guest, running),
        None => fresh(facts, case.started.as_ref().unwrap_or(source), &case.guest, &case.definition),
    };
    let Some(mut live) = start.live.clone() else {
        return Some(Journey { start, reconnected: None, hops: Vec::new() });
    };
    let mut original = start.original.clone();
    let mut reconnected = None;
    if case.started.is_some() && case.running.is_none() {
        live = reconnect(source, live);
        reconnected = Some(live.clone());
    }
    let mut hops = Vec::new();
    for (from, to) in case.ends.iter().zip(case.ends.iter().skip(1)) {
        let mut sent = send(names, from, &live, original.as_ref(), case.transport);
        if !from.behaviour.live_update {
            // Before 3.2.0 a definition says nothing about checks; the receiver fills in its own.
            sent.xml.check = filled_in_check(sent.xml.mode, case.guest.accel, to);
        }
        let arrival = incoming(facts, to, &case.guest, &sent);
        let arrived = arrival.live.clone();
        original.clone_from(&arrival.original);
        hops.push(Hop { sent, arrival });
        match arrived {
            Some(definition) => live = definition,
            None => break,
        }
    }
    Some(Journey { start, reconnected, hops })
}

/// Returns the check that libvirt fills in where a definition says none (`qemuDomainDefCPUPostParse`, 3.2.0 and
/// later): partial for host-model, and for a named model under KVM; else none.
pub(super) fn filled_in_check(mode: Mode, accel: Accel, end: &End<'_>) -> Check {
    match mode {
        Mode::HostModel => Check::Partial,
        Mode::Custom if accel == Accel::Kvm && end.behaviour.default_check => Check::Partial,
        Mode::Custom | Mode::HostPassthrough | Mode::Maximum => Check::None,
    }
}

/// What an upgraded daemon makes of a guest that already runs (libvirt `qemuProcessRefreshCPU`): a release that
/// requires removed features on incoming writes them down here too.
fn reconnect(source: &End<'_>, mut live: Definition) -> Definition {
    if source.regime() == Regime::Require
        && let Some(of_map) = live.model.and_then(|model| source.map.model(model))
    {
        for feature in &of_map.removed {
            live.features.add_if_missing(*feature, Policy::Require);
        }
    }
    live
}

/// Returns what a fresh start of the guest's definition at the destination gives: the guest's next cold boot there.
pub fn cold_boot(catalog: &Catalog, names: &Named, case: &Case<'_>) -> Option<Run> {
    Some(fresh(Facts { catalog, names }, case.destination()?, &case.guest, &case.definition))
}

/// Returns the journey of a guest that arrived, back to where it came from. `None` when it never arrived.
pub fn way_back(catalog: &Catalog, names: &Named, case: &Case<'_>, journey: &Journey) -> Option<Journey> {
    let arrival = journey.hops.last().map(|hop| &hop.arrival)?;
    let live = arrival.live.as_ref()?;
    let (source, destination) = (case.source()?, case.destination()?);
    let sent = send(names, destination, live, arrival.original.as_ref(), case.transport);
    let back = incoming(Facts { catalog, names }, source, &case.guest, &sent);
    Some(Journey { start: arrival.clone(), reconnected: None, hops: vec![Hop { sent, arrival: back }] })
}

impl Host {
    /// Returns the host's vendor, if it has one of its own.
    pub fn vendor(self) -> Option<crate::domain::host::Vendor> {
        match self {
            Self::Capable => None,
            Self::With { vendor, .. } => Some(vendor),
        }
    }
}
