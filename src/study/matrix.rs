//! Lays a scenario out over two axes: source releases down and destination releases across, or machine types, models,
//! hosts and QEMU releases on either. Each cell is resolved when it is looked at, and once.

use super::space::{exact_releases, models, releases};
use crate::domain::behaviour::Behaviour;
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::definition::words;
use crate::domain::host::HostId;
use crate::domain::map::ModelId;
use crate::domain::qemu::MachineId;
use crate::domain::scenario::{CpuChoice, HostChoice, LibvirtChoice, MachineChoice, QemuChoice, Scenario, Told};
use crate::domain::version::Version;
use crate::resolve::{Glance, Resolver};

words! {
    /// What an axis goes through.
    Vary {
        /// Every libvirt release, and maps read at run time.
        Releases "releases",
        /// The libvirt releases whose map was read, one for each run of those with the same map and behaviour.
        Distinct "distinct",
        /// QEMU releases.
        Qemu "qemu",
        /// Machine types.
        Machines "machines",
        /// CPU models.
        Models "models",
        /// Hosts.
        Hosts "hosts",
    }
}

words! {
    /// Which end an axis changes; machine types and models belong to the guest and are the same at both.
    Side {
        /// The source: rows.
        Source "source",
        /// The destination: columns.
        Destination "destination",
    }
}

/// What one row or column puts into the scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A libvirt release.
    Libvirt(LibvirtChoice),
    /// A QEMU release.
    Qemu(Version),
    /// A machine type.
    Machine(MachineId),
    /// A model.
    Model(ModelId),
    /// A host.
    Host(HostId),
}

/// One row or column.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// What it puts into the scenario.
    pub value: Value,
    /// The last release it stands for, where it stands for several.
    pub until: Option<LibvirtId>,
}

impl Line {
    /// Returns the line of a libvirt release.
    pub fn libvirt(libvirt: LibvirtChoice) -> Self {
        Self::of(Value::Libvirt(libvirt))
    }

    fn of(value: Value) -> Self {
        Self { value, until: None }
    }

    /// Puts this line's value into a scenario.
    pub fn put(&self, scenario: &mut Scenario, side: Side) {
        let end = match side {
            Side::Source => &mut scenario.from,
            Side::Destination => &mut scenario.to,
        };
        if matches!(self.value, Value::Machine(_) | Value::Model(_)) {
            scenario.running = None;
        }
        match &self.value {
            Value::Libvirt(libvirt) => {
                end.libvirt = libvirt.clone();
            }
            Value::Qemu(version) => end.qemu = QemuChoice { version: Told::Is(*version), build: None },
            Value::Machine(machine) => scenario.machine = MachineChoice::Listed(*machine),
            Value::Model(model) => scenario.cpu = CpuChoice::Model(Told::Is(*model)),
            Value::Host(host) => match side {
                Side::Source => scenario.from_host = HostChoice::Listed(*host),
                Side::Destination => scenario.to_host = HostChoice::Listed(*host),
            },
        }
    }
}

/// Returns the lines of an axis.
pub fn lines(catalog: &Catalog, vary: Vary) -> Vec<Line> {
    let libvirt = |id| Line::libvirt(LibvirtChoice::Release(id, None));
    match vary {
        Vary::Releases => releases(catalog).map(libvirt).collect(),
        Vary::Distinct => distinct(catalog),
        Vary::Qemu => catalog.qemu_releases().iter().map(|facts| Line::of(Value::Qemu(facts.version))).collect(),
        Vary::Machines => catalog.cells().machines.iter().map(|machine| Line::of(Value::Machine(*machine))).collect(),
        Vary::Models => models(catalog).into_iter().map(|model| Line::of(Value::Model(model))).collect(),
        Vary::Hosts => (0u16..).zip(catalog.hosts()).map(|(n, _)| Line::of(Value::Host(HostId(n)))).collect(),
    }
}

/// The exact releases, neighbours with the same map and behaviour folded, and maps that are not libvirt's own.
fn distinct(catalog: &Catalog) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut last: Option<(Behaviour, _)> = None;
    for id in exact_releases(catalog) {
        let release = catalog.release(id);
        let decides = (catalog.behaviour(release.version).0, release.map);
        match lines.last_mut().filter(|_| last.as_ref() == Some(&decides)) {
            Some(line) => line.until = Some(id),
            None => lines.push(Line::libvirt(LibvirtChoice::Release(id, None))),
        }
        last = Some(decides);
    }
    let others = releases(catalog).filter(|id| catalog.release(*id).provenance != Provenance::Published);
    lines.extend(others.map(|id| Line::libvirt(LibvirtChoice::Release(id, None))));
    lines
}

/// Returns for each line the first that decides alike: for releases, one with the same map and behaviour, and between the
/// same ones where nobody has looked. Every other line stands for itself.
fn twins(catalog: &Catalog, lines: &[Line]) -> Vec<usize> {
    let decides = |line: &Line| {
        let Value::Libvirt(LibvirtChoice::Release(id, None)) = &line.value else { return None };
        let release = catalog.release(*id);
        let (behaviour, open) = catalog.behaviour(release.version);
        let maps = match release.map {
            ReleaseMap::Exact(map) => (map, map),
            ReleaseMap::Between { lower, upper } => (lower.1, upper.1),
        };
        Some((behaviour, open, maps))
    };
    let all: Vec<_> = lines.iter().map(decides).collect();
    let first = |place: usize| all.iter().position(|other| other.is_some() && *other == all[place]).unwrap_or(place);
    (0..lines.len()).map(first).collect()
}

