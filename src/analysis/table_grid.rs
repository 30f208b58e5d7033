//! Arranges the decision table as a grid, and finds a scenario for each of its cells.

use crate::analysis::matrix::{Line, Side, Value, Vary, lines_around};
use crate::analysis::space::machine_family;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::{LibvirtChoice, MachineChoice, Release, Scenario};
use crate::resolve::{Answer, MapState, Mention, Resolver, Row, TABLE, TableRow};

/// The rows of the grid: what the migrated definition says about the feature.
pub(crate) const ROWS: [Mention; 3] = [Mention::On, Mention::Off, Mention::Nothing];

/// The columns of the grid: the state of the source's map, and of the destination's.
pub(crate) const COLUMNS: [(MapState, MapState); 4] = [
    (MapState::Old, MapState::New),
    (MapState::New, MapState::Old),
    (MapState::Old, MapState::Old),
    (MapState::New, MapState::New),
];

/// Returns the row of the decision table in a cell of the grid.
pub(crate) fn cell(row: usize, column: usize) -> Option<&'static TableRow> {
    let (says, (source, destination)) = (ROWS.get(row)?, COLUMNS.get(column)?);
    let fits = |line: &&TableRow| {
        line.source == *source && line.destination == *destination && line.says.is_none_or(|wanted| wanted == *says)
    };
    TABLE.iter().find(fits)
}

/// Returns the cell of an answer's own row; `None` if it has no row.
pub(crate) fn cell_of(scenario: &Scenario, answer: &Answer) -> Option<(usize, usize)> {
    let sent = answer.trace.as_ref()?.effective()?;
    let says = match sent.features.get(scenario.feature) {
        Some(policy) if policy.is_on() => Mention::On,
        Some(policy) if policy.is_off() => Mention::Off,
        _ => Mention::Nothing,
    };
    Some(place(answer.row?, says))
}

/// Returns the cell of a row of the decision table; one that is about any definition is in the row of `says`.
pub(crate) fn place(row: Row, says: Mention) -> (usize, usize) {
    let is_cell = |(line, column): &(usize, usize)| {
        cell(*line, *column)
            .is_some_and(|found| found.row == row && (found.says.is_some() || ROWS.get(*line) == Some(&says)))
    };
    let cells = (0..ROWS.len()).flat_map(|line| (0..COLUMNS.len()).map(move |column| (line, column)));
    cells.into_iter().find(is_cell).unwrap_or((0, 0))
}

/// Returns a scenario in a cell of the grid: the given one with as little changed as possible. `None` if none of those
/// tried is in that cell; no guest is in the cell of row T8.
pub(crate) fn scenario_in(catalog: &Catalog, scenario: &Scenario, row: usize, column: usize) -> Option<Scenario> {
    let wanted = cell(row, column)?;
    if wanted.row == Row::T8 {
        return None;
    }
    let mut with = scenario.clone();
    let policy = match ROWS.get(row)? {
        Mention::On => Some(Policy::Require),
        Mention::Off => Some(Policy::Disable),
        Mention::Nothing => None,
    };
    with.features.put(scenario.feature, policy);
    if with.features != scenario.features {
        with.running = None;
    }
    (with.started, with.via) = (None, Vec::new());
    let mut resolver = Resolver::new(catalog);
    let machines =
        std::iter::once(None).chain(if policy.is_none() { other_machines(catalog, scenario) } else { Vec::new() });
    let candidates = machines.flat_map(|machine| {
        let with = with.clone();
        ends(scenario).into_iter().map(move |(from, to)| {
            let mut with = Scenario { from, to, ..with.clone() };
            if let Some(line) = &machine {
                line.put(&mut with, Side::Destination);
            }
            with
        })
    });
    let mut candidates =
        candidates.map(|with| Scenario { regime: scenario.regime.filter(|_| with.to == scenario.to), ..with });
    candidates.find(|with| resolver.outcome(with).row == Some(wanted.row))
}

/// The pairs of releases that are tried: those of the scenario in every order, then the hypothetical ones.
fn ends(scenario: &Scenario) -> Vec<(Release, Release)> {
    let (from, to) = (&scenario.from, &scenario.to);
    let [old, new] = [LibvirtChoice::Old, LibvirtChoice::New].map(|libvirt| Release {
        libvirt,
        qemu: to.qemu.clone(),
        product: None,
    });
    let pairs =
        [(from, to), (to, from), (from, from), (to, to), (&old, &new), (&new, &old), (&old, &old), (&new, &new)];
    pairs.map(|(from, to)| (from.clone(), to.clone())).into()
}

/// The other machine types of the guest's family, the nearest first.
fn other_machines(catalog: &Catalog, scenario: &Scenario) -> Vec<Option<Line>> {
    let MachineChoice::Listed(own) = scenario.machine else { return Vec::new() };
    let all = lines_around(catalog, Vary::Machines, scenario);
    let Some(current) = all.iter().position(|line| line.value == Value::Machine(scenario.machine.clone())) else {
        return Vec::new();
    };
    let family = |id| machine_family(catalog.machine_name(id));
    let is_relative = |line: &Line| match &line.value {
        Value::Machine(MachineChoice::Listed(id)) => *id != own && family(*id) == family(own),
        _ => false,
    };
    let mut found: Vec<(usize, Line)> = all.into_iter().enumerate().filter(|(_, line)| is_relative(line)).collect();
    sort_by_key(&mut found, |(index, _)| index.abs_diff(current));
    found.into_iter().map(|(_, line)| Some(line)).collect()
}
