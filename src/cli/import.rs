//! Runs `import`: adds a CPU map or a host to the files of the facts, or writes them again.

use super::args::Import;
use crate::import::{self, Added, Written};
use anyhow::{Result, anyhow};
use std::io::Write;

/// Returns the exit code, 0.
///
/// # Errors
/// Facts that cannot be read or written, with file and line.
pub fn import(asked: &Import, out: &mut dyn Write) -> Result<u8> {
    if let (Some((name, dir)), Some(source)) = (&asked.libvirt, &asked.source) {
        return added(&import::add_libvirt(&asked.into, name, dir, source)?, out);
    }
    if let Some((name, file)) = &asked.host {
        return added(&import::add_host(&asked.into, name, file)?, out);
    }
    if asked.rewrite {
        return written(&import::rewrite(&asked.into)?, out);
    }
    Err(anyhow!("nothing to import: expected --libvirt RELEASE=DIR with --source, --host NAME=FILE, or --rewrite"))
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
