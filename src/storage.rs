//! Writes the user's files: exports and saved scenarios, in the directories of the XDG Base Directory Specification.

mod atomic_write;
mod saved_scenarios;

pub use atomic_write::{Written, write};
pub use saved_scenarios::ScenarioStore;

use std::path::PathBuf;

const FOLDER: &str = "virt-cpu-explorer";

/// Returns the path of the config file; `None` without a home directory.
pub fn config_file() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", ".config")?.join(FOLDER).join("config.toml"))
}

/// Returns the folder for what is saved between runs; `None` without a home directory.
pub fn state_folder() -> Option<PathBuf> {
    Some(base("XDG_STATE_HOME", ".local/state")?.join(FOLDER))
}

fn base(variable: &str, in_home: &str) -> Option<PathBuf> {
    // The specification tells programs to ignore a path that is not absolute.
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)))
}
