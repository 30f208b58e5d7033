//! Makes screens by typing keys into the program, without a terminal.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::expect_used, clippy::panic, reason = "what is not there fails the test")]

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use std::sync::OnceLock;
use virt_cpu_explorer::internal::app::key::parse_all;
use virt_cpu_explorer::internal::app::model::Model;
use virt_cpu_explorer::internal::app::screens::Target;
use virt_cpu_explorer::internal::app::settings::{Settings, Size};
use virt_cpu_explorer::internal::app::update::{self, Effect};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::tui;
use virt_cpu_explorer::internal::tui::theme::Theme;
use virt_cpu_explorer::internal::tui::view::{ViewContext, hit};

/// The facts, read once.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| embedded::catalog().expect("the embedded facts are sound"))
}

/// A program at work.
pub(crate) struct Session {
    pub(crate) model: Model,
    pub(crate) effects: Vec<Effect>,
}

/// The program as it opens at the scenario `link`.
pub(crate) fn open(link: &str, size: (u16, u16)) -> Session {
    open_with(link, size, Settings::default())
}

/// The same, with other settings.
pub(crate) fn open_with(link: &str, (width, height): (u16, u16), settings: Settings) -> Session {
    let scenario = Scenario::parse(catalog(), link).expect("the scenario is sound");
    let mut model = Model::new(catalog(), scenario, settings, Size { width, height });
    while update::idle(&mut model, catalog()) {}
    Session { model, effects: Vec::new() }
}

impl Session {
    /// Types keys, in the program's own notation.
    pub(crate) fn keys(mut self, keys: &str) -> Self {
        for key in parse_all(keys).expect("the keys are keys") {
            self.effects.extend(update::press(&mut self.model, catalog(), key));
            while update::idle(&mut self.model, catalog()) {}
        }
        self
    }

    /// What is drawn, with styles.
    pub(crate) fn buffer(&self) -> Buffer {
        tui::draw(&self.model, catalog())
    }

    /// What is drawn, as text.
    pub(crate) fn text(&self) -> String {
        text(&self.buffer())
    }

    /// What is drawn, text first and then the changes of style.
    pub(crate) fn styled(&self) -> String {
        format!("{:#?}\n", self.buffer())
    }

    /// Looks at the program as views do.
    pub(crate) fn shown<T>(&self, look: impl FnOnce(ViewContext<'_>) -> T) -> T {
        let theme = Theme::of(&self.model.settings);
        look(ViewContext { model: &self.model, catalog: catalog(), theme: &theme })
    }

    /// What a click on this column and line would be on.
    pub(crate) fn target(&self, x: u16, y: u16) -> Option<Target> {
        self.shown(|shown| hit(shown, self.buffer().area, Position { x, y }))
    }

    /// The column and the line at which `wanted` begins on the screen.
    #[track_caller]
    pub(crate) fn place_of(&self, wanted: &str) -> (u16, u16) {
        let text = self.text();
        let mut lines = text.lines().enumerate();
        let found = lines.find_map(|(y, line)| line.split_once(wanted).map(|(before, _)| (before.chars().count(), y)));
        let (x, y) = found.unwrap_or_else(|| panic!("{wanted:?} is not on the screen:\n{text}"));
        (u16::try_from(x).expect("a column"), u16::try_from(y).expect("a line"))
    }

    /// Clicks on the first letter of `wanted`.
    #[track_caller]
    pub(crate) fn click(&mut self, wanted: &str) {
        let (x, y) = self.place_of(wanted);
        let target = self.target(x, y).unwrap_or_else(|| panic!("nothing is at {wanted:?}:\n{}", self.text()));
        self.effects.extend(update::click(&mut self.model, catalog(), target));
    }
}

/// Fails where `wanted` is not on the screen.
#[track_caller]
pub(crate) fn has(session: &Session, wanted: &str) {
    let text = session.text();
    assert!(text.contains(wanted), "{wanted:?} is not on the screen:\n{text}");
}

/// Fails where `unwanted` is on the screen.
#[track_caller]
pub(crate) fn has_not(session: &Session, unwanted: &str) {
    let text = session.text();
    assert!(!text.contains(unwanted), "{unwanted:?} is on the screen:\n{text}");
}

/// A buffer as text, without blanks at the ends of lines.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width.max(1))) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
