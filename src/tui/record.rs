//! Records the actions of a user as an action list, which can be edited and replayed.

use super::cast::new_file;
use crate::app::script::Step;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// The shortest and the longest recorded wait.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);

/// An action list, written as it is recorded.
pub(super) struct Record {
    file: File,
    typed: String,
    last: Instant,
    error: Option<io::Error>,
}

impl Record {
    /// Starts an action list in a new file, with the link of a scenario.
    ///
    /// # Errors
    /// The file exists, or it cannot be written.
    pub(super) fn begin(path: &Path, scenario: &str, (width, height): (u16, u16)) -> std::io::Result<Self> {
        let file = new_file(path)?;
        let mut record = Self { file, typed: String::new(), last: Instant::now(), error: None };
        record.line(&format!(
            "# Recorded by virt-cpu-explorer at {width}x{height}. Clicks are only valid for this size."
        ));
        record.line(&Step::Scenario(scenario.to_owned()).to_string());
        Ok(record)
    }

    /// Writes a step, and before it the time since the last one.
    pub(super) fn step(&mut self, step: &Step) {
        let passed = self.last.elapsed();
        self.last = Instant::now();
        // Consecutive letters are written on one line.
        if let Step::Type(text) = step {
            self.typed.push_str(text);
            return;
        }
        self.end();
        if passed >= SHORTEST {
            let millis = u64::try_from(passed.min(LONGEST).as_millis()).unwrap_or_default();
            self.line(&Step::Wait(millis / 100 * 100).to_string());
        }
        self.line(&step.to_string());
    }

    /// Writes the text typed last.
    pub(super) fn end(&mut self) {
        if !self.typed.is_empty() {
            let typed = Step::Type(std::mem::take(&mut self.typed));
            self.line(&typed.to_string());
        }
    }

    /// Returns the first error, after which nothing is recorded.
    pub(super) fn error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    fn line(&mut self, line: &str) {
        if self.error.is_none() {
            self.error = writeln!(self.file, "{line}").err();
        }
    }
}
