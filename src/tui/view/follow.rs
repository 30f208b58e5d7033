//! Draws one feature on its way through the ten stages: lanes from left to right with enough room, else a line for each
//! stage; below them the description of the stage under the cursor, the list of features, and the legend.

use super::ViewContext;
use super::draw::{Piece, banner, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::parts::{Parts, below, row_at, scrolled, texts};
use crate::analysis::follow::{Comparison, Lane, Lanes, Mark, Seen, Step, guest_sees_the_same, parting};
use crate::analysis::history::Membership;
use crate::app::action::Action;
use crate::app::choice::libvirt_name;
use crate::app::screens::Target;
use crate::app::screens::follow::{FeatureTrack, Follow, Sentence};
use crate::app::table::rule_label;
use crate::app::text::{cut, pad, width};
use crate::domain::scenario::Release;
use crate::export::analysis::{comparison_text, map_word, mention_word, origin_text, parting_text, state_word};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The least width for stages side by side.
const SIDE_BY_SIDE: u16 = 112;
/// The lines of the drawing side by side: the sides, numbers, names, a blank line, and the lanes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of lanes")]
const ACROSS_LINES: u16 = 4 + Lane::ALL.len() as u16;
/// The lines of the drawing with a line for each stage: the heads, the stages, and the wire.
#[expect(clippy::cast_possible_truncation, reason = "ten stages")]
const DOWN_LINES: u16 = 2 + Step::ALL.len() as u16;
/// The most lines of the description, without its heading.
const WORDS: u16 = 4;
/// The fewest lines of the list, with its heading.
const LIST: u16 = 4;
/// The columns of the names of the lanes.
const LANE_NAME: u16 = 17;
/// The columns between source and destination, with the wire in the first of them.
const WIRE: u16 = 3;
/// How many stages are at the source.
const AT_SOURCE: usize = 6;
/// The columns of a stage in the list.
const MARK: usize = 2;

/// The areas of the parts.
struct Areas {
    parts: Parts,
    banner: Rect,
    stages: Rect,
    words: Rect,
    list: Rect,
    legend: Rect,
}

impl Areas {
    fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let parts = Parts { framed: area.width >= SIDE_BY_SIDE };
        let zoomed = ctx.model.zoomed;
        let stages = match parts.framed {
            _ if zoomed => 0,
            true => ACROSS_LINES + parts.lines(),
            false => DOWN_LINES,
        };
        let rest = area.height.saturating_sub(1 + stages);
        let legend = u16::from(rest >= LIST + 4);
        let rest = rest - legend;
        let words = if zoomed { 0 } else { (WORDS + parts.lines()).min(rest.saturating_sub(LIST)).max(rest.min(3)) };
        let at = |from: u16, height: u16| Rect {
            y: area.y.saturating_add(from),
            height: height.min(area.height.saturating_sub(from)),
            ..area
        };
        let below = 1 + stages + words;
        Self {
            parts,
            banner: at(0, 1),
            stages: at(1, stages),
            words: at(1 + stages, words),
            list: at(below, area.height.saturating_sub(below + legend)),
            legend: at(area.height - legend.min(area.height), legend),
        }
    }

    /// Returns the area inside the frame of the drawing.
    fn inner(&self) -> Rect {
        if self.parts.framed { self.parts.inside(self.stages) } else { self.stages }
    }

    /// Returns the areas of the stages, in order.
    fn cells(&self) -> Vec<Rect> {
        let inner = self.inner();
        let count = cells(Step::ALL.len());
        if !self.parts.framed {
            let line = |number: u16| line_of(inner, 1 + number + u16::from(usize::from(number) >= AT_SOURCE));
            return (0..count).map(line).collect();
        }
        let room = inner.width.saturating_sub(LANE_NAME + WIRE);
        let width = room / count;
        let x = |number: u16| {
            let wire = if usize::from(number) >= AT_SOURCE { WIRE } else { 0 };
            inner.x + LANE_NAME + number * width + wire
        };
        (0..count).map(|number| Rect { x: x(number), y: inner.y + 1, width, height: inner.height - 1 }).collect()
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Follow, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, area);
    heading(ctx, state, areas.banner, buf);
    if areas.stages.is_empty() {
        // Zoomed: the list has the whole screen.
    } else if state.track.stages.is_empty() {
        let text = format!("No stages: {}.", ctx.model.derived.explanation.headline);
        text_at(buf, areas.stages, (areas.stages.x + 1, areas.stages.y + 1), &text, ctx.theme.style(Role::Text));
    } else if areas.parts.framed {
        across(ctx, state, &areas, buf);
    } else {
        down(ctx, state, &areas, buf);
    }
    words(ctx, state, &areas, buf);
    list(ctx, state, &areas, buf);
    let legend = fitting(&legend(ctx, areas.legend), usize::from(areas.legend.width), ctx.theme.signs.more);
    pieces(buf, ctx.theme, areas.legend, (areas.legend.x + 1, areas.legend.y), &legend);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Follow, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(ctx, area);
    if let Some(stage) = areas.cells().iter().position(|rect| rect.contains(position)) {
        return Some(Target::Cell(stage, 0));
    }
    if areas.banner.contains(position) {
        return Some(Target::Action(Action::Rule));
    }
    let rows = below(areas.parts.inside(areas.list));
    row_at(state.listed.index(), state.listed.len(), rows, position).map(Target::Row)
}

