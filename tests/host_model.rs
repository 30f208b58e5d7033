//! The model by which libvirt describes a host shows in the features that a definition may forbid there: what libvirt
//! lists in addition to that model is refused, and what is in the model passes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a fact that is not there is a failure")]

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use support::ask::{CATALOG, answer, combinations, error, policies, scenario};
use virt_cpu_explorer::internal::analysis::host_models::across_releases;
use virt_cpu_explorer::internal::domain::catalog::LibvirtId;
use virt_cpu_explorer::internal::domain::catalog::ReleaseMap;
use virt_cpu_explorer::internal::domain::definition::{Definition, Mode, Policy};
use virt_cpu_explorer::internal::domain::feature::{FeatureId, FeatureSet};
use virt_cpu_explorer::internal::domain::host::{GivenHost, Host, Vendor};
use virt_cpu_explorer::internal::domain::map::CpuMap;
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, Scenario};
use virt_cpu_explorer::internal::explain::Outlook;
use virt_cpu_explorer::internal::import::qmp::qemu_name;
use virt_cpu_explorer::internal::resolve::{
    Basis, Plan, Refusal, RuleId, StartTrace, Verdict, decide, expansions, resolve,
};

/// Hosts of both vendors, old and new.
const HOSTS: [&str; 5] = ["A10-5800K", "Core2-E6850", "EPYC-7502-32-Core", "Ice-Lake-Server", "Xeon-Gold-6130"];

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
        let link = format!("qemu64,{name}=forbid,check=partial,host={host},machine=pc-q35-5.2,{ends}");
        answer(&link).rule == Some(RuleId::ForbiddenFeature)
    };
    (has, has.iter().filter(|feature| is_refused(CATALOG.feature_name(*feature))).collect())
}

#[test]
fn whatever_a_host_has_under_kvm_is_refused() {
    for host in HOSTS {
        let (has, refused) = refused(host, "9.0.0");
        assert_eq!(has - refused, FeatureSet::EMPTY, "{host}");
    }
}

#[test]
fn under_tcg_what_is_listed_beside_the_model_is_refused() {
    let rule = |name: &str, release: &str| {
        answer(&format!("qemu64,{name}=forbid,check=partial,accel=tcg,machine=pc-q35-5.2,from={release},to={release}"))
            .rule
    };
    for name in ["clwb", "npt", "rdpid", "umip", "wbnoinvd", "xsaveerptr"] {
        assert_eq!(rule(name, "11.3.0:10.0.13"), Some(RuleId::ForbiddenFeature), "{name}");
    }
    for name in ["sse3", "cx16"].iter().filter(|name| CATALOG.feature(name).is_some()) {
        assert_ne!(rule(name, "11.3.0:10.0.13"), Some(RuleId::ForbiddenFeature), "{name} is in the model EPYC");
    }
}

#[test]
fn host_model_on_a_named_host_is_decided() {
    let found = answer("host-model,host=Xeon-Gold-6130,from=9.0.0:7.2.22,to=11.3.0:10.0.13");
    assert_ne!(found.verdict, Verdict::Depends, "{:?}", found.depends_on);
    let start = found.trace.unwrap().start;
    assert_eq!(shown_model(&start), "Skylake-Server-IBRS");
}

/// RHEL's 8.0.0-7 and later decode with penalties, upstream's since 8.4.0.
#[test]
fn a_package_decodes_with_its_fixes() {
    let model = |release: &str| {
        let asked = scenario(&format!("host-model,accel=tcg,from={release}:6.2.0,to={release}:6.2.0"));
        let started = resolve(&CATALOG, &asked).trace.unwrap().start.prepared.unwrap();
        for possible in expansions(&CATALOG, &asked) {
            assert_eq!(possible.guest.definition.features, started.features, "{release}");
        }
        CATALOG.model_name(started.model.unwrap())
    };
    assert_eq!((model("8.0.0"), model("8.0.0-10.module_el8.7.0")), ("EPYC", "Opteron_G3"));
}

