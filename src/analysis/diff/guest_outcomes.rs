//! Finds the effect of a difference on guests that do not mention the feature, require it or disable it, in both
//! directions.

use crate::analysis::history::example_guest::{guests, rank};
use crate::analysis::space::shared_machines;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Policy;
use crate::domain::feature::FeatureId;
use crate::domain::map::ModelId;
use crate::domain::qemu::MachineId;
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::resolve::{Budget, BudgetExceeded, Outcome, OutcomeWithFeatures, Resolver, Verdict};
use std::collections::HashMap;
use std::rc::Rc;

/// The policies of the feature that guests are resolved with: not mentioned, required, disabled.
pub const MENTIONS: [Option<Policy>; 3] = [None, Some(Policy::Require), Some(Policy::Disable)];

/// The outcome of one guest in one direction.
#[derive(Clone, PartialEq, Debug)]
pub struct GuestOutcome {
    /// The question.
    pub scenario: Rc<Scenario>,
    /// The answer.
    pub outcome: Outcome,
    /// Whether the feature has a part in the answer: it is among what is extra, missing, lost or gained, or there is no
    /// such list and the guest does not arrive.
    pub by_it: bool,
}

impl GuestOutcome {
    /// Returns the verdict as far as the feature goes.
    pub fn verdict(&self) -> Verdict {
        if self.by_it || matches!(self.outcome.verdict, Verdict::Depends | Verdict::StartRefused) {
            self.outcome.verdict
        } else {
            Verdict::Unchanged
        }
    }
}

/// The answers that were found, by their questions: lines share questions, and a new search reuses them.
pub type Answers = HashMap<Rc<Scenario>, OutcomeWithFeatures>;

/// Resolves guests between source and destination of a scenario.
pub struct GuestResolver<'a> {
    resolver: Resolver<'a>,
    scenario: Scenario,
    /// The machine types that both have.
    machines: Vec<MachineId>,
}

impl<'a> GuestResolver<'a> {
    /// Returns who asks between these ends; neither stops nor what the scenario's own guest says count.
    pub fn between(catalog: &'a Catalog, scenario: &Scenario) -> Self {
        let machines = shared_machines(catalog, &[&scenario.from, &scenario.to]);
        Self { resolver: Resolver::new(catalog), scenario: scenario.clone(), machines }
    }

    /// Returns how a guest of the model fares that says this of the feature: of those with different machine types the
    /// one that fares worst; none where none starts.
    ///
    /// # Errors
    /// The budget is not enough; what was found stays among the answers.
    pub fn outcome(
        &mut self,
        (model, feature): (ModelId, FeatureId),
        says: Option<Policy>,
        (answers, budget): (&mut Answers, &mut Budget),
    ) -> Result<Option<GuestOutcome>, BudgetExceeded> {
        let mut worst: Option<GuestOutcome> = None;
        for mut guest in guests(self.resolver.catalog(), &self.scenario, (model, feature), &self.machines) {
            if let Some(policy) = says {
                guest.features.set(feature, policy);
            }
            // What `new` lacks is the scenario's feature and stays so.
            if [&guest.from, &guest.to].iter().any(|end| end.libvirt == LibvirtChoice::New) {
                guest.feature = self.scenario.feature;
            }
            let (scenario, brief) = self.answer(guest, answers, budget)?;
            let lists = brief.more | brief.less;
            let by_it = lists.contains(feature) || (lists.is_empty() && brief.outcome.verdict == Verdict::Aborted);
            let outcome = GuestOutcome { scenario, outcome: brief.outcome, by_it };
            let beats = |known: &GuestOutcome| rank(outcome.verdict()) > rank(known.verdict());
            if rank(outcome.outcome.verdict) > 0 && worst.as_ref().is_none_or(beats) {
                worst = Some(outcome);
            }
        }
        Ok(worst)
    }

    fn answer(
        &mut self,
        guest: Scenario,
        answers: &mut Answers,
        budget: &mut Budget,
    ) -> Result<(Rc<Scenario>, OutcomeWithFeatures), BudgetExceeded> {
        if let Some((guest, known)) = answers.get_key_value(&guest) {
            budget.spend(1)?;
            return Ok((Rc::clone(guest), *known));
        }
        let found = self.resolver.brief_within(&guest, budget)?;
        let guest = Rc::new(guest);
        answers.insert(Rc::clone(&guest), found);
        Ok((guest, found))
    }
}
