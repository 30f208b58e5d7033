//! Draws the two lanes with the wire between them; for an answer that depends, the values that decide.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fitting, line_of, piece, pieces, text_at, width_of};
use super::areas::{Amount, Areas};
use crate::app::action::Action;
use crate::app::screens::explorer::Explorer;
use crate::app::text::{cut_at_word, pad, width, wrap};
use crate::explain::{Lane, Lanes, Mark, Side, Wire, how_to_find_out};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn lanes(state: &Explorer, amount: Amount) -> Option<Lanes> {
    let mut lanes = state.lanes.clone()?;
    if amount == Amount::Brief {
        lanes.shorten();
    }
    Some(lanes)
}

/// Returns how many lines the lanes need.
pub(super) fn height(ctx: ViewContext<'_>, state: &Explorer, amount: Amount, columns: u16) -> u16 {
    if amount == Amount::None {
        return 0;
    }
    match lanes(state, amount) {
        Some(lanes) => cells(lanes.lines.len() + 1),
        None => cells(depends(ctx, columns, amount).len()),
    }
}

/// The columns of the parts of a line.
#[derive(Clone, Copy)]
struct Columns {
    source: u16,
    wire: u16,
    destination: u16,
}

impl Columns {
    fn of(area: Rect) -> Self {
        let source = area.x + 18;
        let room = area.right().saturating_sub(source + 3);
        let share = if room >= 90 { room * 43 / 100 } else { room * 48 / 100 };
        let wire = source + share;
        Self { source, wire, destination: wire + 3 }
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let area = areas.lanes;
    if area.is_empty() {
        return;
    }
    let Some(lanes) = lanes(state, areas.shape.lanes) else {
        for (line, y) in depends(ctx, area.width, areas.shape.lanes).iter().zip(area.top()..area.bottom()) {
            pieces(buf, ctx.theme, area, (area.x + 1, y), line);
        }
        return;
    };
    let columns = Columns::of(area);
    heads(ctx, state, &lanes, (area, columns), buf);
    for ((number, lane), line) in lanes.lines.iter().enumerate().zip(1..area.height) {
        let parts = lanes.parting == Some(number);
        draw_lane(ctx, lane, (line_of(area, line), columns), parts, buf);
    }
}

fn heads(ctx: ViewContext<'_>, state: &Explorer, lanes: &Lanes, (area, columns): (Rect, Columns), buf: &mut Buffer) {
    let line = line_of(area, 0);
    let count = ctx.model.derived.subjects;
    let role = Role::Title;
    let mut subject = vec![piece(lanes.subject.as_str(), role)];
    if count > 1 {
        let key = ctx.model.settings.keymap.shown(Action::NextFeature);
        subject.push(piece(format!(" {}/{count} ", state.subject % count + 1), Role::Text));
        subject.push(piece(key, Role::Key));
    }
    let left = Rect { width: columns.source - area.x, ..line };
    let subject = fitting(&subject, usize::from(left.width.saturating_sub(2)), ctx.theme.signs.more);
    pieces(buf, ctx.theme, left, (left.x + 1, left.y), &subject);
    let source = Rect { width: columns.wire, ..line };
    let [from, to] = &lanes.heads;
    let room = usize::from(columns.wire.saturating_sub(columns.source + 1));
    // Without room for both names, those of QEMU go.
    let short = |head: &'_ str| {
        if width(head) > room { head.split(", QEMU").next().unwrap_or(head).to_owned() } else { head.to_owned() }
    };
    let (from, to) = (short(from), short(to));
    pieces(buf, ctx.theme, source, (columns.source, line.y), &[piece(from.as_str(), Role::Message)]);
    text_at(buf, line, (columns.wire, line.y), ctx.theme.signs.wire, ctx.theme.style(Role::Border));
    pieces(buf, ctx.theme, line, (columns.destination, line.y), &[piece(to.as_str(), Role::Message)]);
}

