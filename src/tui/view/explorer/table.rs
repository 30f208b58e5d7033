//! Draws the decision table, and marks the row that decided with a sign and a colour.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::super::parts::{Parts, below};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::table::{TableLine, legend, rule_outside_table};
use crate::app::text::{cut_at_word, pad, width, wrap};
use crate::explain::rule_page;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The area of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableArea {
    pub(super) area: Rect,
    pub(super) parts: Parts,
    /// Whether the rows are in two columns, to leave room for a long message.
    pub(super) two_columns: bool,
}

/// The number of rows, without the rule outside the table.
const ROWS: usize = 8;

pub(super) fn has_rule_outside(ctx: ViewContext<'_>) -> bool {
    rule_outside_table(ctx.model.derived.answer.rule).is_some()
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, table: TableArea, buf: &mut Buffer) {
    let active = matches!(state.focus, Focus::Table(_));
    let feature = ctx.catalog.feature_name(ctx.model.scenario.feature);
    let (left, right) = if table.parts.framed {
        (piece(format!("Decision table: {feature}"), Role::Message), Vec::new())
    } else {
        let of = format!("{feature} in $M = {}", ctx.model.scenario.cpu_name(ctx.catalog));
        (piece("Decision table", Role::Message), vec![piece(of, Role::Muted)])
    };
    let inner = table.parts.draw(ctx, table.area, active, (&[left], &right), buf);
    if table.parts.framed {
        text_at(buf, inner, (inner.x, inner.y), &head(), ctx.theme.style(Role::Muted));
        draw_legend(ctx, inner, buf);
    }
    let rects = rects(ctx, table);
    for (index, (row, rect)) in ctx.model.derived.table.iter().zip(&rects).enumerate() {
        line(ctx, state, (index, *rect), row.decided, &row_pieces(ctx, row), buf);
    }
    if let (Some(rule), Some(rect)) = (rule_outside_table(ctx.model.derived.answer.rule), rects.get(ROWS)) {
        let id = format!("{}{}: ", ctx.theme.signs.mark, rule.name());
        let room = usize::from(table.rows().width).saturating_sub(width(&id) + 1);
        let title = cut_at_word(rule_page(rule).title(), room, ctx.theme.signs.more);
        line(ctx, state, (ROWS, *rect), true, &[piece(id, Role::Message), piece(title, Role::Text)], buf);
    }
}

impl TableArea {
    /// Returns the area of the rows: in a frame it is below the heads of the columns.
    fn rows(self) -> Rect {
        let inner = self.parts.inside(self.area);
        if self.parts.framed { below(inner) } else { inner }
    }
}

/// Returns the areas of the eight rows, then that of the rule outside the table, if there is one.
pub(super) fn rects(ctx: ViewContext<'_>, table: TableArea) -> Vec<Rect> {
    let rows = table.rows();
    let down = if table.two_columns { ROWS / 2 } else { ROWS };
    let half = rows.width / 2;
    let mut rects: Vec<Rect> = (0..ROWS)
        .map(|number| {
            let rect = line_of(rows, cells(number % down));
            match (table.two_columns, number < down) {
                (false, _) => rect,
                (true, true) => Rect { width: half, ..rect },
                (true, false) => Rect { x: rect.x + half, width: rows.width - half, ..rect },
            }
        })
        .collect();
    if has_rule_outside(ctx) {
        rects.push(line_of(rows, cells(down)));
    }
    rects
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, table: TableArea, position: Position) -> Option<Target> {
    rects(ctx, table).iter().position(|rect| rect.contains(position)).map(Target::TableRow)
}

fn head() -> String {
    format!("    {} {} {} result", pad("CPU sent", 10), pad("src", 4), pad("dst", 4))
}

fn row_pieces(ctx: ViewContext<'_>, row: &TableLine) -> Vec<Piece> {
    let mark = if row.decided { ctx.theme.signs.mark } else { " " };
    let [source, destination] = row.maps;
    vec![
        piece(format!("{mark}{} ", row.rule.name()), Role::Message),
        piece(format!("{} ", pad(&row.sent, 10)), Role::Text),
        piece(format!("{source}  {destination}  "), Role::Text),
        piece(row.result.as_str(), Theme::table_result(row.verdict)),
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
    pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
    if decided {
        fill(buf, rect, ctx.theme.style(Theme::decided_row(ctx.model.derived.answer.verdict)));
    } else if state.focus == Focus::Table(index) {
        fill(buf, rect, ctx.theme.style(Role::Focus));
    }
}

/// Draws the legend beside the rows if the frame is wide, else below them, if there is room.
fn draw_legend(ctx: ViewContext<'_>, inner: Rect, buf: &mut Buffer) {
    let wide = inner.width >= 2 * ROW_COLUMNS;
    let rect = if wide {
        Rect {
            x: inner.x + ROW_COLUMNS + 2,
            y: inner.y + 1,
            width: inner.width - ROW_COLUMNS - 3,
            height: inner.height.saturating_sub(1),
        }
    } else {
        Rect {
            x: inner.x + 1,
            y: inner.y + LEGEND_LINE,
            width: inner.width.saturating_sub(2),
            height: inner.height.saturating_sub(LEGEND_LINE),
        }
    };
    let lines = wrap(&legend(ctx.catalog, &ctx.model.scenario), usize::from(rect.width));
    if usize::from(rect.height) < lines.len() {
        return;
    }
    for (line, number) in lines.iter().zip(0..rect.height) {
        let rect = line_of(rect, number);
        text_at(buf, rect, (rect.x, rect.y), line, ctx.theme.style(Role::Muted));
    }
}

/// The width of the rows.
const ROW_COLUMNS: u16 = 49;
/// The line of the legend below the rows: after the heads, eight rows, a rule outside the table, and an empty line.
const LEGEND_LINE: u16 = 11;
