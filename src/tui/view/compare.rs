//! Draws the comparison of scenario A with the current one.

use super::ViewContext;
use super::draw::{cells, fitting, frame, inside, line_of, piece, pieces, text_at};
use super::page::{self, with_rule};
use super::parts::{below, more_lines};
use crate::app::screens::Target;
use crate::app::screens::compare::{Compare, Kind, LABELS, Line};
use crate::explain::rule_page;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn render(ctx: ViewContext<'_>, state: &Compare, area: Rect, buf: &mut Buffer) {
    let room = Compare::room(ctx.model.room());
    let right = more_lines(state.scroll, room, state.lines.len());
    let headline = format!(" {}", state.headline(&ctx.model.settings.keymap));
    let headline = fitting(&[piece(headline, Role::Message)], usize::from(area.width), ctx.theme.signs.more);
    pieces(buf, ctx.theme, area, (area.x, area.y), &headline);
    let (list, page) = with_rule(below(area), cells(state.lines.len() + 3));
    let inside = frame(buf, ctx.theme, list, true, &[piece("Comparison of A and B", Role::Title)], &right);
    if let Some(page) = page {
        let left = Rect { width: columns(ctx, inside)[1] - 2 - page.x, ..page };
        let right = Rect { x: left.right(), width: page.width - left.width, ..page };
        for (rule, area) in state.rules.into_iter().zip([left, right]) {
            page::rule(ctx, rule.map(rule_page), area, buf);
        }
    }
    let first = if state.is_reverse { "A, reverse" } else { "A, set" };
    for (side, name) in [first, "B, current"].iter().enumerate() {
        let chosen = side == state.side;
        let mark = if chosen { ctx.theme.signs.after } else { " " };
        let style = ctx.theme.style(if chosen { Role::Focus } else { Role::Title });
        text_at(buf, inside, (columns(ctx, inside)[side] - 1, inside.y), &format!("{mark}{name}"), style);
    }
    for (number, line) in state.lines.iter().skip(state.scroll).take(room).enumerate() {
        one_line(ctx, (state, line), line_of(inside, cells(number + 1)), buf);
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Compare, area: Rect, position: Position) -> Option<Target> {
    let inside = inside(below(area));
    let [a, b] = columns(ctx, inside);
    let row = usize::from(position.y.saturating_sub(inside.y));
    let on = !state.lines.is_empty() && inside.contains(position) && position.x + 1 >= a;
    on.then(|| Target::Cell(row, usize::from(position.x + 1 >= b)))
}

/// Returns the first columns of A and B.
fn columns(ctx: ViewContext<'_>, inside: Rect) -> [u16; 2] {
    let a = inside.x + cells(LABELS);
    [a, a + cells(Compare::half(ctx.model.room()))]
}

fn one_line(ctx: ViewContext<'_>, (state, line): (&Compare, &Line), area: Rect, buf: &mut Buffer) {
    match line {
        Line::Blank => {}
        Line::Heading(text) => {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(text.as_str(), Role::Title)]);
        }
        Line::Text(text) => {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(text.as_str(), Role::Text)]);
        }
        Line::Pair { label, a, b, kind } => {
            let [left, right] = columns(ctx, area);
            text_at(buf, area, (area.x + 1, area.y), label, ctx.theme.style(Role::Label));
            for (text, x, verdict) in [(a, left, state.verdicts[0]), (b, right, state.verdicts[1])] {
                let role = match kind {
                    Kind::Same => Role::Muted,
                    Kind::Answer => ctx.theme.verdict(verdict).0,
                    Kind::Difference => Role::Chosen,
                    Kind::Consequence => Role::Text,
                };
                text_at(buf, area, (x, area.y), text, ctx.theme.style(role));
            }
        }
    }
}
