//! Finds the virtual machines in a manifest of KubeVirt, YAML or JSON: in each document, and in each item of a list.

use crate::domain::names::first_names;
use crate::load::LoadError;
use foldhash::HashMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_norway::Value;

mod definition;

pub(super) use definition::differs;

/// The kinds of manifests that have a domain.
const KINDS: [&str; 4] =
    ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineInstanceReplicaSet", "VirtualMachinePool"];
/// How the API group of these kinds ends; other products have kinds of the same names.
const GROUP: &str = "kubevirt.io";

/// The objects of a file.
#[derive(Default)]
pub(super) struct Manifests {
    /// The virtual machines, in the file's order.
    pub(super) machines: Vec<Machine>,
    /// The other objects: `Service web`.
    pub(super) others: Vec<String>,
}

/// One virtual machine.
pub(super) struct Machine {
    /// `prod/web`, or `web` without a namespace; unique in the file.
    pub(super) label: String,
    /// The object, or what is wrong with it.
    object: Result<Manifest, String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    kind: String,
    metadata: Option<Metadata>,
    spec: Option<Spec>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Metadata {
    name: Option<String>,
    annotations: Option<Value>,
}

/// That of an instance, or of what makes instances from a template.
#[derive(Deserialize, Default)]
struct Spec {
    domain: Option<DomainSpec>,
    architecture: Option<String>,
    instancetype: Option<Reference>,
    preference: Option<Reference>,
    template: Option<Template>,
    #[serde(rename = "virtualMachineTemplate")]
    of_pool: Option<PoolTemplate>,
}

#[derive(Deserialize)]
struct PoolTemplate {
    spec: Option<Box<Spec>>,
}

#[derive(Deserialize)]
struct Template {
    metadata: Option<Metadata>,
    spec: Option<InstanceSpec>,
}

#[derive(Deserialize)]
struct InstanceSpec {
    domain: Option<DomainSpec>,
    architecture: Option<String>,
}

/// An object with settings for several machines, or the volume from which KubeVirt finds it.
#[derive(Deserialize)]
struct Reference {
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    machine: Option<MachineSpec>,
    #[serde(rename = "topologyHints")]
    hints: Option<Hints>,
}

/// What KubeVirt chose with the node.
#[derive(Deserialize)]
struct Hints {
    #[serde(rename = "tscFrequency")]
    tsc: Option<u64>,
}

#[derive(Deserialize)]
struct DomainSpec {
    cpu: Option<Cpu>,
    machine: Option<MachineSpec>,
    features: Option<Features>,
    resources: Option<Resources>,
    #[serde(rename = "launchSecurity")]
    security: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
struct Cpu {
    model: Option<String>,
    features: Option<Vec<Feature>>,
    sockets: Option<u32>,
    cores: Option<u32>,
    threads: Option<u32>,
    #[serde(rename = "maxSockets")]
    max_sockets: Option<u32>,
    realtime: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Feature {
    name: String,
    policy: Option<String>,
}

#[derive(Deserialize)]
struct MachineSpec {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Features {
    hyperv: Option<Hyperv>,
    #[serde(rename = "hypervPassthrough")]
    passthrough: Option<State>,
}

#[derive(Deserialize)]
struct Hyperv {
    evmcs: Option<State>,
    reenlightenment: Option<State>,
}

#[derive(Deserialize)]
struct State {
    enabled: Option<bool>,
}

#[derive(Deserialize, Default)]
struct Resources {
    limits: Option<Quantities>,
    requests: Option<Quantities>,
}

#[derive(Deserialize)]
struct Quantities {
    cpu: Option<Quantity>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number of CPUs")]
enum Quantity {
    Number(f64),
    Text(String),
}

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

/// Returns whether a text is meant as a manifest. No other guest's file is JSON.
pub(super) fn is_manifest(text: &str) -> bool {
    let begins = |line: &str| line.trim_start().trim_start_matches(['"', '{', '-', ' ']).starts_with("apiVersion");
    text.trim_start().starts_with('{') || text.lines().any(begins)
}

/// How many other objects an error names.
const NAMED_OTHERS: usize = 4;

/// Returns the objects of a manifest.
///
/// # Errors
/// Text that is not YAML, a manifest without a virtual machine.
pub(super) fn parse(file: &str, text: &str) -> Result<Manifests, LoadError> {
    if let Some(offset) = too_deep(text) {
        let message = format!("expected at most {MOST_NESTED} open brackets, found one more");
        return Err(LoadError::at(file, text, offset, message));
    }
    let mut found = Manifests::default();
    for document in serde_norway::Deserializer::from_str(text) {
        let object = Value::deserialize(document).map_err(|error| not_yaml(file, text, &error))?;
        found.add(object, "");
    }
    if found.machines.is_empty() {
        let others = first_names(found.others.iter().map(String::as_str), NAMED_OTHERS);
        let others = if others.is_empty() { "none".to_owned() } else { others };
        let message = format!("expected a manifest of kind {}, found {others}", KINDS.join(", "));
        return Err(LoadError::whole(file, message));
    }
    found.tell_apart();
    Ok(found)
}

impl Manifests {
    /// Adds an object, or the items of a list. An item of `VirtualMachineList` may leave out its kind.
    fn add(&mut self, mut object: Value, kind_in_list: &str) {
        let text = |object: &Value, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let kind = text(&object, "kind").unwrap_or_else(|| kind_in_list.to_owned());
        if let Some(of_items) = kind.strip_suffix("List")
            && let Some(Value::Sequence(items)) = object.get_mut("items").map(std::mem::take)
        {
            for item in items {
                self.add(item, of_items);
            }
            return;
        }
        let name = object.get("metadata").and_then(|metadata| {
            let name = text(metadata, "name")?;
            Some(text(metadata, "namespace").map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}")))
        });
        let version = text(&object, "apiVersion");
        let group = version.as_deref().and_then(|version| version.split('/').next());
        if !KINDS.contains(&&*kind) || group.is_some_and(|group| !group.ends_with(GROUP)) {
            // An empty document, as after a last `---`, is no object.
            if !object.is_null() {
                let kind = if kind.is_empty() { "an object without kind" } else { &kind };
                self.others.push(name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}")));
            }
            return;
        }
        let label = name.unwrap_or_else(|| format!("{kind} {}", self.machines.len() + 1));
        let object = serde_norway::from_value::<Manifest>(object);
        let object = object.map(|object| Manifest { kind, ..object }).map_err(|error| error.to_string());
        self.machines.push(Machine { label, object });
    }

    /// Numbers the machines of one name, such as an instance and the machine that made it.
    fn tell_apart(&mut self) {
        let mut seen = HashMap::<&str, usize>::default();
        for machine in &self.machines {
            *seen.entry(&machine.label).or_default() += 1;
        }
        let several: Vec<bool> = self.machines.iter().map(|machine| seen.get(&*machine.label) > Some(&1)).collect();
        for (number, (machine, _)) in (1..).zip(self.machines.iter_mut().zip(several)).filter(|(_, (_, many))| *many) {
            let kind = machine.object.as_ref().map_or("", |object| &object.kind);
            machine.label = format!("{} ({kind}, number {number} in the file)", machine.label).replace("(, ", "(");
        }
    }
}
