//! Keeps one axis of the matrix: its lines, which of them are folded together, and where the cursor is on it.

use crate::analysis::matrix::{Fold, Line, Side, Vary, line_of};
use crate::app::text::width;
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::export::analysis::{fold_name, line_name};

/// One axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// What it goes through.
    pub vary: Vary,
    /// The line the cursor is on.
    pub line: usize,
    /// The first run that is seen.
    pub first: usize,
    names: Vec<String>,
    /// The runs of equal neighbours; every line alone as long as they are not known.
    equal: Vec<Fold>,
    /// The runs as they are shown.
    shown: Vec<Fold>,
    /// The width of the widest label, and of the widest of a run's first and last names.
    widest: (usize, usize),
}

impl Axis {
    /// Returns an axis with nothing folded, the cursor on the scenario's own line.
    pub(super) fn of(catalog: &Catalog, vary: Vary, lines: &[Line], scenario: &Scenario, side: Side) -> Self {
        let line = line_of(catalog, vary, lines, scenario, side).unwrap_or(0);
        let names = lines.iter().map(|line| line_name(catalog, line)).collect();
        let single: Vec<Fold> = (0..lines.len()).map(|line| Fold { first: line, last: line }).collect();
        let mut axis = Self { vary, line, first: 0, names, equal: single.clone(), shown: single, widest: (0, 0) };
        axis.measure();
        axis
    }

    /// Returns the runs that are shown, in order.
    pub fn shown(&self) -> &[Fold] {
        &self.shown
    }

    /// Returns how many lines there are.
    pub fn lines(&self) -> usize {
        self.names.len()
    }

    /// Returns the place of the cursor among the runs that are shown.
    pub fn place(&self) -> usize {
        self.shown.iter().position(|run| (run.first..=run.last).contains(&self.line)).unwrap_or(0)
    }

    /// Returns the line that stands for a run: the cursor's own where it is on it.
    pub fn line_at(&self, place: usize) -> Option<usize> {
        let run = self.shown.get(place)?;
        Some(if (run.first..=run.last).contains(&self.line) { self.line } else { run.first })
    }

    /// Returns what a run is called: `3.5.0 to 9.0.0`.
    pub fn label(&self, place: usize) -> String {
        let Some(run) = self.shown.get(place) else { return String::new() };
        fold_name(self.name(run.first), self.name(run.last))
    }

    /// Returns the name of a run's first line, and of its last where that is another one.
    pub fn ends(&self, place: usize) -> (&str, Option<&str>) {
        let Some(run) = self.shown.get(place) else { return ("", None) };
        let first = self.name(run.first).split("..").next().unwrap_or_default();
        let last = self.name(run.last).rsplit("..").next().unwrap_or_default();
        (first, Some(last).filter(|last| *last != first))
    }

    /// Returns the name of a line.
    pub fn name(&self, line: usize) -> &str {
        self.names.get(line).map_or("", String::as_str)
    }

    /// Returns the width of the widest label, and of the widest of its two ends.
    pub fn widest(&self) -> (usize, usize) {
        self.widest
    }

    /// Puts the cursor on a run.
    pub(super) fn go(&mut self, place: usize) {
        let place = place.min(self.shown.len().saturating_sub(1));
        if place != self.place() {
            self.line = self.shown.get(place).map_or(0, |run| run.first);
        }
    }

    /// Moves the cursor by some runs.
    pub(super) fn step(&mut self, by: isize) {
        self.go(self.place().saturating_add_signed(by));
    }

    /// Lets the window begin so that the cursor is among the `room` runs that are seen.
    pub(super) fn follow(&mut self, room: usize) {
        let (place, room) = (self.place(), room.max(1));
        self.first = self.first.clamp((place + 1).saturating_sub(room), place);
        self.first = self.first.min(self.shown.len().saturating_sub(room));
    }

    /// Moves the window by some runs; the cursor stays within.
    pub(super) fn scroll(&mut self, by: isize, room: usize) {
        let last = self.shown.len().saturating_sub(room);
        self.first = self.first.saturating_add_signed(by).min(last);
        let place = self.place().clamp(self.first, self.first + room.saturating_sub(1));
        self.go(place);
    }

    /// Notes the runs of equal neighbours, and shows them folded if that is wanted.
    pub(super) fn note_equal(&mut self, equal: Vec<Fold>, folded: bool) {
        self.equal = equal;
        self.fold_all(folded);
    }

    /// Shows every run folded, or every line.
    pub(super) fn fold_all(&mut self, folded: bool) {
        self.shown = if folded {
            self.equal.clone()
        } else {
            (0..self.names.len()).map(|line| Fold { first: line, last: line }).collect()
        };
        self.measure();
    }

    /// Returns whether the run under the cursor is folded.
    pub(super) fn is_folded(&self) -> bool {
        self.shown.get(self.place()).is_some_and(|run| run.first < run.last)
    }

    /// Opens the run under the cursor, or folds it again.
    pub(super) fn fold(&mut self, folded: bool) {
        let around = self.equal.iter().find(|run| (run.first..=run.last).contains(&self.line)).copied();
        let Some(run) = around else { return };
        self.shown.retain(|shown| shown.last < run.first || run.last < shown.first);
        if folded {
            self.shown.push(run);
        } else {
            self.shown.extend((run.first..=run.last).map(|line| Fold { first: line, last: line }));
        }
        self.shown.sort_unstable_by_key(|run| run.first);
        self.measure();
    }

    /// Puts the cursor on the first line with `part` in its name. Returns whether there is one.
    pub(super) fn find(&mut self, part: &str) -> bool {
        let found = self.names.iter().position(|name| name.to_lowercase().contains(part));
        self.line = found.unwrap_or(self.line);
        found.is_some()
    }

    fn measure(&mut self) {
        let labels = (0..self.shown.len()).map(|place| width(&self.label(place))).max();
        let ends = (0..self.shown.len()).map(|place| self.ends(place));
        let short = ends.map(|(first, last)| width(first).max(last.map_or(0, |last| width(last) + 3))).max();
        self.widest = (labels.unwrap_or(0), short.unwrap_or(0));
    }
}
