//! Prints one frame as text, without a terminal: the same keys, the same views, a buffer instead of a screen.

use super::run::Options;
use super::theme::Theme;
use super::view::{self, Shown};
use crate::app::key::parse_all;
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::settings::Size;
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use anyhow::{Context, bail};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Returns one frame as text, without blanks at the ends of its lines: the screen `screen`, after the keys of `options`.
///
/// # Errors
/// There is no such screen, or the keys are none.
pub fn print(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    size: (u16, u16),
    options: &Options,
) -> anyhow::Result<String> {
    let buffer = frame(catalog, scenario, screen, size, options)?;
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // A wide letter takes the cell after it as well.
            x = x.saturating_add(view::draw::cells(crate::app::text::width(symbol)).max(1));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    Ok(text)
}

/// Returns one frame with its styles.
///
/// # Errors
/// There is no such screen, or the keys are none.
pub fn frame(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    (width, height): (u16, u16),
    options: &Options,
) -> anyhow::Result<Buffer> {
    let Some(kind) = ScreenKind::parse(screen) else {
        let known: Vec<&str> = ScreenKind::ALL.iter().map(|kind| kind.word()).collect();
        bail!("there is no screen {screen}; the screens are {}", known.join(", "));
    };
    let mut model = Model::new(catalog, scenario, options.settings.clone(), Size { width, height });
    update::open(&mut model, catalog, kind);
    while update::idle(&mut model, catalog) {}
    for key in parse_all(&options.keys).context("--keys")? {
        if update::press(&mut model, catalog, key) == Some(Effect::Quit) {
            break;
        }
        while update::idle(&mut model, catalog) {}
    }
    Ok(draw(&model, catalog))
}

/// Returns the model as it is drawn.
pub fn draw(model: &Model, catalog: &Catalog) -> Buffer {
    let area = Rect::new(0, 0, model.size.width, model.size.height);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::of(&model.settings);
    view::render(Shown { model, catalog, theme: &theme }, area, &mut buffer);
    buffer
}
