//! Holds the counts of `docs/EVIDENCE.md` against the facts and the recorded runs.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod support;

use std::collections::BTreeMap;
use support::ask::{CATALOG, answer, scenario};
use virt_cpu_explorer::internal::domain::catalog::ReleaseMap;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::resolve::resolve;

const PAGE: &str = include_str!("../docs/EVIDENCE.md");

/// Fails with the line that the page should have.
fn expect_line(line: &str) {
    assert!(PAGE.contains(line), "docs/EVIDENCE.md should have: {line}");
}

#[test]
fn the_page_counts_every_recorded_run() {
    let files = [
        ("recorded-migrations.jsonl", include_str!("recorded/recorded-migrations.jsonl")),
        ("lab.jsonl", include_str!("recorded/lab.jsonl")),
        ("journeys.jsonl", include_str!("recorded/journeys.jsonl")),
        ("laboratory.jsonl", include_str!("recorded/laboratory.jsonl")),
    ];
    for (name, runs) in files {
        expect_line(&format!("| `{name}` | {} |", runs.lines().count()));
    }
}

/// The confidence of answers whose ends are all this release.
fn basis(release: &str) -> &'static str {
    let word = format!("qemu64,machine=pc-i440fx-2.4,accel=tcg,from={release},to={release}");
    resolve(&CATALOG, &Scenario::parse(&CATALOG, &word).unwrap()).basis.name()
}

#[test]
fn the_page_counts_releases_by_confidence() {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for release in CATALOG.libvirt_releases().iter().filter(|release| !release.name.contains('+')) {
        counts.entry(basis(&format!("{}:7.2.22", release.name))).or_default()[0] += 1;
    }
    for release in CATALOG.qemu_releases() {
        counts.entry(basis(&format!("9.0.0:{}", release.version))).or_default()[1] += 1;
    }
    for (basis, [libvirt, qemu]) in counts {
        expect_line(&format!("| {basis} | {libvirt} | {qemu} |"));
    }
}

/// libvirt's `qemuDomainObjPrivateXMLParse` reports `Unknown qemu capabilities flag` and forgets the guest.
#[test]
fn an_older_daemon_that_takes_over_a_guest_is_named() {
    let said = |started: &str, from: &str| {
        let link =
            format!("EPYC,machine=pc-q35-5.2,accel=tcg,started={started}:7.2.22,from={from}:7.2.22,to=9.0.0:7.2.22");
        explain(&CATALOG, &scenario(&link), &answer(&link)).basis
    };
    let older =
        "libvirt 7.0.0 loads the status of this guest only if it knows every QEMU capability that 9.0.0 wrote there";
    assert!(said("9.0.0", "7.0.0").contains(older), "{}", said("9.0.0", "7.0.0"));
    for (started, from, is_said) in
        [("old", "7.0.0", true), ("7.0.0", "9.0.0", false), ("new", "old", false), ("10.0.0", "new", true)]
    {
        assert_eq!(said(started, from).contains("loads the status"), is_said, "{started} {from}");
    }
}

#[test]
fn the_page_counts_the_differences_between_releases_by_their_source() {
    let histories = &CATALOG.decisions().switches;
    let values: Vec<_> = histories.iter().flat_map(|history| &history.values).collect();
    let count = |is: fn(&str, bool, bool) -> bool| {
        values.iter().filter(|dated| is(&dated.source, dated.after.is_some(), dated.inferred)).count()
    };
    let recorded = count(|source, _, _| source.contains("recorded"));
    let interval = count(|_, interval, _| interval);
    let inferred = count(|_, _, inferred| inferred);
    expect_line(&format!("{} switches with {} values", histories.len(), values.len()));
    expect_line(&format!("| dated by an interval between two releases that were read | {interval} |"));
    expect_line(&format!("| confirmed by recorded runs, as the source says | {recorded} |"));
    expect_line(&format!("| inferred | {inferred} |"));
}

#[test]
fn history_begins_each_model_where_libvirt_s_own_history_does() {
    let rows: Vec<Vec<&str>> = (PAGE.lines())
        .skip_while(|line| *line != "| model | commit | release |")
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 12);
    for row in rows {
        let model = CATALOG.model(row[0]).unwrap();
        let has = |map: ReleaseMap| match map {
            ReleaseMap::Exact(map) => CATALOG.map(map).model(model).is_some(),
            ReleaseMap::Between { .. } => false,
        };
        let first = CATALOG.libvirt_releases().iter().find(|release| has(release.map)).unwrap();
        assert_eq!(&*first.name, row[2], "the first release with {}", row[0]);
    }
}

/// The README tells how many runs were recorded, and the last table of random runs.
#[test]
fn the_readme_counts_the_recorded_and_the_last_random_runs() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `") && line.contains(".jsonl` | "));
    // The live XML is that of runs which are counted already.
    let rows = rows.filter(|line| !line.contains("journeys-live"));
    let recorded: u32 = rows.filter_map(|line| line.split('|').nth(2)?.trim().parse::<u32>().ok()).sum();
    let line = format!("The answers equal all {recorded} recorded runs");
    assert!(include_str!("../README.md").contains(&line), "{line}");
    let totals = PAGE.lines().rfind(|line| line.starts_with("| all | ")).unwrap();
    let counts: Vec<u32> = totals.split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    let [runs, equal, depends, wrong, outside] = counts.try_into().unwrap();
    assert_eq!(depends, 0, "the README has no words for these");
    let wrong = if wrong == 0 { "none is wrong".to_owned() } else { format!("{wrong} are wrong") };
    let line = format!(
        "Of the last {runs} random runs {equal} are equal, {wrong}, and {outside} failed for reasons other than the CPU."
    );
    assert!(include_str!("../README.md").contains(&line), "{line}");
}
