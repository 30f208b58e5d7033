//! Makes the feature table: for each feature what either map believes, what either QEMU gives, and what is written.

use crate::domain::definition::{Definition, Policy, named_enum};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelId};
use crate::resolve::{Answer, Origin, StartTrace};
use std::collections::HashMap;

named_enum! {
    /// What a map says of a feature and the guest's model.
    MapStatus {
        /// It is in the model.
        In "in",
        /// It is on the model's removed list.
        Removed "removed",
        /// It is on the model's added list.
        Added "added",
        /// The other end's map has it in the model, this one does not.
        Gone "gone",
        /// It is not in the model.
        Out "-",
        /// The map has no feature of this name.
        Unknown "unknown",
    }
}

named_enum! {
    /// What became of a feature on the way.
    FeatureChange {
        /// QEMU gave it and nobody asked for it: the full check refused.
        Extra "EXTRA",
        /// It was asked for and QEMU did not give it: the full check refused.
        Missing "MISSING",
        /// The guest lost it.
        Lost "LOST",
        /// The guest gained it.
        Gained "GAINED",
    }
}

named_enum! {
    /// Which features are listed.
    Filter {
        /// Those that differ between the ends, or between what a map believes and QEMU gives.
        Differing "differing",
        /// Those that some definition mentions.
        Mentioned "mentioned",
        /// All.
        All "all",
    }
}

impl Filter {
    /// Returns the filter after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Differing => Self::Mentioned,
            Self::Mentioned => Self::All,
            Self::All => Self::Differing,
        }
    }
}

/// What one end believes and gives; `None` for a CPU that was never built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndState {
    /// What its map says.
    pub map: MapStatus,
    /// Whether its QEMU has it on.
    pub on: Option<bool>,
    /// Which step decided that.
    pub origin: Option<Origin>,
}

/// One line of the feature table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeatureRow {
    /// The feature.
    pub feature: FeatureId,
    /// Whether it is the one the decision table is about.
    pub asked: bool,
    /// The source.
    pub source: EndState,
    /// What the source's live definition says.
    pub live: Option<Policy>,
    /// What is sent: the cookie where it replaces the XML.
    pub sent: Option<Policy>,
    /// The destination; `None` when nothing arrived there.
    pub destination: Option<EndState>,
    /// What became of it.
    pub fate: Option<FeatureChange>,
}

impl FeatureRow {
    /// Returns whether it differs between the ends, or between what a map believes and QEMU gives. That one map lists
    /// it as removed or added counts only where someone has it or mentions it.
    pub fn differs(&self) -> bool {
        let gap = |end: &EndState| end.on.is_some_and(|on| on != (end.map == MapStatus::In));
        let matters = |end: &EndState| end.map == MapStatus::In || end.on == Some(true);
        let Some(to) = &self.destination else { return self.fate.is_some() || gap(&self.source) };
        let maps = to.map != self.source.map && (matters(to) || matters(&self.source) || self.mentioned());
        let qemus = to.on.is_some() && self.source.on.is_some() && to.on != self.source.on;
        self.fate.is_some() || maps || qemus || gap(&self.source) || gap(to)
    }

    /// Returns whether some definition says something about it.
    pub fn mentioned(&self) -> bool {
        self.live.is_some() || self.sent.is_some()
    }

    /// Returns whether `filter` keeps it.
    pub fn passes(&self, filter: Filter) -> bool {
        match filter {
            Filter::Differing => self.asked || self.differs(),
            Filter::Mentioned => self.mentioned(),
            Filter::All => true,
        }
    }
}

/// Returns the feature table of an answer: first what the verdict is about, then the feature asked about, then the
/// others in the order of the destination's map. Empty where there is no journey.
pub fn rows(answer: &Answer, asked: FeatureId) -> Vec<FeatureRow> {
    let Some(trace) = &answer.trace else { return Vec::new() };
    let (source, destination) = (trace.source(), trace.destination());
    let order = destination.map_or(&source.map, |run| &run.map);
    let fates = fates(answer);
    let live = trace.reconnected.as_ref().or(source.live.as_ref()).or(source.prepared.as_ref());
    let sent = destination.map(|run| &run.given);
    let mut all = considered(source) | destination.map(considered).unwrap_or_default();
    all.extend(fates.keys().copied());
    let said = |definition: Option<&Definition>, feature| definition.and_then(|d| d.features.get(feature));
    let mut rows: Vec<FeatureRow> = order
        .in_order(all)
        .into_iter()
        .map(|feature| FeatureRow {
            feature,
            asked: feature == asked,
            source: end(source, destination, feature),
            live: said(live, feature),
            sent: said(sent, feature),
            destination: destination.map(|run| end(run, Some(source), feature)),
            fate: fates.get(&feature).copied(),
        })
        .collect();
    rows.sort_by_key(|row| (row.fate.is_none(), !row.asked));
    rows
}

fn considered(run: &StartTrace) -> FeatureSet {
    let mut all = run.given.features.mentioned();
    for definition in [&run.prepared, &run.live].into_iter().flatten() {
        all |= definition.features.mentioned();
    }
    if let Some(model) = run.given.model.and_then(|model| run.map.model(model)) {
        all |= model.data | model.removed_set() | model.added_set();
    }
    all | run.cpu.as_ref().map(|cpu| cpu.on | cpu.unavailable).unwrap_or_default()
}

fn fates(answer: &Answer) -> HashMap<FeatureId, FeatureChange> {
    let lists = [
        (&answer.lost, FeatureChange::Lost),
        (&answer.gained, FeatureChange::Gained),
        (&answer.missing, FeatureChange::Missing),
        (&answer.extra, FeatureChange::Extra),
    ];
    lists.into_iter().flat_map(|(list, fate)| list.iter().map(move |feature| (*feature, fate))).collect()
}

fn end(run: &StartTrace, other: Option<&StartTrace>, feature: FeatureId) -> EndState {
    let model = run.given.model;
    let elsewhere = other.is_some_and(|other| in_model(&other.map, other.given.model, feature));
    EndState {
        map: believes(&run.map, model, feature, elsewhere),
        on: run.cpu.as_ref().map(|cpu| cpu.on.contains(feature)),
        origin: run.cpu.as_ref().and_then(|cpu| cpu.origin(feature)),
    }
}

fn in_model(map: &CpuMap, model: Option<ModelId>, feature: FeatureId) -> bool {
    model.and_then(|model| map.model(model)).is_some_and(|definition| definition.data.contains(feature))
}

fn believes(map: &CpuMap, model: Option<ModelId>, feature: FeatureId, elsewhere: bool) -> MapStatus {
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

/// Returns how the journey's features are counted in a heading: how many rows pass `filter`, and how many there are.
pub fn counts(rows: &[FeatureRow], filter: Filter) -> (usize, usize) {
    (rows.iter().filter(|row| row.passes(filter)).count(), rows.len())
}
