//! Parses a description of a host: the output of `virsh domcapabilities` or `virsh capabilities`, a QMP reply to
//! `query-cpu-model-expansion`, or `/proc/cpuinfo`. Opens no file.

use crate::domain::catalog::{Catalog, Provenance, ReleaseMap, machine_series};
use crate::domain::definition::{Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, GivenHost, Vendor};
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice};
use crate::domain::version::Version;
use crate::import::qmp;
use crate::load::LoadError;
use crate::load::file::{LARGEST_REPLY, too_large, utf8};
use crate::load::xml::{Document, Element};
use crate::resolve::host_model::inferred_signature;
use std::sync::Arc;

mod cpuinfo;

named_enum! {
    /// The kind of file that describes a host.
    Kind {
        /// `virsh domcapabilities`.
        DomainCapabilities "virsh domcapabilities",
        /// `virsh capabilities`.
        Capabilities "virsh capabilities",
        /// A QMP reply.
        ModelExpansion "QMP query-cpu-model-expansion",
        /// `/proc/cpuinfo`.
        CpuInfo "/proc/cpuinfo",
    }
}

impl Kind {
    /// Returns what such a file does and does not contain, in one or two sentences.
    pub(crate) const fn tells(self) -> &'static str {
        match self {
            Self::DomainCapabilities => {
                "It lists the features of a migratable host-model on this host; features that block migration are left \
                 out. What the processor itself has is unknown: pass the output of virsh capabilities as well, as \
                 FILE,FILE."
            }
            Self::Capabilities => {
                "It lists what the processor has, not what QEMU and KVM support for a guest. All of it is assumed to be \
                 supported: pass the output of virsh domcapabilities as well, as FILE,FILE."
            }
            Self::ModelExpansion => {
                "It lists what this QEMU supports on this host with the accelerator it was started with; libvirt may use less."
            }
            Self::CpuInfo => {
                "It lists what Linux reports of the processor, not what KVM supports: KVM may support less, emulates some \
                 features, and no vmx-* is listed. Features that Linux hides are unknown."
            }
        }
    }
}

/// A host as a file describes it.
#[derive(Clone, PartialEq, Debug)]
pub struct HostFile {
    /// The kind of the file.
    pub kind: Kind,
    /// Its vendor.
    pub vendor: Vendor,
    /// Family, model and stepping, as far as the file names them; for `virsh domcapabilities`, which does not, those of
    /// its model.
    pub signature: Option<CpuSignature>,
    /// What KVM supports there; the processor's features if the file has no others.
    pub features: FeatureSet,
    /// What the processor itself has, if the file lists it.
    pub silicon: Option<FeatureSet>,
    /// The features that such a file can name: of the others it is not known whether the host has them.
    pub asked: FeatureSet,
    /// Of those that it cannot name, the features that the processor may give a guest.
    pub unknown: FeatureSet,
    /// What `virsh domcapabilities` shows of host-model.
    pub host_model: Option<ShownHostModel>,
    /// The libvirt release, if the file names one.
    pub libvirt: Option<Version>,
    /// The QEMU release, if the file names one; for a series, its newest known release.
    pub qemu: Option<Version>,
    /// What else was read, a fragment each.
    pub notes: Vec<String>,
}

/// host-model as `virsh domcapabilities` shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct ShownHostModel {
    /// The accelerator that the file is for.
    pub accel: Accel,
    /// The model.
    pub model: ModelId,
    /// The vendor, if it is named.
    pub vendor: Option<Vendor>,
    /// The features in addition to the model, in the file's order.
    pub features: Vec<(FeatureId, Policy)>,
}

impl HostFile {
    /// Returns the host for a scenario.
    pub fn choice(&self) -> HostChoice {
        let Self { vendor, signature, features, silicon, unknown, .. } = *self;
        HostChoice::Given(GivenHost { vendor, signature, features, silicon, unknown })
    }

