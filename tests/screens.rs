//! Types keys and looks at the screen. A test names what a user gets. The whole screen is compared with a file in
//! `tests/screens/`; those with styles in their names hold the styles as well. `BLESS=1 cargo test` rewrites the files.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use ratatui::style::Color;
use typed::{Session, catalog, has, has_not, open, open_with};
use virt_cpu_explorer::internal::app::action::{ACTIONS, Action};
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::model::Model;
use virt_cpu_explorer::internal::app::screens::Target;
use virt_cpu_explorer::internal::app::settings::{Background, Settings, Size, ThemeName};
use virt_cpu_explorer::internal::app::update::{self, Effect};
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::explain::rule_page;
use virt_cpu_explorer::internal::resolve::{RuleId, Verdict};

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const T5: &str = "Skylake-Client,machine=pc-q35-4.0,from=old,to=new";

const SMALL: (u16, u16) = (80, 24);
const USUAL: (u16, u16) = (120, 36);
const LARGE: (u16, u16) = (200, 60);

/// Every golden of this file, by name.
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens",
    names: &[
        "first-80x24-styles",
        "first-120x36-styles",
        "first-200x60-styles",
        "first-60x20",
        "first-ascii",
        "first-mono-styles",
        "machine-type-4.0",
        "a-missing-machine-type",
        "it-depends",
        "a-long-message",
        "a-long-message-80x24",
        "whole-answer",
        "picking-a-machine-type",
        "picking-a-model-by-typing",
        "commands",
        "help",
        "rule-page",
        "finding-a-feature",
        "all-features",
        "too-small",
        "rows-of-the-table",
        "kept-scenarios-120x36",
        "kept-scenarios-80x24",
    ],
};

#[test]
fn every_golden_belongs_to_a_test() {
    GOLDENS.no_orphans();
}

#[test]
fn the_abort_is_seen_at_a_glance_at_three_sizes() {
    for (size, name) in [(SMALL, "first-80x24-styles"), (USUAL, "first-120x36-styles"), (LARGE, "first-200x60-styles")]
    {
        let session = open(T7, size);
        has(
            &session,
            if size == SMALL { "ABORTED; the guest" } else { "ABORTED at the destination's full check; the guest" },
        );
        has(&session, "keeps running at the source");
        has(&session, "operation failed: guest CPU doesn't match specification: extra features: mpx");
        has(&session, "row T7");
        for cell in ["✓ T1", "✓ T2", "✓ T3", "✓ T4", "✓ T5", "✓ T6", "✗ T7", "– T8"] {
            has(&session, &format!(" {cell}"));
        }
        // The same text, two maps.
        has(&session, "not mentioned ═");
        has(&session, "□ mpx removed='yes'");
        has(&session, "libvirt does not have mpx.");
        has(&session, "libvirt 10.4.0 at the destination");
        GOLDENS.compare(name, &session.styled());
    }
}

#[test]
fn moving_the_machine_type_to_3_1_lights_up_the_abort_row() {
    let session = open(T5, USUAL);
    has(&session, "row T5");
    GOLDENS.compare("machine-type-4.0", &session.text());
    let session = session.keys("<left>");
    has(&session, "pc-q35-3.1");
    has(&session, "row T7");
    has(&session, "extra features: mpx");
    let session = session.keys("<right>");
    has(&session, "row T5");
}

#[test]
fn a_destination_that_requires_removed_features_completes_and_says_why() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=9.0.0:7.2.22,to=11.3.0:10.0.13", USUAL);
    has(&session, "COMPLETES, the guest's CPU is unchanged");
    has(&session, "libvirt 11.3.0 requires");
    has(&session, "■ mpx (removed list)");
    has(&session, "row T7");
}

#[test]
fn a_guest_refused_after_a_stop_is_said_to_be_there() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=old,via=9.0.0,to=new", USUAL);
    has(&session, "the guest keeps running at the host with libvirt 9.0.0");
    has(&session, "STOP libvirt 9.0.0");
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=old,via=new,to=11.3.0", USUAL);
    has(&session, "ABORTED at an intermediate host; the guest keeps running at");
    has(&session, "STOP libvirt new");
}

#[test]
fn typing_a_version_in_the_list_of_machine_types_takes_it() {
    let session = open(T5, USUAL).keys("<enter>q35-3.1");
    GOLDENS.compare("picking-a-machine-type", &session.text());
    let session = session.keys("<enter>");
    has(&session, "row T7");
    let session = session.keys("<enter><down><down><esc>");
    has(&session, "row T7");
}

#[test]
fn a_few_letters_find_a_model() {
    let session = open(T5, USUAL).keys("<up><enter>casnots");
    GOLDENS.compare("picking-a-model-by-typing", &session.text());
    has(&session.keys("<enter>"), "Cascadelake-Server-noTSX · pc-q35-4.0");
}

#[test]
fn a_package_that_no_list_holds_is_taken_as_typed() {
    let session = open(T5, USUAL).keys("<tab><enter>10.0.0-5.el9");
    has(&session, "Not in the list, but valid.");
    let session = session.keys("<enter>");
    has(&session, "10.0.0-5.el9");
}

