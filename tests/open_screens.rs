//! Looks at the names of the open screens in the top line.

#[path = "support/typed.rs"]
mod typed;

use typed::{Session, catalog, open};
use virt_cpu_explorer::internal::app::action::{ACTIONS, Scope};
use virt_cpu_explorer::internal::app::overlay::Overlay;
use virt_cpu_explorer::internal::app::picker::Pick;
use virt_cpu_explorer::internal::app::screens::{ScreenKind, Target};
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

/// Clicks on the text in the top line. Returns whether something was there to be clicked.
fn click(session: &mut Session, text: &str) -> bool {
    let (x, y) = session.place_of(text);
    let target = session.target(x + 1, y);
    match target {
        Some(target @ Target::Screen(_)) => {
            update::click(&mut session.model, catalog(), target);
            true
        }
        _ => false,
    }
}

#[test]
fn the_first_screen_alone_needs_no_name() {
    let line = top(&open(T7, (120, 36)));
    assert!(!line.contains("Explorer"), "{line}");
}

#[test]
fn every_open_screen_is_named_and_a_click_or_escape_goes_back_to_it() {
    let mut session = with_every_screen((200, 60));
    let line = top(&session);
    let names: Vec<&str> = ScreenKind::ALL.iter().map(|kind| kind.title().trim_end_matches(" screen")).collect();
    assert!(line.contains(&names.join(" ▸ ")), "{line}");
    let last = *ScreenKind::ALL.last().unwrap();
    assert_eq!(session.model.screens.top().kind(), last);
    let session_back = with_every_screen((200, 60)).keys("<esc>");
    assert_eq!(session_back.model.screens.iter().count(), ScreenKind::ALL.len() - 1);
    assert!(click(&mut session, "Explorer"));
    assert_eq!(session.model.screens.top().kind(), ScreenKind::Explorer);
    assert_eq!(session.model.screens.iter().count(), 1);
}

#[test]
fn a_narrow_terminal_names_the_screen_that_is_seen() {
    for width in [60, 80, 120] {
        let session = with_every_screen((width, 24));
        let line = top(&session);
        assert!(line.contains(ScreenKind::ALL.last().unwrap().title()), "{width}: {line}");
        assert!(line.contains("? help") && line.chars().count() <= usize::from(width), "{width}: {line}");
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
                Scope::Text | Scope::Tour => false,
            };
            let listed =
                picker.matches().any(|item| matches!(item.pick, Pick::Action(action) if action == info.action));
            assert_eq!(listed, wanted, "{} on {kind:?}", info.id);
        }
    }
}
