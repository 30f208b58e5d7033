//! Writes the differences between two maps or two models.

use super::format::{json, list, names};
use crate::analysis::diff::guest_outcomes::GuestOutcome;
use crate::analysis::diff::{Effect, MapDiff, ModelDiff, Why};
use crate::analysis::review::Finding;
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::explain::stated_rule;
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use crate::resolve::Verdict;
use std::fmt::Write;

/// Returns the names of models, separated by commas.
pub(crate) fn model_names(catalog: &Catalog, models: &[ModelId]) -> String {
    models.iter().map(|model| catalog.model_name(*model)).collect::<Vec<_>>().join(", ")
}

/// Returns the names of features, separated by commas.
pub(crate) fn feature_names(catalog: &Catalog, features: &[FeatureId]) -> String {
    names(catalog, features.iter().copied())
}

/// Returns in one sentence why a difference matters to a migration from left to right.
pub(crate) const fn reason_text(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => {
            "Removed from the model and marked removed='yes'. The destination's setting for removed features on incoming \
             decides whether a guest that does not mention the feature has it."
        }
        Why::RemovedUnlisted => {
            "Removed from the model without a mark: libvirt adds nothing to an incoming definition that does not mention \
             the feature."
        }
        Why::AddedMarked => {
            "Marked added='yes': QEMU always enabled the feature, so the full check ignores it if the definition does not \
             mention it."
        }
        Why::NewUnmarked => "Added to the model without a mark: definitions from the left do not disable the feature.",
        Why::Unknown => "The right map does not define the feature, and refuses a guest that names it.",
    }
}

/// Returns how the features of two models fall into groups.
pub(crate) const fn model_group(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => "marked removed in the right model",
        Why::RemovedUnlisted | Why::Unknown => "only in the left model",
        Why::AddedMarked => "marked added in the right model",
        Why::NewUnmarked => "only in the right model",
    }
}

/// Returns in one sentence what the difference between two models does to a guest whose model is changed.
pub(crate) const fn model_text(why: Why) -> &'static str {
    match why {
        Why::RemovedListed => {
            "Removed from the right model: a guest changed from left to right loses the feature at its next start."
        }
        Why::RemovedUnlisted | Why::Unknown => {
            "A guest changed from the left model to the right loses the feature at its next start."
        }
        Why::AddedMarked => "QEMU always enabled the feature in the right model, although the map did not have it.",
        Why::NewUnmarked => "A guest changed from the left model to the right gains the feature at its next start.",
    }
}

/// Returns how one guest fares, in a few words: `aborted (T7)`; `None` is one that no machine type starts.
pub(crate) fn outcome_text(outcome: Option<&GuestOutcome>) -> String {
    let Some(outcome) = outcome else { return Verdict::StartRefused.name().to_owned() };
    // The rule of another feature's trouble would mislead.
    let rule = outcome.outcome.rule.filter(|_| outcome.verdict() == outcome.outcome.verdict);
    let rule = stated_rule(outcome.verdict(), rule);
    let rule = rule.map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
    format!("{}{rule}", outcome.verdict().name())
}

/// Returns the difference of two maps as text, with what it does to guests.
pub(crate) fn diff_text(catalog: &Catalog, diff: &MapDiff, effects: &[Effect]) -> String {
    let name = |id| &*catalog.release(id).name;
    let mut out = format!("{} and {}\n", name(diff.old), name(diff.new));
    for (release, lower) in [diff.old, diff.new].into_iter().filter_map(|id| Some((id, stand_in(catalog, id)?))) {
        let (release, lower) = (name(release), name(lower));
        let caution =
            format!("no CPU map of {release} was read; the map of {lower} is used, with the changes that are dated");
        wrapped(&mut out, "Caution: ", &caution);
    }
    for (word, features) in [("Features removed: ", &diff.features_gone), ("Features added: ", &diff.features_new)] {
        if !features.is_empty() {
            wrapped(&mut out, word, &names(catalog, features.iter().copied()));
        }
    }
    if diff.order {
        out.push_str("The common features are in a different order.\n");
    }
    for (word, models) in [("Models removed: ", &diff.models_gone), ("Models added: ", &diff.models_new)] {
        if !models.is_empty() {
            wrapped(&mut out, word, &model_names(catalog, models));
        }
    }
    for model in &diff.models {
        let _ = writeln!(out, "\n{}", catalog.model_name(model.model));
        groups(&mut out, catalog, model, |why| why.name().to_owned());
    }
    for effect in effects {
        let mut models: Vec<ModelId> = effect.findings.iter().filter_map(Finding::model).collect();
        models.sort_unstable();
        models.dedup();
        let what = if models.is_empty() {
            "no guest has a worse outcome than within the first release".to_owned()
        } else {
            format!("{} at worst: {}", effect.worst.name(), model_names(catalog, &models))
        };
        let _ = writeln!(out);
        wrapped(&mut out, &format!("{}: ", effect.direction.name()), &what);
    }
    if !diff.features_new.is_empty() || !diff.models_new.is_empty() {
        wrapped(&mut out, "", "A guest that has a new feature or model cannot migrate back.");
    }
    out
}

