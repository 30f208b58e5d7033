//! Runs `check`: for one guest, for the guests of domain files, or for each line of a batch.

use super::analysis::{NOT_COUNTED, progress};
use super::check_args::{CheckArgs, Format};
use super::files::{self, Expanded};
use super::output::{below, complain};
use super::scenario_args::{Choice, Needs};
use crate::analysis::remedies::{remedies, remedies_with};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::{Key, MaybeKnown, Scenario, Topology};
use crate::domain::text::one_line;
use crate::export::{self, About, GuestRow, JsonLines};
use crate::input::batch;
use crate::input::domain::Guests;
use crate::load::{LoadError, file};
use crate::resolve::{Answer, Resolver};
use anyhow::{Result, bail};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

const NEEDS: Needs = Needs {
    guest: true,
    source: true,
    destination: true,
    example: "check EPYC,machine=pc-q35-5.2 --from debian:12 --to debian:13",
};

/// Runs `check`. Returns the exit code: 1 if some verdict counts as a failure, 2 if some input is invalid, else 0.
///
/// # Errors
/// Bad input, or output that cannot be written.
pub fn check(catalog: &Catalog, args: &CheckArgs, out: &mut dyn Write) -> Result<u8> {
    let choice = args.choice();
    match &args.batch {
        Some(path) if path.as_os_str() == "-" => check_batch(catalog, &mut std::io::stdin().lock(), args, out),
        Some(path) => check_batch(catalog, &mut BufReader::new(file::open(path)?), args, out),
        None if choice.domains.is_empty() => check_one(catalog, &choice, args, out),
        None => check_domains(catalog, &choice, args, out),
    }
}

/// How long a pipe on standard input may take to begin.
const PIPE_WAIT: Duration = Duration::from_secs(1);

/// Watches standard input that is a pipe while the answer is made: input in it was meant to be read.
struct UnreadInput(Option<Receiver<bool>>);

impl UnreadInput {
    fn watch(wanted: bool) -> Self {
        #[cfg(unix)]
        let is_pipe = {
            use std::os::unix::fs::FileTypeExt;
            std::fs::metadata("/dev/stdin").is_ok_and(|stdin| stdin.file_type().is_fifo())
        };
        #[cfg(not(unix))]
        let is_pipe = false;
        if !wanted || !is_pipe {
            return Self(None);
        }
        let (send, receive) = channel();
        std::thread::spawn(move || {
            let begins = std::io::stdin().read(&mut [0]).is_ok_and(|bytes| bytes > 0);
            // The program may have ended.
            let _ = send.send(begins);
        });
        Self(Some(receive))
    }

    /// Refuses input. A pipe that stays open and empty is only mentioned.
    fn refuse(self) -> Result<()> {
        let Some(receive) = self.0 else { return Ok(()) };
        match receive.recv_timeout(PIPE_WAIT) {
            Ok(true) => bail!(
                "standard input has data that is not read, because the guest is given as an argument; remove the \
                 argument and add --domain -, or add </dev/null"
            ),
            Ok(false) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                complain("standard input is a pipe that is not read; add </dev/null, or --domain - to read a guest");
            }
        }
        Ok(())
    }
}

/// Answers for one guest of the command line.
fn check_one(catalog: &Catalog, choice: &Choice, args: &CheckArgs, out: &mut dyn Write) -> Result<u8> {
    let asked = choice.asked(catalog)?;
    choice.require(NEEDS, &asked)?;
    let unread = UnreadInput::watch(args.watch_input);
    let scenario = &asked.scenario;
    let answer = crate::resolve::resolve(catalog, scenario);
    unread.refuse()?;
    if !args.quiet {
        let text = one(catalog, (scenario, &answer), About::default(), &asked.notes, args);
        out.write_all(text.as_bytes())?;
    }
    Ok(args.code(answer.verdict))
}

/// Writes the answer for one guest, with lines about what was read for it.
fn one(
    catalog: &Catalog,
    (scenario, answer): (&Scenario, &Answer),
    about: About<'_>,
    notes: &[String],
    args: &CheckArgs,
) -> String {
    let ways = remedies(catalog, scenario, answer);
    let text = match args.format.unwrap_or(Format::Text) {
        Format::Json => {
            return export::json_about(catalog, scenario, answer, About { remedies: Some(&ways), ..about }) + "\n";
        }
        Format::Junit => {
            let name = about.id.map_or_else(|| scenario.cpu_name(catalog).to_owned(), str::to_owned);
            return export::guests_junit(&[GuestRow::of(catalog, &name, scenario, answer)], args.failing());
        }
        Format::Markdown => export::markdown(catalog, scenario, answer, &ways, args.web_base.as_deref()),
        Format::Text if args.verbose => export::text(catalog, scenario, answer, &ways),
        Format::Text => export::summary(catalog, scenario, answer, &ways),
    };
    text + &below(notes)
}

