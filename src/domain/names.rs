//! Maps names to indices and back, and finds the known name nearest to a mistyped one.

use foldhash::HashMap;
use serde::{Deserialize, Serialize};
use strsim::osa_distance;

/// A list of distinct names; each is known by its position.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<Box<str>>", into = "Vec<Box<str>>")]
pub struct Names {
    list: Vec<Box<str>>,
    index: HashMap<Box<str>, u16>,
}

impl From<Vec<Box<str>>> for Names {
    fn from(list: Vec<Box<str>>) -> Self {
        let index = list.iter().cloned().zip(0..).collect();
        Self { list, index }
    }
}

impl From<Names> for Vec<Box<str>> {
    fn from(names: Names) -> Self {
        names.list
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Names {
    /// Returns the number of `name`, adding it when it is new; `None` when 65,536 names are taken.
    pub(crate) fn intern(&mut self, name: &str) -> Option<u16> {
        if let Some(known) = self.get(name) {
            return Some(known);
        }
        let number = u16::try_from(self.list.len()).ok()?;
        self.list.push(name.into());
        self.index.insert(name.into(), number);
        Some(number)
    }

    /// Returns the number of `name`, if it is known.
    pub fn get(&self, name: &str) -> Option<u16> {
        self.index.get(name).copied()
    }

    /// Returns the name with this number; empty for a number never given out.
    pub fn name(&self, number: u16) -> &str {
        self.list.get(usize::from(number)).map_or("", |name| name)
    }

    /// Returns how many names are known.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether no name is known.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the names in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|name| &**name)
    }
}

/// Returns the candidate nearest to `typed`: the fewest letters put in, taken out, replaced or swapped with their
/// neighbour, case not counted; the first of equals. Where each differs in more than half of its letters, the longest one
/// that `typed` continues by at most three letters, as `aesni` does `aes`; else `None`.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let letters = typed.chars().count();
    let mut begins: Option<&str> = None;
    let found = candidates
        .into_iter()
        .inspect(|name| {
            let continued = (3..letters).contains(&name.len()) && letters - name.len() <= 3;
            if continued && begins.is_none_or(|known| known.len() < name.len()) && starts_with(&typed, name) {
                begins = Some(name);
            }
        })
        .filter_map(|name| {
            let length = name.chars().count();
            let near = |far: usize| far * 2 <= length.max(2);
            // At least the letters that one has more than the other: most names are out with that.
            near(letters.abs_diff(length))
                .then(|| osa_distance(&typed, &name.to_ascii_lowercase()))
                .filter(|far| near(*far))
                .map(|far| (far, name))
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name);
    found.or(begins)
}

/// Whether a text begins with a name, case not counted.
fn starts_with(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
}

/// Returns `; did you mean NAME?` for a suggested name; empty without one.
pub(crate) fn suggestion(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

/// Returns the [`suggestion`] of the known name nearest to `typed`.
pub(crate) fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    suggestion(nearest(typed, known))
}

/// Returns the first `most` names, then how many more there are: `mpx and avx`, `mpx, avx and 3 more`.
pub(crate) fn first_names<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names = names.into_iter();
    let first: Vec<&str> = names.by_ref().take(most).collect();
    match names.count() {
        0 => and_list(&first),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Joins names to a list: `mpx`, `mpx and avx`, `mpx, avx and aes`.
pub(crate) fn and_list(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        let known = ["Skylake-Client", "Skylake-Server", "EPYC", "EPYC-Milan"];
        assert_eq!(nearest("skylake-clinet", known), Some("Skylake-Client"));
        assert_eq!(nearest("EPYC-Mlan", known), Some("EPYC-Milan"));
        assert_eq!(nearest("EPYC-Mialn", known), Some("EPYC-Milan"), "two letters swapped are one mistake");
        assert_eq!(nearest("EP", known), Some("EPYC"), "half of the letters may be wrong");
        assert_eq!(nearest("E", known), None);
        assert_eq!(nearest("aesni", ["avx", "aes", "pni"]), Some("aes"));
        assert_eq!(nearest("zzzzzzzzzzzz", known), None);
        assert_eq!(nearest(&"EPYC".repeat(1 << 20), known), None);
    }

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        let first = names.intern("mpx");
        names.intern("ht");
        assert_eq!(names.intern("mpx"), first);
        assert_eq!(first.map(|n| names.name(n)), Some("mpx"));
        assert_eq!(names.len(), 2);
    }
}
