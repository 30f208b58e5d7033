//! Finds libvirt's and QEMU's messages about a guest's CPU in a text: a line, a whole log, whatever virsh, `KubeVirt`,
//! nova or oVirt wrote around them. Knows the messages' words, and nothing of what they mean.

use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::feature::FeatureId;
use crate::explain::{MessageMeaning, Unspecific};
use crate::resolve::Refusal;

/// A message in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The line where it is said first, counted from 1.
    pub line: usize,
    /// Where it begins there, counted in characters from 1.
    pub column: usize,
    /// The lines on which it is said.
    pub times: usize,
    /// Who wrote it down, where the words around it tell.
    pub teller: Option<&'static str>,
    /// What it says.
    pub says: MessageMeaning,
}

/// The longest line that is looked at, in bytes.
const LONGEST: usize = 1 << 20;

/// Returns every distinct message in a text, in the order in which they come.
pub fn find(catalog: &Catalog, text: &str) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = plain(line.get(..LONGEST).unwrap_or(line));
        for (place, says) in on_line(catalog, &line) {
            match all.iter_mut().find(|known| known.says == says) {
                Some(known) => known.times += 1,
                None => all.push(Found {
                    line: number + 1,
                    column: line.get(..place).unwrap_or_default().chars().count() + 1,
                    times: 1,
                    teller: teller(&line),
                    says,
                }),
            }
        }
    }
    all
}

/// Undoes what logs and web pages do to an apostrophe.
fn plain(line: &str) -> String {
    let mut line = line.replace('\u{2019}', "'");
    for written in ["\\u0027", "\\'", "&#39;", "&#x27;", "&apos;"] {
        if line.contains(written) {
            line = line.replace(written, "'");
        }
    }
    line
}

fn teller(line: &str) -> Option<&'static str> {
    const MARKS: &[(&str, &str)] = &[
        ("virError(", "KubeVirt"),
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
        ("error: ", "virsh"),
    ];
    MARKS.iter().find(|(mark, _)| line.contains(mark)).map(|(_, who)| *who)
}

/// A reader of what follows a message's fixed words; the second text is what stands before them.
type Reader = fn(&Catalog, &str, &str) -> Option<MessageMeaning>;

