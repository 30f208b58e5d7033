//! Writes a baseline: the definition's XML, the features that each host loses, and the pairs for which it fails.

use super::format::{json, list, names};
use crate::analysis::baseline::Baseline;
use crate::domain::catalog::Catalog;
use crate::export::SCHEMA;
use crate::export::report::wrapped;
use std::fmt::Write;

fn xml(catalog: &Catalog, baseline: &Baseline) -> String {
    let mut out = String::from("<cpu mode='custom' match='exact'>\n");
    let _ = writeln!(out, "  <model fallback='forbid'>{}</model>", catalog.model_name(baseline.model));
    for (feature, policy) in baseline.scenario.features.iter() {
        let name = catalog.feature_name(feature);
        let _ = writeln!(out, "  <feature policy='{}' name='{name}'/>", policy.name());
    }
    out.push_str("</cpu>\n");
    out
}

/// Returns the baseline as text.
pub fn baseline_text(catalog: &Catalog, baseline: &Baseline) -> String {
    let mut out = xml(catalog, baseline);
    let _ = writeln!(out, "\n{}\n", baseline.scenario.word(catalog));
    for (host, costs) in &baseline.costs {
        let text = if costs.is_empty() {
            "loses no feature".to_owned()
        } else {
            format!(
                "loses {} {}: {}",
                costs.len(),
                if costs.len() == 1 { "feature" } else { "features" },
                names(catalog, costs.iter().copied())
            )
        };
        wrapped(&mut out, &format!("{}: ", catalog.host(*host).name), &text);
    }
    let broken = baseline.broken.len();
    let pairs = baseline.resolved;
    let _ = match broken {
        0 => writeln!(out, "\nHolds for all {pairs} pairs of hosts and releases."),
        _ => writeln!(out, "\nFails for {broken} of {pairs} pairs of hosts and releases:"),
    };
    for pair in &baseline.broken {
        let _ = writeln!(out, "  {}  {}", pair.outcome.verdict.name(), pair.scenario.word(catalog));
    }
    out
}

/// Returns the baseline as JSON.
pub fn baseline_json(catalog: &Catalog, baseline: &Baseline) -> String {
    let costs: serde_json::Map<String, serde_json::Value> = baseline
        .costs
        .iter()
        .map(|(host, costs)| (catalog.host(*host).name.to_string(), list(catalog, costs.iter().copied())))
        .collect();
    let broken: Vec<serde_json::Value> = baseline
        .broken
        .iter()
        .map(|pair| {
            serde_json::json!({ "scenario": pair.scenario.word(catalog), "verdict": pair.outcome.verdict.name() })
        })
        .collect();
    json(&serde_json::json!({
        "schema": SCHEMA,
        "model": catalog.model_name(baseline.model),
        "required": list(catalog, baseline.required.iter().copied()),
        "disabled": list(catalog, baseline.disabled.iter().copied()),
        "xml": xml(catalog, baseline),
        "scenario": baseline.scenario.word(catalog),
        "costs": costs,
        "resolved": baseline.resolved,
        "broken": broken,
    }))
}
