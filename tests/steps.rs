//! What the stages of a migration record beyond its verdict: which definitions are kept, sent and used.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use support::ask::{CATALOG, answer, error, policies};
use virt_cpu_explorer::internal::domain::definition::{Match, Mode, Policy};
use virt_cpu_explorer::internal::domain::feature::FeatureId;
use virt_cpu_explorer::internal::resolve::{Refusal, RuleId, Sent, Stage, Trace, Verdict};

fn trace(link: &str) -> Trace {
    answer(link).trace.unwrap()
}

/// The policy of a feature in the definition that is prepared for the start.
fn prepared(link: &str, feature: &str) -> Option<Policy> {
    trace(link).start.prepared.unwrap().features.get(CATALOG.feature(feature).unwrap())
}

fn sent(link: &str) -> Sent {
    trace(link).migrations.remove(0).sent
}

/// libvirt's `qemuDomainUpdateCPU`: since 10.3.0 a daemon that takes over a guest without an original CPU keeps the live one
/// as that; no release replaces an existing one.
#[test]
fn a_daemon_that_takes_over_a_guest_keeps_its_original_cpu() {
    let guest = "Skylake-Client,machine=pc-q35-5.2,started=9.0.0:7.2.22,to=9.0.0:7.2.22";
    for from in ["9.0.0", "11.3.0"] {
        let found = trace(&format!("{guest},from={from}:7.2.22"));
        let sent = &found.migrations[0].sent;
        assert_eq!(policies(Some(&sent.xml)), policies(found.start.prepared.as_ref()), "{from}");
        assert_ne!(Some(&sent.xml), sent.cookie.as_ref(), "{from}");
    }
    // The live update changes nothing, so 9.0.0 kept nothing.
    let guest = "Skylake-Client,+hypervisor,machine=pc-q35-2.4,started=9.0.0:7.2.22,to=9.0.0:7.2.22";
    assert_eq!(sent(&format!("{guest},from=9.0.0:7.2.22")).cookie, None);
    let found = trace(&format!("{guest},from=11.3.0:7.2.22"));
    let sent = &found.migrations[0].sent;
    assert_eq!(Some(&sent.xml), found.start.live.as_ref());
    assert_eq!(sent.cookie, found.reconnected);
}

/// libvirt's `qemuDomainObjPrivateXMLParse`: a daemon before 3.5.0 does not read the original CPU, and before 3.2.0 no check.
#[test]
fn a_daemon_that_is_too_old_forgets_the_original_cpu_and_the_check() {
    let guest = "Conroe,+cmp_legacy,check=partial,machine=pc-q35-7.1,accel=tcg,topology=1-2-2-1,\
                 started=5.5.0:10.0.13,to=4.1.0:7.2.22";
    for (from, verdict) in [("5.5.0", Verdict::Aborted), ("3.4.0", Verdict::Aborted), ("1.1.1", Verdict::Changed)] {
        let link = format!("{guest},from={from}:10.0.13");
        let (found, sent) = (trace(&link), sent(&link));
        assert_eq!(sent.cookie.is_some(), from == "5.5.0", "{from}");
        let kept = if from == "5.5.0" { found.start.prepared } else { found.reconnected };
        assert_eq!(policies(Some(&sent.xml)), policies(kept.as_ref()), "{from}");
        assert_eq!(answer(&link).verdict, verdict, "{from}");
    }
}

/// libvirt's `qemuDomainUpdateCPU`: since 10.3.0 the cookie is used even where it says the same.
#[test]
fn the_cookie_is_used_where_the_release_says_so() {
    let replaced = |link: &str| trace(link).migrations.remove(0).arrival.replaced;
    assert!(replaced("host-passthrough,host=Xeon-Gold-6130,from=11.3.0:7.2.22,to=11.3.0:7.2.22"));
    assert!(!replaced("host-passthrough,host=Xeon-Gold-6130,from=11.3.0:7.2.22,to=9.0.0:7.2.22"));
    assert!(replaced("Skylake-Client,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22"));
    // Not with a QEMU that has no query-cpu-model-expansion.
    assert!(replaced("Skylake-Client,machine=pc-q35-2.8,accel=tcg,from=4.5.0:2.9.0,to=4.5.0:2.9.0"));
    assert!(!replaced("Skylake-Client,machine=pc-q35-2.8,accel=tcg,from=4.5.0:2.9.0,to=4.5.0:2.8.0"));
}

