//! Compares the answer to a question with unknown inputs with the answers to its cases, each on its own.
#![expect(clippy::unwrap_used, reason = "a question that cannot be asked fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use support::ask::{CATALOG, combinations};
use support::random::Random;
use virt_cpu_explorer::internal::domain::catalog::Provenance;
use virt_cpu_explorer::internal::domain::definition::Fallback;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::map::ModelId;
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::scenario::{
    CpuChoice, HostChoice, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario, Topology,
};
use virt_cpu_explorer::internal::input::domain;
use virt_cpu_explorer::internal::resolve::{
    Axis, Basis, Dependence, Plan, Refusal, Resolver, Row, RuleId, Verdict, decide, resolve,
};

const LIBVIRT: &str = "? ? 3.1.0 3.4.0 4.5.0 6.5.0 7.0.0 7.1.0 8.0.0-7.module.el8 8.5.0 9.0.0 9.0.0 9.3.0 \
    9.5.0-6.el9 9.5.0 10.0.0 10.0.0-5.el9 10.0.0-4.el9 10.2.0 10.3.0 10.6.0 10.10.0-15.el9 10.10.0-14.el9 11.3.0 \
    11.3.0-3.deb13 11.4.0 11.10.0 11.10.0-7.el9 12.2.0 12.8.0 old new";
const QEMU: &str = "? ? 5.2.0 6.0.0 7.0.0 7.0.0-0ubuntu1 7.2.22 7.2.5 8.0.0 8.1.3 8.2.2-0ubuntu1 9.0.1 9.1.0 \
    9.1.0-0ubuntu1 9.1.0-29.7.4.el9 9.1.0-29.7.2.el9 9.2.0 10.0.4 10.0.13 10.1.0 10.1.3 11.0.0 11.1.2 4.1.1 2.11.0";
const GUEST: &str = "Skylake-Client Skylake-Client Haswell Haswell-noTSX Broadwell EPYC EPYC EPYC-Rome EPYC-Milan \
    EPYC-Genoa Icelake-Server SapphireRapids Opteron_G3 Opteron_G5 qemu64 kvm64 core2duo Westmere Nehalem \
    Skylake-Client-v4 Cascadelake-Server Penryn host-model host-model maximum host-passthrough ?";
const MACHINE: &str = "? pc-q35-2.9 pc-q35-2.9 pc-i440fx-2.1 pc-q35-3.1 pc-q35-4.0 pc-q35-4.0 pc-q35-5.2 pc-q35-5.2 \
    pc-q35-7.2 pc-q35-9.1 microvm pc-q35-rhel9.2.0 pc-q35-rhel9.6.0 pc-q35-jammy";
const HOST: &str = "capable any ? Xeon-Gold-6130 EPYC-7502-32-Core Core-i7-8550U given-intel given-amd \
    given-measured given-partly";
const MORE: &str = "+vmx -vmx +svm -mpx +mpx +ht -ht +pdcm +invtsc +arch-capabilities +rdctl-no -pconfig -svm \
    +vmx-ept +cmt -hle avx=forbid avx2=forbid hypervisor=forbid pku=optional ht=optional mpx=optional \
    invtsc=optional +monitor +xsaves -xsave pcid=force +amx-tile -avx512f";
const OTHER: &str = "check=none check=none check=none check=full check=partial match=strict match=minimum \
    fallback=allow transport=save transport=save tsc=2000000000 pmu=on topology=1-2-1 topology=? vendor=Intel \
    vendor-id=AMD migratable=off regime=require regime=nothing feature=vmx feature=svm";

/// Guests that run, as libvirt wrote them.
const RUNNING: &str = "9.0.0-skylake.live 9.0.0-epyc-smt.live 9.0.0-skylake.save-image 11.3.0-skylake.save-image \
    11.3.0-host-model.live 11.3.0-maximum.live 12.8.0-skylake.save-image 7.0.0-qemu64.live";

/// One of some words.
fn word<'w>(random: &mut Random, words: &'w str) -> &'w str {
    random.one(&words.split(' ').collect::<Vec<_>>())
}

