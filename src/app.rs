//! Holds the explorer without a terminal: the selected scenario, what follows from it, and the effect of each key. It
//! reads no terminal, file or clock; whatever must happen outside is returned as an [`effect`](update::Effect).

pub mod action;
pub mod choice;
pub(crate) mod demo;
pub(crate) mod derived;
pub(crate) mod effect;
pub mod error;
pub mod export;
pub(crate) mod features;
pub(crate) mod history;
pub mod key;
pub mod keymap;
pub(crate) mod list;
pub mod model;
pub mod overlay;
pub(crate) mod page;
pub mod picker;
pub(crate) mod scope;
pub mod screens;
pub mod script;
pub mod settings;
pub(crate) mod table;
pub(crate) mod text;
pub mod tour;
pub mod update;
