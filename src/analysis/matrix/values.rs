//! Parses the values of an axis: `kubevirt:1.3..1.9,debian:13`, `pc-q35-4.0..pc-q35-8.2`, `EPYC,EPYC-Rome`.

use super::lines::{Line, Value, Vary};
use crate::analysis::space::is_published;
use crate::domain::catalog::{Catalog, LibvirtId, machine_series};
use crate::domain::names::did_you_mean;
use crate::domain::order::{sort, sort_by_key};
use crate::domain::scenario::{Key, LibvirtChoice, MachineChoice, MaybeKnown, QemuChoice, Release, Scenario};
use crate::domain::version::Version;

/// Says what is wrong with the values of an axis.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct AxisError(String);

/// Returns the lines for values separated by commas; each is one value or a range `FIRST..LAST`. What they leave out is
/// taken from `scenario`. Ranges are for what has an order: releases, products, QEMU releases and machine types.
///
/// # Errors
/// The first value that cannot be parsed, with the nearest known name.
pub(crate) fn lines_of(
    catalog: &Catalog,
    vary: Vary,
    values: &str,
    scenario: &Scenario,
) -> Result<Vec<Line>, AxisError> {
    let mut lines = Vec::new();
    for text in values.split(',') {
        let range = text.split_once("..");
        match (vary, range) {
            (Vary::Distinct | Vary::Releases | Vary::Products, None) => lines.push(release(catalog, text)?),
            (Vary::Distinct | Vary::Releases | Vary::Products, Some(range)) => {
                lines.extend(releases(catalog, text, range)?);
            }
            (Vary::Qemu, None) => lines.extend(qemus(catalog, text, (text, text))?),
            (Vary::Qemu, Some(range)) => lines.extend(qemus(catalog, text, range)?),
            (Vary::Machines, Some(range)) => lines.extend(machines(catalog, text, range)?),
            (Vary::Machines | Vary::Models | Vary::Hosts, None) => lines.push(single(catalog, vary, text, scenario)?),
            (Vary::Models | Vary::Hosts, Some(_)) => {
                return Err(AxisError(format!("{text}: {} have no order, so there is no range of them", vary.title())));
            }
        }
    }
    Ok(lines)
}

/// A release or product as a scenario names it, with its libvirt and its QEMU.
fn release(catalog: &Catalog, text: &str) -> Result<Line, AxisError> {
    Ok(Line::of(Value::Product(text.into(), parse_release(catalog, text)?)))
}

fn parse_release(catalog: &Catalog, text: &str) -> Result<Release, AxisError> {
    Release::parse(catalog, text).map_err(|err| AxisError(err.to_string()))
}

fn releases(catalog: &Catalog, text: &str, (first, last): (&str, &str)) -> Result<Vec<Line>, AxisError> {
    if let Some((family, from)) = product_family(catalog, first) {
        let to = last.strip_prefix(family).and_then(|rest| rest.strip_prefix(':')).unwrap_or(last);
        return products(catalog, text, family, (from, to));
    }
    let (one, other) = (parse_release(catalog, first)?, parse_release(catalog, last)?);
    let (LibvirtChoice::Release(a, None), LibvirtChoice::Release(b, None)) = (&one.libvirt, &other.libvirt) else {
        return Err(AxisError(format!("{text}: expected two libvirt releases, or two of one product")));
    };
    let qemu = match (first.contains(':'), last.contains(':')) {
        (true, true) if one.qemu != other.qemu => {
            return Err(AxisError(format!("{text}: a range has one QEMU release, found two")));
        }
        (true, false) => one.qemu,
        _ => other.qemu,
    };
    let version = |id: LibvirtId| catalog.release(id).version;
    let within = |id: &LibvirtId| is_published(catalog, *id) && (version(*a)..=version(*b)).contains(&version(*id));
    let mut found: Vec<LibvirtId> = crate::analysis::space::releases(catalog).filter(within).collect();
    sort_by_key(&mut found, |id| version(*id));
    let named = first.contains(':') || last.contains(':');
    let line = |id: LibvirtId| {
        let name = match qemu.version {
            MaybeKnown::Is(qemu) if named => format!("{}:{qemu}", catalog.release(id).name),
            MaybeKnown::Is(_) | MaybeKnown::Unknown => catalog.release(id).name.to_string(),
        };
        let release = Release { libvirt: LibvirtChoice::Release(id, None), qemu: qemu.clone(), product: None };
        Line::of(Value::Product(name.into(), release))
    };
    some(text, found.into_iter().map(line).collect())
}

/// `kubevirt:1.3` as family and version; a map's name may have a colon and a QEMU behind it.
fn product_family<'a>(catalog: &Catalog, text: &'a str) -> Option<(&'a str, &'a str)> {
    let (family, version) = text.split_once(':')?;
    let is_map = matches!(family, "old" | "new") || catalog.libvirt(family).is_some();
    (!is_map && family.starts_with(|c: char| c.is_ascii_alphabetic())).then_some((family, version))
}

