//! Checks the language of the documents, and of the texts and comments of the code: no phrase of the list below, and at
//! most 30 words in a sentence of a document or a text. Each finding is reported as `file:line`, with the sentence.
#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::path::{Path, PathBuf};

/// The longest sentence, in words. A code span, a link and a placeholder each count as one word.
const MOST_WORDS: usize = 30;

/// Phrases that are not used, and what to write instead. Compared with whole words, without case.
const REFUSED: &[(&str, &str)] = &[
    ("way out", "fix, remedy"),
    ("ways out", "fixes, remedies"),
    ("screen along", "export the screen"),
    ("can be picked", "known, available"),
    ("silent", "does not mention"),
    ("says nothing", "does not mention"),
    ("is said of", "is not mentioned"),
    ("without a word", "no message says so"),
    ("begun", "started"),
    ("anew", "again"),
    ("nobody", "name the subject"),
    ("somebody", "name the subject"),
    ("wherever one is", "name the place"),
    ("e-mail", "example, decision table"),
    ("e-mail's", "of the example, of the decision table"),
    ("both ends", "source and destination"),
    ("each end", "source and destination"),
    ("two ends", "source and destination"),
    ("swap ends", "swap source and destination"),
    ("stop on the way", "intermediate host"),
    ("way back", "reverse direction, rollback"),
    ("other way round", "reverse direction"),
    ("came this far", "was not reached"),
    ("came so far", "was not reached"),
    ("travels", "is sent"),
    ("fault", "error, limiting component"),
    ("faults", "errors"),
    ("is short of", "lacks"),
    ("scenario's word", "link"),
    ("is no scenario", "is not a scenario"),
    ("in words", "say what is written"),
    ("what becomes of", "what happens to"),
    ("spells out", "lists"),
    ("wrote down", "added to the definition"),
    ("writes down", "adds to the definition"),
    ("healed", "fixed"),
    ("obeys", "does so"),
    ("hangs on", "depends on"),
    ("gives back", "restores, returns"),
    ("made up", "hypothetical"),
    ("on its way to", "in a migration to"),
    ("on the way to", "in a migration to"),
    ("takes away", "removes, disables"),
    ("take away", "remove, disable"),
    ("gets there", "name the row, the host or the stage"),
    ("gets here", "name the row, the host or the stage"),
    ("get here", "name the row, the host or the stage"),
    ("mostly", "usually"),
    ("no part of", "not part of"),
    ("became of", "happened to"),
    ("stands for", "means, represents"),
    ("stand for", "mean, represent"),
    ("said of", "name the subject"),
    ("wins over", "overrides"),
    ("speaks of", "names, refers to"),
    ("speak of", "name, refer to"),
    ("took no notice", "ignored"),
    ("put right", "corrected"),
    ("will do", "is enough"),
    ("gives up", "loses"),
    ("one end", "source or destination"),
    ("equal ends", "equal endpoints"),
    ("beside", "next to, in addition to"),
    ("lies between", "is between"),
    ("lie between", "are between"),
    ("stays as it is", "is not changed"),
    ("makes of", "say what happens"),
    ("one a line", "one per line"),
    ("object a line", "object per line"),
    ("link a line", "link per line"),
    ("with another cpu", "with a different CPU"),
    ("does not tell", "does not show, does not name"),
    ("do not tell", "do not show, do not name"),
    ("cannot tell", "cannot find out, does not contain"),
    ("tells whether", "shows whether, checks whether"),
    ("by the clock", "of wall-clock time"),
    ("asked of", "queried"),
    ("goes back", "returns, migrates back"),
    ("but for", "except for"),
    ("apart from", "except for"),
    ("no longer so", "fixed"),
    ("what was odd", "problem"),
    ("what is there", "name it"),
    ("that is there", "existing"),
    ("only ever", "only"),
    ("begin of", "beginning of"),
    ("turns on", "enables"),
    ("turn on", "enable"),
    ("turned on", "enabled"),
    ("turns off", "disables"),
    ("turned off", "disabled"),
    ("switches off", "disables"),
    ("switched off", "disabled"),
    ("switched on", "enabled"),
    ("wants", "requires"),
    ("held against", "compared with"),
    ("is told of", "name the action"),
    ("hands the", "passes"),
];

