//! Lists what else in a domain file affects the answer, and what was ignored. Each note is a fragment without a full
//! stop.

use super::cpu::Cpu;
use crate::domain::catalog::{Catalog, ReleaseMap};
use crate::domain::definition::{Check, Definition};
use crate::domain::host::Vendor;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::names::first_names;
use crate::domain::package::Presence;
use crate::domain::scenario::EMULATOR;
use crate::domain::scenario::{MachineChoice, MaybeKnown, Scenario};
use crate::domain::version::Version;
use crate::load::xml::Element;

/// What was used beyond model, features and machine type.
pub(super) fn used(domain: &Element<'_>, scenario: &Scenario, cpu: &Cpu) -> Vec<String> {
    let mut used = Vec::new();
    used.extend(scenario.pmu.map(|on| format!("PMU {}", if on { "on" } else { "off" })));
    if !scenario.migratable {
        used.push("migratable off".to_owned());
    }
    used.extend(scenario.vendor_id.map(|vendor| format!("vendor {vendor} shown to the guest")));
    if let Some(hertz) = scenario.tsc {
        used.push(format!("TSC frequency {hertz} Hz"));
    }
    if let Some(vendor) = cpu.vendor {
        used.push(format!("host of vendor {vendor} required"));
    }
    if let MaybeKnown::Is(topology) = scenario.topology {
        if topology.dies > 1 {
            used.push(format!("{} dies in a socket", topology.dies));
        }
        let clusters = domain.child("cpu").and_then(|cpu| cpu.child("topology")).and_then(|t| t.get("clusters"));
        if let Some(clusters) = clusters.filter(|clusters| *clusters != "1") {
            used.push(format!("{clusters} clusters, counted as more cores"));
        }
    }
    if let Some(path) = scenario.emulator.as_deref().filter(|path| *path != EMULATOR) {
        used.push(format!("emulator {path}"));
    }
    used
}

/// What a reader might expect to affect the answer and was not used.
pub(super) fn ignored(domain: &Element<'_>, cpu: &Cpu) -> Vec<String> {
    let mut ignored = Vec::new();
    let has = |name: &str| domain.children_named("features").any(|features| features.child(name).is_some());
    if has("hyperv") {
        ignored.push("hyperv settings, of which libvirt checks that the host supports them".to_owned());
    }
    if has("kvm") {
        ignored.push("kvm settings, which no check compares".to_owned());
    }
    if let Some(vendor) = cpu.told_vendor.as_deref().filter(|vendor| Vendor::parse(vendor).is_none()) {
        ignored.push(format!("vendor_id {vendor:?}, which changes the vendor that the guest sees"));
    }
    if domain.child("cpu").is_some_and(|cpu| cpu.get("deprecated_features").is_some()) {
        ignored.push("deprecated_features, which libvirt refuses where QEMU does not name such features".to_owned());
    }
    for element in domain.child("cpu").map(|cpu| cpu.children.as_slice()).unwrap_or_default() {
        match element.name {
            "cache" | "maxphysaddr" | "numa" => ignored.push(format!("<{}> of the CPU", element.name)),
            "model" | "vendor" | "topology" | "feature" => {}
            unknown => ignored.push(format!("<{unknown}> of the CPU, which libvirt does not have")),
        }
    }
    for (_, name) in behind_libvirt(domain) {
        ignored.push(format!("<qemu:{name}>, which can change the CPU without libvirt knowing"));
    }
    ignored
}

/// The elements of the domain that libvirt passes to QEMU without knowing what they mean, with their names. Whatever the
/// prefix of their namespace is, no other element of a domain has these names.
fn behind_libvirt<'d>(domain: &'d Element<'_>) -> impl Iterator<Item = (&'d Element<'d>, &'d str)> {
    let named = domain.children.iter().map(|child| (child, child.name.rsplit(':').next().unwrap_or_default()));
    named.filter(|(_, name)| matches!(*name, "commandline" | "capabilities" | "override" | "deprecation"))
}

