//! Types keys on the matrix and clicks into it. Goldens are in `tests/screens/matrix/`.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use golden::Goldens;
use typed::{Session, catalog, has, open, open_with};
use virt_cpu_explorer::internal::analysis::matrix::Vary;
use virt_cpu_explorer::internal::app::action::Action;
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::screens::matrix::{Axis, Matrix};
use virt_cpu_explorer::internal::app::screens::{Screen, Target};
use virt_cpu_explorer::internal::app::settings::{Settings, Size, ThemeName};
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::resolve::resolve;

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";
const USUAL: (u16, u16) = (120, 36);
/// The keys that lay out source releases by destination releases.
const PAIRS: &str = "m]]]";
const GOLDENS: Goldens = Goldens {
    folder: "tests/screens/matrix",
    names: &[
        "opened-120x36-styles",
        "opened-80x24",
        "folded-120x36",
        "folded-80x24",
        "every-release-200x60",
        "ascii-60x20",
    ],
};

#[expect(clippy::panic, reason = "another screen fails the test")]
fn state(session: &Session) -> &Matrix {
    let Screen::Matrix(state) = session.model.screens.top() else { panic!("another screen is seen") };
    state
}

#[test]
fn every_golden_belongs_to_a_test() {
    GOLDENS.no_orphans();
}

fn with(keys: &str) -> String {
    format!("{PAIRS}{keys}")
}

#[test]
fn it_opens_on_source_releases_that_know_the_model_by_machine_types() {
    let session = open(T7, USUAL).keys("m");
    has(&session, "Skylake-Client to libvirt new: source libvirt release by machine type");
    let screen = state(&session);
    assert_eq!((screen.rows.vary, screen.columns.vary), (Vary::Distinct, Vary::Machines));
    has(&session, "2.0.0 to 3.");
    assert!(!session.text().contains("0.7.5"), "no older release knows the model");
    assert_eq!(screen.detail.as_ref().map(|detail| detail.cell), Some((screen.rows.line, screen.columns.line)));
    has(&session, "operation failed: guest CPU doesn't match specification: extra features: mpx");
    has(&session, "reverse direction");
    GOLDENS.compare("opened-120x36-styles", &session.styled());
    GOLDENS.compare("opened-80x24", &open(T7, (80, 24)).keys("m").text());
    // The boundary of machine type 4.0 stands between neighbouring columns.
    let right = session.keys("<right>");
    has(&right, "✓ COMPLETES");
}

#[test]
fn the_cell_under_the_cursor_keeps_its_colour_and_has_a_frame() {
    for size in [USUAL, (80, 24)] {
        let at = open(T7, size).keys("m");
        let cursor = Some(Target::Cell(state(&at).rows.index(), state(&at).columns.index()));
        let places = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
        let in_body =
            |(x, y): &(u16, u16)| *y > 8 && at.target(*x, *y) == cursor && at.buffer()[(*x, *y)].symbol() == "✗";
        let (x, y) = places.into_iter().find(in_body).unwrap();
        let away = open(T7, size).keys("m<right>");
        let style = |session: &Session| session.buffer()[(x, y)].style();
        assert_eq!(style(&at), style(&away), "{size:?}");
        let around = |session: &Session| {
            let buffer = session.buffer();
            [(x - 2, y), (x - 1, y)].map(|place| buffer[place].symbol().to_owned())
        };
        assert_ne!(around(&at), around(&away), "{size:?}");
    }
}

#[test]
fn pairs_of_releases_are_folded_with_the_scenario_under_the_cursor() {
    let session = open(T7, USUAL).keys(PAIRS);
    has(&session, "from: distinct libvirt releases (");
    has(&session, ", folded to ");
    has(&session, "9.0.0 → new");
    has(&session, "operation failed: guest CPU doesn't match specification: extra features: mpx");
    has(&session, "mirror  new → 9.0.0  ✓ unchanged (T6)");
    GOLDENS.compare("folded-120x36", &session.text());
    GOLDENS.compare("folded-80x24", &open(T7, (80, 24)).keys(PAIRS).text());
    let ascii = Settings { ascii: true, ..Settings::default() };
    let text = open_with(T7, (60, 20), ascii).keys(PAIRS).text();
    assert!(text.is_ascii(), "{text}");
    GOLDENS.compare("ascii-60x20", &text);
}

