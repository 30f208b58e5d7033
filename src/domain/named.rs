//! Looks up the features and models that rules refer to by name, once for each catalog.

use super::feature::{FeatureId, FeatureSet};
use super::map::ModelId;
use super::names::Names;
use super::qemu::XSAVE_STATES;

/// Features that rules refer to by name, looked up once; a catalog without one of them never meets its rule.
#[derive(Clone, Copy, Default, Debug)]
pub struct Named {
    /// `hypervisor`.
    pub(crate) hypervisor: Option<FeatureId>,
    /// `ht`.
    pub(crate) ht: Option<FeatureId>,
    /// `cmp_legacy`.
    pub(crate) cmp_legacy: Option<FeatureId>,
    /// `topoext`.
    pub(crate) topoext: Option<FeatureId>,
    /// `pdcm`.
    pub(crate) pdcm: Option<FeatureId>,
    /// `arch-capabilities`.
    pub(crate) arch_capabilities: Option<FeatureId>,
    /// `rdctl-no`.
    pub(crate) rdctl_no: Option<FeatureId>,
    /// What Linux emulates for a guest on every AMD processor: `arch-capabilities`, and what it says there since 5.5
    /// (`kvm_get_arch_capabilities`).
    pub(crate) emulated_on_amd: FeatureSet,
    /// `overflow-recov` and `succor`: what QEMU gives an AMD guest of the processor's machine check architecture.
    pub(crate) amd_machine_check: FeatureSet,
    /// `monitor`.
    pub(crate) monitor: Option<FeatureId>,
    /// `intel-pt`.
    pub(crate) intel_pt: Option<FeatureId>,
    /// `pconfig`.
    pub(crate) pconfig: Option<FeatureId>,
    /// `vmx`.
    pub(crate) vmx: Option<FeatureId>,
    /// `svm`.
    pub(crate) svm: Option<FeatureId>,
    /// `hle`.
    pub(crate) hle: Option<FeatureId>,
    /// `rtm`.
    pub(crate) rtm: Option<FeatureId>,
    /// `xsave`, without which a guest has no XSAVE state at all.
    pub(crate) xsave: Option<FeatureId>,
    /// `amx-tile`.
    pub(crate) amx_tile: Option<FeatureId>,
    /// `mpx`.
    pub(crate) mpx: Option<FeatureId>,
    /// `invtsc`, which QEMU does not migrate.
    pub(crate) invtsc: Option<FeatureId>,
    /// What QEMU's newest dependency table clears with `svm`.
    pub(crate) svm_children: FeatureSet,
    /// Every `vmx-*`.
    pub(crate) vmx_children: FeatureSet,
    /// Every `kvm*`: what KVM itself offers its guests.
    pub(crate) paravirtual: FeatureSet,
    /// Features with a register state of their own that a guest may have enabled: XCR0 then names bits that KVM does
    /// not accept for a CPU without the feature.
    pub(crate) with_state: FeatureSet,
    /// Features with an XSAVE state that TCG supports since it looks at them.
    pub(crate) tcg_states: FeatureSet,
    pub(crate) icelake_server: Option<ModelId>,
    /// The models with `intel-pt` in QEMU 3.1.0.
    pub(crate) had_intel_pt: [Option<ModelId>; 3],
    /// The models Haswell and Broadwell, which lost `rtm` and `hle` in libvirt's map for a while.
    pub(crate) had_tsx: [Option<ModelId>; 2],
}

impl Named {
    /// Returns what QEMU gives a guest by itself, so that a host's list does not decide it.
    pub(crate) fn given_by_qemu(&self) -> FeatureSet {
        let single: FeatureSet = self.ht.into_iter().chain(self.invtsc).chain(self.topoext).collect();
        single | self.amd_machine_check | self.paravirtual
    }

    pub(super) fn look_up(features: &Names, models: &Names) -> Self {
        let feature = |name: &str| features.get(name).map(FeatureId);
        let beginning_with = |start: &str| {
            let all = (0u16..).zip(features.iter());
            all.filter(|(_, name)| name.starts_with(start)).map(|(number, _)| FeatureId(number)).collect()
        };
        Self {
            hypervisor: feature("hypervisor"),
            ht: feature("ht"),
            cmp_legacy: feature("cmp_legacy"),
            topoext: feature("topoext"),
            pdcm: feature("pdcm"),
            arch_capabilities: feature("arch-capabilities"),
            rdctl_no: feature("rdctl-no"),
            emulated_on_amd: ["arch-capabilities", "rdctl-no", "skip-l1dfl-vmentry", "mds-no", "pschange-mc-no"]
                .into_iter()
                .filter_map(feature)
                .collect(),
            amd_machine_check: ["overflow-recov", "succor"].into_iter().filter_map(feature).collect(),
            monitor: feature("monitor"),
            intel_pt: feature("intel-pt"),
            pconfig: feature("pconfig"),
            vmx: feature("vmx"),
            svm: feature("svm"),
            hle: feature("hle"),
            rtm: feature("rtm"),
            xsave: feature("xsave"),
            amx_tile: feature("amx-tile"),
            mpx: feature("mpx"),
            invtsc: feature("invtsc"),
            svm_children: FeatureSet::EMPTY,
            vmx_children: beginning_with("vmx-"),
            paravirtual: beginning_with("kvm"),
            with_state: XSAVE_STATES.iter().filter_map(|state| feature(state.feature)).collect(),
            tcg_states: XSAVE_STATES
                .iter()
                .filter(|state| state.tcg)
                .filter_map(|state| feature(state.feature))
                .collect(),
            icelake_server: models.get("Icelake-Server").map(ModelId),
            had_intel_pt: ["Icelake-Client", "Icelake-Server", "Cascadelake-Server"]
                .map(|name| models.get(name).map(ModelId)),
            had_tsx: ["Haswell", "Broadwell"].map(|name| models.get(name).map(ModelId)),
        }
    }
}
