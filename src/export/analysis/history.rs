//! Writes the history of a model or a feature.

use super::format::{json, list, machines, names};
use crate::analysis::history::{
    AddedMap, BuiltOn, Change, FeatureHistory, Membership, ModelHistory, ModelStep, Segment, TurnedOn,
};
use crate::analysis::space::is_published;
use crate::domain::catalog::{Catalog, LibvirtId, LibvirtRelease, Provenance};
use crate::domain::map::ModelId;
use crate::domain::names::and_list;
use crate::domain::text::{pad, width};
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use std::fmt::Write;

fn release(catalog: &Catalog, id: LibvirtId) -> &str {
    &catalog.release(id).name
}

/// Returns between which releases no map was read, if something changed after `after` and at `since` at the latest.
pub(crate) fn unread_text(catalog: &Catalog, after: Option<LibvirtId>, since: LibvirtId) -> Option<String> {
    let (after, by) = (catalog.release(after?), catalog.release(since));
    let is_between = |known: &&LibvirtRelease| {
        known.provenance == Provenance::Published && after.version < known.version && known.version < by.version
    };
    catalog.libvirt_releases().iter().find(is_between)?;
    Some(format!("No CPU map between {} and {} was read, so it may be an earlier release.", after.name, by.name))
}

/// Returns when something changed: the release where it was read, and `after A, by B` where no map of the releases between
/// was read.
fn since_text(catalog: &Catalog, after: Option<LibvirtId>, since: LibvirtId) -> String {
    let by = release(catalog, since);
    match after.filter(|_| unread_text(catalog, after, since).is_some()) {
        Some(after) => format!("after {}, by {by}", release(catalog, after)),
        None => by.to_owned(),
    }
}

/// Returns what changed in a model, as text, separated by semicolons. An added map says with what it is compared.
fn change_text(catalog: &Catalog, step: &ModelStep) -> String {
    let text = parts(catalog, &step.change).join("; ");
    let after = step.after.filter(|_| !is_published(catalog, step.since));
    let Some(after) = after else { return text };
    let text = if text.is_empty() { "no difference" } else { &text };
    format!("compared with {}: {text}", release(catalog, after))
}

/// Returns what an added map changes in a feature.
fn added_text(catalog: &Catalog, added: &AddedMap) -> String {
    let change = |(model, before, now): &(ModelId, Membership, Membership)| {
        format!("{}: {}, was {}", catalog.model_name(*model), now.name(), before.name())
    };
    let known = (!added.known).then(|| "does not define it".to_owned());
    let said: Vec<String> = known.into_iter().chain(added.models.iter().map(change)).collect();
    if said.is_empty() { "no difference".to_owned() } else { said.join("; ") }
}

/// Returns what a feature was to a model, as text, separated by semicolons.
pub(crate) fn membership_text(catalog: &Catalog, segments: &[Segment<Membership>]) -> String {
    let said = told(segments).map(|segment| format!("{} {}", segment.state.name(), run(catalog, segment)));
    said.collect::<Vec<_>>().join("; ")
}

/// Returns under which accelerators and machine types QEMU turns a feature on.
pub(crate) fn enabled_by_text(catalog: &Catalog, on: &TurnedOn) -> String {
    let accels: Vec<&str> = on.accels.iter().map(|accel| accel.name()).collect();
    let machines = on.machines.as_ref().map_or("every machine type".to_owned(), |some| machines(catalog, some));
    format!("{}; {machines}", and_list(&accels))
}

/// Returns on which model a definition builds, and how it differs from it.
pub(crate) fn built_on_text(catalog: &Catalog, on: &BuiltOn) -> String {
    let model = catalog.model_name(on.model);
    if on.is_copy() {
        return format!("a copy of {model}");
    }
    let mut text = format!("based on {model}");
    for (word, features) in [("adds", &on.adds), ("without", &on.lacks)] {
        if !features.is_empty() {
            let _ = write!(text, ", {word} {}", names(catalog, features.iter().copied()));
        }
    }
    text
}

fn parts(catalog: &Catalog, change: &Change) -> Vec<String> {
    let mut said = Vec::new();
    if change.came {
        said.push("model added".to_owned());
    }
    if change.went {
        said.push("model removed".to_owned());
    }
    if let Some(on) = &change.built_on {
        said.push(built_on_text(catalog, on));
    }
    for (word, features) in [
        ("gains", &change.gained),
        ("loses, marked removed:", &change.removed),
        ("loses without a mark:", &change.dropped),
        ("marks added:", &change.added),
        ("marks removed:", &change.marked),
    ] {
        if !features.is_empty() {
            said.push(format!("{word} {}", names(catalog, features.iter().copied())));
        }
    }
    if change.partial_check {
        said.push("changes the partial check".to_owned());
    }
    said
}

pub(crate) fn model_history_text(catalog: &Catalog, history: &ModelHistory) -> String {
    let mut out = format!("{}\n\nlibvirt:\n", catalog.model_name(history.model));
    if history.steps.is_empty() {
        out.push_str("  in no map\n");
    }
    let dates: Vec<String> = history.steps.iter().map(|step| since_text(catalog, step.after, step.since)).collect();
    let columns = dates.iter().map(|since| width(since)).max().unwrap_or_default() + 2;
    for (step, since) in history.steps.iter().zip(&dates) {
        wrapped(&mut out, &format!("  {}", pad(since, columns)), &change_text(catalog, step));
    }
    out.push_str("\nQEMU:\n");
    for (first, last) in &history.qemu {
        let _ = writeln!(out, "  {first} to {last}");
    }
    for (feature, on) in &history.machines {
        let text = format!("{} with {}", catalog.feature_name(*feature), machines(catalog, on));
        wrapped(&mut out, "  enables ", &text);
    }
    out
}

