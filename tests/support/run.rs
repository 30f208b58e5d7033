//! Runs the program.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![expect(clippy::unwrap_used, reason = "a program that does not run fails the test")]

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs the program in a folder of the project, with an input; returns its exit code, output and messages.
pub(crate) fn run(folder: &str, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_virt-cpu-explorer"))
        .args(args)
        .current_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// The same in the project's folder, with the arguments in one text.
pub(crate) fn run_words(args: &str, input: &str) -> (i32, String, String) {
    run("", &args.split_whitespace().collect::<Vec<_>>(), input)
}
