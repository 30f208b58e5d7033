//! Reads the command line and does what it says, but for the terminal, which `main` opens.

mod analysis;
mod analysis_args;
mod args;
mod check;
mod config;
mod domains;
mod explain;
mod files;
mod generate;
mod hosts;
mod import;
mod list;
mod tour;
mod version;

pub use analysis::{analysis, count_on};
pub use analysis_args::{Study, StudyArgs};
pub use args::{Choice, Command, Explain, Import, Print, TuiArgs, command, parse};
pub use check::{Asked, Format, check_batch, check_one};
pub use config::Config;
pub use domains::check_domains;
pub use explain::explain;
pub use files::Script;
pub use generate::{completions, man};
pub use import::import;
pub use list::{list, rule};
pub use tour::{Tour, TourWish, lesson_text, list_lessons};
pub use version::{FACTS_HASH, version, version_and_facts};
