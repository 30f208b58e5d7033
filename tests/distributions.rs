//! Holds what distributions change: their machine types, what their packages backport and remove, their products, and a
//! corpus of guests as six writers make them, on eight upgrades. Writes the table of these in `docs/`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what is missing fails the test")]

mod support;

use std::fmt::Write as _;
use support::ask::{CATALOG, answer, error, names, scenario};
use support::golden;
use virt_cpu_explorer::internal::analysis::remedies::{Application, remedies};
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::feature::FeatureId;
use virt_cpu_explorer::internal::domain::scenario::{Key, Scenario};
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::input::domain;
use virt_cpu_explorer::internal::resolve::{Answer, resolve};

/// Verdict, rule, and the features or inputs that the answer names: `aborted pdcm: pdcm`.
fn said(link: &str) -> String {
    say(&answer(link))
}

fn say(answer: &Answer) -> String {
    let rule = answer.rule.map(|rule| format!(" {}", rule.name())).unwrap_or_default();
    let features = names(&answer.missing).into_iter().chain(names(&answer.extra));
    let about: Vec<String> = features.chain(answer.depends_on.iter().map(|on| on.input.clone())).collect();
    let about = if about.is_empty() { String::new() } else { format!(": {}", about.join(", ")) };
    format!("{}{rule}{about}", answer.verdict.name())
}

fn fault(link: &str) -> String {
    Scenario::parse(&CATALOG, link).expect_err(link).to_string()
}

fn hold(rows: &[(&str, &str)]) {
    for (link, expected) in rows {
        assert_eq!(said(link), *expected, "{link}");
    }
}

#[test]
fn kubevirt_1_7_to_1_9_ignores_cmp_legacy() {
    let guest = "EPYC,machine=pc-q35-rhel9.4.0,topology=1-4-1,from=kubevirt:1.7.4";
    hold(&[
        (&format!("{guest},to=kubevirt:1.9.0"), "unchanged same-definition"),
        // libvirt 11.10.0-8.el9 and later ignore it.
        (&format!("{guest},to=11.10.0-8.el9:10.1.0-20.el9"), "unchanged same-definition"),
        (&format!("{guest},to=11.10.0-7.el9:10.1.0-20.el9"), "aborted ht: cmp_legacy"),
    ]);
}

#[test]
fn kubevirt_1_7_to_1_8_keeps_pdcm_and_arch_capabilities() {
    hold(&[
        ("Skylake-Server-IBRS,+pdcm,machine=pc-q35-rhel9.4.0,from=kubevirt:1.7.4,to=kubevirt:1.8.4", "unchanged T2"),
        // Every QEMU 10.1.0 of el9 keeps both on the types up to rhel9.6.0.
        (
            "Skylake-Server-IBRS,+pdcm,machine=pc-q35-rhel9.4.0,from=10.10.0:9.1.0-20.el9,to=11.9.0-1.el9:10.1.0-1.el9",
            "unchanged T2",
        ),
        (
            "EPYC-Milan,+arch-capabilities,machine=pc-q35-rhel9.4.0,from=kubevirt:1.7.4,to=kubevirt:1.8.4",
            "unchanged same-definition",
        ),
        // The fix is in 10.1.0-16.el10; the first build that has it was not read.
        (
            "Skylake-Server-IBRS,+pdcm,machine=pc-q35-rhel9.6.0,from=12.8.0:9.1.0-15.el10,to=12.8.0:10.1.0-16.el10",
            "unchanged T2",
        ),
        (
            "Skylake-Server-IBRS,+pdcm,machine=pc-q35-rhel9.6.0,from=12.8.0:9.1.0-15.el10,to=12.8.0:10.1.0-10.el10",
            "depends: changes in QEMU package 10.1.0-10.el10",
        ),
    ]);
}

#[test]
fn rhel_9_6_to_9_7_clears_pdcm() {
    let guest = "Skylake-Server-IBRS,+pdcm,machine=pc-q35-rhel9.4.0,from=rhel:9.6";
    hold(&[
        (&format!("{guest},to=10.10.0-15.9.el9_7:9.1.0-29.el9_7"), "aborted pdcm: pdcm"),
        // A later update heals it, and which one was not read.
        (&format!("{guest},to=rhel:9.7"), "depends: changes in QEMU package 9.1.0-29.el9_7.6"),
    ]);
}

