//! Draws the stages: side by side with a line for each lane, or one below the other with a line for each stage.

use super::super::ViewContext;
use super::super::draw::{cells, fitting, line_of, piece, pieces, text_at};
use super::{AT_SOURCE, Areas, WIRE, mark, play_hint, result};
use crate::analysis::follow::{Comparison, Lane, Lanes, Mark, Seen, State, Step, guest_sees_the_same, parting};
use crate::analysis::history::Membership;
use crate::app::choice::libvirt_name;
use crate::app::screens::follow::Follow;
use crate::app::text::{cut, pad, width};
use crate::domain::scenario::Release;
use crate::export::analysis::{comparison_text, map_word, mention_word, parting_text, state_word};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Returns the sign, the word and the role of a stage in a lane; `None` where the stage has nothing in it.
fn entry(ctx: ViewContext<'_>, lanes: &Lanes, lane: Lane) -> Option<(&'static str, String, Role)> {
    let of = |kind: Mark, word: &str| {
        let (sign, role) = mark(ctx, kind);
        (sign, word.to_owned(), role)
    };
    match lane {
        Lane::Text => lanes.text.map(|state| of(state.mark(), mention_word(state))),
        Lane::Map => lanes.map.map(|has| of(map_mark(has), map_word(has))),
        Lane::Qemu => lanes.qemu.map(|state| of(state.mark(), state_word(state))),
        Lane::Guest => lanes.guest.map(|on| of(if on { Mark::On } else { Mark::Off }, if on { "on" } else { "off" })),
        Lane::Compared => None,
    }
}

fn map_mark(has: Membership) -> Mark {
    match has {
        Membership::Has => Mark::On,
        Membership::Absent | Membership::Removed | Membership::Added => Mark::Off,
        Membership::NoModel | Membership::Unknown => Mark::Unknown,
    }
}

/// Returns the comparison as `■ = ■`.
fn equation(ctx: ViewContext<'_>, compared: Comparison) -> String {
    let signs = &ctx.theme.signs;
    let sign = |on: bool| if on { signs.on } else { signs.off };
    let equal = if compared.expected == compared.enabled { "=" } else { signs.unequal };
    format!("{} {equal} {}", sign(compared.expected), sign(compared.enabled))
}

/// Returns the role of a number and a name of a stage.
fn head_role(state: &Follow, index: usize) -> Role {
    let harm = state.is_drawn(index) && state.track.stages.get(index).is_some_and(Seen::is_harm);
    match (harm, index == state.stage) {
        (true, true) => Role::FilledBad,
        (true, false) => Role::Bad,
        (false, true) => Role::Focus,
        (false, false) => Role::Text,
    }
}

fn side_text(ctx: ViewContext<'_>, side: &str, release: &Release) -> String {
    let (libvirt, qemu) = (libvirt_name(ctx.catalog, release), release.qemu.name());
    format!("{side} libvirt {libvirt} {} QEMU {qemu}", ctx.theme.signs.dot)
}

/// Draws the stages side by side, with a line for each lane.
pub(super) fn across(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let name = ctx.catalog.feature_name(state.track.feature);
    let left = [piece("Follow ", Role::Message), piece(name, Role::Chosen)];
    let right = play_hint(ctx, state);
    let inner = areas.parts.draw(ctx, areas.stages, !state.in_list, (&left, &right), buf);
    let (signs, theme, columns) = (&ctx.theme.signs, ctx.theme, areas.cells());
    let (Some(first), Some(received)) = (columns.first(), columns.get(AT_SOURCE)) else { return };
    let wire = received.x.saturating_sub(WIRE);
    let scenario = &ctx.model.scenario;
    for (rect, names, release) in
        [(first, ["SOURCE"; 2], &scenario.from), (received, ["DESTINATION", "DEST."], &scenario.to)]
    {
        let side = Rect { width: if rect.x == first.x { wire - rect.x } else { inner.right() - rect.x }, ..*rect };
        let room = usize::from(side.width);
        let [long, short] = names.map(|name| side_text(ctx, name, release));
        let text = if width(&long) > room { cut(&short, room, signs.more) } else { long };
        text_at(buf, inner, (rect.x, inner.y), &text, theme.style(Role::Title));
    }
    for y in inner.top()..inner.bottom() {
        text_at(buf, inner, (wire, y), signs.wire, theme.style(Role::Text));
    }
    for (number, lane) in Lane::ALL.iter().enumerate() {
        let y = inner.y + 4 + cells(number);
        text_at(buf, inner, (inner.x + 1, y), lane.name(), theme.style(Role::Label));
    }
    for (index, (seen, rect)) in state.track.stages.iter().zip(&columns).enumerate() {
        let style = theme.style(head_role(state, index));
        let cursor = if index == state.stage { signs.after } else { "" };
        let head = [format!("{cursor}{}", index + 1), seen.step.short().to_owned()];
        for (text, y) in head.iter().zip(rect.y..) {
            let text = if index == state.stage { pad(text, usize::from(rect.width) - 1) } else { text.clone() };
            text_at(buf, inner, (rect.x, y), &text, style);
        }
    }
    for (number, lane) in Lane::ALL.iter().enumerate() {
        let y = inner.y + 4 + cells(number);
        lane_across(ctx, state, (*lane, y), &columns, inner, buf);
    }
}

