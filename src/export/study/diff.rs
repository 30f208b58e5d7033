//! Writes what differs between two maps or two models.

use super::words::{json, list, names};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use crate::study::diff::fares::Fare;
use crate::study::diff::{Effect, MapDiff, ModelDiff, Why};
use std::fmt::Write;

/// Returns the names of models, separated by commas.
pub fn model_names(catalog: &Catalog, models: &[ModelId]) -> String {
    models.iter().map(|model| catalog.model_name(*model)).collect::<Vec<_>>().join(", ")
}

/// Returns the names of features, separated by commas.
pub fn feature_names(catalog: &Catalog, features: &[FeatureId]) -> String {
    names(catalog, features.iter().copied())
}

/// Returns in one sentence why a difference matters to a migration from left to right.
pub const fn why_words(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => {
            "It left the model, and the right map says so: what an incoming guest is given that says nothing of it is the \
             regime's choice."
        }
        Why::RemovedUnlisted => {
            "It left the model without a mark: for an incoming guest that says nothing of it nothing is written."
        }
        Why::AddedMarked => {
            "It is marked as added: QEMU always gave it, so the full check overlooks it in a guest that says nothing of it."
        }
        Why::NewUnmarked => "It came into the model without a mark: a guest from the left never said that it is off.",
        Why::Unknown => "The right map does not know it at all: a guest that names it is refused there.",
    }
}

/// Returns how the features of two models fall into groups.
pub const fn model_group(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => "the right marks it removed",
        Why::RemovedUnlisted | Why::Unknown => "only the left has it",
        Why::AddedMarked => "the right marks it added",
        Why::NewUnmarked => "only the right has it",
    }
}

/// Returns in one sentence what the difference between two models does to a guest whose model is changed.
pub const fn model_words(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => {
            "The right model had it once: a guest changed from left to right loses it at its next start."
        }
        Why::RemovedUnlisted | Why::Unknown => {
            "A guest changed from the left model to the right loses it at its next start."
        }
        Why::AddedMarked => "QEMU always gave it to the right model, without the map saying so.",
        Why::NewUnmarked => "A guest changed from the left model to the right gains it at its next start.",
    }
}

/// Returns how one guest fares, in a few words: `aborted (T7)`; of one that never starts, that it does not.
pub fn fare_words(fare: Option<&Fare>) -> String {
    let Some(fare) = fare else { return "does not start".to_owned() };
    // The rule of another feature's trouble would mislead.
    let rule = fare.glance.rule.filter(|_| fare.verdict() == fare.glance.verdict);
    let rule = rule.map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
    format!("{}{rule}", fare.verdict().name())
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
