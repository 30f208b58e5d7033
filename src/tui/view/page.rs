//! Draws a page over the screen.

use super::Shown;
use super::draw::{frame, piece, text_at};
use crate::app::overlay::page_room;
use crate::app::page::{Kind, Page};
use crate::app::screens::Target;
use crate::app::settings::Size;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// Draws it.
pub(super) fn render(shown: Shown<'_>, page: &Page, area: Rect, buf: &mut Buffer) {
    let place = place(page, area);
    let (columns, height) = room(area);
    Clear.render(place, buf);
    let lines = page.lines(columns);
    let below = lines.len().saturating_sub(page.scroll + height);
    let right = match (page.scroll, below) {
        (0, 0) => Vec::new(),
        (_, 0) => vec![piece("end", Role::Muted)],
        (_, below) => vec![piece(format!("{below} more lines"), Role::Muted)],
    };
    let inner = frame(buf, shown.theme, place, true, &[piece(page.title.as_str(), Role::Title)], &right);
    for ((kind, line), y) in lines.iter().skip(page.scroll).zip(inner.top()..inner.bottom()) {
        let role = match kind {
            Kind::Heading => Role::Title,
            Kind::Text => Role::Text,
            Kind::Code => Role::Code,
        };
        text_at(buf, inner, (inner.x + 1, y), line, shown.theme.style(role));
    }
}

/// Returns what `position` stands for.
pub(super) fn hit(page: &Page, area: Rect, position: Position) -> Option<Target> {
    (!place(page, area).contains(position)).then_some(Target::Outside)
}

fn room(area: Rect) -> (usize, usize) {
    page_room(Size { width: area.width, height: area.height })
}

fn place(page: &Page, area: Rect) -> Rect {
    let (columns, height) = room(area);
    let lines = page.lines(columns).len().min(height);
    let width = super::draw::cells(columns + 4).min(area.width);
    let height = super::draw::cells(lines + 2).min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
