//! Checks the layers and invariants of docs/ARCHITECTURE.md: imports, foreign crates, circles, version numbers, sentences.
//! Prints the files and functions that are over a budget, without failing.
#![expect(clippy::unwrap_used, reason = "a source file that cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Every folder of `src/` with its layer; a module uses its own layer only inside its folder, and lower layers.
const LAYERS: &[(&str, u8)] = &[
    ("domain", 0),
    ("load", 1),
    ("resolve", 1),
    ("import", 2),
    ("explain", 2),
    ("analysis", 3),
    ("input", 3),
    ("export", 4),
    ("storage", 4),
    ("app", 5),
    ("tui", 6),
    ("cli", 6),
];

/// Crates that only these folders may name.
const FOREIGN: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("quick_xml", &["domain", "export", "load"]),
    ("anyhow", &["cli"]),
    ("base64", &["domain"]),
    ("flate2", &["domain", "load"]),
    ("clap", &["cli"]),
    ("serde", &["domain", "import", "export", "input", "app", "cli", "load"]),
    ("postcard", &["load"]),
    ("nucleo_matcher", &["app"]),
    ("tempfile", &["storage"]),
    ("textwrap", &["domain"]),
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
    if matches!(folder, "domain" | "resolve" | "explain" | "analysis" | "app") {
        // Counting the whole space shares the work out among scoped threads; its result does not depend on them.
        let allowed = |word: &str| folder == "analysis" && word == "std::thread";
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
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(layer(&name).is_some(), "src/{name} has no layer in this test");
            let line = layer(&name).map(|layer| format!("| {layer} | `src/{name}/` |")).unwrap_or_default();
            assert!(page.contains(&line), "docs/ARCHITECTURE.md does not have: {line}");
        }
    }
}

/// The paths of this project that a page names, without those with a placeholder in capitals.
fn named_paths(page: &str) -> Vec<&str> {
    let part_of_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let words = page.split(|c: char| !part_of_path(c)).map(|word| word.trim_end_matches(['.', '/']));
    let has_placeholder = |word: &str| word.split(['/', '.', '-']).any(|part| ["NAME", "TARGET", "ID"].contains(&part));
    let folders = ["src/", "tests/", "benches/", "assets/", "cpu_map/", ".ci/", "web/", "fuzz/"];
    words.filter(|word| folders.iter().any(|folder| word.starts_with(folder)) && !has_placeholder(word)).collect()
}

