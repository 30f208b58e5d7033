//! Builds the CPU a guest gets from QEMU, step by step as `target/i386/cpu.c` does: model and machine type,
//! accelerator, command line, host, threads, dependencies, filter.

use super::prepared_endpoint::{Facts, PreparedEndpoint, PreparedModel};
use super::trace::QemuCpu;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::{ModelDefinition, ModelId};
use crate::domain::qemu::{Accel, Dependency};

/// Returns the CPU that this end's QEMU builds for the definition. What it is told to switch on it knows; what it is
/// to switch off and does not know is not on its command line.
pub(super) fn build<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition<P>,
) -> QemuCpu {
    let flags = definition.features.sets();
    let names = facts.catalog.named();
    // qemuBuildCpuModelArgStr: what is required or forced is switched on, what is disabled or forbidden off.
    let (mut flags_on, flags_off) = (flags.on(), flags.off() & endpoint.end.qemu.properties);
    // A patch of RHEL 8's packages (libvirt-RHEL-Hack-around-changed-Broadwell-Haswell-CPUs).
    if endpoint.end.behaviour.add_tsx && definition.model.is_some() && names.had_tsx.contains(&definition.model) {
        let tsx: FeatureSet = names.hle.into_iter().chain(names.rtm).collect();
        flags_on |= tsx - flags.mentioned();
    }
    let vendor = endpoint.vendor;
    let supported = endpoint.supported;
    // x86_cpu_load_model, kvm_cpu_instance_init and the pc_compat_* properties of the machine type; for host and max
    // x86_cpu_expand_features with max_features instead. Every QEMU.
    let named_model = endpoint.model.as_ref().filter(|_| !definition.is_passthrough());
    let [model, compat, accel] = named_model.map_or(&[FeatureSet::EMPTY; 3], |model| &model.cells);
    let (children, everything) = match named_model {
        Some(model) => (children_switched_on(facts, endpoint, model, flags_on), FeatureSet::EMPTY),
        None => (FeatureSet::EMPTY, endpoint.offered(facts) - flags_on - flags_off - endpoint.off),
    };
    let mut on = named_model.map_or_else(|| names.hypervisor.into_iter().collect(), |model| model.on);
    // object_property_parse of what -cpu says, which wins over the model and the machine type. Every QEMU.
    on = (on | children | everything | flags_on) - flags_off;
    // x86_cpu_expand_features, 10.0 (commits c6bd2dd634208 and 99a637a8): several threads in a package.
    let mut threads = FeatureSet::EMPTY;
    if endpoint.reports_threads && facts.guest.threads_per_package > 1 {
        threads.extend(names.ht);
        if !vendor.without_cmp_legacy() {
            threads.extend(names.cmp_legacy);
        }
        on |= threads;
    }
    // x86_cpu_expand_features, 10.0.4 and 10.1 (commit e68ec298090): no pdcm without a PMU, and nothing is reported.
    let mut pmu = FeatureSet::EMPTY;
    if endpoint.clears_pdcm {
        pmu.extend(names.pdcm);
        pmu &= on;
        on -= pmu;
    }
    // x86_cpu_expand_features, feature_dependencies since 4.2: one pass over the table; what the user asked for is reported as unavailable.
    let cleared = match named_model {
        Some(model) => endpoint.dependencies.orphans_beside((&model.on, &model.orphans), on),
        None => endpoint.dependencies.orphans(on),
    };
    let closed = on - cleared;
    // x86_cpu_enable_xsave_components, before the filter; TCG masks since 9.2 (commit 33098002a838).
    let states = facts.states_of(closed) & endpoint.states;
    // x86_cpu_filter_features: dependencies are not looked at again, so a filtered parent leaves its children on.
    let filtered = closed - supported;
    let on = closed - filtered;
    let closed = on - endpoint.dependencies.orphans_of(cleared | filtered, on);
    QemuCpu {
        model: *model,
        compat: *compat,
        accel: *accel,
        flags_on,
        flags_off,
        children,
        everything,
        threads,
        pmu,
        cleared,
        filtered,
        on,
        unavailable: (cleared & flags_on) | filtered,
        visible: visible(facts, vendor, closed),
        states,
        vendor: Some(vendor),
    }
}

