//! Prints one screen without a terminal, with the same keys and views.

use super::options::Options;
use super::{export, step};
use crate::app::export::Format;
use crate::app::key::{KeyError, parse_all};
use crate::app::model::Model;
use crate::app::screens::ScreenKind;
use crate::app::settings::Size;
use crate::app::update::{self, Effect};
use crate::domain::catalog::Catalog;
use crate::domain::scenario::Scenario;

/// Why a screen cannot be printed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    /// No screen has this name.
    #[error("unknown screen {0:?}: expected one of {known}", known = screens())]
    Screen(String),
    /// The keys to press cannot be parsed.
    #[error("--keys: {0}")]
    Keys(KeyError),
}

fn screens() -> String {
    let known = ScreenKind::ALL.iter().map(|kind| kind.name());
    ["explorer"].into_iter().chain(known).collect::<Vec<_>>().join(", ")
}

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
) -> Result<String, PrintError> {
    Ok(export::screen(&after(catalog, scenario, screen, size, options)?, catalog, format))
}

fn after(
    catalog: &Catalog,
    scenario: Scenario,
    screen: &str,
    (width, height): (u16, u16),
    options: &Options,
) -> Result<Model, PrintError> {
    let Some(kind) = ScreenKind::parse(screen) else {
        return Err(PrintError::Screen(screen.to_owned()));
    };
    let mut model = options.open(catalog, scenario, kind, Size { width, height });
    finish(&mut model, catalog);
    for replayed in &options.replay {
        if step::perform(&mut model, catalog, replayed) == Some(Effect::Quit) {
            break;
        }
        finish(&mut model, catalog);
    }
    for key in parse_all(&options.keys).map_err(PrintError::Keys)? {
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
