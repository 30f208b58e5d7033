//! Keeps the state of the matrix: what is on its axes, what is folded, where the cursor is, what was resolved.
//! A key resolves only what is seen, and only what costs little; the rest is resolved while nothing is typed.

mod axis;
mod cell_detail;
mod window;

pub use axis::Axis;
pub use cell_detail::Here;
pub use window::{ABOVE, Heads, Window};

use super::{ScreenContext, ScreenResponse, ScreenState, Target};
use crate::analysis::matrix::{Matrix as Grid, Side, Vary, lines_around};
use crate::app::action::Action;
use crate::app::list::lines_moved;
use crate::resolve::{Budget, Outcome, Resolver};

/// The state of the matrix.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The sources.
    pub rows: Axis,
    /// The destinations.
    pub columns: Axis,
    /// The cells.
    pub grid: Grid,
    /// The cell under the cursor; `None` while it is not resolved.
    pub here: Option<Here>,
    /// Whether the runs of equal neighbours are folded.
    pub folding: bool,
    /// Whether no row and no column has what was typed.
    pub lost: bool,
    /// Whether the runs of equal neighbours are known.
    compared: bool,
    typed: String,
}

impl Matrix {
    /// Returns the matrix as it opens: distinct libvirt releases on both axes.
    pub fn open(world: &ScreenContext<'_>) -> Self {
        Self::over(world, Vary::Distinct, Vary::Distinct, true)
    }

    fn over(world: &ScreenContext<'_>, down: Vary, across: Vary, folding: bool) -> Self {
        let (catalog, scenario) = (world.catalog, world.scenario);
        let [rows, columns] = [down, across].map(|vary| lines_around(catalog, vary, scenario));
        let mut state = Self {
            rows: Axis::of(catalog, down, &rows, scenario, Side::Source),
            columns: Axis::of(catalog, across, &columns, scenario, Side::Destination),
            grid: Grid::with(catalog, scenario, rows, columns),
            here: None,
            folding,
            lost: false,
            compared: false,
            typed: String::new(),
        };
        state.look(world);
        state
    }

    /// Returns the answer of a cell, by the places of its runs; `None` while it is not resolved.
    pub fn cell(&self, row: usize, column: usize) -> Option<Outcome> {
        let run = |axis: &Axis, place: usize| axis.shown().get(place).map(|run| run.first);
        self.grid.known(run(&self.rows, row)?, run(&self.columns, column)?)
    }

    /// Returns whether the verdict changes from a cell to the next one down, and to the next one across.
    pub fn boundary(&self, row: usize, column: usize) -> (bool, bool) {
        let verdict = |row, column| self.cell(row, column).map(|outcome| outcome.verdict);
        let here = verdict(row, column);
        let differs = |there: Option<_>| here.is_some() && there.is_some() && there != here;
        (differs(verdict(row + 1, column)), differs(verdict(row, column + 1)))
    }

    /// Lets the window follow the cursor, resolves some of what is seen, and looks at the cell under the cursor.
    fn look(&mut self, world: &ScreenContext<'_>) {
        let window = Window::of(self, world.size);
        self.rows.follow(window.rows);
        self.columns.follow(window.columns);
        let mut resolver = Resolver::new(world.catalog);
        let mut budget = Budget::of_key();
        self.resolve_here(world, &mut resolver, &mut budget);
        self.resolve_seen(&mut resolver, &window, &mut budget);
    }

    /// Looks at the cell under the cursor, if the budget is enough for it.
    fn resolve_here(&mut self, world: &ScreenContext<'_>, resolver: &mut Resolver<'_>, budget: &mut Budget) {
        let place = (self.rows.line, self.columns.line);
        if self.here.as_ref().is_none_or(|here| here.place != place) {
            self.here = Here::of(world, &self.grid, place, (resolver, budget));
        }
    }

