//! Lists the models of a QEMU and the features that keep each from running: `query-cpu-definitions` with its
//! `unavailable-features`.

use crate::domain::behaviour::QuirkKind;
use crate::domain::catalog::{Catalog, QemuView};
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, QemuModel};

/// The models that one QEMU lists on one host.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct QemuModels(Vec<Option<FeatureSet>>);

impl QemuModels {
    /// Returns what QEMU cannot enable of the model; `None` for a model that it does not list.
    pub(crate) fn blockers(&self, model: ModelId) -> Option<FeatureSet> {
        self.0.get(usize::from(model.0)).copied().flatten()
    }

    /// Returns the models of `qemu`, of a distribution's with its build's changes, where it offers a guest `offered`. What
    /// was recorded of TCG counts; everything else is derived: the model's defaults on QEMU's newest machine type, less
    /// what is offered. QEMU gives `topoext` under KVM on every processor.
    pub(crate) fn of(catalog: &Catalog, qemu: &QemuView<'_>, accel: Accel, offered: FeatureSet) -> Self {
        let newest = qemu.newest_machine(catalog);
        let mut given = offered;
        if accel == Accel::Kvm {
            given.extend(catalog.named().topoext);
            // x86_cpu_filter_features does not look at the vendor.
            if qemu.has_quirk(catalog, QuirkKind::AmdMachineCheck, None) {
                given |= catalog.named().amd_machine_check;
            }
        }
        // x86_cpu_model_resolve_version of 4.1 and 4.2.0; since 4.2.1 (commit ad18392892) it is version 1.
        let by_newest = qemu.has_quirk(catalog, QuirkKind::NewestVersions, None);
        let derived = |model| {
            let version = if by_newest { newest_version(catalog, qemu, model) } else { model };
            let own = newest.and_then(|newest| catalog.cell(version, newest, accel)).unwrap_or_default();
            (model, (own | qemu.of_model_alone(catalog, model)) - given)
        };
        // What was recorded of such a release tells of its newest versions, and a build with the fix lists their first.
        let recorded_newest = catalog.has_quirk(QuirkKind::NewestVersions, qemu.lists.version, None);
        let told = |known: &QemuModel| -> FeatureSet {
            let first = Some(known.model).filter(|_| recorded_newest && !by_newest);
            let first = first.and_then(|model| catalog.model(&format!("{}-v1", catalog.model_name(model))));
            let first = qemu.lists.models.iter().find(|other| first == Some(other.model));
            first.unwrap_or(known).tcg_blockers.iter().copied().collect()
        };
        let listed = qemu.lists.models.iter().filter(|known| qemu.has_model(known.model)).map(|known| match accel {
            Accel::Tcg => (known.model, told(known)),
            Accel::Kvm => derived(known.model),
        });
        qemu.added_models().iter().map(|model| derived(*model)).chain(listed).collect()
    }
}

/// Returns the newest version of a model that this QEMU lists; a name with a version, or of one, stays.
fn newest_version(catalog: &Catalog, qemu: &QemuView<'_>, model: ModelId) -> ModelId {
    let name = catalog.model_name(model);
    let version = |of: ModelId| catalog.model_name(of).strip_prefix(name)?.strip_prefix("-v")?.parse::<u32>().ok();
    let versions = qemu.lists.models.iter().filter_map(|known| Some((version(known.model)?, known.model)));
    versions.max_by_key(|(version, _)| *version).map_or(model, |(_, newest)| newest)
}

impl FromIterator<(ModelId, FeatureSet)> for QemuModels {
    fn from_iter<I: IntoIterator<Item = (ModelId, FeatureSet)>>(models: I) -> Self {
        let mut all = Vec::new();
        for (model, blockers) in models {
            let index = usize::from(model.0);
            if index >= all.len() {
                all.resize(index + 1, None);
            }
            if let Some(entry) = all.get_mut(index) {
                *entry = Some(blockers);
            }
        }
        Self(all)
    }
}
