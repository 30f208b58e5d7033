//! Answers whether a guest's CPU survives a live migration between libvirt and QEMU releases, and why not.

pub mod app;
pub mod bring;
pub mod cli;
pub mod domain;
pub mod explain;
pub mod export;
pub mod files;
pub mod import;
pub mod load;
pub mod resolve;
pub mod study;
pub mod tui;
