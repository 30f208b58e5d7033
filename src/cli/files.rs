//! Reads the files that the command line names.

use crate::app::script::{Step, parse};
use crate::domain::catalog::Catalog;
use crate::domain::names::first_names;
use crate::domain::order::{sort, sort_by_key};
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
#[derive(Default)]
pub(super) struct Expanded {
    /// The directory, if the name is one.
    directory: Option<PathBuf>,
    /// The files with a guest, sorted; of a directory without its name, since there may be 100,000.
    files: Vec<Box<str>>,
    /// The folders below it that could not be read.
    unreadable: Vec<LoadError>,
    /// The names of other files in the directory and in its folders.
    others: Vec<String>,
    /// The folders that were left out: links to one, which might lead back, and those that are too deep.
    links: Vec<String>,
    deep: Vec<String>,
}

/// How many skipped files a message names.
const NAMED_SKIPPED: usize = 8;

impl Expanded {
    /// Returns how many files with a guest there are, with the folders that could not be read.
    pub(super) fn count(&self) -> usize {
        self.files.len() + self.unreadable.len()
    }

    /// Returns what was skipped, and why.
    pub(super) fn skipped(&self) -> impl Iterator<Item = (String, String)> {
        let endings = ENDINGS.join(", .");
        let lists = [
            (&self.others, format!("not named like the file of a guest (.{endings})")),
            (&self.links, "a link to a folder".to_owned()),
            (&self.deep, format!("more than {MOST_FOLDERS} folders deep")),
        ];
        let named = |names: &[String]| first_names(names.iter().map(String::as_str), NAMED_SKIPPED);
        lists.into_iter().filter(|(names, _)| !names.is_empty()).map(move |(names, why)| (named(names), why))
    }

    /// Returns the paths of the files with a guest, and the folders that could not be read, with the error.
    pub(super) fn paths(self) -> impl Iterator<Item = Result<String, (String, LoadError)>> {
        let Self { directory, files, unreadable, .. } = self;
        let path = move |name: Box<str>| match &directory {
            Some(directory) => directory.join(&*name).display().to_string(),
            None => name.into(),
        };
        let unreadable = unreadable.into_iter().map(|err| Err((err.file.clone(), err)));
        files.into_iter().map(path).map(Ok).chain(unreadable)
    }

    /// Adds what is in a folder `under` the directory, and returns the folders in it.
    fn add(&mut self, directory: &Path, under: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(directory.join(under))? {
            let entry = entry?;
            let (path, name) = (entry.path(), under.join(entry.file_name()));
            let ending = path.extension().and_then(|extension| extension.to_str());
            let displayed = name.display().to_string();
            match (path.is_dir(), ending) {
                (true, _) if entry.file_type()?.is_symlink() => self.links.push(format!("{displayed}/")),
                (true, _) if name.components().count() > MOST_FOLDERS => self.deep.push(format!("{displayed}/")),
                (true, _) => folders.push(name),
                (false, Some(ending)) if ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)) => {
                    self.files.push(displayed.into());
                }
                (false, _) => self.others.push(displayed),
            }
        }
        Ok(folders)
    }
}

/// How the names of files with a guest end: domain XML, manifests, `nova.conf`.
const ENDINGS: [&str; 5] = ["xml", "yaml", "yml", "json", "conf"];
/// How many folders may be in one another.
const MOST_FOLDERS: usize = 16;

/// Returns the files of a name: itself, or those in a directory and its folders that can have a guest.
///
/// # Errors
/// The directory cannot be read or has no such file.
pub(super) fn expand(name: &str) -> Result<Expanded, LoadError> {
    let mut found = Expanded::default();
    if name == "-" || !Path::new(name).is_dir() {
        found.files.push(name.into());
        return Ok(found);
    }
    let directory = Path::new(name);
    let unreadable =
        |name: &Path, err| LoadError::whole(&name.display().to_string(), format!("cannot read the directory: {err}"));
    let mut folders = found.add(directory, Path::new("")).map_err(|err| unreadable(directory, err))?;
    while let Some(folder) = folders.pop() {
        match found.add(directory, &folder) {
            Ok(more) => folders.extend(more),
            Err(err) => found.unreadable.push(unreadable(&directory.join(folder), err)),
        }
    }
    if found.count() == 0 {
        let endings = ENDINGS.join(", .");
        return Err(LoadError::whole(
            name,
            format!("expected a directory with files that end in .{endings}, found none"),
        ));
    }
    found.directory = Some(name.into());
    for names in [&mut found.others, &mut found.links, &mut found.deep] {
        sort(names);
    }
    sort(&mut found.files);
    sort_by_key(&mut found.unreadable, |one| one.file.clone());
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
