//! Says which action a key stands for, and which keys an action has. Starts from [`ACTIONS`]; a user's own keys come
//! over it, and everything wrong with them is reported together.

use super::action::{ACTIONS, Action, Context, Scope};
use super::key::Key;

/// The keys of every action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keymap {
    keys: Vec<(Action, Vec<Key>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = ACTIONS
            .iter()
            .map(|info| (info.action, info.keys.iter().filter_map(|key| Key::parse(key).ok()).collect()))
            .collect();
        Self { keys }
    }
}

impl Keymap {
    /// Returns the default keys with `own` over them: pairs of an action's id and its keys, separated by blanks.
    ///
    /// # Errors
    /// Every unknown action, every text that is no key, and every key that two actions would share.
    pub fn with(own: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut map = Self::default();
        let mut wrong = Vec::new();
        for (id, keys) in own {
            let Some(place) = ACTIONS.iter().position(|info| info.id == id) else {
                let near = crate::domain::names::nearest(id, ACTIONS.iter().map(|info| info.id));
                let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                wrong.push(format!("there is no action {id}{hint}"));
                continue;
            };
            let (good, bad): (Vec<_>, Vec<_>) = keys
                .split_whitespace()
                .map(|key| Key::parse(key).map_err(|e| format!("{id}: {e}")))
                .partition(Result::is_ok);
            wrong.extend(bad.into_iter().filter_map(Result::err));
            if let Some(entry) = map.keys.get_mut(place) {
                entry.1 = good.into_iter().filter_map(Result::ok).collect();
            }
        }
        wrong.extend(map.conflicts());
        if wrong.is_empty() { Ok(map) } else { Err(wrong) }
    }

    /// Returns a sentence for every key that two actions share in one place.
    pub fn conflicts(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, (action, keys)) in self.keys.iter().enumerate() {
            for (other, theirs) in self.keys.iter().skip(place + 1) {
                for key in keys.iter().filter(|key| theirs.contains(key)) {
                    if may_meet(action.info().scope, other.info().scope) {
                        found.push(format!("{key} would be both {} and {}", action.info().id, other.info().id));
                    }
                }
            }
        }
        found
    }

    /// Returns what `key` asks for in `context`.
    pub fn action(&self, key: Key, context: Context) -> Option<Action> {
        let asked = self.keys.iter().filter(|(_, keys)| keys.contains(&key)).map(|(action, _)| *action);
        asked.into_iter().find(|action| action.info().scope.holds_in(context))
    }

    /// Returns the keys of `action`.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(action as usize).map_or(&[], |(_, keys)| keys)
    }

    /// Returns the first key of `action` as it is shown, `tab` for `<tab>`; empty when it has none.
    pub fn shown(&self, action: Action) -> String {
        self.keys(action).first().map(|key| show(*key)).unwrap_or_default()
    }

    /// Returns all keys of `action` as they are shown.
    pub fn shown_all(&self, action: Action) -> String {
        self.keys(action).iter().map(|key| show(*key)).collect::<Vec<_>>().join(" ")
    }
}

fn show(key: Key) -> String {
    let written = key.to_string();
    written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&written).to_owned()
}

fn may_meet(a: Scope, b: Scope) -> bool {
    match (a, b) {
        // A lesson's own keys come before those of the screen.
        (Scope::Tour, other) | (other, Scope::Tour) => other == Scope::Tour,
        (Scope::Everywhere, _) | (_, Scope::Everywhere) => true,
        (Scope::Text, other) | (other, Scope::Text) => other == Scope::Text,
        (Scope::Screens, _) | (_, Scope::Screens) => true,
        (Scope::On(a), Scope::On(b)) => a.iter().any(|kind| b.contains(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::screens::ScreenKind;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        assert_eq!(Keymap::default().conflicts(), Vec::<String>::new());
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
                    Scope::Text => Context::Text,
                    Scope::Tour => Context::Tour,
                    Scope::Everywhere | Scope::Screens => Context::Screen(ScreenKind::First),
                    Scope::On(kinds) => Context::Screen(kinds[0]),
                };
                assert_eq!(map.action(key, context), Some(info.action), "{}", info.id);
            }
        }
    }

    #[test]
    fn all_mistakes_in_a_key_file_are_reported_together() {
        let own = [("qiut", "x"), ("quit", "<ctlr+q> Q"), ("undo", "y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let wrong = Keymap::with(&own).unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert_eq!(wrong[0], "there is no action qiut; did you mean quit?");
        assert!(wrong[2].contains("undo") && wrong[2].contains("copy-link"), "{wrong:?}");
    }
}