fn host(random: &mut Random) -> String {
    let list = |name: &str, measured: bool| {
        let host = CATALOG.host(CATALOG.host_named(name).unwrap());
        let names =
            |set: FeatureSet| set.iter().map(|feature| CATALOG.feature_name(feature)).collect::<Vec<_>>().join("+");
        let silicon = host.silicon.map_or(host.features, |silicon| silicon.features);
        let silicon = if measured { format!("/{}", names(silicon)) } else { String::new() };
        format!("{}:{}{silicon}", host.vendor.name(), names(host.features))
    };
    match word(random, HOST) {
        "given-intel" => list("Xeon-Gold-6130", false),
        "given-amd" => list("EPYC-7502-32-Core", false),
        "given-measured" => list("Core-i7-8550U", true),
        "given-partly" => list("Core-i7-8550U", true) + "~avx512f+pku+rdctl-no",
        name => name.to_owned(),
    }
}

fn link(random: &mut Random) -> String {
    let mut end = |key: &str| format!("{key}={}:{}", word(random, LIBVIRT), word(random, QEMU));
    let (from, to, via, started) = (end("from"), end("to"), end("via"), end("started"));
    let mut parts = vec![word(random, GUEST).to_owned()];
    for _ in 0..random.below(5) / 2 {
        parts.push(word(random, MORE).to_owned());
    }
    parts.push(format!("machine={}", word(random, MACHINE)));
    match random.below(8) {
        0 | 1 => parts.push("accel=tcg".to_owned()),
        2 => parts.push(format!("host={}", host(random))),
        3 => parts.push(format!("from-host={}", host(random))),
        4 => parts.push(format!("from-host={},to-host={}", host(random), host(random))),
        _ => {}
    }
    parts.extend([from, to]);
    parts.extend([via, started].into_iter().filter(|_| random.once_in(4)));
    for _ in 0..random.below(4) {
        parts.push(word(random, OTHER).to_owned());
    }
    parts.join(",")
}

/// Draws a question with unknown inputs. Most guests start with the first value of each.
fn question(random: &mut Random) -> Scenario {
    loop {
        let Ok(mut scenario) = Scenario::parse(&CATALOG, &link(random)) else { continue };
        if random.once_in(6) {
            let name = word(random, RUNNING);
            let path = format!("{}/tests/data/domains/{name}.xml", env!("CARGO_MANIFEST_DIR"));
            let mut xml = std::fs::read_to_string(path).unwrap();
            if random.once_in(2) {
                xml = xml.replacen("type='qemu'", "type='kvm'", 1);
            }
            scenario = domain::scenario(&CATALOG, &scenario, name, xml.as_bytes()).unwrap().scenario;
        }
        let Ok(plan) = Plan::of(&CATALOG, &scenario) else { continue };
        let starts = || Told::of(&plan, &scenario, &[]).is_some_and(|first| first.verdict != Verdict::StartRefused);
        if !plan.axes.is_empty() && (random.once_in(4) || starts()) {
            drop(plan);
            return scenario;
        }
    }
}

/// The answer to one case.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    verdict: Verdict,
    rule: Option<RuleId>,
    row: Option<Row>,
    refusal: Option<Refusal>,
    lost: FeatureSet,
    gained: FeatureSet,
}

impl Told {
    fn of(plan: &Plan<'_>, scenario: &Scenario, assignment: &[usize]) -> Option<Self> {
        let answer = decide(&CATALOG, &plan.case(assignment)?, scenario.feature, Basis::Read)?;
        let [lost, gained] = [&answer.lost, &answer.gained].map(|list| list.iter().copied().collect());
        let refusal = answer.refusal().cloned();
        Some(Self { verdict: answer.verdict, rule: answer.rule, row: answer.row, refusal, lost, gained })
    }

    /// What makes it another answer; the rule of a guest that arrives unchanged does not.
    fn kind(&self) -> (Verdict, Option<RuleId>) {
        (self.verdict, self.rule.filter(|_| self.verdict != Verdict::Unchanged))
    }
}

fn assert_same<T: PartialEq + Debug>(found: &T, expected: &T, what: &str, scenario: &Scenario) {
    assert_eq!(found, expected, "{what} of {}", scenario.link(&CATALOG));
}

