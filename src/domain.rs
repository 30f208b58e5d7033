//! Defines the terms: features, models, machine types, releases, definitions and the scenario. It does no I/O, reads no
//! clock and no environment, and decides nothing.

pub mod behaviour;
pub mod catalog;
pub mod definition;
pub(crate) mod dependencies;
pub mod downstream;
pub mod feature;
pub mod host;
pub mod map;
pub(crate) mod named;
mod named_enum;
pub mod names;
pub(crate) mod order;
pub mod package;
pub(crate) mod policies;
pub mod product;
pub mod qemu;
pub mod scenario;
pub(crate) mod text;
pub mod version;
