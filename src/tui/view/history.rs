//! Draws a history: for each change its release, a text and a bar; and the description of the line under the cursor.

use super::ViewContext;
use super::draw::{Piece, cells, fitting, line_of, piece, pieces, text_at, width_of};
use super::parts::{Drawn, ListAndWords, first_seen, line_at, list, list_title, texts, with_headings};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::history::{Axis, History, Line, Mark};
use crate::app::text::{cut, pad, width};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The lines of the description, without their heading.
const WORDS: u16 = 4;
/// The columns of a release.
const WHEN: usize = 10;
/// The most columns of what changed.
const NAME: usize = 38;
/// The fewest columns of a bar.
const BAR: usize = 30;

pub(super) fn render(ctx: ViewContext<'_>, state: &History, area: Rect, buf: &mut Buffer) {
    let drawn = drawn(state);
    let areas = areas(ctx, area, &drawn);
    let name = state.subject.name(ctx.catalog);
    let left = [piece("History of ", Role::Message), piece(name, Role::Chosen)];
    let key = ctx.model.settings.keymap.shown(Action::NextView);
    let (rows, legend) = rows_and_legend(ctx, state, areas);
    let lines = (drawn.as_slice(), state.listed.index());
    let hint = [piece(key, Role::Key), piece(" model or feature", Role::Muted)];
    let right = list_title(rows, lines, &left, &hint);
    let inner = areas.parts.draw(ctx, areas.list, true, (&left, &right), buf);
    match drawn.get(first_seen(&drawn, state.listed.index(), rows)) {
        // The releases stay visible when their heading is scrolled away.
        Some(Drawn::Line(line)) => heading(ctx, state, (*line, true), line_of(inner, 0), buf),
        Some(Drawn::Heading(_)) | None => {
            let headline = [piece(state.headline.as_str(), Role::Text)];
            let headline = fitting(&headline, usize::from(inner.width).saturating_sub(2), ctx.theme.signs.more);
            pieces(buf, ctx.theme, inner, (inner.x + 1, inner.y), &headline);
        }
    }
    if state.listed.is_empty() {
        let text = state.empty(&ctx.model.settings.keymap);
        text_at(buf, rows, (rows.x + 1, rows.y), &text, ctx.theme.style(Role::Muted));
    }
    list(ctx, rows, lines, buf, |drawn, rect, buf| match drawn {
        Drawn::Heading(line) => heading(ctx, state, (line, state.listed[line].is_own), rect, buf),
        Drawn::Line(line) => row(ctx, state, &state.listed[line], rect, buf),
    });
    for (row, number) in legend.iter().zip(0..) {
        let rect = Rect { y: rows.bottom() + number, height: 1, ..rows };
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), row);
    }
    let line = state.listed.current();
    let title = line.map_or(String::new(), |line| format!("{} {}", line.when, line.name).trim().to_owned());
    let key = ctx.model.settings.keymap.shown(Action::Open);
    let right = [piece(key, Role::Key), piece(" opens a guest that demonstrates it", Role::Muted)];
    let inner = areas.parts.draw(ctx, areas.words, false, (&[piece(title, Role::Message)], &right), buf);
    if let Some(line) = line {
        let all = [(line.guest.as_str(), Role::Message), (line.words.as_str(), Role::Text)];
        texts(ctx, inner, all.into_iter().filter(|(text, _)| !text.is_empty()), buf);
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &History, area: Rect, position: Position) -> Option<Target> {
    let drawn = drawn(state);
    let (rows, _) = rows_and_legend(ctx, state, areas(ctx, area, &drawn));
    line_at(&drawn, state.listed.index(), rows, position)
}

/// Returns the area of the lines, and the legend below them.
fn rows_and_legend(ctx: ViewContext<'_>, state: &History, areas: ListAndWords) -> (Rect, Vec<Vec<Piece>>) {
    let rows = areas.rows();
    let legend = legend(ctx, state, usize::from(rows.width).saturating_sub(2));
    (Rect { height: rows.height.saturating_sub(cells(legend.len())), ..rows }, legend)
}

fn areas(ctx: ViewContext<'_>, area: Rect, drawn: &[Drawn]) -> ListAndWords {
    ListAndWords::of(ctx, area, WORDS, drawn.len() + 1)
}

fn drawn(state: &History) -> Vec<Drawn> {
    with_headings(state.listed.iter().map(|line| (line.is_own, line.over)))
}

/// Returns the signs and letters that are in use, in lines of at most `columns` columns.
fn legend(ctx: ViewContext<'_>, state: &History, columns: usize) -> Vec<Vec<Piece>> {
    let kinds = [
        (Mark::Has, "on"),
        (Mark::Absent, "off"),
        (Mark::Removed, "marked removed"),
        (Mark::Added, "marked added"),
        (Mark::Unsure, "not known"),
        (Mark::Changed, "changed"),
    ];
    let signs = kinds.into_iter().map(|(mark, text)| (sign(ctx, mark), text)).filter(|((sign, role), _)| {
        state
            .listed
            .iter()
            .flat_map(|line| &line.marks)
            .any(|mark| self::sign(ctx, *mark).0 == *sign && self::sign(ctx, *mark).1 == *role)
    });
    let letters = [("S", "source"), ("D", "destination"), ("M", "machine type")];
    let is_used = |letter: &str| state.axes.iter().any(|axis| axis.own.iter().any(|(known, _)| *known == letter));
    let letters = letters.into_iter().filter(|(letter, _)| is_used(letter));
    let mut lines = vec![Vec::new()];
    for ((sign, role), text) in signs.chain(letters.map(|(letter, text)| ((letter, Role::Key), text))) {
        let entry = [piece(sign, role), piece(format!(" {text}  "), Role::Muted)];
        if lines.last().is_some_and(|line| width_of(line) + width_of(&entry) > columns + 2) {
            lines.push(Vec::new());
        }
        lines.last_mut().into_iter().for_each(|line: &mut Vec<Piece>| line.extend(entry.clone()));
    }
    lines
}

