//! Writes the differences between two maps or two models.

use super::format::{json, list, names, qemus};
use crate::analysis::diff::guest_outcomes::GuestOutcome;
use crate::analysis::diff::{Effect, Effects, MapDiff, ModelDiff, Why};
use crate::domain::catalog::{Catalog, LibvirtId, ReleaseMap};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::names::{and_list, first_names};
use crate::domain::scenario::{Release, write_release};
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
pub(crate) fn diff_text(catalog: &Catalog, diff: &MapDiff, effects: &Effects, given: &[Release]) -> String {
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
    for effect in &effects.directions {
        let _ = writeln!(out);
        wrapped(&mut out, &format!("{}: ", effect.direction.name()), &effect_text(catalog, effect));
    }
    if !diff.features_new.is_empty() || !diff.models_new.is_empty() {
        wrapped(&mut out, "", "A guest that has a new feature or model cannot migrate back.");
    }
    out.push('\n');
    for sentence in tried(catalog, effects, given) {
        wrapped(&mut out, "", &sentence);
    }
    out
}

/// Returns which of the tried guests have a worse outcome, and the worst one.
fn effect_text(catalog: &Catalog, effect: &Effect) -> String {
    let (models, hosts) = (effect.models(), effect.hosts());
    let mut who: Vec<String> = (!models.is_empty()).then(|| model_names(catalog, &models)).into_iter().collect();
    if !hosts.is_empty() {
        let names = hosts.iter().map(|host| &*catalog.host(*host).name);
        who.push(format!("host-model on {}", first_names(names, MOST_HOSTS)));
    }
    if who.is_empty() {
        return "no guest that was tried has a worse outcome than within the first release".to_owned();
    }
    format!("{} at worst: {}", effect.worst().name(), who.join("; "))
}

/// The most hosts that are named.
const MOST_HOSTS: usize = 6;

/// Says which guests were tried, and what has no part in the comparison of two maps.
fn tried(catalog: &Catalog, effects: &Effects, given: &[Release]) -> Vec<String> {
    let host_models = match effects.only {
        Some(_) => String::new(),
        None => format!(", and host-model on {} hosts", catalog.hosts().len()),
    };
    let mut sentences = vec![
        format!(
            "Tried: guests with one thread in each socket that name no feature, vmx, svm or one that differs, under TCG and \
             on a KVM host that supports every feature{host_models}."
        ),
        format!(
            "Only the maps differ: libvirt behaves as {} with both, and source and destination have the same QEMU, {}.",
            catalog.release(effects.like).name,
            qemus(catalog, &effects.qemu)
        ),
    ];
    if effects.undecided > 0 {
        sentences.push(format!("{} host-model guests were not decided.", effects.undecided));
    }
    let names: Vec<String> = given.iter().map(|release| write_release(catalog, release)).collect();
    if !names.is_empty() {
        let guest = effects.only.map_or("GUEST", |model| catalog.model_name(model));
        let command = match names.as_slice() {
            [from, to] => format!("check {guest} --from {from} --to {to}"),
            _ => "check".to_owned(),
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        sentences.push(format!(
            "The QEMU and the packages of {} were not tried: {command} decides with them.",
            and_list(&names)
        ));
    }
    sentences.push(
        "Other topologies and hosts were not tried: check --topology and check --host decide with them.".to_owned(),
    );
    sentences
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
pub(crate) fn diff_json(catalog: &Catalog, diff: &MapDiff, effects: &Effects, given: &[Release]) -> String {
    let names = |models: &[ModelId]| models.iter().map(|m| catalog.model_name(*m).to_owned()).collect::<Vec<_>>();
    let models: Vec<serde_json::Value> = diff
        .models
        .iter()
        .map(
            |model| serde_json::json!({ "model": catalog.model_name(model.model), "differs": differs(catalog, model) }),
        )
        .collect();
    let directions: Vec<serde_json::Value> = effects
        .directions
        .iter()
        .map(|effect| {
            serde_json::json!({
                "direction": effect.direction.name(),
                "worst": effect.worst().name(),
                "models": names(&effect.models()),
                "hosts": effect.hosts().iter().map(|host| &*catalog.host(*host).name).collect::<Vec<_>>(),
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
        "effects": directions,
        "tried": tried(catalog, effects, given),
    }))
}
