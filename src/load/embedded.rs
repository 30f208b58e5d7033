//! Builds the catalog from the facts that are part of the program.
//! Reads no file while the program runs: the texts are put in when it is compiled.

use super::error::LoadError;
use super::timeline::{self, Texts};
use crate::domain::catalog::{Catalog, Parts};

/// The timeline as it was when the program was compiled.
pub const TEXTS: Texts<'static> = Texts {
    libvirt: ("cpu_map/libvirt.xml", include_str!("../../cpu_map/libvirt.xml")),
    qemu: ("cpu_map/qemu.xml", include_str!("../../cpu_map/qemu.xml")),
    downstream: ("cpu_map/downstream.xml", include_str!("../../cpu_map/downstream.xml")),
    hosts: ("cpu_map/hosts.xml", include_str!("../../cpu_map/hosts.xml")),
    products: ("cpu_map/products.xml", include_str!("../../cpu_map/products.xml")),
    behaviour: ("cpu_map/behaviour.xml", include_str!("../../cpu_map/behaviour.xml")),
};

/// The words of the scenarios of which a real migration was recorded.
const RECORDED: &str = include_str!("../../cpu_map/recorded.txt");

/// Returns every fact the program was compiled with.
///
/// # Errors
/// A mistake in the files, which the project's own tests exclude.
pub fn catalog() -> Result<Catalog, LoadError> {
    let mut catalog = timeline::catalog(&TEXTS)?;
    catalog.set_recorded(RECORDED.lines());
    Ok(catalog)
}

/// Returns the same facts before they are checked and completed.
///
/// # Errors
/// A mistake in the files, which the project's own tests exclude.
pub fn parts() -> Result<Parts, LoadError> {
    timeline::read(&TEXTS)
}
