//! A directory of this machine, without what belongs to the machine.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::gather::{Gather, GatherError, Limits, Refusal, Refused, refuse};
use crate::tree::Tree;

/// Folders and files of development, which no site needs and some of which are secret.
const LEFT_OUT: [&str; 14] = [
    ".git",
    ".gitignore",
    ".gitattributes",
    ".github",
    ".svn",
    ".hg",
    "node_modules",
    ".idea",
    ".vscode",
    ".DS_Store",
    "Thumbs.db",
    ".env",
    ".npmrc",
    ".wp-env.json",
];

/// Why a directory was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It is not there, or something in it cannot be read.
    #[error("{} could not be read", path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It has something that no image gets.
    #[error("{} is refused", path.display())]
    Refused {
        /// The directory.
        path: PathBuf,
        /// What, and why.
        #[source]
        source: Refused,
    },
}

impl DirectoryError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the path, and that you may read all that is in it",
            Self::Refused { source, .. } => source.hint(),
        }
    }
}

/// The files of a directory: all but what belongs to development and editors. Times, owners and permissions of this
/// machine are not taken.
///
/// # Errors
/// When something cannot be read, or is nothing that an image gets.
pub fn read(root: &Path, limits: Limits) -> Result<Tree, DirectoryError> {
    let mut gather = Gather::new(limits);
    walk(root, "", &mut gather).map_err(|(path, error)| match error {
        GatherError::Read(source) => DirectoryError::Read { path, source },
        GatherError::Refused(source) => DirectoryError::Refused { path: root.to_owned(), source },
    })?;
    let refused = |source| DirectoryError::Refused { path: root.to_owned(), source };
    gather.finish_whole().map_err(refused)
}

fn walk(at: &Path, name: &str, gather: &mut Gather) -> Result<(), (PathBuf, GatherError)> {
    let wrong = |error: io::Error| (at.to_owned(), GatherError::from(error));
    if !name.is_empty() {
        gather.directory(name).map_err(|error| (at.to_owned(), error))?;
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(at).map_err(wrong)? {
        entries.push(entry.map_err(wrong)?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let found = entry.file_name();
        let Some(part) = found.to_str() else {
            let refused = refuse(&found.to_string_lossy(), Refusal::Name);
            return refused.map_err(|error| (path, error));
        };
        if is_left_out(part) {
            continue;
        }
        let name = if name.is_empty() { part.to_owned() } else { format!("{name}/{part}") };
        let kind = entry.file_type().map_err(|error| (path.clone(), error.into()))?;
        if kind.is_dir() {
            walk(&path, &name, gather)?;
        } else {
            take(&path, &name, kind, gather).map_err(|error| (path, error))?;
        }
    }
    Ok(())
}

fn take(
    path: &Path,
    name: &str,
    kind: fs::FileType,
    gather: &mut Gather,
) -> Result<(), GatherError> {
    if kind.is_symlink() {
        let target = fs::read_link(path)?;
        let Some(target) = target.to_str() else { return refuse(name, Refusal::Name) };
        gather.symlink(name, target)
    } else if kind.is_file() {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        gather.file(name, size, file)
    } else {
        refuse(name, Refusal::Kind)
    }
}

/// Whether a file belongs to development, or is what an editor keeps beside the file that is edited.
fn is_left_out(name: &str) -> bool {
    let is_editors = name.ends_with('~')
        || (name.starts_with('.') && (name.ends_with(".swp") || name.ends_with(".swo")))
        || name.starts_with(".#")
        || (name.starts_with('#') && name.ends_with('#'))
        || name.starts_with("._");
    LEFT_OUT.contains(&name) || is_editors
}
