//! Reads a directory of raw facts, JSON as collected from real software, into types of its own.
//! Interprets nothing: names stay text, order stays as written.

use crate::load::LoadError;
use crate::load::xml::{MAX_BYTES, too_large};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;

mod ordered;

pub use ordered::Ordered;

/// `libvirt/releases.json`: one release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its name.
    pub release: String,
    /// Where its map was read.
    pub source: String,
    /// The file with its map.
    pub file: Option<String>,
    /// The release whose map it ships unchanged.
    pub same_as: Option<String>,
}

/// `libvirt/R.json`: one map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// Features in map order.
    pub features: Ordered<Feature>,
    /// Models in map order.
    pub models: Ordered<Model>,
    /// Vendors in map order.
    pub vendors: Vec<Vendor>,
    /// A remark.
    pub note: Option<String>,
}

/// One feature of a map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Whether it may migrate.
    pub migratable: bool,
    /// Its registers.
    pub regs: Vec<Register>,
}

/// One register of a feature, numbers as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// `cpuid` or `msr`.
    pub kind: String,
    /// The leaf, in maps before 2.0.0.
    pub function: Option<String>,
    /// The leaf.
    pub eax_in: Option<String>,
    /// The subleaf.
    pub ecx_in: Option<String>,
    /// The register's number.
    pub index: Option<String>,
    /// Bits.
    pub eax: Option<String>,
    /// Bits.
    pub ebx: Option<String>,
    /// Bits.
    pub ecx: Option<String>,
    /// Bits.
    pub edx: Option<String>,
}

/// One model of a map.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `compat` or nothing.
    pub check: Option<String>,
    /// The model it was copied from.
    pub ancestor: Option<String>,
    /// Features taken out, in order.
    pub removed: Vec<String>,
    /// Features marked as added, in order.
    pub added: Vec<String>,
    /// The vendor's name.
    pub vendor: Option<String>,
    /// The decode attributes.
    pub decode: Option<Decode>,
    /// The signatures.
    pub signatures: Vec<Signature>,
    /// The model's data.
    pub features: Vec<String>,
}

/// The decode attributes, `on` or `off`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    /// For hosts.
    pub host: String,
    /// For guests.
    pub guest: String,
}

/// A signature as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The family.
    pub family: String,
    /// The model.
    pub model: String,
    /// The steppings.
    pub stepping: Option<String>,
}

/// A vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// The name maps use.
    pub name: String,
    /// The CPUID string.
    pub string: String,
}

/// `qemu.json`: what running QEMUs said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// Machine type, then QEMU series.
    pub machines: Ordered<Ordered<Machine>>,
    /// By model.
    pub models: Ordered<QemuModel>,
}

/// A machine type in a running QEMU.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Machine {
    /// The short name.
    pub alias: Option<String>,
    /// Whether it is used when none is named.
    #[serde(default)]
    pub is_default: bool,
    /// Whether its removal is announced.
    pub deprecated: bool,
    /// The most CPUs.
    pub cpu_max: Option<u32>,
    /// The CPU used when none is named.
    pub default_cpu_type: Option<String>,
}

/// A model in the running QEMUs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QemuModel {
    /// QemuDefaults under KVM.
    pub kvm: Option<QemuDefaults>,
    /// QemuDefaults under TCG.
    pub tcg: Option<QemuDefaults>,
    /// By QEMU series.
    pub qemu: Ordered<ModelEntry>,
    /// By QEMU series, what TCG lacks.
    pub tcg_unavailable: Ordered<Vec<String>>,
}

/// A model's cells under one accelerator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QemuDefaults {
    /// On under every machine type.
    pub always: Vec<String>,
    /// Feature, then machine types.
    pub only_on_machines: Ordered<Vec<String>>,
    /// How many of the machine types a QEMU with this model has.
    pub known_on_machines: usize,
}

/// A model's entry in one QEMU.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelEntry {
    /// The versioned model it stands for.
    pub alias_of: Option<String>,
    /// Whether its removal is announced.
    pub deprecated: bool,
    /// False for `host` and `max` only.
    pub migration_safe: bool,
    /// True for `base` only.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// The model's name with `-x86_64-cpu`.
    pub typename: String,
}

/// `qemu_releases.json`: one recorded release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Where it was recorded.
    pub from: String,
    /// The number it gave for itself: `MMmmmuuu`.
    pub version: String,
    /// Machine types.
    pub machines: Ordered<RecordedMachine>,
    /// Model names.
    pub models: Vec<String>,
    /// Models whose removal is announced.
    pub deprecated_models: Vec<String>,
    /// By model, what TCG lacks.
    pub tcg_blockers: Ordered<Vec<String>>,
    /// What KVM offered.
    pub kvm_host: Option<KvmHost>,
}

