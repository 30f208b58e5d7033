//! Parses the notations inside attributes of the facts: changes of a list, ranges of releases, sets of machine types.

use crate::domain::catalog::machine_series;
use crate::domain::feature::{CAPACITY, FeatureId, FeatureSet};
use crate::domain::names::Names;
use crate::domain::qemu::{MachineId, MachineSet};
use crate::domain::version::Version;
use std::ops::RangeInclusive;

/// Returns the feature of this name, giving it a number when it is new; `None` when no more fit.
pub(crate) fn intern_feature(features: &mut Names, name: &str) -> Option<FeatureId> {
    if let Some(known) = features.get(name) {
        return Some(FeatureId(known));
    }
    if features.len() >= CAPACITY {
        return None;
    }
    features.intern(name).map(FeatureId)
}

/// The order of the alphabet, in which most lists of the facts are kept: the place of each feature, by its number.
pub(crate) struct Alphabet(Vec<u16>);

impl Alphabet {
    pub(crate) fn of(features: &Names) -> Self {
        let mut sorted: Vec<(&str, usize)> = features.iter().zip(0..).collect();
        sorted.sort_unstable();
        let mut places = vec![0; sorted.len()];
        for (index, (_, number)) in (0..).zip(sorted) {
            places[number] = index;
        }
        Self(places)
    }

    /// Returns the features of a set in this order.
    pub(crate) fn sort(&self, set: FeatureSet) -> Vec<FeatureId> {
        let mut list: Vec<FeatureId> = set.iter().collect();
        list.sort_by_key(|feature| self.0.get(usize::from(feature.0)));
        list
    }
}

/// Applies a word list to a set: `name` adds, `-name` removes.
///
/// # Errors
/// The word that names no feature.
pub(crate) fn apply<'w>(
    mut set: FeatureSet,
    words: impl Iterator<Item = &'w str>,
    features: &Names,
) -> Result<FeatureSet, &'w str> {
    for word in words {
        match word.strip_prefix('-') {
            Some(gone) => set.remove(features.get(gone).map(FeatureId).ok_or(word)?),
            None => set.insert(features.get(word).map(FeatureId).ok_or(word)?),
        }
    }
    Ok(set)
}

/// Reads a set of releases, such as `1.5.3..5.2.0 7.2.22 10.0.0..`, as ranges of places in `releases`; a range includes
/// its first and last release, and one without a last release ends with the newest.
///
/// # Errors
/// The word that names no release.
pub(crate) fn release_ranges<'w>(text: &'w str, releases: &[Version]) -> Result<Vec<RangeInclusive<usize>>, &'w str> {
    let index = |name: &str| name.parse().ok().and_then(|version| releases.iter().position(|known| *known == version));
    text.split_ascii_whitespace()
        .map(|word| {
            let (from, to) = word.split_once("..").unwrap_or((word, word));
            let last = if to.is_empty() { releases.len().checked_sub(1) } else { index(to) };
            Ok(index(from).ok_or(word)?..=last.ok_or(word)?)
        })
        .collect()
}

/// The machine types that have cells, by family, so that `pc-q35-2.4..3.1` can be looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct MachineFamilies {
    /// Family, release the type is named after, position among those with cells.
    rows: Vec<(String, Version, usize)>,
}

impl MachineFamilies {
    /// Returns the families of these machine types, which stand in natural order.
    pub(crate) fn new(machines: &Names, with_cells: &[MachineId]) -> Self {
        let rows = with_cells.iter().enumerate().filter_map(|(position, machine)| {
            let (family, version) = machine_series(machines.name(machine.0))?;
            Some((family.to_owned(), version, position))
        });
        Self { rows: rows.collect() }
    }

    /// Reads a set of machine types: `pc-q35-2.4..3.1`, `pc-q35..3.1`, `pc-q35-2.4..`, `pc-q35..` or one name.
    ///
    /// # Errors
    /// The word that names no machine types.
    pub(crate) fn read<'w>(&self, text: &'w str) -> Result<MachineSet, &'w str> {
        let mut set = MachineSet::default();
        for word in text.split_ascii_whitespace() {
            let before = set;
            let (from, to) = word.split_once("..").map_or((word, None), |(from, to)| (from, Some(to)));
            let (family, first) = match machine_series(from) {
                Some((family, version)) => (family, Some(version)),
                None => (from, None),
            };
            let last = match to {
                None => first,
                Some("") => None,
                Some(to) => Some(to.parse().map_err(|_not_a_version| word)?),
            };
            for (known, version, position) in &self.rows {
                if known == family && first.is_none_or(|f| f <= *version) && last.is_none_or(|l| *version <= l) {
                    set.insert(*position);
                }
            }
            if set == before {
                return Err(word);
            }
        }
        Ok(set)
    }

    /// Writes a set in the shortest of these forms.
    pub(crate) fn write(&self, set: MachineSet) -> String {
        let mut words = Vec::new();
        let mut rows = self.rows.as_slice();
        while let Some((family, _, _)) = rows.first() {
            let length = rows.iter().take_while(|(known, _, _)| known == family).count();
            let (members, rest) = rows.split_at(length);
            for run in members.chunk_by(|a, b| set.contains(a.2) == set.contains(b.2)) {
                if let (Some(first), Some(last)) = (run.first(), run.last())
                    && set.contains(first.2)
                {
                    words.push(range(members, first, last));
                }
            }
            rows = rest;
        }
        words.join(" ")
    }
}

type Row = (String, Version, usize);

fn range(members: &[Row], first: &Row, last: &Row) -> String {
    let family = &first.0;
    let starts = members.first() == Some(first);
    let ends = members.last() == Some(last);
    match (starts, ends) {
        (true, true) => format!("{family}.."),
        (true, false) => format!("{family}..{}", short(last.1)),
        (false, true) => format!("{family}-{}..", short(first.1)),
        (false, false) if first == last => format!("{family}-{}", short(first.1)),
        (false, false) => format!("{family}-{}..{}", short(first.1), short(last.1)),
    }
}

/// Writes a release as machine types do: `3.1`, and `4.0.1` only where the third part counts.
fn short(version: Version) -> String {
    if version.micro == 0 { format!("{}.{}", version.major, version.minor) } else { version.to_string() }
}
