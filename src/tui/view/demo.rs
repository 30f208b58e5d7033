//! Draws a presentation's note next to the screen, and the last key in the bottom line.

use super::ViewContext;
use super::draw::{Piece, key_label, line_of, piece, rule};
use super::parts::{below, texts};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(demo) = ctx.model.demo.as_ref().filter(|_| !area.is_empty()) else { return };
    let ruled = area.height > 1;
    let slide = format!("slide {}/{}", demo.slide, demo.slides);
    let state = match (demo.ended, demo.waits) {
        (true, _) => "end of the demonstration, every key works",
        (false, true) => "Space continues, Esc takes control",
        (false, false) => "",
    };
    if ruled {
        let right = if state.is_empty() { Vec::new() } else { vec![piece(state, Role::Text)] };
        rule(buf, ctx.theme, line_of(area, 0), true, &[piece(slide.as_str(), Role::Message)], &right);
    }
    let text = match (ruled, demo.ended) {
        (true, _) => demo.note.clone(),
        (false, true) => format!("{slide}, {state}"),
        (false, false) => format!("{}/{}  {}", demo.slide, demo.slides, demo.note),
    };
    let rest = if ruled { below(area) } else { area };
    texts(ctx, rest, [(text.as_str(), Role::Message)], buf);
}

/// Returns the last key and the title of its action.
pub(super) fn key(ctx: ViewContext<'_>) -> Option<[Piece; 2]> {
    let demo = ctx.model.demo.as_ref()?;
    let (key, title) = demo.key();
    // Without a script, the usual hints stand before the first key.
    if demo.slides == 0 && key.is_empty() {
        return None;
    }
    let key = key_label(ctx.theme, key);
    Some([
        piece(format!(" {key} "), if key.is_empty() { Role::Text } else { Role::Focus }),
        piece(format!("  {title}"), Role::Title),
    ])
}
