//! Starts a guest at one end, fresh or incoming: the order of libvirt's `qemuProcessInit`, `StartValidate`,
//! `UpdateGuestCPU`, launch, and `UpdateAndVerifyCPU`.

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::keep::Keep;
use super::resolution::{QemuCpu, Sent, Stop};
use super::site::{Facts, Site};
use super::table::Says;
use super::{live_update, partial_check, qemu_cpu};
use crate::domain::behaviour::{DropUnknown, Original, Regime};
use crate::domain::definition::{Check, Definition, Fallback, Mode, Policy, PolicyStore};
use crate::domain::feature::FeatureSet;
use crate::domain::qemu::Accel;

/// What came of a start.
pub(super) struct Attempt<P> {
    /// The guest as it runs, or why it does not; `None` of a guest that runs where nobody wants to know more.
    pub(super) running: Result<Option<Running<P>>, Stop>,
    /// What the prepared definition says about the table's feature; `None` where it was refused before.
    pub(super) prepared_says: Option<Says>,
    /// The CPU that QEMU built.
    pub(super) cpu: Option<Built>,
}

/// A guest that runs.
pub(super) struct Running<P> {
    pub(super) live: Definition<P>,
    pub(super) original: Option<Definition<P>>,
}

/// What an answer needs to know of the CPU that QEMU built.
#[derive(Clone, Copy)]
pub(super) struct Built {
    pub(super) visible: FeatureSet,
    pub(super) cleared: FeatureSet,
    pub(super) filtered: FeatureSet,
}

impl Built {
    fn of(cpu: &QemuCpu) -> Self {
        Self { visible: cpu.visible, cleared: cpu.cleared, filtered: cpu.filtered }
    }
}

/// What a start begins with.
enum Arrived<'s, P> {
    /// The user's definition: nothing arrived.
    Fresh,
    /// This XML arrived, and whether the cookie replaced it.
    With(&'s Definition<P>, bool),
}

/// Starts the user's guest; `onward` when it goes on from here.
pub(super) fn fresh<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    definition: &Definition<P>,
    onward: bool,
    keep: &mut K,
) -> Attempt<P> {
    start(facts, site, (definition, &Arrived::Fresh), onward, keep)
}

/// Takes over a guest that already runs: nothing is prepared and no QEMU is started. Its CPU is what this release's map
/// reads from the live definition.
///
/// Where no inactive definition is known, the original CPU is taken to be the live one without the features marked as
/// added, which users do not name.
pub(super) fn taken_over<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    live: &Definition<P>,
    inactive: Option<Definition<P>>,
    keep: &mut K,
) -> Attempt<P> {
    keep.given(site, live, false);
    let cpu = qemu_cpu::described(facts, site, live);
    keep.cpu(&cpu);
    let original = inactive.unwrap_or_else(|| {
        let mut original = live.clone();
        original.features.remove_all(site.model.as_ref().map(|model| model.added).unwrap_or_default());
        original
    });
    let original = Some(original).filter(|_| site.end.behaviour.original != Original::Never);
    let running = Running { live: live.clone(), original };
    keep.running(&running);
    Attempt { running: Ok(Some(running)), prepared_says: None, cpu: Some(Built::of(&cpu)) }
}

/// Starts a guest that arrives: with the cookie's CPU where there is one that this release lets replace the XML's
/// (libvirt `qemuDomainUpdateCPU`: before 10.3.0 only where the two differ). Returns also what was given.
pub(super) fn incoming<'s, P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    sent: &'s Sent<P>,
    onward: bool,
    keep: &mut K,
) -> (&'s Definition<P>, Attempt<P>) {
    let behaviour = &site.end.behaviour;
    let replaces =
        |cookie: &&Definition<P>| behaviour.cookie && (behaviour.original == Original::Always || **cookie != sent.xml);
    let cookie = sent.cookie.as_ref().filter(replaces);
    let given = cookie.unwrap_or(&sent.xml);
    let arrived = Arrived::With(&sent.xml, cookie.is_some());
    (given, start(facts, site, (given, &arrived), onward, keep))
}

fn start<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    (given, arrived): (&Definition<P>, &Arrived<'_, P>),
    onward: bool,
    keep: &mut K,
) -> Attempt<P> {
    // Before 3.2.0 libvirt does not read the attribute.
    let unread = (!site.end.behaviour.live_update && given.check != Check::None)
        .then(|| Definition { check: Check::None, ..given.clone() });
    let given = unread.as_ref().unwrap_or(given);
    keep.given(site, given, matches!(arrived, Arrived::With(_, true)));
    let mut attempt = Attempt { running: Err(Stop::UnknownMode(given.mode)), prepared_says: None, cpu: None };
    attempt.running = prepare(facts, site, (given, arrived), keep).and_then(|prepared| {
        attempt.prepared_says = Some(Says::of(&prepared, facts.feature));
        let cpu = launch(facts, site, &prepared)?;
        attempt.cpu = Some(Built::of(&cpu));
        keep.cpu(&cpu);
        go_live(site, (given, arrived), prepared, &cpu, onward || K::TO_THE_END)
    });
    match &attempt.running {
        Ok(running) => running.iter().for_each(|running| keep.running(running)),
        Err(stop) => keep.refused(facts, site, given, stop),
    }
    attempt
}

