//! Draws the matrix: the axes, the legend, names, cells, and the details of the cell under the cursor.

mod cell_detail;

use super::ViewContext;
use super::draw::{Piece, cells, fitting, line_of, piece, pieces, text_at};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::matrix::{ABOVE, Axis, Heads, Matrix, Window};
use crate::app::text::{cut_middle, pad, width};
use crate::explain::stated_rule;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The areas of the parts.
struct Areas {
    headline: Rect,
    axes: Rect,
    legend: Rect,
    /// The names of the columns.
    heads: Rect,
    /// The names of the rows.
    names: Rect,
    cells: Rect,
    below: Rect,
}

impl Areas {
    fn of(window: &Window, area: Rect) -> Self {
        let above = cells(ABOVE + window.heads.lines());
        let names = cells(window.names);
        let lines = cells(window.lines());
        let heads = Rect { y: area.y + cells(ABOVE), height: cells(window.heads.lines()), ..area };
        let body = Rect { y: area.y + above, height: lines, ..area }.intersection(area);
        Self {
            headline: line_of(area, 0),
            axes: line_of(area, 1),
            legend: line_of(area, 2),
            heads: Rect { x: area.x + names, width: area.width.saturating_sub(names), ..heads }.intersection(area),
            names: Rect { width: names, ..body },
            cells: Rect { x: body.x + names, width: body.width.saturating_sub(names), ..body },
            below: Rect { y: area.y + above + lines, height: area.height.saturating_sub(above + lines), ..area },
        }
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Matrix, area: Rect, buf: &mut Buffer) {
    let window = Window::of(state, ctx.model.room());
    let areas = Areas::of(&window, area);
    let more = ctx.theme.signs.more;
    let headline = [piece(format!(" {}", state.headline(ctx.catalog)), Role::Message)];
    let headline = fitting(&headline, usize::from(areas.headline.width), more);
    pieces(buf, ctx.theme, areas.headline, (areas.headline.x, areas.headline.y), &headline);
    let [left, right] = axes(ctx, state);
    let half = areas.axes.width / 2;
    let room = usize::from(half).saturating_sub(1);
    pieces(buf, ctx.theme, areas.axes, (areas.axes.x, areas.axes.y), &fitting(&left, room, more));
    pieces(buf, ctx.theme, areas.axes, (areas.axes.x + half, areas.axes.y), &fitting(&right, room, more));
    legend(ctx, state, areas.legend, buf);
    column_names(ctx, state, &window, areas.heads, buf);
    row_names(ctx, state, &window, areas.names, buf);
    for row in 0..window.rows {
        for column in 0..window.columns {
            one_cell(ctx, state, &window, (row, column), areas.cells, buf);
        }
    }
    cursor(ctx, state, &window, areas.cells, buf);
    cell_detail::render(ctx, state, areas.below, buf);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Matrix, area: Rect, position: Position) -> Option<Target> {
    let window = Window::of(state, ctx.model.room());
    let areas = Areas::of(&window, area);
    if areas.axes.contains(position) {
        let left = position.x < areas.axes.x + areas.axes.width / 2;
        return Some(Target::Action(if left { Action::MatrixRows } else { Action::MatrixColumns }));
    }
    let row = || {
        let line = usize::from(position.y - areas.cells.y).saturating_sub(usize::from(window.pitch > 1));
        state.rows.first + (line / window.pitch).min(window.rows - 1)
    };
    let column = || {
        let index = usize::from(position.x - areas.cells.x) / window.cell;
        (index < window.columns).then_some(state.columns.first + index)
    };
    if areas.names.contains(position) {
        return Some(Target::Row(row()));
    }
    if areas.cells.contains(position) {
        return Some(Target::Cell(row(), column()?));
    }
    let under_heads = areas.heads.contains(position);
    under_heads.then(column).flatten().map(|column| Target::Cell(state.rows.index(), column))
}

fn axes(ctx: ViewContext<'_>, state: &Matrix) -> [Vec<Piece>; 2] {
    let one = |action: Action, label: &str, axis: &Axis| {
        let (runs, lines) = (axis.displayed().len(), axis.lines());
        let folded = if runs < lines { format!(", folded to {runs}") } else { String::new() };
        vec![
            piece(format!(" {}", ctx.model.settings.keymap.shown(action)), Role::Key),
            piece(format!(" {label} "), Role::Label),
            piece(axis.vary.title(), Role::Chosen),
            piece(format!(" ({lines}{folded})"), Role::Muted),
        ]
    };
    let label = |axis: &Axis, side: &'static str| if axis.vary.is_of_the_guest() { "guest:" } else { side };
    [
        one(Action::MatrixRows, label(&state.rows, "from:"), &state.rows),
        one(Action::MatrixColumns, label(&state.columns, "to:"), &state.columns),
    ]
}

/// Draws the filled signs with their numbers of cells, or that nothing matches the filter.
fn legend(ctx: ViewContext<'_>, state: &Matrix, area: Rect, buf: &mut Buffer) {
    use crate::app::screens::ScreenState;
    let theme = ctx.theme;
    if state.not_found {
        let text = format!(" no row or column matches {:?}", state.filtered());
        text_at(buf, area, (area.x, area.y), &text, theme.style(Role::Warn));
        return;
    }
    let (done, all) = state.grid.progress();
    let mut x = area.x + 1;
    for (verdict, count) in state.grid.counts() {
        let (role, sign) = theme.cell(verdict);
        x = text_at(buf, area, (x, area.y), &format!(" {sign} "), theme.filled(role));
        x = text_at(buf, area, (x, area.y), &format!(" {} {count}   ", verdict.name()), theme.style(Role::Text));
    }
    let rest = if done < all { format!("{} unresolved", all - done) } else { format!("of {all} cells") };
    let rest = fitting(&[piece(rest, Role::Muted)], usize::from(area.right().saturating_sub(x)), theme.signs.more);
    pieces(buf, theme, area, (x, area.y), &rest);
}

fn column_names(ctx: ViewContext<'_>, state: &Matrix, window: &Window, area: Rect, buf: &mut Buffer) {
    let axis = &state.columns;
    let room = window.cell.saturating_sub(1);
    let mut free = area.x;
    for index in 0..window.columns {
        let run = axis.first + index;
        let x = area.x + cells(index * window.cell);
        let at_cursor = run == axis.index();
        let style = ctx.theme.style(if at_cursor { Role::Title } else { Role::Label });
        match window.heads {
            Heads::Names(lines) => {
                let head = axis.head(run, room);
                // A short heading stands just above its column.
                let begin = area.y + cells(lines.saturating_sub(head.len()));
                for (line, y) in head.iter().zip(begin..area.bottom()) {
                    let line = cut_middle(line, room, ctx.theme.signs.more);
                    text_at(buf, area, (x, y), &line, style);
                }
            }
            Heads::Ruler => {
                let name = axis.ends(run).0;
                if x >= free && x + cells(width(name)) <= area.right() {
                    free = text_at(buf, area, (x, area.y), name, ctx.theme.style(Role::Label)) + 2;
                }
                if at_cursor {
                    // The name is after its sign, or before it where there is more room.
                    let (sign, label) = (ctx.theme.signs.below, axis.label(run));
                    let (before, after) = (usize::from(x - area.x), usize::from(area.right().saturating_sub(x + 1)));
                    let name = |room: usize| cut_middle(&label, room.saturating_sub(2), ctx.theme.signs.more);
                    let (start, text) = if width(&label) + 2 <= after || after >= before {
                        (x, format!("{sign} {}", name(after)))
                    } else {
                        let name = name(before + 1);
                        (x - cells(width(&name) + 1), format!("{name} {sign}"))
                    };
                    text_at(buf, area, (start, area.y + 1), &text, style);
                }
            }
        }
    }
    let (before, after) = (axis.first > 0, axis.first + window.columns < axis.displayed().len());
    let (style, y) = (ctx.theme.style(Role::Key), area.bottom().saturating_sub(1));
    if before {
        text_at(buf, *buf.area(), (area.x.saturating_sub(1), y), ctx.theme.signs.before, style);
    }
    if after {
        let end = area.x + cells(window.columns * window.cell);
        text_at(buf, area, (end.min(area.right().saturating_sub(1)), y), ctx.theme.signs.after, style);
    }
}

fn row_names(ctx: ViewContext<'_>, state: &Matrix, window: &Window, area: Rect, buf: &mut Buffer) {
    let axis = &state.rows;
    for index in 0..window.rows {
        let run = axis.first + index;
        let at_cursor = run == axis.index();
        let y = area.y + cells(window.row(index).0);
        let room = window.names.saturating_sub(3);
        let name = cut_middle(&axis.label(run), room, ctx.theme.signs.more);
        let style = ctx.theme.style(if at_cursor { Role::Title } else { Role::Label });
        let mark = if at_cursor { ctx.theme.signs.after } else { " " };
        text_at(buf, area, (area.x, y), &format!(" {mark}{}", pad(&name, room)), style);
        // An arrow after the names shows that there are more rows.
        let edge = (index == 0 && axis.first > 0, index + 1 == window.rows && run + 1 < axis.displayed().len());
        let arrow = match edge {
            (true, _) => ctx.theme.signs.arrows[2],
            (_, true) => ctx.theme.signs.arrows[3],
            _ => continue,
        };
        let arrow = if width(arrow) == 1 { arrow } else { ctx.theme.signs.more };
        // The last column of the names is for the frame of the cursor.
        text_at(buf, area, (area.right().saturating_sub(2), y), arrow, ctx.theme.style(Role::Key));
    }
}

fn one_cell(
    ctx: ViewContext<'_>,
    state: &Matrix,
    window: &Window,
    (row, column): (usize, usize),
    area: Rect,
    buf: &mut Buffer,
) {
    let (top, lines) = window.row(row);
    let (x, y) = (area.x + cells(column * window.cell), area.y + cells(top));
    let (row, column) = (state.rows.first + row, state.columns.first + column);
    let theme = ctx.theme;
    let Some(outcome) = state.cell(row, column) else {
        text_at(buf, area, (x, y), theme.signs.nothing, theme.style(Role::Muted));
        return;
    };
    let (role, sign) = theme.cell(outcome.verdict);
    let room = window.cell - 1;
    let rule =
        stated_rule(outcome.verdict, outcome.rule).map(|rule| rule_lines(rule.name(), lines, room.saturating_sub(3)));
    let text = match (window.heads, rule) {
        (Heads::Names(_), Some(rule)) => rule,
        (Heads::Names(_) | Heads::Ruler, _) => Vec::new(),
    };
    let before = if window.heads == Heads::Ruler { "" } else { " " };
    let style = theme.filled(role);
    for line in 0..lines {
        let sign = if line == 0 { sign } else { " " };
        let text = text.get(line).copied().unwrap_or_default();
        text_at(buf, area, (x, y + cells(line)), &pad(format!("{before}{sign} {text}").trim_end(), room), style);
    }
    if is_mirror(state, row, column) {
        text_at(buf, area, (x + cells(room), y), theme.signs.before, theme.style(Role::Key));
    }
}

/// Divides the name of a rule at one of its dashes, so that each line fits. A name that does not fit is left to the
/// details below the cells.
fn rule_lines(name: &str, lines: usize, room: usize) -> Vec<&str> {
    if width(name) <= room {
        return vec![name];
    }
    let parts = name.rmatch_indices('-').map(|(dash, _)| name.split_at(dash + 1));
    let fits = |(first, second): &(&str, &str)| lines > 1 && width(first) <= room && width(second) <= room;
    parts.into_iter().find(fits).map_or_else(Vec::new, |(first, second)| vec![first, second])
}

/// Draws a frame around the cell under the cursor, in the columns and lines between cells, so that the cell keeps its
/// colour.
fn cursor(ctx: ViewContext<'_>, state: &Matrix, window: &Window, area: Rect, buf: &mut Buffer) {
    let (row, column) = (state.rows.index(), state.columns.index());
    let (Some(row), Some(column)) = (row.checked_sub(state.rows.first), column.checked_sub(state.columns.first)) else {
        return;
    };
    if row >= window.rows || column >= window.columns {
        return;
    }
    let (top, lines) = window.row(row);
    let (x, y) = (area.x + cells(column * window.cell), area.y + cells(top));
    let (left, right) = (x.saturating_sub(1), x + cells(window.cell - 1));
    let (theme, style) = (ctx.theme, ctx.theme.style(Role::Key));
    let whole = *buf.area();
    if window.pitch == 1 {
        text_at(buf, whole, (left, y), theme.signs.highlight.0, style);
        text_at(buf, whole, (right, y), theme.signs.highlight.1, style);
        return;
    }
    let frame = &theme.signs.frame;
    let across = frame.horizontal_top.repeat(window.cell - 1);
    let below = y + cells(lines);
    text_at(buf, whole, (left, y - 1), &format!("{}{across}{}", frame.top_left, frame.top_right), style);
    text_at(buf, whole, (left, below), &format!("{}{across}{}", frame.bottom_left, frame.bottom_right), style);
    for y in y..below {
        text_at(buf, whole, (left, y), frame.vertical_left, style);
        text_at(buf, whole, (right, y), frame.vertical_right, style);
    }
}

/// Returns whether a cell is that of the cursor with source and destination swapped.
fn is_mirror(state: &Matrix, row: usize, column: usize) -> bool {
    let Some((down, across)) = state.detail.as_ref().and_then(|detail| detail.mirror) else { return false };
    let on = |axis: &Axis, index: usize, line: usize| {
        axis.displayed().get(index).is_some_and(|run| (run.first..=run.last).contains(&line))
    };
    on(&state.rows, row, down) && on(&state.columns, column, across)
}
