//! What libvirt does: starting a guest, bringing its definition up to date, and sending it.

use super::checks::{
    check_forbidden, check_mode, compare_with_map, host_has, partial_check, qemu_has, refuse_unknown, validate,
};
use super::facts::{PlainFacts, PlainMap, PlainQemu};
use super::qemu::{Built, build, guest_vendor};
use super::releases::{self, Number};
use super::{Policies, Question, Refusal, Stop, cannot_say, refuse};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A guest's CPU definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cpu {
    pub(crate) mode: String,
    pub(crate) model: Option<String>,
    pub(crate) matching: String,
    pub(crate) check: String,
    pub(crate) fallback: String,
    pub(crate) vendor: Option<String>,
    pub(crate) features: Policies,
}

/// The source or the destination, with all its facts.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) version: Number,
    pub(crate) map: Arc<PlainMap>,
    pub(crate) qemu: &'a PlainQemu,
    pub(crate) host: super::facts::PlainHost,
    pub(crate) removed_incoming: String,
}

impl Node<'_> {
    /// x86_cpu_register_feature_bit_props, every QEMU: the names it has; those of KVM with every QEMU.
    pub(crate) fn knows(&self, feature: &str) -> bool {
        self.qemu.properties.contains(feature) || feature.starts_with("kvm")
    }
}

/// A running guest.
pub(crate) struct Started {
    pub(crate) live: Cpu,
    pub(crate) original: Option<Cpu>,
    pub(crate) qemu: Built,
    pub(crate) vendor: String,
}

/// virCPUDefFindFeature, every release.
pub(super) fn policy_of<'a>(features: &'a Policies, feature: &str) -> Option<&'a str> {
    for (name, policy) in features {
        if name == feature {
            return Some(policy);
        }
    }
    None
}

/// virCPUDefUpdateFeature, every release: in place where it is mentioned, else at the end.
fn set(features: &mut Policies, feature: &str, policy: &str) {
    for (name, old) in features.iter_mut() {
        if name == feature {
            policy.clone_into(old);
            return;
        }
    }
    features.push((feature.to_owned(), policy.to_owned()));
}

/// virCPUDefAddFeatureIfMissing, every release.
fn add_if_missing(features: &mut Policies, feature: &str, policy: &str) {
    if policy_of(features, feature).is_none() {
        features.push((feature.to_owned(), policy.to_owned()));
    }
}

pub(super) fn is_passthrough(cpu: &Cpu) -> bool {
    cpu.mode == "host-passthrough" || cpu.mode == "maximum"
}