/// Sentences that may be longer, by how they begin.
const LONG: &[&str] = &[];

/// Pages that a test writes; their sentences come from `src/`, `cpu_map/`, `assets/` and that test.
const GENERATED: &[&str] = &["BEHAVIOUR.md", "CHEATSHEET.md", "INCIDENTS.md", "KEYS.md", "RULES.md"];

/// Words that end in a full stop and do not end a sentence.
const ABBREVIATIONS: &[&str] = &["e.g.", "i.e.", "vs.", "etc.", "..."];

/// Text that is read as a whole, with the line of each word.
#[derive(Default)]
struct Block {
    words: Vec<(String, usize)>,
}

impl Block {
    fn add(&mut self, text: &str, line: usize) {
        self.words.extend(text.split_whitespace().map(|word| (word.to_owned(), line)));
    }

    /// The sentences, each with its first line.
    fn sentences(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for sentence in self.words.split_inclusive(|(word, _)| ends_sentence(word)) {
            let words: Vec<&str> = sentence.iter().map(|(word, _)| word.as_str()).collect();
            found.push((words.join(" "), sentence[0].1));
        }
        found
    }
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches([')', '"', '\'', '*', '_', ']']);
    bare.ends_with(['.', '!', '?']) && !ABBREVIATIONS.contains(&bare)
}

fn count(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// Lower case, with every other character than a letter, a digit, `'` and `-` as one blank.
fn normal(text: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || c == '\'' || c == '-' { c.to_ascii_lowercase() } else { ' ' };
    let text: String = text.chars().map(kept).collect();
    format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What is wrong with the sentences of some blocks.
fn findings(file: &str, blocks: &[Block]) -> Vec<String> {
    let mut found = Vec::new();
    for (sentence, line) in blocks.iter().flat_map(Block::sentences) {
        let words = count(&sentence);
        if words > MOST_WORDS && !LONG.iter().any(|start| sentence.starts_with(start)) {
            found.push(format!("{file}:{line}: {words} words: {sentence}"));
        }
        let text = normal(&sentence);
        for (phrase, instead) in REFUSED {
            if text.contains(&format!(" {phrase} ")) {
                found.push(format!("{file}:{line}: \"{phrase}\", write: {instead}: {sentence}"));
            }
        }
    }
    found
}

/// A line of Markdown without code, link targets and addresses.
fn plain(line: &str) -> String {
    let mut text = String::new();
    for (number, part) in line.split('`').enumerate() {
        text.push_str(if number % 2 == 1 { "code" } else { part });
    }
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    let word = |word: &str| {
        if word.contains("://") { "address".to_owned() } else { word.replace(['[', ']', '*', '#'], "") }
    };
    shown.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The blocks of a Markdown page: paragraphs, list items, headings, and each cell of a table.
fn markdown(text: &str) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    let (mut code, mut comment) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let (number, start) = (number + 1, line.trim_start());
        if start.starts_with("```") {
            code = !code;
        }
        comment |= start.starts_with("<!--");
        let hidden = code || comment || start.starts_with("```");
        comment &= !line.contains("-->");
        let item = start.strip_prefix("- ").or_else(|| {
            let rest = start.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.strip_prefix(". ").filter(|_| rest.len() < start.len())
        });
        if hidden || start.is_empty() {
            blocks.push(Block::default());
        } else if start.starts_with('|') {
            for cell in start.trim_matches('|').split('|') {
                blocks.push(Block::default());
                blocks.last_mut().unwrap().add(&plain(cell), number);
            }
            blocks.push(Block::default());
        } else {
            if item.is_some() || start.starts_with('#') {
                blocks.push(Block::default());
            }
            blocks.last_mut().unwrap().add(&plain(item.unwrap_or(start)), number);
            if start.starts_with('#') {
                blocks.push(Block::default());
            }
        }
    }
    blocks
}

/// A string literal, and the line on which it begins.
type Literal = (String, usize);

/// Reads one `"..."` or `"""..."""`, without the opening quotes; returns its text and what follows.
fn quoted<'a>(text: &'a str, end: &str, escapes: bool) -> (String, &'a str) {
    let mut value = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(end) {
            return (value, after);
        }
        let mut chars = rest.chars();
        let first = chars.next().unwrap();
        rest = chars.as_str();
        if !(escapes && first == '\\') {
            value.push(first);
            continue;
        }
        match chars.next() {
            Some('\n') => rest = chars.as_str().trim_start(),
            Some('n') => {
                value.push('\n');
                rest = chars.as_str();
            }
            Some('u') => rest = chars.as_str().split_once('}').map_or("", |(_, after)| after),
            Some(other) => {
                value.push(other);
                rest = chars.as_str();
            }
            None => rest = "",
        }
    }
    (value, rest)
}

