//! Makes the files of the facts and verifies that they read back the same. Touches no file.

use super::ImportError;
use super::write::{self, Files};
use crate::domain::catalog::{Catalog, Parts};
use crate::load::LoadError;
use crate::load::timeline::{self, Texts};

/// The files of the facts.
pub(super) const LIBVIRT: &str = "libvirt.xml";
pub(super) const QEMU: &str = "qemu.xml";
pub(super) const HOSTS: &str = "hosts.xml";
pub(super) const PRODUCTS: &str = "products.xml";
pub(super) const BEHAVIOUR: &str = "behaviour.xml";

/// Returns the files for `parts`; `behaviour` is the text of `behaviour.xml`.
///
/// # Errors
/// Parts that make no catalog, or files that do not read back the same.
pub(super) fn of_parts(parts: &Parts, behaviour: &str) -> Result<Files, ImportError> {
    let files = write::files(parts);
    let back = timeline::read(&Texts {
        libvirt: (LIBVIRT, &files.libvirt),
        qemu: (QEMU, &files.qemu),
        hosts: (HOSTS, &files.hosts),
        products: (PRODUCTS, &files.products),
        behaviour: (BEHAVIOUR, behaviour),
    })?;
    // Features and models may have other numbers than before: the text has their names.
    if write::files(&back) != files {
        return Err(ImportError::NotTheSame);
    }
    Catalog::new(back).map_err(|error| LoadError::whole("cpu_map", error.to_string()))?;
    Ok(files)
}
