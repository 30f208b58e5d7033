//! Draws what can be chosen: three boxes with a line each, or three lines.

use super::super::ViewContext;
use super::super::draw::{cells, fitting, frame, inside, line_of, piece, pieces};
use super::layout::{Areas, CHOICE_LINES};
use crate::app::choice::{Choice, ChoiceState, Group};
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{pad, width, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns before the value: the label and the sign for a value before.
const LABEL: usize = 11;
/// Columns of the guest's second column of choices.
const SECOND: u16 = 22;
/// Columns of a group's name where it stands at the head of its line.
const GROUP: u16 = 13;

/// Draws them.
pub(super) fn render(shown: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    for (group, area) in Group::ALL.into_iter().zip(areas.choices) {
        let active = matches!(state.focus, Focus::Choice(choice) if choice.group() == group);
        let role = if active { Role::Title } else { Role::Message };
        if areas.tall_choices {
            let inner = frame(buf, shown.theme, area, active, &[piece(group.title(), role)], &[]);
            problem(shown, group, inner, buf);
        } else {
            pieces(buf, shown.theme, area, (area.x + 1, area.y), &[piece(group.title(), role)]);
            let end = in_line(shown, state, group, area).last().map_or(area.x + GROUP, |(_, place)| place.right() + 2);
            if let Some(problem) = problem_of(shown, group) {
                let reason = [piece(format!("{} {problem}", shown.theme.signs.bad), Role::Bad)];
                let reason = fitting(&reason, usize::from(area.right().saturating_sub(end)), shown.theme.signs.more);
                pieces(buf, shown.theme, area, (end, area.y), &reason);
            }
        }
    }
    for (choice, place) in places(shown, state, areas) {
        let Some(standing) = shown.model.derived.standing(choice) else { continue };
        let focused = state.focus == Focus::Choice(choice);
        if areas.tall_choices {
            line(shown, standing, focused, place, buf);
        } else {
            word(shown, standing, focused, place, buf);
        }
    }
}

/// Returns where each choice stands that is shown.
pub(super) fn places(shown: ViewContext<'_>, state: &Explorer, areas: &Areas) -> Vec<(Choice, Rect)> {
    let each = |(group, area): (Group, Rect)| {
        if areas.tall_choices { in_box(group, area) } else { in_line(shown, state, group, area) }
    };
    Group::ALL.into_iter().zip(areas.choices).flat_map(each).collect()
}

fn in_box(group: Group, area: Rect) -> Vec<(Choice, Rect)> {
    let inner = inside(area);
    let inner = Rect { height: inner.height.min(CHOICE_LINES), ..inner };
    let choices = group.choices();
    let (left, right) = match group {
        Group::Guest => choices.split_at(choices.len() / 2),
        Group::Source | Group::Destination => (choices.as_slice(), [].as_slice()),
    };
    let split =
        if right.is_empty() { inner.width } else { inner.width.saturating_sub(SECOND.max(inner.width * 5 / 12)) };
    let first = Rect { width: split, ..inner };
    let second = Rect { x: inner.x + split, width: inner.width - split, ..inner };
    let column = |choices: &[Choice], area: Rect| -> Vec<(Choice, Rect)> {
        choices.iter().zip(0..area.height).map(|(choice, number)| (*choice, line_of(area, number))).collect()
    };
    [column(left, first), column(right, second)].concat()
}

/// The choice under the cursor and what differs from its default come first; the others follow as far as they fit.
fn in_line(shown: ViewContext<'_>, state: &Explorer, group: Group, area: Rect) -> Vec<(Choice, Rect)> {
    let choices = group.choices();
    let needs =
        |choice: &Choice| shown.model.derived.standing(*choice).map_or(0, |standing| width(&short(standing)) + 2);
    let rank = |choice: &Choice| {
        let standing = shown.model.derived.standing(*choice);
        let focused = state.focus == Focus::Choice(*choice);
        let main = matches!(
            choice,
            Choice::Model
                | Choice::Machine
                | Choice::Policy
                | Choice::FromLibvirt
                | Choice::ToLibvirt
                | Choice::FromQemu
                | Choice::ToQemu
        );
        match standing {
            _ if focused => 0,
            _ if main => 1,
            Some(standing) if !standing.is_default => 2,
            _ => 3,
        }
    };
    let mut by_rank = choices.clone();
    by_rank.sort_by_key(rank);
    // What nobody had to choose gives way to the reason why something cannot be.
    if problem_of(shown, group).is_some() {
        by_rank.retain(|choice| rank(choice) < 3);
    }
    let mut room = usize::from(area.width.saturating_sub(GROUP));
    let mut kept = Vec::new();
    for choice in by_rank {
        let needed = needs(&choice);
        if needed <= room {
            room -= needed;
            kept.push(choice);
        }
    }
    let mut x = area.x + GROUP;
    choices
        .into_iter()
        .filter(|choice| kept.contains(choice))
        .map(|choice| {
            let columns = cells(needs(&choice));
            let place = Rect { x, width: columns.saturating_sub(2), ..area };
            x += columns;
            (choice, place)
        })
        .collect()
}

/// A choice in a few letters: those whose value says what they are need no label.
fn short(standing: &ChoiceState) -> String {
    let spoken_for = matches!(standing.choice, Choice::Model | Choice::Machine | Choice::Accel | Choice::Topology);
    if spoken_for { standing.value.clone() } else { format!("{} {}", standing.label, standing.value) }
}

fn value_role(standing: &ChoiceState) -> Role {
    match standing {
        ChoiceState { problem: Some(_), .. } => Role::Impossible,
        ChoiceState { is_default: true, .. } => Role::Value,
        ChoiceState { is_default: false, .. } => Role::Chosen,
    }
}

fn word(shown: ViewContext<'_>, standing: &ChoiceState, focused: bool, place: Rect, buf: &mut Buffer) {
    let role = if focused { Role::Focus } else { value_role(standing) };
    let text = short(standing);
    let line = match text.strip_suffix(standing.value.as_str()) {
        Some(label) if !focused => vec![piece(label, Role::Label), piece(standing.value.as_str(), role)],
        _ => vec![piece(text, role)],
    };
    pieces(buf, shown.theme, place, (place.x, place.y), &line);
}

fn line(shown: ViewContext<'_>, standing: &ChoiceState, focused: bool, place: Rect, buf: &mut Buffer) {
    let signs = &shown.theme.signs;
    let label = format!(" {}", pad(&standing.label, LABEL - 2));
    let room = usize::from(place.width).saturating_sub(width(&label) + 2);
    let (before, after) = if focused { (signs.before, signs.after) } else { (" ", " ") };
    let sign = if standing.problem.is_some() { format!("{} ", signs.bad) } else { String::new() };
    let value = fitting(&[piece(format!("{sign}{}", standing.value), value_role(standing))], room, signs.more);
    let role = if focused { Role::Focus } else { value_role(standing) };
    let mut row = vec![piece(label, Role::Label), piece(before, Role::Key)];
    row.extend(value.into_iter().map(|(text, _)| (text, role)));
    row.push(piece(after, Role::Key));
    pieces(buf, shown.theme, place, (place.x, place.y), &row);
}

/// Why a value of the group cannot be, if there is such a value.
fn problem_of(shown: ViewContext<'_>, group: Group) -> Option<&str> {
    let mut standings = group.choices().into_iter().filter_map(|choice| shown.model.derived.standing(choice));
    standings.find_map(|standing| standing.problem.as_deref())
}

/// Says why a value of the group cannot be, in the lines below its choices.
fn problem(shown: ViewContext<'_>, group: Group, inner: Rect, buf: &mut Buffer) {
    let Some(problem) = problem_of(shown, group) else { return };
    let used = match group {
        Group::Guest => group.choices().len().div_ceil(2),
        Group::Source | Group::Destination => group.choices().len(),
    };
    let text = format!("{} {problem}", shown.theme.signs.bad);
    let lines = wrap(&text, usize::from(inner.width).saturating_sub(2));
    for (line, number) in lines.iter().zip(cells(used)..inner.height) {
        let place = line_of(inner, number);
        pieces(buf, shown.theme, place, (place.x + 1, place.y), &[piece(line.as_str(), Role::Bad)]);
    }
}
