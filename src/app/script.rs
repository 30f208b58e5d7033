//! Parses and prints action lists: a text file with one action, typed text, pause or note on each line.

use super::action::{ACTIONS, Action, KeyContext};
use super::error::{Diagnostic, Diagnostics, did_you_mean};
use super::key::Key;
use super::model::Model;
use super::overlay::Overlay;
use super::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::fmt;

/// One line of an action list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Performs an action.
    Do(Action),
    /// Types text into a picker or a prompt.
    Type(String),
    /// Changes the scenario to the one of this link.
    Scenario(String),
    /// Clicks on a column and a line, counted from 1.
    Click(u16, u16),
    /// Turns the wheel up (true) or down over a column and a line, counted from 1.
    Wheel(bool, u16, u16),
    /// Waits for this many milliseconds.
    Wait(u64),
    /// Shows a note to the audience.
    Note(String),
    /// Waits for a key.
    Pause,
}

/// The commands besides actions, each with its argument.
const COMMANDS: [(&str, &str); 7] = [
    ("type", "the text to type"),
    ("scenario", "the link of a scenario"),
    ("click", "a column and a line"),
    ("wheel", "up or down, a column and a line"),
    ("wait", "milliseconds"),
    ("note", "the text of the note"),
    ("pause", "nothing"),
];

/// The longest wait, in milliseconds.
const LONGEST: u64 = 60_000;

/// Parses an action list. Empty lines and lines that start with `#` are ignored.
///
/// # Errors
/// The lines that cannot be parsed, each with the nearest known word.
pub fn parse(catalog: &Catalog, text: &str) -> Result<Vec<Step>, Diagnostics> {
    let mut steps = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for (number, line) in text.lines().enumerate() {
        let indent = line.chars().take_while(|letter| letter.is_whitespace()).count();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match step(catalog, content, diagnostics.is_full()) {
            Ok(step) => steps.push(step),
            Err((column, text)) => {
                diagnostics.push(|| Diagnostic { line: number + 1, column: indent + column, text });
            }
        }
    }
    if diagnostics.is_empty() { Ok(steps) } else { Err(diagnostics) }
}

/// Reads one line; an error comes with its column, and without a suggestion where it is only counted.
fn step(catalog: &Catalog, line: &str, only_counted: bool) -> Result<Step, (usize, String)> {
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
    let Some((_, expected)) = COMMANDS.iter().find(|(known, _)| *known == word) else {
        if only_counted {
            return Err((1, String::new()));
        }
        let known = ACTIONS.iter().map(|info| info.id).chain(COMMANDS.iter().map(|(known, _)| *known));
        let words: Vec<&str> = COMMANDS.iter().map(|(known, _)| *known).collect();
        let hint = did_you_mean(word, known);
        return Err((1, format!("expected an action or one of {}, found {word}{hint}", words.join(", "))));
    };
    if word == "scenario" {
        return match Scenario::parse(catalog, rest) {
            Ok(_) => Ok(Step::Scenario(rest.to_owned())),
            Err(err) => Err((column + err.column - 1, err.error.to_string())),
        };
    }
    parse_argument(word, rest).ok_or_else(|| (column, format!("{word}: expected {expected}, found {rest:?}")))
}

fn parse_argument(word: &str, rest: &str) -> Option<Step> {
    let position = |text: &str| {
        let (column, line) = text.trim().split_once(' ')?;
        let cell = |text: &str| text.trim().parse::<u16>().ok().filter(|number| *number > 0);
        Some((cell(column)?, cell(line)?))
    };
    match word {
        "type" => Some(unquoted(rest)).filter(|text| !text.is_empty()).map(|text| Step::Type(text.to_owned())),
        "click" => position(rest).map(|(column, line)| Step::Click(column, line)),
        "wheel" => {
            let (direction, rest) = rest.split_once(' ')?;
            let (column, line) = position(rest)?;
            matches!(direction, "up" | "down").then_some(Step::Wheel(direction == "up", column, line))
        }
        "wait" => rest.parse().ok().filter(|time| *time <= LONGEST).map(Step::Wait),
        "note" => Some(Step::Note(rest.to_owned())),
        "pause" if rest.is_empty() => Some(Step::Pause),
        _ => None,
    }
}

