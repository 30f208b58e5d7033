//! Parses a lesson from TOML. CONTRIBUTING.md describes the format.

use super::lesson::{Lesson, Part, Place, Press};
use crate::analysis::follow;
use crate::app::action::{ACTIONS, Action};
use crate::app::choice::Choice;
use crate::app::error::did_you_mean;
use crate::app::screens::ScreenKind;
use crate::load::LoadError;
use crate::resolve::{Row, RuleId, TABLE, Verdict};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

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
    "11-host-model",
    "12-distribution-upgrade",
];

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
    Part, name, "a part of the explorer";
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

/// Returns every lesson, in order.
///
/// # Errors
/// The first mistake in the files; the project's own tests exclude one.
pub fn lessons() -> Result<Vec<Lesson>, LoadError> {
    static READ: OnceLock<Result<Vec<Lesson>, LoadError>> = OnceLock::new();
    let read = || FILES.iter().enumerate().map(|(index, (file, text))| lesson(index + 1, file, text)).collect();
    READ.get_or_init(read).clone()
}

/// Returns the lesson with this name or number; an error lists the names.
pub(crate) fn find(word: &str) -> Result<Lesson, String> {
    let all = lessons().map_err(|error| error.to_string())?;
    let names: Vec<String> = all.iter().map(|lesson| lesson.name.clone()).collect();
    let found = all.into_iter().find(|lesson| lesson.name == word || lesson.number.to_string() == word);
    found.ok_or_else(|| {
        let hint = did_you_mean(word, names.iter().map(String::as_str));
        format!("unknown lesson {word:?}{hint}; lessons are numbers from 1 to {} or {}", names.len(), names.join(", "))
    })
}
