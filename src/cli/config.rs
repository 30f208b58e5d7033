//! Reads the config file. All errors in it are reported at once.

use crate::app::error::{Diagnostic, Diagnostics, did_you_mean};
use crate::app::keymap::Keymap;
use crate::app::settings::ThemeName;
use crate::domain::catalog::Catalog;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::Scenario;
use crate::export::page_base;
use crate::load::file;
use anyhow::{Result, anyhow};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The settings of the config file.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Config {
    /// The theme.
    pub theme: Option<ThemeName>,
    /// Whether only ASCII characters are drawn.
    pub ascii: bool,
    /// Whether mouse support is disabled.
    pub no_mouse: bool,
    /// The keys.
    pub keymap: Keymap,
    /// The scenario to start with.
    pub start: Option<Scenario>,
    /// The address of the explorer's page.
    pub web_base: Option<String>,
}

/// The words of the file, each with what is expected.
const WORDS: [(&str, &str); 6] = [
    ("theme", "the name of a theme"),
    ("ascii", "true or false"),
    ("mouse", "true or false"),
    ("start", "a scenario in quotes"),
    ("web-base", "an address in quotes"),
    ("keys", "a table of actions with their keys"),
];

impl Config {
    /// Reads a config file. A missing file counts as an empty one, unless the user named it.
    ///
    /// # Errors
    /// The file cannot be read, or has errors: one line each, with file, line and column.
    pub fn read(catalog: &Catalog, path: &Path, asked_for: bool) -> Result<Self> {
        if !asked_for && matches!(path.try_exists(), Ok(false)) {
            return Ok(Self::default());
        }
        let text = file::text(path, file::HAND_WRITTEN)?;
        Self::parse(catalog, &text).map_err(|errors| anyhow!(errors.report(&path.display().to_string())))
    }

    /// Parses the text of a config file.
    ///
    /// # Errors
    /// The errors in it.
    pub fn parse(catalog: &Catalog, text: &str) -> Result<Self, Diagnostics> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reading = Reading { catalog, text, config: Self::default(), errors: Diagnostics::default() };
        for error in &errors {
            reading.wrong(error.span().map_or(0, |span| span.start), || error.message().to_owned());
        }
        if errors.is_empty() {
            // In the file's order, so that the first errors are the ones reported.
            let mut entries: Vec<_> = table.get_ref().iter().collect();
            sort_by_key(&mut entries, |(word, _)| word.span().start);
            for (word, value) in entries {
                reading.entry(word.get_ref(), &word.span(), value);
            }
        }
        if reading.errors.is_empty() { Ok(reading.config) } else { Err(reading.errors) }
    }
}

struct Reading<'a> {
    catalog: &'a Catalog,
    text: &'a str,
    config: Config,
    errors: Diagnostics,
}

impl Reading<'_> {
    fn wrong(&mut self, offset: usize, message: impl FnOnce() -> String) {
        let text = self.text;
        self.errors.push(|| Diagnostic::at(text, offset, message()));
    }

    fn entry(&mut self, word: &str, at: &Range<usize>, value: &Spanned<DeValue<'_>>) {
        match (word, value.get_ref()) {
            ("theme", DeValue::String(name)) => self.theme(name, value.span().start),
            ("ascii", DeValue::Boolean(ascii)) => self.config.ascii = *ascii,
            ("mouse", DeValue::Boolean(mouse)) => self.config.no_mouse = !*mouse,
            ("start", DeValue::String(word)) => self.start(word, &value.span()),
            ("web-base", DeValue::String(address)) => match page_base(address) {
                Ok(address) => self.config.web_base = Some(address),
                Err(expected) => self.wrong(value.span().start, || format!("web-base: {expected}, found {address}")),
            },
            ("keys", DeValue::Table(keys)) => self.keys(keys),
            _ => match WORDS.iter().find(|(known, _)| *known == word) {
                Some((_, expected)) => {
                    let found = written(self.text, &value.span());
                    self.wrong(value.span().start, || format!("{word}: expected {expected}, found {found}"));
                }
                None => self.wrong(at.start, || {
                    let known: Vec<&str> = WORDS.iter().map(|(known, _)| *known).collect();
                    let hint = did_you_mean(word, known.iter().copied());
                    format!("expected one of {}, found {word}{hint}", known.join(", "))
                }),
            },
        }
    }

    fn theme(&mut self, name: &str, offset: usize) {
        self.config.theme = ThemeName::parse(name);
        if self.config.theme.is_none() {
            self.wrong(offset, || {
                let known: Vec<&str> = ThemeName::ALL.iter().map(|theme| theme.name()).collect();
                let hint = did_you_mean(name, known.iter().copied());
                format!("theme: expected one of {}, found {name}{hint}", known.join(", "))
            });
        }
    }

    fn start(&mut self, word: &str, span: &Range<usize>) {
        match Scenario::parse(self.catalog, word) {
            Ok(scenario) => self.config.start = Some(scenario),
            Err(err) => {
                let offset = self.inside(span, word, err.column);
                self.wrong(offset, || format!("start: {}", err.error));
            }
        }
    }

    fn keys(&mut self, keys: &DeTable<'_>) {
        let mut own = Vec::new();
        let mut places = Vec::new();
        for (id, value) in keys {
            let DeValue::String(keys) = value.get_ref() else {
                let found = written(self.text, &value.span());
                self.wrong(value.span().start, || {
                    format!("{}: expected keys in quotes, separated by spaces, found {found}", id.get_ref())
                });
                continue;
            };
            own.push((id.get_ref().to_string(), keys.to_string()));
            places.push((id.span().start, value.span()));
        }
        match Keymap::with(&own) {
            Ok(keymap) => self.config.keymap = keymap,
            Err(wrong) => {
                for bad in wrong {
                    let Some((id, span)) = places.get(bad.entry) else { continue };
                    let written = own.get(bad.entry).map_or("", |(_, keys)| keys.as_str());
                    let offset = bad.column.map_or(*id, |column| self.inside(span, written, column));
                    self.wrong(offset, || bad.text);
                }
            }
        }
    }

    /// Returns the place of a column, counted from 1, of a text in quotes.
    fn inside(&self, span: &Range<usize>, text: &str, column: usize) -> usize {
        let start = span.start + 1;
        // With escapes or three quotes the columns are others; the text's beginning is near enough then.
        if self.text.get(start..).is_none_or(|rest| !rest.starts_with(text)) {
            return span.start;
        }
        start + text.chars().take(column - 1).map(char::len_utf8).sum::<usize>()
    }
}

/// Returns what the file says at `span`.
fn written<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    text.get(span.clone()).unwrap_or_default()
}
