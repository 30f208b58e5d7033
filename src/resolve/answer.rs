//! Reads the answer off a journey: verdict, row, rule, what was lost and gained, who is short of what.

use super::end::{End, Named};
use super::journey::{Case, travel};
use super::resolution::{Fault, Journey, Outcome, Refusal, Risk, Row, Run, Verdict};
use super::rules::{Findings, RuleId, deciding};
use super::table::{Age, Says, row};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Definition;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::{CpuMap, ModelDefinition, ModelId};
use crate::domain::qemu::Accel;

/// The answer to one fully decided case.
#[derive(Clone, PartialEq, Debug)]
pub struct Decided {
    /// What it did to the guest's CPU.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: RuleId,
    /// The table's row for the feature asked about.
    pub row: Option<Row>,
    /// Extra features, in the order of the destination's map.
    pub extra: Vec<FeatureId>,
    /// Missing features, in the order of the destination's map.
    pub missing: Vec<FeatureId>,
    /// What the guest lost, in the order of the destination's map.
    pub lost: Vec<FeatureId>,
    /// What the guest gained, in the order of the destination's map.
    pub gained: Vec<FeatureId>,
    /// Whether the guest could read a difference; `None` where a CPU was never built.
    pub would_notice: Option<bool>,
    /// What may go wrong although the migration completes.
    pub risk: Option<Risk>,
    /// Who is short of what would have let the guest through.
    pub fault: Option<Fault>,
    /// Every stage.
    pub journey: Journey,
}

impl Verdict {
    /// Returns what came of the migration.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Unchanged | Self::Changed => Outcome::Completed,
            Self::Aborted => Outcome::Aborted,
            Self::StartRefused => Outcome::StartRefused,
            Self::Never | Self::Depends => Outcome::Depends,
        }
    }
}

/// Returns the answer to one case, for the table's feature `feature`; `None` when the case has no source.
pub fn decide(catalog: &Catalog, names: &Named, case: &Case<'_>, feature: FeatureId) -> Option<Decided> {
    let journey = travel(catalog, names, case)?;
    Some(read(catalog, names, case, journey, feature))
}

/// Reads the answer off a journey through `case`.
pub(super) fn read(catalog: &Catalog, names: &Named, case: &Case<'_>, journey: Journey, feature: FeatureId) -> Decided {
    let before = journey.start.cpu.as_ref().map(|cpu| cpu.visible);
    let after = journey.destination().and_then(|run| run.cpu.as_ref()).map(|cpu| cpu.visible);
    // Of a guest that already runs only that is known of which the source's map speaks.
    let told = case.running.as_ref().and(case.source()).map_or(FeatureSet::ALL, |end| end.map.known);
    let (lost, gained) = match (before, after) {
        (Some(before), Some(after)) => ((before - after) & told, (after - before) & told),
        _ => (FeatureSet::EMPTY, FeatureSet::EMPTY),
    };
    let refusal = journey.refusal().cloned();
    let verdict = match &refusal {
        Some(_) if journey.start.refused.is_some() => Verdict::StartRefused,
        Some(_) => Verdict::Aborted,
        None if (lost | gained).is_empty() => Verdict::Unchanged,
        None => Verdict::Changed,
    };
    let deciding_hop = hop_that_decides(&journey, told);
    let ends = (case.ends.get(deciding_hop), case.ends.get(deciding_hop + 1).or(case.destination()));
    let row = ends.0.zip(ends.1).and_then(|ends| find_row(catalog, case, &journey, deciding_hop, ends, feature));
    let receiver = journey.hops.get(deciding_hop).map_or(&journey.start, |hop| &hop.arrival);
    let (extra, missing) = lists(&receiver.map, refusal.as_ref());
    let found = Findings {
        verdict,
        refusal: refusal.as_ref(),
        more: if extra.is_empty() && missing.is_empty() { gained } else { extra.iter().copied().collect() },
        less: if extra.is_empty() && missing.is_empty() { lost } else { missing.iter().copied().collect() },
        row,
        feature,
        passthrough: case.guest_definition().is_passthrough(),
        source_knows: ends.0.map(|end| end.map.known).unwrap_or_default(),
        destination_knows: ends.1.map(|end| end.map.known).unwrap_or_default(),
        added: added_at(ends.1, case.guest_definition().model),
        cleared: receiver.cpu.as_ref().map(|cpu| cpu.cleared).unwrap_or_default(),
        names,
    };
    let rule = deciding(&found);
    let order: &CpuMap = &receiver.map;
    let completed = matches!(verdict, Verdict::Unchanged | Verdict::Changed);
    Decided {
        verdict,
        rule,
        row,
        would_notice: before.zip(after).map(|_| !(lost | gained).is_empty()),
        risk: (completed && case.guest.accel == Accel::Kvm && !(lost & state_features(catalog)).is_empty())
            .then_some(Risk::GuestStateMayNotLoad),
        fault: fault(names, rule, &found, case, receiver),
        lost: if completed { order.in_order(lost) } else { Vec::new() },
        gained: if completed { order.in_order(gained) } else { Vec::new() },
        extra,
        missing,
        journey,
    }
}

