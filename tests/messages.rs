//! Holds the reading of messages and of hosts: what people wrote down, every refusal the resolver knows, logs, and files
//! that tell of a host.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use std::sync::LazyLock;
use virt_cpu_explorer::internal::analysis::scenario_search::scenario_search;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::host::Vendor;
use virt_cpu_explorer::internal::domain::scenario::{LibvirtChoice, Scenario};
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::explain::{self, MessageMeaning};
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::input::{host, message};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::resolve;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().unwrap());

fn message_help(text: &str) -> MessageMeaning {
    let found = message::find(&CATALOG, text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.into_iter().next().unwrap().says
}

#[test]
fn every_text_people_wrote_down_is_recognised_or_said_not_to_carry_a_message() {
    for line in include_str!("data/error-texts.txt").lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.splitn(3, '\t').collect();
        let [expected, id, text] = parts.as_slice() else { panic!("{line}") };
        let found = message::find(&CATALOG, text);
        assert_eq!(if found.is_empty() { "none" } else { "recognised" }, *expected, "{id}: {found:?}");
        for message in &found {
            assert!(!message.says.meaning(&CATALOG).is_empty(), "{id}");
        }
    }
}

#[test]
fn what_the_resolver_says_is_read_back_as_what_it_meant() {
    for word in [
        "EPYC,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13,topology=1-2-2",
        "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
        "Skylake-Client,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22",
        "Skylake-Client,machine=pc-q35-3.1,from=9.0.0:7.2.22,to=12.8.0:11.1.2",
        "Icelake-Client,machine=pc-q35-5.2,accel=tcg,from=7.0.0:5.2.0,to=9.0.0:7.2.22",
        "SapphireRapids,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22",
        "SapphireRapids,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=7.0.0:5.2.0",
        "qemu64,+cvt16,machine=pc-q35-5.2,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
        "Skylake-Client,machine=pc-q35-5.2,host=Core-i7-3770,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
    ] {
        let answer = resolve(&CATALOG, &Scenario::parse(&CATALOG, word).unwrap());
        let refusal = answer.refusal().unwrap_or_else(|| panic!("{word} is not refused"));
        let text = explain::message(&CATALOG, refusal);
        assert_eq!(message_help(&text), MessageMeaning::Refused(refusal.clone(), Vec::new()), "{text}");
    }
}

#[test]
fn a_message_is_found_in_every_wrapping() {
    let plain = message_help("guest CPU doesn't match specification: missing features: erms,vaes");
    for text in [
        "error: operation failed: guest CPU doesn't match specification: missing features: erms,vaes",
        "virError(Code=9, Domain=31, Message='operation failed: guest CPU doesn't match specification: missing features: erms,vaes')",
        r#"{"level":"error","msg":"operation failed: guest CPU doesn\u0027t match specification: missing features: erms,vaes","pos":"x.go"}"#,
        "Live Migration failure: operation failed: guest CPU doesn&#39;t match specification: missing features: erms,vaes: libvirt.libvirtError",
        "guest CPU doesn\u{2019}t match specification: missing features: erms,vaes.",
        "missing features: erms, vaes",
    ] {
        assert_eq!(message_help(text), plain, "{text}");
    }
}

#[test]
fn a_log_gives_each_message_once_with_its_line() {
    let log = "starting\n2026-01-01 error: unknown CPU feature: ibrs\nnoise\nerror: unknown CPU feature: ibrs\n\
               x: internal error: Unknown CPU model SapphireRapids\n";
    let found = message::find(&CATALOG, log);
    let places: Vec<(usize, usize, usize)> = found.iter().map(|f| (f.line, f.column, f.times)).collect();
    assert_eq!(places, [(2, 19, 2), (5, 20, 1)]);
}

#[test]
fn names_nobody_knows_are_told_apart() {
    let says = message_help(
        "operation failed: guest CPU doesn't match specification: extra features: ..., missing features: tsx, hle, rtm",
    );
    assert!(matches!(&says, MessageMeaning::Refused(_, strange) if strange == &["tsx"]), "{says:?}");
    assert!(says.refusal().is_none());
    assert_eq!(message_help("internal error: Unknown CPU model Foo"), MessageMeaning::UnknownModel("Foo".to_owned()));
}

