//! Holds the files of a user: written whole or not at all, in the XDG directories, and what is kept between runs.

mod kept;
pub mod places;
mod whole;

pub use kept::{Kept, Shelf};
pub use whole::{Written, write};
