//! Remembers the scenarios that were left, so that changes can be taken back and made again.

use crate::domain::scenario::Scenario;

/// The most changes that are remembered.
const MOST: usize = 1_000;

/// What was left behind, in both directions.
#[derive(Clone, PartialEq, Debug)]
pub struct History {
    /// What the program began with.
    pub first: Scenario,
    /// Kept by the user to compare with.
    pub kept: Option<Scenario>,
    past: Vec<Scenario>,
    future: Vec<Scenario>,
}

impl History {
    /// Returns the history of a program that begins with `first`.
    pub fn starting_at(first: Scenario) -> Self {
        Self { first, kept: None, past: Vec::new(), future: Vec::new() }
    }

    /// Notes that `scenario` is being left for another one.
    pub fn leave(&mut self, scenario: Scenario) {
        if self.past.len() == MOST {
            self.past.remove(0);
        }
        self.past.push(scenario);
        self.future.clear();
    }

    /// Returns the scenario before `present`, which can then be gone forward to again.
    pub fn undo(&mut self, present: &Scenario) -> Option<Scenario> {
        let before = self.past.pop()?;
        self.future.push(present.clone());
        Some(before)
    }

    /// Returns the scenario that was left by going back to `present`.
    pub fn redo(&mut self, present: &Scenario) -> Option<Scenario> {
        let after = self.future.pop()?;
        self.past.push(present.clone());
        Some(after)
    }

    /// Returns whether there is a change to take back.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Returns whether there is a change to make again.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}
