//! Explains an answer: a tree of causes, the sentences made from it, and libvirt's message for a refusal. Everything it
//! says comes from the answer.

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
mod unspecific;

pub use message::message;
pub use message_help::MessageMeaning;
pub use outlook::Outlook;
pub use rule_page::{RulePage, rule_page};
pub use sentences::{Explanation, explain};

pub(crate) use cause::Fact;
pub(crate) use documents::{Absent, Remark, absent, remark};
pub(crate) use lanes::{Lane, Lanes, Mark, Side, Wire, deciding_features, lanes};
pub(crate) use message_help::{suggested_by, unsupported};
pub(crate) use outlook::{NO_RULE, outcome, stated_rule};
pub(crate) use sentences::{libvirt_label, model_name, sentence, written_by};
pub(crate) use unknown_input::how_to_find_out;
pub(crate) use unspecific::Unspecific;
