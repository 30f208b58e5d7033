//! Takes facts apart into records that can be compared and hashed, from the raw facts and from the timeline alike.
//! The raw side never goes through the timeline's reader or writer, so that a mistake there cannot hide itself.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fmt::Write as _;

mod of_parts;
mod of_raw;

pub use of_parts::{host_records, map_records, records as records_of_parts};
pub use of_raw::records as records_of_raw;

/// One fact in words: a model of a release, a cell, a row of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// What the digest line is about: `libvirt 9.0.0`, `cells kvm Skylake-Client`, `qemu 5.2.0`, `host Xeon-E5-2609`.
    pub subject: String,
    /// The part of it: `model Skylake-Client`, a machine type, `properties`.
    pub item: String,
    /// What is said of it; lists that are sets are sorted by name.
    pub text: String,
}

/// Collects records of one subject after the other.
#[derive(Default)]
struct Records {
    all: Vec<Record>,
    subject: String,
}

impl Records {
    fn begin(&mut self, subject: impl Into<String>) {
        self.subject = subject.into();
    }

    fn add(&mut self, item: impl Into<String>, text: impl Into<String>) {
        self.all.push(Record { subject: self.subject.clone(), item: item.into(), text: text.into() });
    }
}

/// Returns names as one sorted text; double ones count once.
fn sorted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

/// One place where raw facts and timeline differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What differs, as in [`Record`].
    pub subject: String,
    /// The part of it.
    pub item: String,
    /// What the raw facts say; `None` where they say nothing.
    pub raw: Option<String>,
    /// What the timeline says; `None` where it says nothing.
    pub timeline: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: ", self.subject, self.item)?;
        match (&self.raw, &self.timeline) {
            (Some(_), None) => f.write_str("only in the raw facts"),
            (None, _) => f.write_str("only in the timeline"),
            (Some(raw), Some(timeline)) => {
                let only = |these: &str, those: &str| {
                    let those: Vec<&str> = those.split(' ').collect();
                    these.split(' ').filter(|word| !those.contains(word)).collect::<Vec<_>>().join(" ")
                };
                match (only(raw, timeline), only(timeline, raw)) {
                    (a, b) if a.is_empty() && b.is_empty() => f.write_str("the same words in another order"),
                    (a, b) => write!(f, "the raw facts say {a:?}, the timeline {b:?}"),
                }
            }
        }
    }
}

/// Returns every difference in the subjects that `raw` speaks of. What only the timeline has, because it was added
/// from elsewhere, is no difference.
pub fn differences(raw: &[Record], timeline: &[Record]) -> Vec<Difference> {
    let key = |record: &'_ Record| (record.subject.clone(), record.item.clone());
    let known: HashMap<(String, String), &str> = timeline.iter().map(|r| (key(r), r.text.as_str())).collect();
    let wanted: HashMap<(String, String), &str> = raw.iter().map(|r| (key(r), r.text.as_str())).collect();
    let subjects: std::collections::HashSet<&str> = raw.iter().map(|record| record.subject.as_str()).collect();
    let difference = |record: &Record, raw: Option<&str>, timeline: Option<&str>| Difference {
        subject: record.subject.clone(),
        item: record.item.clone(),
        raw: raw.map(str::to_owned),
        timeline: timeline.map(str::to_owned),
    };
    let mut found = Vec::new();
    for record in raw {
        let there = known.get(&key(record)).copied();
        if there != Some(record.text.as_str()) {
            found.push(difference(record, Some(&record.text), there));
        }
    }
    for record in timeline.iter().filter(|record| subjects.contains(record.subject.as_str())) {
        if !wanted.contains_key(&key(record)) {
            found.push(difference(record, None, Some(&record.text)));
        }
    }
    found
}

/// Returns the digest of each subject: FNV-1a with 128 bits over its items and texts, whatever their order.
pub fn digests(records: &[Record]) -> BTreeMap<String, String> {
    let mut subjects: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for record in records {
        subjects.entry(&record.subject).or_default().push((&record.item, &record.text));
    }
    let digest = |mut items: Vec<(&str, &str)>| {
        items.sort_unstable();
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for byte in items.iter().flat_map(|(item, text)| item.bytes().chain([0]).chain(text.bytes()).chain([0])) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        format!("{hash:032x}")
    };
    subjects.into_iter().map(|(subject, items)| (subject.to_owned(), digest(items))).collect()
}

/// Writes digests as lines of digest and subject.
pub fn write(digests: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (subject, digest) in digests {
        let _ = writeln!(text, "{digest}  {subject}");
    }
    text
}

/// Reads such lines; a line that is none is left out.
pub fn read(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.split_once("  "));
    lines.map(|(digest, subject)| (subject.to_owned(), digest.to_owned())).collect()
}
