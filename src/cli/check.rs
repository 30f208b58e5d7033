//! Runs `check` for one scenario or for each line of a batch.

use super::scenario_args::{Asked, Choice};
use crate::analysis::remedies::{remedies, remedies_with};
use crate::domain::catalog::Catalog;
use crate::export::{self, About};
use crate::input::batch;
use crate::resolve::{Resolver, Verdict, resolve};
use anyhow::Result;
use clap::ValueEnum;
use std::io::{BufRead, Write};

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For mail.
    Markdown,
    /// For scripts.
    Json,
}

/// Writes one answer. Returns the exit code: 0 if the guest's CPU arrives unchanged, else 1.
///
/// # Errors
/// Bad input, or output that cannot be written.
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
            Format::Markdown => export::markdown(catalog, &scenario, &answer, &ways, None),
            Format::Json => export::json(catalog, &scenario, &answer, None, Some(&ways)) + "\n",
        };
        out.write_all(text.as_bytes())?;
    }
    Ok(u8::from(answer.verdict != Verdict::Unchanged))
}

/// The longest batch line, in bytes.
const LONGEST_LINE: u64 = 16 << 20;

/// Answers each line of a batch, in the same order; for a bad line the answer has its number and the error. Returns the
/// exit code: 0 if every guest arrives unchanged, 1 if some other verdict is among them, 2 if a line is invalid.
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
            Err(err) => Err(format!("column {}: expected UTF-8 text", err.valid_up_to() + 1)),
        };
        let answer = match text.and_then(|text| batch::read(catalog, text)) {
            Ok(line) => {
                let answer = resolver.resolve(&line.scenario);
                code = code.max(u8::from(answer.verdict != Verdict::Unchanged));
                let ways = with_ways_out.then(|| remedies_with(&mut resolver, &line.scenario, &answer));
                let (id, said) = (line.id.as_deref(), line.said.as_deref());
                let about = About { id, said, remedies: ways.as_deref(), screen: None };
                export::json_line_about(catalog, &line.scenario, &answer, about)
            }
            Err(err) => {
                code = 2;
                export::bad_line(number, &err)
            }
        };
        out.write_all(answer.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(code)
}
