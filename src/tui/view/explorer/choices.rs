//! Draws the settings: three boxes with a line for each, or three lines. Those with their default are hidden at first.

use super::super::ViewContext;
use super::super::draw::{cells, fill, fitting, frame, inside, line_of, piece, pieces, text_at};
use super::areas::{Areas, WIRE};
use crate::app::action::Action;
use crate::app::choice::{Choice, ChoiceState, Group};
use crate::app::screens::Target;
use crate::app::screens::explorer::{Explorer, Focus};
use crate::app::text::{pad, width, wrap};
use crate::app::tour::{Place, Tour};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// The width of the label and the sign before the value.
const LABEL: usize = 11;
/// The width of the title of a pane at the start of its line.
const GROUP: u16 = 13;
/// The fewest and the most lines in a box.
const LINES: (usize, usize) = (4, 7);

/// What a pane shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    /// A setting.
    Choice(Choice),
    /// That some settings are hidden.
    Hidden,
}

/// Returns the settings of a pane that are shown; a lesson shows those that it points at.
fn displayed(ctx: ViewContext<'_>, state: &Explorer, group: Group) -> Vec<Choice> {
    let step = ctx.model.tour.as_ref().and_then(Tour::now);
    let looked_at = |choice: &Choice| step.is_some_and(|step| step.look.contains(&Place::Choice(*choice)));
    let displayed = state.displayed(&ctx.model.derived, group);
    group.choices().into_iter().filter(|choice| displayed.contains(choice) || looked_at(choice)).collect()
}

/// Returns how many settings of a pane are hidden.
fn hidden(ctx: ViewContext<'_>, state: &Explorer, group: Group) -> usize {
    group.choices().len() - displayed(ctx, state, group).len()
}

fn items(ctx: ViewContext<'_>, state: &Explorer, group: Group) -> Vec<Item> {
    let more = (hidden(ctx, state, group) > 0).then_some(Item::Hidden);
    displayed(ctx, state, group).into_iter().map(Item::Choice).chain(more).collect()
}

/// How many lines the settings of a box need: those of the guest may have two columns.
fn lines_of_items(count: usize, group: Group) -> usize {
    if group == Group::Guest && count > LINES.0 { count.div_ceil(2) } else { count }
}

/// Returns whether the settings of the guest have two columns.
pub(super) fn has_columns(ctx: ViewContext<'_>, state: &Explorer) -> bool {
    items(ctx, state, Group::Guest).len() > LINES.0
}

/// Returns the lines inside the boxes.
pub(super) fn box_lines(ctx: ViewContext<'_>, state: &Explorer, area: Rect) -> u16 {
    let columns = usize::from(area.width / 3).saturating_sub(4);
    let needed = |group: Group| {
        let problem = problem_of(ctx, group).map_or(0, |problem| wrap(problem, columns).len());
        lines_of_items(items(ctx, state, group).len(), group) + problem
    };
    let most = Group::ALL.into_iter().map(needed).max().unwrap_or(0);
    cells(most.clamp(LINES.0, LINES.1))
}

pub(super) fn render(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, buf: &mut Buffer) {
    for (group, area) in Group::ALL.into_iter().zip(areas.choices) {
        let active = matches!(state.focus, Focus::Choice(choice) if choice.group() == group)
            || state.focus == Focus::Hidden(group);
        let role = if active { Role::Title } else { Role::Message };
        if areas.is_boxed(group) {
            let inner = frame(buf, ctx.theme, area, active, &[piece(group.title(), role)], &[]);
            problem(ctx, state, group, inner, buf);
        } else {
            pieces(buf, ctx.theme, area, (area.x + 1, area.y), &[piece(group.title(), role)]);
            let placed = in_line(ctx, state, group, area);
            let mut end = placed.last().map_or(area.x + GROUP, |(_, rect)| rect.right() + 2);
            if placed.len() < items(ctx, state, group).len() {
                end = text_at(buf, area, (end - 1, area.y), ctx.theme.signs.more, ctx.theme.style(Role::Muted)) + 1;
            }
            if let Some(problem) = problem_of(ctx, group) {
                let reason = [piece(format!("{} {problem}", ctx.theme.signs.bad), Role::Bad)];
                let (x, y) = if state.unfolded { (area.x + GROUP, area.bottom() - 1) } else { (end, area.y) };
                let reason = fitting(&reason, usize::from(area.right().saturating_sub(x)), ctx.theme.signs.more);
                pieces(buf, ctx.theme, area, (x, y), &reason);
            }
        }
    }
    if areas.shape.boxes {
        wire(ctx, areas, buf);
    }
    for (item, rect) in rects(ctx, state, areas) {
        let group = Group::ALL.into_iter().zip(areas.choices).find(|(_, area)| area.intersects(rect));
        let boxed = group.is_some_and(|(group, _)| areas.is_boxed(group));
        match item {
            Item::Choice(choice) => {
                let Some(displayed) = ctx.model.derived.choice(choice) else { continue };
                let focused = state.focus == Focus::Choice(choice);
                if boxed {
                    line(ctx, displayed, focused, rect, buf);
                } else {
                    inline(ctx, displayed, focused, rect, buf);
                }
            }
            Item::Hidden => {
                let Some((group, _)) = group else { continue };
                let text = hidden_text(ctx, state, group, rect.width);
                pieces(buf, ctx.theme, rect, (rect.x + u16::from(boxed), rect.y), &[piece(text, Role::Muted)]);
                if state.focus == Focus::Hidden(group) {
                    fill(buf, rect, ctx.theme.style(Role::Focus));
                }
            }
        }
    }
}

