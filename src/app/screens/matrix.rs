//! Keeps the state of the matrix: its axes, folded lines, cursor and resolved cells.
//! A key resolves visible cells within a small budget; the rest is resolved while the program is idle. Only the search for
//! the next boundary resolves a row without a budget, up to that boundary.

mod axis;
mod cell_detail;
mod window;

pub use axis::Axis;
pub(crate) use cell_detail::CellDetail;
pub(crate) use window::{ABOVE, Heads, Window};

use super::{Hint, ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::matrix::{Matrix as Grid, Side, Vary, lines_around};
use crate::app::action::Action;
use crate::app::choice::libvirt_name;
use crate::app::list::lines_moved;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::write_machine;
use crate::resolve::{Budget, Outcome, Resolver};

/// The state of the matrix.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The rows: usually the sources.
    pub rows: Axis,
    /// The columns: usually the destinations.
    pub columns: Axis,
    /// The cells, resolved or not.
    pub grid: Grid,
    /// The details of the cell under the cursor; `None` until it is resolved.
    pub detail: Option<CellDetail>,
    /// Whether runs of neighbours with equal verdicts are folded.
    pub(crate) folding: bool,
    /// Whether no row and no column matches the filter.
    pub(crate) not_found: bool,
    /// Whether every cell was compared with its neighbours.
    compared: bool,
    typed: String,
}

impl Matrix {
    /// Returns the initial state: source releases with distinct maps by machine types.
    pub(crate) fn open(context: &ScreenContext<'_>) -> Self {
        Self::over(context, Vary::Distinct, Vary::Machines, true)
    }

    fn over(context: &ScreenContext<'_>, down: Vary, across: Vary, folding: bool) -> Self {
        let (catalog, scenario) = (context.catalog, context.scenario);
        let [rows, columns] = [down, across].map(|vary| lines_around(catalog, vary, scenario));
        let mut state = Self {
            rows: Axis::of(catalog, down, &rows, scenario, Side::Source),
            columns: Axis::of(catalog, across, &columns, scenario, Side::Destination),
            grid: Grid::with(catalog, scenario, rows, columns),
            detail: None,
            folding,
            not_found: false,
            compared: false,
            typed: String::new(),
        };
        state.update_window(context);
        state
    }

