//! Draws the feature table: the state of each feature in both maps, both QEMUs and the definitions.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::super::parts::{Parts, below, scrolled};
use crate::app::action::Action;
use crate::app::features::{EndpointState, FeatureChange, FeatureRow, Filter, MapStatus, counts, short_policy};
use crate::app::overlay::Overlay;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{cut, pad, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The widths of the columns.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    /// The step that decided, at the source and at the destination; 0 without room.
    origins: [usize; 2],
}

const MAP: usize = 8;
const QEMU: usize = 5;
const ORIGIN: usize = 13;
const POLICY: usize = 6;
const CHANGE: usize = 8;

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, area: Rect, parts: Parts, buf: &mut Buffer) {
    let active = matches!(state.focus, Focus::Feature(_)) || matches!(ctx.model.overlay, Some(Overlay::Prompt(_)));
    let rows = &ctx.model.derived.features;
    let (left, right) = titles(ctx, state, rows);
    let inner = parts.draw(ctx, area, active, (&left, &right), buf);
    let columns = columns(inner);
    text_at(buf, inner, (inner.x + 1, inner.y), &head(columns), ctx.theme.style(Role::Muted));
    let list = below(inner);
    let listed = listed(ctx, state);
    if listed.is_empty() {
        text_at(
            buf,
            list,
            (list.x + 1, list.y),
            &state.empty(rows, &ctx.model.settings.keymap),
            ctx.theme.style(Role::Muted),
        );
    }
    let first = first_visible(state, listed.len(), list);
    for ((number, row), line) in listed.iter().enumerate().skip(first).zip(0..list.height) {
        let rect = line_of(list, line);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &line_pieces(ctx, row, columns));
        if state.focus == Focus::Feature(number) {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
    }
    let used = cells(listed.len().max(1)).saturating_add(1);
    if state.named.is_empty() && used < list.height {
        hidden(ctx, state, Rect { y: list.y + used, height: list.height - used, ..list }, buf);
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(
    ctx: ViewContext<'_>,
    state: &Explorer,
    area: Rect,
    parts: Parts,
    position: Position,
) -> Option<Target> {
    let list = below(parts.inside(area));
    let count = listed(ctx, state).len();
    let row = first_visible(state, count, list) + usize::from(position.y.saturating_sub(list.y));
    (list.contains(position) && row < count).then_some(Target::Row(row))
}

fn listed<'a>(ctx: ViewContext<'a>, state: &Explorer) -> Vec<&'a FeatureRow> {
    state.listed(&ctx.model.derived.features, |row| ctx.catalog.feature_name(row.feature))
}

fn titles(ctx: ViewContext<'_>, state: &Explorer, rows: &[FeatureRow]) -> (Vec<Piece>, Vec<Piece>) {
    let left = vec![piece("Features", Role::Message)];
    if rows.is_empty() {
        return (left, Vec::new());
    }
    if !state.named.is_empty() {
        return (left, vec![piece(format!("matching {}", state.named), Role::Chosen)]);
    }
    let (passing, all) = counts(rows, state.filter);
    let count = if state.filter == Filter::All {
        format!("all {all}")
    } else {
        format!("{passing} of {all} {}", state.filter.name())
    };
    let key = ctx.model.settings.keymap.shown(Action::NextFilter);
    (
        left,
        vec![
            piece(count, Role::Text),
            piece(format!(" {} ", ctx.theme.signs.dot), Role::Muted),
            piece(key, Role::Key),
            piece(" next filter", Role::Muted),
        ],
    )
}

fn columns(inner: Rect) -> Columns {
    let room = usize::from(inner.width).saturating_sub(2);
    let fixed = MAP + QEMU + 2 * POLICY + 2 + MAP + QEMU + CHANGE;
    let spare = room.saturating_sub(fixed + 18);
    let origins = if spare >= 2 * ORIGIN {
        [ORIGIN, ORIGIN]
    } else if spare >= ORIGIN {
        [ORIGIN, 0]
    } else {
        [0, 0]
    };
    Columns { name: room.saturating_sub(fixed + origins[0] + origins[1]).clamp(8, 30), origins }
}

fn head(columns: Columns) -> String {
    let origin = |side: usize| pad(if columns.origins[side] > 0 { "set by" } else { "" }, columns.origins[side]);
    let endpoint = |map: &str, side: usize| format!("{}{}{}", pad(map, MAP), pad("QEMU", QEMU), origin(side));
    let name = pad("", columns.name);
    let policies = format!("{}{}", pad("live", POLICY), pad("sent", POLICY));
    format!("{name}{}{policies}  {}", endpoint("src map", 0), endpoint("dst map", 1)).trim_end().to_owned()
}