/// The destination keeps the original CPU as well, although the guest does not go on: it is what the next host gets.
#[test]
fn the_destination_keeps_the_original_cpu() {
    let found = trace("Skylake-Client,machine=pc-q35-5.2,from=11.3.0:7.2.22,to=11.3.0:7.2.22");
    let arrival = &found.migrations[0].arrival;
    assert_eq!(policies(arrival.original.as_ref()), policies(Some(&found.migrations[0].sent.xml)));
    assert_ne!(arrival.original, arrival.live);
}

/// libvirt's `x86UpdateHostModel`: what takes the place of host-model matches exactly.
#[test]
fn an_expanded_host_model_matches_exactly() {
    for (guest, matching) in [
        ("host-model", Match::Exact),
        ("host-model,match=strict", Match::Exact),
        ("EPYC,match=minimum", Match::Exact),
        ("EPYC,match=strict", Match::Strict),
    ] {
        let found =
            trace(&format!("{guest},accel=tcg,check=none,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22"));
        let prepared = found.start.prepared.unwrap();
        assert_eq!((prepared.mode, prepared.matching), (Mode::Custom, matching), "{guest}");
    }
}

/// libvirt's `virQEMUCapsInitHostCPUModel` of 3.1.0 and 3.2.0: what the processor shows decided about what is optional, and
/// since then what QEMU offers.
#[test]
fn before_libvirt_asked_qemu_the_processor_decided_what_is_optional() {
    let decided = |libvirt: &str| {
        let ends = format!("from={libvirt}:2.9.0,to={libvirt}:2.9.0");
        let link = format!("Nehalem,monitor=optional,host=Xeon-Gold-6130,check=none,machine=pc-i440fx-2.9,{ends}");
        prepared(&link, "monitor")
    };
    assert_eq!((decided("3.1.0"), decided("3.2.0")), (Some(Policy::Require), Some(Policy::Disable)));
}

/// libvirt's `virQEMUCapsInitHostCPUModel`, 3.2.0 and later: a QEMU before 2.9 has no `query-cpu-model-expansion`, so the host
/// is still the processor.
#[test]
fn where_qemu_cannot_expand_models_the_processor_decides() {
    let ends = |libvirt: &str, qemu: &str| format!("machine=pc-q35-2.8,from={libvirt}:{qemu},to={libvirt}:{qemu}");
    let guest = "Opteron_G3,tsc-deadline=optional,check=none,host=Opteron-6234";
    let decided = |libvirt: &str, qemu: &str| prepared(&format!("{guest},{}", ends(libvirt, qemu)), "tsc-deadline");
    for (libvirt, qemu, policy) in
        [("3.1.0", "2.9.0", Policy::Disable), ("4.0.0", "2.8.0", Policy::Disable), ("4.0.0", "2.9.0", Policy::Require)]
    {
        assert_eq!(decided(libvirt, qemu), Some(policy), "{libvirt} {qemu}");
    }
    let verdict = |guest: &str, qemu: &str| answer(&format!("{guest},{}", ends("4.0.0", qemu))).verdict;
    let requires = "Opteron_G3,+tsc-deadline,host=Opteron-6234";
    assert_eq!(verdict(requires, "2.8.0"), Verdict::StartRefused);
    assert_eq!(verdict(requires, "2.9.0"), Verdict::Unchanged);
    // Under TCG it is not known which processor that is.
    assert_eq!(verdict("Opteron_G3,+x2apic,check=partial,accel=tcg", "2.8.0"), Verdict::Depends);
}

/// libvirt's `virQEMUCapsGetHostModel`: an optional feature that cannot be migrated is disabled since 3.3.0. Since 3.2.0 QEMU
/// is asked for those too (`virQEMUCapsProbeQMPHostCPU`).
#[test]
fn a_feature_that_is_not_migrated_is_in_the_host_of_qemu() {
    let policy = |cpu: &str, libvirt: &str| {
        let ends = format!("from={libvirt}:2.9.0,to={libvirt}:2.9.0");
        let link = format!("{cpu},tsc=2000000000,host=Xeon-E5-2623-v4,machine=pc-q35-2.9,{ends}");
        prepared(&link, "invtsc")
    };
    let refused = "Haswell-noTSX,tsc=2000000000,from=3.1.0:2.9.0,to=3.2.0:2.9.0";
    assert_eq!(answer(refused).verdict, Verdict::Depends, "libvirt 3.1.0 has no timer tsc");
    for (libvirt, decided) in [("3.2.0", Policy::Require), ("3.3.0", Policy::Disable)] {
        assert_eq!(policy("Haswell-noTSX,invtsc=optional", libvirt), Some(decided), "{libvirt}");
        assert_eq!(policy("Haswell-noTSX,+invtsc", libvirt), Some(Policy::Require), "{libvirt}");
    }
}

