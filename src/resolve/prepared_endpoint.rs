//! Prepares a source or destination for one guest: catalog, QEMU and host are queried once for all definitions.

use super::endpoint::{Endpoint, Guest, Host, Machine};
use crate::domain::behaviour::{DropUnknown, HostUnderKvm, QuirkKind};
use crate::domain::catalog::{Catalog, QemuView};
use crate::domain::definition::{Definition, Match, Mode, Policies, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::Vendor;
use crate::domain::map::{ModelDefinition, ModelId};
use crate::domain::package::{Distribution, Presence};
use crate::domain::qemu::{Accel, MachineId, ModelDefaults, feature_word};
use crate::domain::scenario::Transport;

/// What the whole walk leans on.
#[derive(Clone, Copy)]
pub(super) struct Facts<'e> {
    pub(super) catalog: &'e Catalog,
    pub(super) guest: &'e Guest,
    /// The feature the table is about.
    pub(super) feature: FeatureId,
    /// Features the user's definition switches on by name; they are visible even where they are only reported.
    pub(super) named: FeatureSet,
    /// What replaces the CPU of the user's definition where the guest starts.
    pub(super) expansion: Option<&'e Expansion<'e>>,
    /// The transport.
    pub(super) transport: Transport,
}

impl Facts<'_> {
    /// Returns the features whose XSAVE state is on in a CPU with these features: QEMU works the states out before it
    /// filters the features, so a state can stay without its feature (`x86_cpu_enable_xsave_components`).
    pub(super) fn states_of(&self, on: &FeatureSet) -> FeatureSet {
        let names = self.catalog.named();
        if names.xsave.is_some_and(|xsave| on.contains(xsave)) { *on & names.with_state } else { FeatureSet::EMPTY }
    }

    /// Returns the model of this name at an endpoint: the guest's, or the one that its definition named before.
    pub(super) fn model<'s>(
        &'s self,
        endpoint: &'s PreparedEndpoint<'_>,
        name: Option<ModelId>,
    ) -> Option<&'s PreparedModel<'s>> {
        let is_it = |model: &&PreparedModel<'_>| Some(model.id) == name;
        let named = || self.expansion.and_then(|expansion| expansion.named.as_ref());
        endpoint.model.as_ref().filter(is_it).or_else(|| named().filter(is_it))
    }
}

/// What replaces the CPU of a definition at the endpoint where the guest starts.
pub(super) struct Expansion<'e> {
    /// The model that takes the place of the definition's.
    pub(super) model: ModelId,
    /// The model that the definition names, which the checks before look at.
    pub(super) named: Option<PreparedModel<'e>>,
    pub(super) vendor: Option<Vendor>,
    pub(super) features: Policies,
}

impl Expansion<'_> {
    /// Replaces the CPU of `definition`. What it says about single features stays (libvirt `x86UpdateHostModel`,
    /// `virCPUx86Translate`).
    pub(super) fn replace(&self, definition: &mut Definition) {
        if definition.takes_host_model() {
            definition.matching = Match::Exact;
        }
        let mut features = self.features.clone();
        features.update(&definition.features);
        definition.features = features;
        definition.model = Some(self.model);
        definition.vendor = self.vendor;
        definition.mode = Mode::Custom;
    }
}