/// Compares the answer to a case with the answer to the case that is tried in place of it.
fn expect_alike(plan: &Plan<'_>, scenario: &Scenario, model: ModelId, cases: &[Vec<usize>]) -> Vec<Verdict> {
    let alike = plan.alternatives().alike_values(model);
    let mut verdicts = Vec::new();
    for own in cases {
        let first: Vec<usize> = own.iter().zip(&alike).map(|(value, alike)| alike[*value]).collect();
        if *own != first {
            let told = Told::of(plan, scenario, own);
            let value = |(axis, value): (&Axis, &usize)| format!("{} {}, ", axis.input, axis.values[*value]);
            let values: String = plan.axes.iter().zip(own).map(value).collect();
            assert_same(&Told::of(plan, scenario, &first), &told, &values, scenario);
            verdicts.extend(told.map(|told| told.verdict));
        }
    }
    verdicts
}

#[test]
fn a_value_that_stands_for_others_has_their_answer() {
    let mut random = Random::of(21);
    let mut compared = BTreeMap::<&str, usize>::new();
    for _ in 0..400 {
        let scenario = question(&mut random);
        let plan = Plan::of(&CATALOG, &scenario).unwrap();
        let models: Vec<ModelId> = match scenario.cpu {
            CpuChoice::Model(MaybeKnown::Unknown) => CATALOG.pickable_models().collect(),
            CpuChoice::Model(MaybeKnown::Is(model)) => vec![model],
            CpuChoice::Mode(_) | CpuChoice::Unknown => vec![ModelId(0)],
        };
        let model = random.below(models.len());
        let mut value = |axis: &Axis| match axis.input.as_str() {
            "model" => model,
            _ => random.below(axis.values.len()),
        };
        let cases: Vec<Vec<usize>> = (0..20).map(|_| plan.axes.iter().map(&mut value).collect()).collect();
        for verdict in expect_alike(&plan, &scenario, models[model], &cases) {
            *compared.entry(verdict.name()).or_default() += 1;
        }
    }
    assert!(compared.len() >= 4 && compared.values().all(|count| *count > 50), "the draw is too narrow: {compared:?}");
}

/// Guests for which some switch of libvirt decides.
const DECIDED: &str = "Skylake-Client Skylake-Client,+vmx Skylake-Client,-vmx Skylake-Client,avx2=forbid \
    Westmere,avx2=forbid,check=full Skylake-Client,hypervisor=forbid,check=partial EPYC,+ht,topology=1-2-1 EPYC,topology=1-2-1 Opteron_G3 EPYC,-cmt \
    Skylake-Client,+cmt Icelake-Server Icelake-Server,pconfig=optional Haswell,-pconfig Haswell,-amx-tile \
    Skylake-Client,+rdctl-no,check=none Skylake-Client,-rdctl-no Skylake-Client,+invtsc Skylake-Client,mpx=optional \
    Skylake-Client,match=minimum Westmere,match=strict core2duo Nehalem EPYC-Genoa,fallback=allow Skylake-Client-v4,check=none \
    core2duo,+monitor Penryn Haswell,+osxsave EPYC,-ospke host-model";

/// Releases that are not known or were not read, in every place, with what bears on what libvirt does there.
const PLACES: &str = "from=?:7.2.22,to=9.0.0:7.2.22 from=?:11.1.2,to=12.8.0:11.1.2,transport=save \
    from=9.0.0:7.2.22,to=?:7.2.22 from=9.0.0:5.2.0,to=?:5.2.0,check=full from=11.3.0:7.2.22,to=?:5.2.0 \
    from=9.0.0:10.0.13,to=?:10.0.13 from=9.0.0:7.2.22,via=?:7.2.22,to=11.3.0:7.2.22 \
    from=9.0.0:7.2.22,started=?:7.2.22,to=12.8.0:7.2.22 from=?:10.0.13,started=9.0.0:10.0.13,to=11.3.0:10.0.13 \
    from=9.0.0:7.2.22,to=10.3.0:7.2.22 from=10.3.0:7.2.22,started=9.0.0:7.2.22,to=9.0.0:7.2.22 \
    from=10.8.0:7.2.22,to=9.0.0:7.2.22 from=9.0.0:7.2.22,to=10.8.0:7.2.22 from=10.8.0:7.0.1,to=10.8.0:7.0.1 \
    from=12.2.0:10.0.13,started=11.3.0:10.0.13,to=11.3.0:10.0.13";

