//! Holds a list that is filtered by typing: fuzzy, best match first.

use super::action::Action;
use super::choice::{Choice, displayed_value, free_value, values};
use super::export::Format;
use super::list::List;
use crate::domain::catalog::Catalog;
use crate::domain::host::HostId;
use crate::domain::order::sort_by_key;
use crate::domain::scenario::{HostChoice, Scenario};
use crate::resolve::{Budget, Outcome, Resolver};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

/// What selecting an item does.
#[derive(Clone, PartialEq, Debug)]
pub enum Pick {
    /// Changes the scenario to this one.
    Scenario(Box<Scenario>),
    /// Performs an action.
    Action(Action),
    /// Opens the list of values of a setting.
    Choice(Choice),
    /// Opens the lesson of this name.
    Lesson(String),
    /// Nothing: the item is listed only to show its problem.
    Nothing,
    /// Exports the screen.
    Export(Format, ExportTo),
    /// Passes this number to the screen below, which gave it to the item.
    OfScreen(usize),
}

/// Where a screen is exported to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportTo {
    /// A file.
    File,
    /// The clipboard of the terminal.
    Clipboard,
}

/// One line of a picker.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// The name, which typed text is matched with.
    pub(crate) label: String,
    /// The key of an action; empty for other items.
    pub(crate) key: String,
    /// A short description; may be empty.
    pub(crate) detail: String,
    /// Why it cannot be selected, or what is wrong with this value.
    pub(crate) problem: Option<String>,
    /// Whether this is the value in use.
    pub(crate) current: bool,
    /// Whether it is saved under its label, and can be deleted.
    pub(crate) saved: bool,
    /// What selecting it does.
    pub pick: Pick,
    /// The result of its scenario; `None` until it is resolved, and for items without a scenario.
    pub(crate) outcome: Option<Outcome>,
}

impl Item {
    /// Returns an item without a key, a description or a problem.
    pub(crate) fn new(label: impl Into<String>, pick: Pick) -> Self {
        let (key, detail) = (String::new(), String::new());
        Self { label: label.into(), key, detail, problem: None, current: false, saved: false, pick, outcome: None }
    }
}

/// A list with a filter and a cursor.
#[derive(Clone, Debug)]
pub struct Picker {
    /// The title of the frame.
    pub(crate) title: String,
    /// The setting whose values these are; `None` for every other list.
    pub(crate) choice: Option<Choice>,
    /// The result of the typed value, if no item matches.
    typed_outcome: Option<Outcome>,
    items: Vec<Item>,
    input: Input,
    /// The indices of the items that match.
    found: List<usize>,
    /// Whether deleting the item under the cursor was requested once.
    delete_requested: bool,
}

impl Picker {
    /// Returns a list with the cursor on the value in use.
    pub(crate) fn new(title: String, choice: Option<Choice>, items: Vec<Item>) -> Self {
        let mut found = List::default();
        found.fill((0..items.len()).collect());
        found.go_to(|index: &usize| items[*index].current);
        Self { title, choice, typed_outcome: None, items, input: Input::default(), found, delete_requested: false }
    }

    /// Returns a list of names for a screen, which gets the number of the selected one; `current` is the one in use.
    pub(crate) fn of_screen(title: &str, current: u16, names: impl Iterator<Item = (u16, String)>) -> Self {
        let items = names.map(|(number, name)| Item {
            current: number == current,
            ..Item::new(name, Pick::OfScreen(usize::from(number)))
        });
        Self::new(title.to_owned(), None, items.collect())
    }

    /// Returns the list of values of a setting, with the recent ones first.
    pub(crate) fn of_choice(catalog: &Catalog, scenario: &Scenario, choice: Choice, recent: &[Box<str>]) -> Self {
        let items = values(choice, catalog, scenario).into_iter().map(|value| Item {
            current: value.scenario == *scenario,
            detail: value.detail,
            problem: value.problem,
            ..Item::new(value.label, Pick::Scenario(Box::new(value.scenario)))
        });
        let mut items: Vec<Item> = items.collect();
        // What is not possible comes last.
        let age = |item: &Item| recent.iter().position(|name| **name == *item.label).unwrap_or(recent.len());
        sort_by_key(&mut items, |item| (item.problem.is_some(), age(item)));
        let mut picker = Self::new(choice.title(catalog, scenario), Some(choice), items);
        picker.update_preview(catalog, scenario);
        picker
    }

    /// Returns the list of hosts for a mode that needs one, the same at source and destination.
    pub(crate) fn of_hosts(catalog: &Catalog, scenario: &Scenario) -> Self {
        let with = |host: HostChoice| Box::new(Scenario { from_host: host.clone(), to_host: host, ..scenario.clone() });
        let items = (0u16..).zip(catalog.hosts()).map(|(number, host)| Item {
            detail: host.vendor.name().to_owned(),
            ..Item::new(&*host.name, Pick::Scenario(with(HostChoice::Listed(HostId(number)))))
        });
        let title = format!("Host of source and destination, for {}", scenario.cpu_name(catalog));
        let mut picker = Self::new(title, None, items.collect());
        picker.update_preview(catalog, scenario);
        picker
    }