    /// Resolves cells that are seen until the budget is spent. Returns whether all of them are resolved.
    fn resolve_seen(&mut self, resolver: &mut Resolver<'_>, window: &Window, budget: &mut Budget) -> bool {
        for row in self.rows.shown().iter().skip(self.rows.first).take(window.rows) {
            for column in self.columns.shown().iter().skip(self.columns.first).take(window.columns) {
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

    /// Goes along the row to the next cell with another verdict.
    fn go_to_boundary(&mut self, world: &ScreenContext<'_>) -> ScreenResponse {
        let mut resolver = Resolver::new(world.catalog);
        let row = self.rows.line;
        let mut verdict = |line: usize| self.grid.cell(&mut resolver, row, line).map(|outcome| outcome.verdict);
        let here = verdict(self.columns.line);
        let place = self.columns.place();
        let further = self.columns.shown().iter().enumerate().skip(place + 1);
        match further.map(|(place, run)| (place, verdict(run.first))).find(|(_, there)| *there != here) {
            Some((place, _)) => {
                self.columns.go(place);
                ScreenResponse::Done
            }
            None => ScreenResponse::Say("the verdict stays the same to the end of this row".to_owned()),
        }
    }

    fn go_to_mirror(&mut self) -> ScreenResponse {
        match self.grid.mirror(self.rows.line, self.columns.line) {
            Some((row, column)) => {
                (self.rows.line, self.columns.line) = (row, column);
                ScreenResponse::Done
            }
            None => ScreenResponse::Say(
                "these axes have no mirror cell; the line below says the other way round".to_owned(),
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
    #[expect(clippy::wildcard_enum_match_arm, reason = "a screen does its own actions and leaves every other")]
    fn update(&mut self, world: &ScreenContext<'_>, action: Action) -> ScreenResponse {
        let window = Window::of(self, world.size);
        let page = |room: usize| room.saturating_sub(1).max(1);
        if let Some(by) = lines_moved(action, page(window.rows)) {
            self.rows.step(by);
            self.look(world);
            return ScreenResponse::Done;
        }
        let across = isize::try_from(page(window.columns)).unwrap_or(1);
        let mut reply = ScreenResponse::Done;
        match action {
            Action::Left => self.columns.step(-1),
            Action::Right => self.columns.step(1),
            Action::PreviousPane => self.columns.step(-across),
            Action::NextPane => self.columns.step(across),
            Action::Open => return self.visit(),
            Action::MatrixRows => {
                *self = Self::over(world, self.rows.vary.after(self.columns.vary), self.columns.vary, self.folding);
            }
            Action::MatrixColumns => {
                *self = Self::over(world, self.rows.vary, self.columns.vary.after(self.rows.vary), self.folding);
            }
            Action::Fold => self.fold_here(),
            Action::FoldAll => self.fold_all(),
            Action::NextBoundary => reply = self.go_to_boundary(world),
            Action::Mirror => reply = self.go_to_mirror(),
            _ => return ScreenResponse::Ignored,
        }
        self.look(world);
        reply
    }

    fn idle(&mut self, world: &ScreenContext<'_>) -> bool {
        let (done, all) = self.grid.progress();
        let owes_here = self.here.is_none() && all > 0;
        if self.compared && !owes_here {
            return false;
        }
        if owes_here || done < all {
            let window = Window::of(self, world.size);
            let mut resolver = Resolver::new(world.catalog);
            let mut budget = Budget::of_slice();
            self.resolve_here(world, &mut resolver, &mut budget);
            if self.resolve_seen(&mut resolver, &window, &mut budget) {
                self.grid.resolve_some(&mut resolver, &mut budget);
            }
        } else {
            self.compared = true;
            self.rows.note_equal(self.grid.folds(Side::Source), self.folding);
            self.columns.note_equal(self.grid.folds(Side::Destination), self.folding);
            self.look(world);
        }
        true
    }

    fn click(&mut self, world: &ScreenContext<'_>, target: Target) -> ScreenResponse {
        let (row, column) = match target {
            Target::Cell(row, column) => (row, column),
            Target::Row(row) => (row, self.columns.place()),
            Target::Choice(_)
            | Target::Way(_)
            | Target::TableRow(_)
            | Target::Item(_)
            | Target::Action(_)
            | Target::Screen(_)
            | Target::Outside => return ScreenResponse::Ignored,
        };
        // The first click puts the cursor there, the second is Enter.
        if (row, column) == (self.rows.place(), self.columns.place()) {
            return if matches!(target, Target::Cell(..)) { self.visit() } else { ScreenResponse::Done };
        }
        self.rows.go(row);
        self.columns.go(column);
        self.look(world);
        ScreenResponse::Done
    }

    fn scroll(&mut self, world: &ScreenContext<'_>, _target: Option<Target>, action: Action) -> ScreenResponse {
        let room = Window::of(self, world.size).rows;
        self.rows.scroll(if action == Action::Up { -1 } else { 1 }, room);
        self.look(world);
        ScreenResponse::Done
    }

    /// One word finds a row, else a column; of two words the first is the row, the second the column.
    fn filter(&mut self, world: &ScreenContext<'_>, typed: &str) {
        typed.clone_into(&mut self.typed);
        let typed = typed.to_lowercase();
        let mut words = typed.split_whitespace();
        self.lost = match (words.next(), words.next()) {
            (Some(row), Some(column)) => {
                let found = [self.rows.find(row), self.columns.find(column)];
                found.contains(&false)
            }
            (Some(part), None) => !self.rows.find(part) && !self.columns.find(part),
            (None, _) => false,
        };
        self.look(world);
    }

    fn filtered(&self) -> &str {
        &self.typed
    }

    fn refresh(&mut self, world: &ScreenContext<'_>) {
        if *world.scenario == *self.grid.around() {
            self.look(world);
        } else {
            *self = Self::over(world, self.rows.vary, self.columns.vary, self.folding);
        }
    }

    fn reopen(&mut self, world: &ScreenContext<'_>) -> bool {
        self.typed.clear();
        self.lost = false;
        self.refresh(world);
        true
    }

    fn hints(&self) -> &'static [(&'static [Action], &'static str)] {
        &[
            (&[Action::Left, Action::Right, Action::Up, Action::Down], "move"),
            (&[Action::Open], "go there"),
            (&[Action::MatrixRows], "other rows"),
            (&[Action::MatrixColumns], "other columns"),
            (&[Action::FoldAll], "unfold all"),
            (&[Action::Fold], "unfold"),
            (&[Action::NextBoundary], "next boundary"),
            (&[Action::Mirror], "mirror"),
            (&[Action::Filter], "find row column"),
            (&[Action::SwapEnds], "swap ends"),
            (&[Action::Back], "back"),
        ]
    }
}
