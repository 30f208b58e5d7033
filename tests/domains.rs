//! Tests how guests are parsed: files that real libvirts wrote, the recorded migrations started from a running guest,
//! and every kind of bad file.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use support::ask::{batch, json};
use virt_cpu_explorer::internal::analysis::follow::{By, State, Step, follow};
use virt_cpu_explorer::internal::app::choice::{Choice, default_of, values};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::definition::{Check, Mode};
use virt_cpu_explorer::internal::domain::scenario::{CpuChoice, Key, Scenario};
use virt_cpu_explorer::internal::explain::{Outlook, explain, message};
use virt_cpu_explorer::internal::input::domain::{self, Domain};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{RuleId, Verdict, WrittenBy, resolve};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().unwrap());

fn between(from: &str, to: &str) -> Scenario {
    let mut scenario = Scenario::default_of(&CATALOG);
    scenario.set(&CATALOG, Key::From, from).unwrap();
    scenario.set(&CATALOG, Key::To, to).unwrap();
    scenario
}

fn file(name: &str) -> String {
    let path = format!("{}/tests/data/domains/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn guest(name: &str, from: &str, to: &str) -> Domain {
    domain::scenario(&CATALOG, &between(from, to), name, file(name).as_bytes()).unwrap()
}

fn fault(text: &str) -> String {
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "guest.xml", text.as_bytes());
    read.map(|domain| domain.line()).unwrap_err().to_string()
}

#[test]
fn what_is_in_a_file_is_said_back_in_one_line() {
    let live = guest("9.0.0-skylake.live", "9.0.0:7.2.22", "11.3.0:10.0.13");
    assert_eq!(
        live.line(),
        "running guest: Skylake-Client with 13 features named, check full, pc-q35-5.2, tcg, 1 vCPU"
    );
    assert_eq!(live.name.as_deref(), Some("guest"));
    let inactive = guest("9.0.0-skylake.inactive", "9.0.0:7.2.22", "11.3.0:10.0.13");
    assert_eq!(
        inactive.line(),
        "inactive guest: Skylake-Client with 2 features named, check none, pc-q35-5.2, tcg, 1 vCPU"
    );
    let threads = guest("11.3.0-epyc-smt.live", "11.3.0:10.0.13", "12.8.0:11.1.2");
    assert!(threads.line().contains("4 vCPUs, 4 threads in a socket"), "{}", threads.line());
}

#[test]
fn a_live_file_is_a_running_guest_and_an_inactive_one_is_not() {
    for release in ["7.0.0", "9.0.0", "11.3.0", "12.8.0"] {
        for (name, running) in [("skylake.live", true), ("skylake.inactive", false), ("host-model.live", true)] {
            let read = guest(&format!("{release}-{name}"), "9.0.0:7.2.22", "9.0.0:7.2.22");
            assert_eq!(read.scenario.running.is_some(), running, "{release} {name}");
        }
    }
}

#[test]
fn a_running_guest_goes_on_from_its_live_definition() {
    let read = guest("9.0.0-epyc-smt.live", "9.0.0:7.2.22", "11.3.0:10.0.13");
    let answer = resolve(&CATALOG, &read.scenario);
    assert_eq!(answer.verdict, Verdict::Aborted);
    let trace = answer.trace.as_ref().unwrap();
    assert!(trace.start.prepared.is_none() && trace.start.command_line.is_empty());
    assert_eq!(trace.start.live, Some(trace.start.given.clone()));
    let said = message(&CATALOG, answer.refusal().unwrap());
    assert_eq!(said, "operation failed: guest CPU doesn't match specification: extra features: ht,cmp_legacy");
}

