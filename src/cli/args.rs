//! Declares every flag once: the parser, the help, the man page and the completions come from here.

use super::Format;
use super::analysis_args;
use crate::app::export::Format as ScreenFormat;
use crate::domain::scenario::{KEYS, Key};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap, ValueHint, value_parser};
use std::path::PathBuf;

mod command;
mod input;
mod run;

pub use command::{Choice, Command, Explain, Import, Print, TuiArgs};

use input::{domain_arg, explain_command};

const EXAMPLES: &str = "\
Examples:
  virt-cpu-explorer
  virt-cpu-explorer Skylake-Client,machine=pc-q35-3.1,from=old,to=new
  virt-cpu-explorer check EPYC --machine pc-q35-5.2 --from 9.0.0:7.2.22 --to 11.3.0:10.0.13 --topology 1-2-1
  virt-cpu-explorer check --domain guest.xml --from 9.0.0:7.2.22 --to 11.3.0:10.0.13
  virt-cpu-explorer check --batch guests.jsonl
  virt-cpu-explorer explain 'extra features: ht'
  virt-cpu-explorer rule T7

Exit codes of check: 0 the guest arrives unchanged, 1 any other verdict, 2 wrong input.";

/// Returns the command line's description.
pub fn command() -> Clap {
    Clap::new("virt-cpu-explorer")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .args(version_args())
        .about("Will this guest's CPU survive the live migration, and if not, which rule stops it?")
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .arg(scenario_arg())
        .args(key_args(false))
        .arg(domain_arg(false))
        .arg(cpu_map_arg())
        .args(tui_args())
        .args(run::args())
        .subcommand(check_command())
        .subcommand(
            Clap::new("list")
                .about("List what can be picked")
                .arg(
                    Arg::new("what").required(true).value_parser([
                        "models", "machines", "releases", "qemu", "hosts", "features", "products", "rules",
                    ]),
                )
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Write a JSON array"))
                .arg(cpu_map_arg()),
        )
        .subcommand(
            Clap::new("rule")
                .about("Explain a rule: what happens, why, who checks it, an example, the remedy")
                .arg(Arg::new("id").help("The rule's id, T1 to T8 or a word; all rules where none is given")),
        )
        .subcommands(analysis_args::commands())
        .subcommand(super::tour::command())
        .subcommand(explain_command())
        .subcommand(import_command())
        .subcommand(
            Clap::new("completions")
                .about("Print shell completions")
                .arg(Arg::new("shell").required(true).value_parser(value_parser!(clap_complete::Shell))),
        )
        .subcommand(run::cheat_sheet_command())
        .subcommand(Clap::new("man").about("Print the man page"))
}

pub(super) fn scenario_arg() -> Arg {
    Arg::new("scenario").value_name("SCENARIO").help(
        "MODEL, host-model, host-passthrough or maximum, then +F, -F, F=POLICY and KEY=VALUE, separated by commas",
    )
}

pub(super) fn key_args(hidden: bool) -> impl Iterator<Item = Arg> {
    KEYS.iter().map(move |info| {
        let arg = Arg::new(info.key.name()).long(info.key.name()).value_name(info.value).help(info.doc).hide(hidden);
        let arg = arg.help_heading("Choices");
        if info.key == Key::Via { arg.action(ArgAction::Append) } else { arg }
    })
}

pub(super) fn cpu_map_arg() -> Arg {
    Arg::new("cpu-map")
        .long("cpu-map")
        .value_name("NAME=DIR")
        .action(ArgAction::Append)
        .value_hint(ValueHint::DirPath)
        .help("Add an installed or patched CPU map as one more release; may be given several times")
}

