//! Writes what differs between two maps or two models.

use super::words::{json, list, names};
use crate::domain::catalog::Catalog;
use crate::domain::map::ModelId;
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use crate::study::diff::{Effect, MapDiff, ModelDiff};
use std::fmt::Write;

fn model_names(catalog: &Catalog, models: &[ModelId]) -> String {
    models.iter().map(|model| catalog.model_name(*model)).collect::<Vec<_>>().join(", ")
}

/// Returns the difference of two maps as text, with what it does to guests.
pub fn diff_text(catalog: &Catalog, diff: &MapDiff, effects: &[Effect]) -> String {
    let name = |id| &*catalog.release(id).name;
    let mut out = format!("{} and {}\n", name(diff.old), name(diff.new));
    for (word, features) in [("Features gone: ", &diff.features_gone), ("Features new: ", &diff.features_new)] {
        if !features.is_empty() {
            wrapped(&mut out, word, &names(catalog, features.iter().copied()));
        }
    }
    if diff.order {
        out.push_str("The features both know stand in another order.\n");
    }
    for (word, models) in [("Models gone: ", &diff.models_gone), ("Models new: ", &diff.models_new)] {
        if !models.is_empty() {
            wrapped(&mut out, word, &model_names(catalog, models));
        }
    }
    for model in &diff.models {
        out.push('\n');
        out.push_str(&models_text(catalog, model));
    }
    for effect in effects {
        let mut models: Vec<ModelId> = effect.findings.iter().map(|finding| finding.model).collect();
        models.sort_unstable();
        models.dedup();
        let what = if models.is_empty() {
            "no guest fares worse than within the first".to_owned()
        } else {
            format!("{} at worst: {}", effect.worst.name(), model_names(catalog, &models))
        };
        let _ = writeln!(out);
        wrapped(&mut out, &format!("{}: ", effect.direction.name()), &what);
    }
    out
}

/// Returns the difference of two models as text.
pub fn models_text(catalog: &Catalog, diff: &ModelDiff) -> String {
    let mut out = String::new();
    let (one, other) = (catalog.model_name(diff.model), catalog.model_name(diff.other));
    let _ = if one == other { writeln!(out, "{one}") } else { writeln!(out, "{one} and {other}") };
    for (why, features) in &diff.groups {
        wrapped(&mut out, &format!("  {}: ", why.name()), &names(catalog, features.iter().copied()));
    }
    if diff.partial_check {
        out.push_str("  another partial check\n");
    }
    out
}

/// Returns the difference of two maps as JSON.
pub fn diff_json(catalog: &Catalog, diff: &MapDiff, effects: &[Effect]) -> String {
    let names = |models: &[ModelId]| models.iter().map(|m| catalog.model_name(*m).to_owned()).collect::<Vec<_>>();
    let models: Vec<serde_json::Value> = diff
        .models
        .iter()
        .map(|model| {
            let groups: serde_json::Map<String, serde_json::Value> = model
                .groups
                .iter()
                .map(|(why, features)| (why.name().to_owned(), list(catalog, features.iter().copied())))
                .collect();
            serde_json::json!({ "model": catalog.model_name(model.model), "differs": groups })
        })
        .collect();
    let effects: Vec<serde_json::Value> = effects
        .iter()
        .map(|effect| {
            let mut models: Vec<ModelId> = effect.findings.iter().map(|finding| finding.model).collect();
            models.sort_unstable();
            models.dedup();
            serde_json::json!({
                "direction": effect.direction.name(),
                "worst": effect.worst.name(),
                "models": names(&models),
            })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "old": catalog.release(diff.old).name,
        "new": catalog.release(diff.new).name,
        "features_gone": list(catalog, diff.features_gone.iter().copied()),
        "features_new": list(catalog, diff.features_new.iter().copied()),
        "reordered": diff.order,
        "models_gone": names(&diff.models_gone),
        "models_new": names(&diff.models_new),
        "models": models,
        "effects": effects,
    }))
}
