//! Reads the command line and does what it says, but for the terminal, which `main` opens.

mod args;
mod check;
mod generate;
mod import;
mod list;

pub use args::{Choice, Command, Import, Print, TuiArgs, command, parse};
pub use check::{Format, check_batch, check_one};
pub use generate::{completions, man};
pub use import::import;
pub use list::{choice_note, list, rule};
