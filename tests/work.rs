//! Counts the work that hostile input makes, in bytes allocated: it grows with the size of the input, and a large file
//! takes at most four times its size of memory. Counts also what the explorer keeps, which does not grow.
#![expect(clippy::expect_used, reason = "what cannot be read fails the test")]

#[path = "support/random.rs"]
mod random;

use cap::Cap;
use random::Random;
use std::alloc::System;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex, PoisonError};
use virt_cpu_explorer::internal::app::key::{Key, parse_all};
use virt_cpu_explorer::internal::app::model::Model;
use virt_cpu_explorer::internal::app::script::{self, Step};
use virt_cpu_explorer::internal::app::settings::{Settings, Size};
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::cli::Config;
use virt_cpu_explorer::internal::domain::catalog::Catalog;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::input::{domain, host, message};
use virt_cpu_explorer::internal::load::cpu_map::MapReader;
use virt_cpu_explorer::internal::load::embedded;
use virt_cpu_explorer::internal::load::xml::Document;
use virt_cpu_explorer::internal::tui;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| embedded::catalog().expect("the embedded facts are sound"));

/// The counters are those of the whole program, so one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Returns the bytes that were ever allocated while `work` ran.
fn bytes<T>(work: impl FnOnce() -> T) -> usize {
    let before = ALLOCATOR.total_allocated();
    drop(work());
    ALLOCATOR.total_allocated() - before
}

/// Four times the input makes at most four times the work, and a quarter more.
fn is_linear(what: &str, small: usize, large: usize) {
    assert!(small > 0 && large <= small * 5, "{what}: {small} bytes, then {large} for four times the input");
}

#[test]
fn wrong_lines_of_a_file_are_linear_work() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let settings = |count: usize| (0..count).map(|number| format!("a{number} = 1\n")).collect::<Vec<_>>().concat();
    let actions = |count: usize| "curser-down\n".repeat(count);
    let read = |text: &str| Config::parse(&CATALOG, text).expect_err("every line is wrong").report("config.toml");
    let played = |text: &str| script::parse(&CATALOG, text).expect_err("every line is wrong").report("list");
    let _ = (read("a = 1"), played("curser-down"));
    for (what, text, parse) in [
        ("settings", &settings as &dyn Fn(usize) -> String, &read as &dyn Fn(&str) -> String),
        ("actions", &actions, &played),
    ] {
        let (small, large) = (text(16_000), text(64_000));
        is_linear(what, bytes(|| parse(&small)), bytes(|| parse(&large)));
        let report = parse(&large);
        assert_eq!(report.lines().count(), 21, "{report}");
        assert!(report.ends_with("and 63980 more errors"), "{report}");
    }
    // An error that is only counted is not worded: 20 suggestions, whatever the size.
    let [few, many] = [200, 64_000].map(|count| bytes(|| played(&actions(count))));
    assert!(many < few + 64_000 * "curser-down\n".len() * 4, "{few} bytes for 200 lines, {many} for 64,000");
}

#[test]
fn an_element_of_many_attributes_is_given_up_at_the_first_too_many() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let element = |count: usize| {
        format!("<a{}/>", (0..count).map(|number| format!(" a{number}=''")).collect::<Vec<_>>().concat())
    };
    let refused = |text: &str| Document::parse("x.xml", text).expect_err("there are too many").to_string();
    let (few, many) = (element(65), element(100_000));
    let expected = refused(&few);
    assert!(expected.contains("expected at most 64 attributes in an element"), "{expected}");
    assert_eq!(refused(&many), expected);
    let (few, many) = (bytes(|| refused(&few)), bytes(|| refused(&many)));
    assert!(many <= few + few / 4, "{few} bytes for 65 attributes, {many} for 100,000");
}

