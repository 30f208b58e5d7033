//! What libvirt looks at before it starts QEMU: the names, the mode, the host, and the partial check.

use super::facts::PlainFacts;
use super::libvirt::{Cpu, Node, policy_of};
use super::qemu::build;
use super::releases;
use super::{Question, Stop, cannot_say, refuse};
use std::collections::BTreeSet;

/// The path of the emulator in messages.
const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";

/// What is refused before the CPU is looked at.
pub(super) fn validate(node: &Node, cpu: &Cpu, question: &Question, is_new: bool) -> Result<(), Stop> {
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
    // virCPUDefParseXML, 9.0.0: the mode maximum; 7.0.0 cannot read it.
    if cpu.mode == "maximum" && !releases::has_maximum(release) {
        return refuse("mode", "unsupported configuration: Invalid mode attribute 'maximum'".to_owned());
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

/// virQEMUCapsIsCPUModeSupported, every release.
pub(super) fn check_mode(cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    if cpu.mode != "host-passthrough" || question.accel != "tcg" {
        return Ok(());
    }
    let text = "unsupported configuration: CPU mode 'host-passthrough' for x86_64 qemu domain on x86_64 host is not \
                supported by hypervisor";
    refuse("mode", text.to_owned())
}

/// virQEMUCapsGetHostModel, every release: whether the host's full model has a feature.
pub(super) fn host_has(node: &Node, cpu: &Cpu, question: &Question, feature: &str) -> bool {
    if !node.map.known.contains(feature) {
        return false;
    }
    // query-cpu-model-expansion of max, every QEMU: under TCG that is the host.
    if question.accel == "tcg" {
        return node.qemu.tcg_max.contains(feature);
    }
    if node.host.is_capable {
        // It has what is asked for: what the definition names, and of the model what it does not name.
        if feature == "hypervisor" {
            return true;
        }
        let policy = policy_of(&cpu.features, feature);
        // query-cpu-model-expansion of host, every QEMU: optional is what it offers by name, ht only since 10.0.
        if policy == Some("optional") {
            return node.qemu.properties.contains(feature) && (feature != "ht" || node.qemu.number >= (10, 0, 0));
        }
        if let Some(policy) = policy {
            return policy != "disable" && policy != "forbid";
        }
        let model = cpu.model.as_ref().and_then(|model| node.map.models.get(model));
        return model.is_some_and(|model| model.data.contains(feature));
    }
    // kvm_arch_get_supported_cpuid, 10.0: both are always offered; before, ht never.
    if feature == "ht" && node.qemu.number < (10, 0, 0) {
        return false;
    }
    // kvm_arch_get_supported_cpuid, 10.1.2: not for AMD, and libvirt asks without a machine type.
    if feature == "arch-capabilities" && node.qemu.number >= (10, 1, 2) && node.host.vendor == "AMD" {
        return false;
    }
    // kvm_arch_get_supported_cpuid, every QEMU: topoext always, on AMD and on Hygon, which is AMD's.
    if feature == "topoext" && (node.host.vendor == "AMD" || node.host.vendor == "Hygon") {
        return true;
    }
    if (feature == "ht" || feature == "cmp_legacy") && node.qemu.number >= (10, 0, 0) {
        return true;
    }
    feature == "hypervisor" || node.host.features.contains(feature)
}

/// qemuProcessUpdateGuestCPU to 10.8, qemuDomainCheckCPU from 10.9.0.
pub(super) fn partial_check(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
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
    for feature in &facts.qemu_order {
        let is_known = node.map.known.contains(feature) && blockers.contains(feature);
        if is_known && policy_of(&cpu.features, feature) != Some("disable") {
            missing.push(feature.clone());
        }
    }
    for (feature, policy) in &cpu.features {
        if policy == "require" && !host_has(node, cpu, question, feature) && !missing.contains(feature) {
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
