//! Parses the command line and runs its commands, except for the explorer itself, which `main` opens.

mod about;
mod analysis;
mod analysis_args;
mod args;
mod check;
mod config;
mod exit_codes;
mod expand;
mod explain;
mod files;
mod import;
mod list;
mod scenario_args;
mod tour;

pub use about::{completions, man, version, version_and_facts};
pub use analysis::{baseline, count_on, diff, follow, history, matrix, review};
pub use analysis_args::{
    BaselineArgs, DiffArgs, ExpandArgs, ExpandFormat, Expandable, FollowArgs, HistoryArgs, MatrixArgs, MatrixFormat,
    QemuArgs, ReviewArgs, ReviewFormat, TextFormat,
};
pub use args::{
    CheckArgs, Command, Explain, ExplorerArgs, Import, LookArgs, PrintArgs, RecordArgs, SheetFormat, command, parse,
};
pub use check::{Format, check, check_batch};
pub use config::Config;
pub use exit_codes::exit_codes;
pub use expand::expand;
pub use explain::explain;
pub use files::Script;
pub use import::import;
pub use list::{ListKind, list, rule};
pub use scenario_args::{Asked, Choice, CpuMaps, KeyArgs};
pub use tour::{Tour, TourWish, lesson_text, list_lessons};
