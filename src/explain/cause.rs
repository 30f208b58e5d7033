//! Builds the tree of causes behind an answer. A cause is a fact and the facts that it follows from, without text.

use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Mode, Policy};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::host::{CpuSignature, Vendor};
use crate::domain::map::ModelId;
use crate::domain::qemu::{Accel, MachineId};
use crate::domain::scenario::{MachineChoice, Release, Scenario};
use crate::domain::version::Version;
use crate::resolve::{Answer, Origin, QemuCpu, Refusal, Row, StartTrace, Trace, Verdict, WrittenBy};

/// One fact. Releases are named by their place: `from` is the sender's, `to` the receiver's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fact {
    /// The verdict.
    Completion(Verdict),
    /// The destination's QEMU enables these, and the incoming definition does not have them.
    Extra(Vec<FeatureId>),
    /// The incoming definition has these, and the destination's QEMU does not enable them.
    Missing(Vec<FeatureId>),
    /// The guest's CPU lost these.
    Lost(Vec<FeatureId>),
    /// The guest's CPU gained these.
    Gained(Vec<FeatureId>),
    /// The machine type enables the feature in the model.
    MachineTurnsOn(FeatureId),
    /// The machine type does not enable the feature in the model.
    MachineLeavesOff(FeatureId),
    /// The source's map has the feature in the model, so a guest that has it does not mention it.
    SourceTakesForGranted(FeatureId),
    /// The incoming definition does not mention the feature.
    Silent(FeatureId),
    /// The incoming definition mentions the feature.
    Mentions(FeatureId, Policy, Option<WrittenBy>),
    /// The destination's map no longer has the feature in the model.
    DestinationLost(FeatureId),
    /// The destination's map has the feature in the model.
    DestinationHas(FeatureId),
    /// Both maps agree about the feature in the model.
    MapsAgree(FeatureId),
    /// The destination's regime decided, because the definition does not mention the feature.
    RegimeDecided(FeatureId, Regime),
    /// This QEMU began to report threads in a package.
    ReportsThreads(Vec<FeatureId>, Version),
    /// The older QEMU at the destination does not report these.
    CannotReport(Vec<FeatureId>, Version),
    /// The accelerator or host at the destination does not support these.
    NotGiven(Vec<FeatureId>, Accel),
    /// QEMU cleared these because their parent is off.
    WentWithParent(Vec<FeatureId>),
    /// The source's map does not know these, so the definition does not mention them.
    UnknownToSource(Vec<FeatureId>),
    /// QEMU at the destination clears this while the PMU is off.
    ClearedWithoutPmu(FeatureId),
    /// The destination's map does not know the feature.
    MapDoesNotKnow(FeatureId),
    /// The source's map does not know the feature at all: the guest never started.
    SourceMapDoesNotKnow(FeatureId),
    /// The map does not know the model.
    MapHasNoModel(ModelId),
    /// QEMU does not have the model.
    QemuHasNoModel(ModelId),
    /// QEMU does not have the machine type.
    QemuHasNoMachine,
    /// The machine type is a distribution's, and the release names no package of one.
    MachineOfDistribution(MachineId),
    /// QEMU does not know the feature by name; whether libvirt enables it there.
    QemuDoesNotKnow(FeatureId, bool),
    /// libvirt needs a newer QEMU.
    NeedsNewerQemu(Version),
    /// This libvirt does not have the mode.
    NoMode(Mode),
    /// The mode needs KVM.
    ModeNeedsKvm(Mode),
    /// The host has what the definition forbids.
    HostHasForbidden(Vec<FeatureId>),
    /// This QEMU cannot report whether it gives these, which are in model-specific registers.
    CannotReportMsrs(Vec<FeatureId>, Version),
    /// The definition requires a different vendor from the host's.
    HostHasOtherVendor(Vendor),
    /// The definition requires a vendor and names no model.
    VendorWithoutModel,
    /// The definition has `invtsc`, and QEMU does not enable it.
    NoInvariantTsc(Accel),
    /// A guest with `invtsc` is not sent.
    NotSent,
    /// The source's QEMU does not migrate a guest with `vmx`.
    NestedNotSent,
    /// QEMU does not accept libvirt's migrate command.
    NotMigrated,
    /// QEMU does not accept the save file in the form in which libvirt passes it.
    NotRestored(Version),
    /// The guest's XSAVE states of these features are gone.
    LostStates(Vec<FeatureId>),
    /// The guest now has the XSAVE states of these features.
    GainedStates(Vec<FeatureId>),
    /// The vendor that the guest reads changes.
    VendorChanged(Vendor, Vendor),
    /// The family, the model or the stepping that the guest reads changes.
    SignatureChanged(CpuSignature, CpuSignature),
    /// Nothing is compared: the CPU is the host's.
    NotCompared(Mode),
    /// Source and destination read the same.
    SameDefinition,
    /// The migrated definition lists every difference from the model: at least and at most this many.
    SpelledOut(usize, usize),
    /// The guest loses or gains more in one of the cases that the answer covers than in another.
    ChangeVaries,
    /// The guest already runs; its live definition is sent.
    AlreadyRuns,
    /// An unknown input decides.
    DependsOn(String),
    /// An unknown input decides the rule or the message, and not the verdict.
    MessageDependsOn(String),
}