/// A source or destination, prepared for one guest.
pub(super) struct PreparedEndpoint<'e> {
    pub(super) end: &'e Endpoint<'e>,
    /// Whether its QEMU has the machine type.
    pub(super) has_machine: bool,
    /// The machine type whose cells the guest's has here.
    pub(super) defaults: MachineId,
    /// The features that this machine type disables in a CPU without a named model.
    pub(super) off: FeatureSet,
    /// The guest's model here; `None` where the definition names none.
    pub(super) model: Option<PreparedModel<'e>>,
    /// The vendor a guest reads here: the one that its definition tells it; else under KVM the host's, under TCG the
    /// model's, or that of the CPU which QEMU's `max` is.
    pub(super) vendor: Vendor,
    /// The vendor of the host; of one that has whatever is asked for, the model's. Under TCG that of QEMU's `max`.
    pub(super) host_vendor: Vendor,
    /// What accelerator and host can give a guest.
    pub(super) supported: FeatureSet,
    /// What this QEMU gives an AMD guest of this machine type only by name.
    only_by_name: FeatureSet,
    /// What several threads in a package switch on, where QEMU reports them: `ht`, and `cmp_legacy` not for Intel, and
    /// since QEMU 10.0 not for Zhaoxin.
    pub(super) threads: FeatureSet,
    /// What of that a guest with several threads can read.
    pub(super) threads_seen: FeatureSet,
    /// What is reported and not seen: these, and since QEMU 5.1 `pdcm` while the PMU is off.
    pub(super) unseen: FeatureSet,
    /// What is reported and not seen while `svm` is off: its children, where the dependency table does not have them
    /// (before QEMU 5.1, commit 730319aef0).
    pub(super) unmasked: FeatureSet,
    /// Whether this QEMU looks at the threads of a die, not at those of a package.
    counts_threads_of_die: bool,
    /// Whether this QEMU reports several threads in a package.
    pub(super) reports_threads: bool,
    /// Whether this QEMU migrates `invtsc` where the definition gives a TSC frequency.
    migrates_invtsc: bool,
    /// Whether this QEMU cannot report which features are unavailable.
    pub(super) hides_unavailable: bool,
    /// Whether this QEMU clears `pdcm` where there is no PMU.
    pub(super) clears_pdcm: bool,
    /// The features whose XSAVE state accelerator and host let a guest have.
    pub(super) states: FeatureSet,
    /// Whether this QEMU leaves other XSAVE states out without reporting them as unavailable.
    pub(super) masks_states: bool,
    /// The host that libvirt compares with: the processor where this QEMU has no `query-cpu-model-expansion`
    /// (`virQEMUCapsInitHostCPUModel`, 3.2.0 and later).
    pub(super) host_under_kvm: HostUnderKvm,
    /// Where disabled features that this QEMU does not know are dropped: nowhere without that command
    /// (`virQEMUCapsGetCPUFeatures`, 5.10.0).
    pub(super) drop_unknown: DropUnknown,
    /// Whether an incoming guest gets the CPU of the cookie: not without that command (`qemuDomainUpdateCPU`, 3.5.0).
    pub(super) reads_cookie: bool,
    /// Whether this libvirt hands a saved guest to QEMU in a way that this QEMU does not take.
    pub(super) cannot_restore: bool,
    /// Whether this libvirt tells QEMU to migrate in a way that this QEMU does not take.
    pub(super) cannot_migrate: bool,
}

/// A model at this endpoint.
pub(super) struct PreparedModel<'e> {
    pub(super) id: ModelId,
    pub(super) of_map: Option<&'e ModelDefinition>,
    /// What the map marks as added in it.
    pub(super) added: FeatureSet,
    /// Whether this QEMU has it.
    pub(super) in_qemu: bool,
    /// What QEMU's model has under every machine type, what under this one only, and what of both the accelerator
    /// switches on.
    pub(super) cells: [FeatureSet; 3],
    /// What is on with nothing said on the command line, and what of that the dependency table clears.
    pub(super) on: FeatureSet,
    pub(super) orphans: FeatureSet,
    /// The parents in QEMU's dependency table that are cleared or filtered of that, and their children, which a guest does
    /// not see either.
    pub(super) lost: FeatureSet,
    pub(super) hidden: FeatureSet,
    /// The features that this machine type disables in it.
    pub(super) off: FeatureSet,
    /// The parents that are off and whose children the cells lack: `vmx`, and under KVM `svm`.
    pub(super) switched_off: FeatureSet,
}

