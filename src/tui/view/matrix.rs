//! Draws the matrix: the axes, the legend, names, cells, and the details of the cell under the cursor.

mod cell_detail;

use super::ViewContext;
use super::draw::{Piece, cells, fitting, line_of, piece, pieces, text_at};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::matrix::{ABOVE, Axis, Heads, Matrix, Window};
use crate::app::text::{cut, cut_middle, pad, width};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The areas of the parts.
struct Areas {
    axes: Rect,
    legend: Rect,
    /// The names of the columns, and the line below them with the mark of the cursor.
    heads: Rect,
    /// The names of the rows.
    names: Rect,
    cells: Rect,
    below: Rect,
}

impl Areas {
    fn of(window: &Window, area: Rect) -> Self {
        let above = cells(ABOVE + window.heads.lines() + 1);
        let names = cells(window.names);
        let rows = cells(window.rows);
        let heads = Rect { y: area.y + cells(ABOVE), height: above.saturating_sub(cells(ABOVE)), ..area };
        let body = Rect { y: area.y + above, height: rows, ..area }.intersection(area);
        Self {
            axes: line_of(area, 0),
            legend: line_of(area, 1),
            heads: Rect { x: area.x + names, width: area.width.saturating_sub(names), ..heads }.intersection(area),
            names: Rect { width: names, ..body },
            cells: Rect { x: body.x + names, width: body.width.saturating_sub(names), ..body },
            below: Rect { y: area.y + above + rows, height: area.height.saturating_sub(above + rows), ..area },
        }
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Matrix, area: Rect, buf: &mut Buffer) {
    let window = Window::of(state, ctx.model.room());
    let areas = Areas::of(&window, area);
    let more = ctx.theme.signs.more;
    let [left, right] = axes(ctx, state);
    let half = areas.axes.width / 2;
    let room = usize::from(half).saturating_sub(1);
    pieces(buf, ctx.theme, areas.axes, (areas.axes.x, areas.axes.y), &fitting(&left, room, more));
    pieces(buf, ctx.theme, areas.axes, (areas.axes.x + half, areas.axes.y), &fitting(&right, room, more));
    let legend = fitting(&legend(ctx, state), usize::from(areas.legend.width), more);
    pieces(buf, ctx.theme, areas.legend, (areas.legend.x, areas.legend.y), &legend);
    column_names(ctx, state, &window, areas.heads, buf);
    row_names(ctx, state, &window, areas.names, buf);
    for row in 0..window.rows {
        for column in 0..window.columns {
            one_cell(ctx, state, &window, (row, column), areas.cells, buf);
        }
    }
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
    let row = || state.rows.first + usize::from(position.y - areas.cells.y);
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

/// Returns the signs with their numbers of cells, or that nothing matches the filter.
fn legend(ctx: ViewContext<'_>, state: &Matrix) -> Vec<Piece> {
    use crate::app::screens::ScreenState;
    if state.not_found {
        return vec![piece(format!(" no row or column matches {:?}", state.filtered()), Role::Warn)];
    }
    let (done, all) = state.grid.progress();
    let mut line = vec![piece(format!(" {all} cells "), Role::Muted)];
    for (verdict, count) in state.grid.counts() {
        let (role, sign) = ctx.theme.cell(verdict);
        line.push(piece(format!(" {sign}"), role));
        line.push(piece(format!(" {} {count} ", verdict.name()), Role::Text));
    }
    if done < all {
        line.push(piece(format!(" {} unresolved", all - done), Role::Muted));
    }
    line
}

fn column_names(ctx: ViewContext<'_>, state: &Matrix, window: &Window, area: Rect, buf: &mut Buffer) {
    let axis = &state.columns;
    let mark_line = area.y + cells(window.heads.lines());
    let across = ctx.theme.signs.across;
    let rule = across.repeat(window.columns * window.cell);
    text_at(buf, area, (area.x, mark_line), &rule, ctx.theme.style(Role::Border));
    for index in 0..window.columns {
        let run = axis.first + index;
        let x = area.x + cells(index * window.cell);
        let at_cursor = run == axis.index();
        let style = ctx.theme.style(if at_cursor { Role::Title } else { Role::Label });
        match window.heads {
            Heads::Across => {
                let (first, last) = axis.ends(run);
                let name = |text: &str| cut_middle(text, window.cell.saturating_sub(2), ctx.theme.signs.more);
                let begin = area.y + u16::from(last.is_none());
                text_at(buf, area, (x, begin), &name(first), style);
                if let Some(last) = last {
                    text_at(buf, area, (x, area.y + 1), &name(&format!("to {last}")), style);
                }
            }
            Heads::Down(lines) => {
                let name = cut_middle(axis.ends(run).0, lines, ctx.theme.signs.more);
                let begin = lines.saturating_sub(width(&name));
                for (line, letter) in name.chars().enumerate() {
                    text_at(buf, area, (x, area.y + cells(begin + line)), letter.encode_utf8(&mut [0; 4]), style);
                }
            }
        }
        if at_cursor {
            text_at(buf, area, (x, mark_line), ctx.theme.signs.below, style);
        }
    }
    let (before, after) = (axis.first > 0, axis.first + window.columns < axis.displayed().len());
    let style = ctx.theme.style(Role::Key);
    if before {
        text_at(buf, *buf.area(), (area.x.saturating_sub(1), mark_line), ctx.theme.signs.before, style);
    }
    if after {
        let end = area.x + cells(window.columns * window.cell);
        text_at(buf, area, (end.min(area.right().saturating_sub(1)), mark_line), ctx.theme.signs.after, style);
    }
}

fn row_names(ctx: ViewContext<'_>, state: &Matrix, window: &Window, area: Rect, buf: &mut Buffer) {
    let axis = &state.rows;
    for index in 0..window.rows {
        let run = axis.first + index;
        let at_cursor = run == axis.index();
        let y = area.y + cells(index);
        let room = window.names.saturating_sub(3);
        let name = cut_middle(&axis.label(run), room, ctx.theme.signs.more);
        let style = ctx.theme.style(if at_cursor { Role::Title } else { Role::Label });
        let mark = if at_cursor { ctx.theme.signs.mark } else { " " };
        text_at(buf, area, (area.x, y), &format!(" {mark}{}", pad(&name, room)), style);
        // An arrow after the names shows that there are more rows.
        let edge = (index == 0 && axis.first > 0, index + 1 == window.rows && run + 1 < axis.displayed().len());
        let arrow = match edge {
            (true, _) => ctx.theme.signs.arrows[2],
            (_, true) => ctx.theme.signs.arrows[3],
            _ => ctx.theme.signs.down,
        };
        let arrow = if width(arrow) == 1 { arrow } else { ctx.theme.signs.more };
        let role = if edge.0 || edge.1 { Role::Key } else { Role::Border };
        text_at(buf, area, (area.right().saturating_sub(1), y), arrow, ctx.theme.style(role));
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
    let (x, y) = (area.x + cells(column * window.cell), area.y + cells(row));
    let (row, column) = (state.rows.first + row, state.columns.first + column);
    let theme = ctx.theme;
    let Some(outcome) = state.cell(row, column) else {
        text_at(buf, area, (x, y), theme.signs.nothing, theme.style(Role::Muted));
        return;
    };
    let (role, sign) = theme.cell(outcome.verdict);
    let (below, right) = state.boundary(row, column);
    let at_cursor = (row, column) == (state.rows.index(), state.columns.index());
    let style = match (at_cursor, below) {
        (true, _) => theme.style(Role::Focus),
        (false, true) => theme.above_boundary(role),
        (false, false) => theme.style(role),
    };
    let text = match (window.heads, outcome.rule) {
        (Heads::Across, Some(rule)) => {
            pad(&cut(&format!("{sign} {}", rule.name()), window.cell - 2, theme.signs.more), window.cell - 2)
        }
        (Heads::Across, None) => pad(sign, window.cell - 2),
        (Heads::Down(_), _) => sign.to_owned(),
    };
    let end = text_at(buf, area, (x, y), &text, style);
    if is_mirror(state, row, column) {
        text_at(buf, area, (end, y), theme.signs.before, theme.style(Role::Key));
    } else if right {
        text_at(buf, area, (x + cells(window.cell - 1), y), theme.signs.down, theme.style(Role::ActiveBorder));
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