/// libvirt's `virQEMUCapsGetCPUModelX86Data`: QEMU says what cannot be migrated, and the map's `migratable='no'` of xsaves
/// counts only where QEMU cannot say it.
#[test]
fn xsaves_is_migrated_although_the_map_says_no() {
    let hosts = "from-host=Core-i7-8550U,to-host=Core-i7-4510U";
    for end in ["7.0.0:5.2.0", "9.0.0:7.2.22", "11.3.0:10.0.13"] {
        let link = format!("SandyBridge,xsaves=optional,{hosts},machine=pc-q35-5.2,from={end},to={end}");
        assert_eq!(answer(&link).verdict, Verdict::Aborted, "{end}");
    }
    let decided = |qemu: &str| {
        let ends = format!("from=4.0.0:{qemu},to=4.0.0:{qemu}");
        let link = format!("SandyBridge,xsaves=optional,check=none,host=Core-i7-8550U,machine=pc-q35-2.8,{ends}");
        prepared(&link, "xsaves")
    };
    assert_eq!((decided("2.8.0"), decided("2.9.0")), (Some(Policy::Disable), Some(Policy::Require)));
}

/// libvirt's `qemuBuildCpuModelArgStr`: before 2.3.0 it writes what differs from the model in the map, and nothing under TCG;
/// its `virQEMUCapsGetCPUFeatures`: without a model from QEMU nothing is dropped.
#[test]
fn what_is_written_on_the_command_line_depends_on_the_release() {
    let old = "machine=pc-i440fx-2.5,from=2.2.0:2.6.0,to=3.1.0:2.8.0";
    for (guest, verdict) in [
        ("qemu64,-pni,accel=tcg", Verdict::Changed),
        ("Penryn,+aes,accel=tcg", Verdict::Changed),
        ("Penryn,-x2apic,host=Core-i5-2540M", Verdict::Changed),
        ("Penryn,+x2apic,host=Core-i5-2540M", Verdict::Unchanged),
    ] {
        assert_eq!(answer(&format!("{guest},{old}")).verdict, verdict, "{guest}");
    }
    // The stages show what is written.
    let written = |link: &str| trace(link).start.command_line.len();
    assert_eq!(written(&format!("qemu64,-pni,accel=tcg,{old}")), 0);
    assert_eq!(written("qemu64,-pni,accel=tcg,machine=pc-i440fx-2.5,from=2.3.0:2.6.0,to=3.1.0:2.8.0"), 1);
    // Nothing is written of a disabled feature that the model lacks, so QEMU need not know it.
    let verdict = |guest: &str, end: &str| answer(&format!("{guest},from={end},to={end}")).verdict;
    assert_eq!(verdict("Penryn,-cmt,machine=pc-i440fx-2.5", "2.2.0:2.6.0"), Verdict::Unchanged);
    assert_eq!(verdict("Penryn,-cmt,machine=pc-i440fx-2.5", "2.3.0:2.6.0"), Verdict::StartRefused);
    assert_eq!(verdict("Haswell-noTSX,-avx512-bf16,machine=pc-q35-2.4", "7.0.0:2.8.0"), Verdict::StartRefused);
    assert_eq!(verdict("Haswell-noTSX,-avx512-bf16,machine=pc-q35-2.4", "7.0.0:2.9.0"), Verdict::Unchanged);
}

