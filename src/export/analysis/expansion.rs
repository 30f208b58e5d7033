//! Writes the CPU that libvirt puts in place of host-model, as text, `<cpu>` element or JSON, and why it chose the
//! model.

use super::format::{json, list, names};
use crate::analysis::host_models::SameExpansion;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::text::{pad, width};
use crate::export::report::wrapped;
use crate::export::{Around, SCHEMA, cpu_xml, expansion_argument};
use crate::resolve::host_model::{Candidate, HostModel, Reason, Rejection};
use crate::resolve::{NotAsked, PossibleExpansion};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct ExpansionReport<'a> {
    /// The host as it was named; `None` under TCG without one.
    pub host: Option<&'a str>,
    /// libvirt and QEMU as a scenario names them.
    pub on: &'a str,
    /// The accelerator.
    pub accel: Accel,
    /// Whether this libvirt has the attribute `check`.
    pub check: bool,
    /// The possible expansions, the likeliest first; at least one.
    pub alternatives: &'a [PossibleExpansion],
    /// What the input does not contain, one sentence each.
    pub assumptions: &'a [String],
}

/// Returns how the score of a candidate comes about: `7 = 5 require + 2 for 1 disable`.
pub(crate) fn score_text(candidate: &Candidate) -> String {
    let (require, disable, penalties) =
        (candidate.enabled_count(), candidate.disabled_count(), candidate.score.penalties());
    let mut text = format!("{} = {require} require", candidate.score.total);
    if !penalties.is_empty() {
        let sum = penalties.iter().map(usize::to_string).collect::<Vec<_>>().join("+");
        text.push_str(&format!(" + {sum} for {} disable", penalties.len()));
    }
    match (disable - penalties.len(), penalties.is_empty()) {
        (0, _) => {}
        (others, true) => text.push_str(&format!(" + {others} disable")),
        (others, false) => text.push_str(&format!(" + {others} for the other {others}")),
    }
    text
}

const REJECTIONS: [Rejection; 4] =
    [Rejection::OtherVendor, Rejection::NotInQemu, Rejection::NotForPurpose, Rejection::LacksFeatures];

/// A key for scripts, and words for people.
const fn rejection(why: Rejection) -> (&'static str, &'static str) {
    match why {
        Rejection::OtherVendor => ("other-vendor", "of another vendor"),
        Rejection::NotInQemu => ("not-in-qemu", "not in this QEMU"),
        Rejection::NotForPurpose => ("not-for-guests", "not for guests in the CPU map"),
        Rejection::LacksFeatures => ("lacks-features", "with features that the host lacks"),
    }
}

/// A key for scripts, and what follows the winner's name.
const fn reason(why: Reason) -> (&'static str, &'static str) {
    match why {
        Reason::Preferred => ("preferred", "is a preferred model"),
        Reason::Signature => ("signature", "has the host's signature, which counts before the score"),
        Reason::Score => ("score", "has the lower score"),
        Reason::FewerDisabled => ("fewer-disabled", "has the same score, and its disabled features cost less"),
        Reason::TriedFirst => ("tried-first", "has the same score, and is later in the map, so libvirt tries it first"),
    }
}

/// Neighbours with the same policy together, in order.
fn by_policy(features: impl Iterator<Item = (FeatureId, Policy)>) -> Vec<(Policy, Vec<FeatureId>)> {
    let mut groups: Vec<(Policy, Vec<FeatureId>)> = Vec::new();
    for (feature, policy) in features {
        match groups.last_mut().filter(|(known, _)| *known == policy) {
            Some((_, members)) => members.push(feature),
            None => groups.push((policy, vec![feature])),
        }
    }
    groups
}

pub(crate) fn expansion_text(catalog: &Catalog, report: &ExpansionReport<'_>) -> String {
    let host = report.host.map(|host| format!(" of {host}")).unwrap_or_default();
    let mut out = format!("host-model{host} on {}, accelerator {}\n", report.on, report.accel.name());
    for (index, alternative) in report.alternatives.iter().enumerate() {
        out.push('\n');
        if report.alternatives.len() > 1 {
            let (number, all) = (index + 1, report.alternatives.len());
            wrapped(&mut out, &format!("Possible result {number} of {all}: "), &alternative.assumptions.join("; "));
        }
        let expansion = &alternative.guest;
        let _ = writeln!(out, "model    {}", catalog.model_name(expansion.decoded.model));
        let _ = writeln!(out, "vendor   {}", expansion.decoded.vendor.map_or("unknown", |vendor| vendor.name()));
        for (policy, features) in by_policy(expansion.definition.features.iter()) {
            wrapped(&mut out, &format!("{:<8} ", policy.name()), &names(catalog, features));
        }
        let _ = writeln!(out, "\n-cpu {}", expansion_argument(catalog, expansion));
        why_text(&mut out, catalog, &expansion.decoded);
    }
    if !report.assumptions.is_empty() {
        out.push('\n');
    }
    for assumption in report.assumptions {
        wrapped(&mut out, "Note: ", assumption);
    }
    out
}

