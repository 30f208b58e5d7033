//! Works out everything that is shown from the scenario, in one place and at every change. Nothing else resolves.

use super::choice::{Choice, ChoiceState};
use super::features::{self, FeatureRow};
use crate::analysis::remedies::{WayOut, ways_out_with};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::{Explanation, explain, message};
use crate::resolve::{Answer, Outcome, QemuCpu, Resolver, StartTrace, Verdict, cold_boot, rollback};

/// What follows from a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Derived {
    /// The scenario in one word.
    pub word: String,
    /// The answer.
    pub answer: Answer,
    /// libvirt's exact words, when it refused.
    pub message: Option<String>,
    /// The answer in sentences.
    pub explanation: Explanation,
    /// Ways out, cheapest first.
    pub remedies: Vec<WayOut>,
    /// What comes after.
    pub after: After,
    /// The feature table.
    pub features: Vec<FeatureRow>,
    /// How every choice stands, in the order of [`Choice::ALL`].
    pub choices: Vec<ChoiceState>,
}

/// What comes after the migration.
#[derive(Clone, PartialEq, Debug)]
pub struct After {
    /// The guest's way back to where it came from; `None` when it never arrived.
    pub way_back: Option<Change>,
    /// A guest begun at the destination, the other way round.
    pub opposite: Outcome,
    /// The guest's next cold boot at the destination, compared with the CPU it has at the source.
    pub cold_boot: Option<Change>,
}

/// What one more step does to the guest's CPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// libvirt's words, if it is refused.
    pub refused: Option<String>,
    /// Whether there was a CPU before and one after to compare.
    pub compared: bool,
    /// What the guest loses by it.
    pub lost: Vec<FeatureId>,
    /// What the guest gains by it.
    pub gained: Vec<FeatureId>,
    /// Whether it is not the same in every case that the answer stands for; then it is that of the first.
    pub varies: bool,
}

/// The most cases whose next steps are compared; some more than there are hosts.
const MOST_CASES: usize = 128;

impl Derived {
    /// Works everything out.
    pub fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        let mut resolver = Resolver::new(catalog);
        let answer = resolver.resolve(scenario);
        Self {
            word: scenario.word(catalog),
            message: answer.refusal().map(|refusal| message(catalog, refusal)),
            explanation: explain(catalog, scenario, &answer),
            remedies: ways_out_with(&mut resolver, scenario, &answer),
            after: After::of(catalog, scenario, &answer),
            features: features::rows(&answer, scenario.feature),
            choices: Choice::ALL.iter().map(|choice| ChoiceState::of(*choice, catalog, scenario)).collect(),
            answer,
        }
    }

    /// Returns how `choice` stands.
    pub fn standing(&self, choice: Choice) -> Option<&ChoiceState> {
        self.choices.get(choice as usize)
    }
}

impl After {
    fn of(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> Self {
        let opposite = Resolver::new(catalog).outcome(&scenario.swapped());
        let (mut back, mut boots) = (Vec::new(), Vec::new());
        if answer.verdict != Verdict::Depends {
            for (case, answer) in answer.cases(catalog, scenario).take(MOST_CASES) {
                let Some(trace) = &answer.trace else { continue };
                let arrival = trace.destination();
                let returned = rollback(catalog, &case, &answer);
                back.push(arrival.zip(returned).map(|(arrival, run)| compare(catalog, arrival, &run)));
                boots.push(cold_boot(catalog, &case).map(|run| compare(catalog, trace.source(), &run)));
            }
        }
        let all_compared = answer.case_count() <= MOST_CASES;
        Self { way_back: of_all(back, all_compared), opposite, cold_boot: of_all(boots, all_compared) }
    }
}

/// The first change, and whether every case has it.
fn of_all(changes: Vec<Option<Change>>, all_compared: bool) -> Option<Change> {
    let varies = !all_compared || changes.iter().any(|change| Some(change) != changes.first());
    changes.into_iter().flatten().next().map(|change| Change { varies, ..change })
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
        varies: false,
    }
}
