//! Starts a guest at one end, fresh or incoming: the order of libvirt's `qemuProcessInit`, `StartValidate`,
//! `UpdateGuestCPU`, launch, and `UpdateAndVerifyCPU`.

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::keep::Keep;
use super::refusal::Stop;
use super::site::{Facts, Site};
use super::stages::{QemuCpu, Sent};
use super::table::Says;
use super::{live_update, partial_check, qemu_cpu};
use crate::domain::behaviour::{DropUnknown, Original, Regime};
use crate::domain::definition::{Check, Definition, Fallback, Mode, Policy, PolicyStore};
use crate::domain::feature::FeatureSet;
use crate::domain::qemu::Accel;

/// What came of a start. Written in place, since it is large and there is one for every end.
#[derive(Default)]
pub(super) struct Attempt {
    /// Why the guest does not run; `None` where it does.
    pub(super) stop: Option<Stop>,
    /// What the prepared definition says about the table's feature; `None` where it was refused before.
    pub(super) prepared_says: Option<Says>,
    /// The CPU that QEMU built.
    pub(super) cpu: Option<Built>,
}

/// A guest on its way, changed in place from one end to the next.
pub(super) struct Running<P> {
    /// The definition: before a start the given one, after it the live one.
    pub(super) live: Definition<P>,
    /// The original one kept beside it.
    pub(super) original: Option<Definition<P>>,
    /// Whether it is wanted to go on from here; where not, nothing is kept beside the live definition.
    pub(super) onward: bool,
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
    /// The XML that arrived.
    Xml,
    /// The CPU of the cookie, in place of this XML's.
    Cookie(&'s Definition<P>),
}

/// Starts the user's guest.
pub(super) fn fresh<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    guest: &mut Running<P>,
    (attempt, keep): (&mut Attempt, &mut K),
) {
    start(facts, site, &Arrived::Fresh, guest, (attempt, keep));
}

/// Takes over a guest that already runs: nothing is prepared and no QEMU is started. Its CPU is what this release's map
/// reads from the live definition.
///
/// Where no inactive definition is known, the original CPU is taken to be the live one without the features marked as
/// added, which users do not name.
pub(super) fn taken_over<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    guest: &mut Running<P>,
    (attempt, keep): (&mut Attempt, &mut K),
) {
    keep.given(site, &guest.live, false);
    let cpu = qemu_cpu::described(facts, site, &guest.live);
    keep.cpu(&cpu);
    if guest.original.is_none() {
        let mut original = guest.live.clone();
        original.features.remove_all(site.model.as_ref().map(|model| model.added).unwrap_or_default());
        guest.original = Some(original);
    }
    if site.end.behaviour.original == Original::Never {
        guest.original = None;
    }
    keep.running(guest);
    attempt.cpu = Some(Built::of(&cpu));
}

/// Starts a guest that arrives: with the cookie's CPU where there is one that this release lets replace the XML's
/// (libvirt `qemuDomainUpdateCPU`: before 10.3.0 only where the two differ). That cookie is taken out of what was
/// sent. Returns what the given definition says about the table's feature.
pub(super) fn incoming<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    sent: &mut Sent<P>,
    guest: &mut Running<P>,
    (attempt, keep): (&mut Attempt, &mut K),
) -> Says {
    let behaviour = &site.end.behaviour;
    let replaces =
        |cookie: &Definition<P>| behaviour.cookie && (behaviour.original == Original::Always || *cookie != sent.xml);
    let replaced = sent.cookie.as_ref().is_some_and(replaces);
    let arrived = match sent.cookie.take_if(|_| replaced) {
        Some(cookie) => {
            guest.live = cookie;
            Arrived::Cookie(&sent.xml)
        }
        None => {
            guest.live.clone_from(&sent.xml);
            Arrived::Xml
        }
    };
    guest.original = None;
    let says = Says::of(&guest.live, facts.feature);
    start(facts, site, &arrived, guest, (attempt, keep));
    says
}