#[test]
fn a_release_that_stands_for_others_has_their_answer() {
    let mut compared = BTreeMap::<&str, usize>::new();
    let hosts = ["", "host=Core-i7-8550U,", "accel=tcg,", "host=Xeon-Gold-6130,", "host=EPYC-7502-32-Core,"];
    let places = || PLACES.split(' ').enumerate().flat_map(|(number, place)| [(0, place), (1 + number % 4, place)]);
    for (guest, (host, place)) in DECIDED.split(' ').flat_map(|guest| places().map(move |place| (guest, place))) {
        // Where QEMU's models have mpx, unless this QEMU is without such old types.
        let machine = if place.contains("11.1.2") { "pc-q35-4.0" } else { "pc-q35-3.1" };
        let link = format!("{guest},machine={machine},{}{place}", hosts[host]);
        let Ok(scenario) = Scenario::parse(&CATALOG, &link) else { continue };
        let Ok(plan) = Plan::of(&CATALOG, &scenario) else { continue };
        let cases = combinations(&plan, 1000).unwrap();
        let model = match scenario.cpu {
            CpuChoice::Model(MaybeKnown::Is(model)) => model,
            CpuChoice::Model(MaybeKnown::Unknown) | CpuChoice::Mode(_) | CpuChoice::Unknown => ModelId(0),
        };
        for verdict in expect_alike(&plan, &scenario, model, &cases) {
            *compared.entry(verdict.name()).or_default() += 1;
        }
    }
    assert!(compared.len() == 4, "the questions are too narrow: {compared:?}");
}

/// What the cases of a question come to; `None` where none can be tried.
fn kinds(link: &str) -> Option<BTreeSet<String>> {
    let scenario = Scenario::parse(&CATALOG, link).unwrap();
    let plan = Plan::of(&CATALOG, &scenario).ok()?;
    let cases = combinations(&plan, 5000).unwrap();
    let told = cases.iter().filter_map(|case| Told::of(&plan, &scenario, case));
    Some(told.map(|told| format!("{:?} {:?}", told.kind(), told.refusal)).collect())
}

/// A release that is not known may be any; the switches of one that was not read may each be open.
#[test]
fn an_unknown_release_may_be_each_that_there_is() {
    let (mut several, mut places) = (0, 0);
    let published = CATALOG.libvirt_releases().iter().filter(|release| release.provenance == Provenance::Published);
    let published: Vec<&str> = published.map(|release| &*release.name).collect();
    // Whether libvirt drops these is decided by one switch or the other, both open between 10.7.0 and 11.3.0.
    let dropped = ["Skylake-Client,-vmx-ept-uc", "EPYC,-vmx-ept-wb", "Haswell,-vmx-invvpid-single-context"];
    for (number, guest) in DECIDED.split(' ').chain(dropped).enumerate() {
        let more = ["", "accel=tcg,", "host=Core-i7-8550U,"][number % 3];
        for place in [
            "from=RELEASE:7.2.22,to=9.0.0:7.2.22",
            "from=9.0.0:7.2.22,to=RELEASE:7.2.22",
            "from=9.0.0:7.2.22,via=RELEASE:7.2.22,to=11.3.0:7.2.22",
            "from=RELEASE:7.2.22,started=9.0.0:7.2.22,to=9.0.0:7.2.22",
        ] {
            let link = format!("{guest},machine=pc-q35-3.1,{more}{place}");
            let Some(of_any) = kinds(&link.replace("RELEASE", "?")) else { continue };
            let unread = ["10.1.0", "10.2.0", "10.9.0", "11.1.0", "11.5.0"];
            for release in if number < 3 { &published[..] } else { &unread } {
                let of_one = kinds(&link.replace("RELEASE", release)).unwrap();
                assert!(of_one.is_subset(&of_any), "{link} {release}: {of_one:#?} {of_any:#?}");
                several += usize::from(of_one.len() > 1);
            }
            places += 1;
        }
    }
    assert!(places > 120, "only {places} places");
    assert!(several > 15, "only {several} of these questions have several answers");
}

