//! Builds the CPU a guest gets from QEMU, step by step as `target/i386/cpu.c` does: model and machine type,
//! accelerator, command line, host, threads, dependencies, filter.

use super::end::{End, Guest, Named};
use super::resolution::QemuCpu;
use crate::domain::behaviour::QuirkKind;
use crate::domain::catalog::{Catalog, ReleaseMap, machine_series};
use crate::domain::definition::{Definition, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::qemu::Accel;

/// Returns the CPU that this end's QEMU builds for the definition with these command line flags.
pub(super) fn build(
    catalog: &Catalog,
    names: &Named,
    end: &End<'_>,
    guest: &Guest,
    definition: &Definition,
    flags: &[(FeatureId, bool)],
) -> QemuCpu {
    let vendor = end.guest_vendor(catalog, guest, definition.vendor, definition.model);
    let supported = end.supported(catalog, names, guest, vendor);
    let mut cpu = QemuCpu::default();
    for (feature, on) in flags {
        if *on { cpu.flags_on.insert(*feature) } else { cpu.flags_off.insert(*feature) }
    }
    cpu.on.extend(names.hypervisor);
    match definition.model.filter(|_| !definition.is_passthrough()) {
        Some(model) => start_from_model(catalog, names, end, guest, model, &mut cpu),
        None => cpu.everything = end.offered(names, guest, supported) - cpu.flags_on - cpu.flags_off,
    }
    cpu.on |= cpu.model | cpu.compat | cpu.children | cpu.everything | cpu.flags_on;
    cpu.on -= cpu.flags_off;
    report_threads(catalog, names, end, guest, vendor, &mut cpu);
    if !guest.pmu
        && let Some(pdcm) = names.pdcm.filter(|pdcm| cpu.on.contains(*pdcm))
        && catalog.has_quirk(QuirkKind::PdcmCleared, end.qemu.version, machine_release(catalog, guest))
    {
        cpu.pmu.insert(pdcm);
        cpu.on.remove(pdcm);
    }
    // x86_cpu_expand_features: one pass over the table; what the user asked for is reported as unavailable.
    for (parent, children) in end.qemu.dependencies {
        if !cpu.on.contains(*parent) {
            let cleared = cpu.on & *children;
            cpu.cleared |= cleared;
            cpu.unavailable |= cleared & cpu.flags_on;
            cpu.on -= cleared;
        }
    }
    // x86_cpu_filter_features: dependencies are not looked at again, so a filtered parent leaves its children on.
    cpu.filtered = cpu.on - supported;
    cpu.unavailable |= cpu.filtered;
    cpu.on -= cpu.filtered;
    cpu.visible = visible(names, end, guest, vendor, cpu.on);
    cpu
}

/// Returns the CPU of a guest that already runs, as the map of this end reads it from the live definition. What the map
/// does not know is left out.
pub(super) fn described(catalog: &Catalog, names: &Named, end: &End<'_>, guest: &Guest, live: &Definition) -> QemuCpu {
    let vendor = end.guest_vendor(catalog, guest, live.vendor, live.model);
    let on = live.described_by(&end.map);
    let model = live.model.and_then(|model| end.map.model(model)).map(|model| model.data);
    QemuCpu {
        model: model.unwrap_or_default(),
        flags_on: live.features.with(Policy::is_on),
        flags_off: live.features.with(Policy::is_off),
        on,
        visible: visible(names, end, guest, vendor, on),
        ..QemuCpu::default()
    }
}

fn machine_release(catalog: &Catalog, guest: &Guest) -> Option<(u16, u16)> {
    machine_series(catalog.machine_name(guest.machine.cells)).map(|(_, version)| version.series())
}

fn start_from_model(catalog: &Catalog, names: &Named, end: &End<'_>, guest: &Guest, model: ModelId, cpu: &mut QemuCpu) {
    let Some(cells) = catalog.cells().of(model, guest.accel) else { return };
    cpu.model = cells.always;
    if let Some(position) = catalog.cells().position(guest.machine.cells) {
        cpu.compat = cells.on(position) - cells.always;
    }
    let other = match guest.accel {
        Accel::Kvm => Accel::Tcg,
        Accel::Tcg => Accel::Kvm,
    };
    if let Some(elsewhere) = catalog.cells().of(model, other) {
        cpu.accel = (cpu.model | cpu.compat) - elsewhere.anywhere();
    }
    let switched_on = |parent: Option<FeatureId>| {
        parent.is_some_and(|p| cpu.flags_on.contains(p) && !cpu.model.contains(p) && !cpu.compat.contains(p))
    };
    // The cells were read after dependency clearing, so a model's own children of a parent that is off do not show
    // in them; a flag that switches the parent on brings them back.
    if switched_on(names.vmx) {
        cpu.children |= vmx_children_of(catalog, names, model) & end.qemu.properties;
    }
    if guest.accel == Accel::Kvm && switched_on(names.svm) {
        let of_svm = end.qemu.dependencies.iter().find(|(parent, _)| Some(*parent) == names.svm);
        let under_tcg = catalog.cells().of(model, Accel::Tcg).zip(catalog.cells().position(guest.machine.cells));
        if let (Some((_, children)), Some((cells, position))) = (of_svm, under_tcg) {
            cpu.children |= cells.on(position) & *children;
        }
    }
}

/// The `vmx-*` that QEMU's builtin model has while `vmx` is on, as the newest map lists them for it: as added for a
/// model without a version, as features for one with; an alias has its ancestor's.
fn vmx_children_of(catalog: &Catalog, names: &Named, model: ModelId) -> FeatureSet {
    let Some(newest) = newest_exact_map(catalog) else { return FeatureSet::EMPTY };
    let listed = |definition: &crate::domain::map::ModelDefinition| {
        (definition.data & names.vmx_children) | definition.added_set()
    };
    let Some(own) = newest.model(model) else { return FeatureSet::EMPTY };
    let from_ancestor = own.ancestor.and_then(|ancestor| newest.model(ancestor)).map(listed);
    listed(own) | from_ancestor.unwrap_or_default()
}

fn newest_exact_map(catalog: &Catalog) -> Option<&CpuMap> {
    catalog.libvirt_releases().iter().rev().find_map(|release| match (release.provenance, release.map) {
        (crate::domain::catalog::Provenance::Published, ReleaseMap::Exact(map)) => Some(&**catalog.map(map)),
        _ => None,
    })
}

fn report_threads(catalog: &Catalog, names: &Named, end: &End<'_>, guest: &Guest, vendor: Vendor, cpu: &mut QemuCpu) {
    if guest.threads_per_package > 1 && catalog.has_quirk(QuirkKind::ThreadsReported, end.qemu.version, None) {
        cpu.threads.extend(names.ht);
        if !vendor.without_cmp_legacy() {
            cpu.threads.extend(names.cmp_legacy);
        }
        cpu.on |= cpu.threads;
    }
}

/// What a guest can read of a CPU: dependencies cleared once more, and without what QEMU releases report differently
/// while showing the guest the same. `ht` is there exactly when a package has several threads or the guest named it,
/// `cmp_legacy` the same for vendors that are neither Intel nor Zhaoxin, `pdcm` never while the PMU is off.
fn visible(names: &Named, end: &End<'_>, guest: &Guest, vendor: Vendor, on: FeatureSet) -> FeatureSet {
    let mut seen = on;
    for (parent, children) in end.qemu.dependencies {
        if !seen.contains(*parent) {
            seen -= *children;
        }
    }
    let threads = guest.threads_per_package > 1;
    let mut only_reported = |feature: Option<FeatureId>| {
        let Some(feature) = feature else { return };
        if threads || guest.named.contains(feature) { seen.insert(feature) } else { seen.remove(feature) }
    };
    only_reported(names.ht);
    if !vendor.without_cmp_legacy() {
        only_reported(names.cmp_legacy);
    }
    if let Some(pdcm) = names.pdcm.filter(|_| !guest.pmu) {
        seen.remove(pdcm);
    }
    seen
}