/// RHEL 9.3 has `EPYC-Genoa` from libvirt 9.8.0 and QEMU 8.1; RHEL 10 has removed the old models of QEMU.
#[test]
fn a_package_decodes_with_the_models_that_it_has() {
    let model = |host: &str, release: &str| {
        let all = expansions(&CATALOG, &scenario(&format!("host-model,host={host},from={release},to={release}")));
        let models: BTreeSet<&str> =
            all.iter().map(|one| CATALOG.model_name(one.guest.definition.model.unwrap())).collect();
        assert_eq!(models.len(), 1, "{host} on {release}: {models:?}");
        *models.first().unwrap()
    };
    let rhel = "rhel:9.3";
    assert_eq!(
        (model("EPYC-9334-32-Core", "9.5.0:8.0.0"), model("EPYC-9334-32-Core", rhel)),
        ("EPYC-Milan", "EPYC-Genoa")
    );
    assert_eq!((model("Phenom-B95", "11.3.0:10.0.13"), model("Phenom-B95", "rhel:10.1")), ("athlon", "qemu64"));
}

/// Hygon came to the map after 5.6.0. Of a vendor that the map does not name, a model of every vendor may be chosen.
#[test]
fn a_host_of_a_vendor_that_the_map_lacks_is_described_by_a_model_of_another() {
    for (release, model, vendor) in [("5.6.0", "EPYC-IBPB", None), ("7.0.0", "Dhyana", Some(Vendor::Hygon))] {
        let ends = format!("from={release}:4.1.0,to={release}:4.1.0");
        let found = answer(&format!("host-model,host=Hygon-C86-7185-32-core,machine=pc-q35-4.1,{ends}"));
        let start = found.trace.unwrap().start;
        assert_eq!((shown_model(&start).as_str(), start.prepared.unwrap().vendor), (model, vendor), "{release}");
    }
}

#[test]
fn the_original_cpu_is_the_bare_host_model_since_it_is_always_kept() {
    let original = |ends: &str| {
        let link = format!("host-model,accel=tcg,machine=pc-q35-5.2,{ends}");
        answer(&link).trace.unwrap().start.original
    };
    let kept = original("from=11.3.0:10.0.13,to=11.3.0:10.0.13").unwrap();
    assert_eq!((kept.mode, kept.model, kept.features.len()), (Mode::HostModel, None, 0));
    let kept = original("from=9.0.0:7.2.22,to=9.0.0:7.2.22");
    assert!(kept.is_none_or(|kept| kept.mode == Mode::Custom));
}

#[test]
fn without_a_named_host_host_model_depends_on_it() {
    for host in ["", "host=any,"] {
        let found = answer(&format!("host-model,{host}machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22"));
        assert_eq!((found.verdict, found.rule, found.row), (Verdict::Depends, None, None), "{host}");
        let input = found.depends_on.iter().find(|input| input.input == "host").unwrap();
        assert!(!input.answers.is_empty(), "an example for each answer");
    }
}

#[test]
fn what_a_guest_names_overrides_the_host_model() {
    let found = answer("host-model,-erms,+mpx,accel=tcg,from=11.3.0:10.0.13,to=11.3.0:10.0.13");
    let prepared = found.trace.unwrap().start.prepared.unwrap();
    let policy = |name: &str| prepared.features.get(CATALOG.feature(name).unwrap());
    assert_eq!((policy("erms"), policy("mpx")), (Some(Policy::Disable), Some(Policy::Require)));
}

