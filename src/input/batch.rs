//! Parses a batch line: one scenario as a JSON object.

use crate::domain::catalog::Catalog;
use crate::domain::definition::{Check, Policy};
use crate::domain::feature::FeatureSet;
use crate::domain::host::{GivenHost, Vendor};
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, Key, Scenario, Told, Topology, Transport};
use serde::Deserialize;

/// A parsed batch line.
#[derive(Clone, PartialEq, Debug)]
pub struct BatchLine {
    /// The value of the key `id`.
    pub id: Option<String>,
    /// The scenario.
    pub scenario: Scenario,
}

#[derive(Deserialize)]
struct Line {
    id: Option<String>,
    scenario: Option<String>,
    source: Option<End>,
    destination: Option<End>,
    guest: Option<Guest>,
    transport: Option<String>,
}

#[derive(Deserialize)]
struct End {
    libvirt: String,
    qemu: Option<String>,
    host: Option<HostList>,
    host_vendor: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HostList {
    Name(String),
    Features(Vec<String>),
}

#[derive(Deserialize)]
struct Guest {
    model: Option<String>,
    mode: Option<String>,
    machine: Option<String>,
    #[serde(default)]
    features: serde_json::Map<String, serde_json::Value>,
    accelerator: Option<String>,
    check: Option<String>,
    #[serde(rename = "match")]
    matching: Option<String>,
    fallback: Option<String>,
    vendor: Option<String>,
    topology: Option<Vec<u32>>,
    pmu: Option<bool>,
}

/// Parses one line. It has the keys `source`, `destination` and `guest`, or a `scenario` link; other keys are ignored.
/// Without the key `transport` the guest is saved and restored.
///
/// # Errors
/// One sentence; with the column if the line is not valid JSON.
pub fn read(catalog: &Catalog, text: &str) -> Result<BatchLine, String> {
    let line: Line = serde_json::from_str(text).map_err(|fault| {
        // serde_json counts lines of this text, which is one line; the caller knows which.
        let said = fault.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said).to_owned();
        format!("column {}: {said}", fault.column().max(1))
    })?;
    let id = line.id;
    if let Some(word) = line.scenario {
        return Scenario::parse(catalog, &word)
            .map(|scenario| BatchLine { id, scenario })
            .map_err(|fault| fault.to_string());
    }
    let (Some(source), Some(destination), Some(guest)) = (line.source, line.destination, line.guest) else {
        return Err("expected the keys source, destination and guest, or a scenario".to_owned());
    };
    let mut scenario = Scenario { transport: Transport::Save, ..Scenario::default_of(catalog) };
    let mut set = |key: Key, text: Option<&str>, name: &str| match text {
        Some(text) => scenario.set(catalog, key, text).map_err(|fault| format!("{name}: {fault}")),
        None => Ok(()),
    };
    set(Key::From, Some(&release(&source)), "source")?;
    set(Key::To, Some(&release(&destination)), "destination")?;
    set(Key::Accel, guest.accelerator.as_deref(), "guest.accelerator")?;
    set(Key::Machine, guest.machine.as_deref(), "guest.machine")?;
    set(Key::Check, guest.check.as_deref(), "guest.check")?;
    set(Key::Match, guest.matching.as_deref(), "guest.match")?;
    set(Key::Fallback, guest.fallback.as_deref(), "guest.fallback")?;
    set(Key::Vendor, guest.vendor.as_deref(), "guest.vendor")?;
    set(Key::Transport, line.transport.as_deref(), "transport")?;
    let named = guest.model.as_deref().or(guest.mode.as_deref()).filter(|name| *name != "custom");
    let Some(cpu) = named else { return Err("guest: expected the key model, or a mode other than custom".to_owned()) };
    scenario.set_cpu(catalog, cpu).map_err(|fault| format!("guest.model: {fault}"))?;
    if scenario.accel == Accel::Tcg && scenario.check == Some(Check::None) {
        // What libvirt fills in under TCG anyway.
        scenario.check = None;
    }
    for (name, policy) in &guest.features {
        let Some(feature) = catalog.feature(name) else {
            return Err(format!("guest.features: unknown CPU feature {name:?}"));
        };
        let Some(policy) = policy.as_str().and_then(Policy::parse) else {
            return Err(format!("guest.features.{name}: expected force, require, optional, disable or forbid"));
        };
        scenario.features.set(feature, policy);
    }
    scenario.topology = topology(guest.topology.as_deref())?;
    scenario.pmu = guest.pmu.unwrap_or(false);
    scenario.from_host = host(catalog, &source, "source")?;
    scenario.to_host = host(catalog, &destination, "destination")?;
    Ok(BatchLine { id, scenario })
}

fn release(end: &End) -> String {
    match &end.qemu {
        Some(qemu) => format!("{}:{qemu}", end.libvirt),
        None => end.libvirt.clone(),
    }
}

fn topology(given: Option<&[u32]>) -> Result<Told<Topology>, String> {
    match given {
        None => Ok(Told::Is(Topology::SINGLE)),
        Some(&[sockets, cores, threads]) if sockets > 0 && cores > 0 && threads > 0 => {
            Ok(Told::Is(Topology { sockets, dies: 1, cores, threads }))
        }
        Some(&[sockets, dies, cores, threads]) if sockets > 0 && dies > 0 && cores > 0 && threads > 0 => {
            Ok(Told::Is(Topology { sockets, dies, cores, threads }))
        }
        Some(_) => Err("guest.topology: expected [sockets, cores, threads], each at least 1".to_owned()),
    }
}

/// Ignores features that neither a CPU map nor a QEMU release of the facts has: no check compares them.
fn host(catalog: &Catalog, end: &End, name: &str) -> Result<HostChoice, String> {
    match &end.host {
        None => Ok(HostChoice::Capable),
        Some(HostList::Name(text)) => {
            let mut scenario = Scenario::default_of(catalog);
            scenario.set(catalog, Key::FromHost, text).map_err(|fault| format!("{name}.host: {fault}"))?;
            Ok(scenario.from_host)
        }
        Some(HostList::Features(features)) => {
            let features: FeatureSet = features.iter().filter_map(|feature| catalog.feature(feature)).collect();
            let vendor = match end.host_vendor.as_deref() {
                None => Vendor::Intel,
                Some(text) => Vendor::parse(text).ok_or_else(|| {
                    format!("{name}.host_vendor: expected Intel, AMD, Hygon or Zhaoxin, found {text:?}")
                })?,
            };
            Ok(HostChoice::Given(GivenHost { vendor, signature: None, features, silicon: None }))
        }
    }
}
