//! Points at what is wrong in a file of the user's: the line, the column, and what was expected there.

use std::fmt;

/// Something wrong in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub text: String,
}

impl Fault {
    /// Returns a fault at a place in `source`, counted in bytes.
    pub fn at(source: &str, place: usize, text: impl Into<String>) -> Self {
        let before = source.get(..place).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column, text: text.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

/// Returns the faults of a file, a line each, with the file's name; in the order of the file.
pub fn report(file: &str, mut faults: Vec<Fault>) -> String {
    faults.sort();
    let lines: Vec<String> = faults.iter().map(|fault| format!("{file}:{fault}")).collect();
    lines.join("\n")
}

/// Returns `; did you mean NAME?` for the known name nearest to what was typed; nothing where none is near.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = crate::domain::names::nearest(typed, known);
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}