#[test]
fn a_guest_stays_as_it_was_where_nothing_differs() {
    for (file, release) in [
        ("9.0.0-skylake.live", "9.0.0:7.2.22"),
        ("9.0.0-host-model.live", "9.0.0:7.2.22"),
        ("11.3.0-epyc-smt.live", "11.3.0:10.0.13"),
        ("11.3.0-host-model.live", "11.3.0:10.0.13"),
        ("12.8.0-host-model.live", "12.8.0:11.1.2"),
    ] {
        let answer = resolve(&CATALOG, &guest(file, release, release).scenario);
        let refusal = answer.refusal().map(|refusal| message(&CATALOG, refusal));
        assert_eq!((answer.verdict, refusal), (Verdict::Unchanged, None), "{file}");
    }
    // QEMU 5.2 may have filtered what this one disables: then its XSAVE states go.
    let answer = resolve(&CATALOG, &guest("7.0.0-host-model.live", "7.0.0:5.2.0", "7.0.0:5.2.0").scenario);
    assert_eq!((answer.verdict, answer.outcome()), (Verdict::Depends, "completed"));
}

#[test]
fn choosing_another_guest_ends_a_running_one() {
    let mut scenario = guest("9.0.0-skylake.live", "9.0.0:7.2.22", "11.3.0:10.0.13").scenario;
    scenario.set(&CATALOG, Key::To, "12.8.0:11.1.2").unwrap();
    assert!(scenario.running.is_some(), "another destination does not restart a guest");
    let mut other = scenario.clone();
    other.set(&CATALOG, Key::Machine, "pc-q35-6.2").unwrap();
    assert!(other.running.is_none());
    assert!(scenario.next_start().running.is_none());
    let of_the_way = [
        Choice::Feature,
        Choice::Transport,
        Choice::FromLibvirt,
        Choice::FromQemu,
        Choice::FromHost,
        Choice::Via,
        Choice::ToLibvirt,
        Choice::ToQemu,
        Choice::ToHost,
        Choice::Regime,
    ];
    for choice in Choice::ALL {
        let others = values(*choice, &CATALOG, &scenario).into_iter().map(|value| value.scenario);
        let others: Vec<Scenario> = others.filter(|other| *other != scenario).collect();
        assert!(!others.is_empty(), "{choice:?}");
        for other in others {
            assert_eq!(other.running.is_some(), of_the_way.contains(choice), "{choice:?}");
        }
        let default = default_of(*choice, &CATALOG, &scenario);
        assert_eq!(default.running.is_some(), default == scenario || of_the_way.contains(choice), "{choice:?}");
    }
}

#[test]
fn the_cpu_of_a_running_guest_is_read_from_its_live_definition() {
    let read = |text: &str| {
        let ends = between("9.0.0:7.2.22", "11.3.0:10.0.13");
        let scenario = domain::scenario(&CATALOG, &ends, "g.xml", text.as_bytes()).unwrap().scenario;
        let answer = resolve(&CATALOG, &scenario);
        (scenario, answer)
    };
    let text = file("9.0.0-skylake.live");
    let (scenario, answer) = read(&text);
    let given = Some(By::Written(WrittenBy::Given));
    for (feature, state, by) in [
        ("mpx", State::On, given),
        ("hypervisor", State::On, given),
        ("hle", State::Off, given),
        ("avx", State::On, Some(By::Map)),
        ("svm", State::Off, None),
    ] {
        let feature = CATALOG.feature(feature).unwrap();
        let seen = follow(&scenario, &answer, feature);
        let at = |step: Step| seen.iter().find(|seen| seen.step == step).unwrap();
        assert_eq!((at(Step::SourceCpu).state, at(Step::SourceCpu).by), (state, by), "{feature:?}");
        assert_eq!(at(Step::CommandLine).state, State::Unknown);
    }
    // What the definition disables is off because of the definition, not because of the machine type.
    let off = text.replace("<feature policy='require' name='mpx'/>", "<feature policy='disable' name='mpx'/>");
    assert_ne!(off, text);
    let (scenario, answer) = read(&off);
    assert_eq!((answer.verdict, answer.rule), (Verdict::Unchanged, Some(RuleId::T5)));
    let why = explain(&CATALOG, &scenario, &answer).why.join(" ");
    assert!(why.contains("mpx=disable, as in the guest's definition"), "{why}");
    assert!(!why.contains("does not enable mpx"), "{why}");
}