#[test]
fn epyc_genoa_is_backported_to_8_0_0_12_el9() {
    hold(&[
        ("EPYC-Genoa,machine=pc-q35-rhel9.2.0,from=rhel:9.3,to=rhel:9.3", "unchanged same-definition"),
        ("EPYC-Genoa,machine=pc-q35-rhel9.2.0,from=rhel:9.3,to=rhel:9.4", "unchanged same-definition"),
        ("EPYC-Genoa,from=rhel:9.4,to=rhel:9.6", "unchanged same-definition"),
        (
            "EPYC-Genoa,machine=pc-q35-rhel9.2.0,from=9.8.0:8.0.0-12.el9,to=9.8.0:8.0.0-16.el9_3.3",
            "unchanged same-definition",
        ),
        (
            "EPYC-Genoa,machine=pc-q35-rhel9.2.0,from=9.8.0:8.0.0-11.el9,to=9.8.0:8.0.0-16.el9_3.3",
            "start-refused model-unsupported",
        ),
    ]);
}

/// KubeVirt's default CPU: RHEL 9.6 has QEMU 9.1.0, which knows `overflow-recov` and `succor`; 9.0.0 does not.
#[test]
fn host_model_returns_from_rhel_9_8_to_9_6() {
    let guest = "host-model,machine=pc-q35-rhel9.4.0,topology=1-4-1,host=EPYC-7502-32-Core,from=rhel:9.8";
    hold(&[
        (&format!("{guest},to=rhel:9.6"), "unchanged same-definition"),
        (&format!("{guest},to=12.8.0:9.0.0-10.el9"), "aborted unknown-property"),
    ]);
}

#[test]
fn builds_of_9_1_0_backport_names_and_models() {
    let turin = "EPYC-Turin,machine=pc-q35-rhel9.4.0,from=12.8.0:9.1.0-25.el9";
    let rapids = "GraniteRapids-v2,machine=pc-q35-rhel9.4.0,from=12.8.0:9.1.0-12.el9";
    let genoa = "EPYC-Genoa,+sbpb,machine=pc-q35-rhel9.4.0,from=11.3.0:9.1.0-28.el9";
    hold(&[
        (&format!("{turin},to=12.8.0:9.1.0-26.el9"), "unchanged same-definition"),
        (&format!("{turin},to=12.8.0:9.1.0-24.el9"), "aborted model-unsupported"),
        (&format!("{rapids},to=12.8.0:9.1.0-4.el10"), "unchanged same-definition"),
        (&format!("{rapids},to=12.8.0:9.1.0-11.el9"), "aborted model-unsupported"),
        (&format!("{genoa},to=11.3.0:9.1.0-29.el9"), "unchanged same-definition"),
        (&format!("{genoa},to=11.3.0:9.1.0-27.el9"), "aborted unknown-property"),
    ]);
}

#[test]
fn epyc_turin_is_backported_to_10_0_0_7_el10() {
    hold(&[
        (
            "EPYC-Turin,machine=pc-q35-rhel10.0.0,from=12.8.0:10.0.0-7.el10,to=12.8.0:10.0.0-14.el10",
            "unchanged same-definition",
        ),
        (
            "EPYC-Turin,machine=pc-q35-rhel10.0.0,from=12.8.0:10.0.0-6.el10,to=12.8.0:10.0.0-14.el10",
            "start-refused model-unsupported",
        ),
        (
            "EPYC-Turin,machine=pc-q35-rhel10.0.0,from=12.8.0:10.0.0-14.el10,to=12.8.0:10.1.0-16.el10",
            "unchanged same-definition",
        ),
        // Its QEMU is no question there; when libvirt's map got the model was not read.
        ("EPYC-Turin,from=rhel:10.1,to=rhel:10.2", "depends: libvirt map of 11.5.0, libvirt map of 11.10.0"),
    ]);
}

#[test]
fn ubuntu_keeps_svm() {
    hold(&[
        ("EPYC,machine=pc-q35-jammy,from=ubuntu:22.04,to=ubuntu:24.04", "unchanged same-definition"),
        // Whether the QEMU of 26.04 does was not read.
        (
            "EPYC,machine=pc-q35-noble,from=ubuntu:24.04,to=ubuntu:26.04",
            "depends: changes in QEMU package 10.2.1+ds-1ubuntu3",
        ),
        ("EPYC,-svm,machine=pc-q35-noble,from=ubuntu:24.04,to=ubuntu:26.04", "unchanged same-definition"),
    ]);
}

