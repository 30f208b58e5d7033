//! Draws the fixes: one line each, with what it costs and, where there is room, how it is applied.

use super::super::ViewContext;
use super::super::draw::{cells, fill, fitting, line_of, piece, pieces};
use super::areas::Areas;
use crate::analysis::remedies::{Application, Remedy};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{cut, cut_at_word, pad, width};
use crate::export::fix_cost;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

fn fixes(ctx: ViewContext<'_>) -> &[Remedy] {
    ctx.model.derived.known_remedies().unwrap_or_default()
}

/// Returns how many lines at most this many fixes need.
pub(super) fn height(ctx: ViewContext<'_>, state: &Explorer, most: usize) -> u16 {
    cells(ctx.model.derived.known_remedies().map_or(state.fix_lines, <[Remedy]>::len).clamp(1, most))
}

/// The least width for a column that tells how a fix is applied.
const HOW: usize = 40;

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    if areas.fixes.is_empty() {
        return;
    }
    let fixes = fixes(ctx);
    let active = matches!(state.focus, Focus::Fix(_));
    let inner = areas.parts.inside(areas.fixes);
    let hidden = fixes.len().saturating_sub(usize::from(inner.height));
    let more = if hidden > 0 { vec![piece(format!("{hidden} more"), Role::Text)] } else { Vec::new() };
    areas.parts.draw(ctx, areas.fixes, active, (&[piece("Fixes", Role::Message)], &more), buf);
    if fixes.is_empty() {
        let is_known = ctx.model.derived.known_remedies().is_some();
        let text = if is_known { ctx.model.derived.no_fixes() } else { ctx.theme.signs.nothing };
        pieces(buf, ctx.theme, inner, (inner.x + 1, inner.y), &[piece(text, Role::Text)]);
    }
    let columns = usize::from(inner.width).saturating_sub(4);
    let longest = fixes.iter().map(|fix| width(short(&fix.text))).max().unwrap_or(0);
    let costs = fixes.iter().map(|fix| fix_cost(ctx.catalog, fix)).collect::<Vec<_>>();
    let cost = costs.iter().map(|cost| width(cost)).max().unwrap_or(0);
    // The costs are at the right edge, unless what is to be done stands behind them.
    let longest = if columns >= longest + 3 + cost + HOW { longest } else { columns };
    let longest = longest.min(columns.saturating_sub(cost + 1));
    let (first, more) = (first(state, inner, fixes.len()), ctx.theme.signs.more);
    for (((number, fix), what), line) in fixes.iter().enumerate().zip(&costs).skip(first).zip(0..inner.height) {
        let rect = line_of(inner, line);
        let focused = state.focus == Focus::Fix(number);
        let sign = if focused { ctx.theme.signs.after } else { " " };
        let text = cut(short(&fix.text), longest, ctx.theme.signs.more);
        let (Application::Xml(how) | Application::Command(how)) = &fix.how;
        let how = how.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let room = columns.saturating_sub(longest + 3 + cost);
        let gap = if room >= HOW { 2 } else { 1 };
        let row = [
            piece(sign, Role::Key),
            piece(format!("{} ", number + 1), Role::Key),
            piece(pad(&text, longest + gap), Role::Text),
            piece(pad(what, cost), Role::Muted),
            piece(if room >= HOW { format!("  {}", cut_at_word(&how, room, more)) } else { String::new() }, Role::Code),
        ];
        let row = fitting(&row, usize::from(rect.width), ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
        if focused {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
    }
}

/// A fix without what explains it.
fn short(text: &str) -> &str {
    let text = text.split_once(", which").map_or(text, |(text, _)| text);
    text.strip_prefix("use ").unwrap_or(text)
}

/// The first visible fix: the one under the cursor is always visible.
fn first(state: &Explorer, inner: Rect, count: usize) -> usize {
    let height = usize::from(inner.height);
    let Focus::Fix(index) = state.focus else { return 0 };
    (index + 1).saturating_sub(height).min(count.saturating_sub(height))
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    let inner = areas.parts.inside(areas.fixes);
    let count = fixes(ctx).len();
    let index = first(state, inner, count) + usize::from(position.y.saturating_sub(inner.y));
    (inner.contains(position) && index < count).then_some(Target::Fix(index))
}