/// libvirt's `virCPUValidateFeatures`, 3.8.0 and later. Before, `x86ModelFromCPU` refuses a name that the map does not have
/// wherever libvirt needs the feature; under TCG before 3.2.0 it never does.
#[test]
fn a_feature_that_the_map_lacks_is_refused_where_libvirt_needs_it() {
    let stage = |libvirt: &str, guest: &str| {
        let link = format!("Nehalem,{guest},machine=pc-i440fx-2.9,from={libvirt}:4.2.0,to={libvirt}:4.2.0");
        match answer(&link).refusal() {
            Some(Refusal::UnknownFeature(feature, stage)) => {
                assert_eq!(CATALOG.feature_name(*feature), "md-clear", "{link}");
                Some(*stage)
            }
            _ => None,
        }
    };
    for (libvirt, guest, expected) in [
        ("3.1.0", "+md-clear,host=Xeon-Gold-6130", Some(Stage::UpdateCpu)),
        ("3.1.0", "+md-clear,accel=tcg", None),
        ("3.6.0", "+md-clear,check=partial", Some(Stage::UpdateCpu)),
        ("3.6.0", "-md-clear,check=none", Some(Stage::FullCheck)),
        ("3.6.0", "md-clear=optional,check=none", Some(Stage::UpdateCpu)),
        ("3.8.0", "-md-clear,check=none", Some(Stage::StartValidate)),
    ] {
        assert_eq!(stage(libvirt, guest), expected, "{libvirt} {guest}");
    }
}

/// A guest that has its CPU back at the destination saw another one on the intermediate host.
#[test]
fn a_cpu_that_changes_on_the_way_has_changed() {
    let hosts = "host=Xeon-Gold-6148,via=9.0.0@EPYC-7502-32-Core,from=9.0.0,to=9.0.0";
    for (guest, rule, loses) in [("kvm64", RuleId::Vendor, false), ("host-passthrough", RuleId::Passthrough, true)] {
        let found = answer(&format!("{guest},{hosts}"));
        assert_eq!(
            (found.verdict, found.rule, found.trace.map(|trace| trace.hop)),
            (Verdict::Changed, Some(rule), Some(0))
        );
        assert_eq!((found.would_notice, !found.lost.is_empty()), (Some(true), loses), "{guest}");
    }
    let same = answer("host-passthrough,host=Xeon-Gold-6148,via=9.0.0@Xeon-Gold-6148,from=9.0.0,to=9.0.0");
    assert_eq!(same.verdict, Verdict::Unchanged);
    // The processor of a host that has whatever is asked for is not known.
    let unnamed = answer("host-passthrough,host=Xeon-Gold-6148,via=9.0.0@capable,from=9.0.0,to=9.0.0");
    let inputs: Vec<&str> = unnamed.depends_on.iter().map(|on| on.input.as_str()).collect();
    assert_eq!((unnamed.verdict, inputs), (Verdict::Depends, vec!["host of the intermediate host"]));
    // Over two processors of different vendors the CPU changes, whatever the third host is.
    let over_amd =
        "host-passthrough,host=Xeon-Gold-6148,via=9.0.0@capable,via=9.0.0@EPYC-7502-32-Core,from=9.0.0,to=9.0.0";
    assert_eq!(answer(over_amd).verdict, Verdict::Changed);
}

/// The features that a refused guest has too much, and those that it lacks.
fn refused(link: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let found = answer(link);
    let names = |list: &[FeatureId]| list.iter().map(|feature| CATALOG.feature_name(*feature)).collect();
    (names(&found.extra), names(&found.missing))
}

/// QEMU's `feature_dependencies`, 5.1: before, `npt` and `nrip-save` stay on while `svm` is off. The guest does not see them,
/// but libvirt does once its map has them, with 6.5.0.
#[test]
fn before_qemu_masked_them_the_features_of_svm_stay_on() {
    let guest = "EPYC,host=EPYC-7502-32-Core";
    let link = |machine: &str, from: &str, to: &str| format!("{guest},machine=pc-q35-{machine},from={from},to={to}");
    let children = vec!["npt", "nrip-save"];
    assert_eq!(refused(&link("4.1", "8.0.0:4.2.0", "8.0.0:6.2.0")), (vec![], children.clone()));
    assert_eq!(refused(&link("4.0", "7.0.0:5.2.0", "7.0.0:4.2.0")), (children.clone(), vec![]));
    assert_eq!(refused(&link("4.1", "6.0.0:4.2.0", "8.0.0:4.2.0")), (children, vec![]));
    // Without a check nothing refuses it, and it sees no difference.
    assert_eq!(answer(&link("4.1", "6.0.0:4.2.0", "6.0.0:5.2.0")).verdict, Verdict::Unchanged);
}