#[test]
fn models_and_machine_types_that_rhel_10_removed_do_not_arrive() {
    let removed = ["kvm64", "Penryn", "Conroe", "Opteron_G1", "Opteron_G2", "Opteron_G3", "core2duo", "qemu32", "486"];
    for model in removed {
        for to in ["rhel:10.0", "rhel:10.1", "rhel:10.2"] {
            let link = format!("{model},machine=pc-q35-rhel9.4.0,from=rhel:9.6,to={to}");
            assert_eq!(said(&link), "aborted model-unsupported", "{link}");
        }
        let stays = format!("{model},machine=pc-q35-rhel9.4.0,from=rhel:9.4,to=rhel:9.6");
        assert_eq!(answer(&stays).verdict.name(), "unchanged", "{stays}");
    }
    for machine in ["pc-q35-rhel8.6.0", "pc-q35-rhel8.0.0", "pc-q35-rhel7.6.0", "pc-i440fx-rhel7.6.0"] {
        let link = format!("EPYC,machine={machine},from=rhel:9.6,to=rhel:10.0");
        assert_eq!(said(&link), "aborted machine-type", "{link}");
    }
}

#[test]
fn a_machine_type_is_where_its_distribution_has_it() {
    let rows = [
        ("Skylake-Client,machine=pc-q35-rhel9.2.0,from=rhel:9.2,to=rhel:9.4", "unchanged T1"),
        ("Skylake-Client,machine=pc-q35-jammy,from=ubuntu:22.04,to=ubuntu:24.04", "unchanged T1"),
        ("Skylake-Client,machine=pc-q35-noble,from=ubuntu:24.04,to=ubuntu:26.04", "unchanged T5"),
        // Not yet there, of another distribution, upstream's on RHEL, RHEL's on upstream.
        ("Skylake-Client,machine=pc-q35-noble,from=ubuntu:22.04,to=ubuntu:24.04", "start-refused machine-type"),
        ("Skylake-Client,machine=pc-q35-rhel9.4.0,from=ubuntu:22.04,to=ubuntu:24.04", "start-refused machine-type"),
        ("Skylake-Client,machine=pc-q35-7.2,from=rhel:9.2,to=rhel:9.4", "start-refused machine-type"),
        ("Skylake-Client,machine=pc-q35-rhel9.4.0,from=debian:12,to=debian:13", "start-refused machine-type"),
        ("Skylake-Client,machine=pc-q35-jammy,from=ubuntu:22.04,to=debian:13", "aborted machine-type"),
        ("Skylake-Client,machine=pc-q35-rhel9.6.0,from=rhel:9.6,to=rhel:9.4", "aborted machine-type"),
        // No upstream type equals it; a newer one of a known family; one that was not read.
        ("EPYC,machine=pc-i440fx-rhel7.1.0,from=rhel:8.9,to=rhel:8.10", "depends: machine type"),
        ("EPYC,machine=pc-q35-rhel11.0.0,from=rhel:10.1,to=rhel:10.2", "depends: machine type"),
        ("EPYC,machine=pc-q35-stonking,from=ubuntu:26.04,to=ubuntu:26.04", "depends: machine type"),
        ("EPYC,machine=pc-q35-13.0,from=12.8.0:11.1.2,to=12.8.0:11.1.2", "depends: machine type"),
        (
            "EPYC,machine=pc-q35-rhel8.5.0,from=kubevirt:0.48.0,to=kubevirt:0.58.2",
            "depends: machine types of QEMU 6.0.0 of RHEL 8",
        ),
        (
            "EPYC,machine=pc-q35-rhel11.0.0,machine-like=pc-q35-9.0,from=rhel:10.1,to=rhel:10.1",
            "unchanged same-definition",
        ),
        // Proxmox VE's name of an upstream type.
        ("EPYC,machine=pc-q35-9.0+pve1,from=9.0.0:9.0.2-pve,to=9.0.0:9.2.0-pve", "unchanged same-definition"),
        ("EPYC,machine=pc-q35-9.0+pve1,from=9.0.0:9.0.2,to=9.0.0:9.2.0", "start-refused machine-type"),
    ];
    hold(&rows);
    let message = error(&answer("EPYC,machine=pc-q35-7.2,from=rhel:9.2,to=rhel:9.4")).unwrap();
    assert!(message.contains("/usr/libexec/qemu-kvm") && message.contains("pc-q35-7.2"), "{message}");
}

