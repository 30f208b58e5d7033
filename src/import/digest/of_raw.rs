//! Takes raw facts apart into records, straight from the JSON's own words. Knows nothing of the timeline.

use super::super::raw::{self, Ordered, Raw};
use super::{Record, Records, sorted};
use crate::load::cpu_map::parse_number;

/// Returns every record of the raw facts.
pub fn records(raw: &Raw) -> Vec<Record> {
    let mut records = Records::default();
    for release in &raw.releases {
        let file = release.same_as.as_ref().unwrap_or(&release.release);
        records.begin(format!("libvirt {}", release.release));
        records.add("source", &release.source);
        if let Some((_, map)) = raw.maps.iter().find(|(name, _)| name == file) {
            add_map(&mut records, map);
        }
    }
    add_cells(&mut records, raw);
    for (name, probe) in raw.probes.iter() {
        records.begin(format!("qemu {name}"));
        add_probe(&mut records, probe);
        if probe.asked_with.is_some() {
            add_running(&mut records, raw, name);
        }
    }
    for (name, recorded) in raw.recorded.iter() {
        records.begin(format!("qemu {name}"));
        add_recorded(&mut records, recorded);
    }
    for (name, features) in raw.accelerators.tcg.iter() {
        records.begin(format!("qemu {name}"));
        records.add("tcg max", sorted(texts(features)));
        records.add("tcg max source", raw.accelerators.from.get(name).map_or("", String::as_str));
    }
    for (name, host) in raw.hosts.iter() {
        records.begin(format!("host {name}"));
        let place = format!("{} {} {} {}", host.vendor, host.family, host.model, host.stepping);
        records.add("cpu", place);
        records.add("model-id", &host.model_id);
        records.add("features", sorted(texts(&host.features)));
        records.add("asked", sorted(texts(&host.asked)));
    }
    records.begin("products");
    for product in &raw.products.products {
        records.add(&product.name, format!("{} {} {}", product.libvirt, product.qemu, product.source));
    }
    records.all
}

fn texts(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str).filter(|name| !name.is_empty())
}

fn add_map(records: &mut Records, map: &raw::Map) {
    let order = |names: Vec<&str>| names.join(" ");
    records.add("feature order", order(map.features.iter().map(|(name, _)| name).collect()));
    records.add("model order", order(map.models.iter().map(|(name, _)| name).collect()));
    for vendor in &map.vendors {
        records.add(format!("vendor {}", vendor.name), &vendor.string);
    }
    for (name, feature) in map.features.iter() {
        let registers: Vec<String> = feature.regs.iter().map(register).collect();
        records.add(format!("feature {name}"), format!("{} {}", feature.migratable, registers.join(" ")));
    }
    for (name, model) in map.models.iter() {
        let item = |part: &str| format!("model {name}, {part}");
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        records.add(item("features"), sorted(texts(&model.features)));
        records.add(item("removed"), model.removed.join(" "));
        records.add(item("added"), model.added.join(" "));
        let decode = model.decode.as_ref().map(|d| format!("{}/{}", d.host, d.guest)).unwrap_or_default();
        let signature = |s: &raw::Signature| format!("{}/{}/{}", s.family, s.model, of(&s.stepping));
        let signatures: Vec<String> = model.signatures.iter().map(signature).collect();
        let (ancestor, vendor, check) = (of(&model.ancestor), of(&model.vendor), of(&model.check));
        let head = format!("ancestor={ancestor} vendor={vendor} decode={decode} check={check}");
        records.add(item("head"), format!("{head} signatures={}", signatures.join(" ")));
    }
}

fn register(raw: &raw::Register) -> String {
    let number = |text: &Option<String>| text.as_deref().and_then(parse_number).unwrap_or(0);
    let masks = [&raw.eax, &raw.ebx, &raw.ecx, &raw.edx].map(number);
    match raw.kind.as_str() {
        "msr" => format!("msr({})={masks:?}", number(&raw.index)),
        _ => format!("cpuid({},{})={masks:?}", number(&raw.function).max(number(&raw.eax_in)), number(&raw.ecx_in)),
    }
}

