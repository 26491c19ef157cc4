//! Further files of the recipe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wpstack_core::image::contract;

use crate::tree::{Tree, TreePath};

/// Where no further file may stand, and why. What the distribution, WordPress and the configuration have is refused when
/// the layers are laid upon each other; these would be refused for what they could do.
const CLOSED: [(&str, &str); 27] = [
    ("bin", SYSTEM),
    ("sbin", SYSTEM),
    ("lib", SYSTEM),
    ("lib64", SYSTEM),
    ("boot", SYSTEM),
    ("usr/bin", SYSTEM),
    ("usr/sbin", SYSTEM),
    ("usr/lib", SYSTEM),
    ("usr/lib64", SYSTEM),
    ("usr/local/bin", SYSTEM),
    ("usr/local/sbin", SYSTEM),
    ("usr/local/lib", SYSTEM),
    ("etc/passwd", SYSTEM),
    ("etc/group", SYSTEM),
    ("etc/shadow", SYSTEM),
    ("etc/gshadow", SYSTEM),
    ("etc/ld.so.preload", SYSTEM),
    ("etc/ld.so.conf", SYSTEM),
    ("etc/ld.so.conf.d", SYSTEM),
    ("etc/nsswitch.conf", SYSTEM),
    ("etc/hosts", MOUNTED),
    ("etc/hostname", MOUNTED),
    ("etc/resolv.conf", MOUNTED),
    ("dev", MOUNTED),
    ("proc", MOUNTED),
    ("sys", MOUNTED),
    ("var/run", MOUNTED),
];
const SYSTEM: &str = "it decides what runs in the container, and as whom";
const MOUNTED: &str =
    "something else is mounted there when the container runs, so nobody would see it";

/// Why a further file is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// Not a path from the root of the image.
    #[error("`{}` is no place for a file of the image", .0.display())]
    Path(PathBuf),
    /// Nothing of a recipe may stand there.
    #[error("no further file may stand at `/{path}`: {why}")]
    Closed {
        /// Where it was to stand.
        path: TreePath,
        /// Why not.
        why: &'static str,
    },
}

impl FilesError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Path(_) => "write it from the root: `/etc/ssl/database-ca.pem`",
            Self::Closed { .. } => {
                "choose another place, such as `/srv/wordpress/wp-content/mu-plugins/` or `/etc/ssl/`"
            }
        }
    }
}

/// The further files, each at its place.
///
/// # Errors
/// When one may not stand where the recipe says.
pub fn files(files: &BTreeMap<PathBuf, Arc<[u8]>>) -> Result<Tree, FilesError> {
    let mut tree = Tree::new();
    for (path, contents) in files {
        tree.file(place(path)?, contents.clone());
    }
    Ok(tree)
}

/// Where a file stands, if it may.
pub(crate) fn place(path: &Path) -> Result<TreePath, FilesError> {
    let wrong = || FilesError::Path(path.to_owned());
    let text = path.to_str().filter(|text| text.starts_with('/') && !text.ends_with('/'));
    let path: TreePath = text.ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
    let mounted = contract::WRITABLE.iter().chain([&contract::UPLOADS]);
    let mounted = mounted.map(|path| (path.trim_start_matches('/'), MOUNTED));
    let closed = CLOSED.into_iter().chain(mounted).find(|(closed, _)| {
        path.as_str()
            .strip_prefix(closed)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    match closed {
        Some((_, why)) => Err(FilesError::Closed { path, why }),
        None => Ok(path),
    }
}