#[test]
fn scenarios_shown_for_a_message_give_exactly_this_message() {
    for text in ["extra features: ht", "extra features: mpx", "missing features: pdcm", "unknown CPU feature: pks"] {
        let says = message_help(text);
        let refusal = says.refusal().unwrap();
        let found = scenario_search(&CATALOG, refusal, 3);
        assert!(!found.is_empty(), "{text}");
        for producer in found {
            let word = producer.scenario.word(&CATALOG);
            let again = resolve(&CATALOG, &Scenario::parse(&CATALOG, &word).unwrap());
            assert_eq!(again.refusal(), Some(refusal), "{word}");
        }
    }
}

fn host(name: &str) -> host::HostFile {
    let path = format!("{}/tests/data/hosts/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"));
    host::read(&CATALOG, &LibvirtChoice::Unknown, name, &bytes).unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn each_kind_of_file_tells_of_a_host_what_it_can() {
    let has = |host: &host::HostFile, name: &str| host.features.contains(CATALOG.feature(name).unwrap());
    let domain = host("9.0.0-domcapabilities.xml");
    assert_eq!((domain.kind, domain.vendor), (host::Kind::DomainCapabilities, Vendor::Amd));
    assert!(has(&domain, "avx2") && has(&domain, "hypervisor") && !has(&domain, "topoext"));
    assert_eq!(domain.qemu, Some(Version::new(7, 2, 22)));
    assert!(domain.line().contains("models usable") && domain.line().contains("--virttype kvm"), "{}", domain.line());
    let capabilities = host("9.0.0-capabilities.xml");
    assert!(has(&capabilities, "avx512f") && capabilities.line().contains("not what QEMU and KVM support"));
    assert_eq!(capabilities.qemu, Some(Version::new(7, 2, 22)));
    let reply = host("7.2.22-query-cpu-model-expansion.json");
    assert!(has(&reply, "pclmuldq") && reply.qemu.is_none());
    let cpuinfo = host("cpuinfo.txt");
    for name in ["pclmuldq", "sse4.1", "avx512vbmi2", "avx512-bf16", "tsc-deadline", "sha-ni", "invtsc"] {
        assert!(has(&cpuinfo, name), "{name}");
    }
    assert!(cpuinfo.line().contains("not what KVM supports"));
}

#[test]
fn the_output_of_virsh_version_before_the_xml_tells_the_releases() {
    let read = |name: &str| std::fs::read_to_string(format!("{}/tests/data/hosts/{name}", env!("CARGO_MANIFEST_DIR")));
    let text = read("9.0.0-virsh-version.txt").unwrap() + &read("9.0.0-domcapabilities.xml").unwrap();
    let host = host::read(&CATALOG, &LibvirtChoice::Unknown, "h", text.as_bytes()).unwrap();
    assert_eq!((host.libvirt, host.qemu), (Some(Version::new(9, 0, 0)), Some(Version::new(7, 2, 22))));
}

#[test]
fn a_file_that_is_no_host_is_refused_with_what_to_do() {
    let read =
        |text: &str| host::read(&CATALOG, &LibvirtChoice::Unknown, "h", text.as_bytes()).unwrap_err().to_string();
    assert!(read("<domain type='kvm'/>").contains("pass the file to --domain"));
    assert!(read("<domainCapabilities/>").contains("expected <mode name='host-model'>"));
    assert!(read("{\"return\": {}}").contains("query-cpu-model-expansion"));
    assert!(read("nothing").contains("expected virsh domcapabilities"));
    assert!(read("<capabilities><host><cpu><model>Foo</model></cpu></host></capabilities>").starts_with("h:1:26:"));
}

#[test]
fn the_map_that_does_not_know_a_feature_is_the_one_that_refused() {
    for (word, release) in [
        ("EPYC,+prefetchiti,from=9.0.0:10.0.13,to=11.3.0:10.0.13", "9.0.0"),
        ("EPYC,+prefetchiti,from=11.3.0:10.0.13,to=9.0.0:10.0.13", "9.0.0"),
        ("EPYC,+prefetchiti,from=7.0.0:5.2.0,to=9.0.0:10.0.13", "7.0.0"),
    ] {
        let scenario = Scenario::parse(&CATALOG, word).unwrap();
        let text = export::text(&CATALOG, &scenario, &resolve(&CATALOG, &scenario), &[]);
        let expected = format!("The CPU map of libvirt {release} does not define prefetchiti.");
        assert!(text.contains(&expected), "{word}: {text}");
        assert_eq!(text.contains("The migrated definition"), !text.contains("START REFUSED"), "{text}");
    }
}
