//! What libvirt, QEMU and the programs around them say of a guest's CPU, and what reads it.

use super::{QUOTED, head};
use crate::domain::behaviour::PartialWords;
use crate::domain::catalog::Catalog;
use crate::domain::definition::Mode;
use crate::domain::feature::FeatureId;
use crate::domain::host::Vendor;
use crate::domain::qemu::Accel;
use crate::explain::{MessageMeaning, Unspecific};
use crate::resolve::{MachineWording, PartialWording, Refusal, Sender, Stage};
use std::sync::LazyLock;

/// A reader of what follows a message's fixed words; the second text is what stands before them.
pub(super) type Reader = fn(&Catalog, &str, &str) -> Option<MessageMeaning>;

/// What of the line before a message's fixed words belongs to it.
#[derive(Clone, Copy)]
pub(super) enum Lead {
    /// Nothing.
    None,
    /// The word before.
    Word,
    /// From the last time these words are said.
    From(&'static str),
}

/// The fixed words of each message, what before them belongs to it, and what reads the rest. Where two match at one place
/// the first counts.
pub(super) const MESSAGES: &[(&str, Lead, Reader)] =
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
        ("unknown CPU feature", Lead::None, |c, rest, _| {
            // Without a colon libvirt itself asks the map (x86FeatureInData); no name of a definition is asked for so.
            if !rest.starts_with(':') && !rest.trim_start().starts_with('\'') {
                return unspecific(Unspecific::OwnQuestion);
            }
            unknown_feature(c, rest, Stage::StartValidate)
        }),
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
        ("CPU model '", Lead::None, |_, rest, _| {
            let name = quoted(rest)?;
            let lacks = rest.get(name.len()..)?.starts_with("' not found");
            lacks.then(|| MessageMeaning::QemuLacksModel(name.to_owned()))
        }),
        ("CPU feature ", Lead::None, |_, rest, _| {
            let name = word(rest)?;
            let lacks = rest.trim_start().get(name.len()..)?.starts_with(" not found");
            lacks.then(|| MessageMeaning::QemuLacksFeature(name.to_owned()))
        }),
        ("required by CPU model ", Lead::From("Feature "), |_, rest, _| {
            rest.contains(" not found").then_some(MessageMeaning::Unspecific(Unspecific::BrokenMap))
        }),
        ("does not support machine type '", Lead::From("Emulator '"), |_, rest, before| {
            let emulator = before.rsplit_once("Emulator '").and_then(|(_, path)| path.split('\'').next());
            let emulator = emulator.unwrap_or(crate::domain::scenario::EMULATOR).into();
            known(Refusal::MachineType { emulator, machine: quoted(rest)?.into() })
        }),
        ("unsupported machine type", Lead::From("-machine "), |_, rest, before| {
            machine_at_qemu(rest, before, MachineWording::Option)
        }),
        ("Unsupported machine type", Lead::From("-machine "), |_, rest, before| {
            machine_at_qemu(rest, before, MachineWording::Capital)
        }),
        ("ost CPU does not provide required features:", Lead::From("the CPU is incompatible"), |c, rest, before| {
            let wording = wording(c, rest, before);
            of_list(c, rest, |list| Refusal::PartialMissing(list, wording))
        }),
        ("Host CPU provides forbidden features:", Lead::From("the CPU is incompatible"), |c, rest, before| {
            let wording = wording(c, rest, before);
            of_list(c, rest, |list| Refusal::PartialForbidden(list, wording))
        }),
        ("strictly match guest CPU: Extra features:", Lead::From("the CPU is incompatible"), |c, rest, before| {
            let wording = wording(c, rest, before);
            of_list(c, rest, |list| Refusal::PartialStrict(list, wording))
        }),
        ("Host CPU provides forbidden feature '", Lead::From("the CPU is incompatible"), |c, rest, _| {
            feature(c, quoted(rest)?, Refusal::ForbiddenFeature)
        }),
        ("features cannot be reliably used with this QEMU:", Lead::Word, |c, rest, _| {
            of_list(c, rest, Refusal::MsrFeatures)
        }),
        ("-x86_64-cpu.", Lead::From("can't apply global "), |c, rest, before| property(c, rest, before)),
        ("Property '.", Lead::From("can't apply global "), |c, rest, before| {
            if !rest.contains("not found") {
                return None;
            }
            let Some((_, global)) = before.rsplit_once("can't apply global ") else {
                return Some(MessageMeaning::QemuLacksFeature(quoted(rest)?.to_owned()));
            };
            let cpu = global.split("-x86_64-cpu.").next()?;
            unknown_property(c, cpu, (quoted(rest)?, false), before)
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
        ("domain has CPU feature: invtsc", Lead::None, |_, _, _| known(Refusal::NotSent(Sender::LibvirtWithoutTimer))),
        ("Requested TSC frequency", Lead::None, |_, _, _| unspecific(Unspecific::TscFrequency)),
        ("TSC frequency mismatch between VM", Lead::None, |_, _, _| unspecific(Unspecific::TscMismatch)),
        ("Mismatch between user-specified TSC frequency", Lead::None, |_, _, _| unspecific(Unspecific::TscMigrated)),
        ("doesn't support requested features", Lead::Word, |_, _, _| unspecific(Unspecific::Enforced)),
        ("doesn't support requested feature: CPUID", Lead::Word, unsupported),
        ("doesn't support requested feature: MSR", Lead::Word, unsupported),
        ("failed to set MSR 0x", Lead::None, |_, rest, _| {
            u32::from_str_radix(word(rest)?, 16).ok().map(MessageMeaning::SetMsr)
        }),
        ("failed to get MSR 0x", Lead::None, |_, rest, _| {
            u32::from_str_radix(word(rest)?, 16).ok().map(MessageMeaning::SetMsr)
        }),
        ("Parameter 'detach' is unexpected", Lead::None, |_, _, _| known(Refusal::NotMigrated)),
        ("fd: migration to a file is not supported", Lead::None, |_, _, _| known(Refusal::NotRestored)),
        ("CPU is incompatible with host CPU", Lead::Word, |_, rest, _| incompatible(rest)),
        ("guest and host CPU are not compatible", Lead::None, |_, rest, _| incompatible(rest)),
        ("guest CPU is not compatible with host CPU", Lead::None, |_, rest, _| incompatible(rest)),
        ("unknown host CPU", Lead::None, |_, _, _| unspecific(Unspecific::UnknownHost)),
        ("Unacceptable CPU info", Lead::None, |_, rest, _| {
            (!rest.contains("features")).then_some(MessageMeaning::Unspecific(Unspecific::Unacceptable))
        }),
        ("CPU vendor does not match required CPU vendor ", Lead::From("the CPU is incompatible"), |c, rest, before| {
            known(Refusal::OtherVendor(Vendor::from_map_name(word(rest)?)?, wording(c, rest, before)))
        }),
        ("CPU vendor does not match", Lead::Word, |_, rest, _| {
            (!rest.starts_with(" required CPU vendor ")).then_some(MessageMeaning::Unspecific(Unspecific::Vendor))
        }),
        ("client socket is closed", Lead::None, |_, _, _| unspecific(Unspecific::ConnectionLost)),
        ("Nested VMX virtualization does not support live migration yet", Lead::None, |_, _, _| {
            known(Refusal::NestedNotSent)
        }),
        ("kernel does not support required capabilities to save vCPU nested state", Lead::None, |_, _, _| {
            unspecific(Unspecific::NestedState)
        }),
        ("' CPU flag prevents migration", Lead::From("'hv-"), |_, _, before| {
            before.contains("'hv-").then_some(MessageMeaning::Unspecific(Unspecific::HyperV))
        }),
        ("State blocked by non-migratable CPU", Lead::None, |_, rest, before| {
            if rest.starts_with(" device (invtsc flag)") {
                let by_qemu = before.contains("unable to execute QEMU command");
                return known(Refusal::NotSent(if by_qemu { Sender::Command } else { Sender::Reasons }));
            }
            unspecific(Unspecific::NonMigratable)
        }),
        ("State blocked by non-migratable device '", Lead::None, |_, _, _| unspecific(Unspecific::Device)),
        ("Unknown savevm section or instance '", Lead::None, |_, _, _| unspecific(Unspecific::Device)),
        ("Missing section footer for ", Lead::None, |_, _, _| unspecific(Unspecific::Device)),
        ("unsupported. Allowed features: 0x", Lead::From("Features 0x"), |_, _, _| unspecific(Unspecific::Device)),
        ("error while loading state for instance 0x", Lead::None, |_, rest, _| {
            let (_, device) = head(rest, QUOTED).split_once(" of device '")?;
            unspecific(if quoted(device)? == "cpu" { Unspecific::CpuState } else { Unspecific::Device })
        }),
        ("feature list specified without CPU model", Lead::From("Non-empty "), |_, _, _| {
            unspecific(Unspecific::WithoutModel)
        }),
        ("CPU vendor specified without CPU model", Lead::None, |_, _, _| known(Refusal::VendorWithoutModel)),
        ("Attribute migratable is only allowed for", Lead::None, |_, _, _| unspecific(Unspecific::Migratable)),
        ("no node is suitable to run the required CPU model", Lead::None, |_, _, _| unspecific(Unspecific::NoNode)),
        ("NoSuitableNodesForHostModelMigration", Lead::None, |_, _, _| unspecific(Unspecific::NoNode)),
        ("missing the following CPU flags: ", Lead::None, |_, _, _| unspecific(Unspecific::ClusterFlags)),
        ("Target CPU ", Lead::None, differs),
        ("Target TSC frequency ", Lead::None, differs),
    ];

/// Whether a message may go on in the next line: it ends in the middle of one, or of a list of features.
pub(super) fn goes_on(line: &str) -> bool {
    // The beginnings of all messages, by their last words.
    static BEGINNINGS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let mut all = Vec::new();
        for (fixed, ..) in MESSAGES {
            let blanks = fixed.match_indices(' ').map(|(blank, _)| blank);
            let beginnings = blanks.filter_map(|blank| fixed.get(..blank)).filter(|words| words.len() >= SURE);
            // Of a list, the names follow.
            for words in beginnings.chain(fixed.ends_with(':').then_some(*fixed)) {
                all.push((words.rsplit(' ').next().unwrap_or_default(), words));
            }
        }
        all
    });
    // Words that are too common to tell a message by themselves, and what tells it.
    const COMMON: [(&str, &str); 5] = [
        ("missing", "match specification"),
        ("extra", "match specification"),
        ("features", "match specification"),
        ("Host", "compatible"),
        (",", "features:"),
    ];
    let line = line.trim_end();
    let last = line.rsplit([' ', '\t']).next().unwrap_or_default();
    BEGINNINGS.iter().any(|(of_words, words)| *of_words == last && line.ends_with(words))
        || COMMON.iter().any(|(last, before)| line.ends_with(last) && line.contains(before))
        || line.ends_with("unable to execute QEMU command")
}

