//! Holds the resolver against the naive one, over a space too large to have been recorded: every model, every exact
//! release at source and destination, the four QEMUs that were run, both accelerators, recorded and given hosts,
//! policies in both directions. What is drawn is drawn from fixed seeds.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod naive;
mod support;

use naive::facts::PlainFacts;
use naive::{End, Host, Measured, NaiveAnswer, Question, Waypoint};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;
use support::ask::{CATALOG, error, names, policies};
use support::random::Random;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::resolve::{Answer, Verdict, resolve};

static FACTS: LazyLock<PlainFacts> = LazyLock::new(|| PlainFacts::of(&CATALOG));

/// The QEMU releases that were run, and whose facts are complete.
const QEMUS: [&str; 4] = ["5.2.0", "7.2.22", "10.0.13", "11.1.2"];
const POLICIES: [&str; 5] = ["require", "disable", "force", "optional", "forbid"];

fn models() -> Vec<&'static str> {
    CATALOG.models().iter().filter(|name| !matches!(*name, "base" | "host" | "max")).collect()
}

fn machines() -> Vec<&'static str> {
    CATALOG.qemu_defaults().machines.iter().map(|machine| CATALOG.machine_name(*machine)).collect()
}

/// Every exact release, and the two of the decision table.
fn releases() -> Vec<&'static str> {
    FACTS.releases().chain(["old", "new"]).collect()
}