fn start<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    arrived: &Arrived<'_, P>,
    guest: &mut Running<P>,
    (attempt, keep): (&mut Attempt, &mut K),
) {
    guest.onward |= K::TO_THE_END;
    if !site.end.behaviour.live_update {
        // Before 3.2.0 libvirt does not read the attribute.
        guest.live.check = Check::None;
    }
    keep.given(site, &guest.live, matches!(arrived, Arrived::Cookie(_)));
    (attempt.stop, attempt.prepared_says, attempt.cpu) = (None, None, None);
    match go(facts, site, arrived, guest, (attempt, keep)) {
        Ok(()) => keep.running(guest),
        Err(stop) => {
            keep.refused(facts, site, &guest.live, &stop);
            attempt.stop = Some(stop);
        }
    }
}

fn go<P: PolicyStore, K: Keep<P>>(
    facts: &Facts<'_>,
    site: &Site<'_>,
    arrived: &Arrived<'_, P>,
    guest: &mut Running<P>,
    (attempt, keep): (&mut Attempt, &mut K),
) -> Result<(), Stop> {
    let behaviour = &site.end.behaviour;
    let fresh = matches!(arrived, Arrived::Fresh);
    validate(facts, site, &guest.live, fresh)?;
    if guest.onward {
        guest.original = match (behaviour.original, arrived) {
            (Original::Always | Original::IfChanged, Arrived::Cookie(xml)) => Some((*xml).clone()),
            (Original::Always, Arrived::Fresh | Arrived::Xml) => Some(guest.live.clone()),
            (Original::Never, _) | (Original::IfChanged, Arrived::Fresh | Arrived::Xml) => None,
        };
    }
    let definition = &mut guest.live;
    if !fresh && definition.mode == Mode::HostModel && definition.model.is_some() {
        definition.mode = Mode::Custom;
    }
    update_cpu(facts, site, definition, fresh)?;
    let unknown_to_qemu = definition.features.sets().off() - site.end.qemu.properties;
    let dropped = match behaviour.drop_unknown {
        DropUnknown::Definition => behaviour.ignored | unknown_to_qemu,
        DropUnknown::CommandLine => behaviour.ignored,
    };
    definition.features.remove_all(dropped);
    attempt.prepared_says = Some(Says::of(definition, facts.feature));
    keep.prepared(site, definition);
    launch(facts, site, definition)?;
    let cpu = qemu_cpu::build(facts, site, definition);
    attempt.cpu = Some(Built::of(&cpu));
    keep.cpu(&cpu);
    go_live(site, guest, &cpu)
}

/// QEMU is started, or says why not.
fn launch<P: PolicyStore>(facts: &Facts<'_>, site: &Site<'_>, prepared: &Definition<P>) -> Result<(), Stop> {
    if !site.has_machine {
        return Err(Stop::MachineTypeAtQemu { machine: facts.guest.machine.name.clone() });
    }
    if let Some(feature) = prepared.features.first_of(prepared.features.sets().on() - site.end.qemu.properties) {
        let model = prepared.model.filter(|_| !prepared.is_passthrough());
        return Err(Stop::UnknownProperty { feature, model });
    }
    Ok(())
}

/// QEMU runs: the live update. A release that keeps an original CPU only where that changed something keeps the one
/// before it.
fn go_live<P: PolicyStore>(site: &Site<'_>, guest: &mut Running<P>, cpu: &QemuCpu) -> Result<(), Stop> {
    let behaviour = &site.end.behaviour;
    if !behaviour.live_update || (guest.live.mode != Mode::Custom && guest.live.check != Check::Full) {
        return Ok(());
    }
    let keeps = guest.onward && behaviour.original == Original::IfChanged && guest.original.is_none();
    let before = keeps.then(|| guest.live.clone());
    live_update::apply(site, &mut guest.live, cpu)?;
    if keeps {
        guest.original = before.filter(|before| *before != guest.live);
    }
    guest.live.check = Check::Full;
    Ok(())
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
