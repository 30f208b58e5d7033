//! Works out everything that is shown from the scenario, in one place and at every change. Nothing else resolves.

use super::choice::{Choice, Standing};
use super::features::{self, FeatureRow};
use crate::domain::catalog::Catalog;
use crate::domain::feature::FeatureId;
use crate::domain::scenario::Scenario;
use crate::explain::{Explanation, explain, message};
use crate::resolve::{Case, Glance, Journey, Plan, QemuCpu, Resolution, Resolver, Run, Verdict, cold_boot, way_back};
use crate::study::ways_out::{WayOut, ways_out_with};

/// What follows from a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Derived {
    /// The scenario in one word.
    pub word: String,
    /// The answer.
    pub resolution: Resolution,
    /// libvirt's exact words, when it refused.
    pub message: Option<String>,
    /// The answer in sentences.
    pub explanation: Explanation,
    /// Ways out, cheapest first.
    pub ways_out: Vec<WayOut>,
    /// What comes after.
    pub after: After,
    /// The feature table.
    pub features: Vec<FeatureRow>,
    /// How every choice stands, in the order of [`Choice::ALL`].
    pub choices: Vec<Standing>,
}

/// What comes after the migration.
#[derive(Clone, PartialEq, Debug)]
pub struct After {
    /// The guest's way back to where it came from; `None` when it never arrived.
    pub way_back: Option<Change>,
    /// A guest begun at the destination, the other way round.
    pub opposite: Glance,
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
}

impl Derived {
    /// Works everything out.
    pub fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        let mut resolver = Resolver::new(catalog);
        let resolution = resolver.resolve(scenario);
        Self {
            word: scenario.word(catalog),
            message: resolution.refusal().map(|refusal| message(catalog, refusal)),
            explanation: explain(catalog, scenario, &resolution),
            ways_out: ways_out_with(&mut resolver, scenario, &resolution),
            after: After::of(catalog, scenario, &resolution),
            features: features::rows(&resolution, scenario.feature),
            choices: Choice::ALL.iter().map(|choice| Standing::of(*choice, catalog, scenario)).collect(),
            resolution,
        }
    }

    /// Returns how `choice` stands.
    pub fn standing(&self, choice: Choice) -> Option<&Standing> {
        self.choices.get(choice as usize)
    }
}

impl After {
    fn of(catalog: &Catalog, scenario: &Scenario, resolution: &Resolution) -> Self {
        let opposite = Resolver::new(catalog).glance(&scenario.swapped());
        let plan = Plan::of(catalog, scenario).ok();
        let first = plan.as_ref().and_then(|plan| plan.case(&vec![0; plan.axes.len()]));
        let decided = resolution.journey.as_ref().filter(|_| resolution.verdict != Verdict::Depends).zip(first);
        let Some((journey, case)) = decided else { return Self { way_back: None, opposite, cold_boot: None } };
        Self {
            way_back: back(catalog, &case, journey),
            opposite,
            cold_boot: cold_boot(catalog, &case).map(|run| compare(catalog, journey.source(), &run)),
        }
    }
}

fn back(catalog: &Catalog, case: &Case<'_>, journey: &Journey) -> Option<Change> {
    let back = way_back(catalog, case, journey)?;
    back.destination().map(|run| compare(catalog, &back.start, run))
}

fn compare(catalog: &Catalog, before: &Run, after: &Run) -> Change {
    let visible = |run: &Run| run.cpu.as_ref().map(|cpu: &QemuCpu| cpu.visible);
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
