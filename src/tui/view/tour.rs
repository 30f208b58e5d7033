//! Draws a lesson's panel below the explorer, and the frames around what the step points at.

use super::draw::{Piece, cells, fitting, line_of, piece, pieces, rule, text_at, width_of};
use super::{ViewContext, explorer, follow};
use crate::app::action::Action;
use crate::app::screens::{Screen, Target};
use crate::app::text::width;
use crate::app::tour::{ANSWERS, Line, Place, Tour, height, pages};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Returns where the panel is, at the foot of `area`; it has no lines when there is no lesson.
pub(super) fn panel(shown: ViewContext<'_>, area: Rect) -> Rect {
    let lines = if shown.model.has_tour() { height(shown.model.size).min(area.height) } else { 0 };
    Rect { y: area.bottom() - lines, height: lines, ..area }
}

/// Returns the body with a column at either side for the frames.
pub(super) fn inset(shown: ViewContext<'_>, body: Rect) -> Rect {
    if shown.model.tour.is_none() {
        return body;
    }
    Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body }
}

/// Draws the panel.
pub(super) fn render(shown: ViewContext<'_>, tour: &Tour, area: Rect, buf: &mut Buffer) {
    let pages = pages(shown.model);
    let page = tour.page.min(pages.len().saturating_sub(1));
    let left = [
        piece(format!("Lesson {}", tour.lesson.number), Role::Title),
        piece(format!(" {}", tour.lesson.title), Role::Message),
    ];
    let here = right(tour, (page, pages.len()));
    let both = [sources(shown, tour), here.clone()].concat();
    // The title and where one is come before what it rests on.
    let fits = width_of(&left) + width_of(&both) + 8 <= usize::from(area.width);
    rule(buf, shown.theme, line_of(area, 0), true, &left, if fits { &both } else { &here });
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let lines = pages.get(page).map(Vec::as_slice).unwrap_or_default();
    for (line, number) in lines.iter().zip(0..body.height) {
        // What to do stands at the foot, wherever the text ends.
        let foot = matches!(line, Line::Press(_) | Line::Next(..));
        let place = line_of(body, if foot { body.height.saturating_sub(1) } else { number });
        let line = line_pieces(shown, line);
        let line = fitting(&line, usize::from(place.width.saturating_sub(3)), shown.theme.signs.more);
        pieces(buf, shown.theme, place, (place.x + 2, place.y), &line);
    }
}

/// What the step rests on.
fn sources(shown: ViewContext<'_>, tour: &Tour) -> Vec<Piece> {
    let mut said = Vec::new();
    if let Some(step) = tour.now() {
        let rules = step.said().flat_map(|told| told.rules.iter().map(|rule| rule.name().to_owned()));
        let runs = step.said().flat_map(|told| told.runs.iter().map(|run| format!("run {run}")));
        let mut sources: Vec<String> = rules.map(|rule| format!("rule {rule}")).chain(runs).collect();
        sources.dedup();
        said.push(piece(format!("{} {} ", sources.join(", "), shown.theme.signs.dot), Role::Muted));
    }
    said
}

/// Where one is.
fn right(tour: &Tour, (page, pages): (usize, usize)) -> Vec<Piece> {
    let steps = tour.lesson.steps.len();
    let mut said = Vec::new();
    if tour.now().is_some() {
        said.push(piece(format!("step {} of {steps}", tour.step + 1), Role::Message));
    }
    if pages > 1 {
        said.push(piece(format!(", page {} of {pages}", page + 1), Role::Message));
    }
    said
}

fn line_pieces(shown: ViewContext<'_>, line: &Line) -> Vec<Piece> {
    let signs = &shown.theme.signs;
    match line {
        Line::Yes(text) => vec![piece(format!("{} {text}", signs.good), Role::Good)],
        Line::Text(text) => vec![piece(text.as_str(), Role::Text)],
        Line::Question(text) => vec![piece(text.as_str(), Role::Message)],
        Line::Answer(key, text) => {
            vec![piece(format!("{key:<2} "), Role::Key), piece(text.as_str(), Role::Text)]
        }
        Line::Chosen(true, text) => vec![piece(format!("{} {text}", signs.good), Role::Good)],
        Line::Chosen(false, text) => vec![piece(format!("{} {text}", signs.bad), Role::Bad)],
        Line::Press(keys) => keys.iter().flat_map(|key| key_pieces(shown, key)).collect(),
        Line::Next(key, text) => vec![piece(key.as_str(), Role::Key), piece(format!(" {text}"), Role::Muted)],
    }
}

