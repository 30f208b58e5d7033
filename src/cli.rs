//! Parses the command line and runs its commands, except for the explorer itself, which `main` opens.

mod about;
mod analysis;
mod analysis_args;
mod args;
mod check;
mod check_args;
mod complete;
mod config;
mod exit_codes;
mod expand;
mod explain;
mod files;
mod import;
mod list;
mod look_args;
mod matrix;
mod output;
mod scenario_args;
mod tour;
mod value_parsers;

pub use about::{completions, man, version, version_and_facts};
pub use analysis::{baseline, diff, follow, history, review};
pub use analysis_args::{Axis, TextFormat};
pub use args::{Command, Explain, ExplorerArgs, Import, SheetFormat, command, parse};
pub use check::{check, check_batch};
pub use check_args::{CheckArgs, Format};
pub use config::Config;
pub use exit_codes::exit_codes;
pub use expand::expand;
pub use explain::explain;
pub use files::Script;
pub use import::import;
pub use list::{ListKind, list, rule};
pub use matrix::{count_on, matrix};
pub use output::{Output, cannot_write, color_choice, complain, print_usage, telling};
pub use scenario_args::{Choice, CpuMaps};
pub use tour::{Tour, TourWish, lesson_text, list_lessons};

/// Answers a shell that asks for completions, and exits then.
pub fn complete_in_shell() {
    complete::in_shell(command);
}
