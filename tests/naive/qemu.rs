//! The CPU that QEMU builds from its command line: which features end up on, and which it reports as unavailable.

use super::facts::{PlainFacts, PlainHost, PlainQemu};
use super::libvirt::{Cpu, Node};
use super::releases::{Number, number};
use super::{Question, Stop, cannot_say};
use std::collections::BTreeSet;

/// The CPU QEMU built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Built {
    /// On in the end.
    pub(crate) on: BTreeSet<String>,
    /// Reported as unavailable.
    pub(crate) off: BTreeSet<String>,
    /// XSAVE states that are on: bits of CPUID leaf 0xD.
    pub(crate) states: BTreeSet<u32>,
    /// XSAVE states reported as unavailable.
    pub(crate) states_off: BTreeSet<u32>,
}

/// x86_ext_save_areas, every QEMU: the feature that brings each XSAVE state.
const STATES: [(u32, &str); 11] = [
    (0, "xsave"),
    (1, "xsave"),
    (2, "avx"),
    (3, "mpx"),
    (4, "mpx"),
    (5, "avx512f"),
    (6, "avx512f"),
    (7, "avx512f"),
    (9, "pku"),
    (17, "amx-tile"),
    (18, "amx-tile"),
];

/// x86_cpu_feature_name, every QEMU: a state goes by the name of its feature.
pub(crate) fn state_names(states: &BTreeSet<u32>) -> Vec<String> {
    let mut names = Vec::new();
    for (state, feature) in STATES {
        if states.contains(&state) {
            names.push(feature.to_owned());
        }
    }
    names
}

/// The vendor the guest is told.
pub(crate) fn guest_vendor(facts: &PlainFacts, node: &Node, cpu: &Cpu, question: &Question) -> String {
    // qemuBuildCpuModelArgStr, every release: `vendor_id` goes to QEMU; `<vendor>` is only compared. virCPUDefParseXML: it is
    // read of a CPU with a model only.
    if let Some(vendor) = question.vendor_id.as_ref().filter(|_| cpu.model.is_some()) {
        return vendor.clone();
    }
    // x86_cpu_load_model, every QEMU: under KVM the host's, else the model's own.
    if question.accel == "kvm" {
        return node.host.vendor.clone();
    }
    match &cpu.model {
        Some(model) => facts.vendor(model).unwrap_or_default(),
        // max_x86_cpu_initfn, every QEMU: max under TCG is an AMD processor.
        None => "AMD".to_owned(),
    }
}