#[test]
fn a_product_is_picked_by_its_name_and_brings_its_libvirt_and_qemu() {
    let session = open(T7, USUAL).keys("<tab><tab><enter>debian:13");
    has(&session, "libvirt 11.3.0");
    let session = session.keys("<enter>");
    assert!(session.model.derived.link.ends_with("to=debian:13"), "{}", session.model.derived.link);
    let session = open(T7, USUAL).keys("<tab><enter>kubevirt:1.0.0<enter>");
    assert!(session.model.derived.link.contains("from=kubevirt:1.0.0"), "{}", session.model.derived.link);
}

#[test]
fn changing_the_state_of_the_feature_moves_the_row() {
    let session = open(T7, USUAL).keys("<down><right>");
    has(&session, "+ require");
    has(&session, "row T3");
    has(&session.keys("<right>"), "row T5");
}

#[test]
fn a_taken_back_change_can_be_made_again() {
    let session = open(T5, USUAL).keys("<left>u");
    has(&session, "row T5");
    let session = session.keys("U");
    has(&session, "row T7");
    let session = session.keys("R");
    has(&session, "row T5");
    let session = open(T5, USUAL).keys("u");
    has(&session, "Undo: nothing to undo.");
}

#[test]
fn swapped_ends_are_the_other_direction() {
    let session = open(T5, USUAL).keys("s");
    has(&session, "row T6");
    assert!(session.model.derived.link.ends_with("from=new:7.2.22,to=old:7.2.22"), "{}", session.model.derived.link);
}

#[test]
fn the_default_comes_back_with_backspace() {
    let session = open(T7, USUAL).keys("<backspace>");
    has(&session, "pc-q35-4.0");
    has(&session, "row T5");
}

#[test]
fn a_way_out_is_taken_by_its_number() {
    let session = open(T7, USUAL).keys("3");
    has(&session, "+ require");
    has(&session, "COMPLETES");
    has(&session.keys("u"), "row T7");
}

#[test]
fn the_fourth_and_the_fifth_fix_have_keys_too() {
    has(&open(T7, USUAL).keys("4"), "pc-q35-4.0");
    has(&open(T7, USUAL).keys("5"), "Skylake-Client-noTSX-IBRS ·");
    has(&open(T5, USUAL).keys("5"), "Apply fix 5: there is no fix for this answer.");
}

#[test]
fn arrows_alone_reach_every_part() {
    let down = "<down>".repeat(60);
    let session = open(T7, USUAL).keys(&down);
    has(&session, "64 features");
    let session = open(T7, USUAL).keys("<tab><tab><tab><tab><enter>");
    has(&session, "Rule T7:");
}

#[test]
fn the_cursor_on_a_fix_is_seen_at_every_size() {
    for size in [SMALL, USUAL, LARGE, (60, 20)] {
        let session = open(T7, size).keys("<tab><tab><tab>");
        has(&session, "▸1 libvirt 10.4.0");
        let buffer = session.buffer();
        let (x, y) = session.place_of("▸1 libvirt");
        assert_ne!(buffer[(x, y)].bg, ratatui::style::Color::Reset, "{size:?}");
        has(&session.keys("<enter>"), "COMPLETES");
    }
}

#[test]
fn arrows_in_the_table_set_the_scenario_to_each_cell() {
    let session = open(T7, USUAL).keys("<tab><tab><tab><tab>");
    let rows = [("<up>", "row T5"), ("<up>", "row T3"), ("<right>", "row T4"), ("<down>", "row T6")];
    let session = rows.into_iter().fold(session, |session, (key, row)| {
        let session = session.keys(key);
        has(&session, row);
        session
    });
    let session = session.keys("<right>");
    has(&session, "row T1");
    let session = session.keys("<right>");
    has(&session, "row T2");
    // No guest gets to T8; the scenario stays.
    let session = session.keys("<left><left><down>");
    has(&session, "T8: no guest of this model is in this row.");
    has(&session, "row T6");
    has(&session.keys("<left>"), "row T7");
}

#[test]
fn from_any_scenario_the_table_leads_to_the_abort() {
    for link in [T5, "Skylake-Client,from=12.8.0,to=12.8.0", "Skylake-Client,+mpx,from=new,to=old"] {
        let mut session = open(link, USUAL);
        session.click("✗ T7");
        has(&session, "row T7");
        has(&session, "ABORTED");
    }
}

#[test]
fn the_eight_rows_of_the_table_are_one_key_away() {
    let session = open(T7, USUAL).keys("r");
    for row in ["T1 anything", "T3 $M +mpx", "▶T7 $M", "T8 $M"] {
        has(&session, row);
    }
    GOLDENS.compare("rows-of-the-table", &session.text());
    has_not(&session.keys("r"), "T1 anything");
}

