//! Reads the answer off a journey: verdict, row, rule, what was lost and gained, who is short of what.

use super::answer::{Completion, LimitingComponent, Refusal, Risk, Row, UnorderedRefusal, Verdict};
use super::decision_table::{MapState, Mention, row};
use super::migrate::{Case, MigrationResult, Prepared};
use super::prepared_endpoint::PreparedEndpoint;
use super::recorder::{FullTrace, Nothing, RefusalOnly};
use super::rules::{RuleId, RuleInput, deciding};
use super::start::Built;
use super::trace::Trace;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelDefinition;
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
    pub fault: Option<LimitingComponent>,
    /// Every stage.
    pub trace: Trace,
}

impl Verdict {
    /// Returns what came of the migration.
    pub const fn outcome(self) -> Completion {
        match self {
            Self::Unchanged | Self::Changed => Completion::Completed,
            Self::Aborted => Completion::Aborted,
            Self::StartRefused => Completion::StartRefused,
            Self::Never | Self::Depends => Completion::Depends,
        }
    }
}

/// The answer to one case in short: what came of it and what decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Outcome {
    /// What it did to the guest's CPU.
    pub verdict: Verdict,
    /// The rule that decided; `None` where the answer depends.
    pub rule: Option<RuleId>,
    /// The table's row for the feature asked about.
    pub row: Option<Row>,
}

/// The answer in short, and the features it is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OutcomeWithFeatures {
    /// What came of it and what decided.
    pub outcome: Outcome,
    /// Extra features where a check refused the guest, else those it gained.
    pub more: FeatureSet,
    /// Missing features where a check refused the guest, else those it lost.
    pub less: FeatureSet,
}

impl OutcomeWithFeatures {
    /// Returns the answer of what depends on inputs that are not known.
    pub(super) const fn depends(row: Option<Row>) -> Self {
        let outcome = Outcome { verdict: Verdict::Depends, rule: None, row };
        Self { outcome, more: FeatureSet::EMPTY, less: FeatureSet::EMPTY }
    }
}

