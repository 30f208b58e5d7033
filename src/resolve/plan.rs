//! Turns a scenario into fully decided cases: one where everything is known, else one for every combination of what
//! is not, and puts their answers together.

use super::answer::{Decided, decide};
use super::end::{End, Guest, Machine, Named};
use super::journey::{Case, filled_in_check};
use super::resolution::{Basis, Dependence, Refusal, Resolution, Verdict};
use super::rules::RuleId;
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::definition::{Definition, Fallback, Match, Mode};
use crate::domain::map::ModelId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{CpuChoice, HostChoice, Scenario, Topology};
use std::collections::HashMap;

mod basis;
mod ends;
mod guests;

use ends::Place;

/// The most combinations that are all tried; beyond, each unknown input is varied alone, and the answer is `depends`
/// in any case.
const MOST_CASES: usize = 20_000;

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
    started: Option<Place<'a>>,
    places: Vec<Place<'a>>,
    models: Options<ModelId>,
    machines: Options<Machine>,
    topologies: Options<Topology>,
    same_any_host: bool,
}

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
        // The same input at two places is one input: a release at both ends has one map.
        axes.iter().position(|axis| axis.input == input && axis.values == labels).unwrap_or_else(|| {
            axes.push(Axis { input: input.to_owned(), values: labels });
            axes.len() - 1
        })
    });
    Options { values, axis }
}

/// Returns the answer to `scenario`.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Resolution {
    let names = Named::of(catalog);
    match Plan::of(catalog, scenario) {
        Ok(plan) => plan.resolve(&names),
        Err(input) => nothing_known(catalog, scenario, input),
    }
}