pub(super) fn tui_args() -> [Arg; 10] {
    let theme = Arg::new("theme").long("theme").value_name("NAME");
    [
        theme.help("Colours: default, light, high-contrast, mono, colour-blind").help_heading("Terminal"),
        Arg::new("ascii").long("ascii").action(ArgAction::SetTrue).help("Only ASCII signs").help_heading("Terminal"),
        Arg::new("no-mouse")
            .long("no-mouse")
            .action(ArgAction::SetTrue)
            .help("Leave the mouse to the terminal")
            .help_heading("Terminal"),
        Arg::new("keys")
            .long("keys")
            .value_name("KEYS")
            .help("Keys typed at the start, such as <left><tab><enter>")
            .help_heading("Terminal"),
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_hint(ValueHint::FilePath)
            .conflicts_with("no-config")
            .help("The file with your settings [default: virt-cpu-explorer/config.toml in $XDG_CONFIG_HOME]")
            .help_heading("Terminal"),
        Arg::new("no-config")
            .long("no-config")
            .action(ArgAction::SetTrue)
            .help("Read no file with settings")
            .help_heading("Terminal"),
        Arg::new("print")
            .long("print")
            .action(ArgAction::SetTrue)
            .help("Print one frame and exit")
            .help_heading("Terminal"),
        Arg::new("screen")
            .long("screen")
            .value_name("NAME")
            .help("The screen to open [default: first]")
            .help_heading("Terminal"),
        Arg::new("print-format")
            .long("format")
            .value_name("FORM")
            .requires("print")
            .value_parser(ScreenFormat::ALL.iter().map(|format| format.name()).collect::<Vec<_>>())
            .default_value("text")
            .help("The form of a printed frame")
            .help_heading("Terminal"),
        Arg::new("size")
            .long("size")
            .value_name("WxH")
            .value_parser(size)
            .default_value("120x36")
            .help("The size of a printed frame")
            .help_heading("Terminal"),
    ]
}

fn version_args() -> [Arg; 2] {
    [
        Arg::new("version")
            .long("version")
            .short('V')
            .action(ArgAction::SetTrue)
            .help("Print the version; with --verbose also the facts it was built with"),
        Arg::new("verbose").long("verbose").action(ArgAction::SetTrue).requires("version").hide(true),
    ]
}

fn check_command() -> Clap {
    Clap::new("check")
        .about("Give one verdict, or one for each line of a batch")
        .arg(scenario_arg())
        .args(key_args(false))
        .arg(domain_arg(true))
        .arg(cpu_map_arg())
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(["text", "markdown", "json"])
                .default_value("text")
                .help("How to write the answer"),
        )
        .arg(Arg::new("quiet").long("quiet").short('q').action(ArgAction::SetTrue).help("Write nothing; only exit"))
        .arg(
            Arg::new("batch")
                .long("batch")
                .value_name("FILE")
                .value_hint(ValueHint::FilePath)
                .conflicts_with_all(["scenario", "domain"])
                .help("Answer each JSON line of a file, or of standard input (-), in the same order"),
        )
        .arg(
            Arg::new("ways-out")
                .long("ways-out")
                .action(ArgAction::SetTrue)
                .help("Search for ways out in a batch and for several guests too (JSON)"),
        )
}

fn import_command() -> Clap {
    Clap::new("import")
        .about("Add a libvirt CPU map or a host to the files of the facts")
        .arg(
            Arg::new("libvirt")
                .long("libvirt")
                .value_name("RELEASE=DIR")
                .requires("source")
                .help("Add a libvirt release from its installed CPU map"),
        )
        .arg(
            Arg::new("source")
                .long("source")
                .value_name("TEXT")
                .requires("libvirt")
                .help("Where that map was read, such as 'Debian 13 package libvirt-common'"),
        )
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("NAME=FILE")
                .help("Add a host from a QMP reply of query-cpu-model-expansion"),
        )
        .arg(
            Arg::new("rewrite")
                .long("rewrite")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["libvirt", "host"])
                .help("Write the files again in their canonical form, after an edit by hand"),
        )
        .arg(
            Arg::new("into")
                .long("into")
                .value_name("DIR")
                .default_value("cpu_map")
                .value_hint(ValueHint::DirPath)
                .help("The directory with the files of the facts"),
        )
}

fn size(text: &str) -> Result<String, String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse::<u16>().ok()?, h.parse::<u16>().ok()?)));
    match parsed {
        Some((w, h)) if w <= 1000 && h <= 1000 => Ok(text.to_owned()),
        _ => Err("expected COLUMNSxROWS such as 120x36, each at most 1000".to_owned()),
    }
}

