//! Finds the row of the decision table: whether the sent definition mentions the feature, and whether each map has it
//! in the model.

use super::verdict::Verdict;
use crate::domain::definition::{Definition, named_enum};
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelDefinition;

named_enum! {
    /// A row of the decision table.
    Row {
        /// Anything, old to old.
        T1 "T1",
        /// Anything, new to new.
        T2 "T2",
        /// With the feature, old to new.
        T3 "T3",
        /// With the feature, new to old.
        T4 "T4",
        /// Without the feature, old to new.
        T5 "T5",
        /// Without the feature, new to old.
        T6 "T6",
        /// The feature is not mentioned, old to new.
        T7 "T7",
        /// The feature is not mentioned, new to old.
        T8 "T8",
    }
}

/// Whether a release, for a feature and a model, has the feature in the model's data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum MapState {
    /// Its map has the feature in the model.
    Old,
    /// The feature is on the model's removed list, or gone.
    New,
}

impl MapState {
    /// Returns the state of a map in which the model is `definition`.
    pub(crate) fn of(definition: &ModelDefinition, feature: FeatureId) -> Self {
        if definition.data.contains(feature) { Self::Old } else { Self::New }
    }
}

/// How a definition mentions a feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mention {
    /// The definition enables it.
    On,
    /// The definition disables it.
    Off,
    /// The definition does not mention it, or leaves it to the host (`optional`).
    Nothing,
}

impl Mention {
    pub(super) fn of(definition: &Definition, feature: FeatureId) -> Self {
        match definition.features.get(feature) {
            Some(policy) if policy.is_on() => Self::On,
            Some(policy) if policy.is_off() => Self::Off,
            _ => Self::Nothing,
        }
    }
}

/// A row of the decision table, with what it says of such a guest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableRow {
    pub row: Row,
    /// What is sent: `None` for anything.
    pub says: Option<Mention>,
    pub source: MapState,
    pub destination: MapState,
    /// What happens to the guest.
    pub verdict: Verdict,
}

impl TableRow {
    /// Returns the result as the table writes it.
    pub(crate) const fn result(self) -> &'static str {
        match self.verdict {
            Verdict::Aborted => "ABORTED",
            Verdict::Never => "never happens",
            Verdict::Unchanged | Verdict::Changed | Verdict::StartRefused | Verdict::Depends => "no issue",
        }
    }
}

/// The decision table: the first row that fits decides.
pub(crate) const TABLE: &[TableRow] = {
    use MapState::{New, Old};
    use Mention::{Nothing, Off, On};
    &[
        line(Row::T1, None, Old, Old, Verdict::Unchanged),
        line(Row::T2, None, New, New, Verdict::Unchanged),
        line(Row::T3, Some(On), Old, New, Verdict::Unchanged),
        line(Row::T4, Some(On), New, Old, Verdict::Unchanged),
        line(Row::T5, Some(Off), Old, New, Verdict::Unchanged),
        line(Row::T6, Some(Off), New, Old, Verdict::Unchanged),
        line(Row::T7, Some(Nothing), Old, New, Verdict::Aborted),
        line(Row::T8, Some(Nothing), New, Old, Verdict::Never),
    ]
};

const fn line(row: Row, says: Option<Mention>, source: MapState, destination: MapState, verdict: Verdict) -> TableRow {
    TableRow { row, says, source, destination, verdict }
}

/// Returns the row for what is sent and the maps of sender and receiver.
pub(super) fn row(says: Mention, source: MapState, destination: MapState) -> Option<Row> {
    let fits = |row: &&TableRow| {
        row.source == source && row.destination == destination && row.says.is_none_or(|wanted| wanted == says)
    };
    TABLE.iter().find(fits).map(|row| row.row)
}