#[test]
fn a_long_list_of_actions_is_linear_work() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let play = |text: &str| {
        let scenario = Scenario::parse(&CATALOG, "Skylake-Client,machine=pc-q35-3.1,from=old,to=new").unwrap();
        let mut model = Model::new(&CATALOG, scenario, Settings::default(), Size { width: 100, height: 30 });
        for step in script::parse(&CATALOG, text).expect("the list is sound") {
            tui::perform(&mut model, &CATALOG, &step);
        }
    };
    for (actions, count) in [("down\nup\npage-down\nback\nundo\n", 5_000), ("right\n", 150), ("help\nback\n", 100)] {
        let [small, large] = [count, 4 * count].map(|count| bytes(|| play(&actions.repeat(count))));
        is_linear(actions, small, large);
    }
}

#[test]
fn a_log_of_many_messages_is_linear_work() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let message = "error: operation failed: guest CPU doesn't match specification: extra features:";
    let distinct =
        |count: usize| (0..count).map(|number| format!("{message} f{number}\n")).collect::<Vec<_>>().concat();
    let addresses = |count: usize| "https://example.org/-x86_64-cpu.x?CPU model =error: extra features:&".repeat(count);
    for (what, log, count) in [
        ("different messages", &distinct as &dyn Fn(usize) -> String, 2_000),
        // More than are told apart.
        ("more messages", &distinct, 12_000),
        ("one line of addresses", &addresses, 2_000),
    ] {
        let [small, large] =
            [log(count), log(4 * count)].map(|text| bytes(|| message::find_and_count(&CATALOG, &text)));
        is_linear(what, small, large);
    }
}

/// Runs `read` with room for four times the size of its input; the program is ended where it takes more.
fn in_four_times<T, E: Debug>(input: &[u8], read: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<T, E> {
    ALLOCATOR.set_limit(ALLOCATOR.allocated() + 4 * input.len()).expect("less is allocated");
    let found = read(input);
    ALLOCATOR.set_limit(usize::MAX).expect("less is allocated");
    found
}

/// A text of about 15 MB: a unit repeated between a beginning and an end.
fn large(begin: &str, unit: &str, end: &str) -> Vec<u8> {
    format!("{begin}{}{end}", unit.repeat(15_000_000 / unit.len())).into_bytes()
}

#[test]
fn a_large_file_takes_at_most_four_times_its_size() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let between = Scenario::default_of(&CATALOG);
    let domain = "<domain type='kvm'><name>g</name><os><type arch='x86_64' machine='pc-q35-5.2'>hvm</type></os>";
    let guests = [
        ("many elements", large(&format!("{domain}<devices>"), "<a/>", "</devices></domain>")),
        ("many attributes", large(domain, "<a b='' c='' d='' e='' f='' g='' h='' i=''/>", "</domain>")),
        ("a long text", large(&format!("{domain}<description>"), "a &amp; b ", "</description></domain>")),
        ("nova.conf", large("[libvirt]\ncpu_mode=custom\ncpu_models=EPYC\n", "a=b\n", "")),
        ("a manifest", large("apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec: [", "a,", "]\n")),
    ];
    for (what, input) in &guests {
        let read = in_four_times(input, |input| domain::scenario(&CATALOG, &between, "guest", input).map(|_| ()));
        assert_eq!(read.is_ok(), *what == "a long text", "{what}: {read:?}");
    }
    let hosts = [
        ("cpuinfo", large("vendor_id\t: GenuineIntel\n", "flags\t: fpu vme de\n", "")),
        (
            "capabilities",
            large(
                "<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model>",
                "<feature name='avx'/>",
                "</cpu></host></capabilities>",
            ),
        ),
        (
            "a QMP reply",
            large("{\"return\": {\"model\": {\"name\":\"max\",\"props\": {", "\"a\":true,", "\"z\":true}}}}"),
        ),
    ];
    for (what, input) in &hosts {
        let libvirt = &between.from.libvirt;
        let read = in_four_times(input, |input| host::read(&CATALOG, libvirt, "host", input).map(|_| ()));
        assert_eq!(read.is_ok(), *what == "cpuinfo", "{what}: {read:?}");
    }
    let message = |number: usize| format!("CPU doesn't match specification: extra features: {number:0>40}\n");
    let log = (0..145_000).map(message).collect::<Vec<_>>().concat().into_bytes();
    let found = in_four_times(&log, |log| std::str::from_utf8(log).map(|text| message::find_and_count(&CATALOG, text)));
    assert_eq!(found.map(|(found, more)| found.len() + more), Ok(145_000));
    let map = large("<cpus>", "<a/>", "</cpus>");
    let (mut features, mut models) = (CATALOG.features().clone(), CATALOG.models().clone());
    let read = in_four_times(&map, |map| {
        let document = Document::from_bytes("map.xml", map)?;
        MapReader::new(&mut features, &mut models).read(&document, &document.root)
    });
    assert!(read.is_err(), "it has more elements than a map may have");
}