/// Starts a guest: a new one, or one that arrives by `transport`.
pub(crate) fn start(
    facts: &PlainFacts,
    node: &Node,
    xml: &Cpu,
    cookie: Option<&Cpu>,
    question: &Question,
    transport: Option<&str>,
) -> Result<Started, Stop> {
    // qemuBuildClockCommandLine, before 3.2.0: the timer tsc is refused.
    if question.tsc && !releases::has_live_update(node.version) {
        return cannot_say("how a libvirt without the timer tsc refuses it");
    }
    let is_new = transport.is_none();
    let release = node.version;
    // qemuDomainUpdateCPU, 3.5.0: the cookie's CPU where it differs; 10.3.0: always.
    let mut cpu = xml.clone();
    let mut is_replaced = false;
    if let Some(cookie) = cookie
        && releases::has_cookie(release)
        && node.qemu.number >= (2, 9, 0)
        && (releases::original(release) == "always" || cookie != xml)
    {
        cpu = cookie.clone();
        is_replaced = true;
    }
    // qemuDomainDefCPUPostParse, 3.2.0: what is checked when nothing was said.
    if releases::has_check_attribute(release) {
        if cpu.check.is_empty() {
            default_check(&cpu, question).clone_into(&mut cpu.check);
        }
    } else {
        cpu.check = String::new();
    }
    let mut stored = xml.clone();
    if stored.check.is_empty() {
        default_check(&stored, question).clone_into(&mut stored.check);
    }

    validate(node, &cpu, question, is_new)?;

    // qemuProcessUpdateGuestCPU, every release: a host model that was expanded is a custom CPU.
    if !is_new && cpu.mode == "host-model" && cpu.model.is_some() {
        "custom".clone_into(&mut cpu.mode);
    }
    check_mode(&cpu, question)?;

    // qemuProcessUpdateGuestCPU, 7.2.0: a forbidden feature that the host has.
    if releases::has_forbid_check(release) && cpu.check != "none" {
        check_forbidden(node, &cpu, question)?;
    }

    if !is_passthrough(&cpu) {
        // qemuProcessUpdateGuestCPU, 3.2.0: only the partial check compares before the start; 3.1.0: KVM always does.
        if cpu.check == "partial" {
            partial_check(facts, node, &cpu, question)?;
        } else if !releases::has_check_attribute(release) && question.accel == "kvm" {
            compare_with_map(node, &cpu, question)?;
        }
        update(node, &mut cpu, question, is_new)?;
        // virCPUTranslate, every release: a model QEMU does not have.
        let model = cpu.model.clone().unwrap_or_default();
        if !node.qemu.models.contains(&model) {
            if cpu.fallback == "allow" {
                return cannot_say("which model libvirt falls back to");
            }
            let text = format!("unsupported configuration: CPU model {model} is not supported by hypervisor");
            return refuse("model-unsupported", text);
        }
        "forbid".clone_into(&mut cpu.fallback);
    }

    // virQEMUCapsCPUFilterFeatures, 5.5.0/11.3.0/11.10.0/12.1.0: ignored names leave the definition.
    cpu.features.retain(|(feature, _)| !releases::ignores(release, feature));
    // qemuProcessDropUnknownCPUFeatures, 5.10.0 to 10.7.0: a disabled feature that QEMU does not know leaves the
    // definition.
    if releases::drops_unknown(release) == "definition" {
        cpu.features.retain(|(feature, policy)| (policy != "disable" && policy != "forbid") || node.knows(feature));
    }

    let flags = command_line(node, &cpu, question)?;
    let built = build(facts, node, &cpu, &flags, question)?;
    let before = cpu.clone();
    // virCPUx86CheckFeature, 3.2.0: it needs every feature.
    if releases::has_live_update(release) {
        for (feature, _) in &cpu.features {
            if !node.map.known.contains(feature) {
                return refuse("unknown-feature", format!("internal error: Unknown CPU feature {feature}"));
            }
        }
    }
    if has_invariant_tsc(node, &cpu) && !built.on.contains("invtsc") {
        let text = "unsupported configuration: host doesn't support invariant TSC";
        return refuse("invtsc", text.to_owned());
    }
    // virCPUUpdateLive, 3.2.0: for a custom CPU; 6.2.0: and for any with check full.
    let is_updated = cpu.mode == "custom" || (cpu.check == "full" && releases::updates_passthrough(release));
    if releases::has_live_update(release) && is_updated {
        live_update(node, &mut cpu, &built)?;
        "full".clone_into(&mut cpu.check);
    }

    // qemuMigrationDstRun, to 11.3.0: a saved guest is read through fd:, which QEMU 11.1 no longer does for a file.
    if !is_new && transport == Some("save") && releases::restores_through_fd(release) && node.qemu.number >= (11, 1, 0)
    {
        let text = "internal error: unable to execute QEMU command 'migrate-incoming': fd: migration to a file is not \
                    supported. Use file: instead.";
        return refuse("restore", text.to_owned());
    }

    // qemuProcessUpdateLiveGuestCPU, 3.5.0/10.3.0: which other definition is kept in addition to the live one.
    let original = match releases::original(release) {
        "always" => Some(stored),
        "if-changed" if is_replaced => Some(stored),
        "if-changed" if cpu.features != before.features => Some(before),
        _ => None,
    };
    let vendor = guest_vendor(facts, node, &cpu, question);
    Ok(Started { live: cpu, original, qemu: built, vendor })
}

/// qemuDomainDefCPUPostParse, 3.2.0.
fn default_check(cpu: &Cpu, question: &Question) -> &'static str {
    if is_passthrough(cpu) {
        return "none";
    }
    if cpu.mode == "host-model" {
        return "partial";
    }
    if question.accel == "tcg" { "none" } else { "partial" }
}