/// Answers for the guests in domain files: the usual answer for one, a table for several. Files and guests that cannot be
/// read do not stop it.
fn check_domains(catalog: &Catalog, choice: &Choice, args: &CheckArgs, out: &mut dyn Write) -> Result<u8> {
    let asked = choice.between(catalog)?;
    choice.require(NEEDS, &asked)?;
    let mut all = Vec::new();
    for domain in &choice.domains {
        let found = files::expand(domain);
        for (skipped, why) in found.iter().flat_map(Expanded::skipped) {
            complain(format!("{domain}: skipped {skipped}: {why}"));
        }
        all.push((domain, found));
    }
    let count = all.iter().map(|(_, found)| found.as_ref().map_or(1, Expanded::count)).sum();
    let files = all.into_iter().flat_map(|(domain, found)| {
        let (paths, unreadable) = match found {
            Ok(found) => (Some(found.paths()), None),
            Err(err) => (None, Some((domain.clone(), err))),
        };
        paths.into_iter().flatten().chain(unreadable.map(Err))
    });
    let mut many = Many::new(catalog, args);
    let mut known: HashMap<Scenario, Answer> = HashMap::new();
    let mut progress = progress();
    for (number, file) in (1..).zip(files) {
        progress(number, count);
        let read = file.and_then(|name| match files::read(&name) {
            Ok(bytes) => Ok((name, bytes)),
            Err(err) => Err((name, err)),
        });
        let (name, bytes) = match read {
            Ok(read) => read,
            Err((name, err)) => {
                many.complain(&name, &err, out)?;
                continue;
            }
        };
        let guests = match Guests::of(&name, &bytes) {
            Ok(guests) => guests,
            Err(err) => {
                many.complain(&name, &err, out)?;
                continue;
            }
        };
        if let Some(skipped) = guests.skipped() {
            complain(format!("{}: skipped {skipped}", one_line(&name)));
        }
        for index in 0..guests.count() {
            let name = guests.name(index);
            let domain = match choice.read_guest(catalog, &asked.scenario, (&guests, index)) {
                Ok(domain) => domain,
                Err(err) => {
                    many.complain(&name, &err, out)?;
                    continue;
                }
            };
            let answer = many.answer(&mut known, &domain.scenario);
            let said = domain.line();
            let about = About { id: Some(&name), said: Some(&said), ..About::default() };
            if count == 1 && guests.count() == 1 && !args.quiet {
                let note = std::iter::once(format!("{}: {said}", one_line(&name)));
                let notes: Vec<String> = note.chain(asked.notes.iter().cloned()).collect();
                out.write_all(one(catalog, (&domain.scenario, answer), about, &notes, args).as_bytes())?;
                return Ok(args.code(answer.verdict));
            }
            many.add(&name, (&domain.scenario, answer), about, out)?;
        }
    }
    many.finish(Format::Text, &asked.notes, out)
}

/// What of a guest decides: of its topology only the threads of a package.
fn decided_by(scenario: &Scenario) -> Scenario {
    let topology = match scenario.topology {
        MaybeKnown::Is(topology) => MaybeKnown::Is(Topology { sockets: 1, ..topology }),
        MaybeKnown::Unknown => MaybeKnown::Unknown,
    };
    Scenario { topology, ..scenario.clone() }
}

/// Collects the answers for many guests, or writes each at once as a line of JSON.
struct Many<'a> {
    catalog: &'a Catalog,
    args: &'a CheckArgs,
    /// Whether each answer is a line of JSON.
    lines: bool,
    /// The last of them.
    line: Vec<u8>,
    json: JsonLines<'a>,
    resolver: Resolver<'a>,
    rows: Vec<GuestRow>,
    code: u8,
}

impl<'a> Many<'a> {
    fn new(catalog: &'a Catalog, args: &'a CheckArgs) -> Self {
        let lines = args.format == Some(Format::Json);
        Self {
            catalog,
            args,
            lines,
            line: Vec::new(),
            json: JsonLines::new(catalog),
            resolver: Resolver::new(catalog),
            rows: Vec::new(),
            code: 0,
        }
    }

    fn add(
        &mut self,
        name: &str,
        (scenario, answer): (&Scenario, &Answer),
        about: About<'_>,
        out: &mut dyn Write,
    ) -> Result<()> {
        self.code = self.code.max(self.args.code(answer.verdict));
        if self.args.quiet {
            return Ok(());
        }
        if self.lines {
            let fixes = self.args.ways_out.then(|| remedies_with(&mut self.resolver, scenario, answer));
            let about = About { remedies: fixes.as_deref(), ..about };
            self.line.clear();
            self.json.push(&mut self.line, scenario, answer, about);
            out.write_all(&self.line)?;
        } else {
            self.rows.push(GuestRow::of(self.catalog, name, scenario, answer));
        }
        Ok(())
    }

