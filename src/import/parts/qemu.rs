//! Turns the raw facts about QEMU into the domain's: releases, machine types, models, cells. Reads no file.

use super::super::raw::{self, Raw};
use super::{Result, error, find, set};
use crate::domain::catalog::{Parts, machine_series};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::names::Names;
use crate::domain::qemu::{
    MachineId, MachineSet, ModelDefaults, QemuDefaults, QemuFacts, QemuMachine, QemuModel, RecordedHost,
};
use crate::domain::version::Version;
use crate::load::cpu_map::parse_number;
use std::collections::BTreeSet;
use std::sync::Arc;

/// CPU types QEMU lists among its models that are none: they stand for nothing, the host, everything.
pub(super) const GENERIC: [&str; 3] = ["base", "host", "max"];

pub(super) fn fill(raw: &Raw, parts: &mut Parts) -> Result<()> {
    name_machines(raw, &mut parts.machines);
    let keys = raw.recorded.iter().map(|(name, _)| name).chain(raw.probes.iter().map(|(name, _)| name));
    let mut versions: BTreeSet<Version> = BTreeSet::new();
    for name in keys.chain(raw.accelerators.tcg.iter().map(|(name, _)| name)) {
        versions.insert(name.parse().map_or_else(|_not_a_version| error("QEMU", "a release", name), Ok)?);
    }
    for version in versions {
        let release = release(raw, parts, version)?;
        parts.qemu.push(release);
    }
    parts.qemu_defaults = cells(raw, parts)?;
    Ok(())
}

fn name_machines(raw: &Raw, names: &mut Names) {
    let recorded = raw.recorded.iter().flat_map(|(_, recorded)| recorded.machines.iter().map(|(name, _)| name));
    let all: BTreeSet<_> = raw.qemu.machines.iter().map(|(name, _)| name).chain(recorded).collect();
    let mut order: Vec<_> = all.into_iter().map(|name| (machine_series(name), name)).collect();
    order.sort();
    for (_, name) in order {
        names.intern(name);
    }
}

fn release(raw: &Raw, parts: &Parts, version: Version) -> Result<QemuFacts> {
    let name = version.to_string();
    let mut facts = QemuFacts { version, ..QemuFacts::default() };
    let probe = raw.probes.get(&name);
    let recorded = raw.recorded.get(&name);
    if let Some(recorded) = recorded {
        fill_recorded(&name, recorded, parts, &mut facts)?;
    }
    if let Some(probe) = probe {
        fill_probe(&name, probe, parts, &mut facts)?;
        if probe.asked_with.is_some() {
            let running = running(raw, parts, &facts, &probe.from)?;
            if recorded.is_some() {
                keep_both(&name, &mut facts, &running)?;
            }
            facts = QemuFacts { recorded_source: facts.recorded_source, not_recorded: facts.not_recorded, ..running };
        }
    }
    if let Some(max) = raw.accelerators.tcg.get(&name) {
        facts.tcg_max = Some(set(&parts.features, &name, max)?);
        facts.tcg_max_source = raw.accelerators.from.get(&name).map(|from| from.as_str().into());
    }
    Ok(facts)
}

fn fill_recorded(name: &str, raw: &raw::Recorded, parts: &Parts, facts: &mut QemuFacts) -> Result<()> {
    facts.source = raw.from.as_str().into();
    let number = parse_number(&raw.version).map_or_else(|| error(name, "a number in version", &raw.version), Ok)?;
    let part = |number: u32| u16::try_from(number % 1000).unwrap_or(u16::MAX);
    let reported = Version::new(part(number / 1_000_000), part(number / 1000), part(number));
    facts.reported = Some(reported).filter(|reported| *reported != facts.version);
    let yes = |text: &Option<String>| match text.as_deref() {
        None => Ok(false),
        Some("yes") => Ok(true),
        Some(other) => error(name, "yes", other),
    };
    for (machine, entry) in raw.machines.iter() {
        let cpu_max =
            entry.max_cpus.as_ref().map(|text| parse_number(text).map_or_else(|| error(name, "a number", text), Ok));
        facts.machines.push(QemuMachine {
            machine: machine_id(name, machine, parts)?,
            alias: entry.alias.as_deref().map(Into::into),
            default: yes(&entry.default)?,
            deprecated: yes(&entry.deprecated)?,
            cpu_max: cpu_max.transpose()?,
            default_cpu: entry.default_cpu.as_deref().map(Into::into),
        });
    }
    for model in &raw.models {
        let Some(id) = model_id(name, model, parts)? else {
            check_generic(name, model, raw.tcg_blockers.get(model))?;
            facts.generic.push(model.as_str().into());
            continue;
        };
        facts.models.push(QemuModel {
            model: id,
            deprecated: raw.deprecated_models.contains(model),
            alias_of: None,
            tcg_blockers: blockers(name, raw.tcg_blockers.get(model), parts)?,
        });
    }
    let listed = |model: &str| raw.models.iter().any(|known| known == model);
    let blocked = raw.tcg_blockers.iter().map(|(model, _)| model);
    let deprecated = raw.deprecated_models.iter().map(String::as_str);
    let misplaced = deprecated.clone().filter(|model| GENERIC.contains(model));
    if let Some(stray) = blocked.chain(deprecated).filter(|model| !listed(model)).chain(misplaced).next() {
        return error(name, "a listed model", stray);
    }
    if let Some(host) = &raw.kvm_host {
        facts.recorded_host = Some(RecordedHost {
            base: host.base.as_str().into(),
            features: set(&parts.features, name, &host.features)?,
            non_migratable: set(&parts.features, name, &host.non_migratable)?,
            props: host.props.iter().map(|(key, value)| (key.into(), value.as_str().into())).collect(),
        });
    }
    sort(facts);
    Ok(())
}

