//! Reads and writes the directory with the files of the facts. All files are replaced, or none.

use super::qemu::merge::Merged;
use super::qemu::{self, Progress, QemuError};
use super::qmp;
use super::timeline::{self, BEHAVIOUR, ByHand, DOWNSTREAM, HOSTS, LIBVIRT, PRODUCTS, QEMU};
use super::write::Files;
use crate::domain::catalog::{ExactRelease, Parts};
use crate::domain::feature::FeatureSet;
use crate::domain::map::{CpuMap, MapId};
use crate::domain::version::Version;
use crate::load::file::{self, LARGEST_REPLY, MAX_BYTES};
use crate::load::timeline::Texts;
use crate::load::{LoadError, cpu_map_dir};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Says why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file has a mistake, or cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A QEMU cannot be asked.
    #[error(transparent)]
    Qemu(#[from] QemuError),
    /// What would be written does not read back the same.
    #[error("nothing was written: the new files do not read back the same; please report this")]
    NotTheSame,
    /// The name of the new release or host is taken or invalid.
    #[error("{0}")]
    Name(String),
    /// A file cannot be written.
    #[error("{path}: cannot be written: {error}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another import writes the files, or one was killed.
    #[error("another import is writing these files; if none runs, remove {path}", path = .0.display())]
    Locked(PathBuf),
}

/// Keeps other imports from the directory: of two at once, one would write what the other did not read.
struct Lock(PathBuf);

