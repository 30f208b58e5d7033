//! Lays out a step as lines of the lesson's panel; the rest goes to further pages.

use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::text::wrap;
use crate::app::tour::{self, Answer, Press, Step, Task, Tour, height};

/// A line of the panel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// The step before is done.
    Yes(String),
    /// The scenario is not the one that the step needs.
    No(String),
    Text(String),
    Question(String),
    /// An answer to choose: its key, which is empty on further lines of the same answer, and the line.
    Answer(String, String),
    /// The chosen answer: whether it is right, and the line.
    Chosen(bool, String),
    /// Keys to press: each with the text before and after it.
    Press(Vec<(String, String, String)>),
    /// The key that continues, and what it does.
    Next(String, String),
}

/// Columns to the left and to the right of the text.
const MARGIN: u16 = 2;

/// Returns how many pages the panel has, at least one.
pub fn page_count(model: &Model) -> usize {
    pages(model).len()
}

pub(crate) fn pages(model: &Model) -> Vec<Vec<Line>> {
    let Some(tour) = &model.tour else { return vec![Vec::new()] };
    let columns = usize::from(model.size.width.saturating_sub(2 * MARGIN));
    let room = usize::from(height(model.size)).saturating_sub(1).max(2);
    let (mut lines, foot) = match tour.now() {
        Some(step) => step_lines(tour, step, &model.settings.keymap, columns),
        None => end_lines(tour, &model.settings.keymap, columns),
    };
    // Either the confirmation of the step before or the deviation from this one.
    let first: Vec<Line> = match (super::deviation(model), &tour.yes) {
        (Some(text), _) => wrap(&text, columns.saturating_sub(2)).into_iter().map(Line::No).collect(),
        (None, Some(text)) if tour.answered.is_none() => wrap(text, columns).into_iter().map(Line::Yes).collect(),
        (None, _) => Vec::new(),
    };
    lines.splice(0..0, first);
    let all = lines.len() + usize::from(foot.is_some());
    if all <= room {
        return vec![lines.into_iter().chain(foot).collect()];
    }
    let mut pages: Vec<Vec<Line>> = lines.chunks(room).map(<[Line]>::to_vec).collect();
    match (foot, pages.last_mut()) {
        (Some(foot), Some(page)) if page.len() < room => page.push(foot),
        (Some(foot), _) => pages.push(vec![foot]),
        (None, _) => {}
    }
    pages
}

/// Returns the lines of a step, and the line for the foot of the panel.
fn step_lines(tour: &Tour, step: &Step, keymap: &Keymap, columns: usize) -> (Vec<Line>, Option<Line>) {
    let text = wrap(&step.text, columns).into_iter();
    let next = keymap.shown(Action::NextStep);
    match &step.task {
        None => (text.map(Line::Text).collect(), Some(Line::Next(next, "continues".to_owned()))),
        Some(Task::Press(keys, _)) => (text.map(Line::Text).collect(), Some(Line::Press(press(keys, keymap)))),
        Some(Task::Answer(answers)) => match tour.answered.and_then(|index| answers.get(index)) {
            None => (question(&step.text, answers, keymap, columns), None),
            Some(answer) => {
                let again = format!("asks again, {next} continues");
                let foot = if answer.right {
                    Line::Next(next, "continues".to_owned())
                } else {
                    Line::Next(keymap.shown(Action::StepBefore), again)
                };
                (text.map(Line::Question).chain(chosen(answer, columns)).collect(), Some(foot))
            }
        },
    }
}

/// The actions that choose an answer, in order.
pub const ANSWERS: [Action; 4] = [Action::FirstAnswer, Action::SecondAnswer, Action::ThirdAnswer, Action::FourthAnswer];

fn question(text: &str, answers: &[Answer], keymap: &Keymap, columns: usize) -> Vec<Line> {
    let keys: Vec<String> = ANSWERS.iter().take(answers.len()).map(|action| keymap.shown(*action)).collect();
    let listed = match keys.as_slice() {
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    };
    let mut lines: Vec<Line> =
        wrap(&format!("{text} Press {listed}."), columns).into_iter().map(Line::Question).collect();
    for (answer, mut key) in answers.iter().zip(keys) {
        for line in wrap(&answer.text, columns.saturating_sub(3)) {
            lines.push(Line::Answer(std::mem::take(&mut key), line));
        }
    }
    lines
}

fn chosen(answer: &Answer, columns: usize) -> impl Iterator<Item = Line> {
    let word = if answer.right { "Right." } else { "Wrong." };
    let text = wrap(&answer.text, columns.saturating_sub(3)).into_iter().map(|line| Line::Chosen(answer.right, line));
    text.chain(wrap(&format!("{word} {}", answer.why), columns).into_iter().map(Line::Text))
}

fn press(keys: &[Press], keymap: &Keymap) -> Vec<(String, String, String)> {
    let mut parts: Vec<(String, String, String)> = Vec::new();
    for key in keys {
        let before = match (parts.is_empty(), key) {
            (true, Press::Action(_)) => "Press ",
            (true, Press::Type(_)) => "Type ",
            (false, Press::Action(_)) => ", then ",
            (false, Press::Type(_)) => ", then type ",
        };
        let (key, after) = match key {
            Press::Action(action) => (keymap.shown(*action), format!(" ({})", action.info().title.to_lowercase())),
            Press::Type(letters) => (letters.clone(), String::new()),
        };
        parts.push((before.to_owned(), key, after));
    }
    parts
}

fn end_lines(tour: &Tour, keymap: &Keymap, columns: usize) -> (Vec<Line>, Option<Line>) {
    let text = format!("End of lesson {}. {}", tour.lesson.number, tour.lesson.summary);
    let next = tour::lessons().ok().and_then(|all| all.into_iter().nth(tour.lesson.number));
    let action = match next {
        Some(lesson) => format!("starts lesson {}: {}", lesson.number, lesson.title),
        None => "leaves the lesson and restores your scenario".to_owned(),
    };
    let foot = Line::Next(keymap.shown(Action::NextStep), action);
    (wrap(&text, columns).into_iter().map(Line::Text).collect(), Some(foot))
}
