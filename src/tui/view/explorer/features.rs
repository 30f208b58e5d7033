//! Draws the features: one cell for each, or a list with the state of each in both maps, both QEMUs and the
//! definitions.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at, width_of};
use super::super::parts::{below, scrolled, texts};
use super::areas::Areas;
use crate::app::action::Action;
use crate::app::features::{
    CellKind, EndpointState, FeatureChange, FeatureRow, Filter, MapStatus, counts, short_policy,
};
use crate::app::overlay::Overlay;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{cut, pad};
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

/// The lines that the cells of the features need.
pub(super) const LINES: u16 = 1;
/// The fewest lines for a list below the cells.
const LIST: u16 = 3;

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let (area, parts) = (areas.features, areas.parts);
    if area.is_empty() {
        return;
    }
    let active = matches!(state.focus, Focus::Feature(_)) || matches!(ctx.model.overlay, Some(Overlay::Prompt(_)));
    let rows = &ctx.model.derived.features;
    if is_list(state, areas) {
        let (left, right) = titles(ctx, state, rows);
        let inner = parts.draw(ctx, area, active, (&left, &right), buf);
        return list(ctx, state, inner, buf);
    }
    let title = vec![piece(format!("{} features{}", rows.len(), one_case(ctx)), Role::Message)];
    let room = usize::from(area.width).saturating_sub(width_of(&title) + 8);
    let right = if let Focus::Feature(index) = state.focus {
        rows.get(index).map(|row| under_cursor(ctx, row)).unwrap_or_default()
    } else {
        legend(ctx, room)
    };
    let right = fitting(&right, room, ctx.theme.signs.more);
    let inner = parts.draw(ctx, area, active, (&title, &right), buf);
    let used = cells_of(ctx, state, inner, buf);
    let below = Rect { y: inner.y + used + 1, height: inner.height.saturating_sub(used + 1), ..inner };
    if below.height >= LIST {
        list(ctx, state, below, buf);
    }
}

/// The title for an answer that covers several cases: the features are those of one of them.
fn one_case(ctx: ViewContext<'_>) -> String {
    let answer = &ctx.model.derived.answer;
    match answer.case_count() {
        0 | 1 if answer.depends_on.is_empty() => String::new(),
        _ => " in one possible case".to_owned(),
    }
}

/// Whether the list takes the whole pane.
fn is_list(state: &Explorer, areas: &Areas) -> bool {
    state.list || areas.lanes.is_empty() && areas.fixes.is_empty()
}

/// The sign of a feature in its cell.
fn sign(ctx: ViewContext<'_>, kind: CellKind) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    match kind {
        CellKind::Change(FeatureChange::Extra | FeatureChange::Missing) => (signs.bad, Role::Message),
        CellKind::Change(FeatureChange::Lost | FeatureChange::Gained) => (signs.warn, Role::Warn),
        CellKind::Written => (signs.written, Role::Message),
        CellKind::Differing => (signs.differs, Role::Text),
        CellKind::On => (signs.on, Role::Text),
        CellKind::Off => (signs.off, Role::Text),
        CellKind::NoCpu => (signs.nothing, Role::Text),
    }
}

/// Draws a cell for each feature. Returns how many lines they took.
fn cells_of(ctx: ViewContext<'_>, state: &Explorer, inner: Rect, buf: &mut Buffer) -> u16 {
    let columns = usize::from(inner.width.saturating_sub(2)).max(1);
    let rows = &ctx.model.derived.features;
    let most = if usize::from(inner.height) > rows.len().div_ceil(columns) {
        rows.len()
    } else {
        columns * usize::from(inner.height)
    };
    for (index, row) in rows.iter().enumerate().take(most) {
        let (mark, role) = sign(ctx, row.cell());
        let role = if state.focus == Focus::Feature(index) { Role::Focus } else { role };
        let position = (inner.x + 1 + cells(index % columns), inner.y + cells(index / columns));
        let last = index + 1 == most && most < rows.len();
        pieces(buf, ctx.theme, inner, position, &[piece(if last { ctx.theme.signs.more } else { mark }, role)]);
    }
    cells(most.min(rows.len()).div_ceil(columns))
}

/// Whether QEMU built a CPU at the destination; without one, only the source is known.
fn has_arrived(rows: &[FeatureRow]) -> bool {
    rows.iter().any(|row| row.destination.is_some_and(|state| state.on.is_some()))
}

