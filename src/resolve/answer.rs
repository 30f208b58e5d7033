//! Defines the answer: the verdict with its rule, features, trace and confidence.

use super::decision_table::Row;
use super::refusal::Refusal;
use super::rules::RuleId;
use super::trace::Trace;
use super::verdict::{LimitingComponent, Risk, Verdict};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::{Catalog, LibvirtId, Provenance, ReleaseMap};
use crate::domain::definition::named_enum;
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::map::ModelId;
use crate::domain::scenario::{LibvirtChoice, Release, Scenario};
use crate::domain::version::Version;

/// The verdict and the rule of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that decided; `None` if the verdict is `depends`.
    pub rule: Option<RuleId>,
    /// The decision table's row for the scenario's feature; `None` for a model that never had it.
    pub row: Option<Row>,
}

/// The answer in short, and the features it is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OutcomeWithFeatures {
    /// The answer.
    pub outcome: Outcome,
    /// Extra features where a check refused the guest, else those it gained in every case.
    pub more: FeatureSet,
    /// Missing features where a check refused the guest, else those it lost in every case.
    pub less: FeatureSet,
}

impl OutcomeWithFeatures {
    pub(super) const fn depends(row: Option<Row>) -> Self {
        let outcome = Outcome { verdict: Verdict::Depends, rule: None, row };
        Self { outcome, more: FeatureSet::EMPTY, less: FeatureSet::EMPTY }
    }
}

/// The answer to a scenario, with all stages.
///
/// If an input is unknown and does not change the answer, the answer covers several cases: verdict, rule and refusal
/// are those of all cases; the trace is that of the first. [`Answer::cases`](Answer::cases) has them all.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// The rule that decided; `None` if the verdict is `depends`.
    pub rule: Option<RuleId>,
    /// The decision table's row for the scenario's feature; `None` for a model that never had it.
    pub row: Option<Row>,
    /// The destination's regime; `None` where it is not known.
    pub regime: Option<Regime>,
    /// Extra features, in the order of the destination's map.
    pub extra: Vec<FeatureId>,
    /// Missing features, in the order of the destination's map.
    pub missing: Vec<FeatureId>,
    /// What the guest lost in every case, in the order of the destination's map.
    pub lost: Vec<FeatureId>,
    /// What the guest gained in every case, in the order of the destination's map.
    pub gained: Vec<FeatureId>,
    /// The features whose XSAVE state the guest lost in every case.
    pub states_lost: FeatureSet,
    /// The features whose XSAVE state the guest gained in every case.
    pub states_gained: FeatureSet,
    /// Whether what the guest lost and gained differs from case to case.
    pub change_varies: bool,
    /// Whether the CPU that QEMU built at the destination differs in what a guest can read; `None` where one was
    /// never built, or where it differs from case to case.
    pub would_notice: Option<bool>,
    /// What may go wrong, in one case at least, although the migration completes.
    pub risk: Option<Risk>,
    /// The limiting component; `None` if there is none, or if it differs between cases.
    pub limited_by: Option<LimitingComponent>,
    /// The unknown inputs that decide; empty unless the verdict is `depends`.
    pub depends_on: Vec<Dependence>,
    /// Whether the migration completes in every case with the same definitions, although the verdict depends: what the
    /// guest itself sees is not known.
    pub completes: bool,
    /// The confidence.
    pub basis: Basis,
    /// Every stage; for an answer that depends, of one of the cases. `None` if no case could be resolved.
    pub trace: Option<Trace>,
    /// The cases it covers, the one of the trace first: the index of the value of each unknown input.
    pub(super) cases: Vec<Vec<usize>>,
}

/// An unknown input on which the answer depends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dependence {
    /// The input: `host`, `topology`, `libvirt map of 10.0.0`.
    pub input: String,
    /// One value for each answer; empty where the values cannot be listed.
    pub answers: Vec<Possible>,
}

impl Dependence {
    pub(super) fn on(input: &str) -> Self {
        Self { input: input.to_owned(), answers: Vec::new() }
    }
}

/// The answer that one value of an unknown input gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Possible {
    /// The value.
    pub value: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// The rule that decides then.
    pub rule: Option<RuleId>,
}