impl Lock {
    fn take(directory: &Path) -> Result<Self, ImportError> {
        let path = directory.join("import.lock");
        match File::create_new(&path) {
            Ok(_) => Ok(Self(path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(ImportError::Locked(path)),
            Err(error) => Err(ImportError::Write { path, error }),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What cannot be removed is named to the next import.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The files that were written, each with its size in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Path and size.
    pub(crate) files: Vec<(PathBuf, usize)>,
}

/// What was added to the timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Added {
    /// The files that were written.
    pub(crate) written: Written,
    /// For a release, the one whose map it ships unchanged, if any.
    pub same_as: Option<String>,
    /// For a host, properties of the reply that are no features of the catalog.
    pub left_out: Vec<String>,
}

/// Reads the CPU map of a libvirt release from `map` and adds it to the timeline in `to` under `name`, a release
/// number; `source` says where it was read.
///
/// # Errors
/// A mistake in the map or the timeline, a name that is taken or no release number, a file that cannot be written.
pub fn add_libvirt(to: &Path, name: &str, map: &Path, source: &str) -> Result<Added, ImportError> {
    let _lock = Lock::take(to)?;
    let mut parts = load(to)?;
    let number = name.split_once('+').map_or(name, |(number, _)| number);
    let version: Version =
        number.parse().map_err(|error| ImportError::Name(format!("{error}, found the name {name:?}")))?;
    if number != version.to_string() || parts.releases.iter().any(|release| &*release.name == name) {
        return Err(ImportError::Name(format!(
            "expected a release not in the timeline yet, such as 13.0.0, found {name:?}"
        )));
    }
    let map = cpu_map_dir::read(map, &mut parts.features, &mut parts.models)?;
    let after = parts.releases.partition_point(|known| order(&known.name) <= order(name));
    let (index, same_as) = insert(&mut parts, after, version, map);
    parts.releases.insert(after, ExactRelease { name: name.into(), source: source.into(), map: index });
    let written = store_parts(to, &parts)?;
    Ok(Added { written, same_as, left_out: Vec::new() })
}

/// Reads a QMP reply from the file `reply` and adds the host it was given on to the timeline in `to`.
///
/// # Errors
/// A mistake in the reply or the timeline, a name that is taken or cannot stand in a scenario, a file that cannot be
/// written.
pub fn add_host(to: &Path, name: &str, reply: &Path) -> Result<Added, ImportError> {
    let _lock = Lock::take(to)?;
    let mut parts = load(to)?;
    let taken = parts.hosts.iter().any(|host| &*host.name == name) || matches!(name, "any" | "capable");
    if taken || name.is_empty() || name.contains(|c: char| c.is_whitespace() || ",=:?".contains(c)) {
        return Err(ImportError::Name(format!(
            "expected the name of a host not in the timeline yet, without spaces and , = : ?, found {name:?}"
        )));
    }
    let text = file::text(reply, LARGEST_REPLY)?;
    let mut mapped = FeatureSet::EMPTY;
    parts.maps.iter().for_each(|map| mapped |= map.known);
    let reply = qmp::host(&reply.display().to_string(), &text, name, (&parts.features, mapped))?;
    parts.hosts.push(reply.host);
    let written = store_parts(to, &parts)?;
    Ok(Added { written, same_as: None, left_out: reply.left_out })
}

/// What came of asking a QEMU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct AskedQemu {
    /// Its release.
    pub version: Version,
    /// Whether KVM could be used, so that what models enable with it was asked too.
    pub with_kvm: bool,
    /// What was compared and what differs.
    pub(crate) merged: Merged,
    /// The files that were written; `None` where the facts had the release already, or differ.
    pub(crate) written: Option<Written>,
}

/// Queries the QEMU at `binary` and adds its release to the timeline in `to`. An existing release is only compared.
/// Nothing is written if an answer differs from the facts about an older release.
///
/// # Errors
/// A QEMU that cannot be queried, a mistake in the timeline, a file that cannot be written.
pub(crate) fn add_qemu(to: &Path, binary: &Path, progress: Progress<'_>) -> Result<AskedQemu, ImportError> {
    let _lock = Lock::take(to)?;
    let mut parts = load(to)?;
    let asked = qemu::ask(binary, &parts.features, progress)?;
    let merged = qemu::merge::merge(&mut parts, &asked);
    let is_added = !merged.known && merged.differences.is_empty();
    let written = if is_added { Some(store_parts(to, &parts)?) } else { None };
    Ok(AskedQemu { version: asked.version, with_kvm: asked.host.is_some(), merged, written })
}

/// Reads the files in `to` and writes them again in their canonical form, after an edit by hand.
///
/// # Errors
/// A mistake in the facts, a file that cannot be written.
pub fn rewrite(to: &Path) -> Result<Written, ImportError> {
    let _lock = Lock::take(to)?;
    store_parts(to, &load(to)?)
}

/// Puts a release number and what follows it in order: a hypothetical map stands right after its original.
fn order(name: &str) -> (Version, &str) {
    let (number, rest) = name.split_once('+').unwrap_or((name, ""));
    (number.parse().unwrap_or_default(), rest)
}

/// Puts a map behind those of the releases before `after`, or finds the equal one that the last of them ships.
fn insert(parts: &mut Parts, after: usize, version: Version, map: CpuMap) -> (MapId, Option<String>) {
    let older = parts.releases.get(..after).unwrap_or_default();
    let before = older.iter().rfind(|release| order(&release.name).0 < version && !release.name.contains('+'));
    if let Some(before) = before
        && parts.maps.get(usize::from(before.map.0)) == Some(&map)
    {
        return (before.map, Some(before.name.to_string()));
    }
    let index = older.iter().map(|release| release.map.0 + 1).max().unwrap_or(0);
    for release in parts.releases.iter_mut().filter(|release| release.map.0 >= index) {
        release.map.0 += 1;
    }
    parts.maps.insert(usize::from(index), map);
    (MapId(index), None)
}

fn load(directory: &Path) -> Result<Parts, LoadError> {
    let read = |name: &str| {
        let path = directory.join(name);
        file::text(&path, MAX_BYTES).map(|text| (path.display().to_string(), text))
    };
    let files = [read(LIBVIRT)?, read(QEMU)?, read(HOSTS)?, read(PRODUCTS)?, read(BEHAVIOUR)?, read(DOWNSTREAM)?];
    let [libvirt, qemu, hosts, products, behaviour, downstream] =
        files.each_ref().map(|(file, text)| (file.as_str(), text.as_str()));
    crate::load::timeline::read(&Texts { libvirt, qemu, downstream, hosts, products, behaviour })
}

fn store_parts(directory: &Path, parts: &Parts) -> Result<Written, ImportError> {
    let text = |name: &str| file::text(&directory.join(name), MAX_BYTES);
    let (products, behaviour, downstream) = (text(PRODUCTS)?, text(BEHAVIOUR)?, text(DOWNSTREAM)?);
    let by_hand = ByHand { products: &products, behaviour: &behaviour, downstream: &downstream };
    let Files { libvirt, qemu, hosts } = timeline::of_parts(parts, by_hand)?;
    replace(directory, &[(LIBVIRT, &libvirt), (QEMU, &qemu), (HOSTS, &hosts)])
}

/// Puts each text in place of the file of its name. They are written next to the old files first, so that a full disk
/// changes nothing.
fn replace(directory: &Path, files: &[(&str, &str)]) -> Result<Written, ImportError> {
    let beside = |name: &str| directory.join(format!("{name}.new"));
    let write_error = |path: PathBuf, error| ImportError::Write { path, error };
    for (name, text) in files {
        // Left by an import that was killed, or a link to some other file.
        let _ = std::fs::remove_file(beside(name));
        if let Err(error) = File::create_new(beside(name)).and_then(|mut file| file.write_all(text.as_bytes())) {
            for (name, _) in files {
                // A file that does not exist need not be removed, and the first error is reported.
                let _ = std::fs::remove_file(beside(name));
            }
            return Err(write_error(beside(name), error));
        }
    }
    let mut written = Written::default();
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::rename(beside(name), &path).map_err(|error| write_error(path.clone(), error))?;
        written.files.push((path, text.len()));
    }
    Ok(written)
}