/// The kinds of cells that there are, each with its number; few features are named.
fn legend(ctx: ViewContext<'_>, room: usize) -> Vec<Piece> {
    let rows = &ctx.model.derived.features;
    let arrived = has_arrived(rows);
    let changes = FeatureChange::ALL.iter().map(|change| (CellKind::Change(*change), change.name().to_lowercase()));
    let others = [
        (CellKind::Written, "in a definition"),
        (CellKind::Differing, "differ"),
        (CellKind::On, if arrived { "on everywhere" } else { "on at source" }),
        (CellKind::Off, if arrived { "off everywhere" } else { "off at source" }),
        (CellKind::NoCpu, "in the model, no CPU was built"),
    ];
    let kinds = changes.chain(others.map(|(kind, text)| (kind, text.to_owned())));
    let mut line: Vec<Piece> = Vec::new();
    for (kind, text) in kinds {
        let names: Vec<&str> =
            rows.iter().filter(|row| row.cell() == kind).map(|row| ctx.catalog.feature_name(row.feature)).collect();
        if names.is_empty() {
            continue;
        }
        let (mark, role) = sign(ctx, kind);
        let named = names.len() <= 2 && !matches!(kind, CellKind::On | CellKind::Off | CellKind::NoCpu);
        let names = if named { format!(": {}", names.join(", ")) } else { String::new() };
        let count = rows.iter().filter(|row| row.cell() == kind).count();
        line.push(piece(format!("{mark} "), role));
        line.push(piece(format!("{count} {text}{names}   "), Role::Text));
    }
    let key = ctx.model.settings.keymap.shown(Action::NextFilter);
    let is_cut = width_of(&line) + key.len() + " list".len() > room;
    let keys = [piece(if is_cut { " " } else { "" }, Role::Text), piece(key, Role::Key), piece(" list", Role::Muted)];
    let mut line = fitting(&line, room.saturating_sub(width_of(&keys)), ctx.theme.signs.more);
    line.extend(keys);
    line
}

/// The feature under the cursor, with its state on both sides.
fn under_cursor(ctx: ViewContext<'_>, row: &FeatureRow) -> Vec<Piece> {
    let mut line = vec![piece(format!("{}   ", ctx.catalog.feature_name(row.feature)), Role::Title)];
    let state = |state: &EndpointState| {
        let on = state.on.map_or("", |on| if on { ", QEMU on" } else { ", QEMU off" });
        format!("map {}{on}", state.map.name())
    };
    line.push(piece(format!("source: {}", state(&row.source)), Role::Text));
    if let Some(destination) = &row.destination {
        line.push(piece(format!("   destination: {}", state(destination)), Role::Text));
    }
    if let Some(change) = row.change {
        let (_, role) = sign(ctx, row.cell());
        line.push(piece(format!("   {}", change.name()), role));
    }
    line
}

fn list(ctx: ViewContext<'_>, state: &Explorer, inner: Rect, buf: &mut Buffer) {
    let rows = &ctx.model.derived.features;
    let columns = columns(inner);
    text_at(buf, inner, (inner.x + 1, inner.y), &head(columns), ctx.theme.style(Role::Muted));
    let list = below(inner);
    let listed = listed(ctx, state);
    if listed.is_empty() {
        let text = state.empty(rows, &ctx.model.settings.keymap);
        text_at(buf, list, (list.x + 1, list.y), &text, ctx.theme.style(Role::Muted));
    }
    let first = first_visible(state, listed.len(), list);
    for ((number, row), line) in listed.iter().enumerate().skip(first).zip(0..list.height) {
        let rect = line_of(list, line);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &line_pieces(ctx, row, columns));
        if state.list && state.focus == Focus::Feature(number) {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
    }
    let used = cells(listed.len().max(1)).saturating_add(1);
    if state.named.is_empty() && used < list.height {
        hidden(ctx, state, Rect { y: list.y + used, height: list.height - used, ..list }, buf);
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    let inner = areas.parts.inside(areas.features);
    if !inner.contains(position) {
        return None;
    }
    if is_list(state, areas) {
        let list = below(inner);
        let count = listed(ctx, state).len();
        let row = first_visible(state, count, list) + usize::from(position.y.saturating_sub(list.y));
        return (list.contains(position) && row < count).then_some(Target::Row(row));
    }
    let columns = usize::from(inner.width.saturating_sub(2)).max(1);
    let column = usize::from(position.x).checked_sub(usize::from(inner.x) + 1).filter(|column| *column < columns)?;
    let index = usize::from(position.y - inner.y) * columns + column;
    (index < ctx.model.derived.features.len()).then_some(Target::Row(index))
}

fn listed<'a>(ctx: ViewContext<'a>, state: &Explorer) -> Vec<&'a FeatureRow> {
    state.listed(&ctx.model.derived.features, |row| ctx.catalog.feature_name(row.feature))
}

fn titles(ctx: ViewContext<'_>, state: &Explorer, rows: &[FeatureRow]) -> (Vec<Piece>, Vec<Piece>) {
    let left = vec![piece(format!("Features{}", one_case(ctx)), Role::Message)];
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
    if let (Focus::Feature(index), true) = (state.focus, state.list) { scrolled(index, count, list) } else { 0 }
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
        let (_, role) = sign(ctx, row.cell());
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
    let is_hidden = |row: &&FeatureRow| !row.passes(state.filter) && row.source.on == Some(true);
    let names: Vec<&str> = rows.iter().filter(is_hidden).map(|row| ctx.catalog.feature_name(row.feature)).collect();
    if names.is_empty() || area.height < 2 {
        return;
    }
    let head = match state.filter {
        Filter::Differing if !has_arrived(rows) => format!("Enabled in map and QEMU of the source: {}", names.len()),
        Filter::Differing => format!("Enabled in both maps and both QEMUs: {}", names.len()),
        Filter::Mentioned => format!("Enabled and not mentioned: {}", names.len()),
        Filter::All => return,
    };
    let line = line_of(area, 0);
    pieces(buf, ctx.theme, line, (line.x + 1, line.y), &[piece(head, Role::Text)]);
    texts(ctx, below(area), [(names.join(" ").as_str(), Role::Muted)], buf);
}
