//! Parses a lesson from TOML. CONTRIBUTING.md describes the format.

use super::lesson::{Answer, Condition, Expect, Lesson, Place, Press, Step, Task};
use crate::analysis::follow;
use crate::app::action::{ACTIONS, Action};
use crate::app::choice::Choice;
use crate::app::error::did_you_mean;
use crate::app::screens::ScreenKind;
use crate::load::LoadError;
use crate::resolve::{Row, RuleId, TABLE, Verdict};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Parses a lesson. `number` is its position among the lessons, counted from 1.
///
/// # Errors
/// The first mistake: invalid TOML, an unknown key, or an unknown name.
pub fn lesson(number: usize, file: &str, text: &str) -> Result<Lesson, LoadError> {
    let wrong =
        |error: toml::de::Error| LoadError::at(file, text, error.span().map_or(0, |span| span.start), error.message());
    let lesson: Lesson = toml::from_str(text).map_err(wrong)?;
    if lesson.steps.is_empty() {
        return Err(LoadError::at(file, text, 0, "expected at least one [[step]], found none"));
    }
    Ok(Lesson { number, ..lesson })
}

/// A step as the file has it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WrittenStep {
    scenario: Option<String>,
    cursor: Option<Choice>,
    look: Vec<Place>,
    expect: Expect,
    #[serde(deserialize_with = "words")]
    say: String,
    #[serde(deserialize_with = "words")]
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
        let WrittenStep { scenario, cursor, look, expect, say, ask, rules, runs, press, check, answers } = step;
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
        Ok(Self { scenario, cursor, look, expect, text: say + &ask, rules, runs, task })
    }
}

/// Reads a text, in which line breaks count as blanks.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { Err(D::Error::custom("expected words, found none")) } else { Ok(text) }
}

/// Reads a name; an error suggests the nearest of the `known` names.
fn named<'de, 'k, D: Deserializer<'de>, T>(
    deserializer: D,
    what: &str,
    known: impl IntoIterator<Item = &'k str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    parse(&name)
        .ok_or_else(|| D::Error::custom(format!("expected {what}, found {name:?}{}", did_you_mean(&name, known))))
}

macro_rules! deserialize_by_name {
    ($($type:ident, $name:ident, $what:literal;)+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                named(deserializer, $what, Self::ALL.iter().map(|value| value.$name()), Self::parse)
            }
        }
    )+};
}
deserialize_by_name! {
    Choice, name, "a choice";
    RuleId, name, "a rule";
    Verdict, name, "a verdict";
    ScreenKind, name, "a screen";
}

impl<'de> Deserialize<'de> for Press {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "an action or \"type:LETTERS\"", Action::ids(), |word| match word.strip_prefix("type:") {
            Some(letters) => Some(Self::Type(letters.to_owned())),
            None => ACTIONS.iter().find(|info| info.id == word).map(|info| Self::Action(info.action)),
        })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = || TABLE.iter().map(|row| row.row.name());
        let known = ["verdict", "table", "rule", "stage:1", "text:..."].into_iter();
        let known = known.chain(rows()).chain(Choice::ALL.iter().map(|choice| choice.name()));
        named(deserializer, "a place", known, |word| match word.split_once(':') {
            Some(("text", text)) => Some(Self::Text(text.to_owned())),
            Some(("stage", number)) => {
                let number: usize = number.parse().ok()?;
                (1..=follow::Step::ALL.len()).contains(&number).then(|| Self::Stage(number - 1))
            }
            _ => match word {
                "verdict" => Some(Self::Verdict),
                "table" => Some(Self::Table),
                "rule" => Some(Self::Row(TABLE.len())),
                _ => {
                    let row = TABLE.iter().position(|row| Row::parse(word) == Some(row.row)).map(Self::Row);
                    row.or_else(|| Choice::parse(word).map(Self::Choice))
                }
            },
        })
    }
}
