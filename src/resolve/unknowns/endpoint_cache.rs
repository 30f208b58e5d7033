//! Caches endpoints between scenarios that are resolved one after the other, and limits the work by a budget.

use super::combinations::MOST_CASES;
use super::endpoint_options::EndpointOptions;
use super::{Dependence, Plan, Purpose, brief_of_every_host};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice, Release, Scenario};
use crate::resolve::answer::{Answer, Outcome, OutcomeWithFeatures};
use crate::resolve::answer_from;
use crate::resolve::decision_table::Row;
use foldhash::HashMap;

/// The most endpoints that are remembered; a batch with more continues without a cache.
const MOST_ENDPOINTS: usize = 4096;

/// Resolves many scenarios, and caches their endpoints. Use it for a matrix or a batch with the same releases.
pub struct Resolver<'a> {
    catalog: &'a Catalog,
    endpoints: HashMap<EndpointKey, EndpointOptions<'a>>,
}

/// Everything that an endpoint is made from.
#[derive(Clone, PartialEq, Eq, Hash)]
struct EndpointKey {
    release: Release,
    host: HostChoice,
    accel: Accel,
    purpose: Purpose,
    compares_under_tcg: bool,
    /// The feature that *new* lacks.
    feature: Option<FeatureId>,
}

impl EndpointKey {
    fn of(scenario: &Scenario, release: &Release, host: &HostChoice, purpose: Purpose) -> Self {
        let under_kvm = scenario.accel == Accel::Kvm;
        Self {
            release: release.clone(),
            host: if under_kvm { host.clone() } else { HostChoice::Capable },
            accel: scenario.accel,
            purpose,
            compares_under_tcg: scenario.compares_with_processor_under_tcg(),
            feature: (release.libvirt == LibvirtChoice::New).then_some(scenario.feature),
        }
    }
}

impl<'a> Resolver<'a> {
    /// Returns a resolver with an empty cache.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, endpoints: HashMap::default() }
    }

    /// Returns the facts it resolves with.
    #[doc(hidden)]
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Returns the answer to `scenario`, as [`resolve`](crate::resolve::resolve) does.
    pub fn resolve(&mut self, scenario: &Scenario) -> Answer {
        let plan = self.plan(scenario);
        answer_from(self.catalog, scenario, plan.as_ref().map_err(Clone::clone))
    }

    /// Returns verdict, rule and row only, which is faster; the rule is `None` if the verdict is `depends`.
    pub fn outcome(&mut self, scenario: &Scenario) -> Outcome {
        self.brief(scenario).outcome
    }

    /// Returns the same with the features it is about.
    #[doc(hidden)]
    pub fn brief(&mut self, scenario: &Scenario) -> OutcomeWithFeatures {
        self.plan(scenario).map_or_else(|_| unplanned(self.catalog, scenario), |plan| plan.brief())
    }

    /// Returns the same if the budget is enough for it.
    ///
    /// # Errors
    /// It costs more than is left.
    #[doc(hidden)]
    pub fn brief_within(
        &mut self,
        scenario: &Scenario,
        budget: &mut Budget,
    ) -> Result<OutcomeWithFeatures, BudgetExceeded> {
        let Ok(plan) = self.plan(scenario) else {
            // Up to two plans for each host.
            let price = if scenario.from_host == HostChoice::Any { 2 * PLAN * self.catalog.hosts().len() } else { 0 };
            budget.spend(price)?;
            return Ok(unplanned(self.catalog, scenario));
        };
        budget.spend(plan.price())?;
        Ok(plan.brief())
    }

    /// Returns what the answer to `scenario` costs at most, in cases.
    #[doc(hidden)]
    pub fn price(&mut self, scenario: &Scenario) -> usize {
        self.plan(scenario).map_or(0, |plan| plan.price())
    }

    /// Returns the answer in short of a guest that arrives unchanged whatever is not known, in the row of the decision
    /// table if one is given; `None` for every other.
    #[doc(hidden)]
    pub fn unchanged(&mut self, scenario: &Scenario, row: Option<Row>) -> Option<Outcome> {
        self.plan(scenario).ok()?.unchanged(row)
    }

    /// Returns the same if the budget is enough for it.
    ///
    /// # Errors
    /// It costs more than is left.
    pub fn unchanged_within(
        &mut self,
        scenario: &Scenario,
        row: Option<Row>,
        budget: &mut Budget,
    ) -> Result<Option<Outcome>, BudgetExceeded> {
        let Ok(plan) = self.plan(scenario) else { return Ok(None) };
        budget.spend(plan.price())?;
        Ok(plan.unchanged(row))
    }

    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The input without which nothing can be said.
    pub(crate) fn plan<'s>(&mut self, scenario: &'s Scenario) -> Result<Plan<'s>, Dependence>
    where
        'a: 's,
    {
        Plan::with(self.catalog, scenario, &mut |release, host, purpose| {
            let key = EndpointKey::of(scenario, release, host, purpose);
            if let Some(known) = self.endpoints.get(&key) {
                return known.clone();
            }
            let endpoint = EndpointOptions::of(self.catalog, scenario, release, host, purpose);
            if self.endpoints.len() < MOST_ENDPOINTS {
                self.endpoints.insert(key, endpoint.clone());
            }
            endpoint
        })
    }
}

/// The answer in short where an input is lacking: it depends, unless every listed host gives the same.
fn unplanned(catalog: &Catalog, scenario: &Scenario) -> OutcomeWithFeatures {
    brief_of_every_host(catalog, scenario).unwrap_or(OutcomeWithFeatures::depends(None))
}

/// What making a plan costs, in cases.
const PLAN: usize = 3;
/// The cases that are tried between two looks for a key, about a millisecond's; between a key and its frame a quarter.
const CASES: usize = 400;

/// How many cases may still be tried before the user notices the delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    left: usize,
    /// Whether one question may yet cost more than is left.
    spare: bool,
}

/// The budget is spent: the answer is to be found later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BudgetExceeded;

impl Budget {
    /// Returns what a key may spend; what costs more is left for later.
    pub const fn of_key() -> Self {
        Self { left: CASES / 4, spare: false }
    }

    /// Returns what may be spent at a time while nothing is typed: as much, and one question whatever it costs, so that
    /// every question has its turn.
    pub const fn of_slice() -> Self {
        Self { left: CASES, spare: true }
    }

    /// Returns the budget of a table that is written: some seconds.
    pub(crate) const fn of_table() -> Self {
        Self { left: 1_000_000, spare: false }
    }

    /// Returns the budget of whoever waits for the answer.
    pub const fn endless() -> Self {
        Self { left: usize::MAX, spare: true }
    }

    /// Spends the price of something.
    ///
    /// # Errors
    /// It costs more than is left; nothing is spent.
    pub(crate) fn spend(&mut self, price: usize) -> Result<(), BudgetExceeded> {
        match self.left.checked_sub(price) {
            Some(left) => self.left = left,
            None if self.spare => *self = Self { left: 0, spare: false },
            None => return Err(BudgetExceeded),
        }
        Ok(())
    }
}

impl Plan<'_> {
    /// Returns what its answer costs at most: every combination of what is not known, and the plan itself.
    pub fn price(&self) -> usize {
        let mut sizes = self.axes.iter().map(|axis| axis.values.len());
        let all = sizes.try_fold(1usize, usize::checked_mul);
        PLAN + all.map_or(MOST_CASES, |all| all.min(MOST_CASES))
    }
}
