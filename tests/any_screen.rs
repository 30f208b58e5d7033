//! Draws screens of any size after any keys: nothing may panic, and nothing may be drawn outside.

#[path = "support/typed.rs"]
mod typed;

use proptest::prelude::*;
use ratatui::layout::Rect;
use typed::{catalog, open};
use virt_cpu_explorer::internal::app::action::ACTIONS;
use virt_cpu_explorer::internal::app::export::Format;
use virt_cpu_explorer::internal::app::key::Key;
use virt_cpu_explorer::internal::app::settings::Size;
use virt_cpu_explorer::internal::app::update;
use virt_cpu_explorer::internal::domain::scenario::Scenario;
use virt_cpu_explorer::internal::tui;

const WORDS: [&str; 6] = [
    "Skylake-Client,machine=pc-q35-3.1,from=old,to=new",
    "Skylake-Server,+vmx,machine=pc-q35-7.1,from=9.0.0:7.2.22,to=9.10.0:7.2.22,regime=nothing",
    "EPYC,machine=?,from=old,to=new",
    "host-model,from=old,to=new",
    "host-passthrough,from=9.0.0,to=12.8.0",
    "EPYC-Genoa,machine=pc-q35-2.4,from=6.0.0:5.2.0,to=12.8.0:10.0.13,topology=?",
];

/// What a user may do.
#[derive(Clone, Debug)]
enum Doing {
    Key(Key),
    Click(u16, u16),
    Resize(u16, u16),
    Paste(String),
}

fn doing() -> impl Strategy<Value = Doing> {
    let keys: Vec<Key> =
        ACTIONS.iter().flat_map(|info| info.keys.iter().filter_map(|key| Key::parse(key).ok())).collect();
    prop_oneof![
        8 => proptest::sample::select(keys).prop_map(Doing::Key),
        2 => proptest::char::range(' ', '~').prop_map(|letter| Doing::Key(Key::char(letter))),
        3 => (0..220u16, 0..70u16).prop_map(|(x, y)| Doing::Click(x, y)),
        1 => (0..220u16, 0..70u16).prop_map(|(width, height)| Doing::Resize(width, height)),
        1 => "[ -~äß漢]{0,6}".prop_map(Doing::Paste),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_a_user_does_breaks_the_program(
        link in proptest::sample::select(WORDS.to_vec()),
        size in (0..220u16, 0..70u16),
        doings in proptest::collection::vec(doing(), 0..24),
    ) {
        let mut session = open(link, size);
        for doing in doings {
            let model = &mut session.model;
            match doing {
                Doing::Key(key) => drop(update::press(model, catalog(), key)),
                Doing::Resize(width, height) => update::resize(model, catalog(), Size { width, height }),
                Doing::Paste(text) => update::paste(model, catalog(), &text),
                Doing::Click(x, y) => {
                    if let Some(target) = session.target(x, y) {
                        drop(update::click(&mut session.model, catalog(), target));
                    }
                }
            }
            let buffer = session.buffer();
            prop_assert_eq!(usize::from(buffer.area.width) * usize::from(buffer.area.height), buffer.content.len());
        }
        // Whatever was chosen has a link that leads back to it.
        let again = Scenario::parse(catalog(), &session.model.derived.link);
        prop_assert_eq!(again.as_ref(), Ok(&session.model.scenario));
    }
}

#[test]
fn every_size_down_to_nothing_can_be_drawn() {
    for link in WORDS {
        for keys in ["", ":", "?", "<enter>", "/a", "a"] {
            for size in [(0, 0), (1, 1), (1, 60), (200, 1), (0, 5), (60, 20), (61, 21), (99, 31), (100, 33), (150, 44)]
            {
                let mut session = open(link, (120, 36)).keys(keys);
                update::resize(&mut session.model, catalog(), Size { width: size.0, height: size.1 });
                assert_eq!(session.buffer().area, Rect::new(0, 0, size.0, size.1));
            }
        }
    }
}

#[test]
fn a_click_on_a_choice_a_row_and_a_way_out_does_what_a_key_would() {
    let mut session = open(WORDS[0], (120, 36));
    let mut click = |wanted: &str| {
        session.click(wanted);
        session.text()
    };
    assert!(click("QEMU      7.2.22").contains("◂7.2.22▸"));
    assert!(click("◂7.2.22").contains("Source: QEMU"), "the second click opens the list");
    assert!(!click("? help").contains("Source: QEMU"), "a click outside closes the list");
    assert!(click("✓ T3").contains("row T3"));
    assert!(click("✓ T3").contains("Rule T3"));
    assert!(!click("Explorer").contains("Rule T3"));
    assert!(click("? help").contains("Moves up one line."));
}

#[test]
fn one_frame_is_printed_without_blanks_at_the_ends() {
    let scenario = Scenario::parse(catalog(), WORDS[0]).unwrap();
    let options = tui::Options { keys: "<right>".to_owned(), ..tui::Options::default() };
    let text = tui::print(catalog(), scenario.clone(), "first", (80, 24), Format::Text, &options).unwrap();
    assert_eq!(text.lines().count(), 24);
    assert!(text.contains("row T5") && text.lines().all(|line| line == line.trim_end()));
    let error = tui::print(catalog(), scenario, "frist", (80, 24), Format::Text, &options).unwrap_err();
    assert!(error.to_string().contains("expected one of explorer, first"), "{error}");
}
