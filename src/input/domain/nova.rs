//! Parses the section `[libvirt]` of nova.conf into the domain that nova writes for it
//! (`LibvirtDriver._get_guest_cpu_model_config` of `nova/virt/libvirt/driver.py`).

use super::Domain;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Fallback, Policies, Policy};
use crate::domain::map::ModelId;
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{Key, MaybeKnown, Scenario, Topology, Writer};
use crate::load::LoadError;
use ini::Setting;

mod ini;

const SECTION: &str = "libvirt";
/// The settings of that section that tell of the guest.
const KEYS: [&str; 6] =
    ["virt_type", "hw_machine_type", "cpu_mode", "cpu_models", "cpu_model", "cpu_model_extra_flags"];
/// The machine type that nova asks for where nothing names one (`get_default_machine_type`).
const MACHINE: &str = "pc";
/// The mode that nova takes for kvm and qemu where nothing names one.
const MODE: &str = "host-model";
/// QEMU's model where nova names none.
const NO_MODEL: &str = "qemu64";

/// Returns whether a text is meant as nova.conf.
pub(super) fn is_conf(text: &str) -> bool {
    let name = |line: &'_ str| line.trim_start().strip_prefix('[')?.split_once(']').map(|(name, _)| name.to_owned());
    text.lines().filter_map(name).any(|name| name.eq_ignore_ascii_case(SECTION))
}

/// The settings that tell of the guest.
struct Conf<'t> {
    file: &'t str,
    text: &'t str,
    settings: Vec<Setting<'t>>,
}

impl Conf<'_> {
    /// The setting that counts: the last of its name (`_Namespace._get_value` of oslo.config).
    fn setting(&self, key: &str) -> Option<&Setting<'_>> {
        self.settings.iter().rfind(|setting| setting.key == key)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.setting(key).map(|setting| &*setting.value)
    }

    /// The items of a list (`types.List` of oslo.config).
    fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        let list = self.get(key).unwrap_or_default().trim().trim_end_matches(',');
        list.split(',').filter(|_| !list.is_empty()).map(str::trim)
    }

    fn error(&self, key: &str, err: &dyn std::fmt::Display) -> LoadError {
        let message = format!("{key}: {err}");
        match self.setting(key) {
            Some(setting) => LoadError::at(self.file, self.text, setting.offset, message),
            None => LoadError::whole(self.file, message),
        }
    }
}

/// Reads the guest that nova creates from a flavor without CPU settings of its own, on a host of x86_64.
///
/// # Errors
/// A file with which nova does not start; a mode, model, flag or machine type that are unknown.
pub(super) fn read(catalog: &Catalog, between: &Scenario, file: &str, text: &str) -> Result<Domain, LoadError> {
    let conf = Conf { file, text, settings: ini::section((file, text), SECTION, &KEYS)? };
    let mut scenario = Scenario { running: None, emulator: None, written_by: Some(Writer::Nova), ..between.clone() };
    let (mut used, mut ignored) = (Vec::new(), Vec::new());
    scenario.accel = match conf.get("virt_type").unwrap_or("kvm") {
        "kvm" => Accel::Kvm,
        "qemu" => Accel::Tcg,
        other => return Err(conf.error("virt_type", &format!("expected kvm or qemu, found {other:?}"))),
    };
    // One for each architecture: x86_64=q35, aarch64=virt.
    let mut machine = None;
    for entry in conf.list("hw_machine_type") {
        match entry.split_once('=').filter(|(_, name)| !name.is_empty()) {
            Some(("x86_64", name)) => machine = machine.or(Some(name)),
            Some(_) => {}
            None => ignored.push(format!("{entry:?} of hw_machine_type, which is not like x86_64=q35")),
        }
    }
    let name = machine.unwrap_or(MACHINE);
    scenario.set(catalog, Key::Machine, name).map_err(|err| conf.error("hw_machine_type", &err))?;
    if machine.is_none() {
        used.push(format!("nova's default machine type {MACHINE}"));
    }
    (scenario.check, scenario.vendor, scenario.fallback) = (None, None, Fallback::Allow);
    let cpu = cpu(catalog, &conf, &mut used)?;
    scenario.set_cpu(catalog, cpu.unwrap_or(NO_MODEL)).map_err(|err| conf.error("cpu_mode", &err))?;
    scenario.features = Policies::default();
    if cpu.is_some() {
        scenario.features = flags(catalog, &conf)?;
    } else {
        used.push(format!("QEMU's default model {NO_MODEL}, which libvirt does not check"));
        (scenario.check, scenario.fallback) = (Some(Check::None), Fallback::Forbid);
        if conf.list("cpu_model_extra_flags").next().is_some() {
            ignored.push("cpu_model_extra_flags, which nova does not use with cpu_mode = none".to_owned());
        }
    }
    scenario.topology = MaybeKnown::Is(Topology::SINGLE);
    let read = super::say_written(catalog, &scenario, "nova.conf");
    Ok(Domain { name: None, scenario, machine: name.to_owned(), read, used, ignored, cautions: Vec::new() })
}