    /// Combines the files of one host: `virsh capabilities`, which lists what the processor has, and one that lists what
    /// KVM supports.
    ///
    /// # Errors
    /// The files are of other kinds, or of different processors.
    #[doc(hidden)]
    pub fn combine(self, other: Self) -> Result<Self, String> {
        let is_of_kvm = |kind| matches!(kind, Kind::DomainCapabilities | Kind::ModelExpansion);
        let (processor, kvm) = match (self.kind, other.kind) {
            (Kind::Capabilities, kind) if is_of_kvm(kind) => (self, other),
            (kind, Kind::Capabilities) if is_of_kvm(kind) => (other, self),
            (first, second) => {
                let (first, second) = (first.name(), second.name());
                return Err(format!(
                    "expected virsh capabilities and virsh domcapabilities of the same host, found {first} and {second}"
                ));
            }
        };
        if processor.vendor != kvm.vendor || (kvm.kind == Kind::ModelExpansion && kvm.signature != processor.signature)
        {
            return Err("expected two files of the same host, found two different processors".to_owned());
        }
        Ok(Self {
            signature: processor.signature,
            silicon: processor.silicon,
            unknown: kvm.unknown - (processor.asked - processor.features),
            libvirt: kvm.libvirt.or(processor.libvirt),
            qemu: kvm.qemu.or(processor.qemu),
            ..kvm
        })
    }

    /// Returns one line about what was read and what such a file does not contain.
    #[doc(hidden)]
    pub fn line(&self) -> String {
        format!("{}. {}", self.summary(), self.kind.tells())
    }

    /// Returns what was read, without a full stop.
    #[doc(hidden)]
    pub fn summary(&self) -> String {
        let mut line = format!("{}: {} host with {} features", self.kind.name(), self.vendor, self.features.len());
        for note in &self.notes {
            line.push_str("; ");
            line.push_str(note);
        }
        line
    }
}

/// Parses a description of a host. CPU models in it are expanded with the CPU map of `libvirt`, or with the newest map
/// that has the model.
///
/// # Errors
/// The first position where the file is none of the four kinds, or has an unknown CPU model or feature.
pub fn read(catalog: &Catalog, libvirt: &LibvirtChoice, file: &str, bytes: &[u8]) -> Result<HostFile, LoadError> {
    let mut host = of_text(catalog, libvirt, file, bytes)?;
    host.unknown = unknown(catalog, &host);
    Ok(host)
}

/// Returns what the file cannot name, without what QEMU gives by itself and what needs a `vmx` or `svm` that is not there.
fn unknown(catalog: &Catalog, host: &HostFile) -> FeatureSet {
    let names = catalog.named();
    let mut known = host.asked | host.features | names.given_by_qemu();
    known.extend(names.hypervisor);
    for (parent, children) in [(names.vmx, names.vmx_children), (names.svm, names.svm_children)] {
        if parent.is_none_or(|parent| !host.features.contains(parent)) {
            known |= children;
        }
    }
    let all: FeatureSet = catalog.features().iter().filter_map(|name| catalog.feature(name)).collect();
    all - known
}

fn of_text(catalog: &Catalog, libvirt: &LibvirtChoice, file: &str, bytes: &[u8]) -> Result<HostFile, LoadError> {
    let text = utf8(file, bytes)?;
    let body = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let (header, xml) = body.find('<').and_then(|start| body.split_at_checked(start)).unwrap_or((body, ""));
    if header.is_empty() || (!xml.is_empty() && header.contains("libvirt ")) {
        let mut host = of_xml(catalog, libvirt, file, xml)?;
        read_versions(catalog, header, &mut host);
        return Ok(host);
    }
    if body.starts_with('{') {
        if bytes.len() > LARGEST_REPLY {
            return Err(too_large(file, bytes.len(), LARGEST_REPLY));
        }
        return of_qmp(catalog, file, text);
    }
    cpuinfo::read(catalog, file, text)
}

