//! Adds real libvirt CPU maps and hosts to the files of the facts. Prints nothing.

pub mod qmp;

mod directory;
mod timeline;
mod write;

pub use directory::{Added, ImportError, Written, add_host, add_libvirt, rewrite};
