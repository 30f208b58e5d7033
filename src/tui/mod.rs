//! Draws the program on a terminal and listens to it. Everything that is decided is decided in `app`.

mod input;
mod print;
mod run;
mod terminal;
pub mod theme;
pub mod view;

pub use print::{draw, frame, print};
pub use run::{Options, run};
