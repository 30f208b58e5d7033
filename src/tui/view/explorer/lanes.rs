//! Draws the two lanes with the wire between them, or for `depends` the values that decide.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at, width_of};
use super::answer::label_columns;
use super::areas::{Amount, Areas};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, FIXES, Focus};
use crate::app::text::{cut, cut_at_word, pad, width, wrap};
use crate::explain::{Lane, Lanes, Mark, Side, Wire, how_to_find_out, stated_rule};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

fn lanes(state: &Explorer, amount: Amount) -> Option<Lanes> {
    let mut lanes = state.lanes.clone()?;
    if amount == Amount::Brief {
        lanes.shorten();
    }
    Some(lanes)
}

/// The lines that lanes usually need, with their heads.
const PENDING: u16 = 6;

/// Returns how many lines the lanes need.
pub(super) fn height(ctx: ViewContext<'_>, state: &Explorer, amount: Amount, columns: u16) -> u16 {
    match amount {
        Amount::None => return 0,
        Amount::Brief if state.lanes_pending => return PENDING - 1,
        Amount::All if state.lanes_pending => return PENDING,
        Amount::Brief | Amount::All => {}
    }
    match lanes(state, amount) {
        Some(lanes) => cells(lanes.lines.len() + 1),
        None => cells(depends(ctx, state, columns, amount).len()),
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
    if state.lanes_pending {
        text_at(buf, area, (area.x + 1, area.y), ctx.theme.signs.nothing, ctx.theme.style(Role::Muted));
        return;
    }
    let Some(lanes) = lanes(state, areas.shape.lanes) else {
        let lines = depends(ctx, state, area.width, areas.shape.lanes);
        for ((index, line), number) in lines.iter().zip(0..area.height) {
            let rect = line_of(area, number);
            pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), line);
            if index.is_some_and(|index| state.focus == Focus::Fix(index)) {
                fill(buf, rect, ctx.theme.style(Role::Focus));
            }
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
    // Without room for both names, those of QEMU go, then the name of libvirt.
    let short = |head: &str, room: usize| {
        let alone = head.split(", QEMU").next().unwrap_or(head);
        let texts = [head.to_owned(), alone.to_owned(), alone.replace(" libvirt ", " ")];
        let text = texts.iter().find(|text| width(text) <= room).unwrap_or(&texts[2]);
        cut(text, room, ctx.theme.signs.more)
    };
    let (from, to) = (short(from, room), short(to, room.min(usize::from(line.right() - columns.destination))));
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
        Mark::Good => (signs.good, Role::Text),
        // Red is the banner and the cell of the table, and nothing else.
        Mark::Bad => (signs.bad, Role::Message),
        Mark::Nothing => (signs.nothing, Role::Muted),
    };
    let role = if parts { Role::Warn } else { role };
    let text = cut_at_word(&side.text, room.saturating_sub(2), signs.more);
    let mut line = vec![piece(format!("{sign} {text}"), role)];
    let detail = if side.mark == Mark::Bad { format!(": {}", side.detail) } else { format!(" ({})", side.detail) };
    if !side.detail.is_empty() && width_of(&line) + width(&detail) <= room {
        line.push(piece(detail, if side.mark == Mark::Bad { Role::Message } else { Role::Muted }));
    }
    line
}

/// A line of the values that decide: the index of its value, and its pieces.
type ValueLine = (Option<usize>, Vec<Piece>);

/// The values that decide, each with its verdict, and how to find out which it is. Many values are folded, except around
/// the cursor.
fn depends(ctx: ViewContext<'_>, state: &Explorer, columns: u16, amount: Amount) -> Vec<ValueLine> {
    let labels = label_columns(columns);
    let columns = usize::from(columns).saturating_sub(2);
    let label = |text: &str| piece(pad(text, labels), Role::Label);
    let most = if amount == Amount::All { MOST_VALUES.1 } else { MOST_VALUES.0 };
    let (mut lines, mut first) = (Vec::new(), 0);
    for dependence in &ctx.model.derived.answer.depends_on {
        lines.push((None, vec![label("Unknown"), piece(dependence.input.as_str(), Role::Message)]));
        let widest = dependence.answers.iter().map(|possible| width(&possible.value)).max().unwrap_or(0).min(VALUE);
        let count = dependence.answers.len();
        let at_cursor = matches!(state.focus, Focus::Fix(index) if (first..first + count).contains(&index));
        let displayed = if count <= most || at_cursor { count } else { most - 1 };
        for (index, possible) in (first..).zip(dependence.answers.iter().take(displayed)) {
            let (role, sign) = ctx.theme.verdict(possible.verdict);
            let rule = stated_rule(possible.verdict, possible.rule).map(|rule| format!("  {}", rule.name()));
            let value = cut_at_word(&possible.value, VALUE, ctx.theme.signs.more);
            let number = if index < FIXES.len() { format!("{} ", index + 1) } else { "  ".to_owned() };
            let line = vec![
                label(""),
                piece(number, Role::Key),
                piece(format!("{} ", pad(&value, widest)), Role::Text),
                piece(format!("{} ", ctx.theme.signs.arrow), Role::Muted),
                piece(format!("{sign} {}", possible.verdict.name()), role),
                piece(rule.unwrap_or_default(), Role::Text),
            ];
            lines.push((Some(index), fitting(&line, columns, ctx.theme.signs.more)));
        }
        if displayed < count {
            let text = format!("  {} {} more: ", ctx.theme.signs.more, count - displayed);
            let key = ctx.model.settings.keymap.shown(Action::Answer);
            lines.push((Some(first + displayed), vec![label(""), piece(text, Role::Muted), piece(key, Role::Key)]));
        }
        first += count;
        if amount == Amount::All {
            let how = wrap(how_to_find_out(&dependence.input), columns.saturating_sub(labels));
            let line = |(number, line): (usize, String)| {
                (None, vec![label(if number == 0 { "Find out" } else { "" }), piece(line, Role::Text)])
            };
            lines.extend(how.into_iter().enumerate().map(line));
        }
    }
    lines
}

/// Returns what a click on a value that decides does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    if state.lanes.is_some() || !areas.lanes.contains(position) {
        return None;
    }
    let lines = depends(ctx, state, areas.lanes.width, areas.shape.lanes);
    let line = lines.get(usize::from(position.y - areas.lanes.y))?;
    line.0.map(Target::Fix)
}

/// The most columns of a value.
const VALUE: usize = 36;
/// The most values of an input, with little room and with more.
const MOST_VALUES: (usize, usize) = (3, 5);
