//! Replays a list of actions: each is seen before the next, a pause waits for the speaker, and the user can take over.

use super::theme::Theme;
use super::view::{self, ViewContext};
use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::screens::Target;
use crate::app::script::{Step, perform};
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use ratatui::layout::{Position, Rect};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long each step is seen before the next.
const SEEN: Duration = Duration::from_millis(400);
/// The same, of a letter that is typed.
const LETTER: Duration = Duration::from_millis(80);

/// A list at work.
#[derive(Debug)]
pub(super) struct Player {
    steps: VecDeque<Step>,
    due: Instant,
    pauses: bool,
}

/// What a key does to a list at work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlayerResponse {
    /// Nothing: it is for nobody.
    Nothing,
    /// The user takes over here.
    Stop,
    /// The key is done as ever.
    Key,
}

impl Player {
    /// Returns a list that begins now.
    pub(super) fn new(steps: Vec<Step>) -> Self {
        // A letter at a time, as somebody types.
        let steps = steps.into_iter().flat_map(|step| match step {
            Step::Type(text) => text.chars().map(|letter| Step::Type(letter.to_string())).collect(),
            other @ (Step::Do(_) | Step::Scenario(_) | Step::Click(..) | Step::Wheel(..)) => vec![other],
            other @ (Step::Wait(_) | Step::Note(_) | Step::Pause) => vec![other],
        });
        Self { steps: steps.collect(), due: Instant::now() + SEEN, pauses: false }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.steps.is_empty() && !self.pauses
    }

    /// Returns how long nothing happens, but for what the user does.
    pub(super) fn rest(&self) -> Option<Duration> {
        (!self.pauses).then(|| self.due.saturating_duration_since(Instant::now()))
    }

    /// Does the next step.
    pub(super) fn next(&mut self, model: &mut Model, catalog: &Catalog) -> Option<Effect> {
        let step = self.steps.pop_front()?;
        let seen = match &step {
            Step::Wait(millis) => Duration::from_millis(*millis),
            Step::Type(_) => LETTER,
            Step::Note(_) => Duration::ZERO,
            Step::Do(_) | Step::Scenario(_) | Step::Click(..) | Step::Wheel(..) | Step::Pause => SEEN,
        };
        self.due = Instant::now() + seen;
        if step == Step::Pause {
            self.pauses = true;
            pausing(model, true);
            return None;
        }
        done(model, catalog, &step)
    }

    /// Hears a key while the list is at work: space and enter go on, escape lets the user take over.
    pub(super) fn key(&mut self, model: &mut Model, key: Key, asked: Option<Action>) -> PlayerResponse {
        if key.typed() == Some(' ') || asked == Some(Action::Open) {
            self.due = Instant::now();
            self.pauses = false;
            pausing(model, false);
            return PlayerResponse::Nothing;
        }
        let ends = [Action::Quit, Action::QuitNow, Action::Redraw, Action::Suspend];
        match asked {
            Some(Action::Back) => {
                pausing(model, false);
                PlayerResponse::Stop
            }
            Some(action) if ends.contains(&action) => PlayerResponse::Key,
            _ => PlayerResponse::Nothing,
        }
    }
}

/// Lines that one turn of the wheel moves.
const WHEEL: usize = 3;

/// Does one step, also those of the mouse, for which one has to know what is drawn.
pub(super) fn done(model: &mut Model, catalog: &Catalog, step: &Step) -> Option<Effect> {
    match step {
        Step::Click(column, line) => {
            let target = target(model, catalog, (*column, *line))?;
            update::click(model, catalog, target)
        }
        Step::Wheel(up, column, line) => {
            let target = target(model, catalog, (*column, *line));
            for _ in 0..WHEEL {
                update::scroll(model, catalog, target, if *up { Action::Up } else { Action::Down });
            }
            None
        }
        Step::Do(_) | Step::Type(_) | Step::Scenario(_) | Step::Wait(_) | Step::Note(_) | Step::Pause => {
            perform(model, catalog, step)
        }
    }
}

/// Returns what stands at a column and a line, counted from 1.
fn target(model: &Model, catalog: &Catalog, (column, line): (u16, u16)) -> Option<Target> {
    let theme = Theme::of(&model.settings);
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    let position = Position { x: column.saturating_sub(1), y: line.saturating_sub(1) };
    view::hit(ViewContext { model, catalog, theme: &theme }, area, position)
}

fn pausing(model: &mut Model, waits: bool) {
    match &mut model.demo {
        Some(demo) => demo.waits = waits,
        None if waits => model.notice = Some("a pause: space goes on, esc takes over here".to_owned()),
        None => {}
    }
}