/// Returns how many settings are hidden: with a word and the key that shows them, with the key, or alone, as it fits.
fn hidden_text(ctx: ViewContext<'_>, state: &Explorer, group: Group, columns: u16) -> String {
    let count = hidden(ctx, state, group);
    let key = ctx.model.settings.keymap.shown(Action::Unfold);
    let defaults = if count == 1 { "default" } else { "defaults" };
    let texts = [format!("+ {count} {defaults} ({key})"), format!("+{count} ({key})")];
    texts.into_iter().find(|text| width(text) <= usize::from(columns)).unwrap_or_else(|| format!("+{count}"))
}

/// Draws the wire between the boxes of source and destination.
fn wire(ctx: ViewContext<'_>, areas: &Areas, buf: &mut Buffer) {
    let [_, source, destination] = areas.choices;
    let signs = &ctx.theme.signs;
    let y = source.y + source.height / 2;
    let text = format!("{}{}", signs.sent.repeat(usize::from(WIRE) - 1), signs.tip);
    let between = Rect { x: source.right(), width: destination.x.saturating_sub(source.right()), ..source };
    text_at(buf, between, (between.x, y), &text, ctx.theme.style(Role::Key));
}

/// Returns the areas of what is displayed.
pub(super) fn rects(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas) -> Vec<(Item, Rect)> {
    let each = |(group, area): (Group, Rect)| {
        if areas.is_boxed(group) { in_box(ctx, state, group, area) } else { in_line(ctx, state, group, area) }
    };
    Group::ALL.into_iter().zip(areas.choices).flat_map(each).collect()
}

/// Returns what a click at `position` does.
pub(super) fn hit(ctx: ViewContext<'_>, state: &Explorer, areas: &Areas, position: Position) -> Option<Target> {
    let (item, rect) = rects(ctx, state, areas).into_iter().find(|(_, rect)| rect.contains(position))?;
    match item {
        Item::Choice(choice) => Some(Target::Choice(choice)),
        Item::Hidden => {
            let group = Group::ALL.into_iter().zip(areas.choices).find(|(_, area)| area.intersects(rect));
            group.map(|(group, _)| Target::Hidden(group))
        }
    }
}

fn in_box(ctx: ViewContext<'_>, state: &Explorer, group: Group, area: Rect) -> Vec<(Item, Rect)> {
    let inner = inside(area);
    let items = items(ctx, state, group);
    let lines = lines_of_items(items.len(), group).max(1);
    let split = if items.len() > lines { inner.width * 7 / 12 } else { inner.width };
    let rect_of = |index: usize| {
        let line = line_of(inner, cells(index % lines));
        if index < lines {
            Rect { width: split, ..line }
        } else {
            Rect { x: line.x + split, width: line.width - split, ..line }
        }
    };
    items.into_iter().enumerate().map(|(index, item)| (item, rect_of(index))).collect()
}

/// Returns how many lines the settings of each pane need, without boxes: all of them are shown if they are unfolded.
pub(super) fn line_counts(ctx: ViewContext<'_>, state: &Explorer, area: Rect) -> [u16; 3] {
    Group::ALL.map(|group| {
        if !state.unfolded {
            return 1;
        }
        let last = in_lines(ctx, &items(ctx, state, group), area).last().map_or(area.y, |(_, rect)| rect.y);
        last - area.y + 1 + u16::from(problem_of(ctx, group).is_some())
    })
}

/// Returns the areas of all settings of a pane, in as many lines as they need.
fn in_lines(ctx: ViewContext<'_>, items: &[Item], area: Rect) -> Vec<(Item, Rect)> {
    let start = area.x + GROUP;
    let (mut x, mut y) = (start, area.y);
    let mut placed = Vec::new();
    for item in items {
        let Item::Choice(choice) = item else { continue };
        let needed = ctx.model.derived.choice(*choice).map_or(0, |displayed| cells(width(&short(displayed))));
        if x > start && x + needed > area.right() {
            (x, y) = (start, y + 1);
        }
        placed.push((*item, Rect { x, y, width: needed.min(area.right() - x), height: 1 }));
        x += needed + 2;
    }
    placed
}

