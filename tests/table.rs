//! Plays the decision table row by row through `check --format json`, and what was said about each row.
#![expect(clippy::unwrap_used, reason = "what cannot be read or asked fails the test")]

mod support;

use serde_json::{Value, json};
use support::ask::{CATALOG, answer, json as check, scenario, texts};
use virt_cpu_explorer::internal::analysis::follow::follow;
use virt_cpu_explorer::internal::analysis::remedies::remedies;
use virt_cpu_explorer::internal::domain::map::CpuMap;
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::export::analysis::StageText;

/// Compares some keys of an answer.
fn expect(link: &str, keys: &Value) {
    let given = check(link);
    for (key, value) in keys.as_object().unwrap() {
        assert_eq!(given[key.as_str()], *value, "{key} of {link}\n{given:#}");
    }
}

const EXTRA_MPX: &str = "operation failed: guest CPU doesn't match specification: extra features: mpx";

#[test]
fn rows_one_to_six_pass_and_the_guest_notices_nothing() {
    for (link, row) in [
        ("Skylake-Client,machine=pc-q35-3.1,from=old,to=old", "T1"),
        ("Skylake-Client,+mpx,machine=pc-q35-3.1,from=old,to=old", "T1"),
        ("Skylake-Client,machine=pc-q35-3.1,from=new,to=new", "T2"),
        ("Skylake-Client,-mpx,machine=pc-q35-3.1,from=new,to=new", "T2"),
        ("Skylake-Client,+mpx,machine=pc-q35-3.1,from=old,to=new", "T3"),
        ("Skylake-Client,+mpx,machine=pc-q35-4.0,from=old,to=new", "T3"),
        ("Skylake-Client,+mpx,machine=pc-q35-3.1,from=new,to=old", "T4"),
        ("Skylake-Client,-mpx,machine=pc-q35-3.1,from=old,to=new", "T5"),
        ("Skylake-Client,machine=pc-q35-4.0,from=old,to=new", "T5"),
        ("Skylake-Client,-mpx,machine=pc-q35-3.1,from=new,to=old", "T6"),
        ("Skylake-Client,machine=pc-q35-3.1,from=new,to=old", "T6"),
        ("Skylake-Client,machine=pc-q35-4.0,from=new,to=old", "T6"),
    ] {
        let unchanged = json!({
            "outcome": "completed", "verdict": "unchanged", "rule": row, "row": row, "guest_would_notice": false,
            "extra": [], "missing": [], "lost": [], "gained": [], "fault": null, "risk": null, "depends_on": [],
            "stage": null,
        });
        expect(link, &unchanged);
        assert_eq!(check(link).get("error"), None, "{link}");
    }
}

#[test]
fn row_seven_ends_in_three_ways_by_regime() {
    let link = |regime: &str| format!("Skylake-Client,machine=pc-q35-3.1,from=old,to=new,regime={regime}");
    let nothing = json!({
        "outcome": "aborted", "verdict": "aborted", "stage": "full-check", "rule": "T7", "row": "T7",
        "regime": "nothing", "error": EXTRA_MPX, "extra": ["mpx"], "missing": [], "lost": [],
        "guest_would_notice": false, "fault": "map", "risk": null,
    });
    expect("Skylake-Client,machine=pc-q35-3.1,from=old,to=new", &nothing);
    expect(&link("nothing"), &nothing);
    let disable = json!({
        "outcome": "completed", "verdict": "changed", "rule": "T7", "row": "T7", "regime": "disable", "extra": [],
        "lost": ["mpx"], "gained": [], "guest_would_notice": true, "fault": "libvirt",
        "risk": "guest_state_may_not_load",
    });
    expect(&link("disable"), &disable);
    expect("Skylake-Client,machine=pc-q35-3.1,from=old,to=9.0.0+mpx-removed", &disable);
    let require = json!({
        "outcome": "completed", "verdict": "unchanged", "rule": "T7", "row": "T7", "regime": "require", "lost": [],
        "guest_would_notice": false, "fault": null, "risk": null,
    });
    expect(&link("require"), &require);
    expect("Skylake-Client,machine=pc-q35-3.1,from=old,to=11.3.0", &require);
    assert_eq!(check(&link("require"))["arrived"]["mpx"], "require");
    assert_eq!(check(&link("disable"))["arrived"]["mpx"], "disable");
}

#[test]
fn under_emulation_no_state_can_fail_to_load() {
    let link = "Skylake-Client,machine=pc-q35-3.1,accel=tcg,from=old,to=9.0.0+mpx-removed";
    expect(link, &json!({"verdict": "changed", "rule": "T7", "lost": ["mpx"], "risk": null}));
}

