//! Reads a list of actions to replay or to show.

use super::files;
use crate::app::error::report;
use crate::app::script::{Step, parse};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use anyhow::{Result, anyhow};
use std::path::Path;

/// A list of actions, and where it begins.
#[derive(Clone, Default, Debug)]
pub struct Script {
    /// The scenario of its first line, if that is one.
    pub start: Option<Scenario>,
    /// The lines after that.
    pub steps: Vec<Step>,
}

impl Script {
    /// Reads a list from a file.
    ///
    /// # Errors
    /// The file cannot be read, or every line that is none, with file, line and column.
    pub fn read(catalog: &Catalog, path: &Path) -> Result<Self> {
        let text = files::text(path)?;
        let wrong = |faults| anyhow!("{}", report(&path.display().to_string(), faults));
        let mut steps = parse(catalog, &text).map_err(wrong)?;
        let start = match steps.first() {
            Some(Step::Scenario(word)) => Some(Scenario::parse(catalog, word)?),
            _ => None,
        };
        if start.is_some() {
            steps.remove(0);
        }
        Ok(Self { start, steps })
    }
}