/// Returns the area of a stage, by its index.
pub(super) fn stage(ctx: ViewContext<'_>, area: Rect, number: usize) -> Option<Rect> {
    Areas::of(ctx, area).cells().get(number).copied().filter(|rect| !rect.is_empty())
}

/// Draws the first line: what happens to the feature, and the rule.
fn heading(ctx: ViewContext<'_>, state: &Follow, area: Rect, buf: &mut Buffer) {
    let derived = &ctx.model.derived;
    let harm = state.track.stages.iter().any(Seen::is_harm);
    let (_, sign) = ctx.theme.verdict(derived.answer.verdict);
    let role = if harm { Theme::banner(derived.answer.verdict) } else { Role::Message };
    let headline = state.headline((ctx.catalog, &ctx.model.scenario), derived);
    let rule = derived.answer.rule.map(rule_label).unwrap_or_default();
    let sign = if harm { sign } else { ctx.theme.signs.dot };
    // The verdict stands before it where there is room for both.
    let verdict = format!("{sign} {}: {headline}", derived.answer.verdict.name().to_uppercase());
    let fits = role == Role::FilledBad && width(&verdict) + width(&rule) + 4 <= usize::from(area.width);
    let text = if fits { verdict } else { format!("{sign} {headline}") };
    banner(buf, ctx.theme, area, role, (&text, &rule));
}

/// Returns the sign and the role of a mark.
fn mark(ctx: ViewContext<'_>, mark: Mark) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    match mark {
        Mark::On => (signs.on, Role::Text),
        Mark::Off => (signs.off, Role::Text),
        Mark::WrittenOn => ("+", Role::Chosen),
        Mark::WrittenOff => ("-", Role::Chosen),
        Mark::Unmentioned => (signs.nothing, Role::Muted),
        Mark::Unknown => (signs.open, Role::Open),
        Mark::Same => (signs.good, Role::Good),
        // Red is the banner and the head of the stage.
        Mark::Harm => (signs.bad, Role::Message),
    }
}

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

/// Returns the result of the last stage: the verdict of the migration.
fn result(ctx: ViewContext<'_>, seen: Seen) -> (String, Role) {
    match seen.step {
        Step::Verdict => {
            let verdict = ctx.model.derived.answer.verdict;
            let (role, sign) = ctx.theme.verdict(verdict);
            (format!("{sign} {}", verdict.name()), if role == Role::Bad { Role::Message } else { role })
        }
        _ => {
            let (sign, role) = mark(ctx, seen.state.mark());
            (format!("{sign} {}", state_word(seen.state)), role)
        }
    }
}

fn side_text(ctx: ViewContext<'_>, side: &str, release: &Release) -> String {
    let (libvirt, qemu) = (libvirt_name(ctx.catalog, release), release.qemu.name());
    format!("{side} libvirt {libvirt} {} QEMU {qemu}", ctx.theme.signs.dot)
}

/// Draws the stages side by side, with a line for each lane.
fn across(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let name = ctx.catalog.feature_name(state.track.feature);
    let left = [piece("Follow ", Role::Message), piece(name, Role::Chosen)];
    let right = play_hint(ctx, state);
    let inner = areas.parts.draw(ctx, areas.stages, true, (&left, &right), buf);
    let (signs, theme, columns) = (&ctx.theme.signs, ctx.theme, areas.cells());
    let (Some(first), Some(received)) = (columns.first(), columns.get(AT_SOURCE)) else { return };
    let wire = received.x.saturating_sub(WIRE);
    let scenario = &ctx.model.scenario;
    for (rect, text) in
        [(first, side_text(ctx, "SOURCE", &scenario.from)), (received, side_text(ctx, "DESTINATION", &scenario.to))]
    {
        let side = Rect { width: if rect.x == first.x { wire - rect.x } else { inner.right() - rect.x }, ..*rect };
        let text = cut(&text, usize::from(side.width), signs.more);
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
        let cursor = if index == state.stage { format!(" {}", ctx.theme.signs.below) } else { String::new() };
        let head = [format!("{}{cursor}", index + 1), seen.step.short().to_owned()];
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

/// Draws one lane: its entries, joined by lines where the same thing goes on.
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
            compared_across(ctx, seen, columns, (index, y), inner, buf);
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
                text_at(buf, inner, (rect.x.saturating_sub(2), y), signs.mark, theme.style(Role::Text));
            }
        }
        let text = [piece(format!("{sign} "), role), piece(word, role)];
        let end = pieces(buf, theme, inner, (rect.x, y), &fitting(&text, usize::from(rect.width), signs.more));
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

