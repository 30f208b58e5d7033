//! Writes a baseline: for each definition its XML, the lost mitigations, the pairs of hosts that fail, and its cost.

use super::format::{json, list, names};
use crate::analysis::baseline::{Baseline, Common};
use crate::domain::catalog::Catalog;
use crate::explain::outcome;
use crate::export::report::wrapped;
use crate::export::xml::feature_xml;
use crate::export::{SCHEMA, tool_line};
use std::fmt::Write;

fn xml(catalog: &Catalog, common: &Common) -> String {
    let mut out = String::from("<cpu mode='custom' match='exact'>\n");
    let _ = writeln!(out, "  <model fallback='forbid'>{}</model>", common.scenario.cpu_name(catalog));
    for (feature, policy) in common.scenario.features.iter() {
        out.extend([&feature_xml(catalog, feature, policy), "\n"]);
    }
    out.push_str("</cpu>\n");
    out
}

pub(crate) fn baseline_text(catalog: &Catalog, baseline: &Baseline) -> String {
    let mut out = String::new();
    let machine = catalog.machine_name(baseline.machine);
    wrapped(&mut out, "", &format!("Machine type {machine}: the newest that all these releases have."));
    if !baseline.tsx.is_empty() {
        let tsx = names(catalog, baseline.tsx.iter().copied());
        let text = format!("All hosts have {tsx}, but known attacks use them. --keep-tsx keeps them.");
        wrapped(&mut out, "", &text);
    }
    let same = baseline.libvirt.as_ref().ok().zip(baseline.richest.as_ref());
    let same = same.is_some_and(|(one, other)| one.scenario == other.scenario);
    out.push_str("\n== libvirt's baseline, as virsh hypervisor-cpu-baseline --migratable\n\n");
    match &baseline.libvirt {
        Ok(common) => one(&mut out, catalog, baseline, common),
        Err(err) => wrapped(&mut out, "", &format!("libvirt finds none: {err}.")),
    }
    out.push_str("\n== The definition with the most features of all hosts\n\n");
    match &baseline.richest {
        Some(_) if same => out.push_str("The same.\n"),
        Some(common) => one(&mut out, catalog, baseline, common),
        None => out.push_str("No CPU model of this vendor is in all these releases.\n"),
    }
    out.push('\n');
    wrapped(&mut out, "", &tool_line());
    out
}

fn one(out: &mut String, catalog: &Catalog, baseline: &Baseline, common: &Common) {
    let hosts = || baseline.hosts.iter().zip(common.mitigations.iter().zip(&common.costs));
    if common.mitigations.iter().all(Vec::is_empty) {
        out.push_str("Mitigations: none is lost.\n\n");
    } else {
        out.push_str("Mitigations that are lost:\n");
        for (host, (lost, _)) in hosts().filter(|(_, (lost, _))| !lost.is_empty()) {
            wrapped(out, &format!("  {host}: "), &names(catalog, lost.iter().copied()));
        }
        out.push('\n');
    }
    out.push_str(&xml(catalog, common));
    let pairs = common.resolved;
    let _ = match common.broken.len() {
        0 => writeln!(out, "\nHolds for all {pairs} pairs of hosts and releases."),
        broken => writeln!(out, "\nFails for {broken} of {pairs} pairs of hosts and releases:"),
    };
    for pair in &common.broken {
        let _ = writeln!(out, "  {}  {}", outcome(pair.outcome), pair.scenario.link(catalog));
    }
    for (host, (_, costs)) in hosts() {
        let features = if costs.len() == 1 { "feature" } else { "features" };
        let text = match costs.len() {
            0 => "loses no other feature".to_owned(),
            many => format!("loses {many} other {features}: {}", names(catalog, costs.iter().copied())),
        };
        wrapped(out, &format!("{host}: "), &text);
    }
    let _ = writeln!(out, "{}", common.scenario.link(catalog));
}

/// Returns the baseline as JSON.
pub(crate) fn baseline_json(catalog: &Catalog, baseline: &Baseline) -> String {
    json(&serde_json::json!({
        "schema": SCHEMA,
        "machine": catalog.machine_name(baseline.machine),
        "tsx_left_out": list(catalog, baseline.tsx.iter().copied()),
        "libvirt": baseline.libvirt.as_ref().ok().map(|common| one_json(catalog, baseline, common)),
        "libvirt_error": baseline.libvirt.as_ref().err().map(ToString::to_string),
        "richest": baseline.richest.as_ref().map(|common| one_json(catalog, baseline, common)),
    }))
}

fn one_json(catalog: &Catalog, baseline: &Baseline, common: &Common) -> serde_json::Value {
    let by_host = |lists: &[Vec<crate::domain::feature::FeatureId>]| {
        let pairs = baseline.hosts.iter().zip(lists);
        pairs.map(|(host, lost)| (host.clone(), list(catalog, lost.iter().copied()))).collect::<serde_json::Map<_, _>>()
    };
    let features: serde_json::Map<String, serde_json::Value> = common
        .scenario
        .features
        .iter()
        .map(|(feature, policy)| (catalog.feature_name(feature).to_owned(), policy.name().into()))
        .collect();
    let broken: Vec<serde_json::Value> = common
        .broken
        .iter()
        .map(|pair| {
            let rule = pair.outcome.rule.map(crate::resolve::RuleId::name);
            let verdict = pair.outcome.verdict.name();
            serde_json::json!({ "scenario": pair.scenario.link(catalog), "verdict": verdict, "rule": rule })
        })
        .collect();
    serde_json::json!({
        "model": common.scenario.cpu_name(catalog),
        "features": features,
        "xml": xml(catalog, common),
        "scenario": common.scenario.link(catalog),
        "mitigations_lost": by_host(&common.mitigations),
        "costs": by_host(&common.costs),
        "resolved": common.resolved,
        "broken": broken,
    })
}
