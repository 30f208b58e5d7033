//! Draws panes with frames, or with rules if there is no room, and finds the visible part of lists and texts.

use super::ViewContext;
use super::draw::{Piece, cells, fill, fitting, frame, inside, line_of, piece, pieces, rule, width_of};
use crate::app::screens::Target;
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// How the panes of a screen are separated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parts {
    /// With frames; else with a rule above each.
    pub(super) framed: bool,
}

impl Parts {
    /// Returns how many lines a pane needs besides its content.
    pub(super) const fn lines(self) -> u16 {
        if self.framed { 2 } else { 1 }
    }

    /// Draws the frame or the rule of a pane, with titles left and right. Returns the area inside.
    pub(super) fn draw(
        self,
        ctx: ViewContext<'_>,
        area: Rect,
        active: bool,
        (left, right): (&[Piece], &[Piece]),
        buf: &mut Buffer,
    ) -> Rect {
        if self.framed {
            frame(buf, ctx.theme, area, active, left, right);
        } else {
            rule(buf, ctx.theme, line_of(area, 0), active, left, right);
        }
        self.inside(area)
    }

    /// Returns the area inside a pane.
    pub(super) fn inside(self, area: Rect) -> Rect {
        if self.framed { inside(area) } else { below(area) }
    }
}

/// A list, and the description of the line under the cursor below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ListAndWords {
    pub(super) parts: Parts,
    pub(super) list: Rect,
    pub(super) words: Rect,
}

/// The least width and height of panes with frames.
const FRAMED: (u16, u16) = (112, 29);

impl ListAndWords {
    /// Divides `area`, with at least this many lines for the description, and what the list does not need.
    pub(super) fn of(ctx: ViewContext<'_>, area: Rect, words: u16, lines: usize) -> Self {
        if ctx.model.zoomed { Self::divided(area, None) } else { Self::divided(area, Some((words, lines))) }
    }

    fn divided(area: Rect, words: Option<(u16, usize)>) -> Self {
        let parts = Parts { framed: area.width >= FRAMED.0 && area.height >= FRAMED.1 };
        let words = words.map_or(0, |(words, lines)| {
            let spare = area.height.saturating_sub(cells(lines + 1) + parts.lines());
            (words + parts.lines()).max(spare).min(area.height * 2 / 3)
        });
        let list = Rect { height: area.height.saturating_sub(words), ..area };
        Self { parts, list, words: Rect { y: list.bottom(), height: words, ..area } }
    }

    /// Returns the area of the lines of the list, below its head.
    pub(super) fn rows(self) -> Rect {
        below(self.parts.inside(self.list))
    }
}

/// Returns the area without its first line.
pub(super) fn below(area: Rect) -> Rect {
    Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area }
}

/// One drawn line: the heading of a section, with the index of its first line, or a line by its index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Drawn {
    Heading(usize),
    Line(usize),
}

/// Returns the lines with a heading before the first of each section.
pub(super) fn with_headings<T: PartialEq>(sections: impl Iterator<Item = T>) -> Vec<Drawn> {
    let mut drawn = Vec::new();
    let mut last = None;
    for (number, section) in sections.enumerate() {
        let section = Some(section);
        if section != last {
            last = section;
            drawn.push(Drawn::Heading(number));
        }
        drawn.push(Drawn::Line(number));
    }
    drawn
}

/// Returns the index of the first visible line; the cursor is in the middle, except near start and end.
pub(super) fn first_seen(drawn: &[Drawn], cursor: usize, rows: Rect) -> usize {
    let index = drawn.iter().position(|drawn| *drawn == Drawn::Line(cursor)).unwrap_or(0);
    scrolled(index, drawn.len(), rows)
}

