//! Draws one feature at the ten stages, side by side with enough room; below them the description of the stage under
//! the cursor, and the list of features.

use super::ViewContext;
use super::draw::{Piece, cells, fill, fitting, line_of, piece, pieces, text_at};
use super::parts::{Parts, below, scrolled};
use crate::analysis::follow::{Seen, State, Step};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::follow::{FeatureTrack, Follow, Sentence};
use crate::app::text::{cut, pad, wrap};
use crate::export::analysis::{origin_text, state_word};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The least width for stages side by side.
const SIDE_BY_SIDE: u16 = 112;
/// The lines of a stage: its number, then two each for its name, its state, and what decided.
const CELL_LINES: u16 = 7;
/// The lines of the description, without their heading.
const WORDS: u16 = 6;
/// The fewest lines of the list, with its heads.
const LIST: u16 = 4;
/// The width of a stage in the list.
const MARK: usize = 3;

/// The areas of the parts.
struct Areas {
    parts: Parts,
    stages: Rect,
    words: Rect,
    list: Rect,
}

impl Areas {
    fn of(area: Rect) -> Self {
        let parts = Parts { framed: area.width >= SIDE_BY_SIDE };
        let stages = if parts.framed { CELL_LINES } else { cells(Step::ALL.len()) } + parts.lines();
        let rest = area.height.saturating_sub(stages);
        let words = (WORDS + parts.lines()).min(rest.saturating_sub(LIST)).max(rest.min(4));
        let at = |from: u16, height: u16| Rect {
            y: area.y.saturating_add(from),
            height: height.min(area.height.saturating_sub(from)),
            ..area
        };
        let below = stages.saturating_add(words);
        Self {
            parts,
            stages: at(0, stages),
            words: at(stages, words),
            list: at(below, area.height.saturating_sub(below)),
        }
    }

    /// Returns the areas of the stages, in order.
    fn cells(&self) -> Vec<Rect> {
        let inner = self.parts.inside(self.stages);
        let count = cells(Step::ALL.len());
        if !self.parts.framed {
            return (0..count).map(|number| line_of(inner, number)).collect();
        }
        // A rule separates stages; spare columns go to the last ones, whose names are longer.
        let room = inner.width.saturating_sub(count - 1);
        let mut x = inner.x;
        (0..count)
            .map(|number| {
                let width = room / count + u16::from(number >= count - room % count);
                let rect = Rect { x, width, ..inner };
                x += width + 1;
                rect
            })
            .collect()
    }
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Follow, area: Rect, buf: &mut Buffer) {
    let areas = Areas::of(area);
    stages(ctx, state, &areas, buf);
    words(ctx, state, &areas, buf);
    list(ctx, state, &areas, buf);
}

/// Returns what a click at `position` does.
pub(super) fn hit(state: &Follow, area: Rect, position: Position) -> Option<Target> {
    let areas = Areas::of(area);
    if let Some(stage) = areas.cells().iter().position(|rect| rect.contains(position)) {
        return Some(Target::Cell(stage, 0));
    }
    let rows = below(areas.parts.inside(areas.list));
    let row = scrolled(state.listed.index(), state.listed.len(), rows) + usize::from(position.y.saturating_sub(rows.y));
    (rows.contains(position) && row < state.listed.len()).then_some(Target::Row(row))
}

/// Returns the area of a stage, by its index.
pub(super) fn stage(area: Rect, number: usize) -> Option<Rect> {
    Areas::of(area).cells().get(number).copied().filter(|rect| !rect.is_empty())
}

