//! Writes an answer as plain text and as Markdown, at most 76 columns wide where words can be broken.

use crate::analysis::remedies::{Application, Remedy};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::domain::text::fill_after;
use crate::explain::{explain, message};
use crate::resolve::{Answer, Possible};
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
    let link = scenario.word(catalog);
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

/// Returns the line of a Markdown export that opens its scenario in a browser.
pub fn in_browser(page: &str, link: &str) -> String {
    format!("In a browser: <{}>\n\n", page_address(page, link))
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