impl<'e> PreparedEndpoint<'e> {
    /// Returns the model as the map here defines it.
    pub(super) fn of_map(&self) -> Option<&'e ModelDefinition> {
        self.model.as_ref().and_then(|model| model.of_map)
    }

    pub(super) fn of(catalog: &'e Catalog, end: &'e Endpoint<'e>, guest: &Guest, model: Option<ModelId>) -> Self {
        let base = guest.machine.id.and_then(|id| catalog.defaults_of(id, end.qemu.version));
        let defaults = base.unwrap_or(guest.machine.defaults);
        // Of an upstream type without cells, such as microvm, the defaults are not known, but the series is.
        let own = guest.machine.id.filter(|id| base.is_none() && catalog.downstream().machine(*id).is_none());
        let series = Some(catalog.series(own.unwrap_or(defaults)));
        let quirk = |kind, machine| end.qemu.has_quirk(catalog, kind, machine);
        let reports_threads = quirk(QuirkKind::ThreadsReported, None);
        let vendor = match (guest.accel, end.host, model) {
            (Accel::Kvm, Host::With { vendor, .. }, _) => vendor,
            (Accel::Kvm, Host::Capable, None) => Vendor::Intel,
            // QEMU's max under TCG is an AMD processor (max_x86_cpu_initfn).
            (Accel::Tcg, _, None) => Vendor::Amd,
            (Accel::Kvm, Host::Capable, Some(model)) | (Accel::Tcg, _, Some(model)) => {
                catalog.vendor(model).unwrap_or(Vendor::Intel)
            }
        };
        // virCPUDefParseXML, all releases: a vendor_id is read of a CPU with a model only.
        let (names, told) = (catalog.named(), guest.vendor_id.filter(|_| model.is_some()).unwrap_or(vendor));
        let supported = supported(catalog, end, guest.accel, reports_threads, vendor);
        // cpu_x86_cpuid leaf 0x80000001, 7.2 to 9.2; x86_cpu_expand_features, 10.0, which also exempts Zhaoxin.
        let has_cmp_legacy = match told {
            Vendor::Intel => false,
            Vendor::Zhaoxin => !reports_threads,
            Vendor::Amd | Vendor::Hygon => true,
        };
        let threads: FeatureSet = names.ht.into_iter().chain(names.cmp_legacy.filter(|_| has_cmp_legacy)).collect();
        // max_x86_cpu_initfn, 2.9 and later, kvm_cpu_max_instance_init since 10.1: host and max have a PMU unless it is disabled.
        let by_default = || model.is_none() && (guest.accel == Accel::Kvm || !quirk(QuirkKind::PmuWithKvmOnly, None));
        let pmu = guest.pmu.unwrap_or_else(by_default);
        // cpu_x86_cpuid, 5.1 (commit ea39f9b643).
        let hides_pdcm = !pmu && !quirk(QuirkKind::PdcmShown, None);
        let masks_states = quirk(QuirkKind::StatesMasked, None);
        let expands_models = quirk(QuirkKind::ModelExpansion, None);
        Self {
            end,
            has_machine: has_machine(catalog, &end.qemu, end.distribution, &guest.machine),
            defaults,
            off: off(catalog, &guest.machine, None),
            model: model.map(|model| PreparedModel::of(catalog, (end, defaults, &supported), guest, model)),
            vendor: told,
            threads,
            // x86_cpu_expand_features, 10.0 and later, enables them before the filter.
            threads_seen: if reports_threads { threads & supported } else { threads },
            unseen: threads | names.pdcm.into_iter().filter(|_| hides_pdcm).collect(),
            unmasked: unmasked(catalog, &end.qemu),
            counts_threads_of_die: quirk(QuirkKind::ThreadsOfDie, None),
            host_vendor: if guest.accel == Accel::Tcg { Vendor::Amd } else { vendor },
            supported,
            only_by_name: only_by_name(catalog, &end.qemu, told, (guest.machine.quirk, series))
                | only_for_amd(catalog, &end.qemu, told),
            reports_threads,
            migrates_invtsc: quirk(QuirkKind::InvtscWithFrequency, None),
            hides_unavailable: quirk(QuirkKind::NoUnavailableFeatures, None),
            clears_pdcm: !pmu && quirk(QuirkKind::PdcmCleared, series),
            masks_states,
            states: match (guest.accel, end.host) {
                (Accel::Tcg, _) if masks_states => catalog.named().tcg_states,
                (Accel::Tcg, _) | (Accel::Kvm, Host::Capable) => FeatureSet::ALL,
                // KVM gives mpx and amx-tile wherever the kernel lets a guest have their states; else it hides both.
                (Accel::Kvm, Host::With { features, silicon, .. }) => {
                    features | (silicon - names.mpx.into_iter().chain(names.amx_tile).collect())
                }
            },
            host_under_kvm: if expands_models { end.behaviour.host_under_kvm } else { HostUnderKvm::Cpuid },
            reads_cookie: end.behaviour.cookie && expands_models,
            drop_unknown: if expands_models { end.behaviour.drop_unknown } else { DropUnknown::Never },
            cannot_migrate: end.behaviour.migrates_with_detach && quirk(QuirkKind::NoDetach, None),
            cannot_restore: end.behaviour.restores_through_fd && quirk(QuirkKind::NoFileThroughFd, None),
        }
    }

    /// Returns whether several threads share a package, or with QEMU before 8.2 a die (`qemu_init_vcpu`).
    pub(super) fn has_several_threads(&self, guest: &Guest) -> bool {
        1 < if self.counts_threads_of_die { guest.threads_per_die } else { guest.threads_per_package }
    }

    /// Returns the features that libvirt writes on the command line, enabled and disabled (`qemuBuildCpuModelArgStr`).
    pub(super) fn flags(&self, facts: &Facts<'_>, definition: &Definition) -> (FeatureSet, FeatureSet) {
        // Required and forced features are enabled, disabled and forbidden ones are disabled.
        let (behaviour, policies) = (&self.end.behaviour, &definition.features);
        let (mut on, mut off) = (policies.on(), policies.off());
        // Before 2.3.0 (commit 7ce711a30e): of a passed-through CPU only what is disabled is not enabled; of others, what
        // cpuDecode lists in addition to the model; it is not called for a custom CPU under TCG.
        if !behaviour.writes_features {
            if definition.is_passthrough() {
                off = policies.with(Policy::Disable);
                on = policies.mentioned() - off;
            } else if facts.guest.accel == Accel::Tcg && definition.mode == Mode::Custom {
                return Default::default();
            } else if let Some(of_map) = self.of_map() {
                on -= of_map.data;
                off &= of_map.data;
            }
        }
        // qemuProcessDropUnknownCPUFeatures, 5.10.0 (commit ac34e14159): not what is off and QEMU does not know.
        if self.drop_unknown != DropUnknown::Never {
            off &= self.end.qemu.properties;
        }
        // qemuFeatureNoEffect, 5.4.0 (commit 2900575db8).
        (on - behaviour.unwritten, off - behaviour.unwritten)
    }

    /// Returns the machine type with which libvirt asks QEMU about models: the newest, the guest's own where there are
    /// no cells for any.
    pub(super) fn newest_machine(&self, facts: &Facts<'_>) -> MachineId {
        self.end.qemu.newest_machine(facts.catalog).unwrap_or(facts.guest.machine.defaults)
    }

    /// Returns the features that `host` and `max` enable by default: what the host lists and this QEMU has a name for,
    /// or TCG's `max`. `ht`, `cmp_legacy`, `topoext` and `invtsc` are supported in addition, but not enabled.
    pub(super) fn offered(&self, facts: &Facts<'_>) -> FeatureSet {
        let offered = offered(facts.catalog, self.end, facts.guest.accel, self.supported) - self.only_by_name;
        // x86_cpu_get_migratable_flags, 9.2 (commit 87c88db3143e): with tsc-frequency invtsc migrates.
        let guest = facts.guest;
        let keeps = || !guest.migratable || (guest.has_tsc_frequency && self.migrates_invtsc);
        let kept = facts.catalog.named().invtsc.into_iter().filter(|_| keeps()).collect();
        let unnamed = if guest.migratable { FeatureSet::EMPTY } else { self.unnamed(facts.catalog) };
        offered | (self.supported & (unnamed | kept))
    }

    /// Returns what `host` gives with `migratable=off` although this QEMU has no name for it: the other bits of the words
    /// that it knows (`x86_cpu_get_supported_feature_word`, which masks them only for a migratable CPU).
    #[cold]
    fn unnamed(&self, catalog: &Catalog) -> FeatureSet {
        let word = |feature| catalog.register_of(feature).map(|register| feature_word(register).0);
        let known: Vec<usize> = self.end.qemu.properties.iter().filter_map(word).collect();
        let named = self.end.qemu.properties | catalog.named().paravirtual;
        (self.supported - named - self.only_by_name)
            .iter()
            .filter(|feature| word(*feature).is_some_and(|word| known.contains(&word)))
            .collect()
    }
}

