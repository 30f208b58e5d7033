//! Reads the files that the command line names. The only place under `cli` that opens files users bring.

use crate::load::LoadError;
use crate::load::xml::{MAX_BYTES, too_large};
use anyhow::{Context, Result, bail};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads a file, or standard input for `-`, up to the largest size that is accepted; a pipe is as good as a file.
///
/// # Errors
/// A file that cannot be read, or is too large.
pub(super) fn read(name: &str) -> Result<Vec<u8>, LoadError> {
    let unreadable = |fault: std::io::Error| LoadError::whole(name, format!("expected a readable file: {fault}"));
    let most = MAX_BYTES as u64;
    let mut bytes = Vec::new();
    if name == "-" {
        std::io::stdin().lock().take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(name).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        if size > most {
            return Err(too_large(name, size));
        }
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::whole(name, format!("expected at most {} MiB, found more", MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

/// Reads a text file of the user's own, up to the largest size that is accepted.
///
/// # Errors
/// A file that cannot be read, is too large, or is no text.
pub(super) fn text(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    if std::fs::metadata(path).with_context(|| name.clone())?.len() > MAX_BYTES as u64 {
        bail!("{name} is larger than {} MiB", MAX_BYTES >> 20);
    }
    std::fs::read_to_string(path).context(name)
}

/// Returns the files that a name stands for: itself, or every `.xml` file directly in a directory, sorted.
///
/// # Errors
/// A directory that cannot be read, or has no such file.
pub(super) fn expand(name: &str) -> Result<Vec<String>, LoadError> {
    if name == "-" || !Path::new(name).is_dir() {
        return Ok(vec![name.to_owned()]);
    }
    let unreadable = |fault: std::io::Error| LoadError::whole(name, format!("expected a readable directory: {fault}"));
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(name).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "xml") && !path.is_dir() {
            found.push(path);
        }
    }
    if found.is_empty() {
        return Err(LoadError::whole(name, "expected a directory with .xml files, found none in it"));
    }
    found.sort();
    Ok(found.into_iter().map(|path| path.display().to_string()).collect())
}
