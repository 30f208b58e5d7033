//! Starts a guest at one end, fresh or incoming: the order of libvirt's `qemuProcessInit`, `StartValidate`,
//! `UpdateGuestCPU`, launch, and `UpdateAndVerifyCPU`.

use super::end::{End, Guest, Named};
use super::resolution::{Refusal, Run, Sent};
use super::{live_update, partial_check, qemu_cpu};
use crate::domain::behaviour::{DropUnknown, Original, Regime};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Definition, Fallback, Mode, Policy};
use crate::domain::map::ModelDefinition;
use crate::domain::qemu::Accel;
use crate::domain::scenario::Running;
use std::sync::Arc;

/// The facts every step looks at.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) names: &'a Named,
}

/// Starts the user's guest.
pub(super) fn fresh(facts: Facts<'_>, end: &End<'_>, guest: &Guest, definition: &Definition) -> Run {
    start(facts, end, guest, definition.clone(), None)
}

/// Takes over a guest that already runs: nothing is prepared and no QEMU is started. Its CPU is what this release's map
/// reads from the live definition.
///
/// Where no inactive definition is known, the original CPU is taken to be the live one without the features marked as
/// added, which users do not name.
pub(super) fn taken_over(facts: Facts<'_>, end: &End<'_>, guest: &Guest, running: &Running) -> Run {
    let live = &running.live;
    let original = running.inactive.clone().or_else(|| {
        let added = live.model.and_then(|model| end.map.model(model)).map(ModelDefinition::added_set);
        let mut original = live.clone();
        original.features.retain(|feature, _| !added.is_some_and(|added| added.contains(feature)));
        Some(original)
    });
    Run {
        given: live.clone(),
        replaced: false,
        prepared: None,
        command_line: Vec::new(),
        cpu: Some(qemu_cpu::described(facts.catalog, facts.names, end, guest, live)),
        live: Some(live.clone()),
        original: original.filter(|_| end.behaviour.original != Original::Never),
        refused: None,
        map: Arc::clone(&end.map),
    }
}

/// Starts a guest that arrives: with the cookie's CPU where there is one that this release lets replace the XML's
/// (libvirt `qemuDomainUpdateCPU`: before 10.3.0 only where the two differ).
pub(super) fn incoming(facts: Facts<'_>, end: &End<'_>, guest: &Guest, sent: &Sent) -> Run {
    let replaces = |cookie: &&Definition| {
        end.behaviour.cookie && (end.behaviour.original == Original::Always || **cookie != sent.xml)
    };
    match sent.cookie.as_ref().filter(replaces) {
        Some(cookie) => start(facts, end, guest, cookie.clone(), Some((&sent.xml, true))),
        None => start(facts, end, guest, sent.xml.clone(), Some((&sent.xml, false))),
    }
}

fn start(
    facts: Facts<'_>,
    end: &End<'_>,
    guest: &Guest,
    given: Definition,
    arrived: Option<(&Definition, bool)>,
) -> Run {
    let mut given = given;
    if !end.behaviour.live_update {
        // Before 3.2.0 libvirt does not read the attribute.
        given.check = Check::None;
    }
    let mut run = Run {
        replaced: arrived.is_some_and(|(_, replaced)| replaced),
        prepared: None,
        command_line: Vec::new(),
        cpu: None,
        live: None,
        original: None,
        refused: None,
        map: Arc::clone(&end.map),
        given,
    };
    if let Err(refusal) = go(facts, end, guest, arrived, &mut run) {
        run.refused = Some(refusal);
    }
    run
}

