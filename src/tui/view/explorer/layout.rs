//! Divides the explorer into its parts. With little room parts are left out in a fixed order; libvirt's message, the
//! cause and the fixes always stay.

use super::super::ViewContext;
use super::super::draw::cells;
use super::super::parts::Parts;
use super::areas::{Amount, Areas, Shape, WIRE};
use super::{answer, choices, features, fixes, lanes, strips, table};
use crate::app::screens::explorer::{Explorer, Focus, GRID_ROWS};
use crate::app::tour::{Part, Place};
use ratatui::layout::Rect;

/// The most fixes that are shown.
const FIXES: usize = 8;
/// The least width for two panes side by side: no fix is cut.
const BESIDE: u16 = 120;
/// The width of the decision table next to the fixes: of the grid, and of the rows.
const TABLE: (u16, u16) = (57, 60);
/// The least width and height of the layout with the page of the rule.
const WIDE: (u16, u16) = (150, 42);
/// The least width and height of panes with frames.
const BOXED: (u16, u16) = (104, 31);
/// The most lines of libvirt's message, in addition to the parts that always stay.
const BESIDE_MESSAGE: u16 = 10;

/// The lines of lanes and sentences and the number of fixes in a lesson.
const LANES: u16 = 7;
const PROSE: u16 = 3;
const LESSON_FIXES: usize = 5;

/// Everything, as on a large terminal.
const FULL: Shape = Shape {
    boxes: true,
    banner: 3,
    gaps: true,
    cause: true,
    rollback: true,
    cold_boot: true,
    confidence: true,
    guest: true,
    lanes: Amount::All,
    fixes: FIXES,
    table: Amount::All,
    strips: true,
    features: true,
};

/// What goes when there is too little room, the least important first.
const STEPS: [fn(&mut Shape); 14] = [
    |shape| shape.rollback = false,
    |shape| shape.confidence = false,
    |shape| shape.gaps = false,
    |shape| shape.cold_boot = false,
    |shape| shape.features = false,
    |shape| shape.banner = 1,
    |shape| shape.strips = false,
    |shape| shape.lanes = Amount::Brief,
    |shape| shape.fixes = 3,
    |shape| shape.table = Amount::Brief,
    |shape| shape.boxes = false,
    |shape| shape.guest = false,
    |shape| shape.fixes = 1,
    |shape| shape.lanes = Amount::None,
];

/// The same in a lesson about the decision table, with its eight rows, and with the cursor on it.
const LESSON: [fn(&mut Shape); 14] = {
    let mut steps = STEPS;
    steps[9] = |shape| shape.lanes = Amount::None;
    steps[13] = |shape| shape.table = Amount::Brief;
    steps
};

/// The same with the cursor on a strip.
const STRIPS: [fn(&mut Shape); 14] = {
    let mut steps = STEPS;
    steps[6] = |shape| shape.table = Amount::Brief;
    steps[9] = |shape| shape.strips = false;
    steps
};

impl Shape {
    /// Leaves out a part that the open lesson never shows.
    fn leave_out(&mut self, part: Part) {
        match part {
            Part::Lanes => self.lanes = Amount::None,
            Part::Why => {
                self.cause = false;
                (self.guest, self.cold_boot, self.rollback, self.confidence) = (false, false, false, false);
            }
            Part::Fixes => self.fixes = 0,
            Part::Table => self.table = Amount::None,
            Part::Strips => self.strips = false,
            Part::Features => self.features = false,
        }
    }
}