/// Builds the CPU (target/i386/cpu.c).
pub(crate) fn build(
    facts: &PlainFacts,
    node: &Node,
    cpu: &Cpu,
    flags: &[(String, bool)],
    question: &Question,
) -> Result<Built, Stop> {
    let qemu = node.qemu;
    let vendor = guest_vendor(facts, node, cpu, question);
    let is_flag = |feature: &String| flags.iter().any(|(name, _)| name == feature);
    let mut on = BTreeSet::new();

    // x86_cpu_load_model, x86_cpu_change_kvm_default, pc_compat_*, every QEMU: model, accelerator, machine type.
    if let Some(model) = &cpu.model {
        let Some(cell) = facts.cell(model, &question.machine, &question.accel) else {
            return cannot_say("what the model turns on under this machine type");
        };
        on = cell;
        // feature_dependencies, QEMU 5.1: the row of svm; before, what a model has of it stays on without svm.
        if qemu.number < (5, 1, 0)
            && question.accel == "kvm"
            && let Some(under_tcg) = facts.cell(model, &question.machine, "tcg")
        {
            for child in ["npt", "nrip-save"] {
                if under_tcg.contains(child) {
                    on.insert(child.to_owned());
                }
            }
        }
        add_hidden_children(facts, qemu, model, flags, question, &mut on);
    }
    on.insert("hypervisor".to_owned());

    // object_property_parse of -cpu, every QEMU: flags override.
    for (feature, is_on) in flags {
        if *is_on {
            on.insert(feature.clone());
        } else {
            on.remove(feature);
        }
    }

    // x86_cpu_expand_features with max_features, every QEMU: whatever is supported and was not named.
    if cpu.model.is_none() {
        if question.accel == "kvm" && node.host.is_capable {
            return cannot_say("what a capable host passes through");
        }
        let all = offered(node, &vendor, question);
        for feature in &all {
            // x86_cpu_get_supported_feature_word, 10.1.2: not for an AMD guest on a machine type since 10.1.
            let hidden = feature == "arch-capabilities" && vendor == "AMD" && hides(qemu.number, &question.machine);
            // x86_cpu_get_supported_feature_word, every QEMU: with migratable=on not what cannot be migrated.
            let stays = feature == "invtsc" && !keeps_invtsc(qemu.number, question);
            // feature_word_info no_autoenable_flags, 8.2: not ht; before, it is not supported under KVM.
            let by_name = feature == "ht" && question.accel == "kvm";
            if node.knows(feature)
                && !(hidden || stays || by_name || is_flag(feature))
                && (question.accel == "tcg" || supports(node, feature, question)?)
            {
                on.insert(feature.clone());
            }
        }
    }

    // host_cpu_instance_init with migratable=off, every QEMU: also what keeps it from being migrated.
    let passes_invtsc = cpu.model.is_none() && question.accel == "kvm" && !is_flag(&"invtsc".to_owned());
    if passes_invtsc && keeps_invtsc(qemu.number, question) && node.host.silicon.contains("invtsc") {
        on.insert("invtsc".to_owned());
    }

    // x86_cpu_expand_features, 10.0: several threads in a package.
    if qemu.number >= (10, 0, 0) && question.has_several_threads(qemu.number) {
        on.insert("ht".to_owned());
        if vendor != "Intel" && vendor != "Zhaoxin" {
            on.insert("cmp_legacy".to_owned());
        }
    }

    // x86_cpu_expand_features, 10.0.4, 10.0.5, 10.1: no PDCM without a PMU, and nothing is reported unavailable.
    if !has_pmu(cpu, question, qemu.number) && clears_pdcm(qemu.number, &question.machine) {
        on.remove("pdcm");
    }

    // x86_cpu_expand_features, 4.2: what depends on a feature that is off is cleared; unavailable if it was asked for.
    let mut off = BTreeSet::new();
    for (parent, children) in &qemu.dependencies {
        if on.contains(parent) {
            continue;
        }
        for child in children {
            if on.remove(child) && flags.iter().any(|(name, is_on)| name == child && *is_on) {
                off.insert(child.clone());
            }
        }
    }

    // x86_cpu_enable_xsave_components, every QEMU: the states follow the features before those are filtered, so a state
    // can stay without its feature. KVM filters states by what the silicon has, TCG by a list of its own (recorded: not
    // in 5.2 and 7.2, but in 10.0; when it came is not known).
    let (mut states, mut states_off) = (BTreeSet::new(), BTreeSet::new());
    for (state, feature) in STATES {
        if !on.contains("xsave") || !on.contains(feature) {
            continue;
        }
        let is_possible = if question.accel == "tcg" {
            qemu.number < (10, 0, 0) || matches!(feature, "xsave" | "avx" | "mpx" | "pku")
        } else {
            node.host.is_capable
                || node.host.features.contains(feature)
                // kvm_mpx_supported: KVM shows mpx exactly where the kernel has its states.
                || (feature != "mpx" && node.host.silicon.contains(feature))
        };
        if is_possible {
            states.insert(state);
        } else if qemu.number < (10, 0, 0) {
            states_off.insert(state);
        }
    }

    // x86_cpu_filter_features, every QEMU: what the accelerator or the host cannot do goes off and is unavailable.
    for feature in on.clone() {
        if !supports(node, &feature, question)? {
            on.remove(&feature);
            off.insert(feature);
        }
    }
    Ok(Built { on, off, states, states_off })
}

