//! Explains an answer: the causes as a tree, then sentences; and libvirt's own words for a refusal.
//! Never decides anything: every fact it words comes from the resolution.

mod basis;
mod cause;
mod documents;
mod lanes;
mod message;
mod message_help;
mod outlook;
mod rule_page;
mod sentences;
mod unknown_input;

pub use cause::{Cause, Fact, causes};
pub use documents::{Absent, Remark, absent, remark};
pub use lanes::{Lane, Lanes, Mark, Side, Wire, deciding_features, lanes};
pub use message::message;
pub(crate) use message_help::suggested_by;
pub use message_help::{MessageMeaning, Unspecific};
pub use outlook::{NO_RULE, Outlook, outcome, stated_rule};
pub use rule_page::{RulePage, rule_page};
pub(crate) use sentences::written_by;
pub use sentences::{Explanation, explain, libvirt_label, sentence};
pub use unknown_input::how_to_find_out;
