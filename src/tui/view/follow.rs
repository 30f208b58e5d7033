//! Draws one feature at the ten stages, side by side or one below the other, with the description of the selected
//! stage, the list of features, and the legend.

use super::ViewContext;
use super::draw::{Piece, banner, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::page::{self, with_rule};
use super::parts::{Parts, below, row_at, scrolled, texts};
use crate::analysis::follow::{Lane, Mark, Seen, State, Step};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::follow::{FeatureTrack, Follow, SIDE_BY_SIDE, Sentence};
use crate::app::table::rule_label;
use crate::app::text::{cut, width};
use crate::explain::rule_page;
use crate::export::analysis::{origin_text, state_word};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

mod drawing;

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
/// The most lines of the list, where the page of a rule fits below it.
const MOST_LISTED: u16 = 16;
/// The columns of the names of the lanes.
const LANE_NAME: u16 = 17;
/// The columns between source and destination, with the wire in the first of them.
const WIRE: u16 = 3;
/// How many stages are at the source.
const AT_SOURCE: usize = 6;
/// The meaning of the signs in the list: at a stage with a definition, whether the CPU map and the definition enable the feature.
const EXPECTED: &str = "expected or enabled at stage";
/// The columns of a stage in the list.
const MARK: usize = 2;

/// The areas of the parts.
struct Areas {
    parts: Parts,
    banner: Rect,
    stages: Rect,
    words: Rect,
    list: Rect,
    /// The page of the rule of the stage; `None` without room.
    rule: Option<Rect>,
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
        let list = at(below, area.height.saturating_sub(below + legend));
        let (list, rule) = if zoomed { (list, None) } else { with_rule(list, MOST_LISTED) };
        Self {
            parts,
            banner: at(0, 1),
            stages: at(1, stages),
            words: at(1 + stages, words),
            list,
            rule,
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
        let at_source = cells(AT_SOURCE);
        // The stages at the source have an entry in each lane, so they get a blank between the entries.
        let source = room.div_ceil(count);
        let destination = room.saturating_sub(source * at_source) / (count - at_source);
        let height = inner.height.saturating_sub(1);
        let cell = |number: u16| {
            let after = number.saturating_sub(at_source);
            let wire = if number >= at_source { WIRE } else { 0 };
            let x = inner.x + LANE_NAME + (number - after) * source + wire + after * destination;
            let width = if number >= at_source { destination } else { source };
            Rect { x, y: inner.y + 1, width, height }
        };
        (0..count).map(cell).collect()
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Follow, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(ctx, area);
    heading(ctx, state, areas.banner, buf);
    if areas.stages.is_empty() {
        // Zoomed: the list has the whole screen.
    } else if state.track.stages.is_empty() {
        let text = Follow::no_stages(&ctx.model.derived, &ctx.model.settings.keymap);
        texts(ctx, below(areas.stages), [(text.as_str(), Role::Text)], buf);
    } else if areas.parts.framed {
        drawing::across(ctx, state, &areas, buf);
    } else {
        drawing::down(ctx, state, &areas, buf);
    }
    words(ctx, state, &areas, buf);
    list(ctx, state, &areas, buf);
    if let Some(area) = areas.rule {
        let rule = state.track.stages.get(state.stage).and_then(|seen| seen.rule);
        page::rule(ctx, rule.or(ctx.model.derived.answer.rule).map(rule_page), area, buf);
    }
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
    let name = derived.answer.verdict.name().to_uppercase();
    let verdict = format!("{sign} {name}: {headline}");
    let fits = role == Role::FilledBad
        && !headline.starts_with(&name)
        && width(&verdict) + width(&rule) + 4 <= usize::from(area.width);
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
            let refused = seen.state == State::Refused;
            let sign = if refused { ctx.theme.verdict(ctx.model.derived.answer.verdict).1 } else { sign };
            (format!("{sign} {}", state_word(seen.state)), role)
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
    let says_more = seen.step == Step::Verdict && seen.state != State::NotReached;
    let text = if says_more { format!("{text}, {}", state_word(seen.state)) } else { text };
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
    let inner =
        areas.parts.draw(ctx, areas.list, state.in_list, (&[piece("All features", Role::Message)], &right), buf);
    let name = name_columns(inner);
    let what = cut(EXPECTED, name - 1, ctx.theme.signs.more);
    text_at(buf, inner, (inner.x + 1, inner.y), &what, ctx.theme.style(Role::Label));
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
        (signs.on, "on"),
        (signs.off, "off"),
        ("+", "require"),
        ("-", "disable"),
        (signs.nothing, "not mentioned"),
        (signs.wire, "wire"),
        ("=", "equal"),
        (signs.unequal, "unequal"),
        (signs.good, "as expected"),
        (signs.bad, "unexpected"),
    ];
    let mut legend = Vec::new();
    let count = if area.width >= SIDE_BY_SIDE { all.len() } else { all.len() - 2 };
    for (sign, text) in all.into_iter().take(count) {
        legend.push(piece(sign, Role::Message));
        legend.push(piece(format!(" {text}  "), Role::Text));
    }
    legend
}