/// virCPUUpdate, every release.
fn update(node: &Node, cpu: &mut Cpu, question: &Question, is_new: bool) -> Result<(), Stop> {
    // virCPUx86UpdateHostModel, every release: these need the host's CPU as a model, which the facts do not give.
    if cpu.mode == "host-model" {
        return cannot_say("what the host model is");
    }
    if cpu.matching == "minimum" {
        return cannot_say("what the host model is");
    }
    // virCPUx86UpdateHostModel, every release: optional becomes what the migratable host model says.
    refuse_unknown(node, cpu, "optional")?;
    let before = cpu.clone();
    for (feature, policy) in &mut cpu.features {
        if policy == "optional" {
            // virCPUUpdate, 3.3.0, commit 56bd7edcb5: with what of QEMU's host QEMU says to migrate; in 3.2.0 with all of it, and
            // before with the only host there is.
            let has = if releases::has_migratable_host(node.version) {
                qemu_has(node, &before, question, feature) && feature != "invtsc"
            } else {
                host_has(node, &before, question, feature)?
            };
            if has { "require" } else { "disable" }.clone_into(policy);
        }
    }
    let name = cpu.model.clone().unwrap_or_default();
    let Some(model) = node.map.models.get(&name) else {
        // virCPUCheckFeature, 3.2.0: before, a guest that is not compared with the host needs no model of the map.
        if node.qemu.models.contains(&name) && !releases::reads_invtsc_with_the_map(node.version) {
            return Ok(());
        }
        return refuse("unknown-model", format!("internal error: Unknown CPU model {name}"));
    };
    // virCPUx86DisableRemovedFeatures, 6.10.0; virCPUx86AddRemovedFeatures, 10.4.0: what the model lost is named.
    for feature in &model.removed {
        if is_new && !releases::mentions_removed(node.version) {
            continue;
        }
        if is_new {
            add_if_missing(&mut cpu.features, feature, "disable");
        } else if node.removed_incoming != "nothing" {
            add_if_missing(&mut cpu.features, feature, &node.removed_incoming);
        }
    }
    Ok(())
}

/// qemuBuildCpuModelArgStr, every release: the features of -cpu, in order.
fn command_line(node: &Node, cpu: &Cpu, question: &Question) -> Result<Vec<(String, bool)>, Stop> {
    // qemu_machine_class, every QEMU: it exits when libvirt let an unknown machine type through.
    if !node.qemu.machines.contains(&question.machine) {
        // select_machine: 6.1 does not repeat the option, 9.1 names the type.
        let option = format!("-machine {},accel={},usb=off,dump-guest-core=off: ", question.machine, question.accel);
        let option = if node.qemu.number < (6, 1, 0) { option } else { String::new() };
        let name = format!(": \"{}\"", question.machine);
        let name = if node.qemu.number < (9, 1, 0) { String::new() } else { name };
        let text = format!(
            "internal error: qemu unexpectedly closed the monitor: qemu-system-x86_64: {option}unsupported machine \
             type{name}"
        );
        return refuse("qemu-exit-machine", text);
    }
    let mut flags = Vec::new();
    for (feature, policy) in &cpu.features {
        // qemuFeatureNoEffect, 5.4.0: two names are not written.
        if releases::leaves_off_the_command_line(node.version, feature) {
            continue;
        }
        let mut is_on = policy == "require" || policy == "force";
        let mut is_off = policy == "disable" || policy == "forbid";
        // qemuBuildCpuModelArgStr, before 2.3.0: what cpuDecode lists in addition to the model, and nothing under TCG.
        if !releases::writes_features(node.version) {
            if is_passthrough(cpu) {
                is_off = policy == "disable";
                is_on = !is_off;
            } else if question.accel == "tcg" {
                continue;
            } else if let Some(model) = cpu.model.as_ref().and_then(|name| node.map.models.get(name)) {
                is_on = is_on && !model.data.contains(feature);
                is_off = is_off && model.data.contains(feature);
            }
        }
        // qemuProcessDropUnknownCPUFeatures, 5.10.0: only before, a name that QEMU does not know is disabled by name.
        let is_dropped = is_off && releases::drops_unknown(node.version) != "never";
        // object_property_parse, every QEMU: it exits at a property it does not have.
        if (is_on || is_off) && !is_dropped && !node.knows(feature) {
            let name = match cpu.mode.as_str() {
                "host-passthrough" => "host",
                "maximum" => "max",
                _ => cpu.model.as_deref().unwrap_or("host"),
            };
            // object_property_find, to 5.1: without the type.
            let object = if node.qemu.number < (5, 2, 0) { String::new() } else { format!("{name}-x86_64-cpu") };
            let text = format!(
                "internal error: process exited while connecting to monitor: can't apply global \
                 {name}-x86_64-cpu.{feature}={}: Property '{object}.{feature}' not found",
                if is_on { "on" } else { "off" }
            );
            return refuse("unknown-property", text);
        }
        if (is_on || is_off) && node.knows(feature) {
            flags.push((feature.clone(), is_on));
        }
    }
    Ok(flags)
}