#[test]
fn strips_show_the_same_guest_along_other_settings_and_are_clicked() {
    let mut session = open(T7, USUAL);
    for strip in ["<= 3.1 ✗ T7", "4.0-7.2 ✓ T5", ">= 10.4.0 ✓", "nothing ✗", "disable !", "require ✓"] {
        has(&session, strip);
    }
    session.click("4.0-7.2");
    has(&session, "row T5");
    has(&session, "Skylake-Client · pc-q35-4.0 ");
    let mut session = open(T7, USUAL);
    session.click("disable !");
    // The strips are resolved while no key is pressed.
    let mut session = session.keys("<ctrl+l>");
    has(&session, "the guest loses mpx");
    session.click(">= 10.4.0");
    assert!(session.model.derived.link.contains("to=10.4.0"), "{}", session.model.derived.link);
}

#[test]
fn several_features_are_counted_and_a_key_shows_the_next() {
    let session = open("EPYC,machine=pc-q35-5.2,topology=1-2-1,from=9.0.0:7.2.22,to=11.3.0:10.0.13", USUAL);
    has(&session, "ht 1/2");
    has(&session, "□ ht off");
    has(&session, "guest sees       ■ ht on");
    has(&session, "Not a row of the decision table. Rule ht");
    has(&session.keys("."), "cmp_legacy 2/2");
    has(&open(T7, USUAL).keys("."), "only one feature decides");
}

#[test]
fn lanes_say_only_what_holds_for_every_host() {
    let link = "EPYC,machine=pc-q35-5.2,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    let session = open(link, USUAL);
    has(&session, "COMPLETES");
    assert!(session.model.derived.answer.case_count() > 1);
    let named = "EPYC,feature=monitor,machine=pc-q35-5.2,host=any,from=9.0.0:7.2.22,to=9.0.0:7.2.22";
    for link in [link, named] {
        let session = open(link, USUAL);
        let cases: Vec<_> = session.model.derived.answer.cases(catalog(), &session.model.scenario).collect();
        let feature = session.model.scenario.feature;
        let on = |case: &virt_cpu_explorer::internal::resolve::Answer| {
            case.trace.as_ref().and_then(|trace| trace.start.cpu.as_ref()).map(|cpu| cpu.on.contains(feature))
        };
        let same = cases.iter().all(|(_, case)| on(case) == on(&cases[0].1));
        let text = session.text();
        let line = text.lines().find(|line| line.starts_with(" QEMU enables")).unwrap();
        assert_eq!(!line.contains("depends on the unknown"), same, "{text}");
    }
}

#[test]
fn settings_with_their_default_are_hidden_until_they_are_asked_for() {
    let session = open(T7, USUAL);
    has(&session, "+ 9 defaults (z)");
    has_not(&session, "fallback");
    has(&session.keys("z"), "fallback");
    has(&open(T7, USUAL).keys("<down><down><enter>"), "fallback");
}

/// The scenario of the example on a rule's page.
fn example_of(rule: RuleId) -> Option<&'static str> {
    let block = rule_page(rule).section("Example")?.split("```").nth(1)?;
    block.lines().skip(1).find(|line| !line.trim().is_empty()).filter(|line| !line.starts_with("cannot fire"))
}

#[test]
fn the_first_screen_says_it_in_few_words() {
    let mut most = (0, String::new());
    let links: Vec<&str> = RuleId::ALL.iter().filter_map(|rule| example_of(*rule)).collect();
    assert!(links.len() > 20, "only {} examples", links.len());
    for link in links {
        let text = open(link, USUAL).text();
        let lines = text.lines().skip_while(|line| !line.starts_with(" Why")).take_while(|line| !line.starts_with('╭'));
        let prose: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        let costs = text.lines().filter(|line| line.contains(" restart")).count() * 2;
        let labels = ["Why", "Guest", "Cold", "boot", "Rollback", "Confidence"];
        let words = prose.iter().filter(|word| !labels.contains(word)).count() + costs;
        assert!(prose.len() > 5, "{link}: no sentences:\n{text}");
        assert!(words <= 90, "{link}: {words} words\n{text}");
        most = most.max((words, link.to_owned()));
    }
    assert!(most.0 > 20, "{most:?}");
}

#[test]
fn the_next_cold_boot_of_a_host_model_guest_is_on_the_first_screen_at_every_size() {
    let link = "host-model,machine=pc-q35-5.2,from=9.0.0:7.2.22,to=11.3.0:10.0.13,host=EPYC-7502-32-Core";
    for size in [SMALL, USUAL, LARGE] {
        has(&open(link, size), "Cold boot");
    }
}

#[test]
fn a_machine_type_the_destination_lacks_is_shown_with_the_reason() {
    let session = open("Skylake-Client,machine=pc-q35-2.4,from=9.0.0:7.2.22,to=12.8.0:11.1.2", USUAL);
    has(&session, "✗ pc-q35-2.4");
    has(&session, "QEMU 11.1.2 removed");
    has(&session, "rule machine-type");
    GOLDENS.compare("a-missing-machine-type", &session.text());
    has(&open("Skylake-Client,machine=pc-q35-2.4,from=9.0.0:7.2.22,to=12.8.0:11.1.2", SMALL), "QEMU 11.1.2 removed");
}

