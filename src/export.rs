//! Writes an answer for scripts, mail and people: JSON, Markdown, plain text. Every word comes from `explain`.

pub mod analysis;
mod cheat_sheet;
mod documents;
mod guests;
mod json;
mod report;
mod xml;

pub use cheat_sheet::cheat_sheet;
pub use documents::{DASH_CPU, Document, Lane, Since, documents};
pub use guests::{GuestRow, guests};
pub use json::{About, SCHEMA, Seen, bad_file, bad_line, json, json_about, json_line, json_line_about};
pub use report::{in_browser, markdown, page_address, text};
pub use xml::{Around, cpu_argument, cpu_xml, domcapabilities_xml, expansion_argument, expansion_xml};
