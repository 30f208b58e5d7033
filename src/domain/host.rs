//! Describes hosts and CPU vendors: the features that KVM offers on a real processor.

use super::feature::FeatureSet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A CPU vendor, as libvirt's maps name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Vendor {
    /// GenuineIntel.
    Intel,
    /// AuthenticAMD.
    Amd,
    /// HygonGenuine.
    Hygon,
    /// CentaurHauls.
    Zhaoxin,
}

#[doc(hidden)]
impl Vendor {
    /// Every vendor, in the order of the maps.
    pub const ALL: [Self; 4] = [Self::Intel, Self::Amd, Self::Hygon, Self::Zhaoxin];

    /// Returns the name as in libvirt's maps and in links: `Intel`, `AMD`, `Hygon`, `Zhaoxin`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intel => "Intel",
            Self::Amd => "AMD",
            Self::Hygon => "Hygon",
            Self::Zhaoxin => "Zhaoxin",
        }
    }

    /// Returns the twelve letters of CPUID leaf 0.
    pub(crate) const fn cpuid(self) -> &'static str {
        match self {
            Self::Intel => "GenuineIntel",
            Self::Amd => "AuthenticAMD",
            Self::Hygon => "HygonGenuine",
            Self::Zhaoxin => "CentaurHauls",
        }
    }

    /// Returns the vendor named by a scenario (`AMD`) or by CPUID (`AuthenticAMD`).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| text.eq_ignore_ascii_case(v.name()) || text == v.cpuid())
    }

    /// Returns the vendor a map means; 12.8.0 writes `Zhaoxin CentaurHauls`.
    pub(crate) fn from_map_name(text: &str) -> Option<Self> {
        Self::parse(text.split(' ').next().unwrap_or(text))
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Family, model and stepping of a processor, from CPUID leaf 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CpuSignature {
    /// CPUID family, the extended one added.
    pub family: u32,
    /// CPUID model, the extended one included.
    pub model: u32,
    /// CPUID stepping; `None` if unknown.
    pub stepping: Option<u32>,
}

impl CpuSignature {
    /// Returns whether the two surely differ; a stepping that is not known may be any.
    pub(crate) fn differs_from(self, other: Self) -> bool {
        let steppings = self.stepping.zip(other.stepping);
        (self.family, self.model) != (other.family, other.model) || steppings.is_some_and(|(one, other)| one != other)
    }
}

impl FromStr for CpuSignature {
    type Err = &'static str;

    /// Reads `6-207-2`, or `6-207` where the stepping is not known.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<u32>, _> = text.split('-').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([family, model]) => Ok(Self { family: *family, model: *model, stepping: None }),
            Ok([family, model, stepping]) => Ok(Self { family: *family, model: *model, stepping: Some(*stepping) }),
            _ => Err("family, model and stepping such as 6-207-2"),
        }
    }
}

/// The index of a listed host in one catalog.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostId(pub u16);

impl fmt::Display for CpuSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.family, self.model)?;
        self.stepping.map_or(Ok(()), |stepping| write!(f, "-{stepping}"))
    }
}

/// A host described by the user: by a scenario, a batch line or a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GivenHost {
    /// The vendor of the processor.
    pub vendor: Vendor,
    /// CPUID signature, if known.
    pub signature: Option<CpuSignature>,
    /// What KVM supports for a guest on this host.
    pub features: FeatureSet,
    /// The features of the processor itself (`virsh capabilities`); `None` if unknown.
    pub silicon: Option<FeatureSet>,
    /// The features of which it is not known whether KVM supports them: the source could not name them.
    pub unknown: FeatureSet,
}

/// The source of a listed host's features.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum HostSource {
    /// A QEMU reply recorded on the host. `host=any` means these hosts only.
    QemuReply,
    /// What libvirt's own tests expect of the host: named with one map, so what that map lacks is unknown.
    LibvirtTests,
}

/// The features of the processor itself in CPUID and model-specific registers, whether or not KVM offers them to a
/// guest. libvirt's host model under KVM is this united with [`Host::features`] (`virQEMUCapsInitHostCPUModel`, 3.3.0
/// and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Silicon {
    /// The features shown.
    pub features: FeatureSet,
    /// Every feature that was looked for; others are unknown, not lacking.
    pub asked: FeatureSet,
}

/// A real host: its CPU, and the features that KVM offers to a guest there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Host {
    /// The name in links.
    pub name: Box<str>,
    /// The vendor of the processor.
    pub vendor: Vendor,
    /// CPUID family.
    pub family: u32,
    /// CPUID model.
    pub model: u32,
    /// CPUID stepping.
    pub stepping: u32,
    /// The brand string, as recorded; empty where it is not known.
    pub model_id: Box<str>,
    /// When the recording came into libvirt's tests: the date of the commit, or between which releases. Empty where that
    /// is not known.
    pub recorded: Box<str>,
    /// The QEMU whose reply was recorded, inferred from the features that it could name. Empty where that is not known.
    pub qemu: Box<str>,
    /// What KVM could give to a guest there.
    pub features: FeatureSet,
    /// Every feature the source could name, those in `features` included; others are unknown there, not lacking.
    pub asked: FeatureSet,
    /// What the processor itself shows; `None` where only KVM's side is known.
    pub silicon: Option<Silicon>,
    /// Where `features` were read.
    pub source: HostSource,
}

impl Host {
    /// Returns family, model and stepping together.
    pub fn signature(&self) -> CpuSignature {
        CpuSignature { family: self.family, model: self.model, stepping: Some(self.stepping) }
    }
}
