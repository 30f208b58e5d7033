//! Writes an answer for scripts, mail and people: JSON, Markdown, plain text. Every word comes from `explain`.

mod guests;
mod json;
mod report;
pub mod study;

pub use guests::{GuestRow, guests};
pub use json::{About, SCHEMA, Seen, bad_file, bad_line, json, json_about, json_line, json_line_about};
pub use report::{markdown, text};
