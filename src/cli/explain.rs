//! Runs `explain`: explains the messages in a text or in a log.

use super::analysis_args::TextFormat;
use super::args::Explain;
use super::files;
use crate::analysis::scenario_search::{FoundScenario, Products, scenario_search};
use crate::domain::catalog::{Catalog, Product};
use crate::domain::order::sort_by_key;
use crate::domain::qemu::Accel;
use crate::domain::scenario::Scenario;
use crate::explain::{MessageMeaning, Unspecific, rule_page, unsupported};
use crate::export::SCHEMA;
use crate::input::message::{Found, find_and_count, nearest};
use crate::resolve::{Refusal, Resolver, RuleId, Stage};
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
        // The scenarios of a full check are migrations.
        let refusal = found.says.refusal().filter(|refusal| !found.at_start || refusal.stage() != Stage::FullCheck);
        let scenarios = refusal.map(|refusal| scenario_search(resolver, refusal, SHOWN));
        let products = refusal.and_then(|refusal| {
            let mut between = |one: &FoundScenario| products.between(resolver, refusal, &one.scenario);
            scenarios.iter().flatten().find_map(&mut between)
        });
        // A scenario gives the message, but it need not be this guest's.
        let rule = found.says.rule(catalog, found.at_start);
        let rule = rule.or_else(|| scenarios.iter().flatten().next().and_then(|one| one.rule));
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
    // What stopped the guest comes first, and what is not about its CPU last.
    let is_of_device = |one: &&Found| one.says == MessageMeaning::Unspecific(Unspecific::Device);
    let (warnings, mut failures): (Vec<&Found>, Vec<&Found>) = found.iter().partition(|one| one.says.is_warning());
    sort_by_key(&mut failures, is_of_device);
    let mut explain = |some: &[&Found]| -> Vec<Explained<'_>> {
        some.iter().take(EXPLAINED).map(|one| Explained::of(&mut resolver, &mut products, one)).collect()
    };
    let explained = explain(&failures);
    let likeliest = explained.iter().flat_map(|one| one.scenarios.iter().flatten()).next();
    let likeliest = likeliest.map(|one| one.scenario.clone());
    if asked.format == TextFormat::Json {
        let warned = explain(&warnings);
        let pairs = failures.iter().copied().zip(&explained).chain(warnings.iter().copied().zip(&warned));
        write_json(catalog, &text, (&found, more), &pairs.collect::<Vec<_>>(), out)?;
        return Ok((u8::from(found.is_empty()), likeliest));
    }
    if found.is_empty() {
        write_unknown(&text, out)?;
        return Ok((1, None));
    }
    write_list(&text, (&found, more), out)?;
    let mut said = Vec::new();
    for (index, (found, explained)) in failures.iter().zip(&explained).enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_one(catalog, found, explained, (&mut said, out))?;
    }
    if let Some(rest) = failures.len().checked_sub(EXPLAINED).filter(|rest| *rest > 0) {
        let rest = count(rest, "more message");
        writeln!(out, "\n{rest} only listed above; pass one of them to explain.")?;
    }
    if !warnings.is_empty() && !failures.is_empty() {
        writeln!(out)?;
    }
    write_warnings(catalog, &warnings, out)?;
    Ok((0, likeliest))
}

/// Lists the messages of a text that has several lines or messages.
fn write_list(text: &str, (found, more): (&[Found], usize), out: &mut dyn Write) -> Result<()> {
    let lines = text.lines().count();
    if lines <= 1 && found.len() <= 1 {
        return Ok(());
    }
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
    Ok(())
}

