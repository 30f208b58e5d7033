//! Queries a QEMU binary over QMP for the facts of its release: lists, properties, dependencies, and the defaults of
//! every model under every machine type.

use super::qmp::{libvirt_name, qemu_name};
use crate::domain::catalog::machine_series;
use crate::domain::names::Names;
use crate::domain::order::sort;
use crate::domain::qemu::Accel;
use crate::domain::version::Version;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

pub(super) mod merge;

/// Says why a QEMU binary could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum QemuError {
    /// The program does not start.
    #[error("{path}: cannot be started: {error}", path = .path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It exits before it answers.
    #[error("{path} {options}: ended before it answered: {message}", path = .path.display())]
    Ended {
        /// The program.
        path: PathBuf,
        /// Its options.
        options: String,
        /// What it says.
        message: String,
    },
    /// It answers something else than was expected.
    #[error("{path} {options}: {command}: {message}", path = .path.display())]
    Answer {
        /// The program.
        path: PathBuf,
        /// Its options.
        options: String,
        /// The QMP command.
        command: String,
        /// What is wrong.
        message: String,
    },
}

/// Is called with the number of steps done and of all.
pub(crate) type Progress<'p> = &'p mut dyn FnMut(usize, usize);

/// A machine type as QEMU lists it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct MachineAnswer {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    #[serde(default)]
    pub(super) is_default: bool,
    #[serde(default)]
    pub(super) deprecated: bool,
    pub(super) cpu_max: Option<u32>,
    pub(super) default_cpu_type: Option<String>,
}

/// A CPU model as QEMU lists it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ModelAnswer {
    pub(super) name: String,
    pub(super) alias_of: Option<String>,
    #[serde(default)]
    pub(super) deprecated: bool,
    #[serde(default)]
    pub(super) unavailable_features: Vec<String>,
}

/// What a model enables under a machine type; libvirt's names.
#[derive(Clone, Debug)]
pub(super) struct DefaultsAnswer {
    pub(super) machine: String,
    pub(super) accel: Accel,
    pub(super) model: String,
    pub(super) on: BTreeSet<String>,
}

/// What `host` offers under KVM; libvirt's names.
#[derive(Clone, Debug)]
pub(super) struct HostAnswer {
    pub(super) features: BTreeSet<String>,
    pub(super) non_migratable: BTreeSet<String>,
}

/// Everything that was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) version: Version,
    /// The newest `q35` machine type, under which TCG was asked.
    pub(super) newest: String,
    pub(super) machines: Vec<MachineAnswer>,
    pub(super) models: Vec<ModelAnswer>,
    pub(super) properties: BTreeSet<String>,
    pub(super) tcg_max: BTreeSet<String>,
    /// What goes off with each feature.
    pub(super) dependencies: Vec<(String, BTreeSet<String>)>,
    /// `None` where KVM cannot be used.
    pub(super) host: Option<HostAnswer>,
    pub(super) defaults: Vec<DefaultsAnswer>,
}

/// The CPU types that are no models.
pub(super) const GENERIC: [&str; 3] = ["base", "host", "max"];