fn why_text(out: &mut String, catalog: &Catalog, decoded: &HostModel) {
    let Some(winner) = decoded.winner() else { return };
    let second = decoded.runner_up.and_then(|(index, _)| decoded.candidates.get(index));
    out.push('\n');
    wrapped(out, "", &expansion_reason(catalog, decoded));
    for candidate in std::iter::once(winner).chain(second) {
        let signature = if candidate.signature_matches { "matches" } else { "does not match" };
        let blockers: Vec<FeatureId> = candidate.blockers.iter().collect();
        let blocked = if blockers.is_empty() { "nothing".to_owned() } else { names(catalog, blockers) };
        let (require, disable) = (candidate.enabled_count(), candidate.disabled_count());
        let text = format!(
            "score {}, signature {signature}, {require} require, {disable} disable; QEMU blocks {blocked}",
            candidate.score.total
        );
        wrapped(out, &format!("  {}: ", catalog.model_name(candidate.model)), &text);
    }
    if let Some(text) = rejections_text(decoded) {
        wrapped(out, "  ", &text);
    }
}

/// Returns why libvirt does not have the host's CPU from QEMU.
pub(crate) const fn not_asked_text(why: NotAsked) -> &'static str {
    match why {
        NotAsked::Unknown => "libvirt or QEMU is unknown",
        NotAsked::Libvirt => "this libvirt does not ask QEMU about the host",
        NotAsked::Qemu => "this QEMU cannot describe the host",
    }
}

/// Returns why the chosen model won, in one sentence; empty if the model is from libvirt itself.
pub(crate) fn expansion_reason(catalog: &Catalog, decoded: &HostModel) -> String {
    let Some(winner) = decoded.winner() else { return String::new() };
    let name = catalog.model_name(winner.model);
    let second = decoded.runner_up.and_then(|(index, why)| Some((decoded.candidates.get(index)?, why)));
    match second {
        Some((second, why)) => {
            let than = catalog.model_name(second.model);
            format!("Why {name} and not {than}: {name} {}.", reason(why).1)
        }
        None => format!("Why {name}: no other model is possible."),
    }
}

/// Returns how many models were not possible, by their reasons; `None` if every model was possible.
pub(crate) fn rejections_text(decoded: &HostModel) -> Option<String> {
    let counted = REJECTIONS.iter().filter_map(|why| {
        let many = rejected(decoded, *why).count();
        (many > 0).then(|| format!("{many} {}", rejection(*why).1))
    });
    let counted: Vec<String> = counted.collect();
    (!counted.is_empty()).then(|| format!("Not possible: {}.", counted.join(", ")))
}

fn rejected(decoded: &HostModel, why: Rejection) -> impl Iterator<Item = ModelId> {
    decoded.rejected.iter().filter(move |(_, known)| *known == why).map(|(model, _)| *model)
}

