//! Writes an answer as JSON, Markdown or plain text, with the sentences of `explain`.

pub mod analysis;
mod cheat_sheet;
mod documents;
mod guests;
mod json;
mod report;
mod xml;

pub use cheat_sheet::cheat_sheet;
pub(crate) use documents::{DASH_CPU, Lane};
pub use documents::{Document, Since, documents};
pub(crate) use guests::{GuestRow, guests_junit, guests_markdown, guests_text};
pub(crate) use json::JsonLines;
pub use json::{About, SCHEMA, Seen, bad_file, bad_line, json_about, json_line};
pub(crate) use report::{fix_cost, in_browser};
pub use report::{markdown, page_address, page_base, summary, text};
pub use xml::{Around, cpu_xml, expansion_argument};

/// A hash over the files in `cpu_map/`, made by `build.rs`: two builds with the same hash have the same facts.
pub const FACTS_HASH: &str = env!("FACTS_HASH");

/// The program and its version.
pub(crate) const TOOL: &str = concat!("virt-cpu-explorer ", env!("CARGO_PKG_VERSION"));

/// The most columns that a name fills in a table of text: a longer one, which may come from outside, shifts its line.
pub(crate) const WIDEST_COLUMN: usize = 60;

/// Returns a text for a cell of a Markdown table: nothing in it ends the cell or is markup.
pub(crate) fn markdown_cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => cell.push(' '),
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            '|' | '`' | '*' | '[' | '\\' => cell.extend(['\\', letter]),
            _ => cell.push(letter),
        }
    }
    cell
}

/// Returns a text for a cell of CSV, in which a spreadsheet sees no formula.
pub(crate) fn csv_cell(text: &str) -> String {
    let formula = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{formula}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{formula}{text}")
    }
}

/// Returns a sentence with the version of the program and of its facts.
pub(crate) fn tool_line() -> String {
    format!("{TOOL}, facts {FACTS_HASH}.")
}
