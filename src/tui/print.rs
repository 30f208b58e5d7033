//! Prints one screen without a terminal, with the same keys and views.

use super::run::Options;
use super::{export, play};
use crate::app::export::Format;
use crate::app::key::parse_all;
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::settings::Size;
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;
use anyhow::{Context, bail};
use ratatui::buffer::Buffer;

/// Returns the screen of this name, after the keys of `options`, in an export format.
///
/// # Errors
/// The screen is unknown, or the keys cannot be parsed.
pub fn print(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    size: (u16, u16),
    format: Format,
    options: &Options,
) -> anyhow::Result<String> {
    Ok(export::screen(&after(catalog, scenario, screen, size, options)?, catalog, format))
}

/// Returns the same with the styles of each cell.
///
/// # Errors
/// The screen is unknown, or the keys cannot be parsed.
pub fn frame(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    size: (u16, u16),
    options: &Options,
) -> anyhow::Result<Buffer> {
    Ok(export::draw(&after(catalog, scenario, screen, size, options)?, catalog))
}

fn after(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    (width, height): (u16, u16),
    options: &Options,
) -> anyhow::Result<Model> {
    let Some(kind) = ScreenKind::parse(screen) else {
        let known: Vec<&str> = ScreenKind::ALL.iter().map(|kind| kind.name()).collect();
        bail!("unknown screen {screen}; expected one of explorer, {}", known.join(", "));
    };
    let mut model = options.open(catalog, scenario, kind, Size { width, height });
    finish(&mut model, catalog);
    for step in &options.replay {
        if play::done(&mut model, catalog, step) == Some(Effect::Quit) {
            break;
        }
        finish(&mut model, catalog);
    }
    for key in parse_all(&options.keys).context("--keys")? {
        if update::press(&mut model, catalog, key) == Some(Effect::Quit) {
            break;
        }
        finish(&mut model, catalog);
    }
    Ok(model)
}

/// Does all postponed work of the screen.
fn finish(model: &mut Model, catalog: &Catalog) {
    while update::idle(model, catalog) {}
}