/// Draws one lane: its entries, joined by lines where the same value continues.
fn lane_across(
    ctx: ViewContext<'_>,
    state: &Follow,
    (lane, y): (Lane, u16),
    columns: &[Rect],
    inner: Rect,
    buf: &mut Buffer,
) {
    let (signs, theme) = (&ctx.theme.signs, ctx.theme);
    let wire = columns.get(AT_SOURCE).map_or(0, |rect| rect.x.saturating_sub(WIRE));
    let parted = parting(&state.track.stages);
    let mut before: Option<u16> = None;
    for (index, (seen, rect)) in state.track.stages.iter().zip(columns).enumerate() {
        if !state.is_drawn(index) {
            break;
        }
        if lane == Lane::Compared {
            compared_across(ctx, state, columns, (index, y), inner, buf);
            continue;
        }
        let Some((sign, word, role)) = entry(ctx, &seen.lanes, lane) else { continue };
        let crosses = before.is_some_and(|end| end < wire) && rect.x > wire;
        let joins = matches!((lane, crosses), (Lane::Text | Lane::Guest, _) | (Lane::Map | Lane::Qemu, false));
        if let Some(end) = before.filter(|_| joins) {
            let line = if lane == Lane::Text && crosses { signs.sent } else { signs.across };
            for x in end + 1..rect.x.saturating_sub(1) {
                let sign = if x == wire { if lane == Lane::Text { signs.crossing } else { signs.wire } } else { line };
                text_at(buf, inner, (x, y), sign, theme.style(Role::Text));
            }
            if crosses {
                text_at(buf, inner, (rect.x.saturating_sub(2), y), signs.tip, theme.style(Role::Text));
            }
        }
        let text = [piece(format!("{sign} "), role), piece(word, role)];
        let room = usize::from(rect.width - u16::from(index < AT_SOURCE));
        let end = pieces(buf, theme, inner, (rect.x, y), &fitting(&text, room, signs.more));
        let last = if matches!(lane, Lane::Text | Lane::Map) { Step::Received } else { Step::DestinationCpu };
        if seen.step == last {
            if parted == Some(lane) {
                let note = format!("{} {}", signs.points, parting_text(lane));
                text_at(buf, inner, (end + 1, y), &note, theme.style(Role::Warn));
            } else if lane == Lane::Guest {
                let (text, role) = guest_note(&state.track.stages);
                text_at(buf, inner, (end + 1, y), text, theme.style(role));
            }
        }
        before = Some(end);
    }
}

/// Returns whether the guest sees the same at the destination, as text.
fn guest_note(seen: &[Seen]) -> (&'static str, Role) {
    match guest_sees_the_same(seen) {
        Some(true) => ("the same", Role::Good),
        Some(false) => ("differs", Role::Bad),
        None => ("", Role::Text),
    }
}

/// Draws what a stage compares: at the live update, at the full check, and the verdict.
fn compared_across(
    ctx: ViewContext<'_>,
    state: &Follow,
    columns: &[Rect],
    (index, y): (usize, u16),
    inner: Rect,
    buf: &mut Buffer,
) {
    let theme = ctx.theme;
    let Some(seen) = state.track.stages.get(index) else { return };
    let x = |index: usize| columns.get(index).map_or(inner.x, |rect| rect.x);
    match (seen.step, seen.lanes.compared) {
        (Step::Live, Some(compared)) => {
            let text = format!("{}  {}", equation(ctx, compared), comparison_text(compared));
            // The result reaches into the next stage, unless that has one of its own, but not over the wire.
            let next = state.track.stages.get(index + 1).is_some_and(|next| next.state == State::Refused);
            let end = if next { x(index + 1) } else { x(AT_SOURCE).saturating_sub(WIRE) };
            let text = cut(&text, usize::from(end.saturating_sub(x(index) + 1)), theme.signs.more);
            text_at(buf, inner, (x(index), y), &text, theme.style(Role::Text));
        }
        (Step::FullCheck, Some(compared)) => {
            let text = equation(ctx, compared);
            let end = text_at(buf, inner, (x(index - 2), y), &text, theme.style(Role::Text));
            let (result, role) = result(ctx, *seen);
            for x in end + 1..x(index).saturating_sub(1) {
                text_at(buf, inner, (x, y), theme.signs.across, theme.style(Role::Text));
            }
            text_at(buf, inner, (x(index), y), &result, theme.style(role));
        }
        _ if seen.state == State::Refused || seen.step == Step::Verdict => {
            let (result, role) = result(ctx, *seen);
            let start = x(index).min(inner.right().saturating_sub(cells(width(&result))));
            text_at(buf, inner, (start, y), &result, theme.style(role));
        }
        _ => {}
    }
}

