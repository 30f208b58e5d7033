//! Saves scenarios between runs: named ones, and those used last. Every change rereads and rewrites the file under a
//! lock, so that two programs do not lose each other's changes.

use super::atomic_write::{Access, Written, write_for};
use crate::load::{LoadError, file};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// How many scenarios without a name are saved.
const MAX_UNNAMED: usize = 50;
const FILE: &str = "scenarios";
const HEADING: &str = "# Scenarios of virt-cpu-explorer, one per line: a name or nothing, a tab, the scenario. The last \
                       used come first.";

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedScenario {
    /// Empty for a scenario that was only used.
    pub name: String,
    /// The link as it was written, which may not parse any more.
    pub link: String,
}

/// Says why a scenario cannot be saved or listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Neither `XDG_STATE_HOME` nor `HOME` is an absolute path.
    #[error("no home directory: set HOME or XDG_STATE_HOME to an absolute path")]
    NoHome,
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] LoadError),
    /// The file, its folder or its lock cannot be written.
    #[error("cannot write {path}: {error}", path = .path.display())]
    Write {
        /// What cannot be written.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// A line with this name would be read as another one, or as a comment.
    #[error("a name has no tab and does not begin with #, found {0:?}")]
    Name(String),
    /// Another program has held the lock for a second.
    #[error("{path} is locked by another program", path = .0.display())]
    Locked(PathBuf),
}

/// The file with the saved scenarios.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ScenarioStore {
    folder: Option<PathBuf>,
}

impl ScenarioStore {
    /// Returns the store in a folder, which need not exist yet. Without a folder the store is empty and saving fails.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Returns the saved scenarios, the last used first, including those that do not parse any more.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn list(&self) -> Result<Vec<SavedScenario>, StoreError> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        Ok(read(&folder.join(FILE))?.iter().filter_map(|line| parse(line)).collect())
    }

    /// Puts a scenario first among those used last.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub(crate) fn record_use(&self, link: &str) -> Result<(), StoreError> {
        self.change(|lines| {
            let is_it = |line: &String| parse(line).is_some_and(|saved| saved.name.is_empty() && saved.link == link);
            lines.retain(|line| !is_it(line));
            insert_first(lines, format!("\t{link}"));
            let mut unnamed = 0;
            lines.retain(|line| {
                let counts = parse(line).is_some_and(|saved| saved.name.is_empty());
                unnamed += usize::from(counts);
                !counts || unnamed <= MAX_UNNAMED
            });
            Written::Done
        })?;
        Ok(())
    }

    /// Saves a scenario under a name. Another scenario of that name is replaced only if `replace` is set.
    ///
    /// # Errors
    /// The name cannot be written to the file, or the file cannot be changed.
    pub fn save(&self, name: &str, link: &str, replace: bool) -> Result<Written, StoreError> {
        let name = name.trim();
        if name.starts_with('#') || name.contains(char::is_control) {
            return Err(StoreError::Name(name.to_owned()));
        }
        self.change(|lines| {
            let has_it = |line: &String| parse(line).is_some_and(|saved| saved.name == name);
            let other = |line: &String| parse(line).is_some_and(|saved| saved.name == name && saved.link != link);
            if !replace && lines.iter().any(other) {
                return Written::Exists;
            }
            lines.retain(|line| !has_it(line));
            insert_first(lines, format!("{name}\t{link}"));
            Written::Done
        })
    }

    /// Removes the scenario of that name; an empty name removes nothing.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub(crate) fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.change(|lines| {
            lines.retain(|line| parse(line).is_none_or(|saved| saved.name.is_empty() || saved.name != name));
            Written::Done
        })?;
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>) -> Written) -> Result<Written, StoreError> {
        let Some(folder) = &self.folder else { return Err(StoreError::NoHome) };
        create_private(folder).map_err(|error| StoreError::Write { path: folder.clone(), error })?;
        let _lock = lock(folder.join(format!("{FILE}.lock")))?;
        let path = folder.join(FILE);
        let mut lines = read(&path)?;
        if lines.is_empty() {
            lines.push(HEADING.to_owned());
        }
        if change(&mut lines) == Written::Exists {
            return Ok(Written::Exists);
        }
        write_for(Access::Private, &path, &(lines.join("\n") + "\n"), true)
            .map_err(|error| StoreError::Write { path, error })
    }
}

/// Returns `None` for a comment or an empty line.
fn parse(line: &str) -> Option<SavedScenario> {
    let line = line.trim_end();
    if line.trim_start().starts_with('#') || line.trim().is_empty() {
        return None;
    }
    let (name, link) = line.split_once('\t').unwrap_or(("", line));
    Some(SavedScenario { name: name.trim().to_owned(), link: link.trim().to_owned() })
}

/// The largest file of saved scenarios, in bytes: some 40,000 of them.
const MOST_BYTES: usize = 4 << 20;

/// Inserts a line before the first scenario, after the comments.
fn insert_first(lines: &mut Vec<String>, line: String) {
    let first = lines.iter().position(|line| parse(line).is_some()).unwrap_or(lines.len());
    lines.insert(first, line);
}

