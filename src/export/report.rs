//! Writes an answer as plain text or Markdown, at most 76 columns wide where lines can be broken.

use crate::analysis::remedies::{Application, Remedy};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::scenario::{Release, Scenario, write_release};
use crate::domain::text::{fill_after, width};
use crate::explain::{Explanation, Outlook, explain, message};
use crate::export::tool_line;
use crate::resolve::{Answer, Possible, StartTrace, expansions};
use std::fmt::Write;

const WIDTH: usize = 76;

/// How many rows of a terminal a summary fills at most.
const MOST_LINES: usize = 23;
/// The columns of a terminal, as far as nothing else is known.
const COLUMNS: usize = 80;

/// Returns the answer on one screen: the verdict with source and destination on the first line, then why, the fixes and
/// the confidence.
pub fn summary(catalog: &Catalog, scenario: &Scenario, answer: &Answer, remedies: &[Remedy]) -> String {
    let explanation = explain(catalog, scenario, answer);
    let rule = answer.rule.map(|rule| format!(" (rule {})", rule.name())).unwrap_or_default();
    let mut head = String::new();
    let label = |end: &Release| end.product_label(catalog).unwrap_or_else(|| write_release(catalog, end));
    let (guest, from, to) = (scenario.cpu_name(catalog), label(&scenario.from), label(&scenario.to));
    let started = scenario.started.as_ref().map(|end| format!(" (started under {})", label(end))).unwrap_or_default();
    let via = scenario.via.iter().map(|stop| format!(" via {}", label(&stop.release))).collect::<Vec<_>>().concat();
    let _ = writeln!(head, "{}{rule}: {guest} from {from}{started}{via} to {to}", explanation.headline);
    if let Some(refusal) = answer.refusal() {
        let _ = writeln!(head, "  {}", message(catalog, refusal));
    }
    let mut foot = String::new();
    wrapped(&mut foot, "  ", &explanation.notice);
    for line in host_model_lines(catalog, scenario, answer, true) {
        wrapped(&mut foot, "  ", &line);
    }
    if !remedies.is_empty() {
        let _ = writeln!(foot, "\nFixes:");
    }
    for (index, remedy) in remedies.iter().enumerate() {
        let restart = if remedy.restart { " (needs a restart)" } else { "" };
        wrapped(&mut foot, &format!("  {} ", index + 1), &format!("{}{restart}", remedy.text));
    }
    foot.push('\n');
    wrapped(&mut foot, "", &format!("Confidence: {}.", explanation.basis));
    wrapped(&mut foot, "", &format!("{} -v shows the fixes in full, the scenario and its defaults.", tool_line()));
    let mut why = String::new();
    reasons(&mut why, &explanation, answer);
    let rows = |text: &str| text.lines().map(|line| width(line).div_ceil(COLUMNS).max(1)).sum::<usize>();
    // One row for the empty line before the reasons, one for the note about the rest.
    let room = MOST_LINES.saturating_sub(rows(&head) + rows(&foot) + 2);
    let lines: Vec<&str> = why.lines().collect();
    let _ = writeln!(head);
    for line in lines.iter().take(room) {
        let _ = writeln!(head, "{line}");
    }
    if let Some(more @ 1..) = lines.len().checked_sub(room) {
        let _ = writeln!(head, "  ({more} more {} with -v)", if more == 1 { "line" } else { "lines" });
    }
    head + &foot
}

/// Writes why, and one value for each possible answer.
fn reasons(out: &mut String, explanation: &Explanation, answer: &Answer) {
    for sentence in &explanation.why {
        wrapped(out, "  ", sentence);
    }
    for on in &answer.depends_on {
        for possible in &on.answers {
            wrapped(out, "  ", &one_possible(&on.input, possible));
        }
    }
}

/// Returns the answer as plain text.
pub fn text(catalog: &Catalog, scenario: &Scenario, answer: &Answer, remedies: &[Remedy]) -> String {
    let explanation = explain(catalog, scenario, answer);
    let mut out = String::new();
    let rule = answer.rule.map(|rule| format!("  (rule {})", rule.name())).unwrap_or_default();
    let _ = writeln!(out, "{}{rule}", explanation.headline);
    let _ = writeln!(out, "{}", scenario.link(catalog));
    if let Some(refusal) = answer.refusal() {
        let _ = writeln!(out, "  {}", message(catalog, refusal));
    }
    out.push('\n');
    reasons(&mut out, &explanation, answer);
    wrapped(&mut out, "  ", &explanation.notice);
    for line in host_model_lines(catalog, scenario, answer, false) {
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
        let _ = writeln!(out, "      {}", remedy.scenario.link(catalog));
    }
    let _ = writeln!(out, "\nConfidence: {}.", explanation.basis);
    by_default(&mut out, catalog, scenario);
    out
}

