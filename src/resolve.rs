//! Resolves a scenario: runs the guest through the ten stages of a migration, and returns the verdict and its cause. It
//! does no I/O, reads no clock and no environment, and does not panic; the same input gives the same answer.

mod answer;
mod classify;
mod decision_table;
mod endpoint;
mod expansion;
#[doc(hidden)]
pub mod host_model;
mod live_update;
mod migrate;
mod partial_check;
mod possible_expansions;
mod prepared_endpoint;
mod qemu_cpu;
mod recorder;
mod refusal;
mod rules;
mod send;
mod start;
mod trace;
mod unknowns;
mod verdict;

use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;

pub use answer::{Answer, Basis, Dependence, Outcome, Possible};
pub use decision_table::{Mention, Row};
pub use refusal::{Refusal, Stage};
pub use rules::{RULES, Rule, RuleId};
pub use trace::{Migration, Origin, QemuCpu, Sent, StartTrace, Trace, WrittenBy};
pub use unknowns::Resolver;
pub use verdict::{LimitingComponent, Risk, Verdict};

// For the program, its tests and benchmarks; not part of the API.
#[doc(hidden)]
pub use answer::between_exact_maps;
#[doc(hidden)]
pub use classify::{Started, brief, decide, verdict};
#[doc(hidden)]
pub use endpoint::{Endpoint, Guest, Host, Machine};
#[doc(hidden)]
pub use migrate::{Case, Prepared, cold_boot, rollback};
#[doc(hidden)]
pub use possible_expansions::{PossibleExpansion, expansions};
#[doc(hidden)]
pub use unknowns::{Axis, Budget, BudgetExceeded, Plan, source};

pub(crate) use answer::{OutcomeWithFeatures, unread_qemus};
pub(crate) use decision_table::{MapState, TABLE, TableRow};
pub(crate) use possible_expansions::{expansions_of_domcapabilities, not_named_of_host};
pub(crate) use refusal::{MachineWording, PartialWording, Sender};
pub(crate) use rules::suggested;
use unknowns::Wanted;
pub(crate) use unknowns::{NotAsked, TOO_MANY, not_asked_for_host_model, sources};

/// Returns the answer to `scenario`. It never fails: an aborted migration is an answer, and for `depends` the answer
/// names the unknown inputs that decide.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Answer {
    answer_from(catalog, scenario, Plan::of(catalog, scenario).as_ref().map_err(Clone::clone))
}

/// Leads from the inputs of a scenario, known or not, to the answer with every stage.
fn answer_from(catalog: &Catalog, scenario: &Scenario, inputs: Result<&Plan<'_>, Dependence>) -> Answer {
    let basis = Basis::of(catalog, scenario);
    // The inputs: without some of them nothing can be said.
    let plan = match inputs {
        Ok(plan) => plan,
        Err(input) => {
            let decided = unknowns::of_every_host(catalog, scenario);
            return decided
                .unwrap_or_else(|| Answer::unknown(basis, unknowns::with_examples(catalog, scenario, input)));
        }
    };
    // The cases, one for every combination of what is not known: the guest migrates in each, and the end is classified.
    let agreement = match plan.agreement(Wanted::Dependences) {
        Ok(agreement) => agreement,
        Err(input) => return Answer::unknown(basis, input),
    };
    // The first of them once more, with every stage.
    let decide_on = |assignment: &[usize]| decide(catalog, &plan.case(assignment)?, scenario.feature, basis);
    let Some(mut answer) = agreement.cases.first().and_then(|first| decide_on(first)) else {
        return Answer::unknown(basis, Dependence::on("facts"));
    };
    if plan.falls_back_on_an_unnamed_host(answer.verdict, answer.rule) {
        return Answer::unknown(basis, Dependence::on(unknowns::HOST));
    }
    if plan.regime_is_open() {
        answer.regime = None;
    }
    // The cases do not agree: the answer depends.
    if !agreement.depends_on.is_empty() {
        let alike = |case: &Vec<usize>| decide_on(case).is_some_and(|other| other.has_definitions_of(&answer));
        let completes = agreement.completes && agreement.cases.iter().skip(1).all(alike);
        answer.cases = agreement.cases.into_iter().take(1).collect();
        return answer.depending(agreement.depends_on, completes, agreement.either_way);
    }
    // They agree in verdict, rule and message. What a refused or changed guest would see may still differ.
    if let Some(brief) = agreement.brief {
        (answer.rule, answer.row) = (brief.outcome.rule, brief.outcome.row);
    }
    if answer.verdict != Verdict::Unchanged {
        let others = agreement.cases.iter().skip(1).filter_map(|case| decide_on(case));
        others.for_each(|other| answer.restrict_to(&other));
    }
    answer.cases = agreement.cases;
    answer
}