/// Reads the command line.
///
/// # Errors
/// clap's message, which also is the help when that was asked for.
pub fn parse(args: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Command, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    if matches.get_flag("version") {
        return Ok(Command::Version { verbose: matches.get_flag("verbose") });
    }
    let Some((name, sub)) = matches.subcommand() else {
        let tui = tui(&matches)?;
        if !matches.get_flag("print") {
            return Ok(Command::Tui(tui));
        }
        let size = text(&matches, "size").and_then(|size| {
            let (columns, rows) = size.split_once('x')?;
            Some((columns.parse().ok()?, rows.parse().ok()?))
        });
        let format = text(&matches, "print-format").and_then(|name| ScreenFormat::parse(&name));
        let print = Print {
            screen: text(&matches, "screen"),
            size: size.unwrap_or((120, 36)),
            format: format.unwrap_or(ScreenFormat::Text),
        };
        return Ok(Command::Print(tui, print));
    };
    if let Some(analysis) = analysis_args::analysis(name, sub)? {
        return Ok(Command::Study(analysis));
    }
    Ok(match name {
        "check" => match text(sub, "batch") {
            Some(file) => Command::Batch { file, remedies: sub.get_flag("ways-out"), choice: choice(sub)? },
            None => Command::Check {
                choice: choice(sub)?,
                format: text(sub, "format").and_then(|name| Format::parse(&name)).unwrap_or(Format::Text),
                quiet: sub.get_flag("quiet"),
                remedies: sub.get_flag("ways-out"),
            },
        },
        "list" => Command::List {
            what: text(sub, "what").unwrap_or_default(),
            json: sub.get_flag("json"),
            choice: Choice { maps: maps(sub)?, ..Choice::default() },
        },
        "cheat-sheet" => Command::CheatSheet { markdown: text(sub, "format").as_deref() == Some("markdown") },
        "explain" => Command::Explain(input::explain(sub)?),
        "tour" => Command::Tour(super::tour::asked(sub)),
        "rule" => Command::Rule { id: text(sub, "id") },
        "import" => Command::Import(Import {
            libvirt: text(sub, "libvirt"),
            source: text(sub, "source"),
            host: text(sub, "host"),
            rewrite: sub.get_flag("rewrite"),
            into: PathBuf::from(text(sub, "into").unwrap_or_default()),
        }),
        "completions" => match sub.get_one::<clap_complete::Shell>("shell") {
            Some(shell) => Command::Completions(*shell),
            None => Command::Man,
        },
        _ => Command::Man,
    })
}

fn tui(matches: &ArgMatches) -> Result<TuiArgs, clap::Error> {
    Ok(TuiArgs {
        choice: choice(matches)?,
        replay: file(matches, "replay"),
        demo: file(matches, "demo"),
        record: file(matches, "record"),
        record_keys: file(matches, "record-keys"),
        ..environment(matches)
    })
}

/// Reads how the explorer is to look and listen.
pub(super) fn environment(matches: &ArgMatches) -> TuiArgs {
    TuiArgs {
        theme: text(matches, "theme"),
        ascii: matches.get_flag("ascii"),
        no_mouse: matches.get_flag("no-mouse"),
        keys: text(matches, "keys"),
        config: file(matches, "config"),
        no_config: matches.get_flag("no-config"),
        ..TuiArgs::default()
    }
}

fn file(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    text(matches, name).map(PathBuf::from)
}

pub(super) fn choice(matches: &ArgMatches) -> Result<Choice, clap::Error> {
    let keys = KEYS.iter().flat_map(|info| {
        let values = matches.try_get_many::<String>(info.key.name()).ok().flatten().into_iter().flatten();
        values.map(|value| (info.key, value.clone())).collect::<Vec<_>>()
    });
    let domains = matches.try_get_many::<String>("domain").ok().flatten().into_iter().flatten().cloned().collect();
    Ok(Choice { word: text(matches, "scenario"), keys: keys.collect(), maps: maps(matches)?, domains })
}

/// Reads the maps to add.
pub(super) fn maps(matches: &ArgMatches) -> Result<Vec<(String, PathBuf)>, clap::Error> {
    let mut maps = Vec::new();
    for map in matches.get_many::<String>("cpu-map").into_iter().flatten() {
        let Some((name, dir)) = map.split_once('=').filter(|(name, dir)| !name.is_empty() && !dir.is_empty()) else {
            let text = format!("--cpu-map: expected NAME=DIR, found {map:?}\n");
            return Err(command().error(clap::error::ErrorKind::ValueValidation, text));
        };
        maps.push((name.to_owned(), PathBuf::from(dir)));
    }
    Ok(maps)
}

pub(super) fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}