#[test]
fn row_eight_needs_a_guest_that_an_older_release_began() {
    let link = "Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=old";
    expect(link, &json!({"outcome": "completed", "verdict": "unchanged", "rule": "T8", "row": "T8"}));
    // A daemon that requires removed features writes the feature down when it takes the guest over.
    let upgraded = "Skylake-Client,machine=pc-q35-3.1,started=old,from=11.3.0,to=old";
    expect(upgraded, &json!({"outcome": "completed", "verdict": "unchanged", "row": "T4"}));
    // To another `new` the same guest is in the row of the map that wrote its definition.
    let silent = "Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=new";
    expect(silent, &json!({"outcome": "aborted", "row": "T7", "rule": "T7", "error": EXTRA_MPX}));
    for (regime, verdict) in [("disable", "changed"), ("require", "unchanged")] {
        expect(&format!("{silent},regime={regime}"), &json!({"verdict": verdict, "row": "T7", "rule": "T7"}));
    }
    // What the old map added is T2 again.
    let written = "Skylake-Client,machine=pc-q35-4.0,started=old,from=new,to=new";
    expect(written, &json!({"verdict": "unchanged", "row": "T2", "rule": "T2"}));
}

#[test]
fn a_model_that_never_had_the_feature_is_in_no_row() {
    expect("EPYC,machine=pc-q35-3.1,from=old,to=new", &json!({"verdict": "unchanged", "row": null}));
    let other = "Haswell,machine=pc-q35-3.1,from=old,to=new,feature=avx";
    expect(other, &json!({"outcome": "aborted", "row": "T7", "rule": "T7", "extra": ["avx"]}));
}

fn map_of(end: &str) -> CpuMap {
    let trace = answer(&format!("qemu64,accel=tcg,from={end},to={end}")).trace.unwrap();
    CpuMap::clone(&trace.start.map)
}

#[test]
fn new_is_made_of_old_just_as_the_patched_map_was() {
    let (old, new, patched) = (map_of("old"), map_of("new"), map_of("9.0.0+mpx-removed"));
    let mpx = CATALOG.feature("mpx").unwrap();
    assert_eq!((&new.order, &new.model_order), (&patched.order, &patched.model_order));
    let mut changed = Vec::new();
    for id in new.model_order.iter().copied() {
        let (made, read) = (new.model(id).unwrap(), patched.model(id).unwrap());
        assert_eq!((made.data, made.removed_set()), (read.data, read.removed_set()), "{}", CATALOG.model_name(id));
        assert_eq!(made.added, read.added);
        if old.model(id).unwrap().data.contains(mpx) {
            assert!(!made.data.contains(mpx) && made.removed.contains(&mpx));
            changed.push(id);
        } else {
            assert_eq!(made, old.model(id).unwrap());
        }
    }
    assert_eq!(changed.len(), 12);
}

const HT: &str = "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13,topology=1-2-1";

#[test]
fn threads_reported_by_a_new_qemu_abort_and_the_guest_would_not_have_noticed() {
    let aborted = json!({
        "outcome": "aborted", "rule": "ht", "row": null, "stage": "full-check", "guest_would_notice": false,
        "error": "operation failed: guest CPU doesn't match specification: extra features: ht,cmp_legacy",
        "extra": ["ht", "cmp_legacy"], "missing": [], "fault": "libvirt",
    });
    expect(HT, &aborted);
    let ways = check(HT)["ways_out"].clone();
    let first = &ways[0];
    assert!(first["text"].as_str().unwrap().contains("libvirt 12.1.0"), "{first}");
    assert_eq!(first["restart"], false);
    assert!(ways.as_array().unwrap().len() >= 2, "{ways}");
    for way in ways.as_array().unwrap() {
        expect(way["scenario"].as_str().unwrap(), &json!({"verdict": "unchanged"}));
    }
}

#[test]
fn threads_pass_where_there_are_none_or_where_libvirt_looks_away() {
    for link in [
        "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13,topology=2-1-1",
        "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:9.2.4,topology=1-2-1",
        "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=12.1.0:10.0.13,topology=1-2-1",
        "Skylake-Client,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.10.0:10.0.13,topology=1-2-1",
        "Skylake-Client,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=12.8.0:11.1.2,topology=1-2-1",
    ] {
        expect(link, &json!({"verdict": "unchanged", "lost": [], "gained": [], "guest_would_notice": false}));
    }
    let one = "Skylake-Client,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13,topology=1-1-2";
    expect(one, &json!({"rule": "ht", "extra": ["ht"]}));
    let half = "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.10.0:10.0.13,topology=1-2-1";
    expect(half, &json!({"rule": "ht", "extra": ["cmp_legacy"]}));
    let back = "qemu64,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22,topology=1-2-1";
    expect(back, &json!({"outcome": "aborted", "missing": ["ht", "cmp_legacy"], "guest_would_notice": false}));
}

