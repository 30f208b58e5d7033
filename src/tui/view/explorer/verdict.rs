//! Draws the verdict: libvirt's words, why, whether the guest would notice, what comes after, and ways out.
//! With little room the least important goes first; libvirt's words never do.

use super::super::ViewContext;
use super::super::draw::{Piece, cells, fitting as cut_pieces, piece, pieces, width_of};
use super::layout::Areas;
use crate::analysis::remedies::{How, WayOut};
use crate::app::action::Action;
use crate::app::derived::{Change, Derived};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{cut_at_word, pad, width, wrap};
use crate::domain::feature::FeatureId;
use crate::explain::libvirt_label;
use crate::resolve::Verdict;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

/// A line, and what it stands for.
struct Line {
    pieces: Vec<Piece>,
    target: Option<Target>,
}

/// How much is said.
#[expect(clippy::struct_excessive_bools, reason = "each says whether one part is there; they are set independently")]
#[derive(Clone, Copy)]
struct Detail {
    /// A line for each way out, and not all in a row.
    way_lines: bool,
    /// How many sentences say why.
    why: usize,
    notice: bool,
    basis: bool,
    after: bool,
    ways: bool,
    /// Blank lines between the parts.
    airy: bool,
}

/// Draws it.
pub(super) fn render(shown: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    let area = areas.verdict;
    let derived = &shown.model.derived;
    let (role, sign) = shown.theme.verdict(derived.answer.verdict);
    let headline = [piece(format!("{sign} {}", derived.explanation.headline), role)];
    let rule_id = derived.answer.rule.map(|rule| format!("rule {} {} ", rule.name(), shown.theme.signs.dot));
    let basis = piece(derived.answer.basis.name(), Role::Muted);
    let right = [piece(rule_id.unwrap_or_default(), Role::Message), basis];
    let active = matches!(state.focus, Focus::Way(_));
    let inner = areas.parts.draw(shown, area, active, (&headline, &right), buf);
    for (line, y) in fitting(shown, inner.width.saturating_sub(2), inner.height).iter().zip(inner.top()..inner.bottom())
    {
        let focused = matches!((line.target, state.focus), (Some(Target::Way(a)), Focus::Way(b)) if a == b);
        let mut x = inner.x + 1;
        for (text, role) in &line.pieces {
            let role = if focused && *role != Role::Key { Role::Focus } else { *role };
            x = pieces(buf, shown.theme, inner, (x, y), &[piece(text.as_str(), role)]);
        }
    }
}

/// Returns what `position` stands for.
pub(super) fn hit(shown: ViewContext<'_>, areas: &Areas, position: Position) -> Option<Target> {
    let inner = areas.parts.inside(areas.verdict);
    if !inner.contains(position) {
        return None;
    }
    let lines = fitting(shown, inner.width.saturating_sub(2), inner.height);
    lines.get(usize::from(position.y - inner.y)).and_then(|line| line.target)
}

/// Returns how many lines of `columns` there are to say in at most `room`.
pub(super) fn height(shown: ViewContext<'_>, columns: u16, room: u16) -> u16 {
    cells(fitting(shown, columns, room).len())
}

/// Returns how many lines libvirt's words and what goes with them need.
pub(super) fn least(shown: ViewContext<'_>, columns: u16) -> u16 {
    let detail = Detail { way_lines: false, why: 0, notice: false, basis: false, after: true, ways: true, airy: false };
    cells(lines(shown, usize::from(columns), detail).len())
}

