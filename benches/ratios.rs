//! Compares like with like: two ways to the same answers, timed in turns, the least of many times each, and how many
//! times the one takes what the other does. That both give the same is for the tests.

#![expect(clippy::panic, reason = "a benchmark without its facts measures nothing")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../tests/naive/mod.rs"]
mod naive;

#[path = "../tests/support/random.rs"]
mod random;

use random::Random;
use std::hint::black_box;
use std::time::{Duration, Instant};
use virt_cpu_explorer::internal::analysis::count::{Point, STATES, Space};
use virt_cpu_explorer::internal::analysis::space::models;
use virt_cpu_explorer::internal::cli::count_on;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::qemu::Accel;
use virt_cpu_explorer::internal::domain::scenario::{DEFAULT_QEMU, Scenario};
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::resolve::{Plan, Prepared, Resolver, resolve, verdict};

/// How often each is timed.
const TIMES: u32 = 30;

fn main() {
    let catalog = catalog();
    println!("{:<46} {:>12}  {:<46} {:>12} {:>8}", "this", "takes", "and this", "takes", "ratio");
    one_question(&catalog);
    whole_space(&catalog);
    let link = scenario(&catalog, "Skylake-Client,machine=pc-q35-3.1,from=old,to=new");
    compare(
        ("reading the facts", 1, &mut || drop(black_box(self::catalog()))),
        ("an answer with every stage", 50, &mut || {
            black_box(resolve(&catalog, &link));
        }),
    );
}

/// One question: naively, with every stage, between endpoints known from before, and the verdict alone.
fn one_question(catalog: &Catalog) {
    let asked = scenario(catalog, "Skylake-Client,machine=pc-q35-3.1,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13");
    let facts = naive::facts::PlainFacts::of(catalog);
    let question = naive::Question::of("Skylake-Client", "pc-q35-3.1", ("9.0.0", "7.2.22"), ("11.3.0", "10.0.13"));
    let mut every_stage = || {
        black_box(resolve(catalog, &asked));
    };
    let every_stage = ("with every stage", 50, &mut every_stage as &mut dyn FnMut());
    let mut naively = || {
        black_box(naive::answer(&facts, &question).is_ok());
    };
    let mut resolver = Resolver::new(catalog);
    let mut between_known_endpoints = || {
        black_box(resolver.resolve(&asked));
    };
    let Ok(plan) = Plan::of(catalog, &asked) else { panic!("nothing is left open") };
    let Some(case) = plan.case(&[]) else { panic!("there is one case") };
    let prepared = Prepared::of(catalog, &case);
    let definition = case.definition.unordered();
    let mut alone = || {
        black_box(verdict(&prepared, black_box(&definition), asked.feature));
    };
    let (label, calls, run) = every_stage;
    compare(("the naive resolver of the tests", 5, &mut naively), (label, calls, run));
    compare((label, calls, run), ("the same, the endpoints remembered", 50, &mut between_known_endpoints));
    compare((label, calls, run), ("the verdict alone, the endpoints prepared", 1000, &mut alone));
}

/// Each scenario of the space: one by one, and as part of a folded case.
fn whole_space(catalog: &Catalog) {
    let space = Space::of(catalog, Accel::Kvm, DEFAULT_QEMU);
    let Ok(scenarios) = u32::try_from(space.count().scenarios) else { panic!("the space grew") };
    let mut numbers = Random::of(9);
    let models = models(catalog);
    let some: Vec<Scenario> = (0..2000)
        .filter_map(|_| {
            let point = Point {
                machine: numbers.below(catalog.qemu_defaults().machines.len()),
                state: numbers.below(STATES.len()),
                from: numbers.below(space.releases().len()),
                to: numbers.below(space.releases().len()),
            };
            space.scenario(models[numbers.below(models.len())], point)
        })
        .collect();
    let mut resolver = Resolver::new(catalog);
    let one_by_one = least(
        &mut || {
            for one in &some {
                black_box(resolver.outcome(one));
            }
        },
        5,
    ) / 2000.0;
    let folded = least(&mut || drop(black_box(count_on(&space, 1))), 5) / f64::from(scenarios);
    line(("a scenario of the space, one by one", one_by_one), ("the same, folded", folded));
}

type Method<'f> = (&'static str, u32, &'f mut dyn FnMut());

fn compare((one, one_calls, run_one): Method<'_>, (other, other_calls, run_other): Method<'_>) {
    let (mut one_least, mut other_least) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..TIMES {
        one_least = one_least.min(seconds(run_one, one_calls));
        other_least = other_least.min(seconds(run_other, other_calls));
    }
    line((one, one_least), (other, other_least));
}

fn line((one, one_takes): (&str, f64), (other, other_takes): (&str, f64)) {
    let text = |seconds: f64| {
        let [nano, micro] = [seconds * 1e9, seconds * 1e6];
        if nano < 10.0 {
            format!("{nano:.2} ns")
        } else if nano < 1e3 {
            format!("{nano:.0} ns")
        } else {
            format!("{micro:.1} µs")
        }
    };
    let (one_text, other_text) = (text(one_takes), text(other_takes));
    println!("{one:<46} {one_text:>12}  {other:<46} {other_text:>12} {:>8.1}", one_takes / other_takes);
}

/// The seconds that one of so many calls takes.
fn seconds(run: &mut dyn FnMut(), calls: u32) -> f64 {
    let began = Instant::now();
    for _ in 0..calls {
        run();
    }
    (began.elapsed() / calls).max(Duration::from_nanos(1)).as_secs_f64()
}

fn least(run: &mut dyn FnMut(), times: u32) -> f64 {
    (0..times).map(|_| seconds(run, 1)).fold(f64::INFINITY, f64::min)
}

fn catalog() -> Catalog {
    embedded::catalog().unwrap_or_else(|err| panic!("{err}"))
}

fn scenario(catalog: &Catalog, link: &str) -> Scenario {
    Scenario::parse(catalog, link).unwrap_or_else(|err| panic!("{err}"))
}
