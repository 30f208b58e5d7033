//! Draws a page over the screen, and the page of a rule in a pane.

use super::ViewContext;
use super::draw::{cells, fitting, frame, piece, text_at, width_of};
use super::parts::more_lines;
use crate::app::action::Action;
use crate::app::overlay::page_room;
use crate::app::page::{Kind, Page};
use crate::app::screens::Target;
use crate::app::settings::Size;
use crate::app::text::{cut, width};
use crate::explain::{NO_RULE, RulePage};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

pub(super) fn render(ctx: ViewContext<'_>, page: &Page, area: Rect, buf: &mut Buffer) {
    let rect = area_of(page, area);
    let (columns, height) = room(area);
    Clear.render(rect, buf);
    let lines = page.lines(columns);
    let mut right = more_lines(page.scroll, height, lines.len());
    let matches = page.matches(columns);
    if let Some(search) = &page.search {
        let number = search.found.and_then(|found| matches.iter().position(|line| *line == found)).map_or(0, |n| n + 1);
        right = vec![piece(format!("{number} of {} with \"{}\"", matches.len(), search.input.value()), Role::Chosen)];
    }
    let room = usize::from(rect.width).saturating_sub(width_of(&right) + 8);
    let title = fitting(&[piece(page.title.as_str(), Role::Title)], room, ctx.theme.signs.more);
    let inner = frame(buf, ctx.theme, rect, true, &title, &right);
    let numbered = lines.iter().enumerate().skip(page.scroll);
    for ((index, (kind, line)), y) in numbered.zip(inner.top()..inner.bottom()) {
        let text = cut(line, usize::from(inner.width).saturating_sub(1), ctx.theme.signs.more);
        text_at(buf, inner, (inner.x + 1, y), &text, ctx.theme.style(role(*kind)));
        let found = page.search.as_ref().filter(|_| matches.contains(&index));
        if let Some(wanted) = found.map(|search| search.input.value().to_lowercase())
            && let Some(at) = line.to_lowercase().find(&wanted)
        {
            let [start, end] = [at, at + wanted.len()].map(|lowered| before(line, lowered));
            let (x, text) = (inner.x + 1 + cells(width(start)), end.strip_prefix(start).unwrap_or_default());
            text_at(buf, inner, (x, y), text, ctx.theme.style(Role::Focus));
        }
    }
}

/// Returns the part of `line` whose lower-case form has at least so many bytes. A letter may have another length there.
fn before(line: &str, lowered: usize) -> &str {
    let mut left = lowered;
    let is_before = |letter: &char| {
        let is_before = left > 0;
        left = left.saturating_sub(letter.to_lowercase().map(char::len_utf8).sum());
        is_before
    };
    line.get(..line.chars().take_while(is_before).map(char::len_utf8).sum()).unwrap_or_default()
}

/// Returns the role of a line.
fn role(kind: Kind) -> Role {
    match kind {
        Kind::Heading => Role::Title,
        Kind::Text => Role::Text,
        Kind::Code => Role::Code,
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(page: &Page, area: Rect, position: Position) -> Option<Target> {
    (!area_of(page, area).contains(position)).then_some(Target::Outside)
}

fn room(area: Rect) -> (usize, usize) {
    page_room(Size { width: area.width, height: area.height })
}

pub(super) fn area_of(page: &Page, area: Rect) -> Rect {
    let (columns, height) = room(area);
    let lines = page.lines(columns).len().min(height);
    let wide = cells(columns + 4).min(area.width);
    let height = cells(lines + 2).min(area.height);
    Rect { x: area.x + (area.width - wide) / 2, y: area.y + (area.height - height) / 2, width: wide, height }
}

/// The fewest lines for the page of a rule.
const RULE: u16 = 10;

/// Returns an area in two parts: one of at most `lines` lines, and one for the page of a rule if there is room for both.
pub(super) fn with_rule(area: Rect, lines: u16) -> (Rect, Option<Rect>) {
    if area.height < lines.saturating_add(RULE) {
        return (area, None);
    }
    let rest = Rect { y: area.y + lines, height: area.height - lines, ..area };
    (Rect { height: lines, ..area }, Some(rest))
}

/// Draws the page of the rule that decided, in a pane.
pub(super) fn rule(ctx: ViewContext<'_>, decided: Option<RulePage>, area: Rect, buf: &mut Buffer) {
    let Some(page) = decided else {
        let inner = frame(buf, ctx.theme, area, false, &[piece("Rule", Role::Message)], &[]);
        let text = NO_RULE;
        text_at(buf, inner, (inner.x + 1, inner.y), text, ctx.theme.style(Role::Muted));
        return;
    };
    let title = [piece(format!("Rule {}", page.heading()), Role::Message)];
    let inner = frame(buf, ctx.theme, area, false, &title, &[]);
    let height = usize::from(inner.height);
    let lines = Page::of_markdown("", page.text).first_lines(usize::from(inner.width).saturating_sub(2), height);
    for ((number, (kind, line)), y) in lines.iter().enumerate().zip(inner.top()..inner.bottom()) {
        if number + 1 == height && lines.len() > height {
            let key = ctx.model.settings.keymap.shown(Action::Rule);
            let more = format!("{} more: {key}", ctx.theme.signs.more);
            text_at(buf, inner, (inner.x + 1, y), &more, ctx.theme.style(Role::Muted));
            break;
        }
        let text = cut(line, usize::from(inner.width).saturating_sub(1), ctx.theme.signs.more);
        text_at(buf, inner, (inner.x + 1, y), &text, ctx.theme.style(role(*kind)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_begins_where_the_line_has_it() {
        let line = "İİ and MPX";
        let at = line.to_lowercase().find("mpx").unwrap();
        assert_eq!((before(line, at), before(line, at + 3)), ("İİ and ", line));
        assert_eq!((before(line, 0), before("", 3)), ("", ""));
    }
}