#[test]
fn every_cell_that_is_shown_is_the_answer_to_its_scenario() {
    for keys in ["ml", "m]]]l", "m[[l", "m[[[l", "m]]]]]"] {
        let session = open(T7, USUAL).keys(keys);
        let state = state(&session);
        for row in (0..state.rows.lines()).step_by(7) {
            for column in (0..state.columns.lines()).step_by(5) {
                let scenario = state.grid.scenario(row, column).unwrap();
                let whole = resolve(catalog(), &scenario);
                let cell = state.grid.known(row, column).unwrap();
                assert_eq!((cell.verdict, cell.rule), (whole.verdict, whole.rule), "{}", scenario.link(catalog()));
            }
        }
    }
}

#[test]
fn machine_types_go_down_where_the_columns_are_releases() {
    let session = open(T7, USUAL).keys(&with("[[[["));
    let machines = catalog().qemu_defaults().machines.len();
    has(&session, &format!("guest: machine types ({machines}, folded to "));
    has(&session, "pc-q35-2.4 to pc-q35-3.1");
    has(&session.keys("<down>"), "✓ COMPLETES");
}

#[test]
fn what_is_the_guest_s_own_stands_on_one_axis_only() {
    let session = open(T7, USUAL).keys(&with("[[[["));
    assert_eq!(state(&session).rows.vary, Vary::Machines);
    let session = session.keys("]]]]");
    assert_eq!(state(&session).columns.vary, Vary::Models);
    let session = session.keys("[");
    assert_eq!(state(&session).rows.vary, Vary::Hosts);
}

#[test]
fn products_name_what_they_ship() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=debian:12,to=debian:13", USUAL).keys(&with("[[[]]]l"));
    has(&session, "debian:12 → debian:13");
    let session = session.keys("<enter>");
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=debian:12,to=debian:13");
}

#[test]
fn enter_and_a_second_click_go_to_the_first_screen_with_the_cell() {
    let session = open(T7, USUAL).keys(&with("<down><enter>"));
    assert_eq!(session.model.derived.link, "Skylake-Client,machine=pc-q35-3.1,from=10.4.0:7.2.22,to=new:7.2.22");
    has(&session, "Decision table");
    let mut session = session.keys("um");
    let Some(cell @ Target::Cell(row, column)) = session.target(25, 7) else { panic!("no cell is there") };
    update::click(&mut session.model, catalog(), cell);
    assert_eq!((state(&session).rows.index(), state(&session).columns.index()), (row, column));
    update::click(&mut session.model, catalog(), cell);
    has(&session, "Decision table");
    assert_ne!(session.model.derived.link, Scenario::parse(catalog(), T7).unwrap().link(catalog()));
}

#[test]
fn it_opens_again_with_the_axes_and_the_cursor_it_had() {
    let session = open(T7, USUAL).keys(&with("[[[]]<down><down><right>"));
    let here = |session: &Session| (state(session).rows.line, state(session).columns.line);
    let (rows, columns) = (state(&session).rows.clone(), state(&session).columns.clone());
    assert_eq!((rows.vary, columns.vary), (Vary::Products, Vary::Qemu));
    let link = session.model.derived.link.clone();
    let session = session.keys("<enter>");
    assert_ne!(session.model.derived.link, link);
    let session = session.keys("m");
    assert_eq!((state(&session).rows.vary, state(&session).columns.vary), (Vary::Products, Vary::Qemu));
    assert_eq!(state(&session).rows.line, rows.line, "the row is where one came from");
    let name = |axis: &Axis| axis.name(axis.line).to_owned();
    assert_eq!(name(&state(&session).columns), name(&columns), "and so is the column");
    let session = session.keys("<esc>um");
    assert_eq!(session.model.derived.link, link);
    assert_eq!((state(&session).rows.vary, state(&session).columns.vary), (Vary::Products, Vary::Qemu));
    let session = session.keys("<down>/debian:13<enter>x<esc>");
    let found = here(&session);
    let session = session.keys("<esc>fm");
    assert_eq!(here(&session), found, "no key is lost over another screen");
}

