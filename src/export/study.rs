//! Writes what studies found: as text, as Markdown for a mailing list, as CSV and as JSON.

mod baseline;
mod diff;
mod follow;
mod history;
mod matrix;
mod review;
mod words;

pub use baseline::{baseline_json, baseline_text};
pub use diff::{diff_json, diff_text, models_text};
pub use follow::{by_words, follow_json, follow_text, state_word};
pub use history::{feature_history_json, feature_history_text, model_history_json, model_history_text};
pub use matrix::{fold_name, line_name, matrix_csv, matrix_json, matrix_table};
pub use review::{review_json, review_markdown, review_text};
