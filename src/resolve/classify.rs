//! Derives the answer from a migration: verdict, row, rule, lost and gained features, limiting component.

use super::answer::{Answer, Basis, Outcome, OutcomeWithFeatures};
use super::decision_table::{MapState, Mention, Row, row};
use super::migrate::{Case, MigratingGuest, Prepared};
use super::prepared_endpoint::PreparedEndpoint;
use super::recorder::Recorder;
use super::refusal::{Refusal, UnorderedRefusal};
use super::rules::{RuleId, RuleInput, deciding};
use super::trace::{Built, Trace};
use super::verdict::{LimitingComponent, Risk, Verdict};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Definition;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelDefinition;
use crate::domain::qemu::Accel;

/// Returns the verdict on one definition, with the row for `feature`, and records no stage. `None` for a case without
/// endpoints.
pub fn verdict(prepared: &Prepared<'_>, definition: &Definition, feature: FeatureId) -> Option<Outcome> {
    Some(brief(prepared, definition, feature)?.outcome)
}

/// As [`verdict`], with the features it is about.
pub fn brief(prepared: &Prepared<'_>, definition: &Definition, feature: FeatureId) -> Option<OutcomeWithFeatures> {
    let brief_over = |path: &[&PreparedEndpoint<'_>]| {
        let mut migrating = MigratingGuest::of(prepared, path.first()?, definition, feature);
        migrating.run(prepared, path, &mut Recorder::Nothing);
        Some(RuleInput::of(prepared.catalog, path, &migrating, feature).brief())
    };
    match prepared.endpoints.as_slice() {
        [from, to] => brief_over(&[from, to]),
        _ => brief_over(&prepared.path()),
    }
}

/// A guest that was started at one of the endpoints, for the migrations from there straight to the others.
pub struct Started<'p> {
    prepared: &'p Prepared<'p>,
    from: usize,
    feature: FeatureId,
    migrating: MigratingGuest<'p>,
}

impl<'p> Started<'p> {
    /// Starts the guest at the endpoint with this index, if there is one.
    pub(crate) fn at(
        prepared: &'p Prepared<'p>,
        from: usize,
        definition: &Definition,
        feature: FeatureId,
    ) -> Option<Self> {
        let source = prepared.endpoints.get(from)?;
        let mut migrating = MigratingGuest::of(prepared, source, definition, feature);
        migrating.start(prepared, source, true, &mut Recorder::Nothing);
        Some(Self { prepared, from, feature, migrating })
    }