/// QEMU's `cpu_x86_cpuid`, 5.1: before, a guest without a PMU sees `pdcm` where KVM has it.
#[test]
fn before_qemu_hid_it_a_guest_without_a_pmu_sees_pdcm() {
    let lost = |from: &str| {
        let ends = format!("machine=pc-q35-4.2,from=7.0.0:{from},to=7.0.0:5.2.0");
        answer(&format!("Haswell-noTSX,+pdcm,host=Xeon-Gold-6530,check=none,{ends}")).lost
    };
    assert_eq!((lost("5.0.0"), lost("5.1.0")), (vec![CATALOG.feature("pdcm").unwrap()], vec![]));
}

/// QEMU's `qemu_init_vcpu`, 8.2: before, the cores of several dies are no threads of one package.
#[test]
fn before_qemu_counted_dies_a_guest_with_several_has_no_ht() {
    let gained = |topology: &str, qemu: &str| {
        let ends = format!("machine=pc-q35-7.2,topology={topology},from=9.0.0:{qemu},to=12.8.0:10.0.13");
        let found = answer(&format!("Skylake-Client-noTSX-IBRS,{ends}"));
        (found.verdict, found.gained)
    };
    let ht = vec![CATALOG.feature("ht").unwrap()];
    assert_eq!(gained("1-2-1-1", "7.2.22"), (Verdict::Changed, ht));
    assert_eq!(gained("1-1-2-1", "7.2.22"), (Verdict::Unchanged, vec![]));
}

/// QEMU's `kvm_arch_get_supported_cpuid`, 3.0: before, `topoext` needs a processor that has it.
#[test]
fn before_qemu_gave_it_everywhere_topoext_needs_the_processor() {
    let guest = "EPYC,+topoext,check=none,machine=pc-q35-2.12,host=Ice-Lake-Server,from=4.9.0:4.0.0";
    assert_eq!(refused(&format!("{guest},to=4.9.0:2.12.0")).1, ["topoext"]);
    assert_eq!(refused(&format!("{guest},to=4.9.0:3.0.0")).1, Vec::<&str>::new());
}

/// QEMU's `feature_dependencies` of 8.2.0 to 8.2.4 makes `waitpkg` depend on a feature of `vmx`, which no model has; later that
/// feature depends on `waitpkg`.
#[test]
fn the_inverted_dependency_of_waitpkg_clears_it() {
    let guest = "Skylake-Client-noTSX-IBRS,+waitpkg,machine=pc-q35-7.2,from=9.0.0:7.2.22";
    assert_eq!(refused(&format!("{guest},to=9.0.0:8.2.0")).1, ["waitpkg"]);
    assert_eq!(answer(&format!("{guest},to=9.0.0:9.2.0")).verdict, Verdict::Unchanged);
    // Of the releases between these it was not read, although the names of 9.0.0 and 9.1.0 were.
    for between in ["8.2.6", "9.0.0", "9.1.0"] {
        assert_eq!(answer(&format!("{guest},to=9.0.0:{between}")).verdict, Verdict::Depends, "{between}");
    }
    assert_eq!(answer(&format!("{guest},to=9.0.0:8.1.0")).verdict, Verdict::Unchanged);
}

/// QEMU's `feature_dependencies`: `fred` depends on `wrmsrns` in 9.2.1 and 10.0.2, and no longer in 10.0.13.
#[test]
fn fred_goes_with_wrmsrns_up_to_10_0_2() {
    let guest = "SapphireRapids,+fred,+lkgs,machine=pc-q35-9.2,from=11.3.0:10.0.13";
    for to in ["9.2.0", "10.0.0", "10.0.2"] {
        assert_eq!(refused(&format!("{guest},to=11.3.0:{to}")).1, ["fred"], "{to}");
        assert_eq!(answer(&format!("{guest},+wrmsrns,to=11.3.0:{to}")).verdict, Verdict::Unchanged, "{to}");
    }
}

/// The names of features that a QEMU took when libvirt recorded it for its tests (`qom-list-properties`).
#[test]
fn a_recorded_qemu_refuses_a_name_that_it_did_not_list() {
    for (feature, before, first) in [
        ("sgx-edeccssa", "7.2.0", "8.0.0"),
        ("vnmi", "8.0.0", "8.1.0"),
        ("amx-complex", "8.1.0", "8.2.0"),
        ("overflow-recov", "9.0.0", "9.1.0"),
        ("sbpb", "9.1.0", "9.2.0"),
        ("bhi-no", "9.2.0", "10.0.0"),
    ] {
        let parents = if feature == "sgx-edeccssa" { ",+sgx" } else { "" };
        let guest =
            format!("EPYC-Rome,+svm,+arch-capabilities{parents},+{feature},machine=pc-q35-7.2,from=12.8.0:10.0.2");
        assert_eq!(answer(&format!("{guest},to=12.8.0:{first}")).verdict, Verdict::Unchanged, "{feature} {first}");
        let old = answer(&format!("{guest},to=12.8.0:{before}"));
        assert_eq!(old.rule.map(RuleId::name), Some("unknown-property"), "{feature} {before}");
    }
}

