//! Holds follow, history, diff and baseline to what is known of mpx.

use virt_cpu_explorer::internal::analysis::baseline::{BaselineHost, Failure, Question, baseline};
use virt_cpu_explorer::internal::analysis::diff::{self, Why};
use virt_cpu_explorer::internal::analysis::follow::{By, Seen, State, Step, follow};
use virt_cpu_explorer::internal::analysis::history::{self, Membership};
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::definition::Policy;
use virt_cpu_explorer::internal::domain::host::HostId;
use virt_cpu_explorer::internal::domain::scenario::{HostChoice, Key, Release, Scenario};
use virt_cpu_explorer::internal::domain::version::Version;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Origin, RuleId, Verdict, WrittenBy, resolve};

#[expect(clippy::unwrap_used, reason = "facts that cannot be read fail the test")]
fn catalog() -> Catalog {
    embedded::catalog().unwrap()
}

#[expect(clippy::unwrap_used, reason = "a link that cannot be read fails the test")]
fn followed(catalog: &Catalog, link: &str, feature: &str) -> Vec<Seen> {
    let scenario = Scenario::parse(catalog, link).unwrap();
    follow(&scenario, &resolve(catalog, &scenario), catalog.feature(feature).unwrap())
}

#[expect(clippy::unwrap_used, reason = "a host that is not listed fails the test")]
fn listed(catalog: &Catalog, name: &str) -> BaselineHost {
    BaselineHost { name: name.to_owned(), choice: HostChoice::Listed(catalog.host_named(name).unwrap()) }
}

#[test]
fn a_silent_feature_is_on_at_the_source_and_extra_at_the_destination() {
    let catalog = catalog();
    let seen = followed(&catalog, "Skylake-Client,machine=pc-q35-3.1,from=old,to=new", "mpx");
    assert_eq!(seen.iter().map(|seen| seen.step).collect::<Vec<_>>(), Step::ALL);
    let states: Vec<State> = seen.iter().map(|seen| seen.state).collect();
    assert_eq!(
        states,
        [
            State::InModel,
            State::InModel,
            State::Unmentioned,
            State::On,
            State::InModel,
            State::InModel,
            State::Silent,
            State::On,
            State::Extra,
            State::Stays,
        ]
    );
    assert_eq!(seen[3].by, Some(By::Qemu(Origin::MachineType)));
    assert_eq!(seen[8].by, Some(By::Rule(RuleId::T7)));
    assert!(seen[6].changed && !seen[4].changed);
}

#[test]
fn a_newer_machine_type_makes_the_live_update_write_the_feature_down() {
    let catalog = catalog();
    let seen = followed(&catalog, "Skylake-Client,machine=pc-q35-4.0,from=old,to=new", "mpx");
    assert_eq!(seen[3].state, State::Off);
    assert_eq!(
        (seen[4].state, seen[4].by),
        (State::Mention(Policy::Disable), Some(By::Written(WrittenBy::LiveUpdate)))
    );
    assert!(seen[3].changed && !seen[4].changed);
    assert_eq!(seen[9].state, State::Kept);
}

#[test]
fn a_release_that_requires_writes_the_feature_from_its_removed_list() {
    let catalog = catalog();
    let link = "Skylake-Client,machine=pc-q35-3.1,from=9.0.0:7.2.22,to=11.3.0:10.0.13";
    let seen = followed(&catalog, link, "mpx");
    assert_eq!(
        (seen[6].state, seen[6].by),
        (State::Mention(Policy::Require), Some(By::Written(WrittenBy::RemovedList)))
    );
    let disabled = followed(&catalog, "Skylake-Client,machine=pc-q35-3.1,from=9.0.0,to=9.0.0+mpx-removed", "mpx");
    assert_eq!((disabled[6].state, disabled[9].state), (State::Mention(Policy::Disable), State::Lost));
}

#[test]
fn the_history_of_mpx_says_which_models_lost_it_and_which_machine_types_turn_it_on() {
    let catalog = catalog();
    let found = history::of_feature(&catalog, catalog.feature("mpx").unwrap());
    let of = |name: &str| {
        let model = catalog.model(name).unwrap();
        found.models.iter().find(|(known, _)| *known == model).map(|(_, all)| all.clone()).unwrap()
    };
    let skylake: Vec<Membership> = of("Skylake-Client").iter().map(|segment| segment.state).collect();
    assert_eq!(skylake, [Membership::NoModel, Membership::Has, Membership::Removed]);
    assert_eq!(of("Icelake-Client").last().map(|segment| segment.state), Some(Membership::Has));
    let on = |name: &str| found.turned_on.iter().find(|on| Some(on.model) == catalog.model(name)).unwrap();
    assert_eq!(on("Denverton").machines, None);
    let newest = on("Skylake-Client").machines.as_ref().and_then(|machines| machines.last().copied());
    assert_eq!(newest.map(|machine| catalog.machine_name(machine)), Some("pc-q35-3.1"));
}

