//! Draws the panel of a lesson, and the frames around the parts of the screen that the step is about.

use super::draw::{Piece, cells, fitting, line_of, piece, pieces, rule, text_at, width_of};
use super::{ViewContext, explorer, follow, page};
use crate::app::action::Action;
use crate::app::overlay::Overlay;
use crate::app::screens::{Hint, Screen, Target};
use crate::app::text::width;
use crate::app::tour::{Place, Tour, height};
use crate::app::update::tour::{ANSWERS, Line, pages};
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

/// Returns the panel's area at the foot of `area`; without a lesson its height is 0.
pub(super) fn panel(ctx: ViewContext<'_>, area: Rect) -> Rect {
    let lines = if ctx.model.has_tour() { height(ctx.model.size).min(area.height) } else { 0 };
    Rect { y: area.bottom() - lines, height: lines, ..area }
}

/// Returns `body` less a column on either side, which the frames need.
pub(super) fn inset(ctx: ViewContext<'_>, body: Rect) -> Rect {
    if ctx.model.tour.is_none() {
        return body;
    }
    Rect { x: body.x + 1, width: body.width.saturating_sub(2), ..body }
}

pub(super) fn render(ctx: ViewContext<'_>, tour: &Tour, area: Rect, buf: &mut Buffer) {
    let pages = pages(ctx.model);
    let page = tour.page.min(pages.len().saturating_sub(1));
    let left = [
        piece(format!("Lesson {}", tour.lesson.number), Role::Title),
        piece(format!(" {}", tour.lesson.title), Role::Message),
    ];
    let progress = progress(tour, (page, pages.len()));
    let both = [sources(ctx, tour), progress.clone()].concat();
    // Where there is no room for both, the progress stays.
    let fits = width_of(&left) + width_of(&both) + 8 <= usize::from(area.width);
    rule(buf, ctx.theme, line_of(area, 0), true, &left, if fits { &both } else { &progress });
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let lines = pages.get(page).map(Vec::as_slice).unwrap_or_default();
    for (line, number) in lines.iter().zip(0..body.height) {
        // The keys to press are always on the last line.
        let foot = matches!(line, Line::Press(_) | Line::Next(..));
        let rect = line_of(body, if foot { body.height.saturating_sub(1) } else { number });
        let line = line_pieces(ctx, line);
        let line = fitting(&line, usize::from(rect.width.saturating_sub(3)), ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x + 2, rect.y), &line);
    }
}

fn sources(ctx: ViewContext<'_>, tour: &Tour) -> Vec<Piece> {
    let Some(step) = tour.now() else { return Vec::new() };
    let rules = step.rules.iter().map(|rule| format!("rule {}", rule.name()));
    let key = ctx.model.settings.keymap.shown(Action::OpenRun);
    let runs = step.runs.iter().map(|run| format!("{key} run {run}"));
    let sources: Vec<String> = rules.chain(runs).collect();
    vec![piece(format!("{} {} ", sources.join(", "), ctx.theme.signs.dot), Role::Muted)]
}

fn progress(tour: &Tour, (page, pages): (usize, usize)) -> Vec<Piece> {
    let steps = tour.lesson.steps.len();
    let minutes = tour.lesson.minutes();
    let step = tour.now().map(|_| format!("step {}/{steps} of {minutes} min", tour.step + 1));
    let page = (pages > 1).then(|| format!("page {}/{pages}", page + 1));
    let text = step.into_iter().chain(page).collect::<Vec<_>>().join(", ");
    if text.is_empty() { Vec::new() } else { vec![piece(text, Role::Message)] }
}

fn line_pieces(ctx: ViewContext<'_>, line: &Line) -> Vec<Piece> {
    let signs = &ctx.theme.signs;
    match line {
        Line::Yes(text) => vec![piece(format!("{} {text}", signs.good), Role::Good)],
        Line::No(text) => vec![piece(format!("{} {text}", signs.bad), Role::Bad)],
        Line::Text(text) => vec![piece(text.as_str(), Role::Text)],
        Line::Question(text) => vec![piece(text.as_str(), Role::Message)],
        Line::Answer(key, text) => {
            vec![piece(format!("{key:<2} "), Role::Key), piece(text.as_str(), Role::Text)]
        }
        Line::Chosen(true, text) => vec![piece(format!("{} {text}", signs.good), Role::Good)],
        Line::Chosen(false, text) => vec![piece(format!("{} {text}", signs.bad), Role::Bad)],
        Line::Press(keys) => keys.iter().flat_map(|key| key_pieces(ctx, key)).collect(),
        Line::Next(key, text) => vec![piece(key.as_str(), Role::Key), piece(format!(" {text}"), Role::Muted)],
    }
}

