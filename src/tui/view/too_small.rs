//! Says that the terminal is too small, with the verdict.

use super::{SMALLEST, ViewContext};
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let text = format!(
        "{}: {}. Terminal too small: {}x{}, at least {}x{} needed",
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
