//! Parses and prints the other values of a link.

use super::super::super::catalog::{Catalog, machine_series};
use super::super::super::definition::{Mode, Policy};
use super::super::super::feature::{FeatureId, FeatureSet};
use super::super::super::host::{CpuSignature, GivenHost, Vendor};
use super::super::super::names::{nearest, suggestion};
use super::super::super::qemu::MachineId;
use super::super::super::version::Version;
use super::super::{CpuChoice, HostChoice, MachineChoice, MaybeKnown, Release, Topology};
use super::{UNKNOWN_CPU, suggest_part};
use std::borrow::Cow;
use std::fmt;

/// Says what is wrong with one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValueError {
    /// What is wrong, and what was expected.
    pub text: String,
    /// The nearest known word.
    pub nearest: Option<String>,
    /// The characters of the value before the error.
    pub offset: usize,
}

impl ValueError {
    pub(super) fn new(text: String) -> Self {
        Self { text, nearest: None, offset: 0 }
    }

    pub(super) fn near(text: String, nearest: Option<&str>) -> Self {
        Self { text, nearest: nearest.map(str::to_owned), offset: 0 }
    }

    /// Returns the error moved by so many characters.
    fn after(self, characters: usize) -> Self {
        Self { offset: self.offset + characters, ..self }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, suggestion(self.nearest.as_deref()))
    }
}

impl std::error::Error for ValueError {}

pub(super) fn cpu(catalog: &Catalog, text: &str) -> Result<CpuChoice, ValueError> {
    if text == "?" {
        return Ok(CpuChoice::Model(MaybeKnown::Unknown));
    }
    if text == UNKNOWN_CPU {
        return Ok(CpuChoice::Unknown);
    }
    if let Some(mode) = Mode::parse(text).filter(|mode| *mode != Mode::Custom) {
        return Ok(CpuChoice::Mode(mode));
    }
    if let Some(model) = catalog.model(text).filter(|_| !matches!(text, "base" | "host" | "max")) {
        return Ok(CpuChoice::Model(MaybeKnown::Is(model)));
    }
    if let Some(known) = catalog.downstream().models.iter().find(|known| &*known.name == text) {
        let features = catalog.write_policies(known.features.iter().map(|feature| (feature, Policy::Require)));
        let text = format!(
            "{text} is a CPU type of {}, made of {},{features}; {0} uses QEMU without libvirt",
            known.product, known.of
        );
        return Err(ValueError::new(text));
    }
    let begins = "a scenario begins with a CPU model, host-model, host-passthrough or maximum";
    let found = if text.is_empty() { begins.to_owned() } else { format!("unknown CPU model {text:?}; {begins}") };
    let modes = ["host-model", "host-passthrough", "maximum"];
    Err(ValueError::near(found, nearest(text, catalog.models().iter().chain(modes))))
}

/// Reads `+F`, `-F` or `F=POLICY`.
pub(super) fn policy(catalog: &Catalog, part: &str) -> Result<(FeatureId, Policy), ValueError> {
    if let Some(name) = part.strip_prefix('+') {
        return Ok((feature(catalog, name)?, Policy::Require));
    }
    if let Some(name) = part.strip_prefix('-') {
        return Ok((feature(catalog, name)?, Policy::Disable));
    }
    let Some((name, word)) = part.split_once('=') else {
        let text = format!("expected +FEATURE, -FEATURE, FEATURE=POLICY or KEY=VALUE, found {part:?}");
        return Err(ValueError::near(text, suggest_part(catalog, part).as_deref()));
    };
    let Some(known) = catalog.feature(name) else {
        let text = format!("unknown key or feature {name:?}");
        return Err(ValueError::near(text, suggest_part(catalog, name).as_deref()));
    };
    Ok((known, one_of(word, Policy::ALL, Policy::name)?))
}

pub(super) fn feature(catalog: &Catalog, name: &str) -> Result<FeatureId, ValueError> {
    catalog.feature(name).ok_or_else(|| {
        ValueError::near(format!("unknown CPU feature {name:?}"), nearest(name, catalog.features().iter()))
    })
}

pub(super) fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, ValueError> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        ValueError::near(format!("expected one of {}, found {text:?}", words.join(", ")), nearest(text, words))
    })
}

pub(super) fn vendor(text: &str) -> Result<Vendor, ValueError> {
    Vendor::parse(text).ok_or_else(|| {
        let names = Vendor::ALL.map(Vendor::name);
        ValueError::near(format!("expected one of {}, found {text:?}", names.join(", ")), nearest(text, names))
    })
}

pub(super) fn topology(text: &str) -> Result<MaybeKnown<Topology>, ValueError> {
    if text == "?" {
        return Ok(MaybeKnown::Unknown);
    }
    let wrong = || {
        let forms = "sockets-cores-threads such as 1-2-1, sockets-dies-cores-threads such as 1-2-2-1, or ?";
        ValueError::new(format!("expected {forms}, each number from 1 to {}, found {text:?}", Topology::MOST))
    };
    let numbers: Option<Vec<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    numbers.and_then(|numbers| Topology::of(&numbers)).map(MaybeKnown::Is).ok_or_else(wrong)
}