fn draw_lane(ctx: ViewContext<'_>, lane: &Lane, (rect, columns): (Rect, Columns), parts: bool, buf: &mut Buffer) {
    let signs = &ctx.theme.signs;
    pieces(
        buf,
        ctx.theme,
        rect,
        (rect.x + 1, rect.y),
        &[piece(lane.label, if parts { Role::Message } else { Role::Label })],
    );
    let [source, destination] = &lane.sides;
    let room = usize::from(columns.wire.saturating_sub(columns.source + 3));
    let text = side_pieces(ctx, source, parts, room);
    let end = pieces(buf, ctx.theme, rect, (columns.source, rect.y), &text);
    let (line, crossing, role) = match lane.wire {
        Wire::Nothing => (" ", signs.wire, Role::Border),
        Wire::Guest => (signs.across, signs.wire, Role::Border),
        Wire::Text => (signs.sent, signs.crossing, Role::Key),
    };
    let style = ctx.theme.style(role);
    for x in end + 1..columns.wire {
        text_at(buf, rect, (x, rect.y), line, style);
    }
    text_at(buf, rect, (columns.wire, rect.y), crossing, style);
    if lane.wire != Wire::Nothing {
        text_at(buf, rect, (columns.wire + 1, rect.y), signs.tip, style);
    }
    // The pointer, with what it says, if there is room for that too.
    let note = if parts { format!("{} {}", signs.points, lane.note) } else { lane.note.to_owned() };
    let room = usize::from(rect.right().saturating_sub(columns.destination + 1));
    let needed = width(&destination.text) + 4;
    let (note, role) = match parts {
        true if needed + width(&note) <= room => (note, Role::Warn),
        true => (signs.points.to_owned(), Role::Warn),
        false if needed + width(&note) <= room => (note, Role::Muted),
        false => (String::new(), Role::Muted),
    };
    let text = side_pieces(ctx, destination, parts, room.saturating_sub(width(&note) + 2));
    let end = pieces(buf, ctx.theme, rect, (columns.destination, rect.y), &text);
    // Notes are below each other where there is room.
    let column = rect.right().saturating_sub(NOTES).max(end + 2);
    let column = if column + cells(width(&note)) <= rect.right() { column } else { end + 2 };
    pieces(buf, ctx.theme, rect, (column, rect.y), &[piece(note, role)]);
}

/// The columns of the notes.
const NOTES: u16 = 20;

fn side_pieces(ctx: ViewContext<'_>, side: &Side, parts: bool, room: usize) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    let (sign, role) = match side.mark {
        Mark::On => (signs.on, Role::Message),
        Mark::Off => (signs.off, Role::Text),
        Mark::Required => ("+", Role::Message),
        Mark::Disabled => ("-", Role::Message),
        Mark::Unmentioned => (signs.nothing, Role::Text),
        Mark::Good => (signs.good, Role::Good),
        Mark::Bad => (signs.bad, Role::Bad),
        Mark::Nothing => (signs.nothing, Role::Muted),
    };
    let role = if parts { Role::Warn } else { role };
    let text = cut_at_word(&side.text, room.saturating_sub(2), signs.more);
    let mut line = vec![piece(format!("{sign} {text}"), role)];
    let detail = if side.mark == Mark::Bad { format!(": {}", side.detail) } else { format!(" ({})", side.detail) };
    if !side.detail.is_empty() && width_of(&line) + width(&detail) <= room {
        line.push(piece(detail, if side.mark == Mark::Bad { Role::Bad } else { Role::Muted }));
    }
    line
}

/// The values that decide, each with its verdict, and how to find out which it is.
fn depends(ctx: ViewContext<'_>, columns: u16, amount: Amount) -> Vec<Vec<Piece>> {
    let labels = if columns >= 100 { 17 } else { 11 };
    let columns = usize::from(columns).saturating_sub(2);
    let label = |text: &str| piece(pad(text, labels), Role::Label);
    let mut lines = Vec::new();
    for dependence in &ctx.model.derived.answer.depends_on {
        lines.push(vec![label("Unknown"), piece(dependence.input.as_str(), Role::Message)]);
        let widest = dependence.answers.iter().map(|possible| width(&possible.value)).max().unwrap_or(0).min(VALUE);
        for possible in &dependence.answers {
            let (role, sign) = ctx.theme.verdict(possible.verdict);
            let rule = possible.rule.map(|rule| format!("  {}", rule.name())).unwrap_or_default();
            let value = cut_at_word(&possible.value, VALUE, ctx.theme.signs.more);
            let line = vec![
                label(""),
                piece(format!("{} ", pad(&value, widest)), Role::Text),
                piece(format!("{} ", ctx.theme.signs.arrow), Role::Muted),
                piece(format!("{sign} {}", possible.verdict.name()), role),
                piece(rule, Role::Text),
            ];
            lines.push(fitting(&line, columns, ctx.theme.signs.more));
        }
        if amount == Amount::All {
            let how = wrap(how_to_find_out(&dependence.input), columns.saturating_sub(labels));
            let line = |(number, line): (usize, String)| {
                vec![label(if number == 0 { "Find out" } else { "" }), piece(line, Role::Text)]
            };
            lines.extend(how.into_iter().enumerate().map(line));
        }
    }
    lines
}

/// The most columns of a value.
const VALUE: usize = 36;
