//! Builds the feature table: the state of each feature in both maps, both QEMUs and the definitions.

use crate::domain::definition::{Definition, Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelId};
use crate::domain::order::sort_by_key;
use crate::resolve::{Answer, Origin, StartTrace};
use std::collections::HashMap;

named_enum! {
    /// The status of a feature in the guest's model, according to a map.
    MapStatus {
        /// In the model.
        In "in",
        /// Marked `removed='yes'` in the model.
        Removed "removed",
        /// Marked `added='yes'` in the model.
        Added "added",
        /// Not in the model, but in the model of the other map.
        Gone "gone",
        /// Not in the model.
        Out "-",
        /// The map does not define the feature.
        Unknown "unknown",
    }
}

named_enum! {
    /// The effect of the migration on a feature.
    FeatureChange {
        /// Enabled by QEMU, but not in the definition: the full check refuses it.
        Extra "EXTRA",
        /// In the definition, but not enabled by QEMU: the full check refuses it.
        Missing "MISSING",
        /// Lost by the guest.
        Lost "LOST",
        /// Gained by the guest.
        Gained "GAINED",
    }
}

named_enum! {
    /// Which features are listed.
    Filter {
        /// Those that differ between source and destination, or between a map and QEMU.
        Differing "differing",
        /// Those that a definition mentions.
        Mentioned "mentioned",
        /// Every feature.
        All "all",
    }
}

impl Filter {
    /// Returns the filter after this one, in a cycle.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Differing => Self::Mentioned,
            Self::Mentioned => Self::All,
            Self::All => Self::Differing,
        }
    }
}

/// How a feature is shown where it has one cell only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum CellKind {
    /// A check refuses it, or the guest lost or gained it.
    Change(FeatureChange),
    /// A definition mentions it.
    Written,
    /// The maps or QEMUs differ, without an effect.
    Differing,
    /// On at both sides.
    On,
    /// Off at both sides.
    Off,
    /// QEMU built no CPU at the source.
    NoCpu,
}

/// The state of a feature at source or destination.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EndpointState {
    pub(crate) map: MapStatus,
    /// Whether QEMU enables it; `None` if QEMU built no CPU.
    pub(crate) on: Option<bool>,
    /// The step that decided this; `None` if QEMU built no CPU.
    pub(crate) origin: Option<Origin>,
}

/// One line of the feature table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FeatureRow {
    /// The feature of this row.
    pub(crate) feature: FeatureId,
    /// Whether the decision table is about this feature.
    pub(crate) in_table: bool,
    pub(crate) source: EndpointState,
    /// The policy in the live definition of the source; `None` if it is not mentioned.
    pub(crate) live: Option<Policy>,
    /// The policy in the definition that is sent; a cookie replaces the XML.
    pub(crate) sent: Option<Policy>,
    /// The state at the destination; `None` if nothing arrived.
    pub(crate) destination: Option<EndpointState>,
    /// The effect on the guest, if there is one.
    pub(crate) change: Option<FeatureChange>,
}

impl FeatureRow {
    /// Returns whether it differs between source and destination, or between a map and QEMU. A difference between the
    /// lists of removed and added features counts only if the feature is enabled or mentioned.
    pub(crate) fn differs(&self) -> bool {
        let gap = |end: &EndpointState| end.on.is_some_and(|on| on != (end.map == MapStatus::In));
        let matters = |end: &EndpointState| end.map == MapStatus::In || end.on == Some(true);
        let Some(to) = &self.destination else { return self.change.is_some() || gap(&self.source) };
        let maps = to.map != self.source.map && (matters(to) || matters(&self.source) || self.mentioned());
        let qemus = to.on.is_some() && self.source.on.is_some() && to.on != self.source.on;
        self.change.is_some() || maps || qemus || gap(&self.source) || gap(to)
    }

    /// Returns whether a definition mentions it.
    pub(crate) fn mentioned(&self) -> bool {
        self.live.is_some() || self.sent.is_some()
    }

    /// Returns how it is shown in one cell.
    pub(crate) fn cell(&self) -> CellKind {
        match self.change {
            Some(change) => CellKind::Change(change),
            None if self.mentioned() => CellKind::Written,
            None if self.differs() => CellKind::Differing,
            None => match self.source.on {
                Some(true) => CellKind::On,
                Some(false) => CellKind::Off,
                None => CellKind::NoCpu,
            },
        }
    }