pub(super) fn write_topology(topology: MaybeKnown<Topology>) -> String {
    match topology {
        MaybeKnown::Unknown => "?".to_owned(),
        MaybeKnown::Is(t) if t.dies == 1 => format!("{}-{}-{}", t.sockets, t.cores, t.threads),
        MaybeKnown::Is(t) => format!("{}-{}-{}-{}", t.sockets, t.dies, t.cores, t.threads),
    }
}

/// Parses a machine type. A short name is resolved by the source's QEMU. A name that the facts lack is accepted if it
/// is a newer one of a known family, or if the scenario says which one it is `like`.
pub(super) fn machine(catalog: &Catalog, text: &str, from: &Release, like: bool) -> Result<MachineChoice, ValueError> {
    if text == "?" {
        return Ok(MachineChoice::Unknown);
    }
    if let Some(id) = catalog.machine(text).or_else(|| alias(catalog, text, from)) {
        return Ok(MachineChoice::Listed(id));
    }
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    let suffixed = catalog.downstream().suffixed(text).and_then(|(base, _)| catalog.machine(base));
    if is_name(text) && (like || suffixed.is_some() || is_newer(catalog, text)) {
        return Ok(MachineChoice::Unlisted(text.into()));
    }
    let older = machine_series(text).and_then(|(family, version)| {
        let of_family = |name| Some((machine_series(name).filter(|(known, _)| *known == family)?.1, name));
        let older = catalog.machines().iter().filter_map(of_family).filter(|(known, _)| *known < version);
        Some(older.max()?.1)
    });
    let near = older.or_else(|| nearest(text, catalog.machines().iter()));
    let text =
        format!("unknown machine type {text:?}; `list machines` prints all, and machine-like names an equal one");
    Err(ValueError::near(text, near))
}

/// The machine type that a short name means in the QEMU of a release.
fn alias(catalog: &Catalog, text: &str, from: &Release) -> Option<MachineId> {
    let version = from.qemu.version.known()?;
    let distribution = from.qemu_build(catalog).map(|build| build.distribution);
    let of_distribution = distribution.and_then(|distribution| {
        let newest = catalog.downstream().alias(distribution, version, text)?;
        let begins = |id: MachineId| catalog.machine_name(id).starts_with(newest);
        let since = |id: MachineId| catalog.downstream().machine(id)?.since(distribution, version);
        let all = catalog.downstream().machines.iter().map(|known| known.machine);
        let there = all.filter(|id| begins(*id)).filter_map(|id| Some((since(id)?, id)));
        // Of several that came with one release, the first that is written.
        there.rev().max_by_key(|(since, _)| *since).map(|(_, id)| id)
    });
    if of_distribution.is_some() || distribution.is_some_and(|distribution| !distribution.upstream_types) {
        return of_distribution;
    }
    catalog.qemu_views(version).iter().find_map(|view| view.resolve_alias(text))
}

/// Whether a name is that of a type which is newer than all that are listed: of a QEMU series, or of a distribution.
fn is_newer(catalog: &Catalog, text: &str) -> bool {
    let families = ["pc-q35-", "pc-i440fx-"];
    let rest = families.iter().find_map(|family| text.strip_prefix(family));
    let is_of_rhel = |text: &str| text.strip_prefix("rhel").is_some_and(|number| number.parse::<Version>().is_ok());
    if is_of_rhel(rest.unwrap_or(text)) {
        return true;
    }
    let Some(rest) = rest else { return false };
    if let Some((family, series)) = machine_series(text) {
        let of_family = |name| machine_series(name).filter(|(known, _)| *known == family).map(|(_, series)| series);
        return catalog.machines().iter().filter_map(of_family).max().is_some_and(|newest| series > newest);
    }
    // Ubuntu's code names are in the order of the alphabet.
    let word = rest.split('-').next().unwrap_or(rest);
    let newest = catalog.all_products().codenames.iter().rfind(|[product, ..]| **product == *"ubuntu");
    let is_misspelt = || catalog.machines().iter().any(|name| strsim::osa_distance(name, text) <= MISSPELT);
    word.bytes().all(|b| b.is_ascii_lowercase()) && newest.is_some_and(|[_, code, _]| word > &**code) && !is_misspelt()
}

/// A name that differs in so few letters is taken to be misspelt.
const MISSPELT: usize = 2;

/// Parses a machine type whose defaults are known.
pub(super) fn machine_like(catalog: &Catalog, text: &str) -> Result<MachineId, ValueError> {
    let known = catalog.machine(text).filter(|id| catalog.position(*id).is_some());
    known.ok_or_else(|| {
        let names = catalog.qemu_defaults().machines.iter().map(|id| catalog.machine_name(*id));
        ValueError::near(format!("expected a machine type with known defaults, found {text:?}"), nearest(text, names))
    })
}

