//! Resolves a scenario for every pair of values of two axes: releases, machine types, models, hosts or products. A cell
//! is resolved when it is first read, and then cached.

use crate::domain::catalog::{Catalog, ReleaseMap};
use crate::domain::qemu::MachineId;
use crate::domain::scenario::{LibvirtChoice, MachineChoice, Release, Scenario, ValueError, write_machine};
use crate::resolve::{Budget, Outcome, Resolver, Verdict};

mod lines;
mod values;

pub use lines::{Line, Side, Value, Vary, lines};
#[doc(hidden)]
pub use lines::{line_of, lines_around};
pub use values::AxisError;
pub(crate) use values::lines_of;

/// Returns for each line the first one with the same result: for releases, one with the same map and behaviour, or
/// between the same maps. Any other line returns itself.
pub(super) fn twins(catalog: &Catalog, lines: &[Line]) -> Vec<usize> {
    let decides = |line: &Line| {
        let (LibvirtChoice::Release(id, build), qemu) = line.value.software()? else { return None };
        let release = catalog.release(*id);
        let (behaviour, open) = catalog.behaviour(release.version);
        let maps = match release.map {
            ReleaseMap::Exact(map) => (map, map),
            ReleaseMap::Between { lower, upper } => (lower.1, upper.1),
        };
        Some((behaviour, open, maps, build.clone(), qemu.cloned()))
    };
    let all: Vec<_> = lines.iter().map(decides).collect();
    let first = |(index, own): (usize, &Option<_>)| match own {
        Some(_) => all.iter().position(|other| other == own).unwrap_or(index),
        // There may be many models, and none is looked for.
        None => index,
    };
    all.iter().enumerate().map(first).collect()
}

/// Neighbouring lines that are equal all along.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fold {
    /// The first line.
    pub first: usize,
    /// The last line.
    pub last: usize,
}

/// A scenario over two axes.
#[derive(Clone, Debug)]
pub struct Matrix {
    scenario: Scenario,
    rows: Vec<Line>,
    columns: Vec<Line>,
    /// Whether each row and each column is a release that was never published, which no run includes.
    hypothetical: [Vec<bool>; 2],
    /// For each row and each column, the first one with the same result.
    twins: [Vec<usize>; 2],
    /// Where no machine type or a short name was given, that of each row's release with each column's; else empty.
    machines: Vec<Vec<MachineChoice>>,
    /// The short name from which they are.
    short_machine: Option<Box<str>>,
    cells: Vec<Option<Outcome>>,
    /// How many resolved cells have each verdict, in the order of [`Verdict::ALL`].
    counts: [usize; Verdict::ALL.len()],
    /// Every cell before this one is resolved.
    next: usize,
}

impl Matrix {
    /// Returns the matrix of a scenario, with nothing resolved yet.
    pub fn of(catalog: &Catalog, scenario: &Scenario, rows: Vary, columns: Vary) -> Self {
        Self::with(catalog, scenario, lines(catalog, rows), lines(catalog, columns))
    }

    /// Returns the matrix over these lines.
    #[doc(hidden)]
    pub fn with(catalog: &Catalog, scenario: &Scenario, rows: Vec<Line>, columns: Vec<Line>) -> Self {
        let cells = vec![None; rows.len() * columns.len()];
        let twins = [twins(catalog, &rows), twins(catalog, &columns)];
        let hypothetical =
            [&rows, &columns].map(|lines| lines.iter().map(|line| line.is_hypothetical(catalog)).collect());
        let scenario = scenario.clone();
        Self {
            scenario,
            rows,
            columns,
            hypothetical,
            twins,
            machines: Vec::new(),
            short_machine: None,
            cells,
            counts: Default::default(),
            next: 0,
        }
    }

    /// Gives each cell the machine type of a guest without one: the usual one if source and destination have it, else
    /// the newest that both have.
    pub(crate) fn choose_machines(&mut self, catalog: &Catalog) {
        let rows = self.releases(Side::Source);
        let columns: Vec<Vec<MachineId>> =
            self.releases(Side::Destination).iter().map(|release| release.q35_types(catalog)).collect();
        let of_row = |from: &Release| {
            let here = from.q35_types(catalog);
            let machine = |there: &Vec<MachineId>| {
                from.machine_from_here(catalog, |id| here.contains(&id) && there.contains(&id))
            };
            columns.iter().map(machine).collect()
        };
        self.machines = rows.iter().map(of_row).collect();
    }

