//! Defines the error of a reader: file, line, column, and what was expected.

use crate::domain::text::one_line;

/// One mistake in a file: the file, the place in it, and what was expected there.
///
/// Printed as `FILE:LINE:COLUMN: expected X, found Y`; a mistake of the file as a whole has no place.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{}: {message}", one_line(.file), self.location())]
pub struct LoadError {
    /// The file, as it was named to the reader.
    pub(crate) file: String,
    /// Line and column, both counted from 1, the column in characters; `None` for the file as a whole.
    pub position: Option<(usize, usize)>,
    /// What was expected, and what was found instead.
    pub message: String,
}

impl LoadError {
    /// Returns a mistake at a byte offset of `text`; an offset past the end means the end.
    pub(crate) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { file: file.to_owned(), position: Some((line, column)), message: message.into() }
    }

    /// Returns a mistake of the file as a whole: it is missing, too large, or no file.
    pub(crate) fn whole(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), position: None, message: message.into() }
    }

    /// Returns a mistake in JSON, where `expected` was expected.
    pub(crate) fn json(file: &str, expected: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said);
        // At the end of a line serde_json counts the column from 0.
        let position = Some((error.line(), error.column().max(1)));
        Self { file: file.to_owned(), position, message: format!("expected {expected}, found an error: {said}") }
    }

    fn location(&self) -> String {
        self.position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
    }
}