#[test]
fn names_and_axes_can_be_clicked() {
    let mut session = open(T7, USUAL).keys(PAIRS);
    let row = session.target(4, 7).unwrap();
    update::click(&mut session.model, catalog(), row);
    assert_eq!(Target::Row(state(&session).rows.index()), row);
    let axis = session.target(70, 2).unwrap();
    update::click(&mut session.model, catalog(), axis);
    assert_eq!(state(&session).columns.vary, Vary::Releases);
    assert_eq!(
        session.target(3, 2),
        Some(Target::Action(virt_cpu_explorer::internal::app::action::Action::MatrixRows))
    );
}

#[test]
fn runs_are_unfolded_one_by_one_and_all_at_once() {
    let session = open(T7, USUAL).keys(PAIRS);
    let folded = state(&session).rows.displayed().len();
    let session = session.keys("<space>");
    let opened = state(&session).rows.displayed().len();
    assert!(folded < opened && opened < state(&session).rows.lines(), "{folded} {opened}");
    let session = session.keys("<space>");
    assert_eq!(state(&session).rows.displayed().len(), folded);
    let session = session.keys("l");
    assert_eq!(state(&session).rows.displayed().len(), state(&session).rows.lines());
    assert_eq!(state(&session.keys("l")).rows.displayed().len(), folded);
}

#[test]
fn the_mirror_cell_is_one_key_away_and_back() {
    let session = open(T7, USUAL).keys(&with("b"));
    has(&session, "new → 9.0.0");
    has(&session.keys("b"), "─ 9.0.0 → new");
    has(&open(T7, USUAL).keys(&with("[[[[b")), "Mirror cell: these axes do not contain it.");
}

#[test]
fn the_next_boundary_is_found_along_the_row() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=old,to=9.0.0", USUAL).keys(&with("n"));
    // Releases that were never published are the last ones.
    has(&session, "─ 9.0.0 → 9.0.0+mpx-removed");
    let session = open(T7, USUAL).keys(&with("n"));
    has(&session, "every further cell of this row has the same verdict");
}

#[test]
fn keys_move_by_a_cell_and_by_a_page_both_ways() {
    let session = open(T7, (80, 24)).keys(&with("l<home>"));
    let at = |session: &Session| (state(session).rows.index(), state(session).columns.index());
    let begin = at(&session);
    for (there, back) in [("<left>", "<right>"), ("<shift+tab>", "<tab>"), ("<down>", "<up>")] {
        let session = open(T7, (80, 24)).keys(&with("l<home>")).keys(there);
        assert_ne!(at(&session), begin, "{there}");
        assert_eq!(at(&session.keys(back)), begin, "{there}{back}");
    }
}

#[test]
fn a_row_and_a_column_are_found_by_their_names() {
    let session = open(T7, USUAL).keys(&with("/4.5 11.3<enter>"));
    has(&session, "4.5.0 → 11.3.0");
    has(&open(T7, USUAL).keys("m/zzz"), "no row or column matches \"zzz\"");
}

#[test]
fn other_ends_are_laid_out_anew() {
    let session = open(T7, USUAL).keys(&with("s"));
    has(&session, "─ new → 9.0.0");
    has(&session.keys("u"), "─ 9.0.0 → new");
}

