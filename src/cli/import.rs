//! Runs `import`: adds a CPU map, a QEMU release or a host to the files of the facts, or rewrites them.

use super::analysis::progress;
use super::args::Import;
use crate::import::{self, Added, AskedQemu, Written};
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
    if let Some(binary) = &asked.qemu {
        let mut progress = progress();
        let answers = import::add_qemu(&asked.into, binary, &mut progress);
        // An error begins a line of its own.
        progress(1, 1);
        return qemu(&answers?, out);
    }
    if asked.rewrite {
        return written(&import::rewrite(&asked.into)?, out);
    }
    Err(anyhow!(
        "nothing to import: expected --libvirt RELEASE=DIR with --source, --qemu PROGRAM, --host NAME=FILE, or --rewrite"
    ))
}

/// Returns 1 where an answer is not what the facts have.
fn qemu(asked: &AskedQemu, out: &mut dyn Write) -> Result<u8> {
    let merged = &asked.merged;
    writeln!(out, "QEMU {}: {} defaults of models equal, {} new", asked.version, merged.equal, merged.new)?;
    if !asked.with_kvm {
        writeln!(out, "not compared: defaults with KVM, which cannot be used here")?;
    }
    for difference in &merged.differences {
        writeln!(out, "differs: {difference}")?;
    }
    match &asked.written {
        Some(files) => return written(files, out),
        None if merged.differences.is_empty() => writeln!(out, "nothing was added: the facts have this release")?,
        None => writeln!(out, "nothing was added")?,
    }
    Ok(u8::from(!merged.differences.is_empty()))
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
