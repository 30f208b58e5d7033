//! Replays a list of actions: each is seen before the next, a pause waits for the speaker, and the user can take over.

use super::step;
use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::script::Step;
use crate::app::update::Effect;
use crate::domain::catalog::Catalog;
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
pub(super) enum Heard {
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
        step::perform(model, catalog, &step)
    }

    /// Hears a key while the list is at work: space and enter go on, escape lets the user take over.
    pub(super) fn hear(&mut self, model: &mut Model, key: Key, asked: Option<Action>) -> Heard {
        if key.typed() == Some(' ') || asked == Some(Action::Open) {
            self.due = Instant::now();
            self.pauses = false;
            pausing(model, false);
            return Heard::Nothing;
        }
        let ends = [Action::Quit, Action::QuitNow, Action::Redraw, Action::Suspend];
        match asked {
            Some(Action::Back) => {
                pausing(model, false);
                Heard::Stop
            }
            Some(action) if ends.contains(&action) => Heard::Key,
            _ => Heard::Nothing,
        }
    }
}

fn pausing(model: &mut Model, waits: bool) {
    match &mut model.demo {
        Some(demo) => demo.waits = waits,
        None if waits => model.notice = Some("a pause: space goes on, esc takes over here".to_owned()),
        None => {}
    }
}