pub(super) fn on_off(text: &str) -> Result<bool, ValueError> {
    one_of(text, &[true, false], write_on_off)
}

pub(super) fn write_on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Parses a frequency in Hz.
pub(super) fn frequency(text: &str) -> Result<u64, ValueError> {
    let hertz = text.parse().ok().filter(|hertz| *hertz > 0);
    hertz.ok_or_else(|| ValueError::new(format!("expected a frequency in Hz such as 2400000000, found {text:?}")))
}

pub(super) fn machine_name<'a>(catalog: &'a Catalog, machine: &'a MachineChoice) -> &'a str {
    match machine {
        MachineChoice::Listed(id) => catalog.machine_name(*id),
        MachineChoice::Unlisted(name) => name,
        MachineChoice::Unknown => "?",
    }
}

pub(super) fn host(catalog: &Catalog, text: &str) -> Result<HostChoice, ValueError> {
    match text {
        "?" => return Ok(HostChoice::Unknown),
        "any" => return Ok(HostChoice::Any),
        "capable" => return Ok(HostChoice::Capable),
        _ => {}
    }
    if let Some(id) = catalog.host_named(text) {
        return Ok(HostChoice::Listed(id));
    }
    if let Some((vendor, rest)) = text.split_once(':') {
        return given_host(catalog, vendor, rest).map(HostChoice::Given);
    }
    let expected =
        "expected a listed host, capable, any, ?, or VENDOR[:FAMILY-MODEL-STEPPING]:f1+f2+...[/s1+s2+...][~u1+u2+...]";
    let names = catalog.hosts().iter().map(|host| &*host.name).chain(["capable", "any"]);
    Err(ValueError::near(format!("unknown host {text:?}; {expected}"), nearest(text, names)))
}

/// Parses `VENDOR[:FAMILY-MODEL-STEPPING]:f1+f2+...[/s1+s2+...][~u1+u2+...]`, split at the first colon.
fn given_host(catalog: &Catalog, vendor_name: &str, rest: &str) -> Result<GivenHost, ValueError> {
    let vendor = vendor(vendor_name)?;
    let mut offset = vendor_name.chars().count() + 1;
    let (signature, lists) = rest.split_once(':').map_or((None, rest), |(text, lists)| (Some(text), lists));
    let parsed = signature.map(|text| {
        text.parse::<CpuSignature>()
            .map_err(|form| ValueError::new(format!("expected {form}, found {text:?}")).after(offset))
    });
    offset += signature.map_or(0, |text| text.chars().count() + 1);
    let (known, unknown) = lists.split_once('~').map_or((lists, None), |(known, unknown)| (known, Some(unknown)));
    let (kvm, silicon) = known.split_once('/').map_or((known, None), |(kvm, silicon)| (kvm, Some(silicon)));
    let list = |text: &str, offset: usize| feature_list(catalog, text).map_err(|err| err.after(offset));
    Ok(GivenHost {
        vendor,
        signature: parsed.transpose()?,
        features: list(kvm, offset)?,
        silicon: silicon.map(|silicon| list(silicon, offset + kvm.chars().count() + 1)).transpose()?,
        unknown: list(unknown.unwrap_or_default(), offset + known.chars().count() + 1)?,
    })
}

/// Parses `f1+f2+...`, or no feature at all.
fn feature_list(catalog: &Catalog, text: &str) -> Result<FeatureSet, ValueError> {
    let mut offset = 0;
    let names = text.split('+').filter(|_| !text.is_empty());
    names
        .map(|name| {
            let found = feature(catalog, name).map_err(|err| err.after(offset));
            offset += name.chars().count() + 1;
            found
        })
        .collect()
}

pub(super) fn write_host<'a>(catalog: &'a Catalog, host: &HostChoice) -> Cow<'a, str> {
    match host {
        HostChoice::Capable => "capable".into(),
        HostChoice::Any => "any".into(),
        HostChoice::Unknown => "?".into(),
        HostChoice::Listed(id) => Cow::Borrowed(&*catalog.host(*id).name),
        HostChoice::Given(GivenHost { vendor, signature, features, silicon, unknown }) => {
            let mut text = vendor.to_string();
            text.extend(signature.map(|signature| format!(":{signature}")));
            let unknown = Some(unknown).filter(|unknown| !unknown.is_empty());
            for (mark, list) in [(':', Some(features)), ('/', silicon.as_ref()), ('~', unknown)] {
                let Some(list) = list else { continue };
                text.push(mark);
                let names: Vec<&str> = list.iter().map(|feature| catalog.feature_name(feature)).collect();
                text.push_str(&names.join("+"));
            }
            text.into()
        }
    }
}
