//! Holds a list to choose from by typing: fuzzy, best match first.

use super::action::Action;
use super::choice::Choice;
use super::export::Format;
use super::list::List;
use crate::domain::scenario::Scenario;
use crate::resolve::Outcome;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

/// What choosing an item does.
#[derive(Clone, PartialEq, Debug)]
pub enum Pick {
    /// Goes to a scenario.
    Scenario(Box<Scenario>),
    /// Does an action.
    Action(Action),
    /// Opens the list of a choice's values.
    Choice(Choice),
    /// Opens the lesson of this name.
    Lesson(String),
    /// Does nothing: it is there to be seen, with its problem.
    Nothing,
    /// Takes the screen along in a form: into a file, or onto the clipboard.
    Export(Format, Place),
    /// Tells the screen below: one of its own things, by the number it gave it.
    Own(usize),
}

/// Where a screen is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Into a file.
    File,
    /// Onto the clipboard.
    Clipboard,
}

/// One item.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What is matched against and shown first.
    pub label: String,
    /// What stands in the middle: a key.
    pub key: String,
    /// What else is shown.
    pub detail: String,
    /// Why it cannot be, if it cannot.
    pub problem: Option<String>,
    /// Whether it is what holds now.
    pub current: bool,
    /// Whether it is kept under its label, and can be forgotten.
    pub kept: bool,
    /// What choosing it does.
    pub pick: Pick,
}

impl Item {
    /// Returns an item of which nothing else is to be said.
    pub fn new(label: impl Into<String>, pick: Pick) -> Self {
        let (key, detail) = (String::new(), String::new());
        Self { label: label.into(), key, detail, problem: None, current: false, kept: false, pick }
    }
}

/// A list to choose from.
#[derive(Clone, Debug)]
pub struct Picker {
    /// Its heading.
    pub title: String,
    /// The choice whose values these are; `None` for commands.
    pub choice: Option<Choice>,
    /// What choosing the item under the cursor would give, where that is a scenario.
    pub preview: Option<Outcome>,
    items: Vec<Item>,
    input: Input,
    /// The places of the items that match.
    found: List<usize>,
    /// Whether to forget the item under the cursor was asked for once.
    forgetting: bool,
}

impl Picker {
    /// Returns a list with the cursor on what holds now.
    pub fn new(title: String, choice: Option<Choice>, items: Vec<Item>) -> Self {
        let mut found = List::default();
        found.fill((0..items.len()).collect());
        found.go_to(|place: &usize| items[*place].current);
        Self { title, choice, preview: None, items, input: Input::default(), found, forgetting: false }
    }

    /// Returns what was typed.
    pub fn typed(&self) -> &str {
        self.input.value()
    }

    /// Returns the column of the text cursor.
    pub fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    /// Returns the items that match, best first.
    pub fn matches(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.found.iter().map(|place| &self.items[*place])
    }

    /// Returns how many items there are in all.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there is nothing to choose from.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns where the cursor is among the matches.
    pub fn selected(&self) -> usize {
        self.found.place()
    }

    /// Returns the item under the cursor.
    pub fn chosen(&self) -> Option<&Item> {
        self.found.here().and_then(|place| self.items.get(*place))
    }

    /// Moves the cursor by `by` items, not beyond either end.
    pub fn move_by(&mut self, by: isize) {
        self.forgetting = false;
        self.found.step(by);
    }

    /// Puts the cursor on a match.
    pub fn select(&mut self, place: usize) {
        self.forgetting = false;
        self.found.go(place);
    }

    /// Edits what was typed.
    pub fn edit(&mut self, request: InputRequest) {
        self.forgetting = false;
        let before = self.input.value().to_owned();
        self.input.handle(request);
        if self.input.value() != before {
            self.search();
            self.found.go(0);
        }
    }

    /// Returns whether there is a letter under the text cursor.
    pub fn is_on_letter(&self) -> bool {
        self.input.cursor() < self.input.value().chars().count()
    }

    /// Returns whether anything in the list can be forgotten.
    pub fn has_kept(&self) -> bool {
        self.items.iter().any(|item| item.kept)
    }

    /// Asks to forget the item under the cursor, if it is kept under a name. Returns the name, and whether that was asked
    /// for just before: then it is meant.
    pub fn ask_to_forget(&mut self) -> Option<(String, bool)> {
        let name = self.chosen().filter(|item| item.kept)?.label.clone();
        Some((name, std::mem::replace(&mut self.forgetting, true)))
    }

    /// Takes out the item that was kept under a name; the cursor stays at its place.
    pub fn take_out(&mut self, name: &str) {
        self.forgetting = false;
        self.items.retain(|item| !item.kept || item.label != name);
        self.search();
    }

    fn search(&mut self) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Ignore, Normalization::Smart);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (place, item) in self.items.iter().enumerate() {
            if let Some(score) = pattern.score(Utf32Str::new(&item.label, &mut letters), &mut matcher) {
                scored.push((score, place));
            }
        }
        if !self.input.value().is_empty() {
            // Of equals the shorter name is meant, then the first of the list.
            scored.sort_by_key(|(score, place)| (std::cmp::Reverse(*score), self.items[*place].label.len(), *place));
        }
        self.found.fill(scored.into_iter().map(|(_, place)| place).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(names: &[&str]) -> Picker {
        let items = names.iter().map(|name| Item::new(*name, Pick::Action(Action::Undo)));
        Picker::new(String::new(), None, items.collect())
    }

    #[test]
    fn typing_a_few_letters_finds_the_shortest_name_that_has_them() {
        let mut picker = picker(&["Skylake-Server-v1", "Skylake-Client-noTSX-IBRS", "Skylake-Client", "EPYC"]);
        for letter in "skycl".chars() {
            picker.edit(InputRequest::InsertChar(letter));
        }
        assert_eq!(picker.chosen().map(|item| item.label.as_str()), Some("Skylake-Client"));
        assert_eq!(picker.matches().len(), 2);
    }

    #[test]
    fn nothing_found_is_no_item() {
        let mut picker = picker(&["a"]);
        picker.edit(InputRequest::InsertChar('z'));
        assert!(picker.chosen().is_none());
        picker.move_by(3);
        assert!(picker.chosen().is_none());
    }
}
