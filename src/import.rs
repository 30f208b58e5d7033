//! Adds real libvirt CPU maps, QEMU releases and hosts to the files of the facts.

pub mod qemu;
pub mod qmp;

mod directory;
mod timeline;
mod write;

pub(crate) use directory::{Added, AskedQemu, ImportError, add_qemu};
pub use directory::{Written, add_host, add_libvirt, rewrite};
