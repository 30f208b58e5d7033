//! Defines the types of a lesson, as the files of `assets/lessons/` are written.

use crate::app::action::Action;
use crate::app::choice::Choice;
use crate::app::screens::ScreenKind;
use crate::domain::definition::named_enum;
use crate::resolve::{RuleId, Verdict};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A lesson as its file has it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Position among the lessons, counted from 1; not in the file.
    #[serde(skip)]
    pub(crate) number: usize,
    /// Name on the command line.
    #[serde(deserialize_with = "some_text")]
    pub name: String,
    /// Heading of the panel and of the list.
    #[serde(deserialize_with = "some_text")]
    pub title: String,
    /// What the learner knows at the end, in one sentence.
    #[serde(deserialize_with = "some_text")]
    pub(crate) summary: String,
    /// Whether it is among the lessons for a class of 30 minutes.
    #[serde(default)]
    pub class: bool,
    /// Link of the scenario that the lesson starts with.
    pub(crate) scenario: String,
    /// At least one.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A text or a question, and what the learner is asked to do.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "WrittenStep")]
pub struct Step {
    /// Link of the step's scenario; `None` continues with the scenario of the step before.
    pub(crate) scenario: Option<String>,
    /// Where the cursor of the first screen is put.
    pub(crate) cursor: Option<Choice>,
    /// What is framed on the screen.
    pub look: Vec<Place>,
    /// The parts of the explorer that show from this step on.
    pub show: Vec<Part>,
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
    #[serde(deserialize_with = "some_text")]
    pub text: String,
    /// True for exactly one answer of a question.
    #[serde(default)]
    pub(crate) right: bool,
    /// Why the answer is right or wrong.
    #[serde(deserialize_with = "some_text")]
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

named_enum! {
    /// A part of the explorer that a lesson introduces. Settings, verdict and message always show.
    Part {
        /// The two lanes, or the values that decide.
        Lanes "lanes",
        /// The sentences.
        Why "why",
        /// The fixes.
        Fixes "fixes",
        /// The decision table.
        Table "table",
        /// The verdicts of the same guest along other settings.
        Strips "strips",
        /// The features.
        Features "features",
    }
}

/// What a step states about the answer; what is `None` or empty is not stated.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
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
    pub(in crate::app) choice: Option<Choice>,
    /// The value of `choice`, as the first screen shows it.
    pub(in crate::app) value: Option<String>,
    pub(in crate::app) verdict: Option<Verdict>,
    pub(in crate::app) rule: Option<RuleId>,
    pub(in crate::app) screen: Option<ScreenKind>,
    /// The beginning of the open page's title; empty for no page.
    pub(in crate::app) page: Option<String>,
}

impl Answer {
    /// Returns whether it is the right one.
    pub fn is_right(&self) -> bool {
        self.right
    }
}

impl Lesson {
    /// Returns the parts of the explorer that no step up to this one has introduced.
    pub fn hidden(&self, step: usize) -> impl Iterator<Item = Part> {
        let is_introduced = move |part: &Part| self.steps.iter().take(step + 1).any(|step| step.show.contains(part));
        Part::ALL.iter().copied().filter(move |part| !is_introduced(part))
    }

    /// Returns about how many minutes it takes: the time to read its words, and some for each step.
    pub fn minutes(&self) -> usize {
        let words = |step: &Step| {
            let answers = step.answers().iter().map(|answer| count(&answer.text) + count(&answer.why));
            count(&step.text) + answers.sum::<usize>()
        };
        let words: usize = self.steps.iter().map(words).sum();
        (words / WORDS_A_MINUTE + self.steps.len() / STEPS_A_MINUTE).max(1)
    }
}

/// How fast people read, and how fast they look at a screen and press its keys.
const WORDS_A_MINUTE: usize = 120;
const STEPS_A_MINUTE: usize = 2;

fn count(text: &str) -> usize {
    text.split_whitespace().count()
}

impl Step {
    /// Returns the answers to choose from; empty if the step is not a question.
    pub fn answers(&self) -> &[Answer] {
        match &self.task {
            Some(Task::Answer(answers)) => answers,
            Some(Task::Press(..)) | None => &[],
        }
    }

    pub(in crate::app) fn condition(&self) -> Option<&Condition> {
        match &self.task {
            Some(Task::Press(_, condition)) => Some(condition),
            Some(Task::Answer(_)) | None => None,
        }
    }
}

/// A step as the file has it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenStep {
    scenario: Option<String>,
    cursor: Option<Choice>,
    look: Vec<Place>,
    show: Vec<Part>,
    expect: Expect,
    #[serde(deserialize_with = "some_text")]
    say: String,
    #[serde(deserialize_with = "some_text")]
    ask: String,
    rules: Vec<RuleId>,
    runs: Vec<String>,
    press: Vec<Press>,
    check: Option<Condition>,
    #[serde(rename = "answer")]
    answers: Vec<Answer>,
}

impl TryFrom<WrittenStep> for Step {
    type Error = String;

    fn try_from(step: WrittenStep) -> Result<Self, String> {
        let WrittenStep { scenario, cursor, look, show, expect, say, ask, rules, runs, press, check, answers } = step;
        if say.is_empty() == ask.is_empty() {
            return Err("expected either say or ask in [[step]]".to_owned());
        }
        if rules.is_empty() && runs.is_empty() {
            return Err("expected rules or runs in [[step]], found neither".to_owned());
        }
        let right = answers.iter().filter(|answer| answer.right).count();
        if !ask.is_empty() && (right != 1 || !(2..=4).contains(&answers.len())) {
            let found = answers.len();
            return Err(format!("expected 2 to 4 answers and one of them right, found {found} and {right} right"));
        }
        let task = match (ask.is_empty(), press.is_empty(), check) {
            (false, true, None) => Some(Task::Answer(answers)),
            (true, true, None) if answers.is_empty() => None,
            (true, false, Some(check)) if answers.is_empty() => {
                if check == Condition::default() || check.choice.is_some() != check.value.is_some() {
                    return Err("expected a condition in check, and choice only together with value".to_owned());
                }
                Some(Task::Press(press, check))
            }
            _ => return Err("expected press with check, or ask with [[step.answer]], or say alone".to_owned()),
        };
        Ok(Self { scenario, cursor, look, show, expect, text: say + &ask, rules, runs, task })
    }
}

/// Reads a text, in which line breaks count as blanks.
fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { Err(D::Error::custom("expected text, found none")) } else { Ok(text) }
}
