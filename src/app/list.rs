//! Keeps a list with the cursor on one of its lines, and says how far an action moves in one.

use super::action::Action;
use std::ops::{Deref, DerefMut};

/// How many lines a page key moves where the list is not known to fill the screen.
pub const PAGE: usize = 10;

/// Returns how many lines down an action moves in a list, negative for up; `None` for one that does not move so.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other action moves nothing")]
pub fn lines_moved(action: Action, page: usize) -> Option<isize> {
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

/// Lines, read as a slice, with the cursor on one of them as long as there are any.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List<T> {
    lines: Vec<T>,
    place: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), place: 0 }
    }
}

impl<T> List<T> {
    /// Returns the place of the cursor, counted from 0; 0 where there are no lines.
    pub fn place(&self) -> usize {
        self.place
    }

    /// Returns the line under the cursor.
    pub fn here(&self) -> Option<&T> {
        self.lines.get(self.place)
    }

    /// Puts the cursor on a line; beyond the end, on the last.
    pub fn go(&mut self, place: usize) {
        self.place = place.min(self.lines.len().saturating_sub(1));
    }

    /// Puts the cursor on the line of which `wanted` holds, else on the first.
    pub fn go_to(&mut self, wanted: impl FnMut(&T) -> bool) {
        self.go(self.lines.iter().position(wanted).unwrap_or(0));
    }

    /// Moves the cursor by some lines, not beyond either end.
    pub fn step(&mut self, by: isize) {
        self.go(self.place.saturating_add_signed(by));
    }

    /// Replaces the lines; the cursor stays at its place as far as there is one.
    pub fn fill(&mut self, lines: Vec<T>) {
        self.lines = lines;
        self.go(self.place);
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
        assert_eq!((list.place(), list.here()), (0, None));
        list.fill(vec!['a', 'b', 'c']);
        list.step(isize::MAX);
        assert_eq!(list.here(), Some(&'c'));
        list.fill(vec!['a', 'b']);
        assert_eq!(list.here(), Some(&'b'));
        list.go_to(|line| *line == 'z');
        assert_eq!(list.here(), Some(&'a'));
        list.step(isize::MIN);
        assert_eq!(list.place(), 0);
    }

    #[test]
    fn a_page_is_as_long_as_it_is_said_to_be() {
        assert_eq!(lines_moved(Action::PageUp, 7), Some(-7));
        assert_eq!(lines_moved(Action::Left, 7), None);
    }
}
