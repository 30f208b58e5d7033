//! Draws a history: lines with a bar over releases or machine types, and the description of the line under the cursor.

use super::ViewContext;
use super::draw::{Piece, cells, fill, line_of, piece, text_at};
use super::parts::{Drawn, ListAndWords, first_seen, line_at, texts, with_headings};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::history::{Axis, History, Line, Mark, points as axis_points};
use crate::app::text::{cut, pad, width};
use crate::domain::scenario::{LibvirtChoice, Release, write_machine};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The lines of the description, without their heading.
const WORDS: u16 = 4;
/// The most columns for the name of a line.
const NAME: usize = 27;

pub(super) fn render(ctx: ViewContext<'_>, state: &History, area: Rect, buf: &mut Buffer) {
    let drawn = drawn(state);
    let areas = ListAndWords::of(ctx, area, WORDS, drawn.len());
    let name = state.subject.name(ctx.catalog);
    let left = [piece("History of ", Role::Message), piece(name, Role::Chosen)];
    let inner = areas.parts.draw(ctx, areas.list, true, (&left, &legend(ctx, state)), buf);
    let summary = cut(&state.summary, usize::from(inner.width).saturating_sub(2), ctx.theme.signs.more);
    text_at(buf, inner, (inner.x + 1, inner.y), &summary, ctx.theme.style(Role::Text));
    let rows = areas.rows();
    if state.listed.is_empty() {
        let text = state.empty(&ctx.model.settings.keymap);
        text_at(buf, rows, (rows.x + 1, rows.y), &text, ctx.theme.style(Role::Muted));
    }
    for (drawn, number) in drawn.iter().skip(first_seen(&drawn, state.listed.index(), rows)).zip(0..rows.height) {
        let rect = line_of(rows, number);
        match *drawn {
            Drawn::Heading(line) => heading(ctx, &state.listed[line], rect, buf),
            Drawn::Line(line) => bar(ctx, &state.listed[line], state.listed.index() == line, rect, buf),
        }
    }
    words(ctx, state, areas, buf);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &History, area: Rect, position: Position) -> Option<Target> {
    let drawn = drawn(state);
    line_at(&drawn, state.listed.index(), ListAndWords::of(ctx, area, WORDS, drawn.len()).rows(), position)
}

fn drawn(state: &History) -> Vec<Drawn> {
    with_headings(state.listed.iter().map(|line| line.section))
}

fn legend(ctx: ViewContext<'_>, state: &History) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    let has = |mark: Mark| state.listed.iter().any(|line| line.marks.contains(&mark));
    let kinds = [
        (Mark::Changed, signs.mark, "changed"),
        (Mark::Has, signs.on, "in the model"),
        (Mark::Removed, signs.off, "removed"),
        (Mark::Added, "a", "added"),
        (Mark::Absent, signs.nothing, "not in it"),
        (Mark::Unsure, signs.open, "unknown"),
    ];
    let shown = kinds.into_iter().filter(|(mark, ..)| has(*mark));
    let texts: Vec<String> = shown.map(|(_, sign, text)| format!("{sign} {text}")).collect();
    vec![
        piece(format!("{}  ", texts.join("  ")), Role::Muted),
        piece(signs.below, Role::Key),
        piece(" this guest", Role::Muted),
    ]
}

fn sign(ctx: ViewContext<'_>, line: &Line, mark: Mark) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    // Where only changes count, a plain line connects them.
    let lives = line.axis == Axis::Releases && line.marks.contains(&Mark::Changed);
    match mark {
        Mark::Nothing => (" ", Role::Muted),
        Mark::Has if lives => (signs.across, Role::Muted),
        Mark::Has => (signs.on, Role::Good),
        Mark::Removed => (signs.off, Role::Warn),
        Mark::Added => ("a", Role::Warn),
        Mark::Absent => (signs.nothing, Role::Muted),
        Mark::Unsure => (signs.open, Role::Open),
        Mark::Changed => (signs.mark, Role::Chosen),
    }
}

