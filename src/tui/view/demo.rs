//! Draws what the audience of a demonstration sees beside the screen: the note, and the last key in the bottom line.

use super::ViewContext;
use super::draw::{Piece, key_label, line_of, piece, rule, text_at};
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(demo) = &ctx.model.demo else { return };
    let ruled = area.height > 1;
    if ruled {
        let waits =
            if demo.waits { vec![piece("Space continues, Esc takes control", Role::Muted)] } else { Vec::new() };
        rule(buf, ctx.theme, line_of(area, 0), true, &[], &waits);
    }
    let lines = wrap(&demo.note, usize::from(area.width.saturating_sub(2)));
    for (line, number) in lines.iter().zip(u16::from(ruled)..area.height) {
        let rect = line_of(area, number);
        text_at(buf, rect, (rect.x + 1, rect.y), line, ctx.theme.style(Role::Message));
    }
}

/// Returns the last key and the title of its action.
pub(super) fn key(ctx: ViewContext<'_>) -> Option<[Piece; 2]> {
    let (key, title) = ctx.model.demo.as_ref()?.key();
    let key = key_label(ctx.theme, key);
    Some([
        piece(format!(" {key} "), if key.is_empty() { Role::Text } else { Role::Focus }),
        piece(format!("  {title}"), Role::Title),
    ])
}