/// Returns the areas of the settings in one line. The setting under the cursor, those that a lesson points at and those
/// that differ from their default have priority; the others are shown as far as they fit.
fn in_line(ctx: ViewContext<'_>, state: &Explorer, group: Group, area: Rect) -> Vec<(Item, Rect)> {
    let items = items(ctx, state, group);
    if state.unfolded {
        return in_lines(ctx, &items, area);
    }
    let needs = |item: &Item| match item {
        Item::Choice(choice) => ctx.model.derived.choice(*choice).map_or(0, |displayed| width(&short(displayed)) + 2),
        Item::Hidden => width(&hidden_text(ctx, state, group, 0)) + 2,
    };
    let step = ctx.model.tour.as_ref().and_then(Tour::now);
    let rank = |item: &Item| match item {
        Item::Choice(choice) => {
            let displayed = ctx.model.derived.choice(*choice);
            let focused = state.focus == Focus::Choice(*choice);
            let looked_at = step.is_some_and(|step| step.look.contains(&Place::Choice(*choice)));
            match displayed {
                _ if focused || looked_at => 0,
                Some(displayed) if !displayed.is_default && !choice.is_main() => 2,
                // In lines there is little room, and the host is rarely the reason.
                Some(displayed) if displayed.is_default && choice.is_host() => 4,
                _ if choice.is_main() => 1,
                _ => 3,
            }
        }
        Item::Hidden if matches!(state.focus, Focus::Hidden(focused) if focused == group) => 0,
        Item::Hidden => 3,
    };
    let mut by_rank = items.clone();
    by_rank.sort_by_key(rank);
    // The reason why a value is not possible has priority over default values.
    if problem_of(ctx, group).is_some() {
        by_rank.retain(|item| rank(item) < 3);
    }
    let mut room = usize::from(area.width.saturating_sub(GROUP));
    let mut fitting = Vec::new();
    for item in by_rank {
        let needed = needs(&item);
        if needed <= room {
            room -= needed;
            fitting.push(item);
        }
    }
    // The number of hidden settings is the last, and has its word where there is room.
    let room = cells(room);
    let mut x = area.x + GROUP;
    items
        .into_iter()
        .filter(|item| fitting.contains(item))
        .map(|item| {
            let columns = match item {
                Item::Choice(_) => cells(needs(&item)),
                Item::Hidden => cells(width(&hidden_text(ctx, state, group, cells(needs(&item) - 2) + room)) + 2),
            };
            let rect = Rect { x, width: columns.saturating_sub(2), ..area };
            x += columns;
            (item, rect)
        })
        .collect()
}

/// The value of a setting that is not known.
const UNKNOWN: &str = "?";

/// Returns a setting in short form: some values need no label.
fn short(displayed: &ChoiceState) -> String {
    let clear = matches!(displayed.choice, Choice::Model | Choice::Machine | Choice::Accel | Choice::Topology);
    if clear && displayed.value != UNKNOWN {
        displayed.value.clone()
    } else {
        format!("{} {}", displayed.label, displayed.value)
    }
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
    let end = pieces(buf, ctx.theme, rect, (rect.x, rect.y), &row);
    let [source, destination] = &ctx.model.derived.in_maps;
    let note = match displayed.choice {
        Choice::FromLibvirt => source.as_str(),
        Choice::ToLibvirt => destination.as_str(),
        _ => "",
    };
    let start = rect.right().saturating_sub(cells(width(note) + 1));
    if end < start && !displayed.value.contains(note) {
        text_at(buf, rect, (start, rect.y), note, ctx.theme.style(Role::Muted));
    }
}

/// Returns why a value of the pane is not possible; `None` if all are.
fn problem_of(ctx: ViewContext<'_>, group: Group) -> Option<&str> {
    let mut states = group.choices().into_iter().filter_map(|choice| ctx.model.derived.choice(choice));
    states.find_map(|displayed| displayed.problem.as_deref())
}

/// Draws why a value of the pane is not possible, below its settings.
fn problem(ctx: ViewContext<'_>, state: &Explorer, group: Group, inner: Rect, buf: &mut Buffer) {
    let Some(problem) = problem_of(ctx, group) else { return };
    let used = lines_of_items(items(ctx, state, group).len(), group);
    let text = format!("{} {problem}", ctx.theme.signs.bad);
    let lines = wrap(&text, usize::from(inner.width).saturating_sub(2));
    for (line, number) in lines.iter().zip(cells(used)..inner.height) {
        let rect = line_of(inner, number);
        pieces(buf, ctx.theme, rect, (rect.x + 1, rect.y), &[piece(line.as_str(), Role::Bad)]);
    }
}