    /// Resolves the scenarios of some items, those near the cursor first, until the budget is spent. Returns whether it
    /// resolved any.
    pub(crate) fn resolve(&mut self, catalog: &Catalog, budget: &mut Budget) -> bool {
        let mut resolver = Resolver::new(catalog);
        let (cursor, count) = (self.found.index(), self.found.len());
        let mut resolved = false;
        for far in 0..count {
            for index in [Some(cursor + far), cursor.checked_sub(far).filter(|_| far > 0)].into_iter().flatten() {
                let Some(item) = self.found.get(index).and_then(|index| self.items.get_mut(*index)) else { continue };
                let Pick::Scenario(scenario) = &item.pick else { continue };
                if item.outcome.is_none() {
                    let Ok(brief) = resolver.brief_within(scenario, budget) else { return resolved };
                    item.outcome = Some(brief.outcome);
                    resolved = true;
                }
            }
        }
        resolved
    }

    /// Returns an item for each setting, with its value.
    pub(crate) fn settings<'a>(catalog: &'a Catalog, scenario: &'a Scenario) -> impl Iterator<Item = Item> + 'a {
        Choice::ALL.iter().map(|choice| Item {
            detail: displayed_value(*choice, catalog, scenario),
            ..Item::new(format!("Set {}", choice.title(catalog, scenario)), Pick::Choice(*choice))
        })
    }

    /// Resolves the typed value if no item matches, and some items near the cursor.
    pub(crate) fn update_preview(&mut self, catalog: &Catalog, scenario: &Scenario) {
        let choice = self.choice.filter(|_| self.chosen().is_none());
        let typed = choice.and_then(|choice| free_value(choice, catalog, scenario, self.typed()));
        self.typed_outcome = typed.map(|scenario| Resolver::new(catalog).outcome(&scenario));
        self.resolve(catalog, &mut Budget::of_key());
    }

    /// Returns the result of the item under the cursor, or of the typed value; `None` for items without a scenario, and
    /// until it is resolved.
    pub(crate) fn preview(&self) -> Option<Outcome> {
        self.chosen().map_or(self.typed_outcome, |item| item.outcome)
    }

    /// Returns the typed text.
    pub(crate) fn typed(&self) -> &str {
        self.input.value()
    }

    /// Returns the column of the text cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }

    /// Returns the items that match, best first.
    pub fn matches(&self) -> impl ExactSizeIterator<Item = &Item> {
        self.found.iter().map(|index| &self.items[*index])
    }

    /// Returns the number of items, whether they match or not.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there are no items at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns the index of the cursor among the matches.
    pub(crate) fn selected(&self) -> usize {
        self.found.index()
    }

    /// Returns the item under the cursor.
    pub(crate) fn chosen(&self) -> Option<&Item> {
        self.found.current().and_then(|index| self.items.get(*index))
    }

    /// Moves the cursor by `by` items, not beyond either end.
    pub(crate) fn move_by(&mut self, by: isize) {
        self.delete_requested = false;
        self.found.step(by);
    }

    /// Puts the cursor on a match.
    pub(crate) fn select(&mut self, index: usize) {
        self.delete_requested = false;
        self.found.go(index);
    }

    /// Edits the typed text.
    pub(crate) fn edit(&mut self, request: InputRequest) {
        self.delete_requested = false;
        let before = self.input.value().to_owned();
        self.input.handle(request);
        if self.input.value() != before {
            self.search();
            self.found.go(0);
        }
    }

    /// Returns the letter under the text cursor; `None` at the end of the typed text.
    pub(crate) fn letter(&self) -> Option<char> {
        self.input.value().chars().nth(self.input.cursor())
    }

    /// Returns whether anything in the list can be deleted.
    pub(crate) fn has_saved(&self) -> bool {
        self.items.iter().any(|item| item.saved)
    }

    /// Requests to delete the saved scenario under the cursor. Returns its name, and whether this is the second request
    /// in a row, which confirms it; `None` when the item cannot be deleted.
    pub(crate) fn request_delete(&mut self) -> Option<(String, bool)> {
        let name = self.chosen().filter(|item| item.saved)?.label.clone();
        Some((name, std::mem::replace(&mut self.delete_requested, true)))
    }

    /// Removes the item that was saved under a name; the cursor keeps its index.
    pub(crate) fn remove(&mut self, name: &str) {
        self.delete_requested = false;
        self.items.retain(|item| !item.saved || item.label != name);
        self.search();
    }

    fn search(&mut self) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Ignore, Normalization::Smart);
        let mut letters = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            if let Some(score) = pattern.score(Utf32Str::new(&item.label, &mut letters), &mut matcher) {
                scored.push((score, index));
            }
        }
        if !self.input.value().is_empty() {
            // Of equal matches the shorter name is more likely meant, then the first of the list.
            scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), self.items[*index].label.len(), *index));
        }
        self.found.fill(scored.into_iter().map(|(_, index)| index).collect());
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
