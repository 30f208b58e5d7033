//! Answers in which one small step of the rules decides, kept whole. They were found by changing every step, one after
//! the other, and looking among drawn scenarios for those that are then answered differently; `tests/oracle.rs` holds
//! that kind of scenario against the naive resolver.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod support;

use serde_json::{Value, json};
use std::fmt::Write as _;
use support::ask::{CATALOG, answer, scenario};
use support::golden;
use virt_cpu_explorer::internal::analysis::follow::{State, follow};
use virt_cpu_explorer::internal::cli;
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::export::analysis::{StageText, origin_text, state_word};
use virt_cpu_explorer::internal::resolve::{Resolver, Verdict};

const ANSWERS: &str = "tests/rare_answers/answers.jsonl";

/// The links of the scenarios, one per line.
fn links() -> Vec<String> {
    let kept = include_str!("rare_answers/answers.jsonl");
    let link = |line: &str| serde_json::from_str::<Value>(line).unwrap()["scenario"].as_str().unwrap().to_owned();
    let links: Vec<String> = kept.lines().map(link).collect();
    assert!(links.len() > 60, "{}", links.len());
    links
}

#[test]
fn a_rare_scenario_is_answered_as_before() {
    let lines: Vec<String> = links().iter().map(|link| json!({ "scenario": link }).to_string()).collect();
    let mut out = Vec::new();
    cli::check_batch(&CATALOG, &mut lines.join("\n").as_bytes(), &cli::CheckArgs::default(), &mut out).unwrap();
    golden::compare(ANSWERS, &String::from_utf8(out).unwrap());
}

#[test]
fn a_rare_scenario_is_answered_alike_in_short_and_at_length() {
    let mut resolver = Resolver::new(&CATALOG);
    for link in links() {
        let (long, short) = (answer(&link), resolver.outcome(&scenario(&link)));
        assert_eq!((short.verdict, short.rule, short.row), (long.verdict, long.rule, long.row), "{link}");
        let unchanged = resolver.unchanged(&scenario(&link), None).is_some();
        assert!(!unchanged || long.verdict == Verdict::Unchanged, "{link}");
    }
}

/// The features that the definition names or that the answer is about.
fn features(link: &str) -> Vec<FeatureId> {
    let (asked, found) = (scenario(link), answer(link));
    let lists = [&found.extra, &found.missing, &found.lost, &found.gained];
    let named = asked.features.iter().map(|(feature, _)| feature);
    let mut features: Vec<FeatureId> =
        named.chain(lists.into_iter().filter_map(|list| list.first().copied())).collect();
    let mut known = FeatureSet::EMPTY;
    features.retain(|feature| {
        let new = !known.contains(*feature);
        known.insert(*feature);
        new
    });
    features
}

#[test]
fn every_stage_of_a_rare_scenario_says_what_it_did() {
    let mut page = String::new();
    for link in links() {
        let (asked, found) = (scenario(&link), answer(&link));
        for feature in features(&link) {
            let text = StageText { catalog: &CATALOG, scenario: &asked, answer: &found, feature };
            writeln!(page, "{link}\n{}", CATALOG.feature_name(feature)).unwrap();
            for seen in follow(&asked, &found, feature) {
                let by = seen.by.map(origin_text).unwrap_or_default();
                let sentences = text.sentences(seen).join(" ");
                writeln!(page, "  {} | {} | {by} | {sentences}", seen.step.name(), state_word(seen.state)).unwrap();
                if seen.state == State::NotReached {
                    break;
                }
            }
        }
    }
    golden::compare("tests/rare_answers/stages.txt", &page);
}
