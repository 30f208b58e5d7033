//! Reads whole files up to a maximum size. Every file that a user names is opened here.

use super::error::LoadError;
use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::Path;

/// The largest input, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// The largest file that people write by hand, in bytes: a parser of YAML or TOML takes a hundred times as much memory.
pub(crate) const HAND_WRITTEN: usize = 1 << 20;

/// The largest QMP reply, in bytes: a QEMU writes some 20 KiB, and JSON takes many times its size in memory.
pub(crate) const LARGEST_REPLY: usize = 2 << 20;

/// Returns the error for a file of more than `most` bytes.
pub(crate) fn too_large(file: &str, bytes: usize, most: usize) -> LoadError {
    LoadError::whole(file, format!("expected at most {} MiB, found {bytes} bytes", most >> 20))
}

/// Where the system lists the files that the program was started with: standard input, and `<(...)` of a shell.
const OPEN_FILES: [&str; 3] = ["/dev/stdin", "/dev/fd", "/proc/self/fd"];

/// Opens a regular file, or one that the program was started with. Another pipe might never have a writer, and a device
/// might never end.
///
/// # Errors
/// The file cannot be opened, or is of another kind.
pub(crate) fn open(path: &Path) -> Result<File, LoadError> {
    let name = path.display().to_string();
    let unreadable = |err: io::Error| unreadable(&name, &err);
    // Before it is opened: opening a pipe waits for its writer.
    let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
    if !kind.is_file() && !OPEN_FILES.iter().any(|open| path.starts_with(open)) {
        return Err(LoadError::whole(&name, format!("expected a regular file, found {}", kind_name(kind))));
    }
    File::open(path).map_err(unreadable)
}

/// Returns the kind of a file that is not a regular one, with its article.
pub(crate) fn kind_name(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
    }
    if kind.is_dir() {
        "a directory"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a device"
    }
}

/// Reads a file of at most `most` bytes.
///
/// # Errors
/// The file cannot be read, is of another kind than [`open`] accepts, or is too large.
pub(crate) fn read(path: &Path, most: usize) -> Result<Vec<u8>, LoadError> {
    let name = path.display().to_string();
    let file = open(path)?;
    let size = file.metadata().map_err(|err| unreadable(&name, &err))?.len();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if size > most {
        return Err(too_large(&name, size, most));
    }
    read_from(&name, file, most)
}

/// Reads a stream of at most `most` bytes to its end; `name` is used in errors.
///
/// # Errors
/// The stream cannot be read or is too large.
pub(crate) fn read_from(name: &str, input: impl Read, most: usize) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    input.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|err| unreadable(name, &err))?;
    if bytes.len() > most {
        return Err(LoadError::whole(name, format!("expected at most {} MiB, found more", most >> 20)));
    }
    Ok(bytes)
}

/// Reads a text file of at most `most` bytes.
///
/// # Errors
/// The file cannot be read, is too large, or is not UTF-8 text; then with the position of the first bad byte.
pub(crate) fn text(path: &Path, most: usize) -> Result<String, LoadError> {
    String::from_utf8(read(path, most)?)
        .map_err(|err| not_utf8(&path.display().to_string(), err.as_bytes(), err.utf8_error()))
}

/// Returns the text of a file that was read.
///
/// # Errors
/// It is not UTF-8 text; with the position of the first bad byte.
pub(crate) fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, LoadError> {
    std::str::from_utf8(bytes).map_err(|err| not_utf8(name, bytes, err))
}

fn unreadable(name: &str, err: &io::Error) -> LoadError {
    LoadError::whole(name, format!("cannot read the file: {err}"))
}

fn not_utf8(name: &str, bytes: &[u8], err: std::str::Utf8Error) -> LoadError {
    let (good, rest) = bytes.split_at_checked(err.valid_up_to()).unwrap_or((bytes, &[]));
    let text = String::from_utf8_lossy(good);
    let found = rest.first().copied().unwrap_or_default();
    LoadError::at(name, &text, text.len(), format!("expected UTF-8 text, found the byte 0x{found:02x}"))
}
