//! Tests what old releases of libvirt and QEMU do and say, as their code was read.
#![expect(clippy::unwrap_used, reason = "what cannot be asked fails the test")]

mod support;

use std::process::Command;
use support::ask::{CATALOG, answer};
use virt_cpu_explorer::internal::explain::{MessageMeaning, message};
use virt_cpu_explorer::internal::input::message::find;

/// The message of the refusal with which a scenario ends.
fn told(link: &str) -> String {
    message(&CATALOG, answer(link).refusal().unwrap())
}

/// Starts a guest on an Intel processor without TSX that supports neither of the two models.
fn start(definition: &str, libvirt: &str, qemu: &str) -> String {
    format!("{definition},machine=pc-i440fx-2.0,host=Core-i5-2500,from={libvirt}:{qemu},to={libvirt}:{qemu}")
}

const LACKING: &str = "Host CPU does not provide required features: fma, movbe, fsgsbase, bmi1, hle, avx2, smep, bmi2, \
                       erms, invpcid, rtm";
const LACKING_WITHOUT_HLE: &str = "Host CPU does not provide required features: fma, movbe, fsgsbase, bmi1, avx2, smep, \
                                   bmi2, erms, invpcid, rtm";

#[test]
fn the_partial_check_has_the_words_of_its_release() {
    let first = "unsupported configuration: guest and host CPU are not compatible";
    let hint = "; try using 'Haswell-noTSX' CPU model";
    let later = "the CPU is incompatible with host CPU";
    let rows = [
        // 53c8062f7: the hint is about the host.
        ("Haswell", "1.2.13", format!("{first}: {LACKING}")),
        ("Haswell", "1.2.14", format!("{first}: {LACKING}{hint}")),
        ("Haswell", "2.2.0", format!("{first}: {LACKING}{hint}")),
        ("Haswell,-hle", "2.2.0", format!("{first}: {LACKING_WITHOUT_HLE}{hint}")),
        // 7f127ded6: it is about the definition.
        ("Haswell", "2.3.0", format!("{later}: {LACKING}")),
        ("Haswell,-hle", "2.3.0", format!("{later}: {LACKING_WITHOUT_HLE}{hint}")),
        ("Haswell,-hle", "6.0.0", format!("{later}: {LACKING_WITHOUT_HLE}{hint}")),
        ("Haswell,-hle", "7.0.0", format!("{later}: {LACKING_WITHOUT_HLE}")),
    ];
    for (definition, libvirt, expected) in rows {
        let link = start(definition, libvirt, if libvirt.starts_with(['6', '7']) { "4.2.0" } else { "2.6.0" });
        assert_eq!(told(&link), expected, "{link}");
    }
    let other = start("Penryn,vendor=AMD", "2.2.0", "2.6.0");
    assert_eq!(told(&other), format!("{first}: host CPU vendor does not match required CPU vendor AMD"));
    // a2ba53cf1: before, no feature is named.
    let oldest = start("Westmere,+svm", "0.9.11", "2.0.0");
    assert_eq!(told(&oldest), "internal error guest CPU is not compatible with host CPU");
}

#[test]
fn the_words_of_an_old_release_are_read_back() {
    let ends = |link: &str| {
        let found = find(&CATALOG, &format!("error: {}", told(link)));
        let MessageMeaning::Refused(refusal, strange) = &found[0].says else { panic!("{link}: {found:?}") };
        assert_eq!((found.len(), strange.len()), (1, 0), "{link}: {found:?}");
        assert_eq!(Some(refusal), answer(link).refusal(), "{link}");
    };
    ends(&start("Haswell", "2.2.0", "2.6.0"));
    ends(&start("Haswell,-hle", "2.3.0", "2.6.0"));
    ends(&start("Haswell", "2.3.0", "2.6.0"));
    ends(&start("Penryn,vendor=AMD", "2.2.0", "2.6.0"));
}

#[test]
fn the_hint_about_tsx_is_not_known_between_two_releases() {
    let found = answer(&start("Haswell,-hle", "6.6.0", "4.2.0"));
    let open: Vec<&str> = found.depends_on.iter().map(|on| on.input.as_str()).collect();
    assert_eq!((found.verdict.name(), open), ("start-refused", vec!["switch tsx-hint of libvirt 6.6.0"]));
    // No other guest depends on it.
    for definition in ["Haswell", "Skylake-Client,-hle", "Broadwell,+avx512f"] {
        let found = answer(&start(definition, "6.6.0", "4.2.0"));
        assert_eq!((found.verdict.name(), found.depends_on.len()), ("start-refused", 0), "{definition}");
    }
    let starts = answer("Haswell,-hle,machine=pc-i440fx-2.0,from=6.6.0:4.2.0,to=6.6.0:4.2.0");
    assert_eq!((starts.verdict.name(), starts.depends_on.len()), ("unchanged", 0));
}

