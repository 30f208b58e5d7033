//! Reads and writes a run as a list that people can read: an action on each line, text typed, pauses, notes.

use super::action::{ACTIONS, Action, Context};
use super::error::{Fault, did_you_mean};
use super::key::Key;
use super::model::Model;
use super::overlay::Overlay;
use super::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::fmt;

/// One line of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Does an action.
    Do(Action),
    /// Types text, where text is typed.
    Type(String),
    /// Goes to a scenario, by its word.
    Scenario(String),
    /// Clicks on a column and a line, counted from 1.
    Click(u16, u16),
    /// Turns the wheel up or down over a column and a line, counted from 1.
    Wheel(bool, u16, u16),
    /// Waits for so many milliseconds.
    Wait(u64),
    /// Says something to the audience.
    Note(String),
    /// Waits for a key.
    Pause,
}

/// The words that are no action, each with what follows it.
const WORDS: [(&str, &str); 7] = [
    ("type", "the text to type"),
    ("scenario", "the word of a scenario"),
    ("click", "a column and a line"),
    ("wheel", "up or down, a column and a line"),
    ("wait", "milliseconds"),
    ("note", "the text of the note"),
    ("pause", "nothing"),
];

/// The longest wait.
const LONGEST: u64 = 60_000;

/// Reads a list. Empty lines and lines that begin with `#` say nothing.
///
/// # Errors
/// Every line that is none, with what was expected and the nearest known word.
pub fn parse(catalog: &Catalog, text: &str) -> Result<Vec<Step>, Vec<Fault>> {
    let mut steps = Vec::new();
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let indent = line.chars().take_while(|letter| letter.is_whitespace()).count();
        let said = line.trim();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        match step(catalog, said) {
            Ok(step) => steps.push(step),
            Err((column, text)) => faults.push(Fault { line: number + 1, column: indent + column, text }),
        }
    }
    if faults.is_empty() { Ok(steps) } else { Err(faults) }
}

/// Reads one line; a fault comes with its column.
fn step(catalog: &Catalog, line: &str) -> Result<Step, (usize, String)> {
    let (word, rest) =
        line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim_start()));
    let column = line.chars().count() - rest.chars().count() + 1;
    if let Some(info) = ACTIONS.iter().find(|info| info.id == word) {
        return if rest.is_empty() {
            Ok(Step::Do(info.action))
        } else {
            Err((column, format!("{word}: expected the end of the line, found {rest:?}")))
        };
    }
    let Some((_, expected)) = WORDS.iter().find(|(known, _)| *known == word) else {
        let known = ACTIONS.iter().map(|info| info.id).chain(WORDS.iter().map(|(known, _)| *known));
        let words: Vec<&str> = WORDS.iter().map(|(known, _)| *known).collect();
        let hint = did_you_mean(word, known);
        return Err((1, format!("expected an action or one of {}, found {word}{hint}", words.join(", "))));
    };
    if word == "scenario" {
        return match Scenario::parse(catalog, rest) {
            Ok(_) => Ok(Step::Scenario(rest.to_owned())),
            Err(fault) => Err((column + fault.column - 1, fault.fault.to_string())),
        };
    }
    told(word, rest).ok_or_else(|| (column, format!("{word}: expected {expected}, found {rest:?}")))
}

fn told(word: &str, rest: &str) -> Option<Step> {
    let place = |text: &str| {
        let (column, line) = text.trim().split_once(' ')?;
        let cell = |text: &str| text.trim().parse::<u16>().ok().filter(|number| *number > 0);
        Some((cell(column)?, cell(line)?))
    };
    match word {
        "type" => Some(unquoted(rest)).filter(|text| !text.is_empty()).map(|text| Step::Type(text.to_owned())),
        "click" => place(rest).map(|(column, line)| Step::Click(column, line)),
        "wheel" => {
            let (way, rest) = rest.split_once(' ')?;
            let (column, line) = place(rest)?;
            matches!(way, "up" | "down").then_some(Step::Wheel(way == "up", column, line))
        }
        "wait" => rest.parse().ok().filter(|time| *time <= LONGEST).map(Step::Wait),
        "note" => Some(Step::Note(rest.to_owned())),
        "pause" if rest.is_empty() => Some(Step::Pause),
        _ => None,
    }
}

