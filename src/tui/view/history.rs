//! Draws a history: lines with a bar over the releases or machine types, and the one under the cursor in words.

use super::ViewContext;
use super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::parts::{Drawn, ListAndWords, first_seen, line_at, with_headings};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::history::{Axis, History, Line, Mark, Subject, points};
use crate::app::text::{cut, pad, width, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines for the words, without their heading.
const WORDS: u16 = 6;
/// The most columns of a line's name.
const NAME: usize = 27;

/// Draws it.
pub(super) fn render(ctx: ViewContext<'_>, state: &History, area: Rect, buf: &mut Buffer) {
    let areas = ListAndWords::of(area, WORDS);
    let name = state.subject.name(ctx.catalog);
    let left = [piece("History of ", Role::Message), piece(name, Role::Chosen)];
    let inner = areas.parts.draw(ctx, areas.list, true, (&left, &legend(ctx, state)), buf);
    let summary = cut(&state.summary, usize::from(inner.width).saturating_sub(2), ctx.theme.signs.more);
    text_at(buf, inner, (inner.x + 1, inner.y), &summary, ctx.theme.style(Role::Text));
    let rows = areas.rows();
    if state.listed.is_empty() {
        let text = if state.named.is_empty() { "Nothing is known of it." } else { "No line has these letters." };
        text_at(buf, rows, (rows.x + 1, rows.y), text, ctx.theme.style(Role::Muted));
    }
    let drawn = drawn(state);
    for (drawn, number) in drawn.iter().skip(first_seen(&drawn, state.listed.index(), rows)).zip(0..rows.height) {
        let place = line_of(rows, number);
        match *drawn {
            Drawn::Heading(line) => heading(ctx, &state.listed[line], place, buf),
            Drawn::Line(line) => bar(ctx, &state.listed[line], state.listed.index() == line, place, buf),
        }
    }
    words(ctx, state, areas, buf);
}

/// Returns what `position` stands for.
pub(super) fn hit(state: &History, area: Rect, position: Position) -> Option<Target> {
    line_at(&drawn(state), state.listed.index(), ListAndWords::of(area, WORDS).rows(), position)
}

fn drawn(state: &History) -> Vec<Drawn> {
    with_headings(state.listed.iter().map(|line| line.section))
}

fn legend(ctx: ViewContext<'_>, state: &History) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    let text = match state.subject {
        Subject::Model(_) => format!("{} changed", signs.mark),
        Subject::Feature(_) => {
            format!("+ in it  {} removed  a added  {} not in it  {} not read", signs.bad, signs.nothing, signs.open)
        }
    };
    vec![piece(text, Role::Muted)]
}

fn look(ctx: ViewContext<'_>, line: &Line, mark: Mark) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    // A life line where only the change counts, else a sign that can be told from the others.
    let lives = line.axis == Axis::Releases && line.marks.contains(&Mark::Changed);
    match mark {
        Mark::Nothing => (" ", Role::Muted),
        Mark::Has if lives => (signs.across, Role::Muted),
        Mark::Has => ("+", Role::Good),
        Mark::Removed => (signs.bad, Role::Bad),
        Mark::Added => ("a", Role::Warn),
        Mark::Absent => (signs.nothing, Role::Muted),
        Mark::Unsure => (signs.open, Role::Open),
        Mark::Changed => (signs.mark, Role::Chosen),
    }
}

/// The columns of the bar, and for each the point that it shows: the last of those that share it.
fn columns(place: Rect, count: usize) -> (u16, Vec<usize>) {
    let start = place.x + cells(NAME) + 1;
    let room = usize::from(place.right().saturating_sub(start + 1)).min(count);
    (start, (0..room).map(|column| (column + 1) * count / room - 1).collect())
}

fn heading(ctx: ViewContext<'_>, line: &Line, place: Rect, buf: &mut Buffer) {
    let title = cut(line.section, NAME - 1, ctx.theme.signs.more);
    text_at(buf, place, (place.x + 1, place.y), &title, ctx.theme.style(Role::Title));
    let names = points(ctx.catalog, line.axis);
    let (start, shown_points) = columns(place, line.marks.len());
    let mut free = 0;
    for (column, point) in shown_points.iter().enumerate() {
        // The first point that shares the column; the label begins where it does.
        let first = if column == 0 { 0 } else { shown_points[column - 1] + 1 };
        let label = names.get(first.min(*point)).map_or("", String::as_str);
        if column >= free && column + width(label) <= shown_points.len() {
            text_at(buf, place, (start + cells(column), place.y), label, ctx.theme.style(Role::Muted));
            free = column + width(label) + 3;
        }
    }
}

fn bar(ctx: ViewContext<'_>, line: &Line, selected: bool, place: Rect, buf: &mut Buffer) {
    let name = pad(&cut(&line.name, NAME - 1, ctx.theme.signs.more), NAME);
    text_at(buf, place, (place.x + 1, place.y), &name, ctx.theme.style(Role::Text));
    let (start, points) = columns(place, line.marks.len());
    let mut next = 0;
    for (column, point) in points.iter().enumerate() {
        let shared = line.marks.get(next..=*point).unwrap_or_default();
        next = point + 1;
        // What changed is not to be lost among what it shares its column with.
        let mark = shared.iter().copied().find(|mark| *mark == Mark::Changed).or(shared.last().copied());
        let (sign, role) = look(ctx, line, mark.unwrap_or(Mark::Nothing));
        text_at(buf, place, (start + cells(column), place.y), sign, ctx.theme.style(role));
    }
    if selected {
        fill(buf, place, ctx.theme.style(Role::Focus));
    }
}

fn words(ctx: ViewContext<'_>, state: &History, areas: ListAndWords, buf: &mut Buffer) {
    let line = state.listed.current();
    let name = line.map_or("", |line| line.name.as_str());
    let key = ctx.model.settings.keymap.shown(Action::Open);
    let right = [piece(key, Role::Key), piece(" shows it with a guest", Role::Muted)];
    let inner = areas.parts.draw(ctx, areas.words, false, (&[piece(name, Role::Message)], &right), buf);
    let Some(line) = line else { return };
    let lines = wrap(&line.words, usize::from(inner.width).saturating_sub(2));
    let height = usize::from(inner.height);
    for (number, text) in lines.iter().enumerate().take(height) {
        let place = line_of(inner, cells(number));
        let last = number + 1 == height && lines.len() > height;
        let text = if last { format!("{text} {}", ctx.theme.signs.more) } else { text.clone() };
        let line =
            fitting(&[piece(text, Role::Text)], usize::from(inner.width).saturating_sub(1), ctx.theme.signs.more);
        pieces(buf, ctx.theme, place, (place.x + 1, place.y), &line);
    }
}
