//! Reports errors in the files of users: line, column, and what was expected.

pub(crate) use crate::domain::names::did_you_mean;

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

/// Returns the errors of a file, one per line, sorted by position.
pub(crate) fn report(file: &str, mut diagnostics: Vec<Diagnostic>) -> String {
    diagnostics.sort();
    let lines: Vec<String> = diagnostics.iter().map(|diagnostic| format!("{file}:{diagnostic}")).collect();
    lines.join("\n")
}