/// Draws a line for each stage.
pub(super) fn down(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let (signs, theme, inner) = (&ctx.theme.signs, ctx.theme, areas.inner());
    let side = if inner.width >= 76 { 9 } else { 7 };
    let stage = if inner.width >= 76 { 15 } else { 13 };
    let lane = inner.width.saturating_sub(side + stage + 1) / 4;
    let lanes = [Lane::Text, Lane::Map, Lane::Qemu, Lane::Guest];
    let x = |number: usize| inner.x + side + stage + cells(number) * lane;
    for (number, name) in ["definition", "CPU map", "QEMU", "guest"].into_iter().enumerate() {
        text_at(buf, inner, (x(number), inner.y), name, theme.style(Role::Label));
    }
    let rects = areas.cells();
    let scenario = &ctx.model.scenario;
    let sides = [(0, "SOURCE", &scenario.from), (AT_SOURCE, "DEST.", &scenario.to)];
    for (index, name, release) in sides {
        let libvirt = libvirt_name(ctx.catalog, release);
        let lines = std::iter::once(name).chain(libvirt.split(' '));
        for (text, rect) in lines.zip(rects.iter().skip(index)) {
            let text = cut(text, usize::from(side) - 1, signs.more);
            text_at(buf, inner, (inner.x + 1, rect.y), &text, theme.style(Role::Title));
        }
    }
    let wire = line_of(inner, 1 + cells(AT_SOURCE));
    let text = format!("{} the wire ", signs.sent.repeat(3));
    let rest = usize::from(wire.width).saturating_sub(width(&text) + 1);
    text_at(buf, wire, (wire.x + 1, wire.y), &(text + &signs.sent.repeat(rest)), theme.style(Role::Text));
    let parted = parting(&state.track.stages);
    for (index, (seen, rect)) in state.track.stages.iter().zip(&rects).enumerate() {
        let cursor = if index == state.stage { signs.after } else { " " };
        let name = format!("{:>2} {}", index + 1, seen.step.short());
        text_at(buf, inner, (inner.x + side, rect.y), cursor, theme.style(Role::Key));
        let name = pad(&name, usize::from(stage) - 3);
        text_at(buf, inner, (inner.x + side + 1, rect.y), &name, theme.style(head_role(state, index)));
        if !state.is_drawn(index) {
            continue;
        }
        let mut end = x(0);
        for (number, lane) in lanes.iter().enumerate() {
            let Some((sign, word, role)) = entry(ctx, &seen.lanes, *lane) else { continue };
            end = text_at(buf, inner, (x(number), rect.y), &format!("{sign} {word}"), theme.style(role));
            // The next lane leaves room for the sign only.
            if *lane == Lane::Qemu && seen.step == Step::DestinationCpu && parted == Some(*lane) {
                text_at(buf, inner, (end + 1, rect.y), signs.points, theme.style(Role::Warn));
            }
            if *lane == Lane::Guest && seen.step == Step::DestinationCpu {
                let (text, role) = guest_note(&state.track.stages);
                end = text_at(buf, inner, (end + 1, rect.y), text, theme.style(role));
            }
        }
        if let Some(lane) = parted.filter(|lane| seen.step == Step::Received && matches!(lane, Lane::Text | Lane::Map))
        {
            let note = format!("{} {}", signs.points, parting_text(lane));
            text_at(buf, inner, (end + 1, rect.y), &note, theme.style(Role::Warn));
        }
        end = end.max(x(2));
        match (seen.step, seen.lanes.compared) {
            (Step::Live, Some(compared)) => {
                let text = format!("compared: {}, {}", equation(ctx, compared), comparison_text(compared));
                text_at(buf, inner, (end, rect.y), &text, theme.style(Role::Text));
            }
            (Step::FullCheck, Some(compared)) => {
                // The row is about all columns.
                let sign = |on: bool| if on { signs.on } else { signs.off };
                let (expected, enabled) = (sign(compared.expected), sign(compared.enabled));
                let text = format!("compared: definition and map {expected}, QEMU {enabled}  ");
                let end = text_at(buf, inner, (x(0), rect.y), &text, theme.style(Role::Text));
                let (result, role) = result(ctx, *seen);
                text_at(buf, inner, (end, rect.y), &result, theme.style(role));
            }
            (Step::Verdict, _) => {
                let (result, role) = result(ctx, *seen);
                let end = text_at(buf, inner, (x(0), rect.y), &result, theme.style(role));
                let state = state_word(seen.state);
                let state = if seen.state == State::NotReached { String::new() } else { format!(", {state}") };
                text_at(buf, inner, (end, rect.y), &state, theme.style(Role::Text));
            }
            _ if seen.state == State::Refused => {
                let (result, role) = result(ctx, *seen);
                text_at(buf, inner, (end, rect.y), &result, theme.style(role));
            }
            _ => {}
        }
    }
}
