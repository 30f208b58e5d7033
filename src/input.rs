//! Parses what users have: batch lines, domain XML, host capabilities, log messages. It opens no file.

pub mod batch;
pub mod domain;
pub mod host;
pub mod message;
