//! The model by which libvirt describes a host shows in what a definition may forbid there: what libvirt lists beside
//! that model is refused, and what is in the model passes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a fact that is not there is a failure")]

mod support;

use support::ask::{CATALOG, answer};
use virt_cpu_explorer::internal::domain::catalog::ReleaseMap;
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::map::CpuMap;
use virt_cpu_explorer::internal::resolve::RuleId;

/// Hosts whose CPU is known by name, with the model that stands for it in the map.
const DESCRIBED: &[(&str, &str)] = &[
    ("A10-5800K", "Opteron_G5"),
    ("Atom-P5362", "Snowridge"),
    ("Cooperlake", "Cooperlake"),
    ("Core-i5-2500", "SandyBridge"),
    ("Core-i5-4670T", "Haswell-noTSX"),
    ("Core-i5-650", "Westmere"),
    ("Core-i7-3770", "IvyBridge"),
    ("Core-i7-5600U", "Broadwell"),
    ("Core-i7-8550U", "Skylake-Client-IBRS"),
    ("Core2-E6850", "Conroe"),
    ("EPYC-7502-32-Core", "EPYC-Rome"),
    ("EPYC-7601-32-Core-ibpb", "EPYC-IBPB"),
    ("Hygon-C86-7185-32-core", "Dhyana"),
    ("Ice-Lake-Server", "Icelake-Server"),
    ("Opteron-2350", "Opteron_G3"),
    ("Opteron-6234", "Opteron_G4"),
    ("Xeon-E5-2650", "SandyBridge-IBRS"),
    ("Xeon-Gold-5115", "Skylake-Server-IBRS"),
    ("Xeon-Gold-6130", "Skylake-Server-IBRS"),
    ("Xeon-Platinum-8268", "Cascadelake-Server"),
    ("Xeon-Platinum-9242", "Cascadelake-Server"),
    ("Xeon-W3520", "Nehalem"),
];

fn map(release: &str) -> &'static CpuMap {
    let id = CATALOG.libvirt(release).unwrap();
    let ReleaseMap::Exact(map) = &CATALOG.release(id).map else { panic!("{release} is exact") };
    CATALOG.map(*map)
}

/// The features of a host that the map names, and those of them that a definition may not forbid.
fn refused(host: &str, release: &str) -> (FeatureSet, FeatureSet) {
    let id = CATALOG.host_named(host).unwrap();
    let has = CATALOG.host(id).features & map(release).known;
    let is_refused = |name: &str| {
        let ends = format!("from={release}:7.2.22,to={release}:7.2.22");
        let word = format!("qemu64,{name}=forbid,check=partial,host={host},machine=pc-q35-5.2,{ends}");
        answer(&word).rule == Some(RuleId::ForbiddenFeature)
    };
    (has, has.iter().filter(|feature| is_refused(CATALOG.feature_name(*feature))).collect())
}

#[test]
fn what_is_beside_the_model_of_the_host_is_refused() {
    for (host, model) in DESCRIBED {
        let (has, refused) = refused(host, "9.0.0");
        let id = CATALOG.model(model).unwrap();
        let data = map("9.0.0").model(id).unwrap().data;
        assert!(!refused.is_empty(), "{host}");
        assert_eq!(has - refused, data & has, "{host} is described as {model}");
    }
}

#[test]
fn before_libvirt_looked_nothing_was_refused() {
    for host in ["EPYC-7502-32-Core", "Xeon-Gold-5115"] {
        assert_eq!(refused(host, "7.0.0").1, FeatureSet::EMPTY, "{host}");
    }
}

#[test]
fn a_host_that_has_whatever_is_asked_for_still_tells_of_a_hypervisor() {
    let rule = |name: &str| answer(&format!("EPYC,{name}=forbid,check=full,from=9.0.0:7.2.22,to=9.0.0:7.2.22")).rule;
    assert_eq!(rule("hypervisor"), Some(RuleId::ForbiddenFeature));
    assert_ne!(rule("mpx"), Some(RuleId::ForbiddenFeature));
}

#[test]
fn optional_becomes_what_a_migratable_host_model_has() {
    let becomes = |name: &str, rest: &str| {
        let found = answer(&format!("EPYC,{name}=optional,{rest},from=11.3.0:7.2.22,to=11.3.0:7.2.22"));
        let prepared = found.trace.unwrap().start.prepared.unwrap();
        prepared.features.get(CATALOG.feature(name).unwrap())
    };
    assert_eq!(becomes("avx2", "pmu=off"), Some(Policy::Require));
    assert_eq!(becomes("invtsc", "pmu=off"), Some(Policy::Disable), "it may not migrate");
    assert_eq!(becomes("prefetchiti", "pmu=off"), Some(Policy::Disable), "this QEMU does not know it");
    assert_eq!(becomes("avx2", "check=none,host=EPYC-7601-32-Core"), Some(Policy::Require));
    assert_eq!(becomes("mpx", "check=none,host=EPYC-7601-32-Core"), Some(Policy::Disable), "this host lacks it");
}
