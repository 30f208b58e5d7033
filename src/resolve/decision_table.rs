//! Finds the row of the decision table: what is sent says something about the feature or not, and whether each end's
//! map has the feature in the model.

use super::answer::Row;
use crate::domain::definition::{Definition, PolicyStore};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelDefinition;

/// Whether a release, for a feature and a model, has the feature in the model's data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MapState {
    /// Its map has the feature in the model.
    Old,
    /// The feature is on the model's removed list, or gone.
    New,
}

impl MapState {
    /// Returns the age of what a map says of the model, for the feature.
    pub fn of(definition: &ModelDefinition, feature: FeatureId) -> Self {
        if definition.data.contains(feature) { Self::Old } else { Self::New }
    }
}

/// What a definition says about the feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mention {
    /// It switches it on.
    On,
    /// It switches it off.
    Off,
    /// Nothing.
    Nothing,
}

impl Mention {
    /// Returns what `definition` says about `feature`; `optional` decides nothing.
    pub fn of<P: PolicyStore>(definition: &Definition<P>, feature: FeatureId) -> Self {
        match definition.features.get(feature) {
            Some(policy) if policy.is_on() => Self::On,
            Some(policy) if policy.is_off() => Self::Off,
            _ => Self::Nothing,
        }
    }
}

/// A row of the table, as the e-mail wrote it.
#[derive(Clone, Copy, Debug)]
pub struct TableRow {
    /// The row.
    pub row: Row,
    /// What is sent: `None` for anything.
    pub says: Option<Mention>,
    /// The source.
    pub source: MapState,
    /// The destination.
    pub destination: MapState,
    /// The result the e-mail gives.
    pub result: &'static str,
}

/// The decision table: the first row that fits is the one.
pub const TABLE: &[TableRow] = &[
    TableRow { row: Row::T1, says: None, source: MapState::Old, destination: MapState::Old, result: "no issue" },
    TableRow { row: Row::T2, says: None, source: MapState::New, destination: MapState::New, result: "no issue" },
    TableRow {
        row: Row::T3,
        says: Some(Mention::On),
        source: MapState::Old,
        destination: MapState::New,
        result: "no issue",
    },
    TableRow {
        row: Row::T4,
        says: Some(Mention::On),
        source: MapState::New,
        destination: MapState::Old,
        result: "no issue",
    },
    TableRow {
        row: Row::T5,
        says: Some(Mention::Off),
        source: MapState::Old,
        destination: MapState::New,
        result: "no issue",
    },
    TableRow {
        row: Row::T6,
        says: Some(Mention::Off),
        source: MapState::New,
        destination: MapState::Old,
        result: "no issue",
    },
    TableRow {
        row: Row::T7,
        says: Some(Mention::Nothing),
        source: MapState::Old,
        destination: MapState::New,
        result: "ABORTED",
    },
    TableRow {
        row: Row::T8,
        says: Some(Mention::Nothing),
        source: MapState::New,
        destination: MapState::Old,
        result: "never happens",
    },
];

/// Returns the row for what is sent and the ages of both ends.
pub(super) fn row(says: Mention, source: MapState, destination: MapState) -> Option<Row> {
    let fits = |row: &&TableRow| {
        row.source == source && row.destination == destination && row.says.is_none_or(|wanted| wanted == says)
    };
    TABLE.iter().find(fits).map(|row| row.row)
}