/// Quotes preserve blanks at the start and the end of the text.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(action) => write!(f, "{}", action.info().id),
            Self::Type(text) if unquoted(text) == text && text.trim() == text => write!(f, "type {text}"),
            Self::Type(text) => write!(f, "type \"{text}\""),
            Self::Scenario(link) => write!(f, "scenario {link}"),
            Self::Click(column, line) => write!(f, "click {column} {line}"),
            Self::Wheel(up, column, line) => write!(f, "wheel {} {column} {line}", if *up { "up" } else { "down" }),
            Self::Wait(time) => write!(f, "wait {time}"),
            Self::Note(text) => write!(f, "note {text}"),
            Self::Pause => write!(f, "pause"),
        }
    }
}

impl Step {
    /// Returns the step that a key performs in the current context; `None` for an unused key.
    pub(crate) fn of_key(model: &Model, key: Key) -> Option<Self> {
        let context = model.context();
        match key.typed().filter(|_| context == KeyContext::Text) {
            Some(letter) => Some(Self::Type(letter.to_string())),
            None => model.settings.keymap.action(key, context).map(Self::Do),
        }
    }

    /// Returns the step that a pasted text performs; `None` if it has no effect.
    pub(crate) fn of_paste(model: &Model, catalog: &Catalog, text: &str) -> Option<Self> {
        if model.context() == KeyContext::Text {
            return Some(update::typed(text)).filter(|typed| !typed.is_empty()).map(Self::Type);
        }
        update::pasted_scenario(catalog, text).ok().map(|_| Self::Scenario(text.trim().to_owned()))
    }
}

/// Performs a step on the model. Clicks, which need the layout, and waits are performed in `tui`.
pub(crate) fn perform(model: &mut Model, catalog: &Catalog, step: &Step) -> Option<Effect> {
    match step {
        Step::Do(action) => {
            model.show_audience(|demo, model| demo.show_action(*action, &model.settings.keymap));
            return update::update(model, catalog, *action);
        }
        Step::Type(text) if model.context() == KeyContext::Text => {
            model.show_audience(|demo, _| demo.show_typed(text));
            update::paste(model, catalog, text);
        }
        Step::Type(text) => model.notice = Some(format!("Cannot type {text:?}: no picker or prompt is open.")),
        Step::Scenario(link) => {
            if matches!(model.overlay, Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_))) {
                model.overlay = None;
            }
            update::paste(model, catalog, link);
        }
        Step::Note(text) => match &mut model.demo {
            Some(demo) => demo.show_note(text),
            None => model.notice = Some(text.clone()),
        },
        Step::Click(..) | Step::Wheel(..) | Step::Wait(_) | Step::Pause => {}
    }
    None
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
        for (word, _) in COMMANDS {
            assert!(ACTIONS.iter().all(|info| info.id != word), "{word}");
        }
    }

    #[test]
    fn every_bad_line_is_named_with_its_place_and_the_nearest_word() {
        let catalog = embedded::catalog().unwrap();
        let text = "swap-edns\n  undo twice\nwait long\nclick 3\nscenario Skylake-Clinet\npause now\ntype \"\"\n";
        let report = parse(&catalog, text).unwrap_err().report("list");
        let diagnostics: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("list:")).collect();
        assert!(
            diagnostics[0].starts_with("1:1: ") && diagnostics[0].ends_with("did you mean swap-ends?"),
            "{diagnostics:?}"
        );
        assert_eq!(diagnostics[1], "2:8: undo: expected the end of the line, found \"twice\"");
        assert_eq!(diagnostics[2], "3:6: wait: expected milliseconds, found \"long\"");
        assert!(diagnostics[3].starts_with("4:7: click: expected a column and a line"), "{diagnostics:?}");
        assert!(diagnostics[4].starts_with("5:10: ") && diagnostics[4].contains("Skylake-Client"), "{diagnostics:?}");
        assert_eq!(diagnostics[6], "7:6: type: expected the text to type, found \"\\\"\\\"\"");
        assert_eq!(diagnostics.len(), 7);
    }
}