/// Returns the most that can be said in `room` lines.
fn fitting(shown: ViewContext<'_>, columns: u16, room: u16) -> Vec<Line> {
    let why = shown.model.derived.explanation.why.len();
    let all = Detail { way_lines: true, why, notice: true, basis: true, after: true, ways: true, airy: true };
    let mut details = vec![
        all,
        Detail { airy: false, ..all },
        Detail { airy: false, way_lines: false, ..all },
        Detail { airy: false, way_lines: false, basis: false, ..all },
    ];
    let brief = Detail { airy: false, way_lines: false, basis: false, ..all };
    details.extend((1..why).rev().map(|why| Detail { why, ..brief }));
    details.push(Detail { why: 1, notice: false, ..brief });
    details.push(Detail { why: 0, notice: false, ..brief });
    details.push(Detail { why: 0, notice: false, ways: false, ..brief });
    details.push(Detail { why: 0, notice: false, ways: false, after: false, ..brief });
    let mut said = Vec::new();
    for detail in details {
        said = lines(shown, usize::from(columns), detail);
        if said.len() <= usize::from(room) {
            return said;
        }
    }
    let left_out = said.len() + 1 - usize::from(room).max(1);
    said.truncate(usize::from(room).saturating_sub(1));
    let key = shown.model.settings.keymap.shown(Action::Answer);
    let more = vec![
        piece(format!("{} {left_out} more lines; ", shown.theme.signs.more), Role::Muted),
        piece(key, Role::Key),
        piece(" shows the whole answer", Role::Muted),
    ];
    said.push(Line { pieces: more, target: Some(Target::Action(Action::Answer)) });
    said
}