/// Divides the area of the explorer.
impl Areas {
    pub(super) fn of(ctx: ViewContext<'_>, state: &Explorer, area: Rect) -> Self {
        let framed = area.width >= BOXED.0 && area.height >= BOXED.1;
        let wide = area.width >= WIDE.0 && area.height >= WIDE.1;
        let columns = if wide { area.width * 3 / 5 } else { area.width };
        let (left, right) = cut_left(area, columns);
        let mut shape = FULL;
        if !framed {
            (shape.boxes, shape.banner, shape.gaps) = (false, 1, false);
        }
        let lesson = ctx.model.tour.as_ref().map(|tour| &tour.lesson);
        lesson.iter().flat_map(|lesson| lesson.hidden(lesson.steps.len())).for_each(|part| shape.leave_out(part));
        let steps = match state.focus {
            Focus::Strip(_) => STRIPS,
            Focus::Cell(..) | Focus::Row(_) => LESSON,
            _ if state.rows || is_about_table(ctx) => LESSON,
            _ => STEPS,
        };
        // The cold boot of a guest with a host-model CPU decides what it becomes.
        let cold_boot = ctx.model.derived.boots_host_model;
        let mut heights = Heights::of(ctx, state, left, shape);
        for step in steps {
            if heights.total(shape) <= area.height {
                break;
            }
            let before = shape;
            step(&mut shape);
            shape.cold_boot |= cold_boot && before.cold_boot;
            (shape.fixes, shape.lanes) = (shape.fixes.min(before.fixes), shape.lanes.min(before.lanes));
            shape.table = shape.table.min(before.table);
            heights = Heights::of(ctx, state, left, shape);
        }
        if !heights.beside && shape.fixes > 0 && !ctx.model.has_tour() {
            shape.fixes = FIXES.min(shape.fixes + usize::from(area.height.saturating_sub(heights.total(shape))));
        }
        let mut areas = Self::placed(ctx, state, left, shape);
        areas.rule = wide.then_some(right);
        // Without room for it, the pane with the cursor takes the place of the answer.
        let is_hidden = match state.focus {
            Focus::Feature(_) => areas.features.is_empty(),
            Focus::Strip(_) => areas.strips.is_empty(),
            Focus::Cell(..) | Focus::Row(_) => areas.table.is_empty(),
            Focus::Choice(_) | Focus::Hidden(_) | Focus::Fix(_) => false,
        };
        let has_other = matches!(state.focus, Focus::Feature(_) | Focus::Strip(_) | Focus::Fix(_));
        if state.list || ctx.model.zoomed || is_hidden {
            areas.zoom(if state.list { Focus::Feature(0) } else { state.focus }, left);
        } else if state.rows && shape.table == Amount::Brief && !has_other {
            areas.zoom(Focus::Row(0), left);
        }
        areas
    }

    /// Gives the pane with the cursor what is below the message, in the place of every other pane.
    fn zoom(&mut self, focus: Focus, area: Rect) {
        let top = self.message.bottom();
        let whole = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
        for part in [&mut self.lanes, &mut self.prose, &mut self.fixes, &mut self.table, &mut self.strips] {
            *part = Rect { height: 0, ..*part };
        }
        self.features.height = 0;
        self.zoomed = match focus {
            Focus::Choice(choice) => Some(choice.group()),
            Focus::Hidden(group) => Some(group),
            Focus::Fix(_) | Focus::Cell(..) | Focus::Row(_) | Focus::Strip(_) | Focus::Feature(_) => None,
        };
        let pane = match focus {
            Focus::Choice(choice) => &mut self.choices[choice.group() as usize],
            Focus::Hidden(group) => &mut self.choices[group as usize],
            Focus::Fix(_) => &mut self.fixes,
            Focus::Cell(..) | Focus::Row(_) => &mut self.table,
            Focus::Strip(_) => &mut self.strips,
            Focus::Feature(_) => &mut self.features,
        };
        *pane = whole;
        self.shape.table = Amount::All;
    }

    fn placed(ctx: ViewContext<'_>, state: &Explorer, area: Rect, shape: Shape) -> Self {
        let heights = Heights::of(ctx, state, area, shape);
        let gap = u16::from(shape.gaps);
        let mut rest = area;
        let mut take = |lines: u16, gap: u16| {
            let (part, below) = cut_top(rest, lines);
            rest = cut_top(below, if lines > 0 { gap } else { 0 }).1;
            part
        };
        let settings = take(heights.choices, 0);
        let banner = take(heights.banner, 0);
        let message = take(heights.message, gap);
        let lanes = take(heights.lanes, gap);
        let prose = take(heights.prose, 0);
        let (fixes, table) = if heights.beside {
            let both = take(heights.fixes.max(heights.table), 0);
            cut_left(both, both.width.saturating_sub(if state.rows { TABLE.1 } else { TABLE.0 }))
        } else {
            let fixes = take(heights.fixes, 0);
            (fixes, take(heights.table, 0))
        };
        let strips = take(heights.strips, 0);
        let features = if heights.features > 0 { rest } else { Rect { height: 0, ..rest } };
        let choices = if shape.boxes {
            boxes(settings, choices::has_columns(ctx, state))
        } else {
            lines(settings, choices::line_counts(ctx, state, area))
        };
        let parts = Parts { framed: heights.framed };
        let zoomed = None;
        Self {
            parts,
            shape,
            choices,
            zoomed,
            banner,
            message,
            lanes,
            prose,
            fixes,
            table,
            strips,
            features,
            rule: None,
        }
    }
}

