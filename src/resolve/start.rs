//! Starts a guest, new or incoming, in libvirt's order: `qemuProcessInit`, `StartValidate`, `UpdateGuestCPU`, launch,
//! and `UpdateAndVerifyCPU`.

#![expect(clippy::result_large_err, reason = "a refusal is a plain value of two sets; boxing it costs an allocation")]

use super::decision_table::Mention;
use super::prepared_endpoint::{Facts, PreparedEndpoint};
use super::qemu_cpu;
use super::recorder::Recorder;
use super::refusal::{MachineWording, Stage, UnorderedRefusal};
use super::trace::{Built, Running};
use super::{live_update, partial_check, send};
use crate::domain::behaviour::{DropUnknown, InvtscCheck, Original, QuirkKind, Regime};
use crate::domain::definition::{Check, Definition, Fallback, Mode, Policy};
use crate::domain::qemu::Accel;
use crate::domain::scenario::Transport;

/// What a start begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrived {
    /// The user's definition: nothing arrived.
    Fresh,
    /// The XML that arrived.
    Xml,
    /// The CPU of the cookie, used instead of the XML's, which is kept as the original.
    Cookie,
}

/// Starts the user's guest. Returns what the prepared definition says about the table's feature; `None` of one that was
/// refused before.
pub(super) fn start_new(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    guest: &mut Running,
    built: (&mut Option<Built>, &mut Recorder),
) -> Option<Mention> {
    start(facts, endpoint, Arrived::Fresh, guest, built)
}

/// Takes over a guest that already runs: nothing is prepared and no QEMU is started. Its CPU is what this release's map
/// reads from the live definition.
///
/// Where no inactive definition is known, the original CPU is taken to be the live one without those features marked as
/// added that the live update wrote.
pub(super) fn adopt_running(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    guest: &mut Running,
    (cpu, recorder): (&mut Option<Built>, &mut Recorder),
) {
    recorder.given(endpoint, &guest.live, false);
    let users = guest.original.as_ref().map(|original| original.features.off()).unwrap_or_default();
    if guest.live.is_passthrough() {
        // Its live definition does not describe the CPU, which is what this QEMU builds here.
        qemu_cpu::build(facts, endpoint, &guest.live, (cpu, recorder));
    } else {
        qemu_cpu::described(facts, endpoint, &guest.live, users, (cpu, recorder));
    }
    if guest.original.is_none() {
        let mut original = guest.live.clone();
        let added = endpoint.model.as_ref().map(|model| model.added).unwrap_or_default();
        // virCPUx86UpdateLive mentions them of a guest with vmx.
        let vmx = facts.catalog.named().vmx.is_some_and(|vmx| guest.live.describes(vmx, &endpoint.end.map));
        if vmx && !facts.guest.names_added {
            original.features.remove_all(added);
        }
        guest.original = Some(original);
    }
    if endpoint.end.behaviour.original == Original::Never {
        guest.original = None;
    }
    recorder.running(guest);
}

/// Starts a guest that arrives: with the cookie's CPU where there is one that this release lets replace the XML's (libvirt
/// `qemuDomainUpdateCPU`, 3.5.0, commit 8e34f47813: where the two differ; 10.3.0, commit 4331048257: always). Returns what the given definition says about
/// the table's feature.
pub(super) fn start_incoming(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    guest: &mut Running,
    built: (&mut Option<Built>, &mut Recorder),
) -> Mention {
    let behaviour = &endpoint.end.behaviour;
    let replaces =
        |xml: &Definition| endpoint.reads_cookie && (behaviour.original == Original::Always || guest.live != *xml);
    let arrived = if guest.original.as_ref().is_some_and(replaces) { Arrived::Cookie } else { Arrived::Xml };
    if arrived == Arrived::Xml
        && let Some(xml) = guest.original.take()
    {
        guest.live = xml;
    }
    let mention = Mention::of(&guest.live, facts.feature);
    start(facts, endpoint, arrived, guest, built);
    mention
}

fn start(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    arrived: Arrived,
    guest: &mut Running,
    (cpu, recorder): (&mut Option<Built>, &mut Recorder),
) -> Option<Mention> {
    guest.needs_original |= recorder.keeps_stages();
    // virCPUDefParseXML: before 3.2.0 libvirt does not read the attribute.
    if !endpoint.end.behaviour.live_update {
        guest.live.check = Check::None;
    }
    recorder.given(endpoint, &guest.live, arrived == Arrived::Cookie);
    (guest.refusal, *cpu) = (None, None);
    let mut mention = None;
    match start_steps(facts, endpoint, arrived, guest, (&mut mention, cpu, recorder)) {
        Ok(()) => recorder.running(guest),
        Err(refusal) => {
            recorder.refused(facts, endpoint, &guest.live, &refusal);
            guest.refusal = Some(refusal);
        }
    }
    mention
}