/// Returns whether the guest sees the same at the destination, in words.
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
    seen: &Seen,
    columns: &[Rect],
    (index, y): (usize, u16),
    inner: Rect,
    buf: &mut Buffer,
) {
    let theme = ctx.theme;
    let x = |index: usize| columns.get(index).map_or(inner.x, |rect| rect.x);
    match (seen.step, seen.lanes.compared) {
        (Step::Live, Some(compared)) => {
            let text = format!("{}  {}", equation(ctx, compared), comparison_text(compared));
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
        (Step::FullCheck | Step::Verdict, _) => {
            let (result, role) = result(ctx, *seen);
            let start = x(index).min(inner.right().saturating_sub(cells(width(&result))));
            text_at(buf, inner, (start, y), &result, theme.style(role));
        }
        _ => {}
    }
}

/// Draws a line for each stage.
fn down(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
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
        let cursor = if index == state.stage { signs.mark } else { " " };
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
            (Step::FullCheck, compared) => {
                // The row is about all columns.
                let sign = |on: bool| if on { signs.on } else { signs.off };
                let text = compared.map_or_else(String::new, |compared| {
                    let (expected, enabled) = (sign(compared.expected), sign(compared.enabled));
                    format!("compared: definition and map {expected}, QEMU {enabled}  ")
                });
                let end = text_at(buf, inner, (x(0), rect.y), &text, theme.style(Role::Text));
                let (result, role) = result(ctx, *seen);
                text_at(buf, inner, (end, rect.y), &result, theme.style(role));
            }
            (Step::Verdict, _) => {
                let (result, role) = result(ctx, *seen);
                let end = text_at(buf, inner, (x(0), rect.y), &result, theme.style(role));
                text_at(buf, inner, (end, rect.y), &format!(", {}", state_word(seen.state)), theme.style(Role::Text));
            }
            _ => {}
        }
    }
}

fn play_hint(ctx: ViewContext<'_>, state: &Follow) -> Vec<Piece> {
    let key = ctx.model.settings.keymap.shown(Action::Play);
    vec![piece(key, Role::Key), piece(if state.playing { " again" } else { " plays" }, Role::Text)]
}

fn words(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let seen = state.track.stages.get(state.stage).copied().filter(|_| !areas.words.is_empty());
    let Some(seen) = seen else { return };
    let (text, role) = result(ctx, seen);
    let text = if matches!(seen.step, Step::Verdict) { format!("{text}, {}", state_word(seen.state)) } else { text };
    let mut left = vec![piece(format!("{} {}: ", state.stage + 1, seen.step.name()), Role::Message), piece(text, role)];
    if let Some(by) = seen.by {
        left.push(piece(format!(" {} {}", ctx.theme.signs.dot, origin_text(by)), Role::Muted));
    }
    let key = ctx.model.settings.keymap.shown(Action::Xml);
    let right = [piece(key, Role::Key), piece(" the XML here", Role::Text)];
    let inner = areas.parts.draw(ctx, areas.words, false, (&left, &right), buf);
    let scenario = (ctx.catalog, &ctx.model.scenario);
    let sentences = state.sentences(scenario, &ctx.model.derived, seen);
    let role = |kind: &Sentence| match kind {
        Sentence::State => Role::Text,
        Sentence::Rule => Role::Chosen,
        Sentence::OneCase => Role::Open,
    };
    texts(ctx, inner, sentences.iter().map(|(text, kind)| (text.as_str(), role(kind))), buf);
}

