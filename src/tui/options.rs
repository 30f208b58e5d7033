//! Holds how the explorer is started, on a terminal or for one printed frame.

use crate::app::action::Action;
use crate::app::demo::Demo;
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::script::Step;
use crate::app::settings::{Settings, Size};
use crate::app::tour;
use crate::app::update;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::path::PathBuf;

/// How the program is started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How it looks and listens.
    pub settings: Settings,
    /// Keys to press before the user does, in the notation of [`crate::app::key`].
    pub keys: String,
    /// What is open at the start.
    pub opening: Opening,
    /// What to replay before the user does anything.
    pub replay: Vec<Step>,
    /// Whether an audience looks on.
    pub demo: bool,
    /// Where to record what is drawn, as an asciicast.
    pub record: Option<PathBuf>,
    /// Where to record what is done, as a list of actions.
    pub record_keys: Option<PathBuf>,
}

impl Options {
    /// Returns the program as it opens, at a screen.
    pub(super) fn open(&self, catalog: &Catalog, scenario: Scenario, screen: ScreenKind, size: Size) -> Model {
        let mut model = Model::new(catalog, scenario, self.settings.clone(), size);
        update::open(&mut model, catalog, screen);
        match &self.opening {
            Opening::Explorer => {}
            Opening::Lessons => drop(update::update(&mut model, catalog, Action::Lessons)),
            Opening::Lesson(word) => tour::open(&mut model, catalog, word),
        }
        model.demo = self.demo.then(Demo::default);
        model
    }
}

/// What is open at the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Opening {
    /// The first screen.
    #[default]
    Explorer,
    /// The list of lessons.
    Lessons,
    /// The lesson of this name or number.
    Lesson(String),
}