#[test]
fn the_daemons_status_file_has_both_definitions() {
    let live = file("9.0.0-skylake.live");
    let text = format!(
        "<domstatus state='running'>\n{live}<cpu mode='custom' match='exact' check='none'>\
         <model fallback='forbid'>Skylake-Client</model></cpu></domstatus>"
    );
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "s.xml", text.as_bytes()).unwrap();
    assert!(read.line().starts_with("running guest, live and inactive definition: "), "{}", read.line());
    let running = read.scenario.running.as_deref().unwrap();
    assert!(running.inactive.as_ref().unwrap().features.is_empty());
    assert!(read.scenario.next_start().features.is_empty());
    let answer = resolve(&CATALOG, &read.scenario);
    let sent = &answer.trace.as_ref().unwrap().migrations.last().unwrap().sent;
    assert_eq!(sent.xml.features.len(), 0);
    assert_eq!(sent.cookie.as_ref().unwrap().features.len(), 13);
}

#[test]
fn a_snapshot_of_a_running_guest_has_both_definitions() {
    let live = file("9.0.0-skylake.live");
    let text = format!(
        "<domainsnapshot><name>one</name>{live}<inactiveDomain type='qemu'><cpu mode='custom' match='exact' check='none'>\
         <model fallback='forbid'>Skylake-Client</model></cpu></inactiveDomain></domainsnapshot>"
    );
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "s.xml", text.as_bytes()).unwrap();
    assert!(read.line().starts_with("running guest, live and inactive definition: "), "{}", read.line());
    let running = read.scenario.running.as_deref().unwrap();
    assert_eq!((running.live.features.len(), running.inactive.as_ref().unwrap().features.len()), (13, 0));
}

/// What a host-model guest becomes at its next start is not in its live definition.
#[test]
fn the_next_start_of_a_running_host_model_guest_depends_on_the_host() {
    let live = file("9.0.0-skylake.live").replace("<domain type='qemu'", "<domain type='kvm'");
    let text = format!("<domstatus state='running'>{live}<cpu mode='host-model'/></domstatus>");
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "s.xml", text.as_bytes()).unwrap();
    let inactive = read.scenario.running.as_ref().unwrap().inactive.as_ref().unwrap();
    assert_eq!((inactive.mode, inactive.check), (Mode::HostModel, Check::Partial));
    assert!(read.scenario.next_start().link(&CATALOG).starts_with("host-model,"));
    let answer = resolve(&CATALOG, &read.scenario);
    assert_eq!(answer.verdict, Verdict::Unchanged);
    assert_eq!(Outlook::of(&CATALOG, &read.scenario, &answer).cold_boot, "at the destination: depends on the host");
}

#[test]
fn a_live_host_model_that_names_a_model_is_that_model() {
    let text = "<domain type='kvm' id='3'><os><type machine='pc-q35-6.2'>hvm</type></os><cpu mode='host-model'>\
                <model>EPYC</model><feature policy='require' name='clwb'/></cpu></domain>";
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "g.xml", text.as_bytes()).unwrap();
    assert!(read.line().starts_with("running guest: EPYC with 1 feature named"), "{}", read.line());
    let inactive = text.replace(" id='3'", "");
    let read = domain::scenario(&CATALOG, &between("9.0.0", "11.3.0:10.0.13"), "g.xml", inactive.as_bytes()).unwrap();
    assert!(read.line().starts_with("inactive guest: host-model"), "{}", read.line());
}

#[derive(serde::Deserialize)]
struct Recorded {
    id: String,
    source: BTreeMap<String, String>,
    destination: BTreeMap<String, String>,
    guest: serde_json::Value,
    outcome: String,
    error: Option<String>,
    live: Option<BTreeMap<String, String>>,
}

