//! Declares the command line: the parser, the help, the man page and the completions come from here.

use super::analysis_args::{BaselineArgs, DiffArgs, ExpandArgs, FollowArgs, HistoryArgs, MatrixArgs, ReviewArgs};
use super::check::{FAILING, Format};
use super::exit_codes;
use super::list::ListKind;
use super::scenario_args::{Choice, CpuMaps};
use super::tour::Tour;
use crate::app::export::Format as ScreenFormat;
use crate::app::settings::ThemeName;
use crate::domain::catalog::Catalog;
use crate::domain::names::nearest;
use crate::export::page_base;
use crate::load::embedded;
use crate::resolve::Verdict;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  virt-cpu-explorer
  virt-cpu-explorer Skylake-Client,machine=pc-q35-3.1,from=old,to=new
  virt-cpu-explorer check EPYC --machine pc-q35-5.2 --from 9.0.0:7.2.22 --to 11.3.0:10.0.13 --topology 1-2-1
  virt-cpu-explorer check --domain guest.xml --from 9.0.0:7.2.22 --to 11.3.0:10.0.13
  virt-cpu-explorer check --batch guests.jsonl
  virt-cpu-explorer expand host-model --host EPYC-7502-32-Core --on debian:13
  virt-cpu-explorer explain 'extra features: ht'
  virt-cpu-explorer rule T7";

#[derive(Parser, Debug)]
#[command(
    name = "virt-cpu-explorer",
    about = "Check whether a guest's CPU survives a live migration, and explain why not",
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit_codes::text()),
    disable_version_flag = true,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the version; with --verbose also the facts that are compiled in
    #[arg(long, short = 'V')]
    version: bool,
    #[arg(long, requires = "version", hide = true)]
    verbose: bool,
    #[command(flatten)]
    explorer: ExplorerArgs,
}

/// What the command line asks for.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check whether a guest's CPU survives a migration
    #[command(after_help = exit_codes::of("check"))]
    Check(CheckArgs),
    /// List known models, machine types, releases, hosts, features, products or rules
    List {
        /// What to list
        what: ListKind,
        /// Write a JSON array
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        /// The maps to add.
        maps: CpuMaps,
    },
    /// Explain a rule: what happens, why, who checks it, an example, the remedy
    Rule {
        /// Id of the rule, T1 to T8 or a word [default: list all rules]
        id: Option<String>,
    },
    /// Show verdicts for many source and destination pairs
    Matrix(MatrixArgs),
    /// Compare two CPU maps or two CPU models, and show what the difference does to guests
    Diff(DiffArgs),
    /// Show the history of a CPU model or a feature
    History(HistoryArgs),
    /// Review a changed CPU map: list the guests that would abort or change silently
    #[command(after_help = exit_codes::of("review"))]
    Review(ReviewArgs),
    /// Find the CPU definition that all given hosts support
    #[command(after_help = exit_codes::of("baseline"))]
    Baseline(BaselineArgs),
    /// Show what libvirt writes for a host-model guest on a host, and why this model
    Expand(ExpandArgs),
    /// Follow one feature through the ten stages of a migration
    Follow(FollowArgs),
    /// Learn with lessons that drive the explorer
    Tour(Tour),
    /// Explain the error messages in a text, such as a log
    #[command(after_help = exit_codes::of("explain"))]
    Explain(Explain),
    /// Import raw facts, a libvirt release or a host into the timeline of facts
    Import(Import),
    /// Print shell completions
    Completions {
        /// Shell to complete in
        shell: clap_complete::Shell,
    },
    /// Print the decision table, the verdicts and the rules on one page
    CheatSheet {
        /// Output format
        #[arg(long, value_enum, default_value_t = SheetFormat::Text)]
        format: SheetFormat,
    },
    /// Print the man page
    Man,
    /// The explorer, or one printed frame of it: the command line without a subcommand.
    #[command(skip)]
    Explore(Box<ExplorerArgs>),
    /// `--version`.
    #[command(skip)]
    Version {
        /// Whether to describe the facts as well.
        verbose: bool,
    },
}

/// What the explorer is started with.
#[derive(Args, Clone, Default, Debug)]
pub struct ExplorerArgs {
    #[command(flatten)]
    choice: Choice,
    /// Read the guest from the output of virsh dumpxml, live or inactive, or from standard input (-)
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "scenario",
        help_heading = "Scenario"
    )]
    domain: Option<String>,
    #[command(flatten)]
    /// How the explorer looks.
    pub look: LookArgs,
    #[command(flatten)]
    /// What to print.
    pub print: PrintArgs,
    #[command(flatten)]
    /// What to record and replay.
    pub record: RecordArgs,
}