#[test]
fn what_is_not_known_is_named_with_a_value_for_each_answer() {
    let session = open("Skylake-Client,machine=?,from=old,to=new", USUAL);
    has(&session, "DEPENDS on machine type");
    has(&session, "Run virsh dumpxml GUEST");
    GOLDENS.compare("it-depends", &session.text());
    let (x, y) = session.place_of("pc-i440fx-4.0");
    let value = session.target(x, y).unwrap();
    assert_eq!(value, Target::Fix(1));
    let mut clicked = open("Skylake-Client,machine=?,from=old,to=new", USUAL);
    update::click(&mut clicked.model, catalog(), value);
    let pressed = session.keys("2");
    assert_eq!(pressed.model.derived.link, clicked.model.derived.link);
    assert!(pressed.model.derived.link.contains("machine=pc-i440fx-4.0"), "{}", pressed.model.derived.link);
    assert_eq!(pressed.model.derived.answer.verdict, Verdict::Unchanged);
}

#[test]
fn every_value_that_decides_can_be_selected_or_says_how_to_find_out() {
    let both = "Skylake-Client,machine=?,from=?,to=new";
    has(&open(both, SMALL), "2 more: a");
    has_not(&open(both, USUAL), "2 more: a");
    has(&open(both, SMALL).keys("a"), "3.6.0: aborted (T7)");
    let unknown = [
        both,
        "EPYC,machine=pc-q35-5.2,topology=?,from=9.0.0:7.2.22,to=11.3.0:10.0.13",
        "?,machine=pc-q35-3.1,from=old,to=new",
        "Skylake-Client,machine=pc-q35-3.1,from=old:?,to=new:?",
        "Skylake-Client,machine=pc-q35-3.1,from=old,to=10.2.0",
        "host-model,from=9.0.0,to=11.3.0",
    ];
    let (mut selected, mut told) = (0, 0);
    for link in unknown {
        // Nothing here needs the strips.
        let scenario = Scenario::parse(catalog(), link).unwrap();
        let opened = Model::new(catalog(), scenario, Settings::default(), Size { width: 120, height: 36 });
        let count: usize = opened.derived.answer.depends_on.iter().map(|input| input.answers.len()).sum();
        assert!(count > 1, "{link}");
        for index in 0..count {
            let mut model = opened.clone();
            update::click(&mut model, catalog(), Target::Fix(index));
            let changed = model.derived.link != opened.derived.link;
            assert!(changed != model.notice.is_some(), "{link}, value {index}: {:?}", model.notice);
            (selected, told) = if changed { (selected + 1, told) } else { (selected, told + 1) };
        }
    }
    assert!(selected > 12 && told > 0, "{selected} selected, {told} told");
}

/// The lines with something in a colour of these.
fn lines_in(session: &Session, colours: &[Color]) -> Vec<String> {
    let buffer = session.buffer();
    let red = |x: u16, y: u16| {
        let cell = &buffer[(x, y)];
        colours.contains(&cell.fg) || colours.contains(&cell.bg)
    };
    let text = |y: u16| {
        let cells = (0..buffer.area.width).filter(|x| red(*x, y)).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim().to_owned()
    };
    (0..buffer.area.height).map(text).filter(|line| !line.is_empty()).collect()
}

#[test]
fn red_is_the_banner_and_the_cell_of_the_table_and_nothing_else() {
    let red = [Color::Indexed(160), Color::Indexed(210)];
    for size in [SMALL, USUAL, LARGE] {
        let settings = Settings { background: Background::Dark, ..Settings::default() };
        let session = open_with(T7, size, settings);
        let found = lines_in(&session, &red);
        assert_eq!(found.len(), 2, "{size:?}: {found:?}");
        assert!(found[0].contains("ABORTED") && found[1] == "✗ T7", "{size:?}: {found:?}");
    }
}

#[test]
fn a_row_of_the_table_stands_only_beside_the_verdict_that_it_has() {
    let requires = open("Skylake-Client,machine=pc-q35-3.1,from=old,to=10.4.0", USUAL);
    has(&requires, ">= 10.4.0 ✓");
    has_not(&requires, ">= 10.4.0 ✓ T7");
    has(&requires, "row T7");
    let loses = open("Skylake-Client,machine=pc-q35-3.1,from=new,to=10.4.0,started=old,regime=disable", LARGE);
    has_not(&loses, "unchanged (T7)");
    let matrix = open(T7, USUAL).keys("m").text();
    assert!(matrix.contains("✗ T7") && !matrix.contains("✓ T7"), "{matrix}");
}

#[test]
fn a_key_gives_the_pane_with_the_cursor_the_whole_screen() {
    let zoomed = open(T7, USUAL).keys("<tab><tab><tab>Z");
    has(&zoomed, "libvirt 10.4.0 at the destination");
    has_not(&zoomed, "Decision table");
    has(&zoomed.keys("Z"), "Decision table");
    for (keys, gone) in [("f", "9 full check"), ("h", "opens a guest that"), ("d", "Removed from the model")] {
        has(&open(T7, USUAL).keys(keys), gone);
        has_not(&open(T7, USUAL).keys(keys).keys("Z"), gone);
    }
    has(&open(T7, USUAL).keys("xZ"), "From source to destination");
    has(&open(T7, USUAL).keys("mZ"), "Zoom: this screen has one pane.");
}

const LONG: &str = "Skylake-Server,+vmx,machine=pc-q35-7.1,from=9.0.0:7.2.22,to=9.10.0:7.2.22,regime=nothing";

