//! Holds what a presentation shows next to the screen: a note, and the last key.

use super::action::Action;
use super::keymap::Keymap;

/// What the audience of a demonstration sees next to the screen.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Demo {
    /// The speaker's note; may be empty.
    pub(crate) note: String,
    /// Whether the demonstration waits for a key of the speaker.
    pub(crate) waits: bool,
    /// The number of the note, counted from 1; 0 before the first.
    pub(crate) slide: usize,
    /// How many notes there are.
    pub(crate) slides: usize,
    /// Whether every step was performed.
    pub(crate) ended: bool,
    key: String,
    title: String,
}

/// From this many lines, there is a rule above the note.
const ENOUGH: u16 = 28;

impl Demo {
    /// Returns what the audience sees before the first of so many notes.
    pub(crate) fn of(slides: usize) -> Self {
        Self { slides, ..Self::default() }
    }

    /// Returns how many of `lines` the note has; none without a script.
    pub(crate) const fn room(&self, lines: u16) -> u16 {
        match (self.slides, lines) {
            (0, _) => 0,
            (_, ENOUGH..) => 3,
            _ => 1,
        }
    }

    /// Shows the next note.
    pub(crate) fn show_note(&mut self, note: &str) {
        self.slide += 1;
        note.clone_into(&mut self.note);
    }

    /// Shows the key and the title of an action.
    pub(crate) fn show_action(&mut self, action: Action, keymap: &Keymap) {
        self.key = keymap.shown(action);
        action.info().title.clone_into(&mut self.title);
    }

    /// Shows typed text; consecutive letters are shown together.
    pub(crate) fn show_typed(&mut self, text: &str) {
        if !self.title.is_empty() {
            self.key.clear();
            self.title.clear();
        }
        self.key.push_str(text);
    }

    /// Returns the last key and the title of its action; the title is empty for typed text.
    pub(crate) fn key(&self) -> (&str, &str) {
        (&self.key, &self.title)
    }
}