/// From how many letters on the beginning of a message is taken for one.
const SURE: usize = 9;

#[expect(clippy::unnecessary_wraps, reason = "readers return an option")]
fn unspecific(what: Unspecific) -> Option<MessageMeaning> {
    Some(MessageMeaning::Unspecific(what))
}

/// Reads what does not say why the host is incompatible; the reasons are messages of their own.
fn incompatible(rest: &str) -> Option<MessageMeaning> {
    let reasons = ["required features", "forbidden feature", "strictly match", "vendor", "unknown host CPU"];
    let after = head(rest, 64);
    (!reasons.iter().any(|reason| after.contains(reason)))
        .then_some(MessageMeaning::Unspecific(Unspecific::Incompatible))
}

/// Reads the sentence with which the partial check began, and the model that it proposes.
fn wording(catalog: &Catalog, rest: &str, before: &str) -> PartialWording {
    let (first, proposed) = ("guest and host CPU are not compatible", "; try using '");
    let words = if before.contains(first) { PartialWords::GuestAndHost } else { PartialWords::Incompatible };
    let model = rest.split_once(proposed).and_then(|(_, model)| quoted(model)?.strip_suffix("-noTSX"));
    PartialWording { words, without_tsx: model.and_then(|model| catalog.model(model)) }
}

