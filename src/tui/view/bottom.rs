//! Draws the bottom line: the typed text, the notice, or hints about keys.

use super::ViewContext;
use super::draw::{Piece, cells, key_label, piece, pieces, text_at, width_of};
use crate::app::action::Action;
use crate::app::overlay::Overlay;
use crate::app::screens::{Hint, Target};
use crate::app::text::{cut, width};
use crate::app::update::unavailable;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tui_input::Input;
use unicode_width::UnicodeWidthChar;

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    match &ctx.model.overlay {
        Some(Overlay::Prompt(input)) => return typed(ctx, " filter: ", input, area, buf),
        Some(Overlay::Ask(ask)) => return typed(ctx, &format!(" {}", ask.label()), &ask.input, area, buf),
        Some(Overlay::Page(page)) => {
            if let Some(search) = page.search.as_ref().filter(|search| search.typing) {
                return typed(ctx, " find: ", &search.input, area, buf);
            }
        }
        Some(Overlay::Picker(_)) | None => {}
    }
    if let Some(notice) = &ctx.model.notice {
        // A link or a command line has few blanks to cut it at.
        let notice = cut(notice, usize::from(area.width).saturating_sub(1), ctx.theme.signs.more);
        text_at(buf, area, (area.x + 1, area.y), &notice, ctx.theme.style(Role::Message));
        return;
    }
    if let Some(key) = super::demo::key(ctx) {
        pieces(buf, ctx.theme, area, (area.x + 1, area.y), &key);
        return;
    }
    for (start, hint, _) in hints(ctx, area) {
        pieces(buf, ctx.theme, area, (start, area.y), &hint);
    }
}

/// Draws the typed text; of a long text, the part around the cursor.
fn typed(ctx: ViewContext<'_>, before: &str, input: &Input, area: Rect, buf: &mut Buffer) {
    let room = usize::from(area.width).saturating_sub(width(before) + 1);
    let left = input.visual_scroll(room);
    let mut hidden = 0;
    let skipped = input.value().chars().take_while(|letter| {
        hidden += letter.width().unwrap_or(0);
        hidden <= left
    });
    let text: String = input.value().chars().skip(skipped.count()).collect();
    let line = [piece(before, Role::Key), piece(text, Role::Message)];
    pieces(buf, ctx.theme, area, (area.x, area.y), &line);
    let cursor = area.x + cells(width(before) + input.visual_cursor().saturating_sub(left));
    let under = input.value().chars().nth(input.cursor()).unwrap_or(' ').to_string();
    text_at(buf, area, (cursor, area.y), &under, ctx.theme.style(Role::Focus));
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    let hints = if ctx.model.demo.is_some() { Vec::new() } else { hints(ctx, area) };
    let found = hints.iter().find(|(start, hint, _)| (*start..start + cells(width_of(hint))).contains(&position.x));
    found.map(|(_, _, action)| Target::Action(*action))
}

const PAGE: &[Hint] =
    &[(&[Action::Up, Action::Down], "scroll"), (&[Action::Filter], "search"), (&[Action::Back], "close")];
const HELP: &[Hint] = &[
    (&[Action::Help], "all keys"),
    (&[Action::Filter], "search"),
    (&[Action::Up, Action::Down], "scroll"),
    (&[Action::Back], "close"),
];
const SEARCH: &[Hint] = &[
    (&[Action::NextMatch], "next match"),
    (&[Action::PreviousMatch], "previous match"),
    (&[Action::Filter], "search again"),
    (&[Action::Back], "end the search"),
];
const PICKER: &[Hint] =
    &[(&[Action::Up, Action::Down], "move"), (&[Action::Open], "select"), (&[Action::Back], "cancel")];

fn hints(ctx: ViewContext<'_>, area: Rect) -> Vec<(u16, [Piece; 2], Action)> {
    let keymap = &ctx.model.settings.keymap;
    let lesson = if ctx.model.has_tour() { super::tour::hints() } else { &[] };
    let screen = ctx.model.screens.top().state();
    let hints: [&[Hint]; 3] = match &ctx.model.overlay {
        Some(Overlay::Page(page)) if page.search.is_some() => [&[], &[], SEARCH],
        Some(Overlay::Page(page)) if page.has_more => [&[], &[], HELP],
        Some(Overlay::Page(_)) => [lesson, &[], PAGE],
        Some(Overlay::Picker(_)) => [&[], &[], PICKER],
        Some(Overlay::Prompt(_) | Overlay::Ask(_)) | None => [lesson, screen.pane_hints(), screen.hints()],
    };
    let hinted = hints.into_iter().flatten();
    let mut x = area.x + 1;
    let mut fitting = Vec::new();
    for (actions, text) in hinted {
        let Some(action) = actions.last().filter(|action| unavailable(ctx.model, **action).is_none()) else { continue };
        let keys: Vec<String> = actions.iter().map(|action| key_label(ctx.theme, &keymap.shown(*action))).collect();
        let between =
            if keys.iter().all(|key| width(key) == 1 && !key.chars().all(char::is_alphabetic)) { "" } else { "/" };
        let hint = [piece(keys.join(between), Role::Key), piece(format!(" {text}"), Role::Muted)];
        let end = x.saturating_add(cells(width_of(&hint)));
        if end > area.right() {
            break;
        }
        fitting.push((x, hint, *action));
        x = end.saturating_add(2);
    }
    fitting
}
