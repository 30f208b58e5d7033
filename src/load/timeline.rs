//! Reads the texts of all fact files into the parts of a catalog.

use super::error::LoadError;
use super::xml::Document;
use super::{behaviour, downstream, hosts, libvirt, qemu};
use crate::domain::catalog::Parts;

/// The texts of the timeline, each with the name it goes by in messages.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    /// The libvirt releases and their maps.
    pub libvirt: (&'a str, &'a str),
    /// The QEMU releases, machine types, models and cells.
    pub qemu: (&'a str, &'a str),
    /// What distributions change.
    pub downstream: (&'a str, &'a str),
    /// The hosts.
    pub hosts: (&'a str, &'a str),
    /// The products.
    pub products: (&'a str, &'a str),
    /// How releases decide.
    pub behaviour: (&'a str, &'a str),
}

/// Returns the parts of a catalog.
///
/// # Errors
/// The first mistake in any of the files.
pub fn read(texts: &Texts<'_>) -> Result<Parts, LoadError> {
    let mut parts = Parts::default();
    let (file, text) = texts.libvirt;
    libvirt::read(&Document::parse(file, text)?, &mut parts)?;
    let (file, text) = texts.qemu;
    qemu::read(&Document::parse(file, text)?, &mut parts)?;
    let (file, text) = texts.downstream;
    downstream::read(&Document::parse(file, text)?, &mut parts)?;
    let (file, text) = texts.hosts;
    hosts::read_hosts(&Document::parse(file, text)?, &mut parts)?;
    let (file, text) = texts.products;
    hosts::read_products(&Document::parse(file, text)?, &mut parts)?;
    let (file, text) = texts.behaviour;
    behaviour::read(&Document::parse(file, text)?, &mut parts)?;
    Ok(parts)
}
