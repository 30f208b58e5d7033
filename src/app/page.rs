//! Holds text to be read over a screen: the page of a rule, the help. Breaks it into lines for a width.

use super::action::{ACTIONS, Category, Scope};
use super::keymap::Keymap;
use super::text::{pad, width, wrap};

/// What a line of a page is, so that it can be drawn apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A heading.
    Heading,
    /// Running text.
    Text,
    /// Text to be taken as it stands.
    Code,
}

/// A page, and how far down it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// The first line that is shown.
    pub scroll: usize,
    blocks: Vec<Block>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Block {
    Heading(String),
    Text(String),
    Item(String),
    Code(String),
    /// Something short, and what there is to say about it, in two columns.
    Pair(String, String),
    Blank,
}

impl Page {
    /// Returns the page of a text in the little Markdown that rule pages use.
    pub fn of_markdown(title: &str, markdown: &str) -> Self {
        let mut blocks = Vec::new();
        let mut code = false;
        for line in markdown.lines() {
            if line.starts_with("```") {
                code = !code;
            } else if code {
                blocks.push(Block::Code(line.to_owned()));
            } else if line.starts_with("# ") {
                // The page's own title stands in the frame.
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

    /// Returns the help: every action with its keys, by category.
    pub fn of_help(keymap: &Keymap) -> Self {
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
                let place = match info.scope {
                    Scope::On(kinds) => {
                        let names: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
                        format!(" ({})", names.join(", "))
                    }
                    Scope::Tour => " (in a lesson)".to_owned(),
                    Scope::Everywhere | Scope::Text | Scope::Screens => String::new(),
                };
                blocks.push(Block::Pair(keymap.shown_all(info.action), format!("{}{place}", info.doc)));
            }
        }
        Self { title: "Help".to_owned(), scroll: 0, blocks }
    }

    /// Returns the page of some paragraphs, each with a heading.
    pub fn of_paragraphs(title: &str, paragraphs: &[(String, String)]) -> Self {
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
    pub fn lines(&self, columns: usize) -> Vec<(Kind, String)> {
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

    /// Scrolls by `by` lines, within what `columns` by `height` show of the page.
    pub fn scroll_by(&mut self, by: isize, columns: usize, height: usize) {
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
