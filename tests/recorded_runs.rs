//! Holds the answers against 650 runs of real libvirts and QEMUs, under TCG and on a KVM host of which both sides are
//! known: policies and journeys, vendors and forbidden features, and daemons upgraded under a running guest.
//! Then against the runs of the laboratory in `tests/lab`, which appends to `laboratory.jsonl`, and for the first 650
//! again from the live XML alone.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod support;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::ask::{CATALOG, batch, comparable, pairs};
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::host::{GivenHost, Vendor};
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, Key, Scenario};
use virt_cpu_explorer::internal::export::json_line;
use virt_cpu_explorer::internal::resolve::resolve;

#[derive(Debug, Deserialize)]
struct Run {
    id: String,
    source: Place,
    destination: Place,
    #[serde(default)]
    via: Vec<Place>,
    started: Option<String>,
    guest: Map<String, Value>,
    transport: String,
    outcome: String,
    error: Option<String>,
    /// In the order of the XML, as `arrived`, which is `=` where both are the same.
    live: Option<String>,
    arrived: Option<String>,
    /// What the guest saw at the source and not at the end, read in QEMU, and what it saw only at the end.
    #[serde(default)]
    lost: String,
    #[serde(default)]
    gained: String,
}

#[derive(Debug, Deserialize)]
struct Place {
    libvirt: String,
    qemu: String,
    host: Option<String>,
}

/// What KVM and the processor of the one KVM host offered, as a libvirt and a QEMU saw it.
#[derive(Debug, Deserialize)]
struct HostFacts {
    name: String,
    vendor: String,
    signature: String,
    host: String,
    silicon: String,
}

fn measured_hosts() -> BTreeMap<String, HostFacts> {
    let lines = include_str!("recorded/journey-hosts.jsonl").lines();
    let lines = lines.chain(include_str!("recorded/laboratory-hosts.jsonl").lines());
    let hosts = lines.map(|line| serde_json::from_str::<HostFacts>(line).unwrap());
    hosts.map(|host| (host.name.clone(), host)).collect()
}

fn hosts() -> BTreeMap<String, HostChoice> {
    measured_hosts().into_iter().map(|(name, host)| (name, host.choice())).collect()
}

impl HostFacts {
    fn choice(&self) -> HostChoice {
        let set = |names: &str| -> FeatureSet { names.split(' ').filter_map(|name| CATALOG.feature(name)).collect() };
        HostChoice::Given(GivenHost {
            vendor: Vendor::parse(&self.vendor).unwrap(),
            signature: self.signature.parse().ok(),
            features: set(&self.host),
            silicon: Some(set(&self.silicon)),
            unknown: FeatureSet::EMPTY,
        })
    }
}

impl Place {
    fn release(&self) -> String {
        format!("{}:{}", self.libvirt, self.qemu)
    }

    fn host(&self, hosts: &BTreeMap<String, HostChoice>) -> HostChoice {
        self.host.as_ref().map_or(HostChoice::Capable, |name| hosts[name].clone())
    }
}

/// The words of a list, each with its policy.
fn policies(text: &str) -> Vec<(String, String)> {
    let pair = |word: &str| word.split_once('=').map(|(name, policy)| (name.to_owned(), policy.to_owned())).unwrap();
    text.split_whitespace().map(pair).collect()
}

impl Run {
    /// What the run is about: a mode, an upgraded daemon, several hops, or a named model under one accelerator.
    fn kind(&self) -> String {
        let text = |key: &str| self.guest.get(key).and_then(Value::as_str);
        match (text("mode"), &self.started, self.via.is_empty()) {
            (Some(mode), _, _) => mode.to_owned(),
            (None, Some(_), _) => "upgraded daemon".to_owned(),
            (None, None, false) => "several hops".to_owned(),
            (None, None, true) => format!("named model, {}", text("accelerator").unwrap()),
        }
    }

