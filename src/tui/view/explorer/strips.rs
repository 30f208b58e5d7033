//! Draws the verdicts of the same guest along other settings: each strip in one line, around the scenario's own value.

use super::super::ViewContext;
use super::super::draw::{cells, line_of, piece, pieces};
use super::areas::Areas;
use super::table;
use crate::analysis::strips::{Along, Segment, Strip};
use crate::app::choice::libvirt_name;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus, GRID_ROWS};
use crate::app::text::width;
use crate::explain::stated_rule;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The width of the label.
const LABEL: u16 = 18;

/// Returns how many lines the strips need; that of removed features may be below the grid.
pub(super) fn height(state: &Explorer, below_grid: bool) -> u16 {
    let elsewhere = below_grid && state.strips.along(Along::Regimes).is_some();
    cells(state.strips.strips.len()) - u16::from(elsewhere)
}

/// Returns the visible strips with their indices and lines.
fn lines<'a>(ctx: ViewContext<'_>, state: &'a Explorer, areas: &Areas) -> Vec<(usize, &'a Strip, Rect)> {
    let below = table::below_grid(ctx, state, areas);
    let mut number = 0;
    let mut found = Vec::new();
    for (index, strip) in state.strips.strips.iter().enumerate() {
        let line = match below {
            Some(line) if strip.along == Along::Regimes => line,
            _ => {
                number += 1;
                line_of(areas.strips, number - 1)
            }
        };
        if !line.is_empty() {
            found.push((index, strip, line));
        }
    }
    found
}

fn text(ctx: ViewContext<'_>, segment: &Segment) -> String {
    let (_, sign) = ctx.theme.cell(segment.outcome.verdict);
    let rule = segment.rule().map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    let mark = if segment.is_current { ctx.theme.signs.current } else { " " };
    format!("{mark}{} {sign}{rule} ", segment.label)
}

/// The scenario's own destination, where it is no published release; empty otherwise.
fn own(ctx: ViewContext<'_>, strip: &Strip) -> String {
    if strip.along != Along::Releases || strip.has_current() {
        return String::new();
    }
    let answer = &ctx.model.derived.answer;
    let (_, sign) = ctx.theme.cell(answer.verdict);
    let rule = stated_rule(answer.verdict, answer.rule).map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    format!("{}{} {sign}{rule}   ", ctx.theme.signs.current, libvirt_name(ctx.catalog, &ctx.model.scenario.to))
}

/// A segment on the screen: its index, where it is, and the segment itself.
type Placed = (usize, Rect, Segment);

/// Returns the visible segments; more to either side are told by the two flags.
fn placed(ctx: ViewContext<'_>, strip: &Strip, line: Rect) -> (Vec<Placed>, [bool; 2]) {
    let segments = strip.segments(ctx.catalog);
    let widths: Vec<usize> = segments.iter().map(|segment| width(&text(ctx, segment)) + 1).collect();
    let room = usize::from(line.width.saturating_sub(LABEL + 1)).saturating_sub(width(&own(ctx, strip)));
    // The signs at the ends need room only if there is more than fits.
    let room = if widths.iter().sum::<usize>() <= room { room } else { room.saturating_sub(3) };
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
    let mut x = line.x + LABEL + 1 + cells(width(&own(ctx, strip)));
    let mut found = Vec::new();
    for (index, segment) in segments.into_iter().enumerate().take(last).skip(first) {
        let columns = cells(widths.get(index).copied().unwrap_or(1) - 1);
        found.push((index, Rect { x, width: columns, ..line }, segment));
        x += columns + 1;
    }
    (found, more)
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let signs = &ctx.theme.signs;
    for (number, strip, rect) in lines(ctx, state, areas) {
        let focused = state.focus == Focus::Strip(number);
        let role = if focused { Role::Title } else { Role::Label };
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &[piece(strip.along.title(), role)]);
        let (placed, [before, after]) = placed(ctx, strip, rect);
        if before {
            pieces(buf, ctx.theme, rect, (rect.x + LABEL - 1, rect.y), &[piece(signs.more, Role::Muted)]);
        }
        let own = [piece(own(ctx, strip), Role::Highlight)];
        let mut end = pieces(buf, ctx.theme, rect, (rect.x + LABEL + 1, rect.y), &own);
        for (_, place, segment) in &placed {
            let role = match (segment.is_current, focused) {
                (true, true) => Role::Focus,
                (true, false) => Role::Highlight,
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
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    let (number, strip, rect) = lines(ctx, state, areas).into_iter().find(|(.., rect)| rect.contains(position))?;
    let (placed, _) = placed(ctx, strip, rect);
    let found = placed.iter().find(|(_, rect, _)| rect.contains(position));
    found.map(|(segment, ..)| Target::Cell(GRID_ROWS + number, *segment))
}
