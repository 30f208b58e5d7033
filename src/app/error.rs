//! Reports errors in the files of users: line, column, and what was expected.

pub(crate) use crate::domain::names::did_you_mean;

use crate::domain::order::sort;
use std::fmt;

/// One error in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Diagnostic {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The message, without the position.
    pub text: String,
}

impl Diagnostic {
    /// Returns an error at a byte offset of `source`.
    pub(crate) fn at(source: &str, offset: usize, text: impl Into<String>) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column, text: text.into() }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

/// How many errors of one file are reported.
const MOST: usize = 20;

/// The errors of a file, of which the first 20 are kept and the others counted.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    others: usize,
}

impl Diagnostics {
    /// Adds an error. `error` is called only for one that is kept, since a position and a suggestion take time.
    pub(crate) fn push(&mut self, error: impl FnOnce() -> Diagnostic) {
        if self.is_full() {
            self.others += 1;
        } else {
            self.kept.push(error());
        }
    }

    /// Returns whether more errors are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() == MOST
    }

    /// Returns the errors that are kept, in the order in which they were added.
    pub fn kept(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// Returns whether there is no error.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Returns the errors, one line each, sorted by position; `file` is the file's name.
    pub fn report(mut self, file: &str) -> String {
        sort(&mut self.kept);
        let mut lines: Vec<String> = self.kept.iter().map(|diagnostic| format!("{file}:{diagnostic}")).collect();
        if self.others > 0 {
            lines.push(format!("{file}: and {} more errors", self.others));
        }
        lines.join("\n")
    }
}