/// The fixed words of each message, with what reads the rest. Where two match at one place the first counts.
const MESSAGES: &[(&str, Reader)] = &[
    ("CPU doesn't match specification", full_check),
    ("extra features:", |c, rest, before| lists(c, &format!("extra features:{rest}")).filter(|_| alone(before))),
    ("missing features:", |c, rest, before| lists(c, &format!("missing features:{rest}")).filter(|_| alone(before))),
    ("unknown CPU feature:", |c, rest, _| unknown_feature(c, rest)),
    ("Unknown CPU feature", |c, rest, _| unknown_feature(c, rest)),
    ("Unknown CPU model", |c, rest, _| model(c, word(rest)?, Refusal::UnknownModel)),
    ("unknown CPU model", |c, rest, _| model(c, word(rest)?, Refusal::UnknownModelCompared)),
    ("CPU model ", |c, rest, _| {
        let name = word(rest)?;
        rest.contains("is not supported by hypervisor").then(|| model(c, name, Refusal::ModelUnsupported))?
    }),
    ("does not support machine type '", |_, rest, before| {
        let emulator = before.rsplit_once("Emulator '").and_then(|(_, path)| path.split('\'').next());
        let emulator = emulator.unwrap_or(crate::resolve::EMULATOR).into();
        known(Refusal::MachineType { emulator, machine: quoted(rest)?.into() })
    }),
    ("unsupported machine type '", |_, rest, _| known(Refusal::MachineTypeAtQemu { machine: quoted(rest)?.into() })),
    ("Host CPU does not provide required features:", |c, rest, _| of_list(c, rest, Refusal::PartialMissing)),
    ("Host CPU provides forbidden features:", |c, rest, _| of_list(c, rest, Refusal::PartialForbidden)),
    ("strictly match guest CPU: Extra features:", |c, rest, _| of_list(c, rest, Refusal::PartialStrict)),
    ("Host CPU provides forbidden feature '", |c, rest, _| feature(c, quoted(rest)?, Refusal::ForbiddenFeature)),
    ("-x86_64-cpu.", |c, rest, before| property(c, rest, before)),
    ("hypervisor provided conflicting CPU data: feature '", |c, rest, _| feature(c, quoted(rest)?, Refusal::Conflict)),
    ("Invalid mode attribute '", |_, rest, _| known(Refusal::UnknownMode(Mode::parse(quoted(rest)?)?))),
    ("CPU mode '", |_, rest, _| {
        let mode = Mode::parse(quoted(rest)?)?;
        rest.contains("is not supported by hypervisor").then(|| known(Refusal::UnsupportedMode(mode)))?
    }),
    ("QEMU version >= ", |_, rest, _| {
        let needed = word(rest)?.parse().ok()?;
        let found = rest.split_once("but ").and_then(|(_, found)| word(found))?.parse().ok()?;
        known(Refusal::QemuTooOld { needed, found })
    }),
    ("CPU is incompatible with host CPU", |_, rest, _| {
        let reasons = ["required features", "forbidden feature", "strictly match", "vendor"];
        (!reasons.iter().any(|reason| rest.contains(reason)))
            .then_some(MessageMeaning::Unspecific(Unspecific::Incompatible))
    }),
    ("Unacceptable CPU info", |_, rest, _| {
        (!rest.contains("features")).then_some(MessageMeaning::Unspecific(Unspecific::Unacceptable))
    }),
    ("CPU vendor does not match", |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::Vendor))),
    ("client socket is closed", |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::ConnectionLost))),
    ("State blocked by non-migratable CPU", |_, _, _| Some(MessageMeaning::Unspecific(Unspecific::NonMigratable))),
    ("fd: migration to a file is not supported", |_, _, _| known(Refusal::NotRestored)),
    ("Target CPU check", |_, rest, _| {
        rest.contains("does not match source").then_some(MessageMeaning::Unspecific(Unspecific::CheckDiffers))
    }),
];

fn on_line(catalog: &Catalog, line: &str) -> Vec<(usize, MessageMeaning)> {
    let mut found: Vec<(usize, MessageMeaning)> = Vec::new();
    for (words, read) in MESSAGES {
        for (place, _) in line.match_indices(words) {
            let (before, rest) =
                (line.get(..place).unwrap_or_default(), line.get(place + words.len()..).unwrap_or_default());
            if let Some(says) = read(catalog, rest, before).filter(|says| !found.iter().any(|(_, known)| known == says))
            {
                found.push((place, says));
            }
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found
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
        // The lists follow at once; further down the line another message may have begun.
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
    let mut rest = text.trim_start();
    while let Some(name) = word(rest) {
        let after = rest.get(name.len()..).unwrap_or_default();
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

fn unknown_feature(catalog: &Catalog, rest: &str) -> Option<MessageMeaning> {
    feature(catalog, word(rest.trim_start_matches([':', ' ', '\'']))?, Refusal::UnknownFeature)
}

fn feature(catalog: &Catalog, name: &str, make: fn(FeatureId) -> Refusal) -> Option<MessageMeaning> {
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
    let name = quoted(rest)?;
    if cpu.contains('\'') || !rest.contains("not found") {
        return None;
    }
    let feature = catalog.feature(name).or_else(|| catalog.feature(&name.replace('-', "_")));
    let Some(feature) = feature else { return Some(MessageMeaning::UnknownFeatures(vec![name.to_owned()])) };
    let model = catalog.model(cpu).filter(|_| !matches!(cpu, "host" | "max"));
    let mode = match cpu {
        "max" => Mode::Maximum,
        "host" => Mode::HostPassthrough,
        _ => Mode::Custom,
    };
    known(Refusal::UnknownProperty { feature, on: !before.contains("=off"), mode, model })
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