fn read(path: &Path) -> Result<Vec<String>, StoreError> {
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(Vec::new());
    }
    Ok(file::text(path, MOST_BYTES)?.lines().map(str::to_owned).collect())
}

/// Creates a folder that only the user may read, if it is not there.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Locks a file until the returned handle is dropped.
fn lock(path: PathBuf) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        options.mode(0o600).custom_flags(no_follow);
    }
    let file = match options.open(&path) {
        Ok(file) => file,
        Err(error) => return Err(StoreError::Write { path, error }),
    };
    #[cfg(unix)]
    {
        use rustix::fs::{FlockOperation, flock};
        // A change of one small file takes far less than a second; a program that holds the lock longer was stopped.
        for _ in 0..100 {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                // Some network file systems have no locks. Then two programs at once may lose a line, not the file.
                Err(_) => return Ok(file),
            }
        }
        Err(StoreError::Locked(path))
    }
    #[cfg(not(unix))]
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, ScenarioStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ScenarioStore::new(Some(folder.path().join("not/yet/there")));
        (folder, store)
    }

    fn links(store: &ScenarioStore) -> Vec<String> {
        store.list().unwrap().into_iter().map(|saved| format!("{}={}", saved.name, saved.link)).collect()
    }

    #[test]
    fn the_last_used_comes_first_and_once() {
        let (_folder, store) = store();
        assert_eq!(links(&store), [""; 0]);
        for link in ["a", "b", "a"] {
            store.record_use(link).unwrap();
        }
        assert_eq!(links(&store), ["=a", "=b"]);
        for number in 0..60 {
            store.record_use(&number.to_string()).unwrap();
        }
        assert_eq!(links(&store).len(), MAX_UNNAMED);
    }

    #[test]
    fn a_name_is_reused_only_when_replacing_is_asked_for() {
        let (_folder, store) = store();
        assert_eq!(store.save("abort", "a", false).unwrap(), Written::Done);
        assert_eq!(store.save("abort", "a", false).unwrap(), Written::Done);
        assert_eq!(store.save("abort", "b", false).unwrap(), Written::Exists);
        assert_eq!(links(&store), ["abort=a"]);
        assert_eq!(store.save("abort", "b", true).unwrap(), Written::Done);
        assert_eq!(links(&store), ["abort=b"]);
    }

    #[test]
    fn a_name_that_would_be_read_differently_is_refused() {
        let (_folder, store) = store();
        for name in ["# mine", " #1", "two\twords", "two\nlines"] {
            let said = store.save(name, "a", false).unwrap_err().to_string();
            assert!(said.starts_with("a name has no tab and does not begin with #, found \""), "{said}");
        }
        assert_eq!(links(&store), [""; 0]);
        store.save("issue #1 ", "a", false).unwrap();
        assert_eq!(links(&store), ["issue #1=a"]);
    }

    #[test]
    fn removing_a_name_removes_nothing_else() {
        let (_folder, store) = store();
        store.record_use("a").unwrap();
        store.save("one", "a", false).unwrap();
        store.save("other", "a", false).unwrap();
        store.remove("one").unwrap();
        assert_eq!(links(&store), ["other=a", "=a"]);
        store.remove("").unwrap();
        store.remove("one").unwrap();
        assert_eq!(links(&store), ["other=a", "=a"]);
    }

    #[test]
    fn lines_that_cannot_be_parsed_stay() {
        let (_folder, store) = store();
        store.record_use("a").unwrap();
        let path = store.folder.clone().unwrap().join(FILE);
        std::fs::write(&path, "# mine\nno longer\tReadable,at=all\n\n").unwrap();
        store.record_use("b").unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "# mine\n\tb\nno longer\tReadable,at=all\n\n");
    }

    #[test]
    fn two_programs_at_once_lose_nothing_of_each_other() {
        let (_folder, store) = store();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = store.clone();
                scope.spawn(move || {
                    for number in 0..10 {
                        store.save(&format!("{thread}-{number}"), "a", false).unwrap();
                    }
                });
            }
        });
        assert_eq!(links(&store).len(), 40);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_files_is_not_followed() {
        for name in ["scenarios", "scenarios.lock"] {
            let (folder, store) = store();
            let other = folder.path().join("other");
            std::fs::write(&other, "precious").unwrap();
            std::fs::create_dir_all(folder.path().join("not/yet/there")).unwrap();
            std::os::unix::fs::symlink(&other, folder.path().join("not/yet/there").join(name)).unwrap();
            assert!(store.save("name", "link", true).is_err(), "{name}");
            assert_eq!(std::fs::read_to_string(&other).unwrap(), "precious", "{name}");
        }
    }

    #[test]
    fn without_a_home_directory_saving_is_an_error() {
        let store = ScenarioStore::new(None);
        assert_eq!(links(&store), [""; 0]);
        assert!(store.record_use("a").unwrap_err().to_string().contains("home"));
    }
}
