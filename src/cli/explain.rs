//! Runs `explain`: explains the messages in a text or in a log.

use super::analysis_args::TextFormat;
use super::args::Explain;
use super::files;
use crate::analysis::scenario_search::{FoundScenario, Products, scenario_search};
use crate::domain::catalog::{Catalog, Product};
use crate::domain::scenario::Scenario;
use crate::explain::rule_page;
use crate::export::SCHEMA;
use crate::input::message::{Found, find_and_count, nearest};
use crate::resolve::{Resolver, RuleId};
use anyhow::{Result, bail};
use std::io::Write;
use std::path::Path;

/// How many scenarios are shown for a message.
const SHOWN: usize = 3;
/// How many messages of one text are explained at length; the others are listed.
const EXPLAINED: usize = 12;
/// How many of the others are listed as text.
const LISTED: usize = 200;

/// Everything there is to say about a message.
struct Explained<'a> {
    meaning: Vec<String>,
    rule: Option<RuleId>,
    /// `None` for a message that no scenario can give exactly.
    scenarios: Option<Vec<FoundScenario>>,
    products: Option<(&'a Product, &'a Product)>,
}

impl<'a> Explained<'a> {
    fn of(resolver: &mut Resolver<'a>, products: &mut Products<'a>, found: &Found) -> Self {
        let catalog = resolver.catalog();
        let refusal = found.says.refusal();
        let scenarios = refusal.map(|refusal| scenario_search(resolver, refusal, SHOWN));
        let products = refusal.and_then(|refusal| {
            let mut between = |one: &FoundScenario| products.between(resolver, refusal, &one.scenario);
            scenarios.iter().flatten().find_map(&mut between)
        });
        let rule = scenarios.iter().flatten().next().and_then(|one| one.rule).or_else(|| found.says.rule(catalog));
        Self { meaning: found.says.meaning(catalog), rule, scenarios, products }
    }
}

/// Writes what each message in the text means. Returns the exit code, 0 when one was recognised, else 1, and the
/// likeliest scenario that gives the first of them.
///
/// # Errors
/// Text that cannot be read, or output that cannot be written.
pub fn explain(catalog: &Catalog, asked: &Explain, out: &mut dyn Write) -> Result<(u8, Option<Scenario>)> {
    if let Some(name) = asked.text.as_deref().filter(|text| is_name_of_file(text) && !Path::new(text).exists()) {
        bail!("{name}: no such file; to explain a message, quote the whole of it");
    }
    let text = match &asked.text {
        Some(text) if !Path::new(text).exists() => text.clone(),
        // A log may hold anything; only the messages in it have to be text.
        file => String::from_utf8(files::read(file.as_deref().unwrap_or("-"))?)
            .unwrap_or_else(|err| String::from_utf8_lossy(err.as_bytes()).into_owned()),
    };
    let (found, more) = find_and_count(catalog, &text);
    let (mut resolver, mut products) = (Resolver::new(catalog), Products::of(catalog));
    let explained: Vec<Explained<'_>> =
        found.iter().take(EXPLAINED).map(|found| Explained::of(&mut resolver, &mut products, found)).collect();
    let likeliest = explained.iter().flat_map(|one| one.scenarios.iter().flatten()).next();
    let likeliest = likeliest.map(|one| one.scenario.clone());
    if asked.format == TextFormat::Json {
        write_json(catalog, &text, (&found, more), &explained, out)?;
        return Ok((u8::from(found.is_empty()), likeliest));
    }
    if found.is_empty() {
        write_unknown(&text, out)?;
        return Ok((1, None));
    }
    let lines = text.lines().count();
    if lines > 1 || found.len() > 1 {
        writeln!(out, "{} in {lines} lines:", count(found.len(), "different message"))?;
        for one in found.iter().take(LISTED) {
            writeln!(out, "  line {}: {}", one.line, one.text)?;
        }
        if let Some(rest) = found.len().checked_sub(LISTED).filter(|rest| *rest > 0) {
            writeln!(out, "  {rest} more; --format json lists all")?;
        }
        if more > 0 {
            writeln!(out, "  {} not among these; split the text to see them", count(more, "further message"))?;
        }
        writeln!(out)?;
    }
    for (index, (found, explained)) in found.iter().zip(&explained).enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_one(catalog, found, explained, out)?;
    }
    if let Some(rest) = found.len().checked_sub(EXPLAINED).filter(|rest| *rest > 0) {
        let rest = count(rest, "more message");
        writeln!(out, "\n{rest} only listed above; pass one of them to explain.")?;
    }
    Ok((0, likeliest))
}

