//! Runs `import`: writes the timeline of facts, adds to it, or compares it with raw facts.

use super::args::Import;
use crate::import::{self, Added, Written};
use anyhow::{Result, anyhow};
use std::io::Write;
use std::path::Path;

/// Returns the exit code: 0, or 1 if a comparison found differences.
///
/// # Errors
/// Facts that cannot be read or written, with file and line.
pub fn import(asked: &Import, out: &mut dyn Write) -> Result<u8> {
    if let Some(raw) = &asked.raw {
        return if asked.check { check(raw, out) } else { written(&import::write_facts(raw, &asked.into)?, out) };
    }
    if let (Some((name, dir)), Some(source)) = (&asked.libvirt, &asked.source) {
        return added(&import::add_libvirt(&asked.into, name, dir, source)?, out);
    }
    if let Some((name, file)) = &asked.host {
        return added(&import::add_host(&asked.into, name, file)?, out);
    }
    if asked.digests {
        return written(&import::add_digests(&asked.into)?, out);
    }
    Err(anyhow!(
        "nothing to import: expected a directory with raw facts, --libvirt RELEASE=DIR with --source, or --host NAME=FILE"
    ))
}

fn check(raw: &Path, out: &mut dyn Write) -> Result<u8> {
    let differences = import::check_facts(raw)?;
    for difference in &differences {
        writeln!(out, "{difference}")?;
    }
    match differences.len() {
        0 => writeln!(out, "the timeline matches every cell of {}", raw.display())?,
        count => writeln!(out, "{count} differences")?,
    }
    Ok(u8::from(!differences.is_empty()))
}

fn written(files: &Written, out: &mut dyn Write) -> Result<u8> {
    for (path, size) in &files.files {
        writeln!(out, "{}\t{size} bytes", path.display())?;
    }
    Ok(0)
}

fn added(added: &Added, out: &mut dyn Write) -> Result<u8> {
    if let Some(release) = &added.same_as {
        writeln!(out, "same CPU map as {release}")?;
    }
    for name in &added.left_out {
        writeln!(out, "left out, unknown CPU feature: {name}")?;
    }
    written(&added.written, out)
}
