//! Moves the cursor of the explorer: within a pane, between panes, and along the values of a line.

use super::{Explorer, GRID_ROWS, OUTSIDE, is_outside, own_cell};
use crate::analysis::remedies::Remedy;
use crate::analysis::table_grid;
use crate::app::choice::{Choice, Group, step};
use crate::app::screens::{ScreenContext, ScreenResponse};
use crate::resolve::{Mention, RuleId, TABLE};

/// The pane and the line of the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Focus {
    /// A setting.
    Choice(Choice),
    /// The line for the hidden settings of a pane.
    Hidden(Group),
    /// A fix, by its index.
    Fix(usize),
    /// A cell of the decision table: row and column of the grid.
    Cell(usize, usize),
    /// A row of the decision table as a list; index 8 is a rule outside the table.
    Row(usize),
    /// A strip of verdicts, by its index; the cursor is on the scenario's own value.
    Strip(usize),
    /// A feature, by its index among the displayed ones.
    Feature(usize),
}

/// One pane of the explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pane {
    Choices(Group),
    Fixes,
    Table,
    Strips,
    Features,
}

impl Pane {
    const ALL: [Self; 7] = [
        Self::Choices(Group::Guest),
        Self::Choices(Group::Source),
        Self::Choices(Group::Destination),
        Self::Fixes,
        Self::Table,
        Self::Strips,
        Self::Features,
    ];
}

impl Explorer {
    pub(super) fn count(&self, context: &ScreenContext<'_>, pane: Pane) -> usize {
        match pane {
            Pane::Choices(group) => {
                let displayed = self.displayed(context.derived, group).len();
                displayed + usize::from(displayed < group.choices().len())
            }
            Pane::Fixes => {
                let fixes = context.derived.known_remedies().map_or(self.fix_lines, <[Remedy]>::len);
                fixes.max(context.derived.possible().count())
            }
            Pane::Table if self.rows => OUTSIDE + usize::from(is_outside(context)),
            Pane::Table if is_outside(context) => 1,
            Pane::Table => GRID_ROWS,
            Pane::Strips => self.strips.strips.len(),
            Pane::Features => self.features(context).len(),
        }
    }

    pub(super) fn pane(&self, context: &ScreenContext<'_>) -> (Pane, usize) {
        match self.focus {
            Focus::Choice(choice) => {
                let group = choice.group();
                let displayed = self.displayed(context.derived, group);
                (Pane::Choices(group), displayed.iter().position(|known| *known == choice).unwrap_or(0))
            }
            Focus::Hidden(group) => (Pane::Choices(group), self.displayed(context.derived, group).len()),
            Focus::Fix(index) => (Pane::Fixes, index),
            Focus::Cell(row, _) => (Pane::Table, row),
            Focus::Row(index) => (Pane::Table, if self.rows { index } else { 0 }),
            Focus::Strip(index) => (Pane::Strips, index),
            Focus::Feature(index) => (Pane::Features, index),
        }
    }

    pub(super) fn go(&mut self, context: &ScreenContext<'_>, pane: Pane, index: usize) {
        let index = index.min(self.count(context, pane).saturating_sub(1));
        self.focus = match pane {
            Pane::Choices(group) => match self.displayed(context.derived, group).get(index) {
                Some(choice) => Focus::Choice(*choice),
                None => Focus::Hidden(group),
            },
            Pane::Fixes => Focus::Fix(index),
            Pane::Table if self.rows => Focus::Row(index),
            Pane::Table if is_outside(context) => Focus::Row(OUTSIDE),
            Pane::Table => {
                let (row, column) = own_cell(context).unwrap_or_default();
                if let Focus::Cell(_, column) = self.focus {
                    Focus::Cell(index, column)
                } else {
                    Focus::Cell(row, column)
                }
            }
            Pane::Strips => Focus::Strip(index),
            Pane::Features => Focus::Feature(index),
        };
    }

    /// Moves within the pane.
    pub(super) fn move_by(&mut self, context: &ScreenContext<'_>, by: isize) -> ScreenResponse {
        let before = self.focus;
        let (pane, index) = self.pane(context);
        self.go(context, pane, index.saturating_add_signed(by));
        if pane == Pane::Table && self.focus != before { self.select_cell(context) } else { ScreenResponse::Done }
    }

