//! Draws the comparison of the scenario that was kept with the present one.

use super::ViewContext;
use super::draw::{cells, frame, inside, line_of, piece, pieces, text_at};
use super::parts::more_lines;
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::compare::{Compare, LABELS, Line};
use crate::app::text::wrap;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Draws it.
pub(super) fn render(ctx: ViewContext<'_>, state: &Compare, area: Rect, buf: &mut Buffer) {
    let room = Compare::room(ctx.model.room());
    let right = more_lines(state.scroll, room, state.lines.len());
    let inside = frame(buf, ctx.theme, area, true, &[piece("What differs between A and B", Role::Title)], &right);
    if state.lines.is_empty() {
        return no_scenario_a(ctx, inside, buf);
    }
    for (side, name) in ["A, kept", "B, now"].iter().enumerate() {
        let chosen = side == state.side;
        let mark = if chosen { ctx.theme.signs.mark } else { " " };
        let style = ctx.theme.style(if chosen { Role::Focus } else { Role::Title });
        text_at(buf, inside, (columns(ctx, inside)[side] - 1, inside.y), &format!("{mark}{name}"), style);
    }
    for (number, line) in state.lines.iter().skip(state.scroll).take(room).enumerate() {
        one_line(ctx, line, line_of(inside, cells(number + 1)), buf);
    }
}

/// Returns what `position` stands for.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Compare, area: Rect, position: Position) -> Option<Target> {
    let inside = inside(area);
    let [a, b] = columns(ctx, inside);
    let row = usize::from(position.y.saturating_sub(inside.y));
    let on = !state.lines.is_empty() && inside.contains(position) && position.x + 1 >= a;
    on.then(|| Target::Cell(row, usize::from(position.x + 1 >= b)))
}

/// Where the columns of A and B begin.
fn columns(ctx: ViewContext<'_>, inside: Rect) -> [u16; 2] {
    let a = inside.x + cells(LABELS);
    [a, a + cells(Compare::half(ctx.model.room()))]
}

fn no_scenario_a(ctx: ViewContext<'_>, inside: Rect, buf: &mut Buffer) {
    let key = |action: Action| ctx.model.settings.keymap.shown(action);
    let text = format!(
        "Nothing is kept yet. {} keeps the present scenario as A, on any screen. Then change what you like: {} shows here \
         what differs between A and what you have by then.",
        key(Action::SetA),
        key(Action::Compare)
    );
    let lines = wrap(&text, usize::from(inside.width.saturating_sub(2)));
    for (number, line) in lines.iter().enumerate() {
        let place = line_of(inside, cells(number + 1));
        text_at(buf, place, (place.x + 1, place.y), line, ctx.theme.style(Role::Text));
    }
}

fn one_line(ctx: ViewContext<'_>, line: &Line, area: Rect, buf: &mut Buffer) {
    match line {
        Line::Blank => {}
        Line::Heading(text) => {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(text.as_str(), Role::Title)]);
        }
        Line::Text(text) => {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(text.as_str(), Role::Text)]);
        }
        Line::Pair { label, a, b, differs } => {
            let role = if *differs { Role::Chosen } else { Role::Muted };
            let [left, right] = columns(ctx, area);
            text_at(buf, area, (area.x + 1, area.y), label, ctx.theme.style(Role::Label));
            text_at(buf, area, (left, area.y), a, ctx.theme.style(role));
            text_at(buf, area, (right, area.y), b, ctx.theme.style(role));
        }
    }
}
