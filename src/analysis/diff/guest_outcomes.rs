//! Finds what a difference does to guests: those that say nothing of the feature, that switch it on and that switch it
//! off, there and back.

use crate::analysis::history::example_guest::{guests, rank};
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::resolve::{Budget, BudgetExceeded, Outcome, OutcomeWithFeatures, Resolver, Verdict};
use std::collections::HashMap;

/// What a guest says of the feature: nothing, that it is on, that it is off.
pub const SAYINGS: [Option<Policy>; 3] = [None, Some(Policy::Require), Some(Policy::Disable)];

/// How one guest fares in one direction.
#[derive(Clone, PartialEq, Debug)]
pub struct Fare {
    /// The question.
    pub scenario: Scenario,
    /// The answer.
    pub outcome: Outcome,
    /// Whether the feature has a part in the answer: it is among what is extra, missing, lost or gained, or there is no
    /// such list and nothing came through.
    pub by_it: bool,
}

impl Fare {
    /// Returns the verdict as far as the feature goes.
    pub fn verdict(&self) -> Verdict {
        if self.by_it || matches!(self.outcome.verdict, Verdict::Depends | Verdict::StartRefused) {
            self.outcome.verdict
        } else {
            Verdict::Unchanged
        }
    }
}

/// The answers that were found, by their questions: lines share questions, and one that is not yet answered goes on
/// from those that are.
pub type Answers = HashMap<Scenario, OutcomeWithFeatures>;

/// Asks how guests fare between the ends of a scenario.
pub struct Fares<'a> {
    resolver: Resolver<'a>,
    scenario: Scenario,
}

impl<'a> Fares<'a> {
    /// Returns who asks between these ends; neither stops nor what the scenario's own guest says count.
    pub fn between(catalog: &'a Catalog, scenario: &Scenario) -> Self {
        Self { resolver: Resolver::new(catalog), scenario: scenario.clone() }
    }

    /// Returns how a guest of the model fares that says this of the feature: of those with different machine types the
    /// one that fares worst; none where none starts.
    ///
    /// # Errors
    /// The budget is not enough; what was found stays among the answers.
    pub fn fare(
        &mut self,
        (model, feature): (ModelId, FeatureId),
        says: Option<Policy>,
        (answers, budget): (&mut Answers, &mut Budget),
    ) -> Result<Option<Fare>, BudgetExceeded> {
        let mut worst: Option<Fare> = None;
        for mut guest in guests(self.resolver.catalog(), &self.scenario, model, feature) {
            if let Some(policy) = says {
                guest.features.set(feature, policy);
            }
            // What `new` lacks is the scenario's feature and stays so.
            if [&guest.from, &guest.to].iter().any(|end| end.libvirt == LibvirtChoice::New) {
                guest.feature = self.scenario.feature;
            }
            let brief = self.answer(&guest, answers, budget)?;
            let lists = brief.more | brief.less;
            let by_it = lists.contains(feature) || (lists.is_empty() && brief.outcome.verdict == Verdict::Aborted);
            let fare = Fare { scenario: guest, outcome: brief.outcome, by_it };
            let beats = |known: &Fare| rank(fare.verdict()) > rank(known.verdict());
            if rank(fare.outcome.verdict) > 0 && worst.as_ref().is_none_or(beats) {
                worst = Some(fare);
            }
        }
        Ok(worst)
    }

    fn answer(
        &mut self,
        guest: &Scenario,
        answers: &mut Answers,
        budget: &mut Budget,
    ) -> Result<OutcomeWithFeatures, BudgetExceeded> {
        if let Some(known) = answers.get(guest) {
            budget.spend(1)?;
            return Ok(*known);
        }
        let found = self.resolver.brief_within(guest, budget)?;
        answers.insert(guest.clone(), found);
        Ok(found)
    }
}