fn of_xml(catalog: &Catalog, libvirt: &LibvirtChoice, file: &str, text: &str) -> Result<HostFile, LoadError> {
    let document = Document::parse(file, text)?;
    let root = &document.root;
    let not_there = |what: &str| document.error(root, format!("expected {what} in <{}>, found none", root.name));
    match root.name {
        "domainCapabilities" => {
            let modes = root.child("cpu").map(|cpu| cpu.children.as_slice()).unwrap_or_default();
            let host_model = modes.iter().find(|mode| mode.get("name") == Some("host-model"));
            let expanded = host_model.filter(|mode| mode.child("model").is_some());
            let expanded = expanded.ok_or_else(|| not_there("<mode name='host-model'> with a <model>"))?;
            let mut host = expand(catalog, libvirt, &document, expanded, Kind::DomainCapabilities)?;
            let custom = modes.iter().find(|mode| mode.get("name") == Some("custom"));
            host.notes.extend(custom.map(usable));
            if root.child("domain").is_some_and(|kind| kind.text.trim() == "qemu") {
                if let Some(host_model) = host.host_model.as_mut() {
                    host_model.accel = Accel::Tcg;
                }
                host.notes.push(
                    "made for TCG (domain qemu), not for KVM; run virsh domcapabilities --virttype kvm".to_owned(),
                );
            }
            // Without --machine libvirt answers for QEMU's default, the newest pc-i440fx.
            let machine = root.child("machine").map(|machine| machine.text.trim());
            let default = machine.filter(|name| name.starts_with("pc-i440fx-"));
            host.qemu = default.and_then(|name| qemu_of_machine(catalog, name, &mut host.notes));
            Ok(host)
        }
        "capabilities" => {
            let cpu = root.child("host").and_then(|host| host.child("cpu"));
            let cpu = cpu.filter(|cpu| cpu.child("model").is_some());
            let cpu = cpu.ok_or_else(|| not_there("<host><cpu> with a <model>"))?;
            let mut host = expand(catalog, libvirt, &document, cpu, Kind::Capabilities)?;
            host.silicon = Some(host.features);
            (host.signature, host.host_model) = (cpu.child("signature").and_then(signature), None);
            let arches = root.children_named("guest").filter_map(|guest| guest.child("arch"));
            let machines = arches.filter(|arch| arch.get("name") == Some("x86_64")).flat_map(|a| a.children.iter());
            let newest =
                machines.filter(|m| m.name == "machine" && m.text.trim() == "pc").find_map(|m| m.get("canonical"));
            host.qemu = newest.and_then(|name| qemu_of_machine(catalog, name, &mut host.notes));
            Ok(host)
        }
        "domain" => Err(document.error(
            root,
            "expected a description of a host, found <domain>, which is a guest; pass the file to --domain",
        )),
        name => Err(document.error(root, format!("expected <domainCapabilities> or <capabilities>, found <{name}>"))),
    }
}

/// Reads a model with features, as the map of that libvirt has the model.
fn expand(
    catalog: &Catalog,
    libvirt: &LibvirtChoice,
    document: &Document<'_>,
    element: &Element<'_>,
    kind: Kind,
) -> Result<HostFile, LoadError> {
    let Some(named) = element.child("model") else {
        return Err(document.error(element, "expected a <model>, found none"));
    };
    let name = named.text.trim();
    let Some(model) = catalog.model(name) else {
        let near = did_you_mean(name, catalog.models().iter());
        let message = format!("expected a CPU model of libvirt, found {name:?}{near}");
        return Err(document.error(named, message));
    };
    let own = map_of(catalog, libvirt).filter(|map| map.model(model).is_some());
    let has = |map: &&Arc<CpuMap>| map.model(model).is_some();
    let Some(map) = own.or_else(|| catalog.maps().iter().rev().find(has)) else {
        return Err(document.error(named, format!("expected a CPU model of a libvirt map, found {name:?}")));
    };
    let mut features = map.model(model).map(|model| model.data).unwrap_or_default();
    let (mut listed, mut left_out) = (Vec::new(), Vec::new());
    for feature in element.children_named("feature") {
        let name = document.need(feature, "name")?;
        let policy = match feature.get("policy") {
            None | Some("require" | "force") => Policy::Require,
            Some(_) => Policy::Disable,
        };
        match catalog.feature(name) {
            Some(known) => {
                if policy.is_on() {
                    features.insert(known);
                } else {
                    features.remove(known);
                }
                listed.push((known, policy));
            }
            None => left_out.push(name.to_owned()),
        }
    }
    let named = element.child("vendor").and_then(|vendor| Vendor::parse(vendor.text.trim()));
    let vendor = named.or_else(|| catalog.vendor(model)).unwrap_or(Vendor::Intel);
    let mut notes = vec![format!("model {name}, read with a map that has it")];
    if !left_out.is_empty() {
        notes.push(format!("{} unknown CPU features ignored: {}", left_out.len(), left_out.join(", ")));
    }
    Ok(HostFile {
        kind,
        vendor,
        signature: inferred_signature(map, model),
        features,
        silicon: None,
        asked: map.known,
        unknown: FeatureSet::EMPTY,
        host_model: Some(ShownHostModel { accel: Accel::Kvm, model, vendor: named, features: listed }),
        libvirt: None,
        qemu: None,
        notes,
    })
}

