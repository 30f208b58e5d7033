//! Holds the options of the explorer, on a terminal or for one printed screen.

use crate::app::action::Action;
use crate::app::demo::Demo;
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::script::Step;
use crate::app::settings::{Settings, Size};
use crate::app::update;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use std::path::PathBuf;

/// The options of the explorer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// Theme, characters, mouse and keys.
    pub settings: Settings,
    /// Keys to press at the start, in the notation of [`crate::app::key`].
    pub keys: String,
    /// What is open at the start.
    pub opening: Opening,
    /// The action list to replay at the start.
    pub replay: Vec<Step>,
    /// Whether the replay may change what is outside the program: files, saved scenarios, the clipboard.
    pub allow_effects: bool,
    /// Whether to show notes and keys to an audience.
    pub demo: bool,
    /// The notice at the start; empty for none.
    pub notice: String,
    /// The file to record the output to, as an asciicast.
    pub record: Option<PathBuf>,
    /// The file to record the keys to, as an action list.
    pub record_keys: Option<PathBuf>,
}

impl Options {
    /// Returns the initial state, with a screen open.
    pub fn open(&self, catalog: &Catalog, scenario: Scenario, screen: ScreenKind, size: Size) -> Model {
        let mut model = Model::new(catalog, scenario, self.settings.clone(), size);
        update::open(&mut model, catalog, screen);
        match &self.opening {
            Opening::Explorer => {}
            Opening::Lessons => drop(update::update(&mut model, catalog, Action::Lessons)),
            Opening::Lesson(word) => update::tour::open(&mut model, catalog, word),
        }
        if !self.notice.is_empty() {
            model.notice = Some(self.notice.clone());
        }
        let slides = self.replay.iter().filter(|step| matches!(step, Step::Note(_))).count();
        model.demo = self.demo.then(|| Demo::of(slides));
        model
    }
}

/// What is open at the start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Opening {
    /// The explorer.
    #[default]
    Explorer,
    /// The list of lessons.
    Lessons,
    /// The lesson of this name or number.
    Lesson(String),
}
