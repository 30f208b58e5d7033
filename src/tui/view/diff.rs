//! Draws a difference: its lines by why they matter, how guests fare in each direction, and the line under the cursor
//! in words.

use super::ViewContext;
use super::draw::{Piece, fill, fitting, line_of, piece, pieces, text_at};
use super::parts::{Drawn, ListAndWords, first_seen, line_at, with_headings};
use crate::analysis::diff::guest_outcomes::{Fare, SAYINGS};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::diff::{Diff, Line, View};
use crate::app::text::{cut, pad, wrap};
use crate::domain::definition::Policy;
use crate::export::analysis::fare_words;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines for the words, without their heading.
const WORDS: u16 = 7;
/// The most columns of a line's name.
const NAME: usize = 28;
/// Columns of how a guest fares in one direction.
const FARE: usize = 18;
/// The same where there is room.
const WIDE_FARE: usize = 26;

/// Draws it.
pub(super) fn render(ctx: ViewContext<'_>, state: &Diff, area: Rect, buf: &mut Buffer) {
    let areas = ListAndWords::of(area, WORDS);
    let key = ctx.model.settings.keymap.shown(Action::NextView);
    let left = [piece("Differences: ", Role::Message), piece(state.between.title.as_str(), Role::Chosen)];
    let right = [
        piece(format!("{} {} ", state.view.name(), ctx.theme.signs.dot), Role::Text),
        piece(key, Role::Key),
        piece(" others", Role::Muted),
    ];
    let inner = areas.parts.draw(ctx, areas.list, true, (&left, &right), buf);
    let signs = &ctx.theme.signs;
    let room = fare_columns(inner);
    let heads = directions(ctx, state).map(|head| pad(&cut(&head, room - 1, signs.more), room));
    if !state.listed.is_empty() {
        let head = format!("{}{}{}", pad("", NAME), heads[0], heads[1]);
        text_at(buf, inner, (inner.x + 1, inner.y), head.trim_end(), ctx.theme.style(Role::Muted));
    }
    let rows = areas.rows();
    if state.listed.is_empty() {
        let text = if state.named.is_empty() { state.between.empty.as_str() } else { "No line has these letters." };
        for (line, number) in wrap(text, usize::from(rows.width).saturating_sub(2)).iter().zip(0..rows.height) {
            let place = line_of(rows, number);
            text_at(buf, place, (place.x + 1, place.y), line, ctx.theme.style(Role::Text));
        }
    }
    let drawn = drawn(state);
    for (drawn, number) in drawn.iter().skip(first_seen(&drawn, state.listed.index(), rows)).zip(0..rows.height) {
        let place = line_of(rows, number);
        match *drawn {
            Drawn::Heading(line) => {
                let many = state.listed.iter().filter(|other| other.section == state.listed[line].section).count();
                let title = [
                    piece(state.listed[line].section, Role::Title),
                    piece(format!(" {} {many}", signs.dot), Role::Muted),
                ];
                pieces(buf, ctx.theme, place, (place.x + 1, place.y), &title);
            }
            Drawn::Line(line) => row(ctx, &state.listed[line], state.listed.index() == line, place, buf),
        }
    }
    words(ctx, state, areas, buf);
}

/// Returns what `position` stands for.
pub(super) fn hit(state: &Diff, area: Rect, position: Position) -> Option<Target> {
    line_at(&drawn(state), state.listed.index(), ListAndWords::of(area, WORDS).rows(), position)
}

/// The names of the two directions: there and back, or a guest of the one model and of the other.
fn directions(ctx: ViewContext<'_>, state: &Diff) -> [String; 2] {
    let (left, right, arrow) = (&state.between.left, &state.between.right, ctx.theme.signs.arrow);
    match state.view {
        View::Models => [left.clone(), right.clone()],
        View::Endpoints | View::Releases => {
            let short =
                |end: &str| end.strip_prefix("libvirt ").unwrap_or(end).split(" (").next().unwrap_or("").to_owned();
            [format!("{} {arrow} {}", short(left), short(right)), format!("{} {arrow} {}", short(right), short(left))]
        }
    }
}