impl<'a> Plan<'a> {
    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The input without which nothing can be said: a host-model's expansion.
    pub fn of(catalog: &'a Catalog, scenario: &'a Scenario) -> Result<Self, Dependence> {
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
            places.push(Place::of(catalog, scenario, release, host, (regime, wants_vmx, end), &mut axes));
        }
        let started = scenario.started.as_ref().map(|release| {
            Place::of(catalog, scenario, release, &scenario.from_host, (None, wants_vmx, "source"), &mut axes)
        });
        let same_any_host = scenario.from_host == HostChoice::Any && scenario.accel == Accel::Kvm;
        Ok(Self { catalog, scenario, axes, started, places, models, machines, topologies, same_any_host })
    }

    /// Returns the case that an assignment of one value to each axis decides; `None` where an axis has no value.
    pub fn case(&self, assignment: &[usize]) -> Option<Case<'a>> {
        let topology = *self.topologies.choose(assignment)?;
        let ends: Option<Vec<End<'a>>> = self.places.iter().map(|place| place.end(assignment)).collect();
        let ends = ends?;
        let started = match &self.started {
            Some(place) => Some(place.end(assignment)?),
            None => None,
        };
        let definition = self.definition(started.as_ref().or(ends.first())?, assignment)?;
        let guest = Guest {
            machine: self.machines.choose(assignment)?.clone(),
            threads_per_package: topology.threads_per_package(),
            accel: self.scenario.accel,
            pmu: self.scenario.pmu,
        };
        Some(Case { guest, definition, started, ends, transport: self.scenario.transport })
    }

    /// The user's definition, with the check that libvirt fills in where it says none
    /// (`qemuDomainDefCPUPostParse`).
    fn definition(&self, source: &End<'_>, assignment: &[usize]) -> Option<Definition> {
        let scenario = self.scenario;
        let mode = scenario.mode();
        let filled_in = filled_in_check(mode, scenario.accel, source);
        let model = match scenario.cpu {
            CpuChoice::Model(_) => Some(*self.models.choose(assignment)?),
            CpuChoice::Mode(_) => None,
        };
        Some(Definition {
            mode,
            model,
            matching: scenario.matching,
            check: scenario.check.unwrap_or(filled_in),
            fallback: scenario.fallback,
            vendor: scenario.vendor,
            features: scenario.features.clone(),
        })
    }

    fn decide(&self, names: &Named, assignment: &[usize]) -> Option<Decided> {
        decide(self.catalog, names, &self.case(assignment)?, self.scenario.feature)
    }

    fn resolve(&self, names: &Named) -> Resolution {
        let sizes: Vec<usize> = self.axes.iter().map(|axis| axis.values.len()).collect();
        let all = sizes.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
        let exhaustive = all.is_some_and(|all| all <= MOST_CASES);
        let assignments = if exhaustive { every(&sizes) } else { one_at_a_time(&sizes) };
        let mut tried: Vec<(Vec<usize>, Decided)> = assignments
            .into_iter()
            .filter_map(|assignment| self.decide(names, &assignment).map(|decided| (assignment, decided)))
            .collect();
        if self.same_any_host && tried.iter().any(|(_, decided)| decided.verdict != Verdict::StartRefused) {
            tried.retain(|(_, decided)| decided.verdict != Verdict::StartRefused);
        }
        let fallback = self.scenario.fallback == Fallback::Allow
            && tried.iter().any(|(_, d)| matches!(d.journey.start.refused, Some(Refusal::ModelUnsupported(_))));
        if fallback {
            let input = "model libvirt falls back to (give the live definition)".to_owned();
            return nothing_known(self.catalog, self.scenario, Dependence { input, answers: Vec::new() });
        }
        let mut depends_on = self.dependences(&tried);
        if !exhaustive && depends_on.is_empty() {
            depends_on = self.axes.iter().map(|a| Dependence { input: a.input.clone(), answers: Vec::new() }).collect();
        }
        match tried.into_iter().next() {
            Some((assignment, first)) => self.answer(&assignment, first, depends_on),
            None => nothing_known(
                self.catalog,
                self.scenario,
                Dependence { input: "facts".to_owned(), answers: Vec::new() },
            ),
        }
    }

    /// The axes along which the answer changes while every other stays where it is, each with one value per answer.
    fn dependences(&self, tried: &[(Vec<usize>, Decided)]) -> Vec<Dependence> {
        let mut found = Vec::new();
        if self.axes.is_empty() {
            return found;
        }
        for (number, axis) in self.axes.iter().enumerate() {
            let mut lines: HashMap<Vec<usize>, Vec<(&Decided, usize)>> = HashMap::new();
            for (assignment, decided) in tried {
                let mut line = assignment.clone();
                line[number] = 0;
                let answers = lines.entry(line).or_default();
                if !answers.iter().any(|(known, _)| same_answer(known, decided)) {
                    answers.push((decided, assignment[number]));
                }
            }
            let most = lines.into_iter().max_by(|a, b| (a.1.len(), &b.0).cmp(&(b.1.len(), &a.0)));
            if let Some((_, answers)) = most.filter(|(_, answers)| answers.len() > 1) {
                let answers = answers
                    .into_iter()
                    .map(|(decided, value)| (axis.values.get(value).cloned().unwrap_or_default(), decided.verdict))
                    .collect();
                found.push(Dependence { input: axis.input.clone(), answers });
            }
        }
        found
    }

    fn answer(&self, assignment: &[usize], decided: Decided, depends_on: Vec<Dependence>) -> Resolution {
        let basis = basis::of(self.catalog, self.scenario);
        let between = basis::between(self.catalog, self.scenario);
        let regime = self.regime(assignment);
        if depends_on.is_empty() {
            return Resolution {
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
                basis,
                between,
                journey: Some(decided.journey),
            };
        }
        Resolution { row: decided.row, regime, between, journey: Some(decided.journey), ..unknown(basis, depends_on) }
    }

    /// The destination's regime; `None` where its release lies inside the interval of the switch.
    fn regime(&self, assignment: &[usize]) -> Option<Regime> {
        let destination = self.places.last()?;
        if destination.regime_is_open() {
            return None;
        }
        destination.end(assignment).map(|end| end.regime())
    }
}

fn same_answer(a: &Decided, b: &Decided) -> bool {
    a.verdict == b.verdict && a.rule == b.rule && a.journey.refusal() == b.journey.refusal()
}

fn every(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![0; sizes.len()]];
    for (axis, size) in sizes.iter().enumerate() {
        all = (0..*size)
            .flat_map(|value| {
                all.iter().map(move |assignment| {
                    let mut with = assignment.clone();
                    with[axis] = value;
                    with
                })
            })
            .collect();
    }
    all
}

fn one_at_a_time(sizes: &[usize]) -> Vec<Vec<usize>> {
    let middle: Vec<usize> = sizes.iter().map(|size| size / 2).collect();
    let last: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
    let mut all = Vec::new();
    for base in [vec![0; sizes.len()], middle, last] {
        for (axis, size) in sizes.iter().enumerate() {
            for value in 0..*size {
                let mut with = base.clone();
                with[axis] = value;
                all.push(with);
            }
        }
    }
    all
}

fn unknown(basis: Basis, depends_on: Vec<Dependence>) -> Resolution {
    Resolution {
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
        basis,
        between: Vec::new(),
        journey: None,
    }
}

fn nothing_known(catalog: &Catalog, scenario: &Scenario, input: Dependence) -> Resolution {
    unknown(basis::of(catalog, scenario), vec![input])
}
