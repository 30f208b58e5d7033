//! Does what `import` asks for: writes the timeline of facts, adds to it, or compares it with raw facts.

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
    if let Some(raw) = &asked.raw {
        return if asked.check { check(raw, out) } else { written(&import::write_facts(raw, &asked.into)?, out) };
    }
    if let (Some(pair), Some(source)) = (&asked.libvirt, &asked.source) {
        let (name, dir) = split(pair, "RELEASE=DIR")?;
        return added(&import::add_libvirt(&asked.into, name, Path::new(dir), source)?, out);
    }
    if let Some(pair) = &asked.host {
        let (name, file) = split(pair, "NAME=FILE")?;
        return added(&import::add_host(&asked.into, name, Path::new(file))?, out);
    }
    if asked.digests {
        return written(&import::add_digests(&asked.into)?, out);
    }
    Err(anyhow!("expected a folder with raw facts, --libvirt RELEASE=DIR with --source, or --host NAME=FILE"))
}

fn split<'a>(pair: &'a str, form: &str) -> Result<(&'a str, &'a str)> {
    pair.split_once('=')
        .filter(|(name, path)| !name.is_empty() && !path.is_empty())
        .with_context(|| format!("expected {form}, found {pair:?}"))
}

fn check(raw: &Path, out: &mut dyn Write) -> Result<u8> {
    let differences = import::check_facts(raw)?;
    for difference in &differences {
        writeln!(out, "{difference}")?;
    }
    match differences.len() {
        0 => writeln!(out, "the timeline gives back every cell of {}", raw.display())?,
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
        writeln!(out, "the same map as {release}")?;
    }
    for name in &added.left_out {
        writeln!(out, "left out, no feature the facts know: {name}")?;
    }
    written(&added.written, out)
}
