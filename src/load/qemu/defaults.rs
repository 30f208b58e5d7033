//! Parses the features that each model enables under each machine type and accelerator.

use super::super::error::LoadError;
use super::super::notation::{self, MachineFamilies};
use super::super::xml::{Document, Element};
use crate::domain::catalog::Parts;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::names::Names;
use crate::domain::qemu::{Accel, MachineId, MachineSet, ModelDefaults, QemuDefaults};
use foldhash::HashMap;

/// How many machine types a [`MachineSet`] holds.
const MOST_MACHINES: usize = 128;

/// Reads every `<cells>` into `parts`; names are known already.
pub(super) fn read(document: &Document<'_>, parts: &mut Parts) -> Result<(), LoadError> {
    let mut cells = QemuDefaults::default();
    for element in document.root.children_named("machine").filter(|element| element.get("defaults") == Some("yes")) {
        cells.machines.extend(parts.machines.get(document.need(element, "name")?).map(MachineId));
        if cells.machines.len() > MOST_MACHINES {
            return Err(document.error(element, "expected at most 128 machine types with cells, found one more"));
        }
    }
    let families = MachineFamilies::new(&parts.machines, &cells.machines);
    let mut reader =
        Reader { document, features: &parts.features, models: &parts.models, families, sets: HashMap::default() };
    for element in document.root.children_named("defaults") {
        let (model, both) = reader.model(element, &cells)?;
        let index = usize::from(model.0);
        cells.models.resize(cells.models.len().max(index + 1), None);
        cells.models[index] = Some(both);
    }
    parts.qemu_defaults = cells;
    Ok(())
}

struct Reader<'e, 'a> {
    document: &'e Document<'a>,
    features: &'e Names,
    models: &'e Names,
    families: MachineFamilies,
    /// The machine sets read so far, by their text: few differ.
    sets: HashMap<&'e str, MachineSet>,
}

impl<'e> Reader<'e, '_> {
    fn model(
        &mut self,
        element: &'e Element<'_>,
        cells: &QemuDefaults,
    ) -> Result<(ModelId, (ModelDefaults, ModelDefaults)), LoadError> {
        let name = self.document.need(element, "model")?;
        let model = self.lookup(element, name)?;
        let mut kvm = ModelDefaults::default();
        let mut tcg = ModelDefaults::default();
        if let Some(child) = element.child("kvm") {
            kvm = self.accel(child, cells, Accel::Kvm, &kvm)?;
        }
        if let Some(child) = element.child("tcg") {
            tcg = self.accel(child, cells, Accel::Tcg, &kvm)?;
        }
        for child in element.children_named("on") {
            let only_on = self.only_on(child)?;
            kvm.only_on.extend(only_on.iter().copied());
            tcg.only_on.extend(only_on);
        }
        for half in [&mut kvm, &mut tcg] {
            half.only_on.sort_unstable_by_key(|(feature, _)| *feature);
        }
        Ok((model, (kvm, tcg)))
    }

    fn lookup(&self, element: &Element<'_>, name: &str) -> Result<ModelId, LoadError> {
        let error = || self.document.error(element, format!("expected the name of a model, found {name:?}"));
        self.models.get(name).map(ModelId).ok_or_else(error)
    }

    fn accel(
        &mut self,
        element: &'e Element<'_>,
        cells: &QemuDefaults,
        accel: Accel,
        kvm: &ModelDefaults,
    ) -> Result<ModelDefaults, LoadError> {
        let start = match element.get("like") {
            None => FeatureSet::EMPTY,
            Some("kvm") => kvm.always,
            Some(name) => {
                let error = || self.document.error(element, format!("expected a model written before, found {name:?}"));
                cells.of(self.lookup(element, name)?, accel).ok_or_else(error)?.always
            }
        };
        let always =
            notation::apply(start, element.words(), self.features).map_err(|word| self.unknown(element, word))?;
        let mut only_on = Vec::new();
        for child in element.children_named("on") {
            only_on.extend(self.only_on(child)?);
        }
        Ok(ModelDefaults { always, only_on })
    }

    fn only_on(&mut self, element: &'e Element<'_>) -> Result<Vec<(FeatureId, MachineSet)>, LoadError> {
        let text = self.document.need(element, "machines")?;
        let set = if let Some(set) = self.sets.get(text) {
            *set
        } else {
            let set = self.families.read(text).map_err(|word| {
                let message = format!("expected machine types such as pc-q35-2.4..3.1, found {word:?}");
                self.document.error(element, message)
            })?;
            self.sets.insert(text, set);
            set
        };
        let ids = element.words().map(|word| match self.features.get(word) {
            Some(feature) => Ok((FeatureId(feature), set)),
            None => Err(self.unknown(element, word)),
        });
        ids.collect()
    }

    fn unknown(&self, element: &Element<'_>, word: &str) -> LoadError {
        self.document.error(element, format!("expected names of features, found {word:?}"))
    }
}