/// QEMU's `kvm_arch_get_supported_cpuid`: KVM never lists `ht`, and since 8.2 QEMU takes it from a guest that names it. Its
/// `host` enables it in no release (`no_autoenable_flags`).
#[test]
fn ht_is_given_to_who_names_it_since_8_2() {
    let verdict = |link: &str| answer(link).verdict;
    let threads = "machine=pc-q35-8.0,topology=1-2-1";
    let reported = format!("Skylake-Client-noTSX-IBRS,{threads},from=11.3.0:10.0.13");
    for (to, expected) in [("9.0.0:7.2.22", None), ("10.0.0:8.2.2", Some(Verdict::Unchanged))] {
        let link = format!("{},to={to}", reported.replace("8.0", if expected.is_some() { "8.0" } else { "7.2" }));
        assert_eq!(verdict(&link), expected.unwrap_or(Verdict::Aborted), "{to}");
    }
    let named = format!("Skylake-Client-noTSX-IBRS,+ht,{threads},from=10.0.0:8.2.2,to=11.3.0:10.0.13");
    assert_eq!(verdict(&named), Verdict::Unchanged);
    assert_eq!(
        prepared("Nehalem,ht=optional,machine=pc-q35-10.0,from=11.3.0:10.0.13,to=11.3.0:10.0.13", "ht"),
        Some(Policy::Disable)
    );
}

/// QEMU's `max_x86_cpu_initfn`: `host` and `max` have a PMU, and with it `pdcm`, unless `<pmu state='off'/>` says otherwise.
#[test]
fn a_cpu_that_is_passed_through_has_a_pmu() {
    let verdict = |link: &str| answer(link).verdict;
    let checked = "host-passthrough,+pdcm,check=full,host=Xeon-Gold-6530,machine=pc-q35-10.0,from=11.3.0:10.0.2";
    for (pmu, expected) in [("", Verdict::Unchanged), (",pmu=on", Verdict::Unchanged), (",pmu=off", Verdict::Aborted)] {
        assert_eq!(verdict(&format!("{checked},to=11.3.0:10.0.4{pmu}")), expected, "{pmu}");
    }
    let hosts = "from-host=Intel:pdcm+sse2/pdcm+sse2,to-host=Intel:sse2/pdcm+sse2,machine=pc-q35-7.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    for (pmu, expected) in [("", Verdict::Changed), (",pmu=on", Verdict::Changed), (",pmu=off", Verdict::Unchanged)] {
        assert_eq!(verdict(&format!("host-passthrough,{hosts}{pmu}")), expected, "{pmu}");
    }
    // A model has none.
    let named = "Haswell,+pdcm,machine=pc-q35-6.2,from=11.3.0:10.0.2,to=11.3.0:10.0.4";
    assert_eq!(verdict(named), Verdict::Aborted);
}

/// QEMU's `x86_cpu_get_migratable_flags`: since 9.2 `invtsc` migrates where the definition gives a TSC frequency, so `host`
/// has it.
#[test]
fn host_has_invtsc_since_9_2_where_the_frequency_is_given() {
    let gained = |guest: &str, to: &str| -> bool {
        let link = format!("{guest},host=Xeon-Gold-6130,machine=pc-q35-7.2,from=9.0.0:7.2.22,to={to}");
        answer(&link).gained.contains(&CATALOG.feature("invtsc").unwrap())
    };
    let given = "host-passthrough,tsc=2500000000";
    assert!(gained(given, "11.3.0:10.0.13"));
    assert!(!gained(given, "10.0.0:8.2.2"));
    assert!(!gained("host-passthrough", "11.3.0:10.0.13"));
    // The source has it too.
    assert!(!gained("host-passthrough,tsc=2500000000,migratable=off", "11.3.0:10.0.13"));
}