#[test]
fn the_invariant_tsc_is_looked_for_as_in_its_release() {
    let lacks = "unsupported configuration: host doesn't support invariant TSC";
    let starts = |definition: &str, accel: &str, libvirt: &str| {
        let end = format!("{libvirt}:2.6.0");
        let link = format!("{definition},machine=pc-i440fx-2.0,{accel},from={end},to={end}");
        let found = answer(&link);
        (found.verdict.name(), found.refusal().map(|refusal| message(&CATALOG, refusal)).unwrap_or_default())
    };
    // qemuProcessVerifyGuestCPU: what is required, and since 3.1.0 (76fd79819) also of host-passthrough.
    for (definition, accel, libvirt, refused) in [
        ("qemu64,+invtsc", "accel=tcg", "2.3.0", true),
        ("qemu64,invtsc=force", "accel=tcg", "2.3.0", false),
        ("qemu64,invtsc=force", "accel=tcg", "3.1.0", false),
        ("qemu64,invtsc=force", "accel=tcg", "3.2.0", true),
        ("host-passthrough,+invtsc", "host=Core2-E6850", "3.0.0", false),
        ("host-passthrough,+invtsc", "host=Core2-E6850", "3.1.0", true),
        ("host-passthrough,invtsc=force", "host=Core2-E6850", "3.1.0", false),
        ("host-passthrough,invtsc=force", "host=Core2-E6850", "3.2.0", true),
    ] {
        let expected = if refused { ("start-refused", lacks) } else { ("unchanged", "") };
        let found = starts(definition, accel, libvirt);
        assert_eq!((found.0, found.1.as_str()), expected, "{definition} {libvirt}");
    }
    // qemuMigrationIsAllowed: the same, in other words before 3.2.0.
    let named = "Requested operation is not valid: domain has CPU feature: invtsc";
    let timer = "Requested operation is not valid: domain has 'invtsc' CPU feature but TSC frequency is not specified";
    let by_qemu = "internal error: unable to execute QEMU command 'migrate': State blocked by non-migratable CPU device \
                   (invtsc flag)";
    for (definition, libvirt, expected) in [
        ("Penryn,+invtsc", "3.0.0", named),
        ("Penryn,+invtsc", "3.1.0", named),
        ("Penryn,+invtsc", "3.2.0", timer),
        ("Penryn,invtsc=force", "3.1.0", by_qemu),
        ("Penryn,invtsc=force", "3.2.0", timer),
        ("host-passthrough,+invtsc", "3.0.0", by_qemu),
        ("host-passthrough,+invtsc", "3.1.0", named),
        ("host-passthrough,+invtsc", "3.2.0", timer),
    ] {
        let found = starts(definition, "host=Core-i5-2500", libvirt);
        assert_eq!((found.0, found.1.as_str()), ("aborted", expected), "{definition} {libvirt}");
        assert_eq!(find(&CATALOG, expected).len(), 1, "{expected}");
    }
}

#[test]
fn a_copied_host_lacks_what_monitors_caches() {
    let told_at = |policy: &str, libvirt: &str, qemu: &str| {
        let end = format!("{libvirt}:{qemu}");
        told(&format!("Penryn,cmt={policy},machine=pc-i440fx-2.0,host=Xeon-Gold-6130,from={end},to={end}"))
    };
    let missing = "the CPU is incompatible with host CPU: Host CPU does not provide required features: cmt";
    let unknown = "Property '.cmt' not found";
    // virQEMUCapsInitHostCPUModel: 2.3.0 (c944a63461) and later leave it out where the processor is copied, which is
    // where QEMU does not describe it.
    for (libvirt, qemu, expected) in [
        ("2.2.0", "2.6.0", unknown),
        ("2.3.0", "2.6.0", missing),
        ("3.1.0", "2.9.0", missing),
        ("3.4.0", "2.6.0", missing),
        ("3.4.0", "2.9.0", unknown),
        ("4.3.0", "2.6.0", missing),
        ("4.3.0", "2.9.0", unknown),
    ] {
        let found = told_at("require", libvirt, qemu);
        assert!(found.ends_with(expected), "{libvirt}:{qemu}: {found}");
    }
    let forbidden = "Host CPU provides forbidden features: cmt";
    assert!(told_at("forbid", "2.2.0", "2.6.0").ends_with(forbidden));
    assert!(told_at("forbid", "3.4.0", "2.9.0").ends_with(forbidden));
    assert!(!told_at("forbid", "3.4.0", "2.6.0").contains(forbidden));
    // virCPUUpdate: what is optional is then off, and QEMU does not know the name either way.
    assert!(told_at("optional", "2.2.0", "2.6.0").contains("cmt=on"));
    assert!(told_at("optional", "2.3.0", "2.6.0").contains("cmt=off"));
}

