//! Computes everything the screens show from the scenario, after every change.

use super::choice::{Choice, ChoiceState};
use super::features::{self, FeatureRow};
use super::table::{self, Grid, TableLine};
use crate::analysis::history::{Membership, in_map};
use crate::analysis::remedies::{Remedy, Tried, remedies, remedies_within};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use crate::explain::{Explanation, Outlook, deciding_features, explain, message};
use crate::resolve::{Answer, Budget, Possible, Resolver, StartTrace, Trace, Verdict, resolve};
use std::cell::OnceCell;

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
    /// The fixes, once they were asked for.
    remedies: OnceCell<Vec<Remedy>>,
    /// Whether the next cold boot takes the CPU of the destination's host.
    pub(crate) boots_host_model: bool,
    /// What can happen after the migration, computed on first use.
    outlook: OnceCell<Outlook>,
    /// What the CPU map of source and destination has of the scenario's feature; empty if that is not known.
    pub(crate) in_maps: [String; 2],
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
        let answer = resolve(catalog, scenario);
        Self {
            link: scenario.link(catalog),
            message: answer.refusal().map(|refusal| message(catalog, refusal)),
            explanation: explain(catalog, scenario, &answer),
            remedies: OnceCell::new(),
            boots_host_model: scenario.next_start().takes_host_model(),
            outlook: OnceCell::new(),
            in_maps: in_maps(catalog, scenario, &answer),
            features: features::rows(&answer, scenario.feature),
            table: table::lines(catalog, scenario, &answer),
            grid: Grid::of(catalog, scenario, &answer),
            subjects: deciding_features(scenario, &answer).len(),
            choices: Choice::ALL.iter().map(|choice| ChoiceState::of(*choice, catalog, scenario)).collect(),
            answer,
        }
    }

    /// Searches for the fixes. Returns whether all are found; if not, the next search continues from `tried`.
    pub(crate) fn find_remedies(
        &self,
        catalog: &Catalog,
        scenario: &Scenario,
        (tried, budget): (&mut Tried, &mut Budget),
    ) -> bool {
        let mut search = || remedies_within(&mut Resolver::new(catalog), scenario, &self.answer, (tried, budget));
        self.remedies.get().is_some() || search().is_ok_and(|found| self.remedies.set(found).is_ok())
    }

    /// Returns the fixes; `None` until they are found.
    pub(crate) fn known_remedies(&self) -> Option<&[Remedy]> {
        self.remedies.get().map(Vec::as_slice)
    }

    /// Returns the fixes, those without a restart first; `scenario` is the one this was derived from. Whoever asks before
    /// they are found waits.
    pub fn remedies(&self, catalog: &Catalog, scenario: &Scenario) -> &[Remedy] {
        self.remedies.get_or_init(|| remedies(catalog, scenario, &self.answer))
    }

    /// Returns what can happen after the migration; `scenario` is the one this was derived from.
    pub(crate) fn outlook(&self, catalog: &Catalog, scenario: &Scenario) -> &Outlook {
        self.outlook.get_or_init(|| Outlook::of(catalog, scenario, &self.answer))
    }

    /// Returns the same; `None` before the first use.
    pub(crate) fn known_outlook(&self) -> Option<&Outlook> {
        self.outlook.get()
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

fn in_maps(catalog: &Catalog, scenario: &Scenario, answer: &Answer) -> [String; 2] {
    let name = catalog.feature_name(scenario.feature);
    let state = |run: Option<&StartTrace>| {
        let has = run.zip(answer.model(scenario)).map(|(run, model)| in_map(&run.map, model, scenario.feature));
        has.map_or_else(String::new, |has| match has {
            Membership::Has => format!("{name} in map"),
            Membership::Removed => format!("{name} removed"),
            Membership::Added => format!("{name} added"),
            Membership::Absent => format!("{name} not in map"),
            Membership::NoModel => "no such model".to_owned(),
            Membership::Unknown => format!("{name} not defined"),
        })
    };
    let trace = answer.trace.as_ref().filter(|_| answer.depends_on.is_empty());
    // Of a guest with stops, the last arrival is at the destination only if no stop refused it.
    let last = |trace: &Trace| trace.migrations.len() > scenario.via.len();
    [state(trace.map(Trace::source)), state(trace.filter(|trace| last(trace)).and_then(Trace::destination))]
}
