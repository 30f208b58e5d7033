//! Writes an answer for scripts, mail and people: JSON, Markdown, plain text. Every word comes from `explain`.

mod json;
mod report;
pub mod study;

pub use json::{SCHEMA, bad_line, json, json_line};
pub use report::{markdown, text};