/// Returns the first column of the bar, and for each column the last of the points that share it.
fn columns(rect: Rect, count: usize) -> (u16, Vec<usize>) {
    let start = rect.x + cells(NAME) + 1;
    let room = usize::from(rect.right().saturating_sub(start + 1)).min(count);
    (start, (0..room).map(|column| (column + 1) * count / room - 1).collect())
}

fn heading(ctx: ViewContext<'_>, line: &Line, rect: Rect, buf: &mut Buffer) {
    let title = cut(line.section, NAME - 1, ctx.theme.signs.more);
    text_at(buf, rect, (rect.x + 1, rect.y), &title, ctx.theme.style(Role::Title));
    let names = axis_points(ctx.catalog, line.axis);
    let (start, points) = columns(rect, line.marks.len());
    // Where the scenario stands is marked above the bars.
    let own = own_points(ctx, line.axis);
    let is_own = |column: usize| {
        let first = if column == 0 { 0 } else { points[column - 1] + 1 };
        names.get(first..=points[column]).is_some_and(|names| names.iter().any(|name| own.contains(name)))
    };
    let mut free = 0;
    for column in 0..points.len() {
        // The label begins at the first point that shares the column.
        let first = if column == 0 { 0 } else { points[column - 1] + 1 };
        let label = names.get(first).map_or("", String::as_str);
        let (label, role) = if is_own(column) {
            (ctx.theme.signs.below, Role::Key)
        } else if column >= free
            && column + width(label) <= points.len()
            && !(column..column + width(label)).any(is_own)
        {
            free = column + width(label) + 3;
            (label, Role::Muted)
        } else {
            continue;
        };
        text_at(buf, rect, (start + cells(column), rect.y), label, ctx.theme.style(role));
    }
}

/// The names of the scenario's own points on an axis: those of source and destination, or the machine type.
fn own_points(ctx: ViewContext<'_>, axis: Axis) -> Vec<String> {
    let scenario = &ctx.model.scenario;
    let ends = [&scenario.from, &scenario.to];
    match axis {
        Axis::Releases => {
            let name = |release: &Release| Some(ctx.catalog.release(release.libvirt.id(ctx.catalog)?).name.to_string());
            ends.into_iter().filter(|release| release.libvirt != LibvirtChoice::New).filter_map(name).collect()
        }
        Axis::Qemu => ends.into_iter().map(|release| release.qemu.name()).collect(),
        Axis::I440fx | Axis::Q35 => vec![write_machine(ctx.catalog, &scenario.machine)],
    }
}

fn bar(ctx: ViewContext<'_>, line: &Line, selected: bool, rect: Rect, buf: &mut Buffer) {
    let name = pad(&cut(&line.name, NAME - 1, ctx.theme.signs.more), NAME);
    text_at(buf, rect, (rect.x + 1, rect.y), &name, ctx.theme.style(Role::Text));
    let (start, points) = columns(rect, line.marks.len());
    let mut next = 0;
    for (column, point) in points.iter().enumerate() {
        let shared = line.marks.get(next..=*point).unwrap_or_default();
        next = point + 1;
        // Of the points that share a column, a change is shown first.
        let mark = shared.iter().copied().find(|mark| *mark == Mark::Changed).or(shared.last().copied());
        let (sign, role) = sign(ctx, line, mark.unwrap_or(Mark::Nothing));
        text_at(buf, rect, (start + cells(column), rect.y), sign, ctx.theme.style(role));
    }
    if selected {
        fill(buf, rect, ctx.theme.style(Role::Focus));
    }
}

fn words(ctx: ViewContext<'_>, state: &History, areas: ListAndWords, buf: &mut Buffer) {
    let line = state.listed.current();
    let name = line.map_or("", |line| line.name.as_str());
    let key = ctx.model.settings.keymap.shown(Action::Open);
    let right = [piece(key, Role::Key), piece(" opens a guest that demonstrates it", Role::Muted)];
    let inner = areas.parts.draw(ctx, areas.words, false, (&[piece(name, Role::Message)], &right), buf);
    let Some(line) = line else { return };
    texts(ctx, inner, [(line.words.as_str(), Role::Text)], buf);
}
