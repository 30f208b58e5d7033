//! Holds the settings of the terminal program: theme, characters, mouse, keys, and the size of the terminal.

use super::keymap::Keymap;
use crate::domain::definition::named_enum;
use crate::export::page_address;

named_enum! {
    /// A theme.
    ThemeName {
        /// Indexed colours, for the background that the terminal has.
        Default "default",
        /// For a light background.
        Light "light",
        /// The text colour of the terminal, and few strong colours.
        HighContrast "high-contrast",
        /// No colour at all.
        Mono "mono",
        /// Colours that colour-blind people can tell apart.
        ColourBlind "colour-blind",
    }
}

impl ThemeName {
    /// Returns the theme after this one, in a cycle.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        let current = Self::ALL.iter().position(|name| *name == self).unwrap_or(0);
        Self::ALL.get(current + 1).copied().unwrap_or(Self::Default)
    }
}

/// The background of the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Background {
    /// Dark, with light text.
    Dark,
    /// Light, with dark text.
    Light,
    /// The terminal did not say.
    Unknown,
}

/// The settings of the terminal program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The theme.
    pub theme: ThemeName,
    /// The background, for themes that work on both.
    pub background: Background,
    /// Whether to use only ASCII characters.
    pub ascii: bool,
    /// Whether to use the mouse.
    pub mouse: bool,
    /// The keys of the actions.
    pub keymap: Keymap,
    /// The address of the explorer's page, if there is one: what is copied and exported links to it.
    pub page: Option<String>,
}

impl Settings {
    /// Returns the address at which the page opens a link; without a page the link itself.
    pub fn address(&self, link: &str) -> String {
        self.page.as_ref().map_or_else(|| link.to_owned(), |page| page_address(page, link))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeName::Default,
            background: Background::Dark,
            ascii: false,
            mouse: true,
            keymap: Keymap::default(),
            page: None,
        }
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