/// Reads `<signature family='25' model='17' stepping='1'/>`.
fn signature(element: &Element<'_>) -> Option<CpuSignature> {
    let number = |name: &str| element.get(name)?.parse().ok();
    Some(CpuSignature { family: number("family")?, model: number("model")?, stepping: number("stepping") })
}

fn map_of<'a>(catalog: &'a Catalog, libvirt: &LibvirtChoice) -> Option<&'a Arc<CpuMap>> {
    match libvirt {
        LibvirtChoice::Release(id, _) => Some(match catalog.release(*id).map {
            ReleaseMap::Exact(map) => catalog.map(map),
            ReleaseMap::Between { upper, .. } => catalog.map(upper.1),
        }),
        LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
    }
}

fn usable(custom: &Element<'_>) -> String {
    let models = || custom.children_named("model");
    let usable = models().filter(|model| model.get("usable") == Some("yes")).count();
    format!("{usable} of its {} models usable", models().count())
}

/// The newest known release of the series a machine type is named after.
fn qemu_of_machine(catalog: &Catalog, machine: &str, notes: &mut Vec<String>) -> Option<Version> {
    let (_, series) = machine_series(machine)?;
    let known = catalog.qemu_releases().iter().rfind(|qemu| qemu.version.series() == series.series())?.version;
    notes.push(format!("QEMU {}.{} by its machine type {machine}, assumed to be {known}", series.major, series.minor));
    Some(known)
}

/// Reads what `virsh version` writes, where it stands before the XML.
fn read_versions(catalog: &Catalog, header: &str, host: &mut HostFile) {
    let after = |label: &str| {
        let line = header.lines().find_map(|line| line.trim().strip_prefix(label))?;
        line.trim().parse::<Version>().ok()
    };
    let published = |version: &Version| {
        catalog.libvirt_releases().iter().any(|r| r.version == *version && r.provenance == Provenance::Published)
    };
    host.libvirt = after("Using library: libvirt").filter(published).or(host.libvirt);
    let running = after("Running hypervisor: QEMU").filter(|version| catalog.is_qemu_release(*version));
    host.qemu = running.or(host.qemu);
}

fn of_qmp(catalog: &Catalog, file: &str, text: &str) -> Result<HostFile, LoadError> {
    let mapped = catalog.maps().iter().fold(FeatureSet::EMPTY, |all, map| all | map.known);
    let reply = qmp::host(file, text, "host", (catalog.features(), mapped))?;
    let mut notes = Vec::new();
    if !reply.host.model_id.trim().is_empty() {
        notes.push(reply.host.model_id.trim().to_owned());
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let qemu = stream.by_ref().flatten().find_map(|value| {
        let qemu = value.pointer("/return/qemu").or_else(|| value.pointer("/QMP/version/qemu"))?;
        let part = |name: &str| qemu.get(name)?.as_u64().and_then(|number| u16::try_from(number).ok());
        Some(Version::new(part("major")?, part("minor")?, part("micro")?))
    });
    let qemu = qemu.filter(|version| catalog.is_qemu_release(*version));
    notes.extend(qemu.map(|version| format!("QEMU {version}")));
    Ok(HostFile {
        kind: Kind::ModelExpansion,
        vendor: reply.host.vendor,
        signature: Some(reply.host.signature()),
        asked: reply.host.asked,
        unknown: FeatureSet::EMPTY,
        host_model: None,
        features: reply.host.features,
        silicon: None,
        libvirt: None,
        qemu,
        notes,
    })
}
