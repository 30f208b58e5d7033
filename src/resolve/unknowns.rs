//! Turns a scenario into fully decided cases: one where everything is known, else one for every combination of what
//! is not, and puts their answers together.

use super::answer::{Answer, Basis, Dependence, Verdict};
use super::classify::{Decided, Outcome, OutcomeWithFeatures, brief, decide};
use super::endpoint::{Endpoint, Guest, Machine};
use super::migrate::{Case, Prepared, filled_in_check};
use super::rules::RuleId;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Fallback, Match, Mode};
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, HostChoice, Release, Scenario, Topology};
use std::rc::Rc;

mod budget;
mod confidence;
mod dedup;
mod endpoint_cache;
mod endpoint_options;
mod enumerate;
mod guests;

pub use budget::{Budget, BudgetExceeded};
pub use endpoint_cache::Resolver;

use endpoint_options::EndpointOptions;
use enumerate::{Survey, Wanted};

/// An input that is not known, with the values that are tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The input: `host`, `topology`, `libvirt map of 10.0.0`.
    pub input: String,
    /// Its values.
    pub values: Vec<String>,
}

/// A scenario made ready to be resolved: its places with every way each may be, and the inputs that are not known.
pub struct Plan<'a> {
    catalog: &'a Catalog,
    scenario: &'a Scenario,
    /// The inputs that are not known.
    pub axes: Vec<Axis>,
    started: Option<EndpointAxes<'a>>,
    places: Vec<EndpointAxes<'a>>,
    models: Options<ModelId>,
    machines: Options<Machine>,
    topologies: Options<Topology>,
    same_any_host: bool,
}

/// A place with its own axes found among the plan's.
struct EndpointAxes<'a> {
    place: Rc<EndpointOptions<'a>>,
    axes: Vec<usize>,
}

impl<'a> EndpointAxes<'a> {
    fn of(place: Rc<EndpointOptions<'a>>, axes: &mut Vec<Axis>) -> Self {
        let found = place.axes.iter().map(|own| {
            // The same input at two places is one input: a release at both ends has one map.
            axes.iter().position(|axis| axis == own).unwrap_or_else(|| {
                axes.push(own.clone());
                axes.len() - 1
            })
        });
        Self { axes: found.collect(), place }
    }

    /// The number of the way in which its end is, of all those in which it may be.
    fn way(&self, assignment: &[usize], sizes: &[usize]) -> usize {
        let value =
            |axis: &usize| (assignment.get(*axis).copied().unwrap_or(0), sizes.get(*axis).copied().unwrap_or(1));
        self.axes.iter().map(value).fold(0, |number, (value, size)| number * size + value)
    }

    fn end(&self, assignment: &[usize]) -> Option<Endpoint<'a>> {
        let own: Vec<usize> = self.axes.iter().map(|axis| assignment.get(*axis).copied().unwrap_or(0)).collect();
        self.place.end(&own)
    }
}

/// How a plan comes by its places: from the release, the host, and the regime, whether vmx counts and which end it is.
type MakePlace<'f, 'a> =
    dyn FnMut(&Release, &HostChoice, (Option<Regime>, bool, &'static str)) -> Rc<EndpointOptions<'a>> + 'f;

/// The values of one input, and the axis that chooses among them; `None` where there is one value.
#[derive(Clone, Debug)]
pub(super) struct Options<T> {
    pub(super) values: Vec<T>,
    pub(super) axis: Option<usize>,
}

impl<T> Options<T> {
    pub(super) fn one(value: T) -> Self {
        Self { values: vec![value], axis: None }
    }

    pub(super) fn choose(&self, assignment: &[usize]) -> Option<&T> {
        self.values.get(self.axis.and_then(|axis| assignment.get(axis).copied()).unwrap_or(0))
    }
}

/// Adds an axis for several labelled values and returns the options; no axis is added for a single value.
pub(super) fn options<T>(axes: &mut Vec<Axis>, input: &str, values: Vec<(String, T)>) -> Options<T> {
    let (labels, values): (Vec<String>, Vec<T>) = values.into_iter().unzip();
    let axis = (values.len() > 1).then(|| {
        axes.push(Axis { input: input.to_owned(), values: labels });
        axes.len() - 1
    });
    Options { values, axis }
}

/// Returns the source of a scenario, with the first value of whatever is not known of it.
pub fn source<'a>(catalog: &'a Catalog, scenario: &Scenario) -> Option<Endpoint<'a>> {
    EndpointOptions::of(catalog, scenario, &scenario.from, &scenario.from_host, (None, true, "source")).end(&[])
}

