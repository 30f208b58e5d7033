//! Replays what fuzzing found worth keeping: every kept input of every parser, those that once failed among them.
#![expect(clippy::unwrap_used, reason = "a kept input that cannot be read fails the test")]

#[path = "support/any_input.rs"]
mod any_input;

use any_input::{Body, PARSERS};
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Replays one parser's inputs; a failure names the input.
fn replay(name: &str, parser: Body) -> usize {
    let directory = corpus().join(name);
    let inputs = names(&directory);
    for input in &inputs {
        let data = std::fs::read(directory.join(input)).unwrap();
        let outcome = std::panic::catch_unwind(|| parser(&data));
        assert!(outcome.is_ok(), "tests/corpus/{name}/{input} fails");
    }
    inputs.len()
}

#[test]
fn every_kept_input_still_holds() {
    for (name, parser) in PARSERS {
        let count = replay(name, *parser);
        assert!(count >= 3, "tests/corpus/{name} has only {count} inputs");
    }
}

#[test]
fn every_parser_has_its_target_and_its_inputs() {
    let parsers: Vec<&str> = PARSERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&corpus()), parsers);
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    // A published package comes without the targets.
    if targets.exists() {
        let files: Vec<String> = parsers.iter().map(|name| format!("{name}.rs")).collect();
        assert_eq!(names(&targets), files);
    }
}
