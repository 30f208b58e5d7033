//! Compares the naive resolver with 650 further recorded runs: policies, checks, matches and modes, journeys over
//! several stops, hosts known on both sides (what KVM offers and what the silicon shows), and daemons that were
//! upgraded under a running guest.
//!
//! A resolver is a function from a run to what it tells of it, so another one is compared with the same runs by one more
//! call of `compare_all`.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod naive;
mod support;

use naive::facts::PlainFacts;
use naive::{End, Host, Measured, Policies, Question, Waypoint};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use support::ask::{CATALOG, comparable};

static FACTS: LazyLock<PlainFacts> = LazyLock::new(|| PlainFacts::of(&CATALOG));
static HOSTS: LazyLock<BTreeMap<String, MeasuredHost>> = LazyLock::new(|| {
    let hosts = include_str!("recorded/journey-hosts.jsonl").lines().map(|line| serde_json::from_str(line).unwrap());
    hosts.map(|host: MeasuredHost| (host.name.clone(), host)).collect()
});

/// A host as it was measured together with the runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasuredHost {
    name: String,
    vendor: String,
    /// Family, model and stepping.
    signature: String,
    /// What KVM offers there, in QEMU's `host`.
    host: String,
    /// What the processor itself shows, in `virsh capabilities`.
    silicon: String,
}

/// One recorded run. Lists of features are words, with `=POLICY` where they have one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    id: String,
    source: Place,
    destination: Place,
    guest: Guest,
    /// `save`, `live`, `p2p`: the last hop's.
    transport: String,
    outcome: String,
    #[serde(default)]
    via: Vec<Place>,
    /// The release under which the guest was started.
    started: Option<String>,
    error: Option<String>,
    /// After the daemon's upgrade, if there was one.
    live: Option<String>,
    /// `=` where it equals `live`.
    arrived: Option<String>,
    /// What the guest saw at the source and not at the end, read in QEMU.
    #[serde(default)]
    lost: String,
    #[serde(default)]
    gained: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    libvirt: String,
    qemu: String,
    host: Option<String>,
    /// How the guest came to a stop.
    transport: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    mode: Option<String>,
    model: Option<String>,
    machine: String,
    accelerator: String,
    features: String,
    vcpus: u32,
    topology: Option<Vec<u32>>,
    check: Option<String>,
    #[serde(rename = "match")]
    matching: Option<String>,
    fallback: Option<String>,
    vendor: Option<String>,
    migratable: Option<String>,
}

/// What a resolver tells of a run.
struct MaybeKnown {
    outcome: String,
    error: Option<String>,
    live: Option<Policies>,
    arrived: Option<Policies>,
    /// What the guest no longer sees, and what it sees that was not there, XSAVE states as `0xd/0/eax/BIT`; `None` if
    /// the resolver has no answer.
    seen: Option<[BTreeSet<String>; 2]>,
}

/// Answers a run, or says what it does not know.
type Resolver = fn(&Run) -> Result<MaybeKnown, String>;