fn start_steps(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    arrived: Arrived,
    guest: &mut Running,
    (mention, cpu, recorder): (&mut Option<Mention>, &mut Option<Built>, &mut Recorder),
) -> Result<(), UnorderedRefusal> {
    let behaviour = &endpoint.end.behaviour;
    let fresh = arrived == Arrived::Fresh;
    validate(facts, endpoint, &guest.live, fresh)?;
    // qemuDomainUpdateCPU (3.5.0, commit 8e34f47813; always since 10.3.0, commit 4331048257): the original CPU that is
    // kept in addition to the live one.
    match (behaviour.original, arrived) {
        (Original::Always | Original::IfChanged, Arrived::Cookie) if guest.needs_original => {}
        (Original::Always, Arrived::Fresh | Arrived::Xml) if guest.needs_original => {
            guest.original = Some(guest.live.clone());
        }
        _ => guest.original = None,
    }
    let definition = &mut guest.live;
    update_cpu(facts, endpoint, definition, fresh)?;
    // virQEMUCapsCPUFilterFeatures (5.5.0, commits 0b763774a5 and b12865260a) and qemuProcessDropUnknownCPUFeatures
    // (5.10.0, commit ac34e14159).
    let mut dropped = behaviour.ignored;
    if endpoint.drop_unknown == DropUnknown::Definition {
        dropped |= definition.features.off() - endpoint.end.qemu.properties;
    }
    definition.features.remove_all(dropped);
    *mention = Some(Mention::of(definition, facts.feature));
    recorder.prepared(facts, endpoint, definition);
    launch(facts, endpoint, definition)?;
    let cpu = qemu_cpu::build(facts, endpoint, definition, (cpu, recorder));
    // virCPUCheckFeature, which qemuProcessVerifyCPUFeatures calls since 3.2.0: of what was not validated before.
    if behaviour.live_update
        && !behaviour.validate_features
        && let Some(feature) = partial_check::unknown(endpoint, definition, definition.features.mentioned())
    {
        return Err(UnorderedRefusal::UnknownFeature(feature, Stage::FullCheck));
    }
    // qemuProcessVerifyCPUFeatures, of every guest: one that is to have invtsc and does not get it.
    if let Some(invtsc) = facts.catalog.named().invtsc
        && !cpu.on.contains(invtsc)
        && send::counts_as_invariant(endpoint, definition, invtsc)
    {
        return Err(UnorderedRefusal::NoInvariantTsc);
    }
    apply_live_update(endpoint, guest, cpu)?;
    // qemuMigrationDstRun, through fd: before 12.1.0: only then is QEMU told where the guest is to be read from.
    if !fresh && facts.transport == Transport::Save && endpoint.cannot_restore {
        return Err(UnorderedRefusal::NotRestored);
    }
    Ok(())
}

/// QEMU is started, or says why not: it exits at a machine type or a property that it does not have
/// (`qemuBuildCpuModelArgStr` writes what is required whether QEMU knows it or not).
fn launch(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, prepared: &Definition) -> Result<(), UnorderedRefusal> {
    let says = |kind| endpoint.end.qemu.has_quirk(facts.catalog, kind, None);
    if !endpoint.has_machine {
        let (emulator, accel) = (emulator(facts, endpoint), facts.guest.accel);
        // machine_parse: 2.5; select_machine: 6.1 (commit d8fb7d0969) and 9.1 (commits 412d294ffdc and d53bb908b5).
        let wording = match (says(QuirkKind::MachineNamed), says(QuirkKind::MachineWithoutOption)) {
            (true, _) => MachineWording::Named,
            (false, true) => MachineWording::Bare,
            (false, false) if says(QuirkKind::MachineCapital) => MachineWording::Capital,
            (false, false) => MachineWording::Option,
        };
        let machine = facts.guest.machine.name.clone();
        return Err(UnorderedRefusal::MachineTypeAtQemu { emulator, accel, machine, wording });
    }
    let (on, off) = endpoint.flags(facts, prepared);
    if let Some(feature) = prepared.features.first_of((on | off) - endpoint.end.qemu.properties) {
        let model = prepared.model.filter(|_| !prepared.is_passthrough());
        let (on, mode) = (on.contains(feature), prepared.mode);
        // object_property_find_err, 5.2 (commit 4d9c7c8471).
        let typed = says(QuirkKind::PropertyWithType);
        return Err(UnorderedRefusal::UnknownProperty { feature, on, mode, model, typed });
    }
    Ok(())
}

/// QEMU runs: the live update (`qemuProcessUpdateLiveGuestCPU`, 3.2.0, commit def9401acb; of a CPU that is passed through
/// with check full since 6.2.0, commit ac36a82464). A release that keeps an original CPU only where that changed something keeps the one
/// before it.
fn apply_live_update(
    endpoint: &PreparedEndpoint<'_>,
    guest: &mut Running,
    cpu: &Built,
) -> Result<(), UnorderedRefusal> {
    let (behaviour, Running { live, original, needs_original, .. }) = (&endpoint.end.behaviour, guest);
    let honoured = live.mode == Mode::Custom || (behaviour.passthrough_check && live.check == Check::Full);
    if !(behaviour.live_update && honoured) {
        return Ok(());
    }
    let keeps = *needs_original && behaviour.original == Original::IfChanged && original.is_none();
    live_update::apply(endpoint, live, cpu, keeps.then_some(original))?;
    live.check = Check::Full;
    Ok(())
}

