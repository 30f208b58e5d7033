//! Answers for guests read from their domains' files: the usual answer for one, a table for several.

use super::check::Format;
use super::files;
use super::scenario_args::Choice;
use crate::analysis::remedies::{remedies, remedies_with};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::export::{self, About, GuestRow};
use crate::input::domain::{self, Domain};
use crate::load::LoadError;
use crate::resolve::{Answer, Resolver, Verdict};
use anyhow::Result;
use std::collections::HashMap;
use std::io::Write;

/// Writes the answers for the guests the command line names. Returns the exit code: 0 when every guest arrives
/// unchanged, 1 when some other verdict is among them, 2 when some file could not be read; the others are answered all
/// the same.
///
/// # Errors
/// Wrong choices, or output that cannot be written.
pub fn check_domains(
    catalog: &Catalog,
    choice: &Choice,
    (format, quiet, with_ways): (Format, bool, bool),
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> Result<u8> {
    let asked = choice.between(catalog)?;
    let (names, mut faults) = expand(&choice.domains);
    for fault in &faults {
        writeln!(errors, "virt-cpu-explorer: {fault}")?;
    }
    let single = names.len() == 1 && faults.is_empty();
    let (mut rows, mut code) = (Vec::new(), 0);
    let mut known: HashMap<Scenario, Answer> = HashMap::new();
    let mut resolver = Resolver::new(catalog);
    for name in &names {
        match read(catalog, choice, &asked.scenario, name) {
            Ok(domain) => {
                // Guests of one kind share their answer.
                let answer = known.entry(domain.scenario.clone()).or_insert_with(|| resolver.resolve(&domain.scenario));
                code = code.max(u8::from(answer.verdict != Verdict::Unchanged));
                rows.push(GuestRow::of(catalog, name, answer));
                if single && !quiet {
                    out.write_all(one(catalog, name, (&domain, answer), &asked.notes, format).as_bytes())?;
                } else if format == Format::Json && !quiet {
                    let ways = with_ways.then(|| remedies_with(&mut resolver, &domain.scenario, answer));
                    let said = domain.line();
                    let about = About { id: Some(name), said: Some(&said), remedies: ways.as_deref(), screen: None };
                    writeln!(out, "{}", export::json_line_about(catalog, &domain.scenario, answer, about))?;
                }
            }
            Err(fault) => {
                if format == Format::Json && !quiet {
                    writeln!(out, "{}", export::bad_file(name, &fault.to_string()))?;
                }
                writeln!(errors, "virt-cpu-explorer: {fault}")?;
                faults.push(fault);
            }
        }
    }
    if !single && !quiet && format != Format::Json {
        for note in &asked.notes {
            writeln!(out, "{note}")?;
        }
        out.write_all(export::guests(&rows, faults.len(), format == Format::Markdown).as_bytes())?;
    }
    Ok(if faults.is_empty() { code } else { 2 })
}

/// Every file that the names stand for, and what is wrong with the names that stand for none.
fn expand(domains: &[String]) -> (Vec<String>, Vec<LoadError>) {
    let (mut names, mut faults) = (Vec::new(), Vec::new());
    for domain in domains {
        match files::expand(domain) {
            Ok(found) => names.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    (names, faults)
}

/// Reads one guest; what the command line chooses of the guest wins over its file.
pub(super) fn read(catalog: &Catalog, choice: &Choice, between: &Scenario, name: &str) -> Result<Domain, LoadError> {
    let bytes = files::read(name)?;
    let mut domain = domain::scenario(catalog, between, name, &bytes)?;
    for (key, value) in choice.keys.0.iter().filter(|(key, _)| key.is_of_the_guest()) {
        // The choices were read once already, without a mistake.
        if domain.scenario.set(catalog, *key, value).is_ok() {
            domain.used.push(format!(
                "--{} {value}, which overrides the file, so the guest counts as freshly started",
                key.name()
            ));
        }
    }
    Ok(domain)
}

fn one(
    catalog: &Catalog,
    name: &str,
    (domain, answer): (&Domain, &Answer),
    notes: &[String],
    format: Format,
) -> String {
    let (scenario, said) = (&domain.scenario, domain.line());
    let ways = remedies(catalog, scenario, answer);
    let mut text = String::new();
    if format == Format::Json {
        let about = About { id: Some(name), said: Some(&said), remedies: Some(&ways), screen: None };
        return export::json_about(catalog, scenario, answer, about) + "\n";
    }
    for line in std::iter::once(&format!("{name}: {said}")).chain(notes) {
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&match format {
        Format::Markdown => export::markdown(catalog, scenario, answer, &ways, None),
        Format::Text | Format::Json => export::text(catalog, scenario, answer, &ways),
    });
    text
}
