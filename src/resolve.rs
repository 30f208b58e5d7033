//! Resolves a scenario: walks the ten stages of a migration and says what came of it, and why.
//! Pure and total: no I/O, no clock, no environment, no panic; the same input gives the same answer.

mod answer;
mod classify;
mod decision_table;
mod dependencies;
mod endpoint;
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

pub use answer::{
    Answer, Basis, Completion, Dependence, LimitingComponent, Possible, Refusal, Risk, Row, Stage, Verdict,
};
pub use classify::{Decided, Outcome, OutcomeWithFeatures, brief, brief_between, decide, verdict};
pub use decision_table::{MapState, Mention, TABLE, TableRow};
pub use endpoint::{EMULATOR, EMULATOR_EL, Endpoint, Guest, Host, Machine, Named};
pub use migrate::{Case, Prepared, cold_boot, filled_in_check, way_back};
pub use rules::{RULES, Rule, RuleId, suggested};
pub use trace::{Migration, Origin, QemuCpu, Sent, StartTrace, Trace, WrittenBy};
pub use unknowns::{Axis, Budget, BudgetExceeded, Plan, Resolver};

pub use unknowns::{resolve, source};
