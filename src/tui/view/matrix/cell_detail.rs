//! Draws the details of the cell under the cursor: the verdict, libvirt's message, the reasons, the reverse direction.

use crate::app::screens::matrix::Matrix;
use crate::app::table::decided_label;
use crate::app::text::wrap;
use crate::explain::{outcome, rule_page};
use crate::tui::theme::Role;
use crate::tui::view::ViewContext;
use crate::tui::view::draw::{Piece, cells, fitting, line_of, piece, pieces, rule};
use crate::tui::view::page::{self, with_rule};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The most lines of the details, where the page of the rule fits below them.
const LINES: u16 = 7;

pub(super) fn render(ctx: ViewContext<'_>, state: &Matrix, area: Rect, buf: &mut Buffer) {
    let (row, column) = (state.rows.line, state.columns.line);
    let arrow = ctx.theme.signs.arrow;
    let names = |row: usize, column: usize| {
        let both_sides = !state.rows.vary.is_of_the_guest() && !state.columns.vary.is_of_the_guest();
        let between = if both_sides { arrow } else { ctx.theme.signs.dot };
        format!("{} {between} {}", state.rows.name(row), state.columns.name(column))
    };
    let title = [piece(names(row, column), Role::Title)];
    let (area, page) = with_rule(area, LINES);
    if let Some(page) = page {
        page::rule(ctx, state.detail.as_ref().and_then(|detail| detail.rule).map(rule_page), page, buf);
    }
    let Some(detail) = &state.detail else {
        rule(buf, ctx.theme, line_of(area, 0), true, &title, &[]);
        let rect = line_of(area, 1);
        let text = [piece(format!(" {} not resolved yet", ctx.theme.signs.nothing), Role::Muted)];
        pieces(buf, ctx.theme, rect, (rect.x, rect.y), &text);
        return;
    };
    let decided = detail.rule.map_or_else(|| "no single rule".to_owned(), |rule| decided_label(detail.verdict, rule));
    let right = format!("{decided} {} {}", ctx.theme.signs.dot, detail.basis.name());
    rule(buf, ctx.theme, line_of(area, 0), true, &title, &[piece(right, Role::Muted)]);
    let (role, sign) = ctx.theme.cell(detail.verdict);
    let mut lines: Vec<Vec<Piece>> = vec![vec![piece(format!(" {sign} {}", detail.headline), role)]];
    let room = usize::from(area.width).saturating_sub(2);
    // The reverse direction has the last line, the message at most half of the others.
    let most = usize::from(area.height).saturating_sub(3);
    let message = detail.message.iter().flat_map(|message| wrap(message, room)).take(most.div_ceil(2));
    lines.extend(message.map(|line| vec![piece(format!(" {line}"), Role::Message)]));
    let why = wrap(&detail.why.join(" "), room);
    let left = most.saturating_sub(lines.len() - 1);
    let cut = why.len() > left;
    for (number, line) in why.into_iter().take(left).enumerate() {
        let more = if cut && number + 1 == left { format!(" {}", ctx.theme.signs.more) } else { String::new() };
        lines.push(vec![piece(format!(" {line}{more}"), Role::Text)]);
    }
    lines.push(reverse(ctx, state, &names));
    for (number, line) in lines.iter().enumerate() {
        let rect = line_of(area, cells(number + 1));
        let line = fitting(line, usize::from(area.width), ctx.theme.signs.more);
        pieces(buf, ctx.theme, rect, (rect.x, rect.y), &line);
    }
}

fn reverse(ctx: ViewContext<'_>, state: &Matrix, names: &dyn Fn(usize, usize) -> String) -> Vec<Piece> {
    let Some(detail) = &state.detail else { return Vec::new() };
    let (role, sign) = ctx.theme.cell(detail.reverse.verdict);
    let (label, which) = match detail.mirror {
        Some(cell) if cell == detail.cell => (" source and destination are the same", String::new()),
        Some((row, column)) => (" mirror  ", names(row, column)),
        None => (" reverse direction", String::new()),
    };
    vec![
        piece(label, Role::Label),
        piece(which, Role::Text),
        piece(format!("  {sign} {}", outcome(detail.reverse)), role),
    ]
}
