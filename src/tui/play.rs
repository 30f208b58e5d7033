//! Replays an action list: with a delay between steps, pauses that wait for a key, and a key to take control.

use super::step;
use crate::app::action::Action;
use crate::app::key::Key;
use crate::app::model::Model;
use crate::app::script::Step;
use crate::app::update::Effect;
use crate::domain::catalog::Catalog;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The delay after a step.
const SEEN: Duration = Duration::from_millis(400);
/// The delay after a typed letter.
const LETTER: Duration = Duration::from_millis(80);

/// An action list that is replayed.
#[derive(Debug)]
pub(super) struct Player {
    steps: VecDeque<Step>,
    due: Instant,
    paused: bool,
}

/// What happens to a key during a replay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlayerResponse {
    /// The key is ignored.
    Ignored,
    /// The replay ends here.
    Stop,
    /// The program handles the key.
    Key,
}

impl Player {
    /// Starts a replay.
    pub(super) fn new(steps: Vec<Step>) -> Self {
        // Text is typed one letter at a time.
        let steps = steps.into_iter().flat_map(|step| match step {
            Step::Type(text) => text.chars().map(|letter| Step::Type(letter.to_string())).collect(),
            other @ (Step::Do(_) | Step::Scenario(_) | Step::Click(..) | Step::Wheel(..)) => vec![other],
            other @ (Step::Wait(_) | Step::Note(_) | Step::Pause) => vec![other],
        });
        Self { steps: steps.collect(), due: Instant::now() + SEEN, paused: false }
    }

    /// Returns whether every step was performed.
    pub(super) fn is_over(&self) -> bool {
        self.steps.is_empty() && !self.paused
    }

    /// Returns the time until the next step; `None` during a pause.
    pub(super) fn delay(&self) -> Option<Duration> {
        (!self.paused).then(|| self.due.saturating_duration_since(Instant::now()))
    }

    /// Performs the next step.
    pub(super) fn next(&mut self, model: &mut Model, catalog: &Catalog) -> Option<Effect> {
        let step = self.steps.pop_front()?;
        let delay = match &step {
            Step::Wait(millis) => Duration::from_millis(*millis),
            Step::Type(_) => LETTER,
            Step::Note(_) => Duration::ZERO,
            Step::Do(_) | Step::Scenario(_) | Step::Click(..) | Step::Wheel(..) | Step::Pause => SEEN,
        };
        self.due = Instant::now() + delay;
        if step == Step::Pause {
            self.paused = true;
            set_paused(model, true);
            return None;
        }
        step::perform(model, catalog, &step)
    }

    /// Handles a key during the replay: Space and Enter continue, Esc takes control.
    pub(super) fn key(&mut self, model: &mut Model, key: Key, action: Option<Action>) -> PlayerResponse {
        if key.typed() == Some(' ') || action == Some(Action::Open) {
            self.due = Instant::now();
            self.paused = false;
            set_paused(model, false);
            return PlayerResponse::Ignored;
        }
        let ends = [Action::Quit, Action::QuitNow, Action::Redraw, Action::Suspend];
        match action {
            Some(Action::Back) => {
                set_paused(model, false);
                PlayerResponse::Stop
            }
            Some(action) if ends.contains(&action) => PlayerResponse::Key,
            _ => PlayerResponse::Ignored,
        }
    }
}

fn set_paused(model: &mut Model, waits: bool) {
    match &mut model.demo {
        Some(demo) => demo.waits = waits,
        None if waits => model.notice = Some("Paused. Space continues, Esc takes control.".to_owned()),
        None => {}
    }
}