/// Returns the history of a model as JSON.
pub(crate) fn model_history_json(catalog: &Catalog, history: &ModelHistory) -> String {
    let steps: Vec<serde_json::Value> = history
        .steps
        .iter()
        .map(|step| {
            let change = &step.change;
            serde_json::json!({
                "since": release(catalog, step.since),
                "after": step.after.map(|id| release(catalog, id)),
                "came": change.came,
                "went": change.went,
                "built_on": change.built_on.as_ref().map(|on| serde_json::json!({
                    "model": catalog.model_name(on.model),
                    "adds": list(catalog, on.adds.iter().copied()),
                    "lacks": list(catalog, on.lacks.iter().copied()),
                })),
                "gained": list(catalog, change.gained.iter().copied()),
                "removed": list(catalog, change.removed.iter().copied()),
                "dropped": list(catalog, change.dropped.iter().copied()),
                "added": list(catalog, change.added.iter().copied()),
                "marked": list(catalog, change.marked.iter().copied()),
            })
        })
        .collect();
    let turned_on: Vec<serde_json::Value> = history
        .machines
        .iter()
        .map(|(feature, on)| {
            let machines: Vec<&str> = on.iter().map(|machine| catalog.machine_name(*machine)).collect();
            serde_json::json!({ "feature": catalog.feature_name(*feature), "machines": machines })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "model": catalog.model_name(history.model),
        "libvirt": steps,
        "qemu": history.qemu.iter().map(|(a, b)| [a.to_string(), b.to_string()]).collect::<Vec<_>>(),
        "machines": turned_on,
    }))
}

/// Returns from which release to which.
fn run<T>(catalog: &Catalog, segment: &Segment<T>) -> String {
    let (first, last) = (release(catalog, segment.first), release(catalog, segment.last));
    if first == last { first.to_owned() } else { format!("{first} to {last}") }
}

fn told(segments: &[Segment<Membership>]) -> impl Iterator<Item = &Segment<Membership>> {
    segments.iter().filter(|segment| !matches!(segment.state, Membership::NoModel | Membership::Unknown))
}

pub(crate) fn feature_history_text(catalog: &Catalog, history: &FeatureHistory) -> String {
    let mut out = format!("{}\n\n", catalog.feature_name(history.feature));
    let known: Vec<String> = history.known.iter().filter(|s| s.state).map(|s| run(catalog, s)).collect();
    let _ = if known.is_empty() {
        writeln!(out, "No libvirt CPU map defines it.")
    } else {
        writeln!(out, "Defined by libvirt: {}.", known.join(", "))
    };
    let _ = match history.in_qemu {
        Some(version) => writeln!(out, "QEMU accepts its name since {version}, as far as releases were asked."),
        None => writeln!(out, "No QEMU release that was asked accepts its name."),
    };
    if !history.models.is_empty() {
        out.push_str("\nIn libvirt's models:\n");
    }
    for (model, segments) in &history.models {
        wrapped(&mut out, &format!("  {}: ", catalog.model_name(*model)), &membership_text(catalog, segments));
    }
    if let (Some(newest), false) = (history.known.last(), history.added.is_empty()) {
        let _ = writeln!(out, "\nAdded maps, compared with {}:", release(catalog, newest.last));
    }
    for added in &history.added {
        wrapped(&mut out, &format!("  {}: ", release(catalog, added.map)), &added_text(catalog, added));
    }
    if !history.turned_on.is_empty() {
        out.push_str("\nEnabled by QEMU:\n");
    }
    for on in &history.turned_on {
        wrapped(&mut out, &format!("  {}: ", catalog.model_name(on.model)), &enabled_by_text(catalog, on));
    }
    out
}

/// Returns the history of a feature as JSON.
pub(crate) fn feature_history_json(catalog: &Catalog, history: &FeatureHistory) -> String {
    let models: Vec<serde_json::Value> = history
        .models
        .iter()
        .map(|(model, segments)| {
            let said: Vec<serde_json::Value> = told(segments)
                .map(|s| {
                    serde_json::json!({
                        "state": s.state.name(),
                        "first": release(catalog, s.first),
                        "last": release(catalog, s.last),
                    })
                })
                .collect();
            serde_json::json!({ "model": catalog.model_name(*model), "releases": said })
        })
        .collect();
    let turned_on: Vec<serde_json::Value> = history
        .turned_on
        .iter()
        .map(|on| {
            let machines = on
                .machines
                .as_ref()
                .map(|some| some.iter().map(|machine| catalog.machine_name(*machine)).collect::<Vec<_>>());
            serde_json::json!({
                "model": catalog.model_name(on.model),
                "accelerators": on.accels.iter().map(|accel| accel.name()).collect::<Vec<_>>(),
                "machines": machines,
            })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "feature": catalog.feature_name(history.feature),
        "known": history.known.iter().filter(|s| s.state)
            .map(|s| [release(catalog, s.first), release(catalog, s.last)]).collect::<Vec<_>>(),
        "added_maps": history.added.iter().map(|added| serde_json::json!({
            "map": release(catalog, added.map),
            "known": added.known,
            "models": added.models.iter().map(|(model, before, now)| serde_json::json!({
                "model": catalog.model_name(*model),
                "before": before.name(),
                "state": now.name(),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "in_qemu": history.in_qemu.map(|version| version.to_string()),
        "models": models,
        "turned_on": turned_on,
    }))
}
