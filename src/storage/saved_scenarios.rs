//! Keeps scenarios between runs: those that were used last, and those with a name. The file is read anew and changed
//! under a lock every time, so that two programs at work at once lose nothing of each other's.

use super::atomic_write::{Written, write};
use anyhow::{Context, bail};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// How many scenarios without a name are kept.
const MOST: usize = 50;
/// The largest file that is read.
const LARGEST: u64 = 1 << 20;
const FILE: &str = "scenarios";
const HEADING: &str = "# Scenarios of virt-cpu-explorer, one a line: a name or nothing, a tab, the scenario. The last used \
                       stand first.";

/// A scenario that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its name; empty where it was merely used.
    pub name: String,
    /// The scenario's word, as it was written.
    pub word: String,
}

/// The place where scenarios are kept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Shelf {
    folder: Option<PathBuf>,
}

impl Shelf {
    /// Returns the shelf in a folder; without a folder nothing can be kept.
    pub fn at(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Returns what is kept, the last used first. What cannot be a scenario any more is there as well.
    ///
    /// # Errors
    /// There is a file and it cannot be read.
    pub fn read(&self) -> anyhow::Result<Vec<Kept>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        Ok(read(&folder.join(FILE))?.iter().filter_map(|line| parse(line)).collect())
    }

    /// Notes that a scenario was used.
    ///
    /// # Errors
    /// What stands in the way of keeping it.
    pub fn used(&self, word: &str) -> anyhow::Result<()> {
        self.change(|lines| {
            let is_it = |line: &String| parse(line).is_some_and(|kept| kept.name.is_empty() && kept.word == word);
            lines.retain(|line| !is_it(line));
            let first = lines.iter().position(|line| parse(line).is_some()).unwrap_or(lines.len());
            lines.insert(first, format!("\t{word}"));
            let mut unnamed = 0;
            lines.retain(|line| {
                let counts = parse(line).is_some_and(|kept| kept.name.is_empty());
                unnamed += usize::from(counts);
                !counts || unnamed <= MOST
            });
            Written::Done
        })?;
        Ok(())
    }

    /// Keeps a scenario under a name; another one that has the name is replaced only where `replace` says so.
    ///
    /// # Errors
    /// What stands in the way of keeping it.
    pub fn name(&self, name: &str, word: &str, replace: bool) -> anyhow::Result<Written> {
        self.change(|lines| {
            let has_it = |line: &String| parse(line).is_some_and(|kept| kept.name == name);
            let other = |line: &String| parse(line).is_some_and(|kept| kept.name == name && kept.word != word);
            if !replace && lines.iter().any(other) {
                return Written::Exists;
            }
            lines.retain(|line| !has_it(line));
            let first = lines.iter().position(|line| parse(line).is_some()).unwrap_or(lines.len());
            lines.insert(first, format!("{name}\t{word}"));
            Written::Done
        })
    }

    /// Forgets what is kept under a name.
    ///
    /// # Errors
    /// What stands in the way of changing the file.
    pub fn forget(&self, name: &str) -> anyhow::Result<()> {
        self.change(|lines| {
            lines.retain(|line| parse(line).is_none_or(|kept| kept.name.is_empty() || kept.name != name));
            Written::Done
        })?;
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>) -> Written) -> anyhow::Result<Written> {
        let Some(folder) = &self.folder else { bail!("there is no home directory to keep it in") };
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let _lock = lock(&folder.join(format!("{FILE}.lock")))?;
        let path = folder.join(FILE);
        let mut lines = read(&path)?;
        if lines.is_empty() {
            lines.push(HEADING.to_owned());
        }
        if change(&mut lines) == Written::Exists {
            return Ok(Written::Exists);
        }
        write(&path, &(lines.join("\n") + "\n"), true).with_context(|| path.display().to_string())
    }
}

