//! Holds what a demonstration shows beside the screen: a note, and the last key.

use super::action::Action;
use super::keymap::Keymap;

/// What the audience of a demonstration sees beside the screen.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Demo {
    /// The speaker's note; may be empty.
    pub(crate) note: String,
    /// Whether the demonstration waits for a key of the speaker.
    pub(crate) waits: bool,
    key: String,
    title: String,
}

/// From this many lines, there is an empty line above the screen.
const ROOMY: u16 = 34;
/// From this many lines, there is a rule above the note.
const ENOUGH: u16 = 28;

impl Demo {
    /// Returns how many of `lines` are empty above the screen, and how many the note has below it.
    pub(crate) const fn room(lines: u16) -> (u16, u16) {
        match lines {
            ROOMY.. => (1, 3),
            ENOUGH.. => (0, 3),
            _ => (0, 1),
        }
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
