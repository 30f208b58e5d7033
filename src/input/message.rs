//! Finds libvirt's and QEMU's messages about a guest's CPU in a text: a line or a whole log, with anything that virsh,
//! KubeVirt, nova or oVirt wrote around them.

use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::feature::FeatureId;
use crate::domain::host::Vendor;
use crate::domain::order::sort_by_key;
use crate::domain::qemu::Accel;
use crate::explain::{MessageMeaning, Unspecific};
use crate::resolve::{MachineWording, Refusal, Sender, Stage};
use foldhash::{HashMap, HashSet};

/// A message in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The line of its first occurrence, counted from 1.
    pub line: usize,
    /// The column of its first occurrence, counted in characters from 1.
    pub column: usize,
    /// The number of lines that have it.
    pub times: usize,
    /// The program that wrote the line, if the text around the message shows it.
    pub teller: Option<&'static str>,
    /// The message as written in the text.
    pub text: String,
    /// The parsed content.
    pub says: MessageMeaning,
}

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 1 << 20;
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
    for (number, line) in text.lines().enumerate() {
        let (line, longer) = plain(head(line, LONGEST));
        let (mut column, mut counted) = (0, 0);
        let found = on_line(catalog, &line);
        let teller = if found.is_empty() { None } else { teller(&line) };
        for (offset, quoted, says) in found {
            column += line.get(counted..offset).unwrap_or_default().chars().count();
            counted = offset;
            let column = column + longer.iter().filter(|(at, _)| *at <= offset).map(|(_, more)| more).sum::<usize>();
            let is_full = all.len() == MOST_DISTINCT;
            match index.get(&says).and_then(|known| all.get_mut(*known)) {
                Some(known) => known.times += 1,
                None if is_full => more += 1,
                None => {
                    index.insert(says.clone(), all.len());
                    all.push(Found { line: number + 1, column: column + 1, times: 1, teller, text: quoted, says });
                }
            }
        }
    }
    (all, more)
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

/// Undoes what logs and web pages do to an apostrophe. Returns the line, and for each apostrophe that was written with
/// several characters the offset after it, and how many more they were.
fn plain(line: &str) -> (String, Vec<(usize, usize)>) {
    const WRITTEN: [&str; 6] = ["\u{2019}", "\\u0027", "\\'", "&#39;", "&#x27;", "&apos;"];
    let (mut plain, mut longer, mut rest) = (String::with_capacity(line.len()), Vec::new(), line);
    while let Some((before, from)) = rest.find(['\u{2019}', '\\', '&']).and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        if let Some((written, after)) = WRITTEN.iter().find_map(|w| Some((w, from.strip_prefix(w)?))) {
            plain.push('\'');
            longer.push((plain.len(), written.chars().count() - 1));
            rest = after;
        } else {
            let mut characters = from.chars();
            plain.extend(characters.next());
            rest = characters.as_str();
        }
    }
    plain.push_str(rest);
    (plain, longer)
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

/// A reader of what follows a message's fixed words; the second text is what stands before them.
type Reader = fn(&Catalog, &str, &str) -> Option<MessageMeaning>;