impl Answer {
    /// The answer where nothing can be said without `input`.
    pub(super) fn unknown(basis: Basis, input: Dependence) -> Self {
        Self {
            verdict: Verdict::Depends,
            rule: None,
            row: None,
            regime: None,
            extra: Vec::new(),
            missing: Vec::new(),
            lost: Vec::new(),
            gained: Vec::new(),
            states_lost: FeatureSet::EMPTY,
            states_gained: FeatureSet::EMPTY,
            change_varies: false,
            would_notice: None,
            risk: None,
            limited_by: None,
            depends_on: vec![input],
            completes: false,
            basis,
            trace: None,
            cases: Vec::new(),
        }
    }

    /// The answer where the verdict, the rule or the message of this case is not that of all; `shared` is what is, where
    /// the verdict is.
    pub(super) fn depending(
        self,
        depends_on: Vec<Dependence>,
        completes: bool,
        shared: Option<OutcomeWithFeatures>,
    ) -> Self {
        let features = |set: FeatureSet| {
            let trace = self.trace.as_ref().filter(|_| !set.is_empty());
            trace.map(|trace| trace.receiver().map.in_order(set)).unwrap_or_default()
        };
        let (verdict, rule, row) = match shared.map(|shared| shared.outcome) {
            Some(Outcome { verdict, rule, row }) => (verdict, rule, row),
            None => (Verdict::Depends, None, self.row),
        };
        let of = |told: bool, set: fn(&OutcomeWithFeatures) -> FeatureSet| {
            shared.as_ref().filter(|_| told).map(|shared| features(set(shared))).unwrap_or_default()
        };
        Self {
            verdict,
            rule,
            row,
            extra: of(verdict != Verdict::Changed, |shared| shared.more),
            missing: of(verdict != Verdict::Changed, |shared| shared.less),
            lost: of(verdict == Verdict::Changed, |shared| shared.less),
            gained: of(verdict == Verdict::Changed, |shared| shared.more),
            states_lost: FeatureSet::EMPTY,
            states_gained: FeatureSet::EMPTY,
            would_notice: None,
            risk: None,
            limited_by: None,
            depends_on,
            completes,
            ..self
        }
    }

    /// Whether the live definitions at every endpoint are those of another case.
    pub(super) fn has_definitions_of(&self, other: &Self) -> bool {
        let (Some(own), Some(other)) = (&self.trace, &other.trace) else { return false };
        let mut arrivals = own.migrations.iter().zip(&other.migrations);
        own.start.live == other.start.live && arrivals.all(|(own, other)| own.arrival.live == other.arrival.live)
    }

    /// Leaves only what also holds in another case with the same verdict, rule and message.
    pub(super) fn restrict_to(&mut self, other: &Self) {
        self.change_varies |= (&self.lost, &self.gained) != (&other.lost, &other.gained);
        self.change_varies |= (self.states_lost, self.states_gained) != (other.states_lost, other.states_gained);
        self.states_lost &= other.states_lost;
        self.states_gained &= other.states_gained;
        self.lost.retain(|feature| other.lost.contains(feature));
        self.gained.retain(|feature| other.gained.contains(feature));
        self.would_notice = self.would_notice.filter(|would_notice| other.would_notice == Some(*would_notice));
        self.limited_by = self.limited_by.filter(|own| other.limited_by == Some(*own));
        self.risk = self.risk.or(other.risk);
    }

    /// Returns the verdict where it is that of every case, although the rule or the message depends.
    pub fn either_way(&self) -> Option<Verdict> {
        (self.verdict != Verdict::Depends && !self.depends_on.is_empty()).then_some(self.verdict)
    }

    /// Returns the name of the outcome: `completed`, `aborted`, `start-refused`, `depends`.
    pub const fn outcome(&self) -> &'static str {
        if self.completes { Verdict::Unchanged.outcome() } else { self.verdict.outcome() }
    }

    /// Returns the refusal that ended the migration, unless the answer depends.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self.verdict {
            _ if self.either_way().is_some() => None,
            Verdict::Depends | Verdict::Never => None,
            Verdict::Unchanged | Verdict::Changed | Verdict::Aborted | Verdict::StartRefused => {
                self.trace.as_ref().and_then(Trace::refusal)
            }
        }
    }

    /// Returns the guest's model: the one in the definition of `scenario`, or the one that libvirt puts in place of
    /// host-model, in the first of several cases. `None` where there is none.
    pub(crate) fn model(&self, scenario: &Scenario) -> Option<ModelId> {
        scenario.model().or_else(|| self.trace.as_ref()?.start.model())
    }

    /// Returns the number of different cases that the answer covers: 1 if every input is known, 0 if nothing could be
    /// resolved.
    #[doc(hidden)]
    pub fn case_count(&self) -> usize {
        self.cases.len()
    }
}