/// What the two answers say of one question.
enum Compared {
    Equal(&'static str),
    /// The naive resolver has no plain answer.
    NotTold(String),
    Different(String),
}

fn compare(question: &Question) -> Compared {
    let link = question.link();
    let Ok(scenario) = Scenario::parse(&CATALOG, &link) else {
        return Compared::Different(format!("no scenario: {link}"));
    };
    let given = resolve(&CATALOG, &scenario);
    let expected = match naive::answer(&FACTS, question) {
        Ok(expected) => expected,
        Err(why) => return Compared::NotTold(why),
    };
    let link = shortened(&link);
    if given.verdict == Verdict::Depends {
        return Compared::Different(format!("{link}\n  depends on {:?}\n  expected {expected:?}", given.depends_on));
    }
    let differ = differences(&given, &expected);
    if differ.is_empty() { Compared::Equal(given.outcome()) } else { Compared::Different(format!("{link}\n{differ}")) }
}

/// A link without the long lists of hosts.
fn shortened(link: &str) -> String {
    let parts = link.split(',').map(|part| if part.len() > 400 { &part[..60] } else { part });
    parts.collect::<Vec<_>>().join(",")
}

fn differences(given: &Answer, expected: &NaiveAnswer) -> String {
    let trace = given.trace.as_ref();
    let live = policies(trace.and_then(|trace| trace.reconnected.as_ref().or(trace.start.live.as_ref())));
    let arrived = policies(trace.and_then(|trace| trace.destination()?.live.as_ref()));
    let sorted = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let mut text = String::new();
    let mut note = |what: &str, given: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug, equal: bool| {
        if !equal {
            write!(text, "  {what}: {given:?}\n  expected: {expected:?}\n").unwrap();
        }
    };
    let outcome = given.outcome();
    note("outcome", &outcome, &expected.outcome, outcome == expected.outcome);
    let said = error(given);
    note("error", &said, &expected.error, said == expected.error);
    if !expected.policies_depend {
        note("live", &live, &expected.live, live == expected.live);
        note("arrived", &arrived, &expected.arrived, arrived == expected.arrived);
    }
    // The naive resolver lists extra and missing only where the full check does.
    let partial = expected.refusal == "partial-check";
    let (extra, missing) = (names(&given.extra), names(&given.missing));
    note("extra", &extra, &expected.extra, partial || extra == expected.extra);
    note("missing", &missing, &expected.missing, partial || missing == expected.missing);
    let (lost, gained) = (names(&given.lost), names(&given.gained));
    note("lost", &lost, &expected.lost, sorted(&lost) == sorted(&expected.lost));
    note("gained", &gained, &expected.gained, sorted(&gained) == sorted(&expected.gained));
    text
}

/// Compares all of them, on as many threads as there are cores, and fails with what differs.
#[expect(clippy::print_stdout, reason = "how many were compared, and how they ended, is worth reading")]
fn expect_agreement(what: &str, questions: &[Question], least_told: usize) {
    LazyLock::force(&FACTS);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(4);
    let share = questions.len().div_ceil(cores).max(1);
    let results: Vec<Compared> = std::thread::scope(|scope| {
        let workers: Vec<_> = questions
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(compare).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut equal: BTreeMap<&str, usize> = BTreeMap::new();
    let mut not_told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for result in &results {
        match result {
            Compared::Equal(outcome) => *equal.entry(outcome).or_default() += 1,
            Compared::NotTold(why) => *not_told.entry(why.as_str()).or_default() += 1,
            Compared::Different(text) => different.push(text),
        }
    }
    println!("{what}: {} questions, equal {equal:?}, no plain answer {not_told:?}", questions.len());
    let shown: Vec<_> = different.iter().map(|text| text.as_str()).collect();
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), questions.len(), shown.join("\n"));
    let told = equal.values().sum::<usize>();
    assert!(told * 100 >= questions.len() * least_told, "only {told} of {} were told", questions.len());
}

#[test]
fn every_model_moves_alike_between_every_two_releases() {
    let (models, machines, releases) = (models(), machines(), releases());
    let mut random = Random::of(1);
    let mut questions = Vec::new();
    for (number, from) in releases.iter().enumerate() {
        for (other, to) in releases.iter().enumerate() {
            for model in models.iter().skip((number + other) % 20).step_by(20) {
                let mut question =
                    Question::of(model, random.one(&machines), (from, random.one(&QEMUS)), (to, random.one(&QEMUS)));
                if random.once_in(2) {
                    "kvm".clone_into(&mut question.accel);
                }
                if random.once_in(3) {
                    "live".clone_into(&mut question.transport);
                }
                questions.push(question);
            }
        }
    }
    expect_agreement("releases", &questions, 99);
}

#[test]
fn every_model_moves_alike_between_every_two_of_the_run_qemus() {
    let mut questions = Vec::new();
    let mut random = Random::of(2);
    let libvirts = ["9.0.0", "11.3.0", "12.8.0", "9.0.0+mpx-removed"];
    for model in models() {
        for from in QEMUS {
            for to in QEMUS {
                let machine = random.one(&["pc-q35-3.1", "pc-q35-5.2", "pc-i440fx-2.6", "pc-q35-7.2", "pc-q35-10.0"]);
                let ends = (random.one(&libvirts), random.one(&libvirts));
                let mut question = Question::of(model, machine, (ends.0, from), (ends.1, to));
                question.topology = random.one(&[[1, 1, 1, 1], [1, 1, 2, 1], [1, 2, 1, 1], [2, 1, 1, 1], [1, 1, 1, 2]]);
                questions.push(question);
            }
        }
    }
    expect_agreement("QEMUs", &questions, 99);
}

#[test]
fn what_the_table_asks_is_answered_alike_in_every_regime() {
    let mut questions = Vec::new();
    for model in models().into_iter().filter(|model| FACTS.map("9.0.0").unwrap().models.contains_key(*model)) {
        for (from, to) in
            [("old", "new"), ("new", "old"), ("new", "new"), ("7.0.0", "new"), ("old", "9.0.0+mpx-removed")]
        {
            for (machine, says) in
                [("pc-q35-3.1", ""), ("pc-q35-4.0", ""), ("pc-q35-3.1", "require"), ("pc-q35-3.1", "disable")]
            {
                let mut question = Question::of(model, machine, (from, "7.2.22"), (to, "7.2.22"));
                if !says.is_empty() {
                    question.features.push(("mpx".to_owned(), says.to_owned()));
                }
                question.regime = [None, Some("nothing"), Some("disable"), Some("require")][questions.len() / 4 % 4]
                    .map(str::to_owned);
                questions.push(question);
            }
        }
    }
    expect_agreement("table", &questions, 100);
}

#[test]
fn definitions_of_every_kind_are_answered_alike() {
    // SEED=N draws other questions.
    let seed = std::env::var("SEED").map_or(3, |seed| seed.parse().unwrap());
    // Some have a feature of KVM with a libvirt that passes its name on, or a machine type that is not in the facts, also
    // of models that only QEMU has, which a libvirt before 3.2.0 starts.
    expect_agreement("TCG", &drawn(seed, 15_000, "tcg"), 83);
    // Of these most have a vendor in the definition, a host of another vendor, or a libvirt older than 3.2.0.
    expect_agreement("KVM", &drawn(seed + 1, 30_000, "kvm"), 80);
}

/// Draws whole questions: any model, machine type, releases, hosts, policies.
fn drawn(seed: u64, count: usize, accel: &str) -> Vec<Question> {
    let (models, machines, releases) = (models(), machines(), releases());
    let hosts: Vec<&str> = CATALOG.hosts().iter().map(|host| &*host.name).collect();
    let mut random = Random::of(seed);
    let mut questions = Vec::new();
    for _ in 0..count {
        let ends = ((random.one(&releases), random.one(&QEMUS)), (random.one(&releases), random.one(&QEMUS)));
        let mut question = Question::of(random.one(&models), random.one(&machines), ends.0, ends.1);
        if !random.once_in(6) {
            make_it_start(&mut question, &mut random);
        }
        accel.clone_into(&mut question.accel);
        question.check =
            [None, None, None, Some("none"), Some("partial"), Some("full")][random.below(6)].map(str::to_owned);
        random.one(&["live", "save"]).clone_into(&mut question.transport);
        question.topology = random.one(&[[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 2, 1], [2, 1, 1, 1], [1, 2, 2, 1]]);
        question.pmu = [None, None, Some(true), Some(false)][random.below(4)];
        if random.once_in(8) {
            "strict".clone_into(&mut question.matching);
        }
        if random.once_in(8) {
            question.vendor = Some(random.one(&["Intel", "AMD", "Hygon", "Zhaoxin"]).to_owned());
        }
        if random.once_in(20) {
            question.vendor_id = Some(random.one(&["Intel", "AMD", "Hygon", "Zhaoxin"]).to_owned());
        }
        if random.once_in(10) {
            question.regime = Some(random.one(&["nothing", "disable", "require"]).to_owned());
        }
        if random.once_in(10) {
            random.one(&["avx", "monitor", "x2apic", "intel-pt"]).clone_into(&mut question.feature);
        }
        if random.once_in(20) {
            random.one(&["host-passthrough", "maximum"]).clone_into(&mut question.cpu);
        }
        question.features = definition(&mut random);
        if accel == "tcg" && random.once_in(8) {
            let end = End { libvirt: random.one(&releases).to_owned(), qemu: random.one(&QEMUS).to_owned() };
            question.via.push(Waypoint { end, host: Host::Capable, transport: question.transport.clone() });
        }
        if accel == "tcg" && random.once_in(10) {
            question.started = Some(random.one(&releases).to_owned());
        }
        if accel == "kvm" {
            (question.from_host, question.to_host) = (host(&mut random, &hosts), host(&mut random, &hosts));
            if random.once_in(3) {
                question.to_host = question.from_host.clone();
            }
        }
        questions.push(question);
    }
    questions
}

/// Puts a model and a machine type into the question that its source has.
fn make_it_start(question: &mut Question, random: &mut Random) {
    let version = |qemu: &str| CATALOG.qemu_releases().iter().find(|facts| facts.version.to_string() == qemu);
    let (Some(from), Some(to)) = (version(&question.from.qemu), version(&question.to.qemu)) else { return };
    let in_both: Vec<_> =
        from.machines.iter().filter(|known| to.machines.iter().any(|t| t.machine == known.machine)).collect();
    if !in_both.is_empty() {
        CATALOG.machine_name(random.one(&in_both).machine).clone_into(&mut question.machine);
    }
    let release = match question.from.libvirt.as_str() {
        "old" | "new" => "9.0.0",
        exact => exact,
    };
    let Ok(map) = FACTS.map(release) else { return };
    let of_qemu =
        |name: &&String| CATALOG.model(name).is_some_and(|id| from.models.iter().any(|known| known.model == id));
    let models: Vec<&String> = map.models.keys().filter(of_qemu).collect();
    if !models.is_empty() {
        random.one(&models).clone_into(&mut question.cpu);
    }
}

/// A few features with policies; the ones with a rule of their own more often.
fn definition(random: &mut Random) -> Vec<(String, String)> {
    const OFTEN: [&str; 12] = [
        "mpx",
        "ht",
        "cmp_legacy",
        "vmx",
        "svm",
        "pdcm",
        "arch-capabilities",
        "monitor",
        "hypervisor",
        "topoext",
        "vmx-ept",
        "pconfig",
    ];
    let mut features: Vec<(String, String)> = Vec::new();
    for _ in 0..random.below(5) {
        let any = random.below(FACTS.order.len());
        let name = if random.once_in(2) { random.one(&OFTEN).to_owned() } else { FACTS.order[any].clone() };
        if features.iter().all(|(known, _)| *known != name) {
            let usual = if random.once_in(3) { POLICIES.len() } else { 2 };
            features.push((name, random.one(&POLICIES[..usual]).to_owned()));
        }
    }
    features
}

fn host(random: &mut Random, listed: &[&str]) -> Host {
    match random.below(5) {
        0 => Host::Capable,
        kind @ (1 | 2) => {
            let vendor = random.one(&["Intel", "AMD", "Hygon", "Zhaoxin"]).to_owned();
            let features: BTreeSet<String> = FACTS.order.iter().filter(|_| !random.once_in(20)).cloned().collect();
            if kind == 1 {
                return Host::Given(vendor, features);
            }
            // The silicon shows most of it, and some that KVM does not offer.
            let silicon = FACTS.order.iter().filter(|name| features.contains(*name) || random.once_in(2));
            let silicon = silicon.cloned().collect();
            Host::Measured(Box::new(Measured { vendor, signature: None, features, silicon }))
        }
        _ => Host::Listed(random.one(listed).to_owned()),
    }
}
