//! Names keys, and parses and prints their notation: `q`, `<tab>`, `<ctrl+a>`, `<shift+tab>`, `<lt>`.
//! `tui::input` converts the events of a terminal to these keys.

use std::fmt;

/// A key without its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Code {
    /// A character; an upper-case letter has no shift modifier.
    Char(char),
    /// One of [`NAMES`].
    Named(&'static str),
}

/// A key with its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The key without modifiers.
    pub(crate) code: Code,
    /// Whether Ctrl is pressed.
    pub(crate) ctrl: bool,
    /// Whether Alt is pressed.
    pub(crate) alt: bool,
    /// Whether Shift is pressed; never for [`Code::Char`], where the letter is upper-case.
    pub(crate) shift: bool,
}

/// The names of keys, as they are written between `<` and `>`.
pub(crate) const NAMES: &[&str] = &[
    "enter",
    "esc",
    "tab",
    "backspace",
    "delete",
    "insert",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "f6",
    "f7",
    "f8",
    "f9",
    "f10",
    "f11",
    "f12",
];

/// The notation in one sentence fragment, for errors and `docs/KEYS.md`.
pub const NOTATION: &str = "keys are written a, <tab>, <ctrl+a>, <shift+tab>, <lt> for <";

/// Text that is not in the notation of keys.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("column {column}: expected a key, found {text:?}; {}", NOTATION)]
pub struct KeyError {
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The text that cannot be parsed.
    pub(crate) text: String,
}

impl Key {
    /// Returns the key that types `letter`.
    pub const fn char(letter: char) -> Self {
        Self { code: Code::Char(letter), ctrl: false, alt: false, shift: false }
    }

    /// Returns the key of this name, one of [`NAMES`].
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = NAMES.iter().find(|known| **known == name)?;
        Some(Self { code: Code::Named(name), ctrl: false, alt: false, shift: false })
    }

    /// Returns the character that this key types; `None` for other keys and with Ctrl or Alt.
    pub(crate) fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(letter) if !self.ctrl && !self.alt => Some(letter),
            Code::Char(_) | Code::Named(_) => None,
        }
    }

    /// Parses one key.
    ///
    /// # Errors
    /// The text is not exactly one key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        match parse_all(text)?.as_slice() {
            [key] => Ok(*key),
            _ => Err(KeyError { column: 1, text: text.to_owned() }),
        }
    }

    fn in_brackets(text: &str) -> Option<Self> {
        let mut parts: Vec<&str> = text.split('+').collect();
        let last = match parts.pop()? {
            // `<ctrl++>` is control and plus.
            "" if parts.last() == Some(&"") => {
                parts.pop();
                "+"
            }
            last => last,
        };
        let mut letters = last.chars();
        let mut key = match (last, letters.next(), letters.next()) {
            ("lt", ..) => Self::char('<'),
            ("gt", ..) => Self::char('>'),
            ("space", ..) => Self::char(' '),
            (_, Some(letter), None) => Self::char(letter),
            _ => Self::named(last)?,
        };
        for part in parts {
            match part {
                "ctrl" => key.ctrl = true,
                "alt" => key.alt = true,
                "shift" => key.shift = true,
                _ => return None,
            }
        }
        Some(key.normalized())
    }

    /// Returns the key with Shift and a letter replaced by the upper-case letter.
    #[must_use]
    pub(crate) fn normalized(mut self) -> Self {
        if let (Code::Char(letter), true) = (self.code, self.shift) {
            self.code = Code::Char(letter.to_uppercase().next().unwrap_or(letter));
            self.shift = false;
        }
        self
    }
}

/// Parses a sequence of keys.
///
/// # Errors
/// The first text that is not a key, with its column.
pub fn parse_all(text: &str) -> Result<Vec<Key>, KeyError> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let column = text.chars().count() - rest.chars().count() + 1;
        if letter != '<' {
            keys.push(Key::char(letter));
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            continue;
        }
        let wrong = || KeyError { column, text: rest.to_owned() };
        let (inside, after) = rest.get(1..).and_then(|inner| inner.split_once('>')).ok_or_else(wrong)?;
        keys.push(Key::in_brackets(inside).ok_or_else(wrong)?);
        rest = after;
    }
    Ok(keys)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = !(self.ctrl || self.alt || self.shift);
        let name = match self.code {
            Code::Char('<') => "lt".to_owned(),
            Code::Char('>') if !plain => "gt".to_owned(),
            Code::Char(' ') => "space".to_owned(),
            Code::Char(letter) if plain => return write!(f, "{letter}"),
            Code::Char(letter) => letter.to_string(),
            Code::Named(name) => name.to_owned(),
        };
        let modifiers = [(self.ctrl, "ctrl+"), (self.alt, "alt+"), (self.shift, "shift+")];
        let modifiers: String = modifiers.into_iter().filter(|(down, _)| *down).map(|(_, name)| name).collect();
        write!(f, "<{modifiers}{name}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_back_as_it_is_printed() {
        let mut keys: Vec<Key> = NAMES.iter().filter_map(|name| Key::named(name)).collect();
        keys.extend(['a', 'Z', '<', '>', ' ', '+', '?', '/'].map(Key::char));
        for ctrl in [false, true] {
            for key in &keys {
                let key = Key { ctrl, ..*key };
                assert_eq!(Key::parse(&key.to_string()), Ok(key), "{key}");
            }
        }
    }

    #[test]
    fn shift_and_a_letter_are_the_upper_case_letter() {
        assert_eq!(Key::parse("<shift+a>"), Ok(Key::char('A')));
        assert_eq!(parse_all("a<shift+tab>").map(|keys| keys.len()), Ok(2));
    }

    #[test]
    fn what_is_no_key_is_named_with_its_column() {
        assert_eq!(parse_all("ab<tabb>").map_err(|e| (e.column, e.text)), Err((3, "<tabb>".to_owned())));
        assert_eq!(parse_all("<").map_err(|e| e.column), Err(1));
    }
}
