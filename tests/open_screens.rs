//! Looks at the open screens: their names in the top line, what fills them, and that all know the current scenario.

#[path = "support/typed.rs"]
mod typed;

use typed::{Session, catalog, has, has_not, open};
use virt_cpu_explorer::internal::app::action::{ACTIONS, Scope};
use virt_cpu_explorer::internal::app::overlay::Overlay;
use virt_cpu_explorer::internal::app::picker::Pick;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::update::{self, Effect};

const T7: &str = "Skylake-Client,machine=pc-q35-3.1,from=old,to=new";

fn with_every_screen(size: (u16, u16)) -> Session {
    let mut session = open(T7, size);
    for kind in ScreenKind::ALL {
        update::open(&mut session.model, catalog(), *kind);
    }
    session
}

fn top(session: &Session) -> String {
    session.text().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_screen_has_a_tab_with_its_key() {
    let line = top(&open(T7, (200, 60)).keys("A"));
    for kind in ScreenKind::ALL {
        assert!(line.contains(kind.tab()), "{kind:?}: {line}");
    }
    for (key, name) in [("f", "Follow"), ("m", "Matrix"), ("h", "History"), ("d", "Diff"), ("x", "XML")] {
        assert!(line.contains(&format!("{key} {name}")), "{line}");
        let session = open(T7, (200, 60)).keys(key);
        assert_eq!(session.model.screens.top().kind().tab(), name);
        assert!(top(&session).contains(&format!(" {name} ")) && !top(&session).contains(&format!("{key} {name}")));
    }
    assert!(!top(&open(T7, (200, 60))).contains("Compare"), "no scenario is set as A");
}

#[test]
fn a_click_on_a_tab_opens_the_screen_and_the_explorer_is_one() {
    let mut session = open(T7, (120, 36));
    session.click("f Follow");
    assert_eq!(session.model.screens.top().kind(), ScreenKind::Follow);
    session.click("m Matrix");
    assert_eq!(session.model.screens.top().kind(), ScreenKind::Matrix);
    session.click("Explorer");
    assert_eq!(session.model.screens.top().kind(), ScreenKind::Explorer);
    assert_eq!(session.model.screens.iter().count(), 1);
    let back = with_every_screen((200, 60)).keys("<esc>");
    assert_eq!(back.model.screens.iter().count(), ScreenKind::ALL.len() - 1);
}

#[test]
fn a_narrow_terminal_names_the_screen_that_is_seen() {
    for width in [60, 80, 120] {
        for kind in ScreenKind::ALL {
            let mut session = open(T7, (width, 24));
            update::open(&mut session.model, catalog(), *kind);
            let line = top(&session);
            assert!(line.contains(kind.tab()), "{width}: {line}");
            assert!(line.contains("? help") && line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
}

#[test]
fn every_action_of_a_screen_stands_in_its_list_of_commands() {
    for kind in ScreenKind::ALL {
        let mut session = open(T7, (120, 36));
        update::open(&mut session.model, catalog(), *kind);
        let session = session.keys(":");
        let Some(Overlay::Picker(picker)) = &session.model.overlay else { panic!("no list on {kind:?}") };
        for info in ACTIONS {
            let wanted = match info.scope {
                Scope::Everywhere | Scope::Screens => true,
                Scope::On(kinds) => kinds.contains(kind),
                Scope::Text | Scope::Search | Scope::Tour => false,
            };
            let listed =
                picker.matches().any(|item| matches!(item.pick, Pick::Action(action) if action == info.action));
            assert_eq!(listed, wanted, "{} on {kind:?}", info.id);
        }
    }
}

#[test]
fn no_screen_leaves_half_of_a_large_terminal_blank() {
    for kind in ScreenKind::ALL {
        let mut session = open(T7, (200, 60));
        update::open(&mut session.model, catalog(), *kind);
        while update::idle(&mut session.model, catalog()) {}
        let text = session.text();
        let is_filled = |line: &&str| line.chars().any(char::is_alphanumeric);
        let filled = text.lines().filter(is_filled).count();
        assert!(filled > 36, "{kind:?} has {filled} lines with text:\n{text}");
    }
}

#[test]
fn a_screen_that_was_covered_knows_the_new_scenario_when_it_comes_back() {
    let session = open(T7, (120, 36)).keys("fm<right>");
    assert_eq!(session.model.screens.iter().count(), 3);
    let session = session.keys("s<esc>");
    has(&session, "SOURCE libvirt new");
    has(&session.keys("<esc>"), "SOURCE libvirt new");
}

#[test]
fn a_refusal_at_the_source_stands_at_the_stage_of_the_source() {
    for size in [(80, 24), (120, 36)] {
        let refused = open("Skylake-Client,machine=pc-q35-8.0,from=old,to=new", size).keys("f");
        has(&refused, "2 prepared: ø REFUSED · rule machine-type");
        has(&refused, "ø start-refused");
        has_not(&refused, "not reached");
        let sent = open("Skylake-Client,+invtsc,machine=pc-q35-5.2,from=9.0.0,to=11.3.0", size).keys("f");
        has(&sent, "6 sent: ✗ REFUSED · rule invtsc");
        has(&sent, "✗ aborted");
    }
    let check =
        open("Skylake-Client,+vmx,machine=pc-q35-3.1,check=full,accel=tcg,from=old,to=new", (120, 36)).keys("f");
    has(&check, "5 live XML: ✗ EXTRA");
    has(&check, "the source's QEMU enables");
}

#[test]
fn the_arrows_of_the_drawing_move_along_the_stages() {
    let below = open(T7, (80, 24)).keys("f<up><up>");
    has(&below, "▸ 7 received");
    let list = below.keys("<tab><down>");
    has(&list, "hypervisor is not the cause");
    has(&list.keys("<tab><down>"), "▸ 8 CPU");
    has(&open(T7, (120, 36)).keys("f<down>"), "hypervisor is not the cause");
    has(&open(T7, (120, 36)).keys("f<left><left>"), "▸7");
}

#[test]
fn the_settings_of_a_pane_have_the_whole_small_screen() {
    let zoomed = open(T7, (80, 24)).keys("Z");
    for setting in ["topology", "fallback", "transport"] {
        has(&zoomed, setting);
    }
    has_not(&zoomed, "Fixes");
    let moved = zoomed.keys("<tab><down><down>");
    has(&moved, "started");
    has(&moved.keys("Z"), "Fixes");
}

#[test]
fn boxes_and_fixes_say_what_each_side_has_and_what_each_fix_costs() {
    let session = open(T7, (120, 36));
    for text in ["mpx in map", "has all it needs", "restart, loses mpx", "restart, keeps all", "no restart"] {
        has(&session, text);
    }
    has(&session.keys("a<end>"), "The guest loses mpx");
    has(&open("Skylake-Client,machine=pc-q35-3.1,from=old,to=11.3.0", (120, 36)), "mpx removed");
}

#[test]
fn host_model_shows_how_scores_come_about_and_a_command_line_to_paste() {
    let session = open(T7, (120, 36)).keys("H");
    has(&session, "-cpu Skylake-Client,ss=on,hypervisor=on,");
    has(&session, "5 = 5 require");
    let session = session.keys("<down>C");
    has(&session, "7 = 5 require + 2 for 1 disable");
    let copied =
        session.effects.iter().any(|effect| matches!(effect, Effect::Copy(text) if text.starts_with("-cpu Sky")));
    assert!(copied, "{:?}", session.effects);
}

#[test]
fn start_refused_has_one_sign_and_one_word() {
    has(&open(T7, (120, 36)).keys("d"), "ø start-refused");
    has(&open(T7, (120, 36)).keys("m"), " ø  start-refused");
    has(&open("Skylake-Client,machine=pc-q35-8.0,from=old,to=new", (120, 36)), "ø START-REFUSED");
}
