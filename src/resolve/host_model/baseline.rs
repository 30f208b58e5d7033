//! Finds the CPU that several hosts have in common: `virsh cpu-baseline` and `virsh hypervisor-cpu-baseline` (libvirt
//! `virCPUx86Baseline`, all releases).

use super::{HostModel, Libvirt, Processor, Purpose, QemuModels, decode};
use crate::domain::feature::FeatureSet;
use crate::domain::host::Vendor;
use crate::domain::map::ModelId;

/// One of the CPUs.
#[derive(Clone, PartialEq, Debug)]
pub struct BaselineCpu {
    /// The vendor that its definition names.
    pub vendor: Option<Vendor>,
    pub model: Option<ModelId>,
    /// The model's features, with the definition's policies applied.
    pub features: FeatureSet,
}

/// Why there is no baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BaselineError {
    /// No CPU was given.
    #[error("no CPU was given")]
    Empty,
    /// Two of the CPUs are from different vendors.
    #[error("CPU vendors do not match")]
    Vendors,
    /// They have no feature in common.
    #[error("CPUs are incompatible")]
    Incompatible,
    /// No model of the map describes what they have in common.
    #[error("Cannot find suitable CPU model for given data")]
    NoModel,
}

/// Returns the CPU that all of `cpus` have. With `offered`, what QEMU can give on the host, and `models`, what it
/// lists, this is `hypervisor-cpu-baseline`. With `migratable`, features that libvirt does not migrate are left out.
///
/// # Errors
/// What libvirt says where there is none.
pub fn baseline(
    libvirt: Libvirt<'_>,
    cpus: &[BaselineCpu],
    (offered, models): (Option<FeatureSet>, Option<&QemuModels>),
    migratable: bool,
) -> Result<HostModel, BaselineError> {
    let (first, others) = cpus.split_first().ok_or(BaselineError::Empty)?;
    let mut features = first.features;
    // libvirt does not look at the vendor of the first CPU's model.
    let mut vendor = first.vendor;
    for cpu in others {
        let own = cpu.vendor.or_else(|| libvirt.map.vendor_of(cpu.model?));
        if vendor.is_some_and(|vendor| own.is_some_and(|own| own != vendor)) {
            return Err(BaselineError::Vendors);
        }
        vendor = vendor.or(own);
        features &= cpu.features;
    }
    features = (features & offered.unwrap_or(FeatureSet::ALL)) & libvirt.map.known;
    if features.is_empty() {
        return Err(BaselineError::Incompatible);
    }
    let mut preferred: Vec<ModelId> = Vec::new();
    for model in cpus.iter().filter_map(|cpu| cpu.model) {
        if !preferred.contains(&model) {
            preferred.push(model);
        }
    }
    let processor = Processor { vendor, signature: None, features };
    let mut found = decode(libvirt, &processor, Purpose::Guest(models), &preferred).ok_or(BaselineError::NoModel)?;
    if migratable {
        let stays = libvirt.map.migratable();
        found.features.retain(|(feature, _)| stays.contains(*feature));
    }
    if cpus.iter().any(|cpu| cpu.vendor.is_none()) {
        found.vendor = None;
    }
    Ok(found)
}