impl ExplorerArgs {
    /// Returns the arguments of a command that chooses no scenario.
    pub fn with_look(look: LookArgs) -> Self {
        Self { look, ..Self::default() }
    }

    /// Returns the scenario to start with.
    pub fn choice(&self) -> Choice {
        Choice { domains: self.domain.iter().cloned().collect(), ..self.choice.clone() }
    }
}

/// How the explorer looks, and what it is told before the user acts.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Terminal")]
pub struct LookArgs {
    /// Colour theme
    #[arg(long, value_name = "NAME", value_parser = one_of(ThemeName::ALL, ThemeName::name))]
    pub theme: Option<ThemeName>,
    /// Use ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// Disable mouse support
    #[arg(long)]
    pub no_mouse: bool,
    /// Let copied links and Markdown exports open this page of the explorer
    #[arg(long, value_name = "URL", value_parser = page_base)]
    pub web_base: Option<String>,
    /// Keys to press at the start.
    #[arg(long, value_name = "KEYS", help = "Press these keys at the start, such as <left><tab><enter>")]
    pub keys: Option<String>,
    /// Read this config file [default: virt-cpu-explorer/config.toml in $XDG_CONFIG_HOME]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Ignore the config file
    #[arg(long)]
    pub no_config: bool,
}

/// What to print instead of opening the explorer.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Terminal")]
pub struct PrintArgs {
    /// Print one frame and exit
    #[arg(long)]
    pub print: bool,
    /// Screen to print [default: explorer]
    #[arg(long, value_name = "NAME")]
    pub screen: Option<String>,
    /// Format of the printed frame
    #[arg(
        id = "print-format",
        long = "format",
        value_name = "FORMAT",
        requires = "print",
        default_value = "text",
        value_parser = one_of(ScreenFormat::ALL, ScreenFormat::name)
    )]
    pub format: ScreenFormat,
    /// Size of the printed frame
    #[arg(long, value_name = "WxH", value_parser = size, default_value = "120x36")]
    pub size: (u16, u16),
}

impl Default for PrintArgs {
    fn default() -> Self {
        Self { print: false, screen: None, format: ScreenFormat::Text, size: (120, 36) }
    }
}

/// What to record, replay or show.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Record and replay")]
pub struct RecordArgs {
    /// Record the screen as an asciicast into a new file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "print")]
    pub record: Option<PathBuf>,
    /// Record the actions as a list into a new file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "print")]
    pub record_keys: Option<PathBuf>,
    /// Replay a list of actions; with --print, print the last frame
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub replay: Option<PathBuf>,
    /// Let a replayed list write files, save scenarios, fill the clipboard and suspend the program
    #[arg(long)]
    pub allow_effects: bool,
    /// Present to an audience: show the pressed keys and notes, and play a list of actions if one is given
    #[arg(long, value_name = "SCRIPT", value_hint = ValueHint::FilePath, conflicts_with = "replay")]
    pub demo: Option<Option<PathBuf>>,
}

/// What `check` asks for.
#[derive(Args, Clone, Default, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// Read the guest from the output of virsh dumpxml, live or inactive, or from standard input (-); several files or
    /// a directory give a table
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        num_args = 1..,
        conflicts_with = "scenario",
        help_heading = "Scenario"
    )]
    pub domain: Vec<String>,
    /// Output format [default: text; for a batch: json, one object a line]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write the whole answer: each fix with its command or XML, the scenario and its defaults, every guest
    #[arg(long, short)]
    pub verbose: bool,
    /// Add a link that opens this page of the explorer (Markdown)
    #[arg(long, value_name = "URL", value_parser = page_base)]
    pub web_base: Option<String>,
    /// Write nothing; only set the exit code
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Verdicts for which the exit code is 1 [default: aborted,changed,start-refused,depends]
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = one_of(&FAILING, Verdict::name))]
    pub fail_on: Vec<Verdict>,
    /// Answer each JSON line of a file, or of standard input (-), in the same order; other flags are its defaults
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["scenario", "domain"])]
    pub batch: Option<PathBuf>,
    /// Search for fixes also in a batch and for several guests (JSON)
    #[arg(long)]
    pub ways_out: bool,
}

impl CheckArgs {
    /// Returns the scenario to check, with the domain files.
    pub fn choice(&self) -> Choice {
        Choice { domains: self.domain.clone(), ..self.choice.clone() }
    }
}

/// What `explain` asks for.
#[derive(Args, Clone, Default, Debug)]
pub struct Explain {
    /// Message or log to explain [default: standard input]
    pub text: Option<String>,
    /// Open the explorer at the likeliest scenario that gives exactly this message
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
}