/// Returns the mode or the model; `None` for a `<cpu>` without either.
fn cpu<'a>(catalog: &'a Catalog, conf: &'a Conf<'_>, used: &mut Vec<String>) -> Result<Option<&'a str>, LoadError> {
    let mode = conf.get("cpu_mode").unwrap_or(MODE);
    if conf.get("cpu_mode").is_none() {
        used.push(format!("nova's default cpu_mode {MODE}"));
    }
    if !matches!(mode, "none" | "host-model" | "host-passthrough" | "custom") {
        let modes = "none, host-model, host-passthrough or custom";
        return Err(conf.error("cpu_mode", &format!("expected {modes}, found {mode:?}")));
    }
    // cpu_model is the older name of cpu_models.
    let key = if conf.get("cpu_models").is_some() { "cpu_models" } else { "cpu_model" };
    let models = conf.list(key).map(|name| {
        model(catalog, name).ok_or_else(|| {
            let near = did_you_mean(name, catalog.models().iter());
            conf.error(key, &format!("unknown CPU model {name:?}; expected one that libvirt has{near}"))
        })
    });
    // LibvirtDriver._check_cpu_compatibility and _get_cpu_model_mapping: nova does not start.
    let mut models = models.collect::<Result<Vec<_>, _>>()?.into_iter();
    let first = models.next();
    match (mode, first) {
        ("custom", None) => Err(conf.error("cpu_mode", &"expected cpu_models with cpu_mode = custom, found none")),
        ("custom", Some(first)) => {
            if models.next().is_some() {
                let others = "nova takes another only for a flavor that requires CPU traits";
                used.push(format!("the first of {key}; {others}"));
            }
            Ok(Some(catalog.model_name(first)))
        }
        (_, Some(_)) => {
            let expected = format!("expected no models with cpu_mode = {mode}, with which nova does not start");
            Err(conf.error(key, &format!("{expected}; remove them, or set cpu_mode = custom")))
        }
        ("none", None) => Ok(None),
        (_, None) => Ok(Some(mode)),
    }
}

/// Returns the model of a libvirt map with this name in any case (`LibvirtDriver._get_cpu_model_mapping`).
fn model(catalog: &Catalog, name: &str) -> Option<ModelId> {
    let names = catalog.models().iter().filter(|known| known.eq_ignore_ascii_case(name));
    let is_of_libvirt = |model: &ModelId| catalog.maps().iter().any(|map| map.model(*model).is_some());
    names.filter_map(|known| catalog.model(known)).find(is_of_libvirt)
}

/// Returns what `cpu_model_extra_flags` enables and disables (`LibvirtDriver._prepare_cpu_flag`).
fn flags(catalog: &Catalog, conf: &Conf<'_>) -> Result<Policies, LoadError> {
    const KEY: &str = "cpu_model_extra_flags";
    let mut features = Policies::default();
    for flag in conf.list(KEY) {
        let flag = flag.to_ascii_lowercase();
        let (policy, name) = if flag.starts_with('-') {
            (Policy::Disable, flag.trim_start_matches('-'))
        } else {
            (Policy::Require, flag.trim_start_matches('+'))
        };
        let Some(feature) = catalog.feature(name) else {
            let near = did_you_mean(name, catalog.features().iter());
            return Err(conf.error(KEY, &format!("unknown CPU feature {name:?}{near}")));
        };
        // Nova keeps one of the two, and which one is by chance.
        if features.get(feature).is_some_and(|before| before != policy) {
            return Err(conf.error(KEY, &format!("expected {name} once, found +{name} and -{name}; remove one")));
        }
        features.set(feature, policy);
    }
    Ok(features)
}
