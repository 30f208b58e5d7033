//! Holds the program without a terminal: what is chosen, what follows from it, what a key does.
//! Knows nothing of terminals, files or time; what is to happen outside is returned as an [`effect`](update::Effect).

pub mod action;
pub mod choice;
pub mod demo;
pub mod derived;
pub mod effect;
pub mod error;
pub mod export;
pub mod features;
pub mod history;
pub mod key;
pub mod keymap;
pub mod list;
pub mod model;
pub mod overlay;
pub mod page;
pub mod picker;
pub mod scope;
pub mod screens;
pub mod script;
pub mod settings;
pub mod table;
pub mod text;
pub mod tour;
pub mod update;