/// Refuses blockers of a CPU type that is no model, but for the one QEMU states itself: `host` needs KVM.
fn check_generic(place: &str, name: &str, blockers: Option<&Vec<String>>) -> Result<()> {
    let expected: &[&str] = if name == "host" { &["kvm"] } else { &[] };
    let found = blockers.map(Vec::as_slice).unwrap_or_default();
    if found != expected {
        return error(format!("{place} {name}"), format!("the blockers {expected:?}"), format!("{found:?}"));
    }
    Ok(())
}

/// Puts machine types and models in the catalog's order, in which the timeline has them.
fn sort(facts: &mut QemuFacts) {
    facts.machines.sort_by_key(|machine| machine.machine);
    facts.models.sort_by_key(|model| model.model);
    facts.generic.sort();
}

fn machine_id(place: &str, name: &str, parts: &Parts) -> Result<MachineId> {
    parts.machines.get(name).map(MachineId).map_or_else(|| error(place, "a machine type", name), Ok)
}

/// Returns the model, or nothing for a CPU type that is none.
fn model_id(place: &str, name: &str, parts: &Parts) -> Result<Option<ModelId>> {
    if GENERIC.contains(&name) {
        return Ok(None);
    }
    parts.models.get(name).map_or_else(|| error(place, "a model", name), |id| Ok(Some(ModelId(id))))
}

/// Returns blockers by the alphabet; an empty name, which some recordings have, names nothing and is left out.
fn blockers(place: &str, raw: Option<&Vec<String>>, parts: &Parts) -> Result<Arc<[FeatureId]>> {
    let mut names: Vec<&String> = raw.into_iter().flatten().filter(|name| !name.is_empty()).collect();
    names.sort();
    names.into_iter().map(|name| find(&parts.features, place, name)).collect()
}

fn fill_probe(name: &str, raw: &raw::Probe, parts: &Parts, facts: &mut QemuFacts) -> Result<()> {
    let features = &parts.features;
    facts.probe_source = Some(raw.from.as_str().into());
    facts.asked_with = raw.asked_with.as_deref().map(Into::into);
    facts.properties = Some(set(features, name, &raw.properties)?);
    facts.dependencies_partial = raw.dependencies_note.is_some();
    let mut rows: Vec<_> = raw.dependencies.iter().collect();
    rows.sort_by_key(|(parent, _)| *parent);
    let row =
        |(parent, children): (&str, &Vec<String>)| Ok((find(features, name, parent)?, set(features, name, children)?));
    facts.dependencies = Some(rows.into_iter().map(row).collect::<Result<_>>()?);
    facts.tcg_unsupported = raw.tcg_unsupported.as_ref().map(|names| set(features, name, names)).transpose()?;
    Ok(())
}

