//! Holds the answers against runs made in a laboratory of four real nodes: libvirt 7.0.0 with QEMU 5.2.0, 9.0.0 with
//! 7.2.22, 11.3.0 with 10.0.13 and 12.8.0 with 11.1.2, all under TCG. They go beyond the recorded migrations: policies,
//! checks, matches, modes, topologies, vendors, and the order of features.

mod support;

use serde::Deserialize;
use serde_json::{Value, json};
use support::ask::{batch, pairs};

type Policies = Vec<(String, String)>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
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

impl Run {
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
        if let Some(vendor) = &guest.vendor {
            object["vendor"] = vendor.as_str().into();
        }
        if let Some(topology) = &guest.topology {
            object["topology"] = topology.as_slice().into();
        }
        json!({"id": self.id, "source": self.source, "destination": self.destination, "guest": object}).to_string()
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

/// A message without what differs from run to run: when QEMU exits, libvirt reports it from one of two places.
fn comparable(message: &str) -> &str {
    message.find("can't apply global").map_or(message, |start| &message[start..])
}

fn runs() -> Vec<Run> {
    include_str!("recorded/lab.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A class of runs that the answers do not reproduce, and why.
struct Exception {
    what: &'static str,
    is_one: fn(&Run) -> bool,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        what: "libvirt 9.0.0 starts QEMU with -no-acpi, an option QEMU 10.0 no longer has; options that are none of the \
               CPU's are not modelled",
        is_one: |run| run.says("-no-acpi: invalid option"),
    },
    Exception {
        what: "libvirt 7.0.0 does not look at an incoming guest's machine type, and QEMU's own words quote its command line",
        is_one: |run| run.says("Use -machine help"),
    },
];

impl Run {
    fn says(&self, words: &str) -> bool {
        self.error.as_deref().is_some_and(|error| error.contains(words))
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_resolver_gives_every_laboratory_run_in_its_order() {
    let runs = runs();
    let lines: String = runs.iter().map(|run| run.line() + "\n").collect();
    let (code, answers) = batch(&lines);
    assert_eq!((code, answers.len()), (0, runs.len()));
    let mut excepted = vec![0; EXCEPTIONS.len()];
    let mut wrong = Vec::new();
    for (run, answer) in runs.iter().zip(&answers) {
        let differs = run.differs(answer);
        let exception = EXCEPTIONS.iter().position(|exception| (exception.is_one)(run));
        match exception {
            Some(class) => {
                assert_ne!(differs, "", "{} is listed as an exception and is not: {run:?}", run.id);
                excepted[class] += 1;
            }
            None if differs.is_empty() => {}
            None => wrong.push(format!("{differs} of {}:\n{}\n{run:?}\n{answer}", run.id, run.line())),
        }
    }
    let listed: usize = excepted.iter().sum();
    println!("laboratory: {} of {} runs equal", runs.len() - listed - wrong.len(), runs.len());
    for (exception, count) in EXCEPTIONS.iter().zip(&excepted) {
        println!("  {count} not: {}", exception.what);
        assert!(*count > 0, "no run is left of: {}", exception.what);
    }
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
}
