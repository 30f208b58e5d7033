//! Tests answers that once misled a user; each test is named after the error.

mod support;

use support::ask::{CATALOG, answer, error, names, scenario};
use support::run::run_words;
use virt_cpu_explorer::internal::analysis::remedies::{Application, remedies};
use virt_cpu_explorer::internal::domain::catalog::LibvirtId;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::explain::{Outlook, explain};
use virt_cpu_explorer::internal::input::message;
use virt_cpu_explorer::internal::resolve::{Resolver, resolve};

fn run(args: &str) -> (i32, String, String) {
    run_words(args, "")
}

/// Verdict, and what decided or is not known: `aborted ht`, `depends: host`.
fn said(link: &str) -> String {
    let answer = answer(link);
    let rule = answer.rule.map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    let open: Vec<&str> = answer.depends_on.iter().map(|on| on.input.as_str()).collect();
    let open = if open.is_empty() { String::new() } else { format!(": {}", open.join(", ")) };
    format!("{}{rule}{open}", answer.verdict.name())
}

fn hold(rows: &[(&str, &str)]) {
    for (link, expected) in rows {
        assert_eq!(said(link), *expected, "{link}");
    }
}

#[test]
fn f2_the_way_back_is_answered_for_the_case_that_decided() {
    let link = "Skylake-Client,machine=pc-q35-4.0,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let (asked, found) = (scenario(link), answer(link));
    assert_eq!(found.verdict.name(), "unchanged");
    let outlook = Outlook::of(&CATALOG, &asked, &found);
    assert_eq!(outlook.rollback, "the same CPU. Reverse direction: unchanged (T1)");
    let back = |link: &str| Outlook::of(&CATALOG, &scenario(link), &answer(link)).rollback;
    // What the destination does not send does not get back.
    let ends = "from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let found = back(&format!("host-passthrough,migratable=off,from-host=Core2-E6850,to-host=Xeon-Gold-6130,{ends}"));
    assert!(found.starts_with("refused, ") && found.contains("invtsc"), "{found}");
    // The features are not all that a guest sees of its CPU.
    let link = "Skylake-Server,machine=pc-q35-5.2,accel=tcg,from=11.3.0:9.1.0,to=11.3.0:9.2.0";
    let boot = Outlook::of(&CATALOG, &scenario(link), &answer(link)).cold_boot;
    assert_eq!(boot, "at the destination: the guest sees other XSAVE states");
    let found = back("Icelake-Server,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13");
    assert!(found.starts_with("completes, but the guest does not get its XSAVE states back. "), "{found}");
    let found =
        back(&format!("kvm32,machine=pc-q35-5.2,from-host=EPYC-7502-32-Core,to-host=Xeon-Gold-6130,check=none,{ends}"));
    assert!(found.starts_with("the guest sees another vendor. "), "{found}");
    // What differs between the cases is told as a range.
    let link = "EPYC,check=none,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let why = explain(&CATALOG, &scenario(link), &answer(link)).why.join(" ");
    assert!(why.contains("lists 5 to 40 differences from the model"), "{why}");
}

#[test]
fn f3_a_machine_type_is_no_wildcard() {
    hold(&[
        ("EPYC,machine=pc-q35-rhel9.4.0,from=debian:12,to=debian:11", "start-refused machine-type"),
        ("EPYC,machine=q35,from=debian:12,to=rhel:9.6", "aborted machine-type"),
        ("EPYC,machine=q35,from=rhel:9.6,to=rhel:9.6", "unchanged same-definition"),
    ]);
    let fault = Scenario::parse(&CATALOG, "EPYC,machine=pc-q35-rehl9.4.0,from=rhel:9.4,to=rhel:9.6").unwrap_err();
    assert!(fault.to_string().contains("did you mean pc-q35-rhel9.4.0?"), "{fault}");
}

#[test]
fn f4_a_limit_of_the_program_is_not_told_as_a_lack_of_knowledge() {
    for guest in ["EPYC", "Skylake-Server-IBRS", "Skylake-Server-IBRS,+vmx", "Cascadelake-Server,topology=1-2-1"] {
        for (from, via, to) in [("1.3.0", "1.4.0", "1.5.0"), ("1.4.0", "1.6.0", "1.7.4"), ("1.5.0", "1.7.4", "1.9.0")] {
            let link =
                format!("{guest},machine=pc-q35-rhel9.2.0,via=kubevirt:{via},from=kubevirt:{from},to=kubevirt:{to}");
            let found = answer(&link);
            assert_eq!(found.verdict.name(), "unchanged", "{link}: {}", said(&link));
        }
    }
    // An input that decides has values with different answers.
    for link in ["EPYC,machine=pc-q35-noble,from=ubuntu:24.04,to=ubuntu:26.04", "host-passthrough,from=9.0.0,to=9.0.0"]
    {
        for on in &answer(link).depends_on {
            assert!(on.answers.len() > 1, "{link}: {on:?}");
            let first = (on.answers[0].verdict, on.answers[0].rule);
            assert!(on.answers.iter().any(|one| (one.verdict, one.rule) != first), "{link}: {on:?}");
        }
    }
}