/// Whether the domain passes QEMU an argument that replaces the CPU or sets a property of it.
pub(super) fn replaces_cpu(domain: &Element<'_>) -> bool {
    let arguments =
        behind_libvirt(domain).flat_map(|(element, _)| &element.children).filter_map(|arg| arg.get("value"));
    let arguments: Vec<&str> = arguments.collect();
    let sets_cpu = |pair: &[&str]| matches!(pair, [option, value] if matches!(*option, "-global" | "--global") && value.contains("-cpu."));
    arguments.iter().any(|arg| matches!(*arg, "-cpu" | "--cpu")) || arguments.windows(2).any(sets_cpu)
}

/// How many features a caution names.
const NAMED_FEATURES: usize = 4;

/// What shows that a definition is not the live one of a guest that this libvirt started. The live one of a named model
/// has `check='full'` with every accelerator and whatever `check` was before (libvirt `qemuProcessUpdateLiveGuestCPU`,
/// 3.2.0). The migratable XML has another `check`, and no `id` (`virDomainDefCopy`).
fn unlike_live(
    catalog: &Catalog,
    scenario: &Scenario,
    live: &Definition,
    (name, version): (&str, Version),
) -> Option<String> {
    let updates = scenario.started.is_none() && catalog.behaviour(version).0.live_update;
    let unlike = live.model.is_some() && live.check != Check::Full;
    let check = live.check.name();
    (updates && unlike).then(|| format!("libvirt {name} has check full in the live definition, this one has {check}"))
}

/// What the live definition of a running guest has and the libvirt or the QEMU under which it runs does not.
pub(super) fn cautions(catalog: &Catalog, scenario: &Scenario) -> Vec<String> {
    let mut cautions = Vec::new();
    let Some(running) = scenario.running.as_deref() else { return cautions };
    let model = running.live.model;
    if let Some(id) = scenario.from.libvirt.id(catalog) {
        let release = catalog.release(id);
        cautions.extend(unlike_live(catalog, scenario, &running.live, (&release.name, release.version)));
        let maps: Vec<&CpuMap> = match release.map {
            ReleaseMap::Exact(map) => vec![catalog.map(map)],
            ReleaseMap::Between { lower, upper } => vec![catalog.map(lower.1), catalog.map(upper.1)],
        };
        let name = &release.name;
        if let Some(model) = model.filter(|model| maps.iter().all(|map| map.model(*model).is_none())) {
            cautions.push(format!("libvirt {name} has no CPU model {}", catalog.model_name(model)));
        }
        let unknown = running.live.features.iter().map(|(feature, _)| feature);
        let unknown: Vec<&str> = unknown
            .filter(|feature| maps.iter().all(|map| !map.known.contains(*feature)))
            .map(|feature| catalog.feature_name(feature))
            .collect();
        if !unknown.is_empty() {
            let features = if unknown.len() == 1 { "feature" } else { "features" };
            cautions.push(format!("libvirt {name} has no CPU {features} {}", first_names(unknown, NAMED_FEATURES)));
        }
    }
    if let MaybeKnown::Is(version) = scenario.from.qemu.version {
        let views = catalog.qemu_views(version);
        if let MachineChoice::Listed(machine) = scenario.machine {
            // The package decides: a distribution's QEMU has machine types of its own, and lacks those of others.
            if scenario.from.has_machine(catalog, machine) == Some(Presence::No) {
                let name = catalog.machine_name(machine);
                cautions.push(format!("QEMU {} has no machine type {name}", scenario.from.qemu.name()));
            }
        }
        let build = scenario.from.qemu_build(catalog);
        let (sure, open) = build.map(|build| catalog.downstream().changes(version, build)).unwrap_or_default();
        let lacks = |model: &ModelId| {
            let is_added = sure.models.contains(model) || open.models.contains(model);
            sure.removed.contains(model) || (!is_added && views.iter().all(|view| !view.has_model(*model)))
        };
        if let Some(model) = model.filter(lacks) {
            cautions.push(format!("QEMU {version} has no CPU model {}", catalog.model_name(model)));
        }
    }
    cautions
}