fn stages(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let name = ctx.catalog.feature_name(state.track.feature);
    let left = [piece("Follow ", Role::Message), piece(name, Role::Chosen)];
    let legend = format!("{} changed at this stage", ctx.theme.signs.mark);
    let inner = areas.parts.draw(ctx, areas.stages, true, (&left, &[piece(legend, Role::Muted)]), buf);
    if state.track.stages.is_empty() {
        let text = format!("No stages: {}.", ctx.model.derived.explanation.headline);
        for (line, number) in wrap(&text, usize::from(inner.width).saturating_sub(2)).iter().zip(0..inner.height) {
            let rect = line_of(inner, number);
            text_at(buf, rect, (rect.x + 1, rect.y), line, ctx.theme.style(Role::Muted));
        }
        return;
    }
    for (number, (seen, rect)) in state.track.stages.iter().copied().zip(areas.cells()).enumerate() {
        if areas.parts.framed {
            cell(ctx, (number, seen), rect, buf);
            let right = rect.right();
            for y in (rect.top()..rect.bottom()).filter(|_| number + 1 < state.track.stages.len()) {
                text_at(buf, inner, (right, y), ctx.theme.signs.down, ctx.theme.style(Role::Border));
            }
        } else {
            line(ctx, (number, seen), rect, buf);
        }
        if number == state.stage {
            fill(buf, rect, ctx.theme.style(Role::Focus));
        }
    }
}

/// Returns the sign and the role of a stage.
fn sign(ctx: ViewContext<'_>, seen: Seen) -> (&'static str, Role) {
    let signs = &ctx.theme.signs;
    match seen.state {
        State::Extra | State::Missing => (signs.bad, Role::Bad),
        State::Lost | State::Gained => (signs.warn, Role::Warn),
        _ if seen.changed => (signs.mark, Role::Chosen),
        State::NotReached | State::NotCompared | State::Unmentioned => (" ", Role::Muted),
        State::Kept | State::Agrees => (" ", Role::Good),
        State::InModel
        | State::Silent
        | State::Mention(_)
        | State::UnknownToMap
        | State::Flag(_)
        | State::On
        | State::Off
        | State::Unavailable => (" ", Role::Text),
    }
}

fn cell(ctx: ViewContext<'_>, (number, seen): (usize, Seen), rect: Rect, buf: &mut Buffer) {
    let (sign, role) = sign(ctx, seen);
    let by = seen.by.map(origin_text).unwrap_or_default();
    let room = usize::from(rect.width);
    let head = [piece(pad(sign, 1), role), piece((number + 1).to_string(), Role::Key)];
    pieces(buf, ctx.theme, rect, (rect.x, rect.y), &head);
    for (first, text, role) in
        [(1, seen.step.name(), Role::Message), (3, state_word(seen.state), role), (5, &by, Role::Muted)]
    {
        for (text, number) in wrap(text, room).iter().take(2).zip(first..) {
            let line = line_of(rect, number);
            text_at(buf, line, (line.x, line.y), &cut(text, room, ""), ctx.theme.style(role));
        }
    }
}

fn line(ctx: ViewContext<'_>, (number, seen): (usize, Seen), rect: Rect, buf: &mut Buffer) {
    let (sign, role) = sign(ctx, seen);
    let row = [
        piece(pad(sign, 1), role),
        piece(format!("{:>2} ", number + 1), Role::Key),
        piece(pad(seen.step.name(), 16), Role::Message),
        piece(pad(state_word(seen.state), 19), role),
        piece(seen.by.map(origin_text).unwrap_or_default(), Role::Muted),
    ];
    let row = fitting(&row, usize::from(rect.width), ctx.theme.signs.more);
    pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
}