/// The lines that each part needs.
struct Heights {
    framed: bool,
    beside: bool,
    choices: u16,
    banner: u16,
    message: u16,
    lanes: u16,
    prose: u16,
    fixes: u16,
    table: u16,
    strips: u16,
    features: u16,
}

impl Heights {
    fn of(ctx: ViewContext<'_>, state: &Explorer, area: Rect, shape: Shape) -> Self {
        let framed = area.width >= BOXED.0 && area.height >= BOXED.1;
        let around = Parts { framed }.lines();
        let table = table::height(ctx, state, shape.table, framed);
        let is_pane = table::is_pane(ctx, state, shape.table);
        let is_grid = is_pane && !state.rows;
        let has_features = shape.features && !ctx.model.derived.features.is_empty();
        let beside = is_pane && area.width >= BESIDE;
        let most = area.height.saturating_sub(BESIDE_MESSAGE);
        let mut heights = Self {
            framed,
            beside,
            choices: if shape.boxes {
                choices::box_lines(ctx, state, area) + 2
            } else {
                choices::line_counts(ctx, state, area).iter().sum()
            },
            banner: shape.banner,
            message: answer::message_lines(ctx, area.width).min(most),
            lanes: lanes::height(ctx, state, shape.lanes, area.width),
            prose: answer::prose_lines(ctx, shape, area.width),
            fixes: if shape.fixes > 0 { fixes::height(ctx, state, shape.fixes) + around } else { 0 },
            table: table + if is_pane { around } else { 0 },
            strips: if shape.strips { strips::height(state, framed && is_grid) } else { 0 },
            features: if has_features { features::LINES + around } else { 0 },
        };
        if ctx.model.has_tour() {
            heights.keep_places(shape, around);
        }
        heights
    }

    /// In a lesson, the parts keep their places from step to step: each has the lines that it usually needs.
    fn keep_places(&mut self, shape: Shape, around: u16) {
        self.message = self.message.max(1);
        if shape.lanes != Amount::None {
            self.lanes = self.lanes.max(if shape.lanes == Amount::All { LANES } else { LANES - 1 });
        }
        if shape.cause {
            self.prose = PROSE;
        }
        if shape.fixes > 0 {
            self.fixes = cells(shape.fixes.min(LESSON_FIXES)) + around;
        }
        if shape.table == Amount::All {
            self.table = self.table.max(cells(GRID_ROWS) + around);
        }
    }

    fn total(&self, shape: Shape) -> u16 {
        let parts = [self.message, self.lanes].iter().filter(|lines| **lines > 0).count();
        let gaps = if shape.gaps { u16::try_from(parts).unwrap_or(0) } else { 0 };
        let panes = if self.beside { self.fixes.max(self.table) } else { self.fixes + self.table };
        self.choices + self.banner + self.message + self.lanes + self.prose + panes + self.strips + self.features + gaps
    }
}

/// Whether a lesson is open that points at the decision table.
fn is_about_table(ctx: ViewContext<'_>) -> bool {
    let steps = ctx.model.tour.iter().flat_map(|tour| &tour.lesson.steps);
    steps.flat_map(|step| &step.look).any(|place| matches!(place, Place::Table | Place::Row(_)))
}

fn cut_top(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    (Rect { height: lines, ..area }, Rect { y: area.y + lines, height: area.height - lines, ..area })
}

pub(super) fn cut_left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (Rect { width: columns, ..area }, Rect { x: area.x + columns, width: area.width - columns, ..area })
}

/// The guest gets the most room, if it has two columns of settings.
fn boxes(area: Rect, columns: bool) -> [Rect; 3] {
    let (guest, rest) = cut_left(area, area.width.saturating_sub(WIRE) * if columns { 40 } else { 36 } / 100);
    let (source, rest) = cut_left(rest, rest.width.saturating_sub(WIRE) / 2);
    let (_, destination) = cut_left(rest, WIRE);
    [guest, source, destination]
}

fn lines(mut area: Rect, counts: [u16; 3]) -> [Rect; 3] {
    counts.map(|count| {
        let (lines, rest) = cut_top(area, count);
        area = rest;
        lines
    })
}