/// A fact and the facts it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cause {
    pub fact: Fact,
    /// The facts that it follows from.
    pub because: Vec<Cause>,
}

impl Cause {
    fn leaf(fact: Fact) -> Self {
        Self { fact, because: Vec::new() }
    }
}

/// The most cases whose causes are compared; some more than there are hosts.
const MOST_CASES: usize = 128;

/// Returns the causes of an answer: the outcome, resting on what led to it. Of an answer that covers several cases only
/// what holds in all of them.
pub(crate) fn causes(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Cause {
    let mut tree = causes_of_one(catalog, scenario, answer);
    if answer.verdict == Verdict::Depends || answer.case_count() < 2 {
        return tree;
    }
    if answer.case_count() > MOST_CASES {
        // The refusal and what was lost and gained are those of all; what they rest on was not compared.
        let of_all = |fact: &Fact| {
            matches!(
                fact,
                Fact::Lost(_) | Fact::Gained(_) | Fact::LostStates(_) | Fact::GainedStates(_) | Fact::ChangeVaries
            )
        };
        tree.because.retain(|cause| answer.refusal().is_some() || of_all(&cause.fact));
        tree.because.iter_mut().for_each(|cause| cause.because.clear());
        return tree;
    }
    for (_, mut other) in answer.cases(catalog, scenario).skip(1) {
        // What was lost and gained in every case is the answer's already.
        (other.lost, other.gained) = (answer.lost.clone(), answer.gained.clone());
        (other.states_lost, other.states_gained) = (answer.states_lost, answer.states_gained);
        other.change_varies = answer.change_varies;
        let other = causes_of_one(catalog, scenario, &other);
        tree.because = shared(tree.because, &other.because);
    }
    tree
}

/// The causes that two cases share.
fn shared(causes: Vec<Cause>, others: &[Cause]) -> Vec<Cause> {
    let both = |cause: Cause| {
        let (fact, other) = others.iter().find_map(|other| Some((cause.fact.shared(&other.fact)?, other)))?;
        Some(Cause { fact, because: shared(cause.because, &other.because) })
    };
    causes.into_iter().filter_map(both).collect()
}

impl Fact {
    /// What of this fact holds where the other holds too.
    fn shared(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::SpelledOut(least, most), Self::SpelledOut(other_least, other_most)) => {
                Some(Self::SpelledOut(*least.min(other_least), *most.max(other_most)))
            }
            _ => (self == other).then(|| self.clone()),
        }
    }
}