/// The release whose map is used instead of one that was not read.
fn stand_in(catalog: &Catalog, id: LibvirtId) -> Option<LibvirtId> {
    match catalog.release(id).map {
        ReleaseMap::Between { lower, .. } => Some(lower.0),
        ReleaseMap::Exact(_) => None,
    }
}

fn groups(out: &mut String, catalog: &Catalog, diff: &ModelDiff, group: impl Fn(Why) -> String) {
    for (why, features) in &diff.groups {
        wrapped(out, &format!("  {}: ", group(*why)), &names(catalog, features.iter().copied()));
    }
    if diff.partial_check {
        out.push_str("  the partial check differs\n");
    }
}

/// Returns the difference of two models of one release's map as text; `None` means no difference.
pub(crate) fn models_text(
    catalog: &Catalog,
    release: LibvirtId,
    (one, other): (ModelId, ModelId),
    diff: Option<&ModelDiff>,
) -> String {
    let (one, other) = (catalog.model_name(one), catalog.model_name(other));
    let mut out = format!("{one} and {other} in the map of libvirt {}\n", catalog.release(release).name);
    match diff {
        Some(diff) => {
            groups(&mut out, catalog, diff, |why| {
                model_group(why).replace("the left", one).replace("the right", other)
            });
        }
        None => out.push_str("  no difference\n"),
    }
    out
}

/// Returns the same as JSON.
pub(crate) fn models_json(
    catalog: &Catalog,
    release: LibvirtId,
    (one, other): (ModelId, ModelId),
    diff: Option<&ModelDiff>,
) -> String {
    json(&serde_json::json!({
        "schema": SCHEMA,
        "release": catalog.release(release).name,
        "model": catalog.model_name(one),
        "other": catalog.model_name(other),
        "differs": diff.map(|diff| differs(catalog, diff)).unwrap_or_default(),
        "another_partial_check": diff.is_some_and(|diff| diff.partial_check),
    }))
}

fn differs(catalog: &Catalog, diff: &ModelDiff) -> serde_json::Map<String, serde_json::Value> {
    let groups = diff.groups.iter();
    groups.map(|(why, features)| (why.name().to_owned(), list(catalog, features.iter().copied()))).collect()
}

/// Returns the difference of two maps as JSON.
pub(crate) fn diff_json(catalog: &Catalog, diff: &MapDiff, effects: &[Effect]) -> String {
    let names = |models: &[ModelId]| models.iter().map(|m| catalog.model_name(*m).to_owned()).collect::<Vec<_>>();
    let models: Vec<serde_json::Value> = diff
        .models
        .iter()
        .map(
            |model| serde_json::json!({ "model": catalog.model_name(model.model), "differs": differs(catalog, model) }),
        )
        .collect();
    let effects: Vec<serde_json::Value> = effects
        .iter()
        .map(|effect| {
            let mut models: Vec<ModelId> = effect.findings.iter().filter_map(Finding::model).collect();
            models.sort_unstable();
            models.dedup();
            serde_json::json!({
                "direction": effect.direction.name(),
                "worst": effect.worst.name(),
                "models": names(&models),
            })
        })
        .collect();
    let not_read = [diff.old, diff.new].into_iter().filter(|id| stand_in(catalog, *id).is_some());
    let not_read: Vec<&str> = not_read.map(|id| &*catalog.release(id).name).collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "old": catalog.release(diff.old).name,
        "new": catalog.release(diff.new).name,
        "not_read": not_read,
        "features_gone": list(catalog, diff.features_gone.iter().copied()),
        "features_new": list(catalog, diff.features_new.iter().copied()),
        "reordered": diff.order,
        "models_gone": names(&diff.models_gone),
        "models_new": names(&diff.models_new),
        "models": models,
        "effects": effects,
    }))
}
