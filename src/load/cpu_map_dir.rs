//! Assembles a libvirt CPU map from its files: an index with its includes, or the single file of older releases.

use super::cpu_map::MapReader;
use super::error::LoadError;
use super::map_files::MapFiles;
use super::xml::{Document, Element, MAX_BYTES};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::map::CpuMap;
use crate::domain::names::Names;
use std::path::Path;

/// Reads the x86 map at `path`: a directory with `index.xml` and what it includes, as libvirt installs it since 4.7,
/// a directory with the older `cpu_map.xml`, a tree of libvirt's source, or one of these two files.
///
/// Names that are new are added to `features` and `models`, but only when the whole map could be read.
///
/// # Errors
/// The first mistake, with file, line, column and what was expected there; files of more than 16 MiB in all,
/// something that is no file, an include that is not there.
pub fn read(path: &Path, features: &mut Names, models: &mut Names) -> Result<CpuMap, LoadError> {
    read_files(&MapFiles::at(path)?, features, models)
}

/// Reads the x86 map of these files, as [`read`] does.
///
/// # Errors
/// The first mistake.
pub(crate) fn read_files(files: &MapFiles, features: &mut Names, models: &mut Names) -> Result<CpuMap, LoadError> {
    let (mut new_features, mut new_models) = (features.clone(), models.clone());
    let mut budget = MAX_BYTES;
    let file = files.path(&files.main);
    let bytes = files.read(&files.main, &mut budget)?;
    let document = Document::from_bytes(&file, &bytes)?;
    expect_root(&document)?;
    let arch = x86(&document)
        .ok_or_else(|| document.error(&document.root, "expected <arch name='x86'> in <cpus>, found none"))?;
    let mut reader = MapReader::new(&mut new_features, &mut new_models);
    reader.read(&document, arch)?;
    for include in includes(arch) {
        read_include(&document, include, files, &mut reader, &mut budget)?;
    }
    let map = reader.finish();
    if map.order.is_empty() || map.model_order.is_empty() {
        return Err(document.error(arch, "expected features and models in <arch name='x86'>, found none"));
    }
    (*features, *models) = (new_features, new_models);
    Ok(map)
}

/// Reads a map and adds it to the catalog as one more release.
///
/// # Errors
/// The first mistake in the map, or a name that is taken.
pub fn add(catalog: &mut Catalog, name: &str, path: &Path) -> Result<LibvirtId, LoadError> {
    add_files(catalog, name, &MapFiles::at(path)?)
}

/// Reads the map of these files and adds it to the catalog as one more release.
///
/// # Errors
/// The first mistake in the map, or a name that is taken.
pub(crate) fn add_files(catalog: &mut Catalog, name: &str, files: &MapFiles) -> Result<LibvirtId, LoadError> {
    let (features, models) = catalog.names_mut();
    let map = read_files(files, features, models)?;
    let source = &files.source;
    catalog.add_user_map(name, source, map).map_err(|error| LoadError::whole(source, error.to_string()))
}

/// Returns the x86 part of an index.
pub(super) fn x86<'e, 'a>(document: &'e Document<'a>) -> Option<&'e Element<'a>> {
    document.root.children_named("arch").find(|arch| arch.get("name") == Some("x86"))
}

/// Returns the includes of an architecture; newer indexes put those of one vendor into a group.
pub(super) fn includes<'e, 'a>(arch: &'e Element<'a>) -> impl Iterator<Item = &'e Element<'a>> {
    arch.children.iter().flat_map(|child| {
        let inside: &[Element<'a>] = if child.name == "group" { &child.children } else { std::slice::from_ref(child) };
        inside.iter().filter(|element| element.name == "include")
    })
}

fn read_include(
    index: &Document<'_>,
    include: &Element<'_>,
    files: &MapFiles,
    reader: &mut MapReader<'_>,
    budget: &mut usize,
) -> Result<(), LoadError> {
    let name = index.need(include, "filename")?;
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
        let message = format!("expected the name of a file in the same directory in filename, found {name:?}");
        return Err(index.error(include, message));
    }
    if !files.has(name) {
        return Err(index.error(include, format!("expected the file {name} in the same directory, found none")));
    }
    let file = files.path(name);
    let bytes = files.read(name, budget)?;
    let document = Document::from_bytes(&file, &bytes)?;
    expect_root(&document)?;
    if let Some(nested) = document.root.child("include") {
        return Err(document.error(nested, "expected includes in the index only, found one here"));
    }
    reader.read(&document, &document.root)
}

fn expect_root(document: &Document<'_>) -> Result<(), LoadError> {
    if document.root.name == "cpus" {
        return Ok(());
    }
    Err(document
        .error(&document.root, format!("expected <cpus> as the root of a CPU map, found <{}>", document.root.name)))
}
