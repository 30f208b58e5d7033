//! Holds a page of text: a rule, the help, the full answer. Wraps it for a width.

use super::action::{ACTIONS, Action, ActionInfo, Category, Scope};
use super::keymap::Keymap;
use super::scope::ScreenKind;
use super::text::{pad, width, wrap};
use crate::domain::text::without_links;
use tui_input::{Input, InputRequest};

/// The kind of a line, which decides its style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Heading,
    /// Wrapped text.
    Text,
    /// Literal text, not wrapped.
    Code,
}

/// A page with its scroll position.
#[derive(Clone, Debug)]
pub struct Page {
    /// The title of the frame.
    pub(crate) title: String,
    /// The index of the first visible line.
    pub(crate) scroll: usize,
    /// The text that is searched for; `None` without a search.
    pub(crate) search: Option<Search>,
    /// Whether this is the help of one screen, which has a longer version.
    pub(crate) has_more: bool,
    blocks: Vec<Block>,
}

/// A search in a page.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// The typed text.
    pub(crate) input: Input,
    /// Whether the text is still being typed.
    pub(crate) typing: bool,
    /// The index of the line that was found last.
    pub(crate) found: Option<usize>,
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
            } else if let (true, Some(Block::Item(item))) = (line.starts_with("  "), blocks.last_mut()) {
                item.push('\n');
                item.push_str(&plain(line.trim_start()));
            } else if line.trim().is_empty() {
                if !blocks.is_empty() && blocks.last() != Some(&Block::Blank) {
                    blocks.push(Block::Blank);
                }
            } else {
                blocks.push(Block::Text(plain(line)));
            }
        }
        Self::of(title, blocks)
    }

    fn of(title: &str, blocks: Vec<Block>) -> Self {
        Self { title: title.to_owned(), scroll: 0, search: None, has_more: false, blocks }
    }

    /// Returns the help: the keys of the visible screen first, then, with `all`, those of every other screen.
    /// `unavailable` returns why an action cannot be used now.
    pub(crate) fn of_help(
        keymap: &Keymap,
        (kind, in_lesson, all): (ScreenKind, bool, bool),
        unavailable: impl Fn(Action) -> Option<&'static str>,
    ) -> Self {
        let mut blocks = Vec::new();
        let mut section = |title: String, actions: Vec<&ActionInfo>, names_screens: bool| {
            if actions.is_empty() {
                return;
            }
            if !blocks.is_empty() {
                blocks.push(Block::Blank);
            }
            blocks.push(Block::Heading(title));
            for info in actions {
                let context = match info.scope {
                    Scope::On(kinds) if names_screens => {
                        let names: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
                        format!(" ({})", names.join(", "))
                    }
                    Scope::On(_) | Scope::Tour | Scope::Search => String::new(),
                    Scope::Everywhere | Scope::Text | Scope::Screens => String::new(),
                };
                // Without a lesson no key of lessons is active, which the heading says already.
                let reason = unavailable(info.action).filter(|_| info.scope != Scope::Tour);
                let reason = reason.map(|reason| format!(" Now: {reason}.")).unwrap_or_default();
                blocks.push(Block::Pair(keymap.shown_all(info.action), format!("{}{context}{reason}", info.doc)));
            }
        };
        let is_on_this = |info: &&ActionInfo| matches!(info.scope, Scope::On(kinds) if kinds.contains(&kind));
        section(format!("Only on this screen: {}", kind.title()), ACTIONS.iter().filter(is_on_this).collect(), false);
        if in_lesson {
            let lesson = |info: &&ActionInfo| info.scope == Scope::Tour;
            section("In the lesson".to_owned(), ACTIONS.iter().filter(lesson).collect(), false);
        }
        for category in Category::ALL {
            let short = matches!(category, Category::Move | Category::Screens);
            let listed = |info: &&ActionInfo| {
                let told = is_on_this(info) || (in_lesson && info.scope == Scope::Tour);
                let elsewhere = matches!(info.scope, Scope::On(_));
                info.category == category && !told && (all || (short && !elsewhere))
            };
            let title = match category {
                Category::Learn if !in_lesson => format!("{}: keys in a lesson", category.title()),
                _ => category.title().to_owned(),
            };
            section(title, ACTIONS.iter().filter(listed).collect(), true);
        }
        if !all {
            let (help, search) = (keymap.shown(Action::Help), keymap.shown(Action::Filter));
            blocks.push(Block::Blank);
            blocks.push(Block::Text(format!("Press {help} again for all keys, {search} to search.")));
        }
        let title = if all { "Help: all keys".to_owned() } else { format!("Help: {}", kind.title()) };
        Self { has_more: !all, ..Self::of(&title, blocks) }
    }

    pub(crate) fn start_search(&mut self) {
        self.search = Some(Search { input: Input::default(), typing: true, found: None });
    }

    /// Edits the searched text, and moves to the first line that has it.
    pub(crate) fn edit_search(&mut self, request: InputRequest, columns: usize, height: usize) {
        if let Some(search) = &mut self.search {
            search.input.handle(request);
            search.found = None;
        }
        self.find(true, columns, height);
    }

    /// Moves to the next or previous line that has the searched text; past the last one, to the first one.
    pub(crate) fn find(&mut self, forward: bool, columns: usize, height: usize) {
        let matches = self.matches(columns);
        let Some(search) = &mut self.search else { return };
        let next = match (search.found, forward) {
            (Some(line), true) => matches.iter().find(|found| **found > line).or(matches.first()),
            (Some(line), false) => matches.iter().rev().find(|found| **found < line).or(matches.last()),
            (None, _) => matches.iter().find(|found| **found >= self.scroll).or(matches.first()),
        };
        search.found = next.copied();
        if let Some(line) = search.found {
            let last = self.lines(columns).len().saturating_sub(height);
            if !(self.scroll..self.scroll + height).contains(&line) {
                self.scroll = line.saturating_sub(height / 2).min(last);
            }
        }
    }

    /// Returns the indices of the lines that have the searched text.
    pub(crate) fn matches(&self, columns: usize) -> Vec<usize> {
        let Some(search) = self.search.as_ref().filter(|search| !search.input.value().is_empty()) else {
            return Vec::new();
        };
        let wanted = search.input.value().to_lowercase();
        let has = |(_, line): &(Kind, String)| line.to_lowercase().contains(&wanted);
        self.lines(columns).iter().enumerate().filter(|(_, line)| has(line)).map(|(index, _)| index).collect()
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
        Self::of(title, blocks)
    }

    /// Returns the page in lines of at most `columns`.
    pub(crate) fn lines(&self, columns: usize) -> Vec<(Kind, String)> {
        self.first_lines(columns, usize::MAX)
    }

    /// Returns the first lines: more than `most` if there are more.
    pub(crate) fn first_lines(&self, columns: usize, most: usize) -> Vec<(Kind, String)> {
        let left = self.blocks.iter().map(|block| match block {
            Block::Pair(left, _) => width(left),
            Block::Heading(_) | Block::Text(_) | Block::Item(_) | Block::Code(_) | Block::Blank => 0,
        });
        let left = left.max().unwrap_or(0).min(columns / 2);
        let mut lines = Vec::new();
        for block in &self.blocks {
            if lines.len() > most {
                break;
            }
            match block {
                Block::Blank => lines.push((Kind::Text, String::new())),
                Block::Heading(text) => lines.extend(wrap(text, columns).into_iter().map(|line| (Kind::Heading, line))),
                Block::Text(text) => lines.extend(wrap(text, columns).into_iter().map(|line| (Kind::Text, line))),
                Block::Code(text) => lines.push((Kind::Code, format!("  {text}"))),
                Block::Item(text) => {
                    for (sentence, before) in text.lines().zip(std::iter::once("- ").chain(std::iter::repeat("  "))) {
                        hang(&mut lines, before, sentence, columns);
                    }
                }
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

/// Takes the emphasis and the targets of links out of Markdown; they say nothing on a terminal.
fn plain(text: &str) -> String {
    without_links(text).replace(['*', '`'], "")
}