#[test]
fn a_machine_type_has_the_defaults_of_its_base_with_its_differences() {
    // rhel8.0.0 is 3.1 without mpx; i440fx-focal is 4.0, while q35-focal is 4.2.
    let cpu = |machine: &str, from: &str| {
        let answer = answer(&format!("Skylake-Client,+vmx,machine={machine},from={from},to={from}"));
        let trace = answer.trace.unwrap();
        let on = trace.source().cpu.clone().unwrap().on;
        let has = |name: &str| on.contains(CATALOG.feature(name).unwrap());
        (has("mpx"), has("vmx-entry-load-perf-global-ctrl"))
    };
    assert_eq!(cpu("pc-q35-3.1", "9.10.0:8.2.0"), (true, true));
    assert_eq!(cpu("pc-q35-rhel8.0.0", "9.10.0:8.2.0-11.el9"), (false, false));
    assert_eq!(cpu("pc-q35-rhel7.6.0", "9.10.0:8.2.0-11.el9"), (true, false));
    let base = |name: &str, qemu: &str| {
        let known = CATALOG.downstream().machine(CATALOG.machine(name).unwrap()).unwrap();
        known.base(qemu.parse().unwrap()).map(|id| CATALOG.machine_name(id))
    };
    assert_eq!(base("pc-q35-rhel9.4.0", "8.2.0"), Some("pc-q35-8.2"));
    assert_eq!(base("pc-q35-rhel9.4.0", "9.1.0"), Some("pc-q35-9.0"));
    assert_eq!(base("pc-i440fx-focal", "4.2.0"), Some("pc-i440fx-4.0"));
    assert_eq!(base("pc-q35-focal", "4.2.0"), Some("pc-q35-4.2"));
    assert_eq!(base("pc-i440fx-wily", "8.2.0"), None);
}

#[test]
fn short_names_and_the_default_are_those_of_the_build() {
    let machine = |link: &str| {
        let printed = scenario(link).link(&CATALOG);
        printed.split(',').find_map(|part| part.strip_prefix("machine=")).map(str::to_owned)
    };
    let short = |name: &str, at: &str| machine(&format!("EPYC,machine={name},from={at},to={at}"));
    let rows = [
        ("q35", "rhel:8.9", Some("pc-q35-rhel8.6.0")),
        ("q35", "rhel:9.2", Some("pc-q35-rhel9.2.0")),
        ("q35", "rhel:9.6", Some("pc-q35-rhel9.6.0")),
        ("q35", "rhel:10.2", Some("pc-q35-rhel10.2.0")),
        ("pc", "rhel:9.6", Some("pc-i440fx-rhel7.6.0")),
        ("pc", "rhel:10.0", Some("pc-i440fx-rhel10.0.0")),
        ("ubuntu-q35", "ubuntu:22.04", Some("pc-q35-jammy")),
        ("ubuntu", "ubuntu:26.04", Some("pc-i440fx-resolute")),
        ("q35", "ubuntu:22.04", Some("pc-q35-6.2")),
        ("q35", "ubuntu:24.04", Some("pc-q35-noble")),
        ("q35", "debian:12", Some("pc-q35-7.2")),
    ];
    for (name, at, expected) in rows {
        assert_eq!(short(name, at).as_deref(), expected, "{name} on {at}");
    }
    let default = |from: &str, to: &str| machine(&format!("EPYC,from={from},to={to}"));
    assert_eq!(default("debian:12", "debian:13"), None, "pc-q35-4.0 is where both have it");
    assert_eq!(default("rhel:9.4", "rhel:9.6").as_deref(), Some("pc-q35-rhel9.4.0"));
    assert_eq!(default("rhel:8.9", "rhel:9.6").as_deref(), Some("pc-q35-rhel8.6.0"));
    assert_eq!(default("9.0.0:7.2.22", "12.8.0:11.1.2").as_deref(), Some("pc-q35-7.2"));
    let link = scenario("EPYC,machine=pc-q35-4.0,from=9.0.0:7.2.22,to=12.8.0:11.1.2").link(&CATALOG);
    assert!(link.contains("machine=pc-q35-4.0"), "where another is the default: {link}");
}

