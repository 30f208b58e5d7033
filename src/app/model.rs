//! Holds all state of the program: the scenario, what follows from it, and what is open.

use super::action::Context;
use super::demo::Demo;
use super::derived::Derived;
use super::history::History;
use super::overlay::Overlay;
use super::screens::{Screen, ScreenContext, ScreenKind, Screens};
use super::settings::{Settings, Size};
use super::tour::{self, Tour};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;

/// All state of the program.
#[derive(Clone, Debug)]
pub struct Model {
    /// The question; the only thing of the domain that the user owns.
    pub scenario: Scenario,
    /// Everything that follows from it.
    pub derived: Derived,
    /// The open screens.
    pub screens: Screens,
    /// What lies over the screen.
    pub overlay: Option<Overlay>,
    /// The scenarios that were left.
    pub history: History,
    /// How the program looks and listens.
    pub settings: Settings,
    /// The size of the terminal.
    pub size: Size,
    /// One line about what the last key did, or why it did nothing.
    pub notice: Option<String>,
    /// The lesson under way.
    pub tour: Option<Tour>,
    /// What an audience is shown beside the screen, if there is one.
    pub demo: Option<Demo>,
}

impl Model {
    /// Returns the program as it opens at `scenario`.
    pub fn new(catalog: &Catalog, scenario: Scenario, settings: Settings, size: Size) -> Self {
        let derived = Derived::of(catalog, &scenario);
        let world = ScreenContext { catalog, scenario: &scenario, derived: &derived, kept: None, size };
        let screens = Screens::new(Screen::open(ScreenKind::Explorer, &world));
        let history = History::starting_at(scenario.clone());
        Self {
            scenario,
            derived,
            screens,
            overlay: None,
            history,
            settings,
            size,
            notice: None,
            tour: None,
            demo: None,
        }
    }

    /// Returns where keys are looked up.
    pub fn context(&self) -> Context {
        match &self.overlay {
            None => Context::Screen(self.screens.top().kind()),
            Some(Overlay::Page(_)) => Context::Page,
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) => Context::Text,
        }
    }

    /// Returns the size that is left for screens and what lies over them.
    pub fn room(&self) -> Size {
        let (above, below) = if self.demo.is_some() { Demo::room(self.size.height) } else { (0, 0) };
        let size = Size { width: self.size.width, height: self.size.height.saturating_sub(above + below) };
        match self.tour {
            None => size,
            Some(_) => Size {
                width: size.width.saturating_sub(2),
                height: size.height.saturating_sub(tour::height(self.size)),
            },
        }
    }

    /// Returns the user's own scenario, also while a lesson is under way.
    pub fn own(&self) -> &Scenario {
        self.tour.as_ref().map_or(&self.scenario, Tour::own)
    }

    /// Returns whether a lesson is under way.
    pub fn has_tour(&self) -> bool {
        self.tour.is_some()
    }

    /// Returns whether a lesson asks a question that has an answer with this number, counted from 0.
    pub fn has_answer(&self, number: usize) -> bool {
        let step = self.tour.as_ref().and_then(Tour::now);
        step.is_some_and(|step| number < step.answers().len())
    }

    /// Returns whether there is a change to take back.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Returns whether there is a change to make again.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Returns whether a scenario was kept to compare with.
    pub fn has_kept(&self) -> bool {
        self.history.kept.is_some()
    }

    /// Returns whether libvirt said anything.
    pub fn has_message(&self) -> bool {
        self.derived.message.is_some()
    }

    /// Returns whether there is a way out with this number, counted from 0.
    pub fn has_way(&self, number: usize) -> bool {
        number < self.derived.remedies.len()
    }
}
