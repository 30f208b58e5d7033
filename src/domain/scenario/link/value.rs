//! Reads and prints the single values of a scenario word.

use super::super::super::catalog::Catalog;
use super::super::super::definition::{Mode, Policy};
use super::super::super::feature::{FeatureId, FeatureSet};
use super::super::super::host::{GivenHost, Vendor};
use super::super::super::names::{nearest, suggestion};
use super::super::{CpuChoice, HostChoice, MachineChoice, Release, Told, Topology};
use super::suggest_part;
use std::borrow::Cow;
use std::fmt;

/// Says what is wrong with one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValueError {
    /// What is wrong, and what was expected.
    pub text: String,
    /// The nearest known word.
    pub nearest: Option<String>,
}

impl ValueError {
    pub(super) fn new(text: String) -> Self {
        Self { text, nearest: None }
    }

    pub(super) fn near(text: String, nearest: Option<&str>) -> Self {
        Self { text, nearest: nearest.map(str::to_owned) }
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
        return Ok(CpuChoice::Model(Told::Unknown));
    }
    if let Some(mode) = Mode::parse(text).filter(|mode| *mode != Mode::Custom) {
        return Ok(CpuChoice::Mode(mode));
    }
    if let Some(model) = catalog.model(text).filter(|_| !matches!(text, "base" | "host" | "max")) {
        return Ok(CpuChoice::Model(Told::Is(model)));
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
        return Err(ValueError { text, nearest: suggest_part(catalog, part) });
    };
    let Some(known) = catalog.feature(name) else {
        return Err(ValueError {
            text: format!("unknown key or feature {name:?}"),
            nearest: suggest_part(catalog, name),
        });
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

pub(super) fn topology(text: &str) -> Result<Told<Topology>, ValueError> {
    if text == "?" {
        return Ok(Told::Unknown);
    }
    let wrong = || {
        let forms = "sockets-cores-threads such as 1-2-1, sockets-dies-cores-threads such as 1-2-2-1, or ?";
        ValueError::new(format!("expected {forms}, found {text:?}"))
    };
    let numbers: Option<Vec<u32>> =
        text.split('-').map(|part| part.parse().ok().filter(|n| (1..=65_536).contains(n))).collect();
    match numbers.as_deref() {
        Some(&[sockets, cores, threads]) => Ok(Told::Is(Topology { sockets, dies: 1, cores, threads })),
        Some(&[sockets, dies, cores, threads]) => Ok(Told::Is(Topology { sockets, dies, cores, threads })),
        _ => Err(wrong()),
    }
}

pub(super) fn write_topology(topology: Told<Topology>) -> String {
    match topology {
        Told::Unknown => "?".to_owned(),
        Told::Is(t) if t.dies == 1 => format!("{}-{}-{}", t.sockets, t.cores, t.threads),
        Told::Is(t) => format!("{}-{}-{}-{}", t.sockets, t.dies, t.cores, t.threads),
    }
}

/// Reads a machine type. A short name stands for what the source's QEMU means by it; a distribution's own type, which
/// continues its family with letters, is taken although the facts do not name it.
pub(super) fn machine(catalog: &Catalog, text: &str, from: &Release) -> Result<MachineChoice, ValueError> {
    if text == "?" {
        return Ok(MachineChoice::Unknown);
    }
    if let Some(id) = catalog.machine(text) {
        return Ok(MachineChoice::Listed(id));
    }
    let views = from.qemu.version.known().map(|version| catalog.qemu_views(version)).unwrap_or_default();
    if let Some(id) = views.iter().find_map(|view| view.resolve_alias(text)) {
        return Ok(MachineChoice::Listed(id));
    }
    let distribution = |rest: &str| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    let families = ["pc-q35-", "pc-i440fx-", "pc-", "microvm-"];
    let rest = families.iter().find_map(|family| text.strip_prefix(family));
    if rest.is_some_and(distribution)
        || text.strip_prefix("rhel").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Ok(MachineChoice::Unlisted(text.into()));
    }
    Err(ValueError::near(format!("unknown machine type {text:?}"), nearest(text, catalog.machines().iter())))
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
    if let Some((vendor_name, list)) = text.split_once(':') {
        let vendor = vendor(vendor_name)?;
        let names = list.split('+').filter(|name| !name.is_empty());
        let features: Result<FeatureSet, ValueError> = names.map(|name| feature(catalog, name)).collect();
        return Ok(HostChoice::Given(GivenHost { vendor, signature: None, features: features?, silicon: None }));
    }
    let expected = "expected a listed host, capable, any, ?, or VENDOR:f1+f2+...";
    let names = catalog.hosts().iter().map(|host| &*host.name).chain(["capable", "any"]);
    Err(ValueError::near(format!("unknown host {text:?}; {expected}"), nearest(text, names)))
}

pub(super) fn write_host<'a>(catalog: &'a Catalog, host: &HostChoice) -> Cow<'a, str> {
    match host {
        HostChoice::Capable => "capable".into(),
        HostChoice::Any => "any".into(),
        HostChoice::Unknown => "?".into(),
        HostChoice::Listed(id) => Cow::Borrowed(&*catalog.host(*id).name),
        HostChoice::Given(GivenHost { vendor, features, .. }) => {
            let names: Vec<&str> = features.iter().map(|feature| catalog.feature_name(feature)).collect();
            format!("{vendor}:{}", names.join("+")).into()
        }
    }
}