fn causes_of_one(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Cause {
    let mut because = Vec::new();
    match (answer.verdict, &answer.trace) {
        _ if answer.either_way().is_some() => {
            because.extend(answer.depends_on.iter().map(|on| Cause::leaf(Fact::MessageDependsOn(on.input.clone()))));
        }
        (Verdict::Depends, _) | (_, None) => {
            because.extend(answer.depends_on.iter().map(|on| Cause::leaf(Fact::DependsOn(on.input.clone()))));
        }
        (_, Some(trace)) => {
            let story = Story { catalog, scenario, answer, trace };
            because.extend(scenario.running.as_ref().map(|_| Cause::leaf(Fact::AlreadyRuns)));
            because.extend(match answer.refusal() {
                Some(refusal) => story.refused(refusal),
                None => story.completed(),
            });
        }
    }
    Cause { fact: Fact::Completion(answer.verdict), because }
}

struct Story<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    answer: &'a Answer,
    trace: &'a Trace,
}

impl Story<'_> {
    /// The release at which the guest was refused, or that received what decided.
    fn release(&self) -> &Release {
        let (sender, receiver) = self.scenario.hop(self.trace.hop);
        if self.trace.start.refused.is_some() { sender } else { receiver }
    }

    fn qemu(&self) -> Version {
        self.release().qemu.version.known().unwrap_or_default()
    }

    fn refused(&self, refusal: &Refusal) -> Vec<Cause> {
        let fact = match refusal {
            Refusal::FullCheck { extra, missing } => return self.full_check(extra, missing),
            Refusal::QemuTooOld { needed, .. } => Fact::NeedsNewerQemu(*needed),
            Refusal::UnknownMode(mode) => Fact::NoMode(*mode),
            Refusal::UnsupportedMode(mode) => Fact::ModeNeedsKvm(*mode),
            Refusal::MachineType { .. } | Refusal::MachineTypeAtQemu { .. } => return self.no_machine(),
            Refusal::UnknownFeature(feature, _) if self.trace.source().refused.is_some() => {
                Fact::SourceMapDoesNotKnow(*feature)
            }
            Refusal::UnknownFeature(feature, _) => {
                let wrote = self.mention(*feature);
                return vec![Cause { fact: Fact::MapDoesNotKnow(*feature), because: wrote.into_iter().collect() }];
            }
            Refusal::MsrFeatures(features) => Fact::CannotReportMsrs(features.clone(), self.qemu()),
            Refusal::OtherVendor(vendor, _) => Fact::HostHasOtherVendor(*vendor),
            Refusal::VendorWithoutModel => Fact::VendorWithoutModel,
            Refusal::NoInvariantTsc => Fact::NoInvariantTsc(self.scenario.accel),
            Refusal::NotSent(_) => Fact::NotSent,
            Refusal::NestedNotSent => Fact::NestedNotSent,
            Refusal::NotMigrated => Fact::NotMigrated,
            Refusal::NotRestored => Fact::NotRestored(self.qemu()),
            Refusal::UnknownModel(model) | Refusal::UnknownModelCompared(model) | Refusal::UnknownModelSent(model) => {
                Fact::MapHasNoModel(*model)
            }
            Refusal::ModelUnsupported(model) => Fact::QemuHasNoModel(*model),
            Refusal::ForbiddenFeature(feature) | Refusal::Conflict(feature) => Fact::HostHasForbidden(vec![*feature]),
            Refusal::PartialForbidden(features, _) | Refusal::PartialStrict(features, _) => {
                Fact::HostHasForbidden(features.clone())
            }
            Refusal::PartialMissing(features, _) => Fact::NotGiven(features.clone(), self.scenario.accel),
            Refusal::UnknownProperty { feature, on, .. } => Fact::QemuDoesNotKnow(*feature, *on),
        };
        vec![Cause::leaf(fact)]
    }

    fn no_machine(&self) -> Vec<Cause> {
        let machine = match self.scenario.machine {
            MachineChoice::Listed(machine) => Some(machine),
            MachineChoice::Unlisted(_) | MachineChoice::Unknown => None,
        };
        let is_unnamed = self.release().qemu_build(self.catalog).is_none();
        let of_distribution =
            machine.filter(|machine| is_unnamed && self.catalog.downstream().machine(*machine).is_some());
        let hint = of_distribution.map(Fact::MachineOfDistribution);
        [Fact::QemuHasNoMachine].into_iter().chain(hint).map(Cause::leaf).collect()
    }

    fn full_check(&self, extra: &[FeatureId], missing: &[FeatureId]) -> Vec<Cause> {
        let mut causes = Vec::new();
        if !extra.is_empty() {
            causes.push(Cause { fact: Fact::Extra(extra.to_vec()), because: self.why_extra(extra) });
        }
        if !missing.is_empty() {
            causes.push(Cause { fact: Fact::Missing(missing.to_vec()), because: self.why_missing(missing) });
        }
        causes
    }

    fn why_extra(&self, extra: &[FeatureId]) -> Vec<Cause> {
        let Some(cpu) = &self.trace.receiver().cpu else { return Vec::new() };
        let mut causes = Vec::new();
        let threads: Vec<FeatureId> = extra.iter().copied().filter(|f| cpu.threads.contains(*f)).collect();
        if !threads.is_empty() {
            causes.push(Cause::leaf(Fact::ReportsThreads(threads.clone(), self.qemu())));
        }
        let unknown: Vec<FeatureId> = extra
            .iter()
            .copied()
            .filter(|f| !self.trace.sender().map.known.contains(*f) && !threads.contains(f))
            .collect();
        if !unknown.is_empty() {
            causes.push(Cause::leaf(Fact::UnknownToSource(unknown.clone())));
        }
        for feature in extra.iter().filter(|f| !threads.contains(f) && !unknown.contains(f)).take(3) {
            if cpu.origin(*feature) == Some(Origin::MachineType) {
                causes.push(Cause::leaf(Fact::MachineTurnsOn(*feature)));
            }
            causes.extend(self.silence(*feature));
            causes.push(Cause::leaf(Fact::DestinationLost(*feature)));
        }
        causes
    }

    /// Why nothing about a feature arrived, if nothing did and the source's map had it in the model.
    fn silence(&self, feature: FeatureId) -> Option<Cause> {
        let model = self.trace.start.model()?;
        let had = self.trace.sender().map.model(model)?.data.contains(feature);
        had.then(|| Cause {
            fact: Fact::Silent(feature),
            because: vec![Cause::leaf(Fact::SourceTakesForGranted(feature))],
        })
    }

    fn why_missing(&self, missing: &[FeatureId]) -> Vec<Cause> {
        let Some(cpu) = &self.trace.receiver().cpu else { return Vec::new() };
        let pick =
            |set: FeatureSet| -> Vec<FeatureId> { missing.iter().copied().filter(|f| set.contains(*f)).collect() };
        let mut causes = Vec::new();
        let names = self.catalog.named();
        let threads: FeatureSet = names.ht.into_iter().chain(names.cmp_legacy).collect();
        let (reported, lacking): (Vec<_>, Vec<_>) = pick(cpu.filtered).into_iter().partition(|f| threads.contains(*f));
        if !reported.is_empty() {
            causes.push(Cause::leaf(Fact::CannotReport(reported, self.qemu())));
        }
        if !lacking.is_empty() {
            causes.push(Cause::leaf(Fact::NotGiven(lacking, self.scenario.accel)));
        }
        let with_parent = pick(cpu.cleared);
        if !with_parent.is_empty() {
            causes.push(Cause::leaf(Fact::WentWithParent(with_parent)));
        }
        causes.extend(pick(cpu.pmu).into_iter().map(|feature| Cause::leaf(Fact::ClearedWithoutPmu(feature))));
        let off = pick(FeatureSet::ALL - cpu.filtered - cpu.cleared - cpu.pmu);
        for feature in off.into_iter().take(3) {
            causes.push(Cause::leaf(Fact::DestinationHas(feature)));
            causes.push(Cause::leaf(Fact::MachineLeavesOff(feature)));
        }
        causes
    }

    fn completed(&self) -> Vec<Cause> {
        let mut causes = Vec::new();
        if !self.answer.lost.is_empty() {
            causes.push(Cause { fact: Fact::Lost(self.answer.lost.clone()), because: self.why_lost() });
        }
        if !self.answer.gained.is_empty() {
            causes.push(Cause::leaf(Fact::Gained(self.answer.gained.clone())));
        }
        let (lost, gained) = (self.answer.states_lost, self.answer.states_gained);
        let listed = |states: FeatureSet| self.trace.receiver().map.in_order(states);
        causes.extend((!lost.is_empty()).then(|| Cause::leaf(Fact::LostStates(listed(lost)))));
        causes.extend((!gained.is_empty()).then(|| Cause::leaf(Fact::GainedStates(listed(gained)))));
        let vendor = |run: &StartTrace| run.cpu.as_ref().and_then(|cpu| cpu.vendor);
        if let (Some(before), Some(after)) = (vendor(self.trace.sender()), vendor(self.trace.receiver()))
            && before != after
        {
            causes.push(Cause::leaf(Fact::VendorChanged(before, after)));
        }
        let signature = |run: &StartTrace| run.cpu.as_ref().and_then(|cpu| cpu.signature);
        if let (Some(before), Some(after)) = (signature(self.trace.sender()), signature(self.trace.receiver()))
            && before.differs_from(after)
        {
            causes.push(Cause::leaf(Fact::SignatureChanged(before, after)));
        }
        if self.answer.change_varies {
            causes.push(Cause::leaf(Fact::ChangeVaries));
        }
        if self.trace.start.given.is_passthrough() {
            causes.push(Cause::leaf(Fact::NotCompared(self.trace.start.given.mode)));
        } else if self.answer.row.is_some() {
            causes.extend(self.row_story());
        } else if causes.is_empty() {
            causes.extend(self.spelled_out());
        }
        causes
    }

    fn why_lost(&self) -> Vec<Cause> {
        let feature = self.scenario.feature;
        if self.answer.lost == [feature] {
            return self.regime_story(feature);
        }
        let cpu: Option<&QemuCpu> = self.trace.receiver().cpu.as_ref();
        let filtered = cpu.map(|cpu| cpu.filtered).unwrap_or_default();
        let lacking: Vec<FeatureId> = self.answer.lost.iter().copied().filter(|f| filtered.contains(*f)).collect();
        if lacking.is_empty() { Vec::new() } else { vec![Cause::leaf(Fact::NotGiven(lacking, self.scenario.accel))] }
    }

    fn regime_story(&self, feature: FeatureId) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.silence(feature).into_iter().collect();
        let regime = self.trace.receiver().regime(feature);
        causes.extend(regime.map(|regime| Cause::leaf(Fact::RegimeDecided(feature, regime))));
        causes
    }

    /// What the table's row rests on: what arrives about the feature, and who wrote it.
    fn row_story(&self) -> Vec<Cause> {
        let feature = self.scenario.feature;
        let Some(arrived) = self.trace.effective() else { return Vec::new() };
        let silent = arrived.features.get(feature).is_none_or(|policy| policy == Policy::Optional);
        if matches!(self.answer.row, Some(Row::T1 | Row::T2)) {
            let mut causes = vec![Cause::leaf(Fact::MapsAgree(feature))];
            causes.extend(self.spelled_out());
            return causes;
        }
        if self.answer.row == Some(Row::T8) {
            return vec![Cause::leaf(Fact::Silent(feature)), Cause::leaf(Fact::DestinationHas(feature))];
        }
        if silent {
            return if self.answer.lost == [feature] { Vec::new() } else { self.regime_story(feature) };
        }
        let mut causes: Vec<Cause> = Vec::new();
        let off_by_itself = self.trace.start.cpu.as_ref().is_some_and(|cpu| cpu.origin(feature).is_none());
        if off_by_itself {
            causes.push(Cause::leaf(Fact::MachineLeavesOff(feature)));
        }
        causes.extend(self.mention(feature));
        causes
    }

    fn mention(&self, feature: FeatureId) -> Option<Cause> {
        let run = self.trace.sender();
        let policy = self.trace.effective().unwrap_or(&run.given).features.get(feature)?;
        let by = self.trace.written_by(run, feature);
        Some(Cause::leaf(Fact::Mentions(feature, policy, by)))
    }

    fn spelled_out(&self) -> Vec<Cause> {
        let count = self.trace.effective().map(|definition: &Definition| definition.features.len()).unwrap_or_default();
        let fact = if count == 0 { Fact::SameDefinition } else { Fact::SpelledOut(count, count) };
        vec![Cause::leaf(fact)]
    }
}