/// libvirt 3.1.0 decodes the processor, not what QEMU reports. Of an unknown QEMU the report is unknown.
#[test]
fn host_model_of_a_libvirt_that_does_not_ask_qemu_needs_the_live_definition() {
    for from in ["3.1.0:2.8.0", "9.0.0:?"] {
        let link = format!("host-model,host=EPYC-7502-32-Core,machine=pc-q35-2.8,from={from},to=9.0.0:7.2.22");
        let found = answer(&link);
        let inputs: Vec<&str> = found.depends_on.iter().map(|on| on.input.as_str()).collect();
        assert_eq!(
            (found.verdict, inputs),
            (Verdict::Depends, vec!["host-model expansion (give the live definition)"])
        );
    }
}

#[test]
fn minimum_and_fallback_get_another_model() {
    let model = |link: &str| {
        let found = answer(link);
        assert_ne!(found.verdict, Verdict::Depends, "{link}: {:?}", found.depends_on);
        shown_model(&found.trace.unwrap().start)
    };
    let ends = "from=12.8.0:11.1.2,to=12.8.0:11.1.2";
    assert_eq!(
        model(&format!("coreduo,pku=disable,match=minimum,check=partial,accel=tcg,machine=pc-q35-6.1,{ends}")),
        "EPYC"
    );
    let fallback = "Icelake-Client,fallback=allow,accel=tcg,machine=pc-q35-5.2";
    assert_eq!(model(&format!("{fallback},from=9.0.0:7.2.22,to=9.0.0:7.2.22")), "IvyBridge");
    assert_eq!(model(&format!("{fallback},from=11.3.0:10.0.13,to=11.3.0:10.0.13")), "Skylake-Client");
}

#[test]
fn a_signature_that_nobody_told_is_tried_and_the_answer_inferred() {
    let run = RUNS["runs"].as_array().unwrap().iter().find(|run| run["source"].get("host").is_some()).unwrap();
    let mut asked = recorded(run);
    for host in [&mut asked.from_host, &mut asked.to_host] {
        let HostChoice::Given(given) = host else { panic!("{host:?}") };
        given.signature = None;
    }
    let found = resolve(&CATALOG, &asked);
    let named = found.depends_on.iter().any(|input| input.input.starts_with("host signature"));
    assert!(found.verdict != Verdict::Depends || named, "{:?}", found.depends_on);
    assert_eq!(found.basis, Basis::Inferred);
}

#[test]
fn a_receiver_without_a_cookie_has_a_host_model_of_its_own() {
    let between =
        |from: &str, to: &str| scenario(&format!("host-model,accel=tcg,machine=pc-i440fx-2.11,from={from},to={to}"));
    let found = resolve(&CATALOG, &between("10.4.0:4.2.0", "3.4.0:2.11.0"));
    assert_eq!(found.depends_on[0].input, "CPU model at a destination that ignores the migration cookie");
    assert!(resolve(&CATALOG, &between("3.4.0:2.11.0", "3.4.0:2.11.0")).verdict != Verdict::Depends);
}

#[test]
fn the_sender_refuses_a_replaced_model_that_its_map_does_not_have() {
    let sent = |from: &str| {
        let link =
            format!("SierraForest-v2,match=minimum,check=none,host=Xeon-Gold-6130,machine=pc-q35-7.2,from={from}");
        resolve(&CATALOG, &scenario(&format!("{link},to=12.8.0:11.1.2")))
    };
    let found = sent("9.0.0:10.0.13");
    assert!(found.refusal().is_none_or(|refusal| !matches!(refusal, Refusal::UnknownModelSent(_))), "{found:?}");
    let found = sent("10.7.0:10.0.13");
    assert!(matches!(found.refusal(), Some(Refusal::UnknownModelSent(_))), "{:?}", found.refusal());
    assert_eq!((found.verdict, found.rule), (Verdict::Aborted, Some(RuleId::UnknownModel)));
}