/// The domain as `virsh dumpxml` wrote it of the running guest.
fn live_xml(run: &Recorded) -> Option<String> {
    let feature = |(name, policy): (&String, &String)| format!("<feature policy='{policy}' name='{name}'/>");
    let features = run.live.as_ref()?.iter().map(feature).collect::<Vec<_>>().concat();
    let text = |key: &str| run.guest[key].as_str().unwrap().to_owned();
    Some(format!(
        "<domain type='qemu' id='1'><vcpu>{}</vcpu><os><type arch='x86_64' machine='{}'>hvm</type></os>\
         <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>{}</model>{features}</cpu></domain>",
        run.guest["vcpus"],
        text("machine"),
        text("model"),
    ))
}

#[test]
#[expect(clippy::print_stdout, reason = "how many are equal is worth reading")]
fn every_recorded_migration_ends_the_same_when_it_begins_with_the_running_guest() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for line in include_str!("recorded/recorded-migrations.jsonl").lines() {
        let run: Recorded = serde_json::from_str(line).unwrap();
        let Some(xml) = live_xml(&run) else { continue };
        tried += 1;
        let release = |end: &BTreeMap<String, String>| format!("{}:{}", end["libvirt"], end["qemu"]);
        let mut between = between(&release(&run.source), &release(&run.destination));
        between.set(&CATALOG, Key::Transport, "save").unwrap();
        let read = domain::scenario(&CATALOG, &between, &run.id, xml.as_bytes()).unwrap();
        let answer = resolve(&CATALOG, &read.scenario);
        let error = answer.refusal().map(|refusal| message(&CATALOG, refusal));
        // The recorded policies are sorted by name, and the first unknown one is named: which it is, is not recorded.
        let same_error = error == run.error
            || [&error, &run.error].iter().all(|e| e.as_deref().is_some_and(|e| e.contains("unknown CPU feature")));
        if answer.outcome() != run.outcome || !same_error {
            wrong.push(format!("{}: {} {error:?}, recorded {} {:?}", run.id, answer.outcome(), run.outcome, run.error));
        }
    }
    println!("running guests: {} of {tried} recorded runs equal", tried - wrong.len());
    assert!(wrong.is_empty(), "{} of {tried} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn short_machine_names_and_missing_models_are_filled_in() {
    let text = "<domain type='kvm'><vcpu>2</vcpu><os><type machine='q35'>hvm</type></os></domain>";
    let read = domain::scenario(&CATALOG, &between("9.0.0:7.2.22", "new"), "g.xml", text.as_bytes()).unwrap();
    assert_eq!(
        read.line(),
        "inactive guest: qemu64, check none, pc-q35-7.2 (q35 in the source's QEMU), kvm, 2 vCPUs; used: \
         QEMU's default model qemu64, which libvirt does not check"
    );
}

#[test]
fn an_emulator_that_no_link_can_have_is_named_as_ignored() {
    let read = |path: &str| {
        let text = format!(
            "<domain type='kvm'><os><type machine='pc-q35-6.2'/></os><cpu><model>EPYC</model></cpu>\
             <devices><emulator>{path}</emulator></devices></domain>"
        );
        domain::scenario(&CATALOG, &between("9.0.0:7.2.22", "9.0.0:7.2.22"), "g.xml", text.as_bytes()).unwrap()
    };
    for path in ["qemu", "/opt/a,b", "/opt/a b", "/opt/`a`", "/opt/a\nb", "/opt/a\u{202e}b"] {
        let read = read(path);
        assert!(read.scenario.emulator.is_none(), "{path:?}");
        assert!(read.line().contains("ignored: <emulator>: expected an absolute path without"), "{}", read.line());
        assert_eq!(Scenario::parse(&CATALOG, &read.scenario.link(&CATALOG)).unwrap(), read.scenario);
    }
    let read = read(" /opt/qemu ");
    assert_eq!((read.scenario.emulator.as_deref(), read.ignored), (Some("/opt/qemu"), Vec::new()));
}