fn sign(ctx: ViewContext<'_>, mark: Mark) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    match mark {
        Mark::Nothing => (" ", Role::Muted),
        Mark::Exists => (signs.across, Role::Muted),
        Mark::Has => (signs.on, Role::Text),
        Mark::Removed => (signs.off, Role::Warn),
        Mark::Added => ("a", Role::Warn),
        Mark::Absent => (signs.off, Role::Muted),
        Mark::Unsure => (signs.open, Role::Open),
        Mark::Changed => (signs.changed, Role::Warn),
    }
}

/// The columns of a bar.
struct Bar {
    /// The first column.
    start: u16,
    /// For each column the first and the last of the releases that share it.
    shared: Vec<(usize, usize)>,
}

impl Bar {
    fn of(rect: Rect, axis: &Axis) -> Self {
        let name = NAME.min(usize::from(rect.width).saturating_sub(WHEN + BAR + 3));
        let (start, count) = (rect.x + cells(WHEN + name) + 2, axis.points.len());
        let room = usize::from(rect.right().saturating_sub(start + 1)).min(count);
        let first = |column: usize| column * count / room.max(1);
        Self { start, shared: (0..room).map(|column| (first(column), first(column + 1) - 1)).collect() }
    }

    fn column_of(&self, point: usize) -> Option<usize> {
        self.shared.iter().position(|(first, last)| (*first..=*last).contains(&point))
    }
}

/// Draws the heading above a line: its title, and the releases if `with_axis`.
fn heading(ctx: ViewContext<'_>, state: &History, (line, with_axis): (usize, bool), rect: Rect, buf: &mut Buffer) {
    let Some(line) = state.listed.get(line) else { return };
    let axis = state.axis(line.over);
    let bar = Bar::of(rect, axis);
    let room = usize::from(bar.start - rect.x).saturating_sub(2);
    let title = cut(&state.heading(line, ctx.catalog), room, ctx.theme.signs.more);
    text_at(buf, rect, (rect.x + 1, rect.y), &title, ctx.theme.style(Role::Title));
    if !with_axis {
        return;
    }
    let mut own: Vec<(usize, &str)> =
        axis.own.iter().filter_map(|(letter, point)| Some((bar.column_of(*point)?, *letter))).collect();
    own.sort_by_key(|(column, _)| *column);
    let mut end = 0;
    for (column, letter) in &mut own {
        // Letters of one release stand side by side.
        *column = (*column).max(end);
        end = *column + 1;
        text_at(buf, rect, (bar.start + cells(*column), rect.y), letter, ctx.theme.style(Role::Key));
    }
    let mut free = 0;
    for (column, (first, _)) in bar.shared.iter().enumerate() {
        let Some(label) = axis.points.get(*first) else { continue };
        let columns = column..column + width(label) + 1;
        let is_free = column >= free && columns.end <= bar.shared.len() + 1;
        if is_free && !own.iter().any(|(own, _)| columns.contains(own) || *own + 1 == column) {
            free = columns.end + 2;
            text_at(buf, rect, (bar.start + cells(column), rect.y), label, ctx.theme.style(Role::Muted));
        }
    }
}

fn row(ctx: ViewContext<'_>, state: &History, line: &Line, rect: Rect, buf: &mut Buffer) {
    let axis = state.axis(line.over);
    let bar = Bar::of(rect, axis);
    let room = usize::from(bar.start - rect.x).saturating_sub(WHEN + 2);
    let name = cut(&line.name, room, ctx.theme.signs.more);
    let text = [piece(pad(&line.when, WHEN), Role::Muted), piece(name, Role::Text)];
    pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &text);
    for (column, (first, last)) in bar.shared.iter().enumerate() {
        let points = *first..=*last;
        let shared = line.marks.get(points.clone()).unwrap_or_default();
        // Of the releases that share a column, the scenario's own is shown first, then a change, then what is not known.
        let is_own = |letter: &str, point| points.contains(point) && (letter == "M") == line.is_of_machines();
        let own = axis.own.iter().find(|(letter, point)| is_own(letter, point));
        let own = own.and_then(|(_, point)| line.marks.get(*point));
        let first = |wanted| shared.iter().find(|mark| **mark == wanted);
        let mark = own.or_else(|| first(Mark::Changed)).or_else(|| first(Mark::Unsure)).or(shared.last());
        let (sign, role) = sign(ctx, mark.copied().unwrap_or(Mark::Nothing));
        let role = if own.is_some() && role != Role::Warn { Role::Key } else { role };
        text_at(buf, rect, (bar.start + cells(column), rect.y), sign, ctx.theme.style(role));
    }
}
