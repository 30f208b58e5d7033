//! Makes the timeline out of raw facts, real libvirt maps and QEMU replies, and checks it against them.
//! Prints nothing; what was done comes back as a value.

pub mod digest;
pub mod parts;
pub mod qmp;
pub mod raw;
pub mod timeline;
pub mod write;

mod directory;

pub use directory::{Added, ImportError, Written, add_digests, add_host, add_libvirt, check_facts, write_facts};