fn first_visible(state: &Explorer, count: usize, list: Rect) -> usize {
    match state.focus {
        Focus::Feature(index) => scrolled(index, count, list),
        Focus::Choice(_) | Focus::Fix(_) | Focus::Table(_) => 0,
    }
}

fn line_pieces(ctx: ViewContext<'_>, row: &FeatureRow, columns: Columns) -> Vec<Piece> {
    let name = ctx.catalog.feature_name(row.feature);
    let name_role = if row.in_table { Role::Chosen } else { Role::Text };
    let mut line = vec![piece(
        format!("{} ", pad(&cut(name, columns.name - 1, ctx.theme.signs.more), columns.name - 1)),
        name_role,
    )];
    endpoint(ctx, &mut line, Some(row.source), columns.origins[0]);
    line.push(piece(pad(policy(ctx, short_policy(row.live)), POLICY), Role::Text));
    line.push(piece(pad(policy(ctx, short_policy(row.sent)), POLICY), Role::Text));
    line.push(piece(format!("{} ", ctx.theme.signs.down), Role::Border));
    endpoint(ctx, &mut line, row.destination, columns.origins[1]);
    if let Some(change) = row.change {
        let role = match change {
            FeatureChange::Extra | FeatureChange::Missing => Role::Bad,
            FeatureChange::Lost | FeatureChange::Gained => Role::Warn,
        };
        line.push(piece(change.name(), role));
    }
    line
}

fn endpoint(ctx: ViewContext<'_>, line: &mut Vec<Piece>, state: Option<EndpointState>, origin: usize) {
    let Some(state) = state else {
        line.push(piece(pad(ctx.theme.signs.nothing, MAP + QEMU + origin), Role::Muted));
        return;
    };
    let role = match state.map {
        MapStatus::In => Role::Text,
        MapStatus::Removed | MapStatus::Gone | MapStatus::Added | MapStatus::Unknown => Role::Warn,
        MapStatus::Out => Role::Muted,
    };
    line.push(piece(pad(state.map.name(), MAP), role));
    let (text, role) = match state.on {
        Some(true) => ("on", Role::Text),
        Some(false) => ("off", Role::Muted),
        None => (ctx.theme.signs.nothing, Role::Muted),
    };
    line.push(piece(pad(text, QEMU), role));
    if origin > 0 {
        let from = state.origin.map_or("", |origin| origin.name());
        line.push(piece(pad(from, origin), Role::Muted));
    }
}

fn policy(ctx: ViewContext<'_>, mention: &'static str) -> &'static str {
    if mention.is_empty() { ctx.theme.signs.nothing } else { mention }
}

/// Names the features that the filter hides, if there is room. They are equal at source and destination.
fn hidden(ctx: ViewContext<'_>, state: &Explorer, area: Rect, buf: &mut Buffer) {
    let rows = &ctx.model.derived.features;
    let rest: Vec<&FeatureRow> = rows.iter().filter(|row| !row.passes(state.filter)).collect();
    if rest.is_empty() || area.height < 2 {
        return;
    }
    let on = |row: &&&FeatureRow| row.source.on == Some(true);
    let names: Vec<&str> = rest.iter().filter(on).map(|row| ctx.catalog.feature_name(row.feature)).collect();
    let head = match state.filter {
        Filter::Differing => format!("Enabled in both maps and both QEMUs: {}", names.len()),
        Filter::Mentioned => format!("Enabled and not mentioned: {}", names.len()),
        Filter::All => return,
    };
    let line = line_of(area, 0);
    pieces(buf, ctx.theme, line, (line.x + 1, line.y), &[piece(head, Role::Text)]);
    let wrapped = wrap(&names.join(" "), usize::from(area.width).saturating_sub(2));
    let room = usize::from(area.height) - 1;
    for ((number, text), y) in wrapped.iter().enumerate().zip(1..area.height) {
        let rect = line_of(area, y);
        let last = number + 1 == room && wrapped.len() > room;
        let text = if last {
            format!("{} {}", cut(text, usize::from(area.width).saturating_sub(4), ""), ctx.theme.signs.more)
        } else {
            text.clone()
        };
        let line =
            fitting(&[piece(text, Role::Muted)], usize::from(area.width).saturating_sub(1), ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &line);
    }
}
