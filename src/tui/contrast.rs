//! Computes the contrast of every theme on the terminals that people use.

use super::rgb::{Rgb, Screen};
use super::theme::{ROLES, Role, Theme};
use crate::app::settings::{Background, Settings, ThemeName};
use ratatui::style::{Color, Modifier};

/// A terminal with its background and its text colour.
struct Palette {
    name: &'static str,
    background: Rgb,
    foreground: Rgb,
}

const fn palette(name: &'static str, background: u32, foreground: u32) -> Palette {
    Palette { name, background: rgb(background), foreground: rgb(foreground) }
}

const fn rgb(number: u32) -> Rgb {
    let [_, red, green, blue] = number.to_be_bytes();
    (red, green, blue)
}

/// The defaults of common terminals and colour schemes.
const PALETTES: [Palette; 14] = [
    palette("xterm", 0x00_0000, 0xe5_e5e5),
    palette("GNOME dark", 0x1e_1e1e, 0xff_ffff),
    palette("Ubuntu", 0x30_0a24, 0xff_ffff),
    palette("Solarized dark", 0x00_2b36, 0x83_9496),
    palette("Nord", 0x2e_3440, 0xd8_dee9),
    palette("Dracula", 0x28_2a36, 0xf8_f8f2),
    palette("Gruvbox dark", 0x28_2828, 0xeb_dbb2),
    palette("One Dark", 0x28_2c34, 0xab_b2bf),
    palette("Tango light", 0xff_ffff, 0x2e_3436),
    palette("Solarized light", 0xfd_f6e3, 0x65_7b83),
    palette("Gruvbox light", 0xfb_f1c7, 0x3c_3836),
    palette("GitHub light", 0xff_ffff, 0x1f_2328),
    palette("One Light", 0xfa_fafa, 0x38_3a42),
    palette("macOS Basic", 0xff_ffff, 0x00_0000),
];

/// The relative luminance of WCAG 2.
fn luminance((red, green, blue): Rgb) -> f64 {
    let part = |level: u8| {
        let level = f64::from(level) / 255.0;
        if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
}

/// The contrast of WCAG 2, from 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The least contrast that a role needs on this terminal.
fn needed(role: Role, palette: &Palette) -> f64 {
    let own = contrast(palette.foreground, palette.background);
    if role == Role::Border { 3.0 } else { own.min(4.5) }
}

/// The backgrounds for which a theme is used on this terminal.
fn backgrounds(theme: ThemeName, palette: &Palette) -> Vec<Background> {
    let is_light = luminance(palette.background) > luminance(palette.foreground);
    match (theme, is_light) {
        (ThemeName::Light, false) => Vec::new(),
        (ThemeName::Light, true) => vec![Background::Light],
        (_, true) => vec![Background::Light, Background::Unknown],
        (_, false) => vec![Background::Dark, Background::Unknown],
    }
}

#[test]
fn every_role_of_every_theme_can_be_read_on_every_terminal() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for palette in &PALETTES {
        for theme in ThemeName::ALL {
            for background in backgrounds(*theme, palette) {
                let settings = Settings { theme: *theme, background, ..Settings::default() };
                for role in ROLES {
                    let style = Theme::of(&settings).style(*role);
                    let colour = |colour: Option<Color>, own| Screen::rgb(colour.unwrap_or(Color::Reset), own);
                    let front = colour(style.fg, palette.foreground);
                    let back = colour(style.bg, palette.background);
                    let found = contrast(front, back);
                    seen += 1;
                    let dim = style.add_modifier.contains(Modifier::DIM);
                    let named = [style.fg, style.bg].into_iter().flatten().any(is_named);
                    if found + 1e-9 < needed(*role, palette) || dim || named {
                        wrong.push(format!(
                            "{} {background:?} {role:?} on {}: {found:.2}, dim {dim}, named {named}",
                            theme.name(),
                            palette.name
                        ));
                    }
                }
            }
        }
    }
    assert!(seen > 1000, "only {seen} were seen");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a colour is one of the sixteen that every terminal defines for itself.
fn is_named(colour: Color) -> bool {
    !matches!(colour, Color::Reset | Color::Indexed(16..))
}

#[test]
fn the_contrast_is_that_of_the_standard() {
    assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
    assert!((contrast((0x77, 0x77, 0x77), (255, 255, 255)) - 4.48).abs() < 0.01);
    // The grey that Solarized dark has for ANSI 8 is its background.
    assert!(contrast((0x00, 0x2b, 0x36), (0x00, 0x2b, 0x36)) < 1.01);
}