/// The cells are written down with children of an absent parent already cleared; a flag that turns the parent on
/// brings the model's own children back.
fn add_hidden_children(
    facts: &PlainFacts,
    qemu: &PlainQemu,
    model: &str,
    flags: &[(String, bool)],
    question: &Question,
    on: &mut BTreeSet<String>,
) {
    let turned_on = |parent: &str| flags.iter().any(|(name, is_on)| name == parent && *is_on);
    // builtin_x86_defs, 4.2: a model's vmx-* bits, as the newest libvirt lists them.
    if turned_on("vmx") && !on.contains("vmx") {
        for child in vmx_children(facts, model) {
            if qemu.properties.contains(&child) {
                on.insert(child);
            }
        }
    }
    // kvm_default_props, every QEMU: svm is off under KVM only, so the model's bits show under TCG.
    if question.accel == "kvm" && turned_on("svm") && !on.contains("svm") {
        let Some(under_tcg) = facts.cell(model, &question.machine, "tcg") else { return };
        for (parent, children) in &qemu.dependencies {
            if parent == "svm" {
                for child in children {
                    if under_tcg.contains(child) {
                        on.insert(child.clone());
                    }
                }
            }
        }
    }
}

/// The `vmx-*` features the newest libvirt lists in a model, as added ones or, in a versioned model, as plain ones.
fn vmx_children(facts: &PlainFacts, model: &str) -> Vec<String> {
    let Some(known) = facts.newest_first().first().and_then(|map| map.models.get(model)) else { return Vec::new() };
    let mut children = Vec::new();
    for feature in &known.added {
        if feature.starts_with("vmx-") {
            children.push(feature.clone());
        }
    }
    for feature in &known.data {
        if feature.starts_with("vmx-") {
            children.push(feature.clone());
        }
    }
    // x86ModelParseAncestor, 11.3.0: a model that is only another name for its ancestor has no lists of its own.
    if children.is_empty()
        && let Some(ancestor) = &known.ancestor
    {
        return vmx_children(facts, ancestor);
    }
    children
}

/// What `host` and `max` enable of what they support.
fn offered(node: &Node, vendor: &str, question: &Question) -> BTreeSet<String> {
    if question.accel == "tcg" {
        return node.qemu.tcg_max.clone();
    }
    let mut all = node.host.features.clone();
    // kvm_arch_get_supported_cpuid, 9.1: both; x86_cpu_get_supported_feature_word: to AMD guests only.
    for feature in ["overflow-recov", "succor"] {
        if vendor == "AMD" {
            all.insert(feature.to_owned());
        } else if node.qemu.number >= (9, 1, 0) {
            all.remove(feature);
        }
    }
    all
}

