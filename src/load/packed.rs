//! Defines the form in which the build script packs the facts into the program; shared parts are stored once.

use crate::domain::catalog::Parts;
use crate::domain::feature::FeatureId;
use crate::domain::map::{FeatureDefinition, ModelDefinition};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The parts of a catalog, and what they share.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) struct Packed {
    /// The parts, without the following.
    pub(crate) parts: Parts,
    /// Every definition of a feature, and for each map the places of its own among them.
    pub(crate) features: (Vec<Arc<FeatureDefinition>>, Vec<Vec<u16>>),
    /// Every definition of a model, and for each map, by the model's number, the place of its own among them.
    pub(crate) models: (Vec<Arc<ModelDefinition>>, Vec<Vec<Option<u16>>>),
    /// Every list of features that keep a model from running under TCG, and for each QEMU release the places of its models'.
    pub(crate) blockers: (Vec<Arc<[FeatureId]>>, Vec<Vec<u16>>),
}

impl Packed {
    /// Returns the parts with everything in its place.
    pub(crate) fn unpack(self) -> Parts {
        let Self { mut parts, features: (features, of_maps), models: (models, models_of_maps), blockers } = self;
        let feature = |index: u16| features.get(usize::from(index)).cloned();
        let model = |index: Option<u16>| models.get(usize::from(index?)).cloned();
        for ((map, features), models) in parts.maps.iter_mut().zip(of_maps).zip(models_of_maps) {
            map.features = features.into_iter().filter_map(feature).collect();
            map.models = models.into_iter().map(model).collect();
        }
        for (release, places) in parts.qemu.iter_mut().zip(blockers.1) {
            for (model, index) in release.models.iter_mut().zip(places) {
                model.tcg_blockers = blockers.0.get(usize::from(index)).cloned().unwrap_or_default();
            }
        }
        parts
    }
}
