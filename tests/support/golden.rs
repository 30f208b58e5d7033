//! Compares what is generated with what was committed. `BLESS=1 cargo test` writes it anew.
#![expect(clippy::panic, reason = "a difference fails the test")]

use std::path::Path;

/// Compares `made` with the file at `path`, counted from the project's folder.
pub(crate) fn compare(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("BLESS").is_some() {
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
