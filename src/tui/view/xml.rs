//! Draws XML and command lines in columns; a sign and a colour mark what changed since the previous document.

use super::ViewContext;
use super::draw::{Piece, cells, fitting, frame, line_of, piece, pieces, text_at, width_of};
use super::page::{self, with_rule};
use super::parts::more_lines;
use crate::app::screens::Target;
use crate::app::screens::xml::{Column, Line, Xml};
use crate::explain::rule_page;
use crate::export::{Document, Since};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What the screen shows.
const HEADLINE: &str = " The CPU definition at each stage; + is new and - is gone since the previous stage";

pub(super) fn render(ctx: ViewContext<'_>, state: &Xml, area: Rect, buf: &mut Buffer) {
    draw_line(ctx, &[piece(HEADLINE, Role::Message)], area, buf);
    if let Some(remark) = &state.remark {
        draw_line(ctx, &[piece(format!(" {remark}"), Role::Open)], line_of(area, 1), buf);
    }
    for (column, rect) in rects(state, area) {
        one_column(ctx, state, column, rect, buf);
    }
    if let Some(area) = below_heads(state, area).1 {
        page::rule(ctx, ctx.model.derived.answer.rule.map(rule_page), area, buf);
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(state: &Xml, area: Rect, position: Position) -> Option<Target> {
    let (column, rect) = rects(state, area).into_iter().find(|(_, rect)| rect.contains(position))?;
    let line = usize::from(position.y.checked_sub(rect.y + 1)?);
    column.lines.get(column.scroll + line).map(|(document, _)| Target::Row(*document))
}

/// Returns the area of the columns, and one for the page of the rule if the columns leave room for it.
fn below_heads(state: &Xml, area: Rect) -> (Rect, Option<Rect>) {
    let above = 1 + u16::from(state.remark.is_some());
    let rest = Rect { y: area.y + above, height: area.height.saturating_sub(above), ..area };
    let lines = state.columns.iter().map(|column| column.lines.len()).max().unwrap_or(0);
    with_rule(rest, cells(lines + 2))
}

fn rects(state: &Xml, area: Rect) -> Vec<(&Column, Rect)> {
    let (area, _) = below_heads(state, area);
    let width = area.width / cells(state.columns.len().max(1));
    let rect = |number: usize| {
        let x = area.x + width * cells(number);
        // The last column gets what a division leaves over.
        Rect { x, width: if number + 1 == state.columns.len() { area.right() - x } else { width }, ..area }
    };
    state.columns.iter().enumerate().map(|(number, column)| (column, rect(number))).collect()
}

fn one_column(ctx: ViewContext<'_>, state: &Xml, column: &Column, area: Rect, buf: &mut Buffer) {
    let active = column.lines.iter().any(|(document, _)| *document == state.current);
    let room = usize::from(area.height.saturating_sub(2));
    let right = more_lines(column.scroll, room, column.lines.len());
    let inside = frame(buf, ctx.theme, area, active, &[piece(column.title.as_str(), Role::Title)], &right);
    for (number, (_, line)) in column.lines.iter().skip(column.scroll).take(room).enumerate() {
        one_line(ctx, state, line, line_of(inside, cells(number)), buf);
    }
}

fn one_line(ctx: ViewContext<'_>, state: &Xml, line: &Line, area: Rect, buf: &mut Buffer) {
    match line {
        Line::Blank => {}
        Line::Title(index) => title(ctx, state, *index, area, buf),
        Line::Ghost(text, differs) => {
            let signs = &ctx.theme.signs;
            let (sign, role) = if *differs { (signs.points, Role::Warn) } else { (signs.nothing, Role::Muted) };
            draw_line(ctx, &[piece(format!("       {sign} {text}"), role)], area, buf);
        }
        Line::Remark(text) => {
            text_at(buf, area, (area.x + 2, area.y), text, ctx.theme.style(Role::Muted));
        }
        Line::Text(parts) => {
            let found = state.is_found(line);
            let has = |wanted: Since| parts.iter().any(|(since, _)| *since == wanted);
            let (sign, since) = match (has(Since::New), has(Since::Gone)) {
                (true, _) => ("+ ", Since::New),
                (false, true) => ("- ", Since::Gone),
                (false, false) => ("  ", Since::Same),
            };
            let mut line = vec![piece(sign, role(since))];
            line.extend(parts.iter().map(|(since, text)| {
                let mut features = state.features.iter().map(|feature| ctx.catalog.feature_name(*feature));
                let is_asked = *since != Since::Same && features.any(|feature| Xml::mentions(text, feature));
                let role = match (found && !text.trim().is_empty(), is_asked) {
                    (true, _) => Role::Focus,
                    (false, true) => Role::Warn,
                    (false, false) => role(*since),
                };
                piece(text.as_str(), role)
            }));
            draw_line(ctx, &line, area, buf);
        }
    }
}

fn draw_line(ctx: ViewContext<'_>, line: &[Piece], area: Rect, buf: &mut Buffer) {
    let line = fitting(line, usize::from(area.width), ctx.theme.signs.more);
    pieces(buf, ctx.theme, area, (area.x, area.y), &line);
}

/// Returns the role of a part; the parts about the scenario's feature are the ones that stand out.
fn role(since: Since) -> Role {
    match since {
        Since::Same => Role::Text,
        Since::New => Role::Code,
        Since::Gone => Role::Muted,
    }
}

/// Draws the title, and how the document differs from the previous one.
fn title(ctx: ViewContext<'_>, state: &Xml, index: usize, area: Rect, buf: &mut Buffer) {
    let Some(document) = state.documents.get(index) else { return };
    let is_current = index == state.current;
    let mark = if is_current { ctx.theme.signs.after } else { " " };
    let area = Rect { width: area.width.saturating_sub(1), ..area };
    let program = if document.command_line { "QEMU's " } else { "" };
    let left =
        [piece(format!("{mark} {program}{}", document.title), if is_current { Role::Focus } else { Role::Title })];
    let right = [piece(differs(state, document), Role::Muted)];
    let end = pieces(buf, ctx.theme, area, (area.x, area.y), &left);
    let start = area.right().saturating_sub(cells(width_of(&right)));
    if start > end {
        pieces(buf, ctx.theme, area, (start, area.y), &right);
    }
}

fn differs(state: &Xml, document: &Document) -> String {
    let Some(before) = document.before.and_then(|index| state.documents.get(index)) else { return String::new() };
    let before = before.title.replace("XML", "xml").to_lowercase().replace("xml", "XML");
    match document.changes() {
        (0, 0) => format!("same as {before}"),
        (new, 0) => format!("{new} new since {before}"),
        (0, gone) => format!("{gone} gone since {before}"),
        (new, gone) => format!("{new} new, {gone} gone since {before}"),
    }
}