    /// As [`brief`], for the migration to the endpoint with this index.
    pub(crate) fn to(&self, to: usize) -> Option<OutcomeWithFeatures> {
        let endpoints = &self.prepared.endpoints;
        let path: [&PreparedEndpoint<'_>; 2] = [endpoints.get(self.from)?, endpoints.get(to)?];
        let mut migrating = self.migrating.clone();
        migrating.go_on(&path, &mut Recorder::Nothing);
        Some(RuleInput::of(self.prepared.catalog, &path, &migrating, self.feature).brief())
    }
}

/// As [`brief`], with the refusal as libvirt words it: with its features in order.
pub(super) fn brief_and_refusal(
    prepared: &Prepared<'_>,
    definition: &Definition,
    feature: FeatureId,
) -> Option<(OutcomeWithFeatures, Option<Refusal>)> {
    let path = prepared.path();
    let source = path.first()?;
    let mut migrating = MigratingGuest::of(prepared, source, &definition.unordered(), feature);
    migrating.run(prepared, &path, &mut Recorder::Nothing);
    let input = RuleInput::of(prepared.catalog, &path, &migrating, feature);
    let receiver = path.get(migrating.hop + 1);
    match (input.refusal, receiver) {
        (None, _) => return Some((input.brief(), None)),
        (Some(refusal @ UnorderedRefusal::FullCheck { .. }), Some(receiver)) if migrating.is_started() => {
            return Some((input.brief(), Some(refusal.listed(|set| receiver.end.map.in_order(set)))));
        }
        (Some(_), _) => {}
    }
    // The other refusals are worded by the order of the definition's features.
    let mut last = Recorder::RefusalOnly(None);
    let mut migrating = MigratingGuest::of(prepared, source, definition, feature);
    migrating.run(prepared, &path, &mut last);
    let brief = RuleInput::of(prepared.catalog, &path, &migrating, feature).brief();
    let Recorder::RefusalOnly(refusal) = last else { return None };
    Some((brief, refusal))
}

/// Returns the answer to one case, with the row for `feature` and every stage; `None` for a case without endpoints.
pub fn decide(catalog: &Catalog, case: &Case<'_>, feature: FeatureId, basis: Basis) -> Option<Answer> {
    let prepared = Prepared::of(catalog, case);
    let mut stages = Recorder::of_stages(case.ends.len());
    let path = prepared.path();
    let mut migrating = MigratingGuest::of(&prepared, path.first()?, &case.definition, feature);
    migrating.run(&prepared, &path, &mut stages);
    let trace = Trace { hop: migrating.hop, ..stages.trace()? };
    let input = RuleInput::of(catalog, &path, &migrating, feature);
    let rule = deciding(&input);
    let completed = input.verdict.is_completed();
    let in_order = |set: FeatureSet| trace.receiver().map.in_order(set);
    let (extra, missing) = input.refusal.map(UnorderedRefusal::sets).unwrap_or_default();
    // A guest that did not arrive lost and gained nothing.
    let ends = migrating.ends().filter(|_| completed);
    let (lost, gained) = if completed { (input.less, input.more) } else { (FeatureSet::EMPTY, FeatureSet::EMPTY) };
    let states = ends.map(|(before, after)| (before.states - after.states, after.states - before.states));
    let (states_lost, states_gained) = states.unwrap_or_default();
    let loses_state = !lost.is_disjoint(&catalog.named().with_state);
    Some(Answer {
        verdict: input.verdict,
        rule: Some(rule),
        row: input.row,
        regime: case.ends.last().map(|end| end.regime()),
        extra: in_order(extra),
        missing: in_order(missing),
        lost: in_order(lost),
        gained: in_order(gained),
        states_lost,
        states_gained,
        change_varies: false,
        would_notice: migrating.ends().map(|_| migrating.changes()),
        risk: (case.guest.accel == Accel::Kvm && loses_state).then_some(Risk::GuestStateMayNotLoad),
        limited_by: limiting_component(rule, &input, case.guest.accel, migrating.cpu()),
        depends_on: Vec::new(),
        completes: false,
        basis,
        trace: Some(trace),
        cases: Vec::new(),
    })
}

impl<'r> RuleInput<'r> {
    fn of(
        catalog: &'r Catalog,
        path: &[&'r PreparedEndpoint<'_>],
        migrating: &'r MigratingGuest<'_>,
        feature: FeatureId,
    ) -> Self {
        let refusal = migrating.refusal();
        let verdict = match refusal {
            Some(_) if !migrating.is_started() => Verdict::StartRefused,
            Some(_) => Verdict::Aborted,
            None if migrating.changes() => Verdict::Changed,
            None => Verdict::Unchanged,
        };
        let (mut more, mut less) = refusal.map(UnorderedRefusal::sets).unwrap_or_default();
        let mut differ = more | less;
        if verdict != Verdict::Unchanged && differ.is_empty() {
            (less, more) = migrating.lost_and_gained();
            differ = more | less;
        }
        let sender = path.get(migrating.hop).copied();
        let receiver = path.get(migrating.hop + 1).or(path.last()).copied();
        Self {
            verdict,
            refusal,
            more,
            less,
            differ,
            only: differ.single(),
            states_differ: migrating.states_differ(),
            row: sender.zip(receiver).and_then(|ends| find_row(catalog, ends, migrating, feature)),
            feature,
            passthrough: migrating.passthrough,
            source_knows: sender.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            destination_knows: receiver.map_or(&FeatureSet::EMPTY, |endpoint| &endpoint.end.map.known),
            added: receiver
                .and_then(|endpoint| endpoint.model.as_ref())
                .map_or(&FeatureSet::EMPTY, |model| &model.added),
            cleared: migrating.cpu().map_or(&FeatureSet::EMPTY, |cpu| &cpu.cleared),
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
    migrating: &MigratingGuest<'_>,
    feature: FeatureId,
) -> Option<Row> {
    let model = sender.model.as_ref()?.id;
    let (from, to) = (sender.of_map(), receiver.of_map());
    let had = |of_map: Option<&ModelDefinition>| of_map.is_some_and(|of_map| of_map.data.contains(feature));
    if !catalog.ever_in(model).contains(feature) && !had(from) && !had(to) {
        return None;
    }
    let (mut source, destination) = (MapState::of(from?, feature), MapState::of(to?, feature));
    // T2 is about guests that both maps read in the same way. One that an older map started means something else.
    let is_adopted = migrating.hop == 0 && migrating.adopted_with_feature && migrating.mention == Mention::Nothing;
    if is_adopted && destination == MapState::New {
        source = MapState::Old;
    }
    row(migrating.mention, source, destination)
}

fn limiting_component(
    rule: RuleId,
    found: &RuleInput<'_>,
    accel: Accel,
    cpu: Option<&Built>,
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
        RuleId::ModelUnsupported
        | RuleId::UnknownProperty
        | RuleId::QemuTooOld
        | RuleId::MsrFeatures
        | RuleId::NestedVmx => LimitingComponent::Qemu,
        RuleId::RestoreTransport | RuleId::MigrateCommand => LimitingComponent::Libvirt,
        RuleId::CpuMode if matches!(found.refusal, Some(Refusal::UnknownMode(_))) => LimitingComponent::Libvirt,
        RuleId::Vendor if matches!(found.refusal, Some(Refusal::VendorWithoutModel)) => LimitingComponent::Libvirt,
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
            // What was filtered was not supported. The rest depends on QEMU: features that its model does not enable,
            // and those that threads enable, which an older QEMU filters on every host.
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
