//! Converts what QEMU reports about a host to the decode's input, and the decode's result to what libvirt writes: the
//! guest's `<cpu>` and `-cpu`, `virsh domcapabilities`, `virsh capabilities`.

use super::{HostModel, Libvirt, Processor, Purpose, QemuModels, decode};
use crate::domain::behaviour::{DropUnknown, QuirkKind};
use crate::domain::catalog::{Catalog, QemuView};
use crate::domain::definition::{Check, Definition, Fallback, Match, Mode, Policies, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;

/// What libvirt learns from one QEMU on one host (`virQEMUCapsProbeQMPHostCPU`, 3.2.0, and
/// `virQEMUCapsFetchCPUDefinitions`).
#[derive(Clone, PartialEq, Debug)]
pub struct Probe {
    /// QEMU's `host` under KVM and `max` under TCG: vendor, signature and everything it enables.
    pub processor: Processor,
    /// What of that QEMU says it cannot migrate.
    pub not_migratable: FeatureSet,
    /// The models it lists.
    pub models: QemuModels,
    /// Whether it has `unavailable-features`. Without it libvirt leaves model-specific registers out.
    pub has_unavailable_features: bool,
}

impl Probe {
    /// Returns what `qemu` tells under KVM on this processor. Of its features those count that this QEMU has a name for.
    pub fn kvm(catalog: &Catalog, qemu: &QemuView<'_>, host: &Processor) -> Self {
        let names = catalog.named();
        let mut features = host.features & qemu.properties;
        // kvm_arch_get_supported_cpuid, 9.1: on every AMD processor.
        if host.vendor == Some(Vendor::Amd) && qemu.has_quirk(catalog, QuirkKind::AmdMachineCheck, None) {
            features |= names.amd_machine_check & qemu.properties;
        }
        // x86_cpu_get_supported_feature_word, 10.1.2 (commit e9efa4a77168): QEMU has it on no AMD processor.
        let newest = qemu.newest_machine(catalog).map(|machine| catalog.series(machine));
        if host.vendor == Some(Vendor::Amd) && qemu.has_quirk(catalog, QuirkKind::ArchCapabilitiesNotAmd, newest) {
            let hidden = names.arch_capabilities.into_iter().collect();
            features -= hidden;
            features -= qemu.dependencies.children_of(&hidden);
        }
        Self::of(catalog, qemu, Accel::Kvm, Processor { features, ..host.clone() })
    }

    /// Returns what `qemu` tells under TCG, whatever the host.
    pub fn tcg(catalog: &Catalog, qemu: &QemuView<'_>) -> Self {
        let processor = Processor {
            // max_x86_cpu_initfn of QEMU.
            vendor: Some(Vendor::Amd),
            signature: catalog.tcg_signature(qemu.version),
            features: qemu.tcg_max,
        };
        Self::of(catalog, qemu, Accel::Tcg, processor)
    }

    fn of(catalog: &Catalog, qemu: &QemuView<'_>, accel: Accel, processor: Processor) -> Self {
        Self {
            not_migratable: catalog.named().invtsc.into_iter().collect(),
            models: QemuModels::of(catalog, qemu, accel, processor.features),
            has_unavailable_features: !qemu.has_quirk(catalog, QuirkKind::NoUnavailableFeatures, None),
            processor,
        }
    }
}

/// A guest's host-model, written out.
#[derive(Clone, PartialEq, Debug)]
pub struct Expansion {
    /// The decode behind it.
    pub decoded: HostModel,
    /// What libvirt puts in place of host-model: mode custom, the model and the features.
    pub definition: Definition,
    /// The features after the model on QEMU's command line, enabled or disabled, in order.
    pub command_line: Vec<(FeatureId, bool)>,
}

/// Returns what libvirt writes for a guest with mode host-model (`virCPUx86Update` with the migratable host model).
/// `properties` are the CPU features that QEMU knows by name. `None` where no model describes the host.
pub fn guest(libvirt: Libvirt<'_>, probe: &Probe, properties: FeatureSet) -> Option<Expansion> {
    Some(written(libvirt, migratable_host_model(libvirt, probe)?, properties))
}

/// Returns the same from what `virsh domcapabilities` of this libvirt and QEMU shows on the host: less `invtsc`, which
/// does not migrate. `None` where the map lacks the model.
pub fn guest_of_domcapabilities(
    libvirt: Libvirt<'_>,
    (model, vendor): (ModelId, Option<Vendor>),
    displayed: &[(FeatureId, Policy)],
    properties: FeatureSet,
) -> Option<Expansion> {
    let of_model = libvirt.map.model(model)?;
    let mut features: Vec<_> =
        displayed.iter().copied().filter(|(known, _)| Some(*known) != libvirt.named.invtsc).collect();
    if libvirt.behaviour.sorted_domcapabilities {
        let place_of = |feature: FeatureId, order: &[FeatureId]| order.iter().position(|known| *known == feature);
        // A guest's features stand in map order, removed ones last (x86DataToCPU).
        features.sort_by_key(|(feature, policy)| {
            let removed = place_of(*feature, &of_model.removed).filter(|_| !of_model.data.contains(*feature));
            (policy.is_off(), removed.filter(|_| policy.is_off()), place_of(*feature, &libvirt.map.order))
        });
    }
    let decoded =
        HostModel { model, vendor, features, candidates: Vec::new(), chosen: 0, runner_up: None, rejected: Vec::new() };
    Some(written(libvirt, decoded, properties))
}

fn written(libvirt: Libvirt<'_>, decoded: HostModel, properties: FeatureSet) -> Expansion {
    let described = decoded.model;
    let mut features: Policies = decoded.features.iter().copied().collect();
    // virCPUx86DisableRemovedFeatures, 6.10.0 (commits 52cbfb2186 and 7e0a310498).
    for removed in libvirt.map.model(described).into_iter().flat_map(|model| &model.removed) {
        features.add_if_missing(*removed, Policy::Disable);
    }
    let unknown_to_qemu = features.off() - properties;
    // virQEMUCapsCPUFilterFeatures, 5.5.0; qemuProcessDropUnknownCPUFeatures, 5.10.0 (commit ac34e14159).
    features.remove_all(match libvirt.behaviour.drop_unknown {
        DropUnknown::Definition => libvirt.behaviour.ignored | unknown_to_qemu,
        DropUnknown::Never | DropUnknown::CommandLine => libvirt.behaviour.ignored,
    });
    let definition = Definition {
        mode: Mode::Custom,
        model: Some(described),
        matching: Match::Exact,
        check: Check::Partial,
        fallback: Fallback::Forbid,
        vendor: decoded.vendor,
        features,
    };
    let behaviour = libvirt.behaviour;
    let writes_unknown = behaviour.drop_unknown == DropUnknown::Never;
    let off = definition.features.off() & if writes_unknown { FeatureSet::ALL } else { properties };
    let flags = (definition.features.on() - behaviour.unwritten, off - behaviour.unwritten);
    let command_line = command_line(libvirt, flags, &definition);
    Expansion { decoded, definition, command_line }
}

/// Returns the features on QEMU's command line, enabled or disabled, in order (`qemuBuildCpuModelArgStr`): those of the
/// definition that `on` and `off` have, and what a package appends.
pub(crate) fn command_line(
    libvirt: Libvirt<'_>,
    (on, off): (FeatureSet, FeatureSet),
    prepared: &Definition,
) -> Vec<(FeatureId, bool)> {
    let named = prepared.features.iter().map(|(feature, _)| feature);
    let written = named.filter(|feature| (on | off).contains(*feature)).map(|feature| (feature, on.contains(feature)));
    written.chain(added_tsx(libvirt, prepared).map(|feature| (feature, true))).collect()
}

/// What RHEL 8's packages append unless it is mentioned (libvirt-RHEL-Hack-around-changed-Broadwell-Haswell-CPUs).
pub(crate) fn added_tsx(libvirt: Libvirt<'_>, prepared: &Definition) -> impl Iterator<Item = FeatureId> {
    let Libvirt { behaviour, named, .. } = libvirt;
    let adds = behaviour.add_tsx && prepared.model.is_some() && named.had_tsx.contains(&prepared.model);
    [named.rtm, named.hle].into_iter().flatten().filter(move |feature| adds && !prepared.features.mentions(*feature))
}

/// Returns the host-model that a guest gets before its own definition is looked at: what migrates of what QEMU enables.
pub(crate) fn migratable_host_model(libvirt: Libvirt<'_>, probe: &Probe) -> Option<HostModel> {
    let features = probe.processor.features - probe.not_migratable - libvirt.behaviour.untranslated;
    let processor = Processor { features, ..probe.processor.clone() };
    let mut decoded = decode(libvirt, &processor, Purpose::Guest(Some(&probe.models)), &[])?;
    if !probe.has_unavailable_features {
        let in_msrs = libvirt.map.in_msrs();
        decoded.features.retain(|(feature, _)| !in_msrs.contains(*feature));
    }
    Some(decoded)
}
