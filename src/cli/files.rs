//! Reads the files that the command line names.

use crate::app::script::{Step, parse};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::{LibvirtChoice, Scenario};
use crate::input::host::{self, HostFile};
use crate::load::LoadError;
use crate::load::file::{self, MAX_BYTES};
use anyhow::{Result, anyhow};
use std::path::{Path, PathBuf};

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// The file cannot be read or is too large.
pub(super) fn read(name: &str) -> Result<Vec<u8>, LoadError> {
    if name == "-" {
        file::read_from(name, std::io::stdin().lock(), MAX_BYTES)
    } else {
        file::read(Path::new(name), MAX_BYTES)
    }
}

/// Returns the files that describe a host: one, two separated by a comma, or none if the value is not a name of files.
pub(super) fn of_host(value: &str) -> Vec<&str> {
    let is_file = |name: &&str| Path::new(name).exists();
    if is_file(&value) {
        return vec![value];
    }
    let pair = value.split_once(',').map(|(first, second)| vec![first, second]);
    pair.filter(|pair| pair.iter().all(is_file)).unwrap_or_default()
}

/// Reads the files of one host, with the CPU map of this libvirt. Returns the host, and what each file has.
///
/// # Errors
/// A file that cannot be read or does not describe a host, files that cannot be combined.
pub(super) fn read_host(catalog: &Catalog, libvirt: &LibvirtChoice, files: &[&str]) -> Result<(HostFile, Vec<String>)> {
    let parsed = |file: &str| host::read(catalog, libvirt, file, &read(file)?);
    match files {
        [first, second] => {
            let (one, other) = (parsed(first)?, parsed(second)?);
            let lines = vec![format!("{first}: {}.", one.summary()), format!("{second}: {}.", other.summary())];
            Ok((one.combine(other).map_err(|err| anyhow!("{first},{second}: {err}"))?, lines))
        }
        _ => {
            let file = files.first().copied().unwrap_or_default();
            let host = parsed(file)?;
            let lines = vec![format!("{file}: {}", host.line())];
            Ok((host, lines))
        }
    }
}

/// The files of a name.
pub(super) struct Expanded {
    /// The directory, if the name is one.
    directory: Option<PathBuf>,
    /// The files with a guest, sorted; of a directory without its name, since there may be 100,000.
    files: Vec<Box<str>>,
    /// The names of others in the directory, sorted.
    pub(super) skipped: Vec<String>,
}

impl Expanded {
    /// Returns how many files with a guest there are.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// Returns the paths of the files with a guest.
    pub(super) fn paths(self) -> impl Iterator<Item = String> {
        let Self { directory, files, .. } = self;
        files.into_iter().map(move |name| match &directory {
            Some(directory) => directory.join(&*name).display().to_string(),
            None => name.into(),
        })
    }
}

/// How the names of files with a guest end: domain XML, manifests, `nova.conf`.
const ENDINGS: [&str; 5] = ["xml", "yaml", "yml", "json", "conf"];

/// Returns the files of a name: itself, or those directly in a directory that can have a guest.
///
/// # Errors
/// The directory cannot be read or has no such file.
pub(super) fn expand(name: &str) -> Result<Expanded, LoadError> {
    let mut found = Expanded { directory: None, files: Vec::new(), skipped: Vec::new() };
    if name == "-" || !Path::new(name).is_dir() {
        found.files.push(name.into());
        return Ok(found);
    }
    found.directory = Some(name.into());
    let unreadable = |err: std::io::Error| LoadError::whole(name, format!("cannot read the directory: {err}"));
    for entry in std::fs::read_dir(name).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|extension| extension.to_str());
        let name = path.file_name().unwrap_or_default().display();
        if ending.is_some_and(|ending| ENDINGS.contains(&ending)) && !path.is_dir() {
            found.files.push(name.to_string().into());
        } else {
            found.skipped.push(if path.is_dir() { format!("{name}/") } else { name.to_string() });
        }
    }
    if found.files.is_empty() {
        let endings = ENDINGS.join(", .");
        return Err(LoadError::whole(
            name,
            format!("expected a directory with files that end in .{endings}, found none"),
        ));
    }
    found.files.sort();
    found.skipped.sort();
    Ok(found)
}

/// The longest list of actions, in bytes.
const LONGEST_LIST: usize = 4 << 20;

/// A list of actions to replay or to show, and the scenario it begins with.
#[derive(Clone, Default, Debug)]
pub struct Script {
    /// The scenario of the first line, if that line is one.
    pub start: Option<Scenario>,
    /// The lines after it.
    pub steps: Vec<Step>,
}

impl Script {
    /// Reads a list from a file.
    ///
    /// # Errors
    /// The file cannot be read, or lines that cannot be parsed: all of them, with file, line and column.
    pub fn read(catalog: &Catalog, path: &Path) -> Result<Self> {
        let text = file::text(path, LONGEST_LIST)?;
        let mut steps = parse(catalog, &text).map_err(|errors| anyhow!(errors.report(&path.display().to_string())))?;
        let start = match steps.first() {
            Some(Step::Scenario(link)) => Some(Scenario::parse(catalog, link)?),
            _ => None,
        };
        if start.is_some() {
            steps.remove(0);
        }
        Ok(Self { start, steps })
    }
}
