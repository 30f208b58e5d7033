//! Joins the command line and the terminal: reads the arguments, does what they say, exits with the code.

use anyhow::{Context, Result};
use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use virt_cpu_explorer::cli::{self, Choice, Command, Config, TuiArgs};
use virt_cpu_explorer::domain::catalog::Catalog;
use virt_cpu_explorer::domain::scenario::Scenario;
use virt_cpu_explorer::files::{Shelf, places};
use virt_cpu_explorer::load::{cpu_map_dir, embedded};
use virt_cpu_explorer::tui;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(said) => {
            let code = u8::try_from(said.exit_code()).unwrap_or(2);
            return if said.print().is_ok() { ExitCode::from(code) } else { ExitCode::from(2) };
        }
    };
    match run(command) {
        Ok(code) => ExitCode::from(code),
        Err(fault) if is_broken_pipe(&fault) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "virt-cpu-explorer: {fault:#}");
            ExitCode::from(2)
        }
    }
}

/// A reader that stops early, such as `head`, is not a fault.
fn is_broken_pipe(fault: &anyhow::Error) -> bool {
    fault.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

fn run(command: Command) -> Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
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
        Command::Explain(asked) => explain(&asked, &mut out)?,
        Command::Tour(asked) => match asked.wish {
            cli::TourWish::List => cli::list_lessons(&mut out)?,
            cli::TourWish::Text(lesson) => {
                let catalog = embedded::catalog()?;
                let settings = options(&asked.looks, &named(&catalog, &asked.looks)?)?.settings;
                cli::lesson_text(&catalog, &lesson, &settings, &mut out)?
            }
            cli::TourWish::Open(lesson) => {
                let opening = lesson.map_or(tui::Opening::Lessons, tui::Opening::Lesson);
                explore(&embedded::catalog()?, &asked.looks, None, opening)?;
                0
            }
        },
        Command::Tui(args) => {
            let catalog = catalog_with(&args.choice)?;
            explore(&catalog, &args, None, tui::Opening::First)?;
            0
        }
        Command::Print(args, frame) => {
            let catalog = catalog_with(&args.choice)?;
            let config = named(&catalog, &args)?;
            let scenario = start(&catalog, &args, &config)?;
            let screen = frame.screen.as_deref().unwrap_or("first");
            let text = tui::print(&catalog, scenario, screen, frame.size, frame.format, &options(&args, &config)?)?;
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
    let config = match (&args.config, places::config()) {
        (Some(path), _) => Config::read(catalog, path, true)?,
        (None, Some(path)) if !args.no_config => Config::read(catalog, &path, false)?,
        (None, _) => Config::default(),
    };
    let mut options = options(args, &config)?;
    options.settings.ascii |= tui::ascii_locale();
    options.shelf = Shelf::at(places::state());
    options.opening = opening;
    let scenario = match scenario {
        Some(scenario) => scenario,
        None => start(catalog, args, &config)?,
    };
    tui::run(catalog, scenario, options)
}

/// Returns the scenario to begin with: the command line's, else the one that the user settled.
fn start(catalog: &Catalog, args: &TuiArgs, config: &Config) -> Result<Scenario> {
    match &config.start {
        Some(start) if args.choice.is_empty() => Ok(start.clone()),
        _ => args.choice.scenario(catalog),
    }
}

/// What the command line says counts for more than the user's file, and that for more than the environment.
fn options(args: &TuiArgs, config: &Config) -> Result<tui::Options> {
    let mut options = tui::Options { keys: args.keys.clone().unwrap_or_default(), ..tui::Options::default() };
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
        explore(&catalog, &TuiArgs::default(), Some(scenario), tui::Opening::First)?;
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
