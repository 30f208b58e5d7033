//! Holds the naive resolver against what is known beyond the recorded file: runs that were only reported, and the
//! answers that follow from the code read.

mod naive;

use naive::facts::PlainFacts;
use naive::{Host, NaiveAnswer, Question};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use virt_cpu_explorer::internal::load::embedded;

#[expect(clippy::expect_used, reason = "facts that cannot be read fail the test")]
static FACTS: LazyLock<PlainFacts> =
    LazyLock::new(|| PlainFacts::of(&embedded::catalog().expect("the embedded facts can be read")));

const SEVEN: (&str, &str) = ("7.0.0", "5.2.0");
const NINE: (&str, &str) = ("9.0.0", "7.2.22");
const PATCHED: (&str, &str) = ("9.0.0+mpx-removed", "7.2.22");
const NEW: (&str, &str) = ("new", "7.2.22");
const ELEVEN: (&str, &str) = ("11.3.0", "10.0.13");
const TWELVE: (&str, &str) = ("12.8.0", "11.1.2");

#[expect(clippy::panic, reason = "a question without an answer fails the test")]
fn answer(question: &Question) -> NaiveAnswer {
    naive::answer(&FACTS, question).unwrap_or_else(|what| panic!("{question:?}: {what}"))
}

fn with(mut question: Question, features: &[(&str, &str)]) -> Question {
    for (feature, policy) in features {
        question.features.push(((*feature).to_owned(), (*policy).to_owned()));
    }
    question
}

fn under_kvm(mut question: Question) -> Question {
    "kvm".clone_into(&mut question.accel);
    question
}

fn policy<'a>(policies: Option<&'a naive::Policies>, feature: &str) -> Option<&'a str> {
    policies?.iter().find(|(name, _)| name == feature).map(|(_, policy)| policy.as_str())
}

/// What libvirt said: the message without the part that is always the same.
fn said(answer: &NaiveAnswer) -> &str {
    let Some(error) = &answer.error else { return &answer.outcome };
    error.strip_prefix("operation failed: guest CPU doesn't match specification: ").unwrap_or(error)
}

#[test]
fn several_threads_in_a_package_are_reported_since_qemu_10() {
    for (model, accel, topology, from, to, expected) in [
        ("Skylake-Client", "tcg", [1, 1, 2, 1], NINE, ELEVEN, "extra features: ht"),
        ("EPYC", "tcg", [1, 1, 2, 2], NINE, ELEVEN, "extra features: ht,cmp_legacy"),
        ("EPYC", "kvm", [1, 1, 2, 1], NINE, ELEVEN, "extra features: ht,cmp_legacy"),
        ("EPYC", "tcg", [2, 1, 1, 1], NINE, ELEVEN, "completed"),
        ("Skylake-Client", "tcg", [1, 1, 2, 1], NINE, TWELVE, "completed"),
        ("qemu64", "tcg", [1, 1, 2, 1], ELEVEN, NINE, "missing features: ht,cmp_legacy"),
    ] {
        let mut question = Question::of(model, "pc-q35-5.2", from, to);
        question.topology = topology;
        accel.clone_into(&mut question.accel);
        let answer = answer(&question);
        assert_eq!(said(&answer), expected, "{question:?}");
        assert!(answer.lost.is_empty() && answer.gained.is_empty(), "{answer:?}");
    }
}

#[test]
fn under_kvm_the_host_is_the_vendor_and_offers_topoext() {
    let host = |features: &str| Host::Given("AMD".to_owned(), features.split(' ').map(str::to_owned).collect());
    let mut question = under_kvm(Question::of("qemu32", "pc-q35-5.2", NINE, ELEVEN));
    question.topology = [1, 1, 2, 1];
    question.from_host = host("fpu");
    question.to_host = host("fpu");
    assert_eq!(said(&answer(&question)), "extra features: ht,cmp_legacy");
    question.vendor = Some("Intel".to_owned());
    assert_eq!(said(&answer(&question)), "extra features: ht");
    question.topology = [1, 1, 1, 1];
    let answer = answer(&with(question, &[("topoext", "require")]));
    assert_eq!(policy(answer.live.as_ref(), "topoext"), Some("require"));
    assert_eq!(policy(answer.live.as_ref(), "sse2"), Some("disable"));
}