#[test]
fn every_path_that_a_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "cpu_map/PROVENANCE.md"].map(|page| root.join(page));
    let mut seen = 0;
    for page in pages.chain(others) {
        let text = std::fs::read_to_string(&page).unwrap();
        for path in named_paths(&text) {
            assert!(root.join(path).exists(), "{} names {path}, which does not exist", page.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} paths were seen");
    assert_eq!(named_paths("see `src/a.rs`, src/NAME.rs and (tests/b/)."), ["src/a.rs", "tests/b"]);
}

#[test]
fn the_check_itself_bites() {
    assert!(faults("domain", "//! x\nuse crate::app::model;").iter().any(|fault| fault.contains("may not use `app`")));
    assert!(faults("app", "//! x\nratatui::init();").iter().any(|fault| fault.contains("ratatui")));
    assert!(faults("resolve", "//! x\nstd::env::var(\"X\");").iter().any(|fault| fault.contains("std::env")));
    assert!(faults("tui", "fn f() {}").iter().any(|fault| fault.contains("//!")));
    assert!(faults("tui", "//! x\nuse crate::app::model;").is_empty());
}

/// The code of a file: without comments and without its unit tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Expands `a::{b, c::d}` to `a::b` and `a::c::d`.
fn expand(prefix: &[String], tree: &str, found: &mut Vec<Vec<String>>) {
    let parts =
        |path: &str| path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Some((head, rest)) = tree.split_once('{') else {
        let path: Vec<String> = parts(tree.split(" as ").next().unwrap_or_default());
        found.push([prefix, &path].concat());
        return;
    };
    let head: Vec<String> = parts(head);
    let prefix = [prefix, &head].concat();
    let (mut depth, mut start) = (0, 0);
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[start..at].trim().is_empty() {
                    expand(&prefix, inner[start..at].trim(), found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The paths that a file names: those of its `use` declarations, and those written out from `crate` or `super`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let (mut found, mut rest) = (Vec::new(), String::new());
    for statement in code.split_inclusive(';') {
        match statement.find("use ").filter(|at| statement[..*at].ends_with(['\n', ' ', ')']) || *at == 0) {
            Some(at) if statement[at..].lines().all(|line| !line.contains("fn ")) => {
                rest.push_str(&statement[..at]);
                expand(&[], statement[at + 4..].trim_end_matches(';').trim(), &mut found);
            }
            _ => rest.push_str(statement),
        }
    }
    for root in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(root) {
            if rest[..at].ends_with("::") {
                continue;
            }
            let path: String =
                rest[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')).collect();
            found.push(path.split("::").map(str::to_owned).collect());
        }
    }
    found
}

/// A module by its path: `app/screens/diff.rs` is `["app", "screens", "diff"]`.
type Module = Vec<String>;

/// The deepest file that a path of `module` names, if it is another file.
fn target(module: &Module, path: &[String], files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut path = path;
    let mut from: Module = match path.first()?.as_str() {
        "crate" => Vec::new(),
        _ => module.clone(),
    };
    while let Some((first, rest)) =
        path.split_first().filter(|(first, _)| matches!(first.as_str(), "crate" | "super" | "self"))
    {
        if first == "super" {
            from.pop();
        }
        path = rest;
    }
    from.extend(path.iter().cloned());
    while !from.is_empty() && !files.contains_key(&from) {
        from.pop();
    }
    (!from.is_empty() && from != *module).then_some(from)
}

/// The modules of each folder that import each other in a circle. An import between files of two folders counts for
/// the folders; a module and its own submodules are one.
fn circles(files: &BTreeMap<Module, String>) -> Vec<String> {
    let mut imports: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
    for (module, text) in files {
        for other in paths(&code(text)).iter().filter_map(|path| target(module, path, files)) {
            let common = module.iter().zip(&other).take_while(|(a, b)| a == b).count();
            if let (1.., Some(a), Some(b)) = (common, module.get(common), other.get(common)) {
                imports.entry(module[..common].to_vec()).or_default().insert((a.clone(), b.clone()));
            }
        }
    }
    let mut found = Vec::new();
    for (folder, mut edges) in imports {
        // With every way from one module to another as an edge, a circle is an edge from a module to itself.
        loop {
            let longer: Vec<(String, String)> = edges
                .iter()
                .flat_map(|(a, b)| edges.iter().filter(move |(c, _)| c == b).map(move |(_, d)| (a.clone(), d.clone())))
                .collect();
            let before = edges.len();
            edges.extend(longer);
            if edges.len() == before {
                break;
            }
        }
        let modules: Vec<String> = edges.into_iter().filter(|(a, b)| a == b).map(|(a, _)| a).collect();
        if !modules.is_empty() {
            found.push(format!("{}: {}", folder.join("/"), modules.join(" ")));
        }
    }
    found
}

fn modules() -> BTreeMap<Module, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let module = |file: &PathBuf| {
        let name = file.strip_prefix(&root).unwrap().with_extension("");
        name.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    files.iter().map(|file| (module(file), std::fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn no_modules_of_a_folder_import_each_other_in_a_circle() {
    let found = circles(&modules());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_circle_is_found() {
    let files = |all: &[(&str, &str)]| -> BTreeMap<Module, String> {
        all.iter().map(|(name, text)| (name.split('/').map(str::to_owned).collect(), (*text).to_owned())).collect()
    };
    let parent = ("a", "mod b;\nmod c;\npub use b::B;\n");
    let circle = files(&[parent, ("a/b", "use super::c::{C, D};\n"), ("a/c", "fn f() { crate::a::b::g() }\n")]);
    assert_eq!(circles(&circle), ["a: b c"]);
    let line = files(&[parent, ("a/b", "use super::{c::C, Shared};\n"), ("a/c", "use super::Shared;\n")]);
    assert!(circles(&line).is_empty(), "a parent is no circle with its submodules");
}

/// The string literals of a file, with their lines.
fn literals(code: &str) -> Vec<(usize, String)> {
    let (mut found, mut open, mut line, mut before) = (Vec::new(), None::<(usize, String)>, 1, ' ');
    for letter in code.chars() {
        match (&mut open, letter) {
            (None, '"') if before != '\'' => open = Some((line, String::new())),
            (Some(_), '"') if before != '\\' => found.extend(open.take()),
            (Some((_, text)), _) => text.push(letter),
            (None, _) => {}
        }
        line += usize::from(letter == '\n');
        before = if before == '\\' && letter == '\\' { ' ' } else { letter };
    }
    found
}

/// The first version number in a text: three numbers separated by dots.
fn version(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.map(|word| word.trim_matches('.')).find(|word| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty())
    })
}

/// Files with version literals: the default releases of a scenario.
const KNOWN_VERSIONS: &[&str] = &["domain/scenario"];

/// How a text that shows a release as an example is marked.
const EXAMPLES: &[&str] = &["such as ", "Examples:", "NAME as changes from"];

/// The lines that build a version from numbers: `Version::new(9, 0, 0)`.
fn built_versions(code: &str) -> Vec<usize> {
    let is_built = |line: &str| {
        let arguments = line.split("Version::new(").skip(1).map(|rest| rest.split(')').next().unwrap_or_default());
        arguments.into_iter().any(|list| list.split(',').all(|part| part.trim().parse::<u16>().is_ok()))
    };
    code.lines().enumerate().filter(|(_, line)| is_built(line)).map(|(number, _)| number + 1).collect()
}

#[test]
fn no_version_of_libvirt_or_qemu_stands_in_the_code() {
    let mut wrong = Vec::new();
    for (module, text) in modules() {
        let name = module.join("/");
        let code = code(&text);
        let built = built_versions(&code).into_iter().filter(|_| !KNOWN_VERSIONS.contains(&name.as_str()));
        wrong.extend(built.map(|line| format!("src/{name}.rs:{line}: a version built from numbers")));
        for (line, literal) in literals(&code) {
            let is_known =
                KNOWN_VERSIONS.contains(&name.as_str()) || EXAMPLES.iter().any(|mark| literal.contains(mark));
            if let Some(version) = version(&literal).filter(|_| !is_known) {
                wrong.push(format!("src/{name}.rs:{line}: {version} in {literal:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text with at least four words that ends like a sentence.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace().count() >= 4 && text.trim_end().ends_with('.')
}

/// The modules without sentences; `explain`, `export`, the notices of `app` and the command line write them.
const WORDLESS: &[&[&str]] = &[&["domain"], &["load"], &["resolve"], &["analysis"], &["tui", "view"]];

#[test]
fn sentences_are_written_above_the_analysis_and_outside_of_the_views() {
    let mut wrong = Vec::new();
    for (module, text) in modules() {
        if WORDLESS.iter().any(|folder| module.iter().zip(*folder).filter(|(a, b)| a == b).count() == folder.len()) {
            let sentences = literals(&code(&text)).into_iter().filter(|(_, literal)| is_sentence(literal));
            wrong.extend(sentences.map(|(line, text)| format!("src/{}.rs:{line}: {text:?}", module.join("/"))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a view may import of the domain: names and numbers. Conditions on anything else belong to `app` or `explain`.
const NAMES: &[&str] = &["catalog", "feature", "scenario"];

#[test]
fn a_view_decides_nothing_about_the_domain() {
    let mut wrong = Vec::new();
    for (module, text) in modules() {
        if !module.starts_with(&["tui".to_owned(), "view".to_owned()]) {
            continue;
        }
        for path in paths(&code(&text)) {
            let of = |folder: &str| {
                path.first().is_some_and(|first| first == "crate") && path.get(1).is_some_and(|second| second == folder)
            };
            let allowed = path.get(2).is_some_and(|third| NAMES.contains(&third.as_str()));
            if of("resolve") || of("domain") && !allowed {
                wrong.push(format!("src/{}.rs: {}", module.join("/"), path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn literals_versions_and_sentences_are_told_apart() {
    assert_eq!(literals("a(\"x\\\"y\", 'z');\nb(\"w\")"), [(1, "x\\\"y".to_owned()), (2, "w".to_owned())]);
    assert_eq!((version("since 9.0.0."), version("1.2"), version("{}.{}.{}")), (Some("9.0.0"), None, None));
    assert!(is_sentence("Nothing matches the filter.") && !is_sentence("not resolved yet"));
    assert_eq!(built_versions("a\nVersion::new(9, 0, 0);\nVersion::new(major, 0, 0);"), [2]);
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
