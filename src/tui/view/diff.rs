//! Draws the comparison of releases or models: its lines by their effect, the verdicts of guests, and the details of the
//! line under the cursor.

use super::ViewContext;
use super::draw::{Piece, fitting, line_of, piece, pieces, text_at};
use super::page::{self, with_rule};
use super::parts::{Drawn, ListAndWords, below, line_at, list, list_title, texts, with_headings};
use crate::analysis::diff::guest_outcomes::GuestOutcome;
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::diff::{Diff, Line};
use crate::app::text::{capital, cut, pad, wrap};
use crate::explain::rule_page;
use crate::export::analysis::outcome_text;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The lines of the details, without their heading.
const WORDS: u16 = 7;
/// The most columns for the name of a line.
const NAME: usize = 28;
/// The least and the most columns of a verdict.
const FARE: (usize, usize) = (18, 38);
/// The columns that are left for the details of a line.
const DETAIL: usize = 16;

pub(super) fn render(ctx: ViewContext<'_>, state: &Diff, area: Rect, buf: &mut Buffer) {
    let drawn = drawn(state);
    let areas = ListAndWords::of(ctx, area, WORDS, drawn.len());
    let key = ctx.model.settings.keymap.shown(Action::NextView);
    let left = [piece("Diff of ", Role::Message), piece(state.between.title.as_str(), Role::Chosen)];
    let (rows, lines) = (areas.rows(), (drawn.as_slice(), state.listed.index()));
    let right = list_title(rows, lines, &left, &[piece(key, Role::Key), piece(" next view", Role::Muted)]);
    let inner = areas.parts.draw(ctx, areas.list, true, (&left, &right), buf);
    let signs = &ctx.theme.signs;
    let room = fare_columns(inner);
    let heads = state.directions(signs.arrow).map(|head| pad(&cut(&head, room - 1, signs.more), room));
    if !state.listed.is_empty() {
        let head = format!("{}{}{}", pad("not mentioned by the guest", NAME), heads[0], heads[1]);
        text_at(buf, inner, (inner.x + 1, inner.y), head.trim_end(), ctx.theme.style(Role::Muted));
    }
    if state.listed.is_empty() {
        let text = state.empty(&ctx.model.settings.keymap);
        for (line, number) in wrap(&text, usize::from(rows.width).saturating_sub(2)).iter().zip(0..rows.height) {
            let rect = line_of(rows, number);
            text_at(buf, rect, (rect.x + 1, rect.y), line, ctx.theme.style(Role::Text));
        }
    }
    list(ctx, rows, lines, buf, |drawn, rect, buf| match drawn {
        Drawn::Heading(line) => {
            let many = state.listed.iter().filter(|other| other.section == state.listed[line].section).count();
            let title = [
                piece(capital(state.listed[line].section), Role::Title),
                piece(format!(" {} {many}", signs.dot), Role::Muted),
            ];
            pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &title);
        }
        Drawn::Line(line) => row(ctx, &state.listed[line], rect, buf),
    });
    words(ctx, state, areas, buf);
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Diff, area: Rect, position: Position) -> Option<Target> {
    let drawn = drawn(state);
    line_at(&drawn, state.listed.index(), ListAndWords::of(ctx, area, WORDS, drawn.len()).rows(), position)
}

fn drawn(state: &Diff) -> Vec<Drawn> {
    with_headings(state.listed.iter().map(|line| line.section))
}

fn fare_columns(inner: Rect) -> usize {
    (usize::from(inner.width).saturating_sub(NAME + DETAIL) / 2).clamp(FARE.0, FARE.1)
}

fn outcome(ctx: ViewContext<'_>, outcome: Option<&GuestOutcome>, room: usize) -> Piece {
    let (role, sign) = ctx.theme.outcome(outcome.map(GuestOutcome::verdict));
    let text = format!("{sign} {}", outcome_text(outcome));
    piece(pad(&cut(&text, room - 1, ctx.theme.signs.more), room), role)
}

fn row(ctx: ViewContext<'_>, line: &Line, rect: Rect, buf: &mut Buffer) {
    let room = fare_columns(rect);
    let name = cut(&line.name, NAME - 3, ctx.theme.signs.more);
    let mut row = vec![piece(format!("  {}", pad(&name, NAME - 2)), Role::Text)];
    match (&line.guest_outcomes, line.about) {
        (None, Some(_)) => row.extend([(); 2].map(|()| piece(pad(ctx.theme.signs.nothing, room), Role::Muted))),
        (Some([there, back]), Some(_)) => row.extend([there, back].map(|found| outcome(ctx, found.as_ref(), room))),
        _ => row.push(piece(pad("", 2 * room), Role::Text)),
    }
    row.push(piece(line.detail.as_str(), Role::Muted));
    let row = fitting(&row, usize::from(rect.width).saturating_sub(2), ctx.theme.signs.more);
    pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &row);
}

/// The most lines of the description, where the page of a rule fits below it.
const LINES: u16 = 12;

fn words(ctx: ViewContext<'_>, state: &Diff, areas: ListAndWords, buf: &mut Buffer) {
    let line = state.listed.current();
    let mut left: Vec<Piece> = line.map(|line| piece(line.name.as_str(), Role::Message)).into_iter().collect();
    if line.is_some_and(|line| line.about.is_some()) {
        left.push(piece(", by the definition of the guest", Role::Muted));
    }
    let key = ctx.model.settings.keymap.shown(Action::Open);
    let right = [piece(key, Role::Key), piece(" opens a guest that demonstrates it", Role::Muted)];
    let right = if line.is_some_and(|line| line.about.is_some()) { right.as_slice() } else { &[] };
    let inner = areas.parts.draw(ctx, areas.words, false, (&left, right), buf);
    let Some(line) = line else { return };
    let (inner, page) = with_rule(inner, LINES);
    if let (Some(page), Some(example)) = (page, &state.example) {
        page::rule(ctx, example.rule.map(rule_page), page, buf);
    }
    let (room, mut rest) = (fare_columns(inner), inner);
    for (guest, [there, back]) in state.guest_rows(ctx.catalog) {
        let name = cut(&guest, NAME - 3, ctx.theme.signs.more);
        let mut row = vec![piece(format!("  {}", pad(&name, NAME - 2)), Role::Label)];
        row.extend([there, back].map(|found| outcome(ctx, found.as_ref(), room)));
        pieces(buf, ctx.theme, rest, (rest.x + 1, rest.y), &row);
        rest = below(rest);
    }
    let unresolved = format!("{} not resolved yet", ctx.theme.signs.nothing);
    let unresolved = if line.about.is_some() && state.guests.is_empty() { unresolved.as_str() } else { "" };
    let example = state.example.as_ref();
    let (message, why) = example.map_or(("", ""), |example| (example.message.as_str(), example.why.as_str()));
    let all = [
        (unresolved, Role::Muted),
        (message, Role::Message),
        (why, Role::Text),
        (line.words.as_str(), Role::Text),
        (line.detail.as_str(), Role::Muted),
    ];
    texts(ctx, rest, all.into_iter().filter(|(text, _)| !text.is_empty()), buf);
}
