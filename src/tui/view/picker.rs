//! Draws a picker over the screen: the typed text, the matches, and the verdict of the one under the cursor.

use super::ViewContext;
use super::draw::{Piece, cells, fill, fitting, frame, inside, line_of, piece, pieces, rule, text_at, width_of};
use super::parts::scrolled;
use crate::app::action::Action;
use crate::app::picker::{Item, Picker};
use crate::app::screens::Target;
use crate::app::text::{cut, pad, width};
use crate::explain;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// The columns before the label of an item: whether it is in use, and its verdict.
const LABEL: usize = 5;
/// Lines without items: the frame, the typed text, and the rule below it.
const OTHER_LINES: u16 = 4;

pub(super) fn render(ctx: ViewContext<'_>, picker: &Picker, area: Rect, buf: &mut Buffer) {
    let rect = area_of(picker, area);
    Clear.render(rect, buf);
    let count = format!("{} of {}", picker.matches().len(), picker.len());
    let title = [piece(picker.title.as_str(), Role::Title)];
    let inner = frame(buf, ctx.theme, rect, true, &title, &[piece(count, Role::Muted)]);
    typed(ctx, picker, inner, buf);
    let list = list(inner);
    let first = scrolled(picker.selected(), picker.matches().len(), list);
    let label = label_width(picker);
    if picker.matches().len() == 0 {
        let text = match (picker.choice, picker.preview()) {
            (Some(_), Some(_)) => {
                let key = ctx.model.settings.keymap.shown(Action::Open);
                format!("Not in the list, but valid. {key} uses it as typed")
            }
            _ => format!("No match for \"{}\"", picker.typed()),
        };
        text_at(buf, list, (list.x + 2, list.y), &text, ctx.theme.style(Role::Muted));
    }
    for ((index, item), number) in picker.matches().enumerate().skip(first).zip(0..list.height) {
        let line = line_of(list, number);
        let selected = index == picker.selected();
        let row =
            fitting(&row(ctx, item, label, selected), usize::from(line.width).saturating_sub(1), ctx.theme.signs.more);
        pieces(buf, ctx.theme, line, (line.x, line.y), &row);
        if selected {
            fill(buf, line, ctx.theme.style(Role::Focus));
        }
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(picker: &Picker, area: Rect, position: Position) -> Option<Target> {
    let rect = area_of(picker, area);
    if !rect.contains(position) {
        return Some(Target::Outside);
    }
    let list = list(inside(rect));
    let row =
        scrolled(picker.selected(), picker.matches().len(), list) + usize::from(position.y.saturating_sub(list.y));
    (list.contains(position) && row < picker.matches().len()).then_some(Target::Item(row))
}

fn typed(ctx: ViewContext<'_>, picker: &Picker, inner: Rect, buf: &mut Buffer) {
    let line = line_of(inner, 0);
    let end = pieces(
        buf,
        ctx.theme,
        line,
        (line.x + 1, line.y),
        &[piece("/ ", Role::Key), piece(picker.typed(), Role::Message)],
    );
    if picker.typed().is_empty() {
        let key = |action| ctx.model.settings.keymap.shown(action);
        let rest = if picker.has_saved() {
            format!("{} twice deletes a saved scenario", key(Action::DeleteForward))
        } else {
            format!("{} cancels", key(Action::Back))
        };
        let hint = format!("  Type to filter. {} selects, {rest}", key(Action::Open));
        let hint = [piece(hint, Role::Muted)];
        pieces(
            buf,
            ctx.theme,
            line,
            (end, line.y),
            &fitting(&hint, usize::from(line.right().saturating_sub(end)), ctx.theme.signs.more),
        );
    }
    let under = picker.letter().unwrap_or(' ').to_string();
    text_at(buf, line, (line.x + 3 + cells(picker.cursor()), line.y), &under, ctx.theme.style(Role::Focus));
    let right = match picker.preview() {
        Some(outcome) => {
            let (role, sign) = ctx.theme.verdict(outcome.verdict);
            vec![piece("result: ", Role::Muted), piece(format!("{sign} {}", explain::outcome(outcome)), role)]
        }
        None => Vec::new(),
    };
    // The description of the item under the cursor, where its line has no room for all of it.
    let about = picker.chosen().map_or("", |item| item.problem.as_deref().unwrap_or(&item.detail));
    let is_cut = LABEL + label_width(picker) + 2 + width(about) >= usize::from(inner.width);
    let room = usize::from(inner.width).saturating_sub(width_of(&right) + 8);
    let about = if is_cut { fitting(&[piece(about, Role::Text)], room, ctx.theme.signs.more) } else { Vec::new() };
    rule(buf, ctx.theme, line_of(inner, 1), true, &about, &right);
}

fn row(ctx: ViewContext<'_>, item: &Item, label: usize, selected: bool) -> Vec<Piece> {
    let current = if item.current { ctx.theme.signs.current } else { " " };
    let role = match (&item.problem, item.current) {
        (Some(_), _) => Role::Impossible,
        (None, true) => Role::Chosen,
        (None, false) => Role::Text,
    };
    let (verdict, sign) = item.outcome.map_or((Role::Muted, " "), |outcome| ctx.theme.verdict(outcome.verdict));
    let mut row = vec![
        piece(format!(" {current} "), Role::Chosen),
        piece(format!("{sign} "), verdict),
        piece(item.label.clone(), role),
    ];
    row.push(piece(" ".repeat((label + 2).saturating_sub(width(&item.label)).max(1)), Role::Text));
    if !item.key.is_empty() {
        row.push(piece(pad(&cut(&item.key, 9, ""), 10), Role::Key));
    }
    match &item.problem {
        Some(problem) => row.push(piece(problem.clone(), Role::Bad)),
        None => row.push(piece(item.detail.clone(), if selected { Role::Text } else { Role::Muted })),
    }
    row
}

fn label_width(picker: &Picker) -> usize {
    picker.matches().map(|item| width(&item.label)).max().unwrap_or(0).min(46)
}

fn area_of(picker: &Picker, area: Rect) -> Rect {
    let width = area.width.saturating_sub(4).min(100);
    let height =
        cells(picker.len()).saturating_add(OTHER_LINES).min(area.height.saturating_sub(4)).max(OTHER_LINES + 1);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height.saturating_sub(height)) / 2, width, height }
        .intersection(area)
}

fn list(inner: Rect) -> Rect {
    Rect { y: inner.y.saturating_add(2), height: inner.height.saturating_sub(2), ..inner }
}
