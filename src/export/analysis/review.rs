//! Writes a review: Markdown fit for a mailing list, plain text, JSON.

use super::format::{in_order, json, list, machines, qemus, set_names};
use crate::analysis::review::{Direction, Finding, Removed, Review};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::names::and_list;
use crate::domain::qemu::Accel;
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use crate::resolve::{RuleId, Verdict};
use std::fmt::Write;

/// Returns the review as Markdown, at most 76 columns wide.
pub fn review_markdown(catalog: &Catalog, review: &Review) -> String {
    report(catalog, review, "## ", "### ")
}

/// Returns the review as plain text.
pub fn review_text(catalog: &Catalog, review: &Review) -> String {
    report(catalog, review, "", "")
}

fn report(catalog: &Catalog, review: &Review, title: &str, heading: &str) -> String {
    let name = |id| &*catalog.release(id).name;
    let (old, new) = (name(review.question.old), name(review.question.new));
    let mut out = String::new();
    wrapped(&mut out, title, &format!("CPU map review: {old} to {new}"));
    out.push('\n');
    let at_risk: Vec<&str> = review.models_at_risk().into_iter().map(|model| catalog.model_name(model)).collect();
    let summary = if at_risk.is_empty() {
        "No guest is aborted or changed by the new map that is not already by the old map.".to_owned()
    } else {
        format!("At risk: guests with {}.", at_risk.join(", "))
    };
    wrapped(&mut out, "", &summary);
    let how =
        "Resolved with TCG and with a KVM host that supports every feature. Source and destination have the same QEMU.";
    wrapped(&mut out, "", how);
    if !review.removed.is_empty() {
        let _ = writeln!(out, "\n{heading}Removed features: can the problematic case happen?\n");
        for removed in &review.removed {
            wrapped(&mut out, "- ", &can_it_happen(catalog, removed));
        }
    }
    for direction in Direction::ALL {
        let found: Vec<&Finding> = review.findings.iter().filter(|found| found.direction == *direction).collect();
        if found.is_empty() {
            continue;
        }
        let (from, to) = if *direction == Direction::OldToNew { (old, new) } else { (new, old) };
        out.push('\n');
        wrapped(&mut out, heading, &format!("From {from} to {to}"));
        out.push('\n');
        for finding in found {
            wrapped(&mut out, "- ", &sentence(catalog, finding));
        }
    }
    out
}

fn can_it_happen(catalog: &Catalog, removed: &Removed) -> String {
    let model = catalog.model_name(removed.model);
    let feature = catalog.feature_name(removed.feature);
    let marked = if removed.listed { "" } else { " (removed without a mark)" };
    if removed.machines.is_empty() {
        return format!("{model}, {feature}{marked}: no, QEMU never enables it by default; safe.");
    }
    format!(
        "{model}, {feature}{marked}: yes, QEMU {} enables it with {}; only safe if the destination enables removed features on incoming.",
        qemus(catalog, &removed.qemu),
        machines(catalog, &removed.machines),
    )
}

fn sentence(catalog: &Catalog, finding: &Finding) -> String {
    let model = catalog.model_name(finding.model);
    let policy = finding.policy.map(|policy| format!(",{}", catalog.write_policies([policy]))).unwrap_or_default();
    let (more, less) = match finding.verdict {
        Verdict::Aborted => ("extra", "missing"),
        Verdict::Unchanged | Verdict::Changed | Verdict::StartRefused | Verdict::Never | Verdict::Depends => {
            ("gains", "loses")
        }
    };
    let about: Vec<String> = [(more, finding.more), (less, finding.less)]
        .into_iter()
        .filter(|(_, set)| !set.is_empty())
        .map(|(word, set)| format!("{word} {}", set_names(catalog, set)))
        .collect();
    let rule = finding.rule.map(|rule| format!(" (rule {})", rule.name())).unwrap_or_default();
    let about = if about.is_empty() { String::new() } else { format!(", {}", about.join(", ")) };
    let regimes = if finding.regimes.len() == Regime::ALL.len() {
        "with every setting of removed features on incoming".to_owned()
    } else {
        let names: Vec<&str> = finding.regimes.iter().map(|regime| regime.name()).collect();
        format!("removed features on incoming: {}", names.join(", "))
    };
    let accels: Vec<&str> = finding.accels.iter().map(|accel: &Accel| accel.name()).collect();
    format!(
        "{model}{policy}: {}{about}{rule}; {regimes}; {}; {}; QEMU {}.",
        finding.verdict.name(),
        and_list(&accels),
        machines(catalog, &finding.machines),
        qemus(catalog, &finding.qemu),
    )
}

/// Returns the review as JSON.
pub fn review_json(catalog: &Catalog, review: &Review) -> String {
    let name = |id| &*catalog.release(id).name;
    let machine_names = |all: &[crate::domain::qemu::MachineId]| {
        all.iter().map(|machine| catalog.machine_name(*machine).to_owned()).collect::<Vec<_>>()
    };
    let versions =
        |all: &[crate::domain::version::Version]| all.iter().map(ToString::to_string).collect::<Vec<String>>();
    let removed: Vec<serde_json::Value> = review
        .removed
        .iter()
        .map(|removed| {
            serde_json::json!({
                "model": catalog.model_name(removed.model),
                "feature": catalog.feature_name(removed.feature),
                "marked": removed.listed,
                "can_happen": !removed.machines.is_empty(),
                "machines": machine_names(&removed.machines),
                "qemu": versions(&removed.qemu),
            })
        })
        .collect();
    let findings: Vec<serde_json::Value> = review
        .findings
        .iter()
        .map(|found| {
            serde_json::json!({
                "direction": found.direction.name(),
                "model": catalog.model_name(found.model),
                "policy": found.policy.map(|policy| catalog.write_policies([policy])),
                "verdict": found.verdict.name(),
                "rule": found.rule.map(RuleId::name),
                "more": list(catalog, in_order(catalog, found.more)),
                "less": list(catalog, in_order(catalog, found.less)),
                "regimes": found.regimes.iter().map(|regime| regime.name()).collect::<Vec<_>>(),
                "accelerators": found.accels.iter().map(|accel| accel.name()).collect::<Vec<_>>(),
                "machines": machine_names(&found.machines),
                "qemu": versions(&found.qemu),
            })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "old": name(review.question.old),
        "new": name(review.question.new),
        "at_risk": review.models_at_risk().into_iter().map(|m| catalog.model_name(m)).collect::<Vec<_>>(),
        "removed": removed,
        "findings": findings,
        "resolved": review.resolved,
    }))
}
