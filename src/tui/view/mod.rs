//! Draws the model. Every view is a pure function into a buffer, and says by the same layout what a place stands for.

mod bottom;
mod demo;
pub mod draw;
mod first;
mod page;
mod picker;
mod title;
mod too_small;

use super::theme::Theme;
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::screens::{Screen, Target};
use crate::domain::catalog::Catalog;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What views look at.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The model.
    pub model: &'a Model,
    /// The facts, for names.
    pub catalog: &'a Catalog,
    /// The looks.
    pub theme: &'a Theme,
}

/// The smallest terminal on which anything can be shown.
pub const SMALLEST: (u16, u16) = (60, 20);

/// Draws everything.
pub fn render(shown: Shown<'_>, area: Rect, buf: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small::render(shown, area, buf);
    }
    let Parts { top, body, note, bottom } = Parts::of(shown, area);
    title::render(shown, top, buf);
    demo::render(shown, note, buf);
    match shown.model.screens.top() {
        Screen::First(state) => first::render(shown, state, body, buf),
    }
    bottom::render(shown, bottom, buf);
    match &shown.model.overlay {
        Some(Overlay::Picker(picker)) => picker::render(shown, picker, area, buf),
        Some(Overlay::Page(page)) => page::render(shown, page, area, buf),
        Some(Overlay::Prompt(_) | Overlay::Ask(_)) | None => {}
    }
}

/// Returns what `position` stands for.
pub fn hit(shown: Shown<'_>, area: Rect, position: Position) -> Option<Target> {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let Parts { top, body, bottom, .. } = Parts::of(shown, area);
    match &shown.model.overlay {
        Some(Overlay::Picker(picker)) => return picker::hit(shown, picker, area, position),
        Some(Overlay::Page(page)) => return page::hit(page, area, position),
        Some(Overlay::Prompt(_) | Overlay::Ask(_)) | None => {}
    }
    if bottom.contains(position) {
        return bottom::hit(shown, bottom, position);
    }
    if top.contains(position) {
        return title::hit(shown, top, position);
    }
    match shown.model.screens.top() {
        Screen::First(state) => first::hit(shown, state, body, position),
    }
}

/// What stands above and below a screen's own part.
struct Parts {
    top: Rect,
    body: Rect,
    note: Rect,
    bottom: Rect,
}

impl Parts {
    fn of(shown: Shown<'_>, area: Rect) -> Self {
        let top = Rect { height: 1, ..area };
        let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        // For an audience there is always room for a note, whether there is one or not: nothing jumps.
        let (above, below) = if shown.model.demo.is_some() { demo::room(area) } else { (0, 0) };
        let note = Rect { y: bottom.y.saturating_sub(below), height: below, ..area };
        let height = area.height.saturating_sub(2 + above + below);
        Self { top, body: Rect { y: area.y + 1 + above, height, ..area }, note, bottom }
    }
}
