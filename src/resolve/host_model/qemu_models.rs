//! Lists the models of a QEMU and the features that keep each from running: `query-cpu-definitions` with its
//! `unavailable-features`.

use crate::domain::catalog::{Catalog, QemuView};
use crate::domain::feature::FeatureSet;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;

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
        }
        let derived =
            |model| (model, newest.and_then(|newest| catalog.cell(model, newest, accel)).unwrap_or_default() - given);
        let listed = qemu.lists.models.iter().filter(|known| qemu.has_model(known.model)).map(|known| match accel {
            Accel::Tcg => (known.model, known.tcg_blockers.iter().copied().collect()),
            Accel::Kvm => derived(known.model),
        });
        qemu.added_models().iter().map(|model| derived(*model)).chain(listed).collect()
    }
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
