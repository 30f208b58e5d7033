//! Parses the section `[libvirt]` of nova.conf into the domain that nova writes for it.

use super::Domain;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Fallback, Policies, Policy};
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{Key, MaybeKnown, Scenario, Topology, Writer};
use crate::load::LoadError;

const SECTION: &str = "[libvirt]";
/// The settings of that section that tell of the guest.
const KEYS: [&str; 6] =
    ["virt_type", "hw_machine_type", "cpu_mode", "cpu_models", "cpu_model", "cpu_model_extra_flags"];
/// The machine type that nova asks for where nothing names one.
const MACHINE: &str = "pc";
/// QEMU's model where nova names none.
const NO_MODEL: &str = "qemu64";

/// Returns whether a text is meant as nova.conf.
pub(super) fn is_conf(text: &str) -> bool {
    text.lines().any(|line| line.trim() == SECTION)
}

/// Reads the guest that nova creates from a flavor without CPU settings of its own.
///
/// # Errors
/// A mode, model, flag or machine type that are unknown; a custom CPU without models.
pub(super) fn read(catalog: &Catalog, between: &Scenario, file: &str, text: &str) -> Result<Domain, LoadError> {
    let lines = section(text);
    let find = |key: &str| lines.iter().find(|(known, ..)| *known == key);
    let get = |key: &str| find(key).map(|(_, value, _)| *value).filter(|value| !value.is_empty());
    let at = |key: &str, err: &dyn std::fmt::Display| match find(key) {
        Some((_, _, offset)) => LoadError::at(file, text, *offset, format!("{key}: {err}")),
        None => LoadError::whole(file, format!("{key}: {err}")),
    };
    let mut scenario = Scenario { running: None, emulator: None, written_by: Some(Writer::Nova), ..between.clone() };
    let mut used = Vec::new();
    scenario.accel = match get("virt_type").unwrap_or("kvm") {
        "kvm" => Accel::Kvm,
        "qemu" => Accel::Tcg,
        other => return Err(at("virt_type", &format!("expected kvm or qemu, found {other:?}"))),
    };
    // One for each architecture: x86_64=q35, aarch64=virt.
    let of_x86 = |entry: &'_ str| entry.trim().strip_prefix("x86_64=").map(str::to_owned);
    let machine = get("hw_machine_type").and_then(|list| list.split(',').find_map(of_x86));
    let name = machine.as_deref().unwrap_or(MACHINE);
    scenario.set(catalog, Key::Machine, name).map_err(|err| at("hw_machine_type", &err))?;
    if machine.is_none() {
        used.push(format!("nova's default machine type {MACHINE}"));
    }
    let by_default = if scenario.accel == Accel::Kvm { "host-model" } else { "none" };
    let mode = get("cpu_mode").unwrap_or(by_default);
    (scenario.check, scenario.vendor, scenario.fallback) = (None, None, Fallback::Allow);
    let cpu = match mode {
        "host-model" | "host-passthrough" | "maximum" => mode,
        "none" => {
            used.push(format!("QEMU's default model {NO_MODEL}, which libvirt does not check"));
            (scenario.check, scenario.fallback) = (Some(Check::None), Fallback::Forbid);
            NO_MODEL
        }
        "custom" => {
            let models = get("cpu_models").or_else(|| get("cpu_model")).unwrap_or_default();
            let mut models = models.split(',').map(str::trim).filter(|model| !model.is_empty());
            let Some(first) = models.next() else {
                return Err(at("cpu_mode", &"expected cpu_models with cpu_mode = custom, found none"));
            };
            if models.next().is_some() {
                used.push("the first of cpu_models; nova takes the first that the host supports".to_owned());
            }
            first
        }
        other => {
            let modes = "none, host-model, host-passthrough, maximum or custom";
            return Err(at("cpu_mode", &format!("expected {modes}, found {other:?}")));
        }
    };
    let key = if mode == "custom" { "cpu_models" } else { "cpu_mode" };
    scenario.set_cpu(catalog, cpu).map_err(|err| at(key, &err))?;
    scenario.features = Policies::default();
    let flags = get("cpu_model_extra_flags").unwrap_or_default();
    for flag in flags.split(',').map(str::trim).filter(|flag| !flag.is_empty()) {
        let (policy, name) = match flag.strip_prefix('-') {
            Some(name) => (Policy::Disable, name),
            None => (Policy::Require, flag.strip_prefix('+').unwrap_or(flag)),
        };
        let name = name.to_ascii_lowercase();
        let Some(feature) = catalog.feature(&name) else {
            let near = did_you_mean(&name, catalog.features().iter());
            return Err(at("cpu_model_extra_flags", &format!("unknown CPU feature {name:?}{near}")));
        };
        scenario.features.set(feature, policy);
    }
    scenario.topology = MaybeKnown::Is(Topology::SINGLE);
    let read = super::say_written(catalog, &scenario, "nova.conf");
    Ok(Domain { name: None, scenario, machine: name.to_owned(), read, used, ignored: Vec::new(), cautions: Vec::new() })
}

/// Returns the [`KEYS`] of the section, each with the offset of its line: key, value, offset.
fn section(text: &str) -> Vec<(&str, &str, usize)> {
    let mut found = Vec::<(&str, &str, usize)>::new();
    let (mut inside, mut offset) = (false, 0);
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == SECTION;
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()))
            && KEYS.contains(&key)
            && found.iter().all(|(known, ..)| *known != key)
        {
            found.push((key, value, start));
        }
    }
    found
}
