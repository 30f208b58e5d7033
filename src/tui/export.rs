//! Exports a screen as text, Markdown, JSON or SVG.

use super::svg::svg;
use super::theme::Theme;
use super::view::draw::cells;
use super::view::{self, ViewContext};
use crate::app::export::Format;
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::settings::Size;
use crate::app::text::width;
use crate::app::update;
use crate::domain::catalog::Catalog;
use crate::export::{self, About, Seen};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The most columns in a mail.
const MAIL: u16 = 76;

/// How much postponed work of the screen an export does: of a millisecond each.
const SLICES: usize = 1000;

/// Exports what is visible.
pub fn screen(model: &Model, catalog: &Catalog, format: Format) -> String {
    match format {
        Format::Text => text(&draw(model, catalog)),
        Format::Markdown => markdown(model, catalog),
        Format::Json => json(model, catalog),
        Format::Svg => svg(&draw(model, catalog), model.settings.theme, &title(model)),
    }
}

/// Draws the model into a buffer of its size.
pub fn draw(model: &Model, catalog: &Catalog) -> Buffer {
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::of(&model.settings);
    view::render(ViewContext { model, catalog, theme: &theme }, area, &mut buffer);
    buffer
}

/// Returns a frame as text, without trailing blanks.
pub(super) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // A wide character covers the next cell as well.
            x = x.saturating_add(cells(width(symbol)).max(1));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn title(model: &Model) -> String {
    format!("{}: {}", model.screens.top().kind().title(), model.derived.link)
}

/// Returns the report for the explorer; any other screen is drawn in the width of a mail.
fn markdown(model: &Model, catalog: &Catalog) -> String {
    let (derived, page) = (&model.derived, model.settings.page.as_deref());
    if model.screens.top().kind() == ScreenKind::Explorer && model.overlay.is_none() {
        let fixes = derived.remedies(catalog, &model.scenario);
        return export::markdown(catalog, &model.scenario, &derived.answer, fixes, page);
    }
    let mut narrow = model.clone();
    update::resize(&mut narrow, catalog, Size { width: MAIL.min(model.size.width), ..model.size });
    // The export includes postponed work of the screen, within a limit.
    let _ = (0..SLICES).find(|_| !update::idle(&mut narrow, catalog));
    let heading = format!("## {}\n\n    {}\n", model.screens.top().kind().title(), derived.link);
    let heading = heading + "\n" + &page.map(|page| export::in_browser(page, &derived.link)).unwrap_or_default();
    format!("{heading}```\n{}```\n", text(&draw(&narrow, catalog)))
}

fn json(model: &Model, catalog: &Catalog) -> String {
    let derived = &model.derived;
    let drawn = text(&draw(model, catalog));
    let lines: Vec<&str> = drawn.lines().collect();
    let screen = Seen { name: model.screens.top().kind().name(), lines: &lines };
    let about =
        About { remedies: Some(derived.remedies(catalog, &model.scenario)), screen: Some(screen), ..About::default() };
    export::json_about(catalog, &model.scenario, &derived.answer, about) + "\n"
}
