//! Compares what is made with what was committed. `BLESS=1 cargo test` rewrites it.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::panic, reason = "a difference fails the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Compares `made` with the file at `path`, counted from the project's folder.
#[track_caller]
pub(crate) fn compare(path: &str, made: &str) {
    let file = at(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap_or(&file)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        std::fs::write(&file, made).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{path}: {fault}; BLESS=1 writes it"));
    if kept == made {
        return;
    }
    let differs = |(kept, made): &(&str, &str)| kept != made;
    let line = kept.lines().zip(made.lines()).position(|pair| differs(&pair));
    let line = line.unwrap_or_else(|| kept.lines().count().min(made.lines().count()));
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    panic!("{path}, line {}:\n  kept: {}\n  made: {}\nBLESS=1 writes it", line + 1, at(&kept), at(made));
}

/// The files in one folder that hold screens as they should be.
pub(crate) struct Goldens {
    /// The folder.
    pub(crate) folder: &'static str,
    /// The names of its files, without `.txt`.
    pub(crate) names: &'static [&'static str],
}

impl Goldens {
    /// Compares `made` with the file of this name.
    #[track_caller]
    pub(crate) fn compare(&self, name: &str, made: &str) {
        assert!(self.names.contains(&name), "{name} is not among the names of {}", self.folder);
        compare(&format!("{}/{name}.txt", self.folder), made);
    }

    /// Fails for a file in the folder that no test compares with.
    #[track_caller]
    pub(crate) fn no_orphans(&self) {
        let used: BTreeSet<String> = self.names.iter().map(|name| format!("{name}.txt")).collect();
        // Before the first golden is written there is no folder.
        let files = std::fs::read_dir(at(self.folder)).into_iter().flatten();
        // Folders in it belong to the tests of other screens.
        let found: BTreeSet<String> = files
            .filter_map(|file| Some(file.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| Path::new(name).extension().is_some())
            .collect();
        let orphans: Vec<&String> = found.difference(&used).collect();
        assert!(orphans.is_empty(), "no test compares with these files in {}; remove them: {orphans:?}", self.folder);
    }
}

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
