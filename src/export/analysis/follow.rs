//! Writes the state of one feature at each of the ten stages.

use super::format::json;
use crate::analysis::follow::{By, Comparison, Lane, Seen, State};
use crate::analysis::history::Membership;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::export::SCHEMA;
use std::fmt::Write;

/// Returns the name of a state.
pub fn state_word(state: State) -> &'static str {
    match state {
        State::InModel => "in the model",
        State::Silent => "not mentioned",
        State::Mention(policy) => policy.name(),
        State::NoModel => "no model",
        State::UnknownToMap => "unknown to the map",
        State::Unmentioned => "not in -cpu",
        State::Flag(true) => "=on",
        State::Flag(false) => "=off",
        State::On => "on",
        State::Off => "off",
        State::Unavailable => "unavailable",
        State::Agrees => "agrees",
        State::Extra => "EXTRA",
        State::Missing => "MISSING",
        State::NotCompared => "not compared",
        State::Kept => "kept",
        State::Lost => "LOST",
        State::Gained => "GAINED",
        State::Stays => "guest stays",
        State::Refused => "REFUSED",
        State::NotReached => "not reached",
        State::Unknown => "unknown",
    }
}

/// Returns what a lane says where source and destination part.
pub(crate) fn parting_text(lane: Lane) -> &'static str {
    match lane {
        Lane::Text => "libvirt wrote this here",
        Lane::Map => "the CPU maps differ",
        Lane::Qemu => "the QEMUs differ",
        Lane::Guest => "the guest's CPU differs",
        Lane::Compared => "",
    }
}

/// Returns what is written, in one word.
#[expect(clippy::wildcard_enum_match_arm, reason = "only these states are about what is written")]
pub(crate) fn mention_word(state: State) -> &'static str {
    match state {
        State::Mention(policy) => policy.name(),
        State::Flag(true) => "on",
        State::Flag(false) => "off",
        _ => "none",
    }
}

/// Returns what a CPU map has, in one or two words.
pub(crate) fn map_word(membership: Membership) -> &'static str {
    match membership {
        Membership::NoModel => "no model",
        Membership::Unknown => "unknown",
        Membership::Absent => "not in",
        Membership::Has => "has it",
        Membership::Removed => "removed",
        Membership::Added => "added",
    }
}

/// Returns the result of a comparison, in one or two words.
#[expect(clippy::wildcard_enum_match_arm, reason = "the full check's states have their own words")]
pub(crate) fn comparison_text(compared: Comparison) -> String {
    match compared.result {
        State::Unmentioned => "adds nothing".to_owned(),
        State::Mention(policy) => format!("adds {}", policy.name()),
        other => state_word(other).to_owned(),
    }
}

/// Returns the name of what decided a state.
pub fn origin_text(by: By) -> String {
    match by {
        By::Map => "CPU map".to_owned(),
        By::Written(by) => by.name().to_owned(),
        By::Qemu(origin) => format!("QEMU: {}", origin.name()),
        By::Rule(rule) => format!("rule {}", rule.name()),
    }
}

/// Returns a table with a line for each stage; `*` marks a stage that changed the feature.
pub(crate) fn follow_text(catalog: &Catalog, scenario: &Scenario, feature: FeatureId, seen: &[Seen]) -> String {
    let mut out = format!("{}\n{}\n\n", scenario.link(catalog), catalog.feature_name(feature));
    for (number, seen) in seen.iter().enumerate() {
        let mark = if seen.changed { '*' } else { ' ' };
        let by = seen.by.map(origin_text).unwrap_or_default();
        let line = format!("{:>2}{mark} {:<16} {:<19} {by}", number + 1, seen.step.name(), state_word(seen.state));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if seen.iter().any(|seen| seen.changed) {
        out.push_str("\n*  this stage changed whether the feature is enabled\n");
    }
    out
}

/// Returns the stages as JSON.
pub(crate) fn follow_json(catalog: &Catalog, scenario: &Scenario, feature: FeatureId, seen: &[Seen]) -> String {
    let stages: Vec<serde_json::Value> = seen
        .iter()
        .map(|seen| {
            serde_json::json!({
                "stage": seen.step.name(),
                "state": state_word(seen.state),
                "by": seen.by.map(origin_text),
                "changed": seen.changed,
            })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "scenario": scenario.link(catalog),
        "feature": catalog.feature_name(feature),
        "stages": stages,
    }))
}
