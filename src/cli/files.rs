//! Reads the files that the command line names.

use crate::app::script::{Step, parse};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::load::{LoadError, file};
use anyhow::{Result, anyhow};
use std::path::{Path, PathBuf};

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// The file cannot be read or is too large.
pub(super) fn read(name: &str) -> Result<Vec<u8>, LoadError> {
    if name == "-" { file::read_from(name, std::io::stdin().lock()) } else { file::read(Path::new(name)) }
}

/// Returns the files that a name stands for: itself, or every `.xml` file directly in a directory, sorted.
///
/// # Errors
/// The directory cannot be read or has no such file.
pub(super) fn expand(name: &str) -> Result<Vec<String>, LoadError> {
    if name == "-" || !Path::new(name).is_dir() {
        return Ok(vec![name.to_owned()]);
    }
    let unreadable = |err: std::io::Error| LoadError::whole(name, format!("cannot read the directory: {err}"));
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(name).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "xml") && !path.is_dir() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(LoadError::whole(name, "expected a directory with .xml files, found none in it"));
    }
    found.sort();
    Ok(found.into_iter().map(|path| path.display().to_string()).collect())
}

/// A list of actions to replay or to show, and the scenario it begins with.
#[derive(Clone, Default, Debug)]
pub struct Script {
    /// The scenario of the first line, if that line is one.
    pub start: Option<Scenario>,
    /// The lines after it.
    pub steps: Vec<Step>,
}

impl Script {
    /// Reads a list from a file.
    ///
    /// # Errors
    /// The file cannot be read, or lines that cannot be parsed: all of them, with file, line and column.
    pub fn read(catalog: &Catalog, path: &Path) -> Result<Self> {
        let text = file::text(path)?;
        let mut steps = parse(catalog, &text).map_err(|errors| anyhow!(errors.report(&path.display().to_string())))?;
        let start = match steps.first() {
            Some(Step::Scenario(link)) => Some(Scenario::parse(catalog, link)?),
            _ => None,
        };
        if start.is_some() {
            steps.remove(0);
        }
        Ok(Self { start, steps })
    }
}
