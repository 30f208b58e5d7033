//! Builds the guest's CPU as QEMU does in `target/i386/cpu.c`: model and machine type, accelerator, command line, host,
//! threads, dependencies, filter.

use super::endpoint::Host;
use super::host_model::added_tsx;
use super::prepared_endpoint::{Facts, PreparedEndpoint, PreparedModel};
use super::recorder::Recorder;
use super::trace::{Built, QemuCpu};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Definition;
use crate::domain::feature::FeatureSet;
use crate::domain::map::{ModelDefinition, ModelId};
use crate::domain::qemu::Accel;

/// Builds in `cpu` what this end's QEMU builds for the definition. It knows every feature that the command line
/// enables; disabled features that it does not know are not on the command line.
pub(super) fn build<'c>(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    definition: &Definition,
    (cpu, recorder): (&'c mut Option<Built>, &mut Recorder),
) -> &'c Built {
    let names = facts.catalog.named();
    let (mut flags_on, flags_off) = endpoint.flags(facts, definition);
    let flags_off = flags_off & endpoint.end.qemu.properties;
    if endpoint.end.behaviour.add_tsx {
        flags_on.extend(added_tsx(endpoint.end.libvirt(facts.catalog), definition));
    }
    let (vendor, supported) = (endpoint.vendor, &endpoint.supported);
    // x86_cpu_load_model, kvm_cpu_instance_init and the pc_compat_* properties of the machine type; for host and max
    // x86_cpu_expand_features with max_features instead. Every QEMU.
    let named_model = endpoint.model.as_ref().filter(|_| !definition.is_passthrough());
    // Features that only these enable: the children of a flag, or everything the host supports.
    let (mut on, implied) = match named_model {
        Some(model) => {
            let switched_on = flags_on & model.switched_off;
            let nothing = switched_on.is_empty();
            (model.on, if nothing { FeatureSet::EMPTY } else { children_of(facts, endpoint, model, switched_on) })
        }
        None => everything(facts, endpoint),
    };
    on |= implied;
    // object_property_parse of the flags of -cpu, which override the model and the machine type. Every QEMU.
    on = (on | flags_on) - flags_off;
    // x86_cpu_expand_features, 10.0 (commits c6bd2dd634208 and 99a637a8): several threads in a package.
    let reports_threads = endpoint.reports_threads && endpoint.has_several_threads(facts.guest);
    if reports_threads {
        on |= endpoint.threads;
    }
    // x86_cpu_expand_features, 10.0.4 and 10.1 (commit e68ec298090): no pdcm without a PMU, and nothing is reported.
    let pmu = names.pdcm.filter(|pdcm| endpoint.clears_pdcm && on.contains(*pdcm));
    if let Some(pdcm) = pmu {
        on.remove(pdcm);
    }
    // x86_cpu_expand_features, feature_dependencies since 4.2: one pass over the table; what the user asked for is reported
    // as unavailable.
    let dependencies = &endpoint.end.qemu.dependencies;
    let cleared = match named_model {
        Some(model) => dependencies.orphans_beside((&model.on, &model.orphans), &on),
        None => dependencies.orphans(&on),
    };
    on -= cleared;
    // x86_cpu_enable_xsave_components, before the filter; TCG masks since 9.2 (commit 33098002a838).
    let states = facts.states_of(&on) & endpoint.states;
    // x86_cpu_filter_features: dependencies are not looked at again, so a filtered parent leaves its children on.
    let filtered = on - *supported;
    on -= filtered;
    let unavailable = (cleared & flags_on) | filtered;
    let lost = dependencies.parents_in(cleared | filtered);
    let hidden = match named_model {
        Some(model) if model.lost == lost => model.hidden,
        _ => dependencies.children_of(&lost),
    };
    let visible = visible(facts, endpoint, on - hidden);
    // host_cpu_max_instance_init, every QEMU: the host's.
    let signature = match (named_model, facts.guest.accel, endpoint.end.host) {
        (Some(_), ..) | (None, Accel::Kvm, Host::Capable) => None,
        (None, Accel::Kvm, Host::With { signature, .. }) => signature,
        (None, Accel::Tcg, _) => facts.catalog.tcg_guest_signature(endpoint.end.qemu.version),
    };
    let built = cpu.insert(Built { on, unavailable, visible, cleared, filtered, states, vendor, signature });
    recorder.cpu(|| {
        let [model, compat, accel] = named_model.map(|model| model.cells).unwrap_or_default();
        let (children, everything) =
            if named_model.is_some() { (implied, FeatureSet::EMPTY) } else { (FeatureSet::EMPTY, implied) };
        let threads = if reports_threads { endpoint.threads } else { FeatureSet::EMPTY };
        let pmu = pmu.into_iter().collect();
        let steps = QemuCpu {
            model,
            compat,
            accel,
            flags_on,
            flags_off,
            children,
            everything,
            threads,
            pmu,
            ..QemuCpu::default()
        };
        built.with(&steps)
    });
    built
}