    /// Moves to the next pane that is not empty.
    pub(super) fn turn(&mut self, context: &ScreenContext<'_>, forward: bool, at_end: bool) {
        let current = Pane::ALL.iter().position(|pane| *pane == self.pane(context).0).unwrap_or(0);
        let count = Pane::ALL.len();
        for far in 1..=count {
            let index = if forward { current + far } else { current + count - far } % count;
            let Some(pane) = Pane::ALL.get(index) else { continue };
            let lines = self.count(context, *pane);
            if lines > 0 {
                self.go(context, *pane, if at_end { lines - 1 } else { 0 });
                return;
            }
        }
    }

    pub(super) fn line(&mut self, context: &ScreenContext<'_>, by: isize) -> ScreenResponse {
        let (pane, index) = self.pane(context);
        let in_cells = pane == Pane::Features && !self.list;
        match index.checked_add_signed(by) {
            Some(next) if !in_cells && next < self.count(context, pane) => return self.move_by(context, by),
            Some(_) if !in_cells || by > 0 => self.turn(context, true, false),
            Some(_) | None => self.turn(context, false, true),
        }
        ScreenResponse::Done
    }

    pub(super) fn sideways(&mut self, context: &ScreenContext<'_>, forward: bool) -> ScreenResponse {
        let by = if forward { 1 } else { -1 };
        match self.focus {
            Focus::Choice(choice) => match step(choice, context.catalog, context.scenario, forward) {
                Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
                None => ScreenResponse::Say(format!(
                    "{} is the {} value.",
                    context.derived.choices[choice as usize].value,
                    if forward { "last" } else { "first" }
                )),
            },
            Focus::Cell(row, column) => {
                let next = column.saturating_add_signed(by).min(table_grid::COLUMNS.len() - 1);
                self.focus = Focus::Cell(row, next);
                if next == column { ScreenResponse::Done } else { self.select_cell(context) }
            }
            Focus::Strip(index) => {
                let Some(strip) = self.strips.strips.get(index) else { return ScreenResponse::Done };
                let segments = strip.segments(context.catalog);
                let current = segments.iter().position(|segment| segment.is_current);
                let next = current.map_or(Some(0), |current| current.checked_add_signed(by));
                match next.and_then(|next| strip.scenario(context.catalog, context.scenario, next)) {
                    Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
                    None => ScreenResponse::Done,
                }
            }
            Focus::Feature(_) if !self.list => self.move_by(context, by),
            Focus::Hidden(_) | Focus::Fix(_) | Focus::Row(_) | Focus::Feature(_) => {
                self.turn(context, forward, false);
                ScreenResponse::Done
            }
        }
    }

    /// Changes the scenario to one in the cell or the row under the cursor.
    pub(super) fn select_cell(&self, context: &ScreenContext<'_>) -> ScreenResponse {
        let own = own_cell(context);
        let cell = match self.focus {
            Focus::Cell(row, column) => Some((row, column)),
            Focus::Row(index) => {
                let says = own.and_then(|(row, _)| table_grid::ROWS.get(row)).copied().unwrap_or(Mention::Nothing);
                TABLE.get(index).map(|row| table_grid::place(row.row, says))
            }
            Focus::Choice(_) | Focus::Hidden(_) | Focus::Fix(_) | Focus::Strip(_) | Focus::Feature(_) => None,
        };
        let Some((row, column)) = cell.filter(|cell| Some(*cell) != own) else { return ScreenResponse::Done };
        match table_grid::scenario_in(context.catalog, context.scenario, row, column) {
            Some(scenario) => ScreenResponse::Change(Box::new(scenario)),
            None => ScreenResponse::Say(match table_grid::cell(row, column) {
                Some(row) => format!("{}: no guest of this model is in this row.", RuleId::from(row.row).name()),
                None => String::new(),
            }),
        }
    }

    /// Moves the cursor to an existing item.
    pub(super) fn refresh_focus(&mut self, context: &ScreenContext<'_>) {
        let (pane, index) = self.pane(context);
        match pane {
            Pane::Choices(_) => {}
            Pane::Fixes if self.count(context, pane) == 0 => self.focus = Focus::Choice(Choice::Machine),
            Pane::Fixes | Pane::Table | Pane::Strips | Pane::Features => self.go(context, pane, index),
        }
    }
}
