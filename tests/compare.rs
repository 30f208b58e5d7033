//! Keeps a scenario and compares it with later ones. Goldens are in `tests/screens/compare/`.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use typed::{catalog, has, has_not, open, open_with};
use virt_cpu_explorer::internal::app::screens::Target;
use virt_cpu_explorer::internal::app::settings::Settings;
use virt_cpu_explorer::internal::app::update;

const T5: &str = "Skylake-Client,machine=pc-q35-4.0,from=old,to=new";
const USUAL: (u16, u16) = (120, 36);
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens/compare",
    names: &["machine-types-120x36-styles", "machine-types-80x24", "nothing-kept"],
};

#[test]
fn every_golden_belongs_to_a_test() {
    GOLDENS.no_orphans();
}

#[test]
fn without_a_scenario_a_the_reverse_direction_is_compared() {
    let session = open(T5, USUAL).keys("c");
    has(&session, "A is the reverse direction of B. Press A to set another scenario as A.");
    has(&session, "from=new:7.2.22,to=old:7.2.22");
    GOLDENS.compare("nothing-kept", &session.text());
    has(&session.keys("<enter>"), "row T6");
    has(&open(T5, USUAL).keys("cb"), "Swap A and B: no scenario is set as A.");
    let session = open(T5, USUAL).keys("cA");
    has(&session, "None. A and B have the same settings.");
    has(&session, "None. A and B have the same CPUs and the same live definition.");
}

#[test]
fn answers_choices_and_features_that_differ_stand_side_by_side() {
    let session = open(T5, USUAL).keys("A<left>c");
    has(&session, "Guest: machine       pc-q35-4.0");
    has(&session, "extra features: mpx");
    has(&session, "off, disable, off");
    has(&session, "on, not mentioned, on");
    let text = session.text();
    assert!(!text.contains("Guest: model"), "what is the same in both is no choice that differs:\n{text}");
    GOLDENS.compare("machine-types-120x36-styles", &session.styled());
    GOLDENS.compare("machine-types-80x24", &open(T5, (80, 24)).keys("A<left>c").text());
    let ascii = Settings { ascii: true, ..Settings::default() };
    let text = open_with(T5, (60, 20), ascii).keys("A<left>c<pagedown>").text();
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn what_the_explorer_does_not_display_is_compared_as_well() {
    let a = "host-passthrough,machine=pc-q35-4.0,from=9.0.0,to=9.0.0,host=Cooperlake,via=9.0.0";
    for (setting, wanted) in [
        ("migratable=off", "migratable           not set"),
        ("tsc=2400000000", "2400000000"),
        ("vendor-id=AMD", "vendor-id            not set"),
        ("machine-like=pc-q35-3.1", "machine-like         not set"),
        ("emulator=/opt/qemu", "/opt/qemu"),
        ("writer=nova", "writer               not set"),
        ("via=9.0.0@Core-i7-7700", "9.0.0:7.2.22@Core-i7-7700"),
    ] {
        let mut session = open(a, (200, 60)).keys("A");
        update::list_saved(&mut session.model, catalog(), &[("b".to_owned(), format!("{a},{setting}"))]);
        let session = session.keys("<enter>c");
        has(&session, wanted);
        has_not(&session, "same settings");
    }
}

#[test]
fn a_cpu_that_was_never_built_is_said_so() {
    let refused = "Skylake-Client,machine=pc-q35-11.1,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let session = open(refused, (200, 60)).keys("A<backspace>c");
    has(&session, "no CPU, never started, no CPU");
    has(&open("host-model,from=old,to=new", USUAL).keys("A<up><backspace>c"), "unknown");
}

#[test]
fn enter_goes_to_the_side_of_the_cursor() {
    let session = open(T5, USUAL).keys("A<left>c<enter>");
    has(&session, "row T5");
    let session = open(T5, USUAL).keys("A<left>c<right><enter>");
    has(&session, "row T7");
    has(&open(T5, USUAL).keys("A<left>c<tab><tab><enter>"), "row T5");
}

#[test]
fn features_that_a_definition_names_and_those_that_were_lost_are_listed() {
    let session = open(&T5.replace("4.0", "3.1"), USUAL).keys("A3c");
    has(&session, "+mpx");
    has(&session, "+ require");
    let changed = "Skylake-Client,machine=pc-q35-3.1,regime=disable,from=old,to=new";
    let session = open(changed, USUAL).keys("A3c<right><left>");
    has(&session, "mpx");
    has(&session.keys("<enter>"), "BUT THE GUEST'S CPU CHANGES");
}

#[test]
fn a_key_swaps_a_and_b() {
    let session = open(T5, USUAL).keys("A<left>cb");
    has(&session, "Guest: machine       pc-q35-3.1");
    has(&session.keys("<right><enter>"), "row T5");
    let again = open(T5, USUAL).keys("A<left>cbb");
    has(&again, "Guest: machine       pc-q35-4.0");
}

#[test]
fn a_side_can_be_clicked_and_the_list_scrolled() {
    let mut session = open(T5, (80, 24)).keys("A<left>c");
    let (a, b) = (session.target(30, 7), session.target(70, 7));
    assert!(matches!((a, b), (Some(Target::Cell(_, 0)), Some(Target::Cell(_, 1)))), "{a:?} {b:?}");
    assert_eq!(session.target(3, 7), None);
    update::click(&mut session.model, catalog(), b.unwrap());
    has(&session, "▸B, current");
    update::click(&mut session.model, catalog(), b.unwrap());
    has(&session, "row T7");
    let session = session.keys("c<end>");
    has(&session, "end ╮");
    has(&session.keys("<home>"), "more lines");
}

#[test]
fn the_kept_scenario_outlives_other_screens_and_undo() {
    let session = open(T5, USUAL).keys("mA<esc><left>u<left>c");
    has(&session, "Guest: machine       pc-q35-4.0");
    let session = session.keys("u");
    has(&session, "None. A and B have the same settings.");
}
