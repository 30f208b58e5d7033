//! Tests how messages and hosts are parsed: what people reported, every refusal the resolver knows, logs, and files
//! that tell of a host.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use std::sync::LazyLock;
use virt_cpu_explorer::internal::analysis::scenario_search::{Products, scenario_search};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::host::Vendor;
use virt_cpu_explorer::internal::domain::scenario::{LibvirtChoice, Scenario};
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::explain::{self, MessageMeaning};
use virt_cpu_explorer::internal::export;
use virt_cpu_explorer::internal::input::{host, message};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Resolver, RuleId, resolve};

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
    for link in [
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
        let answer = resolve(&CATALOG, &Scenario::parse(&CATALOG, link).unwrap());
        let refusal = answer.refusal().unwrap_or_else(|| panic!("{link} is not refused"));
        let text = explain::message(&CATALOG, refusal);
        assert_eq!(message_help(&text), MessageMeaning::Refused(refusal.clone(), Vec::new()), "{text}");
    }
}

/// A scenario for each kind of refusal, with a part of the explanation of its message.
const REFUSED: &[(&str, &str)] = &[
    ("EPYC,from=9.0.0:7.2.22,to=12.8.0:5.2.0", "requires QEMU 7.2.0 or later, but found 5.2.0"),
    ("maximum,accel=tcg,from=9.0.0:7.2.22,to=7.0.0:5.2.0", "The CPU mode maximum is not supported there"),
    ("host-passthrough,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "The CPU mode host-passthrough"),
    ("EPYC,machine=pc-q35-9.0,from=11.3.0:10.0.13,to=9.0.0:7.2.22", "does not have the machine type pc-q35-9.0"),
    ("qemu64,+fred,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "the CPU map of the libvirt that reports this does"),
    ("Skylake-Client,+rdctl-no,from=6.0.0:2.12.0,to=9.0.0:7.2.22", "rdctl-no, which are in model-specific registers"),
    ("GraniteRapids,from=9.0.0:10.0.13,to=9.0.0:10.0.13", "the model GraniteRapids, but the CPU map"),
    ("ClearwaterForest,accel=tcg,check=partial,from=11.3.0:10.1.0,to=11.3.0:10.1.0", "libvirt has ClearwaterForest"),
    ("EPYC-Genoa,from=11.3.0:7.2.22,to=11.3.0:7.2.22", "but QEMU on that host does not have it"),
    (
        "EPYC,avx=forbid,host=EPYC-7502-32-Core,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
        "has avx, which the definition forbids",
    ),
    ("Skylake-Client,vendor=AMD,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "requires a host of vendor AMD"),
    ("EPYC,clwb=forbid,host=EPYC-7502-32-Core,from=6.0.0:5.2.0,to=9.0.0:7.2.22", "the host has clwb, which"),
    ("Skylake-Client,host=Core-i7-3770,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "Before the start: the definition requires"),
    ("EPYC,match=strict,host=EPYC-7502-32-Core,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "the definition does not allow"),
    ("EPYC,+wbnoinvd,from=5.9.0:2.12.0,to=5.9.0:2.12.0", "libvirt told QEMU to enable wbnoinvd"),
    ("EPYC,-wbnoinvd,from=5.9.0:2.12.0,to=5.9.0:2.12.0", "libvirt told QEMU to disable wbnoinvd"),
    ("qemu64,+invtsc,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "TCG does not support invtsc"),
    ("EPYC,+invtsc,from=9.0.0:7.2.22,to=9.0.0:7.2.22", "invtsc, and its definition has no TSC frequency"),
    ("Skylake-Client,from=9.0.0:11.1.2,to=9.0.0:11.1.2", "passed the argument detach"),
    ("Skylake-Client,transport=save,from=9.0.0:7.2.22,to=11.3.0:11.1.2", "accept a file only as file:"),
];

#[test]
fn a_refusal_of_each_kind_is_read_back_with_its_rule_and_has_a_meaning() {
    for (link, meaning) in REFUSED {
        let answer = resolve(&CATALOG, &Scenario::parse(&CATALOG, link).unwrap());
        let refusal = answer.refusal().unwrap_or_else(|| panic!("{link} is not refused"));
        let text = explain::message(&CATALOG, refusal);
        let says = message_help(&text);
        assert_eq!(says, MessageMeaning::Refused(refusal.clone(), Vec::new()), "{text}");
        assert_eq!(says.rule(&CATALOG, false), answer.rule, "{text}");
        let found = says.meaning(&CATALOG).join(" ");
        assert!(found.contains(meaning), "{text}: {found}");
    }
}

/// No scenario gives these.
#[test]
fn messages_that_no_answer_has_are_known_as_well() {
    let conflict =
        "hypervisor provided conflicting CPU data: feature 'xfd' is both enabled and disabled at the same time";
    for (text, rule, meaning) in [
        (conflict, Some(RuleId::Conflict), "QEMU reported xfd both as enabled and as unavailable"),
        ("internal error: Unknown CPU model Foo", Some(RuleId::UnknownModel), "has the model Foo"),
        ("qemu: unable to find CPU model 'Foo'", Some(RuleId::ModelUnsupported), "No QEMU in the facts has Foo"),
        (
            "warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
            None,
            "KVM on this host does not support hle",
        ),
        ("Target CPU check full does not match source partial", None, "check"),
        ("Emulator 'qemu' does not support machine type 'pc-q35-rhel9.6.0'", Some(RuleId::MachineType), "RHEL 9"),
    ] {
        let says = message_help(text);
        assert_eq!(says.rule(&CATALOG, false), rule, "{text}");
        let found = says.meaning(&CATALOG).join(" ");
        assert!(found.contains(meaning), "{text}: {found}");
    }
    let conflict = message_help(conflict);
    assert!(explain::message(&CATALOG, conflict.refusal().unwrap()).ends_with("at the same time"));
}

/// As people posted them, with what was around them.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of messages")]
fn messages_from_reports_are_explained() {
    for (text, rule, meaning) in [
        (
            "message: 'virError(Code=9, Message=''operation failed: guest CPU doesn''t match specification: missing \
             features: vmx-rdrand-exit,vmx-vmfunc'')'",
            Some(RuleId::VmxDisabled),
            "requires vmx-rdrand-exit",
        ),
        (
            "error: operation failed: guest CPU doesn't match specification: missing\nfeatures: ibpb,amd-ssbd",
            Some(RuleId::Missing),
            "requires ibpb and amd-ssbd",
        ),
        (
            "> error: unsupported configuration: guest and host CPU are not compatible: Host \n> CPU does not provide \
             required features: svm, avx",
            Some(RuleId::PartialCheck),
            "requires svm and avx",
        ),
        (
            "  qemu-system-x86_64: warning: host doesn't support requested feature: CPUI=\nD.8000000AH:EDX.vmcb-clean [bit 5]",
            None,
            "does not support vmcb-clean",
        ),
        ("guest CPU doesn't match specification: missing", None, "the text ends before the features"),
        (
            "> libvirt.libvirtError: internal error: unable to execute QEMU command\n> 'migrate': State blocked by \
             non-migratable CPU device (invtsc flag)",
            Some(RuleId::Invtsc),
            "has invtsc",
        ),
        (
            "error: internal error: unable to execute QEMU command 'migrate': Nested VMX virtualization does not support live \
             migration yet",
            Some(RuleId::NestedVmx),
            "QEMU 3.1 and 4.0",
        ),
        ("'hv-passthrough' CPU flag prevents migration, use explicit set of hv-* flags instead", None, "of Hyper-V"),
        ("qemu-system-x86_64: error: failed to set MSR 0xc0000104 to 0x100000000", None, "belongs to tsc-scale"),
        ("qemu-system-x86_64: error: failed to set MSR 0x560 to 0x0", None, "belongs to intel-pt"),
        ("qemu-system-x86_64: error: failed to set MSR 0x4b564d02 to 0x0", None, "features of KVM itself"),
        ("qemu-system-x86_64: error: failed to set MSR 0x48b to 0x1582e00000000", None, "belongs to vmx"),
        ("error: failed to set MSR 0x1b to 0x1", None, "the model-specific register 0x1b, and QEMU exits"),
        (
            "qemu-system-x86_64: -machine trusty,accel=kvm,usb=off: Unsupported machine type",
            Some(RuleId::MachineType),
            "does not have the machine type trusty",
        ),
        ("qemu-system-x86_64: CPU feature cmt not found", None, "QEMU on that host has no CPU feature cmt"),
        ("Failed to query CPU model: CPU model 'kvm64' not found.", Some(RuleId::ModelUnsupported), "the model kvm64"),
        ("qemu-system-x86_64: Property '.constant_tsc' not found", None, "no CPU feature constant_tsc"),
        ("qemu: Property 'host-x86_64-cpu.arch_capabilities' not found", None, "QEMU spells it arch-capabilities"),
        ("libvirtd[1]: internal error: unknown CPU feature __kvm_hv_spinlocks", None, "is not the reason"),
        (
            "internal error: Unknown CPU feature monitor",
            Some(RuleId::UnknownFeature),
            "with nova the source host's CPU",
        ),
        ("Feature amx-bf16 required by CPU model SapphireRapids not found", None, "reinstall the package"),
        ("internal error guest CPU is not compatible with host CPU", Some(RuleId::PartialCheck), "the reason"),
        ("CPU is incompatible with host CPU: unknown host CPU", None, "no CPU model for the host's processor"),
        ("Unacceptable CPU info: CPU doesn't have compatibility.\n\n0", None, "virsh cpu-compare --error"),
        (
            "warning: TSC frequency mismatch between VM (2892749 kHz) and host (2799999 kHz), and TSC scaling unavailable",
            None,
            "The guest goes on",
        ),
        ("error while loading state for instance 0x0 of device 'cpu'", None, "state of a virtual processor"),
        ("error while loading state for instance 0x0 of device 'kvm-tpr-opt'", None, "the CPU model is not the reason"),
        (
            "State blocked by non-migratable device '0000:00:05.0/vhost-user-fs'",
            None,
            "the CPU model is not the reason",
        ),
        ("qemu-kvm: Features 0x1c0010130afffaf unsupported. Allowed features: 0x10179bfffef", None, "not the reason"),
        ("XML error: Non-empty feature list specified without CPU model", None, "no <model>"),
        ("no node is suitable to run the required CPU model", None, "the labels of the source's model"),
        (
            "It is missing the following CPU flags: model_Skylake-Server. Please update",
            None,
            "does not report NAME as usable",
        ),
        (
            "CPU mode 'custom' for x86_64 kvm domain on x86_64 host is not supported by hypervisor",
            Some(RuleId::CpuMode),
            "/dev/kvm is missing",
        ),
        (
            "warning: host doesn't support requested feature: CPUID.0DH:EAX [bit 1]",
            None,
            "The bits of leaf 0DH are XSAVE states",
        ),
        ("warning: host doesn't support requested feature: CPUID.80000001H:ECX.cmp-legacy [bit 1]", None, "cmp_legacy"),
        (
            "warning: host doesn't support requested feature: CPUID.80000001H:EDX.lm|i64 [bit 29]",
            None,
            "does not support lm,",
        ),
    ] {
        let says = message_help(text);
        assert_eq!(says.rule(&CATALOG, false), rule, "{text}");
        let found = says.meaning(&CATALOG).join(" ");
        assert!(found.contains(meaning), "{text}: {found}");
    }
}

/// A position in a wrapped message is that in the text as it was given.
#[test]
fn a_wrapped_message_has_the_line_on_which_it_begins() {
    let log = "noise\n  > error: guest CPU doesn't\n  > match specification: missing features: avx,\n  > fma\nunknown CPU \
               feature: ibrs\n";
    let places: Vec<(usize, usize, String)> =
        message::find(&CATALOG, log).into_iter().map(|found| (found.line, found.column, found.text)).collect();
    let whole = "guest CPU doesn't match specification: missing features: avx, fma";
    assert_eq!(places, [(2, 18, whole.to_owned()), (5, 1, "unknown CPU feature: ibrs".to_owned())]);
}

/// The lists of a guest that was never sent suggest no rule of a migration.
#[test]
fn where_a_new_guest_failed_no_rule_of_a_migration_is_suggested() {
    let error = "error: operation failed: guest CPU doesn't match specification: missing features: vmx-apicv-vid";
    for (text, rule) in [
        (format!("error: Failed to create domain from testdomain.xml\n{error}"), RuleId::Missing),
        (error.to_owned(), RuleId::VmxDisabled),
    ] {
        let found = message::find(&CATALOG, &text);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(one.says.rule(&CATALOG, one.at_start), Some(rule), "{text}");
    }
}

/// Of a message with both lists, nothing is said that one of them alone would mean.
#[test]
fn of_extra_and_missing_features_it_is_not_said_that_nothing_is_missing() {
    let meaning = |lists: &str| {
        message_help(&format!("guest CPU doesn't match specification: {lists}")).meaning(&CATALOG).join(" ")
    };
    assert!(meaning("extra features: mpx").contains("Nothing is missing"));
    let both = meaning("extra features: mpx, missing features: hle");
    assert!(both.contains("Missing: the definition requires hle") && !both.contains("Nothing is missing"), "{both}");
}

#[test]
fn the_lists_of_a_full_check_suggest_a_rule() {
    for (lists, rule) in [
        ("extra features: ht", RuleId::Ht),
        ("extra features: ht,cmp_legacy", RuleId::Ht),
        ("extra features: vmx-ept", RuleId::VmxUnknownToSource),
        ("missing features: vmx-ept,vmx-vpid", RuleId::VmxDisabled),
        ("missing features: pdcm", RuleId::Pdcm),
        ("missing features: arch-capabilities", RuleId::ArchCapabilities),
        ("extra features: monitor", RuleId::Monitor),
        ("missing features: monitor", RuleId::Monitor),
        ("extra features: mpx", RuleId::T7),
        ("extra features: avx", RuleId::Extra),
        ("missing features: ht", RuleId::Missing),
        ("extra features: ht, missing features: avx", RuleId::ExtraMissing),
        ("extra features: pdcm, missing features: avx", RuleId::ExtraMissing),
    ] {
        let text = format!("operation failed: guest CPU doesn't match specification: {lists}");
        assert_eq!(message_help(&text).rule(&CATALOG, false), Some(rule), "{lists}");
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

/// The column is the one in the text as it was given, and a line has the same length for every alphabet.
#[test]
fn the_column_is_that_of_the_text_and_long_lines_are_cut() {
    let column = |log: &str| message::find(&CATALOG, log).first().map(|found| found.column);
    assert_eq!(column("can&#39;t, isn\\u0027t, doesn\u{2019}t: unknown CPU feature: ibrs"), Some(33));
    let late = |letter: &str| format!("{}unknown CPU feature: ibrs", letter.repeat(1 << 20));
    for letter in ["x", "\u{e4}", "\u{20ac}"] {
        assert_eq!(column(&late(letter)), None, "{letter}");
        assert_eq!(column(&format!("x{}", late(letter))), None, "{letter}");
    }
}

/// Each message with the part of it that is quoted, and a word of its meaning.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of messages")]
fn messages_of_libvirt_and_qemu_are_quoted_as_they_are_written() {
    for (line, quoted, means) in [
        (
            "qemu-kvm: warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
            "host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]",
            "KVM on this host does not support hle",
        ),
        (
            "warning: TCG doesn't support requested feature: CPUID[eax=07h,ecx=00h].EBX.hle [bit 4]",
            "TCG doesn't support requested feature: CPUID[eax=07h,ecx=00h].EBX.hle [bit 4]",
            "TCG does not support hle",
        ),
        ("qemu-kvm: Host doesn't support requested features", "Host doesn't support requested features", "enforce"),
        ("qemu: TCG doesn't support requested features", "TCG doesn't support requested features", "enforce"),
        (
            "qemu: unable to find CPU model 'EPYC-Genoa'",
            "unable to find CPU model 'EPYC-Genoa'",
            "does not have the model",
        ),
        (
            "error: CPU model 'EPYC-Genoa' not supported by hypervisor",
            "CPU model 'EPYC-Genoa' not supported by hypervisor",
            "QEMU on that host does not have it",
        ),
        (
            "error: unsupported configuration: Target CPU feature count 1 does not match source 0",
            "Target CPU feature count 1 does not match source 0",
            "feature count",
        ),
        (
            "Target CPU feature policy require does not match source disable",
            "Target CPU feature policy require does not match source disable",
            "feature policy",
        ),
        (
            "Target CPU mode custom does not match source host-model",
            "Target CPU mode custom does not match source host-model",
            ": mode",
        ),
        (
            "Target CPU check full does not match source partial",
            "Target CPU check full does not match source partial",
            ": check",
        ),
        (
            "Target TSC frequency 1 does not match source 2",
            "Target TSC frequency 1 does not match source 2",
            "TSC frequency",
        ),
        (
            "error: unsupported configuration: host doesn't support invariant TSC",
            "host doesn't support invariant TSC",
            "invtsc",
        ),
        (
            "Requested TSC frequency 2100000000 Hz is outside tolerance range ([1, 2] Hz) around host frequency 3 Hz",
            "Requested TSC frequency 2100000000 Hz is outside tolerance range ([1, 2] Hz) around host frequency 3 Hz",
            "a different frequency",
        ),
        (
            "domain has 'invtsc' CPU feature but TSC frequency is not specified",
            "domain has 'invtsc' CPU feature but TSC frequency is not specified",
            "invtsc",
        ),
        (
            "cannot migrate domain: State blocked by non-migratable CPU device (invtsc flag)",
            "State blocked by non-migratable CPU device (invtsc flag)",
            "invtsc",
        ),
        (
            "qemu-system-x86_64: -machine pc-q35-2.0,accel=kvm: unsupported machine type\\nUse -machine help",
            "-machine pc-q35-2.0,accel=kvm: unsupported machine type",
            "pc-q35-2.0",
        ),
        (
            "qemu-system-x86_64: unsupported machine type\\nUse -machine help",
            "unsupported machine type",
            "Its message does not name the type",
        ),
        (
            "qemu-system-x86_64: unsupported machine type: \"pc-q35-2.0\"\\nUse -machine help",
            "unsupported machine type",
            "pc-q35-2.0",
        ),
        (
            "can't apply global Skylake-Client-x86_64-cpu.cvt16=on: Property '.cvt16' not found",
            "can't apply global Skylake-Client-x86_64-cpu.cvt16=on: Property '.cvt16' not found",
            "cvt16",
        ),
        ("unsupported machine type 'pc-q35-2.0'", "unsupported machine type 'pc-q35-2.0'", "pc-q35-2.0"),
        (
            "qemu-kvm: error: failed to set MSR 0x48b to 0x1582e00000000",
            "failed to set MSR 0x48b to 0x1582e00000000",
            "KVM rejected",
        ),
        (
            "'migrate': fd: migration to a file is not supported. Use file: instead.",
            "fd: migration to a file is not supported. Use file: instead",
            "CPU is not the reason",
        ),
        (
            "CPU mode 'host-passthrough' for x86_64 kvm domain on x86_64 host is not supported by hypervisor",
            "CPU mode 'host-passthrough' for x86_64 kvm domain on x86_64 host is not supported by hypervisor",
            "host-passthrough",
        ),
        (
            "{\"msg\":\"host CPU does not provide required features: [hle rtm]\",\"pos\":\"x\"}",
            "host CPU does not provide required features: [hle rtm]",
            "rtm: defined",
        ),
        (
            "Some features cannot be reliably used with this QEMU: rdctl-no, mds-no",
            "Some features cannot be reliably used with this QEMU: rdctl-no, mds-no",
            "rdctl-no",
        ),
        (
            "error: the CPU is incompatible with host CPU: host CPU vendor does not match required CPU vendor AMD",
            "the CPU is incompatible with host CPU: host CPU vendor does not match required CPU vendor AMD",
            "AMD",
        ),
    ] {
        let found = message::find(&CATALOG, line);
        let [one] = found.as_slice() else { panic!("{line}: {found:?}") };
        assert_eq!(one.text, quoted, "{line}");
        let meaning = one.says.meaning(&CATALOG).join(" ");
        assert!(meaning.contains(means), "{line}: {meaning}");
    }
}

#[test]
fn every_error_of_the_recorded_runs_is_recognised() {
    let mut seen = 0;
    for file in ["recorded-migrations", "journeys", "lab"] {
        let text = std::fs::read_to_string(format!("tests/recorded/{file}.jsonl")).unwrap();
        for line in text.lines() {
            let run: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut errors = Vec::new();
            collect_errors(&run, &mut errors);
            for error in errors {
                assert!(!message::find(&CATALOG, error).is_empty(), "{error}");
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

fn collect_errors<'v>(value: &'v serde_json::Value, found: &mut Vec<&'v str>) {
    match value {
        serde_json::Value::Object(object) => {
            found.extend(object.get("error").and_then(serde_json::Value::as_str));
            object.values().for_each(|value| collect_errors(value, found));
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect_errors(value, found)),
        _ => {}
    }
}

#[test]
fn a_log_with_many_different_messages_is_read_as_a_whole() {
    let names: Vec<&str> = CATALOG.features().iter().filter(|name| !name.contains([' ', '/'])).take(390).collect();
    let pairs = names.iter().flat_map(|one| names.iter().map(move |other| (one, other)));
    let lines: Vec<String> = pairs
        .map(|(one, other)| format!("guest CPU doesn't match specification: missing features: {one},{other}"))
        .collect();
    let (found, more) = message::find_and_count(&CATALOG, &lines.join("\n"));
    assert_eq!((found.len(), more), (10_000, lines.len() - 10_000));
    // On one line, each is a message as well.
    let line = lines.iter().take(10_000).map(String::as_str).collect::<Vec<_>>().join("; ");
    assert_eq!(message::find(&CATALOG, &line).len(), 10_000);
    let urls = "https://example.org/-x86_64-cpu.x?CPU model =error: extra features:&".repeat(1 << 14);
    assert!(message::find(&CATALOG, &urls).is_empty());
    message::nearest(&urls);
}

#[test]
fn a_message_nobody_knows_gets_the_nearest_known_one() {
    let text = "starting\nerror: the guest CPU does not match its specification\n";
    assert!(message::find(&CATALOG, text).is_empty());
    assert_eq!(message::nearest(text), Some((2, "CPU doesn't match specification")));
    assert_eq!(message::nearest("disk is full"), None);
}

#[test]
fn a_feature_that_an_older_map_lacks_is_found_as_a_scenario() {
    for text in ["unknown CPU feature: ibrs", "internal error: Unknown CPU model SapphireRapids"] {
        let says = message_help(text);
        let refusal = says.refusal().unwrap();
        let found = scenario_search(&mut Resolver::new(&CATALOG), refusal, 3);
        assert!(!found.is_empty(), "{text}");
        assert!(found.iter().all(|one| resolve(&CATALOG, &one.scenario).refusal() == Some(refusal)));
    }
}

/// The example on the page of a rule is a scenario that gives its message.
#[test]
fn a_message_of_a_transport_is_found_as_a_scenario() {
    for (text, expected) in [
        ("fd: migration to a file is not supported. Use file: instead.", "transport=save"),
        ("Parameter 'detach' is unexpected", "from=9.0.0:11.1.3"),
    ] {
        let says = message_help(text);
        let refusal = says.refusal().unwrap();
        let found = scenario_search(&mut Resolver::new(&CATALOG), refusal, 3);
        assert!(found.iter().any(|one| one.scenario.link(&CATALOG).contains(expected)), "{text}: {found:?}");
        assert!(found.iter().all(|one| resolve(&CATALOG, &one.scenario).refusal() == Some(refusal)));
    }
}

#[test]
fn the_kubevirt_release_that_says_it_is_named() {
    let says = message_help("guest CPU doesn't match specification: extra features: ht");
    let refusal = says.refusal().unwrap();
    let found = scenario_search(&mut Resolver::new(&CATALOG), refusal, 3);
    let (mut resolver, mut products) = (Resolver::new(&CATALOG), Products::of(&CATALOG));
    let (from, to) = products.between(&mut resolver, refusal, &found[0].scenario).unwrap();
    assert_eq!((&*from.name, &*to.name), ("kubevirt:1.7.4", "kubevirt:1.8.0"));
    // Upstream's QEMU of these numbers would give it; the packages do not.
    let says = message_help("guest CPU doesn't match specification: missing features: pdcm");
    let refusal = says.refusal().unwrap();
    let guest = "Skylake-Client,+pdcm,machine=pc-q35-5.2,from=11.9.0:10.0.3,to=11.9.0:10.1.0";
    let guest = Scenario::parse(&CATALOG, guest).unwrap();
    let pair = products.between(&mut resolver, refusal, &guest);
    assert!(pair.is_none_or(|(from, _)| !from.name.starts_with("kubevirt:")), "{pair:?}");
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
    for text in [
        "extra features: ht",
        "extra features: mpx",
        "missing features: pdcm",
        "unknown CPU feature: pks",
        "unsupported configuration: host doesn't support invariant TSC",
        "Some features cannot be reliably used with this QEMU: rdctl-no",
    ] {
        let says = message_help(text);
        let refusal = says.refusal().unwrap();
        let found = scenario_search(&mut Resolver::new(&CATALOG), refusal, 3);
        assert!(!found.is_empty(), "{text}");
        for producer in found {
            let link = producer.scenario.link(&CATALOG);
            let again = resolve(&CATALOG, &Scenario::parse(&CATALOG, &link).unwrap());
            assert_eq!(again.refusal(), Some(refusal), "{link}");
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

/// Linux has one name for what is a feature of each vendor.
#[test]
fn flags_of_cpuinfo_are_the_features_of_the_vendor() {
    let read = |vendor: &str| {
        let text = format!("vendor_id\t: {vendor}\nflags\t\t: ssbd stibp ibrs ibpb sse4_1 nosuch\n");
        let host = host::read(&CATALOG, &LibvirtChoice::Unknown, "cpuinfo", text.as_bytes()).unwrap();
        let mut names: Vec<&str> = host.features.iter().map(|feature| CATALOG.feature_name(feature)).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(read("GenuineIntel"), "spec-ctrl ssbd sse4.1 stibp");
    assert_eq!(read("AuthenticAMD"), "amd-ssbd amd-stibp ibpb ibrs sse4.1");
}

#[test]
fn a_host_file_names_its_qemu_and_is_read_with_the_map_of_its_libvirt() {
    let reply = std::fs::read_to_string("tests/data/hosts/7.2.22-query-cpu-model-expansion.json").unwrap();
    let greeting = r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}}}"#;
    let read = |libvirt: &LibvirtChoice, text: &str| host::read(&CATALOG, libvirt, "h", text.as_bytes()).unwrap();
    assert_eq!(read(&LibvirtChoice::Unknown, &format!("{greeting}\n{reply}")).qemu, Some(Version::new(7, 2, 22)));
    // Of a release that was not read, the map of the next one is taken.
    let capabilities = "<capabilities><host><cpu><model>Skylake-Client</model></cpu></host></capabilities>";
    let mpx = CATALOG.feature("mpx").unwrap();
    let has = |release: &str| {
        let libvirt = LibvirtChoice::Release(CATALOG.libvirt(release).unwrap(), None);
        read(&libvirt, capabilities).features.contains(mpx)
    };
    assert_eq!(["9.0.0", "9.9.0", "10.3.0", "10.4.0"].map(has), [true, true, false, false]);
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
    assert!(read("flags\t: fpu\n").contains("expected a line vendor_id in /proc/cpuinfo, found none"));
    let without_model = "<capabilities><host><cpu/></host></capabilities>";
    assert!(read(without_model).contains("expected <host><cpu> with a <model> in <capabilities>"));
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
        assert_eq!(text.contains("The migrated definition"), !text.contains("START-REFUSED"), "{text}");
    }
}
