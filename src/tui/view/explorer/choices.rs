//! Draws the settings: three panes with a line for each, or three lines.

use super::super::ViewContext;
use super::super::draw::{cells, fitting, frame, inside, line_of, piece, pieces};
use super::layout::{Areas, CHOICE_LINES};
use crate::app::choice::{Choice, ChoiceState, Group};
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{pad, width, wrap};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The width of the label and the sign before the value.
const LABEL: usize = 11;
/// The least width of the guest's second column.
const SECOND: u16 = 22;
/// The width of the title of a pane at the start of its line.
const GROUP: u16 = 13;

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    for (group, area) in Group::ALL.into_iter().zip(areas.choices) {
        let active = matches!(state.focus, Focus::Choice(choice) if choice.group() == group);
        let role = if active { Role::Title } else { Role::Message };
        if areas.tall_choices {
            let inner = frame(buf, ctx.theme, area, active, &[piece(group.title(), role)], &[]);
            problem(ctx, group, inner, buf);
        } else {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(group.title(), role)]);
            let end = in_line(ctx, state, group, area).last().map_or(area.x + GROUP, |(_, rect)| rect.right() + 2);
            if let Some(problem) = problem_of(ctx, group) {
                let reason = [piece(format!("{} {problem}", ctx.theme.signs.bad), Role::Bad)];
                let reason = fitting(&reason, usize::from(area.right().saturating_sub(end)), ctx.theme.signs.more);
                pieces(buf, ctx.theme, area, (end, area.y), &reason);
            }
        }
    }
    for (choice, rect) in rects(ctx, state, areas) {
        let Some(displayed) = ctx.model.derived.choice(choice) else { continue };
        let focused = state.focus == Focus::Choice(choice);
        if areas.tall_choices {
            line(ctx, displayed, focused, rect, buf);
        } else {
            inline(ctx, displayed, focused, rect, buf);
        }
    }
}

/// Returns the areas of the displayed settings.
pub(super) fn rects(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas) -> Vec<(Choice, Rect)> {
    let each = |(group, area): (Group, Rect)| {
        if areas.tall_choices { in_box(group, area) } else { in_line(ctx, state, group, area) }
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

/// Returns the areas of the settings in one line. The setting under the cursor and those that differ from their default
/// have priority; the others are shown as far as they fit.
fn in_line(ctx: ViewContext<'_>, state: &Explorer, group: Group, area: Rect) -> Vec<(Choice, Rect)> {
    let choices = group.choices();
    let needs = |choice: &Choice| ctx.model.derived.choice(*choice).map_or(0, |displayed| width(&short(displayed)) + 2);
    let rank = |choice: &Choice| {
        let displayed = ctx.model.derived.choice(*choice);
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
        match displayed {
            _ if focused => 0,
            _ if main => 1,
            Some(displayed) if !displayed.is_default => 2,
            _ => 3,
        }
    };
    let mut by_rank = choices.clone();
    by_rank.sort_by_key(rank);
    // The reason why a value is not possible has priority over default values.
    if problem_of(ctx, group).is_some() {
        by_rank.retain(|choice| rank(choice) < 3);
    }
    let mut room = usize::from(area.width.saturating_sub(GROUP));
    let mut fitting = Vec::new();
    for choice in by_rank {
        let needed = needs(&choice);
        if needed <= room {
            room -= needed;
            fitting.push(choice);
        }
    }
    let mut x = area.x + GROUP;
    choices
        .into_iter()
        .filter(|choice| fitting.contains(choice))
        .map(|choice| {
            let columns = cells(needs(&choice));
            let rect = Rect { x, width: columns.saturating_sub(2), ..area };
            x += columns;
            (choice, rect)
        })
        .collect()
}

/// Returns a setting in short form: some values need no label.
fn short(displayed: &ChoiceState) -> String {
    let clear = matches!(displayed.choice, Choice::Model | Choice::Machine | Choice::Accel | Choice::Topology);
    if clear { displayed.value.clone() } else { format!("{} {}", displayed.label, displayed.value) }
}

fn value_role(displayed: &ChoiceState) -> Role {
    match displayed {
        ChoiceState { problem: Some(_), .. } => Role::Impossible,
        ChoiceState { is_default: true, .. } => Role::Value,
        ChoiceState { is_default: false, .. } => Role::Chosen,
    }
}

fn inline(ctx: ViewContext<'_>, displayed: &ChoiceState, focused: bool, rect: Rect, buf: &mut Buffer) {
    let role = if focused { Role::Focus } else { value_role(displayed) };
    let text = short(displayed);
    let line = match text.strip_suffix(displayed.value.as_str()) {
        Some(label) if !focused => vec![piece(label, Role::Label), piece(displayed.value.as_str(), role)],
        _ => vec![piece(text, role)],
    };
    pieces(buf, ctx.theme, rect, (rect.x, rect.y), &line);
}

fn line(ctx: ViewContext<'_>, displayed: &ChoiceState, focused: bool, rect: Rect, buf: &mut Buffer) {
    let signs = &ctx.theme.signs;
    let label = format!(" {}", pad(&displayed.label, LABEL - 2));
    let room = usize::from(rect.width).saturating_sub(width(&label) + 2);
    let (before, after) = if focused { (signs.before, signs.after) } else { (" ", " ") };
    let sign = if displayed.problem.is_some() { format!("{} ", signs.bad) } else { String::new() };
    let value = fitting(&[piece(format!("{sign}{}", displayed.value), value_role(displayed))], room, signs.more);
    let role = if focused { Role::Focus } else { value_role(displayed) };
    let mut row = vec![piece(label, Role::Label), piece(before, Role::Key)];
    row.extend(value.into_iter().map(|(text, _)| (text, role)));
    row.push(piece(after, Role::Key));
    pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
}

/// Returns why a value of the pane is not possible; `None` if all are.
fn problem_of(ctx: ViewContext<'_>, group: Group) -> Option<&str> {
    let mut states = group.choices().into_iter().filter_map(|choice| ctx.model.derived.choice(choice));
    states.find_map(|displayed| displayed.problem.as_deref())
}

/// Draws why a value of the pane is not possible, below its settings.
fn problem(ctx: ViewContext<'_>, group: Group, inner: Rect, buf: &mut Buffer) {
    let Some(problem) = problem_of(ctx, group) else { return };
    let used = match group {
        Group::Guest => group.choices().len().div_ceil(2),
        Group::Source | Group::Destination => group.choices().len(),
    };
    let text = format!("{} {problem}", ctx.theme.signs.bad);
    let lines = wrap(&text, usize::from(inner.width).saturating_sub(2));
    for (line, number) in lines.iter().zip(cells(used)..inner.height) {
        let rect = line_of(inner, number);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &[piece(line.as_str(), Role::Bad)]);
    }
}