    /// Returns the answer for a guest of a file. Guests with the same definition share it.
    fn answer<'k>(&mut self, known: &'k mut HashMap<Scenario, Answer>, scenario: &Scenario) -> &'k Answer {
        if known.len() == MOST_KNOWN {
            known.clear();
        }
        known.entry(decided_by(scenario)).or_insert_with(|| self.resolver.resolve(scenario))
    }

    /// Reports a file or a guest that cannot be read.
    fn complain(&mut self, name: &str, err: &LoadError, out: &mut dyn Write) -> Result<()> {
        complain(err);
        self.add_unreadable(name, &err.to_string(), &export::bad_file(name, &err.to_string()), out)
    }

    fn add_unreadable(&mut self, name: &str, error: &str, json: &str, out: &mut dyn Write) -> Result<()> {
        self.code = 2;
        if self.args.quiet {
            return Ok(());
        }
        if self.lines {
            writeln!(out, "{json}")?;
        } else {
            self.rows.push(GuestRow::unreadable(name, error));
        }
        Ok(())
    }

    /// Writes the table.
    fn finish(self, otherwise: Format, notes: &[String], out: &mut dyn Write) -> Result<u8> {
        if self.args.quiet || self.lines {
            return Ok(self.code);
        }
        let text = match self.args.format.unwrap_or(otherwise) {
            Format::Markdown => export::guests_markdown(&self.rows),
            Format::Junit => export::guests_junit(&self.rows, self.args.failing()),
            Format::Text | Format::Json => export::guests_text(&self.rows, self.args.verbose) + &below(notes),
        };
        out.write_all(text.as_bytes())?;
        Ok(self.code)
    }
}

/// How many answers to guests of files are kept for guests with the same definition.
const MOST_KNOWN: usize = 1024;
/// The longest batch line, in bytes.
const LONGEST_LINE: u64 = 1 << 20;
/// How much of a longer line is passed over for the next one. What has no end by then has none.
const MOST_SKIPPED: u64 = 64 << 20;

/// Answers each line of a batch, in the same order; for a bad line the answer has its number and the error. The flags of
/// `args` are the defaults of every line. Returns the exit code, as [`check`].
///
/// # Errors
/// Flags or input that cannot be read, output that cannot be written.
pub fn check_batch(catalog: &Catalog, input: &mut dyn BufRead, args: &CheckArgs, out: &mut dyn Write) -> Result<u8> {
    let choice = args.choice();
    let asked = choice.between(catalog)?;
    let mut given: Vec<Key> = choice.keys.0.iter().map(|(key, _)| *key).collect();
    given.extend(asked.has_source.then_some(Key::From));
    given.extend(asked.has_destination.then_some(Key::To));
    let mut reader =
        batch::Reader::new(catalog, batch::Defaults { scenario: asked.scenario, given, machine: asked.machine });
    let mut many = Many::new(catalog, args);
    many.lines = matches!(args.format, None | Some(Format::Json));
    // A line of JSON is written as soon as it is answered, and who types the lines sees them.
    let is_typed = args.batch.as_deref().is_some_and(|path| path.as_os_str() == "-") && std::io::stdin().is_terminal();
    let tells = !many.lines && !is_typed;
    let (mut bytes, mut progress) = (Vec::new(), progress());
    for number in 1usize.. {
        if tells {
            progress(number, NOT_COUNTED);
        }
        bytes.clear();
        let read = std::io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            if tells {
                progress(number, number);
            }
            break;
        }
        let too_long = bytes.len() as u64 == LONGEST_LINE && !bytes.ends_with(b"\n");
        if too_long {
            let mut rest = std::io::Read::take(&mut *input, MOST_SKIPPED);
            rest.skip_until(b'\n')?;
            if rest.limit() == 0 {
                bail!("line {number}: expected a line of at most {} MiB, found no end of it", LONGEST_LINE >> 20);
            }
        }
        let text = match std::str::from_utf8(&bytes) {
            _ if too_long => Err(format!("expected a line of at most {} MiB", LONGEST_LINE >> 20)),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Ok(text.trim_end()),
            Err(err) => Err(format!("column {}: expected UTF-8 text", err.valid_up_to() + 1)),
        };
        match text.and_then(|text| reader.read(text)) {
            Ok(line) => {
                let answer = many.resolver.resolve(&line.scenario);
                let name = line.id.clone().unwrap_or_else(|| format!("line {number}"));
                let about = About { id: line.id.as_deref(), said: line.said.as_deref(), ..About::default() };
                many.add(&name, (&line.scenario, &answer), about, out)?;
            }
            Err(err) => {
                many.add_unreadable(&format!("line {number}"), &err, &export::bad_line(number, &err), out)?;
            }
        }
    }
    many.finish(Format::Json, &asked.notes, out)
}