#[test]
fn a_model_of_qemu_alone_starts_under_tcg_where_no_map_is_asked() {
    let said = |definition: &str, from: &str, to: &str| {
        let found = answer(&format!("{definition},machine=pc-i440fx-2.11,from={from}:2.12.0,to={to}:2.12.0"));
        (found.verdict.name(), found.refusal().map(|refusal| message(&CATALOG, refusal)).unwrap_or_default())
    };
    let unknown = "internal error: Unknown CPU model EPYC";
    // qemuProcessVerifyCPUFeatures: since 3.2.0 (af1ca85545) the map is asked about every guest.
    for (definition, from, to, expected) in [
        ("EPYC,accel=tcg", "2.2.0", "2.3.0", ("unchanged", "")),
        ("EPYC,accel=tcg", "3.1.0", "3.1.0", ("unchanged", "")),
        ("EPYC,accel=tcg", "3.1.0", "3.2.0", ("aborted", unknown)),
        ("EPYC,accel=tcg", "3.2.0", "3.2.0", ("start-refused", unknown)),
        ("EPYC", "3.1.0", "3.1.0", ("start-refused", unknown)),
    ] {
        let found = said(definition, from, to);
        assert_eq!((found.0, found.1.as_str()), expected, "{definition} {from} {to}");
    }
}

#[test]
fn the_isapc_machine_has_the_features_of_its_qemus_newest_type() {
    // Recorded under TCG, where the live XML at the source and at the destination were the same.
    for (model, from, to, expected) in [
        ("qemu64", "9.0.0:5.2.0", "9.0.0:7.2.22", "hypervisor=require lahf_lm=require"),
        ("qemu64", "11.3.0:10.0.13", "12.8.0:11.1.2", "hypervisor=require lahf_lm=require"),
        (
            "n270",
            "9.0.0:5.2.0",
            "9.0.0:7.2.22",
            "vme=disable acpi=require ss=require movbe=require hypervisor=require lahf_lm=require",
        ),
        (
            "core2duo",
            "9.0.0:7.2.22",
            "12.8.0:11.1.2",
            "vme=disable acpi=require ss=require cx16=require hypervisor=require lahf_lm=require",
        ),
        (
            "Haswell",
            "9.0.0:7.2.22",
            "12.8.0:11.1.2",
            "pcid=disable x2apic=disable tsc-deadline=disable f16c=require rdrand=require hypervisor=require arat=require \
             hle=disable invpcid=disable rtm=disable xsaveopt=require abm=require",
        ),
        (
            "EPYC",
            "9.0.0:7.2.22",
            "11.3.0:10.0.13",
            "monitor=disable vme=disable hypervisor=require rdseed=disable sha-ni=disable xsavec=disable \
             fxsr_opt=disable misalignsse=disable 3dnowprefetch=disable osvw=disable topoext=disable npt=require \
             nrip-save=disable",
        ),
        (
            "Skylake-Client",
            "9.0.0:7.2.22",
            "11.3.0:10.0.13",
            "vme=disable pcid=disable x2apic=disable tsc-deadline=disable hypervisor=require hle=disable \
             invpcid=disable rtm=disable mpx=disable rdseed=disable xsavec=disable 3dnowprefetch=disable",
        ),
    ] {
        let found = answer(&format!("{model},machine=isapc,accel=tcg,from={from},to={to},check=none"));
        assert_eq!((found.verdict.name(), found.depends_on.len()), ("unchanged", 0), "{model} {from} {to}");
        let trace = found.trace.unwrap();
        let arrived = trace.destination().unwrap().live.as_ref();
        for live in [trace.start.live.as_ref(), arrived] {
            let named = live.unwrap().features.iter();
            let named = named.map(|(id, policy)| format!("{}={}", CATALOG.feature_name(id), policy.name()));
            assert_eq!(named.collect::<Vec<_>>().join(" "), expected, "{model} {from} {to}");
        }
    }
}

