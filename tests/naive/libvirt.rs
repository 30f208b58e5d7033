//! What libvirt does: starting a guest, bringing its definition up to date, and sending it.

use super::facts::{PlainFacts, PlainMap, PlainQemu};
use super::qemu::{Built, build, guest_vendor};
use super::releases::{self, Number};
use super::{Policies, Question, Refusal, Stop, cannot_say, refuse};
use std::collections::BTreeSet;

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

/// One end, with everything it knows.
pub(crate) struct Node<'a> {
    pub(crate) version: Number,
    pub(crate) map: &'a PlainMap,
    pub(crate) qemu: &'a PlainQemu,
    pub(crate) host: super::facts::PlainHost,
    pub(crate) removed_incoming: String,
}

/// A running guest.
pub(crate) struct Started {
    pub(crate) live: Cpu,
    pub(crate) original: Option<Cpu>,
    pub(crate) qemu: Built,
    pub(crate) vendor: String,
}

/// The path of the emulator in messages.
const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";

/// virCPUDefFindFeature, every release.
fn policy_of<'a>(features: &'a Policies, feature: &str) -> Option<&'a str> {
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

fn is_passthrough(cpu: &Cpu) -> bool {
    cpu.mode == "host-passthrough" || cpu.mode == "maximum"
}

