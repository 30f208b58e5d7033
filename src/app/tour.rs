//! Holds the state of the open lesson. [`update::tour`](super::update::tour) runs it.

use super::history::History;
use super::overlay::Overlay;
use super::screens::Screens;
use super::settings::Size;
use crate::domain::scenario::Scenario;

mod lesson;
mod read;
mod run;

pub use lesson::{Answer, Lesson, Part, Place, Press, Step, Task};
pub(crate) use lesson::{Condition, Expect};
pub(crate) use read::find;
pub use read::{FILES, lesson as read_lesson, lessons};
pub use run::{RUNS_FILE, recorded_runs};

/// The running lesson.
#[derive(Clone, Debug)]
pub struct Tour {
    pub(crate) lesson: Lesson,
    /// The step, counted from 0; the number of steps at the lesson's end.
    pub step: usize,
    /// The page of the panel, counted from 0.
    pub(crate) page: usize,
    /// The confirmation of the step before.
    pub(crate) yes: Option<String>,
    /// The answer that was chosen last, counted from 0.
    pub answered: Option<usize>,
    /// What was displayed when each step up to this one started.
    pub(super) started: Vec<Moment>,
    /// Whether the step's condition holds already.
    pub(super) met: bool,
    /// Whether one more `back` leaves the lesson.
    pub(super) leaving: bool,
    /// What the user had before the lesson.
    pub(super) own: Box<(Moment, History)>,
}

/// What is displayed, to be restored later.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) scenario: Scenario,
    pub(super) screens: Screens,
    pub(super) overlay: Option<Overlay>,
}

impl Tour {
    /// Returns the current step; `None` at the lesson's end.
    pub fn now(&self) -> Option<&Step> {
        self.lesson.steps.get(self.step)
    }

    pub(crate) fn own(&self) -> &Scenario {
        &self.own.0.scenario
    }

    pub(super) fn condition(&self) -> Option<&Condition> {
        self.now()?.condition()
    }
}

/// Returns the lines of the panel with its heading; constant within a lesson, so that the layout does not move.
pub(crate) fn height(size: Size) -> u16 {
    if size.height >= TALL { 8 } else { 7 }
}

/// Terminal height from which the panel has one line more.
const TALL: u16 = 24;
