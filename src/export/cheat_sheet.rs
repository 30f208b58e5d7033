//! Writes the cheat sheet: the decision table, removed features on incoming, the verdicts and the rules on one page.

use super::report::wrapped;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::explain::rule_page;
use crate::resolve::{MapState, Mention, RuleId, TABLE, Verdict, resolve};
use std::fmt::Write;

/// A part of the sheet.
struct Part {
    heading: &'static str,
    intro: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// Returns the sheet, as plain text or as Markdown. `sign` returns the sign of a verdict on the screen.
pub fn cheat_sheet(catalog: &Catalog, markdown: bool, sign: impl Fn(Verdict) -> &'static str) -> String {
    let parts = [decisions(), regimes(catalog), verdicts(sign), rules()];
    let mut out = String::new();
    out.push_str(if markdown { "# Cheat sheet\n" } else { "Will the guest's CPU survive the live migration?\n" });
    for part in &parts {
        let mark = if markdown { "## " } else { "" };
        let gap = if markdown || part.intro.is_empty() { "\n" } else { "" };
        let _ = writeln!(out, "\n{mark}{}{gap}", part.heading);
        if !part.intro.is_empty() {
            let _ = writeln!(out, "{}\n", part.intro);
        }
        out.push_str(&if markdown { table(part) } else { columns(part) });
    }
    out
}

fn decisions() -> Part {
    let age = |age| if age == MapState::Old { "old" } else { "new" };
    let says = |says| match says {
        None => "anything",
        Some(Mention::On) => "$M +F",
        Some(Mention::Off) => "$M -F",
        Some(Mention::Nothing) => "$M",
    };
    let cells = TABLE.iter().map(|row| {
        [row.row.name(), says(row.says), age(row.source), age(row.destination), row.result()]
            .map(str::to_owned)
            .to_vec()
    });
    Part {
        heading: "Decision table",
        intro: "$M is a model that lost the feature F: an old map has F in the model,\na new map does not. The migrated definition decides the row.",
        columns: &["row", "CPU sent", "src", "dst", "result"],
        rows: cells.collect(),
    }
}

fn regimes(catalog: &Catalog) -> Part {
    let row = |regime: &Regime| {
        let link = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
        let verdict = Scenario::parse(catalog, link)
            .map_or("", |scenario| resolve(catalog, &Scenario { regime: Some(*regime), ..scenario }).verdict.name());
        let does = match regime {
            Regime::Nothing => "adds nothing; QEMU's default applies",
            Regime::Disable => "adds -F; QEMU disables F",
            Regime::Require => "adds +F; QEMU enables F",
        };
        vec![regime.name().to_owned(), does.to_owned(), verdict.to_owned()]
    };
    Part {
        heading: "Removed features on incoming",
        intro: "What the destination does if the definition does not mention F (row T7).",
        columns: &["setting", "what it does", "T7 is then"],
        rows: Regime::ALL.iter().map(row).collect(),
    }
}

fn verdicts(sign: impl Fn(Verdict) -> &'static str) -> Part {
    let row = |verdict: &Verdict| {
        let means = match verdict {
            Verdict::Unchanged => "the guest keeps its CPU",
            Verdict::Changed => "the migration completes, but the guest loses or gains features",
            Verdict::Aborted => "the destination refuses, the guest stays at the source",
            Verdict::StartRefused => "the guest does not start at the source",
            Verdict::Never => "no source sends this definition",
            Verdict::Depends => "a deciding input is unknown, and the answer names it",
        };
        vec![sign(*verdict).to_owned(), verdict.name().to_owned(), means.to_owned()]
    };
    Part {
        heading: "Verdicts",
        intro: "",
        columns: &["sign", "verdict", "what it means"],
        rows: Verdict::ALL.iter().map(row).collect(),
    }
}

fn rules() -> Part {
    let beside = RuleId::ALL.iter().filter(|rule| TABLE.iter().all(|row| row.row.name() != rule.name()));
    Part {
        heading: "Other rules",
        intro: "`virt-cpu-explorer rule ID` explains one.",
        columns: &["rule", "title"],
        rows: beside.map(|rule| vec![rule.name().to_owned(), rule_page(*rule).title().to_owned()]).collect(),
    }
}

fn table(part: &Part) -> String {
    let mut out = format!("| {} |\n|{}\n", part.columns.join(" | "), "---|".repeat(part.columns.len()));
    for row in &part.rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

fn columns(part: &Part) -> String {
    let widest =
        |index: usize| part.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count()).max();
    let mut out = String::new();
    for row in &part.rows {
        let Some((last, before)) = row.split_last() else { continue };
        let mut prefix = String::from("  ");
        for (index, cell) in before.iter().enumerate() {
            let _ = write!(prefix, "{cell:<width$}  ", width = widest(index).unwrap_or_default());
        }
        wrapped(&mut out, &prefix, last);
    }
    out
}
