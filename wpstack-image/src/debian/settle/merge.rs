//! The files of all packages, one beside the other.

use crate::tree::{Kind, Tree, TreePath};

use super::super::archive::Unpacked;
use super::SettleError;

/// Puts the files into one tree, in the order of the packages.
pub(super) fn merge(unpacked: Vec<(String, Unpacked)>) -> Result<Tree, SettleError> {
    let mut tree = Tree::new();
    for (package, unpacked) in unpacked {
        for (path, node) in unpacked.files {
            match (tree.get(&path).map(|there| &there.kind), &node.kind) {
                // As dpkg does: a directory is its first owner's, and may be a link to a directory.
                (Some(Kind::Directory | Kind::Symlink(_)), Kind::Directory) => {}
                (None, _) => {
                    let _before = tree.insert(path, node);
                }
                (Some(_), _) => return Err(SettleError::Twice { package, path }),
            }
        }
    }
    Ok(tree)
}

/// Everything lies in directories, so that no path leads through a link, and every second name has a first one.
pub(super) fn check(tree: &Tree) -> Result<(), SettleError> {
    let kind = |path: &TreePath| tree.get(path).map(|node| &node.kind);
    for (path, node) in tree.iter() {
        let parent = path.parents().next();
        if parent.is_some_and(|parent| !matches!(kind(&parent), Some(Kind::Directory))) {
            return Err(SettleError::NoDirectory(path.clone()));
        }
        if let Kind::HardLink(target) = &node.kind
            && !matches!(kind(target), Some(Kind::File(_)))
        {
            return Err(SettleError::Dangling(path.clone()));
        }
    }
    Ok(())
}