/// A machine type in a recorded release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedMachine {
    /// The short name.
    pub alias: Option<String>,
    /// `yes` or nothing.
    pub default: Option<String>,
    /// `yes` or nothing.
    pub deprecated: Option<String>,
    /// The most CPUs.
    pub max_cpus: Option<String>,
    /// The CPU used when none is named.
    #[serde(rename = "defaultCPU")]
    pub default_cpu: Option<String>,
}

/// What KVM offered where a release was recorded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KvmHost {
    /// The model of the reply.
    pub base: String,
    /// Features.
    pub features: Vec<String>,
    /// Those that may not migrate.
    pub non_migratable: Vec<String>,
    /// The other properties.
    pub props: Ordered<String>,
}

/// `qemu_probe.json`: properties and dependencies of one release.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// How it was read.
    pub from: String,
    /// The options of the running QEMU.
    pub asked_with: Option<String>,
    /// Names known to `-cpu`.
    pub properties: Vec<String>,
    /// Parent to children.
    pub dependencies: Ordered<Vec<String>>,
    /// Says that rows are missing.
    pub dependencies_note: Option<String>,
    /// What TCG lacks.
    pub tcg_unsupported: Option<Vec<String>>,
}

/// `accelerators.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accelerators {
    /// By release, how it was read.
    pub from: Ordered<String>,
    /// By release, what TCG's `max` offers.
    pub tcg: Ordered<Vec<String>>,
}

/// `hosts.json`: one host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Every feature the reply names.
    pub asked: Vec<String>,
    /// CPUID family.
    pub family: u32,
    /// What KVM gives.
    pub features: Vec<String>,
    /// CPUID model.
    pub model: u32,
    /// The brand string.
    pub model_id: String,
    /// CPUID stepping.
    pub stepping: u32,
    /// The CPUID vendor.
    pub vendor: String,
}

/// `products.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Products {
    /// A remark.
    pub note: Option<String>,
    /// The products.
    pub products: Vec<Product>,
}

/// One product.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name.
    pub name: String,
    /// Its libvirt package.
    pub libvirt: String,
    /// Its QEMU package.
    pub qemu: String,
    /// Where that was read.
    pub source: String,
}

/// A whole directory of raw facts.
#[derive(Clone, Debug)]
pub struct Raw {
    /// libvirt releases, oldest first.
    pub releases: Vec<Release>,
    /// The maps, by the release whose file it is, oldest first.
    pub maps: Vec<(String, Map)>,
    /// What running QEMUs said.
    pub qemu: Qemu,
    /// Recorded QEMU releases.
    pub recorded: Ordered<Recorded>,
    /// Properties and dependencies, by QEMU release.
    pub probes: Ordered<Probe>,
    /// What TCG offers.
    pub accelerators: Accelerators,
    /// Hosts.
    pub hosts: Ordered<Host>,
    /// Products.
    pub products: Products,
}

/// Reads a directory of raw facts.
///
/// # Errors
/// The first file that is missing, too large, or not of the form expected, with the place.
pub fn read(directory: &Path) -> Result<Raw, LoadError> {
    read_files(&|name| {
        let path = directory.join(name);
        let file = path.display().to_string();
        let unreadable = |error: std::io::Error| LoadError::whole(&file, format!("cannot be read: {error}"));
        let size = std::fs::metadata(&path).map_err(unreadable)?.len();
        if size > MAX_BYTES as u64 {
            return Err(too_large(&file, size));
        }
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        Ok((file, bytes))
    })
}

/// Returns a file's name for messages and what is in it, given its path in the directory of raw facts.
pub type File<'f> = &'f dyn Fn(&str) -> Result<(String, Vec<u8>), LoadError>;

/// Reads raw facts from files that `file` gives.
///
/// # Errors
/// The first file that is missing or not of the form expected, with the place.
pub fn read_files(file: File<'_>) -> Result<Raw, LoadError> {
    let releases: Vec<Release> = read_json(file, "libvirt/releases.json")?;
    let mut maps = Vec::new();
    for release in &releases {
        if let Some(name) = &release.file {
            maps.push((release.release.clone(), read_json(file, &format!("libvirt/{name}"))?));
        }
    }
    Ok(Raw {
        releases,
        maps,
        qemu: read_json(file, "qemu.json")?,
        recorded: read_json(file, "qemu_releases.json")?,
        probes: read_json(file, "qemu_probe.json")?,
        accelerators: read_json(file, "accelerators.json")?,
        hosts: read_json(file, "hosts.json")?,
        products: read_json(file, "products.json")?,
    })
}

fn read_json<T: DeserializeOwned>(file: File<'_>, name: &str) -> Result<T, LoadError> {
    let (file, bytes) = file(name)?;
    serde_json::from_slice(&bytes).map_err(|error| LoadError::json(&file, "raw facts in JSON", &error))
}
