//! Says where a user's files are, after the XDG Base Directory Specification.

use std::path::PathBuf;

const FOLDER: &str = "virt-cpu-explorer";

/// Returns where the file with a user's settings is; `None` where there is no home.
pub fn config() -> Option<PathBuf> {
    Some(base("XDG_CONFIG_HOME", ".config")?.join(FOLDER).join("config.toml"))
}

/// Returns the folder of what is kept between runs; `None` where there is no home.
pub fn state() -> Option<PathBuf> {
    Some(base("XDG_STATE_HOME", ".local/state")?.join(FOLDER))
}

fn base(variable: &str, in_home: &str) -> Option<PathBuf> {
    // The specification tells to ignore a path that is not absolute.
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(in_home)))
}
