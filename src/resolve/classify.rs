//! Reads the answer off a migration: verdict, row, rule, what was lost and gained, who is short of what.

use super::answer::{Answer, Basis, Outcome, OutcomeWithFeatures};
use super::decision_table::{MapState, Mention, Row, row};
use super::endpoint::Endpoint;
use super::migrate::{Case, Journey, MigrationResult, Prepared};
use super::prepared_endpoint::PreparedEndpoint;
use super::recorder::{FullTrace, NoTrace, RefusalOnly};
use super::refusal::{Refusal, UnorderedRefusal};
use super::rules::{RuleId, RuleInput, deciding};
use super::start::Built;
use super::trace::Trace;
use super::verdict::{LimitingComponent, Risk, Verdict};
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, PolicyStore};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelDefinition;
use crate::domain::qemu::Accel;

/// Returns the verdict on one definition, with the row for `feature`, and records no stage. `None` for a case without
/// endpoints.
pub fn verdict<P: PolicyStore>(
    prepared: &Prepared<'_>,
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<Outcome> {
    Some(brief(prepared, definition, feature)?.outcome)
}

/// As [`verdict`], with the features it is about.
pub fn brief<P: PolicyStore>(
    prepared: &Prepared<'_>,
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<OutcomeWithFeatures> {
    match prepared.endpoints.as_slice() {
        [from, to] => brief_over(prepared, &[from, to], definition, feature),
        _ => brief_over(prepared, &prepared.path(), definition, feature),
    }
}

/// A guest that was started at one of the endpoints, for the migrations from there straight to the others.
pub struct Started<'p, P> {
    prepared: &'p Prepared<'p>,
    from: usize,
    feature: FeatureId,
    journey: Journey<'p, P>,
}

impl<'p, P: PolicyStore> Started<'p, P> {
    /// Starts the guest at the endpoint with this index, if there is one.
    pub fn at(prepared: &'p Prepared<'p>, from: usize, definition: &Definition<P>, feature: FeatureId) -> Option<Self> {
        let journey = prepared.start(prepared.endpoints.get(from)?, true, (definition, feature), &mut NoTrace);
        Some(Self { prepared, from, feature, journey })
    }

    /// As [`brief`], for the migration to the endpoint with this index.
    pub fn to(&self, to: usize) -> Option<OutcomeWithFeatures> {
        let endpoints = &self.prepared.endpoints;
        let path: [&PreparedEndpoint<'_>; 2] = [endpoints.get(self.from)?, endpoints.get(to)?];
        let mut journey = self.journey.clone();
        journey.go_on(&path, self.feature, &mut NoTrace);
        Some(RuleInput::of(self.prepared.catalog, &path, &journey.result, self.feature).brief())
    }
}

fn brief_over<P: PolicyStore>(
    prepared: &Prepared<'_>,
    path: &[&PreparedEndpoint<'_>],
    definition: &Definition<P>,
    feature: FeatureId,
) -> Option<OutcomeWithFeatures> {
    let result = prepared.migrate(path, definition, feature, &mut NoTrace)?;
    Some(RuleInput::of(prepared.catalog, path, &result, feature).brief())
}

/// As [`brief`], with the refusal as libvirt words it: with its features in order.
pub(super) fn brief_and_refusal(
    prepared: &Prepared<'_>,
    definition: &Definition,
    feature: FeatureId,
) -> Option<(OutcomeWithFeatures, Option<Refusal>)> {
    let path = prepared.path();
    let result = prepared.migrate(&path, &definition.unordered(), feature, &mut NoTrace)?;
    let input = RuleInput::of(prepared.catalog, &path, &result, feature);
    let receiver = path.get(result.hop + 1);
    match (input.refusal, receiver) {
        (None, _) => return Some((input.brief(), None)),
        (Some(refusal @ UnorderedRefusal::FullCheck { .. }), Some(receiver)) if result.started => {
            return Some((input.brief(), Some(refusal.listed(|set| receiver.end.map.in_order(set)))));
        }
        (Some(_), _) => {}
    }
    // The other refusals are worded by the order of the definition's features.
    let mut last = RefusalOnly::default();
    let result = prepared.migrate(&path, definition, feature, &mut last)?;
    Some((RuleInput::of(prepared.catalog, &path, &result, feature).brief(), last.refusal))
}

/// Returns the answer to one case, with the row for `feature` and every stage; `None` for a case without endpoints.
pub fn decide(catalog: &Catalog, case: &Case<'_>, feature: FeatureId, basis: Basis) -> Option<Answer> {
    let prepared = Prepared::of(catalog, case);
    let mut stages = FullTrace::with_room(case.ends.len());
    let path = prepared.path();
    let result = prepared.migrate(&path, &case.definition, feature, &mut stages)?;
    let trace = Trace { hop: result.hop, ..stages.trace()? };
    let input = RuleInput::of(catalog, &path, &result, feature);
    let rule = deciding(&input);
    let completed = input.verdict.is_completed();
    let in_order = |set: FeatureSet| trace.receiver().map.in_order(set);
    let of_completed = |set: FeatureSet| if completed { in_order(set) } else { Vec::new() };
    let (extra, missing) = input.refusal.map(UnorderedRefusal::sets).unwrap_or_default();
    let loses_state = !(input.lost & catalog.named().with_state).is_empty();
    let (states_before, states_after) = result.states;
    let states = |set: FeatureSet| if completed { set } else { FeatureSet::EMPTY };
    Some(Answer {
        verdict: input.verdict,
        rule: Some(rule),
        row: input.row,
        regime: case.ends.last().map(Endpoint::regime),
        extra: in_order(extra),
        missing: in_order(missing),
        lost: of_completed(input.lost),
        gained: of_completed(input.gained),
        states_lost: states(states_before - states_after),
        states_gained: states(states_after - states_before),
        change_varies: false,
        would_notice: result.before.and(result.after).map(|_| result.changes((input.lost, input.gained))),
        risk: (completed && case.guest.accel == Accel::Kvm && loses_state).then_some(Risk::GuestStateMayNotLoad),
        fault: limiting_component(rule, &input, case.guest.accel, result.cpu),
        depends_on: Vec::new(),
        either_way: None,
        basis,
        trace: Some(trace),
        cases: Vec::new(),
    })
}

impl<'r> RuleInput<'r> {
    fn of(
        catalog: &'r Catalog,
        path: &[&'r PreparedEndpoint<'_>],
        result: &'r MigrationResult,
        feature: FeatureId,
    ) -> Self {
        let (lost, gained) = match (result.before, result.after) {
            (Some(before), Some(after)) => ((before - after) & result.comparable, (after - before) & result.comparable),
            _ => (FeatureSet::EMPTY, FeatureSet::EMPTY),
        };
        let refusal = result.last.refusal.as_ref();
        let verdict = match refusal {
            Some(_) if !result.started => Verdict::StartRefused,
            Some(_) => Verdict::Aborted,
            None if result.changes((lost, gained)) => Verdict::Changed,
            None => Verdict::Unchanged,
        };
        let (extra, missing) = refusal.map(UnorderedRefusal::sets).unwrap_or_default();
        let (more, less) = if (extra | missing).is_empty() { (gained, lost) } else { (extra, missing) };
        let sender = path.get(result.hop).copied();
        let receiver = path.get(result.hop + 1).or(path.last()).copied();
        Self {
            verdict,
            refusal,
            lost,
            gained,
            more,
            less,
            differ: more | less,
            states_differ: result.states.0 != result.states.1,
            row: sender.zip(receiver).and_then(|ends| find_row(catalog, ends, result, feature)),
            feature,
            passthrough: result.passthrough,
            source_knows: sender.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            destination_knows: receiver.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            added: receiver
                .and_then(|endpoint| endpoint.model.as_ref())
                .map_or(&FeatureSet::EMPTY, |model| &model.added),
            cleared: result.cpu.as_ref().map_or(&FeatureSet::EMPTY, |cpu| &cpu.cleared),
            names: catalog.named(),
        }
    }

    fn brief(&self) -> OutcomeWithFeatures {
        let outcome = Outcome { verdict: self.verdict, rule: Some(deciding(self)), row: self.row };
        OutcomeWithFeatures { outcome, more: self.more, less: self.less }
    }
}

fn find_row(
    catalog: &Catalog,
    (sender, receiver): (&PreparedEndpoint<'_>, &PreparedEndpoint<'_>),
    result: &MigrationResult,
    feature: FeatureId,
) -> Option<Row> {
    let model = sender.model.as_ref()?.id;
    let [from, to] = [sender, receiver].map(|endpoint| endpoint.model.as_ref().and_then(|model| model.of_map));
    let had = |of_map: Option<&ModelDefinition>| of_map.is_some_and(|of_map| of_map.data.contains(feature));
    if !catalog.ever_in(model).contains(feature) && !had(from) && !had(to) {
        return None;
    }
    let (mut source, destination) = (MapState::of(from?, feature), MapState::of(to?, feature));
    // T2 is about guests that both maps read alike. One that an older map started means something else.
    let is_adopted = result.hop == 0 && result.adopted_with_feature && result.mention == Mention::Nothing;
    if is_adopted && destination == MapState::New {
        source = MapState::Old;
    }
    row(result.mention, source, destination)
}

#[expect(clippy::large_types_passed_by_value, reason = "every caller has a copy of its own")]
fn limiting_component(
    rule: RuleId,
    found: &RuleInput<'_>,
    accel: Accel,
    cpu: Option<Built>,
) -> Option<LimitingComponent> {
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
        RuleId::MachineType => LimitingComponent::MachineType,
        RuleId::ModelUnsupported | RuleId::UnknownProperty | RuleId::QemuTooOld | RuleId::MsrFeatures => {
            LimitingComponent::Qemu
        }
        RuleId::RestoreTransport | RuleId::MigrateCommand => LimitingComponent::Libvirt,
        RuleId::CpuMode if matches!(found.refusal, Some(Refusal::UnknownMode(_))) => LimitingComponent::Libvirt,
        RuleId::Invtsc if matches!(found.refusal, Some(Refusal::NotSent(_))) => LimitingComponent::Qemu,
        RuleId::UnknownFeature
        | RuleId::UnknownModel
        | RuleId::VmxUnknownToSource
        | RuleId::IntelPt
        | RuleId::Pconfig => LimitingComponent::Map,
        RuleId::Monitor if found.refusal.is_none() => LimitingComponent::Libvirt,
        RuleId::Monitor => LimitingComponent::Map,
        RuleId::Ht | RuleId::VmxDisabled => LimitingComponent::Libvirt,
        RuleId::Conflict | RuleId::Pdcm | RuleId::Dependency | RuleId::Unlisted | RuleId::XsaveStates => {
            LimitingComponent::Qemu
        }
        RuleId::ArchCapabilities if found.less.is_subset(&filtered) && !found.less.is_empty() => giver,
        RuleId::ArchCapabilities => LimitingComponent::Qemu,
        RuleId::Missing | RuleId::ExtraMissing | RuleId::FeatureLost => {
            // What was filtered could not be given. The rest is QEMU's: what its model does not turn on, and what
            // the threads turn on, which an older QEMU filters on every host.
            let threads: FeatureSet = found.names.ht.into_iter().chain(found.names.cmp_legacy).collect();
            if (found.less - threads).is_disjoint(&filtered) { LimitingComponent::Qemu } else { giver }
        }
        RuleId::Extra | RuleId::FeatureGained => LimitingComponent::Map,
        RuleId::PartialCheck
        | RuleId::StrictMatch
        | RuleId::Vendor
        | RuleId::CpuMode
        | RuleId::Invtsc
        | RuleId::ForbiddenFeature
        | RuleId::Passthrough
        | RuleId::SameDefinition => giver,
    })
}