/// virCPUx86UpdateLive, 3.2.0/3.6.0/10.4.0/10.5.0/11.3.0.
fn live_update(node: &Node, cpu: &mut Cpu, built: &Built) -> Result<(), Stop> {
    let release = node.version;
    let model = cpu.model.as_ref().and_then(|name| node.map.models.get(name));
    let want = described(&node.map, cpu);
    let is_full = cpu.check == "full";
    let passthrough = is_passthrough(cpu);
    let added: &[String] = model.map_or(&[], |model| model.added.as_slice());
    let asked = cpu.features.clone();
    let mut extra = Vec::new();
    let mut missing = Vec::new();
    for feature in &node.map.order {
        // virQEMUCapsCPUFilterFeatures, 11.10.0: what is ignored is not seen in QEMU's answer either.
        let is_seen = !(releases::filters_reported(release) && releases::ignores(release, feature));
        let is_on = is_seen && built.on.contains(feature);
        let is_off = is_seen && built.off.contains(feature);
        // virCPUx86UpdateLive, 10.4.0: both at once.
        if releases::has_conflict_check(release) && is_on && is_off {
            let text = format!(
                "operation failed: hypervisor provided conflicting CPU data: feature '{feature}' is both enabled and disabled at the same time"
            );
            return refuse("conflict", text);
        }
        let is_disabled = policy_of(&asked, feature) == Some("disable");
        let is_wanted = want.contains(feature);
        let is_unwanted = !is_wanted && (!passthrough || is_disabled);
        // virCPUx86UpdateLive, 10.2.0: an added feature; 10.5.0: only one that the definition does not mention.
        let is_silent = !is_disabled || releases::overlooks_disabled(release);
        let is_overlooked = added.contains(feature) && !is_wanted && is_silent;
        // virCPUx86UpdateLive, 3.6.0: what is wanted and not on is missing, reported or not.
        let is_absent = is_wanted && !is_on && releases::misses_what_is_absent(release);
        if is_unwanted && is_on {
            if is_full && !(is_overlooked && releases::overlooks_added(release) != "none") {
                extra.push(feature.clone());
            } else {
                set(&mut cpu.features, feature, "require");
            }
        }
        if is_off || is_absent {
            if is_full && !(is_overlooked && releases::overlooks_added(release) == "both") {
                missing.push(feature.clone());
            } else {
                set(&mut cpu.features, feature, "disable");
            }
        }
    }
    // virCPUx86DisableRemovedFeatures at the end, 6.10.0: what the model lost is named in the end.
    if let Some(model) = model.filter(|_| releases::mentions_removed(release)) {
        for feature in &model.removed {
            add_if_missing(&mut cpu.features, feature, "disable");
        }
    }
    if extra.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let start = "operation failed: guest CPU doesn't match specification";
    let (more, less) = (extra.join(","), missing.join(","));
    let (kind, text) = if missing.is_empty() {
        ("extra", format!("{start}: extra features: {more}"))
    } else if extra.is_empty() {
        ("missing", format!("{start}: missing features: {less}"))
    } else {
        ("extra-missing", format!("{start}: extra features: {more}, missing features: {less}"))
    };
    Err(Stop::Refused(Refusal { kind: kind.to_owned(), text, extra, missing }))
}

/// x86ModelFromCPU, every release: the model's data, then the policies in order.
fn described(map: &PlainMap, cpu: &Cpu) -> BTreeSet<String> {
    let mut want = BTreeSet::new();
    if let Some(name) = &cpu.model
        && let Some(model) = map.models.get(name)
    {
        want.clone_from(&model.data);
    }
    for (feature, policy) in &cpu.features {
        if policy == "require" || policy == "force" {
            want.insert(feature.clone());
        }
        if policy == "disable" || policy == "forbid" {
            want.remove(feature);
        }
    }
    want
}

/// qemuProcessRefreshCPU, 10.4.0: a daemon that finds a running guest; neither QEMU nor the host is queried again.
pub(crate) fn reconnect(node: &Node, mut started: Started) -> Started {
    // qemuProcessReconnect, 10.3.0: the live CPU is kept as the original one where there is none; before 3.5.0 a daemon
    // does not read the original one.
    match releases::original(node.version) {
        "always" if started.original.is_none() => started.original = Some(started.live.clone()),
        "never" => started.original = None,
        _ => {}
    }
    let live = &mut started.live;
    // virCPUDefParseXML, before 3.2.0: a daemon that does not know the attribute check loses it.
    if !releases::has_check_attribute(node.version) {
        live.check = String::new();
    }
    if live.mode != "custom" {
        return started;
    }
    if releases::requires_removed_at_reconnect(node.version)
        && let Some(model) = live.model.as_ref().and_then(|name| node.map.models.get(name))
    {
        for feature in &model.removed {
            add_if_missing(&mut live.features, feature, "require");
        }
    }
    // Recorded: 12.8.0 takes out what it ignores.
    if releases::drops_ignored_at_reconnect(node.version) {
        live.features.retain(|(feature, _)| !releases::ignores(node.version, feature));
    }
    started
}