fn go(
    facts: Facts<'_>,
    end: &End<'_>,
    guest: &Guest,
    arrived: Option<(&Definition, bool)>,
    run: &mut Run,
) -> Result<(), Refusal> {
    validate(facts, end, guest, &run.given, arrived.is_none())?;
    let mut definition = run.given.clone();
    if arrived.is_some() && definition.mode == Mode::HostModel && definition.model.is_some() {
        definition.mode = Mode::Custom;
    }
    update_cpu(facts, end, guest, &mut definition, arrived.is_none())?;
    definition.features.retain(|feature, policy| {
        let unknown_to_qemu = policy.is_off() && !end.qemu.properties.contains(feature);
        let dropped = unknown_to_qemu && end.behaviour.drop_unknown == DropUnknown::Definition;
        !end.behaviour.ignored.contains(feature) && !dropped
    });
    run.command_line = definition
        .features
        .iter()
        .filter(|(feature, policy)| policy.is_on() || (policy.is_off() && end.qemu.properties.contains(*feature)))
        .map(|(feature, policy)| (feature, policy.is_on()))
        .collect();
    let prepared = run.prepared.insert(definition);
    let unknown = run.command_line.iter().find(|(feature, on)| *on && !end.qemu.properties.contains(*feature));
    if !end.has_machine(facts.catalog, &guest.machine) {
        return Err(Refusal::MachineTypeAtQemu { machine: guest.machine.name.clone() });
    }
    if let Some((feature, _)) = unknown {
        let model = prepared.model.filter(|_| !prepared.is_passthrough());
        return Err(Refusal::UnknownProperty { feature: *feature, model });
    }
    let cpu = run.cpu.insert(qemu_cpu::build(facts.catalog, facts.names, end, guest, prepared, &run.command_line));
    let mut live = prepared.clone();
    if end.behaviour.live_update && (live.mode == Mode::Custom || live.check == Check::Full) {
        live_update::apply(end, &mut live, cpu)?;
    }
    run.original = match (end.behaviour.original, arrived) {
        (Original::Never, _) => None,
        (Original::Always, Some((xml, _))) => Some(xml.clone()),
        (Original::Always, None) => Some(run.given.clone()),
        (Original::IfChanged, Some((xml, true))) => Some(xml.clone()),
        (Original::IfChanged, _) => Some(&*prepared).filter(|before| **before != live).cloned(),
    };
    if end.behaviour.live_update && (live.mode == Mode::Custom || live.check == Check::Full) {
        live.check = Check::Full;
    }
    run.live = Some(live);
    Ok(())
}

/// `qemuProcessStartValidate`: what can be said before anything is changed.
fn validate(
    facts: Facts<'_>,
    end: &End<'_>,
    guest: &Guest,
    definition: &Definition,
    fresh: bool,
) -> Result<(), Refusal> {
    let (needed, found) = (end.behaviour.minimum_qemu, end.qemu.version);
    if found < needed {
        return Err(Refusal::QemuTooOld { needed, found });
    }
    if definition.mode == Mode::Maximum && !end.behaviour.maximum_mode {
        return Err(Refusal::UnknownMode(definition.mode));
    }
    if (fresh || end.behaviour.validate_incoming_machine) && !end.has_machine(facts.catalog, &guest.machine) {
        return Err(Refusal::MachineType { emulator: emulator(end, guest), machine: guest.machine.name.clone() });
    }
    match definition.features.iter().find(|(feature, _)| !end.map.known.contains(*feature)) {
        Some((feature, _)) => Err(Refusal::UnknownFeature(feature)),
        None => Ok(()),
    }
}

/// The emulator in messages: the domain's own, else the one of the packages.
fn emulator(end: &End<'_>, guest: &Guest) -> Box<str> {
    guest.emulator.clone().unwrap_or_else(|| end.emulator().into())
}

/// `qemuProcessUpdateGuestCPU`: the definition is brought to this host, this map and this QEMU.
fn update_cpu(
    facts: Facts<'_>,
    end: &End<'_>,
    guest: &Guest,
    definition: &mut Definition,
    fresh: bool,
) -> Result<(), Refusal> {
    let (catalog, names) = (facts.catalog, facts.names);
    if definition.mode == Mode::HostPassthrough && guest.accel == Accel::Tcg {
        return Err(Refusal::UnsupportedMode(definition.mode));
    }
    partial_check::forbidden(catalog, names, end, guest, definition)?;
    if definition.is_passthrough() {
        return Ok(());
    }
    partial_check::partial(catalog, names, end, guest, definition)?;
    partial_check::decide_optional(catalog, names, end, guest, definition);
    let Some(model) = definition.model else { return Ok(()) };
    let Some(of_map) = end.map.model(model) else { return Err(Refusal::UnknownModel(model)) };
    let policy = match (fresh, end.regime()) {
        (true, _) | (false, Regime::Disable) => Some(Policy::Disable),
        (false, Regime::Require) => Some(Policy::Require),
        (false, Regime::Nothing) => None,
    };
    if let Some(policy) = policy {
        for feature in &of_map.removed {
            definition.features.add_if_missing(*feature, policy);
        }
    }
    if !end.qemu.has_model(model) {
        return Err(Refusal::ModelUnsupported(model));
    }
    definition.fallback = Fallback::Forbid;
    Ok(())
}
