//! Builds the catalog from the facts in the program; the build script read and checked them with the same reader.

use super::error::LoadError;
use super::packed::Packed;
use crate::domain::catalog::{Catalog, Parts};
use flate2::read::DeflateDecoder;
use std::io::Read as _;

/// The files of the timeline as the program was built with them.
const FACTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/facts"));

/// The links of the scenarios of which a real migration was recorded, sorted, one per line, compressed.
const RECORDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/recorded"));

/// Returns every fact the program was built with.
///
/// # Errors
/// A mistake in the files, which the build script and the project's own tests exclude.
pub fn catalog() -> Result<Catalog, LoadError> {
    let wrong = |error: &dyn std::fmt::Display| LoadError::whole("cpu_map", error.to_string());
    let mut catalog = Catalog::new(parts()?).map_err(|error| wrong(&error))?;
    let mut recorded = String::new();
    DeflateDecoder::new(RECORDED).read_to_string(&mut recorded).map_err(|error| wrong(&error))?;
    catalog.set_recorded(recorded.lines());
    Ok(catalog)
}

/// Returns the same facts before they are checked and completed.
///
/// # Errors
/// A mistake in the files, which the build script and the project's own tests exclude.
pub fn parts() -> Result<Parts, LoadError> {
    let packed = postcard::from_bytes::<Packed>(FACTS);
    packed.map(Packed::unpack).map_err(|error| LoadError::whole("cpu_map", error.to_string()))
}
