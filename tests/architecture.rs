//! Holds the layers: who may use whom, where foreign crates may be named, and that every file says what it is for.
//! Prints, without holding, how long files and functions are.
#![expect(clippy::unwrap_used, reason = "a source file that cannot be read fails the test")]

use std::path::{Path, PathBuf};

/// Every folder of `src/` with its layer; a module uses its own layer only inside its folder, and lower layers.
const LAYERS: &[(&str, u8)] = &[
    ("domain", 0),
    ("load", 1),
    ("resolve", 1),
    ("import", 2),
    ("explain", 2),
    ("study", 3),
    ("bring", 3),
    ("export", 4),
    ("files", 4),
    ("app", 5),
    ("tui", 6),
    ("cli", 6),
];

/// Crates that only these folders may name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("quick_xml", &["load"]),
    ("clap", &["cli"]),
    ("serde", &["import", "export", "bring", "app", "cli", "load"]),
    ("nucleo_matcher", &["app"]),
    ("tempfile", &["files"]),
    ("toml", &["app", "cli"]),
];

/// What a pure folder may not name.
const IMPURE: &[&str] = &["std::fs", "std::env", "std::process", "std::time", "std::thread", "println!", "eprintln!"];

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn layer(folder: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == folder).map(|(_, layer)| *layer)
}

/// What is wrong with a text that stands in `folder`.
fn faults(folder: &str, text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut faults = Vec::new();
    let own = layer(folder);
    for part in code.split("crate::").skip(1) {
        let used: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if let (Some(own), Some(other)) = (own, layer(&used))
            && used != folder
            && other >= own
        {
            faults.push(format!("`{folder}` (layer {own}) may not use `{used}` (layer {other})"));
        }
    }
    for (name, allowed) in FOREIGN {
        let named = code.contains(&format!("{name}::")) || code.contains(&format!("use {name}"));
        if named && own.is_some() && !allowed.contains(&folder) {
            faults.push(format!("`{folder}` may not name the crate {name}"));
        }
    }
    if matches!(folder, "domain" | "resolve" | "explain" | "study" | "app") {
        // Counting the whole space shares the work out among scoped threads; its result does not depend on them.
        let allowed = |word: &str| folder == "study" && word == "std::thread";
        let named = IMPURE.iter().filter(|word| code.contains(**word) && !allowed(word));
        faults.extend(named.map(|word| format!("`{folder}` may not use {word}")));
    }
    if !text.starts_with("//!") {
        faults.push("a file begins with //! and a sentence that says what it is for".to_owned());
    }
    faults
}

#[test]
fn every_module_keeps_to_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 80, "only {} files were seen", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let inside = file.strip_prefix(&root).unwrap();
        let folder = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let text = std::fs::read_to_string(file).unwrap();
        let folder = folder.trim_end_matches(".rs");
        wrong.extend(faults(folder, &text).into_iter().map(|fault| format!("{}: {fault}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_has_a_layer_and_a_place_in_the_architecture_page() {
    let page = include_str!("../docs/ARCHITECTURE.md");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(layer(&name).is_some(), "src/{name} has no layer in this test");
            assert!(page.contains(&format!("`src/{name}/`")), "docs/ARCHITECTURE.md does not name src/{name}/");
        }
    }
}

#[test]
fn the_check_itself_bites() {
    assert!(faults("domain", "//! x\nuse crate::app::model;").iter().any(|fault| fault.contains("may not use `app`")));
    assert!(faults("app", "//! x\nratatui::init();").iter().any(|fault| fault.contains("ratatui")));
    assert!(faults("resolve", "//! x\nstd::env::var(\"X\");").iter().any(|fault| fault.contains("std::env")));
    assert!(faults("tui", "fn f() {}").iter().any(|fault| fault.contains("//!")));
    assert!(faults("tui", "//! x\nuse crate::app::model;").is_empty());
}

/// What a file and a function should stay within, in lines; tables may be longer.
const FILE_BUDGET: usize = 300;
const FUNCTION_BUDGET: usize = 60;

/// The functions of a formatted file, each with its first line and how many lines it has: rustfmt puts the closing
/// brace under the first letter of the line that begins the function.
fn functions(text: &str) -> Vec<(usize, usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let start = line.trim_start();
        let words = ["pub ", "pub(super) ", "pub(crate) ", "const "];
        let bare = words.iter().fold(start, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        let Some(rest) = bare.strip_prefix("fn ") else { continue };
        let end = format!("{}}}", " ".repeat(line.len() - start.len()));
        let closed = |line: &&str| **line == end || line.ends_with('}') && line.contains(rest);
        let Some(length) = lines[number..].iter().position(closed) else { continue };
        let name = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        found.push((number + 1, length + 1, name));
    }
    found
}

/// What is over a budget is printed, for `cargo test --test architecture -- --nocapture budgets`; a table or one long
/// match may well be better long than cut in two.
#[test]
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn budgets_are_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut over, mut seen) = (Vec::new(), 0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        let all = functions(&text);
        seen += all.len();
        // Tests within a file are not counted.
        let code = text.split("#[cfg(test)]").next().unwrap().lines().count();
        if code > FILE_BUDGET {
            over.push(format!("src/{name}: {code} lines, the budget is {FILE_BUDGET}"));
        }
        let long = all.iter().filter(|(_, length, _)| *length > FUNCTION_BUDGET);
        over.extend(long.map(|(line, length, called)| {
            format!("src/{name}:{line}: {called} has {length} lines, the budget is {FUNCTION_BUDGET}")
        }));
    }
    over.sort();
    println!("{} of {} files and {seen} functions are over a budget\n{}", over.len(), files.len(), over.join("\n"));
    assert!(seen > 500, "only {seen} functions were seen");
}

#[test]
fn functions_are_measured_as_they_are() {
    let text = "impl X {\n    pub fn a(&self) {\n        if b {\n        }\n    }\n}\n\nfn b() {}\n\nfn c(\n) {\n}\n";
    assert_eq!(functions(text), [(2, 4, "a".to_owned()), (8, 1, "b".to_owned()), (10, 3, "c".to_owned())]);
}
