//! Finds and reads the files of one CPU map: in a directory on disk, or in a commit of a libvirt git repository.

use super::error::LoadError;
use super::file;
use super::xml::MAX_BYTES;
use crate::domain::order::sort;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a map begins in a directory: as installed, then as in libvirt's source since 4.7 and before.
const MAIN_FILES: [&str; 4] = ["index.xml", "cpu_map.xml", "src/cpu_map/index.xml", "src/cpu/cpu_map.xml"];

/// The files of one map.
#[derive(Debug)]
pub struct MapFiles {
    /// The file where the map begins.
    pub(super) main: String,
    /// How the user named the map.
    pub(super) source: String,
    location: Location,
}

#[derive(Debug)]
enum Location {
    /// The directory of the main file.
    Directory(PathBuf),
    /// The other files of a commit.
    Commit { label: String, blobs: BTreeMap<String, Vec<u8>> },
}

impl MapFiles {
    /// Finds the map at `path`: a directory with `index.xml`, as libvirt installs it since 4.7, a directory with the older
    /// `cpu_map.xml`, a tree of libvirt's source, or one of these two files.
    ///
    /// # Errors
    /// There is none.
    pub fn at(path: &Path) -> Result<Self, LoadError> {
        let main = if path.is_dir() {
            let missing = || {
                LoadError::whole(
                    &path.display().to_string(),
                    "expected index.xml or cpu_map.xml in the directory, or a libvirt source tree, found none of them",
                )
            };
            MAIN_FILES.into_iter().map(|name| path.join(name)).find(|file| file.exists()).ok_or_else(missing)?
        } else {
            path.to_owned()
        };
        let name = main.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let directory = main.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { main: name, source: path.display().to_string(), location: Location::Directory(directory) })
    }

    /// Reads the map of a commit in the git repository at `tree`, with the program `git`.
    ///
    /// # Errors
    /// git cannot be run, does not know the revision, or the commit has no CPU map.
    pub(crate) fn in_commit(tree: &Path, revision: &str) -> Result<Self, LoadError> {
        let whole = |message: String| LoadError::whole(&tree.display().to_string(), message);
        let asked = format!("{revision}^{{commit}}");
        let commit = git(tree, &["rev-parse", "--verify", "--quiet", "--end-of-options", &asked], b"")?
            .ok_or_else(|| whole(format!("expected a git repository with the commit {revision}, found none")))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let folders = ["src/cpu_map/", "src/cpu/cpu_map.xml"];
        let list = ["ls-tree", "-z", "--name-only", "--full-tree", &commit, folders[0], folders[1]];
        let listed = git(tree, &list, b"")?.ok_or_else(|| whole(format!("git cannot list the files of {revision}")))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let paths: Vec<&str> = listed.split('\0').filter(|path| is_of_map(path)).collect();
        let main = MAIN_FILES.into_iter().find(|main| paths.contains(main)).ok_or_else(|| {
            whole(format!("expected src/cpu_map/index.xml or src/cpu/cpu_map.xml in {revision}, found neither"))
        })?;
        let (folder, main) = main.rsplit_once('/').unwrap_or(("", main));
        let wanted: Vec<&str> = paths
            .into_iter()
            .filter(|path| path.rsplit_once('/').is_some_and(|(parent, _)| parent == folder))
            .collect();
        let asked: String = wanted.iter().fold(String::new(), |asked, path| asked + &format!("{commit}:{path}\n"));
        let answer = git(tree, &["cat-file", "--batch"], asked.as_bytes())?
            .ok_or_else(|| whole(format!("git cannot read the files of {revision}")))?;
        let mut blobs = BTreeMap::new();
        let mut rest = answer.as_slice();
        for path in wanted {
            let Some((blob, after)) = blob(rest) else {
                return Err(whole(format!("git cannot read {path} of {revision}")));
            };
            let name = path.rsplit('/').next().unwrap_or(path);
            blobs.insert(name.to_owned(), blob.to_vec());
            rest = after;
        }
        let location = Location::Commit { label: format!("{revision}:{folder}"), blobs };
        Ok(Self { main: main.to_owned(), source: format!("{} {revision}", tree.display()), location })
    }

    /// Returns a file's name for messages.
    pub(super) fn path(&self, name: &str) -> String {
        match &self.location {
            Location::Directory(directory) => directory.join(name).display().to_string(),
            Location::Commit { label, .. } => format!("{label}/{name}"),
        }
    }

    /// Returns whether the map has this file.
    pub(super) fn has(&self, name: &str) -> bool {
        match &self.location {
            Location::Directory(directory) => directory.join(name).exists(),
            Location::Commit { blobs, .. } => blobs.contains_key(name),
        }
    }

    /// Reads a file and takes its size from the budget of the whole map.
    pub(super) fn read(&self, name: &str, budget: &mut usize) -> Result<Vec<u8>, LoadError> {
        let path = self.path(name);
        let bytes = match &self.location {
            Location::Directory(directory) => file::read(&directory.join(name), MAX_BYTES)?,
            Location::Commit { blobs, .. } => {
                blobs.get(name).cloned().ok_or_else(|| LoadError::whole(&path, "expected the file, found none"))?
            }
        };
        *budget = budget.checked_sub(bytes.len()).ok_or_else(|| {
            let most = MAX_BYTES >> 20;
            LoadError::whole(&path, format!("expected at most {most} MiB in all files of the map, found more"))
        })?;
        Ok(bytes)
    }

    /// Returns the names of the files other than the main one, in order.
    pub(super) fn names(&self) -> Vec<String> {
        match &self.location {
            Location::Directory(directory) => {
                let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
                let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
                let mut names: Vec<String> = names.collect();
                sort(&mut names);
                names
            }
            Location::Commit { blobs, .. } => blobs.keys().cloned().collect(),
        }
    }
}

/// Whether a path of a libvirt tree belongs to the x86 map, or says which of its files are installed.
fn is_of_map(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_xml = Path::new(name).extension() == Some(OsStr::new("xml"));
    (is_xml && !name.starts_with("arm_") && !name.starts_with("ppc64_")) || INSTALL_LISTS.contains(&name)
}

/// The files in which libvirt's source lists what is installed.
pub(super) const INSTALL_LISTS: [&str; 2] = ["meson.build", "Makefile.inc.am"];

/// Runs git in a repository. `None` where git answers with a failure.
fn git(tree: &Path, arguments: &[&str], input: &[u8]) -> Result<Option<Vec<u8>>, LoadError> {
    let failed = |err: std::io::Error| {
        LoadError::whole(&tree.display().to_string(), format!("cannot run git, which reads the repository: {err}"))
    };
    let mut child = Command::new("git")
        .arg("-C")
        .arg(tree)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // git answers while it is asked, and waits where nothing reads its answers.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    });
    let output = output.map_err(failed)?;
    Ok(output.status.success().then_some(output.stdout))
}

/// Splits one answer of `git cat-file --batch` off: `HASH blob SIZE`, a line feed, the contents, a line feed.
fn blob(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = answer.split_at_checked(end)?;
    let mut words = std::str::from_utf8(head).ok()?.split(' ').skip(1);
    let size: usize = words.next().filter(|kind| *kind == "blob").and_then(|_| words.next()?.parse().ok())?;
    let (contents, rest) = rest.get(1..)?.split_at_checked(size)?;
    Some((contents, rest.get(1..)?))
}
