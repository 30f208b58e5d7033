//! Holds the answers against 650 runs of real libvirts and QEMUs, under TCG and on a KVM host of which both sides are
//! known: policies and journeys, vendors and forbidden features, and daemons upgraded under a running guest.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod support;

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use support::ask::{CATALOG, pairs};
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::host::{GivenHost, Vendor};
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, Key, Scenario};
use virt_cpu_explorer::internal::export::json_line;
use virt_cpu_explorer::internal::resolve::resolve;

#[derive(Debug, Deserialize)]
struct Run {
    id: String,
    kind: String,
    from: String,
    to: String,
    #[serde(default)]
    via: Vec<String>,
    started: Option<String>,
    guest: Map<String, Value>,
    transport: String,
    outcome: String,
    error: Option<String>,
    /// In the order of the XML, as `arrived`.
    live: Option<Map<String, Value>>,
    arrived: Option<Map<String, Value>>,
}

/// What KVM and the processor of the one KVM host offered, as a libvirt and a QEMU saw it.
#[derive(Debug, Deserialize)]
struct HostFacts {
    vendor: String,
    signature: String,
    kvm: Vec<String>,
    silicon: Vec<String>,
}

fn hosts() -> BTreeMap<String, HostFacts> {
    serde_json::from_str(include_str!("recorded/hosts.json")).unwrap()
}

fn set(names: &[String]) -> FeatureSet {
    names.iter().filter_map(|name| CATALOG.feature(name)).collect()
}

impl HostFacts {
    fn choice(&self) -> HostChoice {
        HostChoice::Given(GivenHost {
            vendor: Vendor::parse(&self.vendor).unwrap(),
            signature: self.signature.parse().ok(),
            features: set(&self.kvm),
            silicon: Some(set(&self.silicon)),
        })
    }
}

impl Run {
    fn scenario(&self, hosts: &BTreeMap<String, HostFacts>) -> Result<Scenario, String> {
        let mut scenario = Scenario::default_of(&CATALOG);
        let text = |key: &str| self.guest.get(key).and_then(Value::as_str);
        let cpu = text("model").or(text("mode")).unwrap();
        scenario.set_cpu(&CATALOG, cpu).map_err(|fault| fault.to_string())?;
        let mut keys = vec![(Key::From, self.from.as_str()), (Key::To, self.to.as_str())];
        keys.extend(self.via.iter().map(|stop| (Key::Via, stop.as_str())));
        keys.extend(self.started.iter().map(|release| (Key::Started, release.as_str())));
        keys.push((Key::Transport, if self.transport == "save" { "save" } else { "live" }));
        let named = [
            (Key::Accel, "accelerator"),
            (Key::Machine, "machine"),
            (Key::Check, "check"),
            (Key::Match, "match"),
            (Key::Fallback, "fallback"),
            (Key::Vendor, "vendor"),
        ];
        keys.extend(named.into_iter().filter_map(|(key, name)| Some((key, text(name)?))));
        let topology = self.guest.get("topology").and_then(Value::as_array);
        let topology = topology.map(|parts| parts.iter().map(Value::to_string).collect::<Vec<_>>().join("-"));
        keys.extend(topology.iter().map(|topology| (Key::Topology, topology.as_str())));
        for (key, value) in keys {
            scenario.set(&CATALOG, key, value).map_err(|fault| fault.to_string())?;
        }
        for (name, policy) in self.guest.get("features").and_then(Value::as_object).into_iter().flatten() {
            let feature = CATALOG.feature(name).ok_or_else(|| format!("unknown feature {name}"))?;
            scenario.features.set(feature, Policy::parse(policy.as_str().unwrap()).unwrap());
        }
        if text("accelerator") == Some("kvm") {
            scenario.from_host = hosts[&self.from].choice();
            scenario.to_host = hosts[&self.to].choice();
        }
        Ok(scenario)
    }

    /// What differs between the run and the answer, as one word; empty when nothing does.
    fn differs(&self, answer: &Value) -> &'static str {
        let list = |map: &Option<Map<String, Value>>| map.as_ref().and_then(|map| pairs(&Value::Object(map.clone())));
        if answer["outcome"] != self.outcome.as_str() {
            "outcome"
        } else if answer["error"].as_str().map(comparable) != self.error.as_deref().map(comparable) {
            "error"
        } else if pairs(&answer["live"]) != list(&self.live) {
            "live"
        } else if pairs(&answer["arrived"]) != list(&self.arrived) {
            "arrived"
        } else {
            ""
        }
    }
}

/// A message without what differs from run to run: when QEMU exits, libvirt reports it from one of two places, with
/// QEMU's own words, which quote its command line.
fn comparable(message: &str) -> &str {
    if message.contains("unsupported machine type") {
        return "unsupported machine type";
    }
    message.find("can't apply global").map_or(message, |start| &message[start..])
}

/// How many runs of one kind came out how.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Count {
    equal: usize,
    depends: usize,
    wrong: usize,
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_resolver_gives_the_recorded_runs() {
    let hosts = hosts();
    let files = [
        include_str!("recorded/policies-and-journeys.jsonl"),
        include_str!("recorded/host-and-forbid.jsonl"),
        include_str!("recorded/daemon-upgrade.jsonl"),
    ];
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in files.into_iter().flat_map(str::lines) {
        let run: Run = serde_json::from_str(line).unwrap();
        let count = counts.entry(run.kind.clone()).or_default();
        let differs = match run.scenario(&hosts) {
            Err(fault) => fault,
            Ok(scenario) => {
                let answer = resolve(&CATALOG, &scenario);
                let answer: Value = serde_json::from_str(&json_line(&CATALOG, &scenario, &answer, None, None)).unwrap();
                if answer["outcome"] == "depends" {
                    count.depends += 1;
                    continue;
                }
                match run.differs(&answer) {
                    "" => String::new(),
                    what => format!("{what}\n  {answer}"),
                }
            }
        };
        if differs.is_empty() {
            count.equal += 1;
        } else {
            count.wrong += 1;
            wrong.push(format!("{} ({}): {differs}\n  {line}", run.id, run.kind));
        }
    }
    let mut all = Count::default();
    for (kind, count) in &counts {
        println!("{kind}: {} equal, {} depend, {} wrong", count.equal, count.depends, count.wrong);
        all.equal += count.equal;
        all.depends += count.depends;
        all.wrong += count.wrong;
    }
    println!("all: {all:?}");
    std::fs::write("/tmp/wrong.txt", wrong.join("\n")).unwrap();
    assert!(wrong.is_empty(), "{} runs differ, first: {}", wrong.len(), wrong[0]);
}