fn list(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    if areas.list.height <= areas.parts.lines() {
        return;
    }
    let right = if state.named.is_empty() {
        let differing = state.listed.iter().filter(|track| track.differs).count();
        let all: usize = state.listed.iter().map(|track| 1 + track.others.len()).sum();
        let key = ctx.model.settings.keymap.shown(Action::Filter);
        vec![
            piece(format!("{differing} of {all} change {} ", ctx.theme.signs.dot), Role::Text),
            piece(key, Role::Key),
            piece(" any feature", Role::Muted),
        ]
    } else {
        vec![piece(format!("{} matching {}", state.listed.len(), state.named), Role::Chosen)]
    };
    let inner = areas.parts.draw(ctx, areas.list, false, (&[piece("All features", Role::Message)], &right), buf);
    let name = name_columns(inner);
    let mut x = inner.x + 1 + cells(name);
    for number in 1..Step::ALL.len() {
        x = wire(ctx, (number - 1, inner, (x, inner.y)), buf);
        text_at(buf, inner, (x, inner.y), &number.to_string(), ctx.theme.style(Role::Label));
        x += cells(MARK);
    }
    let rows = below(inner);
    if state.listed.is_empty() {
        let text = ctx.model.settings.keymap.no_match();
        text_at(buf, rows, (rows.x + 1, rows.y), &text, ctx.theme.style(Role::Muted));
    }
    let first = scrolled(state.listed.index(), state.listed.len(), rows);
    for ((index, track), number) in state.listed.iter().enumerate().skip(first).zip(0..rows.height) {
        let line = line_of(rows, number);
        let x = row(ctx, track, name, line, buf);
        if !track.others.is_empty() && index + 1 == state.listed.len() {
            // The names of the folded features fill the pane.
            let names: Vec<&str> = std::iter::once(&track.feature)
                .chain(&track.others)
                .map(|feature| ctx.catalog.feature_name(*feature))
                .collect();
            let rest = Rect { x, width: rows.right().saturating_sub(x), y: line.y, height: rows.bottom() - line.y };
            texts(ctx, rest, [(names.join(", ").as_str(), Role::Muted)], buf);
        }
        if state.listed.index() == index {
            fill(buf, Rect { width: cells(name), x: line.x + 1, ..line }, ctx.theme.style(Role::Focus));
        }
    }
}

/// Draws the wire before the first stage at the destination. Returns the next column.
fn wire(ctx: ViewContext<'_>, (index, area, (x, y)): (usize, Rect, (u16, u16)), buf: &mut Buffer) -> u16 {
    if index != AT_SOURCE {
        return x;
    }
    text_at(buf, area, (x, y), ctx.theme.signs.wire, ctx.theme.style(Role::Text));
    x + 2
}

fn name_columns(inner: Rect) -> usize {
    usize::from(inner.width).saturating_sub(MARK * Step::ALL.len() + 26).clamp(12, 30)
}

/// Draws the line of a feature. Returns the column after its stages.
fn row(ctx: ViewContext<'_>, track: &FeatureTrack, name: usize, line: Rect, buf: &mut Buffer) -> u16 {
    let label = match track.others.len() {
        0 => cut(ctx.catalog.feature_name(track.feature), name - 1, ctx.theme.signs.more),
        others => format!("{} others", others + 1),
    };
    text_at(buf, line, (line.x + 1, line.y), &label, ctx.theme.style(Role::Text));
    let mut x = line.x + 1 + cells(name);
    for (index, seen) in track.stages.iter().enumerate().take(Step::ALL.len() - 1) {
        x = wire(ctx, (index, line, (x, line.y)), buf);
        let (sign, role) = mark(ctx, seen.state.mark());
        text_at(buf, line, (x, line.y), sign, ctx.theme.style(role));
        x += cells(MARK);
    }
    let mut rest: Vec<Piece> =
        track.change.iter().map(|change| piece(format!("{}  ", change.name()), Role::Message)).collect();
    let who = |seen: &Seen| {
        let number = seen.step as usize + 1;
        seen.by.map_or_else(|| format!("at {number}"), |by| format!("at {number}: {}", origin_text(by)))
    };
    let changed: Vec<String> = track.stages.iter().filter(|seen| seen.changed).map(who).collect();
    rest.push(piece(changed.join(", "), Role::Muted));
    let room = usize::from(line.right().saturating_sub(x + 1));
    pieces(buf, ctx.theme, line, (x + 1, line.y), &fitting(&rest, room, ctx.theme.signs.more));
    x
}

fn legend(ctx: ViewContext<'_>, area: Rect) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    let all = [
        (signs.on, "enabled"),
        (signs.off, "not enabled"),
        ("+", "require"),
        ("-", "disable"),
        (signs.nothing, "not mentioned"),
        (signs.wire, "migration"),
        (signs.good, "as expected"),
    ];
    let mut legend = Vec::new();
    let shown = if area.width >= SIDE_BY_SIDE { all.len() } else { all.len() - 1 };
    for (sign, text) in all.into_iter().take(shown) {
        legend.push(piece(sign, Role::Message));
        legend.push(piece(format!(" {text}  "), Role::Text));
    }
    legend
}
