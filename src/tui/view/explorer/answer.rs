//! Draws the banner with the verdict, libvirt's message, and the sentences: cause, guest, what comes next.

use super::super::ViewContext;
use super::super::draw::{self, Piece, cells, fill, line_of, piece, pieces, width_of};
use super::areas::{Amount, Areas, Shape};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::table::rule_label;
use crate::app::text::{width, wrap};
use crate::explain::Outlook;
use crate::tui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub(super) fn banner(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let derived = &ctx.model.derived;
    let role = Theme::banner(derived.answer.verdict);
    let (_, sign) = ctx.theme.verdict(derived.answer.verdict);
    fill(buf, area, ctx.theme.style(role));
    let right = banner_right(ctx);
    let explanation = &derived.explanation;
    let room = usize::from(area.width).saturating_sub(width(&right) + 3);
    let more =
        if explanation.consequence.is_empty() { String::new() } else { format!("; {}", explanation.consequence) };
    // What happens to the guest matters more than where it was refused.
    let texts =
        [(&explanation.headline, &more), (&explanation.short_headline, &more), (&explanation.headline, &String::new())];
    let texts = texts.map(|(headline, more)| format!("{sign} {headline}{more}"));
    let text = texts.iter().find(|text| width(text) <= room).unwrap_or(&texts[2]);
    let line = line_of(area, area.height / 2);
    draw::banner(buf, ctx.theme, line, role, (text, &right));
}

fn banner_right(ctx: ViewContext<'_>) -> String {
    let answer = &ctx.model.derived.answer;
    let dot = ctx.theme.signs.dot;
    match answer.rule {
        Some(rule) => format!("{} {dot} {}", answer.basis.name(), rule_label(rule)),
        None => answer.basis.name().to_owned(),
    }
}

/// The label before the message.
const REPORTS: &str = "libvirt reports";

fn message_of(ctx: ViewContext<'_>, columns: u16) -> Vec<Vec<Piece>> {
    let Some(message) = &ctx.model.derived.message else { return Vec::new() };
    let columns = usize::from(columns).saturating_sub(2);
    // With little room or a long message, the label goes.
    let label = if width(message) + REPORTS.len() + 2 <= columns { format!("{REPORTS}  ") } else { String::new() };
    let lines = wrap(message, columns.saturating_sub(width(&label)));
    let line = |(number, text): (usize, String)| {
        let before = if number == 0 { label.clone() } else { " ".repeat(width(&label)) };
        vec![piece(before, Role::Label), piece(text, Role::Message)]
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// Returns how many lines libvirt's message needs.
pub(super) fn message_lines(ctx: ViewContext<'_>, columns: u16) -> u16 {
    cells(message_of(ctx, columns).len())
}

pub(super) fn message(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let lines = message_of(ctx, area.width);
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        pieces(buf, ctx.theme, area, (area.x + 1, y), line);
    }
    if hidden > 0 && area.height > 0 {
        let last = line_of(area, area.height - 1);
        let key = ctx.model.settings.keymap.shown(Action::Answer);
        let more = [
            piece(format!("{} {} more lines: ", ctx.theme.signs.more, hidden + 1), Role::Muted),
            piece(key, Role::Key),
            piece(" full answer", Role::Muted),
        ];
        let blank = " ".repeat(usize::from(area.width));
        pieces(buf, ctx.theme, last, (last.x, last.y), &[piece(blank, Role::Text)]);
        pieces(buf, ctx.theme, last, (last.x + 1, last.y), &more);
    }
}

/// Returns the columns of the labels of the lanes, or with little room of the values that decide.
pub(super) fn label_columns(columns: u16) -> usize {
    if columns >= 100 { 17 } else { "Confidence  ".len() }
}

/// The sentences, each in its lines; the cause is the first.
fn prose_of(ctx: ViewContext<'_>, shape: Shape, columns: u16) -> Vec<Vec<Vec<Piece>>> {
    let derived = &ctx.model.derived;
    let (explanation, outlook) = (&derived.explanation, derived.known_outlook());
    // What is not known yet keeps its line.
    let outlook = |of: fn(&Outlook) -> &str| outlook.map_or(ctx.theme.signs.nothing, of);
    let cause = explanation.cause.join(" ");
    // The values that decide say the same.
    let is_told = !derived.answer.depends_on.is_empty() && shape.lanes != Amount::None;
    let paragraphs = [
        (shape.cause && !is_told, "Why", cause.as_str()),
        (shape.guest, "Guest", explanation.guest.as_str()),
        (shape.cold_boot, "Cold boot", outlook(|outlook| &outlook.cold_boot)),
        (shape.rollback, "Rollback", outlook(|outlook| &outlook.rollback)),
        (shape.confidence, "Confidence", explanation.basis.as_str()),
    ];
    let displayed = || paragraphs.iter().filter(|(is_displayed, _, text)| *is_displayed && !text.is_empty());
    let widest = || displayed().map(|(_, label, _)| label.len() + 2).max().unwrap_or(0);
    let labels = if is_told || columns >= 100 { label_columns(columns) } else { widest() };
    let room = usize::from(columns).saturating_sub(labels + 2);
    let line =
        |label: &str, text: String| vec![piece(format!("{label:<labels$}"), Role::Label), piece(text, Role::Text)];
    let lines = |(_, label, text): &(bool, &str, &str)| {
        let label = |number: usize| if number == 0 { *label } else { "" };
        wrap(text, room).into_iter().enumerate().map(|(number, text)| line(label(number), text)).collect()
    };
    displayed().map(lines).collect()
}

/// Returns how many lines the sentences need.
pub(super) fn prose_lines(ctx: ViewContext<'_>, shape: Shape, columns: u16) -> u16 {
    cells(prose_of(ctx, shape, columns).iter().map(Vec::len).sum())
}

pub(super) fn prose(ctx: ViewContext<'_>, areas: &Areas, buf: &mut Buffer) {
    let mut rest = areas.prose;
    for (number, lines) in prose_of(ctx, areas.shape, areas.prose.width).iter().enumerate() {
        // A sentence without room for all of it is left out, except the cause.
        if number > 0 && cells(lines.len()) > rest.height {
            return;
        }
        for (line, y) in lines.iter().zip(rest.top()..rest.bottom()) {
            pieces(buf, ctx.theme, rest, (rest.x + 1, y), line);
        }
        let used = cells(lines.len()).min(rest.height);
        rest = Rect { y: rest.y + used, height: rest.height - used, ..rest };
    }
}

/// Returns what a click on the banner or the message does.
pub(super) fn hit(ctx: ViewContext<'_>, areas: &Areas, position: Position) -> Option<Target> {
    let is_rule = areas.banner.contains(position)
        && position.x + cells(width_of(&[piece(banner_right(ctx), Role::Text)]) + 1) >= areas.banner.right();
    if is_rule {
        return Some(Target::Action(Action::Rule));
    }
    (areas.banner.contains(position) || areas.message.contains(position)).then_some(Target::Action(Action::Answer))
}