/// The string literals of a Rust source, without those of a test module at its end.
fn rust_literals(text: &str) -> Vec<Literal> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    let mut found = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let hashes = rest.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
        let raw = hashes.filter(|n| !before.is_alphanumeric() && rest.as_bytes().get(n + 1) == Some(&b'"'));
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |(_, after)| after);
        } else if let Some(hashes) = raw {
            let (value, after) = quoted(&rest[hashes + 2..], &format!("\"{}", "#".repeat(hashes)), false);
            found.push((value, line_of(rest)));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('"') {
            let (value, after) = quoted(after, "\"", true);
            found.push((value, line_of(rest)));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('\'') {
            // A character such as '"' or '\''; anything else is a lifetime.
            let length = if after.starts_with('\\') { after[2..].find('\'').map(|at| at + 3) } else { None };
            let one = after.chars().next().map_or(0, char::len_utf8);
            let length = length.or_else(|| after[one..].starts_with('\'').then_some(one + 1));
            rest = &after[length.unwrap_or(0)..];
        } else {
            rest = &rest[first.len_utf8()..];
        }
        before = first;
    }
    found
}

/// The string values of a TOML file.
fn toml_values(text: &str) -> Vec<Literal> {
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '#']) {
        rest = &rest[at..];
        let line = line_of(rest);
        let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| rest.starts_with(quotes));
        let Some(quotes) = quotes else {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        };
        let (value, after) = quoted(&rest[quotes.len()..], quotes, quotes.starts_with('"'));
        found.push((value, line));
        rest = after;
    }
    found
}

/// The literals that read as prose, with at least three words of letters, each split by `blocks`.
fn prose(literals: Vec<Literal>, blocks: fn(&str) -> Vec<Block>) -> Vec<Block> {
    let is_word = |word: &&str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '\'' || c == '-')
    };
    let mut found = Vec::new();
    for (text, line) in literals {
        if text.split_whitespace().filter(is_word).count() >= 3 {
            let mut split = blocks(&text);
            split.iter_mut().flat_map(|block| &mut block.words).for_each(|(_, at)| *at += line - 1);
            found.extend(split);
        }
    }
    found
}

/// Each line of a text as a block of its own.
fn each_line(text: &str) -> Vec<Block> {
    let block = |(number, line): (usize, &str)| {
        let mut block = Block::default();
        block.add(&plain(&placeholders(line)), number + 1);
        block
    };
    text.lines().enumerate().map(block).collect()
}

/// Replaces each `{...}` of a format string by one word.
fn placeholders(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        shown.push_str(before);
        shown.push_str("value");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    shown + rest
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files under a folder with this extension, as paths from the project's folder, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_path_buf());
            }
        }
    }
    found.sort();
    found
}

fn findings_in(paths: &[PathBuf], blocks: impl Fn(&str) -> Vec<Block>) -> Vec<String> {
    let read = |path: &PathBuf| std::fs::read_to_string(root().join(path)).unwrap();
    paths.iter().flat_map(|path| findings(&path.display().to_string(), &blocks(&read(path)))).collect()
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

fn is_generated(path: &Path) -> bool {
    path.starts_with("docs") && GENERATED.iter().any(|name| path.ends_with(name))
}

#[test]
fn documents_are_in_plain_language() {
    let mut pages = files("docs", "md");
    pages.retain(|path| !is_generated(path));
    pages.extend(files("assets/rules", "md"));
    let others =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "cpu_map/PROVENANCE.md", "tests/lab/README.md"];
    pages.extend(others.map(PathBuf::from));
    assert!(pages.len() > 40, "only {} pages were read", pages.len());
    none(&findings_in(&pages, markdown));
}