/// What of the line before a message's fixed words belongs to it.
#[derive(Clone, Copy)]
enum Lead {
    /// Nothing.
    None,
    /// The word before.
    Word,
    /// From the last time these words are said.
    From(&'static str),
}

/// The fixed words of each message, what before them belongs to it, and what reads the rest. Where two match at one place
/// the first counts.
const MESSAGES: &[(&str, Lead, Reader)] =
    &[
        ("CPU doesn't match specification", Lead::Word, full_check),
        (
            "extra features:",
            Lead::None,
            |c, rest, before| {
                if alone(before) { lists(c, &format!("extra features:{rest}")) } else { None }
            },
        ),
        ("missing features:", Lead::None, |c, rest, before| {
            if alone(before) { lists(c, &format!("missing features:{rest}")) } else { None }
        }),
        ("unknown CPU feature", Lead::None, |c, rest, _| unknown_feature(c, rest, Stage::StartValidate)),
        ("Unknown CPU feature", Lead::None, |c, rest, _| unknown_feature(c, rest, Stage::UpdateCpu)),
        ("Unknown CPU model", Lead::None, |c, rest, _| model(c, word(rest)?, Refusal::UnknownModel)),
        ("unknown CPU model", Lead::None, |c, rest, _| model(c, word(rest)?, Refusal::UnknownModelCompared)),
        ("CPU model ", Lead::None, |c, rest, _| {
            let name = word(rest.trim_start_matches('\''))?;
            let after = head(rest, name.len() + 64);
            after.contains("not supported by hypervisor").then(|| model(c, name, Refusal::ModelUnsupported))?
        }),
        ("unable to find CPU model '", Lead::None, |_, rest, _| {
            Some(MessageMeaning::QemuLacksModel(quoted(rest)?.to_owned()))
        }),
        ("does not support machine type '", Lead::From("Emulator '"), |_, rest, before| {
            let emulator = before.rsplit_once("Emulator '").and_then(|(_, path)| path.split('\'').next());
            let emulator = emulator.unwrap_or(crate::domain::scenario::EMULATOR).into();
            known(Refusal::MachineType { emulator, machine: quoted(rest)?.into() })
        }),
        ("unsupported machine type", Lead::From("-machine "), |_, rest, before| {
            let named = rest.trim_start_matches([':', ' ']).strip_prefix(['\'', '"']).and_then(word);
            // QEMU repeats its option: `-machine pc-q35-3.1,accel=tcg: unsupported machine type`.
            let option = || before.rsplit_once("-machine ").and_then(|(_, option)| word(option));
            let accel = if before.contains("accel=tcg") { Accel::Tcg } else { Accel::Kvm };
            let emulator = crate::domain::scenario::EMULATOR.into();
            let wording = if named.is_some() { MachineWording::Named } else { MachineWording::Option };
            let Some(machine) = named.or_else(option) else {
                return Some(MessageMeaning::Unspecific(Unspecific::MachineType));
            };
            known(Refusal::MachineTypeAtQemu { emulator, accel, machine: machine.into(), wording })
        }),
        ("ost CPU does not provide required features:", Lead::From("the CPU is incompatible"), |c, rest, _| {
            of_list(c, rest, Refusal::PartialMissing)
        }),
        ("Host CPU provides forbidden features:", Lead::From("the CPU is incompatible"), |c, rest, _| {
            of_list(c, rest, Refusal::PartialForbidden)
        }),
        ("strictly match guest CPU: Extra features:", Lead::From("the CPU is incompatible"), |c, rest, _| {
            of_list(c, rest, Refusal::PartialStrict)
        }),
        ("Host CPU provides forbidden feature '", Lead::From("the CPU is incompatible"), |c, rest, _| {
            feature(c, quoted(rest)?, Refusal::ForbiddenFeature)
        }),
        ("features cannot be reliably used with this QEMU:", Lead::Word, |c, rest, _| {
            of_list(c, rest, Refusal::MsrFeatures)
        }),
        ("-x86_64-cpu.", Lead::From("can't apply global "), |c, rest, before| property(c, rest, before)),
        ("Property '.", Lead::From("can't apply global "), |c, rest, before| {
            let cpu = before.rsplit_once("can't apply global ")?.1.split("-x86_64-cpu.").next()?;
            if rest.contains("not found") { unknown_property(c, cpu, (quoted(rest)?, false), before) } else { None }
        }),
        ("hypervisor provided conflicting CPU data: feature '", Lead::None, |c, rest, _| {
            feature(c, quoted(rest)?, Refusal::Conflict)
        }),
        ("Invalid mode attribute '", Lead::None, |_, rest, _| known(Refusal::UnknownMode(Mode::parse(quoted(rest)?)?))),
        ("CPU mode '", Lead::None, |_, rest, _| {
            let mode = Mode::parse(quoted(rest)?)?;
            let after = head(rest, 160);
            after.contains("is not supported by hypervisor").then(|| known(Refusal::UnsupportedMode(mode)))?
        }),
        ("QEMU version >= ", Lead::None, |_, rest, _| {
            let needed = word(rest)?.parse().ok()?;
            let found = rest.split_once("but ").and_then(|(_, found)| word(found))?.parse().ok()?;
            known(Refusal::QemuTooOld { needed, found })
        }),
        ("host doesn't support invariant TSC", Lead::None, |_, _, _| known(Refusal::NoInvariantTsc)),
        ("TSC frequency is not specified", Lead::From("domain has "), |_, _, _| {
            known(Refusal::NotSent(Sender::Libvirt))
        }),
        ("Requested TSC frequency", Lead::None, |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::TscFrequency))),
        ("doesn't support requested features", Lead::Word, |_, _, _| {
            Some(MessageMeaning::Unspecific(Unspecific::Enforced))
        }),
        ("doesn't support requested feature: CPUID", Lead::Word, unsupported),
        ("doesn't support requested feature: MSR", Lead::Word, unsupported),
        ("failed to set MSR 0x", Lead::None, |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::SetMsr))),
        ("Parameter 'detach' is unexpected", Lead::None, |_, _, _| known(Refusal::NotMigrated)),
        ("fd: migration to a file is not supported", Lead::None, |_, _, _| known(Refusal::NotRestored)),
        ("CPU is incompatible with host CPU", Lead::Word, |_, rest, _| {
            let reasons = ["required features", "forbidden feature", "strictly match", "vendor"];
            let after = head(rest, 64);
            (!reasons.iter().any(|reason| after.contains(reason)))
                .then_some(MessageMeaning::Unspecific(Unspecific::Incompatible))
        }),
        ("Unacceptable CPU info", Lead::None, |_, rest, _| {
            (!rest.contains("features")).then_some(MessageMeaning::Unspecific(Unspecific::Unacceptable))
        }),
        ("CPU vendor does not match required CPU vendor ", Lead::From("the CPU is incompatible"), |_, rest, _| {
            known(Refusal::OtherVendor(Vendor::from_map_name(word(rest)?)?))
        }),
        ("CPU vendor does not match", Lead::Word, |_, rest, _| {
            (!rest.starts_with(" required CPU vendor ")).then_some(MessageMeaning::Unspecific(Unspecific::Vendor))
        }),
        ("client socket is closed", Lead::None, |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::ConnectionLost))),
        ("State blocked by non-migratable CPU", Lead::None, |_, rest, before| {
            if rest.starts_with(" device (invtsc flag)") {
                let by_qemu = before.contains("unable to execute QEMU command");
                return known(Refusal::NotSent(if by_qemu { Sender::Command } else { Sender::Reasons }));
            }
            Some(MessageMeaning::Unspecific(Unspecific::NonMigratable))
        }),
        ("Target CPU ", Lead::None, differs),
        ("Target TSC frequency ", Lead::None, differs),
    ];

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

