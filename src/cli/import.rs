//! Runs `import`: adds a CPU map or a host to the files of the facts, or writes them again.

use super::args::Import;
use crate::import::{self, Added, Written};
use anyhow::{Context, Result, anyhow};
use std::io::Write;
use std::path::Path;

/// Does what was asked for. Returns the exit code: 0, or 1 where a comparison found differences.
///
/// # Errors
/// Facts that cannot be read or written, with the place of the mistake.
pub fn import(asked: &Import, out: &mut dyn Write) -> Result<u8> {
    if let (Some(pair), Some(source)) = (&asked.libvirt, &asked.source) {
        let (name, dir) = split(pair, "RELEASE=DIR")?;
        return added(&import::add_libvirt(&asked.into, name, Path::new(dir), source)?, out);
    }
    if let Some(pair) = &asked.host {
        let (name, file) = split(pair, "NAME=FILE")?;
        return added(&import::add_host(&asked.into, name, Path::new(file))?, out);
    }
    if asked.rewrite {
        return written(&import::rewrite(&asked.into)?, out);
    }
    Err(anyhow!("expected --libvirt RELEASE=DIR with --source, or --host NAME=FILE"))
}

fn split<'a>(pair: &'a str, form: &str) -> Result<(&'a str, &'a str)> {
    pair.split_once('=')
        .filter(|(name, path)| !name.is_empty() && !path.is_empty())
        .with_context(|| format!("expected {form}, found {pair:?}"))
}

fn written(files: &Written, out: &mut dyn Write) -> Result<u8> {
    for (path, size) in &files.files {
        writeln!(out, "{}\t{size} bytes", path.display())?;
    }
    Ok(0)
}

fn added(added: &Added, out: &mut dyn Write) -> Result<u8> {
    if let Some(release) = &added.same_as {
        writeln!(out, "the same map as {release}")?;
    }
    for name in &added.left_out {
        writeln!(out, "left out, no feature the facts know: {name}")?;
    }
    written(&added.written, out)
}