fn explorer() -> Model {
    Model::new(&CATALOG, Scenario::default_of(&CATALOG), Settings::default(), Size { width: 120, height: 36 })
}

/// Every key, with the ones that move and open more often.
fn keys() -> Vec<Key> {
    let often = "<up><down><left><right>".repeat(6) + &"<enter><tab><space><backspace><esc><shift+tab>".repeat(4);
    let mut keys = parse_all(&format!("{often}<home><end><pageup><pagedown><f1><delete>")).expect("keys");
    keys.extend(('!'..='~').map(Key::char));
    keys.extend(('a'..='z').map(|letter| Key::parse(&format!("<ctrl+{letter}>")).expect("a key")));
    keys
}

/// Presses a key, clicks, turns the wheel or changes the size, draws the frame, and resolves for a while.
fn any_event(model: &mut Model, random: &mut Random, keys: &[Key]) {
    let size = model.size;
    let mut up_to = |most: u16| u16::try_from(random.below(most.into())).unwrap_or(0) + 1;
    match up_to(100) {
        1..=80 => drop(update::press(model, &CATALOG, random.one(keys))),
        81..=98 => {
            let (column, line) = (up_to(size.width), up_to(size.height));
            let step = match up_to(6) {
                1 => Step::Wheel(true, column, line),
                2 => Step::Wheel(false, column, line),
                _ => Step::Click(column, line),
            };
            drop(tui::perform(model, &CATALOG, &step));
        }
        _ => update::resize(model, &CATALOG, Size { width: up_to(220), height: up_to(70) }),
    }
    drop(tui::draw(model, &CATALOG));
    for _ in 0..random.below(8) {
        update::idle(model, &CATALOG);
    }
}

#[test]
fn random_keys_take_no_more_memory_the_longer_they_go_on() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut model, mut random, keys) = (explorer(), Random::of(4), keys());
    let before = ALLOCATOR.allocated();
    let mut most = |events: usize| {
        let kept = (0..events).map(|_| {
            any_event(&mut model, &mut random, &keys);
            ALLOCATOR.allocated().saturating_sub(before)
        });
        kept.max().unwrap_or(0)
    };
    // The first events are enough to have been on each screen.
    let (few, many) = (most(8_000), most(8_000));
    assert!(many < few + (1 << 20), "at most {few} bytes in 8,000 events, {many} in 8,000 more");
}

#[test]
fn a_step_of_a_lesson_keeps_only_what_it_changed() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut model = explorer();
    update::tour::open(&mut model, &CATALOG, "1");
    let before = ALLOCATOR.allocated();
    for key in parse_all("dv<end><home><esc>").expect("keys") {
        update::press(&mut model, &CATALOG, key);
        while update::idle(&mut model, &CATALOG) {}
    }
    let of_a_screen = ALLOCATOR.allocated() - before;
    let step = |model: &Model| model.tour.as_ref().map_or(0, |tour| tour.step);
    let (first, before) = (step(&model), ALLOCATOR.allocated());
    while step(&model) < first + 4 {
        update::press(&mut model, &CATALOG, Key::char('N'));
    }
    let of_steps = ALLOCATOR.allocated() - before;
    assert!(of_steps < of_a_screen, "{of_steps} bytes for four steps, {of_a_screen} for a screen");
}
