//! Draws the program on a terminal and reads its events. All decisions are made in `app`.

mod cast;
mod effects;
mod environment;
mod export;
mod input;
mod play;
mod print;
mod record;
mod rgb;
mod run;
mod signals;
mod svg;
mod terminal;
pub mod theme;
pub mod view;

pub use environment::{ascii_locale, theme};
pub use export::{draw, screen};
pub use print::{frame, print};
pub use run::{Opening, Options, run};
pub use terminal::Guard;
pub use theme::sign;
