//! Holds the answers against runs made in a laboratory of four real nodes: libvirt 7.0.0 with QEMU 5.2.0, 9.0.0 with
//! 7.2.22, 11.3.0 with 10.0.13 and 12.8.0 with 11.1.2, all under TCG. They go beyond the recorded migrations: policies,
//! checks, matches, modes, topologies, vendors, and the order of features.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod naive;
mod support;

use naive::facts::PlainFacts;
use naive::{NaiveAnswer, Question};
use serde::Deserialize;
use serde_json::{Value, json};
use support::ask::{CATALOG, batch, comparable, pairs};
use virt_cpu_explorer::internal::domain::host::Vendor;

type Policies = Vec<(String, String)>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartTrace {
    id: String,
    source: Value,
    destination: Value,
    guest: Guest,
    outcome: String,
    /// Without time stamps.
    error: Option<String>,
    /// In the order of the XML.
    live: Option<Policies>,
    arrived: Option<Policies>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    mode: Option<String>,
    model: Option<String>,
    machine: String,
    features: Policies,
    topology: Option<Vec<u32>>,
    check: Option<String>,
    #[serde(rename = "match")]
    matching: Option<String>,
    vendor: Option<String>,
}

impl StartTrace {
    /// The run as a batch line.
    fn line(&self) -> String {
        let guest = &self.guest;
        let features: serde_json::Map<String, Value> =
            guest.features.iter().map(|(name, policy)| (name.clone(), policy.as_str().into())).collect();
        let mut object = json!({"machine": guest.machine, "accelerator": "tcg", "features": features});
        for (key, text) in [("mode", &guest.mode), ("model", &guest.model), ("check", &guest.check)] {
            if let Some(text) = text {
                object[key] = text.as_str().into();
            }
        }
        if let Some(matching) = &guest.matching {
            object["match"] = matching.as_str().into();
        }
        // The laboratory's `vendor` is `vendor_id`: QEMU was given it.
        if let Some(vendor) = &guest.vendor {
            object["vendor_id"] = Vendor::parse(vendor).unwrap().name().into();
        }
        if let Some(topology) = &guest.topology {
            object["topology"] = topology.as_slice().into();
        }
        json!({"id": self.id, "source": self.source, "destination": self.destination, "guest": object}).to_string()
    }

    /// The run as a question to the naive resolver.
    fn question(&self) -> Question {
        let guest = &self.guest;
        let text = |end: &Value, key: &str| end[key].as_str().unwrap().to_owned();
        let (from, to) = (&self.source, &self.destination);
        let from = (text(from, "libvirt"), text(from, "qemu"));
        let to = (text(to, "libvirt"), text(to, "qemu"));
        let cpu = guest.mode.as_deref().or(guest.model.as_deref()).unwrap();
        let mut question = Question::of(cpu, &guest.machine, (&from.0, &from.1), (&to.0, &to.1));
        question.features.clone_from(&guest.features);
        question.check.clone_from(&guest.check);
        // The laboratory's `vendor` is `vendor_id`: QEMU was given it.
        question.vendor_id = guest.vendor.as_deref().and_then(Vendor::parse).map(|vendor| vendor.name().to_owned());
        if let Some(matching) = &guest.matching {
            question.matching.clone_from(matching);
        }
        if let Some([sockets, cores, threads]) = guest.topology.as_deref() {
            question.topology = [*sockets, 1, *cores, *threads];
        }
        question
    }

    fn is_answered_by(&self, answer: &NaiveAnswer) -> bool {
        answer.outcome == self.outcome
            && answer.error.as_deref().map(comparable) == self.error.as_deref().map(comparable)
            && answer.live == self.live
            && answer.arrived == self.arrived
    }

    /// What differs between the run and the answer, as one word; empty when nothing does.
    fn differs(&self, answer: &Value) -> &'static str {
        let said = answer["error"].as_str().map(comparable);
        if answer["outcome"] != self.outcome.as_str() {
            "outcome"
        } else if said != self.error.as_deref().map(comparable) {
            "error"
        } else if pairs(&answer["live"]) != self.live {
            "live"
        } else if pairs(&answer["arrived"]) != self.arrived {
            "arrived"
        } else {
            ""
        }
    }
}

fn runs() -> Vec<StartTrace> {
    include_str!("recorded/lab.jsonl").lines().map(|line| serde_json::from_str::<StartTrace>(line).unwrap()).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_resolver_gives_every_laboratory_run_in_its_order() {
    let runs = runs();
    let lines: String = runs.iter().map(|run| run.line() + "\n").collect();
    let (code, answers) = batch(&lines);
    let bad: Vec<_> = answers.iter().filter(|answer| answer.get("invalid").is_some()).collect();
    assert!(code == 1 && bad.is_empty(), "{bad:?}");
    assert_eq!(answers.len(), runs.len());
    let mut wrong = Vec::new();
    for (run, answer) in runs.iter().zip(&answers) {
        let differs = run.differs(answer);
        if !differs.is_empty() {
            wrong.push(format!("{differs} of {}:\n{}\n{run:?}\n{answer}", run.id, run.line()));
        }
    }
    println!("laboratory: {} of {} runs equal", runs.len() - wrong.len(), runs.len());
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_naive_resolver_gives_every_laboratory_run_too() {
    let facts = PlainFacts::of(&CATALOG);
    let mut wrong = Vec::new();
    let (mut equal, mut not_told) = (0, 0);
    for run in &runs() {
        match naive::answer(&facts, &run.question()) {
            Ok(answer) if run.is_answered_by(&answer) => equal += 1,
            Ok(answer) => wrong.push(format!("{run:?}\n{answer:?}")),
            // Its QEMU is not among those it knows exactly.
            Err(_) => not_told += 1,
        }
    }
    println!("laboratory, naive resolver: {equal} equal, {not_told} without a plain answer");
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
    assert!(equal > 400, "{equal}");
}
