//! Parses the manifest of a KubeVirt virtual machine, YAML or JSON, into the domain that KubeVirt writes for it.

use super::Domain;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Fallback, Policy};
use crate::domain::names::did_you_mean;
use crate::domain::scenario::{Key, MaybeKnown, Scenario, Topology, Writer};
use crate::load::LoadError;
use serde::Deserialize;

/// The kinds of manifests that have a domain.
const KINDS: [&str; 3] = ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet"];

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize, Default)]
struct Metadata {
    name: Option<String>,
}

/// The instance's own, or that of the template from which instances are made.
#[derive(Deserialize, Default)]
struct Spec {
    domain: Option<DomainSpec>,
    template: Option<Template>,
}

#[derive(Deserialize)]
struct Template {
    #[serde(default)]
    spec: InstanceSpec,
}

#[derive(Deserialize, Default)]
struct InstanceSpec {
    domain: Option<DomainSpec>,
}

#[derive(Deserialize, Default)]
struct DomainSpec {
    #[serde(default)]
    cpu: Cpu,
    #[serde(default)]
    machine: MachineSpec,
}

#[derive(Deserialize, Default)]
struct Cpu {
    model: Option<String>,
    #[serde(default)]
    features: Vec<Feature>,
    sockets: Option<u32>,
    cores: Option<u32>,
    threads: Option<u32>,
}

#[derive(Deserialize)]
struct Feature {
    name: String,
    policy: Option<String>,
}

#[derive(Deserialize, Default)]
struct MachineSpec {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What KubeVirt takes where the manifest names none.
const MODEL: &str = "host-model";
const MACHINE: &str = "q35";

/// The most brackets that may be open at once: more than a manifest has, and few enough for the parser, which looks at all
/// of them for each word.
const MOST_NESTED: usize = 500;

/// Returns where a text opens more brackets than [`MOST_NESTED`]. Those count that may open a list or a map of YAML: at the
/// beginning of a line, after a mark of YAML, and after a tag or an anchor. Others are part of a text, such as a script.
fn too_deep(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    // The last character that is no blank, on this line, and whether its word has a tag or an anchor.
    let (mut last, mut is_tagged, mut is_apart) = (None, false, true);
    text.bytes().position(|byte| {
        let opens = last.is_none_or(|last| b"[{,:-?".contains(&last)) || (is_tagged && is_apart);
        match byte {
            b'[' | b'{' if opens => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'\n' | b'\r' => (last, is_tagged, is_apart) = (None, false, true),
            b' ' | b'\t' => is_apart = true,
            _ => {
                let is_mark = matches!(byte, b'!' | b'&');
                is_tagged = is_mark || (is_tagged && !is_apart);
                (last, is_apart) = (Some(byte), false);
            }
        }
        open > MOST_NESTED
    })
}

/// Returns the error for text that is not YAML, with its place.
fn not_yaml(file: &str, text: &str, error: &serde_norway::Error) -> LoadError {
    let said = error.to_string();
    let message = format!("expected YAML, found an error: {}", said.split(" at line ").next().unwrap_or(&said));
    let Some(place) = error.location() else { return LoadError::whole(file, message) };
    // YAML ends lines also at characters that no editor counts; its index is one of characters.
    let offset = text.char_indices().nth(place.index()).map_or(text.len(), |(offset, _)| offset);
    LoadError::at(file, text, offset, message)
}

/// Returns whether a text is meant as a manifest.
pub(super) fn is_manifest(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().trim_start_matches(['"', '{', ' ']).starts_with("apiVersion"))
}

/// Reads the first virtual machine of a manifest.
///
/// # Errors
/// Text that is not YAML, a manifest without a virtual machine, names that are unknown.
pub(super) fn read(catalog: &Catalog, between: &Scenario, file: &str, text: &str) -> Result<Domain, LoadError> {
    let wrong = |message: String| LoadError::whole(file, message);
    if let Some(offset) = too_deep(text) {
        let message = format!("expected at most {MOST_NESTED} open brackets, found one more");
        return Err(LoadError::at(file, text, offset, message));
    }
    let mut found = None;
    for document in serde_norway::Deserializer::from_str(text) {
        let manifest = serde_norway::Value::deserialize(document).map_err(|error| not_yaml(file, text, &error))?;
        let kind = manifest.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
        if KINDS.contains(&kind) {
            let manifest: Result<Manifest, _> = serde_norway::from_value(manifest);
            found = Some(manifest.map_err(|error| wrong(format!("expected a virtual machine: {error}")))?);
            break;
        }
    }
    let Some(Manifest { kind, metadata, spec }) = found else {
        return Err(wrong(format!("expected a manifest of kind {}, found none", KINDS.join(", "))));
    };
    let of_template = spec.template.and_then(|template| template.spec.domain);
    let Some(domain) = of_template.or(spec.domain) else {
        return Err(wrong(format!("expected spec.template.spec.domain or spec.domain in the {kind}, found neither")));
    };
    let mut scenario =
        Scenario { running: None, emulator: None, written_by: Some(Writer::KubeVirt), ..between.clone() };
    let machine = domain.machine.kind.as_deref().filter(|name| !name.is_empty()).unwrap_or(MACHINE);
    let at = |path: &str, err: &dyn std::fmt::Display| wrong(format!("domain.{path}: {err}"));
    scenario.set(catalog, Key::Machine, machine).map_err(|err| at("machine.type", &err))?;
    let cpu = domain.cpu;
    let model = cpu.model.as_deref().filter(|name| !name.is_empty()).unwrap_or(MODEL);
    scenario.set_cpu(catalog, model).map_err(|err| at("cpu.model", &err))?;
    scenario.features = crate::domain::definition::Policies::default();
    for Feature { name, policy } in &cpu.features {
        let known = catalog.feature(name).ok_or_else(|| {
            let near = did_you_mean(name, catalog.features().iter());
            at("cpu.features", &format!("unknown CPU feature {name:?}{near}"))
        })?;
        let policy = policy.as_deref().filter(|policy| !policy.is_empty());
        let policy = policy.map_or(Some(Policy::Require), Policy::parse).ok_or_else(|| {
            let names: Vec<&str> = Policy::ALL.iter().map(|policy| policy.name()).collect();
            at("cpu.features", &format!("expected one of {} for {name}", names.join(", ")))
        })?;
        scenario.features.set(known, policy);
    }
    let number = |given: Option<u32>| given.filter(|count| *count > 0).unwrap_or(1);
    let topology = Topology::of(&[cpu.sockets, cpu.cores, cpu.threads].map(number));
    scenario.topology = MaybeKnown::Is(
        topology
            .ok_or_else(|| at("cpu", &format!("expected at most {} in sockets, cores and threads", Topology::MOST)))?,
    );
    (scenario.check, scenario.vendor, scenario.fallback) = (None, None, Fallback::Allow);
    let name = metadata.name;
    let read = super::say_written(catalog, &scenario, &format!("KubeVirt {kind}"));
    let mut used = Vec::new();
    if domain.machine.kind.is_none() {
        used.push(format!("KubeVirt's default machine type {MACHINE}"));
    }
    if cpu.model.is_none() {
        used.push(format!("KubeVirt's default CPU {MODEL}"));
    }
    let machine = machine.to_owned();
    Ok(Domain { name, scenario, machine, read, used, ignored: Vec::new(), cautions: Vec::new() })
}
