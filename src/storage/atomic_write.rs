//! Writes a file under a temporary name beside its path and renames it, so that no reader sees half of it.

use std::io::{self, Write};
use std::path::Path;
use tempfile::Builder;

/// Whether a file was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// It was written.
    Done,
    /// A file of this name exists, and replacing it was not asked for. Nothing was changed.
    Exists,
}

/// Writes `text` to `path`. An existing file is replaced only if `replace` is set.
///
/// # Errors
/// The folder or the file cannot be written. Then nothing at `path` has changed.
pub fn write(path: &Path, text: &str, replace: bool) -> io::Result<Written> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // tempfile would make it private to the user; the umask decides as for any other new file.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let mut file = builder.prefix(".virt-cpu-explorer-").tempfile_in(folder).map_err(|err| err.kind())?;
    file.write_all(text.as_bytes())?;
    let persisted = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    match persisted {
        Ok(_) => Ok(Written::Done),
        Err(err) if !replace && err.error.kind() == io::ErrorKind::AlreadyExists => Ok(Written::Exists),
        Err(err) => Err(err.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("screen.txt");
        assert_eq!(write(&path, "one", false).unwrap(), Written::Done);
        assert_eq!(write(&path, "two", false).unwrap(), Written::Exists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(write(&path, "two", true).unwrap(), Written::Done);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_missing_folder_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let err = write(&folder.path().join("none/screen.txt"), "one", false).unwrap_err();
        assert_eq!(err.kind(), io::ErrorKind::NotFound);
        assert_eq!(write(folder.path(), "one", true).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
