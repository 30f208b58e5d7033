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

/// The sixteen colours with names; themes for a light background use none of them.
const SIXTEEN: [Rgb; 16] = [
    (0x1b, 0x1d, 0x23),
    (0xd8, 0x5c, 0x5c),
    (0x7a, 0xc2, 0x6a),
    (0xe2, 0xb4, 0x4f),
    (0x6a, 0x9e, 0xe0),
    (0xc0, 0x88, 0xd8),
    (0x56, 0xc2, 0xd0),
    (0xc9, 0xcd, 0xd6),
    (0x8b, 0x93, 0xa3),
    (0xff, 0x7a, 0x72),
    (0x9a, 0xe0, 0x86),
    (0xff, 0xd8, 0x70),
    (0x8f, 0xbc, 0xff),
    (0xe0, 0xa8, 0xf5),
    (0x80, 0xe4, 0xf0),
    (0xff, 0xff, 0xff),
];

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

    /// Returns what a colour is; `otherwise` where it is the terminal's own.
    pub(super) fn rgb(colour: Color, otherwise: Rgb) -> Rgb {
        let named = |index: usize| SIXTEEN.get(index).copied().unwrap_or(otherwise);
        match colour {
            Color::Reset => otherwise,
            Color::Black => named(0),
            Color::Red => named(1),
            Color::Green => named(2),
            Color::Yellow => named(3),
            Color::Blue => named(4),
            Color::Magenta => named(5),
            Color::Cyan => named(6),
            Color::Gray => named(7),
            Color::DarkGray => named(8),
            Color::LightRed => named(9),
            Color::LightGreen => named(10),
            Color::LightYellow => named(11),
            Color::LightBlue => named(12),
            Color::LightMagenta => named(13),
            Color::LightCyan => named(14),
            Color::White => named(15),
            Color::Rgb(red, green, blue) => (red, green, blue),
            Color::Indexed(number) if number < 16 => named(usize::from(number)),
            Color::Indexed(number) => indexed(number),
        }
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