#[test]
fn names_that_nobody_knows_are_errors_with_the_nearest() {
    let message = fault("EPYC,machine=pc-q35-jamy,from=ubuntu:22.04,to=ubuntu:24.04");
    assert!(message.contains("did you mean pc-q35-jammy?"), "{message}");
    for machine in ["pc-q35-4.3", "pc-q35-foobar", "pc-i440fx-rhel9", "q36"] {
        let message = fault(&format!("EPYC,machine={machine},from=9.0.0,to=9.0.0"));
        assert!(message.contains("unknown machine type"), "{machine}: {message}");
        assert_eq!(
            said(&format!("EPYC,machine={machine},machine-like=pc-q35-4.0,from=9.0.0,to=9.0.0")),
            "unchanged same-definition"
        );
    }
    let message = fault("EPYC,from=ovirt:4.5,to=rhel:9.4");
    assert!(message.contains("unknown product") && message.contains("list products"), "{message}");
    for (asked, near) in [("rhel:9.1", "rhel:9.2"), ("debian:14", "debian:13"), ("rhel:11.0", "rhel:10.2")] {
        let message = fault(&format!("EPYC,from={asked},to=rhel:9.4"));
        assert!(message.contains(&format!("did you mean {near}?")), "{message}");
    }
    let message = fault("EPYC,machine=pc-q35-5.3,from=9.0.0,to=9.0.0");
    assert!(message.contains("did you mean pc-q35-5.2?"), "{message}");
    let message = fault("EPYC,from=proxmox:8,to=rhel:9.4");
    for part in ["QEMU without libvirt", "LIBVIRT:proxmox:8 takes 9.2.0-pve"] {
        assert!(message.contains(part), "{message}");
    }
    let message = fault("x86-64-v2-AES,from=9.0.0,to=9.0.0");
    assert!(message.contains("Proxmox VE, made of qemu64,+pni") && message.contains("+aes"), "{message}");
}

#[test]
fn a_product_stands_for_its_packages() {
    let packages = |name: &str| {
        let release = scenario(&format!("EPYC,from={name},to=new")).from;
        let label = explain(
            &CATALOG,
            &scenario(&format!("EPYC,from={name},to={name}")),
            &answer(&format!("EPYC,from={name},to={name}")),
        );
        (release.libvirt, release.qemu, label.basis)
    };
    let same = |one: &str, other: &str| {
        let ((libvirt, qemu, _), (other_libvirt, other_qemu, _)) = (packages(one), packages(other));
        assert_eq!((libvirt, qemu), (other_libvirt, other_qemu), "{one} and {other}");
    };
    same("rocky:9.6", "rhel:9.6");
    same("alma:9.6", "rhel:9.6");
    same("ubuntu:noble", "ubuntu:24.04");
    same("debian:bookworm", "debian:12");
    same("kubevirt:1.2.1", "kubevirt:1.1.0");
    same("kubevirt:1.6.9", "kubevirt:1.6.6");
    same("kubevirt:1.6.3", "10.10.0-13.el9:9.1.0-19.el9");
    assert!(packages("kubevirt:1.6.9").2.contains("kubevirt:1.6.9 is not listed; the packages of kubevirt:1.6.6"));
    assert!(!packages("ubuntu:noble").2.contains("not listed"));
    let link = "EPYC,machine=pc-q35-jammy,from=ubuntu:22.04,to=ubuntu:24.04";
    assert_eq!(scenario(link).link(&CATALOG), link);
    let mut other = scenario(link);
    other.set(&CATALOG, Key::From, "8.0.0:6.2.0").unwrap();
    assert_eq!(other.link(&CATALOG), "EPYC,machine=pc-q35-jammy,from=8.0.0:6.2.0,to=ubuntu:24.04");
    for product in CATALOG.products() {
        assert!(scenario(&format!("EPYC,from={},to=new", product.name)).from.product.is_some(), "{}", product.name);
    }
}

#[test]
fn a_product_s_qemu_stands_behind_a_libvirt_release() {
    for (link, read) in [
        ("9.0.0:proxmox:8", "9.0.0:9.2.0-pve"),
        ("12.8.0:proxmox:9", "12.8.0:11.0.0-pve"),
        ("9.0.0:ubuntu:22.04", "9.0.0:6.2+dfsg-2ubuntu6"),
        ("9.0.0:rocky:9.6", "9.0.0:9.1.0-15.el9_6.7"),
    ] {
        let given = scenario(&format!("EPYC,from={link},to={read}"));
        assert_eq!(given.from, given.to, "{link}");
    }
    let link = "EPYC,machine=pc-q35-9.0+pve0,from=9.0.0:proxmox:8,to=9.0.0:proxmox:8";
    let basis = explain(&CATALOG, &scenario(link), &answer(link)).basis;
    assert!(basis.contains("Proxmox VE uses QEMU without libvirt"), "{basis}");
    assert_eq!(said(link), "unchanged same-definition");
    assert!(fault("EPYC,from=9.0.0:proxmox:6,to=9.0.0").contains("unknown QEMU release"));
}