/// Whether a text can only be meant as a file: one word with a path or an ending.
fn is_name_of_file(text: &str) -> bool {
    let ending = text.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty() && (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphabetic())
    });
    !text.contains(char::is_whitespace) && (text.contains('/') || ending)
}

fn count(many: usize, what: &str) -> String {
    if many == 1 { format!("1 {what}") } else { format!("{many} {what}s") }
}

fn write_unknown(text: &str, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "This text has no known message of libvirt or QEMU about a guest's CPU.")?;
    if let Some((line, known)) = nearest(text) {
        writeln!(out, "Line {line} is nearest to this known message: {known:?}.")?;
    }
    writeln!(
        out,
        "To report a message that is missing, send the line and the versions of libvirt and QEMU to the maintainer of \
         your copy. SECURITY.md says who that is."
    )?;
    Ok(())
}

fn write_one(catalog: &Catalog, found: &Found, explained: &Explained<'_>, out: &mut dyn Write) -> Result<()> {
    let teller = found.teller.map(|teller| format!(", from {teller}")).unwrap_or_default();
    let times = if found.times > 1 { format!(", {} times", found.times) } else { String::new() };
    writeln!(out, "line {}, column {}{teller}{times}:", found.line, found.column)?;
    writeln!(out, "  {}\n", found.text)?;
    for sentence in &explained.meaning {
        writeln!(out, "  {sentence}")?;
    }
    if let Some(rule) = explained.rule {
        let page = rule_page(rule);
        writeln!(out, "\nRule {}: {}", rule.name(), page.title())?;
        writeln!(out, "  {}", page.summary())?;
        for line in page.section("Remedy").unwrap_or_default().lines() {
            writeln!(out, "  {line}")?;
        }
    }
    match explained.scenarios.as_deref() {
        None => {}
        Some([]) => writeln!(out, "\nNone of the tried scenarios gives exactly this message.")?,
        Some(scenarios) => {
            writeln!(out, "\nScenarios that give exactly this message:")?;
            for one in scenarios {
                writeln!(out, "  {}", one.scenario.link(catalog))?;
            }
        }
    }
    if let Some((from, to)) = explained.products {
        writeln!(out, "\nFor example, the packages of these products give it: {}.", pair(from, to))?;
        writeln!(out, "  {} has libvirt {} and QEMU {}.", to.name, to.libvirt, to.qemu)?;
    }
    Ok(())
}

fn pair(from: &Product, to: &Product) -> String {
    if from.name == to.name {
        return format!("{} when the guest starts", from.name);
    }
    format!("{} to {}", from.name, to.name)
}

fn write_json(
    catalog: &Catalog,
    text: &str,
    (found, more): (&[Found], usize),
    explained: &[Explained<'_>],
    out: &mut dyn Write,
) -> Result<()> {
    let messages: Vec<serde_json::Value> = found
        .iter()
        .enumerate()
        .map(|(index, found)| {
            let mut value = serde_json::json!({
                "line": found.line,
                "column": found.column,
                "times": found.times,
                "from": found.teller,
                "text": found.text,
            });
            if let (Some(one), Some(object)) = (explained.get(index), value.as_object_mut()) {
                let scenarios = one.scenarios.iter().flatten().map(|one| one.scenario.link(catalog));
                let products = one.products.iter();
                let products = products.map(|(from, to)| serde_json::json!({ "from": from.name, "to": to.name }));
                object.insert("meaning".to_owned(), one.meaning.clone().into());
                object.insert("rule".to_owned(), one.rule.map(RuleId::name).into());
                object.insert("scenarios".to_owned(), scenarios.collect());
                object.insert("products".to_owned(), products.collect());
            }
            value
        })
        .collect();
    let near = if found.is_empty() { nearest(text) } else { None };
    let value = serde_json::json!({
        "schema": SCHEMA,
        "lines": text.lines().count(),
        "messages": messages,
        "more": more,
        "nearest": near.map(|(line, known)| serde_json::json!({ "line": line, "message": known })),
    });
    writeln!(out, "{value:#}")?;
    Ok(())
}
