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
    diff_json, diff_text, feature_names, model_group, model_names, model_text, models_json, models_text, outcome_text,
    reason_text,
};
pub use expansion::{
    ExpansionReport, expansion_json, expansion_reason, expansion_text, expansion_xml, rejections_text, releases_json,
    releases_text, score_text,
};
pub use follow::{
    comparison_text, follow_json, follow_text, map_word, mention_word, origin_text, parting_text, state_word,
};
pub use history::{
    change_text, enabled_by_text, feature_history_json, feature_history_text, machines_text, membership_text,
    model_history_json, model_history_text, since_text,
};
pub use matrix::{fold_name, line_name, matrix_csv, matrix_json, matrix_markdown, matrix_text};
pub use review::{review_json, review_markdown, review_text};
pub use stages::StageText;
