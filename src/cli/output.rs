//! Writes to standard output: through a pager if the output is long, and in colour if a terminal shows it. Control
//! characters are escaped, on standard error as well.

use crate::domain::text::{is_plain, visible};
use clap::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Standard output, with errors that name it.
#[derive(Debug)]
pub struct Output {
    target: Target,
    colours: bool,
    /// The beginning of an unfinished line, if lines are coloured.
    line: String,
    /// Whether the reader is gone. What follows is not written, and the exit code stays that of the answer.
    closed: bool,
}

#[derive(Debug)]
enum Target {
    Plain(BufWriter<Stdout>),
    Paged(Child, BufWriter<ChildStdin>),
}

/// Returns what `--color` says on a command line, before anything else of it is parsed.
pub fn color_choice(args: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).take_while(|word| *word != "--").collect();
    let joined = words.iter().filter_map(|word| word.strip_prefix("--color=")).next_back();
    let apart = words.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1]).next_back();
    match apart.or(joined) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

impl Output {
    /// Returns the output of a command; `long` if it may be longer than a screen.
    pub fn new(colour: ColorChoice, long: bool) -> Self {
        let terminal = io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colours = match colour {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !is_set("NO_COLOR"),
        };
        let plain = || Target::Plain(BufWriter::new(io::stdout()));
        let target = if long && terminal { pager().unwrap_or_else(plain) } else { plain() };
        Self { target, colours, line: String::new(), closed: false }
    }

    /// Writes the rest, and waits for the pager.
    ///
    /// # Errors
    /// Output that cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.write_out(line.as_bytes())?;
        self.flush()?;
        if let Target::Paged(mut child, input) = self.target {
            drop(input);
            child.wait()?;
        }
        Ok(())
    }

    fn write_out(&mut self, text: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = match &mut self.target {
            Target::Plain(out) => out.write_all(text),
            Target::Paged(_, input) => input.write_all(text),
        };
        self.unless_closed(written)
    }

    /// Takes note of a reader that is gone, such as `head`. Any other error is returned, with the output's name.
    fn unless_closed(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(err) if err.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(|err| cannot_write(&err)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.colours && is_plain(bytes) {
            self.write_out(bytes)?;
            return Ok(bytes.len());
        }
        let text = String::from_utf8_lossy(bytes);
        let text = visible(&text);
        if !self.colours {
            self.write_out(text.as_bytes())?;
            return Ok(bytes.len());
        }
        for part in text.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.write_out(coloured(&line).as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = match &mut self.target {
            Target::Plain(out) => out.flush(),
            Target::Paged(_, input) => input.flush(),
        };
        self.unless_closed(flushed)
    }
}

/// Prints help or a usage error of clap. It is in colour on a terminal, unless the command line has hidden characters,
/// which the message may repeat.
///
/// # Errors
/// Output that cannot be written.
pub fn print_usage(error: &clap::Error) -> io::Result<()> {
    let printed = if std::env::args_os().all(|arg| matches!(visible(&arg.to_string_lossy()), Cow::Borrowed(_))) {
        error.print()
    } else {
        let plain = error.render().to_string();
        let displayed = visible(&plain);
        let mut out: Box<dyn Write> = if error.use_stderr() { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
        out.write_all(displayed.as_bytes())
    };
    match printed {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error, after the program's name. It is lost if it cannot be read.
pub fn complain(message: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "virt-cpu-explorer: {}", visible(&message.to_string()));
}

/// Returns the lines about what was read, each after an empty line.
pub(super) fn below(notes: &[String]) -> String {
    notes.iter().flat_map(|note| ["\n", note, "\n"]).collect()
}

/// The time after which a user asks whether the program works.
const UNNOTICED: Duration = Duration::from_millis(500);

/// Does work of unknown length. After half a second a terminal on standard error says so.
pub fn telling<T>(work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    let (working, ended) = channel::<()>();
    let teller = std::thread::spawn(move || {
        if ended.recv_timeout(UNNOTICED) == Err(RecvTimeoutError::Timeout) {
            let _ = write!(io::stderr(), "\rWorking; Ctrl-C stops it");
            let _ = ended.recv();
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    });
    let result = work();
    drop(working);
    let _ = teller.join();
    result
}

/// Returns the error of a write to standard output.
pub fn cannot_write(err: &io::Error) -> io::Error {
    io::Error::new(err.kind(), format!("cannot write to standard output: {err}"))
}

/// Starts `$PAGER`, or `less`; `None` if there is none or `$PAGER` is empty or `cat`.
fn pager() -> Option<Target> {
    let mut command = match std::env::var("PAGER") {
        Ok(pager) if matches!(pager.trim(), "" | "cat") => return None,
        Ok(pager) => {
            let mut command = Command::new("sh");
            command.args(["-c", &pager]);
            command
        }
        Err(_) => Command::new("less"),
    };
    // As git does: end at once if all is on one screen, show colours, leave the text on the terminal.
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if !is_set(name) {
            command.env(name, value);
        }
    }
    let mut child = command.stdin(Stdio::piped()).spawn().ok()?;
    let input = child.stdin.take()?;
    Some(Target::Paged(child, BufWriter::new(input)))
}

const GOOD: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const OPEN: Style = AnsiColor::Cyan.on_default();

/// How a line begins, and the style of its first words.
const STYLES: [(&str, Style); 14] = [
    ("ABORTED", BAD.bold()),
    ("START-REFUSED", BAD.bold()),
    ("COMPLETES, BUT THE GUEST'S CPU CHANGES", CHANGED.bold()),
    ("COMPLETES", GOOD.bold()),
    ("DEPENDS", OPEN.bold()),
    ("aborted ", BAD),
    ("start-refused ", BAD),
    ("not readable ", BAD),
    ("changed ", CHANGED),
    ("depends ", OPEN),
    ("unchanged ", GOOD),
    ("Fixes:", Style::new().bold()),
    ("Mitigations that are lost:", BAD.bold()),
    ("== ", Style::new().bold()),
];

fn coloured(line: &str) -> String {
    match STYLES.iter().find(|(begin, _)| line.starts_with(begin)) {
        Some(("== ", style)) => format!("{style}{}{style:#}\n", line.trim_end()),
        Some((begin, style)) => format!("{style}{begin}{style:#}{}", &line[begin.len()..]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_coloured_and_nothing_else() {
        assert_eq!(coloured("ABORTED at the\n"), "\u{1b}[1m\u{1b}[31mABORTED\u{1b}[0m at the\n");
        assert_eq!(coloured("  aborted\n"), "  aborted\n");
        assert_eq!(coloured("{\"verdict\":\"aborted\"}\n"), "{\"verdict\":\"aborted\"}\n");
    }

    #[test]
    fn the_last_choice_of_colours_counts() {
        let choice = |words: &str| color_choice(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(choice("x check --color never"), ColorChoice::Never);
        assert_eq!(choice("x check --color=always"), ColorChoice::Always);
        assert_eq!(choice("x check -- --color=always"), ColorChoice::Auto);
    }
}