/// `qemuProcessStartValidate`: what can be said before anything is changed.
fn validate(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
    fresh: bool,
) -> Result<(), UnorderedRefusal> {
    let behaviour = &endpoint.end.behaviour;
    // virCPUDefParseXML, all releases.
    if fresh && definition.vendor.is_some() && definition.model.is_none() {
        return Err(UnorderedRefusal::VendorWithoutModel);
    }
    // virQEMUCapsInitQMPMonitor, QEMU_MIN_MAJOR: 4.3.0 (commit c1bc9c662b) and later.
    let (needed, found) = (behaviour.minimum_qemu, endpoint.end.qemu.version);
    if found < needed {
        return Err(UnorderedRefusal::QemuTooOld { needed, found });
    }
    // virCPUDefParseXML: 7.1.0 has the mode (commit d153c101d2).
    if definition.mode == Mode::Maximum && !behaviour.maximum_mode {
        return Err(UnorderedRefusal::UnknownMode(definition.mode));
    }
    // virDomainDefValidate, of an incoming guest since 8.1.0 (commit 517b8c12b9).
    if (fresh || behaviour.validate_incoming_machine) && !endpoint.has_machine {
        return Err(UnorderedRefusal::MachineType {
            emulator: emulator(facts, endpoint),
            machine: facts.guest.machine.name.clone(),
        });
    }
    // virCPUValidateFeatures, 3.8.0 (commit 3f0193f7e): the first name that the map does not have.
    let mentioned = definition.features.mentioned();
    if behaviour.validate_features
        && let Some(feature) = partial_check::unknown(endpoint, definition, mentioned)
    {
        return Err(UnorderedRefusal::UnknownFeature(feature, Stage::StartValidate));
    }
    // qemuProcessStartValidate since 5.5.0 (commit 8eb4a89f5f), whatever the policy.
    if behaviour.msr_check && endpoint.hides_unavailable && !(mentioned & endpoint.end.map.in_msrs()).is_empty() {
        return Err(UnorderedRefusal::MsrFeatures(mentioned & endpoint.end.map.in_msrs()));
    }
    Ok(())
}

/// The emulator in messages: the domain's own, else the one of the packages.
fn emulator(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> Box<str> {
    facts.guest.emulator.clone().unwrap_or_else(|| endpoint.end.emulator().into())
}

/// `qemuProcessUpdateGuestCPU`: the definition is brought to this host, this map and this QEMU.
fn update_cpu(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &mut Definition,
    fresh: bool,
) -> Result<(), UnorderedRefusal> {
    // virQEMUCapsIsCPUModeSupported, all releases.
    if definition.mode == Mode::HostPassthrough && facts.guest.accel == Accel::Tcg {
        return Err(UnorderedRefusal::UnsupportedMode(definition.mode));
    }
    // virCPUCheckForbiddenFeatures.
    partial_check::forbidden(facts, endpoint, definition)?;
    if definition.is_passthrough() {
        return Ok(());
    }
    // virCPUCompare, since 3.2.0 for check partial only (commit 641b8c721e); qemuDomainCheckCPU in 11.3.0.
    partial_check::partial(facts, endpoint, definition)?;
    // virCPUUpdate, x86UpdateHostModel, all releases.
    partial_check::decide_optional(facts, endpoint, definition)?;
    if definition.takes_host_model() && fresh {
        let Some(expansion) = facts.expansion else { return Err(UnorderedRefusal::UnsupportedMode(definition.mode)) };
        expansion.replace(definition);
    }
    let Some(model) = facts.model(endpoint, definition.model) else { return Ok(()) };
    let Some(of_map) = model.of_map else {
        // qemuProcessVerifyCPUFeatures asks the map about every guest since 3.2.0 (commit af1ca85545); before, only what
        // compared the definition with the host did.
        if model.in_qemu && endpoint.end.behaviour.invtsc_check != InvtscCheck::Described {
            definition.fallback = Fallback::Forbid;
            return Ok(());
        }
        return Err(UnorderedRefusal::UnknownModel(model.id));
    };
    // virCPUx86DisableRemovedFeatures (6.10.0, commits 52cbfb2186 and 7e0a310498), virCPUx86AddRemovedFeatures (10.4.0).
    let policy = match (fresh, endpoint.end.regime()) {
        (true, _) | (false, Regime::Disable) => Some(Policy::Disable),
        (false, Regime::Require) => Some(Policy::Require),
        (false, Regime::Nothing) => None,
    };
    if let Some(policy) = policy {
        for feature in &of_map.removed {
            definition.features.add_if_missing(*feature, policy);
        }
    }
    // virCPUTranslate, all releases: of models that QEMU does not have, with fallback allow.
    if !model.in_qemu {
        let nearest = facts.expansion.filter(|_| definition.fallback == Fallback::Allow);
        nearest.ok_or(UnorderedRefusal::ModelUnsupported(model.id))?.replace(definition);
    }
    definition.fallback = Fallback::Forbid;
    Ok(())
}