/// Asks the binary at `path` everything. Features that `known` does not name are left out.
///
/// # Errors
/// The program does not start, ends early, or does not answer as QEMU does.
pub(super) fn ask(path: &Path, known: &Names, progress: Progress<'_>) -> Result<Asked, QemuError> {
    let mut monitor = Monitor::start(path, "q35", "tcg")?;
    let version = monitor.version;
    let machines: Vec<MachineAnswer> = monitor.ask("query-machines", Value::Null)?;
    let models: Vec<ModelAnswer> = monitor.ask("query-cpu-definitions", Value::Null)?;
    let q35 = machines.iter().find(|machine| machine.alias.as_deref() == Some("q35"));
    let newest = q35.map_or_else(|| "q35".to_owned(), |machine| machine.name.clone());
    // Where KVM cannot be used, QEMU says so and ends.
    let with_kvm = Monitor::start(path, "q35", "kvm").ok();
    let has_kvm = with_kvm.is_some();
    let asked_under: Vec<&str> = machines.iter().map(|m| m.name.as_str()).filter(|name| has_defaults(name)).collect();
    let accels: &[Accel] = if has_kvm { &[Accel::Tcg, Accel::Kvm] } else { &[Accel::Tcg] };
    let steps = 1 + asked_under.len() * accels.len();
    progress(0, steps);
    let properties = monitor.properties(known)?;
    let tcg_max = monitor.expansion("max", Map::new(), known)?;
    let dependencies = dependencies(&mut monitor, &properties, known)?;
    let host = match with_kvm {
        Some(mut monitor) => {
            let features = monitor.expansion("host", Map::new(), known)?;
            let all = monitor.expansion("host", switched(["migratable"], false), known)?;
            Some(HostAnswer { non_migratable: &all - &features, features: all })
        }
        None => None,
    };
    let mut defaults = Vec::new();
    for (done, (accel, machine)) in
        accels.iter().flat_map(|accel| asked_under.iter().map(move |machine| (*accel, *machine))).enumerate()
    {
        progress(1 + done, steps);
        let mut monitor = Monitor::start(path, machine, accel.name())?;
        for model in models.iter().filter(|model| !GENERIC.contains(&model.name.as_str())) {
            let on = monitor.expansion(&model.name, Map::new(), known)?;
            defaults.push(DefaultsAnswer { machine: machine.to_owned(), accel, model: model.name.clone(), on });
        }
    }
    progress(steps, steps);
    Ok(Asked { version, newest, machines, models, properties, tcg_max, dependencies, host, defaults })
}

/// Whether the facts hold what models enable under a machine type of this name: upstream's `pc` and `q35`.
pub(super) fn has_defaults(machine: &str) -> bool {
    machine_series(machine).is_some_and(|(family, _)| matches!(family, "pc-q35" | "pc-i440fx"))
}

/// The features that depend on each feature: those that a CPU with all features loses when one is disabled.
fn dependencies(
    monitor: &mut Monitor<'_>,
    properties: &BTreeSet<String>,
    known: &Names,
) -> Result<Vec<(String, BTreeSet<String>)>, QemuError> {
    let named: Vec<&str> = properties.iter().map(|name| qemu_name(name)).filter(|name| !is_of_kvm(name)).collect();
    // Without a PMU some releases clear pdcm first.
    let all = switched(named.iter().copied().chain(["pmu"]), true);
    let every = monitor.expansion("qemu64", all.clone(), known)?;
    let mut rows = Vec::new();
    for parent in named {
        let mut props = all.clone();
        props.insert(parent.to_owned(), Value::Bool(false));
        let left = monitor.expansion("qemu64", props, known)?;
        let mut children = &every - &left;
        children.remove(libvirt_name(parent));
        if !children.is_empty() {
            rows.push((libvirt_name(parent).to_owned(), children));
        }
    }
    sort(&mut rows);
    Ok(rows)
}

/// Whether a property is the name of a feature: not KVM itself, nor another spelling of KVM's own ones.
fn is_a_name(property: &str) -> bool {
    property != "kvm" && !property.starts_with("kvm_")
}

/// Whether a feature is KVM's own, which a QEMU that was started with TCG does not offer.
fn is_of_kvm(name: &str) -> bool {
    name.starts_with("kvm")
}

fn switched<'n>(names: impl IntoIterator<Item = &'n str>, on: bool) -> Map<String, Value> {
    names.into_iter().map(|name| (name.to_owned(), Value::Bool(on))).collect()
}

/// A QEMU that was started to be asked, and is ended when it is dropped.
struct Monitor<'p> {
    path: &'p Path,
    options: String,
    version: Version,
    child: Child,
    questions: ChildStdin,
    replies: BufReader<ChildStdout>,
    /// Reads QEMU's messages on standard error.
    warnings: Option<JoinHandle<String>>,
}

