//! Takes the parts of a catalog apart into the same records as the raw facts. Reads no file.

use super::{Record, Records, sorted};
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Host;
use crate::domain::map::{CpuMap, Decode, ModelDefinition, ModelId, Register, Signature};
use crate::domain::names::Names;
use crate::domain::qemu::{Accel, QemuFacts, QemuMachine, QemuModel};
use crate::domain::version::Version;

/// Returns every record of the parts.
pub fn records(parts: &Parts) -> Vec<Record> {
    let mut records = Records::default();
    for release in &parts.releases {
        if let Some(map) = parts.maps.get(usize::from(release.map.0)) {
            add_map(&mut records, &release.name, &release.source, map, (&parts.features, &parts.models));
        }
    }
    add_cells(&mut records, parts);
    for release in &parts.qemu {
        records.begin(format!("qemu {}", release.version));
        add_probe(&mut records, release, &parts.features);
        add_lists(&mut records, release, parts);
        add_recorded_host(&mut records, release, &parts.features);
    }
    for host in &parts.hosts {
        add_host(&mut records, host, &parts.features);
    }
    records.begin("products");
    for product in &parts.products {
        records.add(&*product.name, format!("{} {} {}", product.libvirt, product.qemu, product.source));
    }
    records.all
}

/// Returns the records of one release's map.
pub fn map_records(release: &str, source: &str, map: &CpuMap, features: &Names, models: &Names) -> Vec<Record> {
    let mut records = Records::default();
    add_map(&mut records, release, source, map, (features, models));
    records.all
}

/// Returns the records of one host.
pub fn host_records(host: &Host, features: &Names) -> Vec<Record> {
    let mut records = Records::default();
    add_host(&mut records, host, features);
    records.all
}

fn names(set: FeatureSet, features: &Names) -> String {
    sorted(set.iter().map(|feature| features.name(feature.0)))
}

fn list(ids: &[FeatureId], features: &Names) -> String {
    ids.iter().map(|feature| features.name(feature.0)).collect::<Vec<_>>().join(" ")
}

fn add_map(records: &mut Records, release: &str, source: &str, map: &CpuMap, (features, models): (&Names, &Names)) {
    records.begin(format!("libvirt {release}"));
    records.add("source", source);
    records.add("feature order", list(&map.order, features));
    let order: Vec<&str> = map.model_order.iter().map(|model| models.name(model.0)).collect();
    records.add("model order", order.join(" "));
    for (name, string) in &map.vendors {
        records.add(format!("vendor {name}"), &**string);
    }
    for (id, feature) in map.order.iter().zip(&map.features) {
        let registers: Vec<String> = feature.registers.iter().map(register).collect();
        let item = format!("feature {}", features.name(id.0));
        records.add(item, format!("{} {}", feature.migratable, registers.join(" ")));
    }
    for id in &map.model_order {
        if let Some(model) = map.model(*id) {
            add_model(records, *id, model, features, models);
        }
    }
}

fn add_model(records: &mut Records, id: ModelId, model: &ModelDefinition, features: &Names, models: &Names) {
    let item = |part: &str| format!("model {}, {part}", models.name(id.0));
    records.add(item("features"), names(model.data, features));
    records.add(item("removed"), list(&model.removed, features));
    records.add(item("added"), list(&model.added, features));
    let word = |on: bool| if on { "on" } else { "off" };
    let decode = |d: Decode| format!("{}/{}", word(d.host), word(d.guest));
    let signature = |s: &Signature| format!("{}/{}/{}", s.family, s.model, s.stepping.as_deref().unwrap_or_default());
    let signatures: Vec<String> = model.signatures.iter().map(signature).collect();
    let head = format!(
        "ancestor={} vendor={} decode={} check={} signatures={}",
        model.ancestor.map_or("", |ancestor| models.name(ancestor.0)),
        model.vendor.as_deref().unwrap_or_default(),
        model.decode.map(decode).unwrap_or_default(),
        if model.partial_compat { "compat" } else { "" },
        signatures.join(" ")
    );
    records.add(item("head"), head);
}

fn register(register: &Register) -> String {
    match register {
        Register::Cpuid { eax_in, ecx_in, masks } => format!("cpuid({eax_in},{ecx_in})={masks:?}"),
        Register::Msr { index, masks: [eax, edx] } => format!("msr({index})={:?}", [*eax, 0, 0, *edx]),
    }
}

fn add_cells(records: &mut Records, parts: &Parts) {
    for (name, number) in parts.models.iter().zip(0..) {
        for accel in [Accel::Kvm, Accel::Tcg] {
            let Some(cells) = parts.qemu_defaults.of(ModelId(number), accel) else { continue };
            records.begin(format!("cells {} {name}", accel.name()));
            let has_model = |release: &&QemuFacts| release.models.iter().any(|model| model.model == ModelId(number));
            let ran: Vec<&QemuFacts> = parts.qemu.iter().filter(|release| release.ran).filter(has_model).collect();
            let known = |id| ran.iter().any(|release| release.machines.iter().any(|machine| machine.machine == id));
            let known = parts.qemu_defaults.machines.iter().filter(|id| known(**id)).count();
            records.add("known on", known.to_string());
            for (position, machine) in parts.qemu_defaults.machines.iter().enumerate() {
                records.add(parts.machines.name(machine.0), names(cells.on(position), &parts.features));
            }
        }
    }
}

