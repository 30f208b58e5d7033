//! Holds what can lie over a screen: a list to choose from, a page to read, a line to type in.

use super::page::Page;
use super::picker::Picker;
use super::settings::Size;
use tui_input::Input;

/// What lies over the screen; one thing at a time.
#[derive(Clone, Debug)]
pub enum Overlay {
    /// A list to choose from.
    Picker(Box<Picker>),
    /// A page to read.
    Page(Page),
    /// A line in which a part of a name is typed; the screen below follows.
    Prompt(Input),
}

/// Returns the columns and lines that a page has on a terminal of this size: most of it, with a frame.
pub fn page_room(size: Size) -> (usize, usize) {
    let columns = usize::from(size.width.saturating_sub(8)).min(96);
    let lines = usize::from(size.height.saturating_sub(4));
    (columns, lines)
}