/// The inputs along which an answer changes while all others stay, each with a value for every answer, where there are
/// most; among equals where the last inputs have their first values.
fn deciding(plan: &Plan<'_>, all: &[(Vec<usize>, Told)]) -> BTreeMap<String, Vec<String>> {
    let only_messages = all.iter().all(|(_, told)| told.kind() == all[0].1.kind());
    let mut found = BTreeMap::new();
    for (number, axis) in plan.axes.iter().enumerate() {
        let mut lines: BTreeMap<Vec<usize>, Vec<(&Told, usize)>> = BTreeMap::new();
        for (assignment, told) in all {
            let mut line = assignment.clone();
            line[number] = 0;
            line.reverse();
            let differs = |(known, _): &(&Told, usize)| {
                known.kind() != told.kind() || (only_messages && known.refusal != told.refusal)
            };
            let line = lines.entry(line).or_default();
            if line.iter().all(differs) {
                line.push((told, assignment[number]));
            }
        }
        // Of equals this finds the last.
        let most = lines.values().rev().max_by_key(|line| line.len()).filter(|line| line.len() > 1);
        if let Some(most) = most {
            let labels = most.iter().map(|(_, value)| axis.values[*value].clone());
            found.insert(axis.input.clone(), labels.collect());
        }
    }
    found
}

#[test]
fn an_answer_is_that_of_all_its_cases() {
    let mut random = Random::of(22);
    let mut resolver = Resolver::new(&CATALOG);
    let mut verdicts = BTreeMap::<&str, usize>::new();
    for _ in 0..600 {
        let scenario = question(&mut random);
        // Without a host these have no answer.
        if scenario.fallback == Fallback::Allow && scenario.from_host == HostChoice::Capable {
            continue;
        }
        let plan = Plan::of(&CATALOG, &scenario).unwrap();
        let Some(all) = combinations(&plan, 600) else { continue };
        let mut all: Vec<(Vec<usize>, Told)> =
            all.into_iter().filter_map(|own| Told::of(&plan, &scenario, &own).map(|told| (own, told))).collect();
        // A guest that runs on any host was started there.
        let starts = |(_, told): &(Vec<usize>, Told)| told.verdict != Verdict::StartRefused;
        if scenario.from_host == HostChoice::Any && scenario.accel == Accel::Kvm && all.iter().any(starts) {
            all.retain(starts);
        }
        let first = &all[0].1;
        let same = |what: fn(&Told, &Told) -> bool| all.iter().all(|(_, told)| what(told, first));
        let same_verdict = same(|a, b| a.verdict == b.verdict);
        let verdict = if same_verdict { first.verdict } else { Verdict::Depends };
        let rule = match first.rule {
            _ if !same_verdict => None,
            rule if same(|a, b| a.rule == b.rule) => rule,
            _ => Some(RuleId::SameDefinition).filter(|_| verdict == Verdict::Unchanged),
        };
        let row = first.row.filter(|_| same(|a, b| a.row == b.row));
        let agree = same(|a, b| a.kind() == b.kind() && a.refusal == b.refusal);
        let inputs = if agree { BTreeMap::new() } else { deciding(&plan, &all) };

        let answer = resolve(&CATALOG, &scenario);
        assert_same(&(answer.verdict, answer.rule), &(verdict, rule), "answer", &scenario);
        let values = |on: &Dependence| on.answers.iter().map(|known| known.value.clone()).collect();
        let named = answer.depends_on.iter().map(|on| (on.input.clone(), values(on))).collect();
        assert_same(&named, &inputs, "inputs", &scenario);
        let arrives = !same_verdict && same(|a, b| a.verdict.is_completed() && b.verdict.is_completed());
        assert!(!answer.completes || arrives, "it does not arrive in every case: {}", scenario.link(&CATALOG));
        if same_verdict {
            assert_same(&answer.row, &row, "row", &scenario);
        }
        if verdict == Verdict::Changed {
            let common =
                |of: fn(&Told) -> FeatureSet| all.iter().fold(of(first), |common, (_, told)| common & of(told));
            let sets = [&answer.lost, &answer.gained].map(|list| list.iter().copied().collect::<FeatureSet>());
            assert_same(&sets, &[common(|told| told.lost), common(|told| told.gained)], "change", &scenario);
        }
        let short = resolver.outcome(&scenario);
        assert_same(&(short.verdict, short.rule), &(verdict, rule), "answer in short", &scenario);
        let unchanged = (verdict == Verdict::Unchanged).then_some((verdict, rule, row));
        for asked in [None, first.row, Some(Row::T2)] {
            let found = resolver.unchanged(&scenario, asked).map(|found| (found.verdict, found.rule, found.row));
            let expected = unchanged.filter(|_| asked.is_none() || asked == row);
            assert_same(&found, &expected, &format!("unchanged in row {asked:?}"), &scenario);
        }
        *verdicts.entry(verdict.name()).or_default() += 1;
    }
    assert!(verdicts.len() == 5 && verdicts.values().all(|count| *count > 3), "the draw is too narrow: {verdicts:?}");
}

