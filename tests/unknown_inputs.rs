//! What is not known: on what an answer depends, what it costs to find out, and how sure an answer is.

mod support;

use support::ask::{CATALOG, answer, scenario};
use virt_cpu_explorer::internal::domain::behaviour::Regime;
use virt_cpu_explorer::internal::explain::explain;
use virt_cpu_explorer::internal::resolve::{Budget, BudgetExceeded, Plan, Resolver, Verdict, between_exact_maps};

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
    let answer = plan.resolve();
    assert_eq!((answer.verdict, answer.depends_on[0].input.as_str()), (Verdict::Depends, "too many combinations"));
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