    fn scenario(&self, hosts: &BTreeMap<String, HostChoice>) -> Result<Scenario, String> {
        let mut scenario = Scenario::default_of(&CATALOG);
        let text = |key: &str| self.guest.get(key).and_then(Value::as_str);
        let cpu = text("model").or(text("mode")).unwrap();
        scenario.set_cpu(&CATALOG, cpu).map_err(|fault| fault.to_string())?;
        let mut keys = vec![(Key::From, self.source.release()), (Key::To, self.destination.release())];
        keys.extend(self.via.iter().map(|stop| (Key::Via, stop.release())));
        keys.extend(self.started.iter().map(|release| (Key::Started, release.clone())));
        keys.push((Key::Transport, if self.transport == "save" { "save" } else { "live" }.to_owned()));
        let named = [
            (Key::Accel, "accelerator"),
            (Key::VendorId, "vendor_id"),
            (Key::Machine, "machine"),
            (Key::Check, "check"),
            (Key::Match, "match"),
            (Key::Fallback, "fallback"),
            (Key::Vendor, "vendor"),
            (Key::Migratable, "migratable"),
        ];
        keys.extend(named.into_iter().filter_map(|(key, name)| Some((key, text(name)?.to_owned()))));
        let pmu = self.guest.get("pmu").and_then(Value::as_bool);
        keys.extend(pmu.map(|pmu| (Key::Pmu, if pmu { "on" } else { "off" }.to_owned())));
        keys.extend(self.guest.get("tsc").map(|hertz| (Key::Tsc, hertz.to_string())));
        let topology = self.guest.get("topology").and_then(Value::as_array);
        let topology = topology.map(|parts| parts.iter().map(Value::to_string).collect::<Vec<_>>().join("-"));
        keys.extend(topology.map(|topology| (Key::Topology, topology)));
        for (key, value) in keys {
            scenario.set(&CATALOG, key, &value).map_err(|fault| fault.to_string())?;
        }
        for (name, policy) in policies(text("features").unwrap_or_default()) {
            let feature = CATALOG.feature(&name).ok_or_else(|| format!("unknown feature {name}"))?;
            scenario.features.set(feature, Policy::parse(&policy).unwrap());
        }
        (scenario.from_host, scenario.to_host) = (self.source.host(hosts), self.destination.host(hosts));
        for (stop, place) in scenario.via.iter_mut().zip(&self.via) {
            stop.host = Some(place.host(hosts));
        }
        Ok(scenario)
    }

    /// What differs between the run and the answer, as one word; empty when nothing does.
    fn differs(&self, answer: &Value) -> &'static str {
        let live = self.live.as_deref().map(policies);
        let arrived = match self.arrived.as_deref() {
            Some("=") => live.clone(),
            arrived => arrived.map(policies),
        };
        if answer["outcome"] != self.outcome.as_str() {
            "outcome"
        } else if answer["error"].as_str().map(comparable) != self.error.as_deref().map(comparable) {
            "error"
        } else if pairs(&answer["live"]) != live {
            "live"
        } else if pairs(&answer["arrived"]) != arrived {
            "arrived"
        } else if self.outcome == "completed" && answer["verdict"] != "depends" && self.sees_otherwise(answer) {
            "lost or gained"
        } else {
            ""
        }
    }

    /// Whether the guest saw a change that the answer does not have, or the reverse. Of a CPU that QEMU chose whole,
    /// the older QEMU does not show every word.
    fn sees_otherwise(&self, answer: &Value) -> bool {
        let mode = self.guest.get("mode").and_then(Value::as_str);
        if !matches!(mode, None | Some("host-model")) {
            return false;
        }
        [("lost", "xsave_lost", &self.lost), ("gained", "xsave_gained", &self.gained)]
            .into_iter()
            .any(|(features, states, recorded)| told([&answer[features], &answer[states]]) != seen(recorded))
    }

    /// The domain XML of the running guest, with this `<cpu>`, as a batch line.
    fn live_line(&self, cpu: &str, hosts: &BTreeMap<String, HostFacts>) -> String {
        let text = |key: &str| self.guest[key].as_str().unwrap();
        let feature = |(name, policy): (String, String)| format!("<feature policy='{policy}' name='{name}'/>");
        let features: String = policies(self.live.as_deref().unwrap()).into_iter().map(feature).collect();
        let cpu = cpu.replace("</cpu>", &format!("{features}</cpu>"));
        let kind = if text("accelerator") == "kvm" { "kvm" } else { "qemu" };
        let domain = format!(
            "<domain type='{kind}' id='1'><name>guest</name><vcpu>{}</vcpu><os><type arch='x86_64' \
             machine='{}'>hvm</type></os>{cpu}</domain>",
            self.guest["vcpus"],
            text("machine")
        );
        let place = |place: &Place| {
            let mut object = json!({"libvirt": place.libvirt, "qemu": place.qemu});
            if let Some(host) = place.host.as_ref().map(|name| &hosts[name]) {
                object["host"] = host.host.split(' ').collect();
                object["host_silicon"] = host.silicon.split(' ').collect();
                object["host_vendor"] = host.vendor.as_str().into();
                object["host_signature"] = host.signature.as_str().into();
            }
            object
        };
        json!({
            "id": self.id,
            "source": place(&self.source),
            "via": self.via.iter().map(place).collect::<Vec<_>>(),
            "destination": place(&self.destination),
            "transport": if self.transport == "save" { "save" } else { "live" },
            "domain": domain,
        })
        .to_string()
    }
}