/// The products of a family between two versions. The last counts as far as it is written: 1.9 includes 1.9.4.
fn products(catalog: &Catalog, text: &str, family: &str, (from, to): (&str, &str)) -> Result<Vec<Line>, AxisError> {
    let of_family = || {
        let all = catalog.products().iter();
        all.filter_map(|product| Some((product, product.name.strip_prefix(family)?.strip_prefix(':')?)))
    };
    if of_family().next().is_none() {
        let families = catalog.products().iter().filter_map(|product| Some(product.name.split_once(':')?.0));
        return Err(AxisError(format!("unknown product {family:?}{}", did_you_mean(family, families))));
    }
    let (from, to) = (numbers(from), numbers(to));
    if from.is_empty() || to.is_empty() {
        return Err(AxisError(format!("{text}: expected two versions of {family}")));
    }
    let mut found: Vec<(Vec<u32>, Line)> = Vec::new();
    for (product, version) in of_family() {
        let version = numbers(version);
        let until = version.get(..to.len()).unwrap_or(&version);
        if !version.is_empty() && version >= from && until <= to.as_slice() {
            found.push((version, release(catalog, &product.name)?));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    some(text, found.into_iter().map(|(_, line)| line).collect())
}

/// The numbers that a version begins with: 1, 9 and 0 of `1.9.0-rc.2`.
fn numbers(version: &str) -> Vec<u32> {
    let number = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    number.split('.').map_while(|part| part.parse().ok()).collect()
}

fn qemus(catalog: &Catalog, text: &str, (first, last): (&str, &str)) -> Result<Vec<Line>, AxisError> {
    let parse = |name: &str| match name.parse::<Version>() {
        Ok(version) if catalog.is_qemu_release(version) => Ok(version),
        _ => Err(AxisError(format!("unknown QEMU release {name:?}; `list qemu` prints them"))),
    };
    let (first, last) = (parse(first)?, parse(last)?);
    let mut all: Vec<Version> = catalog.qemu_releases().iter().map(|facts| facts.version).collect();
    all.extend([first, last]);
    sort(&mut all);
    all.dedup();
    let within = all.into_iter().filter(|version| (first..=last).contains(version));
    let line = |version| Line::of(Value::Qemu(QemuChoice { version: MaybeKnown::Is(version), build: None }));
    some(text, within.map(line).collect())
}

fn machines(catalog: &Catalog, text: &str, (first, last): (&str, &str)) -> Result<Vec<Line>, AxisError> {
    let series = |name: &str| {
        let known = catalog.machine(name).and_then(|_| machine_series(name));
        let near = || did_you_mean(name, catalog.machines().iter());
        known
            .map(|(family, version)| (family.to_owned(), version))
            .ok_or_else(|| AxisError(format!("{text}: {name:?} is not a known machine type with a version{}", near())))
    };
    let ((family, first), (other, last)) = (series(first)?, series(last)?);
    if family != other {
        return Err(AxisError(format!("{text}: expected two machine types of one family")));
    }
    let all = catalog.qemu_defaults().machines.iter();
    let mut found: Vec<(Version, Line)> = all
        .filter_map(|machine| Some((*machine, machine_series(catalog.machine_name(*machine))?)))
        .filter(|(_, (of, version))| *of == family && (first..=last).contains(version))
        .map(|(machine, (_, version))| (version, Line::of(Value::Machine(MachineChoice::Listed(machine)))))
        .collect();
    sort_by_key(&mut found, |(version, _)| *version);
    some(text, found.into_iter().map(|(_, line)| line).collect())
}

/// A machine type, a model or mode, or a host.
fn single(catalog: &Catalog, vary: Vary, text: &str, scenario: &Scenario) -> Result<Line, AxisError> {
    let mut with = scenario.clone();
    let set = match vary {
        Vary::Machines => with.set(catalog, Key::Machine, text),
        Vary::Models => with.set_cpu(catalog, text),
        Vary::Hosts | Vary::Distinct | Vary::Releases | Vary::Qemu | Vary::Products => {
            with.set(catalog, Key::FromHost, text)
        }
    };
    set.map_err(|err| AxisError(err.to_string()))?;
    Ok(Line::of(match vary {
        Vary::Machines => Value::Machine(with.machine),
        Vary::Models => Value::Cpu(with.cpu),
        Vary::Hosts | Vary::Distinct | Vary::Releases | Vary::Qemu | Vary::Products => Value::Host(with.from_host),
    }))
}

fn some(text: &str, lines: Vec<Line>) -> Result<Vec<Line>, AxisError> {
    if lines.is_empty() { Err(AxisError(format!("{text}: nothing is in this range"))) } else { Ok(lines) }
}
