//! What the stages of a migration record beyond its verdict: which definitions are kept, sent and used.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod support;

use support::ask::{CATALOG, answer, policies};
use virt_cpu_explorer::internal::domain::definition::{Match, Mode, Policy};
use virt_cpu_explorer::internal::resolve::{Sent, Trace, Verdict};

fn trace(link: &str) -> Trace {
    answer(link).trace.unwrap()
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
        trace(&link).start.prepared.unwrap().features.get(CATALOG.feature("monitor").unwrap())
    };
    assert_eq!((decided("3.1.0"), decided("3.2.0")), (Some(Policy::Require), Some(Policy::Disable)));
}