#[test]
fn a_message_with_seventy_features_is_there_in_full() {
    let session = open(LONG, USUAL);
    let text = session.text();
    let message = session.model.derived.message.clone().unwrap_or_default();
    assert!(message.len() > 1_000, "{message}");
    for name in message.split([' ', ',']) {
        assert!(text.contains(name), "{name} is not on the screen:\n{text}");
    }
    has(&session, "rule vmx-unknown-to-source");
    GOLDENS.compare("a-long-message", &text);
}

#[test]
fn where_a_message_is_longer_than_the_terminal_a_key_shows_the_rest() {
    let session = open(LONG, SMALL);
    has(&session, "a full answer");
    has(&session, "Why");
    has(&session, "libvirt 10.2.0 at");
    GOLDENS.compare("a-long-message-80x24", &session.text());
    has(&session.keys("a<pagedown><pagedown>"), "vmx-entry-load-efer");
}

#[test]
fn features_are_found_by_name_and_shown_all() {
    let session = open(T7, USUAL).keys("/avx");
    has(&session, "avx2");
    GOLDENS.compare("finding-a-feature", &session.text());
    let session = session.keys("<enter>");
    has(&session, "matching avx");
    let session = session.keys("<esc>");
    has_not(&session, "matching avx");
    let session = session.keys("vvv");
    has(&session, "all 64");
    GOLDENS.compare("all-features", &session.text());
    has(&open(T7, USUAL).keys("/zzz"), "Nothing matches the filter.");
}

#[test]
fn the_filter_of_the_features_comes_round_and_says_why_a_list_is_empty() {
    let session = open(T7, USUAL).keys("vvvv");
    has(&session, "64 features");
    has_not(&session, "all 64");
    let alike = "Nehalem,accel=tcg,machine=pc-i440fx-2.0,from=2.3.0:2.4.0,to=2.3.0:2.4.0";
    has(&open(&alike.replacen(',', ",-hypervisor,", 1), USUAL).keys("v"), "No differences: maps and QEMU agree.");
    has(&open(alike, USUAL).keys("vv"), "No definition mentions a feature.");
    has_not(&open(T7, USUAL).keys("v<esc>"), "Enabled in both maps");
}

#[test]
fn features_are_clicked_and_scrolled() {
    // Each cell of the pane is a feature: the first click names it, the second asks about it.
    let mut session = open(T7, USUAL);
    let (x, y) = session.place_of("■■■■■");
    let target = session.target(x + 3, y).unwrap();
    assert!(matches!(target, Target::Row(_)), "{target:?}");
    update::click(&mut session.model, catalog(), target);
    has(&session, "source: map in, QEMU on");
    has(&session, "Decision table: mpx");
    update::click(&mut session.model, catalog(), target);
    has_not(&session, "Decision table: mpx");
    let mut session = open(T7, USUAL).keys("vvv");
    let before = session.styled();
    let (x, y) = session.place_of("clflush ");
    let target = session.target(x, y);
    assert!(matches!(target, Some(Target::Row(_))), "{target:?}");
    for _ in 0..5 {
        update::scroll(&mut session.model, catalog(), target, Action::Down);
    }
    let after = session.styled();
    assert!(after != before, "the cursor moves");
    update::scroll(&mut session.model, catalog(), target, Action::Up);
    assert!(session.styled() != after, "the cursor moves back");
}

#[test]
fn the_rule_of_a_row_and_of_the_banner_are_opened() {
    let mut session = open(T7, USUAL);
    let (x, y) = session.place_of("row T7");
    assert_eq!(session.target(x, y), Some(Target::Action(Action::Rule)));
    session.click("row T7");
    has(&session, "Rule T7:");
    let rows = open(T7, USUAL).keys("r<tab><tab><tab><tab>");
    has(&rows.keys("<up>i"), "Rule T");
    // On a strip, Enter opens the rule of the answer; the arrows take the next value.
    let strips = open(T7, USUAL).keys("<tab><tab><tab><tab><tab>");
    has(&open(T7, USUAL).keys("<tab><tab><tab><tab><tab><enter>"), "Rule T7:");
    let link = strips.model.derived.link.clone();
    assert_ne!(strips.keys("<right>").model.derived.link, link);
    has(&open("Skylake-Client,machine=?,from=old,to=new", USUAL).keys("i"), "No single rule decided");
}

#[test]
fn a_hidden_setting_and_each_zoomed_pane_are_one_click_or_key_away() {
    let mut session = open(T7, USUAL);
    session.click("+ 9 defaults");
    has(&session, "topology");
    for (tabs, wanted) in [(0, "model"), (3, "1 libvirt 10.4.0"), (4, "T7"), (5, "<= 3.1"), (6, "hypervisor")] {
        let session = open(T7, SMALL).keys(&format!("{}Z", "<tab>".repeat(tabs)));
        assert!(session.text().contains(wanted), "after {tabs} tabs:\n{}", session.text());
    }
}