    /// Returns the outcome of a cell, by the indices of its visible row and column; `None` until it is resolved.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<Outcome> {
        let run = |axis: &Axis, index: usize| axis.displayed().get(index).map(|run| run.first);
        self.grid.known(run(&self.rows, row)?, run(&self.columns, column)?)
    }

    /// Returns what the matrix shows: the guest, what is fixed, and what the rows and the columns are.
    pub(crate) fn headline(&self, catalog: &Catalog) -> String {
        let scenario = self.grid.around();
        let varies = |vary: Vary| self.rows.vary == vary || self.columns.vary == vary;
        let mut guest =
            if varies(Vary::Models) { "Every model".to_owned() } else { scenario.cpu_name(catalog).to_owned() };
        if !varies(Vary::Machines) {
            guest = format!("{guest} with {}", write_machine(catalog, &scenario.machine));
        }
        if self.rows.vary.is_of_the_guest() {
            guest = format!("{guest} from libvirt {}", libvirt_name(catalog, &scenario.from));
        }
        if self.columns.vary.is_of_the_guest() {
            guest = format!("{guest} to libvirt {}", libvirt_name(catalog, &scenario.to));
        }
        let of = |axis: &Axis, side: &str| {
            if axis.vary.is_of_the_guest() { axis.vary.one().to_owned() } else { format!("{side} {}", axis.vary.one()) }
        };
        format!("{guest}: {} by {}", of(&self.rows, "source"), of(&self.columns, "destination"))
    }

    /// Scrolls to the cursor and resolves some of the visible cells, that under the cursor first.
    fn update_window(&mut self, context: &ScreenContext<'_>) {
        let window = Window::of(self, context.size);
        self.rows.follow(window.rows);
        self.columns.follow(window.columns);
        let mut resolver = Resolver::new(context.catalog);
        let mut budget = Budget::of_key();
        self.resolve_detail(context, &mut resolver, &mut budget);
        self.resolve_visible(&mut resolver, &window, &mut budget);
    }

    /// Resolves the details of the cell under the cursor, if the budget allows.
    fn resolve_detail(&mut self, context: &ScreenContext<'_>, resolver: &mut Resolver<'_>, budget: &mut Budget) {
        let index = (self.rows.line, self.columns.line);
        if self.detail.as_ref().is_none_or(|detail| detail.cell != index) {
            self.detail = CellDetail::of(context, &self.grid, index, (resolver, budget));
        }
    }

    /// Resolves visible cells until the budget is spent. Returns whether all of them are resolved.
    fn resolve_visible(&mut self, resolver: &mut Resolver<'_>, window: &Window, budget: &mut Budget) -> bool {
        for row in self.rows.displayed().iter().skip(self.rows.first).take(window.rows) {
            for column in self.columns.displayed().iter().skip(self.columns.first).take(window.columns) {
                if self.grid.known(row.first, column.first).is_some() {
                    continue;
                }
                if self.grid.cell_within(resolver, budget, (row.first, column.first)).is_none() {
                    return false;
                }
            }
        }
        true
    }

    /// Moves along the row to the next cell with another verdict.
    fn go_to_boundary(&mut self, context: &ScreenContext<'_>) -> ScreenResponse {
        let mut resolver = Resolver::new(context.catalog);
        let row = self.rows.line;
        let mut verdict = |line: usize| self.grid.cell(&mut resolver, row, line).map(|outcome| outcome.verdict);
        let current = verdict(self.columns.line);
        let index = self.columns.index();
        let further = self.columns.displayed().iter().enumerate().skip(index + 1);
        match further.map(|(index, run)| (index, verdict(run.first))).find(|(_, there)| *there != current) {
            Some((index, _)) => {
                self.columns.go(index);
                ScreenResponse::Done
            }
            None => {
                ScreenResponse::Say("Next boundary: every further cell of this row has the same verdict.".to_owned())
            }
        }
    }

    fn go_to_mirror(&mut self) -> ScreenResponse {
        match self.grid.mirror(self.rows.line, self.columns.line) {
            Some((row, column)) => {
                (self.rows.line, self.columns.line) = (row, column);
                ScreenResponse::Done
            }
            None => ScreenResponse::Say(
                "Mirror cell: these axes do not contain it. The last line shows the reverse direction.".to_owned(),
            ),
        }
    }

    fn fold_here(&mut self) {
        let folded = self.rows.is_folded() || self.columns.is_folded();
        for axis in [&mut self.rows, &mut self.columns] {
            if axis.is_folded() == folded {
                axis.fold(!folded);
            }
        }
    }

    fn fold_all(&mut self) {
        self.folding = !self.folding;
        self.rows.fold_all(self.folding);
        self.columns.fold_all(self.folding);
    }

    fn visit(&self) -> ScreenResponse {
        match self.grid.scenario(self.rows.line, self.columns.line) {
            Some(scenario) => ScreenResponse::Visit(Box::new(scenario)),
            None => ScreenResponse::Done,
        }
    }
}

impl ScreenState for Matrix {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the program handles every other action")]
    fn update(&mut self, context: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        let window = Window::of(self, context.size);
        let page = |room: usize| room.saturating_sub(1).max(1);
        if let Some(by) = lines_moved(action, page(window.rows)) {
            self.rows.step(by);
            self.update_window(context);
            return ScreenResponse::Done;
        }
        let across = isize::try_from(page(window.columns)).unwrap_or(1);
        let mut response = ScreenResponse::Done;
        match action {
            Action::Left => self.columns.step(-1),
            Action::Right => self.columns.step(1),
            Action::PreviousPane => self.columns.step(-across),
            Action::NextPane => self.columns.step(across),
            Action::Open => return self.visit(),
            Action::MatrixRows => {
                *self = Self::over(context, self.rows.vary.after(self.columns.vary), self.columns.vary, self.folding);
            }
            Action::MatrixColumns => {
                *self = Self::over(context, self.rows.vary, self.columns.vary.after(self.rows.vary), self.folding);
            }
            Action::Fold => self.fold_here(),
            Action::FoldAll => self.fold_all(),
            Action::NextBoundary => response = self.go_to_boundary(context),
            Action::Mirror => response = self.go_to_mirror(),
            _ => return ScreenResponse::Ignored,
        }
        self.update_window(context);
        response
    }