/// The features of `host` and `max` without flags, and everything that the host supports.
#[cold]
fn everything(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>) -> (FeatureSet, FeatureSet) {
    let hypervisor = facts.catalog.named().hypervisor.into_iter().collect();
    (hypervisor, endpoint.offered(facts) - endpoint.off)
}

/// Returns the CPU of a guest that already runs, as the map of this end reads it from the live definition. What the map
/// does not know is left out. A feature that the map has removed from the model and the definition does not mention is
/// as QEMU's model has it: the release that started the guest would have mentioned anything else.
///
/// A disabled feature that this host cannot give was enabled by the model or by the definition and filtered by QEMU, unless
/// `-cpu` disables it: then its XSAVE state is there all the same (`x86_cpu_enable_xsave_components`).
pub(super) fn described(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    live: &Definition,
    disabled_by_user: FeatureSet,
    (cpu, recorder): (&mut Option<Built>, &mut Recorder),
) {
    let vendor = endpoint.vendor;
    let of_map = endpoint.of_map();
    let of_qemu = endpoint.model.as_ref().map(|model| model.on).unwrap_or_default();
    let removed = of_map.map(ModelDefinition::removed_set).unwrap_or_default() - live.features.mentioned();
    let on = live.described_by(&endpoint.end.map) | (removed & of_qemu);
    let filtered = (live.features.off() - endpoint.supported) - disabled_by_user;
    let filtered = if facts.guest.names_disabled { FeatureSet::EMPTY } else { filtered };
    let none = FeatureSet::EMPTY;
    let visible = visible(facts, endpoint, on - endpoint.end.qemu.dependencies.orphans(&on));
    let states = facts.states_of(&(on | filtered)) & endpoint.states;
    let (unavailable, cleared, filtered, signature) = (none, none, none, None);
    let built = cpu.insert(Built { on, unavailable, visible, cleared, filtered, states, vendor, signature });
    recorder.cpu(|| {
        let model = of_map.map(|model| model.data).unwrap_or_default();
        let (flags_on, flags_off) = (live.features.on(), live.features.off());
        built.with(&QemuCpu { model, flags_on, flags_off, ..QemuCpu::default() })
    });
}

/// The cells were read after dependency clearing, so a model's own children of a parent that is off do not show in
/// them; a flag that switches the parent on brings them back.
#[cold]
fn children_of(
    facts: &Facts<'_>,
    endpoint: &PreparedEndpoint<'_>,
    model: &PreparedModel<'_>,
    switched_on: FeatureSet,
) -> FeatureSet {
    let (catalog, qemu, mut children) = (facts.catalog, &endpoint.end.qemu, FeatureSet::EMPTY);
    if catalog.qemu_defaults().of(model.id, facts.guest.accel).is_none() {
        return children;
    }
    let names = catalog.named();
    if names.vmx.is_some_and(|vmx| switched_on.contains(vmx)) {
        children |= vmx_children_of(catalog, model.id) & qemu.properties;
    }
    if let Some(svm) = names.svm.filter(|svm| switched_on.contains(*svm)) {
        let under_tcg = catalog.cell(model.id, endpoint.defaults, Accel::Tcg).unwrap_or_default();
        children |= under_tcg & qemu.dependencies.children_of(&FeatureSet::only(svm));
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
/// while showing the guest the same. What threads switch on is there exactly when a package has several or the guest named
/// it, `pdcm` since QEMU 5.1 never while the PMU is off, what belongs to `svm` only with it.
#[inline]
fn visible(facts: &Facts<'_>, endpoint: &PreparedEndpoint<'_>, mut seen: FeatureSet) -> FeatureSet {
    let named = if endpoint.has_several_threads(facts.guest) { FeatureSet::ALL } else { facts.named };
    if !endpoint.unmasked.is_empty() && facts.catalog.named().svm.is_none_or(|svm| !seen.contains(svm)) {
        seen -= endpoint.unmasked;
    }
    (seen - endpoint.unseen) | (endpoint.threads_seen & named)
}
