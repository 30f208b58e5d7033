//! Writes what studies found: as text, as Markdown for a mailing list, as CSV and as JSON.

mod baseline;
mod diff;
mod expansion;
mod follow;
mod format;
mod history;
mod matrix;
mod review;
mod stages;

pub use baseline::{baseline_json, baseline_text};
pub use diff::{
    diff_json, diff_text, feature_names, model_group, model_names, model_words, models_json, models_text,
    outcome_words, why_words,
};
pub use expansion::{ExpansionReport, expansion_json, expansion_text, expansion_xml};
pub use follow::{by_words, follow_json, follow_text, state_word};
pub use history::{
    change_words, feature_history_json, feature_history_text, machine_words, membership_words, model_history_json,
    model_history_text, turned_on_words,
};
pub use matrix::{fold_name, line_name, matrix_csv, matrix_json, matrix_table};
pub use review::{review_json, review_markdown, review_text};
pub use stages::StageWords;
