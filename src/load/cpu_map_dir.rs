//! Reads an installed libvirt CPU map from its directory, or from the single file of older releases.
//! Changes nothing on disk.

use super::cpu_map::MapReader;
use super::error::LoadError;
use super::file;
use super::xml::{Document, Element, MAX_BYTES};
use crate::domain::catalog::{Catalog, LibvirtId};
use crate::domain::map::CpuMap;
use crate::domain::names::Names;
use std::path::{Path, PathBuf};

/// Reads the x86 map at `path`: a directory with `index.xml` and what it includes, as libvirt installs it since 4.7,
/// a directory with the older `cpu_map.xml`, a tree of libvirt's source, or one of these two files.
///
/// Names that are new are added to `features` and `models`, but only when the whole map could be read.
///
/// # Errors
/// The first mistake, with file, line, column and what was expected there; files of more than 16 MiB in all,
/// something that is no file, an include that is not there.
pub fn read(path: &Path, features: &mut Names, models: &mut Names) -> Result<CpuMap, LoadError> {
    let (mut new_features, mut new_models) = (features.clone(), models.clone());
    let mut budget = MAX_BYTES;
    let main = main_file(path)?;
    let file = main.display().to_string();
    let bytes = read_file(&main, &mut budget)?;
    let document = Document::from_bytes(&file, &bytes)?;
    expect_root(&document)?;
    let arch = document
        .root
        .children_named("arch")
        .find(|arch| arch.get("name") == Some("x86"))
        .ok_or_else(|| document.error(&document.root, "expected <arch name='x86'> in <cpus>, found none"))?;
    let mut reader = MapReader::new(&mut new_features, &mut new_models);
    reader.read(&document, arch)?;
    for include in includes(arch) {
        read_include(&document, include, &main, &mut reader, &mut budget)?;
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
    let (features, models) = catalog.names_mut();
    let map = read(path, features, models)?;
    let source = path.display().to_string();
    catalog.add_user_map(name, &source, map).map_err(|error| LoadError::whole(&source, error.to_string()))
}

/// Where a map begins in a directory: as installed, then as in libvirt's source since 4.7 and before.
const MAIN_FILES: [&str; 4] = ["index.xml", "cpu_map.xml", "src/cpu_map/index.xml", "src/cpu/cpu_map.xml"];

fn main_file(path: &Path) -> Result<PathBuf, LoadError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let missing = || {
        LoadError::whole(
            &path.display().to_string(),
            "expected index.xml or cpu_map.xml in the directory, or a libvirt source tree, found none of them",
        )
    };
    MAIN_FILES.into_iter().map(|name| path.join(name)).find(|file| file.exists()).ok_or_else(missing)
}

/// Returns the includes of an architecture; newer indexes put those of one vendor into a group.
fn includes<'e, 'a>(arch: &'e Element<'a>) -> impl Iterator<Item = &'e Element<'a>> {
    arch.children.iter().flat_map(|child| {
        let inside: &[Element<'a>] = if child.name == "group" { &child.children } else { std::slice::from_ref(child) };
        inside.iter().filter(|element| element.name == "include")
    })
}

fn read_include(
    index: &Document<'_>,
    include: &Element<'_>,
    beside: &Path,
    reader: &mut MapReader<'_>,
    budget: &mut usize,
) -> Result<(), LoadError> {
    let name = index.need(include, "filename")?;
    let path = beside.with_file_name(name);
    if name.is_empty() || name.contains(['/', '\\']) || name == ".." {
        let message = format!("expected the name of a file beside this one in filename, found {name:?}");
        return Err(index.error(include, message));
    }
    if !path.exists() {
        return Err(index.error(include, format!("expected the file {name} beside this one, found none")));
    }
    let file = path.display().to_string();
    let bytes = read_file(&path, budget)?;
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

/// Reads a file and takes its size from the budget of the whole map.
fn read_file(path: &Path, budget: &mut usize) -> Result<Vec<u8>, LoadError> {
    let name = path.display().to_string();
    let bytes = file::read(path)?;
    *budget = budget.checked_sub(bytes.len()).ok_or_else(|| {
        LoadError::whole(&name, format!("expected at most {} MiB in all files of the map, found more", MAX_BYTES >> 20))
    })?;
    Ok(bytes)
}