/// Starts a guest: a new one, or an incoming one.
pub(crate) fn start(
    facts: &PlainFacts,
    node: &Node,
    xml: &Cpu,
    cookie: Option<&Cpu>,
    question: &Question,
    is_new: bool,
) -> Result<Started, Stop> {
    let release = node.version;
    // qemuDomainUpdateCPU, 3.5.0: the cookie's CPU where it differs; 10.3.0: always.
    let mut cpu = xml.clone();
    let mut is_replaced = false;
    if let Some(cookie) = cookie
        && releases::has_cookie(release)
        && (releases::original(release) == "always" || cookie != xml)
    {
        cpu = cookie.clone();
        is_replaced = true;
    }
    // qemuDomainDefCPUPostParse, 3.2.0: what is checked when nothing was said.
    if releases::has_live_update(release) {
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
    check_mode(node, &cpu, question)?;

    // qemuProcessStartValidate, 7.2.0: a forbidden feature that the host has.
    if releases::has_forbid_check(release) && cpu.check != "none" {
        for (feature, policy) in &cpu.features {
            if policy == "forbid" && host_has(node, &cpu, question, feature) {
                let text =
                    format!("the CPU is incompatible with host CPU: Host CPU provides forbidden feature '{feature}'");
                return refuse("forbidden-feature", text);
            }
        }
    }

    if !is_passthrough(&cpu) {
        // qemuProcessUpdateGuestCPU, 3.2.0: only the partial check compares before the start.
        if cpu.check == "partial" {
            partial_check(facts, node, &cpu, question)?;
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

    // virQEMUCapsCPUFilterFeatures, 7.0.0/9.0.0/11.3.0/11.10.0/12.1.0: ignored names leave the definition.
    cpu.features.retain(|(feature, _)| !releases::ignores(release, feature));
    // qemuProcessDropUnknownCPUFeatures, 7.0.0/9.0.0: switched off and unknown to QEMU leaves the definition.
    if releases::drops_unknown_from_definition(release) {
        cpu.features.retain(|(feature, policy)| {
            (policy != "disable" && policy != "forbid") || node.qemu.properties.contains(feature)
        });
    }

    let flags = command_line(node, &cpu, question)?;
    let built = build(facts, node, &cpu, &flags, question)?;
    let before = cpu.clone();
    // virCPUUpdateLive, 3.2.0: for a custom CPU, and for any with check full.
    if releases::has_live_update(release) && (cpu.mode == "custom" || cpu.check == "full") {
        live_update(node, &mut cpu, &built)?;
        "full".clone_into(&mut cpu.check);
    }

    // qemuProcessUpdateLiveGuestCPU, 3.5.0/10.3.0: which other definition is kept beside the live one.
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

/// What is refused before the CPU is looked at.
fn validate(node: &Node, cpu: &Cpu, question: &Question, is_new: bool) -> Result<(), Stop> {
    let release = node.version;
    // virQEMUCapsInitQMPMonitor, 10.6.0/11.2.0/12.4.0: a QEMU that is too old.
    let oldest = releases::oldest_qemu(release);
    if node.qemu.number < oldest {
        let (major, minor, micro) = oldest;
        let text = format!(
            "unsupported configuration: QEMU version >= {major}.{minor}.{micro} is required, but {} found",
            node.qemu.name
        );
        return refuse("qemu-too-old", text);
    }
    // qemuValidateDomainDef, every release for a new guest, 9.0.0 for an incoming one.
    let is_validated = is_new || releases::validates_incoming_machine(release);
    if is_validated && !node.qemu.machines.contains(&question.machine) {
        let machine = &question.machine;
        let text =
            format!("unsupported configuration: Emulator '{EMULATOR}' does not support machine type '{machine}'");
        return refuse("machine-type", text);
    }
    // virCPUValidateFeatures, every release: the first name the map does not have.
    for (feature, _) in &cpu.features {
        if !node.map.known.contains(feature) {
            return refuse("unknown-feature", format!("unsupported configuration: unknown CPU feature: {feature}"));
        }
    }
    Ok(())
}

/// virQEMUCapsIsCPUModeSupported, every release; virCPUModeTypeFromString, 9.0.0 for maximum.
fn check_mode(node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    let mut is_supported = true;
    if cpu.mode == "host-passthrough" && question.accel == "tcg" {
        is_supported = false;
    }
    if cpu.mode == "maximum" && !releases::has_maximum(node.version) {
        is_supported = false;
    }
    if is_supported {
        return Ok(());
    }
    let kind = if question.accel == "tcg" { "qemu" } else { "kvm" };
    let text = format!(
        "unsupported configuration: CPU mode '{}' for x86_64 {kind} domain on x86_64 host is not supported by hypervisor",
        cpu.mode
    );
    refuse("mode", text)
}

/// virQEMUCapsGetHostModel, every release: whether the host's full model has a feature.
fn host_has(node: &Node, cpu: &Cpu, question: &Question, feature: &str) -> bool {
    if !node.map.known.contains(feature) {
        return false;
    }
    // query-cpu-model-expansion of max, every QEMU: under TCG that is the host.
    if question.accel == "tcg" {
        return node.qemu.tcg_max.contains(feature);
    }
    // kvm_arch_get_supported_cpuid, 10.0: both are always offered; before, ht never.
    if feature == "ht" && node.qemu.number < (10, 0, 0) {
        return false;
    }
    if node.host.is_capable {
        // It has what is asked for: what the definition names, and of the model what it does not name.
        if feature == "hypervisor" {
            return true;
        }
        if let Some(policy) = policy_of(&cpu.features, feature) {
            return policy != "disable" && policy != "forbid";
        }
        let model = cpu.model.as_ref().and_then(|model| node.map.models.get(model));
        return model.is_some_and(|model| model.data.contains(feature));
    }
    if (feature == "ht" || feature == "cmp_legacy") && node.qemu.number >= (10, 0, 0) {
        return true;
    }
    feature == "hypervisor" || node.host.features.contains(feature)
}

/// qemuProcessUpdateGuestCPU to 10.8, qemuDomainCheckCPU from 10.9.0.
fn partial_check(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    let name = cpu.model.clone().unwrap_or_default();
    if !releases::asks_blockers(node.version) {
        return compare_with_map(node, cpu, question);
    }
    let blockers = blockers(facts, node, cpu, question)?;
    // virQEMUCapsIsCPUUsable, 10.9.0: nothing blocks the model, and the definition only switches off.
    if let Some(blockers) = &blockers
        && blockers.is_empty()
        && cpu.features.iter().all(|(_, policy)| policy == "disable")
    {
        return Ok(());
    }
    // x86ModelParseCheck, 10.9.0: a model that asks for the old check.
    if node.map.models.get(&name).is_some_and(|model| model.partial_compat) {
        return compare_with_map(node, cpu, question);
    }
    let Some(blockers) = blockers else { return compare_with_map(node, cpu, question) };
    // virCPUx86CompareUnusable, 10.9.0: what blocks and is not switched off, and what is required and not there.
    let mut missing = Vec::new();
    for feature in &node.map.order {
        let policy = policy_of(&cpu.features, feature);
        let blocks = blockers.contains(feature) && policy != Some("disable");
        if blocks || (policy == Some("require") && !host_has(node, cpu, question, feature)) {
            missing.push(feature.clone());
        }
    }
    if missing.is_empty() { Ok(()) } else { refuse_partial("does not provide required features", &missing) }
}

/// query-cpu-definitions, 2.8: what keeps a model from running; asked without a machine type.
fn blockers(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> Result<Option<BTreeSet<String>>, Stop> {
    let Some(model) = &cpu.model else { return Ok(None) };
    if !node.qemu.models.contains(model) {
        return Ok(None);
    }
    let mut plain = question.clone();
    plain.machine.clone_from(&node.qemu.newest_machine);
    plain.topology = [1, 1, 1, 1];
    let mut bare = cpu.clone();
    bare.features.clear();
    let built = build(facts, node, &bare, &[], &plain)?;
    Ok(Some(built.off))
}

/// x86Compute, 7.0.0/9.0.0/11.3.0: the map's idea of the model against the host.
fn compare_with_map(node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    let name = cpu.model.clone().unwrap_or_default();
    let Some(model) = node.map.models.get(&name) else {
        return refuse("unknown-model", format!("internal error: Unknown CPU model {name}"));
    };
    let mut forbidden = Vec::new();
    let mut missing = Vec::new();
    let mut extra = Vec::new();
    for feature in &node.map.order {
        let policy = policy_of(&cpu.features, feature);
        let host = host_has(node, cpu, question, feature);
        let is_loose = policy == Some("force") || policy == Some("optional") || policy == Some("disable");
        let is_needed = !is_loose && (model.data.contains(feature) || policy == Some("require"));
        if policy == Some("forbid") && host {
            forbidden.push(feature.clone());
        }
        if is_needed && !host {
            missing.push(feature.clone());
        }
        if host && !is_needed && !is_loose {
            extra.push(feature.clone());
        }
    }
    if !forbidden.is_empty() {
        return refuse_partial("provides forbidden features", &forbidden);
    }
    if !missing.is_empty() {
        return refuse_partial("does not provide required features", &missing);
    }
    if cpu.matching == "strict" {
        if question.accel == "kvm" && node.host.is_capable {
            return cannot_say("what else a capable host has");
        }
        if !extra.is_empty() {
            return refuse_partial("does not strictly match guest CPU: Extra features", &extra);
        }
    }
    Ok(())
}

fn refuse_partial<T>(what: &str, list: &[String]) -> Result<T, Stop> {
    let list = list.join(", ");
    refuse("partial-check", format!("the CPU is incompatible with host CPU: Host CPU {what}: {list}"))
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
    let before = cpu.clone();
    for (feature, policy) in &mut cpu.features {
        if policy == "optional" {
            let has = host_has(node, &before, question, feature) && !node.map.not_migratable.contains(feature);
            if has { "require" } else { "disable" }.clone_into(policy);
        }
    }
    let name = cpu.model.clone().unwrap_or_default();
    let Some(model) = node.map.models.get(&name) else {
        return refuse("unknown-model", format!("internal error: Unknown CPU model {name}"));
    };
    // virCPUx86DisableRemovedFeatures, 7.0.0/9.0.0; virCPUx86AddRemovedFeatures, 11.3.0: what the model lost is named.
    for feature in &model.removed {
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
        return refuse("qemu-exit-machine", "internal error: process exited while connecting to monitor".to_owned());
    }
    let mut flags = Vec::new();
    for (feature, policy) in &cpu.features {
        let is_known = node.qemu.properties.contains(feature);
        if policy == "require" || policy == "force" {
            // object_property_parse, every QEMU: it exits at a property it does not have.
            if !is_known {
                let text = format!("internal error: process exited while connecting to monitor: {feature}");
                return refuse("unknown-property", text);
            }
            flags.push((feature.clone(), true));
        }
        if (policy == "disable" || policy == "forbid") && is_known {
            flags.push((feature.clone(), false));
        }
    }
    Ok(flags)
}

/// virCPUx86UpdateLive, 7.0.0/9.0.0/10.2.0/10.5.0/11.3.0.
fn live_update(node: &Node, cpu: &mut Cpu, built: &Built) -> Result<(), Stop> {
    let release = node.version;
    let model = cpu.model.as_ref().and_then(|name| node.map.models.get(name));
    let want = described(node.map, cpu);
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
        // virCPUx86UpdateLive, 11.3.0: both at once.
        if releases::has_conflict_check(release) && is_on && is_off {
            let text = format!(
                "operation failed: hypervisor provided conflicting CPU data: feature '{feature}' is both enabled and disabled at the same time"
            );
            return refuse("conflict", text);
        }
        let is_disabled = policy_of(&asked, feature) == Some("disable");
        let is_wanted = want.contains(feature);
        let is_unwanted = !is_wanted && (!passthrough || is_disabled);
        // virCPUx86UpdateLive, 10.2.0: an added feature nobody mentioned.
        let is_overlooked = added.contains(feature) && !is_wanted && !is_disabled;
        if is_unwanted && is_on {
            if is_full && !(is_overlooked && releases::overlooks_added(release) != "none") {
                extra.push(feature.clone());
            } else {
                set(&mut cpu.features, feature, "require");
            }
        }
        if is_off || (is_wanted && !is_on) {
            if is_full && !(is_overlooked && releases::overlooks_added(release) == "both") {
                missing.push(feature.clone());
            } else {
                set(&mut cpu.features, feature, "disable");
            }
        }
    }
    // virCPUx86DisableRemovedFeatures at the end, 7.0.0/9.0.0/11.3.0: what the model lost is named in the end.
    if let Some(model) = model {
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

/// qemuDomainDefFormatBufInternal and the two cookies: the XML's CPU, and the CPU beside it.
pub(crate) fn send(node: &Node, started: &Started, question: &Question) -> (Cpu, Option<Cpu>) {
    let live = &started.live;
    let Some(original) = &started.original else {
        return (migratable(node, live, None), None);
    };
    let xml = migratable(node, original, Some(original));
    // qemuDomainSaveCookieNew, 3.5.0: a plain copy; qemuMigrationCookieAddCPU, 3.5.0: brought into shape too.
    let cookie = if question.transport == "save" { live.clone() } else { migratable(node, live, Some(original)) };
    if releases::has_cookie(node.version) { (xml, Some(cookie)) } else { (xml, None) }
}

/// qemuDomainMakeCPUMigratable, 5.10.0/10.2.0/10.3.0.
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