fn key_pieces(ctx: ViewContext<'_>, (before, key, after): &(String, String, String)) -> [Piece; 3] {
    let key = super::draw::key_label(ctx.theme, key);
    [piece(before.as_str(), Role::Text), piece(key, Role::Key), piece(after.as_str(), Role::Muted)]
}

/// Draws the frames of the current step over what is drawn in `area`; `body` is the area of the screen's own part.
pub(super) fn frames(ctx: ViewContext<'_>, body: Rect, area: Rect, buf: &mut Buffer) {
    let places = ctx.model.tour.as_ref().and_then(Tour::now).map(|step| step.look.as_slice());
    for place in places.unwrap_or_default() {
        if let Some(found) = find(ctx, place, body, area, buf) {
            bars(ctx, found, area, buf);
        }
    }
}

/// Empties the parts of the screen that the lesson has not introduced yet; the layout stays.
pub(super) fn hide(ctx: ViewContext<'_>, body: Rect, buf: &mut Buffer) {
    let (Some(tour), Screen::Explorer(state)) = (&ctx.model.tour, ctx.model.screens.top()) else { return };
    for area in tour.lesson.hidden(tour.step).map(|part| explorer::part(ctx, state, body, part)) {
        Clear.render(area.intersection(*buf.area()), buf);
    }
}

/// Returns the area of `place`: parts of a screen by the layout that mouse clicks use, text by what is drawn.
pub(super) fn find(ctx: ViewContext<'_>, place: &Place, body: Rect, area: Rect, buf: &Buffer) -> Option<Rect> {
    if let Place::Text(text) = place {
        // The text behind a page may be the same.
        let area = match &ctx.model.overlay {
            Some(Overlay::Page(page)) => page::area_of(page, area),
            Some(Overlay::Picker(_) | Overlay::Prompt(_) | Overlay::Ask(_)) | None => area,
        };
        return text_area(text, area, buf);
    }
    if ctx.model.overlay.is_some() {
        return None;
    }
    match (ctx.model.screens.top(), place) {
        // Of the verdict the first line is meant, which says what happens.
        (Screen::Explorer(state), Place::Verdict) => {
            explorer::area_of(ctx, state, body, place).and_then(|area| first_text_line(area, buf))
        }
        (Screen::Explorer(state), _) => explorer::area_of(ctx, state, body, place),
        (Screen::Follow(_), Place::Stage(number)) => follow::stage(ctx, body, *number),
        // Lessons point at other screens by their text.
        _ => None,
    }
}

/// The first line of an area with a letter in it, without the blanks and frames around its text.
fn first_text_line(area: Rect, buf: &Buffer) -> Option<Rect> {
    let letter = |x: u16, y: u16| buf[(x, y)].symbol().chars().any(char::is_alphanumeric);
    let lines = (area.top()..area.bottom()).filter(|y| (area.left()..area.right()).any(|x| letter(x, *y)));
    lines.take(1).find_map(|y| {
        let mut used = (area.left()..area.right()).filter(|x| letter(*x, y));
        let first = used.next()?;
        let last = used.next_back().unwrap_or(first);
        Some(Rect { x: first, y, width: last - first + 1, height: 1 })
    })
}

fn text_area(text: &str, area: Rect, buf: &Buffer) -> Option<Rect> {
    for y in area.top()..area.bottom() {
        let line: String = (area.left()..area.right()).map(|x| buf[(x, y)].symbol()).collect();
        if let Some((before, _)) = line.split_once(text) {
            return Some(Rect { x: area.x + cells(width(before)), y, width: cells(width(text)), height: 1 });
        }
    }
    None
}

/// Draws a bar on either side of every line of `rect`, where no letter or digit is in the way.
fn bars(ctx: ViewContext<'_>, rect: Rect, area: Rect, buf: &mut Buffer) {
    let (before, after) = ctx.theme.signs.highlight;
    let style = ctx.theme.style(Role::Highlight);
    for y in rect.top()..rect.bottom() {
        let left = [rect.x.checked_sub(1), Some(rect.x)];
        let right = [Some(rect.right()), rect.right().checked_sub(1)];
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
    if rect.height == 1 {
        buf.set_style(rect.intersection(*buf.area()), Theme::looked_at());
    }
}

/// Returns the keys that the bottom line shows before the screen's own.
pub(super) fn hints() -> &'static [Hint] {
    &[(&[Action::NextStep], "next"), (&[Action::StepBefore], "previous"), (&[Action::Back], "twice: leave lesson")]
}

/// Returns the target of a mouse click in the panel: an answer, or the next step.
pub(super) fn hit(ctx: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    let tour = ctx.model.tour.as_ref()?;
    if position.y == area.y && tour.now().is_some_and(|step| !step.runs.is_empty()) {
        return Some(Target::Action(Action::OpenRun));
    }
    let pages = pages(ctx.model);
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
