//! Writes the answers for several guests as one table with counts, worst first: text, Markdown or JUnit.

use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::{Scenario, write_release};
use crate::domain::text::{one_line, pad, width};
use crate::explain::message;
use crate::export::analysis::grouped;
use crate::export::{FACTS_HASH, TOOL, WIDEST_COLUMN, markdown_cell, tool_line};
use crate::resolve::{Answer, Verdict};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use std::fmt::Write;
use std::io;

/// How many rows fit on a screen below the heading.
const MOST_ROWS: usize = 18;

/// One guest of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GuestRow {
    /// The verdict; `None` if the guest could not be read.
    pub verdict: Option<Verdict>,
    /// The rule that decided; empty if none did.
    pub rule: &'static str,
    /// The file, or the name of the batch line.
    pub id: String,
    /// libvirt's message, what changed, what the answer depends on, or the error; empty for an unchanged guest.
    pub note: String,
    /// Source and destination, as in a link; empty if the guest could not be read.
    pub ends: Option<(String, String)>,
    /// The scenario as a link; empty if the guest could not be read.
    pub link: String,
}

/// The verdicts from the worst to the best.
const WORST_FIRST: [Verdict; 6] =
    [Verdict::Aborted, Verdict::Changed, Verdict::StartRefused, Verdict::Depends, Verdict::Never, Verdict::Unchanged];

const UNREADABLE: &str = "not readable";

impl GuestRow {
    /// Returns the row of an answer.
    pub(crate) fn of(catalog: &Catalog, id: &str, scenario: &Scenario, answer: &Answer) -> Self {
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
        Self {
            verdict: Some(answer.verdict),
            rule: answer.rule.map(crate::resolve::RuleId::name).unwrap_or_default(),
            id: id.to_owned(),
            note,
            ends: Some((write_release(catalog, &scenario.from), write_release(catalog, &scenario.to))),
            link: scenario.link(catalog),
        }
    }

    /// Returns the row of a guest that could not be read.
    pub(crate) fn unreadable(id: &str, error: &str) -> Self {
        let note = error.strip_prefix(id).map_or(error, |rest| rest.trim_start_matches([':', ' '])).to_owned();
        Self { verdict: None, rule: "", id: id.to_owned(), note, ends: None, link: String::new() }
    }

    fn verdict(&self) -> &'static str {
        self.verdict.map_or(UNREADABLE, Verdict::name)
    }
}

/// Returns the table as text. Without `whole` it fits on a screen.
pub(crate) fn guests_text(rows: &[GuestRow], whole: bool) -> String {
    let sorted = worst_first(rows);
    let ends = common_ends(rows);
    let mut out = heading(rows, ends, "");
    let rules = rows.iter().map(|row| row.rule.len()).max().unwrap_or_default();
    let ids = rows.iter().map(|row| width(&row.id)).max().unwrap_or_default().min(WIDEST_COLUMN);
    let most = if whole { usize::MAX } else { MOST_ROWS };
    for row in sorted.iter().take(most) {
        let between = ends_of(row, ends);
        let id = pad(&row.id, ids);
        let line = format!("{:<13} {:<rules$}  {id}  {between}{}", row.verdict(), row.rule, row.note);
        let _ = writeln!(out, "{}", one_line(line.trim_end()));
    }
    if let Some(more @ 1..) = sorted.len().checked_sub(most) {
        let _ = writeln!(out, "{more} more; -v lists every guest");
    }
    out
}

/// Returns the table as Markdown.
pub(crate) fn guests_markdown(rows: &[GuestRow]) -> String {
    let ends = common_ends(rows);
    let mut out = heading(rows, ends, "`");
    out.push_str("| verdict | rule | guest | why |\n|---|---|---|---|\n");
    for row in worst_first(rows) {
        let why = format!("{}{}", ends_of(row, ends), row.note);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            row.verdict(),
            row.rule,
            markdown_cell(&row.id),
            markdown_cell(&why)
        );
    }
    out
}

/// Returns the answers as JUnit XML: a test suite for each pair of source and destination, a test case for each guest.
/// A guest fails if its verdict is one of `failing`.
pub(crate) fn guests_junit(rows: &[GuestRow], failing: &[Verdict]) -> String {
    let name = |row: &GuestRow| match &row.ends {
        Some((from, to)) => format!("from {from} to {to}"),
        None => UNREADABLE.to_owned(),
    };
    let suites = grouped(rows.iter().map(|row| (name(row), row)));
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into memory cannot fail.
    let _ = write_junit(&mut writer, rows, &suites, failing);
    let body = String::from_utf8(writer.into_inner()).unwrap_or_default();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")
}