/// qemuMigrationSrcIsAllowed, every release: the invariant TSC stays where it is, unless its frequency is given.
pub(crate) fn may_leave(node: &Node, started: &Started, question: &Question, transport: &str) -> Result<(), Stop> {
    keeps_invtsc(node, started, question)?;
    // A file has no destination that could refuse the guest before QEMU is told to migrate.
    if transport == "save" { migrate_command(node) } else { Ok(()) }
}

/// qemuMonitorJSONMigrate, to 10.7.0 at least: QEMU 11.1 does not know the argument detach.
pub(crate) fn migrate_command(node: &Node) -> Result<(), Stop> {
    if releases::migrates_with_detach(node.version) && node.qemu.number >= (11, 1, 0) {
        let text = "internal error: unable to execute QEMU command 'migrate': Parameter 'detach' is unexpected";
        return refuse("migrate", text.to_owned());
    }
    Ok(())
}

/// qemuProcessVerifyCPUFeatures, 3.2.0: what the map reads in the definition; qemuProcessVerifyGuestCPU before: what it
/// requires by name, since 3.1.0 (commit 76fd79819a) of host-passthrough too.
fn has_invariant_tsc(node: &Node, cpu: &Cpu) -> bool {
    if releases::reads_invtsc_with_the_map(node.version) {
        return described(&node.map, cpu).contains("invtsc");
    }
    let is_looked_at = releases::looks_for_invtsc_in_passthrough(node.version) || cpu.mode != "host-passthrough";
    is_looked_at && policy_of(&cpu.features, "invtsc") == Some("require")
}

fn keeps_invtsc(node: &Node, started: &Started, question: &Question) -> Result<(), Stop> {
    if question.tsc {
        return Ok(());
    }
    let blocked = "State blocked by non-migratable CPU device (invtsc flag)";
    let is_on = started.qemu.on.contains("invtsc");
    // query-migrate, QEMU 6.0: the reasons are told before anything is sent.
    if is_on && releases::asks_what_blocks(node.version) && node.qemu.number >= (6, 0, 0) {
        return refuse("invtsc", format!("Requested operation is not valid: cannot migrate domain: {blocked}"));
    }
    if has_invariant_tsc(node, &started.live) {
        // qemuMigrationIsAllowed, 3.2.0: with the frequency it may go.
        if !releases::reads_invtsc_with_the_map(node.version) {
            return refuse("invtsc", "Requested operation is not valid: domain has CPU feature: invtsc".to_owned());
        }
        let text = "Requested operation is not valid: domain has 'invtsc' CPU feature but TSC frequency is not \
                    specified";
        return refuse("invtsc", text.to_owned());
    }
    if is_on {
        return refuse("invtsc", format!("internal error: unable to execute QEMU command 'migrate': {blocked}"));
    }
    Ok(())
}

/// qemuDomainDefFormatBufInternal and the two cookies: the XML's CPU, and the CPU sent in addition.
pub(crate) fn send(node: &Node, started: &Started, transport: &str) -> (Cpu, Option<Cpu>) {
    let live = &started.live;
    let Some(original) = &started.original else {
        return (migratable(node, live, None), None);
    };
    let xml = migratable(node, original, Some(original));
    // qemuDomainSaveCookieNew, 3.5.0: a plain copy; qemuMigrationCookieAddCPU, 3.5.0: brought into shape too.
    let cookie = if transport == "save" { live.clone() } else { migratable(node, live, Some(original)) };
    if releases::has_cookie(node.version) { (xml, Some(cookie)) } else { (xml, None) }
}

/// qemuDomainMakeCPUMigratable, 5.10.0/10.2.0/11.3.0.
fn migratable(node: &Node, cpu: &Cpu, original: Option<&Cpu>) -> Cpu {
    let mut sent = cpu.clone();
    if sent.mode != "custom" {
        return sent;
    }
    let Some(name) = &sent.model else { return sent };
    // qemuDomainMakeCPUMigratable, 5.10.0: what an older release believes to be in the model.
    if name == "Icelake-Server" && releases::sends_pconfig(node.version) {
        set(&mut sent.features, "pconfig", "disable");
    }
    // qemuDomainDropAddedCPUFeatures, 10.2.0: what an older release does not know, unless the user named it.
    let drops = releases::drops_added(node.version);
    if drops == "always" || (drops == "if-original" && original.is_some()) {
        let Some(model) = sent.model.as_ref().and_then(|name| node.map.models.get(name)) else { return sent };
        sent.features.retain(|(feature, _)| {
            let is_named = original.is_some_and(|original| policy_of(&original.features, feature).is_some());
            !model.added.contains(feature) || is_named
        });
    }
    sent
}
