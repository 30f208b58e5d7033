//! Holds how the program looks and listens: theme, signs, mouse, keys, and the size of the terminal.

use super::keymap::Keymap;
use crate::domain::definition::named_enum;

named_enum! {
    /// A set of colours.
    ThemeName {
        /// The terminal's own sixteen colours, on a dark background.
        Default "default",
        /// For a light background.
        Light "light",
        /// Black and white, and few strong colours.
        HighContrast "high-contrast",
        /// No colour at all.
        Mono "mono",
        /// Colours that colour-blind people can tell apart.
        ColourBlind "colour-blind",
    }
}

impl ThemeName {
    /// Returns the theme after this one.
    #[must_use]
    pub fn next(self) -> Self {
        let here = Self::ALL.iter().position(|name| *name == self).unwrap_or(0);
        Self::ALL.get(here + 1).copied().unwrap_or(Self::Default)
    }
}

/// How the program looks and listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The colours.
    pub theme: ThemeName,
    /// Only ASCII signs are drawn.
    pub ascii: bool,
    /// The mouse is listened to.
    pub mouse: bool,
    /// The keys.
    pub keymap: Keymap,
}

impl Default for Settings {
    fn default() -> Self {
        Self { theme: ThemeName::Default, ascii: false, mouse: true, keymap: Keymap::default() }
    }
}

/// The size of the terminal in columns and lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Lines.
    pub height: u16,
}
