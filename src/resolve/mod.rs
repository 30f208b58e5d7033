//! Resolves a scenario: walks the ten stages of a migration and says what came of it, and why.
//! Pure and total: no I/O, no clock, no environment, no panic; the same input gives the same answer.

mod answer;
mod dependencies;
mod end;
mod journey;
mod keep;
mod live_update;
mod partial_check;
mod plan;
mod qemu_cpu;
mod refusal;
mod resolution;
mod rules;
mod send;
mod site;
mod stages;
mod start;
mod table;

pub use answer::{Brief, Decided, Glance, brief, brief_between, decide, verdict};
pub use end::{EMULATOR, EMULATOR_EL, End, Guest, Host, Machine, Named};
pub use journey::{Case, Prepared, cold_boot, filled_in_check, way_back};
pub use plan::{Axis, Budget, Plan, Resolver, Spent};
pub use resolution::{Basis, Dependence, Fault, Outcome, Possible, Refusal, Resolution, Risk, Row, Stage, Verdict};
pub use rules::{RULES, Rule, RuleId, suggested};
pub use stages::{Hop, Journey, Origin, QemuCpu, Run, Sent, WrittenBy};
pub use table::{Age, Says, TABLE, TableRow};

pub use plan::{resolve, source};