/// Text in quotes is taken as it stands, blanks at its ends and all.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(action) => write!(f, "{}", action.info().id),
            Self::Type(text) if unquoted(text) == text && text.trim() == text => write!(f, "type {text}"),
            Self::Type(text) => write!(f, "type \"{text}\""),
            Self::Scenario(word) => write!(f, "scenario {word}"),
            Self::Click(column, line) => write!(f, "click {column} {line}"),
            Self::Wheel(up, column, line) => write!(f, "wheel {} {column} {line}", if *up { "up" } else { "down" }),
            Self::Wait(time) => write!(f, "wait {time}"),
            Self::Note(text) => write!(f, "note {text}"),
            Self::Pause => write!(f, "pause"),
        }
    }
}

impl Step {
    /// Returns what a key stands for where one is; `None` where it stands for nothing.
    pub fn of_key(model: &Model, key: Key) -> Option<Self> {
        let context = model.context();
        match key.typed().filter(|_| context == Context::Text) {
            Some(letter) => Some(Self::Type(letter.to_string())),
            None => model.settings.keymap.action(key, context).map(Self::Do),
        }
    }

    /// Returns what pasting a text stands for; `None` where nothing is taken of it.
    pub fn of_paste(model: &Model, catalog: &Catalog, text: &str) -> Option<Self> {
        if model.context() == Context::Text {
            return Some(update::typed(text)).filter(|typed| !typed.is_empty()).map(Self::Type);
        }
        update::pasted_scenario(catalog, text).ok().map(|_| Self::Scenario(text.trim().to_owned()))
    }
}

/// Does what a step asks of the model. Clicks, for which one has to know what is drawn, and waiting are not done here.
pub fn perform(model: &mut Model, catalog: &Catalog, step: &Step) -> Option<Effect> {
    match step {
        Step::Do(action) => {
            show(model, |demo, model| demo.did(*action, &model.settings.keymap));
            return update::update(model, catalog, *action);
        }
        Step::Type(text) if model.context() == Context::Text => {
            show(model, |demo, _| demo.typed(text));
            update::paste(model, catalog, text);
        }
        Step::Type(text) => model.notice = Some(format!("there is nothing to type {text:?} into")),
        Step::Scenario(word) => {
            if matches!(model.overlay, Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_))) {
                model.overlay = None;
            }
            update::paste(model, catalog, word);
        }
        Step::Note(text) => match &mut model.demo {
            Some(demo) => demo.note.clone_from(text),
            None => model.notice = Some(text.clone()),
        },
        Step::Click(..) | Step::Wheel(..) | Step::Wait(_) | Step::Pause => {}
    }
    None
}

/// Shows the audience what is being done.
pub(super) fn show(model: &mut Model, show: impl FnOnce(&mut super::demo::Demo, &Model)) {
    if let Some(mut demo) = model.demo.take() {
        show(&mut demo, model);
        model.demo = Some(demo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::embedded;

    const LIST: &str = "scenario EPYC,from=old,to=new\nswap-ends\ntype q35-3.1 and more\ntype \" blanks \"\nclick 3 4\nwheel down 1 2\n\
                        wait 500\nnote Look at T7.\npause\n";

    #[test]
    fn every_line_is_read_back_as_it_is_written() {
        let catalog = embedded::catalog().unwrap();
        let steps = parse(&catalog, &format!("# a comment\n\n  {LIST}")).unwrap();
        let written: Vec<String> = steps.iter().map(ToString::to_string).collect();
        assert_eq!(written, LIST.lines().collect::<Vec<_>>());
    }

    #[test]
    fn no_action_is_called_like_another_line() {
        for (word, _) in WORDS {
            assert!(ACTIONS.iter().all(|info| info.id != word), "{word}");
        }
    }

    #[test]
    fn every_bad_line_is_named_with_its_place_and_the_nearest_word() {
        let catalog = embedded::catalog().unwrap();
        let text = "swap-edns\n  undo twice\nwait long\nclick 3\nscenario Skylake-Clinet\npause now\ntype \"\"\n";
        let faults: Vec<String> = parse(&catalog, text).unwrap_err().iter().map(ToString::to_string).collect();
        assert!(faults[0].starts_with("1:1: ") && faults[0].ends_with("did you mean swap-ends?"), "{faults:?}");
        assert_eq!(faults[1], "2:8: undo: expected the end of the line, found \"twice\"");
        assert_eq!(faults[2], "3:6: wait: expected milliseconds, found \"long\"");
        assert!(faults[3].starts_with("4:7: click: expected a column and a line"), "{faults:?}");
        assert!(faults[4].starts_with("5:10: ") && faults[4].contains("Skylake-Client"), "{faults:?}");
        assert_eq!(faults[6], "7:6: type: expected the text to type, found \"\\\"\\\"\"");
        assert_eq!(faults.len(), 7);
    }
}