#[test]
fn the_history_of_a_model_lists_only_changes() {
    let catalog = catalog();
    let found = history::of_model(&catalog, catalog.model("Skylake-Client").unwrap());
    let mpx = catalog.feature("mpx").unwrap();
    assert!(found.steps.first().is_some_and(|step| step.change.came));
    let lost: Vec<&str> = found
        .steps
        .iter()
        .filter(|step| step.change.removed.contains(&mpx))
        .map(|step| &*catalog.release(step.since).name)
        .collect();
    assert_eq!(lost, ["10.4.0"]);
    assert!(found.steps.len() < 12, "{}", found.steps.len());
    assert!(found.machines.iter().any(|(feature, _)| *feature == mpx));
    let copy = history::of_model(&catalog, catalog.model("Skylake-Client-v1").unwrap());
    let on = copy.steps.first().and_then(|step| step.change.built_on.as_ref()).unwrap();
    assert_eq!(Some(on.model), catalog.model("Skylake-Client"));
    assert!(on.adds.is_empty() && on.lacks.is_empty());
}

#[test]
fn a_difference_is_grouped_by_why_it_matters() {
    let catalog = catalog();
    let [old, new] = ["9.0.0", "11.3.0"].map(|name| catalog.libvirt(name).unwrap());
    let found = diff::maps(&catalog, old, new);
    let skylake = catalog.model("Skylake-Client").unwrap();
    let model = found.models.iter().find(|model| model.model == skylake).unwrap();
    let group = |why: Why| model.groups.iter().find(|(known, _)| *known == why).map(|(_, features)| features.clone());
    assert_eq!(group(Why::RemovedListed), Some(vec![catalog.feature("mpx").unwrap()]));
    assert_eq!(group(Why::AddedMarked).map(|features| features.len()), Some(69));
    assert_eq!(group(Why::RemovedUnlisted), None);
    assert!(found.order && found.models_gone.is_empty() && found.features_gone.is_empty());
}

#[test]
fn the_effect_of_a_difference_is_said_for_each_direction() {
    let catalog = catalog();
    let [old, new] = ["6.4.0", "6.5.0"].map(|name| catalog.libvirt(name).unwrap());
    let mut told = Vec::new();
    let qemu = [Version::new(7, 2, 22)];
    let found = diff::effects(&catalog, (old, new), &qemu, &mut |done, of| told.push((done, of)));
    let [there, back] = found.directions;
    assert!(told.len() > 100 && told.is_sorted() && told.last().is_some_and(|(done, of)| done == of), "{told:?}");
    assert_eq!((there.worst(), back.worst()), (Verdict::Aborted, Verdict::Unchanged));
    assert!(back.findings.is_empty());
}

#[expect(clippy::unwrap_used, reason = "a release that cannot be read fails the test")]
fn release(catalog: &Catalog, text: &str) -> Release {
    let mut scenario = Scenario::default_of(catalog);
    scenario.set(catalog, Key::From, text).unwrap();
    scenario.from
}

#[test]
fn a_baseline_is_given_by_every_host_and_holds_between_all_of_them() {
    let catalog = catalog();
    let intel = |catalog: &Catalog| -> Vec<HostId> {
        let vendor = virt_cpu_explorer::internal::domain::host::Vendor::Intel;
        (0u16..)
            .zip(catalog.hosts())
            .filter(|(_, host)| host.vendor == vendor)
            .map(|(n, _)| HostId(n))
            .take(6)
            .collect()
    };
    let hosts = intel(&catalog);
    let on = vec![release(&catalog, "9.0.0:7.2.22"), release(&catalog, "11.3.0:10.0.13")];
    let named =
        |host: &HostId| BaselineHost { name: catalog.host(*host).name.to_string(), choice: HostChoice::Listed(*host) };
    let question = Question { hosts: hosts.iter().map(named).collect(), on, keep_tsx: false };
    let found = baseline(&catalog, &question).unwrap();
    let richest = found.richest.unwrap();
    assert_eq!(richest.resolved, hosts.len() * hosts.len() * 4);
    assert!(richest.broken.is_empty(), "{} {:?}", richest.scenario.link(&catalog), richest.broken.first());
    for host in &hosts {
        let required = richest.scenario.features.iter().filter(|(_, policy)| *policy == Policy::Require);
        assert!(required.map(|(feature, _)| feature).all(|feature| catalog.host(*host).features.contains(feature)));
    }
    assert_eq!((richest.costs.len(), richest.mitigations.len()), (hosts.len(), hosts.len()));
    let none = Question { hosts: Vec::new(), ..question };
    assert_eq!(baseline(&catalog, &none), Err(Failure::Empty));
}

