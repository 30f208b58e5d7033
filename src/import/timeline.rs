//! Writes the facts as files, and verifies that the files read back as the same facts.

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
pub(super) const DOWNSTREAM: &str = "downstream.xml";

/// The texts of the files that are written by hand.
#[derive(Clone, Copy)]
pub(super) struct ByHand<'a> {
    /// `products.xml`.
    pub(super) products: &'a str,
    /// `behaviour.xml`.
    pub(super) behaviour: &'a str,
    /// `downstream.xml`.
    pub(super) downstream: &'a str,
}

/// After so many rounds of writing and reading every number is settled.
const SETTLED: usize = 3;

/// Returns the files for `parts` that are not written by hand.
///
/// # Errors
/// Parts that make no catalog, or files that do not read back the same.
pub(super) fn of_parts(parts: &Parts, by_hand: ByHand<'_>) -> Result<Files, ImportError> {
    let read = |files: &Files| {
        timeline::read(&Texts {
            libvirt: (LIBVIRT, &files.libvirt),
            qemu: (QEMU, &files.qemu),
            hosts: (HOSTS, &files.hosts),
            products: (PRODUCTS, by_hand.products),
            behaviour: (BEHAVIOUR, by_hand.behaviour),
            downstream: (DOWNSTREAM, by_hand.downstream),
        })
    };
    // What was added has the highest numbers. Read back, features and models have the numbers of their place in the
    // text; once these are settled nothing may change.
    let mut numbered = read(&write::files(parts))?;
    for _ in 0..SETTLED {
        let files = write::files(&numbered);
        let back = read(&files)?;
        if back == numbered {
            Catalog::new(back).map_err(|error| LoadError::whole("cpu_map", error.to_string()))?;
            return Ok(files);
        }
        numbered = back;
    }
    Err(ImportError::NotTheSame)
}
