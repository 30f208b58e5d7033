//! Draws the verdicts of the same guest along other settings: each strip in one line, around the scenario's own value.

use super::super::ViewContext;
use super::super::draw::{cells, line_of, piece, pieces};
use super::areas::Areas;
use super::table;
use crate::analysis::strips::{Along, Segment, Strip};
use crate::app::choice::libvirt_name;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus, GRID_ROWS};
use crate::app::text::{cut, width};
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

/// A segment with its sign and rule; without a rule, with the name of a rare verdict if `named`.
fn text(ctx: ViewContext<'_>, segment: &Segment, named: bool) -> String {
    let (_, sign) = ctx.theme.cell(segment.outcome.verdict);
    let rule = segment.note(named).map(|note| format!(" {note}")).unwrap_or_default();
    let mark = if segment.is_current { ctx.theme.signs.current } else { " " };
    format!("{mark}{} {sign}{rule} ", segment.label)
}

/// The scenario's own destination, if it is not a published release; otherwise empty.
fn own(ctx: ViewContext<'_>, strip: &Strip) -> String {
    if strip.along != Along::Releases || strip.has_current() {
        return String::new();
    }
    let answer = &ctx.model.derived.answer;
    let (_, sign) = ctx.theme.cell(answer.verdict);
    let rule = stated_rule(answer.verdict, answer.rule).map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    let name = libvirt_name(ctx.catalog, &ctx.model.scenario.to);
    format!("{}{name} {sign}{rule} {} ", ctx.theme.signs.current, ctx.theme.signs.down)
}

/// A segment on the screen: its index, where it is, its text, and whether it has the scenario's own value.
type Placed = (usize, Rect, String, bool);

/// Returns the visible segments; the two flags show that there are more on a side.
fn placed(ctx: ViewContext<'_>, strip: &Strip, line: Rect) -> (Vec<Placed>, [bool; 2]) {
    let segments = strip.segments(ctx.catalog);
    let start = LABEL + 1 + cells(width(&own(ctx, strip)));
    let room = usize::from(line.width.saturating_sub(start));
    let texts = |named| segments.iter().map(|segment| text(ctx, segment, named)).collect::<Vec<_>>();
    let needs = |texts: &[String]| texts.iter().map(|text| width(text) + 1).sum::<usize>();
    let texts = Some(texts(true)).filter(|texts| needs(texts) <= room).unwrap_or_else(|| texts(false));
    // The signs at the ends need room only if there is more than fits.
    let room = if needs(&texts) <= room { room } else { room.saturating_sub(3) };
    let current = segments.iter().position(|segment| segment.is_current).unwrap_or(0);
    let (mut first, mut last) = (current, (current + 1).min(segments.len()));
    let used = |first: usize, last: usize| needs(texts.get(first..last).unwrap_or_default());
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
    let mut more = [first > 0, last < segments.len()];
    let mut x = line.x + start;
    let mut found = Vec::new();
    for (index, (segment, text)) in segments.iter().zip(texts).enumerate().take(last).skip(first) {
        let room = usize::from(line.right().saturating_sub(x));
        // A segment that is cut ends in the sign that there is more.
        let text = if width(text.trim_end()) > room { cut(&text, room, ctx.theme.signs.more) } else { text };
        more[1] &= width(&text) < room;
        let columns = cells(width(&text));
        found.push((index, Rect { x, width: columns, ..line }, text, segment.is_current));
        x += columns + 1;
    }
    (found, more)
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let signs = &ctx.theme.signs;
    for (number, strip, line) in lines(ctx, state, areas) {
        let focused = state.focus == Focus::Strip(number);
        let role = if focused { Role::Title } else { Role::Label };
        pieces(buf, ctx.theme, line, (line.x + 1, line.y), &[piece(strip.along.title(), role)]);
        let (placed, [before, after]) = placed(ctx, strip, line);
        if before {
            pieces(buf, ctx.theme, line, (line.x + LABEL - 1, line.y), &[piece(signs.more, Role::Muted)]);
        }
        let own = [piece(own(ctx, strip), Role::Highlight)];
        let mut end = pieces(buf, ctx.theme, line, (line.x + LABEL + 1, line.y), &own);
        for (_, rect, text, is_current) in placed {
            let role = match (is_current, focused) {
                (true, true) => Role::Focus,
                (true, false) => Role::Highlight,
                (false, _) => Role::Text,
            };
            end = pieces(buf, ctx.theme, line, (rect.x, rect.y), &[piece(text, role)]);
        }
        let (done, all) = strip.progress();
        if after || done < all {
            pieces(buf, ctx.theme, line, (end + 1, line.y), &[piece(signs.more, Role::Muted)]);
        }
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    let (number, strip, rect) = lines(ctx, state, areas).into_iter().find(|(.., rect)| rect.contains(position))?;
    let (placed, _) = placed(ctx, strip, rect);
    let found = placed.iter().find(|(_, rect, ..)| rect.contains(position));
    found.map(|(segment, ..)| Target::Cell(GRID_ROWS + number, *segment))
}
