//! What libvirt looks at before it starts QEMU: the names, the mode, the host, and the partial check.

use super::facts::{PlainFacts, PlainModel};
use super::libvirt::{Cpu, Node, policy_of};
use super::qemu::{build, state_names};
use super::releases;
use super::{Question, Refusal, Stop, cannot_say, refuse};
use std::collections::BTreeSet;

/// The path of the emulator in messages.
const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";

/// What is refused before the CPU is looked at.
pub(super) fn validate(node: &Node, cpu: &Cpu, question: &Question, is_new: bool) -> Result<(), Stop> {
    let release = node.version;
    // virCPUDefParseXML, every release: a vendor belongs to a model.
    if is_new && cpu.vendor.is_some() && cpu.model.is_none() {
        return refuse("vendor", "XML error: CPU vendor specified without CPU model".to_owned());
    }
    // virQEMUCapsInitQMPMonitor, every release: a QEMU that is too old.
    let oldest = releases::oldest_qemu(release);
    if node.qemu.number < oldest {
        let (major, minor, micro) = oldest;
        let text = format!(
            "unsupported configuration: QEMU version >= {major}.{minor}.{micro} is required, but {} found",
            node.qemu.name
        );
        return refuse("qemu-too-old", text);
    }
    // virCPUDefParseXML, 7.1.0: the mode maximum; 7.0.0 cannot read it.
    if cpu.mode == "maximum" && !releases::has_maximum(release) {
        return refuse("mode", "unsupported configuration: Invalid mode attribute 'maximum'".to_owned());
    }
    // qemuValidateDomainDef, every release for a new guest, 8.1.0 for an incoming one.
    let is_validated = is_new || releases::validates_incoming_machine(release);
    if is_validated && !node.qemu.machines.contains(&question.machine) {
        let machine = &question.machine;
        let text =
            format!("unsupported configuration: Emulator '{EMULATOR}' does not support machine type '{machine}'");
        return refuse("machine-type", text);
    }
    // virCPUValidateFeatures, 3.8.0: the first name the map does not have.
    for (feature, _) in &cpu.features {
        if releases::validates_features(release) && !node.map.known.contains(feature) {
            return refuse("unknown-feature", format!("unsupported configuration: unknown CPU feature: {feature}"));
        }
    }
    // qemuProcessStartValidate, 5.5.0: a QEMU without unavailable-features does not report registers.
    if releases::has_msr_check(release) && node.qemu.number < (4, 1, 0) {
        let mut registers = Vec::new();
        for (feature, _) in &cpu.features {
            if node.map.registers.contains_key(feature) {
                registers.push(feature.clone());
            }
        }
        if !registers.is_empty() {
            let list = registers.join(", ");
            let text =
                format!("unsupported configuration: Some features cannot be reliably used with this QEMU: {list}");
            return refuse("msr-features", text);
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

/// virQEMUCapsInitCPUModelX86, every release: whether QEMU's `host`, or `max` under TCG, has a feature.
pub(super) fn qemu_has(node: &Node, cpu: &Cpu, question: &Question, feature: &str) -> bool {
    // virCPUx86FeatureFilterDropMSR, 5.5.0: no registers from a QEMU without unavailable-features.
    let is_register = node.map.registers.contains_key(feature);
    if !node.map.known.contains(feature) || (is_register && node.qemu.number < (4, 1, 0)) {
        return false;
    }
    // query-cpu-model-expansion of max, every QEMU: under TCG that is the host.
    if question.accel == "tcg" {
        return node.qemu.tcg_max.contains(feature);
    }
    if feature == "hypervisor" {
        return true;
    }
    if node.host.is_capable {
        // It has what is asked for: what the definition names, and of the model what it does not name.
        let policy = policy_of(&cpu.features, feature);
        // query-cpu-model-expansion of host, every QEMU: optional is what it offers by name, and never ht.
        if policy == Some("optional") {
            return node.qemu.properties.contains(feature) && feature != "ht";
        }
        if let Some(policy) = policy {
            return policy != "disable" && policy != "forbid";
        }
        let model = cpu.model.as_ref().and_then(|model| node.map.models.get(model));
        return model.is_some_and(|model| model.data.contains(feature));
    }
    // kvm_arch_get_supported_cpuid, 9.1: QEMU adds both on an AMD host, and gives none on another.
    if (feature == "overflow-recov" || feature == "succor") && node.qemu.number >= (9, 1, 0) {
        return node.host.vendor == "AMD" && node.knows(feature);
    }
    // x86_cpu_get_supported_feature_word, 10.1.2: asked without a machine type, an AMD host has no arch-capabilities,
    // and then nothing that depends on it.
    if node.host.vendor == "AMD" && node.qemu.number >= (10, 1, 2) {
        let depends = |(parent, children): &(String, std::collections::BTreeSet<String>)| {
            parent == "arch-capabilities" && children.contains(feature)
        };
        if feature == "arch-capabilities" || node.qemu.dependencies.iter().any(depends) {
            return false;
        }
    }
    // virQEMUCapsProbeQMPHostCPU, 3.2.0: asked with migratable=off too, which shows invtsc where the processor has it.
    if feature == "invtsc" && node.host.silicon.contains(feature) {
        return node.knows(feature);
    }
    // query-cpu-model-expansion of host, every QEMU: what it has a name for; never ht, which no host enables by default.
    node.host.features.contains(feature) && node.knows(feature) && feature != "ht"
}

/// virCPUGetHost, every release: whether the processor itself shows a feature to this daemon.
fn silicon_has(node: &Node, feature: &str) -> bool {
    // virQEMUCapsInitHostCPUModel, 2.3.0: a copied processor does without them.
    if releases::host_under_kvm(node.version) == "cpuid" && releases::is_not_copied(node.version, feature) {
        return false;
    }
    let is_read = node.map.registers.get(feature).is_none_or(|index| releases::reads_register(node.version, *index));
    node.map.known.contains(feature) && is_read && node.host.silicon.contains(feature)
}

/// virQEMUCapsGetHostModel with VIR_QEMU_CAPS_HOST_CPU_FULL: whether the host that checks look at has a feature.
pub(super) fn host_has(node: &Node, cpu: &Cpu, question: &Question, feature: &str) -> Result<bool, Stop> {
    let by_qemu = qemu_has(node, cpu, question, feature);
    if question.accel == "tcg" {
        if !releases::has_check_attribute(node.version) {
            return cannot_say("what the processor under TCG is");
        }
        return Ok(by_qemu);
    }
    if node.host.is_capable {
        return Ok(by_qemu);
    }
    let by_silicon = silicon_has(node, feature);
    match releases::host_under_kvm(node.version) {
        "cpuid" => Ok(by_silicon),
        "qemu" => Ok(by_qemu),
        // virQEMUCapsInitHostCPUModel, 3.3.0: only what is listed in addition to the model is used.
        "joined-listed" if by_qemu && !by_silicon => cannot_say("by which model libvirt describes the host"),
        _ => Ok(by_qemu || by_silicon),
    }
}

/// virCPUCheckForbiddenFeatures, 7.2.0: a forbidden feature that is listed in the host's description.
pub(super) fn check_forbidden(node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    for (feature, policy) in &cpu.features {
        if policy != "forbid" {
            continue;
        }
        let by_qemu = qemu_has(node, cpu, question, feature);
        let is_listed = if question.accel == "tcg" {
            // x86DataToCPU: what EPYC has is not listed in addition to it; only there it is known to be EPYC.
            if by_qemu && !describes_as_epyc(node) {
                return cannot_say("by which model libvirt describes the host");
            }
            by_qemu && !node.map.models.get("EPYC").is_some_and(|epyc| epyc.data.contains(feature))
        } else if by_qemu || node.host.is_capable {
            // virCPUExpandFeatures, 4.3.0: everything QEMU offers is listed.
            by_qemu
        } else {
            silicon_has(node, feature) && !is_in_the_processors_model(node, feature)?
        };
        if is_listed {
            let text =
                format!("the CPU is incompatible with host CPU: Host CPU provides forbidden feature '{feature}'");
            return refuse("forbidden-feature", text);
        }
    }
    Ok(())
}

/// x86DataToCPU: recorded under TCG, each release with its own QEMU; with a newer one another model may be nearer.
fn describes_as_epyc(node: &Node) -> bool {
    releases::counts_penalties(node.version)
        && node.qemu.number >= (7, 2, 0)
        && (node.qemu.number < (11, 0, 0) || node.version >= (11, 3, 0))
}

/// virQEMUCapsProbeHostCPU, every release: the processor is described as a guest's CPU is. One of the models with its
/// signature is taken, where the map has any; which one of several is not worked out here.
fn is_in_the_processors_model(node: &Node, feature: &str) -> Result<bool, Stop> {
    // x86DataToVendor: a vendor that the map does not have is like none, and any model may be taken.
    if !node.map.models.values().any(|model| model.vendor.as_ref() == Some(&node.host.vendor)) {
        return cannot_say("by which model libvirt describes the host");
    }
    let mut candidates: Vec<&PlainModel> = Vec::new();
    for model in node.map.models.values() {
        if model.decode_guest && model.vendor.as_ref().is_none_or(|vendor| *vendor == node.host.vendor) {
            candidates.push(model);
        }
    }
    if candidates.iter().any(|model| has_signature(model, node.host.signature)) {
        candidates.retain(|model| has_signature(model, node.host.signature));
    }
    let with = candidates.iter().filter(|model| model.data.contains(feature)).count();
    if with > 0 && with < candidates.len() {
        return cannot_say("by which model libvirt describes the host");
    }
    Ok(with > 0)
}

fn has_signature(model: &PlainModel, host: Option<[u32; 3]>) -> bool {
    let Some([family, number, stepping]) = host else { return false };
    for (of_family, of_model, steppings) in &model.signatures {
        if *of_family != family.to_string() || *of_model != number.to_string() {
            continue;
        }
        let Some(steppings) = steppings else { return true };
        for part in steppings.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.parse().unwrap_or(u32::MAX), last.parse().unwrap_or(0));
            if first <= stepping && stepping <= last {
                return true;
            }
        }
    }
    false
}

/// qemuProcessUpdateGuestCPU to 10.7.0, qemuDomainCheckCPU in 11.3.0.
pub(super) fn partial_check(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    let name = cpu.model.clone().unwrap_or_default();
    if !releases::asks_usable(node.version) {
        return compare_with_map(node, cpu, question);
    }
    let blockers = blockers(facts, node, cpu, question)?;
    // virQEMUCapsIsCPUUsable, 10.2.0: nothing blocks the model, and the definition only disables.
    if let Some(blockers) = &blockers
        && blockers.is_empty()
        && cpu.features.iter().all(|(_, policy)| policy == "disable")
    {
        return Ok(());
    }
    // qemuDomainCheckCPU, 11.3.0: the map is asked how the model is checked.
    if blockers.is_some() && releases::asks_blockers(node.version) && !node.map.models.contains_key(&name) {
        return refuse("unknown-model", format!("invalid argument: unknown CPU model {name}"));
    }
    // x86ModelParseCheck, 11.3.0: a model that asks for the old check.
    let is_compat = node.map.models.get(&name).is_some_and(|model| model.partial_compat);
    let Some(blockers) = blockers.filter(|_| releases::asks_blockers(node.version) && !is_compat) else {
        return compare_with_map(node, cpu, question);
    };
    // virCPUCompareUnusable, 11.3.0: what blocks and is not disabled, then what is required and QEMU lacks.
    let mut missing = Vec::new();
    for feature in blockers {
        if policy_of(&cpu.features, &feature) != Some("disable") {
            missing.push(feature);
        }
    }
    for (feature, policy) in &cpu.features {
        if policy == "require" && !qemu_has(node, cpu, question, feature) {
            missing.push(feature.clone());
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    refuse_partial(node, cpu, question, "does not provide required features", &missing)
}

/// query-cpu-definitions, 2.8: what keeps a model from running, in QEMU's order; asked without a machine type.
fn blockers(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> Result<Option<Vec<String>>, Stop> {
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
    let mut list = Vec::new();
    let mut states = state_names(&built.states_off);
    for feature in &facts.qemu_order {
        // FeatureWord, every QEMU: the XSAVE states come before the registers, each under its feature's name.
        if feature == "rdctl-no" {
            list.append(&mut states);
        }
        if node.map.known.contains(feature) && built.off.contains(feature) {
            list.push(feature.clone());
        }
    }
    list.append(&mut states);
    Ok(Some(list))
}

/// x86Compute, every release: the map's idea of the model against the host.
pub(super) fn compare_with_map(node: &Node, cpu: &Cpu, question: &Question) -> Result<(), Stop> {
    // x86Compute, every release: the vendor first; TCG's processor is AMD's.
    if let Some(vendor) = &cpu.vendor {
        let hosts = if question.accel == "tcg" { "AMD" } else { node.host.vendor.as_str() };
        if vendor != hosts {
            let reason = format!("host CPU vendor does not match required CPU vendor {vendor}");
            return refuse("vendor", words_of_the_check(node, cpu, question, &reason)?);
        }
    }
    refuse_unknown(node, cpu, "force")?;
    // x86ModelFromCPU, every release: a host model has no model yet, only what its definition names.
    let mut data = BTreeSet::new();
    if let Some(name) = &cpu.model {
        let Some(model) = node.map.models.get(name) else {
            return refuse("unknown-model", format!("internal error: Unknown CPU model {name}"));
        };
        data.clone_from(&model.data);
    }
    for policy in ["require", "optional", "disable", "forbid"] {
        refuse_unknown(node, cpu, policy)?;
    }
    let mut forbidden = Vec::new();
    let mut missing = Vec::new();
    let mut extra = Vec::new();
    for feature in &node.map.order {
        let policy = policy_of(&cpu.features, feature);
        let host = host_has(node, cpu, question, feature)?;
        let is_loose = policy == Some("force") || policy == Some("optional") || policy == Some("disable");
        let is_needed = !is_loose && (data.contains(feature) || policy == Some("require"));
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
        return refuse_partial(node, cpu, question, "provides forbidden features", &forbidden);
    }
    if !missing.is_empty() {
        return refuse_partial(node, cpu, question, "does not provide required features", &missing);
    }
    if cpu.matching == "strict" {
        if question.accel == "kvm" && node.host.is_capable {
            return cannot_say("what else a capable host has");
        }
        if !extra.is_empty() {
            let what = "does not strictly match guest CPU: Extra features";
            return refuse_partial(node, cpu, question, what, &extra);
        }
    }
    Ok(())
}

/// x86ModelFromCPU, every release: the first feature with this policy that the map does not name.
pub(super) fn refuse_unknown(node: &Node, cpu: &Cpu, policy: &str) -> Result<(), Stop> {
    for (feature, own) in &cpu.features {
        if own == policy && !node.map.known.contains(feature) {
            return refuse("unknown-feature", format!("internal error: Unknown CPU feature {feature}"));
        }
    }
    Ok(())
}

fn refuse_partial<T>(node: &Node, cpu: &Cpu, question: &Question, what: &str, list: &[String]) -> Result<T, Stop> {
    let reason = format!("Host CPU {what}: {}", list.join(", "));
    let text = words_of_the_check(node, cpu, question, &reason)?;
    // The oldest messages have no reason; it still counts where two answers are compared.
    Err(Stop::Refused(Refusal { kind: "partial-check".to_owned(), text, missing: vec![reason], ..Refusal::default() }))
}

/// virCPUx86Compare, 2.3.0; qemuBuildCpuModelArgStr before: the reason, and for two models a hint.
fn words_of_the_check(node: &Node, cpu: &Cpu, question: &Question, reason: &str) -> Result<String, Stop> {
    let release = node.version;
    // qemuBuildCpuArgStr before 0.9.12, commit a2ba53cf18: no reason.
    if release < (0, 9, 12) {
        return Ok("internal error guest CPU is not compatible with host CPU".to_owned());
    }
    let start = if release < (2, 3, 0) {
        "unsupported configuration: guest and host CPU are not compatible"
    } else {
        "the CPU is incompatible with host CPU"
    };
    let model = cpu.model.as_deref().filter(|model| *model == "Haswell" || *model == "Broadwell");
    let Some(model) = model else { return Ok(format!("{start}: {reason}")) };
    let mut lacks = false;
    for feature in ["hle", "rtm"] {
        let has = match releases::hints_at_tsx_of(release) {
            "host" => host_has(node, cpu, question, feature)?,
            // x86ModelFromCPU, 2.3.0: what the definition says, and of the model what it does not name or makes optional.
            "definition" | "unknown" => match policy_of(&cpu.features, feature) {
                Some("require" | "force") => true,
                Some("disable" | "forbid") => false,
                _ => node.map.models.get(model).is_some_and(|model| model.data.contains(feature)),
            },
            _ => true,
        };
        lacks = lacks || !has;
    }
    if !lacks {
        return Ok(format!("{start}: {reason}"));
    }
    if releases::hints_at_tsx_of(release) == "unknown" {
        return cannot_say("whether the release proposes a model");
    }
    Ok(format!("{start}: {reason}; try using '{model}-noTSX' CPU model"))
}