    fn idle(&mut self, context: &ScreenContext<'_>) -> bool {
        let (done, all) = self.grid.progress();
        let detail_pending = self.detail.is_none() && all > 0;
        if self.compared && !detail_pending {
            return false;
        }
        if detail_pending || done < all {
            let window = Window::of(self, context.size);
            let mut resolver = Resolver::new(context.catalog);
            let mut budget = Budget::of_slice();
            self.resolve_detail(context, &mut resolver, &mut budget);
            if self.resolve_visible(&mut resolver, &window, &mut budget) {
                self.grid.resolve_some(&mut resolver, &mut budget);
            }
        } else {
            self.compared = true;
            self.rows.set_equal(self.grid.folds(Side::Source), self.folding);
            self.columns.set_equal(self.grid.folds(Side::Destination), self.folding);
            self.update_window(context);
        }
        true
    }

    fn click(&mut self, context: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let (row, column) = match target {
            Target::Cell(row, column) => (row, column),
            Target::Row(row) => (row, self.columns.index()),
            Target::Choice(_)
            | Target::Hidden(_)
            | Target::Fix(_)
            | Target::TableRow(_)
            | Target::Item(_)
            | Target::Action(_)
            | Target::Screen(_)
            | Target::Outside => return ScreenResponse::Ignored,
        };
        // The first click moves the cursor, the second acts like Enter.
        if (row, column) == (self.rows.index(), self.columns.index()) {
            return if matches!(target, Target::Cell(..)) { self.visit() } else { ScreenResponse::Done };
        }
        self.rows.go(row);
        self.columns.go(column);
        self.update_window(context);
        ScreenResponse::Done
    }

    fn scroll(&mut self, context: &ScreenContext<'_>, _target: Option<Target>, action: Action) -> ScreenResponse {
        let room = Window::of(self, context.size).rows;
        self.rows.scroll(if action == Action::Up { -1 } else { 1 }, room);
        self.update_window(context);
        ScreenResponse::Done
    }

    /// Moves to the row, else the column, that matches one word; with two words, to the row and the column.
    fn filter(&mut self, context: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.typed);
        let typed = typed.to_lowercase();
        let mut words = typed.split_whitespace();
        self.not_found = match (words.next(), words.next()) {
            (Some(row), Some(column)) => {
                let found = [self.rows.find(row), self.columns.find(column)];
                found.contains(&false)
            }
            (Some(part), None) => !self.rows.find(part) && !self.columns.find(part),
            (None, _) => false,
        };
        self.update_window(context);
    }

    fn filtered(&self) -> &str {
        &self.typed
    }

    fn refresh(&mut self, context: &ScreenContext<'_>) {
        if *context.scenario == *self.grid.around() {
            self.update_window(context);
        } else {
            *self = Self::over(context, self.rows.vary, self.columns.vary, self.folding);
        }
    }

    fn reopen(&mut self, context: &ScreenContext<'_>) -> bool {
        self.typed.clear();
        self.not_found = false;
        self.refresh(context);
        true
    }

    fn has_panes(&self) -> bool {
        false
    }

    fn hints(&self) -> &'static [Hint] {
        static FOLDED: [Hint; 11] = hints("unfold all");
        static UNFOLDED: [Hint; 11] = hints("fold all");
        if self.folding { &FOLDED } else { &UNFOLDED }
    }
}

const fn hints(fold_all: &'static str) -> [Hint; 11] {
    [
        (&[Action::Left, Action::Right, Action::Up, Action::Down], "move"),
        (&[Action::Open], "open"),
        (&[Action::MatrixRows], "row axis"),
        (&[Action::MatrixColumns], "column axis"),
        (&[Action::FoldAll], fold_all),
        (&[Action::Fold], "fold"),
        (&[Action::NextBoundary], "next boundary"),
        (&[Action::Mirror], "mirror"),
        (&[Action::Filter], "filter"),
        (&[Action::SwapEnds], "swap"),
        (&[Action::Back], "back"),
    ]
}
