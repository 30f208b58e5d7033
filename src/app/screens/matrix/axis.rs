//! Keeps one axis of the matrix: its lines, the folded runs, and the cursor.

use crate::analysis::matrix::{Fold, Line, Side, Vary, line_of};
use crate::analysis::space::machine_family;
use crate::app::text::width;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::export::analysis::{fold_name, line_name};

/// One axis of the matrix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// What varies along the axis.
    pub vary: Vary,
    /// The line of the cursor, by its index among all lines.
    pub line: usize,
    /// The index of the first visible run.
    pub first: usize,
    names: Vec<String>,
    /// The runs of neighbours with equal verdicts; single lines until they are known.
    equal: Vec<Fold>,
    /// The runs as they are displayed, folded or not.
    displayed: Vec<Fold>,
    /// The widths of the widest label and of the widest line of a heading.
    widest: (usize, usize),
}

impl Axis {
    /// Returns an axis without folded runs, with the cursor on the line of the scenario.
    pub(super) fn of(catalog: &Catalog, vary: Vary, lines: &[Line], scenario: &Scenario, side: Side) -> Self {
        let line = line_of(catalog, vary, lines, scenario, side).unwrap_or(0);
        let names = lines.iter().map(|line| line_name(catalog, line)).collect();
        let single: Vec<Fold> = (0..lines.len()).map(|line| Fold { first: line, last: line }).collect();
        let mut axis = Self { vary, line, first: 0, names, equal: single.clone(), displayed: single, widest: (0, 0) };
        axis.measure();
        axis
    }

    /// Returns the displayed runs, in order.
    pub fn displayed(&self) -> &[Fold] {
        &self.displayed
    }

    /// Returns the number of lines, folded or not.
    pub fn lines(&self) -> usize {
        self.names.len()
    }

    /// Returns the index of the run under the cursor.
    pub fn index(&self) -> usize {
        self.displayed.iter().position(|run| (run.first..=run.last).contains(&self.line)).unwrap_or(0)
    }

    /// Returns the label of a run: `3.5.0 to 9.0.0`.
    pub(crate) fn label(&self, index: usize) -> String {
        let Some(run) = self.displayed.get(index) else { return String::new() };
        fold_name(self.name(run.first), self.name(run.last))
    }

    /// Returns the name of the first line of a run, and of the last if it is another one.
    pub(crate) fn ends(&self, index: usize) -> (&str, Option<&str>) {
        let Some(run) = self.displayed.get(index) else { return ("", None) };
        let first = self.name(run.first).split("..").next().unwrap_or_default();
        let last = self.name(run.last).rsplit("..").next().unwrap_or_default();
        (first, Some(last).filter(|last| *last != first))
    }

    /// Returns the name of a line.
    pub fn name(&self, line: usize) -> &str {
        self.names.get(line).map_or("", String::as_str)
    }

    /// Returns the lines of the heading of a run: the family of a machine type, the first name, the last name. The two
    /// names share a line if that has at most `room` columns.
    pub(crate) fn head(&self, index: usize, room: usize) -> Vec<String> {
        let (first, last) = self.ends(index);
        let family = |name: &str| match self.vary {
            Vary::Machines => Some(machine_family(name)).filter(|family| *family != name).map(str::to_owned),
            Vary::Distinct | Vary::Releases | Vary::Qemu | Vary::Products | Vary::Models | Vary::Hosts => None,
        };
        let of_first = family(first);
        let short = |name: &str| match &of_first {
            Some(family) => name.strip_prefix(&format!("{family}-")).unwrap_or(name).to_owned(),
            None => name.to_owned(),
        };
        let above = of_first.as_ref().map(|family| family.trim_start_matches("pc-").to_owned());
        let (first, last) = (short(first), last.map(short));
        let names = match last {
            Some(last) if width(&first) + 1 + width(&last) <= room => vec![format!("{first}-{last}")],
            Some(last) => vec![first, format!("..{last}")],
            None => vec![first],
        };
        above.into_iter().chain(names).collect()
    }

    /// Returns the width of the widest label.
    pub(crate) fn widest(&self) -> usize {
        self.widest.0
    }

    /// Returns the width of the widest line of a heading.
    pub(crate) fn widest_head(&self) -> usize {
        self.widest.1
    }

    /// Returns the most lines of a heading with this room.
    pub(crate) fn head_lines(&self, room: usize) -> usize {
        (0..self.displayed.len()).map(|index| self.head(index, room).len()).max().unwrap_or(0)
    }

    /// Moves the cursor to a run; within the run it keeps its line.
    pub(super) fn go(&mut self, index: usize) {
        let index = index.min(self.displayed.len().saturating_sub(1));
        if index != self.index() {
            self.line = self.displayed.get(index).map_or(0, |run| run.first);
        }
    }

    /// Moves the cursor by some runs.
    pub(super) fn step(&mut self, by: isize) {
        self.go(self.index().saturating_add_signed(by));
    }

    /// Scrolls so that the cursor is among the `room` visible runs.
    pub(super) fn follow(&mut self, room: usize) {
        let (index, room) = (self.index(), room.max(1));
        self.first = self.first.clamp((index + 1).saturating_sub(room), index);
        self.first = self.first.min(self.displayed.len().saturating_sub(room));
    }

    /// Scrolls by some runs; the cursor stays visible.
    pub(super) fn scroll(&mut self, by: isize, room: usize) {
        let last = self.displayed.len().saturating_sub(room);
        self.first = self.first.saturating_add_signed(by).min(last);
        let index = self.index().clamp(self.first, self.first + room.saturating_sub(1));
        self.go(index);
    }

    /// Sets the runs of neighbours with equal verdicts, and folds them if `folded`.
    pub(super) fn set_equal(&mut self, equal: Vec<Fold>, folded: bool) {
        self.equal = equal;
        self.fold_all(folded);
    }

    /// Folds every run, or unfolds every line.
    pub(super) fn fold_all(&mut self, folded: bool) {
        self.displayed = if folded {
            self.equal.clone()
        } else {
            (0..self.names.len()).map(|line| Fold { first: line, last: line }).collect()
        };
        self.measure();
    }

    /// Returns whether the run under the cursor is folded.
    pub(super) fn is_folded(&self) -> bool {
        self.displayed.get(self.index()).is_some_and(|run| run.first < run.last)
    }

    /// Folds or unfolds the run under the cursor.
    pub(super) fn fold(&mut self, folded: bool) {
        let around = self.equal.iter().find(|run| (run.first..=run.last).contains(&self.line)).copied();
        let Some(run) = around else { return };
        self.displayed.retain(|other| other.last < run.first || run.last < other.first);
        if folded {
            self.displayed.push(run);
        } else {
            self.displayed.extend((run.first..=run.last).map(|line| Fold { first: line, last: line }));
        }
        self.displayed.sort_unstable_by_key(|run| run.first);
        self.measure();
    }

    /// Moves the cursor to the first line with `part` in its name. Returns whether there is one.
    pub(super) fn find(&mut self, part: &str) -> bool {
        let found = self.names.iter().position(|name| name.to_lowercase().contains(part));
        self.line = found.unwrap_or(self.line);
        found.is_some()
    }

    fn measure(&mut self) {
        let count = self.displayed.len();
        let labels = (0..count).map(|index| width(&self.label(index))).max();
        let heads = (0..count).flat_map(|index| self.head(index, 0)).map(|line| width(&line)).max();
        self.widest = (labels.unwrap_or(0), heads.unwrap_or(0));
    }
}
