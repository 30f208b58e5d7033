//! Declares the command line, from which the parser, the help, the man pages and the completions are made.

use super::analysis_args::{
    BaselineArgs, DiffArgs, ExpandArgs, FollowArgs, HistoryArgs, MatrixArgs, ReviewArgs, TextFormat,
};
use super::check_args::CheckArgs;
use super::complete;
use super::exit_codes;
use super::list::ListKind;
use super::look_args::LookArgs;
use super::output::color_choice;
use super::scenario_args::{Choice, CpuMaps, DomainArg};
use super::tour::{Tour, TourWish};
use super::value_parsers::{name_and_path, one_of};
use crate::app::export::Format as ScreenFormat;
use crate::domain::catalog::Catalog;
use crate::domain::names::nearest;
use crate::load::embedded;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use std::ffi::OsString;
use std::path::PathBuf;

/// The help of the program itself: without an empty line before the usage, its short form is one screen.
const TEMPLATE: &str = "{about}\n{usage-heading} {usage}\n\n{all-args}{after-help}";
const SEE_MORE: &str = "Without a command it opens the explorer. --help has options and examples.";

const EXAMPLES: &str = "\
Examples:
  virt-cpu-explorer
  virt-cpu-explorer Skylake-Client,machine=pc-q35-3.1,from=old,to=new
  virt-cpu-explorer check EPYC --machine pc-q35-5.2 --from 9.0.0:7.2.22 --to 11.3.0:10.0.13 --topology 1-2-1
  virt-cpu-explorer check --domain guest.xml --from 9.0.0:7.2.22 --to 11.3.0:10.0.13
  virt-cpu-explorer check --batch guests.jsonl
  virt-cpu-explorer matrix EPYC,machine=pc-q35-5.2,topology=1-2-1 --from debian:11..13 --to debian:11..13
  virt-cpu-explorer baseline EPYC-7502-32-Core EPYC-7601-32-Core --on debian:13
  virt-cpu-explorer expand host-model --host EPYC-7502-32-Core --on debian:13
  virt-cpu-explorer explain 'extra features: ht'
  virt-cpu-explorer rule T7";

#[derive(Parser, Debug)]
#[command(
    name = "virt-cpu-explorer",
    about = "Check whether a guest's CPU survives a live migration, and explain why not",
    help_template = TEMPLATE,
    override_usage = "virt-cpu-explorer [OPTIONS] [SCENARIO | COMMAND]",
    after_help = SEE_MORE,
    after_long_help = format!("{EXAMPLES}\n\n{}", exit_codes::text()),
    disable_version_flag = true,
    disable_help_flag = true,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print the version; with --verbose also the built-in facts
    #[arg(long, short = 'V', hide_short_help = true)]
    version: bool,
    /// Print help; -h prints a summary
    #[arg(long, short, global = true, action = ArgAction::Help, hide_short_help = true)]
    help: Option<bool>,
    #[arg(long, requires = "version", hide = true)]
    verbose: bool,
    /// Use colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorChoice::Auto,
        hide_short_help = true
    )]
    color: ColorChoice,
    #[command(flatten)]
    explorer: ExplorerArgs,
}

/// What the command line asks for.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Check whether a guest's CPU survives a migration
    #[command(after_long_help = exit_codes::of("check"))]
    Check(CheckArgs),
    /// List known models, machine types, releases, hosts, products
    List {
        /// What to list
        what: ListKind,
        /// Output format
        #[arg(long, value_enum, default_value_t = TextFormat::Text)]
        format: TextFormat,
        #[command(flatten)]
        /// The maps to add.
        maps: CpuMaps,
    },
    /// Explain a rule: what happens, why, who checks it, the remedy
    Rule {
        /// Id of the rule, T1 to T8 or a name such as ht [default: list all rules]
        #[arg(add = complete::rules())]
        id: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t = TextFormat::Text)]
        format: TextFormat,
    },
    /// Show verdicts for many source and destination pairs
    Matrix(MatrixArgs),
    /// Compare two CPU maps or models, and show the effect on guests
    Diff(DiffArgs),
    /// Show the history of a CPU model or a feature
    History(HistoryArgs),
    /// Review a changed CPU map: list guests that would abort or change
    #[command(after_long_help = exit_codes::of("review"))]
    Review(ReviewArgs),
    /// Find the CPU definition that all given hosts support
    #[command(after_long_help = exit_codes::of("baseline"))]
    Baseline(BaselineArgs),
    /// Show the CPU that libvirt puts in place of host-model on a host
    Expand(ExpandArgs),
    /// Follow one feature through the ten stages of a migration
    Follow(FollowArgs),
    /// Learn with lessons that drive the explorer
    Tour(Tour),
    /// Explain the error messages in a text, such as a log
    #[command(after_long_help = exit_codes::of("explain"))]
    Explain(Explain),
    /// Add a libvirt release, a QEMU release or a host to the facts
    Import(Import),
    /// Print shell completions
    Completions {
        /// Shell to print the completions for
        shell: clap_complete::Shell,
    },
    /// Print the decision table, the verdicts and the rules
    CheatSheet {
        /// Output format
        #[arg(long, value_enum, default_value_t = SheetFormat::Text)]
        format: SheetFormat,
    },
    /// Print the man page of the program or of a subcommand
    Man {
        /// Subcommand [default: the program]
        #[arg(add = ArgValueCandidates::new(subcommands))]
        subcommand: Option<String>,
        /// Write every man page into this directory instead
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "subcommand")]
        dir: Option<PathBuf>,
    },
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
    /// The guest's file.
    #[command(flatten)]
    guest: DomainArg,
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