fn key_pieces(shown: ViewContext<'_>, (before, key, after): &(String, String, String)) -> [Piece; 3] {
    let key = super::draw::key_label(shown.theme, key);
    [piece(before.as_str(), Role::Text), piece(key, Role::Key), piece(after.as_str(), Role::Muted)]
}

/// Draws the frames of the step that is read, over what is drawn already within `area`; `body` is the screen's part.
pub(super) fn frames(shown: ViewContext<'_>, body: Rect, area: Rect, buf: &mut Buffer) {
    let places = shown.model.tour.as_ref().and_then(Tour::now).map(|step| step.look.as_slice());
    for place in places.unwrap_or_default() {
        if let Some(found) = find(shown, place, body, area, buf) {
            bars(shown, found, area, buf);
        }
    }
}

/// Returns where `place` is: a place of the screen by the layout that clicks go by, a text by what is drawn.
pub(super) fn find(shown: ViewContext<'_>, place: &Place, body: Rect, area: Rect, buf: &Buffer) -> Option<Rect> {
    if let Place::Text(text) = place {
        return written(text, area, buf);
    }
    if shown.model.overlay.is_some() {
        return None;
    }
    match (shown.model.screens.top(), place) {
        (Screen::Explorer(state), _) => explorer::place(shown, state, body, place),
        (Screen::Follow(_), Place::Stage(number)) => follow::stage(body, *number),
        // Other screens are pointed at by what is written there.
        _ => None,
    }
}

fn written(text: &str, area: Rect, buf: &Buffer) -> Option<Rect> {
    for y in area.top()..area.bottom() {
        let line: String = (area.left()..area.right()).map(|x| buf[(x, y)].symbol()).collect();
        if let Some((before, _)) = line.split_once(text) {
            return Some(Rect { x: area.x + cells(width(before)), y, width: cells(width(text)), height: 1 });
        }
    }
    None
}

/// Puts a bar at either side of every line of `place`, where there is a blank or a frame to put it on.
fn bars(shown: ViewContext<'_>, place: Rect, area: Rect, buf: &mut Buffer) {
    let (before, after) = shown.theme.signs.look;
    let style = shown.theme.style(Role::Look);
    for y in place.top()..place.bottom() {
        let left = [place.x.checked_sub(1), Some(place.x)];
        let right = [Some(place.right()), place.right().checked_sub(1)];
        for (candidates, sign) in [(left, before), (right, after)] {
            let free = |x: &u16| {
                let inside = (area.left()..area.right()).contains(x) && (area.top()..area.bottom()).contains(&y);
                inside && !buf[(*x, y)].symbol().chars().any(char::is_alphanumeric)
            };
            if let Some(x) = candidates.into_iter().flatten().find(free) {
                text_at(buf, area, (x, y), sign, style);
            }
        }
    }
    if place.height == 1 {
        buf.set_style(place.intersection(*buf.area()), shown.theme.looked_at());
    }
}

/// What the bottom line says before the screen's own keys.
pub(super) fn hints() -> &'static [(&'static [Action], &'static str)] {
    &[(&[Action::NextStep], "next step"), (&[Action::StepBefore], "step before"), (&[Action::Back], "twice leaves")]
}

/// Returns what `position` in the panel stands for: an answer, or going on.
pub(super) fn hit(shown: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    let tour = shown.model.tour.as_ref()?;
    let pages = pages(shown.model);
    let lines = pages.get(tour.page.min(pages.len().saturating_sub(1)))?;
    let body = area.y + 1;
    if position.y + 1 == area.bottom() && matches!(lines.last(), Some(Line::Press(_) | Line::Next(..))) {
        return Some(Target::Action(Action::NextStep));
    }
    let upto = lines.get(..=usize::from(position.y.checked_sub(body)?))?;
    matches!(upto.last(), Some(Line::Answer(..))).then_some(())?;
    let number = upto.iter().filter(|line| matches!(line, Line::Answer(key, _) if !key.is_empty())).count();
    ANSWERS.get(number.checked_sub(1)?).map(|action| Target::Action(*action))
}
