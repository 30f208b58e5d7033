//! Remembers the ends that scenarios share: a matrix or a batch asks about the same releases over and over.

use super::endpoint_options::EndpointOptions;
use super::{Budget, BudgetExceeded, Dependence, Plan, nothing_known};
use crate::domain::behaviour::Regime;
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::qemu::Accel;
use crate::domain::scenario::{HostChoice, LibvirtChoice, Release, Scenario};
use crate::resolve::answer::Answer;
use crate::resolve::classify::{Outcome, OutcomeWithFeatures};
use foldhash::HashMap;
use std::rc::Rc;

/// The most ends that are remembered; a batch with more different ones goes on without.
const MOST_PLACES: usize = 4096;

/// Resolves one scenario after the other, and works out only once what they share.
pub struct Resolver<'a> {
    catalog: &'a Catalog,
    places: HashMap<PlaceKey, Rc<EndpointOptions<'a>>>,
}

/// Everything that a place is made from.
#[derive(Clone, PartialEq, Eq, Hash)]
struct PlaceKey {
    release: Release,
    host: HostChoice,
    same_host: bool,
    accel: Accel,
    regime: Option<Regime>,
    wants_vmx: bool,
    end: &'static str,
    /// The feature that the e-mail's *new* lacks.
    feature: Option<FeatureId>,
}

impl PlaceKey {
    fn of(
        scenario: &Scenario,
        release: &Release,
        host: &HostChoice,
        (regime, wants_vmx, end): (Option<Regime>, bool, &'static str),
    ) -> Self {
        let under_kvm = scenario.accel == Accel::Kvm;
        Self {
            release: release.clone(),
            host: if under_kvm { host.clone() } else { HostChoice::Capable },
            same_host: scenario.from_host == scenario.to_host,
            accel: scenario.accel,
            regime,
            wants_vmx,
            end,
            feature: (release.libvirt == LibvirtChoice::New).then_some(scenario.feature),
        }
    }
}

impl<'a> Resolver<'a> {
    /// Returns a resolver that remembers nothing yet.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, places: HashMap::default() }
    }

    /// Returns the facts it resolves with.
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// Returns the answer to `scenario`, as [`resolve`](crate::resolve::resolve) does.
    pub fn resolve(&mut self, scenario: &Scenario) -> Answer {
        match self.plan(scenario) {
            Ok(plan) => plan.resolve(),
            Err(input) => nothing_known(self.catalog, scenario, input),
        }
    }

    /// Returns the answer to `scenario` in short; the rule is `None` where the answer depends.
    pub fn outcome(&mut self, scenario: &Scenario) -> Outcome {
        self.brief(scenario).outcome
    }

    /// Returns the same with the features it is about.
    pub fn brief(&mut self, scenario: &Scenario) -> OutcomeWithFeatures {
        self.plan(scenario).map_or(OutcomeWithFeatures::depends(None), |plan| plan.brief())
    }

    /// Returns the same if the budget is enough for it.
    ///
    /// # Errors
    /// It costs more than is left.
    pub fn brief_within(
        &mut self,
        scenario: &Scenario,
        budget: &mut Budget,
    ) -> Result<OutcomeWithFeatures, BudgetExceeded> {
        let Ok(plan) = self.plan(scenario) else { return Ok(OutcomeWithFeatures::depends(None)) };
        budget.spend(plan.price())?;
        Ok(plan.brief())
    }

    /// Returns what the answer to `scenario` costs at most, in cases.
    pub fn price(&mut self, scenario: &Scenario) -> usize {
        self.plan(scenario).map_or(0, |plan| plan.price())
    }

    /// Returns the answer in short of a guest that arrives unchanged whatever is not known; `None` for every other.
    pub fn unchanged(&mut self, scenario: &Scenario) -> Option<Outcome> {
        self.plan(scenario).ok()?.unchanged()
    }

    /// Makes the plan of a scenario.
    ///
    /// # Errors
    /// The input without which nothing can be said.
    pub fn plan<'s>(&mut self, scenario: &'s Scenario) -> Result<Plan<'s>, Dependence>
    where
        'a: 's,
    {
        Plan::with(self.catalog, scenario, &mut |release, host, rest| {
            let key = PlaceKey::of(scenario, release, host, rest);
            if let Some(known) = self.places.get(&key) {
                return Rc::clone(known);
            }
            let place = Rc::new(EndpointOptions::of(self.catalog, scenario, release, host, rest));
            if self.places.len() < MOST_PLACES {
                self.places.insert(key, Rc::clone(&place));
            }
            place
        })
    }
}