/// QEMU's `kvm_arch_get_supported_cpuid`: since 9.1 an AMD guest gets `overflow-recov` and `succor` on every host, whatever
/// KVM lists; no other guest gets them.
#[test]
fn an_amd_guest_has_the_machine_check_features_since_9_1() {
    let names = ["overflow-recov", "succor"].map(|name| CATALOG.feature(name).unwrap());
    let ends = "machine=pc-q35-7.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    let gained = |host: &str| {
        let found = answer(&format!("host-passthrough,host={host},{ends}"));
        names.map(|name| found.gained.contains(&name))
    };
    assert_eq!((gained("EPYC-7502-32-Core"), gained("Xeon-Gold-6130")), ([true; 2], [false; 2]));
    let named =
        "EPYC-Rome-v5,check=partial,host=EPYC-7713-64-Core,machine=pc-q35-10.1,from=12.8.0:11.1.2,to=12.8.0:11.1.2";
    let found = answer(named);
    assert!(names.iter().all(|name| !found.missing.contains(name)), "{:?}", found.missing);
}

/// QEMU's `object_property_find_err` names the type of the CPU since 5.2. Its `select_machine` repeats the option before 6.1, and
/// names the machine type since 9.1. libvirt looks first since 8.1.0.
#[test]
fn qemu_s_messages_are_those_of_its_release() {
    let said = |link: &str| error(&answer(link)).unwrap();
    for (qemu, object) in [("5.1.0", ""), ("5.2.0", "Haswell-x86_64-cpu")] {
        let ends = format!("machine=pc-q35-4.2,accel=tcg,from=7.0.0:{qemu},to=7.0.0:{qemu}");
        let text = said(&format!("Haswell,+cvt16,{ends}"));
        assert!(text.ends_with(&format!("Haswell-x86_64-cpu.cvt16=on: Property '{object}.cvt16' not found")), "{text}");
    }
    let start = "qemu-system-x86_64: ";
    let option = "-machine pc-q35-5.2,accel=tcg,usb=off,dump-guest-core=off: unsupported machine type";
    for (machine, qemu, words) in [
        ("pc-q35-5.2", "5.1.0", option),
        ("pc-q35-7.2", "6.2.0", "unsupported machine type"),
        ("pc-q35-10.0", "9.2.0", "unsupported machine type: \"pc-q35-10.0\""),
    ] {
        let from = machine.trim_start_matches("pc-q35-");
        let text = said(&format!("Haswell,machine={machine},accel=tcg,from=7.0.0:{from}.0,to=7.0.0:{qemu}"));
        assert!(text.ends_with(&format!("{start}{words}")), "{text}");
    }
}

/// QEMU's `host_cpu_max_instance_init` and `max_x86_cpu_initfn`: `host` has the family, the model and the stepping of its host,
/// `max` under TCG those of its release.
#[test]
fn another_signature_is_another_cpu() {
    let verdict = |link: &str| answer(link).verdict;
    let ends = "machine=pc-q35-7.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let moved =
        |guest: &str, to: &str| verdict(&format!("{guest},from-host=Intel:6-85-4:sse2/sse2,to-host={to},{ends}"));
    for (to, expected) in [
        ("Intel:6-85-4:sse2/sse2", Verdict::Unchanged),
        ("Intel:6-85:sse2/sse2", Verdict::Unchanged),
        ("Intel:6-85-7:sse2/sse2", Verdict::Changed),
        ("Intel:6-106-4:sse2/sse2", Verdict::Changed),
    ] {
        assert_eq!(moved("host-passthrough", to), expected, "{to}");
    }
    let maximum = |from: &str, to: &str| {
        let found = answer(&format!("maximum,accel=tcg,machine=pc-q35-6.0,from=7.6.0:{from},to=7.6.0:{to}"));
        (found.verdict, found.lost, found.gained)
    };
    assert_eq!(maximum("6.0.0", "6.1.0"), (Verdict::Changed, Vec::new(), Vec::new()));
    assert_eq!(maximum("6.0.0", "6.0.0").0, Verdict::Unchanged);
}

