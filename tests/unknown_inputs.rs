//! What is not known: on what an answer depends, what it costs to find out, and how sure an answer is.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a question that cannot be asked fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use support::ask::{CATALOG, answer, combinations, scenario};
use virt_cpu_explorer::internal::domain::behaviour::Regime;
use virt_cpu_explorer::internal::domain::catalog::Provenance;
use virt_cpu_explorer::internal::domain::feature::FeatureSet;
use virt_cpu_explorer::internal::domain::qemu::MachineId;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::input::domain;
use virt_cpu_explorer::internal::resolve::{Budget, BudgetExceeded, Host, Plan, Resolver, Verdict, between_exact_maps};

/// Questions that differ in one thing each that an end is made from.
const ALIKE: [&str; 12] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,accel=tcg,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,feature=hle,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,host=EPYC-7502-32-Core,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,host=Core-i7-8550U,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,from-host=Core-i7-8550U,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,host=any,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,from-host=any,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,to-host=any,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,regime=require,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,+vmx,machine=pc-q35-3.1,host=Core-i7-8550U,from=old:7.2.22,to=new:7.2.22",
    "Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=?:7.2.22",
];

/// A scenario, its verdict, the inputs that decide it, and the verdict that every value of them gives.
type Row = (&'static str, Verdict, &'static [&'static str], Option<Verdict>);

const OPEN: &[Row] = &[
    // A guest that runs on an unknown host was started there: hosts that would have refused it do not count.
    ("EPYC-Rome,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22", Verdict::Unchanged, &[], None),
    (
        "EPYC-Rome,from-host=capable,to-host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
        Verdict::Depends,
        &["host of the destination"],
        None,
    ),
    // A destination that is not known may be another than any host of the source.
    (
        "EPYC-Rome,from-host=any,to-host=?,from=9.0.0:7.2.22,to=9.0.0:7.2.22",
        Verdict::Depends,
        &["host of the source", "host of the destination"],
        None,
    ),
    // Where every host refuses it, they count.
    (
        "GraniteRapids,host=any,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
        Verdict::Depends,
        &["host"],
        Some(Verdict::StartRefused),
    ),
    // A host that is not known is named by its end, unless it is that of both.
    (
        "GraniteRapids,from-host=?,from=11.3.0:10.0.13,to=11.3.0:10.0.13",
        Verdict::Depends,
        &["host of the source"],
        Some(Verdict::StartRefused),
    ),
    (
        "EPYC,+arch-capabilities,from-host=?,to-host=?,from=11.3.0:10.0.13,to=11.3.0:10.0.5",
        Verdict::Depends,
        &["host of the source", "host of the destination"],
        None,
    ),
    // Before 3.2.0 libvirt compares with the processor, under TCG too.
    ("qemu64,accel=tcg,machine=pc-i440fx-2.8,from=3.1.0:2.8.0,to=9.0.0:7.2.22", Verdict::Unchanged, &[], None),
    (
        "qemu64,avx=optional,accel=tcg,machine=pc-i440fx-2.8,from=3.1.0:2.8.0,to=9.0.0:7.2.22",
        Verdict::Depends,
        &["host silicon"],
        None,
    ),
    (
        "qemu64,avx=optional,accel=tcg,machine=pc-i440fx-2.8,from=3.2.0:2.8.0,to=3.1.0:2.8.0",
        Verdict::Unchanged,
        &[],
        None,
    ),
    // Since then under TCG the host does not matter.
    ("qemu64,host=any,accel=tcg,from=9.0.0:7.2.22,to=9.0.0:7.2.22", Verdict::Unchanged, &[], None),
    (
        "Cascadelake-Server,topology=?,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:10.0.13",
        Verdict::Depends,
        &["topology"],
        None,
    ),
    (
        "Skylake-Client,machine=pc-q35-3.1,from=10.0.0:7.2.22,to=10.3.0:7.2.22",
        Verdict::Depends,
        &["switch removed-incoming of libvirt 10.3.0", "libvirt map of 10.3.0"],
        None,
    ),
    // The same release at source and destination has one map, and the guest is unchanged whichever it is.
    ("Skylake-Client,machine=pc-q35-3.1,from=10.3.0:7.2.22,to=10.3.0:7.2.22", Verdict::Unchanged, &[], None),
    // Two releases that are not known may be two.
    (
        "EPYC,machine=pc-q35-5.2,from=9.0.0:7.2.22,via=?:7.2.22,to=?:7.2.22",
        Verdict::Depends,
        &["libvirt of the intermediate host", "libvirt of the destination"],
        None,
    ),
    (
        "EPYC,machine=pc-q35-5.2,from=?:7.2.22,started=?:7.2.22,to=9.0.0:7.2.22",
        Verdict::Depends,
        &["libvirt of the guest's start"],
        None,
    ),
    // The model that libvirt puts in place of host-model has other features under other machine types.
    ("host-model,machine=?,accel=tcg,from=3.4.0:7.2.22,to=9.0.0:7.2.22", Verdict::Depends, &["machine type"], None),
    // Of these more than can be tried, so that values which cannot differ for this guest are tried once.
    (
        "EPYC,machine=pc-q35-5.2,topology=?,from=10.10.0-14.el9:9.1.0-0ubuntu1,via=10.2.0:7.2.22,to=10.6.0:9.2.0",
        Verdict::Depends,
        &["changes in QEMU package 9.1.0-0ubuntu1"],
        None,
    ),
    // What is refused in all that were tried may start in others.
    ("EPYC,machine=pc-q35-10.0,from=9.0.0:5.2.0,via=?:?,to=?:?", Verdict::Depends, &["too many combinations"], None),
    // Which machine types this package has was not read.
    ("EPYC,machine=?,from=4.5.0:2.12.0-1.el8,to=4.5.0:2.12.0-1.el8", Verdict::Depends, &["machine type"], None),
    // A machine type of a distribution whose defaults were not read takes those of another, and is not in every QEMU.
    ("EPYC,machine=microvm,check=none,from=4.5.0:3.1.0,to=4.5.0:3.1.0", Verdict::StartRefused, &[], None),
    (
        "EPYC,machine=pc-i440fx-rhel7.2.0,machine-like=pc-i440fx-2.4,from=8.0.0-7.module.el8:6.2.0-40.module.el8,\
         to=8.0.0-7.module.el8:6.2.0-40.module.el8",
        Verdict::Unchanged,
        &[],
        None,
    ),
    ("Skylake-Client,machine=?,from=9.0.0:9.1.0-1.el9,to=new:9.1.0-1.el9", Verdict::Depends, &["machine type"], None),
    // A release that may refuse the guest counts: only an unknown host is told from the guest's running there.
    ("EPYC-Genoa,from=10.0.0:10.0.13,to=11.3.0:10.0.13", Verdict::Unchanged, &[], None),
    ("EPYC-Genoa,from=11.3.0:7.2.22,to=11.3.0:7.2.22", Verdict::StartRefused, &[], None),
    ("EPYC-Genoa,fallback=allow,from=11.3.0:7.2.22,to=11.3.0:7.2.22", Verdict::Depends, &["host"], None),
    ("EPYC-Rome,fallback=allow,from=11.3.0:7.2.22,to=11.3.0:7.2.22", Verdict::Unchanged, &[], None),
    // Here the start is refused for another reason than the model.
    (
        "EPYC-Rome,fallback=allow,machine=pc-q35-9.0,from=11.3.0:7.2.22,to=11.3.0:7.2.22",
        Verdict::StartRefused,
        &[],
        None,
    ),
];

#[test]
fn an_answer_names_the_inputs_that_decide_it() {
    let mut resolver = Resolver::new(&CATALOG);
    for (link, verdict, inputs, either_way) in OPEN {
        let found = answer(link);
        let named: Vec<&str> = found.depends_on.iter().map(|on| on.input.as_str()).collect();
        let verdict = &either_way.unwrap_or(*verdict);
        assert_eq!((found.verdict, named.as_slice(), found.either_way()), (*verdict, *inputs, *either_way), "{link}");
        let outcome = resolver.outcome(&scenario(link));
        let (short, long) = ((outcome.verdict, outcome.rule, outcome.row), (found.verdict, found.rule, found.row));
        assert_eq!(short, long, "in short: {link}");
        let unchanged = resolver.unchanged(&scenario(link), None).is_some();
        assert_eq!(unchanged, *verdict == Verdict::Unchanged, "whatever is not known: {link}");
    }
}

#[test]
fn an_answer_is_as_sure_as_the_least_sure_of_its_releases() {
    for (link, basis) in [
        ("Cascadelake-Server,machine=pc-i440fx-2.6,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22", "recorded"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:7.2.22", "read"),
        ("EPYC,machine=pc-q35-5.2,from=old:7.2.22,to=11.3.0:10.0.13", "read"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=new:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=?:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0-3.el9:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=10.0.0:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=12.8.0:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:7.2.22-1.el9", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:8.0.0", "inferred"),
        ("EPYC,machine=pc-q35-4.1,from=7.0.0:4.1.0,to=9.0.0:7.2.22", "inferred"),
        ("EPYC,machine=pc-q35-4.0,from=7.0.0:4.0.0,to=9.0.0:7.2.22", "extrapolated"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:?", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=4.5.0:5.2.0,to=9.0.0:7.2.22", "inferred"),
        // 2.3.0 is the first release of which the code was read.
        ("EPYC,machine=pc-q35-5.2,from=2.3.0:5.2.0,to=9.0.0:7.2.22", "read"),
        ("EPYC,machine=pc-q35-5.2,from=2.2.0:5.2.0,to=9.0.0:7.2.22", "extrapolated"),
        ("EPYC,machine=pc-q35-5.2,from=9.0.0:5.2.0,to=9.0.0:7.2.22,via=6.0.0", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=9.0.0:5.2.0,to=9.0.0:7.2.22,started=10.0.0", "inferred"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:7.2.22,regime=disable", "read"),
        ("EPYC,machine=pc-q35-5.2,from=7.0.0:5.2.0,to=9.0.0:7.2.22,regime=require", "inferred"),
    ] {
        assert_eq!(answer(link).basis.name(), basis, "{link}");
    }
}

#[test]
fn a_release_between_names_its_neighbours() {
    let names = |link: &str| -> Vec<[String; 3]> {
        let name = |id| CATALOG.release(id).name.to_string();
        between_exact_maps(&CATALOG, &scenario(link))
            .iter()
            .map(|(id, lower, upper)| [name(*id), name(*lower), name(*upper)])
            .collect()
    };
    let basis = |link: &str| explain(&CATALOG, &scenario(link), &answer(link)).basis;
    let found = basis("EPYC,from=9.0.0:8.1.3,to=9.0.0:8.1.3");
    assert_eq!(found.matches("QEMU 8.1.3: between 8.1.0 and 8.2.0").count(), 1, "{found}");
    let found = basis("EPYC,from=9.0.0:7.2.22,to=9.0.0:9.1.5");
    assert!(found.contains("QEMU 9.1.5: between 9.1.0 and 9.2.0") && !found.contains("QEMU 7.2.22"), "{found}");
    let four = |name: &str| [name, "9.10.0", "10.4.0"].map(str::to_owned);
    assert_eq!(names("EPYC,from=9.0.0:7.2.22,to=11.3.0:7.2.22"), Vec::<[String; 3]>::new());
    assert_eq!(names("EPYC,from=10.0.0:7.2.22,to=11.3.0:7.2.22,via=10.4.0"), [four("10.0.0")]);
}

#[test]
fn an_input_that_is_known_is_none() {
    for (link, inputs) in [
        ("EPYC,from=9.0.0:7.2.22,to=11.3.0:10.0.13", &[][..]),
        ("EPYC,topology=?,host=Xeon-Gold-6130,from=9.0.0:7.2.22,to=11.3.0:10.0.13", &["topology"]),
        ("EPYC,accel=tcg,from=9.0.0:8.1.3,to=9.8.0:7.2.22", &["QEMU 8.1.3"]),
    ] {
        let scenario = scenario(link);
        let plan = Plan::of(&CATALOG, &scenario).unwrap();
        let found: Vec<&str> = plan.axes.iter().map(|axis| axis.input.as_str()).collect();
        assert_eq!(found, inputs, "{link}");
    }
}

/// One value for each answer: a pair of hosts where both are needed.
#[test]
fn hosts_that_are_not_named_have_examples() {
    for hosts in ["", "to-host=any,", "from-host=?,"] {
        let found = answer(&format!("host-passthrough,{hosts}from=9.0.0:7.2.22,to=9.0.0:7.2.22"));
        let [input] = found.depends_on.as_slice() else { panic!("{:?}", found.depends_on) };
        let verdicts: Vec<Verdict> = input.answers.iter().map(|possible| possible.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unchanged, Verdict::Changed], "{hosts}: {input:?}");
        assert!(input.answers[1].value.contains(" to "), "{hosts}: {input:?}");
    }
}

#[test]
fn what_a_resolver_remembers_changes_no_answer() {
    for order in [ALIKE.to_vec(), ALIKE.iter().rev().copied().collect()] {
        let mut resolver = Resolver::new(&CATALOG);
        for link in order {
            assert_eq!(resolver.resolve(&scenario(link)), answer(link), "{link}");
        }
    }
}

#[test]
fn a_package_says_where_its_emulator_is() {
    let refused = |build: &str| {
        let link = format!("EPYC,machine=pc-q35-9.0,from=9.0.0-{build}:7.2.22,to=9.0.0:7.2.22");
        let found = answer(&link);
        let refusal = found.trace.as_ref().and_then(|trace| trace.refusal()).map(|found| format!("{found:?}"));
        refusal.unwrap_or_default()
    };
    assert!(refused("3.el9").contains("/usr/libexec/qemu-kvm"), "{}", refused("3.el9"));
    for build in ["3.fc39", "3.elm", "3"] {
        assert!(refused(build).contains("/usr/bin/qemu-system-x86_64"), "{}", refused(build));
    }
}

#[test]
fn an_answer_that_depends_still_says_what_is_known() {
    let link = "Cascadelake-Server,topology=?,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=10.0.0:10.0.13";
    let found = answer(link);
    assert_eq!(found.verdict, Verdict::Depends);
    assert_eq!(between_exact_maps(&CATALOG, &scenario(link)).len(), 1);
    let found = answer("Cascadelake-Server,topology=?,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:10.0.13");
    assert_eq!((found.verdict, found.regime), (Verdict::Depends, Some(Regime::Disable)));
    for to in ["10.3.0:7.2.22", "?:7.2.22"] {
        let link = format!("Skylake-Client,machine=pc-q35-3.1,from=9.0.0:7.2.22,to={to}");
        assert_eq!((answer(&link).verdict, answer(&link).regime), (Verdict::Depends, None), "{link}");
        let asked = answer(&format!("{link},regime=require"));
        assert_eq!(asked.regime, Some(Regime::Require), "{link}");
    }
}

#[test]
fn an_answer_costs_its_combinations() {
    for (link, price) in [
        ("EPYC,from=9.0.0:7.2.22,to=11.3.0:7.2.22", 4),
        ("EPYC,topology=?,from=9.0.0:7.2.22,to=11.3.0:7.2.22", 5),
        ("EPYC,host=any,from=9.0.0:7.2.22,to=11.3.0:7.2.22", 3 + CATALOG.recorded_hosts().count()),
        ("EPYC,topology=?,host=any,from=9.0.0:7.2.22,to=11.3.0:7.2.22", 3 + 2 * CATALOG.recorded_hosts().count()),
    ] {
        let scenario = scenario(link);
        assert_eq!(Plan::of(&CATALOG, &scenario).unwrap().price(), price, "{link}");
        assert_eq!(Resolver::new(&CATALOG).price(&scenario), price, "{link}");
    }
}

#[test]
fn more_cases_than_can_be_tried_are_tried_one_input_after_the_other() {
    let link = "?,topology=?,from-host=any,to-host=any,machine=?,from=?:?,to=?:?";
    let scenario = scenario(link);
    let plan = Plan::of(&CATALOG, &scenario).unwrap();
    assert_eq!(plan.price(), 3 + 20_000);
    let joined = plan.resolve();
    assert_eq!((joined.verdict, joined.depends_on[0].input.as_str()), (Verdict::Depends, "too many combinations"));
    let found = |link: &str| -> Vec<(String, usize)> {
        let answer = answer(link);
        answer.depends_on.into_iter().map(|on| (on.input, on.answers.len())).collect()
    };
    for (link, expected) in [
        (link, &[("libvirt of the source", 2), ("libvirt of the destination", 2), ("QEMU of the destination", 2)][..]),
        ("?,machine=?,topology=?,host=?,from=9.0.0:?,to=10.2.0:?", &[("machine type", 2), ("QEMU of the source", 3)]),
        (
            "EPYC,topology=?,host=?,machine=pc-q35-5.2,from=?:10.0.13,to=?:11.1.2",
            &[("libvirt of the source", 2), ("host of the source", 2)],
        ),
    ] {
        let found = found(link);
        let named: Vec<(&str, usize)> =
            found.iter().skip(1).map(|(input, answers)| (input.as_str(), *answers)).collect();
        assert_eq!(named, expected, "{link}");
    }
}

#[test]
fn a_budget_ends_with_the_question_that_it_does_not_cover() {
    let cheap = scenario("EPYC,from=9.0.0:7.2.22,to=11.3.0:7.2.22");
    let dear = scenario("EPYC,machine=?,topology=?,host=any,from=10.0.0:7.2.22,via=10.2.0,to=10.3.0:?");
    let mut resolver = Resolver::new(&CATALOG);
    assert!(resolver.price(&dear) > 300, "{}", resolver.price(&dear));

    let mut of_key = Budget::of_key();
    assert_eq!(resolver.brief_within(&dear, &mut of_key).err(), Some(BudgetExceeded));
    let answered = (0..1000).take_while(|_| resolver.brief_within(&cheap, &mut of_key).is_ok()).count();
    assert_eq!(answered, 25, "what was refused cost nothing");

    let mut of_slice = Budget::of_slice();
    assert!(resolver.brief_within(&dear, &mut of_slice).is_ok(), "one question may cost whatever it costs");
    assert_eq!(resolver.brief_within(&cheap, &mut of_slice).err(), Some(BudgetExceeded));

    let mut endless = Budget::endless();
    assert!((0..3).all(|_| resolver.brief_within(&dear, &mut endless).is_ok()));
}

/// The names of the values of the one input that is not known, each with how many there are.
fn named_values(link: &str) -> BTreeMap<String, usize> {
    let scenario = scenario(link);
    let plan = Plan::of(&CATALOG, &scenario).unwrap();
    let [axis] = plan.axes.as_slice() else { panic!("{link}: {:?}", plan.axes) };
    let mut counts = BTreeMap::new();
    for label in &axis.values {
        *counts.entry(label.split([',', ' ']).next().unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}

fn names(link: &str) -> BTreeSet<String> {
    named_values(link).into_keys().collect()
}

#[test]
fn every_value_of_an_unknown_input_or_the_first_like_it_is_tried() {
    let all = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect::<BTreeSet<_>>();
    let published = CATALOG.libvirt_releases().iter().filter(|release| release.provenance == Provenance::Published);
    let releases = all(&mut published.map(|release| &*release.name));
    // Of those that are the same in everything, the first; `unknown_values` compares each with what is tried.
    for link in ["EPYC,from=?:7.2.22,to=9.0.0:7.2.22", "host-model,accel=tcg,from=9.0.0:7.2.22,to=?:7.2.22"] {
        let tried = names(&format!("{link},machine=pc-q35-5.2"));
        assert!(tried.is_subset(&releases) && tried.len() > 30 && tried.contains("0.7.5"), "{tried:?}");
    }
    let qemus: BTreeSet<String> = CATALOG.qemu_releases().iter().map(|facts| facts.version.to_string()).collect();
    assert_eq!(names("EPYC,machine=pc-q35-5.2,from=9.0.0:?,to=9.0.0:7.2.22"), qemus);
    let hosts = all(&mut CATALOG.recorded_hosts().map(|(_, host)| &*host.name));
    for host in ["from-host=?", "to-host=?", "host=any", "from-host=any"] {
        assert_eq!(names(&format!("EPYC,{host},machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22")), hosts);
    }
    let models = all(&mut CATALOG.pickable_models().map(|model| CATALOG.model_name(model)));
    assert_eq!(names("?,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=9.0.0:7.2.22"), models);
    let with_cells = |machine: &MachineId| CATALOG.qemu_defaults().machines.contains(machine);
    for qemu in ["5.2.0", "7.2.22", "10.0.13"] {
        let facts = CATALOG.qemu_releases().iter().find(|facts| facts.version.to_string() == qemu).unwrap();
        let machines = facts.machines.iter().map(|known| known.machine).filter(with_cells);
        let machines = all(&mut machines.map(|machine| CATALOG.machine_name(machine)));
        assert_eq!(names(&format!("EPYC,machine=?,from=9.0.0:{qemu},to=9.0.0:{qemu}")), machines);
    }
}

/// The names of the inputs that are not known.
fn inputs(scenario: &Scenario) -> Vec<String> {
    Plan::of(&CATALOG, scenario).unwrap().axes.into_iter().map(|axis| axis.input).collect()
}

/// A release has a value for each map that it may have, before and after what changes in it; a QEMU one for each
/// neighbour whose facts are used.
#[test]
fn a_release_that_was_not_read_has_several_values() {
    let libvirts = named_values("EPYC,machine=pc-q35-5.2,from=?:7.2.22,to=9.0.0:7.2.22");
    let all = |name: &str| {
        let open = inputs(&scenario(&format!("EPYC,machine=pc-q35-5.2,from={name}:7.2.22,to=9.0.0:7.2.22")));
        1 << open.len()
    };
    for (name, values) in &libvirts {
        assert!(*values <= all(name), "{name}");
    }
    // The first of a gap has one value that is as the release before, which is tried already.
    for name in ["10.0.0", "10.8.0"] {
        assert_eq!(libvirts[name], all(name) - 1, "{name}");
        assert!(all(name) >= 8, "{name}");
    }
    for (name, values) in named_values("EPYC,machine=pc-q35-5.2,from=9.0.0:?,to=9.0.0:7.2.22") {
        let open = inputs(&scenario(&format!("EPYC,machine=pc-q35-5.2,from=9.0.0:{name},to=9.0.0:7.2.22")));
        assert_eq!(values, 1 + open.len(), "{name}: {open:?}");
    }
}

#[test]
fn only_switches_that_bear_on_the_guest_are_open() {
    let named = "EPYC,machine=pc-q35-5.2,from=10.8.0:7.2.22,to=11.4.0:7.2.22";
    let chosen = "host-model,host=Core-i7-8550U,machine=pc-q35-5.2,from=10.8.0:7.2.22,to=11.4.0:7.2.22";
    let [named, chosen] = [named, chosen].map(|link| inputs(&scenario(link)));
    let untranslated = "switch untranslated of libvirt 10.8.0".to_owned();
    assert!(chosen.contains(&untranslated) && !named.contains(&untranslated), "{chosen:?} {named:?}");
    for input in named.iter().chain(&chosen) {
        let of = ["vmx-", "versioned", "v1-", "mpx-", "partial-compat", "sorted"];
        assert!(!of.iter().any(|switch| input.starts_with(&format!("switch {switch}"))), "{input}");
    }
}

/// The hosts of all cases, with what QEMU knows there.
fn hosts(link: &str) -> Vec<(FeatureSet, FeatureSet, FeatureSet)> {
    let scenario = scenario(link);
    let plan = Plan::of(&CATALOG, &scenario).unwrap();
    let host = |own: &Vec<usize>| match plan.case(own).unwrap().ends[0].host {
        Host::With { features, silicon, .. } => (features, silicon, plan.case(own).unwrap().ends[0].qemu.properties),
        Host::Capable => panic!("{link}: the host is given"),
    };
    combinations(&plan, 100).unwrap().iter().map(host).collect()
}

#[test]
fn a_given_host_has_what_its_list_implies() {
    let [arch, mds, sha512] = ["arch-capabilities", "mds-no", "sha512"].map(|name| CATALOG.feature(name).unwrap());
    let ask = |host: &str, qemu: &str| hosts(&format!("EPYC,host={host},from=9.0.0:{qemu},to=9.0.0:{qemu}"));
    // The silicon has what KVM gives; arch-capabilities is sure only of an Intel processor with rdctl-no.
    for (host, has_arch) in [
        ("Intel:sse2+arch-capabilities+rdctl-no", true),
        ("Intel:sse2+arch-capabilities", false),
        ("AMD:sse2+rdctl-no", false),
    ] {
        let all = ask(host, "7.2.22");
        assert_eq!(all.len(), 2, "{host}");
        for (features, silicon, _) in &all {
            assert!(features.iter().all(|feature| feature == arch || silicon.contains(feature)), "{host}");
        }
        assert_eq!(all.iter().all(|(_, silicon, _)| silicon.contains(arch)), has_arch, "{host}");
    }
    // What KVM emulates on every AMD processor is not in the list of a QEMU that leaves it out.
    for (vendor, qemu, emulated) in [("AMD", "10.1.3", true), ("AMD", "10.0.13", false), ("Intel", "10.1.3", false)] {
        let all = ask(&format!("{vendor}:sse2"), qemu);
        assert!(all.iter().all(|(features, ..)| features.contains(mds) == emulated), "{vendor} {qemu}");
    }
    // The list was read from this QEMU, which has a name for each, unless its own names were read.
    for (qemu, knows) in [("7.2.22", false), ("8.1.3", true)] {
        assert!(ask("Intel:sha512", qemu).iter().all(|(.., names)| names.contains(sha512) == knows), "{qemu}");
    }
}

#[test]
fn what_a_running_guests_qemu_was_told_matters_where_it_may_filter() {
    let path = format!("{}/tests/data/domains/7.0.0-skylake.live.xml", env!("CARGO_MANIFEST_DIR"));
    let tcg = std::fs::read_to_string(path).unwrap();
    let kvm = tcg.replacen("type='qemu'", "type='kvm'", 1);
    let open = |xml: &str, host: &str| {
        let between = scenario(&format!("EPYC,machine=pc-q35-5.2,{host}from=7.0.0:5.2.0,to=9.0.0:7.2.22"));
        let guest = domain::scenario(&CATALOG, &between, "guest.xml", xml.as_bytes()).unwrap();
        inputs(&guest.scenario).contains(&"-cpu option of the running QEMU".to_owned())
    };
    assert_eq!([open(&tcg, ""), open(&kvm, ""), open(&kvm, "host=Xeon-Gold-6130,")], [true, false, true]);
    assert!(!open(&kvm.replace("mode='custom'", "mode='host-passthrough'"), "host=Xeon-Gold-6130,"));
}

#[test]
fn a_machine_type_that_may_have_a_quirk_is_tried_with_it() {
    let scenario = scenario("EPYC,machine=pc-q35-noble-v2,from=11.3.0:10.1.0-1ubuntu1,to=11.3.0:10.1.0-1ubuntu1");
    let plan = Plan::of(&CATALOG, &scenario).unwrap();
    let all = combinations(&plan, 100).unwrap();
    let quirks = all.iter().map(|own| plan.case(own).unwrap().guest.machine.quirk.is_some()).collect::<BTreeSet<_>>();
    assert_eq!(quirks, BTreeSet::from([false, true]));
}
