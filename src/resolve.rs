//! Resolves a scenario: takes the guest through the ten stages of a migration and says what became of it, and why.
//! Pure and total: no I/O, no clock, no environment, no panic; the same input gives the same answer.

mod answer;
mod classify;
mod decision_table;
mod dependencies;
mod endpoint;
mod expansion;
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

pub use answer::{Answer, Basis, Dependence, Outcome, OutcomeWithFeatures, Possible};
pub use classify::verdict;
pub use decision_table::{Mention, Row};
pub use endpoint::{Endpoint, Guest, Host, Machine};
pub use migrate::{Case, Prepared, cold_boot, rollback};
pub use refusal::{Refusal, Stage};
pub use rules::{RULES, Rule, RuleId};
pub use trace::{Migration, Origin, QemuCpu, Sent, StartTrace, Trace, WrittenBy};
pub(crate) use unknowns::TOO_MANY;
pub use unknowns::{Plan, Resolver};
pub use verdict::{LimitingComponent, Risk, Verdict};

// For the program, its tests and benchmarks; no part of the API.
#[doc(hidden)]
pub use answer::{between_exact_maps, unread_qemus};
#[doc(hidden)]
pub use classify::{Started, brief, decide};
#[doc(hidden)]
pub use decision_table::{MapState, TABLE, TableRow};
#[doc(hidden)]
pub use refusal::Sender;
#[doc(hidden)]
pub use rules::suggested;
#[doc(hidden)]
pub use unknowns::{Axis, Budget, BudgetExceeded, source};

/// Returns the answer to `scenario`: `depends` names what is not known and decides.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Answer {
    match Plan::of(catalog, scenario) {
        Ok(plan) => plan.resolve(),
        Err(input) => Answer::unknown(Basis::of(catalog, scenario), unknowns::with_examples(catalog, scenario, input)),
    }
}