/// What `import` asks for.
#[derive(Args, Clone, Debug)]
pub struct Import {
    /// Add a libvirt release from its installed CPU map
    #[arg(
        long,
        value_name = "RELEASE=DIR",
        value_parser = |text: &str| name_and_path(text, "RELEASE=DIR"),
        requires = "source"
    )]
    pub libvirt: Option<(String, PathBuf)>,
    /// Say where the CPU map was read, such as 'Debian 13 package libvirt-common'
    #[arg(long, value_name = "TEXT", requires = "libvirt")]
    pub source: Option<String>,
    /// Add a host from a QMP reply to query-cpu-model-expansion
    #[arg(
        long,
        value_name = "NAME=FILE",
        value_parser = |text: &str| name_and_path(text, "NAME=FILE")
    )]
    pub host: Option<(String, PathBuf)>,
    /// Write the files again in their canonical form, after an edit by hand
    #[arg(long, conflicts_with_all = ["libvirt", "host"])]
    pub rewrite: bool,
    /// Directory with the files of the facts
    #[arg(long, value_name = "DIR", default_value = "cpu_map", value_hint = ValueHint::DirPath)]
    pub into: PathBuf,
}

/// How the cheat sheet is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum SheetFormat {
    /// For a terminal.
    Text,
    /// For a document.
    Markdown,
}

/// Parses one of a few values by its name.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(move |text| {
        let found = all.iter().copied().find(|value| name(*value) == text);
        found.ok_or("expected one of the possible values")
    })
}

/// Parses `NAME=PATH`; `form` says so in the error.
pub(super) fn name_and_path(text: &str, form: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), PathBuf::from(path))),
        _ => Err(format!("expected {form}")),
    }
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse::<u16>().ok()?, h.parse::<u16>().ok()?)));
    parsed
        .filter(|(w, h)| *w <= 1000 && *h <= 1000)
        .ok_or_else(|| "expected COLUMNSxROWS such as 120x36, each at most 1000".to_owned())
}

/// Returns the description of the command line.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line, the program's name first.
///
/// # Errors
/// clap's message, which is the help if that was asked for.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // clap accepts the options of the explorer only without a subcommand; `tour` has this one too.
    if args.get(1).is_some_and(|first| first == "--no-config") && args.get(2).is_some_and(|second| second == "tour") {
        args.swap(1, 2);
    }
    if let Some(error) = mistyped_subcommand(&args) {
        return Err(error);
    }
    let cli = Cli::try_parse_from(args)?;
    Ok(match cli.command {
        _ if cli.version => Command::Version { verbose: cli.verbose },
        Some(command) => command,
        None => Command::Explore(Box::new(cli.explorer)),
    })
}

/// Returns clap's error for a first argument that is neither a subcommand nor a scenario, but nearly a subcommand. clap
/// itself would take it for the scenario.
fn mistyped_subcommand(args: &[OsString]) -> Option<clap::Error> {
    let word = args.get(1)?.to_str()?;
    let command = command();
    let names = || command.get_subcommands().map(clap::Command::get_name);
    if word.starts_with('-') || word.contains([',', '=']) || word == "help" || names().any(|name| name == word) {
        return None;
    }
    let near = nearest(word, names())?;
    let catalog: Catalog = embedded::catalog().ok()?;
    let scenarios = || catalog.models().iter().chain(["host-model", "host-passthrough", "maximum"]);
    // A scenario that is as near counts first.
    if nearest(word, scenarios().chain(names())) != Some(near) {
        return None;
    }
    let mut error = clap::Error::new(ErrorKind::InvalidSubcommand).with_cmd(&command);
    error.insert(ContextKind::InvalidSubcommand, ContextValue::String(word.to_owned()));
    error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near.to_owned()]));
    Some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_mistyped_subcommand_is_not_taken_for_a_scenario() {
        let parse = |words: &str| parse(words.split(' ').map(Into::into));
        for words in ["x chek EPYC", "x chek", "x lsit models", "x explan text"] {
            let error = parse(words).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSubcommand, "{words}: {error}");
        }
        assert!(parse("x chek").unwrap_err().to_string().contains("'check'"));
        for words in ["x EPYC", "x EPCY", "x maximum", "x 486", "x host-model", "x n270"] {
            assert!(matches!(parse(words), Ok(Command::Explore(_))), "{words}");
        }
    }

    #[test]
    fn every_key_of_a_scenario_is_a_flag() {
        let parsed = parse("x check EPYC --from 9.0.0 --via 10.0.0 --via 11.3.0 --pmu on".split(' ').map(Into::into));
        let Ok(Command::Check(args)) = parsed else { panic!("{parsed:?}") };
        let keys: Vec<String> = args.choice().keys.0.iter().map(|(key, v)| format!("{}={v}", key.name())).collect();
        assert_eq!(keys, ["from=9.0.0", "via=10.0.0", "via=11.3.0", "pmu=on"]);
    }
}
