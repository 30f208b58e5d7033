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

pub use answer::{Answer, Basis, Dependence, Outcome, OutcomeWithFeatures, Possible, between_exact_maps, unread_qemus};
pub use classify::{Started, brief, decide, verdict};
pub use decision_table::{MapState, Mention, Row, TABLE, TableRow};
pub use endpoint::{Endpoint, Guest, Host, Machine};
pub use migrate::{Case, Prepared, cold_boot, rollback};
pub use refusal::{Refusal, Sender, Stage};
pub use rules::{RULES, Rule, RuleId, suggested};
pub use trace::{Migration, Origin, QemuCpu, Sent, StartTrace, Trace, WrittenBy};
pub(crate) use unknowns::TOO_MANY;
pub use unknowns::{Axis, Budget, BudgetExceeded, Plan, Resolver, source};
pub use verdict::{LimitingComponent, Risk, Verdict};

/// Returns the answer to `scenario`: `depends` names what is not known and decides.
pub fn resolve(catalog: &Catalog, scenario: &Scenario) -> Answer {
    match Plan::of(catalog, scenario) {
        Ok(plan) => plan.resolve(),
        Err(input) => Answer::unknown(Basis::of(catalog, scenario), unknowns::with_examples(catalog, scenario, input)),
    }
}