/// Neighbouring lines that are equal all along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fold {
    /// The first line.
    pub first: usize,
    /// The last line.
    pub last: usize,
}

/// A scenario over two axes.
pub struct Matrix<'a> {
    resolver: Resolver<'a>,
    scenario: Scenario,
    rows: Vec<Line>,
    columns: Vec<Line>,
    /// For each row and each column, the first one that decides alike.
    twins: [Vec<usize>; 2],
    cells: Vec<Option<Glance>>,
}

impl<'a> Matrix<'a> {
    /// Returns the matrix of a scenario, with nothing resolved yet.
    pub fn of(catalog: &'a Catalog, scenario: &Scenario, rows: Vary, columns: Vary) -> Self {
        Self::with(catalog, scenario, lines(catalog, rows), lines(catalog, columns))
    }

    /// Returns the matrix over these lines.
    pub fn with(catalog: &'a Catalog, scenario: &Scenario, rows: Vec<Line>, columns: Vec<Line>) -> Self {
        let cells = vec![None; rows.len() * columns.len()];
        let twins = [twins(catalog, &rows), twins(catalog, &columns)];
        Self { resolver: Resolver::new(catalog), scenario: scenario.clone(), rows, columns, twins, cells }
    }

    /// Returns the rows: sources.
    pub fn rows(&self) -> &[Line] {
        &self.rows
    }

    /// Returns the columns: destinations.
    pub fn columns(&self) -> &[Line] {
        &self.columns
    }

    /// Returns the scenario of a cell, for whoever goes there; `None` outside.
    pub fn scenario(&self, row: usize, column: usize) -> Option<Scenario> {
        let mut scenario = self.scenario.clone();
        self.rows.get(row)?.put(&mut scenario, Side::Source);
        self.columns.get(column)?.put(&mut scenario, Side::Destination);
        Some(scenario)
    }

    /// Returns a cell, resolved now unless it was before; `None` outside.
    pub fn cell(&mut self, row: usize, column: usize) -> Option<Glance> {
        let place = row * self.columns.len() + column;
        if column >= self.columns.len() || self.cells.get(place)?.is_some() {
            return self.known(row, column);
        }
        let glance = match self.twin(row, column) {
            Some((row, column)) => self.cell(row, column)?,
            None => self.resolver.glance(&self.scenario(row, column)?),
        };
        *self.cells.get_mut(place)? = Some(glance);
        Some(glance)
    }

    /// The cell that has the same answer, if that is another one. A release that the guest meets twice is one release,
    /// with one map: where that may be, each cell answers for itself alone.
    fn twin(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        if !self.scenario.via.is_empty() || self.scenario.started.is_some() {
            return None;
        }
        let same = |row: usize, column: usize| self.rows[row].value == self.columns[column].value;
        let twin = (self.twins[0][row], self.twins[1][column]);
        (twin != (row, column) && !same(row, column) && !same(twin.0, twin.1)).then_some(twin)
    }

    /// Returns a cell if it was resolved already.
    pub fn known(&self, row: usize, column: usize) -> Option<Glance> {
        if column >= self.columns.len() {
            return None;
        }
        self.cells.get(row * self.columns.len() + column).copied().flatten()
    }

    /// Resolves up to `most` cells that were not yet, row by row. Returns whether all are resolved.
    pub fn resolve_some(&mut self, most: usize) -> bool {
        let width = self.columns.len();
        let open: Vec<usize> = (0..self.cells.len()).filter(|place| self.cells[*place].is_none()).take(most).collect();
        for place in &open {
            self.cell(place / width, place % width);
        }
        open.len() < most
    }

    /// Resolves every cell.
    pub fn resolve_all(&mut self) {
        self.resolve_some(usize::MAX);
    }

    /// Returns the runs of rows that are equal in every column. Resolves what it compares.
    pub fn row_folds(&mut self) -> Vec<Fold> {
        let (height, width) = (self.rows.len(), self.columns.len());
        folds(height, |one, other| (0..width).all(|column| self.cell(one, column) == self.cell(other, column)))
    }

    /// Returns the runs of columns that are equal in every row. Resolves what it compares.
    pub fn column_folds(&mut self) -> Vec<Fold> {
        let (height, width) = (self.rows.len(), self.columns.len());
        folds(width, |one, other| (0..height).all(|row| self.cell(row, one) == self.cell(row, other)))
    }

    /// Returns whether the verdict changes from this cell to the next one down, and to the next one across.
    pub fn boundary(&mut self, row: usize, column: usize) -> (bool, bool) {
        let here = self.cell(row, column).map(|glance| glance.verdict);
        let differs = |there: Option<Glance>| there.is_some_and(|glance| Some(glance.verdict) != here);
        (differs(self.cell(row + 1, column)), differs(self.cell(row, column + 1)))
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
