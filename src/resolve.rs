//! Resolves a scenario: takes the guest through the ten stages of a migration and says what became of it, and why.
//! Pure and total: no I/O, no clock, no environment, no panic; the same input gives the same answer.

mod answer;
mod classify;
mod decision_table;
mod dependencies;
mod endpoint;
mod expansion;
#[doc(hidden)]
pub mod host_model;
mod live_update;
mod migrate;
mod partial_check;
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

// For the program, its tests and benchmarks; no part of the API.
#[doc(hidden)]
pub use answer::between_exact_maps;
#[doc(hidden)]
pub use classify::{Started, brief, decide, verdict};
#[doc(hidden)]
pub use endpoint::{Endpoint, Guest, Host, Machine};
#[doc(hidden)]
pub use migrate::{Case, Prepared, cold_boot, rollback};
#[doc(hidden)]
pub use unknowns::{Axis, Budget, BudgetExceeded, Plan, source};

pub(crate) use answer::{OutcomeWithFeatures, unread_qemus};
pub(crate) use decision_table::{MapState, TABLE, TableRow};
pub(crate) use refusal::Sender;
pub(crate) use rules::suggested;
pub(crate) use unknowns::TOO_MANY;

/// Returns the answer to `scenario`: `depends` names what is not known and decides.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Answer {
    match Plan::of(catalog, scenario) {
        Ok(plan) => plan.resolve(),
        Err(input) => Answer::unknown(Basis::of(catalog, scenario), unknowns::with_examples(catalog, scenario, input)),
    }
}