#[test]
fn f6_hosts_that_are_not_said_to_be_equal_are_not_equal() {
    hold(&[
        ("host-passthrough,from=9.0.0,to=9.0.0", "depends: host"),
        ("host-passthrough,host=Cooperlake,from=9.0.0,to=9.0.0", "unchanged passthrough"),
        ("host-passthrough,from-host=Cooperlake,to-host=Xeon-Platinum-8268,from=9.0.0,to=9.0.0", "changed passthrough"),
        ("kvm64,from-host=EPYC-7502-32-Core,to-host=Cooperlake,from=9.0.0,to=9.0.0", "changed vendor"),
    ]);
}

#[test]
fn f8_a_newer_qemu_is_offered_before_an_older_one() {
    let fixes = |link: &str| -> Vec<String> {
        let asked = scenario(link);
        remedies(&CATALOG, &asked, &resolve(&CATALOG, &asked)).into_iter().map(|fix| fix.text).collect()
    };
    let link = "EPYC-Milan,+arch-capabilities,machine=pc-q35-9.0,from=9.1.0:9.1.0,to=11.9.0:10.1.0";
    assert_eq!(said(link), "aborted arch-capabilities");
    assert_eq!(fixes(link)[0], "use QEMU 10.1.2 at the destination");
    let link = "Skylake-Server-IBRS,+pdcm,machine=pc-q35-9.0,from=10.0.0:9.1.0,to=11.9.0:10.1.0";
    assert_eq!(fixes(link)[0], "use QEMU 10.1.2 at the destination");
    // No newer one helps.
    let link = "EPYC,topology=1-2-1,from=9.0.0,to=9.0.0:10.0.13";
    assert!(fixes(link).contains(&"use QEMU 7.2.22 at the destination".to_owned()), "{:?}", fixes(link));
}

#[test]
fn f8_a_destination_that_is_a_product_gets_a_release_of_the_product() {
    for (link, fix, to) in [
        (
            "EPYC,machine=pc-q35-rhel9.4.0,topology=1-4-1,from=kubevirt:1.7.4,to=kubevirt:1.8.4",
            "use kubevirt:1.9.0 (11.10.0/10.1.0) at the destination",
            "to=kubevirt:1.9.0",
        ),
        (
            "EPYC,machine=pc-q35-rhel9.4.0,topology=1-2-1,from=rocky:9.6,to=rocky:10.1",
            "use rocky:10.2 (11.10.0/10.1.0) at the destination",
            "to=rocky:10.2",
        ),
    ] {
        let asked = scenario(link);
        let fixes = remedies(&CATALOG, &asked, &resolve(&CATALOG, &asked));
        let first = &fixes[0];
        assert_eq!(first.text, fix);
        assert!(first.scenario.link(&CATALOG).ends_with(to), "{}", first.scenario.link(&CATALOG));
        for fix in fixes.iter().filter(|_| link.contains("kubevirt")) {
            let (Application::Command(how) | Application::Xml(how)) = &fix.how;
            assert!(!how.contains("virsh"), "{how}");
        }
    }
    // A QEMU of another distribution, or of none, does not have the machine type and the models of this one.
    let removed = "kvm64,machine=pc-q35-rhel9.6.0,from=rhel:9.6,to=rhel:10.0";
    let asked = scenario(removed);
    let fixes = remedies(&CATALOG, &asked, &resolve(&CATALOG, &asked));
    assert!(fixes.iter().all(|fix| fix.restart), "{:?}", fixes.iter().map(|fix| &fix.text).collect::<Vec<_>>());
}

#[test]
fn a_fix_by_way_of_a_stop_has_the_hosts_that_it_prints() {
    let asked = scenario("Skylake-Client,machine=pc-q35-3.1,from=old,to=new,via=new@Core-i7-8550U");
    let fixes = remedies(&CATALOG, &asked, &resolve(&CATALOG, &asked));
    let fix = fixes.iter().find(|fix| fix.text.starts_with("migrate via a host with libvirt")).unwrap();
    let link = fix.scenario.link(&CATALOG);
    assert!(link.contains(",via=") && !link.contains('@'), "{link}");
    assert_eq!(scenario(&link), fix.scenario);
}