fn lines(shown: ViewContext<'_>, columns: usize, detail: Detail) -> Vec<Line> {
    let derived = &shown.model.derived;
    let mut said: Vec<Vec<Line>> = Vec::new();
    if let Some(message) = &derived.message {
        said.push(paragraph(message, columns, Role::Message));
    }
    said.push(depends(shown, columns));
    let mut why: Vec<&str> = derived.explanation.why.iter().take(detail.why).map(String::as_str).collect();
    if detail.notice {
        why.push(&derived.explanation.notice);
    }
    said.push(if why.is_empty() { Vec::new() } else { paragraph(&why.join(" "), columns, Role::Text) });
    let mut rest = if detail.after { after(shown, columns) } else { Vec::new() };
    if detail.basis {
        rest.extend(labelled("Basis", &derived.explanation.basis, Role::Text, columns));
    }
    said.push(rest);
    if detail.ways {
        said.push(if detail.way_lines { way_lines(shown, columns) } else { ways_in_a_row(shown, columns) });
    }
    let parts = said.into_iter().filter(|part| !part.is_empty());
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

/// Columns of what stands before a labelled line.
const LABEL: usize = 11;

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

fn depends(shown: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for dependence in &shown.model.derived.answer.depends_on {
        if dependence.answers.is_empty() {
            lines.extend(paragraph(&format!("Not known: {}.", dependence.input), columns, Role::Text));
        }
        for (number, possible) in dependence.answers.iter().enumerate() {
            let (role, sign) = shown.theme.verdict(possible.verdict);
            let rule = possible.rule.map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
            let before =
                if number == 0 { format!("{}: ", dependence.input) } else { " ".repeat(width(&dependence.input) + 2) };
            let line = vec![
                piece(before, Role::Label),
                piece(possible.value.as_str(), Role::Message),
                piece(format!(" {} ", shown.theme.signs.arrow), Role::Muted),
                piece(format!("{sign} {}", possible.verdict.name()), role),
                piece(rule, Role::Muted),
            ];
            lines.push(Line { pieces: cut_pieces(&line, columns, shown.theme.signs.more), target: None });
        }
    }
    lines
}

fn after(shown: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let derived = &shown.model.derived;
    let (back, boot) = (way_back(shown, derived), cold_boot(shown, derived));
    let mut lines = labelled("Way back", &back, Role::Text, columns);
    lines.extend(labelled("Cold boot", &boot, Role::Text, columns));
    lines
}

fn way_back(shown: ViewContext<'_>, derived: &Derived) -> String {
    let opposite = derived.after.opposite;
    let rule = opposite.rule.map(|rule| format!(" ({})", rule.name())).unwrap_or_default();
    let other = format!("the other way round: {}{rule}", opposite.verdict.name());
    match (&derived.after.way_back, derived.answer.verdict) {
        (Some(change), _) => format!("{}; {other}", changed(shown, change)),
        (None, Verdict::StartRefused) => format!("none, it never started; {other}"),
        (None, Verdict::Depends) => format!("depends on the same; {other}"),
        (None, _) => match derived.answer.trace.as_ref().map(|trace| trace.hop) {
            Some(hop @ 1..) => {
                let stop = libvirt_label(shown.catalog, shown.model.scenario.hop(hop).0);
                format!("none, it runs at {stop}, a stop on the way; {other}")
            }
            Some(0) | None => format!("none, it never left; {other}"),
        },
    }
}

fn cold_boot(shown: ViewContext<'_>, derived: &Derived) -> String {
    match (&derived.after.cold_boot, derived.answer.verdict) {
        (Some(change), _) => format!("the next one at the destination: {}", changed(shown, change)),
        (None, Verdict::Depends) => "the next one at the destination depends on the same".to_owned(),
        (None, _) => "nothing is known about the next one at the destination".to_owned(),
    }
}

fn changed(shown: ViewContext<'_>, change: &Change) -> String {
    let names = |features: &[FeatureId]| {
        let names: Vec<&str> = features.iter().take(6).map(|f| shown.catalog.feature_name(*f)).collect();
        let more = features.len().saturating_sub(names.len());
        if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
    };
    if change.varies {
        return "depends on what is not known".to_owned();
    }
    match (&change.refused, change.lost.as_slice(), change.gained.as_slice()) {
        (Some(message), ..) => format!("refused, {message}"),
        (None, ..) if !change.compared => "it starts".to_owned(),
        (None, [], []) => "the same CPU".to_owned(),
        (None, lost, []) => format!("the guest loses {}", names(lost)),
        (None, [], gained) => format!("the guest gains {}", names(gained)),
        (None, lost, gained) => format!("the guest loses {} and gains {}", names(lost), names(gained)),
    }
}

/// One line each, as much of it as the line holds: what to do, whether it needs a restart, and how.
fn way_lines(shown: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let ways = &shown.model.derived.remedies;
    let most = columns.saturating_sub(LABEL + 2 + RESTART);
    let longest = ways.iter().map(|way| width(&way.text)).max().unwrap_or(0).min(most.saturating_sub(2));
    let each = |(number, way): (usize, &WayOut)| {
        let before = if number == 0 { "Ways out" } else { "" };
        let how = match &way.how {
            How::Xml(text) | How::Command(text) => text.lines().map(str::trim).collect::<Vec<_>>().join(" "),
        };
        let more = shown.theme.signs.more;
        let used = LABEL + 2 + longest + 2 + RESTART;
        let how = if columns > used + 20 { cut_at_word(&how, columns - used, more) } else { String::new() };
        let line = vec![
            piece(format!("{before:<LABEL$}"), Role::Label),
            piece(format!("{} ", number + 1), Role::Key),
            piece(pad(&cut_at_word(&way.text, longest, more), longest + 2), Role::Text),
            piece(pad(if way.restart { "restart" } else { "no restart" }, RESTART), Role::Muted),
            piece(how, Role::Code),
        ];
        Line { pieces: line, target: Some(Target::Way(number)) }
    };
    ways.iter().enumerate().map(each).collect()
}

/// Columns of what says whether a restart is needed.
const RESTART: usize = 12;

/// All in two lines at most, without what explains them; the first ways are the cheapest.
fn ways_in_a_row(shown: ViewContext<'_>, columns: usize) -> Vec<Line> {
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    for (number, way) in shown.model.derived.remedies.iter().enumerate() {
        let text = way.text.split_once(", ").map_or(way.text.as_str(), |(text, _)| text);
        let text = if way.restart { format!("{text} (restart)  ") } else { format!("{text}  ") };
        let item = [piece(format!("{} ", number + 1), Role::Key), piece(text, Role::Text)];
        let fits = rows.last().is_some_and(|row| width_of(row) + width_of(&item) <= columns + 2);
        if !fits {
            if rows.len() == 2 {
                break;
            }
            let before = if rows.is_empty() { "Ways out" } else { "" };
            rows.push(vec![piece(format!("{before:<LABEL$}"), Role::Label)]);
        }
        if let Some(row) = rows.last_mut() {
            row.extend(item);
        }
    }
    let cut = |row: Vec<Piece>| cut_pieces(&row, columns + 2, shown.theme.signs.more);
    rows.into_iter().map(|row| Line { pieces: cut(row), target: None }).collect()
}
