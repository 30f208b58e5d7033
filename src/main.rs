//! Joins the command line and the terminal: reads the arguments, does what they say, exits with the code.

use anyhow::{Context, Result};
use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use virt_cpu_explorer::cli::{self, Choice, Command, TuiArgs};
use virt_cpu_explorer::domain::catalog::Catalog;
use virt_cpu_explorer::load::{cpu_map_dir, embedded};
use virt_cpu_explorer::tui;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(said) => {
            let code = ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2));
            return match said.print() {
                Err(fault) if !said.use_stderr() => ended(&cannot_write(&fault).into()),
                Ok(()) | Err(_) => code,
            };
        }
    };
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => ended(&fault),
    }
}

/// Says why the program ends, if that is to be said.
fn ended(fault: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(fault) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(io::stderr(), "virt-cpu-explorer: {fault:#}");
    ExitCode::from(2)
}

/// Standard output, whose faults say that they are its own.
struct Output(io::BufWriter<io::StdoutLock<'static>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|fault| cannot_write(&fault))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|fault| cannot_write(&fault))
    }
}

fn cannot_write(fault: &io::Error) -> io::Error {
    io::Error::new(fault.kind(), format!("cannot write to standard output: {fault}"))
}

/// A reader that stops early, such as `head`, is not a fault.
fn is_broken_pipe(fault: &anyhow::Error) -> bool {
    fault.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn run(command: Command) -> Result<u8> {
    let mut out = Output(io::BufWriter::new(io::stdout().lock()));
    let code = match command {
        Command::Check { choice, format, quiet, ways_out } if !choice.domains.is_empty() => {
            let how = (format, quiet, ways_out);
            cli::check_domains(&catalog_with(&choice)?, &choice, how, &mut out, &mut io::stderr().lock())?
        }
        Command::Check { choice, format, quiet, .. } => {
            cli::check_one(&catalog_with(&choice)?, &choice, format, quiet, &mut out)?
        }
        Command::Batch { file, ways_out, choice } => {
            let catalog = catalog_with(&choice)?;
            if file == "-" {
                cli::check_batch(&catalog, &mut io::stdin().lock(), ways_out, &mut out)?
            } else {
                let opened = std::fs::File::open(&file).with_context(|| format!("cannot open {file}"))?;
                cli::check_batch(&catalog, &mut BufReader::new(opened), ways_out, &mut out)?
            }
        }
        Command::Study(args) => cli::study(&mut embedded::catalog()?, &args, &mut out)?,
        Command::List { what, json, choice } => cli::list(&catalog_with(&choice)?, &what, json, &mut out)?,
        Command::Rule { id } => cli::rule(id.as_deref(), &mut out)?,
        Command::Import(asked) => cli::import(&asked, &mut out)?,
        Command::Completions(shell) => cli::completions(shell, &mut out)?,
        Command::Man => cli::man(&mut out)?,
        Command::Version { verbose: false } => cli::version(&mut out)?,
        Command::Version { verbose: true } => cli::version_and_facts(&mut out)?,
        Command::Explain(asked) => explain(&asked, &mut out)?,
        Command::Tui(args) => {
            let catalog = catalog_with(&args.choice)?;
            let mut options = options(&args)?;
            options.settings.ascii |= tui::ascii_locale();
            tui::run(&catalog, args.choice.scenario(&catalog)?, options)?;
            0
        }
        Command::Print(args, frame) => {
            let catalog = catalog_with(&args.choice)?;
            let scenario = args.choice.scenario(&catalog)?;
            let screen = frame.screen.as_deref().unwrap_or("first");
            out.write_all(tui::print(&catalog, scenario, screen, frame.size, &options(&args)?)?.as_bytes())?;
            0
        }
    };
    out.flush()?;
    Ok(code)
}

fn options(args: &TuiArgs) -> Result<tui::Options> {
    let mut options = tui::Options { keys: args.keys.clone().unwrap_or_default(), ..tui::Options::default() };
    options.settings.theme = tui::theme(args.theme.as_deref())?;
    options.settings.ascii |= args.ascii;
    options.settings.mouse &= !args.no_mouse;
    Ok(options)
}

/// Explains a message, and opens the explorer at the likeliest scenario where that is asked for and there is one.
fn explain(asked: &cli::Explain, out: &mut dyn Write) -> Result<u8> {
    let catalog = catalog_with(&asked.choice)?;
    let (code, likeliest) = cli::explain(&catalog, asked, out)?;
    if let Some(scenario) = likeliest.filter(|_| asked.open) {
        out.flush()?;
        tui::run(&catalog, scenario, options(&TuiArgs::default())?)?;
    }
    Ok(code)
}

/// The embedded facts, and the maps that the command line adds.
fn catalog_with(choice: &Choice) -> Result<Catalog> {
    let mut catalog = embedded::catalog()?;
    for (name, dir) in &choice.maps {
        cpu_map_dir::add(&mut catalog, name, dir)?;
    }
    Ok(catalog)
}
