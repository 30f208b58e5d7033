//! The lessons: their types, and the files of `assets/lessons/`, which [`read`](super::read) parses.

use super::read::{self, words};
use crate::app::action::Action;
use crate::app::choice::{Choice, ChoiceState};
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::screens::ScreenKind;
use crate::load::LoadError;
use crate::resolve::{RuleId, Verdict};
use serde::Deserialize;

macro_rules! lessons {
    ($($file:literal),+ $(,)?) => {
        [$((
            concat!("assets/lessons/", $file, ".toml"),
            include_str!(concat!("../../../assets/lessons/", $file, ".toml")),
        )),+]
    };
}
/// Path and text of every lesson's file, in the order of the lessons.
pub const FILES: &[(&str, &str)] = &lessons![
    "01-models",
    "02-live-definition",
    "03-what-travels",
    "04-the-table",
    "05-machine-type",
    "06-three-regimes",
    "07-added-features",
    "08-ht",
    "09-weaker-hosts",
    "10-reviewing",
];

/// A lesson as its file has it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Position among the lessons, counted from 1; not in the file.
    #[serde(skip)]
    pub(crate) number: usize,
    /// Name on the command line.
    #[serde(deserialize_with = "words")]
    pub name: String,
    /// Heading of the panel and of the list.
    #[serde(deserialize_with = "words")]
    pub title: String,
    /// What the learner knows at the end, in one sentence.
    #[serde(deserialize_with = "words")]
    pub(crate) summary: String,
    /// Link of the scenario that the lesson starts with.
    pub(crate) scenario: String,
    /// At least one.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A text or a question, and what the learner is asked to do.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "read::WrittenStep")]
pub struct Step {
    /// Link of the step's scenario; `None` continues with the scenario of the step before.
    pub(crate) scenario: Option<String>,
    /// Where the cursor of the first screen is put.
    pub(crate) cursor: Option<Choice>,
    /// What is framed on the screen.
    pub look: Vec<Place>,
    /// What holds while the step is read; `tests/tour.rs` compares it with the answer.
    pub expect: Expect,
    /// The text or the question.
    pub text: String,
    /// The rules whose pages say the same.
    pub(crate) rules: Vec<RuleId>,
    /// Ids of the recorded migrations that show it.
    pub runs: Vec<String>,
    /// `None` where there is nothing but text.
    pub task: Option<Task>,
}

/// What the learner is asked to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Task {
    /// Press these keys; the step is done when the condition holds.
    Press(Vec<Press>, Condition),
    /// Choose one of these answers to the step's question.
    Answer(Vec<Answer>),
}

/// One key press, or letters to type; in a file `"left"` or `"type:11.3.0"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Press {
    /// The key that is bound to the action.
    Action(Action),
    /// Letters for a text field.
    Type(String),
}

/// One answer to a question.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The answer itself.
    #[serde(deserialize_with = "words")]
    pub text: String,
    /// True for exactly one answer of a question.
    #[serde(default)]
    pub(crate) right: bool,
    /// Why the answer is right or wrong.
    #[serde(deserialize_with = "words")]
    pub why: String,
}

/// A part of the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A choice of the first screen.
    Choice(Choice),
    /// The verdict of the first screen.
    Verdict,
    /// The decision table of the first screen.
    Table,
    /// A line of the decision table, counted from 0; 8 is the line below the eight rows.
    Row(usize),
    /// A stage of the screen that follows a feature, counted from 0.
    Stage(usize),
    /// The first occurrence of this text on any screen.
    Text(String),
}

/// What a step states about the answer; what is `None` or empty is not stated.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// The verdict.
    pub(crate) verdict: Option<Verdict>,
    /// The deciding rule.
    pub(crate) rule: Option<RuleId>,
    /// libvirt's error message.
    pub message: Option<String>,
    /// Names of the features that the guest loses.
    pub(crate) lost: Vec<String>,
    /// Whether the guest could see a difference.
    pub(crate) notice: Option<bool>,
}

/// What must hold for a step to be done; what is `None` is not asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    pub(super) choice: Option<Choice>,
    /// The value of `choice`, as the first screen shows it.
    pub(super) value: Option<String>,
    pub(super) verdict: Option<Verdict>,
    pub(super) rule: Option<RuleId>,
    pub(super) screen: Option<ScreenKind>,
    /// The beginning of the open page's title; empty for no page.
    pub(super) page: Option<String>,
}

impl Condition {
    /// Returns whether all of it holds now.
    pub fn holds(&self, model: &Model) -> bool {
        let answer = &model.derived.answer;
        let page = self.page.as_ref().is_none_or(|title| match &model.overlay {
            Some(Overlay::Page(page)) => !title.is_empty() && page.title.starts_with(title.as_str()),
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) => false,
            None => title.is_empty(),
        });
        page && self.wrong_value(model).is_none()
            && self.verdict.is_none_or(|verdict| answer.verdict == verdict)
            && self.rule.is_none_or(|rule| answer.rule == Some(rule))
            && self.screen.is_none_or(|kind| model.screens.top().kind() == kind)
    }

    /// Returns the choice whose value is not the wanted one, and the wanted value.
    pub(super) fn wrong_value<'a>(&'a self, model: &'a Model) -> Option<(&'a ChoiceState, &'a str)> {
        let wanted = self.value.as_deref()?;
        model.derived.choice(self.choice?).filter(|standing| standing.value != wanted).map(|found| (found, wanted))
    }

    /// Returns whether the condition is about the scenario or its answer, not about what is displayed.
    pub(super) fn is_about_the_answer(&self) -> bool {
        self.choice.is_some() || self.verdict.is_some() || self.rule.is_some()
    }
}

impl Step {
    /// Returns the answers to choose from; empty where the step is no question.
    pub fn answers(&self) -> &[Answer] {
        match &self.task {
            Some(Task::Answer(answers)) => answers,
            Some(Task::Press(..)) | None => &[],
        }
    }

    pub(super) fn condition(&self) -> Option<&Condition> {
        match &self.task {
            Some(Task::Press(_, condition)) => Some(condition),
            Some(Task::Answer(_)) | None => None,
        }
    }
}

/// Returns every lesson, in order.
///
/// # Errors
/// The first mistake in the files; the project's own tests exclude one.
pub fn lessons() -> Result<Vec<Lesson>, LoadError> {
    FILES.iter().enumerate().map(|(index, (file, text))| read::lesson(index + 1, file, text)).collect()
}

/// Returns the lesson with this name or number; an error lists the names.
pub(crate) fn find(word: &str) -> Result<Lesson, String> {
    let all = lessons().map_err(|error| error.to_string())?;
    let names: Vec<String> = all.iter().map(|lesson| lesson.name.clone()).collect();
    let found = all.into_iter().find(|lesson| lesson.name == word || lesson.number.to_string() == word);
    found.ok_or_else(|| {
        let near = crate::domain::names::nearest(word, names.iter().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("unknown lesson {word:?}{hint}; lessons are numbers from 1 to {} or {}", names.len(), names.join(", "))
    })
}