/// Debian's update of libvirt 11.3.0 no longer passes what QEMU 11.1 does not take.
#[test]
fn debian_s_packages_of_one_libvirt_differ() {
    let guest = |from: &str| format!("EPYC,machine=pc-q35-7.2,accel=tcg,from={from}:11.1.3,to=debian:13-backports");
    hold(&[
        (&guest("11.3.0-2~bpo12+1"), "aborted migrate-command"),
        (&guest("11.3.0-3+deb13u2"), "aborted migrate-command"),
        (&guest("11.3.0-3+deb13u3"), "unchanged same-definition"),
        ("EPYC,machine=pc-q35-7.2,from=debian:12-backports,to=debian:13", "unchanged same-definition"),
    ]);
    // Without a package it is not known which of them is meant, and the answer says so.
    let basis = |from: &str| {
        let link = guest(from);
        explain(&CATALOG, &scenario(&link), &answer(&link)).basis
    };
    let either = "some packages of libvirt 11.3.0 cannot migrate a guest with QEMU 11.1.3; specify the package";
    for (from, is_said) in [("11.3.0", true), ("11.3.0-1.fc42", true), ("11.3.0-3+deb13u3", false), ("12.8.0", false)] {
        assert_eq!(basis(from).contains(either), is_said, "{from}");
    }
}

const MANIFEST: &str = "apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  template:
    spec:
      domain:
        cpu:
          model: EPYC
          cores: 4
          features:
            - name: svm
              policy: disable
            - name: pdcm
        machine:
          type: q35
        devices: {}
";

const NOVA: &str = "[DEFAULT]
debug = true
[libvirt]
# as the cells document says
virt_type = kvm
cpu_mode = custom
cpu_models = Skylake-Server-IBRS,Haswell-noTSX-IBRS
cpu_model_extra_flags = +PCID, -mpx, ssbd
hw_machine_type = aarch64=virt,x86_64=q35
[neutron]
cpu_mode = none
";

