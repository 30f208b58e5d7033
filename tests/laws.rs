//! Tests laws that hold for every answer, over all models, machine types, releases and hosts, and over drawn scenarios.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be read or asked fails the test")]

mod support;

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::ask::{CATALOG, answer, batch, error, names, scenario};
use support::random::Random;
use support::scenarios;
use virt_cpu_explorer::internal::analysis::remedies::remedies;
use virt_cpu_explorer::internal::domain::definition::{Fallback, Policy};
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::domain::map::CpuMap;
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, MaybeKnown, Release, Scenario, Stop};
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::resolve::{Answer, Refusal, Resolver, RuleId, Verdict, resolve, rollback};

fn expect_round_trip(scenario: &Scenario) {
    let link = scenario.link(&CATALOG);
    let whole = format!("{link},{}", scenario.defaults(&CATALOG));
    for link in [whole.trim_end_matches(','), &link] {
        let read = Scenario::parse(&CATALOG, link).unwrap_or_else(|fault| panic!("{link}: {fault}"));
        assert_eq!(read, *scenario, "{link}");
    }
    assert_eq!(scenario.link(&CATALOG), Scenario::parse(&CATALOG, &scenario.link(&CATALOG)).unwrap().link(&CATALOG));
}

#[test]
fn every_name_that_can_be_picked_comes_back_from_its_word() {
    let models = CATALOG.models().iter().filter(|name| !matches!(*name, "base" | "host" | "max"));
    let mut links: Vec<String> = models.map(str::to_owned).collect();
    links.extend(["?", "host-model", "host-passthrough", "maximum"].map(str::to_owned));
    links.extend(CATALOG.machines().iter().map(|name| format!("EPYC,machine={name}")));
    links.extend(CATALOG.libvirt_releases().iter().map(|release| format!("EPYC,from={0},to={0}", release.name)));
    links.extend(CATALOG.qemu_releases().iter().map(|facts| format!("EPYC,to=9.0.0:{}", facts.version)));
    links.extend(CATALOG.hosts().iter().map(|host| format!("EPYC,host={0},started=old:5.2.0", host.name)));
    links.extend(CATALOG.products().iter().map(|product| format!("EPYC,via={},from=old", product.name)));
    for feature in CATALOG.features().iter() {
        links.push(format!("EPYC,+{feature},feature={feature}"));
        links.extend(Policy::ALL.iter().map(|policy| format!("EPYC,{feature}={}", policy.name())));
    }
    for link in &links {
        expect_round_trip(&scenario(link));
    }
    assert!(links.len() > 3000, "{}", links.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_comes_back_from_its_word(seed in any::<u64>()) {
        expect_round_trip(&scenarios::any(&mut Random::of(seed)));
    }

    #[test]
    fn a_faulty_word_is_refused_with_the_column_of_the_fault(seed in any::<u64>(), garbage in "[a-z]{3}_[0-9]") {
        let link = scenarios::any(&mut Random::of(seed)).link(&CATALOG);
        let fault = Scenario::parse(&CATALOG, &format!("{link},{garbage}=1")).unwrap_err();
        prop_assert_eq!(fault.column, link.chars().count() + 2);
    }
}

/// Drawn scenarios with their answers.
fn drawn(seed: u64, count: usize) -> Vec<(Scenario, Answer)> {
    let mut random = Random::of(seed);
    let scenarios = (0..count).map(|_| scenarios::told(&mut random));
    scenarios
        .map(|scenario| (resolve(&CATALOG, &scenario), scenario))
        .map(|(answer, scenario)| (scenario, answer))
        .collect()
}

#[test]
fn an_answer_names_one_rule_unless_it_depends_and_is_the_same_again() {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for (scenario, answer) in drawn(11, 6000) {
        let link = scenario.link(&CATALOG);
        // Where only the message depends, the cases may have several rules.
        let depends = !answer.depends_on.is_empty();
        assert!(answer.rule.is_some() || depends, "{link}");
        assert_eq!(answer.verdict == Verdict::Depends, depends && answer.either_way().is_none(), "{link}");
        assert_eq!(resolve(&CATALOG, &scenario), answer, "{link}");
        if let Some(rule) = answer.rule {
            *rules.entry(rule.name()).or_default() += 1;
        }
        let row = answer.row.map(RuleId::from);
        let is_row = answer.rule.is_some_and(|rule| rule.name().starts_with('T'));
        assert!(!is_row || answer.rule == row, "{link}: the rule is a row, and not the guest's row");
    }
    assert!(!rules.contains_key("conflict"), "its page says that it cannot fire");
    assert!(rules.len() >= 15, "the draw is too narrow: {rules:?}");
}

#[test]
fn an_answer_in_short_is_the_one_at_length() {
    let mut random = Random::of(12);
    let mut resolver = Resolver::new(&CATALOG);
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for number in 0..6000 {
        let mut scenario = scenarios::told(&mut random);
        // A longer way, and what is not known of it, from other scenarios.
        let other = scenarios::told(&mut random);
        let stop = |release: Release| Stop { release, host: None };
        match number % 6 {
            0 => scenario.via = vec![stop(other.from)],
            1 => scenario.via = vec![stop(other.from), stop(other.to)],
            2 => scenario.started = Some(other.from),
            3 => scenario.topology = MaybeKnown::Unknown,
            4 => scenario.to_host = HostChoice::Any,
            _ => scenario.fallback = Fallback::Allow,
        }
        let (long, short) = (resolve(&CATALOG, &scenario), resolver.brief(&scenario));
        let link = scenario.link(&CATALOG);
        let outcome = short.outcome;
        assert_eq!((outcome.verdict, outcome.rule, outcome.row), (long.verdict, long.rule, long.row), "{link}");
        if long.verdict == Verdict::Changed {
            let sets = [&long.gained, &long.lost].map(|list| list.iter().copied().collect::<FeatureSet>());
            assert_eq!([short.more, short.less], sets, "{link}");
        }
        if let Some(unchanged) = resolver.unchanged(&scenario, None) {
            assert_eq!((unchanged.verdict, long.verdict), (Verdict::Unchanged, Verdict::Unchanged), "{link}");
        } else {
            assert_ne!(long.verdict, Verdict::Unchanged, "{link}");
        }
        *verdicts.entry(long.verdict.name()).or_default() += 1;
    }
    assert!(verdicts.len() == 5, "the draw is too narrow: {verdicts:?}");
}

/// Why a guest may not come back to the very place it left, by rule.
const NOT_EVEN_AT_HOME: [(RuleId, &str); 8] = [
    (RuleId::XsaveStates, "a state outlived its feature, which is switched off by name on arrival"),
    (RuleId::MigrateCommand, "the libvirt does not know how to tell this QEMU to migrate"),
    (RuleId::RestoreTransport, "the libvirt does not know how this QEMU takes a file"),
    (RuleId::Dependency, "a parent was filtered at the start and is switched off by name on arrival"),
    (RuleId::ForbiddenFeature, "check=none let it start, and what arrives is checked"),
    (RuleId::Pconfig, "every Icelake-Server is sent with pconfig=disable"),
    (RuleId::Invtsc, "a guest with an invariant TSC cannot be sent anywhere"),
    (RuleId::VmxDisabled, "10.2.0 to 10.4.x do not send what they then miss"),
];

#[test]
fn nothing_changes_between_equal_ends_except_through_a_few_rules() {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut random = Random::of(12);
    let mut scenarios: Vec<Scenario> = (0..3000)
        .map(|_| {
            let mut scenario = scenarios::told(&mut random);
            scenario.to = scenario.from.clone();
            scenario.to_host = scenario.from_host.clone();
            scenario
        })
        .collect();
    let versions = [("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"), ("11.3.0", "10.0.13"), ("12.8.0", "11.1.2")];
    for (libvirt, qemu) in versions {
        for model in CATALOG.models().iter().filter(|name| !matches!(*name, "base" | "host" | "max")) {
            for accel in ["kvm", "tcg"] {
                let link =
                    format!("{model},machine=pc-q35-5.2,accel={accel},from={libvirt}:{qemu},to={libvirt}:{qemu}");
                scenarios.push(scenario(&link));
            }
        }
    }
    for link in [
        "EPYC,erms=forbid,machine=pc-q35-5.2,accel=tcg,check=none,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
        "Icelake-Server,+pconfig,machine=pc-q35-3.1,from=7.0.0:3.1.0,to=7.0.0:3.1.0",
        "Skylake-Client-noTSX-IBRS,+vmx,host=Core-i7-8550U,from=10.4.0,to=10.4.0",
    ] {
        scenarios.push(scenario(link));
    }
    for scenario in &scenarios {
        let answer = resolve(&CATALOG, scenario);
        let link = scenario.link(&CATALOG);
        match answer.verdict {
            Verdict::Unchanged | Verdict::StartRefused | Verdict::Depends => {}
            Verdict::Changed | Verdict::Aborted | Verdict::Never => {
                let each = answer.depends_on.iter().flat_map(|unknown| &unknown.answers).filter_map(|one| one.rule);
                let rules: Vec<RuleId> = answer.rule.into_iter().chain(each).collect();
                assert!(!rules.is_empty(), "{link}");
                for rule in rules {
                    assert!(NOT_EVEN_AT_HOME.iter().any(|(known, _)| *known == rule), "{}: {link}", rule.name());
                    seen.insert(rule.name());
                }
            }
        }
    }
    let listed: BTreeSet<&str> = NOT_EVEN_AT_HOME.iter().map(|(rule, _)| rule.name()).collect();
    assert_eq!(seen, listed, "each of them is met");
}

/// Whether a guest that arrived unchanged at an endpoint like its own gets back with the CPU it has, in every case that
/// the answer covers; the number of cases.
fn expect_the_same_way_back(scenario: &Scenario) -> usize {
    let answer = resolve(&CATALOG, scenario);
    if answer.verdict != Verdict::Unchanged {
        return 0;
    }
    let link = scenario.link(&CATALOG);
    let mut count = 0;
    for (case, answer) in answer.cases(&CATALOG, scenario) {
        assert_eq!(answer.verdict, Verdict::Unchanged, "{link}: {:?}", case.ends[0].host);
        let returned = rollback(&CATALOG, &case).unwrap_or_else(|| panic!("{link}: it never arrived"));
        assert!(returned.refused.is_none(), "{link}: {:?}: {:?}", case.ends[0].host, returned.refused);
        let arrived = answer.trace.as_ref().and_then(|trace| trace.destination()).unwrap();
        let [before, after] =
            [arrived, &returned].map(|start| start.cpu.as_ref().map(|cpu| (cpu.visible, cpu.states, cpu.vendor)));
        assert_eq!(before, after, "{link}: {:?}", case.ends[0].host);
        count += 1;
    }
    assert_eq!(count, answer.case_count(), "{link}");
    count
}

#[test]
fn what_arrives_unchanged_at_an_equal_endpoint_gets_back_unchanged() {
    let versions = [("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"), ("11.3.0", "10.0.13"), ("12.8.0", "11.1.2")];
    let models = || CATALOG.models().iter().filter(|name| !matches!(*name, "base" | "host" | "max"));
    let machines = ["pc-q35-5.2", "pc-q35-4.0", "pc-i440fx-5.2"];
    let (mut known, mut any_host) = (0, 0);
    for (libvirt, qemu) in versions {
        for model in models() {
            for accel in ["kvm", "tcg"] {
                for machine in machines {
                    let link =
                        format!("{model},machine={machine},accel={accel},from={libvirt}:{qemu},to={libvirt}:{qemu}");
                    known += expect_the_same_way_back(&scenario(&link));
                }
            }
            for host in ["any", "Core-i7-8550U"] {
                let link = format!("{model},machine=pc-q35-4.0,host={host},from={libvirt}:{qemu},to={libvirt}:{qemu}");
                any_host += expect_the_same_way_back(&scenario(&link));
            }
        }
    }
    let mut random = Random::of(17);
    for _ in 0..2000 {
        let mut scenario = scenarios::told(&mut random);
        scenario.to = scenario.from.clone();
        scenario.to_host = scenario.from_host.clone();
        scenario.via = Vec::new();
        scenario.started = None;
        known += expect_the_same_way_back(&scenario);
    }
    assert!(known > 3000 && any_host > 3000, "{known} {any_host}");
}

#[test]
fn what_is_told_of_several_cases_holds_in_all() {
    let told = |link: &str| explain(&CATALOG, &scenario(link), &answer(link)).why.join(" ");
    let one_host = told("EPYC,check=none,host=EPYC-7601-32-Core,machine=pc-q35-5.2,from=9.0.0,to=9.0.0");
    assert!(one_host.contains("lists "), "{one_host}");
    let any_host = told("EPYC,check=none,host=any,machine=pc-q35-5.2,from=9.0.0,to=9.0.0");
    assert!(!any_host.contains("lists ") || any_host.contains(" to "), "{any_host}");
}

#[test]
fn a_feature_the_user_names_never_meets_row_seven() {
    let mut named = 0;
    for (model, feature) in
        [("Skylake-Client", "mpx"), ("Cascadelake-Server", "mpx"), ("Haswell", "avx"), ("EPYC", "sha-ni")]
    {
        for machine in ["pc-q35-3.1", "pc-q35-4.0", "pc-i440fx-2.6"] {
            for (from, to) in
                [("old", "new"), ("new", "old"), ("old", "9.0.0+mpx-removed"), ("9.0.0", "11.3.0"), ("new", "new")]
            {
                for regime in ["nothing", "disable", "require"] {
                    for accel in ["kvm", "tcg"] {
                        for sign in ["+", "-"] {
                            let link = format!(
                                "{model},{sign}{feature},machine={machine},accel={accel},from={from},to={to},\
                                 regime={regime},feature={feature}"
                            );
                            let answer = answer(&link);
                            assert_ne!(answer.rule, Some(RuleId::T7), "{link}");
                            let states_only = answer.rule == Some(RuleId::XsaveStates) && accel == "tcg";
                            assert!(states_only || answer.verdict == Verdict::Unchanged, "{link}");
                            named += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(named, 720);
}

/// What a refusal is about, by name.
fn subjects(answer: &Answer) -> Vec<String> {
    let mut subjects = names(&answer.extra);
    subjects.extend(names(&answer.missing));
    match answer.refusal() {
        Some(
            Refusal::UnknownFeature(f, _) | Refusal::ForbiddenFeature(f) | Refusal::UnknownProperty { feature: f, .. },
        ) => {
            subjects.extend(names(&[*f]));
        }
        Some(Refusal::UnknownModel(model) | Refusal::ModelUnsupported(model)) => {
            subjects.push(CATALOG.model_name(*model).to_owned());
        }
        Some(Refusal::MachineType { machine, .. }) => subjects.push(machine.to_string()),
        _ => {}
    }
    subjects
}

#[test]
fn an_abort_is_explained_by_name() {
    let mut aborted = 0;
    for (scenario, answer) in drawn(13, 6000) {
        let link = scenario.link(&CATALOG);
        let refused = matches!(answer.verdict, Verdict::Aborted | Verdict::StartRefused);
        assert_eq!(refused && answer.either_way().is_none(), error(&answer).is_some(), "{link}");
        if !refused || answer.either_way().is_some() {
            continue;
        }
        aborted += 1;
        let said = explain(&CATALOG, &scenario, &answer);
        assert!(!said.headline.is_empty() && !said.why.is_empty(), "{link}");
        let text = said.why.join(" ");
        // A sentence names six features and counts the others.
        for subject in
            subjects(&answer).iter().take(6).take_while(|_| answer.missing.is_empty() || answer.extra.is_empty())
        {
            let named = text.contains(subject.as_str()) || error(&answer).unwrap().contains(subject.as_str());
            assert!(named, "{link}: {subject} is in none of {:?}", said.why);
        }
        let first = subjects(&answer).into_iter().next();
        assert!(first.is_none_or(|first| text.contains(&first)), "{link}: {:?}", said.why);
    }
    assert!(aborted > 1000, "{aborted}");
}

#[test]
fn every_way_out_leads_out() {
    let mut ways = 0;
    for (scenario, answer) in drawn(14, 1200) {
        for way in remedies(&CATALOG, &scenario, &answer) {
            assert_eq!(resolve(&CATALOG, &way.scenario).verdict, Verdict::Unchanged, "{}", way.scenario.link(&CATALOG));
            assert_ne!(way.scenario, scenario);
            let same_guest = way.scenario.features == scenario.features && way.scenario.cpu == scenario.cpu;
            assert!(way.restart || same_guest, "{}: a running guest keeps its definition", way.text);
            ways += 1;
        }
    }
    assert!(ways > 300, "{ways}");
}

#[test]
fn what_an_answer_depends_on_has_two_answers_or_is_to_be_given() {
    let mut random = Random::of(15);
    let mut seen = 0;
    for _ in 0..400 {
        let mut scenario = scenarios::told(&mut random);
        let other = scenarios::any(&mut random);
        match random.below(5) {
            0 => scenario.topology = virt_cpu_explorer::internal::domain::scenario::MaybeKnown::Unknown,
            1 => scenario.machine = other.machine,
            2 => scenario.to_host = virt_cpu_explorer::internal::domain::scenario::HostChoice::Unknown,
            3 => scenario.cpu = other.cpu,
            _ => scenario.to.libvirt = virt_cpu_explorer::internal::domain::scenario::LibvirtChoice::Unknown,
        }
        let answer = resolve(&CATALOG, &scenario);
        // Where more cases are possible than are tried, every input is named and none has values.
        let untried = answer.depends_on.iter().any(|on| on.input == "too many combinations");
        for on in answer.depends_on.iter().filter(|_| !untried) {
            let link = scenario.link(&CATALOG);
            assert!(!on.input.is_empty(), "{link}");
            let values: BTreeSet<&str> = on.answers.iter().map(|possible| possible.value.as_str()).collect();
            // An answer about host-model or host-passthrough depends on the host even where every example is the same.
            let is_to_be_given = on.answers.is_empty() && on.input.contains("give the live definition")
                || on.input == "host" && scenario.model().is_none()
                // Nothing is known of a machine type outside the facts, nor of what was never read of a distribution.
                || on.answers.is_empty() && on.input.starts_with("machine type")
                || on.answers.is_empty() && on.input.starts_with("features of KVM");
            assert!(values.len() >= 2 || is_to_be_given, "{link}: {on:?}");
            assert_eq!(values.len(), on.answers.len(), "{link}: a value has one answer: {on:?}");
            let verdicts: BTreeSet<&str> = on.answers.iter().map(|possible| possible.verdict.name()).collect();
            let alike = answer.either_way().map(|verdict| BTreeSet::from([verdict.name()]));
            assert!(alike.is_none_or(|alike| alike == verdicts), "{link}: {:?}: {on:?}", answer.either_way());
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}

fn in_order(map: &CpuMap, features: &[FeatureId]) -> bool {
    let places: Vec<usize> =
        features.iter().map(|f| map.order.iter().position(|known| known == f).unwrap_or(usize::MAX)).collect();
    places.is_sorted()
}

#[test]
fn every_list_is_in_the_order_of_the_destinations_map() {
    let mut long = 0;
    for (scenario, answer) in drawn(16, 5000) {
        let Some(trace) = &answer.trace else { continue };
        let receiver = trace.destination().unwrap_or(trace.source());
        for list in [&answer.extra, &answer.missing, &answer.lost, &answer.gained] {
            assert!(in_order(&receiver.map, list), "{}: {:?}", scenario.link(&CATALOG), names(list));
            long += usize::from(list.len() > 2);
        }
    }
    assert!(long > 200, "{long}");
}

#[test]
fn a_batch_answers_the_good_lines_and_names_the_bad_one() {
    let good = r#"{"id":"a","source":{"libvirt":"9.0.0"},"destination":{"libvirt":"11.3.0"},"guest":{"model":"EPYC"}}"#;
    let lines = format!("{good}\n{{\"id\": 1\n\n{good}\n{{\"source\":{{\"libvirt\":\"9.0.0\"}}}}\n{good}\n");
    let (code, answers) = batch(&lines);
    assert_eq!((code, answers.len()), (2, 5));
    for (place, line) in [(1, 2), (3, 5)] {
        assert_eq!(answers[place]["line"], line);
        assert!(!answers[place]["invalid"].as_str().unwrap().is_empty());
    }
    for place in [0, 2, 4] {
        assert_eq!((&answers[place]["id"], &answers[place]["outcome"]), (&"a".into(), &"completed".into()));
    }
    assert_eq!(batch(good).0, 0);
    let refused = good.replace("11.3.0", "9.0.0").replace("EPYC", "Cooperlake-v2");
    assert_eq!(batch(&format!("{refused}\n{good}\n")).0, 1);
}
