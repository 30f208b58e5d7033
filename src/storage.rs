//! Holds the files of a user: written whole or not at all, in the XDG directories, and what is kept between runs.

mod atomic_write;
mod saved_scenarios;
pub mod xdg;

pub use atomic_write::{Written, write};
pub use saved_scenarios::{Kept, Shelf};
