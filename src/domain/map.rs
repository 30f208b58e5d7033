//! Describes a libvirt CPU map: its features in order, its models, and the removed and added features of each model.

use super::feature::{FeatureId, FeatureSet};
use super::host::{CpuSignature, Vendor};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The index of a CPU model name in one catalog.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ModelId(pub u16);

/// The index of a CPU map in one catalog; releases with equal maps share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MapId(pub u16);

/// Where the processor shows a feature: a bit of CPUID or of a model-specific register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Register {
    /// `cpuid(eax_in, ecx_in)` and the bits it sets in eax, ebx, ecx, edx.
    Cpuid {
        /// The leaf.
        eax_in: u32,
        /// The subleaf; 0 where the map names none.
        ecx_in: u32,
        /// The bits in eax, ebx, ecx and edx.
        masks: [u32; 4],
    },
    /// The model-specific register `index` and the bits in eax and edx.
    Msr {
        /// The register's number.
        index: u32,
        /// The bits in eax and edx.
        masks: [u32; 2],
    },
}

/// The definition of a feature in one map.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct FeatureDefinition {
    /// False for the few that libvirt leaves out of a migratable host model.
    pub migratable: bool,
    /// The bits that make up the feature.
    pub registers: Vec<Register>,
}

/// A family and model number by which libvirt recognises a host, as written in the map.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// The CPUID family.
    pub family: Box<str>,
    /// The CPUID model.
    pub model: Box<str>,
    /// The steppings it is limited to, as written, if any.
    pub stepping: Option<Box<str>>,
}

impl Signature {
    /// Returns whether a CPU has the signature; steppings are written as a list of numbers and ranges, and a stepping
    /// that is not known is in none of them (libvirt `virCPUx86SignaturesMatch`).
    pub(crate) fn is_of(&self, cpu: CpuSignature) -> bool {
        let listed = |text: &str| {
            text.split(',').any(|part| {
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                matches!((first.parse::<u32>(), last.parse::<u32>()), (Ok(first), Ok(last))
                    if cpu.stepping.is_some_and(|stepping| (first..=last).contains(&stepping)))
            })
        };
        self.is_for(cpu.family, cpu.model) && self.stepping.as_deref().is_none_or(listed)
    }

    /// Returns whether the signature is for this family and model, whatever the stepping.
    pub(crate) fn is_for(&self, family: u32, model: u32) -> bool {
        let same = |text: &str, number: u32| text.parse() == Ok(number);
        same(&self.family, family) && same(&self.model, model)
    }
}

/// Whether libvirt may choose a model for a host or a guest; it does not limit naming it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Decode {
    /// May describe a host.
    pub host: bool,
    /// May be chosen for a guest.
    pub guest: bool,
}

/// The definition of a CPU model in one map, ancestors merged (libvirt `x86ModelParse`).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct ModelDefinition {
    /// The features of the model.
    pub data: FeatureSet,
    /// Features with `removed='yes'`, which older maps had in the model, in map order.
    pub removed: Vec<FeatureId>,
    /// Features with `added='yes'`, which QEMU always enabled and older maps did not know, in map order.
    pub added: Vec<FeatureId>,
    /// The model named by `<model>` inside this one, whose features are merged in.
    pub ancestor: Option<ModelId>,
    /// The vendor's name as the map writes it, with the ancestor's taken over.
    pub vendor: Option<Box<str>>,
    /// The signatures, with the ancestor's taken over.
    pub signatures: Arc<[Signature]>,
    /// The decode attributes; maps before 4.7 have none.
    pub decode: Option<Decode>,
    /// `<check partial='compat'>`: the partial check still compares with the map.
    pub partial_compat: bool,
}

impl ModelDefinition {
    /// Returns the removed features as a set.
    pub fn removed_set(&self) -> FeatureSet {
        self.removed.iter().copied().collect()
    }

    pub(crate) fn added_set(&self) -> FeatureSet {
        self.added.iter().copied().collect()
    }
}

/// A libvirt CPU map: `/usr/share/libvirt/cpu_map` of one or more releases.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CpuMap {
    /// Every feature in map order: the order of every list in an error message.
    pub order: Vec<FeatureId>,
    /// The same features as a set.
    pub known: FeatureSet,
    /// What the map says of each feature, in the same order.
    #[serde(skip)]
    pub features: Vec<Arc<FeatureDefinition>>,
    /// The models in map order.
    pub model_order: Vec<ModelId>,
    /// What the map says of each model, by the model's number; `None` where it has no such model.
    #[serde(skip)]
    pub models: Vec<Option<Arc<ModelDefinition>>>,
    /// Vendor names with their CPUID strings, in map order.
    pub vendors: Vec<(Box<str>, Box<str>)>,
}

impl CpuMap {
    /// Returns the definition of `model`; `None` if this map does not have it.
    pub fn model(&self, model: ModelId) -> Option<&ModelDefinition> {
        self.models.get(usize::from(model.0)).and_then(Option::as_deref)
    }

    /// Adds features and models that this map lacks, as another map has them.
    pub(crate) fn take(&mut self, other: &Self, models: &[ModelId], features: FeatureSet) {
        let of_models = models.iter().filter_map(|id| other.model(*id)).map(|model| model.data);
        let wanted = of_models.fold(features, |all, data| all | data) & other.known;
        for (feature, definition) in other.order.iter().zip(&other.features) {
            if wanted.contains(*feature) && !self.known.contains(*feature) {
                self.order.push(*feature);
                self.features.push(Arc::clone(definition));
                self.known.insert(*feature);
            }
        }
        for id in models.iter().filter(|id| other.model(**id).is_some()) {
            let index = usize::from(id.0);
            self.models.resize(self.models.len().max(index + 1), None);
            if self.models[index].is_none() {
                self.models[index].clone_from(&other.models[index]);
                self.model_order.push(*id);
            }
        }
    }

    /// Returns the features of `set` in map order; those the map does not know come last, by number.
    pub(crate) fn in_order(&self, set: FeatureSet) -> Vec<FeatureId> {
        if set.is_empty() {
            return Vec::new();
        }
        let known = set & self.known;
        let mut list = Vec::with_capacity(set.len());
        list.extend(self.order.iter().copied().filter(|feature| known.contains(*feature)).take(known.len()));
        list.extend((set - known).iter());
        list
    }

    /// Returns the features that libvirt leaves in a migratable CPU.
    pub(crate) fn migratable(&self) -> FeatureSet {
        self.features_that(|definition| definition.migratable)
    }

    /// Returns the features that are bits of model-specific registers.
    #[doc(hidden)]
    pub fn in_msrs(&self) -> FeatureSet {
        self.features_that(|definition| definition.registers.iter().any(|r| matches!(r, Register::Msr { .. })))
    }

    /// Returns the features that are bits of the register of `arch-capabilities`.
    pub(crate) fn in_arch_capabilities(&self) -> FeatureSet {
        let is_it = |register: &Register| matches!(register, Register::Msr { index: 0x10A, .. });
        self.features_that(|definition| definition.registers.iter().any(is_it))
    }

    fn features_that(&self, holds: impl Fn(&FeatureDefinition) -> bool) -> FeatureSet {
        let described = self.order.iter().zip(&self.features);
        described.filter(|(_, definition)| holds(definition)).map(|(feature, _)| *feature).collect()
    }

    /// Returns the vendor the map gives `model`, if it has the model and a vendor for it.
    pub(crate) fn vendor_of(&self, model: ModelId) -> Option<Vendor> {
        self.model(model)?.vendor.as_deref().and_then(Vendor::from_map_name)
    }
}