/// As real live definitions were: the user disabled `vmx-ept` without `vmx`, so libvirt 11.3.0 sends it, and 9.0.0 does not
/// know the name. With `vmx` the live definition does not show whether the user named it.
#[test]
fn what_the_user_named_of_the_added_features_is_sent() {
    let between = between("11.3.0:7.2.22", "9.0.0:7.2.22");
    let ask = |features: &str| {
        let xml = format!(
            "<domain type='kvm' id='1'><os><type arch='x86_64' machine='pc-q35-6.2'>hvm</type></os><cpu mode='custom' \
             match='exact' check='full'><model fallback='forbid'>Nehalem</model>{features}<feature policy='require' \
             name='hypervisor'/></cpu></domain>"
        );
        let domain = domain::scenario(&CATALOG, &between, "guest.xml", xml.as_bytes()).unwrap();
        resolve(&CATALOG, &domain.scenario)
    };
    let named = ask("<feature policy='disable' name='vmx-ept'/>");
    assert_eq!(named.verdict, Verdict::Aborted);
    assert_eq!(named.rule, Some(RuleId::UnknownFeature));
    let open = ask("<feature policy='require' name='vmx'/><feature policy='disable' name='vmx-ept'/>");
    assert!(open.depends_on.iter().any(|open| open.input == "inactive definition"), "{:?}", open.depends_on);
}

#[test]
fn what_bears_on_the_answer_is_used_and_the_rest_is_named() {
    let text = "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\
        <features><pmu state='on'/><hyperv/><kvm/></features><os><type machine='pc-q35-6.2'>hvm</type></os>\
        <cpu mode='custom' match='exact' deprecated_features='off'>\
        <model fallback='forbid' vendor_id='AuthenticAMD'>EPYC</model>\
        <topology sockets='1' dies='2' clusters='2' cores='2' threads='1'/><vendor>AMD</vendor><features/></cpu>\
        <devices><emulator>/usr/libexec/qemu-kvm</emulator></devices>\
        <qemu:commandline><qemu:arg value='-cpu'/></qemu:commandline></domain>";
    let read = domain::scenario(&CATALOG, &between("9.0.0:7.2.22", "12.8.0:11.1.2"), "g.xml", text.as_bytes()).unwrap();
    let used = [
        "PMU on",
        "host of vendor AMD required",
        "2 dies in a socket",
        "2 clusters",
        "emulator /usr/libexec/qemu-kvm",
        "vendor AMD shown to the guest",
    ];
    assert!(used.iter().all(|part| read.used.iter().any(|line| line.contains(part))), "{}", read.line());
    let ignored = [
        "hyperv settings, of which libvirt checks that the host supports them",
        "kvm settings",
        "deprecated_features",
        "<features> of the CPU, which libvirt does not have",
        "<qemu:commandline>",
    ];
    assert!(ignored.iter().all(|part| read.ignored.iter().any(|line| line.contains(part))), "{}", read.line());
    assert_eq!(read.scenario.pmu, Some(true));
}

#[test]
fn a_cpu_that_is_set_behind_libvirt_is_not_known() {
    let guest = |namespace: &str, prefix: &str, arguments: &[&str]| {
        let list: Vec<_> = arguments.iter().map(|arg| format!("<{prefix}arg value='{arg}'/>")).collect();
        let list = list.concat();
        let text = format!(
            "<domain type='kvm'><os><type machine='pc-q35-6.2'/></os><cpu><model>EPYC</model></cpu>\
             <{prefix}commandline {namespace}='http://libvirt.org/schemas/domain/qemu/1.0'>{list}</{prefix}commandline>\
             </domain>"
        );
        domain::scenario(&CATALOG, &between("9.0.0", "12.8.0"), "g.xml", text.as_bytes()).unwrap()
    };
    for (namespace, prefix) in [("xmlns:qemu", "qemu:"), ("xmlns:q", "q:"), ("xmlns", "")] {
        for arguments in [&["-cpu", "host"][..], &["-global", "EPYC-x86_64-cpu.vmx=on"]] {
            let read = guest(namespace, prefix, arguments);
            assert_eq!(read.scenario.cpu, CpuChoice::Unknown, "{prefix}{arguments:?}");
            assert!(read.cautions[0].contains("of <qemu:commandline> changes the CPU"), "{}", read.line());
        }
        let read = guest(namespace, prefix, &["-global", "a.b=c"]);
        assert!(read.scenario.cpu != CpuChoice::Unknown && read.ignored[0].starts_with("<qemu:commandline>"));
    }
}

