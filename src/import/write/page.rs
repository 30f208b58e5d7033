//! Formats XML for reading: one element a line, long lists wrapped.

use crate::domain::text::fill_after;
use std::fmt::Write as _;

const WIDTH: usize = 120;

/// An XML document being written.
pub(super) struct Page {
    text: String,
    open: Vec<&'static str>,
}

/// Attributes as they are collected; those without a value are left out.
pub(super) type Attributes = Vec<(&'static str, String)>;

impl Page {
    /// Begins a document with its root; the comment says what it holds and where that comes from.
    pub(super) fn new(root: &'static str, comment: &str) -> Self {
        let mut page = Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() };
        page.comment(comment);
        page.open(root, &Vec::new());
        page
    }

    pub(super) fn comment(&mut self, comment: &str) {
        let indent = self.indent();
        let lines: Vec<&str> = comment.lines().map(str::trim).collect();
        let _ = writeln!(self.text, "{indent}<!-- {} -->", lines.join(&format!("\n{indent}     ")));
    }

    pub(super) fn open(&mut self, name: &'static str, attributes: &Attributes) {
        let line = format!("{}<{name}{}>", self.indent(), written(attributes));
        self.line(&line);
        self.open.push(name);
    }

    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            let line = format!("{}</{name}>", self.indent());
            self.line(&line);
        }
    }

    pub(super) fn leaf(&mut self, name: &'static str, attributes: &Attributes) {
        let line = format!("{}<{name}{}/>", self.indent(), written(attributes));
        self.line(&line);
    }

    /// Writes words inside the element that is open.
    pub(super) fn words(&mut self, words: &[String]) {
        if words.is_empty() {
            return;
        }
        let words = words.iter().map(|word| escape(word)).collect::<Vec<_>>().join(" ");
        let lines = fill_after(&self.indent(), &words, WIDTH);
        self.line(&lines);
    }

    /// Writes an element that holds words only, on one line where it fits.
    pub(super) fn list(&mut self, name: &'static str, attributes: &Attributes, words: &[String]) {
        if words.is_empty() {
            return self.leaf(name, attributes);
        }
        let line = format!("{}<{name}{}>{}</{name}>", self.indent(), written(attributes), escape(&words.join(" ")));
        if line.len() <= WIDTH {
            return self.line(&line);
        }
        self.open(name, attributes);
        self.words(words);
        self.close();
    }

    /// Ends the document and returns its text.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn indent(&self) -> String {
        "  ".repeat(self.open.len())
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn written(attributes: &Attributes) -> String {
    attributes.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = write!(text, " {name}=\"{}\"", escape(value));
        text
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