/// Returns the answer to `scenario`.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Answer {
    match Plan::of(catalog, scenario) {
        Ok(plan) => plan.resolve(),
        Err(input) => nothing_known(catalog, scenario, input),
    }
}

impl<'a> Plan<'a> {
    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The input without which nothing can be said: a host-model's expansion.
    pub fn of(catalog: &'a Catalog, scenario: &'a Scenario) -> Result<Self, Dependence> {
        Self::with(catalog, scenario, &mut |release, host, rest| {
            Rc::new(EndpointOptions::of(catalog, scenario, release, host, rest))
        })
    }

    fn with(catalog: &'a Catalog, scenario: &'a Scenario, make: &mut MakePlace<'_, 'a>) -> Result<Self, Dependence> {
        let unexpanded = scenario.mode() == Mode::HostModel || scenario.matching == Match::Minimum;
        if unexpanded {
            return Err(Dependence {
                input: "host-model expansion (give the live definition)".to_owned(),
                answers: Vec::new(),
            });
        }
        let mut axes = Vec::new();
        let models = guests::models(catalog, scenario, &mut axes);
        let machines = guests::machines(catalog, scenario, &mut axes);
        let topologies = guests::topologies(scenario, &mut axes);
        let mut places = Vec::new();
        let wants_vmx = guests::may_have_vmx(catalog, scenario, &models.values);
        let last = scenario.via.len() + 1;
        for (number, release) in
            std::iter::once(&scenario.from).chain(&scenario.via).chain(std::iter::once(&scenario.to)).enumerate()
        {
            let host = if number == 0 { &scenario.from_host } else { &scenario.to_host };
            let regime = if number == last { scenario.regime } else { None };
            let end = if number == 0 { "source" } else { "destination" };
            places.push(EndpointAxes::of(make(release, host, (regime, wants_vmx, end)), &mut axes));
        }
        let started = scenario.started.as_ref().map(|release| {
            EndpointAxes::of(make(release, &scenario.from_host, (None, wants_vmx, "source")), &mut axes)
        });
        let same_any_host = scenario.from_host == HostChoice::Any && scenario.accel == Accel::Kvm;
        Ok(Self { catalog, scenario, axes, started, places, models, machines, topologies, same_any_host })
    }