impl Command {
    /// Returns whether the output may be longer than a screen.
    pub fn is_long(&self) -> bool {
        match self {
            Self::Check(args) => args.verbose || (args.format.is_some() && !args.quiet),
            Self::Import(_) | Self::Completions { .. } | Self::Man { .. } | Self::Explore(_) | Self::Version { .. } => {
                false
            }
            Self::Tour(tour) => matches!(tour.wish(), TourWish::List | TourWish::Text { .. }),
            Self::Explain(asked) => !asked.open,
            Self::List { .. }
            | Self::Rule { .. }
            | Self::Matrix(_)
            | Self::Diff(_)
            | Self::History(_)
            | Self::Review(_)
            | Self::Baseline(_)
            | Self::Expand(_)
            | Self::Follow(_)
            | Self::CheatSheet { .. } => true,
        }
    }
}

impl ExplorerArgs {
    /// Returns the arguments of a command that chooses no scenario.
    pub fn with_look(look: LookArgs) -> Self {
        Self { look, ..Self::default() }
    }

    /// Returns the scenario to start with.
    pub fn choice(&self) -> Choice {
        self.choice.with(&self.guest)
    }
}

/// What to print instead of opening the explorer.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Terminal")]
pub struct PrintArgs {
    /// Print one frame and exit
    #[arg(long, hide_short_help = true)]
    pub print: bool,
    /// Screen to print [default: explorer]
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub screen: Option<String>,
    /// Format of the printed frame
    #[arg(
        id = "print-format",
        long = "format",
        hide_short_help = true,
        value_name = "FORMAT",
        requires = "print",
        default_value = "text",
        value_parser = one_of(ScreenFormat::ALL, ScreenFormat::name)
    )]
    pub format: ScreenFormat,
    /// Size of the printed frame
    #[arg(long, hide_short_help = true, value_name = "WxH", value_parser = size, default_value = "120x36")]
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
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "print")]
    pub record: Option<PathBuf>,
    /// Record the actions as a list into a new file
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "print")]
    pub record_keys: Option<PathBuf>,
    /// Replay a list of actions; with --print, print the last frame
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub replay: Option<PathBuf>,
    /// Let a replayed list write files, save scenarios, fill the clipboard and suspend the program
    #[arg(long, hide_short_help = true)]
    pub allow_effects: bool,
    /// Present to an audience: show the pressed keys and notes, and play a list of actions if one is given
    #[arg(long, hide_short_help = true, value_name = "SCRIPT", value_hint = ValueHint::FilePath, conflicts_with = "replay")]
    #[expect(clippy::option_option, reason = "clap's type of a flag whose value may be left out")]
    pub demo: Option<Option<PathBuf>>,
}

/// What `explain` asks for.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// Message to explain, or a file with messages, such as a log [default: standard input]
    #[arg(value_name = "MESSAGE|FILE", value_hint = ValueHint::FilePath)]
    pub text: Option<String>,
    /// Open the explorer at the likeliest scenario that gives exactly this message
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
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
    /// Source of the CPU map, such as 'Debian 13 package libvirt-common'
    #[arg(long, value_name = "TEXT", requires = "libvirt")]
    pub source: Option<String>,
    /// Query a QEMU program over QMP and add its release, or compare a release that the facts have
    #[arg(long, value_name = "PROGRAM", value_hint = ValueHint::FilePath, conflicts_with_all = ["libvirt", "host"])]
    pub qemu: Option<PathBuf>,
    /// Add a host from a QMP reply to query-cpu-model-expansion
    #[arg(
        long,
        value_name = "NAME=FILE",
        value_parser = |text: &str| name_and_path(text, "NAME=FILE")
    )]
    pub host: Option<(String, PathBuf)>,
    /// Rewrite the files in their canonical form, after an edit by hand
    #[arg(long, conflicts_with_all = ["libvirt", "host", "qemu"])]
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

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse::<u16>().ok()?, h.parse::<u16>().ok()?)));
    parsed
        .filter(|(w, h)| *w <= 1000 && *h <= 1000)
        .ok_or_else(|| "expected COLUMNSxROWS such as 120x36, each at most 1000".to_owned())
}