/// Returns the answer as Markdown fit for a mailing list, with a link to the explorer's `page` if there is one.
pub fn markdown(
    catalog: &Catalog,
    scenario: &Scenario,
    answer: &Answer,
    remedies: &[Remedy],
    page: Option<&str>,
) -> String {
    let explanation = explain(catalog, scenario, answer);
    let mut out = String::new();
    let rule = answer.rule.map(|rule| format!(" (rule {})", rule.name())).unwrap_or_default();
    let _ = writeln!(out, "## {}{rule}\n", explanation.headline);
    let link = scenario.link(catalog);
    let _ = writeln!(out, "    {link}\n");
    if let Some(page) = page {
        out.push_str(&in_browser(page, &link));
    }
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
    for line in host_model_lines(catalog, scenario, answer, false) {
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
        for line in how.lines().chain([remedy.scenario.link(catalog).as_str()]) {
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

/// Returns what host-model is at source and destination, with its features or their number, and at the next cold boot;
/// nothing of another guest.
fn host_model_lines(catalog: &Catalog, scenario: &Scenario, answer: &Answer, counted: bool) -> Vec<String> {
    let trace = answer.trace.as_ref().filter(|trace| trace.start.given.mode == Mode::HostModel);
    let Some(trace) = trace.filter(|_| answer.depends_on.is_empty()) else { return Vec::new() };
    let displayed = |run: &StartTrace| {
        let live = run.live.as_ref()?;
        let named = |on: bool| {
            let of_policy = live.features.iter().filter(|(_, policy)| policy.is_on() == on);
            let names: Vec<&str> = of_policy.map(|(feature, _)| catalog.feature_name(feature)).collect();
            match names.len() {
                0 => "no feature".to_owned(),
                1 if counted => "1 feature".to_owned(),
                count if counted => format!("{count} features"),
                _ => names.join(", "),
            }
        };
        Some(format!("{}; requires {}; disables {}", catalog.model_name(live.model?), named(true), named(false)))
    };
    let ends = [("source", Some(trace.source())), ("destination", trace.destination())];
    let among = |end| match expansions(catalog, scenario).len() {
        count @ 2.. if end == "source" => format!(", one of {count} possible results"),
        _ => String::new(),
    };
    // Of `any` host the trace has one of many.
    let mut lines: Vec<String> = ends
        .into_iter()
        .filter(|_| !scenario.lacks_host())
        .filter_map(|(end, run)| Some(format!("host-model at the {end}{}: {}.", among(end), displayed(run?)?)))
        .collect();
    lines.push(format!("Next cold boot {}.", Outlook::of(catalog, scenario, answer).cold_boot));
    lines
}

/// Returns the line of a Markdown export that opens its scenario in a browser.
pub(crate) fn in_browser(page: &str, link: &str) -> String {
    format!("In a browser: <{}>\n\n", page_address(page, link))
}

/// Parses the address of the explorer's page.
///
/// # Errors
/// What was expected: scenarios follow the address behind a `#`.
pub fn page_base(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"#?<>\"".contains(&byte);
    if text.contains("://") && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("expected an address such as https://example.org/virt-cpu-explorer.html, without ? and #".to_owned())
}

/// Returns the address at which the explorer's `page` opens a link.
pub fn page_address(page: &str, link: &str) -> String {
    let mut address = format!("{page}#");
    for byte in link.bytes() {
        // A fragment may hold these as they are, and mail programs see no end of an address in them.
        if byte.is_ascii_alphanumeric() || b"-._~,=:+@/".contains(&byte) {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

/// Writes the default values that the link leaves out.
fn by_default(out: &mut String, catalog: &Catalog, scenario: &Scenario) {
    let defaults = scenario.defaults(catalog);
    let check = scenario.check.is_none().then_some("check set by libvirt");
    let left_out: Vec<&str> = defaults.split(',').filter(|default| !default.is_empty()).chain(check).collect();
    if !left_out.is_empty() {
        wrapped(out, "", &format!("Default values: {}.", left_out.join(", ")));
    }
    wrapped(out, "", &tool_line());
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

/// Returns what a fix costs the guest: `restart, loses mpx`.
pub(crate) fn fix_cost(catalog: &Catalog, fix: &Remedy) -> String {
    if !fix.restart {
        return "no restart".to_owned();
    }
    match fix.loses.as_deref() {
        None => "restart".to_owned(),
        Some([]) => "restart, keeps all".to_owned(),
        Some([lost]) => format!("restart, loses {}", catalog.feature_name(*lost)),
        Some(lost) => format!("restart, loses {}", lost.len()),
    }
}