/// Makes the definition ready for QEMU.
fn prepare<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    (given, arrived): (&Definition<P>, &Arrived<'_, P>),
    keep: &mut K,
) -> Result<Definition<P>, Stop> {
    let (end, behaviour) = (site.end, &site.end.behaviour);
    let fresh = matches!(arrived, Arrived::Fresh);
    validate(facts, site, given, fresh)?;
    let mut prepared = given.clone();
    if !fresh && prepared.mode == Mode::HostModel && prepared.model.is_some() {
        prepared.mode = Mode::Custom;
    }
    update_cpu(facts, site, &mut prepared, fresh)?;
    let unknown_to_qemu = prepared.features.sets().off() - end.qemu.properties;
    let dropped = match behaviour.drop_unknown {
        DropUnknown::Definition => behaviour.ignored | unknown_to_qemu,
        DropUnknown::CommandLine => behaviour.ignored,
    };
    prepared.features.remove_all(dropped);
    keep.prepared(site, &prepared);
    Ok(prepared)
}

/// QEMU starts with the prepared definition, or says why not.
fn launch<P: PolicyStore>(facts: &Facts<'_>, site: &Site<'_>, prepared: &Definition<P>) -> Result<QemuCpu, Stop> {
    let known = site.end.qemu.properties;
    let flags = prepared.features.sets();
    let (on, off) = (flags.on(), flags.off() & known);
    if !site.has_machine {
        return Err(Stop::MachineTypeAtQemu { machine: facts.guest.machine.name.clone() });
    }
    if let Some(feature) = prepared.features.first_of(on - known) {
        let model = prepared.model.filter(|_| !prepared.is_passthrough());
        return Err(Stop::UnknownProperty { feature, model });
    }
    Ok(qemu_cpu::build(facts, site, prepared, on, off))
}

/// QEMU runs: the live update, and what is kept beside the live definition.
fn go_live<P: PolicyStore>(
    site: &Site<'_>,
    (given, arrived): (&Definition<P>, &Arrived<'_, P>),
    mut prepared: Definition<P>,
    cpu: &QemuCpu,
    onward: bool,
) -> Result<Option<Running<P>>, Stop> {
    let behaviour = &site.end.behaviour;
    let updated = behaviour.live_update && (prepared.mode == Mode::Custom || prepared.check == Check::Full);
    if !onward {
        if updated {
            live_update::apply(site, &mut prepared, cpu)?;
        }
        return Ok(None);
    }
    let mut live = prepared.clone();
    if updated {
        live_update::apply(site, &mut live, cpu)?;
    }
    let original = match (behaviour.original, arrived) {
        (Original::Never, _) => None,
        (Original::Always, Arrived::With(xml, _)) | (Original::IfChanged, Arrived::With(xml, true)) => {
            Some((*xml).clone())
        }
        (Original::Always, Arrived::Fresh) => Some(given.clone()),
        (Original::IfChanged, Arrived::Fresh | Arrived::With(_, false)) => Some(prepared).filter(|p| *p != live),
    };
    if updated {
        live.check = Check::Full;
    }
    Ok(Some(Running { live, original }))
}

/// `qemuProcessStartValidate`: what can be said before anything is changed.
fn validate<P: PolicyStore>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    definition: &Definition<P>,
    fresh: bool,
) -> Result<(), Stop> {
    let behaviour = &site.end.behaviour;
    let (needed, found) = (behaviour.minimum_qemu, site.end.qemu.version);
    if found < needed {
        return Err(Stop::QemuTooOld { needed, found });
    }
    if definition.mode == Mode::Maximum && !behaviour.maximum_mode {
        return Err(Stop::UnknownMode(definition.mode));
    }
    if (fresh || behaviour.validate_incoming_machine) && !site.has_machine {
        return Err(Stop::MachineType { emulator: emulator(facts, site), machine: facts.guest.machine.name.clone() });
    }
    let unknown = definition.features.sets().mentioned() - site.end.map.known;
    definition.features.first_of(unknown).map_or(Ok(()), |feature| Err(Stop::UnknownFeature(feature)))
}

/// The emulator in messages: the domain's own, else the one of the packages.
fn emulator(facts: &Facts<'_>, site: &Site<'_>) -> Box<str> {
    facts.guest.emulator.clone().unwrap_or_else(|| site.end.emulator().into())
}

/// `qemuProcessUpdateGuestCPU`: the definition is brought to this host, this map and this QEMU.
fn update_cpu<P: PolicyStore>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    definition: &mut Definition<P>,
    fresh: bool,
) -> Result<(), Stop> {
    if definition.mode == Mode::HostPassthrough && facts.guest.accel == Accel::Tcg {
        return Err(Stop::UnsupportedMode(definition.mode));
    }
    partial_check::forbidden(facts, site, definition)?;
    if definition.is_passthrough() {
        return Ok(());
    }
    partial_check::partial(facts, site, definition)?;
    partial_check::decide_optional(facts, site, definition);
    let Some(model) = &site.model else { return Ok(()) };
    let Some(of_map) = model.of_map else { return Err(Stop::UnknownModel(model.id)) };
    let policy = match (fresh, site.end.regime()) {
        (true, _) | (false, Regime::Disable) => Some(Policy::Disable),
        (false, Regime::Require) => Some(Policy::Require),
        (false, Regime::Nothing) => None,
    };
    if let Some(policy) = policy {
        for feature in &of_map.removed {
            definition.features.add_if_missing(*feature, policy);
        }
    }
    if !model.in_qemu {
        return Err(Stop::ModelUnsupported(model.id));
    }
    definition.fallback = Fallback::Forbid;
    Ok(())
}