/// Returns the description of the command line.
pub fn command() -> clap::Command {
    // The short help of the program itself lists its subcommands; the scenario is in the long one.
    Cli::command().mut_args(|arg| arg.hide_short_help(true))
}

fn subcommands() -> Vec<CompletionCandidate> {
    command().get_subcommands().map(|sub| CompletionCandidate::new(sub.get_name())).collect()
}

/// Parses the command line, the program's name first.
///
/// # Errors
/// clap's message, which is the help if that was asked for.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let mut description = command().color(color_choice(&args));
    if let Some(index) = subcommand_behind_options(&description, &args) {
        args[1..=index].rotate_right(1);
    }
    if let Some(error) = mistyped_subcommand(&description, &args) {
        return Err(error);
    }
    let matches = description.try_get_matches_from_mut(args)?;
    let cli = Cli::from_arg_matches(&matches).map_err(|err| err.format(&mut description))?;
    Ok(match cli.command {
        _ if cli.version => Command::Version { verbose: cli.verbose },
        Some(command) => command,
        None => Command::Explore(Box::new(cli.explorer)),
    })
}

/// Returns the index of a subcommand that has only options before it. clap accepts options only behind a subcommand, even
/// those that every subcommand has.
fn subcommand_behind_options(command: &clap::Command, args: &[OsString]) -> Option<usize> {
    let mut index = 1;
    loop {
        let word = args.get(index)?.to_str()?;
        if command.get_subcommands().any(|known| known.get_name() == word) {
            return (index > 1).then_some(index);
        }
        // These are answered at once.
        if !word.starts_with('-') || ["--", "-h", "--help", "-V", "--version"].contains(&word) {
            return None;
        }
        let is_it = |arg: &&clap::Arg| arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long));
        let option = command.get_arguments().find(is_it);
        index += if option.is_some_and(|arg| arg.get_action().takes_values()) { 2 } else { 1 };
    }
}

/// Returns clap's error for a first argument that is neither a subcommand nor a scenario, but nearly a subcommand. clap
/// itself would take it for the scenario.
fn mistyped_subcommand(command: &clap::Command, args: &[OsString]) -> Option<clap::Error> {
    let word = args.get(1)?.to_str()?;
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
    let mut error = clap::Error::new(ErrorKind::InvalidSubcommand).with_cmd(command);
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
    fn options_may_be_before_the_subcommand() {
        let parse = |words: &str| parse(words.split(' ').map(Into::into));
        for words in ["x --color never check EPYC", "x --color=never --from 9.0.0 check EPYC --to 9.0.0"] {
            assert!(matches!(parse(words), Ok(Command::Check(_))), "{words}");
        }
        let wish = |words: &str| match parse(words) {
            Ok(Command::Tour(tour)) => Some(tour.wish()),
            _ => None,
        };
        let text = TourWish::Text { lesson: "1".to_owned(), answers: true };
        assert_eq!(wish("x --print tour 1"), Some(text));
        for words in ["x --no-config --theme light tour 1", "x --theme light --no-config tour 1"] {
            assert_eq!(wish(words), Some(TourWish::Open(Some("1".to_owned()))), "{words}");
        }
        // Of an option that the command does not have, clap names that option.
        let error = parse("x --no-config check EPYC").unwrap_err();
        assert!(error.to_string().contains("unexpected argument '--no-config'"), "{error}");
        assert!(matches!(parse("x --print EPYC"), Ok(Command::Explore(_))));
        assert!(matches!(parse("x --print --screen matrix"), Ok(Command::Explore(_))));
    }

    #[test]
    fn every_key_of_a_scenario_is_a_flag() {
        let parsed = parse("x check EPYC --from 9.0.0 --via 10.0.0 --via 11.3.0 --pmu on".split(' ').map(Into::into));
        let Ok(Command::Check(args)) = parsed else { panic!("{parsed:?}") };
        let keys: Vec<String> = args.choice().keys.0.iter().map(|(key, v)| format!("{}={v}", key.name())).collect();
        assert_eq!(keys, ["from=9.0.0", "via=10.0.0", "via=11.3.0", "pmu=on"]);
    }
}
