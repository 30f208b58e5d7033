//! Draws the verdicts of the same guest along other settings: each strip in one line, around the scenario's own value.

use super::super::ViewContext;
use super::super::draw::{cells, line_of, piece, pieces};
use crate::analysis::strips::{Segment, Strip};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus, GRID_ROWS};
use crate::app::text::width;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The width of the label.
const LABEL: u16 = 24;

/// Returns how many lines the strips need.
pub(super) fn height(state: &Explorer) -> u16 {
    cells(state.strips.strips.len())
}

fn text(ctx: ViewContext<'_>, segment: &Segment) -> String {
    let (_, sign) = ctx.theme.cell(segment.outcome.verdict);
    let rule = segment.outcome.rule.map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    format!(" {} {sign}{rule} ", segment.label)
}

/// A segment on the screen: its index, where it is, and the segment itself.
type Placed = (usize, Rect, Segment);

/// Returns the visible segments; more to either side are told by the two flags.
fn placed(ctx: ViewContext<'_>, strip: &Strip, line: Rect) -> (Vec<Placed>, [bool; 2]) {
    let segments = strip.segments(ctx.catalog);
    let room = usize::from(line.width.saturating_sub(LABEL + 5));
    let widths: Vec<usize> = segments.iter().map(|segment| width(&text(ctx, segment)) + 1).collect();
    let current = segments.iter().position(|segment| segment.is_current).unwrap_or(0);
    let (mut first, mut last) = (current, (current + 1).min(segments.len()));
    let used = |first: usize, last: usize| widths.get(first..last).unwrap_or_default().iter().sum::<usize>();
    loop {
        let before = first > 0 && used(first - 1, last) <= room;
        let after = last < segments.len() && used(first, last + 1) <= room;
        if after {
            last += 1;
        }
        if before && used(first - 1, last) <= room {
            first -= 1;
        } else if !after {
            break;
        }
    }
    let more = [first > 0, last < segments.len()];
    let mut x = line.x + LABEL + 2;
    let mut found = Vec::new();
    for (index, segment) in segments.into_iter().enumerate().take(last).skip(first) {
        let columns = cells(widths.get(index).copied().unwrap_or(1) - 1);
        found.push((index, Rect { x, width: columns, ..line }, segment));
        x += columns + 1;
    }
    (found, more)
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let signs = &ctx.theme.signs;
    for ((number, strip), line) in state.strips.strips.iter().enumerate().zip(0..area.height) {
        let rect = line_of(area, line);
        let focused = state.focus == Focus::Strip(number);
        let role = if focused { Role::Title } else { Role::Label };
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &[piece(strip.along.title(), role)]);
        let (placed, [before, after]) = placed(ctx, strip, rect);
        if before {
            pieces(buf, ctx.theme, rect, (rect.x + LABEL, rect.y), &[piece(signs.more, Role::Muted)]);
        }
        let mut end = rect.x + LABEL + 2;
        for (_, place, segment) in &placed {
            let role = match (segment.is_current, focused) {
                (true, true) => Role::Focus,
                (true, false) => ctx.theme.filled(segment.outcome.verdict),
                (false, _) => Role::Text,
            };
            end = pieces(buf, ctx.theme, rect, (place.x, place.y), &[piece(text(ctx, segment), role)]);
        }
        let (done, all) = strip.progress();
        if after || done < all {
            pieces(buf, ctx.theme, rect, (end + 1, rect.y), &[piece(signs.more, Role::Muted)]);
        }
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, area: Rect, position: Position) -> Option<Target> {
    if !area.contains(position) {
        return None;
    }
    let number = usize::from(position.y - area.y);
    let strip = state.strips.strips.get(number)?;
    let (placed, _) = placed(ctx, strip, line_of(area, position.y - area.y));
    let found = placed.iter().find(|(_, rect, _)| rect.contains(position));
    found.map(|(segment, ..)| Target::Cell(GRID_ROWS + number, *segment))
}
