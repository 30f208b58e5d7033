//! Finds mistakes in a CPU map that libvirt accepts without a warning: attributes that libvirt does not know, features
//! that a model lists twice, files that are not in the index or not installed.

use super::cpu_map_dir::{includes, x86};
use super::error::LoadError;
use super::map_files::{INSTALL_LISTS, MapFiles};
use super::xml::{Document, Element, MAX_BYTES};
use crate::domain::names::did_you_mean;
use std::collections::BTreeSet;
use std::path::Path;

/// Something in a file of a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Oddity {
    /// The file, without its directory.
    pub file: String,
    /// The line; `None` for the file as a whole.
    pub line: Option<usize>,
    /// What is odd.
    pub message: String,
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// The attributes that libvirt reads, by element. A `model` in a model is its ancestor.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("cpus", &[]),
    ("arch", &["name"]),
    ("group", &["name", "vendor"]),
    ("include", &["filename"]),
    ("vendor", &["name", "string"]),
    ("feature", &["name", "migratable", "removed", "added"]),
    ("alias", &["name", "source"]),
    ("cpuid", &["eax_in", "ecx_in", "function", "eax", "ebx", "ecx", "edx"]),
    ("msr", &["index", "eax", "edx"]),
    ("model", &["name"]),
    ("check", &["partial"]),
    ("decode", &["host", "guest"]),
    ("signature", &["family", "model", "stepping"]),
];

/// Returns what is odd in the files of a map that could be read.
///
/// # Errors
/// A file that cannot be read any more.
pub fn lint(files: &MapFiles) -> Result<Vec<Oddity>, LoadError> {
    let mut budget = MAX_BYTES;
    let mut found = Vec::new();
    let bytes = files.read(&files.main, &mut budget)?;
    let file = files.path(&files.main);
    let index = Document::from_bytes(&file, &bytes)?;
    let Some(arch) = x86(&index) else { return Ok(found) };
    elements(&index.newlines(), &files.main, arch, &mut found);
    let included: BTreeSet<&str> = includes(arch).filter_map(|include| include.get("filename")).collect();
    for name in &included {
        let bytes = files.read(name, &mut budget)?;
        let file = files.path(name);
        let document = Document::from_bytes(&file, &bytes)?;
        elements(&document.newlines(), name, &document.root, &mut found);
    }
    if included.is_empty() {
        return Ok(found);
    }
    let is_of_x86 =
        |name: &&String| name.starts_with("x86_") && Path::new(name).extension().is_some_and(|it| it == "xml");
    let names = files.names();
    for name in names.iter().filter(is_of_x86).filter(|name| !included.contains(name.as_str())) {
        let message = format!("{} does not include this file, so libvirt does not read it", files.main);
        found.push(Oddity { file: name.clone(), line: None, message });
    }
    for list in INSTALL_LISTS.into_iter().filter(|list| files.has(list)) {
        let bytes = files.read(list, &mut budget)?;
        let text = String::from_utf8_lossy(&bytes);
        let listed: BTreeSet<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, '\'' | ',' | '/')).collect();
        for name in included.iter().filter(|name| !listed.contains(**name)) {
            let message = format!("{list} does not list this file, so it is not installed");
            found.push(Oddity { file: (*name).to_owned(), line: None, message });
        }
    }
    found.sort_by(|a, b| (&a.file, a.line.unwrap_or(usize::MAX)).cmp(&(&b.file, b.line.unwrap_or(usize::MAX))));
    Ok(found)
}

fn elements(newlines: &[usize], file: &str, element: &Element<'_>, found: &mut Vec<Oddity>) {
    let mut note = |element: &Element<'_>, message: String| {
        let line = newlines.partition_point(|newline| *newline < element.offset) + 1;
        found.push(Oddity { file: file.to_owned(), line: Some(line), message });
    };
    match ATTRIBUTES.iter().find(|(name, _)| *name == element.name) {
        None => note(element, format!("libvirt does not know the element <{}>", element.name)),
        Some((_, known)) => {
            for (attribute, _) in element.attributes.iter().filter(|(name, _)| !known.contains(name)) {
                let message = format!("libvirt ignores the attribute {attribute} of <{}>", element.name);
                note(element, format!("{message}{}", did_you_mean(attribute, known.iter().copied())));
            }
        }
    }
    if element.name == "feature" && element.get("removed") == Some("yes") && element.get("added") == Some("yes") {
        note(element, "a feature cannot be both removed and added; libvirt takes it for removed".to_owned());
    }
    if element.name == "model" {
        let mut names = BTreeSet::new();
        for feature in element.children_named("feature") {
            if let Some(name) = feature.get("name").filter(|name| !names.insert(*name)) {
                let model = element.get("name").unwrap_or_default();
                note(feature, format!("the model {model} lists {name} a second time"));
            }
        }
    }
    element.children.iter().for_each(|child| elements(newlines, file, child, found));
}