#[test]
fn f10_a_review_has_the_same_behaviour_at_both_sides() {
    let (code, out, _) = run("review 9.8.0 9.10.0 --qemu 7.2.22 --format text");
    assert!(code == 1 && out.contains("vmx") && !out.contains("qemu-too-old"), "{out}");
    assert!(!out.contains("Aborted, extra mpx"), "{out}");
}

#[test]
fn f12_messages_of_libvirt_and_qemu_are_known() {
    for (text, meant) in [
        ("host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]", "KVM on this host does not support hle"),
        ("Host doesn't support requested features", "QEMU was started with enforce"),
        ("unable to find CPU model 'EPYC-Foo'", "does not have the model EPYC-Foo"),
        ("CPU model 'EPYC' not supported by hypervisor", "names the model EPYC"),
        ("Target CPU feature count 1 does not match source 0", "feature count"),
        ("Target CPU model EPYC does not match source Nehalem", "own: model"),
        ("host doesn't support invariant TSC", "invtsc"),
        ("Requested TSC frequency 2400000000 does not match host (2400000001 Hz)", "TSC frequency"),
        ("domain has 'invtsc' CPU feature but TSC frequency is not specified", "its definition has no TSC frequency"),
        ("State blocked by non-migratable CPU device (invtsc flag)", "its definition has no TSC frequency"),
        ("unsupported machine type 'pc-q35-9.9'", "does not have the machine type pc-q35-9.9"),
        ("error: failed to set MSR 0x48f to 0x7fffff00036dfb", "model-specific register"),
        ("fd: migration to a file is not supported. Use file: instead.", "as fd:"),
        ("host CPU does not provide required features: [pdcm]", "does not support it"),
        ("TCG doesn't support requested feature: CPUID.01H:ECX.pcid [bit 17]", "TCG"),
    ] {
        let found = message::find(&CATALOG, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let meaning = found[0].says.meaning(&CATALOG).join(" ");
        assert!(meaning.contains(meant), "{text}: {meaning}");
        // A message of KVM is not told as one of TCG.
        assert!(!text.contains("host doesn't support requested") || !meaning.contains("TCG"), "{meaning}");
    }
}

#[test]
fn f13_the_rule_of_a_completed_guest_does_not_speak_of_a_refusal() {
    hold(&[
        ("Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=9.0.0+mpx-removed", "changed T7"),
        ("Haswell,accel=tcg,machine=pc-q35-5.2,from=3.1.0:5.2.0,to=3.1.0:7.2.22", "changed feature-gained"),
        ("Haswell,accel=tcg,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=3.1.0:5.2.0", "changed feature-lost"),
    ]);
}

#[test]
fn f13_a_guest_that_an_older_release_started_is_not_in_a_row_without_issue() {
    let link = "Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=new";
    hold(&[(link, "aborted T7")]);
    assert_eq!(answer(link).row.unwrap().name(), "T7");
    let (code, check, _) = run(&format!("check {link}"));
    assert!(code == 1 && check.starts_with("ABORTED") && check.contains("(rule T7)"), "{check}");
    for keys in ["", " --keys r"] {
        let (_, screen, _) = run(&format!("{link} --print --size 120x40{keys}"));
        assert!(screen.contains("row T7") && !screen.contains("Not a row"), "{screen}");
        let decided: Vec<&str> = screen.lines().filter(|line| line.contains("▶T")).collect();
        assert!(keys.is_empty() || (decided.len() == 1 && decided[0].contains("ABORTED")), "{screen}");
    }
}

#[test]
fn f15_the_newest_releases_are_known() {
    hold(&[("EPYC,from=12.8.0:11.1.2,to=12.9.0:11.1.3", "unchanged same-definition")]);
    let map = |name: &str| -> LibvirtId { CATALOG.libvirt(name).unwrap() };
    assert_eq!(CATALOG.release(map("12.8.0")).map, CATALOG.release(map("12.9.0")).map);
    let refused = answer("EPYC,machine=pc-q35-5.1,from=12.9.0:11.1.3,to=12.9.0:11.1.3");
    assert!(error(&refused).unwrap().contains("pc-q35-5.1") && names(&refused.extra).is_empty());
}

/// libvirt refuses the machine type before it looks at the host.
#[test]
fn a_refusal_that_needs_no_host_is_given_without_one() {
    let ends = "from=rhel:9.6,to=rhel:10.1";
    for guest in ["host-model", "host-passthrough"] {
        for host in ["", "host=any,", "host=?,", "to-host=any,"] {
            let link = format!("{guest},machine=pc-q35-6.2,{host}{ends}");
            assert_eq!(said(&link), "start-refused machine-type", "{link}");
            assert_eq!(Resolver::new(&CATALOG).outcome(&scenario(&link)).verdict.name(), "start-refused", "{link}");
        }
    }
    hold(&[
        ("host-model,machine=pc-q35-4.0,from=12.9.0:6.2.0,to=12.9.0:7.2.22", "start-refused qemu-too-old"),
        // The host decides whether the guest starts at all.
        (&format!("host-model,{ends}"), "depends: host"),
        // Every listed host starts it, and the destination lacks the machine type.
        ("host-model,machine=pc-q35-8.0,host=any,from=11.3.0:8.0.0,to=11.3.0:7.2.22", "aborted machine-type"),
        ("host-model,machine=pc-q35-8.0,from=11.3.0:8.0.0,to=11.3.0:7.2.22", "depends: host"),
    ]);
    // Each host has its own host-model.
    let (_, out, _) = run("check host-model,machine=pc-q35-8.0,host=any,from=11.3.0:8.0.0,to=11.3.0:7.2.22");
    assert!(out.contains("pc-q35-8.0'") && !out.contains("host-model at the source"), "{out}");
}

#[test]
fn a_machine_type_of_another_distribution_has_a_fix() {
    let fixes = |link: &str| {
        let asked = scenario(link);
        let found = remedies(&CATALOG, &asked, &answer(link));
        found.into_iter().map(|fix| fix.text).collect::<Vec<_>>()
    };
    let link = "Skylake-Client,machine=pc-q35-3.1,from=rhel:9.6,to=rhel:10.1";
    assert_eq!(fixes(link), ["use machine type pc-q35-rhel9.6.0"]);
    // RHEL 10 has no machine type with the other chipset.
    assert!(fixes("Skylake-Client,machine=pc-i440fx-3.1,from=rhel:9.6,to=rhel:10.1").is_empty());
}

#[test]
fn a_cold_boot_that_is_refused_does_not_depend_on_the_source() {
    let link = "Haswell,machine=pc-q35-rhel8.2.0,from=rhel:9.6,to=rhel:10.1";
    let without_host = "host-model,machine=pc-q35-6.2,from=rhel:9.6,to=rhel:10.1";
    for link in [link, "Skylake-Client,machine=pc-q35-3.1,from=rhel:9.6,to=rhel:10.1", without_host] {
        let boot = Outlook::of(&CATALOG, &scenario(link), &answer(link)).cold_boot;
        assert_eq!(boot, "at the destination: refused with the same message", "{link}");
    }
}

#[test]
fn the_sentences_name_the_model_that_host_model_becomes() {
    let guest = "host-model,host=Xeon-Gold-6148,from=ubuntu:22.04";
    let (_, out, _) = run(&format!("check {guest},to=11.3.0:10.0.13"));
    assert!(out.contains("Machine type pc-q35-4.0 does not enable mpx in Skylake-Server."), "{out}");
    // Its map is between two that differ, so that the answer joins several cases.
    let (_, out, _) = run(&format!("check {guest},to=ubuntu:24.04"));
    assert!(out.contains("Both CPU maps agree on mpx in the guest's model."), "{out}");
}

#[test]
fn a_guest_on_a_zhaoxin_host_loses_cmp_legacy_with_qemu_10() {
    let lost = |from: &str, to: &str| {
        let host = "Zhaoxin:fpu+sse2+ht/fpu+sse2+ht";
        let link = format!("host-passthrough,host={host},topology=1-2-1,from=11.3.0:{from},to=11.3.0:{to}");
        names(&answer(&link).lost)
    };
    assert_eq!(lost("9.2.1", "10.0.13"), ["cmp_legacy"]);
    assert_eq!((lost("8.2.2", "9.2.1"), lost("10.0.2", "10.0.13")), (Vec::new(), Vec::new()));
}

#[test]
fn what_a_host_file_does_not_tell_counts_for_a_guest_with_the_host_s_cpu() {
    let list = "EPYC-7502-32-Core";
    let host = virt_cpu_explorer::internal::domain::catalog::Catalog::host_named(&CATALOG, list).unwrap();
    let features = names(
        &CATALOG.host(host).features.iter().filter(|f| CATALOG.feature_name(*f) != "amd-psfd").collect::<Vec<_>>(),
    );
    let known = format!("AMD:23-49-0:{0}/{0}", features.join("+"));
    for mode in ["host-model", "host-passthrough"] {
        let ask = |from: &str, to: &str| {
            let link = format!(
                "{mode},from-host={from},to-host={to},machine=pc-q35-5.2,from=11.3.0:10.0.13,to=11.3.0:10.0.13"
            );
            said(&link)
        };
        let open = format!("{known}~amd-psfd");
        assert!(ask(&open, &known).starts_with("depends"), "{mode}: {}", ask(&open, &known));
        // At one host of which the same is not known, the guest has the same CPU.
        assert!(ask(&open, &open).starts_with("unchanged"), "{mode}: {}", ask(&open, &open));
    }
}
