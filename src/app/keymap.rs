//! Maps keys to actions: the defaults of [`ACTIONS`], overridden by the configuration file.

use super::action::{ACTIONS, Action, KeyContext};
use super::error::did_you_mean;
use super::key::{Key, NOTATION};

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
    /// Returns the default keys overridden by `own`: pairs of the id of an action and its keys, separated by blanks.
    ///
    /// # Errors
    /// Every unknown action, every text that is not a key, and every key with two actions in the same context.
    pub fn with(own: &[(String, String)]) -> Result<Self, Vec<BadKeys>> {
        let mut map = Self::default();
        let mut wrong = Vec::new();
        for (entry, (id, keys)) in own.iter().enumerate() {
            let Some(index) = ACTIONS.iter().position(|info| info.id == id) else {
                let hint = did_you_mean(id, ACTIONS.iter().map(|info| info.id));
                wrong.push(BadKeys { entry, column: None, text: format!("unknown action {id}{hint}") });
                continue;
            };
            let mut good = Vec::new();
            for (column, word) in words_of(keys) {
                match Key::parse(word) {
                    Ok(key) => good.push(key),
                    Err(err) => {
                        let text = format!("{id}: expected a key, found {:?}; {NOTATION}", err.text);
                        wrong.push(BadKeys { entry, column: Some(column + err.column), text });
                    }
                }
            }
            if let Some(entry) = map.keys.get_mut(index) {
                entry.1 = good;
            }
        }
        for (first, second, text) in map.clashes() {
            let about = own.iter().rposition(|(id, _)| *id == first.info().id || *id == second.info().id);
            wrong.push(BadKeys { entry: about.unwrap_or_default(), column: None, text });
        }
        if wrong.is_empty() { Ok(map) } else { Err(wrong) }
    }

    /// Returns every key with two actions in the same context.
    fn clashes(&self) -> Vec<(Action, Action, String)> {
        let mut found = Vec::new();
        for (index, (action, keys)) in self.keys.iter().enumerate() {
            for (other, theirs) in self.keys.iter().skip(index + 1) {
                for key in keys.iter().filter(|key| theirs.contains(key)) {
                    if action.info().scope.overlaps(other.info().scope) {
                        let text = format!("{key} is a key of both {} and {}", action.info().id, other.info().id);
                        found.push((*action, *other, text));
                    }
                }
            }
        }
        found
    }

    /// Returns the action of `key` in `context`.
    pub fn action(&self, key: Key, context: KeyContext) -> Option<Action> {
        let asked = self.keys.iter().filter(|(_, keys)| keys.contains(&key)).map(|(action, _)| *action);
        asked.into_iter().find(|action| action.info().scope.holds_in(context))
    }

    /// Returns the keys of `action`, in the order of the configuration.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(action as usize).map_or(&[], |(_, keys)| keys)
    }

    /// Returns the first key of `action` for display, `tab` for `<tab>`; empty when it has none.
    pub(crate) fn shown(&self, action: Action) -> String {
        self.keys(action).first().map(|key| show(*key)).unwrap_or_default()
    }

    /// Returns the text of a list in which nothing matches the filter.
    pub(crate) fn no_match(&self) -> String {
        format!("Nothing matches the filter. Press {} to clear it.", self.shown(Action::Back))
    }

    /// Returns all keys of `action` for display.
    pub(crate) fn shown_all(&self, action: Action) -> String {
        self.keys(action).iter().map(|key| show(*key)).collect::<Vec<_>>().join(" ")
    }
}

/// One error in the configured keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadKeys {
    /// The index of the entry.
    pub(crate) entry: usize,
    /// The column in the text of the keys, counted from 1; `None` when the error is about the whole entry.
    pub(crate) column: Option<usize>,
    /// The message.
    pub(crate) text: String,
}

/// Returns the words of a text, each with the number of characters before it.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut column = 0;
    text.split(char::is_whitespace).filter_map(move |word| {
        let start = column;
        column += word.chars().count() + 1;
        (!word.is_empty()).then_some((start, word))
    })
}

fn show(key: Key) -> String {
    let written = key.to_string();
    written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&written).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_in_a_key_file_are_reported_together() {
        let own = [("qiut", "x"), ("quit", "<ctlr+q> Q"), ("undo", "y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let wrong = Keymap::with(&own).unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert_eq!(wrong[0].text, "unknown action qiut; did you mean quit?");
        assert_eq!((wrong[1].entry, wrong[1].column), (1, Some(1)), "{wrong:?}");
        assert!(wrong[2].text.contains("undo") && wrong[2].text.contains("copy-link"), "{wrong:?}");
        assert_eq!(wrong[2].entry, 2);
    }
}