#[test]
fn an_undo_remembers_the_last_changes_and_forgets_the_oldest() {
    let mut session = open(T5, SMALL);
    for key in ["s"; 1001].into_iter().chain(["u"; 1000]) {
        update::press(&mut session.model, catalog(), Key::parse(key).unwrap());
    }
    let session = session.keys("");
    assert!(session.model.derived.link.contains("from=new"), "the first swap of 1,001 is not undone");
    has(&session.keys("u"), "nothing to undo");
}

#[test]
fn enter_on_a_feature_asks_about_it() {
    let session = open(T7, USUAL).keys("/smap<enter><enter>");
    has(&session, "Decision table: smap");
}

#[test]
fn help_begins_with_the_visible_screen_and_lists_every_action_at_the_second_key() {
    let here = open(T7, USUAL).keys("f?");
    has(&here, "Only on this screen: Follow");
    has(&here, "Plays the stages");
    has_not(&here, "Moves to the cell with source and destination swapped.");
    let text = here.text();
    let at = |wanted: &str| text.find(wanted).unwrap_or(usize::MAX);
    assert!(at("Only on this screen") < at("Moves up one line."), "{text}");
    GOLDENS.compare("help", &open(T7, USUAL).keys("?").text());
    let all = open(T7, (120, 200)).keys("??").text();
    for info in ACTIONS {
        let doc = info.doc.split(' ').take(5).collect::<Vec<_>>().join(" ");
        assert!(all.contains(&doc), "{}: {doc:?} is not in the help:\n{all}", info.id);
    }
}

#[test]
fn a_page_is_searched_and_a_key_moves_to_the_next_match() {
    let session = open(T7, (80, 24)).keys("??/clipboard");
    has(&session, "find: clipboard");
    has(&session, "1 of ");
    let first = session.text();
    let session = session.keys("<enter>n");
    has(&session, "2 of ");
    assert_ne!(first, session.text());
    has(&session.keys("N"), "1 of ");
    let session = open(T7, (80, 24)).keys("i/zzz<enter>");
    has(&session, "0 of 0");
    let session = session.keys("<esc>");
    has(&session, "Rule T7:");
    // Without a search, n is a key of the screen below.
    has_not(&session.keys("<esc>"), "Rule T7:");
    assert!(open(T7, USUAL).keys("mi/T7<enter>n").text().contains("Rule T7:"));
}

#[test]
fn every_line_of_a_picker_has_its_verdict_and_impossible_values_come_last() {
    let text = open(T7, (120, 120)).keys("<enter>").text();
    let at = |wanted: &str| text.find(wanted).unwrap_or_else(|| panic!("{wanted}:\n{text}"));
    let (here, possible) = (at("● ✗ pc-q35-3.1 "), at("✓ pc-q35-4.0 "));
    // What this QEMU does not have comes last.
    assert!(here < possible && possible < at("ø pc-i440fx-11.1 "), "{text}");
    assert!(at("ø pc-i440fx-11.1 ") > at("✓ pc-q35-7.2 "), "{text}");
}

#[test]
fn products_used_last_come_first_among_releases() {
    let order = |session: Session| {
        let text = session.text();
        ["ubuntu:22.04 ", "rhel:9.4 ", "rhel:10.2 "].map(|wanted| text.find(wanted).unwrap_or(usize::MAX))
    };
    let mut session = open(T7, (120, 120));
    for link in ["EPYC,from=rhel:9.4,to=rhel:9.4", "EPYC,from=9.0.0,to=ubuntu:22.04"] {
        session.model.remember_products(&Scenario::parse(catalog(), link).unwrap());
    }
    let [ubuntu, rhel, newest] = order(session.keys(":set source: libvirt<enter><home>"));
    assert!(ubuntu < rhel && rhel < newest, "{ubuntu} {rhel} {newest}");
    // Without them the newest of each product comes first.
    let [_, rhel, newest] = order(open(T7, (120, 120)).keys(":set source: libvirt<enter><home>"));
    assert!(newest < rhel, "{rhel} {newest}");
}

#[test]
fn letters_move_as_arrows_do() {
    let keys = |keys: &str| open(T7, USUAL).keys(keys).text();
    assert_eq!(keys("fjj"), keys("f<down><down>"));
    assert_eq!(keys("fjjk"), keys("f<down><down><up>"));
    assert_eq!(keys("fG"), keys("f<end>"));
    assert_eq!(keys("fGg"), keys("f<end><home>"));
    has(&open(T7, USUAL).keys("?<esc>"), "row T7");
}

#[test]
fn commands_are_found_by_typing_and_done() {
    let session = open(T7, USUAL).keys(":");
    GOLDENS.compare("commands", &session.text());
    has(&session.keys("swap source<enter>"), "row T6");
    has(&open(T7, USUAL).keys(":set guest: model<enter>"), "Guest: model");
}

#[test]
fn the_rule_that_decided_can_be_read() {
    let session = open(T7, USUAL).keys("i");
    has(&session, "Rule T7:");
    GOLDENS.compare("rule-page", &session.keys("<down><pagedown>").text());
}

#[test]
fn the_whole_answer_tells_how_to_take_each_way_out() {
    let session = open(T7, USUAL).keys("a");
    has(&session, "virsh migrate --live");
    GOLDENS.compare("whole-answer", &session.text());
}