/// Returns the `<cpu>` element. What is assumed stands before it, in a comment; of several possible expansions each is
/// written.
pub fn expansion_xml(catalog: &Catalog, report: &ExpansionReport<'_>) -> String {
    let mut out = String::new();
    let comment = |out: &mut String, text: &str| {
        // Two dashes end a comment.
        let _ = writeln!(out, "<!-- {} -->", text.replace("--", "- -"));
    };
    for assumption in report.assumptions {
        comment(&mut out, assumption);
    }
    for alternative in report.alternatives {
        if report.alternatives.len() > 1 {
            comment(&mut out, &format!("possible result: {}", alternative.assumptions.join("; ")));
        }
        let around = Around { topology: None, check: report.check, vendor_id: None };
        for line in cpu_xml(catalog, &alternative.guest.definition, around) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

/// Returns the expansion as JSON.
pub(crate) fn expansion_json(catalog: &Catalog, report: &ExpansionReport<'_>) -> String {
    let mut object = Map::new();
    let head = [
        ("schema", json!(SCHEMA)),
        ("host", json!(report.host)),
        ("on", json!(report.on)),
        ("accel", json!(report.accel.name())),
    ];
    object.extend(head.map(|(key, value)| (key.to_owned(), value)));
    let mut alternatives =
        report.alternatives.iter().map(|alternative| alternative_json(catalog, alternative, report.assumptions));
    object.extend(alternatives.next().into_iter().flatten());
    let others: Vec<Value> = alternatives.map(Value::Object).collect();
    if !others.is_empty() {
        object.insert("alternatives".to_owned(), Value::Array(others));
    }
    json(&Value::Object(object))
}

fn alternative_json(catalog: &Catalog, alternative: &PossibleExpansion, common: &[String]) -> Map<String, Value> {
    let (expansion, decoded) = (&alternative.guest, &alternative.guest.decoded);
    let features = expansion.definition.features.iter();
    let features = features.map(|(feature, policy)| (catalog.feature_name(feature).to_owned(), json!(policy.name())));
    let assumptions: Vec<&String> = alternative.assumptions.iter().chain(common).collect();
    let pairs = [
        ("model", json!(catalog.model_name(decoded.model))),
        ("vendor", json!(decoded.vendor.map(crate::domain::host::Vendor::name))),
        ("features", Value::Object(features.collect())),
        ("cpu_arg", json!(expansion_argument(catalog, expansion))),
        ("why", why_json(catalog, decoded)),
        ("assumptions", json!(assumptions)),
    ];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Null if the model is from `virsh domcapabilities`.
fn why_json(catalog: &Catalog, decoded: &HostModel) -> Value {
    let Some(winner) = decoded.winner() else { return Value::Null };
    let second = decoded.runner_up.and_then(|(index, why)| Some((decoded.candidates.get(index)?, why)));
    let rejected: Map<String, Value> = REJECTIONS
        .iter()
        .map(|why| {
            let models = rejected(decoded, *why).map(|model| catalog.model_name(model));
            (rejection(*why).0.to_owned(), models.collect())
        })
        .collect();
    json!({
        "reason": second.map(|(_, why)| reason(why).0),
        "chosen": candidate_json(catalog, winner),
        "runner_up": second.map(|(second, _)| candidate_json(catalog, second)),
        "rejected": rejected,
    })
}

fn candidate_json(catalog: &Catalog, candidate: &Candidate) -> Value {
    json!({
        "model": catalog.model_name(candidate.model),
        "score": candidate.score.total,
        "signature_matches": candidate.signature_matches,
        "require": candidate.enabled_count(),
        "disable": candidate.disabled_count(),
        "blockers": list(catalog, candidate.blockers.iter()),
    })
}

/// Returns what host-model of a host becomes on every release, as text; a host of `None` is TCG's.
pub(crate) fn releases_text(catalog: &Catalog, (host, qemu): (Option<&str>, &str), runs: &[SameExpansion]) -> String {
    let mut out = format!("host-model of {} with QEMU {qemu}, by libvirt release\n\n", host.unwrap_or("TCG"));
    let label = |run: &SameExpansion| {
        let name = |id| &*catalog.release(id).name;
        if run.first == run.last {
            name(run.first).to_owned()
        } else {
            format!("{} to {}", name(run.first), name(run.last))
        }
    };
    let columns = runs.iter().map(|run| width(&label(run))).max().unwrap_or_default() + 2;
    let mut before: Option<&SameExpansion> = None;
    for run in runs {
        let models: Vec<&str> = models(catalog, run);
        let mut said = if models.is_empty() { "no model describes the host".to_owned() } else { models.join(" or ") };
        if run.guests.len() > 1 {
            said.push_str(&format!(" ({} possible results)", run.guests.len()));
        }
        let [gained, lost] = before.map(|before| run.changes(before)).unwrap_or_default();
        for (word, features) in [("requires also", gained), ("no longer requires", lost)] {
            if !features.is_empty() {
                said.push_str(&format!("; {word} {}", names(catalog, features.iter().copied())));
            }
        }
        wrapped(&mut out, &format!("  {}", pad(&label(run), columns)), &said);
        before = Some(run);
    }
    out
}

/// Returns the same as JSON.
pub(crate) fn releases_json(catalog: &Catalog, (host, qemu): (Option<&str>, &str), runs: &[SameExpansion]) -> String {
    let run = |run: &SameExpansion| {
        json!({
            "first": catalog.release(run.first).name,
            "last": catalog.release(run.last).name,
            "models": models(catalog, run),
            "possible": run.guests.len(),
            "features": run.guests.first().map(|guest| {
                let policies = guest.features.iter();
                policies.map(|(f, policy)| (catalog.feature_name(f).to_owned(), json!(policy.name()))).collect::<Map<_, _>>()
            }),
        })
    };
    let releases: Vec<Value> = runs.iter().map(run).collect();
    super::format::json(&json!({ "schema": SCHEMA, "host": host, "qemu": qemu, "releases": releases }))
}

fn models<'c>(catalog: &'c Catalog, run: &SameExpansion) -> Vec<&'c str> {
    let mut models: Vec<&str> = run.guests.iter().filter_map(|guest| Some(catalog.model_name(guest.model?))).collect();
    models.dedup();
    models
}