/// Reads QEMU's `host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]`, and the same of TCG and of an MSR.
fn unsupported(_: &Catalog, rest: &str, before: &str) -> Option<MessageMeaning> {
    let offset = rest.split(" [bit").next().filter(|offset| offset.len() < 64)?;
    let name = offset.rsplit_once('.').map(|(_, name)| name).filter(|name| !name.is_empty())?;
    let accel = if before.trim_end().ends_with("TCG") { Accel::Tcg } else { Accel::Kvm };
    Some(MessageMeaning::Unsupported(accel, name.to_owned()))
}

/// Reads `Target CPU feature count 1 does not match source 0` and its like.
fn differs(_: &Catalog, rest: &str, _: &str) -> Option<MessageMeaning> {
    let (what, _) = head(rest, 160).split_once("does not match source")?;
    // `check full`, `feature policy require`: the last word is a value.
    let words: Vec<&str> = what.split_whitespace().collect();
    let what = match words.as_slice() {
        ["feature", "policy", ..] => "feature policy",
        ["feature", "count", ..] => "feature count",
        ["vendor", "id", ..] => "vendor id",
        [first, ..] if first.starts_with(|c: char| c.is_ascii_digit()) => "TSC frequency",
        [first, ..] => first,
        [] => "definition",
    };
    Some(MessageMeaning::Differs(what.to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "readers return an option")]
fn known(refusal: Refusal) -> Option<MessageMeaning> {
    Some(MessageMeaning::Refused(refusal, Vec::new()))
}

/// Whether lists stand alone: not behind the message they belong to, which is read with them.
fn alone(before: &str) -> bool {
    !before.contains("CPU doesn't match specification") && !before.contains("extra features:")
}

fn full_check(catalog: &Catalog, rest: &str, _: &str) -> Option<MessageMeaning> {
    lists(catalog, rest).or(Some(MessageMeaning::Unspecific(Unspecific::WithoutLists)))
}

/// Reads `extra features: a,b, missing features: c`, either of which may be left out.
fn lists(catalog: &Catalog, text: &str) -> Option<MessageMeaning> {
    let mut strange = Vec::new();
    let mut read = |label: &str| -> Vec<FeatureId> {
        let Some((before, list)) = text.split_once(label) else { return Vec::new() };
        // The lists follow at once; further down the line another message may begin.
        if before.len() > 2048 {
            return Vec::new();
        }
        let (features, unknown) = names(catalog, list);
        strange.extend(unknown);
        features
    };
    let (extra, missing) = (read("extra features:"), read("missing features:"));
    if extra.is_empty() && missing.is_empty() {
        return (!strange.is_empty()).then_some(MessageMeaning::UnknownFeatures(strange));
    }
    Some(MessageMeaning::Refused(Refusal::FullCheck { extra, missing }, strange))
}

/// Reads a list of names up to the first thing that is none: those the catalog knows, and the others.
fn names(catalog: &Catalog, text: &str) -> (Vec<FeatureId>, Vec<String>) {
    let (mut features, mut strange) = (Vec::new(), Vec::new());
    let text = text.trim_start();
    // KubeVirt prints a list in brackets, its names separated by blanks.
    let bracketed = text.strip_prefix('[');
    let mut rest = bracketed.unwrap_or(text);
    while let Some(name) = word(rest) {
        let after = rest.trim_start().get(name.len()..).unwrap_or_default();
        if after.starts_with(" features:") {
            break;
        }
        let name = name.trim_end_matches('.');
        match catalog.feature(name) {
            Some(feature) => features.push(feature),
            None if name.is_empty() => {}
            None => strange.push(name.to_owned()),
        }
        match after.trim_start().strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if bracketed.is_some() && after.starts_with(' ') => rest = after,
            None => break,
        }
    }
    (features, strange)
}