/// Writes the warnings: those about features that are not supported together, by accelerator, then each other one.
fn write_warnings(catalog: &Catalog, warnings: &[&Found], out: &mut dyn Write) -> Result<()> {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    for accel in [Accel::Kvm, Accel::Tcg] {
        let of_accel: Vec<(&Found, &str)> = warnings
            .iter()
            .filter_map(|one| match &one.says {
                MessageMeaning::Unsupported(of, name) if *of == accel => Some((*one, name.as_str())),
                _ => None,
            })
            .collect();
        let names: Vec<&str> = of_accel.iter().map(|(_, name)| *name).collect();
        match of_accel.as_slice() {
            [] => {}
            [(only, _)] => blocks.push((heading(only), unsupported(catalog, accel, &names))),
            [(first, _), ..] => blocks.push((
                format!("{} from line {} on:\n", count(names.len(), "warning"), first.line),
                unsupported(catalog, accel, &names),
            )),
        }
    }
    let others = warnings.iter().filter(|one| !matches!(one.says, MessageMeaning::Unsupported(..)));
    blocks.extend(others.map(|one| (heading(one), one.says.meaning(catalog))));
    for (index, (heading, meaning)) in blocks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{heading}")?;
        for sentence in meaning {
            writeln!(out, "  {sentence}")?;
        }
    }
    Ok(())
}

/// Where a message stands, who wrote it, and how often; then the message.
fn heading(found: &Found) -> String {
    let teller = found.teller.map(|teller| format!(", from {teller}")).unwrap_or_default();
    let times = if found.times > 1 { format!(", {} times", found.times) } else { String::new() };
    format!("line {}, column {}{teller}{times}:\n  {}\n", found.line, found.column, found.text)
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

fn write_one(
    catalog: &Catalog,
    found: &Found,
    explained: &Explained<'_>,
    (said, out): (&mut Vec<RuleId>, &mut dyn Write),
) -> Result<()> {
    writeln!(out, "{}", heading(found))?;
    for sentence in &explained.meaning {
        writeln!(out, "  {sentence}")?;
    }
    if let Some(rule) = explained.rule {
        let page = rule_page(rule);
        writeln!(out, "\nRule {}: {}", rule.name(), page.title())?;
        if said.contains(&rule) {
            writeln!(out, "  As above.")?;
        } else {
            said.push(rule);
            writeln!(out, "  {}", page.summary())?;
            for line in page.section("Remedy").unwrap_or_default().lines() {
                writeln!(out, "  {line}")?;
            }
        }
    }
    match explained.scenarios.as_deref() {
        None => {}
        Some([]) => writeln!(out, "\nNone of the tried scenarios gives exactly this message.")?,
        Some(scenarios) => {
            writeln!(out, "\nScenarios that give exactly this message:")?;
            for one in scenarios {
                let other = one.rule.filter(|rule| Some(*rule) != explained.rule);
                let rule = other.map(|rule| format!("  (rule {})", rule.name())).unwrap_or_default();
                writeln!(out, "  {}{rule}", one.scenario.link(catalog))?;
            }
        }
    }
    if let Some((from, to)) = explained.products {
        let stage = found.says.refusal().map(Refusal::stage);
        writeln!(out, "\nFor example, the packages of these products give it: {}.", pair(from, to, stage))?;
        writeln!(out, "  {} has libvirt {} and QEMU {}.", to.name, to.libvirt, to.qemu)?;
    }
    Ok(())
}

fn pair(from: &Product, to: &Product, stage: Option<Stage>) -> String {
    match (from.name == to.name, stage) {
        (true, Some(Stage::Send)) => format!("{} when the guest is saved or migrated", from.name),
        (true, _) => format!("{} when the guest starts", from.name),
        (false, _) => format!("{} to {}", from.name, to.name),
    }
}

fn write_json(
    catalog: &Catalog,
    text: &str,
    (found, more): (&[Found], usize),
    explained: &[(&Found, &Explained<'_>)],
    out: &mut dyn Write,
) -> Result<()> {
    let messages: Vec<serde_json::Value> = found
        .iter()
        .map(|found| {
            let mut value = serde_json::json!({
                "line": found.line,
                "column": found.column,
                "times": found.times,
                "from": found.teller,
                "text": found.text,
            });
            let own = explained.iter().find(|(of, _)| std::ptr::eq(*of, found));
            if let (Some((_, one)), Some(object)) = (own, value.as_object_mut()) {
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
