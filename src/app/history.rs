//! Remembers previous scenarios for undo and redo.

use crate::domain::catalog::Catalog;
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
    past: Vec<Kept>,
    future: Vec<Kept>,
}

/// A scenario to return to.
#[derive(Clone, PartialEq, Debug)]
enum Kept {
    /// Its link, a tenth as large.
    Link(Box<str>),
    /// One whose link does not name every part of it, such as an emulator or a writer that its releases
    /// imply.
    Whole(Box<Scenario>),
}

impl Kept {
    fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        let link = scenario.link(catalog);
        match Scenario::parse(catalog, &link) {
            Ok(read) if read == *scenario => Self::Link(link.into()),
            Ok(_) | Err(_) => Self::Whole(Box::new(scenario.clone())),
        }
    }

    fn scenario(self, catalog: &Catalog) -> Option<Scenario> {
        match self {
            Self::Link(link) => Scenario::parse(catalog, &link).ok(),
            Self::Whole(scenario) => Some(*scenario),
        }
    }
}

impl History {
    /// Returns the history of a program that starts with `first`.
    pub(crate) fn starting_at(first: Scenario) -> Self {
        Self { first, scenario_a: None, past: Vec::new(), future: Vec::new() }
    }

    /// Remembers the scenario before a change, and forgets what could be redone.
    pub(crate) fn push(&mut self, catalog: &Catalog, scenario: &Scenario) {
        if self.past.len() == MOST {
            self.past.remove(0);
        }
        self.past.push(Kept::of(catalog, scenario));
        self.future.clear();
    }

    /// Returns the scenario before the last change, and remembers `current` for redo.
    pub(crate) fn undo(&mut self, catalog: &Catalog, current: &Scenario) -> Option<Scenario> {
        let before = self.past.pop()?;
        self.future.push(Kept::of(catalog, current));
        before.scenario(catalog)
    }

    /// Returns the scenario that was undone last, and remembers `current` for undo.
    pub(crate) fn redo(&mut self, catalog: &Catalog, current: &Scenario) -> Option<Scenario> {
        let after = self.future.pop()?;
        self.past.push(Kept::of(catalog, current));
        after.scenario(catalog)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scenario::EMULATOR;
    use crate::load::embedded;

    #[test]
    fn what_a_link_does_not_name_comes_back_as_well() {
        let catalog = embedded::catalog().unwrap();
        let linked = Scenario::default_of(&catalog);
        let whole = Scenario { emulator: Some(EMULATOR.into()), ..linked.clone() };
        assert!(matches!(Kept::of(&catalog, &linked), Kept::Link(_)));
        assert!(matches!(Kept::of(&catalog, &whole), Kept::Whole(_)));
        let mut history = History::starting_at(linked.clone());
        history.push(&catalog, &linked);
        history.push(&catalog, &whole);
        assert_eq!(history.undo(&catalog, &linked), Some(whole.clone()));
        assert_eq!(history.undo(&catalog, &whole), Some(linked.clone()));
        assert_eq!(history.redo(&catalog, &linked), Some(whole.clone()));
        assert_eq!(history.redo(&catalog, &whole), Some(linked));
    }
}
