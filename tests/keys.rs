//! Holds the table of actions to be sound, and the page of keys against it.

#[path = "support/golden.rs"]
mod golden;
#[path = "support/typed.rs"]
mod typed;

use std::fmt::Write;
use typed::open;
use virt_cpu_explorer::internal::app::action::{ACTIONS, Action, Category, KeyContext, Scope};
use virt_cpu_explorer::internal::app::key::{Key, NOTATION};
use virt_cpu_explorer::internal::app::keymap::Keymap;
use virt_cpu_explorer::internal::app::screens::ScreenKind;
use virt_cpu_explorer::internal::app::update;

const HEAD: &str = "# Keys

`?` shows the keys of the open screen with your key bindings, and a second `?` shows all keys.
`:` finds every action by its name.
The ids are used in the config file and in replayed files.

## Config file

`$XDG_CONFIG_HOME/virt-cpu-explorer/config.toml` (`~/.config/...` if the variable is not set):

```toml
theme = \"light\"        # default, light, high-contrast, mono, colour-blind
ascii = false
mouse = true
start = \"EPYC,machine=pc-q35-5.2,from=9.0.0,to=11.3.0\"
web-base = \"https://example.org/virt-cpu-explorer.html\"  # copied links and Markdown exports open this page

[keys]
undo = \"u <ctrl+y>\"
quit = \"Q\"
```

";

const MORE: &str = "A binding replaces all keys of the action; an empty string removes them.
Flags on the command line override the file, and the file overrides `NO_COLOR`.
If the file has errors, all of them are reported with file, line and column.
The explorer then ignores the file and shows the errors as a notice.
`--config FILE` uses another file, and errors in that file stop the program.
`--no-config` ignores the config file.
`tour [NAME]` and `explain --open` open the explorer, so they read the config file too.
`--print` reads a config file only with `--config`; other commands read none.
";

#[test]
fn the_page_of_keys_is_up_to_date() {
    let mut page = HEAD.to_owned();
    let notation = format!("{}{}.", NOTATION.get(..1).unwrap().to_uppercase(), NOTATION.get(1..).unwrap());
    writeln!(
        page,
        "{}\n{MORE}",
        notation.replace(
            "a, <tab>, <ctrl+a>, <shift+tab>, <lt> for <",
            "`a`, `<tab>`, `<ctrl+a>`, `<shift+tab>`, `<lt>` for `<`"
        )
    )
    .unwrap();
    for category in Category::ALL {
        writeln!(page, "## {}\n\n| keys | id | what it does | where |\n|---|---|---|---|", category.title()).unwrap();
        for info in ACTIONS.iter().filter(|info| info.category == category) {
            let keys: Vec<String> = info.keys.iter().map(|key| format!("`{key}`")).collect();
            let place = match info.scope {
                Scope::Everywhere => "everywhere".to_owned(),
                Scope::Text => "typing".to_owned(),
                Scope::Search => "searched page".to_owned(),
                Scope::Tour => "in a lesson".to_owned(),
                Scope::Screens => "every screen".to_owned(),
                Scope::On(kinds) => kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join(", "),
            };
            writeln!(page, "| {} | `{}` | {} | {place} |", keys.join(" "), info.id, info.doc).unwrap();
        }
        page.push('\n');
    }
    golden::compare("docs/KEYS.md", &(page.trim_end().to_owned() + "\n"));
}

#[test]
fn no_key_means_two_things_in_one_place() {
    assert_eq!(Keymap::with(&[]).err(), None);
}

#[test]
fn every_action_has_an_id_a_sentence_and_a_key_that_finds_it() {
    let map = Keymap::default();
    for (place, info) in ACTIONS.iter().enumerate() {
        assert_eq!(info.action as usize, place, "{}", info.id);
        assert!(info.doc.ends_with('.') && info.doc.len() < 80, "{}", info.id);
        assert!(info.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", info.id);
        assert_eq!(ACTIONS.iter().filter(|other| other.id == info.id).count(), 1, "{}", info.id);
        for key in info.keys {
            let key = Key::parse(key).unwrap();
            let context = match info.scope {
                Scope::Text => KeyContext::Text,
                Scope::Search => KeyContext::Search,
                Scope::Tour => KeyContext::Tour,
                Scope::Everywhere | Scope::Screens => KeyContext::Screen(ScreenKind::Explorer),
                Scope::On(kinds) => KeyContext::Screen(kinds[0]),
            };
            assert_eq!(map.action(key, context), Some(info.action), "{}", info.id);
        }
    }
}

#[test]
fn every_screen_but_the_first_has_an_action_of_its_word() {
    let (first, others) = ScreenKind::ALL.split_first().unwrap();
    assert_eq!(*first, ScreenKind::Explorer);
    for kind in others {
        let opens = ACTIONS.iter().find(|info| info.id == kind.name());
        assert!(opens.is_some_and(|info| info.scope == Scope::Screens), "no action opens {}", kind.name());
    }
}

/// Actions that cannot do anything in the initial state, each with its reason.
const UNAVAILABLE: &[(Action, &str)] = &[
    (Action::Undo, "nothing to undo"),
    (Action::Redo, "nothing to redo"),
    (Action::Reset, "the scenario is the initial one"),
    (Action::FirstFix, "there is no fix for this answer"),
    (Action::CopyMessage, "libvirt reports no error"),
];

const UNCHANGED: &str = "Skylake-Client,machine=pc-q35-4.0,from=old,to=new";

#[test]
fn a_key_of_an_unavailable_action_says_why() {
    for (action, reason) in UNAVAILABLE {
        let info = action.info();
        let session = open(UNCHANGED, (120, 36)).keys(info.keys[0]);
        assert_eq!(session.model.notice, Some(format!("{}: {reason}.", info.title)), "{}", info.id);
        assert_eq!(update::unavailable(&session.model, *action), Some(*reason));
    }
    let undone = open(UNCHANGED, (120, 36)).keys("<left>u");
    assert_eq!(undone.model.notice, None);
    assert_eq!(update::unavailable(&undone.model, Action::Redo), None);
}

#[test]
fn palette_and_help_say_why_an_action_is_unavailable() {
    let palette = open(UNCHANGED, (120, 36)).keys(":undo").text();
    assert!(palette.contains("nothing to undo"), "{palette}");
    let possible = open(UNCHANGED, (120, 36)).keys("<left>:undo").text();
    assert!(!possible.contains("nothing to undo"), "{possible}");
    let help = open(UNCHANGED, (120, 120)).keys("??").text();
    assert!(help.contains("Reverts the last change of the scenario. Now: nothing to undo."), "{help}");
}

#[test]
fn fixes_lessons_and_scenario_a_have_reasons_of_their_own() {
    let session = open("Skylake-Client,machine=pc-q35-3.1,from=old,to=new", (120, 36));
    assert_eq!(update::unavailable(&session.model, Action::FirstFix), None);
    let count = session.model.derived.remedies(typed::catalog(), &session.model.scenario).len();
    assert!(count >= 3, "{count} fixes");
    assert_eq!(update::unavailable(&session.model, Action::NextStep), Some("no lesson is open"));
    assert_eq!(update::unavailable(&session.model, Action::SwapSides), Some("no scenario is set as A"));
}