named_enum! {
    /// The confidence in an answer, highest first.
    Basis {
        /// A real migration of exactly this scenario was recorded.
        Recorded "recorded",
        /// The deciding code and facts were read at these releases.
        Read "read",
        /// Some of it was inferred, or the release is between two that were read.
        Inferred "inferred",
        /// An old release resolved by dated rules.
        Extrapolated "extrapolated",
    }
}

impl Basis {
    /// Returns how sure the answer to `scenario` is: as sure as the least sure of its releases, unless a real run of
    /// exactly this was recorded.
    pub(super) fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        if scenario.running.is_none() && catalog.is_recorded(|| scenario.link_of_run(catalog)) {
            return Self::Recorded;
        }
        let of_release = |release| Self::of_libvirt(catalog, release).max(Self::of_qemu(catalog, release));
        let of_releases = releases(scenario).map(of_release).fold(Self::Read, Self::max);
        let of_releases = if scenario.guesses_signature() { of_releases.max(Self::Inferred) } else { of_releases };
        let chosen = scenario.regime.filter(|regime| *regime != Regime::Disable);
        if chosen.is_some() { of_releases.max(Self::Inferred) } else { of_releases }
    }

    fn of_libvirt(catalog: &Catalog, release: &Release) -> Self {
        match &release.libvirt {
            LibvirtChoice::Old => Self::Read,
            // The regime of the table's *new* was never shipped; what it gives follows from the code that was read.
            LibvirtChoice::New | LibvirtChoice::Unknown => Self::Inferred,
            LibvirtChoice::Release(id, build) => {
                let release = catalog.release(*id);
                let read = &catalog.decisions().source_trees;
                // Before the first source tree that was read there are only dated rules.
                if read.first().is_none_or(|first| release.version < *first) {
                    Self::Extrapolated
                } else if read.contains(&release.version) && build.is_none() && release.provenance != Provenance::User {
                    Self::Read
                } else {
                    Self::Inferred
                }
            }
        }
    }

    fn of_qemu(catalog: &Catalog, release: &Release) -> Self {
        let Some(version) = release.qemu.version.known() else { return Self::Inferred };
        if version < catalog.decisions().first_qemu {
            return Self::Extrapolated;
        }
        let ran = catalog.qemu_releases().iter().any(|facts| facts.version == version && facts.ran);
        if ran && release.qemu.build.is_none() { Self::Read } else { Self::Inferred }
    }
}

fn releases(scenario: &Scenario) -> impl Iterator<Item = &Release> {
    scenario.releases().chain(&scenario.started)
}

/// Returns the releases of a scenario whose maps were never read, each with the two exact releases that stand in for it.
pub fn between_exact_maps(catalog: &Catalog, scenario: &Scenario) -> Vec<(LibvirtId, LibvirtId, LibvirtId)> {
    let stand_ins = |release: &Release| match &release.libvirt {
        LibvirtChoice::Release(id, _) => match catalog.release(*id).map {
            ReleaseMap::Between { lower, upper } => Some((*id, lower.0, upper.0)),
            ReleaseMap::Exact(_) => None,
        },
        LibvirtChoice::Old | LibvirtChoice::New | LibvirtChoice::Unknown => None,
    };
    releases(scenario).filter_map(stand_ins).collect()
}

/// Returns the QEMU releases of a scenario that were not read as a whole, each with those whose facts stand in.
pub(crate) fn unread_qemus(catalog: &Catalog, scenario: &Scenario) -> Vec<(Version, Version, Version)> {
    let stand_ins = |version: Version| {
        let views = catalog.qemu_views(version);
        let (lower, upper) = (views.first()?.answers, views.last()?.answers);
        (lower != upper).then_some((version, lower, upper))
    };
    releases(scenario).filter_map(|release| stand_ins(release.qemu.version.known()?)).collect()
}