fn of_list(catalog: &Catalog, rest: &str, make: fn(Vec<FeatureId>) -> Refusal) -> Option<MessageMeaning> {
    let (features, strange) = names(catalog, rest);
    match (features.is_empty(), strange.is_empty()) {
        (true, true) => None,
        (true, false) => Some(MessageMeaning::UnknownFeatures(strange)),
        (false, _) => Some(MessageMeaning::Refused(make(features), strange)),
    }
}

fn unknown_feature(catalog: &Catalog, rest: &str, stage: Stage) -> Option<MessageMeaning> {
    feature(catalog, word(rest.trim_start_matches([':', ' ', '\'']))?, |feature| {
        Refusal::UnknownFeature(feature, stage)
    })
}

fn feature(catalog: &Catalog, name: &str, make: impl Fn(FeatureId) -> Refusal) -> Option<MessageMeaning> {
    let name = name.trim_end_matches('.');
    match catalog.feature(name) {
        Some(feature) => known(make(feature)),
        None => Some(MessageMeaning::UnknownFeatures(vec![name.to_owned()])),
    }
}

fn model(catalog: &Catalog, name: &str, make: fn(crate::domain::map::ModelId) -> Refusal) -> Option<MessageMeaning> {
    let name = name.trim_end_matches('.');
    match catalog.model(name) {
        Some(model) => known(make(model)),
        None => Some(MessageMeaning::UnknownModel(name.to_owned())),
    }
}

/// Reads `Property 'qemu64-x86_64-cpu.cvt16' not found`, with QEMU's spelling of the feature.
fn property(catalog: &Catalog, rest: &str, before: &str) -> Option<MessageMeaning> {
    let (_, cpu) = before.rsplit_once("Property '")?;
    if cpu.contains('\'') || !rest.contains("not found") {
        return None;
    }
    unknown_property(catalog, cpu, (quoted(rest)?, true), before)
}

/// Reads what a property belongs to; QEMU before 5.2 says it only before, where it names the option.
fn unknown_property(catalog: &Catalog, cpu: &str, (name, typed): (&str, bool), before: &str) -> Option<MessageMeaning> {
    let feature = catalog.feature(name).or_else(|| catalog.feature(&name.replace('-', "_")));
    let Some(feature) = feature else { return Some(MessageMeaning::UnknownFeatures(vec![name.to_owned()])) };
    let model = catalog.model(cpu).filter(|_| !matches!(cpu, "host" | "max"));
    let mode = match cpu {
        "max" => Mode::Maximum,
        "host" => Mode::HostPassthrough,
        _ => Mode::Custom,
    };
    known(Refusal::UnknownProperty { feature, on: !before.contains("=off"), mode, model, typed })
}

/// The letters of one name, past white space.
fn word(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(text.len());
    text.get(..end).filter(|word| !word.is_empty())
}

/// What stands before the closing quote.
fn quoted(text: &str) -> Option<&str> {
    text.split_once('\'').map(|(name, _)| name).filter(|name| !name.is_empty() && name.len() <= 256)
}
