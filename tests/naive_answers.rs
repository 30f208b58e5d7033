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
    question.from_host = host("fpu cmp_legacy");
    question.to_host = host("fpu cmp_legacy");
    assert_eq!(said(&answer(&question)), "extra features: ht,cmp_legacy");
    let mut without = question.clone();
    without.to_host = host("fpu");
    assert_eq!(said(&answer(&without)), "extra features: ht, missing features: cmp_legacy");
    question.vendor = Some("Intel".to_owned());
    assert_eq!(said(&answer(&question)), "extra features: ht,cmp_legacy", "<vendor> is only compared");
    question.vendor_id = Some("Intel".to_owned());
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
        [(SEVEN, "pc-q35-5.2", 0), (NINE, "pc-q35-7.2", 0), (ELEVEN, "pc-q35-10.0", 26), (TWELVE, "pc-q35-11.1", 42)]
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

/// A Skylake-Client guest of a release before the oldest laboratory node, with its own QEMU.
fn of_release(libvirt: &str, qemu: &str) -> Question {
    Question::of("Skylake-Client", "pc-q35-2.9", (libvirt, qemu), (libvirt, qemu))
}

#[test]
fn older_releases_go_by_their_own_dates() {
    // A name QEMU does not know ends it before 5.10.0, even if it is disabled.
    for (libvirt, expected) in [("5.9.0", "unknown-property"), ("5.10.0", "")] {
        let answer = answer(&with(
            of_release(libvirt, "2.9.0"),
            &[("clwb", "require"), ("pku", "disable"), ("wbnoinvd", "disable")],
        ));
        assert_eq!(answer.refusal, expected, "{libvirt}");
    }
    // A model-specific register needs QEMU 4.1 since 5.5.0.
    for (libvirt, qemu, expected) in [("5.5.0", "4.0.0", "msr-features"), ("5.5.0", "4.1.0", "")] {
        let answer = answer(&with(of_release(libvirt, qemu), &[("rdctl-no", "require")]));
        assert_eq!(answer.refusal, expected, "{libvirt} {qemu}");
    }
    // Each release has its oldest QEMU.
    for (libvirt, qemu, expected) in [
        ("7.3.0", "2.9.0", ""),
        ("7.4.0", "2.9.0", "qemu-too-old"),
        ("8.2.0", "3.0.0", ""),
        ("8.3.0", "3.0.0", "qemu-too-old"),
        ("9.0.0", "4.1.0", "qemu-too-old"),
    ] {
        assert_eq!(answer(&of_release(libvirt, qemu)).refusal, expected, "{libvirt} {qemu}");
    }
    // The mode maximum is 7.1.0's.
    for (libvirt, expected) in [("7.0.0", "mode"), ("7.1.0", "")] {
        let mut question = Question::of("maximum", "pc-q35-5.2", (libvirt, "5.2.0"), (libvirt, "5.2.0"));
        question.check = None;
        assert_eq!(answer(&question).refusal, expected, "{libvirt}");
    }
}

#[test]
fn removed_features_are_required_since_10_4_0() {
    let moved = answer(&Question::of("Skylake-Client", "pc-q35-3.1", NINE, ("10.4.0", "7.2.22")));
    assert_eq!(policy(moved.arrived.as_ref(), "mpx"), Some("require"));
    let mut question = Question::of("Skylake-Client", "pc-q35-3.1", PATCHED, PATCHED);
    question.started = Some("9.0.0".to_owned());
    assert_eq!(policy(answer(&question).live.as_ref(), "mpx"), None, "the daemon adds nothing");
    question.from = naive::End { libvirt: "11.3.0".to_owned(), qemu: "7.2.22".to_owned() };
    assert_eq!(policy(answer(&question).live.as_ref(), "mpx"), Some("require"));
}

#[test]
fn a_newer_daemon_takes_ht_out_of_a_running_guest() {
    let mut question = Question::of("EPYC", "pc-q35-5.2", ("12.8.0", "10.0.13"), ELEVEN);
    question.topology = [1, 1, 2, 1];
    question.started = Some("11.3.0".to_owned());
    assert_eq!(said(&answer(&question)), "extra features: ht,cmp_legacy");
}

#[test]
fn the_silicon_counts_in_the_partial_check_and_not_in_qemu() {
    let set = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    let Some(core2duo) = FACTS.map("9.0.0").ok().and_then(|map| map.models.get("core2duo")) else { return };
    let silicon = core2duo.data.iter().cloned().chain(set("invtsc ht")).collect::<BTreeSet<_>>();
    let mut offered = silicon.clone();
    for hidden in ["monitor", "invtsc", "ht"] {
        offered.remove(hidden);
    }
    let measured = |silicon: BTreeSet<String>| {
        let (vendor, features) = ("Intel".to_owned(), offered.clone());
        Host::Measured(Box::new(naive::Measured { vendor, signature: None, features, silicon }))
    };
    let mut question = under_kvm(Question::of("core2duo", "pc-q35-5.2", NINE, NINE));
    question.check = Some("partial".to_owned());
    (question.from_host, question.to_host) = (measured(silicon.clone()), measured(silicon.clone()));
    assert_eq!(said(&answer(&question)), "completed");
    assert_eq!(policy(answer(&question).live.as_ref(), "monitor"), Some("disable"));
    // A list of KVM alone leaves open what decides here.
    question.from_host = Host::Given("Intel".to_owned(), offered.clone());
    assert!(naive::answer(&FACTS, &question).is_err());
    // What the silicon shows cannot be forbidden either, as long as no model has it.
    question.from_host = measured(silicon);
    let forbids = with(question.clone(), &[("invtsc", "forbid")]);
    let message = "the CPU is incompatible with host CPU: Host CPU provides forbidden feature 'invtsc'";
    assert_eq!(said(&answer(&forbids)), message);
    // The invariant TSC starts and stays, until its frequency is given.
    let mut keeps_time = with(question, &[("invtsc", "require")]);
    let message = "Requested operation is not valid: cannot migrate domain: State blocked by non-migratable CPU device \
                   (invtsc flag)";
    assert_eq!(said(&answer(&keeps_time)), message);
    keeps_time.tsc = true;
    assert_eq!(said(&answer(&keeps_time)), "completed");
    let under_tcg = with(Question::of("core2duo", "pc-q35-5.2", NINE, NINE), &[("invtsc", "require")]);
    assert_eq!(said(&answer(&under_tcg)), "unsupported configuration: host doesn't support invariant TSC");
}

#[test]
fn a_vendor_is_compared_before_the_features() {
    let mut question = Question::of("Skylake-Client", "pc-q35-5.2", NINE, NINE);
    question.check = Some("partial".to_owned());
    question.vendor = Some("Intel".to_owned());
    let message = "the CPU is incompatible with host CPU: host CPU vendor does not match required CPU vendor Intel";
    assert_eq!(said(&answer(&question)), message);
}

#[test]
fn a_state_outlives_its_feature_until_that_is_switched_off() {
    let answer = answer(&Question::of("Skylake-Client", "pc-q35-5.2", SEVEN, ELEVEN));
    assert_eq!(answer.outcome, "completed");
    assert_eq!((answer.states_lost, answer.states_gained), (vec![2], vec![]));
}