#[test]
fn a_guest_of_32_bits_is_read_if_the_program_for_64_bits_runs_it() {
    let guest = |emulator: &str| {
        format!(
            "<domain type='kvm'><os><type arch='i686' machine='pc-q35-6.2'/></os>\
             <devices><emulator>{emulator}</emulator></devices></domain>"
        )
    };
    let read = |text: &str| domain::scenario(&CATALOG, &between("9.0.0", "12.8.0"), "g.xml", text.as_bytes());
    assert!(read(&guest("/usr/bin/qemu-system-x86_64")).is_ok());
    assert!(read(&guest("/usr/bin/qemu-system-i386")).unwrap_err().to_string().contains("expected arch x86_64"));
}

#[test]
fn a_bad_file_gives_one_error_with_its_place() {
    let cpu = |inside: &str| {
        format!(
            "<domain type='kvm'>\n<os><type machine='pc-q35-6.2'>hvm</type></os>\n<cpu mode='custom'>{inside}</cpu></domain>"
        )
    };
    for (text, expected) in [
        ("<domain type='kvm'>\n  <os>", "guest.xml:2:7: expected </os>"),
        ("hello", "guest.xml:1:1: expected"),
        ("<capabilities/>", "guest.xml:1:1: expected <domain>, found <capabilities>"),
        ("<network/>", "guest.xml:1:1: expected <domain>, as virsh dumpxml prints it, found <network>"),
        ("<domstatus/>", "guest.xml:1:1: expected a <domain> in <domstatus>, found none"),
        ("<domainsnapshot/>", "guest.xml:1:1: expected a <domain> in <domainsnapshot>, found none"),
        ("<domain/>", "expected the attribute \"type\""),
        ("<domain type='xen'/>", "expected a domain of type kvm or qemu"),
        ("<domain type='kvm'/>", "expected <os><type machine='...'>"),
        ("<domain type='kvm'><os><type arch='aarch64'/></os></domain>", "expected an x86 guest"),
        ("<domain type='kvm'><os><type machine='pc-q35-0.99'/></os></domain>", "expected a machine type of QEMU"),
        (&cpu("<model>Skylake-Klient</model>"), "guest.xml:3:20: expected a CPU model"),
        (&cpu("<model>EPYC</model><feature name='avx3'/>"), "guest.xml:3:39: expected a CPU feature"),
        (&cpu("<model>EPYC</model><feature name='avx' policy='on'/>"), "expected one of force, require"),
        (
            &cpu("<model>EPYC</model><feature name='avx'/><feature name='avx' policy='disable'/>"),
            "guest.xml:3:60: expected each feature once, found \"avx\" with policy disable after policy require",
        ),
        (
            "<domain type='kvm'><os><type machine='q35'/></os><features><hyperv mode='passthrough'/></features></domain>",
            "expected the enlightenments one by one: QEMU does not migrate a guest with mode='passthrough'",
        ),
        (
            "<domain type='kvm'><os><type machine='q35'/></os><features/><features><hyperv mode='passthrough'/></features>\
             </domain>",
            "expected the enlightenments one by one",
        ),
        (&cpu("<model>EPYC</model><vendor>amd</vendor>"), "expected one of Intel, AMD, Hygon, Zhaoxin in <vendor>"),
        (&cpu("<model vendor_id='KVM'>EPYC</model>"), "expected 12 characters in vendor_id, found \"KVM\""),
        (
            "<domain type='kvm'><os><type machine='q35'/></os><launchSecurity type='sev'/></domain>",
            "expected a guest that QEMU can migrate, found <launchSecurity type=\"sev\">",
        ),
        ("<domain type='kvm'><os><type arch='i686' machine='q35'/></os></domain>", "expected arch x86_64, found i686"),
        (&cpu("<feature name='avx'/>"), "guest.xml:3:20: expected a <model> before the features"),
        (
            &cpu("<model>EPYC</model>").replace("'custom'", "'custom' migratable='on'"),
            "guest.xml:3:1: expected migratable only in mode host-passthrough or maximum, found it in mode custom",
        ),
        (
            &cpu("<model>EPYC</model><topology sockets='1' cores='0' threads='1'/>"),
            "guest.xml:3:39: expected a number from 1 to 65536 in cores, found \"0\"",
        ),
        ("[libvirt]\nvirt_type = xen\n", "guest.xml:2:1: virt_type: expected kvm or qemu, found \"xen\""),
        (
            "<!DOCTYPE d [<!ENTITY a 'b'>]><domain type='kvm'/>",
            "guest.xml:1:1: expected elements only, found a DOCTYPE",
        ),
        ("<domain type='kvm'>&a;</domain>", "expected one of &lt;"),
    ] {
        let said = fault(text);
        assert!(said.contains(expected), "{text}\ngives {said}\nnot {expected}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn files_too_large_too_deep_or_not_text_are_refused_at_once() {
    let read = |bytes: &[u8]| {
        domain::scenario(&CATALOG, &between("9.0.0", "new"), "g.xml", bytes).map(|d| d.line()).unwrap_err().to_string()
    };
    assert!(read(&vec![b' '; 2 << 20]).contains("expected at most 1 MiB"));
    assert!(read("<a>".repeat(70).as_bytes()).contains("expected at most 64 levels"));
    assert!(read(b"<domain type='kvm'>\xff</domain>").starts_with("g.xml:1:20: expected UTF-8"));
}

/// The live XML of a guest that libvirt 9.0.0 started with QEMU 7.2 under TCG, which filters `avx512f`.
#[test]
fn the_xsave_states_of_a_running_guest_depend_on_what_qemu_filtered() {
    let features = |list: &str| {
        list.split(' ').fold(String::new(), |all, name| all + &format!("<feature policy='disable' name='{name}'/>"))
    };
    let live = |model: &str, off: &str, machine: &str| {
        let cpu = format!(
            "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>{model}</model><feature policy='require' name='hypervisor'/>{}</cpu>",
            features(off)
        );
        let os = format!("<os><type arch='x86_64' machine='{machine}'>hvm</type></os>");
        format!("<domain type='qemu' id='1'><name>g</name><memory>1</memory><vcpu>1</vcpu>{os}{cpu}</domain>")
    };
    let ask = |xml: &str, from: (&str, &str), to: (&str, &str)| {
        let end = |(libvirt, qemu): (&str, &str)| serde_json::json!({"libvirt": libvirt, "qemu": qemu});
        let line = serde_json::json!({"source": end(from), "destination": end(to), "domain": xml}).to_string();
        batch(&(line + "\n")).1.remove(0)
    };
    // QEMU 5.2 keeps the state of avx if it filters avx, and not if -cpu disables avx. What switches avx off at the
    // destination clears it.
    let sandy = live("SandyBridge", "avx x2apic tsc-deadline vme arat xsaveopt", "pc-q35-5.2");
    let answer = ask(&sandy, ("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"));
    assert_eq!(
        (&answer["outcome"], &answer["verdict"], &answer["depends_on"]),
        (&"completed".into(), &"depends".into(), &serde_json::json!(["-cpu option of the running QEMU"])),
        "{answer}"
    );
    let verdicts: Vec<_> = answer["answers"].as_array().unwrap().iter().map(|known| &known["verdict"]).collect();
    assert_eq!(verdicts, ["changed", "unchanged"], "{answer}");
    // No more of a feature that the user enabled and no model has.
    let xsave = "name='hypervisor'/><feature policy='require' name='xsave'/>";
    let enabled = live("Conroe", "avx pni ssse3 x2apic", "pc-q35-5.2").replace("name='hypervisor'/>", xsave);
    let answer = ask(&enabled, ("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"));
    assert_eq!(answer["depends_on"], serde_json::json!(["-cpu option of the running QEMU"]), "{answer}");
    // A vendor does not show which of the two it is either.
    let named = sandy.replace("</model>", "</model><vendor>Intel</vendor>");
    assert_eq!(ask(&named, ("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"))["verdict"], "depends");
    // The definition of the next start disables avx, so that -cpu does.
    let told = sandy.replace("<domain ", "<domstatus state='running'><domain ")
        + "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>SandyBridge</model>\
           <feature policy='disable' name='avx'/></cpu></domstatus>";
    let answer = ask(&told, ("7.0.0", "5.2.0"), ("9.0.0", "7.2.22"));
    assert_eq!((&answer["verdict"], &answer["xsave_lost"]), (&"unchanged".into(), &serde_json::json!([])), "{answer}");
    // QEMU 7.2 emulates avx, so that -cpu disabled it there: nothing is left to lose.
    let answer = ask(&sandy, ("9.0.0", "7.2.22"), ("9.0.0", "7.2.22"));
    assert_eq!((&answer["verdict"], &answer["xsave_lost"]), (&"unchanged".into(), &serde_json::json!([])), "{answer}");
}

/// A release that had removed `mpx` would have mentioned it, so a guest that does not mention it has it from QEMU.
#[test]
fn a_running_guest_has_what_its_definition_does_not_mention_of_the_removed_features() {
    let os = "<os><type arch='x86_64' machine='pc-q35-3.1'>hvm</type></os>";
    let cpu = "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>Skylake-Client</model>\
               <feature policy='require' name='hypervisor'/></cpu>";
    let xml = format!("<domain type='kvm' id='1'><name>g</name><memory>1</memory><vcpu>1</vcpu>{os}{cpu}</domain>");
    let line = serde_json::json!({
        "source": {"libvirt": "9.0.0+mpx-removed", "qemu": "7.2.22"},
        "destination": {"libvirt": "11.3.0", "qemu": "7.2.22"},
        "domain": xml,
    });
    let answer = batch(&(line.to_string() + "\n")).1.remove(0);
    assert_eq!((&answer["verdict"], &answer["gained"]), (&"unchanged".into(), &serde_json::json!([])), "{answer}");
}

/// libvirt 11.3.0 needs QEMU 6.2, but a guest that was started before the upgrade keeps its QEMU 5.2 (recorded).
#[test]
fn a_running_guest_keeps_a_qemu_that_its_libvirt_would_not_start() {
    let os = "<os><type arch='x86_64' machine='pc-q35-5.2'>hvm</type></os>";
    for (mode, check) in [("host-passthrough", "none"), ("maximum", "none")] {
        let cpu = format!("<cpu mode='{mode}' check='{check}' migratable='on'/>");
        let xml = format!("<domain type='kvm' id='1'><name>g</name><memory>1</memory><vcpu>1</vcpu>{os}{cpu}</domain>");
        let line = serde_json::json!({
            "source": {"libvirt": "11.3.0", "qemu": "5.2.0", "host": "EPYC-7502-32-Core"},
            "destination": {"libvirt": "9.0.0", "qemu": "5.2.0", "host": "EPYC-7502-32-Core"},
            "domain": xml,
        });
        let answer = batch(&(line.to_string() + "\n")).1.remove(0);
        assert_eq!((&answer["outcome"], &answer["rule"]), (&"completed".into(), &"passthrough".into()), "{answer}");
        // The link repeats the answer.
        let again = json(answer["scenario"].as_str().unwrap());
        assert_eq!((&again["outcome"], &again["verdict"]), (&answer["outcome"], &answer["verdict"]), "{again}");
    }
}
