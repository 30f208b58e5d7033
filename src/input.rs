//! Reads what users bring: batch lines, and later guests, hosts and messages. Reads text given to it; opens no file.

pub mod batch;
pub mod domain;
pub mod host;
pub mod message;
