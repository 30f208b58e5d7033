//! Joins the command line and the terminal: parses the arguments, runs the command, exits with its code.

use anyhow::Result;
use std::io::{self, Write};
use std::process::ExitCode;
use virt_cpu_explorer::internal::cli::{self, Command, Config, CpuMaps, ExplorerArgs, Script};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::storage::{self, ScenarioStore};
use virt_cpu_explorer::internal::tui;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(error) => {
            let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            return match error.print() {
                Err(err) if !error.use_stderr() => fail(&cannot_write(&err).into()),
                Ok(()) | Err(_) => code,
            };
        }
    };
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err(err) => fail(&err),
    }
}

/// Reports an error and returns exit code 2. A broken pipe is not an error.
fn fail(err: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(err) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(io::stderr(), "virt-cpu-explorer: {err:#}");
    ExitCode::from(2)
}

/// Standard output, with errors that name it.
struct Output(io::BufWriter<io::StdoutLock<'static>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|err| cannot_write(&err))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|err| cannot_write(&err))
    }
}

fn cannot_write(err: &io::Error) -> io::Error {
    io::Error::new(err.kind(), format!("cannot write to standard output: {err}"))
}

/// A reader such as `head` may stop early.
fn is_broken_pipe(err: &anyhow::Error) -> bool {
    err.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn run(command: Command) -> Result<u8> {
    let mut out = Output(io::BufWriter::new(io::stdout().lock()));
    let code = match command {
        Command::Check(args) => cli::check(&catalog_with(&args.choice.maps)?, &args, &mut out)?,
        Command::List { what, json, maps } => cli::list(&catalog_with(&maps)?, what, json, &mut out)?,
        Command::Rule { id } => cli::rule(id.as_deref(), &mut out)?,
        Command::Matrix(args) => cli::matrix(&catalog_with(&args.choice.maps)?, &args, &mut out)?,
        Command::Diff(args) => cli::diff(&catalog_with(&args.maps)?, &args, &mut out)?,
        Command::History(args) => cli::history(&catalog_with(&args.maps)?, &args, &mut out)?,
        Command::Review(args) => cli::review(&mut catalog_with(&args.maps)?, &args, &mut out)?,
        Command::Baseline(args) => cli::baseline(&embedded::catalog()?, &args, &mut out)?,
        Command::Expand(args) => cli::expand(&catalog_with(&args.maps)?, &args, &mut out)?,
        Command::Follow(args) => cli::follow(&catalog_with(&args.choice.maps)?, &args, &mut out)?,
        Command::Tour(args) => tour(args, &mut out)?,
        Command::Explain(args) => explain(&args, &mut out)?,
        Command::Import(args) => cli::import(&args, &mut out)?,
        Command::Completions { shell } => cli::completions(shell, &mut out)?,
        Command::CheatSheet { format } => {
            let markdown = format == cli::SheetFormat::Markdown;
            out.write_all(export::cheat_sheet(&embedded::catalog()?, markdown, tui::sign).as_bytes())?;
            0
        }
        Command::Man => cli::man(&mut out)?,
        Command::Version { verbose: false } => cli::version(&mut out)?,
        Command::Version { verbose: true } => cli::version_and_facts(&mut out)?,
        Command::Explore(args) if args.print.print => print(&args, &mut out)?,
        Command::Explore(args) => {
            explore(&catalog_with(&args.choice().maps)?, &args, None, tui::Opening::Explorer)?;
            0
        }
    };
    out.flush()?;
    Ok(code)
}

fn tour(args: cli::Tour, out: &mut dyn Write) -> Result<u8> {
    let catalog = embedded::catalog()?;
    let wish = args.wish();
    let explorer = ExplorerArgs::with_look(args.look);
    match wish {
        cli::TourWish::List => cli::list_lessons(out),
        cli::TourWish::Text { lesson, answers } => {
            let config = named_config(&catalog, &explorer)?;
            let settings = options(&explorer, &config, Script::default()).settings;
            cli::lesson_text(&catalog, (&lesson, answers), &settings, out)
        }
        cli::TourWish::Open(lesson) => {
            let opening = lesson.map_or(tui::Opening::Lessons, tui::Opening::Lesson);
            explore(&catalog, &explorer, None, opening)?;
            Ok(0)
        }
    }
}

fn print(args: &ExplorerArgs, out: &mut dyn Write) -> Result<u8> {
    let catalog = catalog_with(&args.choice().maps)?;
    let config = named_config(&catalog, args)?;
    let script = script(&catalog, args)?;
    let scenario = start(&catalog, args, &config, &script)?;
    let screen = args.print.screen.as_deref().unwrap_or("first");
    let options = options(args, &config, script);
    let text = tui::print(&catalog, scenario, screen, args.print.size, args.print.format, &options)?;
    out.write_all(text.as_bytes())?;
    Ok(0)
}

/// Returns the config for printed output, which should be the same for everybody: only `--config` counts.
fn named_config(catalog: &Catalog, args: &ExplorerArgs) -> Result<Config> {
    args.look.config.as_ref().map_or_else(|| Ok(Config::default()), |path| Config::read(catalog, path, true))
}

/// Opens the explorer, at `scenario` where there is one.
fn explore(catalog: &Catalog, args: &ExplorerArgs, scenario: Option<Scenario>, opening: tui::Opening) -> Result<()> {
    let mut notice = String::new();
    let config = match (&args.look.config, storage::config_file()) {
        (Some(path), _) => Config::read(catalog, path, true)?,
        // The user did not name this file now, so the explorer opens without it.
        (None, Some(path)) if !args.look.no_config => Config::read(catalog, &path, false).unwrap_or_else(|err| {
            notice = format!("Ignored the config file: {err:#}").replace('\n', "; ");
            Config::default()
        }),
        (None, _) => Config::default(),
    };
    let script = script(catalog, args)?;
    let scenario = match scenario {
        Some(scenario) => scenario,
        None => start(catalog, args, &config, &script)?,
    };
    let mut options = options(args, &config, script);
    options.settings.ascii |= tui::ascii_locale();
    options.opening = opening;
    options.notice = notice;
    tui::run(catalog, scenario, options, ScenarioStore::new(storage::state_folder()))
}

/// Returns the list of actions to replay or to show; empty without one.
fn script(catalog: &Catalog, args: &ExplorerArgs) -> Result<Script> {
    match args.record.replay.as_ref().or(args.record.demo.as_ref().and_then(Option::as_ref)) {
        Some(path) => Script::read(catalog, path),
        None => Ok(Script::default()),
    }
}

/// Returns the scenario to start with: from the command line, else from the list of actions, else from the config file.
fn start(catalog: &Catalog, args: &ExplorerArgs, config: &Config, script: &Script) -> Result<Scenario> {
    let choice = args.choice();
    match script.start.as_ref().or(config.start.as_ref()) {
        Some(start) if choice.is_empty() => Ok(start.clone()),
        _ => choice.scenario(catalog),
    }
}

/// The command line overrides the config file, which overrides the environment.
fn options(args: &ExplorerArgs, config: &Config, script: Script) -> tui::Options {
    let mut options = tui::Options {
        keys: args.look.keys.clone().unwrap_or_default(),
        replay: script.steps,
        allow_effects: args.record.allow_effects,
        demo: args.record.demo.is_some(),
        record: args.record.record.clone(),
        record_keys: args.record.record_keys.clone(),
        ..tui::Options::default()
    };
    options.settings.theme = args.look.theme.or(config.theme).unwrap_or_else(tui::default_theme);
    options.settings.ascii = args.look.ascii || config.ascii;
    options.settings.mouse = !(args.look.no_mouse || config.no_mouse);
    options.settings.keymap = config.keymap.clone();
    options.settings.page = args.look.web_base.clone().or_else(|| config.web_base.clone());
    options
}

/// Explains a message. With `--open`, opens the explorer at the likeliest scenario that gives it.
fn explain(asked: &cli::Explain, out: &mut dyn Write) -> Result<u8> {
    let catalog = catalog_with(&asked.maps)?;
    let (code, likeliest) = cli::explain(&catalog, asked, out)?;
    if let Some(scenario) = likeliest.filter(|_| asked.open) {
        out.flush()?;
        explore(&catalog, &ExplorerArgs::default(), Some(scenario), tui::Opening::Explorer)?;
    }
    Ok(code)
}

fn catalog_with(maps: &CpuMaps) -> Result<Catalog> {
    let mut catalog = embedded::catalog()?;
    maps.add_to(&mut catalog)?;
    Ok(catalog)
}
