//! Writes a file beside its place and then moves it there, so that nobody ever sees half of it.

use std::io::{self, Write};
use std::path::Path;
use tempfile::Builder;

/// What came of writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// The file is there.
    Done,
    /// There was one of this name, which was not to be replaced.
    Exists,
}

/// Writes `text` to `path`. A file of this name is replaced only where `replace` says so.
///
/// # Errors
/// What the operating system says; then nothing at `path` has changed.
pub fn write(path: &Path, text: &str, replace: bool) -> io::Result<Written> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file of the user's; the mask takes away what is not wanted.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    if path.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    let mut file = builder.prefix(".virt-cpu-explorer-").tempfile_in(folder).map_err(|fault| fault.kind())?;
    file.write_all(text.as_bytes())?;
    let persisted = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    match persisted {
        Ok(_) => Ok(Written::Done),
        Err(fault) if !replace && fault.error.kind() == io::ErrorKind::AlreadyExists => Ok(Written::Exists),
        Err(fault) => Err(fault.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_that_is_said() {
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
    fn a_folder_that_is_not_there_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let fault = write(&folder.path().join("none/screen.txt"), "one", false).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::NotFound);
        assert_eq!(write(folder.path(), "one", true).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