#[test]
fn the_link_and_the_message_can_be_copied() {
    let session = open(T7, USUAL).keys("yY");
    let link = "Skylake-Client,machine=pc-q35-3.1,from=old:7.2.22,to=new:7.2.22";
    let message = "operation failed: guest CPU doesn't match specification: extra features: mpx";
    assert_eq!(session.effects, [Effect::Copy(link.to_owned()), Effect::Copy(message.to_owned())]);
}

#[test]
fn q_quits_and_escape_says_how() {
    let session = open(T7, USUAL).keys("<esc>");
    has(&session, "Press q to quit");
    assert_eq!(session.keys("q").effects, [Effect::Quit]);
    assert_eq!(open(T7, USUAL).keys(":<ctrl+c>").effects, [Effect::Quit]);
}

#[test]
fn ascii_signs_and_no_colour_carry_the_message_as_well() {
    let ascii = Settings { ascii: true, theme: ThemeName::Mono, ..Settings::default() };
    let session = open_with(T7, USUAL, ascii.clone());
    let text = session.text();
    assert!(text.is_ascii(), "{text}");
    has(&session, "X T7");
    has(&session, "X ABORTED");
    GOLDENS.compare("first-ascii", &text);
    for keys in [":", "?", "<enter>", "i", "vv"] {
        let text = open_with(T7, USUAL, ascii.clone()).keys(keys).text();
        assert!(text.is_ascii(), "{keys}:\n{text}");
    }
    let mono = Settings { theme: ThemeName::Mono, ..Settings::default() };
    let styled = open_with(T7, SMALL, mono).styled();
    assert!(!styled.contains("fg: Red") && styled.matches("fg: ").count() == styled.matches("fg: Reset").count());
    GOLDENS.compare("first-mono-styles", &styled);
}

#[test]
fn every_theme_marks_the_deciding_row_apart_from_the_others() {
    for theme in ThemeName::ALL {
        let session = open_with(T7, USUAL, Settings { theme: *theme, ..Settings::default() });
        let buffer = session.buffer();
        let cell = |cell: &str| {
            let (x, y) = session.place_of(cell);
            buffer[(x, y)].style()
        };
        assert_ne!(cell("✗ T7  "), cell("– T8"), "{}", theme.name());
        assert_eq!(cell("✓ T2"), cell("✓ T3"), "{}", theme.name());
    }
}

#[test]
fn the_smallest_terminal_shows_it_all_and_a_smaller_one_says_so() {
    let session = open(T7, (60, 20));
    has(&session, "row T7");
    has(&session, "extra features: mpx");
    GOLDENS.compare("first-60x20", &session.text());
    let session = open(T7, (59, 20));
    has(&session, "at least 60x20 needed");
    GOLDENS.compare("too-small", &session.text());
}

#[test]
fn a_pasted_scenario_is_opened() {
    let mut session = open(T5, USUAL);
    update::paste(&mut session.model, catalog(), &format!("{T7}\n"));
    has(&session, "row T7");
    update::paste(&mut session.model, catalog(), "Skylake-Clinet");
    has(&session, "Cannot parse the pasted text as a scenario");
}

fn with_kept(size: (u16, u16)) -> Session {
    let mut session = open(T5, size).keys("o");
    assert_eq!(session.effects, [Effect::ListSaved]);
    let kept = [("", T5), ("the abort", T7), ("lost", "No-Such-Model,from=old,to=new")];
    let kept = kept.map(|(name, link)| (name.to_owned(), link.to_owned()));
    update::list_saved(&mut session.model, catalog(), &kept);
    session
}

#[test]
fn lists_say_what_they_have_no_data_for_and_what_they_do_not_find() {
    has(
        &open("EPYC,machine=pc-q35-rhel99.0.0,from=9.0.0,to=9.0.0", USUAL).keys("<enter>"),
        "no data: cannot be decided",
    );
    let like = open("EPYC,machine=foo-1.0,machine-like=pc-q35-5.2,from=9.0.0,to=9.0.0", USUAL).keys("<enter>");
    has(&like, "decided as pc-q35-5.2");
    has_not(&like, "cannot be decided");
    let given = "EPYC,machine=pc-q35-5.2,from-host=AMD:avx,from=9.0.0,to=9.0.0";
    has(&open(given, USUAL).keys("<tab><down><down><enter>"), "as defined in the scenario");
    has(&open("EPYC,from=9.0.0:7.2.23,to=9.0.0", USUAL).keys("<tab><down><enter>7.2.23"), "uses the neighbouring");
    let session = open(T7, USUAL).keys("<enter>zzzzzz");
    has(&session, "No match for \"zzzzzz\"");
    let session = session.keys("<enter>");
    assert!(session.model.overlay.is_some(), "the list stays open");
    // Tab moves in a list as the arrows do.
    assert_eq!(open(T7, USUAL).keys("<enter><tab>").text(), open(T7, USUAL).keys("<enter><down>").text());
}