fn write_junit(
    writer: &mut Writer<Vec<u8>>,
    rows: &[GuestRow],
    suites: &[(String, Vec<&GuestRow>)],
    failing: &[Verdict],
) -> io::Result<()> {
    let fails = |row: &GuestRow| row.verdict.is_some_and(|verdict| failing.contains(&verdict));
    let counts = |rows: &[&GuestRow]| {
        let errors = rows.iter().filter(|row| row.verdict.is_none()).count();
        let failures = rows.iter().filter(|row| fails(row)).count();
        [("tests", rows.len().to_string()), ("failures", failures.to_string()), ("errors", errors.to_string())]
    };
    let element = writer.create_element("testsuites").with_attribute(("name", "virt-cpu-explorer check"));
    let counted = counts(&rows.iter().collect::<Vec<_>>());
    let element = element.with_attributes(counted.iter().map(|(name, value)| (*name, value.as_str())));
    element.write_inner_content(|writer| {
        for (name, members) in suites {
            let counted = counts(members);
            let suite = writer.create_element("testsuite").with_attribute(("name", name.as_str()));
            let suite = suite.with_attributes(counted.iter().map(|(name, value)| (*name, value.as_str())));
            suite.write_inner_content(|writer| {
                writer.create_element("properties").write_inner_content(|writer| {
                    for (name, value) in [("tool", TOOL), ("facts", FACTS_HASH)] {
                        let property = writer.create_element("property");
                        property.with_attributes([("name", name), ("value", value)]).write_empty()?;
                    }
                    Ok(())
                })?;
                for row in members {
                    let case = writer.create_element("testcase").with_attribute(("classname", "virt-cpu-explorer"));
                    let case = case.with_attribute(("name", row.id.as_str()));
                    let kind = if row.verdict.is_none() { "error" } else { "failure" };
                    if row.verdict.is_some() && !fails(row) {
                        let said = format!("{} {}", row.verdict(), row.link);
                        case.write_inner_content(|writer| {
                            writer.create_element("system-out").write_text_content(BytesText::new(&said))?;
                            Ok(())
                        })?;
                        continue;
                    }
                    let message = if row.note.is_empty() { row.verdict() } else { &row.note };
                    case.write_inner_content(|writer| {
                        let failure = writer.create_element(kind).with_attribute(("type", row.verdict()));
                        let failure = failure.with_attribute(("message", message));
                        failure.write_text_content(BytesText::new(&row.link))?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

fn worst_first(rows: &[GuestRow]) -> Vec<&GuestRow> {
    let mut sorted: Vec<&GuestRow> = rows.iter().collect();
    sort_by_key(&mut sorted, |row| row.verdict.map(|verdict| WORST_FIRST.iter().position(|other| *other == verdict)));
    sorted
}

/// Source and destination, if all guests have the same.
fn common_ends(rows: &[GuestRow]) -> Option<&(String, String)> {
    let mut ends = rows.iter().filter_map(|row| row.ends.as_ref());
    let first = ends.next()?;
    ends.all(|other| other == first).then_some(first)
}

fn ends_of(row: &GuestRow, common: Option<&(String, String)>) -> String {
    match &row.ends {
        Some((from, to)) if common.is_none() => format!("{from} to {to}: "),
        _ => String::new(),
    }
}

fn heading(rows: &[GuestRow], ends: Option<&(String, String)>, quote: &str) -> String {
    let counts = WORST_FIRST
        .iter()
        .map(|verdict| Some(*verdict))
        .chain([None])
        .map(|verdict| (verdict, rows.iter().filter(|row| row.verdict == verdict).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.map_or(UNREADABLE, Verdict::name)));
    let counts: Vec<String> = counts.collect();
    let guests = if rows.len() == 1 { "guest" } else { "guests" };
    let between = ends.map(|(from, to)| format!("From {quote}{from}{quote} to {quote}{to}{quote}. "));
    let between = between.unwrap_or_default();
    format!("{} {guests}: {}\n\n{between}{}\n\n", rows.len(), counts.join(", "), tool_line())
}
