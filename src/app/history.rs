//! Remembers previous scenarios for undo and redo.

use crate::domain::scenario::Scenario;

/// The most changes that can be undone.
const MOST: usize = 1_000;

/// The scenarios to undo and redo to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct History {
    /// The initial scenario, to which Reset returns.
    pub(crate) first: Scenario,
    /// The scenario that the user set as A, to compare with.
    pub(crate) scenario_a: Option<Scenario>,
    past: Vec<Scenario>,
    future: Vec<Scenario>,
}

impl History {
    /// Returns the history of a program that starts with `first`.
    pub(crate) fn starting_at(first: Scenario) -> Self {
        Self { first, scenario_a: None, past: Vec::new(), future: Vec::new() }
    }

    /// Remembers the scenario before a change, and forgets what could be redone.
    pub(crate) fn push(&mut self, scenario: Scenario) {
        if self.past.len() == MOST {
            self.past.remove(0);
        }
        self.past.push(scenario);
        self.future.clear();
    }

    /// Returns the scenario before the last change, and remembers `current` for redo.
    pub(crate) fn undo(&mut self, current: &Scenario) -> Option<Scenario> {
        let before = self.past.pop()?;
        self.future.push(current.clone());
        Some(before)
    }

    /// Returns the scenario that was undone last, and remembers `current` for undo.
    pub(crate) fn redo(&mut self, current: &Scenario) -> Option<Scenario> {
        let after = self.future.pop()?;
        self.past.push(current.clone());
        Some(after)
    }

    /// Returns whether there is a change to undo.
    pub(crate) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Returns whether there is a change to redo.
    pub(crate) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}