/// Reads a line; `None` for a comment or an empty one.
fn parse(line: &str) -> Option<Kept> {
    let line = line.trim_end();
    if line.trim_start().starts_with('#') || line.trim().is_empty() {
        return None;
    }
    let (name, word) = line.split_once('\t').unwrap_or(("", line));
    Some(Kept { name: name.trim().to_owned(), word: word.trim().to_owned() })
}

fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let say = || path.display().to_string();
    match std::fs::metadata(path) {
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(fault) => return Err(fault).with_context(say),
        Ok(about) if about.len() > LARGEST => bail!("{} is larger than 1 MiB", path.display()),
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).with_context(say)?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Takes the lock of a file; it is given back when what is returned is dropped.
fn lock(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| path.display().to_string())?;
    #[cfg(unix)]
    {
        use rustix::fs::{FlockOperation, flock};
        // Whoever has it needs it for one small file. One who keeps it longer has been stopped.
        for _ in 0..100 {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                // Some network file systems have no locks; what is lost then is a line, not the file.
                Err(_) => return Ok(file),
            }
        }
        bail!("{} is locked by another program", path.display());
    }
    #[cfg(not(unix))]
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(Some(folder.path().join("not/yet/there")));
        (folder, shelf)
    }

    fn words(shelf: &Shelf) -> Vec<String> {
        shelf.read().unwrap().into_iter().map(|kept| format!("{}={}", kept.name, kept.word)).collect()
    }

    #[test]
    fn the_last_used_stands_first_and_once() {
        let (_folder, shelf) = shelf();
        assert_eq!(words(&shelf), [""; 0]);
        for word in ["a", "b", "a"] {
            shelf.used(word).unwrap();
        }
        assert_eq!(words(&shelf), ["=a", "=b"]);
        for number in 0..60 {
            shelf.used(&number.to_string()).unwrap();
        }
        assert_eq!(words(&shelf).len(), MOST);
    }

    #[test]
    fn a_name_is_given_to_another_scenario_only_when_that_is_said() {
        let (_folder, shelf) = shelf();
        assert_eq!(shelf.name("abort", "a", false).unwrap(), Written::Done);
        assert_eq!(shelf.name("abort", "a", false).unwrap(), Written::Done);
        assert_eq!(shelf.name("abort", "b", false).unwrap(), Written::Exists);
        assert_eq!(words(&shelf), ["abort=a"]);
        assert_eq!(shelf.name("abort", "b", true).unwrap(), Written::Done);
        assert_eq!(words(&shelf), ["abort=b"]);
    }

    #[test]
    fn a_name_that_is_forgotten_takes_nothing_else_along() {
        let (_folder, shelf) = shelf();
        shelf.used("a").unwrap();
        shelf.name("one", "a", false).unwrap();
        shelf.name("other", "a", false).unwrap();
        shelf.forget("one").unwrap();
        assert_eq!(words(&shelf), ["other=a", "=a"]);
        shelf.forget("").unwrap();
        shelf.forget("one").unwrap();
        assert_eq!(words(&shelf), ["other=a", "=a"]);
    }

    #[test]
    fn what_others_wrote_stays() {
        let (_folder, shelf) = shelf();
        shelf.used("a").unwrap();
        let path = shelf.folder.clone().unwrap().join(FILE);
        std::fs::write(&path, "# mine\nno longer\tReadable,at=all\n\n").unwrap();
        shelf.used("b").unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "# mine\n\tb\nno longer\tReadable,at=all\n\n");
    }

    #[test]
    fn programs_at_work_at_once_lose_nothing_of_each_other() {
        let (_folder, shelf) = shelf();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let shelf = shelf.clone();
                scope.spawn(move || {
                    for number in 0..10 {
                        shelf.name(&format!("{thread}-{number}"), "a", false).unwrap();
                    }
                });
            }
        });
        assert_eq!(words(&shelf).len(), 40);
    }

    #[test]
    fn without_a_home_nothing_is_kept_and_that_is_said() {
        let shelf = Shelf::at(None);
        assert_eq!(words(&shelf), [""; 0]);
        assert!(shelf.used("a").unwrap_err().to_string().contains("home"));
    }
}