/// Where a live definition was changed by an upgraded daemon, the lanes say so.
#[test]
fn what_an_upgraded_daemon_wrote_is_said_beside_the_definition() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,started=9.0.0,from=10.4.0,to=9.0.0", USUAL);
    has(&session, "+ mpx=require (reconnect)");
    has(&session, "The migrated definition has mpx=require: the upgraded daemon added it when it reconnected");
}

/// How each kind of unknown input is found out.
#[test]
fn how_to_find_out_an_input_is_said_for_each_kind() {
    for (link, wanted) in [
        ("?,machine=pc-q35-3.1,from=old,to=new", "read <model> in <cpu>"),
        ("Skylake-Client,machine=pc-q35-3.1,from=old:?,to=new:?", "Run virsh version on that host."),
        (
            "Skylake-Client,machine=pc-q35-3.1,from=10.0.0:7.2.22,to=10.3.0:7.2.22",
            "The code of this release was not read",
        ),
        ("host-model,host=EPYC-7502-32-Core,machine=pc-q35-2.8,from=3.1.0:2.8.0,to=9.0.0", "it has the expanded CPU."),
        ("EPYC,machine=pc-q35-rhel8.5.0,from=kubevirt:0.48.0,to=kubevirt:0.58.2", "with -machine help."),
    ] {
        let session = open(link, LARGE);
        assert!(session.text().contains(wanted), "{link}: {wanted:?} is not on the screen:\n{}", session.text());
    }
}

#[test]
fn stops_and_the_release_of_the_start_are_typed() {
    for (setting, typed, link) in
        [("source: started", "9.9.0", "started=9.9.0"), ("source: via", "10.4.0", "via=10.4.0")]
    {
        let session = open(T7, USUAL).keys(&format!(":{setting}<enter>{typed}<enter>"));
        assert!(session.model.derived.link.contains(link), "{}", session.model.derived.link);
    }
}

#[test]
fn a_typed_stop_replaces_the_stops_as_one_from_the_list_does() {
    let via = |session: &Session| {
        let link = session.model.derived.link.split(',');
        link.filter_map(|part| part.strip_prefix("via=")).collect::<Vec<_>>().join(", ")
    };
    let mut session = open(T7, USUAL);
    for (typed, stops) in [
        ("9.9.0:7.0.0", "9.9.0:7.0.0"),
        ("9.8.0:7.0.0", "9.8.0:7.0.0"),
        // Several, as the explorer displays them.
        ("10.0.0:7.2.22, 10.4.0:8.2.0@Cooperlake", "10.0.0, 10.4.0:8.2.0@Cooperlake"),
        ("10.2.0", "10.2.0"),
    ] {
        let typed = typed.replace(' ', "<space>");
        session = session.keys(&format!(":set source: via<enter>{typed}<enter>"));
        assert_eq!(via(&session), stops);
    }
    let session = open(&format!("{T7},via=10.0.0@Cooperlake,via=10.4.0"), USUAL);
    let session = session.keys(":set source: via");
    has(&session, "10.0.0:7.2.22@Cooperlake, 10.4.0:7.2.22");
    assert_eq!(via(&session.keys("<enter>none<enter>")), "");
}

#[test]
fn without_saved_scenarios_a_key_to_save_one_is_named() {
    let mut model = open(T7, USUAL).model;
    update::list_saved(&mut model, catalog(), &[]);
    assert_eq!(model.notice.as_deref(), Some("No saved scenarios. Press w to save this one."));
    assert!(model.overlay.is_none());
    // With the last one the list is gone, too.
    update::list_saved(&mut model, catalog(), &[("one".to_owned(), T7.to_owned())]);
    assert!(model.overlay.is_some());
    update::saved_deleted(&mut model, catalog(), "one");
    assert!(model.overlay.is_none());
    assert_eq!(update::copied("one\ntwo"), "Copied 2 lines.");
}

#[test]
fn a_kept_name_is_forgotten_when_that_is_asked_twice() {
    let session = with_kept(USUAL);
    has(&session, "delete twice deletes a saved scenario");
    let session = session.keys("<home><delete>");
    has(&session, "Press delete again to delete \"the abort\"");
    GOLDENS.compare("kept-scenarios-120x36", &session.text());
    GOLDENS.compare("kept-scenarios-80x24", &with_kept(SMALL).keys("<home><delete>").text());
    has(&session.keys("<ctrl+l>"), "Press delete again to delete \"the abort\"");
    let mut session = with_kept(USUAL).keys("<home><delete><down><up><delete>");
    assert_eq!(session.effects, [Effect::ListSaved], "what lies between takes it back");
    session = session.keys("<delete>");
    assert_eq!(session.effects.last(), Some(&Effect::DeleteSaved("the abort".to_owned())));
    update::saved_deleted(&mut session.model, catalog(), "the abort");
    has(&session, "Deleted \"the abort\".");
    has(&session, "2 of 2");
    has_not(&session, "pc-q35-3.1");
}

#[test]
fn delete_goes_on_deleting_letters_and_takes_nothing_that_has_no_name() {
    let session = with_kept(USUAL).keys("abX<left><delete>");
    has(&session, "/ ab ");
    let session = with_kept(USUAL).keys("<end><delete><delete>");
    assert_eq!(session.effects, [Effect::ListSaved]);
    has(&session, "3 of 3");
}
