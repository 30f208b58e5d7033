//! Compares a text with the file that holds what it should be. `BLESS=1 cargo test` writes the files anew.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::expect_used, reason = "a test helper fails its test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files in one folder that hold screens as they should be.
pub(crate) struct Goldens {
    /// The folder, counted from `tests`.
    pub(crate) folder: &'static str,
    /// The names of its files, without `.txt`.
    pub(crate) names: &'static [&'static str],
}

impl Goldens {
    /// Compares `text` with the file of this name.
    #[track_caller]
    pub(crate) fn compare(&self, name: &str, text: &str) {
        assert!(self.names.contains(&name), "{name} is not among the names of {}", self.folder);
        let path = self.place().join(format!("{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(self.place()).expect("the folder of goldens can be made");
            std::fs::write(&path, text).expect("the golden can be written");
            return;
        }
        let wanted = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            wanted == text,
            "{} differs; if that is meant, run BLESS=1 cargo test and look at the difference.\n--- expected\n{wanted}\n--- got\n{text}",
            path.display()
        );
    }

    /// Fails for a file in the folder that no test compares with.
    #[track_caller]
    pub(crate) fn no_orphans(&self) {
        let used: BTreeSet<String> = self.names.iter().map(|name| format!("{name}.txt")).collect();
        let files = std::fs::read_dir(self.place()).expect("the folder of goldens can be read");
        // Folders in it belong to the tests of other screens.
        let found: BTreeSet<String> = files
            .filter_map(|file| Some(file.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| Path::new(name).extension().is_some())
            .collect();
        let orphans: Vec<&String> = found.difference(&used).collect();
        assert!(
            orphans.is_empty(),
            "no test compares with these files in tests/{}; remove them: {orphans:?}",
            self.folder
        );
    }

    fn place(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(self.folder)
    }
}
