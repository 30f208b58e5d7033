//! Runs `explain`: explains the messages in a text.

use super::args::Explain;
use super::files;
use crate::analysis::scenario_search::scenario_search;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::explain::{MessageMeaning, message, rule_page};
use crate::input::message::{Found, find};
use anyhow::Result;
use std::io::Write;

/// How many scenarios are shown for a message.
const SHOWN: usize = 3;
/// How many messages of one text are searched for scenarios.
const SEARCHED: usize = 12;

/// Writes what each message in the text means. Returns the exit code, 0 when one was recognised, else 1, and the
/// likeliest scenario that gives the first of them.
///
/// # Errors
/// Text that cannot be read, or output that cannot be written.
pub fn explain(catalog: &Catalog, asked: &Explain, out: &mut dyn Write) -> Result<(u8, Option<Scenario>)> {
    let text = match &asked.text {
        Some(text) => text.clone(),
        // A log may hold anything; only the messages in it have to be text.
        None => String::from_utf8_lossy(&files::read("-")?).into_owned(),
    };
    let found = find(catalog, &text);
    if found.is_empty() {
        writeln!(out, "No message of libvirt or QEMU about a guest's CPU recognised in this text.")?;
        return Ok((1, None));
    }
    let mut likeliest = None;
    for (place, message) in found.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        let best = one(catalog, message, place < SEARCHED, out)?;
        likeliest = likeliest.or(best);
    }
    Ok((0, likeliest))
}

/// Writes one message; returns the likeliest scenario that gives it.
fn one(catalog: &Catalog, found: &Found, search: bool, out: &mut dyn Write) -> Result<Option<Scenario>> {
    let teller = found.teller.map(|teller| format!(", from {teller}")).unwrap_or_default();
    let times = if found.times > 1 { format!(", {} times", found.times) } else { String::new() };
    writeln!(out, "line {}, column {}{teller}{times}:", found.line, found.column)?;
    writeln!(out, "  {}\n", wording(catalog, &found.says))?;
    for sentence in found.says.meaning(catalog) {
        writeln!(out, "  {sentence}")?;
    }
    let refusal = found.says.refusal().filter(|_| search);
    let scenario_search = refusal.map(|refusal| scenario_search(catalog, refusal, SHOWN)).unwrap_or_default();
    let rule = scenario_search.first().and_then(|producer| producer.rule).or_else(|| found.says.rule(catalog));
    if let Some(rule) = rule {
        let page = rule_page(rule);
        writeln!(out, "\nRule {}: {}", rule.name(), page.title())?;
        writeln!(out, "  {}", page.summary())?;
        for line in page.section("Remedy").unwrap_or_default().lines() {
            writeln!(out, "  {line}")?;
        }
    }
    if !scenario_search.is_empty() {
        writeln!(out, "\nScenarios that give exactly this message:")?;
        for producer in &scenario_search {
            writeln!(out, "  {}", producer.scenario.word(catalog))?;
        }
    } else if refusal.is_some() {
        writeln!(out, "\nNone of the tried scenarios gives exactly this message.")?;
    }
    Ok(scenario_search.into_iter().next().map(|producer| producer.scenario))
}

fn wording(catalog: &Catalog, says: &MessageMeaning) -> String {
    match says {
        MessageMeaning::Refused(refusal, _) => message(catalog, refusal),
        MessageMeaning::UnknownModel(name) => format!("Unknown CPU model: {name}"),
        MessageMeaning::UnknownFeatures(names) => {
            format!("Unknown CPU {}: {}", if names.len() == 1 { "feature" } else { "features" }, names.join(", "))
        }
        MessageMeaning::Unspecific(nearby) => nearby.name().to_owned(),
    }
}