    /// Gives each row the machine type that a name means in the QEMU of its source: libvirt resolves a short name when
    /// the guest is defined (`qemuDomainDefPostParse`). A full name means the same in all and changes nothing.
    ///
    /// # Errors
    /// A name that a source's QEMU does not have.
    pub(crate) fn name_machine(&mut self, catalog: &Catalog, name: &str) -> Result<(), ValueError> {
        if catalog.machine(name).is_some() {
            return Ok(());
        }
        let mut machines = Vec::new();
        for from in self.releases(Side::Source) {
            let mut scenario = Scenario { from, ..self.scenario.clone() };
            scenario.set_machine(catalog, name)?;
            machines.push(vec![scenario.machine]);
        }
        let is_short = |machine: &MachineChoice| write_machine(catalog, machine) != name;
        if machines.iter().flatten().any(is_short) {
            (self.machines, self.short_machine) = (machines, Some(name.into()));
        }
        Ok(())
    }

    /// Returns the short name of the machine type, if one was given.
    pub(crate) fn short_machine(&self) -> Option<&str> {
        self.short_machine.as_deref()
    }

    /// The release of each line. The lines of an axis are of one kind: of models or hosts, all have that of the first.
    fn releases(&self, side: Side) -> Vec<Release> {
        let lines = self.lines(side);
        let count = match lines.first().map(|line| &line.value) {
            Some(Value::Machine(_) | Value::Cpu(_) | Value::Host(_)) => 1,
            Some(Value::Libvirt(_) | Value::Qemu(_) | Value::Product(..)) | None => lines.len(),
        };
        let of_line = |line: &Line| {
            let mut scenario = self.scenario.clone();
            line.put(&mut scenario, side);
            match side {
                Side::Source => scenario.from,
                Side::Destination => scenario.to,
            }
        };
        lines.iter().take(count).map(of_line).collect()
    }

    /// Returns the machine types of the cells where none or a short name was given, each once; else empty.
    pub(crate) fn chosen_machines(&self) -> Vec<&MachineChoice> {
        let mut chosen = Vec::new();
        for machine in self.machines.iter().flatten() {
            if !chosen.contains(&machine) {
                chosen.push(machine);
            }
        }
        chosen
    }

    /// Returns the scenario that is laid out.
    pub(crate) fn around(&self) -> &Scenario {
        &self.scenario
    }

    /// Returns the rows: sources.
    pub fn rows(&self) -> &[Line] {
        &self.rows
    }

    /// Returns the columns: destinations.
    pub fn columns(&self) -> &[Line] {
        &self.columns
    }

    /// Returns the rows or the columns.
    pub fn lines(&self, side: Side) -> &[Line] {
        match side {
            Side::Source => &self.rows,
            Side::Destination => &self.columns,
        }
    }

    /// Returns the scenario of a cell, for whoever goes there; `None` outside.
    pub fn scenario(&self, row: usize, column: usize) -> Option<Scenario> {
        let mut scenario = self.scenario.clone();
        self.rows.get(row)?.put(&mut scenario, Side::Source);
        self.columns.get(column)?.put(&mut scenario, Side::Destination);
        let of_row = self.machines.get(row).or(self.machines.last());
        if let Some(machine) = of_row.and_then(|of_row| of_row.get(column).or(of_row.last())) {
            scenario.machine = machine.clone();
        }
        Some(scenario)
    }

    /// Returns the place of the cell with source and destination exchanged; `None` where the axes have no such lines,
    /// and for what is the guest's own.
    #[doc(hidden)]
    pub fn mirror(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let (from, to) = (self.rows.get(row)?, self.columns.get(column)?);
        if matches!(from.value, Value::Machine(_) | Value::Cpu(_)) {
            return None;
        }
        let mirrored = self.rows.iter().position(|line| line.value == to.value);
        mirrored.zip(self.columns.iter().position(|line| line.value == from.value))
    }

    /// Returns a cell, resolved now unless it was before; `None` outside.
    pub fn cell(&mut self, resolver: &mut Resolver<'_>, row: usize, column: usize) -> Option<Outcome> {
        self.cell_within(resolver, &mut Budget::endless(), (row, column))
    }

    /// Returns a cell, resolved now unless it was before; `None` outside, and where the budget is not enough for it.
    pub(crate) fn cell_within(
        &mut self,
        resolver: &mut Resolver<'_>,
        budget: &mut Budget,
        (row, column): (usize, usize),
    ) -> Option<Outcome> {
        let index = row * self.columns.len() + column;
        if column >= self.columns.len() || self.cells.get(index)?.is_some() {
            return self.known(row, column);
        }
        let outcome = match self.twin(row, column) {
            Some(twin) => self.cell_within(resolver, budget, twin)?,
            None => resolver.brief_within(&self.scenario(row, column)?, budget).ok()?.outcome,
        };
        *self.cells.get_mut(index)? = Some(outcome);
        self.counts[outcome.verdict as usize] += 1;
        Some(outcome)
    }

