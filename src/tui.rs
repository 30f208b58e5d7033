//! Draws the program on a terminal and reads its events. All decisions are made in `app`.
//!
//! With the feature `tui` alone there are the views, drawn into a buffer; `terminal` adds the event loop.

#[cfg(feature = "terminal")]
mod cast;
#[cfg(test)]
mod contrast;
#[cfg(feature = "terminal")]
mod effects;
mod environment;
mod export;
#[cfg(feature = "terminal")]
mod flash;
#[cfg(feature = "terminal")]
mod input;
mod options;
#[cfg(feature = "terminal")]
mod play;
mod print;
#[cfg(feature = "terminal")]
mod record;
mod rgb;
#[cfg(feature = "terminal")]
mod run;
#[cfg(feature = "terminal")]
mod signals;
mod step;
mod svg;
#[cfg(feature = "terminal")]
mod terminal;
pub mod theme;
pub mod view;

pub use environment::{ascii_locale, default_theme};
pub use export::{draw, screen};
pub use options::{Opening, Options};
pub use print::print;
pub use rgb::{Rgb, Screen};
#[cfg(feature = "terminal")]
pub use run::run;
pub use step::perform;
#[cfg(feature = "terminal")]
pub use terminal::Guard;
pub use theme::sign;
