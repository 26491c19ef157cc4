//! Files that the command keeps: read with a limit, and replaced whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// What is in a file; `None` where there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is in a file, and of one that has more than `most` bytes the first of them and one more.
pub(crate) fn read_at_most(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Puts a file in place whole, so that nobody ever reads half of it. It is the user's alone: the names, ids and simulated
/// secrets in it are nobody else's business. What a link leads to is replaced, not the link, and what is no file, such as
/// a device or a pipe, is written to as it is.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = &match path.canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
        return fs::write(path, content);
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    fs::create_dir_all(directory)?;
    // Made for the user alone, and with a name of its own.
    let mut file = tempfile::Builder::new().prefix(".wpstack-").tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_read_by_nobody_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kept/plan");
        assert_eq!(read(&path).unwrap(), None);
        replace(&path, b"one").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            replace(&path, b"other").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(read(&path).unwrap().as_deref(), Some(&b"other"[..]));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(read_at_most(&path, 2).unwrap(), b"oth");
        assert_eq!(read_at_most(&path, 9).unwrap(), b"other");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_what_is_no_file_is_not_replaced() {
        use std::os::unix::fs::{FileTypeExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("plan"), directory.path().join("link"));
        fs::write(&path, b"one").unwrap();
        symlink(&path, &link).unwrap();
        replace(&link, b"other").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"other");

        // A device of the terminal's, as `/dev/null` is: root could replace it.
        let device = directory.path().join("device");
        symlink("/dev/null", &device).unwrap();
        replace(&device, b"gone").unwrap();
        assert!(fs::metadata(&device).unwrap().file_type().is_char_device());
        assert!(replace(directory.path(), b"no").is_err());
    }
}
