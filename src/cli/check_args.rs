//! Declares the arguments of `check`.

use super::scenario_args::Choice;
use super::value_parsers::one_of;
use crate::export::page_base;
use crate::resolve::Verdict;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For mail and merge requests.
    Markdown,
    /// For scripts.
    Json,
    /// For CI.
    Junit,
}

/// The verdicts that count for exit code 1, unless `--fail-on` names others.
pub(super) const FAILING: [Verdict; 4] = [Verdict::Aborted, Verdict::Changed, Verdict::StartRefused, Verdict::Depends];

/// What `check` asks for.
#[derive(Args, Clone, Default, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// Domain XML, KubeVirt manifest or nova.conf
    ///
    /// The guest may be running or inactive, and - is standard input. Several files, a directory with its
    /// folders, or a manifest with several virtual machines give a table.
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        num_args = 1..,
        conflicts_with = "scenario",
        help_heading = "Scenario"
    )]
    pub domain: Vec<String>,
    /// Output format: text, markdown, json or junit
    ///
    /// The default is text, and for a batch json with one object per line.
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
    /// Print the full answer
    ///
    /// Each fix has its command or XML, the scenario its defaults, and a table has every guest.
    #[arg(long, short)]
    pub verbose: bool,
    /// Add a link that opens this page of the explorer (Markdown)
    #[arg(long, hide_short_help = true, value_name = "URL", value_parser = page_base)]
    pub web_base: Option<String>,
    /// Print nothing; only set the exit code
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Verdicts for which the exit code is 1, separated by commas
    ///
    /// The default is aborted,changed,start-refused,depends.
    #[arg(
        long,
        value_name = "VERDICTS",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = one_of(&FAILING, Verdict::name)
    )]
    pub fail_on: Vec<Verdict>,
    /// Check each JSON line of a file, or of standard input (-)
    ///
    /// The answers are in the same order. Other flags are defaults for its lines. docs/JSON.md describes the lines.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["scenario", "domain"])]
    pub batch: Option<PathBuf>,
    /// Search for fixes also in a batch and for several guests (JSON)
    #[arg(long, hide_short_help = true)]
    pub ways_out: bool,
    /// Whether standard input is the user's, who may have meant it to be read.
    #[arg(skip)]
    pub watch_input: bool,
}

impl CheckArgs {
    /// Returns the scenario to check, with the domain files.
    pub(crate) fn choice(&self) -> Choice {
        Choice { domains: self.domain.clone(), ..self.choice.clone() }
    }
}

impl CheckArgs {
    /// Returns the verdicts that count for exit code 1.
    pub(super) fn failing(&self) -> &[Verdict] {
        if self.fail_on.is_empty() { &FAILING } else { &self.fail_on }
    }

    pub(super) fn code(&self, verdict: Verdict) -> u8 {
        u8::from(self.failing().contains(&verdict))
    }
}
