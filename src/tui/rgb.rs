//! Defines the colours that a terminal would use, for pictures.

use crate::app::settings::ThemeName;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// The colours of the terminal that a picture shows.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Where nothing else is said.
    pub background: Rgb,
    /// The same, of letters.
    pub foreground: Rgb,
}

impl Screen {
    /// Returns the terminal on which a theme is seen.
    pub fn of(theme: ThemeName) -> Self {
        let (background, foreground) = match theme {
            ThemeName::Default | ThemeName::Mono | ThemeName::ColourBlind => ((0x1b, 0x1d, 0x23), (0xdc, 0xdf, 0xe6)),
            ThemeName::HighContrast => ((0, 0, 0), (0xff, 0xff, 0xff)),
            ThemeName::Light => ((0xff, 0xff, 0xff), (0x1f, 0x23, 0x28)),
        };
        Self { background, foreground }
    }

    /// Returns the colours of a cell, letters first.
    pub fn colours(self, cell: &Cell) -> (Rgb, Rgb) {
        let front = Self::rgb(cell.fg, self.foreground);
        let back = Self::rgb(cell.bg, self.background);
        if cell.modifier.contains(Modifier::REVERSED) { (back, front) } else { (front, back) }
    }

    /// Returns what a colour is; `otherwise` where it is the terminal's own. No theme uses a colour with a name.
    pub(super) fn rgb(colour: Color, otherwise: Rgb) -> Rgb {
        if let Color::Indexed(number) = colour { indexed(number) } else { otherwise }
    }
}

/// Returns a colour of the cube or of the greys that every terminal with 256 colours has.
fn indexed(number: u8) -> Rgb {
    if number >= 232 {
        let grey = 8 + 10 * (number - 232);
        return (grey, grey, grey);
    }
    let number = number.saturating_sub(16);
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    (level(number / 36), level(number / 6 % 6), level(number % 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_are_those_of_xterm() {
        assert_eq!(indexed(16), (0, 0, 0));
        assert_eq!(indexed(28), (0, 0x87, 0));
        assert_eq!(indexed(231), (255, 255, 255));
        assert_eq!(indexed(255), (238, 238, 238));
    }
}
