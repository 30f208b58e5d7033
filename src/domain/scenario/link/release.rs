//! Parses and prints a release: `LIBVIRT[:QEMU]` with or without builds, `old`, `new`, the name of a map, a product, or
//! `?`.

use super::super::super::catalog::{Catalog, Provenance};
use super::super::super::names::nearest;
use super::super::super::product::NoProduct;
use super::super::super::text::{NOT_IN_RELEASE, is_word};
use super::super::super::version::Version;
use super::super::{DEFAULT_QEMU, LibvirtChoice, MaybeKnown, QemuChoice, Release};
use super::value::ValueError;

/// Reads a release; where it names no QEMU, `qemu` is taken, else the default.
pub(in super::super) fn parse(catalog: &Catalog, text: &str, qemu: Option<&QemuChoice>) -> Result<Release, ValueError> {
    let otherwise = qemu.cloned().unwrap_or(QemuChoice { version: MaybeKnown::Is(DEFAULT_QEMU), build: None });
    let (first, rest) = without_epoch(text).split_once(':').map_or((without_epoch(text), None), |(a, b)| (a, Some(b)));
    let is_map = matches!(first, "old" | "new") || catalog.libvirt(first).is_some();
    if !is_map && rest.is_some() && first.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return product(catalog, text);
    }
    let libvirt = libvirt(catalog, first)?;
    let qemu = match rest {
        Some(rest) => self::qemu(catalog, without_epoch(rest))?,
        None => otherwise,
    };
    Ok(Release::new(libvirt, qemu))
}

/// Distributions put an epoch before a version: `1:7.2`.
fn without_epoch(text: &str) -> &str {
    match text.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => text,
    }
}

fn product(catalog: &Catalog, text: &str) -> Result<Release, ValueError> {
    let known = match catalog.all_products().find(text) {
        Ok(known) => known,
        Err(NoProduct::WithoutLibvirt(known)) => {
            let why = format!("{text} uses QEMU without libvirt (QEMU {})", known.qemu);
            let newest = known.newest_qemu();
            let how =
                format!("put a libvirt release before it: LIBVIRT:{text} takes {newest}, or name one of the others");
            return Err(ValueError::new(format!("{why}; {how}")));
        }
        Err(NoProduct::NotRead) => {
            return Err(ValueError::new(format!("what {text} ships is not known; name its LIBVIRT:QEMU")));
        }
        Err(NoProduct::Unknown(near)) => {
            let text = format!("unknown product {text:?}; `list products` prints those that are known");
            return Err(ValueError::near(text, near));
        }
    };
    let mut release = Release::new(libvirt(catalog, &known.libvirt)?, qemu(catalog, &known.qemu)?);
    release.product = Some(text.into());
    Ok(release)
}

fn libvirt(catalog: &Catalog, text: &str) -> Result<LibvirtChoice, ValueError> {
    match text {
        "old" => return Ok(LibvirtChoice::Old),
        "new" => return Ok(LibvirtChoice::New),
        "?" => return Ok(LibvirtChoice::Unknown),
        _ => {}
    }
    if let Some(id) = catalog.libvirt(text) {
        return Ok(LibvirtChoice::Release(id, None));
    }
    let (version, build) = package(text);
    let known = version.and_then(|version| {
        let releases = (0u16..).zip(catalog.libvirt_releases());
        releases.filter(|(_, r)| r.provenance == Provenance::Published && r.version == version).map(|(n, _)| n).next()
    });
    match known {
        Some(number) => Ok(LibvirtChoice::Release(super::super::LibvirtId(number), build)),
        None => {
            let names = catalog.libvirt_releases().iter().map(|release| &*release.name).chain(["old", "new"]);
            let near = match version {
                Some(version) => nearest_release(catalog, version),
                None => nearest(text, names).map(str::to_owned),
            };
            Err(ValueError::near(format!("unknown libvirt release {text:?}"), near.as_deref()))
        }
    }
}

fn nearest_release(catalog: &Catalog, version: Version) -> Option<String> {
    let published = || catalog.libvirt_releases().iter().filter(|r| r.provenance == Provenance::Published);
    let below = published().rfind(|release| release.version < version);
    below.or_else(|| published().next()).map(|release| release.name.to_string())
}

fn qemu(catalog: &Catalog, text: &str) -> Result<QemuChoice, ValueError> {
    if text == "?" {
        return Ok(QemuChoice { version: MaybeKnown::Unknown, build: None });
    }
    // A product has a name before its version. Whatever has none would be compared with every product.
    let is_product = |text: &&str| text.contains(':') || !text.starts_with(|first: char| first.is_ascii_digit());
    let text = match Some(text).filter(is_product).map(|text| catalog.all_products().find(text)) {
        Some(Ok(known)) => &*known.qemu,
        Some(Err(NoProduct::WithoutLibvirt(known))) => known.newest_qemu(),
        Some(Err(NoProduct::NotRead | NoProduct::Unknown(_))) | None => text,
    };
    let (version, build) = package(text);
    match version.filter(|version| catalog.is_qemu_release(*version)) {
        Some(version) => Ok(QemuChoice { version: MaybeKnown::Is(version), build }),
        None => {
            let below = version.and_then(|v| catalog.qemu_releases().iter().rfind(|known| known.version < v));
            let near = below.map(|known| known.version.to_string());
            Err(ValueError::near(format!("unknown QEMU release {text:?}"), near.as_deref()))
        }
    }
}

/// Splits `9.0.0-3.el9` into the release and the build; a suffix such as `+dfsg` is part of the build.
fn package(text: &str) -> (Option<Version>, Option<Box<str>>) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    // A plus begins a map's name, unless it is Debian's mark for repacked sources.
    let repacked = ["+dfsg", "+ds"].iter().any(|mark| rest.starts_with(mark));
    // No revision of a package begins with one.
    let revision = rest.strip_prefix('-').filter(|revision| !revision.starts_with('+'));
    let build = revision.or_else(|| Some(rest).filter(|_| repacked)).filter(|build| is_word(build, NOT_IN_RELEASE));
    if !rest.is_empty() && build.is_none() {
        return (None, None);
    }
    (number.parse().ok(), build.map(Into::into))
}

/// Appends a release to a text. QEMU is left out where it is the one that would be taken anyway: `same`.
pub(super) fn push(text: &mut String, catalog: &Catalog, release: &Release, same: Option<&QemuChoice>) {
    if let Some(product) = &release.product {
        return text.push_str(product);
    }
    release.libvirt.push_name(catalog, text);
    if same != Some(&release.qemu) {
        text.push(':');
        release.qemu.push_name(text);
    }
}