fn runs() -> Vec<Run> {
    include_str!("recorded/journeys.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn policies(text: &str) -> Policies {
    let pair = |word: &str| word.split_once('=').map(|(name, policy)| (name.to_owned(), policy.to_owned())).unwrap();
    text.split_whitespace().map(pair).collect()
}

/// The words of `lost` or `gained` without those that QEMU only reports, and without bits that have no name.
fn seen(text: &str) -> BTreeSet<String> {
    let is_told = |word: &&str| {
        !matches!(*word, "ht" | "cmp_legacy" | "pdcm") && (!word.contains('/') || word.starts_with("0xd/0/eax/"))
    };
    text.split_whitespace().filter(is_told).map(str::to_owned).collect()
}

impl Place {
    fn end(&self) -> End {
        End { libvirt: self.libvirt.clone(), qemu: self.qemu.clone() }
    }

    fn host(&self) -> Host {
        let Some(name) = &self.host else { return Host::Capable };
        let host = &HOSTS[name];
        let set = |text: &str| text.split(' ').map(str::to_owned).collect();
        let signature: Vec<u32> = host.signature.split('-').map(|number| number.parse().unwrap()).collect();
        Host::Measured(Box::new(Measured {
            vendor: host.vendor.clone(),
            signature: signature.try_into().ok(),
            features: set(&host.host),
            silicon: set(&host.silicon),
        }))
    }
}

/// A migration of a running guest, alone or between two daemons, is one to the CPU.
fn transport(text: &str) -> String {
    if text == "save" { "save" } else { "live" }.to_owned()
}

impl Run {
    fn question(&self) -> Question {
        let guest = &self.guest;
        let cpu = guest.mode.as_deref().or(guest.model.as_deref()).unwrap();
        let (from, to) = (&self.source, &self.destination);
        let mut question = Question::of(cpu, &guest.machine, (&from.libvirt, &from.qemu), (&to.libvirt, &to.qemu));
        question.features = policies(&guest.features);
        question.accel.clone_from(&guest.accelerator);
        (question.from_host, question.to_host) = (from.host(), to.host());
        question.topology = match guest.topology.as_deref() {
            Some([sockets, dies, cores, threads]) => [*sockets, *dies, *cores, *threads],
            Some([sockets, cores, threads]) => [*sockets, 1, *cores, *threads],
            _ => [guest.vcpus, 1, 1, 1],
        };
        question.check.clone_from(&guest.check);
        question.vendor.clone_from(&guest.vendor);
        question.migratable = guest.migratable.as_deref() != Some("off");
        if let Some(matching) = &guest.matching {
            question.matching.clone_from(matching);
        }
        if let Some(fallback) = &guest.fallback {
            question.fallback.clone_from(fallback);
        }
        question.transport = transport(&self.transport);
        question.started.clone_from(&self.started);
        for stop in &self.via {
            question.via.push(Waypoint {
                end: stop.end(),
                host: stop.host(),
                transport: transport(stop.transport.as_deref().unwrap_or(&self.transport)),
            });
        }
        question
    }

    /// What the run has otherwise than it was told; empty when they agree.
    fn difference(&self, told: &MaybeKnown) -> String {
        let live = self.live.as_deref().map(policies);
        let arrived =
            self.arrived.as_deref().map(|text| if text == "=" { live.clone().unwrap() } else { policies(text) });
        let said = [self.error.as_deref().map(comparable), told.error.as_deref().map(comparable)];
        let mut text = String::new();
        for (what, equal, recorded, given) in [
            ("outcome", self.outcome == told.outcome, format!("{:?}", self.outcome), format!("{:?}", told.outcome)),
            ("error", said[0] == said[1], format!("{:?}", self.error), format!("{:?}", told.error)),
            ("live", live == told.live, format!("{live:?}"), format!("{:?}", told.live)),
            ("arrived", arrived == told.arrived, format!("{arrived:?}"), format!("{:?}", told.arrived)),
        ] {
            if !equal {
                text += &format!("  {what}: told     {given}\n  {what}: recorded {recorded}\n");
            }
        }
        let recorded = [seen(&self.lost), seen(&self.gained)];
        if let Some(given) = &told.seen
            && text.is_empty()
            && self.outcome == "completed"
            && *given != recorded
        {
            text += &format!("  seen: told     {given:?}\n  seen: recorded {recorded:?}\n");
        }
        text
    }
}

fn naive(run: &Run) -> Result<MaybeKnown, String> {
    let answer = naive::answer(&FACTS, &run.question())?;
    let seen = |features: Vec<String>, states: Vec<u32>| {
        let states = states.into_iter().map(|state| format!("0xd/0/eax/{state}"));
        seen(&features.into_iter().chain(states).collect::<Vec<_>>().join(" "))
    };
    let seen = [seen(answer.lost, answer.states_lost), seen(answer.gained, answer.states_gained)];
    let is_custom = run.guest.mode.is_none();
    Ok(MaybeKnown {
        outcome: answer.outcome,
        error: answer.error,
        live: answer.live,
        arrived: answer.arrived,
        seen: is_custom.then_some(seen),
    })
}

/// Compares every run and says how many are equal; those without an answer are counted by what is not known.
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn compare_all(name: &str, resolver: Resolver) -> (usize, BTreeMap<String, usize>) {
    let runs = runs();
    assert_eq!(runs.len(), 650);
    let mut equal = 0;
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for run in &runs {
        match resolver(run) {
            Err(what) => *left_out.entry(what).or_default() += 1,
            Ok(told) => {
                let difference = run.difference(&told);
                if difference.is_empty() {
                    equal += 1;
                } else {
                    let place = |place: &Place| format!("{}:{}", place.libvirt, place.qemu);
                    let (from, to) = (place(&run.source), place(&run.destination));
                    wrong.push(format!("{} {from} {to} {:?}\n{difference}", run.id, run.guest));
                }
            }
        }
    }
    println!("{name}: {equal} of {} runs equal, left out {left_out:#?}", runs.len());
    assert!(wrong.is_empty(), "{name}: {} runs differ:\n{}", wrong.len(), wrong.join("\n"));
    (equal, left_out)
}

#[test]
fn the_naive_resolver_gives_the_further_recorded_answers() {
    let (equal, left_out) = compare_all("naive resolver", naive);
    let expected = [
        // `forbid` of what only the silicon shows: whether it is listed depends on the model that describes the host.
        ("by which model libvirt describes the host", 9),
        // host-model, and match='minimum', which takes the host's model too.
        ("what the host model is", 69),
        // fallback='allow' where QEMU lacks the model.
        ("which model libvirt falls back to", 6),
    ];
    let left_out: Vec<_> = left_out.iter().map(|(what, count)| (what.as_str(), *count)).collect();
    assert_eq!((equal, left_out.as_slice()), (566, expected.as_slice()));
}
