//! Writes the verdicts of several guests as one table, worst first, with counts.

use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::explain::message;
use crate::resolve::{Answer, Verdict};
use std::fmt::Write;

/// One guest of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuestRow {
    /// What came of it.
    pub verdict: Verdict,
    /// The rule that decided; empty when the answer depends.
    pub rule: &'static str,
    /// The file.
    pub id: String,
    /// Libvirt's message, what changed, or what the answer depends on; empty for an unchanged guest.
    pub note: String,
}

/// The verdicts from the worst to the best.
const WORST_FIRST: [Verdict; 6] =
    [Verdict::Aborted, Verdict::Changed, Verdict::StartRefused, Verdict::Depends, Verdict::Never, Verdict::Unchanged];

impl GuestRow {
    /// Returns the row of an answer.
    pub fn of(catalog: &Catalog, id: &str, answer: &Answer) -> Self {
        let names = |label: &str, features: &[FeatureId]| {
            let list: Vec<&str> = features.iter().map(|feature| catalog.feature_name(*feature)).collect();
            if list.is_empty() { String::new() } else { format!("{label} {}", list.join(",")) }
        };
        let note = match answer.refusal() {
            Some(refusal) => message(catalog, refusal),
            None if answer.verdict == Verdict::Depends => {
                let inputs: Vec<&str> = answer.depends_on.iter().map(|on| on.input.as_str()).collect();
                format!("depends on {}", inputs.join(", "))
            }
            None => {
                let parts = [names("loses", &answer.lost), names("gains", &answer.gained)];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
            }
        };
        let rule = answer.rule.map(crate::resolve::RuleId::name).unwrap_or_default();
        Self { verdict: answer.verdict, rule, id: id.to_owned(), note }
    }
}

/// Returns the table, as plain text or as Markdown; `bad` is how many files could not be read.
pub fn guests(rows: &[GuestRow], bad: usize, markdown: bool) -> String {
    let mut sorted: Vec<&GuestRow> = rows.iter().collect();
    sorted.sort_by_key(|row| WORST_FIRST.iter().position(|verdict| *verdict == row.verdict));
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", counts(rows, bad));
    if markdown {
        out.push_str("| verdict | rule | guest | why |\n|---|---|---|---|\n");
        for row in sorted {
            let _ = writeln!(out, "| {} | {} | {} | {} |", row.verdict.name(), row.rule, row.id, row.note);
        }
        return out;
    }
    let rules = rows.iter().map(|row| row.rule.len()).max().unwrap_or_default();
    let files = rows.iter().map(|row| row.id.chars().count()).max().unwrap_or_default();
    for row in sorted {
        let line = format!("{:<13} {:<rules$}  {:<files$}  {}", row.verdict.name(), row.rule, row.id, row.note);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn counts(rows: &[GuestRow], bad: usize) -> String {
    let mut parts: Vec<String> = WORST_FIRST
        .iter()
        .map(|verdict| (verdict, rows.iter().filter(|row| row.verdict == *verdict).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.name()))
        .collect();
    if bad > 0 {
        parts.push(format!("{bad} not readable"));
    }
    let all = rows.len() + bad;
    format!("{all} {}: {}", if all == 1 { "guest" } else { "guests" }, parts.join(", "))
}