/// Draws the visible lines of a list; the one under the cursor is filled.
pub(super) fn list(
    ctx: ViewContext<'_>,
    rows: Rect,
    (drawn, cursor): (&[Drawn], usize),
    buf: &mut Buffer,
    mut draw: impl FnMut(Drawn, Rect, &mut Buffer),
) {
    for (line, number) in drawn.iter().skip(first_seen(drawn, cursor, rows)).zip(0..rows.height) {
        let rect = line_of(rows, number);
        draw(*line, rect, buf);
        if *line == Drawn::Line(cursor) {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
    }
}

/// Returns the right title of a list: how many lines follow the visible ones, then `hint` if there is room beside `left`.
pub(super) fn list_title(rows: Rect, (drawn, cursor): (&[Drawn], usize), left: &[Piece], hint: &[Piece]) -> Vec<Piece> {
    let mut title = more_lines(first_seen(drawn, cursor, rows), usize::from(rows.height), drawn.len());
    if width_of(&title) + width_of(left) + width_of(hint) + 8 <= usize::from(rows.width) {
        if !title.is_empty() && !hint.is_empty() {
            title.push(piece("  ", Role::Text));
        }
        title.extend_from_slice(hint);
    }
    title
}

/// Returns the line of a list with headings at `position`.
pub(super) fn line_at(drawn: &[Drawn], cursor: usize, rows: Rect, position: Position) -> Option<Target> {
    let index = first_seen(drawn, cursor, rows) + usize::from(position.y.saturating_sub(rows.y));
    match drawn.get(index).filter(|_| rows.contains(position))? {
        Drawn::Line(line) => Some(Target::Row(*line)),
        Drawn::Heading(_) => None,
    }
}

/// Returns the index of the first visible line of a list without headings.
pub(super) fn scrolled(index: usize, count: usize, rows: Rect) -> usize {
    let height = usize::from(rows.height);
    index.saturating_sub(height / 2).min(count.saturating_sub(height))
}

/// Returns the index of the line of such a list at `position`.
pub(super) fn row_at(index: usize, count: usize, rows: Rect, position: Position) -> Option<usize> {
    let row = scrolled(index, count, rows) + usize::from(position.y.saturating_sub(rows.y));
    (rows.contains(position) && row < count).then_some(row)
}

/// Draws texts in the lines of an area; the last line says if there is more.
pub(super) fn texts<'t>(
    ctx: ViewContext<'_>,
    area: Rect,
    texts: impl IntoIterator<Item = (&'t str, Role)>,
    buf: &mut Buffer,
) {
    let columns = usize::from(area.width).saturating_sub(2);
    let mut lines = texts
        .into_iter()
        .flat_map(|(text, role)| wrap(text, columns).into_iter().map(move |line| (line, role)))
        .peekable();
    let mut number = 0;
    while let Some((line, role)) = lines.next_if(|_| number < area.height) {
        let is_cut = number + 1 == area.height && lines.peek().is_some();
        let line = if is_cut { format!("{line} {}", ctx.theme.signs.more) } else { line };
        let rect = line_of(area, number);
        pieces(
            buf,
            ctx.theme,
            rect,
            (rect.x + 1, rect.y),
            &fitting(&[piece(line, role)], columns + 1, ctx.theme.signs.more),
        );
        number += 1;
    }
}

/// Returns how many of `count` lines follow the visible ones; empty if all are visible.
pub(super) fn more_lines(first: usize, room: usize, count: usize) -> Vec<Piece> {
    match (first, count.saturating_sub(first + room)) {
        (0, 0) => Vec::new(),
        (_, 0) => vec![piece("end", Role::Muted)],
        (_, 1) => vec![piece("1 more line", Role::Muted)],
        (_, below) => vec![piece(format!("{below} more lines"), Role::Muted)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_lines_of_a_terminal_leave_room_for_a_few_lines_and_their_words() {
        let areas = ListAndWords::divided(Rect::new(0, 1, 60, 18), Some((7, 40)));
        assert!(areas.rows().height >= 7 && areas.parts.inside(areas.words).height >= 5);
    }

    #[test]
    fn a_heading_stands_before_the_first_line_of_a_section() {
        let drawn = with_headings(["a", "a", "b"].into_iter());
        assert_eq!(drawn, [Drawn::Heading(0), Drawn::Line(0), Drawn::Line(1), Drawn::Heading(2), Drawn::Line(2)]);
        assert_eq!(first_seen(&drawn, 2, Rect::new(0, 0, 9, 2)), 3);
    }
}
