//! Measures the time from a key to the drawn frame, at 200x60, on every screen there is: long walks of keys that are
//! the same at every run, over scenarios of every kind.
//!
//! Each walk is done several times over and the best time of each step counts, so that what else runs on the machine
//! does not show. `cargo bench --bench frame -- --once` walks once, for counting instructions; `--slow` lists the slowest
//! keys of each screen.

#![expect(clippy::panic, reason = "a benchmark without its facts measures nothing")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../tests/support/random.rs"]
mod random;

use random::Random;
use std::hint::black_box;
use std::time::{Duration, Instant};
use virt_cpu_explorer::internal::app::action::{ACTIONS, Action};
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::model::Model;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::settings::{Settings, Size};
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::tui::draw;

const SIZE: Size = Size { width: 200, height: 60 };
/// What a keystroke may take.
const BUDGET: Duration = Duration::from_millis(1);
/// How many keys are pressed from each scenario.
const KEYS: usize = 60;
/// How many of the slowest keys are listed.
const SLOWEST: usize = 25;
/// How often each walk is done.
const TIMES: usize = 5;

/// Where the walks begin: every rule's way of being refused, both accelerators, unknown inputs, packages, stops.
const STARTS: [&str; 16] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
    "Skylake-Client,machine=pc-q35-4.0,from=old,to=new",
    "Skylake-Client,machine=pc-q35-3.1,started=old,from=new,to=old",
    "EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
    "SapphireRapids,+vmx,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
    "SapphireRapids,+vmx,machine=pc-q35-5.2,accel=tcg,from=11.3.0:10.0.13,to=9.0.0:7.2.22",
    "Cascadelake-Server,+vmx,host=any,machine=pc-q35-5.2,from=9.0.0,to=11.3.0",
    "Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.0.0,to=10.4.0",
    "Icelake-Server,machine=pc-q35-4.2,host=any,from=6.0.0:5.2.0,to=9.0.0",
    "Nehalem,+vmx,from=12.8.0:11.1.2,to=7.0.0",
    "Haswell-noTSX-IBRS,+vmx,from=10.0.0-5.el9,to=12.0.0",
    "EPYC-Milan,+svm,machine=pc-q35-5.2,from=8.0.0,to=9.0.0:10.0.4",
    "host-passthrough,from=9.0.0,to=11.3.0",
    "maximum,accel=tcg,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
    "Opteron_G5,machine=pc-i440fx-2.4,from=3.0.0:2.12.1,to=9.0.0:7.2.22",
    "Broadwell,+vmx,-mpx,machine=pc-q35-rhel9.4.0,via=11.3.0,from=old,to=new",
];

/// One keystroke of a walk with the least time it took.
struct Step {
    best: Duration,
    key: Key,
    scenario: String,
}

fn main() {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let (once, slow) = (has("--once"), has("--slow"));
    let catalog = embedded::catalog().unwrap_or_else(|err| panic!("{err}"));
    let mut held = true;
    println!("key to drawn frame at {}x{}, {} keys each", SIZE.width, SIZE.height, STARTS.len() * KEYS);
    println!("{:<12} {:>10} {:>10} {:>10}  slowest", "screen", "p50", "p99", "max");
    for kind in ScreenKind::ALL {
        let mut steps = walks(&catalog, *kind, if once { 1 } else { TIMES });
        steps.sort_by_key(|step| step.best);
        let at = |hundredths: usize| steps.get(steps.len() * hundredths / 100);
        let (Some(p50), Some(p99), Some(max)) = (at(50), at(99), steps.last()) else { continue };
        let [middle, high, most] = [p50, p99, max].map(|step| format!("{:.3} ms", step.best.as_secs_f64() * 1e3));
        println!("{:<12} {middle:>10} {high:>10} {most:>10}  {} on {}", kind.name(), max.key, max.scenario);
        held &= p99.best < BUDGET;
        for step in steps.iter().rev().take(if slow { SLOWEST } else { 0 }) {
            println!("    {:.3} ms  {} on {}", step.best.as_secs_f64() * 1e3, step.key, step.scenario);
        }
    }
    let said = if held { "within" } else { "OVER" };
    println!("{said} the budget of {BUDGET:?} at the 99th percentile");
}

/// Every step of the walks on one screen, with the best of its times.
fn walks(catalog: &Catalog, kind: ScreenKind, times: usize) -> Vec<Step> {
    let keys = keys();
    let mut steps: Vec<Step> = Vec::new();
    for (seed, start) in (1..).zip(STARTS) {
        let mut best: Vec<Step> = walk(catalog, (kind, seed), start, &keys);
        for _ in 1..times {
            for (step, again) in best.iter_mut().zip(walk(catalog, (kind, seed), start, &keys)) {
                step.best = step.best.min(again.best);
            }
        }
        steps.append(&mut best);
    }
    steps
}

fn walk(catalog: &Catalog, (kind, seed): (ScreenKind, u64), start: &str, keys: &[Key]) -> Vec<Step> {
    let scenario = Scenario::parse(catalog, start).unwrap_or_else(|err| panic!("{start}: {err}"));
    let mut model = Model::new(catalog, scenario, Settings::default(), SIZE);
    let mut numbers = Random::of(seed);
    let mut steps = Vec::with_capacity(KEYS);
    for _ in 0..KEYS {
        if model.overlay.is_none() && model.screens.top().kind() != kind {
            update::open(&mut model, catalog, kind);
        }
        let key = keys[numbers.below(keys.len())];
        let began = Instant::now();
        black_box(update::press(&mut model, catalog, key));
        black_box(draw(&model, catalog));
        steps.push(Step { best: began.elapsed(), key, scenario: model.derived.link.clone() });
    }
    steps
}

/// Every key of every action but those that leave; the ones that change the scenario more often.
fn keys() -> Vec<Key> {
    let leaves = |action| matches!(action, Action::Quit | Action::QuitNow | Action::Suspend);
    let named = ACTIONS.iter().filter(|info| !leaves(info.action)).flat_map(|info| info.keys.iter().copied());
    let often = ["<left>", "<right>", "<up>", "<down>", "<enter>", "<tab>", "s"].repeat(6);
    named.chain(often).filter_map(|name| Key::parse(name).ok()).collect()
}
