//! Answers whether a guest's CPU survives a live migration between libvirt and QEMU releases, and why not.

pub mod analysis;
pub mod app;
pub mod cli;
pub mod domain;
pub mod explain;
pub mod export;
pub mod import;
pub mod input;
pub mod load;
pub mod resolve;
pub mod storage;
pub mod tui;