#[test]
fn a_cold_boot_names_the_model_that_the_guest_becomes() {
    let link = "host-model,from-host=EPYC-7601-32-Core,to-host=EPYC-7502-32-Core,from=11.3.0:10.0.13,to=11.3.0:10.0.13";
    let asked = scenario(link);
    let found = resolve(&CATALOG, &asked);
    let said = Outlook::of(&CATALOG, &asked, &found).cold_boot;
    assert!(said.contains("the model changes from EPYC to EPYC-Rome"), "{said}");
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

static RUNS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/host_model/runs.json")).unwrap());

/// A recorded run as a scenario. The hosts are one Intel processor, of which each QEMU told what it gives.
fn recorded(run: &Value) -> Scenario {
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    let end = |key: &str| format!("{}:{}", text(&run[key]["libvirt"]), text(&run[key]["qemu"]));
    let (machine, accel, check) = (text(&run["machine"]), text(&run["accelerator"]), text(&run["check"]));
    let ends = format!("from={},to={}", end("source"), end("destination"));
    let mut found =
        scenario(&format!("host-model,check={check},machine={machine},accel={accel},transport=save,{ends}"));
    let host = |key: &str| {
        let names = RUNS["hosts"][run[key]["host"].as_str()?].as_str().unwrap();
        let features: FeatureSet = names.split(' ').filter_map(|name| CATALOG.feature(name)).collect();
        let signature = Some("6-207-2".parse().unwrap());
        Some(HostChoice::Given(GivenHost {
            vendor: Vendor::Intel,
            signature,
            features,
            silicon: Some(features),
            unknown: FeatureSet::EMPTY,
        }))
    };
    found.from_host = host("source").unwrap_or(HostChoice::Capable);
    found.to_host = host("destination").unwrap_or(HostChoice::Capable);
    found
}

/// A definition as the runs are written: the model, then the features by name.
fn shown(definition: &Definition) -> String {
    let mut all: Vec<(String, &str)> = policies(Some(definition))
        .unwrap()
        .into_iter()
        .map(|(name, policy)| (name, if policy == "disable" { "-" } else { "" }))
        .collect();
    all.sort();
    let features = all.iter().fold(String::new(), |text, (name, sign)| text + " " + sign + name);
    format!("{}{features}", CATALOG.model_name(definition.model.unwrap()))
}

#[test]
fn recorded_host_model_guests_come_out_as_they_did() {
    let of_host_model = |run: &&Value| run["cpu"] == "host-model";
    let runs: Vec<&Value> = RUNS["runs"].as_array().unwrap().iter().filter(of_host_model).collect();
    let mut wrong = Vec::new();
    for run in &runs {
        let found = resolve(&CATALOG, &recorded(run));
        let trace = found.trace.as_ref().unwrap();
        let start = &trace.start;
        let mut line = shown_model(start);
        for (feature, on) in &start.command_line {
            line.push_str(&format!(
                ",{}={}",
                qemu_name(CATALOG.feature_name(*feature)),
                if *on { "on" } else { "off" }
            ));
        }
        let live = start.live.as_ref().map(shown);
        let arrived = trace.destination().and_then(|end| end.live.as_ref()).map(shown);
        let told = |key: &str| run.get(key).and_then(Value::as_str).map(str::to_owned);
        let equal = Some(line.clone()) == told("command_line")
            && Some(found.outcome().to_owned()) == told("outcome")
            && error(&found) == told("error")
            && live == told("live")
            && arrived == told("arrived");
        if !equal {
            wrong.push(format!(
                "{}\n  {line}\n  {} {:?}\n  {live:?}\n  {arrived:?}\nis {run}",
                run["id"],
                found.outcome(),
                error(&found)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), runs.len(), wrong.join("\n"));
    assert_eq!(runs.len(), 31);
}

/// `expand` and a start get the same CPU: under KVM on every host, with a QEMU of each kind and one that has no name for
/// what the host and the map have; under TCG also where QEMU offers what libvirt ignores.
#[test]
fn a_start_has_the_cpu_that_expand_shows() {
    let feature = |name: &str| CATALOG.feature(name).unwrap();
    // One record has what depends on arch-capabilities, and not arch-capabilities.
    let is_whole = |features: FeatureSet| {
        features.contains(feature("arch-capabilities")) || !features.contains(feature("skip-l1dfl-vmentry"))
    };
    let of = |definition: &Definition| {
        let model = definition.model.map(|model| CATALOG.model_name(model));
        (model, definition.features.iter().collect::<BTreeMap<_, _>>())
    };
    let compare = |host: Option<&Host>, (release, qemu): (&str, &str)| {
        let on = host.map_or("accel=tcg".to_owned(), |host| format!("host={}", host.name));
        let asked = scenario(&format!("host-model,{on},from={release}:{qemu},to={release}:{qemu}"));
        let (all, found) = (expansions(&CATALOG, &asked), resolve(&CATALOG, &asked));
        let Some(prepared) = found.trace.as_ref().and_then(|trace| trace.start.prepared.as_ref()) else { return 0 };
        let [expanded] = all.as_slice() else { panic!("{on} on {release}: {} ways", all.len()) };
        assert_eq!(of(prepared), of(&expanded.guest.definition), "{on} on {release}:{qemu}");
        1
    };
    let ends =
        [("7.0.0", "5.2.0"), ("9.0.0", "5.2.0"), ("9.0.0", "7.2.22"), ("11.3.0", "10.0.13"), ("12.8.0", "11.1.2")];
    let hosts = CATALOG.hosts().iter().filter(|host| is_whole(host.features));
    let under_kvm: usize = hosts.map(|host| ends.map(|end| compare(Some(host), end)).iter().sum::<usize>()).sum();
    let ends = ends.into_iter().chain([("6.0.0", "2.12.0"), ("7.0.0", "2.11.0"), ("4.5.0", "2.9.0")]);
    let under_tcg: usize = ends.map(|end| compare(None, end)).sum();
    assert!(under_kvm > 60 && under_tcg == 8, "{under_kvm} {under_tcg}");
}

/// The switches that decide what host-model becomes.
const DECODING: [&str; 5] = ["decode-penalties ", "untranslated ", "ignored ", "unwritten ", "drop-unknown "];

/// On every product, and on packages whose changes were not all read, `expand --on` and `check` name the same models and
/// features and the same command lines, on every recorded host and under TCG.
#[test]
fn expand_and_check_agree_on_packages() {
    let packages = [
        "8.0.0-el8:6.2.0-el8",
        "9.5.0-6.el9:8.0.0-11.el9",
        "9.5.0-7.el9:8.0.0-12.el9",
        "10.10.0-el9:9.1.0-29.el9_7.9",
        "10.10.0-14.el10:10.0.0-6.el10",
        "11.10.0-7.el9:10.1.0-1.el9",
        "11.10.0-7.el10:10.1.0-15.el10",
        "11.6.0-ubuntu:10.1.0-ubuntu",
        "9.4.0:10.0.4",
    ];
    let products = CATALOG.products().iter().map(|known| (format!("{}:{}", known.libvirt, known.qemu), &*known.name));
    let releases: BTreeMap<String, &str> = products.chain(packages.map(|name| (name.to_owned(), name))).collect();
    let hosts = CATALOG.recorded_hosts().map(|(_, host)| Some(host)).chain([None]);
    let (mut compared, mut several) = (0, 0);
    for host in hosts {
        let on = host.map_or("accel=tcg".to_owned(), |host| format!("host={}", host.name));
        for release in releases.values() {
            let asked = scenario(&format!("host-model,{on},from={release},to={release}"));
            let shown = |definition: &Definition, line: &[(FeatureId, bool)]| {
                format!("{} {:?}", shown(definition), line.iter().collect::<BTreeSet<_>>())
            };
            let Ok(plan) = Plan::of(&CATALOG, &asked) else { continue };
            // Of a host that was not asked about vmx-*, `check` tries both; `expand` takes it to have none.
            let decides = |input: &str| match input.strip_prefix("switch ") {
                Some(switch) => DECODING.iter().any(|name| switch.starts_with(name)),
                None => !input.contains("vmx-*"),
            };
            let sizes = plan.axes.iter().map(|axis| if decides(&axis.input) { axis.values.len() } else { 1 });
            let cases = sizes.fold(vec![Vec::new()], |all: Vec<Vec<usize>>, size| {
                let longer = |start: Vec<usize>| (0..size).map(move |value| [start.as_slice(), &[value]].concat());
                all.into_iter().flat_map(longer).collect()
            });
            let start = |case: Vec<usize>| {
                let found = decide(&CATALOG, &plan.case(&case).unwrap(), asked.feature, Basis::Inferred).unwrap();
                found.trace.unwrap().start
            };
            let starts = cases.into_iter().map(start);
            let started: BTreeSet<String> =
                starts.filter_map(|start| Some(shown(start.prepared.as_ref()?, &start.command_line))).collect();
            if started.is_empty() {
                continue;
            }
            let expanded: BTreeSet<String> = expansions(&CATALOG, &asked)
                .iter()
                .map(|one| shown(&one.guest.definition, &one.guest.command_line))
                .collect();
            assert_eq!(started, expanded, "{on} on {release}");
            compared += 1;
            several += usize::from(started.len() > 1);
        }
    }
    assert!(compared > 1000 && several > 10, "{compared} {several}");
}

/// libvirt asks QEMU about the host without a machine type, so a quirk that the guest's may have changes nothing.
#[test]
fn what_qemu_offers_libvirt_does_not_depend_on_the_machine_type() {
    let feature = CATALOG.feature("arch-capabilities").unwrap();
    let host = CATALOG.host(CATALOG.host_named("EPYC-9334-32-Core").unwrap());
    let (vendor, signature, features) = (host.vendor, Some(host.signature()), host.features);
    // Such silicon exists in no list: of other hosts QEMU 10.1.0 hides the feature on every machine type.
    assert!(features.contains(feature));
    let given = HostChoice::Given(GivenHost {
        vendor,
        signature,
        features,
        silicon: Some(features),
        unknown: FeatureSet::EMPTY,
    });
    let on = "11.3.0:10.1.0-1ubuntu1";
    let asked = scenario(&format!("host-model,machine=pc-q35-noble-v2,from={on},to={on}"));
    let asked = Scenario { from_host: given.clone(), to_host: given, ..asked };
    let plan = Plan::of(&CATALOG, &asked).unwrap();
    let mut seen = BTreeSet::new();
    for own in combinations(&plan, 1000).unwrap() {
        let case = plan.case(&own).unwrap();
        let found = decide(&CATALOG, &case, asked.feature, Basis::Inferred).unwrap();
        let prepared = found.trace.unwrap().start.prepared.unwrap();
        seen.insert((case.guest.machine.quirk.is_some(), prepared.features.get(feature).is_some()));
    }
    assert_eq!(seen, BTreeSet::from([(false, true), (true, true)]));
}

fn shown_model(start: &StartTrace) -> String {
    CATALOG.model_name(start.prepared.as_ref().unwrap().model.unwrap()).to_owned()
}

/// `expand --releases`: runs of releases, each as a single release expands host-model.
#[test]
fn across_releases_every_run_is_what_its_releases_make_of_it() {
    for name in ["Xeon-Gold-6130", "EPYC-7502-32-Core"] {
        let on = |release: &str| scenario(&format!("host-model,host={name},from={release}:7.2.22,to={release}:7.2.22"));
        let runs = across_releases(&CATALOG, &on("9.0.0"));
        let index = |id: LibvirtId| CATALOG.libvirt_releases().iter().position(|r| r.name == CATALOG.release(id).name);
        assert!(runs.len() > 1, "{name} becomes the same on every release");
        let mut last = None;
        for run in &runs {
            assert!(last < Some(index(run.first)) && index(run.first) <= index(run.last), "{name}: out of order");
            last = Some(index(run.last));
            for libvirt in [run.first, run.last] {
                let asked = on(&CATALOG.release(libvirt).name);
                let own: Vec<_> = expansions(&CATALOG, &asked).into_iter().map(|way| way.guest.definition).collect();
                assert_eq!(own, run.guests, "{name} on {}", CATALOG.release(libvirt).name);
            }
        }
        // Two runs that follow each other differ.
        assert!(runs.windows(2).all(|pair| pair[0].guests != pair[1].guests), "{name}");
    }
}

/// How many results there are is up to the release that started the guest.
#[test]
fn check_counts_the_results_where_the_guest_started() {
    let lines = |link: &str| {
        let asked = scenario(link);
        virt_cpu_explorer::internal::export::summary(&CATALOG, &asked, &resolve(&CATALOG, &asked), &[])
    };
    let one = lines("host-model,host=Cooperlake,started=9.0.0:7.2.22,from=10.8.0:8.2.0,to=10.8.0:8.2.0");
    assert!(one.contains("host-model at the source: ") && !one.contains("possible results"), "{one}");
    let several = lines("host-model,host=Xeon-6788P,from=10.8.0:9.1.0,to=12.8.0:11.1.2");
    assert!(several.contains("host-model at the source, one of "), "{several}");
    assert!(several.contains("host-model at the destination: "), "{several}");
}

/// Each of several results says with which values of the unknown inputs it is the result, and no two say the same.
#[test]
fn several_results_say_what_sets_them_apart() {
    let said = |host: &str, on: &str| -> Vec<Vec<String>> {
        let asked = scenario(&format!("host-model,host={host},from={on},to={on}"));
        expansions(&CATALOG, &asked).into_iter().map(|possible| possible.assumptions).collect()
    };
    let names: Vec<&str> = CATALOG.hosts().iter().map(|host| &*host.name).collect();
    let mut several = 0;
    for host in names.iter().step_by(4) {
        for on in ["rhel:9.4", "rhel:9.7", "rhel:10.0", "rhel:10.2", "ubuntu:24.04", "10.8.0:9.1.2", "9.9.0:8.0.4"] {
            let found = said(host, on);
            let distinct: BTreeSet<&Vec<String>> = found.iter().collect();
            assert_eq!(distinct.len(), found.len(), "{host} on {on}: {found:?}");
            assert!(found.len() == 1 || found.iter().all(|said| !said.is_empty()), "{host} on {on}: {found:?}");
            for text in found.iter().flatten() {
                assert!(text.len() < 300 && !text.contains("more combinations"), "{host} on {on}: {text}");
            }
            several += usize::from(found.len() > 1);
        }
    }
    assert!(several > 10, "{several}");
    assert_eq!(
        said("EPYC-9334-32-Core", "10.10.0:9.1.2"),
        [
            vec!["QEMU 9.1.2: as QEMU 9.1.0, or libvirt map of 10.10.0: as in 10.7.0"],
            vec!["libvirt map of 10.10.0: as in 11.3.0", "QEMU 9.1.2: as QEMU 9.2.0"],
        ]
    );
    // What the package has, QEMU 9.1.0, was read.
    assert_eq!(said("EPYC-9334-32-Core", "rhel:10.0").len(), 1);
    // Where no value of one input says it, the combinations do.
    let [either, other] = &said("Xeon-6788P", "rhel:10.2")[..] else { panic!("two results") };
    assert_eq!(either[..], ["QEMU 10.1.0: as QEMU 10.0.13, or libvirt map of 11.10.0: as in 11.3.0"]);
    assert_eq!(other[..], ["libvirt map of 11.10.0: as in 12.8.0", "QEMU 10.1.0: as QEMU 11.1.2"]);
}