#[test]
fn a_weaker_destination_would_be_noticed() {
    let link = "Skylake-Client,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22";
    expect(link, &json!({"outcome": "aborted", "rule": "missing", "guest_would_notice": true, "fault": "accelerator"}));
    assert_eq!(texts(&check(link)["missing"]), ["x2apic", "rdseed", "3dnowprefetch"]);
}

#[test]
fn a_guest_that_never_started_has_no_definition_and_notices_nothing() {
    let link = "Skylake-Client,host=Core-i7-8550U,from=9.0.0,to=11.3.0";
    expect(link, &json!({"outcome": "start-refused", "verdict": "start-refused", "guest_would_notice": null}));
    let given = check(link);
    assert_eq!((given.get("live"), given.get("arrived")), (None, None));
    assert_eq!((given["schema"].clone(), given.get("id")), (json!(1), None));
}

#[test]
fn the_scenario_of_no_arguments_is_the_question_of_the_table() {
    let given = check("Skylake-Client,from=old,to=new");
    assert_eq!(given["scenario"], "Skylake-Client,from=old:7.2.22,to=new:7.2.22");
    assert_eq!(given["row"], "T5");
}

#[test]
fn what_decides_on_the_way_is_told_of_the_stop() {
    for (way, headline, told) in [
        (
            "from=old,via=new,to=11.3.0",
            "ABORTED at an intermediate host: full check of the new libvirt",
            ["Extra: the intermediate host's QEMU enables mpx", "The CPU map of the new libvirt does not have mpx"],
        ),
        (
            "from=old,via=9.0.0+mpx-removed,to=11.3.0",
            "COMPLETES, BUT THE GUEST'S CPU CHANGES",
            ["The CPU map of the old libvirt (9.0.0) has mpx", "libvirt 9.0.0+mpx-removed disables mpx"],
        ),
        (
            "from=old,via=9.0.0,to=new",
            "ABORTED at the destination's full check",
            ["Extra: the destination's QEMU enables mpx", "The CPU map of libvirt 9.0.0 has mpx"],
        ),
    ] {
        let link = format!("Skylake-Client,machine=pc-q35-3.1,{way}");
        let said = explain(&CATALOG, &scenario(&link), &answer(&link));
        assert_eq!(said.headline, headline, "{link}");
        let why = said.why.join(" ");
        assert!(told.iter().all(|part| why.contains(part)), "{link}: {why}");
        assert!(!why.contains("libvirt 11.3.0"), "{link}: {why}");
    }
}

#[test]
fn a_guest_refused_after_a_stop_runs_at_that_stop() {
    for (way, place) in [
        ("from=old,via=9.0.0,to=new", "at the intermediate host with libvirt 9.0.0; mpx does not change."),
        ("from=old,via=new,to=11.3.0", "at the source; mpx does not change."),
        ("from=old,to=new", "at the source; mpx does not change."),
    ] {
        let link = format!("Skylake-Client,machine=pc-q35-3.1,{way}");
        let (scenario, answer) = (scenario(&link), answer(&link));
        let words = StageText { catalog: &CATALOG, scenario: &scenario, answer: &answer, feature: scenario.feature };
        let seen = follow(&scenario, &answer, scenario.feature);
        let last = words.sentences(*seen.last().unwrap()).join(" ");
        assert!(last.ends_with(place), "{link}: {last}");
        let there = words.sentences(seen[7]).join(" ");
        let stop = way.starts_with("from=old,via=new");
        assert_eq!(there.contains("builds at the intermediate host"), stop, "{link}: {there}");
        assert_eq!(there.contains("builds at the destination"), !stop, "{link}: {there}");
    }
}

#[test]
fn a_guest_that_fails_on_the_way_is_sent_straight_or_by_another_way() {
    for (way, first) in [
        ("from=old,via=new,to=11.3.0", "migrate directly to the destination, without the intermediate host"),
        ("from=old,via=new,via=11.3.0,to=old", "migrate directly to the destination, without the intermediate hosts"),
        ("from=old,via=new,to=new", "migrate via a host with libvirt 12.9.0"),
        (
            "from=old,via=9.0.0,to=new",
            "use libvirt 10.4.0 at the destination, which enables removed features that the definition does not mention",
        ),
    ] {
        let link = format!("Skylake-Client,machine=pc-q35-3.1,{way}");
        let ways = remedies(&CATALOG, &scenario(&link), &answer(&link));
        let way = ways.first().unwrap_or_else(|| panic!("{link}"));
        assert_eq!((way.text.as_str(), way.restart), (first, false), "{link}");
        assert_eq!(check(&way.scenario.link(&CATALOG))["verdict"], "unchanged", "{link}");
    }
}
