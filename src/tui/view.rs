//! Draws the model. A view is a pure function into a buffer; the same layout maps a click to its target.

mod bottom;
mod compare;
mod demo;
mod diff;
pub(crate) mod draw;
mod explorer;
mod follow;
mod history;
mod host_model;
mod matrix;
mod page;
mod parts;
mod picker;
mod title;
mod tour;
mod xml;

use super::theme::{Role, Theme};
use crate::app::model::Model;
use crate::app::overlay::Overlay;
use crate::app::screens::{Screen, Target};
use crate::app::text::wrap;
use crate::app::tour::Place;
use crate::domain::catalog::Catalog;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// What a view can read.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext<'a> {
    /// The state of the program.
    pub model: &'a Model,
    /// The facts, for names.
    pub catalog: &'a Catalog,
    /// Colours and signs.
    pub theme: &'a Theme,
}

/// The least width and height for a screen.
pub(crate) const SMALLEST: (u16, u16) = (60, 20);

/// Draws the whole terminal.
pub(crate) fn render(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return too_small(ctx, area, buf);
    }
    let Parts { top, body, panel, note, bottom } = Parts::of(ctx, area);
    title::render(ctx, top, buf);
    demo::render(ctx, note, buf);
    match ctx.model.screens.top() {
        Screen::Explorer(state) => explorer::render(ctx, state, body, buf),
        Screen::Follow(state) => follow::render(ctx, state, body, buf),
        Screen::History(state) => history::render(ctx, state, body, buf),
        Screen::Diff(state) => diff::render(ctx, state, body, buf),
        Screen::Matrix(state) => matrix::render(ctx, state, body, buf),
        Screen::Xml(state) => xml::render(ctx, state, body, buf),
        Screen::HostModel(state) => host_model::render(ctx, state, body, buf),
        Screen::Compare(state) => compare::render(ctx, state, body, buf),
    }
    tour::hide(ctx, body, buf);
    bottom::render(ctx, bottom, buf);
    let above = above(area, panel, note);
    match &ctx.model.overlay {
        Some(Overlay::Picker(picker)) => picker::render(ctx, picker, above, buf),
        Some(Overlay::Page(page)) => page::render(ctx, page, above, buf),
        Some(Overlay::Prompt(_) | Overlay::Ask(_)) | None => {}
    }
    if let Some(lesson) = &ctx.model.tour {
        tour::render(ctx, lesson, panel, buf);
        tour::frames(ctx, body, above, buf);
    }
}

/// Draws the verdict, and that the terminal is too small.
fn too_small(ctx: ViewContext<'_>, area: Rect, buf: &mut Buffer) {
    let text = format!(
        "{}: {}. Terminal too small: {}x{}, at least {}x{} needed",
        ctx.model.derived.link, ctx.model.derived.explanation.headline, area.width, area.height, SMALLEST.0, SMALLEST.1
    );
    let lines = wrap(&text, usize::from(area.width));
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        draw::text_at(buf, area, (area.x, y), line, ctx.theme.style(Role::Text));
    }
}

/// Returns what a click at `position` does.
pub fn hit(ctx: ViewContext<'_>, area: Rect, position: Position) -> Option<Target> {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let Parts { top, body, panel, note, bottom } = Parts::of(ctx, area);
    if panel.contains(position) {
        return tour::hit(ctx, panel, position);
    }
    if bottom.contains(position) {
        return bottom::hit(ctx, bottom, position);
    }
    let above = above(area, panel, note);
    match &ctx.model.overlay {
        Some(Overlay::Picker(picker)) => return picker::hit(picker, above, position),
        Some(Overlay::Page(page)) => return page::hit(page, above, position),
        Some(Overlay::Prompt(_) | Overlay::Ask(_)) | None => {}
    }
    if top.contains(position) {
        return title::hit(ctx, top, position);
    }
    match ctx.model.screens.top() {
        Screen::Explorer(state) => explorer::hit(ctx, state, body, position),
        Screen::Follow(state) => follow::hit(ctx, state, body, position),
        Screen::History(state) => history::hit(ctx, state, body, position),
        Screen::Diff(state) => diff::hit(ctx, state, body, position),
        Screen::Matrix(state) => matrix::hit(ctx, state, body, position),
        Screen::Xml(state) => xml::hit(state, body, position),
        Screen::HostModel(state) => host_model::hit(ctx, state, body, position),
        Screen::Compare(state) => compare::hit(ctx, state, body, position),
    }
}

/// The areas above and below the screen.
struct Parts {
    top: Rect,
    body: Rect,
    /// The panel of a lesson; empty without one.
    panel: Rect,
    note: Rect,
    bottom: Rect,
}

impl Parts {
    fn of(ctx: ViewContext<'_>, area: Rect) -> Self {
        let top = Rect { height: 1, ..area };
        let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        // In a demonstration there is always room for a note, so that the layout stays.
        let lines = ctx.model.demo.as_ref().map_or(0, |demo| demo.room(area.height));
        let note = Rect { y: bottom.y.saturating_sub(lines), height: lines, ..area };
        let height = area.height.saturating_sub(2 + lines);
        let between = Rect { y: area.y + 1, height, ..area };
        let panel = tour::panel(ctx, between);
        let body = tour::inset(ctx, Rect { height: between.height - panel.height, ..between });
        Self { top, body, panel, note, bottom }
    }
}

/// Returns the area of overlays: all but the panel of a lesson and the note of a demonstration.
fn above(area: Rect, panel: Rect, note: Rect) -> Rect {
    match [panel, note].into_iter().find(|part| part.height > 0) {
        Some(part) => Rect { height: part.y - area.y, ..area },
        None => Rect { height: area.height.saturating_sub(1), ..area },
    }
}

/// Returns the area that a lesson points at, on a screen that is drawn already.
pub fn area_of(ctx: ViewContext<'_>, wanted: &Place, area: Rect, buf: &Buffer) -> Option<Rect> {
    let Parts { body, panel, note, .. } = Parts::of(ctx, area);
    tour::find(ctx, wanted, body, above(area, panel, note), buf)
}
