//! Says what a lesson is, and holds every lesson as it is written in `assets/lessons/`.

use super::read;
use crate::app::action::Action;
use crate::app::choice::Choice;
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::screens::ScreenKind;
use crate::load::LoadError;
use crate::resolve::{RuleId, Verdict};

macro_rules! lessons {
    ($($file:literal),+ $(,)?) => {
        [$((
            concat!("assets/lessons/", $file, ".xml"),
            include_str!(concat!("../../../assets/lessons/", $file, ".xml")),
        )),+]
    };
}
/// The lessons in their order: the file and its text.
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

/// A lesson.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lesson {
    /// Its place among the lessons, counted from 1.
    pub number: usize,
    /// The word for it on the command line.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What one knows after it, in one sentence.
    pub summary: String,
    /// The scenario it begins with.
    pub scenario: String,
    /// Its steps, at least one.
    pub steps: Vec<Step>,
}

/// A step: something to read, and something to do or to answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Step {
    /// The scenario, where the step does not go on with the one before.
    pub scenario: Option<String>,
    /// Where the cursor of the first screen is put.
    pub cursor: Option<Choice>,
    /// What is framed.
    pub look: Vec<Place>,
    /// What holds while the step is read; tests ask the resolver.
    pub expect: Option<Expect>,
    /// What is told.
    pub told: Vec<Told>,
    /// What there is to do, if anything.
    pub task: Option<Task>,
}

/// A paragraph, and what it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The sentences.
    pub text: String,
    /// The rules whose pages say the same.
    pub rules: Vec<RuleId>,
    /// The recorded runs that show it, by id.
    pub runs: Vec<String>,
}

/// What there is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Task {
    /// To press keys until something holds.
    Press(Vec<Press>, Condition),
    /// To answer a question.
    Ask(Question),
}

/// One thing to press.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Press {
    /// The key of an action.
    Action(Action),
    /// Letters, where text is typed.
    Type(String),
}

/// A question, with answers to choose from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The question, and what its answers rest on.
    pub asked: Told,
    /// The answers, one of them right.
    pub answers: Vec<Answer>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What it says.
    pub text: String,
    /// Whether it is the right one.
    pub right: bool,
    /// Why it is right or wrong.
    pub why: String,
}

/// A place on the screen.
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
    /// A stage on the screen that follows a feature, counted from 0.
    Stage(usize),
    /// The line on which this text is found first, on any screen.
    Text(String),
}

/// What a step states of the answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expect {
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The rule that decides.
    pub rule: Option<RuleId>,
    /// libvirt's message.
    pub message: Option<String>,
    /// What the guest loses, by name; empty where nothing is stated.
    pub lost: Vec<String>,
    /// Whether the guest would notice.
    pub notice: Option<bool>,
}

/// What shows that the learner did it; all of it has to hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Condition {
    /// This choice has this value, as it is shown.
    pub value: Option<(Choice, String)>,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The rule that decides.
    pub rule: Option<RuleId>,
    /// The screen that is seen.
    pub screen: Option<ScreenKind>,
    /// The page that lies over the screen has a title that begins so; empty for no page at all.
    pub page: Option<String>,
    /// Where the cursor of the first screen is.
    pub cursor: Option<Choice>,
}

impl Condition {
    /// Returns whether it holds.
    pub fn holds(&self, model: &Model) -> bool {
        let derived = &model.derived;
        let value = self
            .value
            .as_ref()
            .is_none_or(|(choice, value)| derived.choice(*choice).is_some_and(|standing| standing.value == *value));
        let page = self.page.as_ref().is_none_or(|title| match &model.overlay {
            Some(Overlay::Page(page)) => !title.is_empty() && page.title.starts_with(title.as_str()),
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) => false,
            None => title.is_empty(),
        });
        let screen = model.screens.top();
        value
            && page
            && self.verdict.is_none_or(|verdict| derived.answer.verdict == verdict)
            && self.rule.is_none_or(|rule| derived.answer.rule == Some(rule))
            && self.screen.is_none_or(|kind| screen.kind() == kind)
            && self.cursor.is_none_or(|choice| screen.state().cursor() == Some(choice))
    }
}

impl Step {
    /// Returns everything that it says, with what it rests on: what is told, then the question.
    pub fn said(&self) -> impl Iterator<Item = &Told> {
        let asked = match &self.task {
            Some(Task::Ask(question)) => Some(&question.asked),
            Some(Task::Press(..)) | None => None,
        };
        self.told.iter().chain(asked)
    }
}

/// Returns every lesson, in order.
///
/// # Errors
/// The first mistake in the files, which the project's own tests exclude.
pub fn lessons() -> Result<Vec<Lesson>, LoadError> {
    FILES.iter().enumerate().map(|(place, (file, text))| read::lesson(place + 1, file, text)).collect()
}

/// Returns the lesson of this name or number.
///
/// # Errors
/// A sentence with the names that there are.
pub fn find(word: &str) -> Result<Lesson, String> {
    let all = lessons().map_err(|error| error.to_string())?;
    let names: Vec<String> = all.iter().map(|lesson| lesson.name.clone()).collect();
    let found = all.into_iter().find(|lesson| lesson.name == word || lesson.number.to_string() == word);
    found.ok_or_else(|| {
        let near = crate::domain::names::nearest(word, names.iter().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean {near}")).unwrap_or_default();
        format!("there is no lesson {word}{hint}; the lessons are {}", names.join(", "))
    })
}
