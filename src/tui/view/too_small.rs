//! Says politely that the terminal is too small, as far as there is room to say it.

use super::{SMALLEST, ViewContext};
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws it.
pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let text = format!(
        "{}: {}. This terminal has {} columns and {} lines; please give it {} by {} to see the rest.",
        ctx.model.derived.link,
        ctx.model.derived.explanation.headline,
        area.width,
        area.height,
        SMALLEST.0,
        SMALLEST.1
    );
    let lines = wrap(&text, usize::from(area.width));
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        super::draw::text_at(buf, area, (area.x, y), line, ctx.theme.style(Role::Text));
    }
}
