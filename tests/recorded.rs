//! Holds both resolvers against the 412 recorded migrations: outcome, message, and the policies at source and
//! destination.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod naive;
mod support;

use naive::facts::PlainFacts;
use naive::{Policies, Question};
use serde_json::Value;
use std::collections::BTreeMap;
use support::ask::{CATALOG, batch, pairs};
use support::recorded::{StartTrace, runs};

fn as_map(policies: Option<&Policies>) -> Option<BTreeMap<String, String>> {
    policies.map(|policies| policies.iter().cloned().collect())
}

fn question(run: &StartTrace) -> Question {
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

/// The recorded lines as they are, each with one key more where one is given.
fn lines(transport: Option<&str>) -> String {
    let text = include_str!("recorded/recorded-migrations.jsonl");
    let line = |line: &str| {
        let mut object: Value = serde_json::from_str(line).unwrap();
        if let Some(transport) = transport {
            object["transport"] = transport.into();
        }
        format!("{object}\n")
    };
    text.lines().filter(|text| !text.is_empty()).map(line).collect()
}

#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn expect_all_equal(what: &str, count: usize, wrong: &[String]) {
    println!("{what}: {} of {count} recorded runs equal", count - wrong.len());
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
    assert_eq!(count, 412);
}

#[test]
fn a_batch_of_the_recorded_lines_gives_every_recorded_answer() {
    let (code, answers) = batch(&lines(None));
    assert_eq!(code, 1);
    let runs = runs();
    assert_eq!(answers.len(), runs.len());
    let mut wrong = Vec::new();
    for (run, answer) in runs.iter().zip(&answers) {
        let policies = |key: &str| as_map(pairs(&answer[key]).as_ref());
        let equal = answer["id"] == run.id.as_str()
            && answer["outcome"] == run.outcome.as_str()
            && answer["error"].as_str() == run.error.as_deref()
            && policies("live") == run.live
            && policies("arrived") == run.arrived;
        if !equal {
            wrong.push(format!("{}:\n  {answer}\nis\n  {run:?}", run.id));
        }
    }
    expect_all_equal("batch", runs.len(), &wrong);
}

#[test]
fn a_live_migration_of_the_same_guests_ends_the_same_way() {
    let (_, answers) = batch(&lines(Some("live")));
    let runs = runs();
    let mut wrong = Vec::new();
    for (run, answer) in runs.iter().zip(&answers) {
        if answer["outcome"] != run.outcome.as_str() || answer["error"].as_str() != run.error.as_deref() {
            wrong.push(format!("{}:\n  {answer}\nis\n  {run:?}", run.id));
        }
    }
    expect_all_equal("live", runs.len(), &wrong);
}

#[test]
fn the_naive_resolver_gives_every_recorded_answer() {
    let facts = PlainFacts::of(&CATALOG);
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
    expect_all_equal("naive resolver", runs.len(), &wrong);
}

#[test]
fn what_was_recorded_is_called_recorded_and_nothing_else_is() {
    let (code, answers) = batch(&lines(None));
    assert_eq!(code, 1);
    assert!(answers.iter().all(|answer| answer["basis"] == "recorded"), "a recorded run is called less");
    let mut links: Vec<&str> = answers.iter().filter_map(|answer| answer["scenario"].as_str()).collect();
    links.sort_unstable();
    let mut kept: Vec<String> =
        include_str!("../cpu_map/recorded.txt").lines().map(|link| format!("{link},transport=save")).collect();
    kept.sort_unstable();
    assert_eq!(kept, links);
    let other = support::ask::json("Nehalem,machine=pc-q35-6.0,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22");
    assert_eq!(other["basis"], "read");
}
