//! Records what a user does as a list of actions that can be read, edited and replayed.

use super::cast::new_file;
use crate::app::script::Step;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// A wait that is worth noting, and the longest that is noted.
const WORTH: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);

/// A list being written.
pub(super) struct Record {
    file: File,
    typed: String,
    last: Instant,
    error: Option<io::Error>,
}

impl Record {
    /// Begins a list in a new file, at a scenario.
    ///
    /// # Errors
    /// There is a file of this name, or it cannot be written.
    pub(super) fn begin(path: &Path, scenario: &str, (width, height): (u16, u16)) -> anyhow::Result<Self> {
        let file = new_file(path)?;
        let mut record = Self { file, typed: String::new(), last: Instant::now(), error: None };
        record.line(&format!("# Recorded by virt-cpu-explorer on {width}x{height}; clicks hold for that size."));
        record.line(&Step::Scenario(scenario.to_owned()).to_string());
        Ok(record)
    }

    /// Notes a step, and before it the time that passed.
    pub(super) fn step(&mut self, step: &Step) {
        let passed = self.last.elapsed();
        self.last = Instant::now();
        // Letters typed one after the other make one line.
        if let Step::Type(text) = step {
            self.typed.push_str(text);
            return;
        }
        self.end();
        if passed >= WORTH {
            let millis = u64::try_from(passed.min(LONGEST).as_millis()).unwrap_or_default();
            self.line(&Step::Wait(millis / 100 * 100).to_string());
        }
        self.line(&step.to_string());
    }

    /// Writes what was typed last.
    pub(super) fn end(&mut self) {
        if !self.typed.is_empty() {
            let typed = Step::Type(std::mem::take(&mut self.typed));
            self.line(&typed.to_string());
        }
    }

    /// Returns what went wrong, if anything did; nothing is recorded after that.
    pub(super) fn error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    fn line(&mut self, line: &str) {
        if self.error.is_none() {
            self.error = writeln!(self.file, "{line}").err();
        }
    }
}