    /// Returns whether `filter` lists it.
    pub(crate) fn passes(&self, filter: Filter) -> bool {
        match filter {
            Filter::Differing => self.in_table || self.differs(),
            Filter::Mentioned => self.mentioned(),
            Filter::All => true,
        }
    }
}

/// Returns the feature table of an answer: the changed features, then the feature of the decision table, then the others
/// in the order of the destination's map. Empty for an answer without a trace.
pub(crate) fn rows(answer: &Answer, table_feature: FeatureId) -> Vec<FeatureRow> {
    let Some(trace) = &answer.trace else { return Vec::new() };
    let (source, destination) = (trace.source(), trace.destination());
    let order = destination.map_or(&source.map, |run| &run.map);
    let changes = changes(answer);
    let live = trace.reconnected.as_ref().or(source.live.as_ref()).or(source.prepared.as_ref());
    let sent = destination.map(|run| &run.given);
    let mut all = considered(source) | destination.map(considered).unwrap_or_default();
    all.extend(changes.keys().copied());
    let policy = |definition: Option<&Definition>, feature| definition.and_then(|d| d.features.get(feature));
    let mut rows: Vec<FeatureRow> = order
        .in_order(all)
        .into_iter()
        .map(|feature| FeatureRow {
            feature,
            in_table: feature == table_feature,
            source: endpoint_state(source, destination, feature),
            live: policy(live, feature),
            sent: policy(sent, feature),
            destination: destination.map(|run| endpoint_state(run, Some(source), feature)),
            change: changes.get(&feature).copied(),
        })
        .collect();
    sort_by_key(&mut rows, |row| (row.change.is_none(), !row.in_table));
    rows
}

fn considered(run: &StartTrace) -> FeatureSet {
    let mut all = run.given.features.mentioned();
    for definition in [&run.prepared, &run.live].into_iter().flatten() {
        all |= definition.features.mentioned();
    }
    if let Some(model) = run.model().and_then(|model| run.map.model(model)) {
        all |= model.data | model.removed_set() | model.added_set();
    }
    all | run.cpu.as_ref().map(|cpu| cpu.on | cpu.unavailable).unwrap_or_default()
}

fn changes(answer: &Answer) -> HashMap<FeatureId, FeatureChange> {
    let lists = [
        (&answer.lost, FeatureChange::Lost),
        (&answer.gained, FeatureChange::Gained),
        (&answer.missing, FeatureChange::Missing),
        (&answer.extra, FeatureChange::Extra),
    ];
    lists.into_iter().flat_map(|(list, change)| list.iter().map(move |feature| (*feature, change))).collect()
}

fn endpoint_state(run: &StartTrace, other: Option<&StartTrace>, feature: FeatureId) -> EndpointState {
    let elsewhere = other.is_some_and(|other| in_model(&other.map, other.model(), feature));
    EndpointState {
        map: map_status(&run.map, run.model(), feature, elsewhere),
        on: run.cpu.as_ref().map(|cpu| cpu.on.contains(feature)),
        origin: run.cpu.as_ref().and_then(|cpu| cpu.origin(feature)),
    }
}

fn in_model(map: &CpuMap, model: Option<ModelId>, feature: FeatureId) -> bool {
    model.and_then(|model| map.model(model)).is_some_and(|definition| definition.data.contains(feature))
}

fn map_status(map: &CpuMap, model: Option<ModelId>, feature: FeatureId, elsewhere: bool) -> MapStatus {
    let definition = model.and_then(|model| map.model(model));
    match definition {
        _ if !map.known.contains(feature) => MapStatus::Unknown,
        Some(definition) if definition.data.contains(feature) => MapStatus::In,
        Some(definition) if definition.removed.contains(&feature) => MapStatus::Removed,
        Some(definition) if definition.added.contains(&feature) => MapStatus::Added,
        Some(_) if elsewhere => MapStatus::Gone,
        Some(_) | None => MapStatus::Out,
    }
}

/// Returns a policy in at most five characters; empty for a feature that is not mentioned.
pub(crate) fn short_policy(policy: Option<Policy>) -> &'static str {
    match policy {
        None => "",
        Some(Policy::Require) => "+",
        Some(Policy::Disable) => "-",
        Some(Policy::Force) => "force",
        Some(Policy::Optional) => "opt",
        Some(Policy::Forbid) => "forb",
    }
}

/// Returns how many rows pass `filter`, and how many there are.
pub(crate) fn counts(rows: &[FeatureRow], filter: Filter) -> (usize, usize) {
    (rows.iter().filter(|row| row.passes(filter)).count(), rows.len())
}
