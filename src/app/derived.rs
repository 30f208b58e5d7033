//! Computes everything the screens show from the scenario, at every change.

use super::choice::{Choice, ChoiceState};
use super::features::{self, FeatureRow};
use crate::analysis::remedies::{WayOut, ways_out_with};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::{Explanation, explain, message};
use crate::resolve::{Answer, Case, Outcome, Plan, QemuCpu, Resolver, StartTrace, Trace, Verdict, cold_boot, way_back};

/// What a scenario results in.
#[derive(Clone, PartialEq, Debug)]
pub struct Derived {
    /// The link of the scenario.
    pub link: String,
    /// The answer with its trace.
    pub answer: Answer,
    /// libvirt's exact error message; `None` when it reports none.
    pub message: Option<String>,
    /// The answer in sentences.
    pub explanation: Explanation,
    /// The fixes, those without a restart first.
    pub remedies: Vec<WayOut>,
    /// What can happen after the migration.
    pub after: After,
    /// The feature table.
    pub features: Vec<FeatureRow>,
    /// Every setting with its value, in the order of [`Choice::ALL`].
    pub choices: Vec<ChoiceState>,
}

/// What can happen after the migration.
#[derive(Clone, PartialEq, Debug)]
pub struct After {
    /// The migration back to the source; `None` when the guest never arrived.
    pub rollback: Option<Change>,
    /// The same migration in the reverse direction, of a guest started at the destination.
    pub reverse: Outcome,
    /// The next cold boot at the destination, compared with the CPU at the source.
    pub cold_boot: Option<Change>,
}

/// The effect of one more step on the guest's CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// libvirt's error message, if the step is refused.
    pub refused: Option<String>,
    /// Whether there is a CPU before and after the step to compare.
    pub compared: bool,
    /// The features that the guest loses, in the order of the map.
    pub lost: Vec<FeatureId>,
    /// The features that the guest gains, in the order of the map.
    pub gained: Vec<FeatureId>,
}

impl Derived {
    /// Resolves and explains `scenario`.
    pub fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        let mut resolver = Resolver::new(catalog);
        let answer = resolver.resolve(scenario);
        Self {
            link: scenario.word(catalog),
            message: answer.refusal().map(|refusal| message(catalog, refusal)),
            explanation: explain(catalog, scenario, &answer),
            remedies: ways_out_with(&mut resolver, scenario, &answer),
            after: After::of(catalog, scenario, &answer),
            features: features::rows(&answer, scenario.feature),
            choices: Choice::ALL.iter().map(|choice| ChoiceState::of(*choice, catalog, scenario)).collect(),
            answer,
        }
    }

    /// Returns a setting with its value.
    pub fn choice(&self, choice: Choice) -> Option<&ChoiceState> {
        self.choices.get(choice as usize)
    }
}

impl After {
    fn of(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Self {
        let reverse = Resolver::new(catalog).outcome(&scenario.swapped());
        let plan = Plan::of(catalog, scenario).ok();
        let first = plan.as_ref().and_then(|plan| plan.case(&vec![0; plan.axes.len()]));
        let decided = answer.trace.as_ref().filter(|_| answer.verdict != Verdict::Depends).zip(first);
        let Some((trace, case)) = decided else { return Self { rollback: None, reverse, cold_boot: None } };
        Self {
            rollback: rollback(catalog, &case, trace),
            reverse,
            cold_boot: cold_boot(catalog, &case).map(|run| compare(catalog, trace.source(), &run)),
        }
    }
}

fn rollback(catalog: &Catalog, case: &Case<'_>, trace: &Trace) -> Option<Change> {
    let back = way_back(catalog, case, trace)?;
    back.destination().map(|run| compare(catalog, &back.start, run))
}

fn compare(catalog: &Catalog, before: &StartTrace, after: &StartTrace) -> Change {
    let visible = |run: &StartTrace| run.cpu.as_ref().map(|cpu: &QemuCpu| cpu.visible);
    let (lost, gained) = match (visible(before), visible(after), &after.refused) {
        (Some(before), Some(after), None) => (before - after, after - before),
        _ => Default::default(),
    };
    Change {
        refused: after.refused.as_ref().map(|refusal| message(catalog, refusal)),
        compared: visible(before).is_some() && visible(after).is_some(),
        lost: after.map.in_order(lost),
        gained: after.map.in_order(gained),
    }
}
