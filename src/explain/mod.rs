//! Explains an answer: the causes as a tree, then sentences; and libvirt's own words for a refusal.
//! Never decides anything: every fact it words comes from the resolution.

mod cause;
mod documents;
mod message;
mod rule_page;
mod spoken;
mod words;

pub use cause::{Cause, Fact, causes};
pub use documents::{Absent, Remark, absent, remark};
pub use message::message;
pub use rule_page::{RulePage, rule_page};
pub use spoken::{Nearby, Spoken};
pub use words::{Explanation, explain, libvirt_label, sentence};
