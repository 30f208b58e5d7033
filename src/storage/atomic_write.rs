//! Writes a file under a temporary name in the same directory and renames it, so that no reader sees half of it.

use crate::load::file::kind_name;
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

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// The user alone.
    Private,
    Umask,
}

/// Writes `text` to `path`. An existing file is replaced only if `replace` is set.
///
/// # Errors
/// The folder or the file cannot be written, or something other than a regular file is at `path`: a device or a
/// symbolic link is neither followed nor replaced. Then nothing at `path` has changed.
pub fn write(path: &Path, text: &str, replace: bool) -> io::Result<Written> {
    write_for(Access::Umask, path, text, replace)
}

/// The same, for a file that only `access` may read.
pub(crate) fn write_for(access: Access, path: &Path, text: &str, replace: bool) -> io::Result<Written> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask is applied to it.
        let mode = match access {
            Access::Private => 0o600,
            Access::Umask => 0o666,
        };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    if let Ok(there) = std::fs::symlink_metadata(path)
        && !there.is_file()
    {
        return Err(io::Error::other(format!("expected a regular file there, found {}", kind_name(there.file_type()))));
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
        assert!(write(folder.path(), "one", true).unwrap_err().to_string().contains("found a directory"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_device_is_neither_followed_nor_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(write(&link, "new", true).unwrap_err().to_string().contains("found a symbolic link"));
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "kept");
        assert!(write(Path::new("/dev/null"), "new", true).unwrap_err().to_string().contains("found a device"));
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_for_the_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scenarios");
        write_for(Access::Private, &path, "one", true).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
