//! Starts the program: parses the arguments, runs the command or the explorer, and exits with the command's code.

use anyhow::Result;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use virt_cpu_explorer::internal::cli::{self, Command, Config, CpuMaps, ExplorerArgs, Output, Script};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::storage::{self, ScenarioStore};
use virt_cpu_explorer::internal::tui;

fn main() -> ExitCode {
    cli::complete_in_shell();
    let args: Vec<OsString> = std::env::args_os().collect();
    let colour = cli::color_choice(&args);
    let command = match cli::parse(args) {
        Ok(command) => command,
        Err(error) => {
            let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            return match cli::print_usage(&error) {
                Err(err) if !error.use_stderr() => fail(&cli::cannot_write(&err).into()),
                Ok(()) | Err(_) => code,
            };
        }
    };
    let mut out = Output::new(colour, command.is_long());
    let done = run(command, &mut out).and_then(|code| Ok(out.finish().map(|()| code)?));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(err) => fail(&err),
    }
}

/// Reports an error and returns exit code 2.
fn fail(err: &anyhow::Error) -> ExitCode {
    cli::complain(format_args!("{err:#}"));
    ExitCode::from(2)
}

fn run(command: Command, out: &mut Output) -> Result<u8> {
    Ok(match command {
        Command::Check(args) => {
            let args = cli::CheckArgs { watch_input: true, ..args };
            cli::check(catalog_with(&args.choice.maps)?, &args, out)?
        }
        Command::List { what, format, maps } => cli::list(catalog_with(&maps)?, what, format, out)?,
        Command::Rule { id, format } => cli::rule(&embedded::catalog()?, id.as_deref(), format, out)?,
        Command::Matrix(args) => cli::matrix(catalog_with(&args.choice.maps)?, &args, out)?,
        Command::Diff(args) => cli::diff(catalog_with(&args.maps)?, &args, out)?,
        Command::History(args) => cli::history(catalog_with(&args.maps)?, &args, out)?,
        Command::Review(args) => cli::review(catalog_with(&args.maps)?, &args, out)?,
        Command::Baseline(args) => cli::baseline(catalog_with(&args.maps)?, &args, out)?,
        Command::Expand(args) => cli::expand(catalog_with(&args.maps)?, &args, out)?,
        Command::Follow(args) => cli::follow(catalog_with(&args.choice.maps)?, &args, out)?,
        Command::Tour(args) => tour(args, out)?,
        Command::Explain(args) => explain(&args, out)?,
        Command::Import(args) => cli::import(&args, out)?,
        Command::Completions { shell } => cli::completions(shell, out)?,
        Command::CheatSheet { format } => {
            let markdown = format == cli::SheetFormat::Markdown;
            out.write_all(export::cheat_sheet(&embedded::catalog()?, markdown, tui::sign).as_bytes())?;
            0
        }
        Command::Man { subcommand, dir } => cli::man(subcommand.as_deref(), dir.as_deref(), out)?,
        Command::Version { verbose: false } => cli::version(out)?,
        Command::Version { verbose: true } => cli::version_and_facts(out)?,
        Command::Explore(args) if args.print.print => print(&args, out)?,
        Command::Explore(args) => {
            explore(catalog_with(&args.choice().maps)?, &args, None, tui::Opening::Explorer)?;
            0
        }
    })
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
    let config = named_config(catalog, args)?;
    let script = script(catalog, args)?;
    let (scenario, warnings) = start(catalog, args, &config, &script)?;
    let screen = args.print.screen.as_deref().unwrap_or("first");
    let options = tui::Options { notice: warnings, ..options(args, &config, script) };
    let (size, format) = (args.print.size, args.print.format);
    let text = cli::telling(|| tui::print(catalog, scenario, screen, size, format, &options))?;
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
    let (scenario, warnings) = match scenario {
        Some(scenario) => (scenario, String::new()),
        None => start(catalog, args, &config, &script)?,
    };
    if notice.is_empty() {
        notice = warnings;
    }
    let mut options = options(args, &config, script);
    options.settings.ascii |= tui::ascii_locale();
    options.opening = opening;
    options.notice = notice;
    Ok(tui::run(catalog, scenario, options, ScenarioStore::new(storage::state_folder()))?)
}

/// Returns the list of actions to replay or to show; empty without one.
fn script(catalog: &Catalog, args: &ExplorerArgs) -> Result<Script> {
    match args.record.replay.as_ref().or(args.record.demo.as_ref().and_then(Option::as_ref)) {
        Some(path) => Script::read(catalog, path),
        None => Ok(Script::default()),
    }
}

/// Returns the scenario to start with, and the warnings about its domain file: from the command line, else from the list
/// of actions, else from the config file.
fn start(catalog: &Catalog, args: &ExplorerArgs, config: &Config, script: &Script) -> Result<(Scenario, String)> {
    let choice = args.choice();
    match script.start.as_ref().or(config.start.as_ref()) {
        Some(start) if choice.is_empty() => Ok((start.clone(), String::new())),
        _ => choice.asked(catalog).map(|asked| (asked.scenario, asked.warnings)),
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
    options.settings.theme = args.look.theme.or(config.theme).unwrap_or_else(|| tui::default_theme(options.demo));
    options.settings.ascii = args.look.ascii || config.ascii;
    options.settings.mouse = !(args.look.no_mouse || config.no_mouse);
    options.settings.keymap = config.keymap.clone();
    options.settings.page = args.look.web_base.clone().or_else(|| config.web_base.clone());
    options
}

/// Explains a message. With `--open`, opens the explorer at the likeliest scenario that gives it.
fn explain(asked: &cli::Explain, out: &mut dyn Write) -> Result<u8> {
    let catalog = catalog_with(&asked.maps)?;
    let (code, likeliest) = cli::explain(catalog, asked, out)?;
    if let Some(scenario) = likeliest.filter(|_| asked.open) {
        out.flush()?;
        explore(catalog, &ExplorerArgs::default(), Some(scenario), tui::Opening::Explorer)?;
    }
    Ok(code)
}

/// Returns the facts for as long as the program runs: giving back each piece of them takes longer than ending does.
fn catalog_with(maps: &CpuMaps) -> Result<&'static mut Catalog> {
    let mut catalog = embedded::catalog()?;
    maps.add_to(&mut catalog)?;
    Ok(Box::leak(Box::new(catalog)))
}