/// Reads QEMU's refusal of a machine type, named behind it or before: QEMU repeats its option, as in
/// `-machine pc-q35-3.1,accel=tcg: unsupported machine type`.
fn machine_at_qemu(rest: &str, before: &str, wording: MachineWording) -> Option<MessageMeaning> {
    let named = rest.trim_start_matches([':', ' ']).strip_prefix(['\'', '"']).and_then(word);
    let option = || before.rsplit_once("-machine ").and_then(|(_, option)| word(option));
    let accel = if before.contains("accel=tcg") { Accel::Tcg } else { Accel::Kvm };
    let emulator = crate::domain::scenario::EMULATOR.into();
    let wording = if named.is_some() { MachineWording::Named } else { wording };
    match named.or_else(option) {
        Some(machine) => known(Refusal::MachineTypeAtQemu { emulator, accel, machine: machine.into(), wording }),
        None => unspecific(Unspecific::MachineType),
    }
}

/// Reads QEMU's `host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]`, and the same of TCG and of an MSR.
/// A bit without a name is told by its place.
fn unsupported(catalog: &Catalog, rest: &str, before: &str) -> Option<MessageMeaning> {
    let (place, bit) = rest.split_once(" [bit ").filter(|(place, _)| place.len() < 64)?;
    let named = place.rsplit_once('.').map(|(_, name)| name).filter(|name| !name.is_empty() && !name.contains(':'));
    let named = named.filter(|name| !matches!(*name, "EAX" | "EBX" | "ECX" | "EDX"));
    let name = match named {
        Some(name) => spelled(catalog, name).map_or(name, |feature| catalog.feature_name(feature)).to_owned(),
        None => format!("CPUID{place} bit {}", word(bit)?),
    };
    let accel = if before.trim_end().ends_with("TCG") { Accel::Tcg } else { Accel::Kvm };
    Some(MessageMeaning::Unsupported(accel, name))
}

/// The feature that QEMU means: it writes `cmp-legacy`, `lm|i64` and `pclmulqdq`.
fn spelled(catalog: &Catalog, name: &str) -> Option<FeatureId> {
    let first = name.split('|').next()?;
    let find = |name: &str| catalog.feature(name).or_else(|| catalog.feature(&name.replace('-', "_")));
    find(first).or_else(|| if first == "pclmulqdq" { find("pclmuldq") } else { None })
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
    let is_cut = ["extra", "missing"].iter().any(|list| head(rest, QUOTED).contains(list));
    lists(catalog, rest).or_else(|| unspecific(if is_cut { Unspecific::CutOff } else { Unspecific::WithoutLists }))
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

fn of_list(catalog: &Catalog, rest: &str, make: impl Fn(Vec<FeatureId>) -> Refusal) -> Option<MessageMeaning> {
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
    let Some(feature) = spelled(catalog, name) else {
        return Some(MessageMeaning::QemuLacksFeature(name.to_owned()));
    };
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
