//! Draws the decision table: as a grid with the deciding cell, as its eight rows, or as one line if another rule
//! decided.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::super::parts::below;
use super::areas::{Amount, Areas};
use crate::analysis::strips::{Along, Strip};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus, GRID_ROWS, OUTSIDE};
use crate::app::table::{COLUMN_HEADS, GridCell, TableLine, outside_label};
use crate::app::text::{pad, width};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The rule outside of the table that decided, in one line; `None` if a row of the table decided.
fn outside(ctx: ViewContext<'_>) -> Option<String> {
    outside_label(ctx.model.derived.answer.rule)
}

/// Returns whether the table is a pane with a title; else it is one line.
pub(super) fn is_pane(ctx: ViewContext<'_>, state: &Explorer, amount: Amount) -> bool {
    amount == Amount::All && (state.rows || outside(ctx).is_none())
}

/// Returns how many lines the table needs, without its frame.
pub(super) fn height(ctx: ViewContext<'_>, state: &Explorer, amount: Amount, framed: bool) -> u16 {
    let regimes = framed && state.strips.along(Along::Regimes).is_some();
    match amount {
        Amount::None => 0,
        Amount::All if state.rows => cells(OUTSIDE) + 1 + u16::from(outside(ctx).is_some()),
        Amount::All if outside(ctx).is_none() => cells(GRID_ROWS) + u16::from(framed) + u16::from(regimes),
        Amount::Brief if outside(ctx).is_none() => 0,
        Amount::All | Amount::Brief => 1,
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    if areas.table.is_empty() {
        return;
    }
    let active = matches!(state.focus, Focus::Cell(..) | Focus::Row(_));
    if !is_pane(ctx, state, areas.shape.table) {
        let Some(text) = outside(ctx) else { return };
        let rect = areas.table;
        let room = usize::from(rect.width - 2);
        // With little room, the rule alone.
        let rule = text.split_once(". ").filter(|_| width(&text) > room).map_or(text.as_str(), |(_, rule)| rule);
        let line = fitting(&[piece(rule, Role::Muted)], room, ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &line);
        if active {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
        return;
    }
    let key = ctx.model.settings.keymap.shown(Action::TableRows);
    let other = if state.rows { " grid" } else { " rows" };
    let right = [piece(legend(ctx, state), Role::Muted), piece(key, Role::Key), piece(other, Role::Muted)];
    let feature = ctx.catalog.feature_name(ctx.model.scenario.feature);
    let title = if areas.table.width >= 76 || areas.parts.framed { "Decision table" } else { "Table" };
    let left = [piece(format!("{title}: {feature}"), Role::Message)];
    let on_rule = !areas.parts.framed && !state.rows;
    let right = if on_rule { &[][..] } else { &right };
    let inner = areas.parts.draw(ctx, areas.table, active, (&left, right), buf);
    if state.rows {
        rows(ctx, state, inner, buf);
    } else {
        grid(ctx, state, (areas, inner), buf);
    }
}

/// The signs of the grid and of the strip below it that are not those of the banner.
fn legend(ctx: ViewContext<'_>, state: &Explorer) -> String {
    if state.rows {
        return String::new();
    }
    let rare = state.strips.along(Along::Regimes).into_iter().flat_map(Strip::rare_verdicts);
    let rare = rare.map(|verdict| format!("{} {}   ", ctx.theme.verdict(verdict).1, verdict.name()));
    let rare = rare.collect::<Vec<_>>().concat();
    let sent = if rare.is_empty() { " sent" } else { "" };
    format!("{rare}{} never{sent}   ", ctx.theme.signs.never)
}

/// The columns of the labels of the grid.
fn label_columns(area: Rect) -> u16 {
    if area.width >= 76 { 24 } else { 16 }
}

/// Returns the areas of the cells of the grid, by row and column.
fn grid_cells(areas: &Areas) -> Vec<((usize, usize), Rect)> {
    let inner = areas.parts.inside(areas.table);
    let lines = if areas.parts.framed { below(inner) } else { inner };
    let label = label_columns(inner);
    let columns = cells(COLUMN_HEADS.len());
    let each = inner.width.saturating_sub(label) / columns;
    let cell = |row: usize, column: usize| {
        let line = line_of(lines, cells(row));
        ((row, column), Rect { x: line.x + label + cells(column) * each, width: each, ..line })
    };
    (0..GRID_ROWS).flat_map(|row| (0..COLUMN_HEADS.len()).map(move |column| cell(row, column))).collect()
}

fn grid(ctx: ViewContext<'_>, state: &Explorer, (areas, inner): (&Areas, Rect), buf: &mut Buffer) {
    let table = &ctx.model.derived.grid;
    let cells_of_grid = grid_cells(areas);
    let heads = if areas.parts.framed { inner } else { Rect { height: 1, ..areas.table } };
    // Which definition the labels are about: what the user's definition leaves out may be in the one that is sent.
    if areas.parts.framed {
        text_at(buf, heads, (inner.x + 1, heads.y), "CPU sent", ctx.theme.style(Role::Muted));
    }
    for (head, (_, rect)) in COLUMN_HEADS.iter().zip(&cells_of_grid) {
        let arrow = ctx.theme.signs.arrow;
        let is_short = areas.parts.framed || rect.width < SPACED;
        let head = if is_short { head.replace(" -> ", arrow) } else { format!(" {} ", head.replace("->", arrow)) };
        let x = if areas.parts.framed { rect.x + 1 } else { rect.x };
        text_at(buf, heads, (x, heads.y), &head, ctx.theme.style(Role::Muted));
    }
    for ((row, column), rect) in cells_of_grid {
        if column == 0 {
            let own = table.own.is_some_and(|(own, _)| own == row);
            let role = if own { Role::Message } else { Role::Text };
            let label = table.labels.get(row).map(String::as_str).unwrap_or_default();
            let label_area = Rect { x: inner.x, width: inner.width, ..rect };
            pieces(buf, ctx.theme, label_area, (inner.x + 1, rect.y), &[piece(label, role)]);
        }
        let Some(cell) = table.cell(row, column) else { continue };
        draw_cell(ctx, cell, (rect, state.focus == Focus::Cell(row, column)), buf);
    }
}

/// The least width of a column whose head has blanks around the arrow.
const SPACED: u16 = 12;
/// The least width of a cell with a word for what never occurs.
const NEVER: u16 = 12;

fn draw_cell(ctx: ViewContext<'_>, cell: GridCell, (rect, focused): (Rect, bool), buf: &mut Buffer) {
    let (_, sign) = ctx.theme.verdict(cell.verdict);
    let rule = cell.rule.name();
    let role = match (cell.decided, cell.possible, focused) {
        (true, ..) => Theme::banner(cell.verdict),
        (false, _, true) => Role::Focus,
        (false, true, false) => Role::Open,
        (false, false, false) => Role::Text,
    };
    let mut end = pieces(buf, ctx.theme, rect, (rect.x, rect.y), &[piece(format!(" {sign} {rule} "), role)]);
    if sign == ctx.theme.signs.never && rect.width >= NEVER {
        end = pieces(buf, ctx.theme, rect, (end, rect.y), &[piece("never", Role::Muted)]);
    }
    if focused {
        // The deciding cell keeps its colour: the cursor is next to it.
        text_at(buf, rect, (end, rect.y), ctx.theme.signs.before, ctx.theme.style(Role::Key));
    }
}

fn rows(ctx: ViewContext<'_>, state: &Explorer, inner: Rect, buf: &mut Buffer) {
    let head = format!("    {} {} {} result", pad("CPU sent", 10), pad("src", 4), pad("dst", 4));
    text_at(buf, inner, (inner.x, inner.y), &head, ctx.theme.style(Role::Muted));
    let list = below(inner);
    for (index, row) in ctx.model.derived.table.iter().enumerate() {
        line(ctx, state, (index, line_of(list, cells(index))), row.decided, &row_pieces(ctx, row), buf);
    }
    if let Some(text) = outside(ctx) {
        line(ctx, state, (OUTSIDE, line_of(list, cells(OUTSIDE))), true, &[piece(text, Role::Text)], buf);
    }
}

fn row_pieces(ctx: ViewContext<'_>, row: &TableLine) -> Vec<Piece> {
    let mark = if row.decided { ctx.theme.signs.mark } else { " " };
    let [source, destination] = row.maps;
    vec![
        piece(format!("{mark}{} ", row.rule.name()), Role::Message),
        piece(format!("{} ", pad(&row.sent, 10)), Role::Text),
        piece(format!("{source}  {destination}  "), Role::Text),
        piece(row.result.as_str(), Role::Text),
    ]
}

fn line(
    ctx: ViewContext<'_>,
    state: &Explorer,
    (index, rect): (usize, Rect),
    decided: bool,
    row: &[Piece],
    buf: &mut Buffer,
) {
    let row = fitting(row, usize::from(rect.width), ctx.theme.signs.more);
    let end = pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
    let focused = state.focus == Focus::Row(index);
    if decided {
        fill(buf, rect, ctx.theme.style(Theme::banner(ctx.model.derived.answer.verdict)));
    } else if focused {
        fill(buf, rect, ctx.theme.style(Role::Focus));
    }
    if focused {
        text_at(buf, rect, (end + 1, rect.y), ctx.theme.signs.before, ctx.theme.style(Role::Key));
    }
}

/// Returns the line below the grid, for what the destination can do with removed features.
pub(super) fn below_grid(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas) -> Option<Rect> {
    let is_grid = is_pane(ctx, state, areas.shape.table) && !state.rows;
    let inner = areas.parts.inside(areas.table);
    (is_grid && areas.parts.framed && !areas.table.is_empty()).then(|| line_of(inner, cells(GRID_ROWS) + 1))
}

/// Returns where a row of the decision table is; index 8 is a rule outside of it.
pub(super) fn row(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, index: usize) -> Option<Rect> {
    let pane = is_pane(ctx, state, areas.shape.table);
    match index {
        OUTSIDE if !pane => Some(areas.table),
        _ if state.rows && pane => Some(line_of(below(areas.parts.inside(areas.table)), cells(index))),
        _ if pane => {
            let cell = ctx.model.derived.grid.place_of(index)?;
            let found = grid_cells(areas).into_iter().find(|(known, _)| *known == cell);
            found.map(|(_, rect)| Rect { width: rect.width.min(8), ..rect })
        }
        _ => None,
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    if !areas.table.contains(position) {
        return None;
    }
    if !is_pane(ctx, state, areas.shape.table) {
        return Some(Target::TableRow(OUTSIDE));
    }
    if state.rows {
        let count = OUTSIDE + usize::from(outside(ctx).is_some());
        return (0..count)
            .find(|index| row(ctx, state, areas, *index).is_some_and(|r| r.contains(position)))
            .map(Target::TableRow);
    }
    let found = grid_cells(areas).into_iter().find(|(_, rect)| rect.contains(position));
    found.map(|((row, column), _)| Target::Cell(row, column))
}