/// A distribution's QEMU has machine types of its own, and its builds have models of later releases.
#[test]
fn a_baseline_is_found_on_packages() {
    let catalog = catalog();
    let hosts = ["EPYC-9334-32-Core", "Ryzen-9-9950X-16-Core"].map(|name| listed(&catalog, name)).to_vec();
    for (on, machine, model) in [
        ("9.5.0:8.0.0", "pc-q35-8.0", "EPYC-Milan"),
        ("rhel:9.3", "pc-q35-rhel9.2.0", "EPYC-Genoa"),
        ("rhel:9.8", "pc-q35-rhel9.8.0", "EPYC-Genoa"),
        ("rhel:10.1", "pc-q35-rhel10.0.0", "EPYC-Genoa"),
        ("ubuntu:24.04", "pc-q35-8.2", "EPYC-Genoa"),
    ] {
        let question = Question { hosts: hosts.clone(), on: vec![release(&catalog, on)], keep_tsx: false };
        let found = baseline(&catalog, &question).unwrap();
        assert_eq!(catalog.machine_name(found.machine), machine, "{on}");
        for common in [found.libvirt.unwrap(), found.richest.unwrap()] {
            let model_found = common.scenario.model().map(|model| catalog.model_name(model));
            assert_eq!(model_found, Some(model), "{on}");
            assert!(common.broken.is_empty(), "{on}: {:?}", common.broken.first());
        }
    }
}

/// What a baseline requires, the guest has where it starts; and the definition holds, also where the model and the
/// machine type of a package bring more than the map says, and where QEMU refuses to disable what it has no name for.
#[test]
fn a_richest_baseline_is_what_the_guest_gets() {
    let catalog = catalog();
    for (host, on) in [
        ("Xeon-Gold-5115", "rhel:10.2"),
        ("EPYC-7502-32-Core", "rhel:10.2"),
        ("EPYC-7502-32-Core", "11.6.0:10.1.0"),
        ("EPYC-7502-32-Core", "debian:13"),
        ("Opteron-2350", "debian:13"),
        ("Ice-Lake-Server", "5.2.0:4.0.0"),
    ] {
        let question =
            Question { hosts: vec![listed(&catalog, host)], on: vec![release(&catalog, on)], keep_tsx: false };
        let richest = baseline(&catalog, &question).unwrap().richest.unwrap();
        assert!(richest.broken.is_empty(), "{host} on {on}: {:?}", richest.broken.first());
        let choice = listed(&catalog, host).choice;
        let guest = Scenario { from_host: choice.clone(), to_host: choice, ..richest.scenario.clone() };
        let answer = resolve(&catalog, &guest);
        let cpu = answer.trace.as_ref().and_then(|trace| trace.source().cpu.as_ref()).unwrap();
        for (feature, policy) in guest.features.iter() {
            let name = catalog.feature_name(feature);
            assert_eq!(cpu.visible.contains(feature), policy.is_on(), "{host} on {on}: {name}");
        }
        // What is lost the guest does not see, and what the definition requires is not lost.
        let lost = richest.mitigations.iter().chain(&richest.costs).flatten();
        lost.for_each(|feature| assert!(!cpu.visible.contains(*feature), "{}", catalog.feature_name(*feature)));
    }
}

/// QEMU clears what depends on a feature that the guest lacks: `rdctl-no` without `arch-capabilities`.
#[test]
fn a_baseline_gives_nothing_that_qemu_clears() {
    let catalog = catalog();
    let host = listed(&catalog, "Xeon-Platinum-8268");
    for on in ["6.0.0:4.2.0", "11.3.0:10.1.2"] {
        let question = Question { hosts: vec![host.clone()], on: vec![release(&catalog, on)], keep_tsx: false };
        let found = baseline(&catalog, &question).unwrap();
        let richest = found.richest.unwrap();
        let lost = ["rdctl-no", "ibrs-all", "skip-l1dfl-vmentry"].map(|name| catalog.feature(name).unwrap());
        for of_host in [&found.libvirt.unwrap().mitigations, &richest.mitigations] {
            assert_eq!(of_host.as_slice(), [lost], "{on}");
        }
        let unnamed = |feature: &_| richest.scenario.features.get(*feature).is_none();
        assert!(lost.iter().all(unnamed), "{on}");
    }
}