/// Returns what QEMU offers libvirt, which asks what migrates, without a machine type and with what the dependency table
/// clears gone (`virQEMUCapsProbeQMPHostCPU`).
pub(super) fn offered_to_libvirt(catalog: &Catalog, end: &Endpoint<'_>, accel: Accel) -> FeatureSet {
    let (Accel::Kvm, Host::With { vendor, .. }) = (accel, end.host) else {
        return offered(catalog, end, accel, FeatureSet::ALL);
    };
    let reports_threads = end.qemu.has_quirk(catalog, QuirkKind::ThreadsReported, None);
    let hidden = only_by_name(catalog, &end.qemu, vendor, WITHOUT_MACHINE) | only_for_amd(catalog, &end.qemu, vendor);
    let supported = supported(catalog, end, accel, reports_threads, vendor);
    offered(catalog, end, accel, supported) - hidden - end.qemu.dependencies.children_of(&hidden)
}

fn offered(catalog: &Catalog, end: &Endpoint<'_>, accel: Accel, supported: FeatureSet) -> FeatureSet {
    let names = catalog.named();
    let offered = match (accel, end.host) {
        (Accel::Tcg, _) => end.qemu.tcg_max,
        (Accel::Kvm, Host::Capable) => supported,
        // KVM's own features are named by every QEMU that has KVM, whether or not it could be asked with KVM.
        (Accel::Kvm, Host::With { features, .. }) => {
            // The first two are supported where QEMU adds them to what KVM lists.
            let listed = names.amd_machine_check | features;
            listed & supported & (end.qemu.properties | names.paravirtual)
        }
    };
    // no_autoenable_flags, 8.2 (commit 83629b1461): ht only by name; before, KVM does not give it at all.
    offered - names.invtsc.into_iter().chain(names.ht.filter(|_| accel == Accel::Kvm)).collect()
}

