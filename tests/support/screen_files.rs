//! Compares a text with the file that holds what it should be. `BLESS=1 cargo test` writes the files anew.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::expect_used, reason = "a test helper fails its test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Compares `text` with `tests/FOLDER/NAME.txt`.
pub(crate) fn check(folder: &str, name: &str, text: &str) {
    let path = place(folder).join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(place(folder)).expect("the folder of goldens can be made");
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

/// Fails for a file in `tests/FOLDER` that no test compares with.
pub(crate) fn no_orphans(folder: &str, used: &[String]) {
    let used: BTreeSet<String> = used.iter().map(|name| format!("{name}.txt")).collect();
    // Before the first golden is written there is no folder.
    let files = std::fs::read_dir(place(folder)).into_iter().flatten();
    // Folders in it belong to the tests of other screens.
    let found: BTreeSet<String> = files
        .filter_map(|file| Some(file.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| Path::new(name).extension().is_some())
        .collect();
    let orphans: Vec<&String> = found.difference(&used).collect();
    assert!(orphans.is_empty(), "no test compares with these files in tests/{folder}; remove them: {orphans:?}");
}

fn place(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder)
}
