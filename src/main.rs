//! Joins the command line and the terminal: reads the arguments, does what they say, exits with the code.

use anyhow::{Context, Result};
use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use virt_cpu_explorer::internal::cli::{self, Choice, Command, Config, Script, TuiArgs};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::load::{cpu_map_dir, embedded};
use virt_cpu_explorer::internal::storage::{self, ScenarioStore};
use virt_cpu_explorer::internal::tui;

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
        Command::Check { choice, format, quiet, remedies } if !choice.domains.is_empty() => {
            let how = (format, quiet, remedies);
            cli::check_domains(&catalog_with(&choice)?, &choice, how, &mut out, &mut io::stderr().lock())?
        }
        Command::Check { choice, format, quiet, .. } => {
            cli::check_one(&catalog_with(&choice)?, &choice, format, quiet, &mut out)?
        }
        Command::Batch { file, remedies, choice } => {
            let catalog = catalog_with(&choice)?;
            if file == "-" {
                cli::check_batch(&catalog, &mut io::stdin().lock(), remedies, &mut out)?
            } else {
                let opened = std::fs::File::open(&file).with_context(|| format!("cannot open {file}"))?;
                cli::check_batch(&catalog, &mut BufReader::new(opened), remedies, &mut out)?
            }
        }
        Command::Study(args) => cli::analysis(&mut embedded::catalog()?, &args, &mut out)?,
        Command::List { what, json, choice } => cli::list(&catalog_with(&choice)?, &what, json, &mut out)?,
        Command::Rule { id } => cli::rule(id.as_deref(), &mut out)?,
        Command::Import(asked) => cli::import(&asked, &mut out)?,
        Command::Completions(shell) => cli::completions(shell, &mut out)?,
        Command::CheatSheet { markdown } => {
            out.write_all(export::cheat_sheet(&embedded::catalog()?, markdown, tui::sign).as_bytes())?;
            0
        }
        Command::Man => cli::man(&mut out)?,
        Command::Version { verbose: false } => cli::version(&mut out)?,
        Command::Version { verbose: true } => cli::version_and_facts(&mut out)?,
        Command::Explain(asked) => explain(&asked, &mut out)?,
        Command::Tour(asked) => match asked.wish {
            cli::TourWish::List => cli::list_lessons(&mut out)?,
            cli::TourWish::Text(lesson) => {
                let catalog = embedded::catalog()?;
                let settings =
                    options(&asked.environment, &named(&catalog, &asked.environment)?, Script::default())?.settings;
                cli::lesson_text(&catalog, &lesson, &settings, &mut out)?
            }
            cli::TourWish::Open(lesson) => {
                let opening = lesson.map_or(tui::Opening::Lessons, tui::Opening::Lesson);
                explore(&embedded::catalog()?, &asked.environment, None, opening)?;
                0
            }
        },
        Command::Tui(args) => {
            let catalog = catalog_with(&args.choice)?;
            explore(&catalog, &args, None, tui::Opening::Explorer)?;
            0
        }
        Command::Print(args, frame) => {
            let catalog = catalog_with(&args.choice)?;
            let config = named(&catalog, &args)?;
            let script = script(&catalog, &args)?;
            let scenario = start(&catalog, &args, &config, &script)?;
            let screen = frame.screen.as_deref().unwrap_or("first");
            let text =
                tui::print(&catalog, scenario, screen, frame.size, frame.format, &options(&args, &config, script)?)?;
            out.write_all(text.as_bytes())?;
            0
        }
    };
    out.flush()?;
    Ok(code)
}

/// Returns the settings for what is printed, which is the same for everybody: only a file asked for by name counts.
fn named(catalog: &Catalog, args: &TuiArgs) -> Result<Config> {
    args.config.as_ref().map_or_else(|| Ok(Config::default()), |path| Config::read(catalog, path, true))
}

/// Opens the explorer, at `scenario` where there is one.
fn explore(catalog: &Catalog, args: &TuiArgs, scenario: Option<Scenario>, opening: tui::Opening) -> Result<()> {
    let config = match (&args.config, storage::config_file()) {
        (Some(path), _) => Config::read(catalog, path, true)?,
        (None, Some(path)) if !args.no_config => Config::read(catalog, &path, false)?,
        (None, _) => Config::default(),
    };
    let script = script(catalog, args)?;
    let scenario = match scenario {
        Some(scenario) => scenario,
        None => start(catalog, args, &config, &script)?,
    };
    let mut options = options(args, &config, script)?;
    options.settings.ascii |= tui::ascii_locale();
    options.opening = opening;
    tui::run(catalog, scenario, options, ScenarioStore::new(storage::state_folder()))
}

/// Returns the list of actions to replay or to show, if there is one.
fn script(catalog: &Catalog, args: &TuiArgs) -> Result<Script> {
    match args.replay.as_ref().or(args.demo.as_ref()).filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => Script::read(catalog, path),
        None => Ok(Script::default()),
    }
}

/// Returns the scenario to begin with: the command line's, else that of a list of actions, else the one that the user
/// settled.
fn start(catalog: &Catalog, args: &TuiArgs, config: &Config, script: &Script) -> Result<Scenario> {
    match script.start.as_ref().or(config.start.as_ref()) {
        Some(start) if args.choice.is_empty() => Ok(start.clone()),
        _ => args.choice.scenario(catalog),
    }
}

/// What the command line says counts for more than the user's file, and that for more than the environment.
fn options(args: &TuiArgs, config: &Config, script: Script) -> Result<tui::Options> {
    let mut options = tui::Options {
        keys: args.keys.clone().unwrap_or_default(),
        replay: script.steps,
        demo: args.demo.is_some(),
        record: args.record.clone(),
        record_keys: args.record_keys.clone(),
        ..tui::Options::default()
    };
    options.settings.theme = match (&args.theme, config.theme) {
        (None, Some(theme)) => theme,
        (asked, _) => tui::theme(asked.as_deref())?,
    };
    options.settings.ascii = args.ascii || config.ascii;
    options.settings.mouse = !(args.no_mouse || config.no_mouse);
    options.settings.keymap = config.keymap.clone();
    Ok(options)
}

/// Explains a message, and opens the explorer at the likeliest scenario where that is asked for and there is one.
fn explain(asked: &cli::Explain, out: &mut dyn Write) -> Result<u8> {
    let catalog = catalog_with(&asked.choice)?;
    let (code, likeliest) = cli::explain(&catalog, asked, out)?;
    if let Some(scenario) = likeliest.filter(|_| asked.open) {
        out.flush()?;
        explore(&catalog, &TuiArgs::default(), Some(scenario), tui::Opening::Explorer)?;
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