#[test]
fn manifests_and_nova_conf_are_read_as_guests() {
    let read = |between: &str, text: &str| {
        let read = domain::scenario(&CATALOG, &scenario(between), "file", text.as_bytes());
        read.map_err(|fault| fault.to_string())
    };
    let manifest = read("EPYC,from=kubevirt:1.7.4,to=kubevirt:1.8.4", MANIFEST).unwrap();
    assert_eq!(
        manifest.scenario.link(&CATALOG),
        "EPYC,-svm,+pdcm,-mpx,machine=pc-q35-rhel9.6.0,topology=1-4-1,from=kubevirt:1.7.4,to=kubevirt:1.8.4,fallback=allow"
    );
    assert_eq!(manifest.name.as_deref(), Some("web"));
    let json = r#"{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","spec":{"domain":{}}}"#;
    let link = read("EPYC,from=kubevirt:1.7.4,to=kubevirt:1.8.4", json).unwrap().scenario.link(&CATALOG);
    assert!(link.starts_with("host-model,machine=pc-q35-rhel9.6.0,from="), "{link}");
    let nova = read("EPYC,from=ubuntu:22.04,to=ubuntu:24.04", NOVA).unwrap();
    assert_eq!(
        nova.scenario.link(&CATALOG),
        "Skylake-Server-IBRS,+pcid,-mpx,+ssbd,machine=pc-q35-6.2,from=ubuntu:22.04,to=ubuntu:24.04,fallback=allow,writer=nova"
    );
    assert!(nova.line().contains("the first of cpu_models"), "{}", nova.line());
    let link = read("EPYC,from=9.0.0,to=9.0.0", "[libvirt]\nvirt_type = qemu\n").unwrap().scenario.link(&CATALOG);
    assert!(link.starts_with("host-model,machine=pc-i440fx-7.2,accel=tcg,"), "{link}");
    let faults = [
        (MANIFEST.replace("model: EPYC", "model: EPIC"), "unknown CPU model \"EPIC\""),
        (MANIFEST.replace("policy: disable", "policy: off"), "expected one of"),
        (MANIFEST.replace("name: svm", "name: swm"), "did you mean"),
        (MANIFEST.replace("kind: VirtualMachine", "kind: Pod"), "expected a manifest of kind"),
        (MANIFEST.replace("kind: VirtualMachine", "kind: ["), ":4:7: expected YAML, found an error"),
        (format!("{MANIFEST}\nother: {}", "[".repeat(80_000)), "expected at most 500 open brackets"),
        (format!("{MANIFEST}\nother: {}", "{a: ".repeat(80_000)), "expected at most 500 open brackets"),
        (format!("{MANIFEST}\nother: {}", "[!t &a ".repeat(80_000)), "expected at most 500 open brackets"),
        (NOVA.replace("ssbd", "sbsd"), "file:8:1: cpu_model_extra_flags: unknown CPU feature \"sbsd\""),
        (NOVA.replace("cpu_models", "models"), "expected cpu_models"),
        (NOVA.replace("= custom", "= costum"), "expected none, host-model"),
    ];
    // Brackets in a script are text.
    let script = format!("{MANIFEST}\nuserData: |\n{}", "  printf '\\033[3%dm step \\033[0m'\n".repeat(400));
    assert!(read("EPYC,from=9.0.0,to=9.0.0", &script).is_ok());
    for (text, expected) in faults {
        let said = read("EPYC,from=9.0.0,to=9.0.0", &text).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn fixes_are_in_the_words_of_the_product() {
    let fixes = |scenario: &Scenario| remedies(&CATALOG, scenario, &resolve(&CATALOG, scenario));
    let aborted = scenario("EPYC,machine=pc-q35-rhel9.4.0,topology=1-4-1,from=kubevirt:1.7.4,to=kubevirt:1.8.4");
    assert_eq!(say(&resolve(&CATALOG, &aborted)), "aborted ht: ht, cmp_legacy");
    let of_kubevirt = fixes(&aborted);
    assert!(!of_kubevirt.is_empty());
    for fix in of_kubevirt {
        let (Application::Command(text) | Application::Xml(text)) = &fix.how;
        assert!(text.starts_with("# KubeVirt") && !text.contains("virsh"), "{text}");
    }
    let mut nova = scenario("EPYC,topology=1-4-1,machine=pc-q35-7.2,from=debian:12,to=debian:13");
    assert!(fixes(&nova).iter().any(|fix| matches!(&fix.how, Application::Command(text) if text.contains("virsh"))));
    nova.written_by = Some(virt_cpu_explorer::internal::domain::scenario::Writer::Nova);
    assert!(
        fixes(&nova).iter().all(|fix| matches!(&fix.how, Application::Command(text) if text.starts_with("# nova")))
    );
}

/// A guest of the corpus with its answer.
struct Guest {
    upgrade: String,
    writer: String,
    from: String,
    to: String,
    host: String,
    read: domain::Domain,
    answer: Answer,
}

fn corpus() -> Vec<Guest> {
    let list = std::fs::read_to_string("tests/data/distributions/guests.txt").unwrap();
    let guests = list.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [file, from, to, host] = fields[..] else { panic!("{line}") };
        let between = scenario(&format!("EPYC,host={host},from={from},to={to}"));
        let bytes = std::fs::read(format!("tests/data/distributions/{file}")).unwrap();
        let read = domain::scenario(&CATALOG, &between, file, &bytes).unwrap();
        let (upgrade, writer) = file.trim_end_matches(".xml").split_once('/').unwrap();
        Guest {
            upgrade: upgrade.to_owned(),
            writer: writer.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            host: host.to_owned(),
            answer: resolve(&CATALOG, &read.scenario),
            read,
        }
    });
    guests.collect()
}

#[test]
fn guests_as_they_are_written_are_decided() {
    let guests = corpus();
    assert_eq!(guests.len(), 48);
    let depends: Vec<&Guest> = guests.iter().filter(|guest| guest.answer.verdict.name() == "depends").collect();
    assert!(depends.len() * 20 <= guests.len(), "at least 95 % are decided");
    assert!(depends.iter().all(|guest| !guest.answer.depends_on.is_empty()), "each depends has its reason");
    let refused = guests.iter().filter(|guest| guest.answer.verdict.name() == "start-refused");
    assert_eq!(refused.map(|guest| &guest.writer).collect::<Vec<_>>(), Vec::<&String>::new(), "each ran at its source");
}