impl<'e> PreparedModel<'e> {
    fn of(
        catalog: &Catalog,
        (end, defaults, supported): (&'e Endpoint<'e>, MachineId, &FeatureSet),
        guest: &Guest,
        id: ModelId,
    ) -> Self {
        let of_map = end.map.model(id);
        let off = off(catalog, &guest.machine, Some(id));
        let cells = cells(catalog, (end, guest, defaults), id).map(|cells| cells - off);
        let on = cells[0] | cells[1] | catalog.named().hypervisor.into_iter().collect();
        let dependencies = &end.qemu.dependencies;
        let orphans = dependencies.orphans(&on);
        let lost = dependencies.parents_in(orphans | (on - *supported));
        let (names, kvm) = (catalog.named(), guest.accel == Accel::Kvm);
        let parents: FeatureSet = names.vmx.into_iter().chain(names.svm.filter(|_| kvm)).collect();
        Self {
            id,
            of_map,
            added: of_map.map(ModelDefinition::added_set).unwrap_or_default(),
            in_qemu: end.qemu.has_model(id),
            cells,
            on,
            orphans,
            lost,
            hidden: dependencies.children_of(&lost),
            off,
            switched_off: parents - on,
        }
    }
}

/// The features that a machine type disables in a model, or with `None` in a CPU without a named model.
fn off(catalog: &Catalog, machine: &Machine, model: Option<ModelId>) -> FeatureSet {
    let known = machine.id.and_then(|id| catalog.downstream().machine(id));
    known.map(|known| known.off(model)).unwrap_or_default()
}

