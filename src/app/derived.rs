//! Computes everything the screens show from the scenario, at every change.

use super::choice::{Choice, ChoiceState};
use super::features::{self, FeatureRow};
use super::table::{self, Grid, TableLine};
use crate::analysis::remedies::{Remedy, remedies_with};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::explain::{Explanation, Outlook, deciding_features, explain, message};
use crate::resolve::{Answer, Possible, Resolver, Verdict};

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
    pub remedies: Vec<Remedy>,
    /// What can happen after the migration.
    pub(crate) outlook: Outlook,
    /// The feature table.
    pub(crate) features: Vec<FeatureRow>,
    /// The rows of the decision table.
    pub(crate) table: Vec<TableLine>,
    /// The decision table as a grid.
    pub(crate) grid: Grid,
    /// How many features decide.
    pub(crate) subjects: usize,
    /// Every setting with its value, in the order of [`Choice::ALL`].
    pub(crate) choices: Vec<ChoiceState>,
}

impl Derived {
    /// Resolves and explains `scenario`.
    pub(crate) fn of(catalog: &Catalog, scenario: &Scenario) -> Self {
        let mut resolver = Resolver::new(catalog);
        let answer = resolver.resolve(scenario);
        Self {
            link: scenario.word(catalog),
            message: answer.refusal().map(|refusal| message(catalog, refusal)),
            explanation: explain(catalog, scenario, &answer),
            remedies: remedies_with(&mut resolver, scenario, &answer),
            outlook: Outlook::of(catalog, scenario, &answer),
            features: features::rows(&answer, scenario.feature),
            table: table::lines(catalog, scenario, &answer),
            grid: Grid::of(catalog, scenario, &answer),
            subjects: deciding_features(scenario, &answer).len(),
            choices: Choice::ALL.iter().map(|choice| ChoiceState::of(*choice, catalog, scenario)).collect(),
            answer,
        }
    }

    /// Returns a setting with its value.
    pub(crate) fn choice(&self, choice: Choice) -> Option<&ChoiceState> {
        self.choices.get(choice as usize)
    }

    /// Returns the values of unknown inputs that decide, each with the name of its input.
    pub(crate) fn possible(&self) -> impl Iterator<Item = (&str, &Possible)> {
        self.answer
            .depends_on
            .iter()
            .flat_map(|unknown| unknown.answers.iter().map(|possible| (unknown.input.as_str(), possible)))
    }

    /// Returns what is shown in the place of fixes if there are none.
    pub(crate) fn no_fixes(&self) -> &'static str {
        match self.answer.verdict {
            Verdict::Unchanged | Verdict::Never => "No fix is needed.",
            Verdict::Depends => "Select one of the values above to see fixes.",
            Verdict::Changed | Verdict::Aborted | Verdict::StartRefused => "No fix was found among those tried.",
        }
    }
}
