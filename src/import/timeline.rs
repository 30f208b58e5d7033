//! Makes the timeline's files and proves that they give back the facts they were made of. Touches no file.

use super::digest::{self, Record};
use super::parts::RawError;
use super::raw::Raw;
use super::write::{self, Files};
use super::{ImportError, parts};
use crate::domain::catalog::{Catalog, Parts};
use crate::load::LoadError;
use crate::load::timeline::{self, Texts};
use std::collections::HashSet;

/// The timeline's files by their names.
pub(super) const LIBVIRT: &str = "libvirt.xml";
pub(super) const QEMU: &str = "qemu.xml";
pub(super) const HOSTS: &str = "hosts.xml";
pub(super) const PRODUCTS: &str = "products.xml";
pub(super) const BEHAVIOUR: &str = "behaviour.xml";

/// Returns the timeline's files for raw facts, and the digests of these. `behaviour` is the text of `behaviour.xml`.
///
/// # Errors
/// Raw facts that are inconsistent, that there is no place for, or that the timeline would not give back.
pub fn of_raw(raw: &Raw, behaviour: &str) -> Result<(Files, String), ImportError> {
    let facts = digest::records_of_raw(raw);
    let mut known = HashSet::new();
    if let Some(twice) = facts.iter().find(|fact| !known.insert((&fact.subject, &fact.item))) {
        let (place, expected, found) = (twice.subject.clone(), "each fact once".to_owned(), twice.item.clone());
        return Err(RawError { place, expected, found }.into());
    }
    let files = proven(&parts::of(raw)?, behaviour, &facts)?;
    Ok((files, digest::write(&digest::digests(&facts))))
}

/// Returns the timeline's files for `parts`.
///
/// # Errors
/// Parts that the timeline would not give back, or that make no catalog.
pub(super) fn of_parts(parts: &Parts, behaviour: &str) -> Result<Files, ImportError> {
    proven(parts, behaviour, &digest::records_of_parts(parts))
}

fn proven(parts: &Parts, behaviour: &str, facts: &[Record]) -> Result<Files, ImportError> {
    let files = write::files(parts);
    let back = timeline::read(&Texts {
        libvirt: (LIBVIRT, &files.libvirt),
        qemu: (QEMU, &files.qemu),
        hosts: (HOSTS, &files.hosts),
        products: (PRODUCTS, &files.products),
        behaviour: (BEHAVIOUR, behaviour),
    })?;
    if let Some(difference) = digest::differences(facts, &digest::records_of_parts(&back)).into_iter().next() {
        return Err(ImportError::NotTheSame(Box::new(difference)));
    }
    Catalog::new(back).map_err(|error| LoadError::whole("cpu_map", error.to_string()))?;
    Ok(files)
}