fn add_cells(records: &mut Records, raw: &Raw) {
    for (name, model) in raw.qemu.models.iter() {
        for (accel, cells) in [("kvm", &model.kvm), ("tcg", &model.tcg)] {
            let Some(cells) = cells else { continue };
            records.begin(format!("cells {accel} {name}"));
            records.add("known on", cells.known_on_machines.to_string());
            for (machine, _) in raw.qemu.machines.iter().filter(|(machine, _)| machine.starts_with("pc-")) {
                let has = |machines: &[String]| machines.iter().any(|known| known == machine);
                let some = cells.only_on_machines.iter().filter(|(_, on)| has(on)).map(|(feature, _)| feature);
                records.add(machine, sorted(texts(&cells.always).chain(some)));
            }
        }
    }
}

fn add_probe(records: &mut Records, probe: &raw::Probe) {
    records.add("probe source", &probe.from);
    records.add("asked with", probe.asked_with.as_deref().unwrap_or_default());
    records.add("properties", sorted(texts(&probe.properties)));
    records.add("dependencies partial", probe.dependencies_note.is_some().to_string());
    records.add("dependency order", probe.dependencies.iter().map(|(parent, _)| parent).collect::<Vec<_>>().join(" "));
    for (parent, children) in probe.dependencies.iter() {
        records.add(format!("dependency {parent}"), sorted(texts(children)));
    }
    if let Some(features) = &probe.tcg_unsupported {
        records.add("tcg unsupported", sorted(texts(features)));
    }
}

fn add_running(records: &mut Records, raw: &Raw, release: &str) {
    let series = release.rsplit_once('.').map_or(release, |(series, _)| series);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for (name, entries) in raw.qemu.machines.iter() {
        let Some(entry) = entries.get(series) else { continue };
        let (alias, cpu) = (text(&entry.alias), text(&entry.default_cpu_type));
        let flags = (entry.is_default, entry.deprecated, entry.cpu_max);
        records.add(format!("asked machine {name}"), format!("alias={alias} cpu={cpu} {flags:?}"));
    }
    for (name, model) in raw.qemu.models.iter() {
        let Some(entry) = model.qemu.get(series) else { continue };
        let blockers = model.tcg_unavailable.get(series).map(Vec::as_slice).unwrap_or_default();
        let flags = (entry.deprecated, entry.migration_safe, entry.is_static);
        let rest = format!("alias={} type={} lacks={}", text(&entry.alias_of), entry.typename, sorted(texts(blockers)));
        records.add(format!("asked model {name}"), format!("{flags:?} {rest}"));
    }
}

fn add_recorded(records: &mut Records, recorded: &raw::Recorded) {
    records.add("recorded source", &recorded.from);
    records.add("recorded version", &recorded.version);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let yes = |text: &Option<String>| text.as_deref() == Some("yes");
    for (name, entry) in recorded.machines.iter() {
        let (alias, cpu) = (text(&entry.alias), text(&entry.default_cpu));
        let max = entry.max_cpus.as_deref().and_then(parse_number);
        let flags = (yes(&entry.default), yes(&entry.deprecated), max);
        records.add(format!("recorded machine {name}"), format!("alias={alias} cpu={cpu} {flags:?}"));
    }
    for name in &recorded.models {
        let blockers = recorded.tcg_blockers.get(name).map(Vec::as_slice).unwrap_or_default();
        let deprecated = recorded.deprecated_models.contains(name);
        records.add(format!("recorded model {name}"), format!("{deprecated} lacks={}", sorted(texts(blockers))));
    }
    if let Some(host) = &recorded.kvm_host {
        let props = |props: &Ordered<String>| {
            props.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        };
        records.add("recorded host", sorted(texts(&host.features)));
        records.add("recorded host, not migratable", sorted(texts(&host.non_migratable)));
        records.add("recorded host, properties", format!("{} {}", host.base, props(&host.props)));
    }
}
