//! An answer that covers several cases, because an input is not known, tells what holds in all of them.

mod support;

use std::collections::BTreeSet;
use support::ask::{CATALOG, combinations, scenario};
use support::random::Random;
use support::scenarios;
use virt_cpu_explorer::internal::domain::definition::{Check, Definition};
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, MaybeKnown, Scenario};
use virt_cpu_explorer::internal::resolve::{Answer, Basis, Plan, Verdict, decide};

/// The answer of every case that counts.
fn every_case(scenario: &Scenario) -> Option<Vec<Answer>> {
    let plan = Plan::of(&CATALOG, scenario).ok()?;
    let decided = |case: &Vec<usize>| decide(&CATALOG, &plan.case(case)?, scenario.feature, Basis::Read);
    let mut cases: Vec<Answer> = combinations(&plan, 1000)?.iter().filter_map(decided).collect();
    let starts = |case: &Answer| case.verdict != Verdict::StartRefused;
    if scenario.from_host == HostChoice::Any && scenario.accel == Accel::Kvm && cases.iter().any(starts) {
        cases.retain(starts);
    }
    Some(cases)
}

/// A list of an answer.
type List = fn(&Answer) -> &Vec<FeatureId>;

fn set(list: &[FeatureId]) -> FeatureSet {
    list.iter().copied().collect()
}

fn of_all(cases: &[Answer], of: impl Fn(&Answer) -> FeatureSet) -> FeatureSet {
    cases.iter().map(of).reduce(|all, set| all & set).unwrap_or_default()
}

fn agreed<T: PartialEq>(cases: &[Answer], of: impl Fn(&Answer) -> T) -> Option<T> {
    let first = of(cases.first()?);
    cases.iter().all(|case| of(case) == first).then_some(first)
}

/// The live definitions at every endpoint.
fn definitions(case: &Answer) -> Vec<Option<Definition>> {
    let starts = case.trace.iter().flat_map(|trace| {
        let arrivals = trace.migrations.iter().map(|migration| &migration.arrival);
        std::iter::once(&*trace.start).chain(arrivals)
    });
    starts.map(|start| start.live.clone()).collect()
}

/// Compares an answer that covers several cases with those cases; returns what kind of answer it is.
fn expect_what_the_cases_share(scenario: &Scenario) -> Option<&'static str> {
    let cases = every_case(scenario).filter(|cases| cases.len() > 1)?;
    let joined = Plan::of(&CATALOG, scenario).ok()?.resolve();
    let link = scenario.link(&CATALOG);
    let verdict = agreed(&cases, |case| case.verdict);
    assert_eq!(joined.verdict, verdict.unwrap_or(Verdict::Depends), "{link}");
    let lists: [(&str, List); 4] = [
        ("extra", |case| &case.extra),
        ("missing", |case| &case.missing),
        ("lost", |case| &case.lost),
        ("gained", |case| &case.gained),
    ];
    for (name, list) in lists {
        let shared = if verdict.is_some() { of_all(&cases, |case| set(list(case))) } else { FeatureSet::EMPTY };
        assert_eq!(set(list(&joined)), shared, "{name}: {link}");
    }
    let arrives = |case: &Answer| case.verdict.is_completed();
    let completes = verdict.is_none() && cases.iter().all(arrives) && agreed(&cases, definitions).is_some();
    assert_eq!(joined.completes, completes, "completes: {link}");
    let [mut lost, mut gained] = [FeatureSet::EMPTY; 2];
    let (mut differ, mut risk, mut would_notice, mut limited_by) = (false, None, None, None);
    if joined.depends_on.is_empty() {
        lost = of_all(&cases, |case| case.states_lost);
        gained = of_all(&cases, |case| case.states_gained);
        let change = |case: &Answer| (case.lost.clone(), case.gained.clone(), case.states_lost, case.states_gained);
        differ = agreed(&cases, change).is_none();
        risk = cases.iter().find_map(|case| case.risk);
        would_notice = agreed(&cases, |case| case.would_notice).flatten();
        limited_by = agreed(&cases, |case| case.limited_by).flatten();
    }
    assert_eq!((joined.states_lost, joined.states_gained), (lost, gained), "states: {link}");
    assert_eq!((joined.change_varies, joined.risk), (differ, risk), "change: {link}");
    assert_eq!((joined.would_notice, joined.limited_by), (would_notice, limited_by), "notice: {link}");
    Some(match (verdict, joined.depends_on.is_empty()) {
        (None, _) if completes => "completes either way",
        (None, _) => "depends",
        (Some(_), false) => "one verdict, for different reasons",
        (Some(Verdict::Changed), true) if differ => "changed in different ways",
        (Some(verdict), true) => verdict.name(),
    })
}

/// Questions of which the drawn ones hold few or none: the cases differ in one thing only.
const RARELY_DRAWN: [&str; 5] = [
    "host-passthrough,from-host=EPYC-9334-32-Core,to-host=?,from=7.0.0:5.2.0,to=11.3.0:10.0.13",
    "host-passthrough,from-host=Core2-E6850,to-host=?,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
    "host-passthrough,from-host=Core-i7-8550U,to-host=Core-i7-5600U,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
    "qemu64,machine=pc-q35-2.9,from-host=Xeon-Bronze-3408U,to-host=?,check=none,from=12.8.0:7.2.22,to=12.4.0:10.0.13",
    "host-model,vpclmulqdq=force,from-host=Core-i7-4600U,to-host=Core-i7-5600U-ibrs,from=9.0.0:5.2.0,to=10.8.0:5.2.0",
];

#[test]
fn an_answer_for_several_cases_tells_what_they_share() {
    let mut random = Random::of(23);
    let mut all: Vec<Scenario> = RARELY_DRAWN.iter().map(|link| scenario(link)).collect();
    for number in 0..1000 {
        let mut drawn = scenarios::told(&mut random);
        drawn.topology = MaybeKnown::Unknown;
        match number % 8 {
            0 => drawn.to_host = HostChoice::Any,
            1 => (drawn.from_host, drawn.to_host) = (HostChoice::Any, HostChoice::Any),
            2 | 3 => drawn.check = Some(Check::Full),
            _ => {}
        }
        all.push(drawn);
    }
    let seen: BTreeSet<&str> = all.iter().filter_map(expect_what_the_cases_share).collect();
    let kinds = [
        "aborted",
        "changed",
        "changed in different ways",
        "completes either way",
        "depends",
        "one verdict, for different reasons",
        "start-refused",
        "unchanged",
    ];
    assert_eq!(seen, BTreeSet::from(kinds), "each kind is met");
}