/// QEMU's `x86_cpu_model_resolve_version` of 4.1 and 4.2.0: asked without a machine type, a model is its newest version, so
/// `Cascadelake-Server` lacks `arch-capabilities` on a Skylake; since 4.2.1 it is version 1.
#[test]
fn qemu_4_2_lists_the_blockers_of_the_newest_version() {
    for (qemu, model) in [
        ("4.2.0", "Skylake-Server-IBRS"),
        ("4.2.1", "Cascadelake-Server"),
        ("4.2.0-3ubuntu6.4", "Skylake-Server-IBRS"),
        ("4.2.0-3ubuntu6.5", "Cascadelake-Server"),
    ] {
        let found =
            trace(&format!("host-model,host=Xeon-Gold-6130,machine=pc-q35-4.2,from=6.1.0:{qemu},to=6.1.0:{qemu}"));
        let chosen = found.start.prepared.unwrap().model.map(|model| CATALOG.model_name(model));
        assert_eq!(chosen, Some(model), "{qemu}");
    }
}

/// A reply that was recorded with an older QEMU does not say what KVM gives of the names that a newer one adds. Where the processor
/// has them, or was not asked, the answer about a CPU that is passed through depends on that.
#[test]
fn what_a_reply_does_not_name_is_not_known() {
    let found = |from: &str, to: &str| {
        answer(&format!("host-passthrough,host=EPYC-7502-32-Core,machine=pc-q35-5.2,from={from},to={to}"))
    };
    let newer = found("7.0.0:5.2.0", "9.0.0:7.2.22");
    assert_eq!(newer.verdict, Verdict::Depends);
    let inputs: Vec<_> = newer.depends_on.iter().map(|input| &*input.input).collect();
    assert_eq!(inputs, ["host features that its list does not name"]);
    assert_eq!(found("7.0.0:7.2.22", "9.0.0:7.2.22").verdict, Verdict::Unchanged);
}

/// QEMU's `kvm_arch_init_vcpu`: 3.1.0 to 4.0.1 block a guest with `vmx` under KVM. Ubuntu's packages do not, and what else
/// they change was not read.
#[test]
fn a_guest_with_vmx_is_not_migrated_by_qemu_3_1_and_4_0() {
    let guest = "Skylake-Client,+vmx,machine=pc-q35-3.0,to=5.0.0:4.1.0";
    for (from, more, verdict) in [
        ("5.0.0:3.0.0", "", Verdict::Unchanged),
        ("5.0.0:3.1.0", "", Verdict::Aborted),
        ("5.0.0:3.1.0", ",transport=save", Verdict::Aborted),
        ("5.0.0:4.0.1", "", Verdict::Aborted),
        ("5.0.0:4.1.0", "", Verdict::Unchanged),
        ("5.0.0:4.0.1+dfsg-0ubuntu9", "", Verdict::Depends),
    ] {
        let link = format!("{guest}{more},from={from}");
        let found = answer(&link);
        assert_eq!(found.verdict, verdict, "{link}");
        let aborted = verdict == Verdict::Aborted;
        assert_eq!(found.rule == Some(RuleId::NestedVmx), aborted, "{link}");
        let says = "'migrate': Nested VMX virtualization does not support live migration yet";
        assert_eq!(error(&found).is_some_and(|error| error.ends_with(says)), aborted, "{link}");
    }
    for guest in ["Skylake-Client,+vmx,accel=tcg", "Skylake-Client"] {
        let link = format!("{guest},machine=pc-q35-3.0,from=5.0.0:3.1.0,to=5.0.0:4.1.0");
        assert_ne!(answer(&link).rule, Some(RuleId::NestedVmx), "{link}");
    }
    // What the destination refuses comes first: it is prepared before QEMU is told to migrate.
    let refused = "Skylake-Client,+vmx,+hle,machine=pc-q35-3.0,to-host=Core-i7-3770,from=5.0.0:3.1.0,to=5.0.0:4.1.0";
    assert_eq!(answer(refused).rule, Some(RuleId::Missing));
}

/// libvirt before 8.6.0 does not ask QEMU what blocks a migration; what the definition does not name, QEMU says at its
/// command, when the destination has prepared the guest.
#[test]
fn what_qemu_alone_blocks_is_said_after_the_destination() {
    let guest = "host-passthrough,migratable=off,machine=pc-q35-5.2,host=Core-i7-8550U,from=7.0.0:5.2.0";
    let said = |to: &str| error(&answer(&format!("{guest},to=7.0.0:{to}"))).unwrap();
    assert!(said("5.2.0").ends_with("'migrate': State blocked by non-migratable CPU device (invtsc flag)"));
    assert!(said("5.1.0").ends_with("unsupported machine type"));
}
