//! Draws what an audience is ctx beside the screen: the note, and in the bottom line the last key.

use super::ViewContext;
use super::draw::{Piece, line_of, piece, rule, text_at};
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Draws the note.
pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(demo) = &ctx.model.demo else { return };
    let ruled = area.height > 1;
    if ruled {
        let waits = if demo.waits { vec![piece("space goes on, esc takes over", Role::Muted)] } else { Vec::new() };
        rule(buf, ctx.theme, line_of(area, 0), true, &[], &waits);
    }
    let lines = wrap(&demo.note, usize::from(area.width.saturating_sub(2)));
    for (line, number) in lines.iter().zip(u16::from(ruled)..area.height) {
        let place = line_of(area, number);
        text_at(buf, place, (place.x + 1, place.y), line, ctx.theme.style(Role::Message));
    }
}

/// Returns the last key, and what it asked for.
pub(super) fn key(ctx: ViewContext<'_>) -> Option<[Piece; 2]> {
    let (key, what) = ctx.model.demo.as_ref()?.key();
    let key = super::bottom::shown_key(ctx, key);
    Some([
        piece(format!(" {key} "), if key.is_empty() { Role::Text } else { Role::Focus }),
        piece(format!("  {what}"), Role::Title),
    ])
}
