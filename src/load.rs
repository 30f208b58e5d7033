//! Reads facts and files: the embedded facts, a libvirt map directory, and XML in general. Only `file` and `map_files`
//! open files.

pub(crate) mod attributes;
pub mod behaviour;
pub mod cpu_map;
pub mod cpu_map_dir;
pub mod downstream;
pub mod embedded;
pub(crate) mod error;
pub(crate) mod file;
pub mod hosts;
pub mod libvirt;
pub mod map_files;
pub mod map_lint;
pub(crate) mod notation;
mod packed;
pub mod qemu;
pub mod timeline;
pub mod xml;

pub use error::LoadError;
