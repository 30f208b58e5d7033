//! Holds a page of text: a rule, the help, the full answer. Wraps it for a width.

use super::action::{ACTIONS, Action, Category, Scope};
use super::keymap::Keymap;
use super::text::{pad, width, wrap};

/// The kind of a line, which decides its style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A heading.
    Heading,
    /// Wrapped text.
    Text,
    /// Literal text, not wrapped.
    Code,
}

/// A page with its scroll position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The title of the frame.
    pub(crate) title: String,
    /// The index of the first visible line.
    pub(crate) scroll: usize,
    blocks: Vec<Block>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Block {
    Heading(String),
    Text(String),
    Item(String),
    Code(String),
    /// A short text and its description, in two columns.
    Pair(String, String),
    Blank,
}

impl Page {
    /// Returns the page of a Markdown text: headings, lists, paragraphs and code blocks.
    pub(crate) fn of_markdown(title: &str, markdown: &str) -> Self {
        let mut blocks = Vec::new();
        let mut code = false;
        for line in markdown.lines() {
            if line.starts_with("```") {
                code = !code;
            } else if code {
                blocks.push(Block::Code(line.to_owned()));
            } else if line.starts_with("# ") {
                // The frame shows the title.
            } else if let Some(heading) = line.strip_prefix("## ") {
                blocks.push(Block::Heading(heading.to_owned()));
            } else if let Some(item) = line.strip_prefix("- ") {
                blocks.push(Block::Item(plain(item)));
            } else if line.trim().is_empty() {
                if !blocks.is_empty() && blocks.last() != Some(&Block::Blank) {
                    blocks.push(Block::Blank);
                }
            } else {
                blocks.push(Block::Text(plain(line)));
            }
        }
        Self { title: title.to_owned(), scroll: 0, blocks }
    }

    /// Returns the help: every action with its keys, by category. `unavailable` returns why an action cannot be used now.
    pub(crate) fn of_help(keymap: &Keymap, unavailable: impl Fn(Action) -> Option<&'static str>) -> Self {
        let mut blocks = Vec::new();
        for category in Category::ALL {
            let actions: Vec<_> = ACTIONS.iter().filter(|info| info.category == category).collect();
            if actions.is_empty() {
                continue;
            }
            if !blocks.is_empty() {
                blocks.push(Block::Blank);
            }
            blocks.push(Block::Heading(category.title().to_owned()));
            for info in actions {
                let context = match info.scope {
                    Scope::On(kinds) => {
                        let names: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
                        format!(" ({})", names.join(", "))
                    }
                    Scope::Tour => " (in a lesson)".to_owned(),
                    Scope::Everywhere | Scope::Text | Scope::Screens => String::new(),
                };
                // Without a lesson no key of lessons is active, which the context says already.
                let reason = unavailable(info.action).filter(|_| info.scope != Scope::Tour);
                let reason = reason.map(|reason| format!(" Now: {reason}.")).unwrap_or_default();
                blocks.push(Block::Pair(keymap.shown_all(info.action), format!("{}{context}{reason}", info.doc)));
            }
        }
        Self { title: "Help".to_owned(), scroll: 0, blocks }
    }

    /// Returns the page of some paragraphs, each a heading and its text.
    pub(crate) fn of_paragraphs(title: &str, paragraphs: &[(String, String)]) -> Self {
        let mut blocks = Vec::new();
        for (heading, text) in paragraphs {
            if !blocks.is_empty() {
                blocks.push(Block::Blank);
            }
            blocks.push(Block::Heading(heading.clone()));
            blocks.extend(text.lines().map(|line| Block::Text(line.to_owned())));
        }
        Self { title: title.to_owned(), scroll: 0, blocks }
    }

    /// Returns the page in lines of at most `columns`.
    pub(crate) fn lines(&self, columns: usize) -> Vec<(Kind, String)> {
        let left = self.blocks.iter().map(|block| match block {
            Block::Pair(left, _) => width(left),
            Block::Heading(_) | Block::Text(_) | Block::Item(_) | Block::Code(_) | Block::Blank => 0,
        });
        let left = left.max().unwrap_or(0).min(columns / 2);
        let mut lines = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Blank => lines.push((Kind::Text, String::new())),
                Block::Heading(text) => lines.extend(wrap(text, columns).into_iter().map(|line| (Kind::Heading, line))),
                Block::Text(text) => lines.extend(wrap(text, columns).into_iter().map(|line| (Kind::Text, line))),
                Block::Code(text) => lines.push((Kind::Code, format!("  {text}"))),
                Block::Item(text) => hang(&mut lines, "- ", text, columns),
                Block::Pair(name, text) => hang(&mut lines, &format!("  {}  ", pad(name, left)), text, columns),
            }
        }
        lines
    }

    /// Scrolls by `by` lines, negative for up, so that the last of `height` visible lines is not past the end.
    pub(crate) fn scroll_by(&mut self, by: isize, columns: usize, height: usize) {
        let last = self.lines(columns).len().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }
}

fn hang(lines: &mut Vec<(Kind, String)>, first: &str, text: &str, columns: usize) {
    let indent = width(first);
    let mut before = first.to_owned();
    for line in wrap(text, columns.saturating_sub(indent)) {
        lines.push((Kind::Text, format!("{before}{line}")));
        before = " ".repeat(indent);
    }
}

/// Takes the emphasis out of Markdown; the signs say nothing on a terminal.
fn plain(text: &str) -> String {
    text.replace(['*', '`'], "")
}