    /// Returns the case that an assignment of one value to each axis decides; `None` where an axis has no value.
    pub fn case(&self, assignment: &[usize]) -> Option<Case<'a>> {
        let ends: Option<Vec<Endpoint<'a>>> = self.places.iter().map(|place| place.end(assignment)).collect();
        let ends = ends?;
        let started = match &self.started {
            Some(place) => Some(place.end(assignment)?),
            None => None,
        };
        let place = |axis: Option<usize>| axis.and_then(|axis| assignment.get(axis)).copied().unwrap_or(0);
        Some(Case {
            guest: self.guest(place(self.machines.axis), place(self.topologies.axis))?,
            definition: self.definition(started.as_ref().or(ends.first())?, *self.models.choose(assignment)?),
            running: self.scenario.running.as_deref().cloned(),
            started,
            ends,
            transport: self.scenario.transport,
        })
    }

    /// The guest with the machine type and the topology at these places.
    fn guest(&self, machine: usize, topology: usize) -> Option<Guest> {
        Some(Guest {
            machine: self.machines.values.get(machine)?.clone(),
            threads_per_package: self.topologies.values.get(topology)?.threads_per_package(),
            accel: self.scenario.accel,
            pmu: self.scenario.pmu,
            emulator: self.scenario.emulator.clone(),
        })
    }

    /// The user's definition, with the check that libvirt fills in where it says none
    /// (`qemuDomainDefCPUPostParse`). Before 3.2.0 a definition cannot say anything about checks.
    fn definition(&self, source: &Endpoint<'_>, model: ModelId) -> Definition {
        let scenario = self.scenario;
        if let Some(running) = scenario.running.as_deref() {
            return running.inactive.as_ref().unwrap_or(&running.live).clone();
        }
        let mode = scenario.mode();
        let filled_in = filled_in_check(mode, scenario.accel, source);
        Definition {
            mode,
            model: matches!(scenario.cpu, CpuChoice::Model(_)).then_some(model),
            matching: scenario.matching,
            check: scenario.check.filter(|_| source.behaviour.live_update).unwrap_or(filled_in),
            fallback: scenario.fallback,
            vendor: scenario.vendor,
            features: scenario.features.clone(),
        }
    }

    fn decide(&self, assignment: &[usize]) -> Option<Decided> {
        decide(self.catalog, &self.case(assignment)?, self.scenario.feature)
    }

    /// Returns the answer in short.
    pub fn outcome(&self) -> Outcome {
        self.brief().outcome
    }

    /// Returns the answer in short, with the features it is about.
    pub fn brief(&self) -> OutcomeWithFeatures {
        let survey = self.survey_for(Wanted::Whether);
        let found = match &survey {
            Survey::First { assignment, .. } => self.brief_of(assignment),
            Survey::Unsaid(_) => None,
        };
        match (found, survey) {
            (Some(found), Survey::First { depends_on, .. })
                if depends_on.is_empty() && !self.falls_back(found.outcome.verdict, found.outcome.rule) =>
            {
                found
            }
            (Some(found), Survey::First { depends_on, .. }) if !depends_on.is_empty() => {
                OutcomeWithFeatures::depends(found.outcome.row)
            }
            _ => OutcomeWithFeatures::depends(None),
        }
    }

    fn brief_of(&self, assignment: &[usize]) -> Option<OutcomeWithFeatures> {
        let case = self.case(assignment)?;
        brief(&Prepared::of(self.catalog, &case), &case.definition.unordered(), self.scenario.feature)
    }

    /// The answer in short of the case in which every input has its first value.
    fn first_glance(&self) -> Option<Outcome> {
        self.brief_of(&[]).map(|brief| brief.outcome)
    }

    /// Returns the answer with every stage.
    pub fn resolve(&self) -> Answer {
        let unsaid = match self.survey_for(Wanted::Dependences) {
            Survey::Unsaid(input) => input,
            Survey::First { assignment, depends_on, either_way } => match self.decide(&assignment) {
                Some(decided) if self.falls_back(decided.verdict, Some(decided.rule)) => falls_back_where(),
                Some(decided) => return Answer { either_way, ..self.answer(&assignment, decided, depends_on) },
                None => Dependence { input: "facts".to_owned(), answers: Vec::new() },
            },
        };
        nothing_known(self.catalog, self.scenario, unsaid)
    }

    fn survey_for(&self, wanted: Wanted) -> Survey {
        if self.axes.is_empty() { Survey::one_case() } else { self.survey(wanted) }
    }

    /// Whether libvirt would look for another model, which nobody can tell from here.
    fn falls_back(&self, verdict: Verdict, rule: Option<RuleId>) -> bool {
        self.scenario.fallback == Fallback::Allow
            && verdict == Verdict::StartRefused
            && rule == Some(RuleId::ModelUnsupported)
    }

    fn answer(&self, assignment: &[usize], decided: Decided, depends_on: Vec<Dependence>) -> Answer {
        let basis = confidence::of(self.catalog, self.scenario);
        let between = confidence::between(self.catalog, self.scenario);
        let regime = self.regime(assignment);
        if depends_on.is_empty() {
            return Answer {
                outcome: decided.verdict.outcome(),
                verdict: decided.verdict,
                rule: Some(decided.rule),
                row: decided.row,
                regime,
                extra: decided.extra,
                missing: decided.missing,
                lost: decided.lost,
                gained: decided.gained,
                would_notice: decided.would_notice,
                risk: decided.risk,
                fault: decided.fault,
                depends_on,
                either_way: None,
                basis,
                between,
                trace: Some(decided.trace),
            };
        }
        Answer { row: decided.row, regime, between, trace: Some(decided.trace), ..unknown(basis, depends_on) }
    }

    /// The destination's regime; `None` where its release lies inside the interval of the switch.
    fn regime(&self, assignment: &[usize]) -> Option<Regime> {
        let destination = self.places.last()?;
        if destination.place.regime_is_open() {
            return None;
        }
        destination.end(assignment).map(|end| end.regime())
    }
}

fn falls_back_where() -> Dependence {
    Dependence { input: "model libvirt falls back to (give the live definition)".to_owned(), answers: Vec::new() }
}

fn unknown(basis: Basis, depends_on: Vec<Dependence>) -> Answer {
    Answer {
        outcome: Verdict::Depends.outcome(),
        verdict: Verdict::Depends,
        rule: None::<RuleId>,
        row: None,
        regime: None,
        extra: Vec::new(),
        missing: Vec::new(),
        lost: Vec::new(),
        gained: Vec::new(),
        would_notice: None,
        risk: None,
        fault: None,
        depends_on,
        either_way: None,
        basis,
        between: Vec::new(),
        trace: None,
    }
}

fn nothing_known(catalog: &Catalog, scenario: &Scenario, input: Dependence) -> Answer {
    unknown(confidence::of(catalog, scenario), vec![input])
}