#[derive(Deserialize)]
struct Property {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Expansion {
    model: ExpandedModel,
}

#[derive(Deserialize)]
struct ExpandedModel {
    props: Map<String, Value>,
}

impl<'p> Monitor<'p> {
    fn start(path: &'p Path, machine: &str, accel: &str) -> Result<Self, QemuError> {
        let cannot_start = |error| QemuError::Start { path: path.to_owned(), error };
        let mut child = Command::new(path)
            .args(["-M", machine, "-accel", accel])
            .args(["-S", "-no-user-config", "-nodefaults", "-display", "none", "-qmp", "stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot_start)?;
        let missing = || cannot_start(std::io::Error::other("it has no standard input or output"));
        let (Some(questions), Some(replies), Some(mut warnings)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(missing());
        };
        let warnings = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = warnings.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let options = format!("-M {machine} -accel {accel}");
        let mut monitor = Self {
            path,
            options,
            version: Version::default(),
            child,
            questions,
            replies: BufReader::new(replies),
            warnings: Some(warnings),
        };
        let greeting = monitor.line()?;
        let number = |part: &str| greeting.pointer(&format!("/QMP/version/qemu/{part}")).and_then(Value::as_u64);
        let part = |part: &str| number(part).and_then(|number| u16::try_from(number).ok());
        let (Some(major), Some(minor), Some(micro)) = (part("major"), part("minor"), part("micro")) else {
            return Err(monitor.answer("greeting", format!("expected QEMU's version, found {greeting}")));
        };
        monitor.version = Version::new(major, minor, micro);
        monitor.ask::<Value>("qmp_capabilities", Value::Null)?;
        Ok(monitor)
    }

    fn answer(&self, command: &str, message: String) -> QemuError {
        let (path, options) = (self.path.to_owned(), self.options.clone());
        QemuError::Answer { path, options, command: command.to_owned(), message }
    }

    /// Reads the next line of QEMU's.
    fn line(&mut self) -> Result<Value, QemuError> {
        let mut line = String::new();
        if !matches!(self.replies.read_line(&mut line), Ok(1..)) {
            let _ = self.child.kill();
            let said = self.warnings.take().and_then(|reader| reader.join().ok()).unwrap_or_default();
            let message = said.lines().last().unwrap_or("it printed nothing").to_owned();
            return Err(QemuError::Ended { path: self.path.to_owned(), options: self.options.clone(), message });
        }
        serde_json::from_str(&line).map_err(|error| self.answer("reply", format!("expected JSON: {error}")))
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &str, arguments: Value) -> Result<T, QemuError> {
        let mut question = json!({ "execute": command });
        if !arguments.is_null() {
            question["arguments"] = arguments;
        }
        // If this fails, the replies end, and that is the error.
        let _ = writeln!(self.questions, "{question}");
        loop {
            let mut reply = self.line()?;
            if let Some(error) = reply.get("error") {
                return Err(self.answer(command, error.to_string()));
            }
            if let Some(value) = reply.get_mut("return").map(Value::take) {
                return serde_json::from_value(value).map_err(|error| self.answer(command, error.to_string()));
            }
        }
    }

    /// Returns the features that QEMU has as properties.
    fn properties(&mut self, known: &Names) -> Result<BTreeSet<String>, QemuError> {
        let all: Vec<Property> = self.ask("qom-list-properties", json!({ "typename": "max-x86_64-cpu" }))?;
        let named = all.iter().filter(|property| property.kind == "bool" && is_a_name(&property.name));
        let named = named.map(|property| libvirt_name(&property.name));
        Ok(named.filter(|name| known.get(name).is_some()).map(str::to_owned).collect())
    }

    /// Returns the features that a model has with these properties, before the host's filter.
    #[expect(clippy::needless_pass_by_value, reason = "made by each caller for this question")]
    fn expansion(
        &mut self,
        model: &str,
        props: Map<String, Value>,
        known: &Names,
    ) -> Result<BTreeSet<String>, QemuError> {
        let model = if props.is_empty() { json!({ "name": model }) } else { json!({ "name": model, "props": props }) };
        let expanded: Expansion = self.ask("query-cpu-model-expansion", json!({ "type": "full", "model": model }))?;
        let on = expanded.model.props.iter().filter(|(_, value)| **value == Value::Bool(true));
        let named = on.map(|(name, _)| libvirt_name(name));
        Ok(named.filter(|name| known.get(name).is_some()).map(str::to_owned).collect())
    }
}

impl Drop for Monitor<'_> {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