/// Features with a register state of their own that a guest may have switched on: XCR0 then names bits that KVM does
/// not accept for a CPU without the feature.
fn state_features(catalog: &Catalog) -> FeatureSet {
    ["mpx", "avx", "avx512f", "pku", "amx-tile"].into_iter().filter_map(|name| catalog.feature(name)).collect()
}

/// The features of a refusal, in the order of the map; a message may have an order of its own.
fn lists(map: &CpuMap, refusal: Option<&Refusal>) -> (Vec<FeatureId>, Vec<FeatureId>) {
    let sorted = |features: &[FeatureId]| map.in_order(features.iter().copied().collect());
    match refusal {
        Some(Refusal::FullCheck { extra, missing }) => (extra.clone(), missing.clone()),
        Some(Refusal::PartialMissing(missing)) => (Vec::new(), sorted(missing)),
        Some(Refusal::PartialStrict(extra)) => (sorted(extra), Vec::new()),
        _ => (Vec::new(), Vec::new()),
    }
}

/// The hop that refused the guest, else the first that changed its CPU, else the last.
fn hop_that_decides(journey: &Journey, told: FeatureSet) -> usize {
    let last = journey.hops.len().saturating_sub(1);
    if journey.refusal().is_some() {
        return last;
    }
    let mut before = journey.start.cpu.as_ref().map(|cpu| cpu.visible);
    for (place, hop) in journey.hops.iter().enumerate() {
        let after = hop.arrival.cpu.as_ref().map(|cpu| cpu.visible);
        if before.map(|before| before & told) != after.map(|after| after & told) {
            return place;
        }
        before = after;
    }
    last
}

fn find_row(
    catalog: &Catalog,
    case: &Case<'_>,
    journey: &Journey,
    hop: usize,
    (sender, receiver): (&End<'_>, &End<'_>),
    feature: FeatureId,
) -> Option<Row> {
    let model = case.guest_definition().model?;
    let had = |map: &CpuMap| map.model(model).is_some_and(|definition| definition.data.contains(feature));
    if !catalog.maps().iter().any(|map| had(map)) && !had(&sender.map) && !had(&receiver.map) {
        return None;
    }
    let says = match journey.hops.get(hop) {
        Some(hop) => Says::of(&hop.arrival.given, feature),
        None => would_say(&journey.start, case.guest_definition(), &sender.map, feature),
    };
    row(says, Age::of(&sender.map, model, feature)?, Age::of(&receiver.map, model, feature)?)
}

/// What a guest that never started would have sent: its removed features are written down at every start.
fn would_say(start: &Run, definition: &Definition, map: &CpuMap, feature: FeatureId) -> Says {
    let says = Says::of(start.prepared.as_ref().unwrap_or(definition), feature);
    let removed = definition.model.and_then(|model| map.model(model)).is_some_and(|m| m.removed.contains(&feature));
    if says == Says::Nothing && removed { Says::Off } else { says }
}

fn added_at(end: Option<&End<'_>>, model: Option<ModelId>) -> FeatureSet {
    end.zip(model).and_then(|(end, model)| end.map.model(model)).map(ModelDefinition::added_set).unwrap_or_default()
}

fn fault(names: &Named, rule: RuleId, found: &Findings<'_>, case: &Case<'_>, receiver: &Run) -> Option<Fault> {
    if found.verdict == Verdict::Unchanged {
        return None;
    }
    let giver = match case.guest.accel {
        Accel::Kvm => Fault::Silicon,
        Accel::Tcg => Fault::Accelerator,
    };
    Some(match rule {
        RuleId::T7 if found.verdict == Verdict::Changed => Fault::Libvirt,
        RuleId::T1 | RuleId::T2 | RuleId::T3 | RuleId::T4 | RuleId::T5 | RuleId::T6 | RuleId::T7 | RuleId::T8 => {
            Fault::Map
        }
        RuleId::MachineType | RuleId::ModelUnsupported | RuleId::UnknownProperty | RuleId::QemuTooOld => Fault::Qemu,
        RuleId::UnknownFeature
        | RuleId::UnknownModel
        | RuleId::VmxUnknownToSource
        | RuleId::IntelPt
        | RuleId::Pconfig => Fault::Map,
        RuleId::Monitor if found.refusal.is_none() => Fault::Libvirt,
        RuleId::Monitor => Fault::Map,
        RuleId::Ht | RuleId::VmxDisabled => Fault::Libvirt,
        RuleId::Conflict | RuleId::Pdcm | RuleId::Dependency | RuleId::Unlisted => Fault::Qemu,
        RuleId::ArchCapabilities if found.less.is_subset(&filtered(receiver)) && !found.less.is_empty() => giver,
        RuleId::ArchCapabilities => Fault::Qemu,
        RuleId::Missing | RuleId::ExtraMissing => {
            let threads: FeatureSet = names.ht.into_iter().chain(names.cmp_legacy).collect();
            if found.less.is_subset(&threads) { Fault::Qemu } else { giver }
        }
        RuleId::Extra => Fault::Map,
        RuleId::PartialCheck | RuleId::ForbiddenFeature | RuleId::Passthrough | RuleId::SameDefinition => giver,
    })
}

fn filtered(receiver: &Run) -> FeatureSet {
    receiver.cpu.as_ref().map(|cpu| cpu.filtered).unwrap_or_default()
}