/// Whether the accelerator and the host can do a feature that is asked for.
pub(super) fn supports(node: &Node, feature: &str, question: &Question) -> Result<bool, Stop> {
    let qemu = node.qemu;
    // TCG_FEATURES and TCG_EXT3_FEATURES, 10.0: ht and cmp_legacy can be given. kvm_arch_get_supported_cpuid, 8.2: ht under
    // KVM; before, ht never.
    if feature == "ht" {
        return Ok(qemu.number >= (10, 0, 0) || (question.accel == "kvm" && qemu.number >= (8, 2, 0)));
    }
    if feature == "cmp_legacy" && question.accel == "tcg" && qemu.number >= (10, 0, 0) {
        return Ok(true);
    }
    if question.accel == "tcg" {
        // x86_cpu_get_supported_feature_word, before 10.0: TCG has no cmp_legacy.
        if feature == "cmp_legacy" {
            return Ok(false);
        }
        // TCG_FEATURES, every QEMU: as its models show, and where none carries the feature as max shows.
        if qemu.tcg_carried.contains(feature) {
            return Ok(!qemu.tcg_unsupported.contains(feature));
        }
        return Ok(qemu.tcg_max.contains(feature));
    }
    if feature == "arch-capabilities" && !may_have_arch_capabilities(&node.host, qemu.number)? {
        return Ok(false);
    }
    // kvm_arch_get_supported_cpuid, 9.1: both; x86_cpu_filter_features does not look at the vendor.
    if (feature == "overflow-recov" || feature == "succor") && qemu.number >= (9, 1, 0) {
        return Ok(true);
    }
    if node.host.is_capable {
        return Ok(true);
    }
    // kvm_arch_get_supported_cpuid, every QEMU: hypervisor always.
    if feature == "hypervisor" {
        return Ok(true);
    }
    // kvm_arch_get_supported_cpuid, QEMU 3.0: topoext always, whoever made the host.
    if feature == "topoext" {
        return Ok(qemu.number >= (3, 0, 0) || node.host.silicon.contains("topoext"));
    }
    // kvm_arch_get_supported_cpuid, every QEMU: `host` does not show it where it has to be migratable.
    if feature == "invtsc" {
        return Ok(node.host.features.contains(feature) || node.host.silicon.contains(feature));
    }
    Ok(node.host.features.contains(feature))
}

/// `kvm_arch_get_supported_cpuid`, 10.0.3 to 10.0.5, 10.1.0, 10.1.1: only with the silicon.
fn may_have_arch_capabilities(host: &PlainHost, qemu: Number) -> Result<bool, Stop> {
    if ((10, 0, 3)..=(10, 0, 5)).contains(&qemu) || qemu == (10, 1, 0) || qemu == (10, 1, 1) {
        if host.is_capable {
            return Ok(host.vendor != "AMD");
        }
        if host.vendor == "AMD" {
            return Ok(false);
        }
        if host.features.contains("rdctl-no") {
            return Ok(true);
        }
        return cannot_say("whether the host's silicon has arch-capabilities");
    }
    Ok(true)
}

/// `x86_cpu_get_supported_feature_word`, 10.1.2 and later, without `x-arch-cap-always-on` of older machine types.
fn hides(qemu: Number, machine: &str) -> bool {
    qemu >= (10, 1, 2) && machine_number(machine) >= (10, 1, 0)
}

/// `x86_cpu_expand_features`, 10.0.4, 10.0.5, 10.1.0, 10.1.1: always; 10.1.2 and later: on machine types from 10.1.
fn clears_pdcm(qemu: Number, machine: &str) -> bool {
    if qemu == (10, 0, 4) || qemu == (10, 0, 5) || qemu == (10, 1, 0) || qemu == (10, 1, 1) {
        return true;
    }
    if qemu >= (10, 1, 2) {
        return machine_number(machine) >= (10, 1, 0);
    }
    false
}

/// `x86_cpu_get_migratable_flags`, 9.2: with tsc-frequency invtsc migrates; every QEMU: without migratable=on all stays.
fn keeps_invtsc(qemu: Number, question: &Question) -> bool {
    !question.migratable || (question.tsc && qemu >= (9, 2, 0))
}

/// `max_x86_cpu_initfn`, to 10.0.13: `max` and `host` have a PMU; `kvm_cpu_max_instance_init`, 10.1: under KVM only. A named
/// model has none by default, every QEMU.
pub(crate) fn has_pmu(cpu: &Cpu, question: &Question, qemu: Number) -> bool {
    if let Some(pmu) = question.pmu {
        return pmu;
    }
    cpu.model.is_none() && (question.accel == "kvm" || qemu < (10, 1, 0))
}

/// A machine type without a version has no compatibility properties, as the newest ones.
fn machine_number(machine: &str) -> Number {
    let series = machine.rsplit('-').next().unwrap_or_default();
    number(series).unwrap_or((u32::MAX, 0, 0))
}