#[test]
fn generated_pages_are_in_plain_language() {
    let mut pages = files("docs", "md");
    pages.retain(|path| is_generated(path));
    assert_eq!(pages.len(), GENERATED.len());
    none(&findings_in(&pages, markdown));
}

#[test]
fn lessons_are_in_plain_language() {
    none(&findings_in(&files("assets/lessons", "toml"), |text| prose(toml_values(text), markdown)));
}

#[test]
fn schemas_and_demonstrations_are_in_plain_language() {
    none(&findings_in(&files("assets/schema", "json"), |text| prose(rust_literals(text), each_line)));
    none(&findings_in(&files("assets/demo", "keys"), each_line));
}

#[test]
fn texts_of_the_program_are_in_plain_language() {
    let sources = files("src", "rs");
    assert!(sources.len() > 80, "only {} files were read", sources.len());
    none(&findings_in(&sources, |text| prose(rust_literals(text), each_line)));
}

/// The comments of a Rust source, one block for each run of comment lines; code spans count as one word.
fn comments(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!']).trim());
        if let Some(comment) = comment {
            if !open || comment.is_empty() {
                blocks.push(Block::default());
            }
            blocks.last_mut().unwrap().add(&plain(comment), number + 1);
        }
        open = comment.is_some();
    }
    blocks
}

#[test]
fn comments_are_in_plain_language() {
    let mut sources = [files("src", "rs"), files("tests", "rs"), files("benches", "rs")].concat();
    sources.retain(|path| !path.ends_with("plain_language.rs"));
    let found = findings_in(&sources, comments);
    // A comment may be long, and may be about what is beside something on the screen.
    let counts = |finding: &&String| finding.contains("\", write: ") && !finding.contains(": \"beside\"");
    none(&found.iter().filter(counts).cloned().collect::<Vec<_>>());
}

#[test]
fn the_check_itself_bites() {
    let bad = "# Ways out\n\nOne.\nThe guest obeys\nthe definition. Fine.\n\n| a | nobody |\n\n```\nnobody\n```\n";
    let found = findings("x.md", &markdown(bad));
    let lines: Vec<&str> = found.iter().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(lines, ["x.md:1: \"ways out\"", "x.md:4: \"obeys\"", "x.md:7: \"nobody\""]);
    let long = "word ".repeat(31) + "end. `code with many words` is [one](target) word.";
    assert_eq!(findings("x.md", &markdown(&long)).len(), 1);
    assert_eq!(count(&plain("`code with many words` is [one](target) word.")), 4);
    let source = "// nobody\nlet a = 'x'; let b: &'static str = \"a \\\n   guest that nobody {knows at all}\";\nf(r#\"a \"silent\" guest here\"#);\n#[cfg(test)]\nmod tests { \"nobody is here to see\" }";
    let found = findings("x.rs", &prose(rust_literals(source), each_line));
    let lines: Vec<&str> = found.iter().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(lines, ["x.rs:2: \"nobody\"", "x.rs:4: \"silent\""]);
    let found =
        findings("x.rs", &comments("/// What becomes\n/// of `nobody` there.\nfn f() {}\n// With another CPU.\n"));
    let lines: Vec<&str> = found.iter().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(lines, ["x.rs:1: \"what becomes of\"", "x.rs:4: \"with another cpu\""]);
    let lesson = "title = \"A title\"\nsay = \"\"\"\nA guest that is\nsilent about it.\n\"\"\"\n";
    assert_eq!(findings("x.toml", &prose(toml_values(lesson), markdown)).len(), 1);
}

#[test]
fn every_exception_is_used() {
    assert!(LONG.len() <= 10, "at most ten sentences may be longer");
    let pages = [files("docs", "md"), files("assets/rules", "md"), files("src", "rs")].concat();
    let text: String = pages.iter().map(|path| std::fs::read_to_string(root().join(path)).unwrap()).collect();
    for start in LONG {
        assert!(text.contains(start), "no text begins with {start:?}");
    }
}