fn cells(
    catalog: &Catalog,
    (end, guest, defaults): (&Endpoint<'_>, &Guest, MachineId),
    model: ModelId,
) -> [FeatureSet; 3] {
    let Some(cells) = catalog.qemu_defaults().of(model, guest.accel) else { return [FeatureSet::EMPTY; 3] };
    let position = catalog.position(defaults);
    let mut always = cells.always | end.qemu.of_model_alone(catalog, model);
    let (kept, unmasked) = (end.qemu.kept(), unmasked(catalog, &end.qemu));
    if guest.accel == Accel::Kvm
        && !(kept | unmasked).is_empty()
        && let Some(under_tcg) = catalog.cell(model, defaults, Accel::Tcg)
    {
        // TCG switches nothing off, so its cells have these features with their children.
        always |= under_tcg & (kept | end.qemu.dependencies.children_of(&kept) | unmasked);
    }
    let compat = position.map(|position| cells.on(position) - always).unwrap_or_default();
    let other = match guest.accel {
        Accel::Kvm => Accel::Tcg,
        Accel::Tcg => Accel::Kvm,
    };
    let elsewhere = catalog.qemu_defaults().of(model, other).map_or(FeatureSet::ALL, ModelDefaults::anywhere);
    [always, compat, (always | compat) - elsewhere]
}

/// The quirk and the series of no machine type. No compatibility property is set then, as on QEMU's newest type.
pub(super) const WITHOUT_MACHINE: (Option<QuirkKind>, Option<(u16, u16)>) = (None, Some((u16::MAX, 0)));

/// Returns the children of `svm`, where QEMU leaves them on while `svm` is off: before 5.1 (commit 730319aef0).
fn unmasked(catalog: &Catalog, qemu: &QemuView<'_>) -> FeatureSet {
    let svm = catalog.named().svm.into_iter().collect();
    if qemu.dependencies.children_of(&svm).is_empty() { catalog.named().svm_children } else { FeatureSet::EMPTY }
}

/// Returns what QEMU leaves out of an AMD guest's `host` and `max` on a machine type with this quirk and of this series.
/// It still gives that to a guest that names it or whose model has it: `arch-capabilities`
/// (`x86_cpu_get_supported_feature_word`, 10.1.2, commit e9efa4a77168). The filter does not look at the vendor.
pub(super) fn only_by_name(
    catalog: &Catalog,
    qemu: &QemuView<'_>,
    vendor: Vendor,
    (quirk, series): (Option<QuirkKind>, Option<(u16, u16)>),
) -> FeatureSet {
    let kind = QuirkKind::ArchCapabilitiesNotAmd;
    let hides = vendor == Vendor::Amd && (quirk == Some(kind) || qemu.has_quirk(catalog, kind, series));
    catalog.named().arch_capabilities.into_iter().filter(|_| hides).collect()
}

/// Returns what QEMU leaves out of `host` and `max` of a guest with another vendor than AMD: `overflow-recov` and `succor`
/// (`x86_cpu_get_supported_feature_word`, 9.1). The filter does not look at the vendor.
fn only_for_amd(catalog: &Catalog, qemu: &QemuView<'_>, vendor: Vendor) -> FeatureSet {
    let hides = vendor != Vendor::Amd && qemu.has_quirk(catalog, QuirkKind::AmdMachineCheck, None);
    if hides { catalog.named().amd_machine_check } else { FeatureSet::EMPTY }
}

/// Whether a QEMU, of a distribution or upstream's, has the machine type.
pub(super) fn has_machine(
    catalog: &Catalog,
    qemu: &QemuView<'_>,
    distribution: Option<&Distribution>,
    machine: &Machine,
) -> bool {
    let in_packages = machine.only_in.as_ref().is_none_or(|mark| distribution.is_some_and(|known| known.mark == *mark));
    let has = |id: MachineId| in_packages && catalog.has_machine(qemu, distribution, id) == Presence::Yes;
    machine.taken_for_granted || machine.id.is_some_and(has)
}

/// Under TCG: what some builtin model of this QEMU carries and its TCG is not known to lack, and what `max` offers
/// beyond. Under KVM: the host's. `x86_cpu_filter_features` leaves this of a CPU.
fn supported(catalog: &Catalog, end: &Endpoint<'_>, accel: Accel, reports_threads: bool, vendor: Vendor) -> FeatureSet {
    let names = catalog.named();
    let (mut given, in_silicon) = match (accel, end.host) {
        (Accel::Tcg, _) => {
            let carried = end.qemu.tcg_carried;
            ((carried - end.qemu.tcg_unsupported) | (end.qemu.tcg_max - carried), FeatureSet::ALL)
        }
        (Accel::Kvm, Host::Capable) if vendor == Vendor::Amd => {
            (FeatureSet::ALL, FeatureSet::ALL - names.arch_capabilities.into_iter().collect())
        }
        (Accel::Kvm, Host::Capable) => (FeatureSet::ALL, FeatureSet::ALL),
        (Accel::Kvm, Host::With { features, silicon, .. }) => {
            let mut given = features;
            given.extend(names.hypervisor);
            // KVM gives it wherever the processor has it, but QEMU's lists are without what does not migrate.
            given.extend(names.invtsc.filter(|invtsc| silicon.contains(*invtsc)));
            // QEMU takes it to be safe on every processor since 3.0 (commit f98bbd8304).
            let lacks_topoext = end.qemu.has_quirk(catalog, QuirkKind::TopoextSilicon, None);
            if let Some(topoext) = names.topoext.filter(|topoext| lacks_topoext && !silicon.contains(*topoext)) {
                given.remove(topoext);
            } else {
                given.extend(names.topoext);
            }
            (given, silicon)
        }
    };
    let quirk = |kind| accel == Accel::Kvm && end.qemu.has_quirk(catalog, kind, None);
    // kvm_arch_get_supported_cpuid, 9.1: both, whatever KVM lists.
    if quirk(QuirkKind::AmdMachineCheck) {
        given |= names.amd_machine_check;
    }
    // kvm_arch_get_supported_cpuid, 8.2 (commit 83629b1461): ht, which KVM never lists. TCG_EXT3_FEATURES, 10.0: cmp_legacy,
    // of which KVM lists what the processor has.
    let by_tcg = names.cmp_legacy.filter(|_| accel == Accel::Tcg);
    for (feature, is_given) in [(names.ht, reports_threads || quirk(QuirkKind::HtWithKvm)), (by_tcg, reports_threads)] {
        let Some(feature) = feature else { continue };
        if is_given {
            given.insert(feature);
        } else {
            given.remove(feature);
        }
    }
    // kvm_arch_get_supported_cpuid, commit d3a24134e37: not what KVM only emulates.
    if let Some(feature) = names.arch_capabilities.filter(|feature| !in_silicon.contains(*feature))
        && end.qemu.has_quirk(catalog, QuirkKind::ArchCapabilitiesSilicon, None)
    {
        given.remove(feature);
    }
    given
}
