//! Draws text, styled lines and frames into a buffer, never outside of the given area.

use super::super::theme::{Role, Theme};
use crate::app::text::{cut_at_word, width};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// A piece of a line: its text and its role.
pub(crate) type Piece = (String, Role);

/// Pairs a text with its role.
pub(crate) fn piece(text: impl Into<String>, role: Role) -> Piece {
    (text.into(), role)
}

/// Returns the width of pieces in columns.
pub(crate) fn width_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// Draws pieces from the column `x` of the line `y`; what does not fit into `area` is cut. Returns the column after them.
pub(crate) fn pieces(buf: &mut Buffer, theme: &Theme, area: Rect, (x, y): (u16, u16), pieces: &[Piece]) -> u16 {
    let mut x = x;
    for (text, role) in pieces {
        x = text_at(buf, area, (x, y), text, theme.style(*role));
    }
    x
}

/// Draws `text` at a position; what does not fit into `area` is cut. Returns the column after it.
pub(crate) fn text_at(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) -> u16 {
    let area = area.intersection(*buf.area());
    if !area.contains(Position { x, y }) {
        return x;
    }
    let room = area.right().saturating_sub(x);
    if !text.chars().all(is_one_column) {
        return buf.set_stringn(x, y, text, usize::from(room), style).0;
    }
    let start = buf.index_of(x, y);
    let row = buf.content.get_mut(start..start + usize::from(room)).unwrap_or_default();
    let mut end = x;
    for (letter, cell) in text.chars().zip(row) {
        cell.set_char(letter).set_style(style);
        end += 1;
    }
    end
}

/// Whether a letter has one column for itself, whatever is next to it: ASCII, lines, blocks and the signs.
fn is_one_column(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{25ef}' | '·' | 'ø' | '–' | '…' | '✓' | '✗' | '≠')
}

/// Draws a filled line over the whole width: a text on the left and a short one on the right.
pub(crate) fn banner(buf: &mut Buffer, theme: &Theme, area: Rect, role: Role, (left, right): (&str, &str)) {
    let style = theme.style(role);
    fill(buf, area, style);
    let room = usize::from(area.width).saturating_sub(width(right) + 3);
    let left = cut_at_word(left, room, theme.signs.more);
    text_at(buf, area, (area.x + 1, area.y), &left, style);
    let start = area.right().saturating_sub(cells(width(right) + 1));
    text_at(buf, area, (start, area.y), right, style);
}

/// Sets the style of every cell of `area`.
pub(crate) fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(*buf.area());
    buf.set_style(area, style);
}

/// Draws a frame with a title on the left and one on the right. Returns the area inside.
pub(crate) fn frame(
    buf: &mut Buffer,
    theme: &Theme,
    area: Rect,
    active: bool,
    left: &[Piece],
    right: &[Piece],
) -> Rect {
    let role = if active { Role::ActiveBorder } else { Role::Border };
    let (set, style) = (theme.frame(active), theme.style(role));
    let across = |ends: (&str, &str), line: &str| {
        format!("{}{}{}", ends.0, line.repeat(usize::from(area.width.saturating_sub(2))), ends.1)
    };
    if area.width > 1 && area.height > 1 {
        let upper = across((set.top_left, set.top_right), set.horizontal_top);
        let lower = across((set.bottom_left, set.bottom_right), set.horizontal_bottom);
        text_at(buf, area, (area.x, area.y), &upper, style);
        text_at(buf, area, (area.x, area.bottom() - 1), &lower, style);
        for y in area.y + 1..area.bottom() - 1 {
            text_at(buf, area, (area.x, y), set.vertical_left, style);
            text_at(buf, area, (area.right() - 1, y), set.vertical_right, style);
        }
    }
    titles(buf, theme, area, left, right);
    inside(area)
}

/// Returns the area inside the frame of `area`.
pub(crate) fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Draws a horizontal rule with the same titles, where there is no room for frames.
pub(crate) fn rule(buf: &mut Buffer, theme: &Theme, area: Rect, active: bool, left: &[Piece], right: &[Piece]) {
    let role = if active { Role::ActiveBorder } else { Role::Border };
    let line = theme.across(active).repeat(usize::from(area.width));
    text_at(buf, area, (area.x, area.y), &line, theme.style(role));
    titles(buf, theme, area, left, right);
}

fn titles(buf: &mut Buffer, theme: &Theme, area: Rect, left: &[Piece], right: &[Piece]) {
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
    let mut end = inside.x;
    if !left.is_empty() {
        let room = usize::from(inside.width).saturating_sub(3);
        let left = spaced(&fitting(left, room, theme.signs.more));
        clear(buf, Rect { width: cells(width_of(&left)).min(inside.width), ..inside });
        end = pieces(buf, theme, inside, (inside.x, inside.y), &left);
    }
    let right_width = u16::try_from(width_of(right) + 2).unwrap_or(u16::MAX);
    if !right.is_empty() && end.saturating_add(right_width).saturating_add(1) <= inside.right() {
        let start = inside.right().saturating_sub(right_width);
        clear(buf, Rect { x: start, width: right_width, ..inside });
        pieces(buf, theme, inside, (start, inside.y), &spaced(right));
    }
}

/// Removes the colour of the border below a title.
fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(*buf.area());
    buf.set_style(area, Style::reset());
}

fn spaced(pieces: &[Piece]) -> Vec<Piece> {
    let blank = || piece(" ", Role::Text);
    std::iter::once(blank()).chain(pieces.iter().cloned()).chain([blank()]).collect()
}

/// Returns pieces cut to `room` columns, between words if possible; `more` follows what is cut.
pub(crate) fn fitting(pieces: &[Piece], room: usize, more: &str) -> Vec<Piece> {
    let mut left = room;
    let mut kept = Vec::new();
    for (text, role) in pieces {
        let cut = cut_at_word(text, left, more);
        left = left.saturating_sub(width(&cut));
        let was_cut = cut != *text;
        kept.push((cut, *role));
        if was_cut {
            break;
        }
    }
    kept
}

/// Returns a line of `area` by its index; it is empty if `area` has no such line.
pub(crate) fn line_of(area: Rect, number: u16) -> Rect {
    Rect { y: area.y.saturating_add(number), height: u16::from(number < area.height), ..area }
}

/// Converts a number of columns or lines for use in a [`Rect`].
pub(crate) fn cells(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Returns the label of a key; arrow keys are shown as arrows.
pub(crate) fn key_label(theme: &Theme, key: &str) -> String {
    let arrow = ["left", "right", "up", "down"].iter().zip(theme.signs.arrows).find(|(name, _)| **name == key);
    arrow.map_or_else(|| key.to_owned(), |(_, sign)| sign.to_owned())
}