fn add_probe(records: &mut Records, release: &QemuFacts, features: &Names) {
    if let Some(source) = &release.probe_source {
        records.add("probe source", &**source);
        records.add("asked with", release.asked_with.as_deref().unwrap_or_default());
        records.add("properties", names(release.properties.unwrap_or_default(), features));
        records.add("dependencies partial", release.dependencies_partial.to_string());
        let rows = release.dependencies.as_deref().unwrap_or_default();
        let parents: Vec<FeatureId> = rows.iter().map(|(parent, _)| *parent).collect();
        records.add("dependency order", list(&parents, features));
        for (parent, children) in rows {
            records.add(format!("dependency {}", features.name(parent.0)), names(*children, features));
        }
    }
    if let Some(unsupported) = release.tcg_unsupported {
        records.add("tcg unsupported", names(unsupported, features));
    }
    if let Some(max) = release.tcg_max {
        records.add("tcg max", names(max, features));
        records.add("tcg max source", release.tcg_max_source.as_deref().unwrap_or_default());
    }
}

/// The lists as a running QEMU gave them, as a recording has them, or both.
fn add_lists(records: &mut Records, release: &QemuFacts, parts: &Parts) {
    if release.ran {
        for machine in &release.machines {
            let (name, text) = machine_text(machine, parts);
            records.add(format!("asked machine {name}"), text);
        }
        for model in &release.models {
            add_asked_model(records, model, parts);
        }
        for name in &release.generic {
            let flags = (false, !matches!(&**name, "host" | "max"), &**name == "base");
            let rest = format!("alias= type={name}-x86_64-cpu lacks={}", generic_lacks(name));
            records.add(format!("asked model {name}"), format!("{flags:?} {rest}"));
        }
    }
    let source = if release.ran { release.recorded_source.as_deref() } else { Some(&*release.source) };
    let Some(source) = source else { return };
    records.add("recorded source", source);
    let Version { major, minor, micro } = release.reported.unwrap_or(release.version);
    let number = u32::from(major) * 1_000_000 + u32::from(minor) * 1000 + u32::from(micro);
    records.add("recorded version", number.to_string());
    for machine in release.machines.iter().filter(|machine| !release.not_recorded.contains(&machine.machine)) {
        let (name, text) = machine_text(machine, parts);
        records.add(format!("recorded machine {name}"), text);
    }
    for model in &release.models {
        let lacks = sorted(model.tcg_blockers.iter().map(|feature| parts.features.name(feature.0)));
        let name = parts.models.name(model.model.0);
        records.add(format!("recorded model {name}"), format!("{} lacks={lacks}", model.deprecated));
    }
    for name in &release.generic {
        records.add(format!("recorded model {name}"), format!("false lacks={}", generic_lacks(name)));
    }
}

/// What QEMU says keeps such a CPU type from running under TCG: `host` needs KVM, which is no feature.
fn generic_lacks(name: &str) -> &'static str {
    if name == "host" { "kvm" } else { "" }
}

fn machine_text<'p>(machine: &QemuMachine, parts: &'p Parts) -> (&'p str, String) {
    let (alias, cpu) =
        (machine.alias.as_deref().unwrap_or_default(), machine.default_cpu.as_deref().unwrap_or_default());
    let flags = (machine.default, machine.deprecated, machine.cpu_max);
    (parts.machines.name(machine.machine.0), format!("alias={alias} cpu={cpu} {flags:?}"))
}

fn add_asked_model(records: &mut Records, model: &QemuModel, parts: &Parts) {
    let name = parts.models.name(model.model.0);
    let alias = model.alias_of.map_or("", |alias| parts.models.name(alias.0));
    let lacks = sorted(model.tcg_blockers.iter().map(|feature| parts.features.name(feature.0)));
    let flags = (model.deprecated, true, false);
    records.add(format!("asked model {name}"), format!("{flags:?} alias={alias} type={name}-x86_64-cpu lacks={lacks}"));
}

fn add_recorded_host(records: &mut Records, release: &QemuFacts, features: &Names) {
    let Some(host) = &release.recorded_host else { return };
    let props: Vec<String> = host.props.iter().map(|(key, value)| format!("{key}={value}")).collect();
    records.add("recorded host", names(host.features, features));
    records.add("recorded host, not migratable", names(host.non_migratable, features));
    records.add("recorded host, properties", format!("{} {}", host.base, props.join(" ")));
}

fn add_host(records: &mut Records, host: &Host, features: &Names) {
    records.begin(format!("host {}", host.name));
    let place = format!("{} {} {} {}", host.vendor.cpuid(), host.family, host.model, host.stepping);
    records.add("cpu", place);
    records.add("model-id", &*host.model_id);
    records.add("features", names(host.features, features));
    records.add("asked", names(host.asked, features));
    if let Some(silicon) = &host.silicon {
        records.begin(format!("silicon {}", host.name));
        records.add("features", names(silicon.features, features));
        records.add("asked", names(silicon.asked, features));
    }
}