/// Returns what a running QEMU said, with everything else as in `before`.
fn running(raw: &Raw, parts: &Parts, before: &QemuFacts, source: &str) -> Result<QemuFacts> {
    let series = format!("{}.{}", before.version.major, before.version.minor);
    let mut facts = QemuFacts {
        source: source.into(),
        ran: true,
        machines: Vec::new(),
        models: Vec::new(),
        generic: Vec::new(),
        ..before.clone()
    };
    for (name, entries) in raw.qemu.machines.iter() {
        let Some(entry) = entries.get(&series) else { continue };
        facts.machines.push(QemuMachine {
            machine: machine_id(&series, name, parts)?,
            alias: entry.alias.as_deref().map(Into::into),
            default: entry.is_default,
            deprecated: entry.deprecated,
            cpu_max: entry.cpu_max,
            default_cpu: entry.default_cpu_type.as_deref().map(Into::into),
        });
    }
    for (name, model) in raw.qemu.models.iter() {
        let Some(entry) = model.qemu.get(&series) else { continue };
        let (safe, is_static) = (!matches!(name, "host" | "max"), name == "base");
        if entry.typename != format!("{name}-x86_64-cpu")
            || entry.migration_safe != safe
            || entry.is_static != is_static
        {
            return error(format!("{series} {name}"), "the type name and flags every such model has", &entry.typename);
        }
        let Some(id) = model_id(&series, name, parts)? else {
            if entry.deprecated || entry.alias_of.is_some() {
                return error(&series, "no more than a name", name);
            }
            check_generic(&series, name, model.tcg_unavailable.get(&series))?;
            facts.generic.push(name.into());
            continue;
        };
        facts.models.push(QemuModel {
            model: id,
            deprecated: entry.deprecated,
            alias_of: entry.alias_of.as_ref().map_or(Ok(None), |alias| model_id(&series, alias, parts))?,
            tcg_blockers: blockers(&series, model.tcg_unavailable.get(&series), parts)?,
        });
    }
    sort(&mut facts);
    Ok(facts)
}

/// Keeps what the recording of a release says beside the running QEMU: it may only leave machine types out.
fn keep_both(name: &str, recorded: &mut QemuFacts, running: &QemuFacts) -> Result<()> {
    let plain = |facts: &QemuFacts| -> Vec<QemuModel> {
        facts.models.iter().map(|model| QemuModel { alias_of: None, ..model.clone() }).collect()
    };
    if plain(recorded) != plain(running) || recorded.generic != running.generic {
        return error(name, "the same models as the running QEMU has", "other ones");
    }
    if recorded.machines.iter().any(|machine| !running.machines.contains(machine)) {
        return error(name, "no machine type that the running QEMU has not", "one more, or another");
    }
    let missing = running.machines.iter().filter(|machine| !recorded.machines.contains(machine));
    recorded.not_recorded = missing.map(|machine| machine.machine).collect();
    recorded.recorded_source = Some(std::mem::take(&mut recorded.source));
    Ok(())
}

fn cells(raw: &Raw, parts: &Parts) -> Result<QemuDefaults> {
    let mut cells = QemuDefaults::default();
    let with_cells = |name: &str| name == "pc" || name.starts_with("pc-");
    for (name, number) in parts.machines.iter().zip(0..) {
        if raw.qemu.machines.get(name).is_some() && with_cells(name) {
            cells.machines.push(MachineId(number));
        }
    }
    if cells.machines.len() > 128 {
        return error("qemu.json", "at most 128 machine types with cells", cells.machines.len().to_string());
    }
    for (name, model) in raw.qemu.models.iter() {
        let (Some(id), Some(kvm), Some(tcg)) = (model_id("qemu.json", name, parts)?, &model.kvm, &model.tcg) else {
            continue;
        };
        check_known_on(raw, name, model)?;
        let place = usize::from(id.0);
        cells.models.resize(cells.models.len().max(place + 1), None);
        let both = (model_cells(name, kvm, parts, &cells)?, model_cells(name, tcg, parts, &cells)?);
        cells.models[place] = Some(both);
    }
    Ok(cells)
}

fn model_cells(name: &str, raw: &raw::QemuDefaults, parts: &Parts, cells: &QemuDefaults) -> Result<ModelDefaults> {
    let mut only_on = Vec::new();
    for (feature, machines) in raw.only_on_machines.iter() {
        let mut on = MachineSet::default();
        for machine in machines {
            let id = machine_id(name, machine, parts)?;
            on.insert(cells.position(id).map_or_else(|| error(name, "a machine type with cells", machine), Ok)?);
        }
        only_on.push((find(&parts.features, name, feature)?, on));
    }
    only_on.sort_unstable_by_key(|(feature, _)| *feature);
    Ok(ModelDefaults { always: set(&parts.features, name, &raw.always)?, only_on })
}

/// Refuses cells whose number of machine types is not that of the QEMUs that have the model.
fn check_known_on(raw: &Raw, name: &str, model: &raw::QemuModel) -> Result<()> {
    let shares =
        |entries: &raw::Ordered<raw::Machine>| entries.iter().any(|(series, _)| model.qemu.get(series).is_some());
    let known =
        raw.qemu.machines.iter().filter(|(machine, entries)| machine.starts_with("pc-") && shares(entries)).count();
    for cells in [&model.kvm, &model.tcg].into_iter().flatten() {
        if cells.known_on_machines != known {
            return error(name, format!("{known} in known_on_machines"), cells.known_on_machines.to_string());
        }
    }
    Ok(())
}