#[test]
fn a_fix_of_qemu_changes_host_model_under_tcg_too() {
    // x86_cpu_model_resolve_version: in 4.1 and 4.2.0 a model without a machine type is its newest version, and EPYC's has
    // ibpb, which TCG lacks.
    let models = |qemu: &str| -> Vec<String> {
        let args = ["expand", "host-model", "--accel", "tcg", "--on", &format!("6.0.0:{qemu}")];
        let done = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer")).args(args).output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let model = |line: &str| line.strip_prefix("model ").map(|name| name.trim().to_owned());
        text.lines().filter_map(model).collect()
    };
    for (qemu, expected) in [
        ("4.1.0", "EPYC-IBPB"),
        ("4.2.0", "EPYC-IBPB"),
        ("4.2-3ubuntu6.4", "EPYC-IBPB"),
        ("4.2-3ubuntu6.5", "EPYC"),
        ("4.2.1", "EPYC"),
        ("5.0.0", "EPYC"),
    ] {
        assert_eq!(models(qemu), [expected], "{qemu}");
    }
}

#[test]
fn qemu_3_1_0_alone_has_intel_pt_in_new_models() {
    // builtin_x86_defs: both features left the models in 3.1.1.
    let on = |model: &str, qemu: &str, feature: &str| -> bool {
        let end = format!("5.10.0:{qemu}");
        let found = answer(&format!("{model},machine=pc-q35-3.1,from={end},to={end},check=none"));
        let cpu = found.trace.unwrap().start.cpu.unwrap();
        cpu.on.contains(CATALOG.feature(feature).unwrap())
    };
    for model in ["Icelake-Client", "Icelake-Server", "Cascadelake-Server"] {
        assert!(on(model, "3.1.0", "intel-pt"), "{model}");
        assert!(!on(model, "3.1.1", "intel-pt") && !on(model, "4.0.0", "intel-pt"), "{model}");
    }
    assert!(!on("Skylake-Server", "3.1.0", "intel-pt"));
    assert!(on("Icelake-Server", "3.1.0", "pconfig") && !on("Icelake-Server", "3.1.1", "pconfig"));
    assert!(!on("Icelake-Client", "3.1.0", "pconfig"));
    // A host without it keeps host-model from using the model unchanged.
    let args = ["expand", "host-model", "--host", "Xeon-Platinum-8268", "--on"];
    let expanded = |qemu: &str| {
        let end = format!("5.10.0:{qemu}");
        let done = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer")).args(args).arg(end).output().unwrap();
        String::from_utf8(done.stdout).unwrap().split("\n\n").nth(1).unwrap().to_owned()
    };
    assert!(expanded("3.1.0").contains("Cascadelake-Server\n"), "{}", expanded("3.1.0"));
    let disabled = |text: &str| text.split_once("disable").is_some_and(|(_, off)| off.contains("intel-pt"));
    assert!(disabled(&expanded("3.1.0")) && !disabled(&expanded("4.0.0")), "{}", expanded("3.1.0"));
}

/// What a QEMU lacks, as a refusal names it.
fn what_it_lacks(text: &str) -> &'static str {
    if text.contains("Property") {
        "no property"
    } else if text.contains("not supported by hypervisor") {
        "no model"
    } else {
        "other"
    }
}

#[test]
fn qemu_2_11_1_and_2_11_2_have_what_their_source_has() {
    // feature_word_info and builtin_x86_defs; 2.12.0 was branched before both ssbd and virt-ssbd.
    let says = |model: &str, qemu: &str| {
        let end = format!("5.4.0:{qemu}");
        let found = answer(&format!("{model},machine=pc-i440fx-2.11,from={end},to={end},check=none"));
        let open = found.depends_on.len();
        (open, found.refusal().map_or(found.verdict.name(), |refusal| what_it_lacks(&message(&CATALOG, refusal))))
    };
    for (definition, answers) in [
        ("Penryn,+ssbd", ["no property", "no property", "unchanged", "no property", "unchanged"]),
        ("Penryn,+virt-ssbd", ["no property", "no property", "unchanged", "no property", "unchanged"]),
        ("Penryn,+spec-ctrl", ["no property", "unchanged", "unchanged", "unchanged", "unchanged"]),
        ("Nehalem-IBRS,fallback=forbid", ["no model", "unchanged", "unchanged", "unchanged", "unchanged"]),
        ("Penryn,+avx512vnni", ["no property", "no property", "no property", "unchanged", "unchanged"]),
    ] {
        for (qemu, expected) in ["2.11.0", "2.11.1", "2.11.2", "2.12.0", "3.0.0"].iter().zip(answers) {
            assert_eq!(says(definition, qemu), (0, expected), "{definition} {qemu}");
        }
    }
}