fn drawn(state: &Diff) -> Vec<Drawn> {
    with_headings(state.listed.iter().map(|line| line.section))
}

fn fare_columns(inner: Rect) -> usize {
    if inner.width >= 110 { WIDE_FARE } else { FARE }
}

fn fare(ctx: ViewContext<'_>, fare: Option<&Fare>, room: usize) -> Piece {
    let (role, sign) = fare.map_or((Role::Muted, ctx.theme.signs.never), |fare| ctx.theme.verdict(fare.verdict()));
    let text = format!("{sign} {}", fare_words(fare));
    piece(pad(&cut(&text, room - 1, ctx.theme.signs.more), room), role)
}

fn row(ctx: ViewContext<'_>, line: &Line, selected: bool, place: Rect, buf: &mut Buffer) {
    let room = fare_columns(place);
    let name = cut(&line.name, NAME - 3, ctx.theme.signs.more);
    let mut row = vec![piece(format!("  {}", pad(&name, NAME - 2)), Role::Text)];
    match (&line.guest_outcomes, line.about) {
        (None, Some(_)) => row.extend([(); 2].map(|()| piece(pad(ctx.theme.signs.nothing, room), Role::Muted))),
        (Some([there, back]), Some(_)) => row.extend([there, back].map(|found| fare(ctx, found.as_ref(), room))),
        _ => row.push(piece(pad("", 2 * room), Role::Text)),
    }
    row.push(piece(line.detail.as_str(), Role::Muted));
    let row = fitting(&row, usize::from(place.width).saturating_sub(2), ctx.theme.signs.more);
    pieces(buf, ctx.theme, place, (place.x + 1, place.y), &row);
    if selected {
        fill(buf, place, ctx.theme.style(Role::Focus));
    }
}

fn words(ctx: ViewContext<'_>, state: &Diff, areas: ListAndWords, buf: &mut Buffer) {
    let line = state.listed.current();
    let left: Vec<Piece> = line.map(|line| piece(line.name.as_str(), Role::Message)).into_iter().collect();
    let key = ctx.model.settings.keymap.shown(Action::Open);
    let right = [piece(key, Role::Key), piece(" shows it with a guest", Role::Muted)];
    let right = if line.is_some_and(|line| line.about.is_some()) { right.as_slice() } else { &[] };
    let inner = areas.parts.draw(ctx, areas.words, false, (&left, right), buf);
    let Some(line) = line else { return };
    let mut y = inner.y;
    let mut say = |text: &str, role: Role, most: usize| {
        for text in wrap(text, usize::from(inner.width).saturating_sub(2)).iter().take(most) {
            text_at(buf, inner, (inner.x + 1, y), text, ctx.theme.style(role));
            y = y.saturating_add(1);
        }
    };
    if !line.words.is_empty() {
        say(&line.words, Role::Text, 2);
    }
    if let Some((_, feature)) = line.about {
        let [there, back] = directions(ctx, state);
        if state.guests.is_empty() {
            say(&format!("{} not looked at yet", ctx.theme.signs.nothing), Role::Muted, 1);
        }
        for (says, guest_outcomes) in SAYINGS.iter().zip(&state.guests) {
            let guest = match says {
                None => format!("not_mentioned about {}", ctx.catalog.feature_name(feature)),
                Some(Policy::Disable) => format!("-{}", ctx.catalog.feature_name(feature)),
                Some(Policy::Require | Policy::Force | Policy::Optional | Policy::Forbid) => {
                    format!("+{}", ctx.catalog.feature_name(feature))
                }
            };
            let [one, other] = guest_outcomes.each_ref().map(|fare| fare_words(fare.as_ref()));
            say(&format!("A guest {guest}: {there} {one}; {back} {other}."), Role::Text, 2);
        }
    }
    say(&line.detail, Role::Muted, 3);
}