/// Returns the verdict on one definition, for the table's feature `feature`, without keeping any stage. `None` when
/// the way has no source.
pub fn verdict<P: PolicyStore>(
    prepared: &Prepared<'_>,
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<Outcome> {
    Some(brief(prepared, definition, feature)?.outcome)
}

/// Returns the same with the features it is about.
pub fn brief<P: PolicyStore>(
    prepared: &Prepared<'_>,
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<OutcomeWithFeatures> {
    match prepared.path(0, 1) {
        Some(path) if prepared.ends() == 2 => brief_over(prepared, &path, definition, feature),
        _ => brief_over(prepared, &prepared.whole_way(), definition, feature),
    }
}

/// Returns the same for the straight way from one of the ends to another, by their places.
pub fn brief_between<P: PolicyStore>(
    prepared: &Prepared<'_>,
    (from, to): (usize, usize),
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<OutcomeWithFeatures> {
    brief_over(prepared, &prepared.path(from, to)?, definition, feature)
}

fn brief_over<P: PolicyStore>(
    prepared: &Prepared<'_>,
    path: &[&PreparedEndpoint<'_>],
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<OutcomeWithFeatures> {
    let walked = prepared.walk(path, definition, feature, &mut Nothing)?;
    let read = Reading::of(prepared.catalog, path, &walked, feature);
    Some(OutcomeWithFeatures { outcome: read.outcome(), more: read.found.more, less: read.found.less })
}

/// The verdict as [`verdict`] gives it, and the refusal with its features in order.
pub(super) fn verdict_and_refusal(
    prepared: &Prepared<'_>,
    definition: &Definition,
    feature: FeatureId,
) -> Option<(Outcome, Option<Refusal>)> {
    let path = prepared.whole_way();
    let walked = prepared.walk(&path, &definition.unordered(), feature, &mut Nothing)?;
    let read = Reading::of(prepared.catalog, &path, &walked, feature);
    let receiver = path.get(walked.hop + 1);
    match (&walked.last.stop, receiver) {
        (None, _) => return Some((read.outcome(), None)),
        (Some(stop @ UnorderedRefusal::FullCheck { .. }), Some(receiver)) if walked.set_out => {
            return Some((read.outcome(), Some(stop.listed(|set| receiver.end.map.in_order(set)))));
        }
        (Some(_), _) => {}
    }
    // The other refusals are worded by the order of the definition's features.
    let mut last = RefusalOnly::default();
    let walked = prepared.walk(&path, definition, feature, &mut last)?;
    Some((Reading::of(prepared.catalog, &path, &walked, feature).outcome(), last.refusal))
}

/// Returns the answer to one case, for the table's feature `feature`; `None` when the case has no source.
pub fn decide(catalog: &Catalog, case: &Case<'_>, feature: FeatureId) -> Option<Decided> {
    let prepared = Prepared::of(catalog, case);
    let mut stages = FullTrace::with_room(case.ends.len());
    let path = prepared.whole_way();
    let walked = prepared.walk(&path, &case.definition, feature, &mut stages)?;
    let trace = Trace { hop: walked.hop, ..stages.trace()? };
    let read = Reading::of(catalog, &path, &walked, feature);
    let (verdict, row) = (read.found.verdict, read.found.row);
    let rule = deciding(&read.found);
    let receiver = trace.receiver();
    let completed = matches!(verdict, Verdict::Unchanged | Verdict::Changed);
    let shown = |set: FeatureSet| if completed { receiver.map.in_order(set) } else { Vec::new() };
    let (extra, missing) = walked.last.stop.as_ref().map(UnorderedRefusal::sets).unwrap_or_default();
    Some(Decided {
        verdict,
        rule,
        row,
        would_notice: walked.before.zip(walked.after).map(|_| !(read.lost | read.gained).is_empty()),
        risk: (completed && case.guest.accel == Accel::Kvm && !(read.lost & catalog.named().with_state).is_empty())
            .then_some(Risk::GuestStateMayNotLoad),
        fault: fault(rule, &read.found, case.guest.accel, walked.cpu),
        lost: shown(read.lost),
        gained: shown(read.gained),
        extra: receiver.map.in_order(extra),
        missing: receiver.map.in_order(missing),
        trace,
    })
}

/// What the rules look at, read off a walk.
struct Reading<'w> {
    found: RuleInput<'w>,
    lost: FeatureSet,
    gained: FeatureSet,
}

impl<'w> Reading<'w> {
    fn of(
        catalog: &'w Catalog,
        path: &[&'w PreparedEndpoint<'_>],
        walked: &'w MigrationResult,
        feature: FeatureId,
    ) -> Self {
        let (lost, gained) = match (walked.before, walked.after) {
            (Some(before), Some(after)) => ((before - after) & walked.told, (after - before) & walked.told),
            _ => (FeatureSet::EMPTY, FeatureSet::EMPTY),
        };
        let refusal = walked.last.stop.as_ref();
        let verdict = match refusal {
            Some(_) if !walked.set_out => Verdict::StartRefused,
            Some(_) => Verdict::Aborted,
            None if (lost | gained).is_empty() => Verdict::Unchanged,
            None => Verdict::Changed,
        };
        let (extra, missing) = refusal.map(UnorderedRefusal::sets).unwrap_or_default();
        let (more, less) = if (extra | missing).is_empty() { (gained, lost) } else { (extra, missing) };
        let sender = path.get(walked.hop).copied();
        let receiver = path.get(walked.hop + 1).or(path.last()).copied();
        let found = RuleInput {
            verdict,
            refusal,
            more,
            less,
            differ: more | less,
            row: sender.zip(receiver).and_then(|ends| find_row(catalog, ends, walked.says, feature)),
            feature,
            passthrough: walked.passthrough,
            source_knows: sender.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            destination_knows: receiver.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            added: receiver
                .and_then(|endpoint| endpoint.model.as_ref())
                .map_or(&FeatureSet::EMPTY, |model| &model.added),
            cleared: walked.cpu.as_ref().map_or(&FeatureSet::EMPTY, |cpu| &cpu.cleared),
            names: catalog.named(),
        };
        Self { found, lost, gained }
    }

    fn outcome(&self) -> Outcome {
        Outcome { verdict: self.found.verdict, rule: Some(deciding(&self.found)), row: self.found.row }
    }
}

fn find_row(
    catalog: &Catalog,
    (sender, receiver): (&PreparedEndpoint<'_>, &PreparedEndpoint<'_>),
    says: Mention,
    feature: FeatureId,
) -> Option<Row> {
    let model = sender.model.as_ref()?.id;
    let [from, to] = [sender, receiver].map(|endpoint| endpoint.model.as_ref().and_then(|model| model.of_map));
    let had = |of_map: Option<&ModelDefinition>| of_map.is_some_and(|of_map| of_map.data.contains(feature));
    if !catalog.ever_in(model).contains(feature) && !had(from) && !had(to) {
        return None;
    }
    row(says, MapState::of(from?, feature), MapState::of(to?, feature))
}

fn fault(rule: RuleId, found: &RuleInput<'_>, accel: Accel, cpu: Option<Built>) -> Option<LimitingComponent> {
    if found.verdict == Verdict::Unchanged {
        return None;
    }
    let filtered = cpu.map(|cpu| cpu.filtered).unwrap_or_default();
    let giver = match accel {
        Accel::Kvm => LimitingComponent::Silicon,
        Accel::Tcg => LimitingComponent::Accelerator,
    };
    Some(match rule {
        RuleId::T7 if found.verdict == Verdict::Changed => LimitingComponent::Libvirt,
        RuleId::T1 | RuleId::T2 | RuleId::T3 | RuleId::T4 | RuleId::T5 | RuleId::T6 | RuleId::T7 | RuleId::T8 => {
            LimitingComponent::Map
        }
        RuleId::MachineType | RuleId::ModelUnsupported | RuleId::UnknownProperty | RuleId::QemuTooOld => {
            LimitingComponent::Qemu
        }
        RuleId::UnknownFeature
        | RuleId::UnknownModel
        | RuleId::VmxUnknownToSource
        | RuleId::IntelPt
        | RuleId::Pconfig => LimitingComponent::Map,
        RuleId::Monitor if found.refusal.is_none() => LimitingComponent::Libvirt,
        RuleId::Monitor => LimitingComponent::Map,
        RuleId::Ht | RuleId::VmxDisabled => LimitingComponent::Libvirt,
        RuleId::Conflict | RuleId::Pdcm | RuleId::Dependency | RuleId::Unlisted => LimitingComponent::Qemu,
        RuleId::ArchCapabilities if found.less.is_subset(&filtered) && !found.less.is_empty() => giver,
        RuleId::ArchCapabilities => LimitingComponent::Qemu,
        RuleId::Missing | RuleId::ExtraMissing => {
            // What was filtered could not be given. The rest is QEMU's: what its model does not turn on, and what
            // the threads turn on, which an older QEMU filters on every host.
            let threads: FeatureSet = found.names.ht.into_iter().chain(found.names.cmp_legacy).collect();
            if (found.less - threads).is_disjoint(&filtered) { LimitingComponent::Qemu } else { giver }
        }
        RuleId::Extra => LimitingComponent::Map,
        RuleId::PartialCheck | RuleId::ForbiddenFeature | RuleId::Passthrough | RuleId::SameDefinition => giver,
    })
}
