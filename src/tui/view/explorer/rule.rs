//! Draws the page of the rule that decided, on a large terminal.

use super::super::ViewContext;
use super::super::draw::{frame, piece, text_at};
use super::super::page::role;
use crate::app::action::Action;
use crate::app::page::Page;
use crate::explain::{NO_RULE, rule_page};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(decided) = ctx.model.derived.answer.rule else {
        let inner = frame(buf, ctx.theme, area, false, &[piece("Rule", Role::Message)], &[]);
        let text = NO_RULE;
        text_at(buf, inner, (inner.x + 1, inner.y), text, ctx.theme.style(Role::Muted));
        return;
    };
    let page = rule_page(decided);
    let title = [piece(format!("Rule {}: {}", decided.name(), page.title()), Role::Message)];
    let inner = frame(buf, ctx.theme, area, false, &title, &[]);
    let lines = Page::of_markdown("", page.text).lines(usize::from(inner.width).saturating_sub(2));
    let height = usize::from(inner.height);
    for ((number, (kind, line)), y) in lines.iter().enumerate().zip(inner.top()..inner.bottom()) {
        if number + 1 == height && lines.len() > height {
            let key = ctx.model.settings.keymap.shown(Action::Rule);
            let more = format!("{} {} more lines: {key}", ctx.theme.signs.more, lines.len() - number);
            text_at(buf, inner, (inner.x + 1, y), &more, ctx.theme.style(Role::Muted));
            break;
        }
        text_at(buf, inner, (inner.x + 1, y), line, ctx.theme.style(role(*kind)));
    }
}
