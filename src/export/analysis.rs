//! Writes the results of `analysis` as text, Markdown, CSV or JSON.

mod baseline;
mod diff;
mod expansion;
mod follow;
mod format;
mod history;
mod matrix;
mod review;
mod stages;

pub(crate) use baseline::{baseline_json, baseline_text};
pub(crate) use diff::{
    diff_json, diff_text, feature_names, model_group, model_names, model_text, models_json, models_text, outcome_text,
    reason_text,
};
pub use expansion::expansion_xml;
pub(crate) use expansion::{
    ExpansionReport, expansion_json, expansion_reason, expansion_text, not_asked_text, rejections_text, releases_json,
    releases_text, score_text,
};
pub(crate) use follow::{comparison_text, follow_json, follow_text, map_word, mention_word, parting_text};
pub use follow::{origin_text, state_word};
pub(crate) use format::{grouped, machines as machines_text};
pub(crate) use history::{
    built_on_text, enabled_by_text, feature_history_json, feature_history_text, membership_text, model_history_json,
    model_history_text, unread_text,
};
pub(crate) use matrix::{fold_name, matrix_json, matrix_markdown};
pub use matrix::{line_name, matrix_csv, matrix_text};
pub use review::{review_json, review_markdown, review_text};
pub use stages::StageText;