fn words(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let Some(seen) = state.track.stages.get(state.stage).copied() else { return };
    let (sign, role) = sign(ctx, seen);
    let left = [
        piece(format!("{} {}: ", state.stage + 1, seen.step.name()), Role::Message),
        piece(format!("{sign} {}", state_word(seen.state)).trim_start(), role),
    ];
    let rule = seen.rule.map(|rule| {
        let key = ctx.model.settings.keymap.shown(Action::Rule);
        [piece(format!("rule {} ", rule.name()), Role::Chosen), piece(key, Role::Key), piece(" opens it", Role::Muted)]
    });
    let right = rule.as_ref().map_or(&[] as &[Piece], |rule| rule);
    let inner = areas.parts.draw(ctx, areas.words, false, (&left, right), buf);
    let mut y = inner.y;
    let scenario = (ctx.catalog, &ctx.model.scenario);
    for (text, kind) in state.sentences(scenario, &ctx.model.derived, seen) {
        let role = match kind {
            Sentence::State => Role::Text,
            Sentence::Rule => Role::Chosen,
            Sentence::OneCase => Role::Open,
        };
        for line in wrap(&text, usize::from(inner.width).saturating_sub(2)) {
            if y >= inner.bottom() {
                return;
            }
            text_at(buf, inner, (inner.x + 1, y), &line, ctx.theme.style(role));
            y += 1;
        }
    }
}

fn list(ctx: ViewContext<'_>, state: &Follow, areas: &Areas, buf: &mut Buffer) {
    let right = if state.named.is_empty() {
        let differing = state.listed.iter().filter(|track| track.differs).count();
        let key = ctx.model.settings.keymap.shown(Action::Filter);
        vec![
            piece(format!("{differing} of {} differ {} ", state.listed.len(), ctx.theme.signs.dot), Role::Text),
            piece(key, Role::Key),
            piece(" any feature", Role::Muted),
        ]
    } else {
        vec![piece(format!("{} matching {}", state.listed.len(), state.named), Role::Chosen)]
    };
    let inner = areas.parts.draw(ctx, areas.list, false, (&[piece("Features", Role::Message)], &right), buf);
    let name = name_columns(inner);
    let numbers: Vec<String> = (1..=Step::ALL.len()).map(|number| format!("{number:>MARK$}")).collect();
    text_at(
        buf,
        inner,
        (inner.x + 1, inner.y),
        &format!("{}{}", pad("", name), numbers.concat()),
        ctx.theme.style(Role::Muted),
    );
    let rows = below(inner);
    if state.listed.is_empty() {
        let text = ctx.model.settings.keymap.no_match();
        text_at(buf, rows, (rows.x + 1, rows.y), &text, ctx.theme.style(Role::Muted));
    }
    for ((index, track), number) in state
        .listed
        .iter()
        .enumerate()
        .skip(scrolled(state.listed.index(), state.listed.len(), rows))
        .zip(0..rows.height)
    {
        let line = line_of(rows, number);
        let row = fitting(&row(ctx, track, name), usize::from(line.width).saturating_sub(1), ctx.theme.signs.more);
        pieces(buf, ctx.theme, line, (line.x + 1, line.y), &row);
        if state.listed.index() == index {
            fill(buf, line, ctx.theme.style(Role::Focus));
        }
    }
}

fn name_columns(inner: Rect) -> usize {
    usize::from(inner.width).saturating_sub(MARK * Step::ALL.len() + 20).clamp(12, 30)
}

fn row(ctx: ViewContext<'_>, track: &FeatureTrack, name: usize) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    let label = cut(ctx.catalog.feature_name(track.feature), name - 1, signs.more);
    let mut row = vec![piece(pad(&label, name), if track.differs { Role::Text } else { Role::Muted })];
    for seen in track.stages.iter().copied() {
        let (sign, role) = sign(ctx, seen);
        let sign = match (seen.state, seen.state.meant()) {
            (State::Extra | State::Missing | State::Lost | State::Gained, _) => sign,
            (_, Some(true)) => "+",
            (_, Some(false)) => "-",
            (_, None) => signs.nothing,
        };
        row.push(piece(format!("{sign:>MARK$}"), role));
    }
    if let Some(change) = track.change {
        row.push(piece(format!("  {}", change.name()), Role::Bad));
    }
    let who = |seen: &Seen| seen.by.map_or_else(|| seen.step.name().to_owned(), origin_text);
    let changed: Vec<String> = track.stages.iter().filter(|seen| seen.changed).map(who).collect();
    row.push(piece(format!("  {}", changed.join(", ")), Role::Muted));
    row
}
