//! Writes the part of a review that is no risk: new models and features, changes that affect no guest, other changes.

use super::super::format::{grouped, machines, names, qemus};
use super::{MOST_LINES, MOST_NAMES, ReviewText};
use crate::analysis::review::{Removed, What, Who};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::names::first_names;
use crate::domain::qemu::Accel;
use crate::domain::text::capital;

/// The most new models, and the most new features, that are named.
const MOST_NEW: usize = 20;
/// The most lines about features added to models.
const MOST_ADDED: usize = 4;

impl ReviewText<'_> {
    pub(super) fn not_met(&self) -> Vec<String> {
        let changes = &self.review.changes;
        let mut lines = Vec::new();
        if !changes.models_new.is_empty() {
            let names = changes.models_new.iter().map(|model| self.catalog.model_name(*model));
            lines.push(format!("New models ({}): {}.", changes.models_new.len(), first_names(names, MOST_NEW)));
        }
        if !changes.features_new.is_empty() {
            let names = changes.features_new.iter().map(|feature| self.catalog.feature_name(*feature));
            let many = changes.features_new.len();
            lines.push(format!("New features ({many}): {}.", first_names(names, MOST_NEW)));
        }
        lines.extend(self.no_return());
        let unmet = self.review.removed.iter().filter(|removed| removed.machines.is_empty());
        for ((feature, listed), models) in grouped(unmet.map(|one| ((one.feature, one.listed), one.model))) {
            let mark = if listed { "" } else { " without a mark" };
            lines.push(format!(
                "{} was removed{mark} from {}, where no tried QEMU enables it by default{}.",
                self.catalog.feature_name(feature),
                self.models(&models),
                self.unread_qemu()
            ));
        }
        fold(lines)
    }

    /// Which of the tried QEMU releases the facts do not have models of.
    fn unread_qemu(&self) -> String {
        let first = self.catalog.decisions().first_qemu;
        let any = self.review.qemu.iter().any(|qemu| *qemu < first);
        if any { format!("; the models of QEMU before {first} were not read") } else { String::new() }
    }

    /// Guests that have a new feature already, because libvirt or QEMU enables it for them.
    fn no_return(&self) -> Option<String> {
        let (mut hosts, mut models) = (0, Vec::new());
        for who in &self.review.no_return {
            match who {
                Who::HostModel(_) => hosts += 1,
                Who::Model(model, _) => models.push(*model),
            }
        }
        models.dedup();
        let mut who = Vec::new();
        if !models.is_empty() {
            who.push(format!("guests with {}", self.models(&models)));
        }
        if hosts > 0 {
            who.push(self.on_hosts(hosts));
        }
        let subject = if who.is_empty() { return None } else { who.join(", and ") };
        Some(format!(
            "A guest that has a new feature or model cannot migrate back to the old map. After a start with the new map these \
             can have one: {subject}."
        ))
    }

    pub(super) fn also_changed(&self, files: &[String]) -> Vec<String> {
        let changes = &self.review.changes;
        let mut lines: Vec<String> = files.to_vec();
        if !changes.models_gone.is_empty() {
            lines.push(format!("Models that are gone: {}.", self.models(&changes.models_gone)));
        }
        if !changes.features_gone.is_empty() {
            let names = names(self.catalog, changes.features_gone.iter().copied());
            lines.push(format!("Features that are no longer defined: {names}."));
        }
        lines.extend(self.still_enabled());
        for (one, other) in &changes.shared_bits {
            let [one, other] = [one, other].map(|feature| self.catalog.feature_name(*feature));
            lines.push(format!("{one} and {other} have a bit in common."));
        }
        for feature in &changes.several_bits {
            lines.push(format!("{} has more than one bit.", self.catalog.feature_name(*feature)));
        }
        let mut added = grouped(changes.added.iter().map(|(model, unmarked, marked)| ((unmarked, marked), *model)));
        // A change of every model at once is one line.
        if added.len() > MOST_ADDED && added.iter().all(|((unmarked, _), _)| unmarked.is_empty()) {
            let features = added.iter().flat_map(|((_, marked), _)| marked.iter().copied()).collect();
            let models: Vec<ModelId> = changes.added.iter().map(|(model, ..)| *model).collect();
            lines.push(format!(
                "Features marked as added in {} models, such as {}: {}.",
                models.len(),
                first_names(models.iter().take(2).map(|model| self.catalog.model_name(*model)), 2),
                self.features(features)
            ));
            added.clear();
        }
        for ((unmarked, marked), models) in added {
            let features = |features: &[FeatureId]| self.features(features.iter().copied().collect());
            let parts =
                [("", unmarked), ("marked as added: ", marked)].into_iter().filter(|(_, list)| !list.is_empty());
            let parts: Vec<String> = parts.map(|(word, list)| format!("{word}{}", features(list))).collect();
            lines.push(format!("Features added to {}: {}.", self.models(&models), parts.join("; ")));
        }
        for ((mark, features), models) in
            grouped(changes.marks.iter().map(|(model, mark, list)| ((mark, list), *model)))
        {
            let features = self.features(features.iter().copied().collect());
            lines.push(format!("Features {} in {}: {features}.", mark.name(), self.models(&models)));
        }
        let other = changes.other.iter().map(|one| ((one.what, &*one.before, &*one.after), &*one.name));
        for ((what, before, after), who) in grouped(other) {
            let names = first_names(who, MOST_NAMES);
            lines.push(format!("{}, {names}: {}.", capital(what.name()), difference(what, before, after)));
        }
        if changes.reordered {
            lines.push("The features are in another order, which reorders the lists in libvirt's messages.".to_owned());
        }
        fold(lines)
    }

    /// Features that were removed from models in which QEMU still enables them.
    fn still_enabled(&self) -> Vec<String> {
        let met = self.review.removed.iter().filter(|removed| !removed.machines.is_empty());
        let key = |one: &Removed| Removed { model: ModelId(0), ..one.clone() };
        let one = |(removed, models): (Removed, Vec<ModelId>)| {
            let mark = if removed.listed { "" } else { " without a mark" };
            let only = if removed.accels == [Accel::Tcg] { ", only under TCG," } else { "" };
            let enable = if removed.qemu.len() == 1 { "enables" } else { "enable" };
            format!(
                "{} was removed{mark} from {}, where QEMU {} {enable} it{only} with {}.",
                self.catalog.feature_name(removed.feature),
                self.models(&models),
                qemus(self.catalog, &removed.qemu),
                machines(self.catalog, &removed.machines)
            )
        };
        grouped(met.map(|one| (key(one), one.model))).into_iter().map(one).collect()
    }
}

/// Keeps the first lines and counts the rest.
fn fold(mut lines: Vec<String>) -> Vec<String> {
    const MOST: usize = MOST_LINES + 4;
    if lines.len() > MOST {
        let rest = lines.len() - (MOST - 1);
        lines.truncate(MOST - 1);
        lines.push(format!("{rest} more; --format json lists all."));
    }
    lines
}

/// Says what a change is: of signatures only what came and went, of the rest both values.
fn difference(what: What, before: &str, after: &str) -> String {
    if what != What::Signatures || before.is_empty() || after.is_empty() {
        let [before, after] = [before, after].map(|text| if text.is_empty() { "none" } else { text });
        return format!("{after} instead of {before}");
    }
    let only = |one: &str, other: &str, sign: &str| -> Vec<String> {
        let known: Vec<&str> = other.split(' ').collect();
        one.split(' ').filter(|part| !known.contains(part)).map(|part| format!("{sign} {part}")).collect()
    };
    let mut parts = only(after, before, "added");
    parts.extend(only(before, after, "removed"));
    if parts.is_empty() { "in another order".to_owned() } else { parts.join(", ") }
}
