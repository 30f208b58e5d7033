//! Puts text, lines of pieces and frames into a buffer, never outside of the area given.

use super::super::theme::{Role, Theme};
use crate::app::text::{cut_at_word, width};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Widget};

/// A piece of a line.
pub type Piece = (String, Role);

/// Returns a piece.
pub fn piece(text: impl Into<String>, role: Role) -> Piece {
    (text.into(), role)
}

/// Returns how many columns pieces take.
pub fn width_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// Writes pieces one after the other from `x` on, in the line `y` of `area`; what does not fit is left out.
/// Returns the column after the last.
pub fn pieces(buf: &mut Buffer, theme: &Theme, area: Rect, (x, y): (u16, u16), pieces: &[Piece]) -> u16 {
    let mut x = x;
    for (text, role) in pieces {
        x = text_at(buf, area, (x, y), text, theme.style(*role));
    }
    x
}

/// Writes `text` at a place within `area`. Returns the column after it.
pub fn text_at(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &str, style: Style) -> u16 {
    let area = area.intersection(*buf.area());
    if !area.contains(Position { x, y }) {
        return x;
    }
    let room = usize::from(area.right().saturating_sub(x));
    buf.set_stringn(x, y, text, room, style).0
}

/// Gives every cell of `area` a style.
pub fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(*buf.area());
    buf.set_style(area, style);
}

/// Draws a frame with a title at its upper left and one at its upper right. Returns what is inside.
pub fn frame(buf: &mut Buffer, theme: &Theme, area: Rect, active: bool, left: &[Piece], right: &[Piece]) -> Rect {
    let role = if active { Role::ActiveBorder } else { Role::Border };
    let block = Block::bordered().border_set(theme.signs.frame).border_style(theme.style(role));
    let inner = block.inner(area);
    block.render(area, buf);
    titles(buf, theme, area, left, right);
    inner
}

/// Returns what is inside of a frame around `area`.
pub fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Draws a rule across with the same titles, where there is no room for frames.
pub fn rule(buf: &mut Buffer, theme: &Theme, area: Rect, active: bool, left: &[Piece], right: &[Piece]) {
    let role = if active { Role::ActiveBorder } else { Role::Border };
    let line = theme.signs.across.repeat(usize::from(area.width));
    text_at(buf, area, (area.x, area.y), &line, theme.style(role));
    titles(buf, theme, area, left, right);
}

fn titles(buf: &mut Buffer, theme: &Theme, area: Rect, left: &[Piece], right: &[Piece]) {
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: area.height.min(1), ..area };
    let mut end = inside.x;
    if !left.is_empty() {
        let room = usize::from(inside.width).saturating_sub(3);
        end = pieces(buf, theme, inside, (inside.x, inside.y), &spaced(&fitting(left, room, theme.signs.more)));
    }
    let right_width = u16::try_from(width_of(right) + 2).unwrap_or(u16::MAX);
    if !right.is_empty() && end.saturating_add(right_width).saturating_add(1) <= inside.right() {
        let start = inside.right().saturating_sub(right_width);
        pieces(buf, theme, inside, (start, inside.y), &spaced(right));
    }
}

fn spaced(pieces: &[Piece]) -> Vec<Piece> {
    let blank = || piece(" ", Role::Text);
    std::iter::once(blank()).chain(pieces.iter().cloned()).chain([blank()]).collect()
}

/// Returns pieces cut to `room` columns, at the end of a word where that is possible.
pub fn fitting(pieces: &[Piece], room: usize, more: &str) -> Vec<Piece> {
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

/// Returns a line of `area`, counted from 0; it is empty where `area` has no such line.
pub fn line_of(area: Rect, number: u16) -> Rect {
    Rect { y: area.y.saturating_add(number), height: u16::from(number < area.height), ..area }
}

/// Returns `columns` as a `u16`.
pub fn cells(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}
