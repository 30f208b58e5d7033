//! Does what `check` asks for: one verdict, or one for each line of a batch, with the exit code that says so.

use super::args::Choice;
use crate::analysis::remedies::{remedies, ways_out_with};
use crate::domain::catalog::Catalog;
use crate::domain::definition::named_enum;
use crate::domain::scenario::{Key, Scenario};
use crate::export;
use crate::input::batch;
use crate::resolve::{Resolver, Verdict, resolve};
use anyhow::{Context, Result, anyhow};
use std::io::{BufRead, Write};

named_enum! {
    /// How an answer is written.
    Format {
        /// For people.
        Text "text",
        /// For mail.
        Markdown "markdown",
        /// For scripts.
        Json "json",
    }
}

/// What the command line asks about, and what is to be said about the files it names.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question.
    pub scenario: Scenario,
    /// What was read from files, a line each.
    pub notes: Vec<String>,
}

impl Choice {
    /// Returns whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.word.is_none() && self.keys.is_empty() && self.domains.is_empty()
    }

    /// Returns the scenario that word, flags and files choose. A flag wins over nothing: a key in both is a fault. Of
    /// several domains the first counts.
    ///
    /// # Errors
    /// What is wrong, with the column in the word, the name of the flag, or the place in the file.
    pub fn scenario(&self, catalog: &Catalog) -> Result<Scenario> {
        self.asked(catalog).map(|asked| asked.scenario)
    }

    /// The same, with what is to be said about the files.
    ///
    /// # Errors
    /// The same.
    pub fn asked(&self, catalog: &Catalog) -> Result<Asked> {
        let mut asked = self.between(catalog)?;
        if let Some(name) = self.domains.first() {
            let domain = super::domains::read(catalog, self, &asked.scenario, name)?;
            asked.notes.insert(0, format!("{name}: {}", domain.line()));
            asked.scenario = domain.scenario;
        }
        Ok(asked)
    }

    /// The same without a domain's file: what word and flags choose, and the hosts that are files.
    ///
    /// # Errors
    /// The same.
    pub fn between(&self, catalog: &Catalog) -> Result<Asked> {
        let mut scenario = self.chosen(catalog)?;
        let mut notes = Vec::new();
        for (key, value) in self.keys.iter().filter(|(key, value)| is_host_file(catalog, *key, value)) {
            notes.push(super::hosts::apply(catalog, self, &mut scenario, *key, value)?);
        }
        Ok(Asked { scenario, notes })
    }

    /// Returns the keys that the word gives a value.
    fn in_word(&self) -> Vec<Key> {
        let parts = self.word.iter().flat_map(|word| word.split(',').skip(1));
        parts.filter_map(|part| Key::parse(part.split_once('=')?.0)).collect()
    }

    /// Returns whether the word or a flag gives this key a value.
    pub(super) fn names(&self, key: Key) -> bool {
        self.keys.iter().any(|(given, _)| *given == key) || self.in_word().contains(&key)
    }

    fn chosen(&self, catalog: &Catalog) -> Result<Scenario> {
        let mut scenario = match &self.word {
            Some(word) => Scenario::parse(catalog, word)?,
            None => Scenario::default_of(catalog),
        };
        let in_word = self.in_word();
        let late = |key: Key| matches!(key, Key::Machine | Key::Started | Key::Via);
        for pass in [false, true] {
            for (key, value) in self.keys.iter().filter(|(key, _)| late(*key) == pass) {
                if in_word.contains(key) && *key != Key::Via {
                    return Err(anyhow!("{} is given in the scenario and as --{0}; give one", key.name()));
                }
                if is_host_file(catalog, *key, value) {
                    continue;
                }
                scenario.set(catalog, *key, value).with_context(|| format!("--{}", key.name()))?;
            }
        }
        Ok(scenario)
    }
}

/// Whether a host is given as a file that exists, and not by the name of a listed one.
fn is_host_file(catalog: &Catalog, key: Key, value: &str) -> bool {
    matches!(key, Key::Host | Key::FromHost | Key::ToHost)
        && catalog.host_named(value).is_none()
        && std::path::Path::new(value).is_file()
}

/// Writes one answer. Returns the exit code: 0 for a guest that arrives unchanged, else 1.
///
/// # Errors
/// Wrong input, or output that cannot be written.
pub fn check_one(catalog: &Catalog, choice: &Choice, format: Format, quiet: bool, out: &mut dyn Write) -> Result<u8> {
    let Asked { scenario, notes } = choice.asked(catalog)?;
    let answer = resolve(catalog, &scenario);
    if !quiet {
        if format != Format::Json {
            for note in &notes {
                writeln!(out, "{note}\n")?;
            }
        }
        let ways = remedies(catalog, &scenario, &answer);
        let text = match format {
            Format::Text => export::text(catalog, &scenario, &answer, &ways),
            Format::Markdown => export::markdown(catalog, &scenario, &answer, &ways),
            Format::Json => export::json(catalog, &scenario, &answer, None, Some(&ways)) + "\n",
        };
        out.write_all(text.as_bytes())?;
    }
    Ok(u8::from(answer.verdict != Verdict::Unchanged))
}

/// The longest batch line, in bytes.
const LONGEST_LINE: u64 = 16 << 20;

/// Answers each line of a batch, in the same order; a bad line gets an answer that names it and says what is wrong.
/// Returns the exit code: 0 when every line was answered, else 2.
///
/// # Errors
/// Input that cannot be read, output that cannot be written.
pub fn check_batch(catalog: &Catalog, input: &mut dyn BufRead, with_ways_out: bool, out: &mut dyn Write) -> Result<u8> {
    let mut code = 0;
    let mut bytes = Vec::new();
    let mut resolver = Resolver::new(catalog);
    for number in 1usize.. {
        bytes.clear();
        let read = std::io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            break;
        }
        let too_long = bytes.len() as u64 == LONGEST_LINE && !bytes.ends_with(b"\n");
        if too_long {
            input.skip_until(b'\n')?;
        }
        let text = match std::str::from_utf8(&bytes) {
            _ if too_long => Err(format!("expected a line of at most {} MiB", LONGEST_LINE >> 20)),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Ok(text.trim_end()),
            Err(fault) => Err(format!("column {}: expected UTF-8 text", fault.valid_up_to() + 1)),
        };
        let answer = match text.and_then(|text| batch::read(catalog, text)) {
            Ok(line) => {
                let answer = resolver.resolve(&line.scenario);
                let ways = with_ways_out.then(|| ways_out_with(&mut resolver, &line.scenario, &answer));
                export::json_line(catalog, &line.scenario, &answer, line.id.as_deref(), ways.as_deref())
            }
            Err(fault) => {
                code = 2;
                export::bad_line(number, &fault)
            }
        };
        out.write_all(answer.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(code)
}
