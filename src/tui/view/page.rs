//! Draws a page over the screen.

use super::ViewContext;
use super::draw::{cells, frame, piece, text_at};
use super::parts::more_lines;
use crate::app::overlay::page_room;
use crate::app::page::{Kind, Page};
use crate::app::screens::Target;
use crate::app::settings::Size;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// Draws it.
pub(super) fn render(shown: ViewContext<'_>, page: &Page, area: Rect, buf: &mut Buffer) {
    let place = place(page, area);
    let (columns, height) = room(area);
    Clear.render(place, buf);
    let lines = page.lines(columns);
    let right = more_lines(page.scroll, height, lines.len());
    let inner = frame(buf, shown.theme, place, true, &[piece(page.title.as_str(), Role::Title)], &right);
    for ((kind, line), y) in lines.iter().skip(page.scroll).zip(inner.top()..inner.bottom()) {
        text_at(buf, inner, (inner.x + 1, y), line, shown.theme.style(role(*kind)));
    }
}

/// Returns the looks of a line.
pub(super) fn role(kind: Kind) -> Role {
    match kind {
        Kind::Heading => Role::Title,
        Kind::Text => Role::Text,
        Kind::Code => Role::Code,
    }
}

/// Returns what `position` stands for.
pub(super) fn hit(page: &Page, area: Rect, position: Position) -> Option<Target> {
    (!place(page, area).contains(position)).then_some(Target::Outside)
}

fn room(area: Rect) -> (usize, usize) {
    page_room(Size { width: area.width, height: area.height })
}

pub(super) fn place(page: &Page, area: Rect) -> Rect {
    let (columns, height) = room(area);
    let lines = page.lines(columns).len().min(height);
    let width = cells(columns + 4).min(area.width);
    let height = cells(lines + 2).min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
