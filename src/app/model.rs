//! Holds the state of the program: the scenario, its answer, and the open screens.

use super::action::KeyContext;
use super::choice::Choice;
use super::demo::Demo;
use super::derived::Derived;
use super::history::History;
use super::overlay::Overlay;
use super::picker::Picker;
use super::screens::{Screen, ScreenContext, ScreenKind, Screens};
use super::settings::{Settings, Size};
use super::tour::{self, Tour};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::collections::BTreeSet;

/// The state of the program.
#[derive(Clone, Debug)]
pub struct Model {
    /// The scenario.
    pub scenario: Scenario,
    /// What the scenario results in.
    pub derived: Derived,
    /// The open screens.
    pub screens: Screens,
    /// What is open over the screen.
    pub overlay: Option<Overlay>,
    /// The previous scenarios.
    pub(crate) history: History,
    /// Theme, characters, mouse and keys.
    pub settings: Settings,
    /// The size of the terminal.
    pub size: Size,
    /// Whether the pane with the cursor has the whole screen.
    pub(crate) zoomed: bool,
    /// The result of the last key, or why it had none; shown in the bottom line.
    pub notice: Option<String>,
    /// The open lesson.
    pub tour: Option<Tour>,
    /// The names of the lessons that were played to their end.
    pub finished: BTreeSet<String>,
    /// The products of the scenarios used last, the last first.
    pub(crate) recent_products: Vec<Box<str>>,
    /// What the audience of a demonstration sees; `None` without an audience.
    pub(crate) demo: Option<Demo>,
}

impl Model {
    /// Returns the initial state, with the explorer open at `scenario`.
    pub fn new(catalog: &Catalog, scenario: Scenario, settings: Settings, size: Size) -> Self {
        let derived = Derived::of(catalog, &scenario);
        let context =
            ScreenContext { catalog, scenario: &scenario, derived: &derived, scenario_a: None, size, zoomed: false };
        let screens = Screens::new(Screen::open(ScreenKind::Explorer, &context));
        let history = History::starting_at(scenario.clone());
        Self {
            scenario,
            derived,
            screens,
            overlay: None,
            history,
            settings,
            size,
            zoomed: false,
            notice: None,
            tour: None,
            finished: BTreeSet::new(),
            recent_products: Vec::new(),
            demo: None,
        }
    }

    /// Puts the products of a scenario first among those used last, which lists of releases begin with.
    pub fn remember_products(&mut self, scenario: &Scenario) {
        for product in scenario.releases().chain(&scenario.started).filter_map(|release| release.product.clone()) {
            self.recent_products.retain(|known| *known != product);
            self.recent_products.insert(0, product);
        }
    }

    /// Opens the list of values of a setting.
    pub(crate) fn open_values(&mut self, catalog: &Catalog, choice: Choice) {
        let picker = Picker::of_choice(catalog, &self.scenario, choice, &self.recent_products);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    /// Returns what receives keys.
    pub(crate) fn context(&self) -> KeyContext {
        match &self.overlay {
            None => KeyContext::Screen(self.screens.top().kind()),
            Some(Overlay::Page(page)) => match &page.search {
                Some(search) if search.typing => KeyContext::Text,
                Some(_) => KeyContext::Search,
                None => KeyContext::Page,
            },
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) => KeyContext::Text,
        }
    }

    /// Returns the size that is left for screens and overlays.
    pub(crate) fn room(&self) -> Size {
        let note = self.demo.as_ref().map_or(0, |demo| demo.room(self.size.height));
        let size = Size { width: self.size.width, height: self.size.height.saturating_sub(note) };
        match self.tour {
            None => size,
            Some(_) => Size {
                width: size.width.saturating_sub(2),
                height: size.height.saturating_sub(tour::height(self.size)),
            },
        }
    }

    /// Returns the scenario of the user, also while a lesson is open.
    pub(crate) fn own(&self) -> &Scenario {
        self.tour.as_ref().map_or(&self.scenario, Tour::own)
    }

    /// Returns whether a scenario is set as A.
    pub(crate) fn has_scenario_a(&self) -> bool {
        self.history.scenario_a.is_some()
    }

    /// Returns whether a lesson is open.
    pub fn has_tour(&self) -> bool {
        self.tour.is_some()
    }

    /// Tells the audience that the demonstration is over.
    pub(crate) fn end_demo(&mut self) {
        self.show_audience(|demo, _| demo.ended = true);
    }

    /// Updates what the audience sees next to the screen, if there is an audience.
    pub(crate) fn show_audience(&mut self, show: impl FnOnce(&mut Demo, &Self)) {
        if let Some(mut demo) = self.demo.take() {
            show(&mut demo, self);
            self.demo = Some(demo);
        }
    }
}
