//! Draws the verdict: libvirt's message, the reasons, the outlook, and the fixes.
//! With little room the least important goes first; libvirt's message always stays.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fitting as cut_pieces, piece, pieces, width_of};
use super::super::parts::Parts;
use crate::analysis::remedies::{Application, Remedy};
use crate::app::action::Action;
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{cut_at_word, pad, width, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// A line, and what a click on it does.
struct Line {
    pieces: Vec<Piece>,
    target: Option<Target>,
}

/// Which parts are shown.
#[expect(clippy::struct_excessive_bools, reason = "each says whether one part is there; they are set independently")]
#[derive(Clone, Copy)]
struct Detail {
    /// One line for each fix.
    fix_lines: bool,
    /// How many reasons are shown.
    why: usize,
    notice: bool,
    basis: bool,
    outlook: bool,
    fixes: bool,
    /// Blank lines between the parts.
    airy: bool,
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, (area, parts): (Rect, Parts), buf: &mut Buffer) {
    let derived = &ctx.model.derived;
    let (role, sign) = ctx.theme.verdict(derived.answer.verdict);
    let headline = [piece(format!("{sign} {}", derived.explanation.headline), role)];
    let rule_id = derived.answer.rule.map(|rule| format!("rule {} {} ", rule.name(), ctx.theme.signs.dot));
    let basis = piece(derived.answer.basis.name(), Role::Muted);
    let right = [piece(rule_id.unwrap_or_default(), Role::Message), basis];
    let active = matches!(state.focus, Focus::Fix(_));
    let inner = parts.draw(ctx, area, active, (&headline, &right), buf);
    for (line, y) in fitting(ctx, inner.width.saturating_sub(2), inner.height).iter().zip(inner.top()..inner.bottom()) {
        let focused = matches!((line.target, state.focus), (Some(Target::Fix(a)), Focus::Fix(b)) if a == b);
        let mut x = inner.x + 1;
        for (text, role) in &line.pieces {
            let role = if focused && *role != Role::Key { Role::Focus } else { *role };
            x = pieces(buf, ctx.theme, inner, (x, y), &[piece(text.as_str(), role)]);
        }
    }
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, (area, parts): (Rect, Parts), position: Position) -> Option<Target> {
    let inner = parts.inside(area);
    if !inner.contains(position) {
        return None;
    }
    let lines = fitting(ctx, inner.width.saturating_sub(2), inner.height);
    lines.get(usize::from(position.y - inner.y)).and_then(|line| line.target)
}

/// Returns how many of `room` lines the verdict uses.
pub(super) fn height(ctx: ViewContext<'_>, columns: u16, room: u16) -> u16 {
    cells(fitting(ctx, columns, room).len())
}

/// Returns how many lines the message, the outlook and the fixes need.
pub(super) fn least(ctx: ViewContext<'_>, columns: u16) -> u16 {
    let detail =
        Detail { fix_lines: false, why: 0, notice: false, basis: false, outlook: true, fixes: true, airy: false };
    cells(lines(ctx, usize::from(columns), detail).len())
}

/// Returns as many parts as fit in `room` lines.
fn fitting(ctx: ViewContext<'_>, columns: u16, room: u16) -> Vec<Line> {
    let why = ctx.model.derived.explanation.why.len();
    let all = Detail { fix_lines: true, why, notice: true, basis: true, outlook: true, fixes: true, airy: true };
    let mut details = vec![
        all,
        Detail { airy: false, ..all },
        Detail { airy: false, fix_lines: false, ..all },
        Detail { airy: false, fix_lines: false, basis: false, ..all },
    ];
    let brief = Detail { airy: false, fix_lines: false, basis: false, ..all };
    details.extend((1..why).rev().map(|why| Detail { why, ..brief }));
    details.push(Detail { why: 1, notice: false, ..brief });
    details.push(Detail { why: 0, notice: false, ..brief });
    details.push(Detail { why: 0, notice: false, fixes: false, ..brief });
    details.push(Detail { why: 0, notice: false, fixes: false, outlook: false, ..brief });
    let mut fitting = Vec::new();
    for detail in details {
        fitting = lines(ctx, usize::from(columns), detail);
        if fitting.len() <= usize::from(room) {
            return fitting;
        }
    }
    let left_out = fitting.len() + 1 - usize::from(room).max(1);
    fitting.truncate(usize::from(room).saturating_sub(1));
    let key = ctx.model.settings.keymap.shown(Action::Answer);
    let more = vec![
        piece(format!("{} {left_out} more lines: ", ctx.theme.signs.more), Role::Muted),
        piece(key, Role::Key),
        piece(" full answer", Role::Muted),
    ];
    fitting.push(Line { pieces: more, target: Some(Target::Action(Action::Answer)) });
    fitting
}

fn lines(ctx: ViewContext<'_>, columns: usize, detail: Detail) -> Vec<Line> {
    let derived = &ctx.model.derived;
    let mut parts: Vec<Vec<Line>> = Vec::new();
    if let Some(message) = &derived.message {
        parts.push(paragraph(message, columns, Role::Message));
    }
    parts.push(depends(ctx, columns));
    let mut why: Vec<&str> = derived.explanation.why.iter().take(detail.why).map(String::as_str).collect();
    if detail.notice {
        why.push(&derived.explanation.notice);
    }
    parts.push(if why.is_empty() { Vec::new() } else { paragraph(&why.join(" "), columns, Role::Text) });
    let mut rest = if detail.outlook { outlook(ctx, columns) } else { Vec::new() };
    if detail.basis {
        rest.extend(labelled("Confidence", &derived.explanation.basis, Role::Text, columns));
    }
    parts.push(rest);
    if detail.fixes {
        parts.push(if detail.fix_lines { fix_lines(ctx, columns) } else { fixes_in_a_row(ctx, columns) });
    }
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let mut lines = Vec::new();
    for part in parts {
        if detail.airy && !lines.is_empty() {
            lines.push(Line { pieces: Vec::new(), target: None });
        }
        lines.extend(part);
    }
    lines
}

fn paragraph(text: &str, columns: usize, role: Role) -> Vec<Line> {
    wrap(text, columns).into_iter().map(|line| Line { pieces: vec![piece(line, role)], target: None }).collect()
}

/// The width of a label, with the blank after it.
const LABEL: usize = 12;

fn labelled(label: &str, text: &str, role: Role, columns: usize) -> Vec<Line> {
    let mut label = format!("{label:<LABEL$}");
    wrap(text, columns.saturating_sub(LABEL))
        .into_iter()
        .map(|line| {
            let before = std::mem::replace(&mut label, " ".repeat(LABEL));
            Line { pieces: vec![piece(before, Role::Label), piece(line, role)], target: None }
        })
        .collect()
}

fn depends(ctx: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for dependence in &ctx.model.derived.answer.depends_on {
        if dependence.answers.is_empty() {
            lines.extend(labelled("Unknown", &dependence.input, Role::Text, columns));
        }
        for (number, possible) in dependence.answers.iter().enumerate() {
            let (role, sign) = ctx.theme.verdict(possible.verdict);
            let rule = possible.rule.map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
            let before =
                if number == 0 { format!("{}: ", dependence.input) } else { " ".repeat(width(&dependence.input) + 2) };
            let line = vec![
                piece(before, Role::Label),
                piece(possible.value.as_str(), Role::Message),
                piece(format!(" {} ", ctx.theme.signs.arrow), Role::Muted),
                piece(format!("{sign} {}", possible.verdict.name()), role),
                piece(rule, Role::Muted),
            ];
            lines.push(Line { pieces: cut_pieces(&line, columns, ctx.theme.signs.more), target: None });
        }
    }
    lines
}

fn outlook(ctx: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let outlook = &ctx.model.derived.outlook;
    let mut lines = labelled("Rollback", &outlook.rollback, Role::Text, columns);
    lines.extend(labelled("Cold boot", &outlook.cold_boot, Role::Text, columns));
    lines
}

/// Returns a line for each fix: what to do, whether it needs a restart, and how to apply it.
fn fix_lines(ctx: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let fixes = &ctx.model.derived.remedies;
    let most = columns.saturating_sub(LABEL + 2 + RESTART);
    let longest = fixes.iter().map(|fix| width(&fix.text)).max().unwrap_or(0).min(most.saturating_sub(2));
    let each = |(number, fix): (usize, &Remedy)| {
        let before = if number == 0 { "Fixes" } else { "" };
        let how = match &fix.how {
            Application::Xml(text) | Application::Command(text) => {
                text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
            }
        };
        let more = ctx.theme.signs.more;
        let used = LABEL + 2 + longest + 2 + RESTART;
        let how = if columns > used + 20 { cut_at_word(&how, columns - used, more) } else { String::new() };
        let line = vec![
            piece(format!("{before:<LABEL$}"), Role::Label),
            piece(format!("{} ", number + 1), Role::Key),
            piece(pad(&cut_at_word(&fix.text, longest, more), longest + 2), Role::Text),
            piece(pad(if fix.restart { "restart" } else { "no restart" }, RESTART), Role::Muted),
            piece(how, Role::Code),
        ];
        Line { pieces: line, target: Some(Target::Fix(number)) }
    };
    fixes.iter().enumerate().map(each).collect()
}

/// The width of the column that tells whether a restart is needed.
const RESTART: usize = 12;

/// Returns all fixes in at most two lines, without their explanations.
fn fixes_in_a_row(ctx: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    for (number, fix) in ctx.model.derived.remedies.iter().enumerate() {
        let text = fix.text.split_once(", ").map_or(fix.text.as_str(), |(text, _)| text);
        let text = if fix.restart { format!("{text} (restart)  ") } else { format!("{text}  ") };
        let item = [piece(format!("{} ", number + 1), Role::Key), piece(text, Role::Text)];
        let fits = rows.last().is_some_and(|row| width_of(row) + width_of(&item) <= columns + 2);
        if !fits {
            if rows.len() == 2 {
                break;
            }
            let before = if rows.is_empty() { "Fixes" } else { "" };
            rows.push(vec![piece(format!("{before:<LABEL$}"), Role::Label)]);
        }
        if let Some(row) = rows.last_mut() {
            row.extend(item);
        }
    }
    let cut = |row: Vec<Piece>| cut_pieces(&row, columns + 2, ctx.theme.signs.more);
    rows.into_iter().map(|row| Line { pieces: cut(row), target: None }).collect()
}