#[test]
fn a_key_on_the_largest_matrix_resolves_little_and_waiting_resolves_the_rest() {
    let mut session = open(T7, (200, 60)).keys(&with("l"));
    for key in ["[", "]"] {
        update::press(&mut session.model, catalog(), Key::parse(key).unwrap());
        let (done, all) = state(&session).grid.progress();
        assert!(done <= 700 && all > 5_000, "{done} of {all}");
    }
    has(&session, " unresolved");
    let before = state(&session).grid.progress().0;
    assert!(update::idle(&mut session.model, catalog()));
    assert!(state(&session).grid.progress().0 > before);
    while update::idle(&mut session.model, catalog()) {}
    let (done, all) = state(&session).grid.progress();
    assert_eq!(done, all);
    let lines = state(&session).rows.lines();
    assert_eq!(all, lines * lines, "every release that knows the model, and the scenario's own");
    assert!(lines > 70 && lines < catalog().libvirt_releases().len(), "{lines}");
    GOLDENS.compare("every-release-200x60", &session.text());
    let session = session.keys("<end><pagedown><home><tab><tab><tab><tab>");
    let screen = state(&session);
    assert_eq!((screen.rows.line, screen.columns.line), (0, lines - 1));
}

#[test]
fn what_costs_much_is_resolved_while_nothing_is_typed_and_comes_to_the_same() {
    for link in [
        "Cascadelake-Server,+vmx,machine=pc-q35-5.2,host=any,from=9.0.0,to=11.3.0",
        "Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.10.0,to=11.0.0",
    ] {
        let mut session = open(link, (200, 60));
        update::press(&mut session.model, catalog(), Key::parse("m").unwrap());
        let (done, all) = state(&session).grid.progress();
        assert!(done < 150 && done < all, "{link}: {done} of {all}");
        let mut slices = 0;
        while update::idle(&mut session.model, catalog()) {
            slices += 1;
            assert!(slices < 5 * all, "{link}: there is no end to it");
        }
        assert!(slices > 10, "{link}: {slices} slices");
        let screen = state(&session);
        assert_eq!(screen.grid.progress(), (all, all));
        assert_eq!(
            screen.detail.as_ref().map(|detail| detail.cell),
            Some((screen.rows.line, screen.columns.line)),
            "the cell under the cursor is looked at"
        );
        let (height, width) = (screen.grid.rows().len(), screen.grid.columns().len());
        for (row, column) in (0..height * width).step_by(7).map(|place| (place / width, place % width)) {
            let alone = resolve(catalog(), &screen.grid.scenario(row, column).unwrap());
            let known = screen.grid.known(row, column).unwrap();
            assert_eq!((known.verdict, known.rule), (alone.verdict, alone.rule), "{link}: row {row}, column {column}");
        }
    }
}

#[test]
fn a_cell_that_costs_much_is_said_to_be_not_looked_at() {
    let mut session = open("Cascadelake-Server,machine=pc-q35-5.2,topology=?,from=10.10.0,to=11.0.0", USUAL);
    update::press(&mut session.model, catalog(), Key::parse("m").unwrap());
    has(&session, "not resolved yet");
    assert!(state(&session).detail.is_none());
    assert!(update::idle(&mut session.model, catalog()));
    assert!(state(&session).detail.is_some(), "the cell under the cursor comes first");
    assert!(!session.text().contains("not resolved yet"));
}

#[test]
fn the_wheel_scrolls_and_the_cursor_stays_in_sight() {
    let mut session = open(T7, (80, 24)).keys(&with("l<home>"));
    let cell = Some(Target::Cell(0, 0));
    for _ in 0..30 {
        update::scroll(&mut session.model, catalog(), cell, Action::Down);
    }
    has(&session, "▸");
    assert!(state(&session).rows.first > 10);
    let first = state(&session).rows.first;
    update::scroll(&mut session.model, catalog(), cell, Action::Up);
    assert_eq!(state(&session).rows.first, first - 1);
    update::resize(&mut session.model, catalog(), Size { width: 200, height: 60 });
    has(&session, "▸");
}

#[test]
fn without_colours_the_signs_tell() {
    let mono = Settings { theme: ThemeName::Mono, ..Settings::default() };
    let styled = open_with(T7, USUAL, mono).keys("m").styled();
    assert!(styled.matches("fg: ").count() == styled.matches("fg: Reset").count());
    assert!(styled.contains("✗") && styled.contains("✓") && styled.contains("▸"));
}
