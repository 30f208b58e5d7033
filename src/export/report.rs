//! Writes an answer as plain text and as Markdown, at most 76 columns wide where words can be broken.

use crate::analysis::remedies::{Application, Remedy};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::scenario::Scenario;
use crate::domain::text::fill_after;
use crate::explain::{Outlook, explain, message};
use crate::resolve::{Answer, Possible, StartTrace};
use std::fmt::Write;

const WIDTH: usize = 76;

/// Returns the answer as plain text.
pub fn text(catalog: &Catalog, scenario: &Scenario, answer: &Answer, remedies: &[Remedy]) -> String {
    let explanation = explain(catalog, scenario, answer);
    let mut out = String::new();
    let _ = writeln!(out, "{}", scenario.word(catalog));
    let rule = answer.rule.map(|rule| format!("  (rule {})", rule.name())).unwrap_or_default();
    let _ = writeln!(out, "{}{rule}", explanation.headline);
    if let Some(refusal) = answer.refusal() {
        let _ = writeln!(out, "  {}", message(catalog, refusal));
    }
    out.push('\n');
    for sentence in &explanation.why {
        wrapped(&mut out, "  ", sentence);
    }
    for on in &answer.depends_on {
        for possible in &on.answers {
            wrapped(&mut out, "  ", &one_possible(&on.input, possible));
        }
    }
    wrapped(&mut out, "  ", &explanation.notice);
    for line in host_model_lines(catalog, scenario, answer) {
        wrapped(&mut out, "  ", &line);
    }
    if !remedies.is_empty() {
        let _ = writeln!(out, "\nFixes:");
    }
    for (index, remedy) in remedies.iter().enumerate() {
        let restart = if remedy.restart { " (needs a restart)" } else { "" };
        wrapped(&mut out, &format!("  {} ", index + 1), &format!("{}{restart}", remedy.text));
        let how = match &remedy.how {
            Application::Xml(text) | Application::Command(text) => text,
        };
        for line in how.lines() {
            let _ = writeln!(out, "      {line}");
        }
        for setting in &remedy.settings {
            let _ = writeln!(out, "      {}:", setting.product);
            for line in setting.text.lines() {
                let _ = writeln!(out, "          {line}");
            }
        }
        let _ = writeln!(out, "      {}", remedy.scenario.word(catalog));
    }
    let _ = writeln!(out, "\nConfidence: {}.", explanation.basis);
    by_default(&mut out, catalog, scenario);
    out
}

/// Returns the answer as Markdown fit for a mailing list.
pub fn markdown(catalog: &Catalog, scenario: &Scenario, answer: &Answer, remedies: &[Remedy]) -> String {
    let explanation = explain(catalog, scenario, answer);
    let mut out = String::new();
    let rule = answer.rule.map(|rule| format!(" (rule {})", rule.name())).unwrap_or_default();
    let _ = writeln!(out, "## {}{rule}\n", explanation.headline);
    let _ = writeln!(out, "    {}\n", scenario.word(catalog));
    if let Some(refusal) = answer.refusal() {
        let _ = writeln!(out, "    {}\n", message(catalog, refusal));
    }
    for sentence in &explanation.why {
        wrapped(&mut out, "", sentence);
    }
    for on in &answer.depends_on {
        for possible in &on.answers {
            wrapped(&mut out, "- ", &one_possible(&on.input, possible));
        }
    }
    out.push('\n');
    wrapped(&mut out, "", &explanation.notice);
    for line in host_model_lines(catalog, scenario, answer) {
        wrapped(&mut out, "", &line);
    }
    if !remedies.is_empty() {
        let _ = writeln!(out, "\n### Fixes\n");
    }
    for (index, remedy) in remedies.iter().enumerate() {
        let restart = if remedy.restart { " (needs a restart)" } else { "" };
        wrapped(&mut out, &format!("{}. ", index + 1), &format!("{}{restart}:", remedy.text));
        let how = match &remedy.how {
            Application::Xml(text) | Application::Command(text) => text,
        };
        out.push('\n');
        for line in how.lines().chain([remedy.scenario.word(catalog).as_str()]) {
            let _ = writeln!(out, "       {line}");
        }
        out.push('\n');
        for setting in &remedy.settings {
            let _ = writeln!(out, "   {}:\n", setting.product);
            for line in setting.text.lines() {
                let _ = writeln!(out, "       {line}");
            }
            out.push('\n');
        }
    }
    let _ = writeln!(out, "\nConfidence: {}.\n", explanation.basis);
    by_default(&mut out, catalog, scenario);
    out
}

/// Returns what host-model is at both ends, and at the next cold boot; nothing of another guest.
fn host_model_lines(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Vec<String> {
    let trace = answer.trace.as_ref().filter(|trace| trace.start.given.mode == Mode::HostModel);
    let Some(trace) = trace.filter(|_| answer.depends_on.is_empty()) else { return Vec::new() };
    let shown = |run: &StartTrace| {
        let live = run.live.as_ref()?;
        let named = |on: bool| {
            let of_policy = live.features.iter().filter(|(_, policy)| policy.is_on() == on);
            let names: Vec<&str> = of_policy.map(|(feature, _)| catalog.feature_name(feature)).collect();
            if names.is_empty() { "no feature".to_owned() } else { names.join(", ") }
        };
        Some(format!("{}; requires {}; disables {}", catalog.model_name(live.model?), named(true), named(false)))
    };
    let ends = [("source", Some(trace.source())), ("destination", trace.destination())];
    let mut lines: Vec<String> =
        ends.into_iter().filter_map(|(end, run)| Some(format!("host-model at the {end}: {}.", shown(run?)?))).collect();
    lines.push(format!("Next cold boot {}.", Outlook::of(catalog, scenario, answer).cold_boot));
    lines
}

/// Writes what the scenario's word leaves out, so that a reader has the whole of it.
fn by_default(out: &mut String, catalog: &Catalog, scenario: &Scenario) {
    let defaults = scenario.defaults(catalog);
    let check = scenario.check.is_none().then_some("check set by libvirt");
    let left_out: Vec<&str> = defaults.split(',').filter(|default| !default.is_empty()).chain(check).collect();
    if !left_out.is_empty() {
        wrapped(out, "", &format!("Default values: {}.", left_out.join(", ")));
    }
}

/// Writes a sentence after a prefix, further lines indented to match.
pub(super) fn wrapped(out: &mut String, prefix: &str, sentence: &str) {
    out.push_str(&fill_after(prefix, sentence, WIDTH));
    out.push('\n');
}

fn one_possible(input: &str, possible: &Possible) -> String {
    let rule = possible.rule.map(|rule| format!(" (rule {})", rule.name())).unwrap_or_default();
    format!("{input} {}: {}{rule}", possible.value, possible.verdict.name())
}
