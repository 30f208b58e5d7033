//! Writes the history of a model or a feature.

use super::format::{json, list, machines, names};
use crate::analysis::history::{Change, FeatureHistory, Membership, ModelHistory, Segment, TurnedOn};
use crate::domain::catalog::{Catalog, LibvirtId, LibvirtRelease, Provenance};
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

/// Returns what changed in a model, as text, separated by semicolons.
fn change_text(catalog: &Catalog, change: &Change) -> String {
    parts(catalog, change).join("; ")
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

fn parts(catalog: &Catalog, change: &Change) -> Vec<String> {
    let mut said = Vec::new();
    if change.came {
        said.push("model added".to_owned());
    }
    if change.went {
        said.push("model removed".to_owned());
    }
    if let Some(ancestor) = change.copied_from {
        said.push(format!("a copy of {}", catalog.model_name(ancestor)));
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
        wrapped(&mut out, &format!("  {}", pad(since, columns)), &change_text(catalog, &step.change));
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
                "copied_from": change.copied_from.map(|model| catalog.model_name(model)),
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
        "in_qemu": history.in_qemu.map(|version| version.to_string()),
        "models": models,
        "turned_on": turned_on,
    }))
}
