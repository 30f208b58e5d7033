//! Finds libvirt's and QEMU's messages about a guest's CPU in a text: a line or a whole log, with anything that virsh,
//! KubeVirt, nova or oVirt wrote around them.

mod known;
mod lines;

use crate::domain::catalog::Catalog;
use crate::domain::order::sort_by_key;
use crate::explain::MessageMeaning;
use foldhash::{HashMap, HashSet};
use known::{Lead, MESSAGES};
use lines::lines;

/// A message in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The line of its first occurrence, counted from 1.
    pub line: usize,
    /// The column of its first occurrence, counted in characters from 1.
    pub column: usize,
    /// The number of times that it occurs.
    pub times: usize,
    /// The program that wrote the line, if the text around the message shows it.
    pub teller: Option<&'static str>,
    /// Whether this line or one of the two before it says that a guest was to be started, and not received.
    pub at_start: bool,
    /// The message as written in the text.
    pub text: String,
    /// The parsed content.
    pub says: MessageMeaning,
}

/// How much of a line around the fixed words of a message is looked at, in bytes: the longest list of features fits.
const AROUND: usize = 1 << 14;
/// The longest quotation of a message, in characters.
const QUOTED: usize = 400;

/// The most distinct messages of one text that are counted separately.
const MOST_DISTINCT: usize = 10_000;

/// Returns the distinct messages in a text, in the order of their first occurrence.
pub fn find(catalog: &Catalog, text: &str) -> Vec<Found> {
    find_and_count(catalog, text).0
}

/// Returns the same, and how many more messages are not among the first distinct ones.
pub fn find_and_count(catalog: &Catalog, text: &str) -> (Vec<Found>, usize) {
    let mut all: Vec<Found> = Vec::new();
    let mut more = 0;
    let mut index: HashMap<MessageMeaning, usize> = HashMap::default();
    // In how many lines the start of a guest is still what was last reported.
    let mut started = 0_u8;
    for line in lines(text) {
        started = if is_of_start(&line.text) { 3 } else { started.saturating_sub(1) };
        let found = on_line(catalog, &line.text);
        let teller = if found.is_empty() { None } else { teller(&line.text) };
        let mut place = line.places();
        for (offset, quoted, says) in found {
            let (number, column) = place(offset);
            let is_full = all.len() == MOST_DISTINCT;
            match index.get(&says).and_then(|known| all.get_mut(*known)) {
                Some(known) => known.times += 1,
                None if is_full => more += 1,
                None => {
                    index.insert(says.clone(), all.len());
                    let at_start = started > 0;
                    all.push(Found { line: number, column, times: 1, teller, at_start, text: quoted, says });
                }
            }
        }
    }
    (all, more)
}

/// Whether a line says that the start of a new guest failed.
fn is_of_start(line: &str) -> bool {
    const WORDS: [&str; 4] =
        ["Failed to start domain", "Failed to create domain", "Error starting domain", "virDomainCreate"];
    WORDS.iter().any(|words| line.contains(words))
}

/// Returns the line of a text that has most letters of a known message's words, and the fixed words of that message;
/// `None` if no line has at least half of them.
pub fn nearest(text: &str) -> Option<(usize, &'static str)> {
    const LINES: usize = 1000;
    fn words(text: &str) -> impl Iterator<Item = String> {
        let letters = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
        letters.map(str::to_lowercase)
    }
    let known = MESSAGES.iter().map(|(fixed, ..)| (*fixed, words(fixed).collect::<Vec<_>>()));
    let known: Vec<(&str, Vec<String>)> = known.filter(|(_, own)| own.len() > 1).collect();
    let mut best: Option<(usize, usize, usize, &str)> = None;
    for (number, line) in text.lines().take(LINES).enumerate() {
        let said: HashSet<String> = words(head(line, QUOTED)).take(QUOTED).collect();
        for (fixed, own) in &known {
            // Long words tell more.
            let letters = |words: &mut dyn Iterator<Item = &String>| words.map(String::len).sum::<usize>();
            let all = letters(&mut own.iter());
            let shared = letters(&mut own.iter().filter(|word| said.contains(*word)));
            let better = best.is_none_or(|(share, of, ..)| shared * of > share * all);
            if shared * 2 >= all && better {
                best = Some((shared, all, number + 1, fixed));
            }
        }
    }
    best.map(|(_, _, line, fixed)| (line, fixed))
}

fn teller(line: &str) -> Option<&'static str> {
    const MARKS: &[(&str, &str)] = &[
        ("virError(", "KubeVirt"),
        ("required features: [", "KubeVirt"),
        ("virt-launcher", "KubeVirt"),
        ("virt-handler", "KubeVirt"),
        ("nova.", "nova"),
        ("Live Migration failure", "nova"),
        ("Unacceptable CPU info", "nova"),
        ("vdsm", "oVirt"),
        ("libvirt.libvirtError", "libvirt's Python binding"),
        ("libvirtd", "libvirt"),
        ("virtqemud", "libvirt"),
        ("qemu-system-x86_64:", "QEMU"),
        ("qemu-kvm:", "QEMU"),
        ("error: ", "virsh"),
    ];
    MARKS.iter().find(|(mark, _)| line.contains(mark)).map(|(_, who)| *who)
}

fn on_line(catalog: &Catalog, line: &str) -> Vec<(usize, String, MessageMeaning)> {
    let mut found: Vec<(usize, String, MessageMeaning)> = Vec::new();
    let mut said: HashSet<MessageMeaning> = HashSet::default();
    for (words, lead, read) in MESSAGES {
        for (offset, _) in line.match_indices(words) {
            let before = tail(line.get(..offset).unwrap_or_default());
            let rest = head(line.get(offset + words.len()..).unwrap_or_default(), AROUND);
            if let Some(says) = read(catalog, rest, before).filter(|says| !said.contains(says)) {
                said.insert(says.clone());
                let text = quotation(line, offset, words.len(), lead_in(before, *lead));
                found.push((offset, text, says));
            }
        }
    }
    sort_by_key(&mut found, |(offset, ..)| *offset);
    found
}

/// How many bytes before the fixed words of a message belong to it.
fn lead_in(before: &str, lead: Lead) -> usize {
    match lead {
        Lead::None => before.chars().next_back().filter(|letter| matches!(letter, 'H' | 'h')).map_or(0, char::len_utf8),
        Lead::Word => {
            let trimmed = before.trim_end();
            let start = trimmed.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |offset| offset + 1);
            if trimmed.is_char_boundary(start) { before.len() - start } else { 0 }
        }
        Lead::From(words) => match before.rfind(words) {
            Some(start) if before.len() - start < QUOTED => before.len() - start,
            _ => lead_in(before, Lead::None),
        },
    }
}

/// The message as it is written, without what a log has behind it.
fn quotation(line: &str, offset: usize, words: usize, lead: usize) -> String {
    let start = offset.saturating_sub(lead);
    let text = head(line.get(start..).unwrap_or_default(), 4 * QUOTED + words);
    let fixed = lead.min(offset) + words;
    let (own, after) = text.split_at_checked(fixed).unwrap_or((text, ""));
    let end = ["\\n", "\"", "')", "}"].iter().filter_map(|stop| after.find(stop)).min().unwrap_or(after.len());
    let whole = format!("{own}{}", after.get(..end).unwrap_or_default());
    let whole = whole.trim_end_matches([' ', ',', '.', ':', ';']);
    let mut short: String = whole.chars().take(QUOTED).collect();
    if short.len() < whole.len() {
        short.push_str("...");
    }
    short
}

fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(AROUND);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}
