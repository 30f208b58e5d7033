//! Holds what a demonstration shows beside the screen: a note, and the keys that were pressed.

use super::action::Action;
use super::keymap::Keymap;

/// What is shown to an audience.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Demo {
    /// The note.
    pub note: String,
    /// Whether it waits for the speaker.
    pub waits: bool,
    key: String,
    what: String,
}

/// Lines from which there is room for air, and for a long note.
const ROOMY: u16 = 34;
/// Lines from which there is room for a rule over the note.
const ENOUGH: u16 = 28;

impl Demo {
    /// Returns how many of `lines` stay empty above a screen, and how many the note has below it.
    pub const fn room(lines: u16) -> (u16, u16) {
        match lines {
            ROOMY.. => (1, 3),
            ENOUGH.. => (0, 3),
            _ => (0, 1),
        }
    }

    /// Notes that an action was asked for.
    pub fn did(&mut self, action: Action, keymap: &Keymap) {
        self.key = keymap.shown(action);
        action.info().title.clone_into(&mut self.what);
    }

    /// Notes that text was typed; letters that follow each other are shown together.
    pub fn typed(&mut self, text: &str) {
        if !self.what.is_empty() {
            self.key.clear();
            self.what.clear();
        }
        self.key.push_str(text);
    }

    /// Returns the last key, and what it asked for; nothing stands for what was typed.
    pub fn key(&self) -> (&str, &str) {
        (&self.key, &self.what)
    }
}