    /// The cell that has the same answer, if that is another one. A release that the guest meets twice is one release,
    /// with one map: where that may be, each cell answers for itself alone.
    fn twin(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        if !self.scenario.via.is_empty() || self.scenario.started.is_some() {
            return None;
        }
        let libvirt = |line: &Line| line.value.software().map(|(libvirt, _)| libvirt.clone());
        let same = |row: usize, column: usize| {
            let libvirt = [&self.rows[row], &self.columns[column]].map(libvirt);
            libvirt[0].is_some() && libvirt[0] == libvirt[1]
        };
        let twin = (self.twins[0][row], self.twins[1][column]);
        (twin != (row, column) && !same(row, column) && !same(twin.0, twin.1)).then_some(twin)
    }

    /// Returns a cell if it was resolved already.
    #[doc(hidden)]
    pub fn known(&self, row: usize, column: usize) -> Option<Outcome> {
        if column >= self.columns.len() {
            return None;
        }
        self.cells.get(row * self.columns.len() + column).copied().flatten()
    }

    /// Returns how many cells are resolved, and how many there are.
    #[doc(hidden)]
    pub fn progress(&self) -> (usize, usize) {
        (self.counts.iter().sum(), self.cells.len())
    }

    /// Returns how many resolved cells have each verdict.
    pub fn counts(&self) -> Vec<(Verdict, usize)> {
        Verdict::ALL.iter().copied().zip(self.counts).filter(|(_, count)| *count > 0).collect()
    }

    /// Resolves cells that were not yet, row by row, until the budget is spent. Returns whether all are resolved.
    pub(crate) fn resolve_some(&mut self, resolver: &mut Resolver<'_>, budget: &mut Budget) -> bool {
        let width = self.columns.len();
        loop {
            while self.cells.get(self.next).is_some_and(Option::is_some) {
                self.next += 1;
            }
            if self.next >= self.cells.len() {
                break;
            }
            // A cell with the answer of another costs little, but there may be tens of thousands of them.
            let index = (self.next / width, self.next % width);
            if budget.spend(1).is_err() || self.cell_within(resolver, budget, index).is_none() {
                break;
            }
        }
        let (done, all) = self.progress();
        done == all
    }

    /// Resolves cell after cell until the next one costs more than is left of the budget, and tells how far it is.
    #[doc(hidden)]
    pub fn resolve_until_spent(
        &mut self,
        resolver: &mut Resolver<'_>,
        budget: &mut Budget,
        progress: &mut dyn FnMut(usize, usize),
    ) {
        let (all, width) = (self.cells.len(), self.columns.len());
        let resolved = |index: &usize| {
            progress(index + 1, all);
            self.cell_within(resolver, budget, (index / width, index % width)).is_some()
        };
        (0..all).take_while(resolved).for_each(drop);
    }

    /// Resolves every cell.
    pub fn resolve_all(&mut self, resolver: &mut Resolver<'_>) {
        self.resolve_some(resolver, &mut Budget::endless());
    }

    /// Returns the runs of rows or columns that are equal all along, as far as both are resolved.
    #[doc(hidden)]
    pub fn folds(&self, side: Side) -> Vec<Fold> {
        let (height, width) = (self.rows.len(), self.columns.len());
        let hypothetical = &self.hypothetical[side as usize];
        let alike = |one: usize, other: usize| !hypothetical[one] && !hypothetical[other];
        let equal = |one: Option<Outcome>, other: Option<Outcome>| one.is_some() && one == other;
        match side {
            Side::Source => folds(height, |one, other| {
                alike(one, other) && (0..width).all(|column| equal(self.known(one, column), self.known(other, column)))
            }),
            Side::Destination => {
                let same = |one, other| (0..height).all(|row| equal(self.known(row, one), self.known(row, other)));
                folds(width, |one, other| alike(one, other) && same(one, other))
            }
        }
    }
}

fn folds(count: usize, mut equal: impl FnMut(usize, usize) -> bool) -> Vec<Fold> {
    let mut folds: Vec<Fold> = Vec::new();
    for line in 0..count {
        match folds.last_mut() {
            Some(fold) if equal(fold.last, line) => fold.last = line,
            _ => folds.push(Fold { first: line, last: line }),
        }
    }
    folds
}