/// Whether QEMU's feature words, which the runs recorded, show the feature: they do not have the registers.
fn is_in_words(name: &str) -> bool {
    let newest = CATALOG.newest_map().unwrap();
    CATALOG.feature(name).is_none_or(|feature| !newest.in_msrs().contains(feature))
}

/// The words of `lost` or `gained` without those that QEMU only reports, and without bits that have no name.
fn seen(text: &str) -> BTreeSet<String> {
    let is_told = |word: &&str| {
        is_in_words(word)
            && !matches!(*word, "ht" | "cmp_legacy" | "pdcm")
            && (!word.contains('/') || word.starts_with("0xd/0/eax/"))
    };
    text.split_whitespace().filter(is_told).map(|word| word.replace("eax/", "eax.")).collect()
}

/// The same of an answer.
fn told(lists: [&Value; 2]) -> BTreeSet<String> {
    let words = lists.into_iter().flat_map(|list| list.as_array().unwrap());
    words
        .map(|word| word.as_str().unwrap().to_owned())
        .filter(|word| is_in_words(word) && (!seen(word).is_empty() || word.contains('/')))
        .collect()
}

/// How many runs of one kind came out how.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Count {
    equal: usize,
    depends: usize,
    wrong: usize,
}

/// Asks about every run; returns how many came out how, and those that differ.
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn ask_all(runs: &str) -> (Count, Vec<String>) {
    let hosts = hosts();
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in runs.lines() {
        let run: Run = serde_json::from_str(line).unwrap();
        let count = counts.entry(run.kind()).or_default();
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
            wrong.push(format!("{} ({}): {differs}\n  {line}", run.id, run.kind()));
        }
    }
    let mut all = Count::default();
    for (kind, count) in &counts {
        println!("{kind}: {} equal, {} depend, {} wrong", count.equal, count.depends, count.wrong);
        all.equal += count.equal;
        all.depends += count.depends;
        all.wrong += count.wrong;
    }
    println!("all: {} equal, {} depend, {} wrong", all.equal, all.depends, all.wrong);
    println!("{}", wrong.join("\n"));
    (all, wrong)
}

#[test]
fn the_resolver_gives_the_recorded_runs() {
    let (all, wrong) = ask_all(include_str!("recorded/journeys.jsonl"));
    let first = wrong.first().map_or("", String::as_str);
    assert_eq!((all.equal, all.depends, all.wrong), (650, 0, 0), "{all:?}, first: {first}");
}

#[test]
fn the_resolver_gives_the_runs_of_the_laboratory() {
    let runs = include_str!("recorded/laboratory.jsonl");
    let (all, wrong) = ask_all(runs);
    assert_eq!(all.equal + all.depends + all.wrong, runs.lines().count());
    assert_eq!((all.depends, all.wrong), (0, 0), "{all:?}, first: {}", wrong.first().map_or("", String::as_str));
}

#[derive(Deserialize)]
struct LiveCpu {
    id: String,
    /// The `<cpu>` of the live XML without its features, which are the run's.
    cpu: String,
}

/// The live XML does not show whether QEMU filtered a feature or its `-cpu` disables it, and these leave other XSAVE
/// states: the verdict then depends on that option, and nothing else does.
#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn the_resolver_gives_the_recorded_runs_from_the_live_xml_alone() {
    let hosts = measured_hosts();
    let runs = include_str!("recorded/journeys.jsonl").lines().map(|line| serde_json::from_str::<Run>(line).unwrap());
    let runs: BTreeMap<String, Run> = runs.map(|run| (run.id.clone(), run)).collect();
    let live = include_str!("recorded/journeys-live.jsonl").lines();
    let live: Vec<LiveCpu> = live.map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: String = live.iter().map(|live| runs[&live.id].live_line(&live.cpu, &hosts) + "\n").collect();
    let (_, answers) = batch(&lines);
    assert_eq!((live.len(), answers.len()), (513, 513));
    let (mut depend, mut wrong) = (0, Vec::new());
    for (live, answer) in live.iter().zip(&answers) {
        let run = &runs[&live.id];
        let depends = answer["verdict"] == "depends";
        let is_known = !depends || answer["depends_on"] == json!(["-cpu option of the running QEMU"]);
        let differs = if is_known { run.differs(answer) } else { "input" };
        depend += usize::from(depends);
        if !differs.is_empty() {
            wrong.push(format!("{differs} of {}: {answer}", live.id));
        }
    }
    println!(
        "live XML: {} of {} runs equal; in {depend} whether XSAVE states change depends",
        live.len() - wrong.len(),
        live.len()
    );
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
