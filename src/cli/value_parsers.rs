//! Parses values of the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// Parses one of a few values by its name.
pub(super) fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(move |text| {
        let found = all.iter().copied().find(|value| name(*value) == text);
        found.ok_or("expected one of the possible values")
    })
}

/// Parses `NAME=PATH`; `form` says so in the error.
pub(super) fn name_and_path(text: &str, form: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.to_owned(), PathBuf::from(path))),
        _ => Err(format!("expected {form}")),
    }
}
