//! Keeps a list with a cursor, and maps actions to cursor moves.

use super::action::Action;
use std::ops::{Deref, DerefMut};

/// How far a page key moves in a list of unknown height.
pub(crate) const PAGE: usize = 10;

/// Returns how many lines an action moves the cursor down, negative for up; `None` for other actions.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other action does not move the cursor")]
pub(crate) fn lines_moved(action: Action, page: usize) -> Option<isize> {
    let page = isize::try_from(page).unwrap_or(isize::MAX);
    match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(-page),
        Action::PageDown => Some(page),
        Action::Top => Some(isize::MIN),
        Action::Bottom => Some(isize::MAX),
        _ => None,
    }
}

/// A slice of lines with a cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List<T> {
    lines: Vec<T>,
    index: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), index: 0 }
    }
}

impl<T> List<T> {
    /// Returns the index of the cursor; 0 for an empty list.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Returns the line under the cursor; `None` for an empty list.
    pub fn current(&self) -> Option<&T> {
        self.lines.get(self.index)
    }

    /// Moves the cursor to an index, at most to the last line.
    pub(crate) fn go(&mut self, index: usize) {
        self.index = index.min(self.lines.len().saturating_sub(1));
    }

    /// Moves the cursor to the first line that matches, else to the first line.
    pub(crate) fn go_to(&mut self, wanted: impl FnMut(&T) -> bool) {
        self.go(self.lines.iter().position(wanted).unwrap_or(0));
    }

    /// Moves the cursor by some lines, within the list.
    pub(crate) fn step(&mut self, by: isize) {
        self.go(self.index.saturating_add_signed(by));
    }

    /// Replaces the lines; the cursor keeps its index, if possible.
    pub(crate) fn fill(&mut self, lines: Vec<T>) {
        self.lines = lines;
        self.go(self.index);
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.lines
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_within_the_lines() {
        let mut list = List::default();
        list.step(1);
        assert_eq!((list.index(), list.current()), (0, None));
        list.fill(vec!['a', 'b', 'c']);
        list.step(isize::MAX);
        assert_eq!(list.current(), Some(&'c'));
        list.fill(vec!['a', 'b']);
        assert_eq!(list.current(), Some(&'b'));
        list.go_to(|line| *line == 'z');
        assert_eq!(list.current(), Some(&'a'));
        list.step(isize::MIN);
        assert_eq!(list.index(), 0);
    }

    #[test]
    fn a_page_is_as_long_as_it_is_said_to_be() {
        assert_eq!(lines_moved(Action::PageUp, 7), Some(-7));
        assert_eq!(lines_moved(Action::Left, 7), None);
    }
}