#[test]
fn a_removed_feature_goes_stays_or_is_extra_by_regime() {
    for (from, to, expected, lost) in [
        (NINE, PATCHED, "completed", true),
        (SEVEN, NINE, "completed", false),
        (NINE, ELEVEN, "completed", false),
        (NINE, NEW, "extra features: mpx", false),
        (NEW, NINE, "completed", false),
        (NEW, NEW, "completed", false),
    ] {
        let answer = answer(&Question::of("Skylake-Client", "pc-q35-3.1", from, to));
        assert_eq!(said(&answer), expected, "{from:?} {to:?}");
        assert_eq!(answer.lost, if lost { vec!["mpx"] } else { vec![] }, "{from:?} {to:?}");
    }
    let mut question = Question::of("Skylake-Client", "pc-q35-3.1", NINE, NEW);
    question.regime = Some("require".to_owned());
    assert_eq!(policy(answer(&question).arrived.as_ref(), "mpx"), Some("require"));
}

#[test]
fn a_destination_without_the_removed_feature_says_so() {
    let mut question = under_kvm(Question::of("Skylake-Client", "pc-q35-3.1", NINE, ELEVEN));
    let Ok(map) = FACTS.map("12.8.0") else { return };
    let mut weaker: BTreeSet<String> = map.order.iter().cloned().collect();
    weaker.remove("mpx");
    question.to_host = Host::Given("Intel".to_owned(), weaker);
    assert_eq!(said(&answer(&question)), "missing features: mpx");
}

#[test]
fn a_guest_that_was_never_moved_may_not_come_back() {
    let question = Question::of("SapphireRapids", "pc-q35-5.2", ELEVEN, ELEVEN);
    let lacking = "missing features: rdctl-no,ibrs-all,skip-l1dfl-vmentry,mds-no,pschange-mc-no,taa-no";
    assert_eq!(said(&answer(&question)), lacking);
    for (end, machine, expected) in
        [(SEVEN, "pc-q35-5.2", 0), (NINE, "pc-q35-7.2", 0), (ELEVEN, "pc-q35-10.0", 26), (TWELVE, "pc-q35-11.1", 46)]
    {
        let Ok(map) = FACTS.map(end.0) else { continue };
        let aborted = map
            .models
            .keys()
            .filter(|model| answer(&Question::of(model, machine, end, end)).outcome == "aborted")
            .count();
        assert_eq!(aborted, expected, "{end:?}");
    }
}

#[test]
fn a_feature_qemu_cannot_give_is_switched_off_and_one_it_does_not_know_stops_it() {
    let question = Question::of("Skylake-Client", "pc-q35-5.2", NINE, ELEVEN);
    for feature in ["ht", "cmp_legacy", "vmx", "intel-pt", "vme"] {
        let answer = answer(&with(question.clone(), &[(feature, "require")]));
        assert_eq!(said(&answer), "completed", "{feature}");
        assert_eq!(policy(answer.live.as_ref(), feature), Some("disable"), "{feature}");
    }
    assert_eq!(answer(&with(question.clone(), &[("pconfig", "require")])).refusal, "unknown-property");
    let answer = answer(&with(question, &[("pconfig", "disable")]));
    assert_eq!(policy(answer.live.as_ref(), "pconfig"), None);
    assert_eq!(policy(answer.arrived.as_ref(), "pconfig"), None);
}

#[test]
fn a_disable_unknown_to_qemu_stays_in_the_definition_of_newer_releases() {
    let question = under_kvm(Question::of("Skylake-Client", "pc-q35-5.2", ELEVEN, NINE));
    let answer = answer(&with(question, &[("pconfig", "disable")]));
    assert_eq!(policy(answer.live.as_ref(), "pconfig"), Some("disable"));
    assert_eq!(policy(answer.arrived.as_ref(), "pconfig"), None);
}

#[test]
fn vmx_brings_its_children() {
    let question = with(under_kvm(Question::of("Skylake-Client", "pc-q35-5.2", ELEVEN, NINE)), &[("vmx", "require")]);
    let saved = answer(&question);
    assert_eq!(policy(saved.live.as_ref(), "vmx-ept"), Some("require"));
    assert!(said(&saved).starts_with("unsupported configuration: unknown CPU feature: vmx-"), "{saved:?}");
    let live = Question { transport: "live".to_owned(), ..question };
    assert_eq!(said(&answer(&live)), "completed");
}

#[test]
fn a_forbidden_feature_stops_the_destination_that_has_it() {
    let question = with(Question::of("Skylake-Client", "pc-q35-5.2", NINE, ELEVEN), &[("erms", "forbid")]);
    let message = "the CPU is incompatible with host CPU: Host CPU provides forbidden feature 'erms'";
    assert_eq!(said(&answer(&question)), message);
    let in_the_hosts_own_model = with(Question::of("Nehalem", "pc-q35-5.2", NINE, ELEVEN), &[("avx", "forbid")]);
    assert_eq!(said(&answer(&in_the_hosts_own_model)), "completed");
}
