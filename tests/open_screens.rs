//! Looks at the names of the open screens in the top line.

#[path = "support/typed.rs"]
mod typed;

use typed::{Session, catalog, open};
use virt_cpu_explorer::internal::app::action::{ACTIONS, Scope};
use virt_cpu_explorer::internal::app::overlay::Overlay;
use virt_cpu_explorer::internal::app::picker::Pick;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::update;

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
