//! Holds the answers against the 412 recorded migrations: outcome, message, and the policies at both ends.

mod naive;
mod support;

use naive::facts::PlainFacts;
use naive::{Policies, Question};
use std::collections::BTreeMap;
use support::recorded::{Run, runs};
use virt_cpu_explorer::load::embedded;

fn as_map(policies: Option<&Policies>) -> Option<BTreeMap<String, String>> {
    policies.map(|policies| policies.iter().cloned().collect())
}

fn question(run: &Run) -> Question {
    let guest = &run.guest;
    let ends = (&run.source, &run.destination);
    Question {
        features: guest.policies(),
        topology: [guest.vcpus, 1, 1, 1],
        accel: guest.accelerator.clone(),
        check: Some(guest.check.clone()),
        ..Question::of(&guest.model, &guest.machine, (&ends.0.libvirt, &ends.0.qemu), (&ends.1.libvirt, &ends.1.qemu))
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_naive_resolver_gives_every_recorded_answer() {
    let facts = PlainFacts::of(&embedded::catalog().unwrap());
    let mut wrong = Vec::new();
    let runs = runs();
    for run in &runs {
        match naive::answer(&facts, &question(run)) {
            Err(what) => wrong.push(format!("{}: no answer: {what}", run.id)),
            Ok(answer) => {
                let given = (&answer.outcome, &answer.error, as_map(answer.live.as_ref()));
                let recorded = (&run.outcome, &run.error, run.live.clone());
                let arrived = as_map(answer.arrived.as_ref());
                if given != recorded || arrived != run.arrived {
                    wrong.push(format!(
                        "{}:\n  {given:?}\n  {arrived:?}\nis\n  {recorded:?}\n  {:?}",
                        run.id, run.arrived
                    ));
                }
            }
        }
    }
    println!("naive resolver: {} of {} recorded runs equal", runs.len() - wrong.len(), runs.len());
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
    assert_eq!(runs.len(), 412);
}
