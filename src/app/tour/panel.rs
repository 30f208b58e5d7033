//! Puts a step into the lines of its panel, as many as fit; the rest is on further pages.

use super::{Answer, Press, Question, Step, Task, Tour};
use crate::app::action::Action;
use crate::app::keymap::Keymap;
use crate::app::model::Model;
use crate::app::settings::Size;
use crate::app::text::wrap;

/// A line of the panel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Line {
    /// That what was asked for holds.
    Yes(String),
    /// Running text.
    Text(String),
    /// A question.
    Question(String),
    /// An answer to choose: its key, and a line of it; the key is empty on further lines.
    Answer(String, String),
    /// The answer that was chosen: whether it is right, and a line of it.
    Chosen(bool, String),
    /// Keys to press: each with what comes before it and after it.
    Press(Vec<(String, String, String)>),
    /// What goes on from here: a key, and what it does.
    Next(String, String),
}

/// Returns how many lines the panel has on a terminal of this size, with the rule above it. It never changes within a
/// lesson, so that nothing jumps.
pub fn height(size: Size) -> u16 {
    if size.height >= TALL { 8 } else { 7 }
}

/// Lines from which there is room for a high panel.
const TALL: u16 = 24;
/// Columns to the left and the right of the text.
const MARGIN: u16 = 2;

/// Returns the pages of the panel, at least one.
pub fn pages(model: &Model) -> Vec<Vec<Line>> {
    let Some(tour) = &model.tour else { return vec![Vec::new()] };
    let columns = usize::from(model.size.width.saturating_sub(2 * MARGIN));
    let room = usize::from(height(model.size)).saturating_sub(1).max(2);
    let (lines, last) = match tour.now() {
        Some(step) => of_step(tour, step, &model.settings.keymap, columns),
        None => end(tour, &model.settings.keymap, columns),
    };
    let all = lines.len() + usize::from(last.is_some());
    if all <= room {
        return vec![lines.into_iter().chain(last).collect()];
    }
    let mut pages: Vec<Vec<Line>> = lines.chunks(room).map(<[Line]>::to_vec).collect();
    match (last, pages.last_mut()) {
        (Some(last), Some(page)) if page.len() < room => page.push(last),
        (Some(last), _) => pages.push(vec![last]),
        (None, _) => {}
    }
    pages
}

/// The lines of a step, and the one that is to stand at the foot of the panel.
fn of_step(tour: &Tour, step: &Step, keymap: &Keymap, columns: usize) -> (Vec<Line>, Option<Line>) {
    let mut lines = Vec::new();
    let mut text: Vec<&str> = tour.yes.as_deref().into_iter().collect();
    let yes = text.len();
    if tour.answered.is_none() {
        text.extend(step.told.iter().map(|told| told.text.as_str()));
    }
    // The confirmation and the text run on in one paragraph; the confirmation is told apart by its own line.
    for said in text.iter().take(yes) {
        lines.extend(wrap(said, columns).into_iter().map(Line::Yes));
    }
    let running = text.get(yes..).unwrap_or_default().join(" ");
    if !running.is_empty() {
        lines.extend(wrap(&running, columns).into_iter().map(Line::Text));
    }
    let last = match &step.task {
        Some(Task::Press(keys, _)) => Some(Line::Press(press(keys, keymap))),
        Some(Task::Ask(question)) => return asked(tour, question, keymap, columns, lines),
        None => Some(Line::Next(keymap.shown(Action::NextStep), "goes on".to_owned())),
    };
    (lines, last)
}

/// The actions that choose an answer, in order.
pub const ANSWERS: [Action; 4] = [Action::FirstAnswer, Action::SecondAnswer, Action::ThirdAnswer, Action::FourthAnswer];

fn asked(
    tour: &Tour,
    question: &Question,
    keymap: &Keymap,
    columns: usize,
    mut lines: Vec<Line>,
) -> (Vec<Line>, Option<Line>) {
    let next = keymap.shown(Action::NextStep);
    lines.extend(wrap(&question.asked.text, columns).into_iter().map(Line::Question));
    let chosen = tour.answered.and_then(|place| question.answers.get(place));
    let Some(answer) = chosen else {
        for (answer, action) in question.answers.iter().zip(ANSWERS) {
            let mut key = keymap.shown(action);
            for line in wrap(&answer.text, columns.saturating_sub(3)) {
                lines.push(Line::Answer(std::mem::take(&mut key), line));
            }
        }
        return (lines, None);
    };
    lines.retain(|line| !matches!(line, Line::Yes(_)));
    lines.extend(chosen_lines(answer, columns));
    let last = if answer.right {
        Line::Next(next, "goes on".to_owned())
    } else {
        Line::Next(keymap.shown(Action::StepBefore), format!("asks again, {next} goes on"))
    };
    (lines, Some(last))
}

fn chosen_lines(answer: &Answer, columns: usize) -> Vec<Line> {
    let word = if answer.right { "Yes." } else { "No." };
    let chosen = wrap(&answer.text, columns.saturating_sub(3)).into_iter().map(|line| Line::Chosen(answer.right, line));
    chosen.chain(wrap(&format!("{word} {}", answer.why), columns).into_iter().map(Line::Text)).collect()
}

fn press(keys: &[Press], keymap: &Keymap) -> Vec<(String, String, String)> {
    let mut shown: Vec<(String, String, String)> = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.first() {
        let times = rest.iter().take_while(|key| *key == first).count();
        rest = rest.get(times..).unwrap_or_default();
        let before = match (shown.is_empty(), first) {
            (true, Press::Action(_)) => "Press ",
            (true, Press::Type(_)) => "Type ",
            (false, Press::Action(_)) => ", then ",
            (false, Press::Type(_)) => ", then type ",
        };
        let count = if times > 1 { format!(" {times} times") } else { String::new() };
        let (key, after) = match first {
            Press::Action(action) => {
                (keymap.shown(*action), format!("{count} ({})", action.info().title.to_lowercase()))
            }
            Press::Type(letters) => (letters.clone(), count),
        };
        shown.push((before.to_owned(), key, after));
    }
    shown
}

fn end(tour: &Tour, keymap: &Keymap, columns: usize) -> (Vec<Line>, Option<Line>) {
    let mut lines: Vec<Line> = tour.yes.iter().cloned().map(Line::Yes).collect();
    let text = format!("The end of lesson {}. {}", tour.lesson.number, tour.lesson.summary);
    lines.extend(wrap(&text, columns).into_iter().map(Line::Text));
    let next = super::lessons().ok().and_then(|all| all.into_iter().nth(tour.lesson.number));
    let key = keymap.shown(Action::NextStep);
    let last = match next {
        Some(lesson) => format!("goes on with lesson {}: {}", lesson.number, lesson.title),
        None => "leaves the tour and gives your own scenario back".to_owned(),
    };
    (lines, Some(Line::Next(key, last)))
}
