//! Makes the timeline out of raw facts, real libvirt maps and QEMU replies, and checks it against them.
//! Prints nothing; what was done comes back as a value.

pub mod parts;
pub mod raw;
pub mod write;