#[test]
fn the_package_decides_which_machine_types_a_running_guest_may_have() {
    for guest in corpus() {
        assert!(!guest.read.line().contains("caution"), "{} {}", guest.upgrade, guest.read.line());
    }
    let read = |from: &str, text: &str| {
        let between = scenario(&format!("EPYC,from={from},to={from}"));
        domain::scenario(&CATALOG, &between, "file", text.as_bytes()).unwrap().line()
    };
    let guest = |machine: &str, model: &str| {
        format!(
            "<domain type='kvm' id='1'><vcpu>1</vcpu><os><type machine='{machine}'>hvm</type></os>\
             <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>{model}</model></cpu></domain>"
        )
    };
    let said = read("ubuntu:22.04", &guest("pc-q35-rhel8.6.0", "EPYC"));
    assert!(said.contains("caution: QEMU 6.2.0+") && said.contains(" has no machine type pc-q35-rhel8.6.0"), "{said}");
    let said = read("rhel:9.6", &guest("pc-q35-8.2", "EPYC"));
    assert!(said.contains("caution: QEMU 9.1.0-") && said.contains(" has no machine type pc-q35-8.2"), "{said}");
    // RHEL 9.3 has this model before upstream's QEMU 8.1.
    let said = read("rhel:9.3", &guest("pc-q35-rhel9.2.0", "EPYC-Genoa"));
    assert!(!said.contains("QEMU 8.0.0"), "{said}");
}

/// Distributions and the guests, as a page.
#[test]
fn the_page_shows_the_guests() {
    let guests = corpus();
    let decided = guests.iter().filter(|guest| guest.answer.verdict.name() != "depends").count();
    let mut page = String::from(
        "# Guests of distributions\n\n\
         The table is written by `BLESS=1 cargo test --test distributions`.\n\
         The guests are in `tests/data/distributions`: domain XML as six programs write it, on eight upgrades.\n\
         `virt-cpu-explorer list products` prints the packages of each product, and `list machines` the machine types.\n\n",
    );
    writeln!(page, "{decided} of {} guests are decided.", guests.len()).unwrap();
    let nested = guests.iter().filter_map(|guest| {
        let mut nested = guest.read.scenario.next_start();
        nested.model().filter(|model| !CATALOG.model_name(*model).starts_with("EPYC"))?;
        nested.features.set(CATALOG.feature("vmx").unwrap(), Policy::Require);
        Some(resolve(&CATALOG, &nested).verdict.name() != "depends")
    });
    let nested: Vec<bool> = nested.collect();
    let decided = nested.iter().filter(|decided| **decided).count();
    writeln!(page, "With `+vmx` {decided} of the {} guests with a model of Intel are decided.\n", nested.len())
        .unwrap();
    page.push_str("| upgrade | written by | guest | host | answer |\n|---|---|---|---|---|\n");
    for guest in &guests {
        let kind = guest.read.read.split(", ").next().unwrap_or_default();
        let machine =
            virt_cpu_explorer::internal::domain::scenario::write_machine(&CATALOG, &guest.read.scenario.machine);
        let answer = say(&guest.answer);
        let (from, to) = (&guest.from, &guest.to);
        writeln!(page, "| {from} to {to} | {} | {kind}, {machine} | {} | {answer} |", guest.writer, guest.host)
            .unwrap();
        assert!(guest.upgrade.split('-').count() >= 3, "{}", guest.upgrade);
    }
    golden::compare("docs/DISTRIBUTIONS.md", &page);
}

/// RHEL 8's libvirt appends both features to the command line of these two models, unless the guest names them.
#[test]
fn rhel_8_starts_haswell_and_broadwell_with_tsx() {
    let line = |guest: &str, release: &str| {
        let link = format!("{guest},machine=pc-q35-rhel8.2.0,from={release},to={release}");
        let on = |(feature, on): &(FeatureId, bool)| {
            format!("{}{}", CATALOG.feature_name(*feature), if *on { "=on" } else { "=off" })
        };
        answer(&link).trace.unwrap().start.command_line.iter().map(on).collect::<Vec<_>>().join(",")
    };
    assert_eq!(line("Haswell", "rhel:8.6"), "rtm=on,hle=on");
    assert_eq!(line("Broadwell,-hle", "rhel:8.6"), "hle=off,rtm=on");
    assert_eq!(line("Haswell-noTSX", "rhel:8.6"), "");
    assert_eq!(line("Haswell", "rhel:9.4"), "");
}