/// Returns the CPU of a guest that already runs, as the map of this end reads it from the live definition. What the map
/// does not know is left out. A feature that the map has removed from the model and the definition does not mention is
/// as QEMU's model has it: the release that started the guest would have mentioned anything else.
///
/// A disabled feature that QEMU's model has and this host cannot give was filtered by QEMU, unless `-cpu` disables it:
/// then its XSAVE state is there all the same (`x86_cpu_enable_xsave_components`).
pub(super) fn described<P: PolicyStore>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    live: &Definition<P>,
    disabled_by_user: FeatureSet,
) -> QemuCpu {
    let vendor = endpoint.vendor;
    let of_map = endpoint.model.as_ref().and_then(|model| model.of_map);
    let of_qemu = endpoint.model.as_ref().map(|model| model.on).unwrap_or_default();
    let removed = of_map.map(ModelDefinition::removed_set).unwrap_or_default() - live.features.sets().mentioned();
    let on = live.described_by(&endpoint.end.map) | (removed & of_qemu);
    let filtered = ((of_qemu & live.features.sets().off()) - endpoint.supported) - disabled_by_user;
    let filtered = if facts.guest.names_disabled { FeatureSet::EMPTY } else { filtered };
    QemuCpu {
        model: of_map.map(|model| model.data).unwrap_or_default(),
        flags_on: live.features.sets().on(),
        flags_off: live.features.sets().off(),
        on,
        visible: visible(facts, vendor, on - endpoint.dependencies.orphans(on)),
        states: facts.states_of(on | filtered) & endpoint.states,
        vendor: Some(vendor),
        ..QemuCpu::default()
    }
}

/// The cells were read after dependency clearing, so a model's own children of a parent that is off do not show in
/// them; a flag that switches the parent on brings them back.
fn children_switched_on(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    model: &PreparedModel<'_>,
    flags_on: FeatureSet,
) -> FeatureSet {
    let (catalog, names, qemu) = (facts.catalog, facts.catalog.named(), &endpoint.end.qemu);
    let [always, compat, _] = model.cells;
    let switched_on = |parent: Option<FeatureId>| {
        parent.is_some_and(|p| flags_on.contains(p) && !always.contains(p) && !compat.contains(p))
    };
    let mut children = FeatureSet::EMPTY;
    if catalog.qemu_defaults().of(model.id, facts.guest.accel).is_none() {
        return children;
    }
    if switched_on(names.vmx) {
        children |= vmx_children_of(catalog, model.id) & qemu.properties;
    }
    if facts.guest.accel == Accel::Kvm && switched_on(names.svm) {
        let of_svm: Option<&Dependency> = qemu.dependencies.iter().find(|(parent, _)| Some(*parent) == names.svm);
        let under_tcg = catalog.cell(model.id, endpoint.defaults, Accel::Tcg);
        if let (Some((_, of_svm)), Some(under_tcg)) = (of_svm, under_tcg) {
            children |= under_tcg & *of_svm;
        }
    }
    children - model.off
}

/// The `vmx-*` that QEMU's builtin model has while `vmx` is on, as the newest map lists them for it: as added for a
/// model without a version, as features for one with; an alias has its ancestor's.
fn vmx_children_of(catalog: &Catalog, model: ModelId) -> FeatureSet {
    let Some(newest) = catalog.newest_map() else { return FeatureSet::EMPTY };
    let listed =
        |definition: &ModelDefinition| (definition.data & catalog.named().vmx_children) | definition.added_set();
    let Some(own) = newest.model(model) else { return FeatureSet::EMPTY };
    let from_ancestor = own.ancestor.and_then(|ancestor| newest.model(ancestor)).map(listed);
    listed(own) | from_ancestor.unwrap_or_default()
}

/// What a guest can read of a CPU whose dependencies were cleared once more: without what QEMU releases report differently
/// while showing the guest the same. `ht` is there exactly when a package has several threads or the guest named it,
/// `cmp_legacy` the same for vendors that are neither Intel nor Zhaoxin, `pdcm` never while the PMU is off.
fn visible(facts: &Facts<'_>, vendor: Vendor, mut seen: FeatureSet) -> FeatureSet {
    let names = facts.catalog.named();
    let threads = facts.guest.threads_per_package > 1;
    let mut only_reported = |feature: Option<FeatureId>| {
        let Some(feature) = feature else { return };
        if threads || facts.named.contains(feature) { seen.insert(feature) } else { seen.remove(feature) }
    };
    only_reported(names.ht);
    if !vendor.without_cmp_legacy() {
        only_reported(names.cmp_legacy);
    }
    if let Some(pdcm) = names.pdcm.filter(|_| !facts.guest.pmu) {
        seen.remove(pdcm);
    }
    seen
}