/// The question in which an unknown input has one of its values, if that can be named.
fn with_value(scenario: &Scenario, input: &str, label: &str) -> Option<Scenario> {
    let mut with = scenario.clone();
    let name = label.split([',', ' ']).next()?;
    let (input, end) = input.split_once(" of the ").unwrap_or((input, ""));
    let release = match end {
        "source" => &mut with.from,
        "destination" => &mut with.to,
        "intermediate host" => &mut with.via.first_mut()?.release,
        "guest's start" => with.started.as_mut()?,
        _ => &mut scenario.from.clone(),
    };
    match input {
        "model" => with.cpu = CpuChoice::Model(MaybeKnown::Is(CATALOG.model(name)?)),
        // Otherwise the values stand in for a type that is named.
        "machine type" if scenario.machine == MachineChoice::Unknown => {
            with.machine = MachineChoice::Listed(CATALOG.machine(name)?);
        }
        "topology" if name == "1-1-1" => with.topology = MaybeKnown::Is(Topology::SINGLE),
        "topology" => with.topology = MaybeKnown::Is(Topology { cores: 2, ..Topology::SINGLE }),
        "libvirt" => release.libvirt = LibvirtChoice::Release(CATALOG.libvirt(name)?, None),
        "QEMU" => {
            let qemu = QemuChoice { version: MaybeKnown::Is(name.parse().ok()?), build: None };
            *release = Release::new(release.libvirt.clone(), qemu);
        }
        "host" => {
            let host = HostChoice::Listed(CATALOG.host_named(name)?);
            match end {
                "source" => with.from_host = host,
                "destination" => with.to_host = host,
                "" => (with.from_host, with.to_host) = (host.clone(), host),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(with)
}

/// The answers to the cases of a question, or to those in which one input has one of some values.
fn answers(scenario: &Scenario, plan: &Plan<'_>, only: Option<(usize, &[usize])>) -> Option<BTreeSet<String>> {
    let wanted = |own: &Vec<usize>| only.is_none_or(|(axis, values)| values.contains(&own[axis]));
    let told = |own: Vec<usize>| Told::of(plan, scenario, &own);
    let all = combinations(plan, 100_000)?.into_iter().filter(wanted);
    Some(all.filter_map(told).map(|told| format!("{:?} {:?}", told.kind(), told.refusal)).collect())
}

#[test]
fn a_value_of_an_unknown_input_is_what_its_name_means() {
    let mut random = Random::of(23);
    let mut compared = BTreeMap::<String, usize>::new();
    for _ in 0..800 {
        let scenario = question(&mut random);
        let plan = Plan::of(&CATALOG, &scenario).unwrap();
        let ways = |plan: &Plan<'_>| plan.axes.iter().map(|axis| axis.values.len()).product::<usize>();
        for (number, axis) in plan.axes.iter().enumerate() {
            let name = |label: &str| label.split([',', ' ']).next().unwrap_or_default().to_owned();
            let label = &axis.values[random.below(axis.values.len())];
            let rest = ways(&plan) / axis.values.len();
            let Some(named) = with_value(&scenario, &axis.input, label).filter(|_| rest <= 64) else { continue };
            // The ways in which a release may be have one name.
            let is_of_name = |value: &usize| name(&axis.values[*value]) == name(label);
            let values: Vec<usize> = (0..axis.values.len()).filter(is_of_name).collect();
            let of_name = Plan::of(&CATALOG, &named).unwrap();
            let Some(known) = answers(&named, &of_name, None) else { continue };
            let own = answers(&scenario, &plan, Some((number, &values))).unwrap();
            *compared.entry(axis.input.clone()).or_default() += 1;
            // A release with several switches that were not read may be in more ways than are tried of all releases.
            if ways(&of_name) == rest * values.len() {
                assert_same(&own, &known, label, &scenario);
            } else {
                assert!(own.is_subset(&known), "{label} of {}: {own:?} {known:?}", scenario.link(&CATALOG));
            }
        }
    }
    assert!(compared.len() > 8, "the draw is too narrow: {compared:?}");
}
