//! What dpkg and the maintainer scripts of these packages would have done, done as data.

mod accounts;
mod base;
mod certificates;
mod merge;
mod php;
mod scripts;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::archive::Unpacked;
use crate::tree::{Kind, Node, PathError, Tree, TreePath};
pub(super) use status::Entry;

/// The packages do not make a system.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// A package has a script that nobody has read.
    #[error("`{package}` has to run its script `{script}`, whose work is not known")]
    Script {
        /// The package.
        package: String,
        /// Its script.
        script: String,
    },
    /// Two packages bring the same file.
    #[error("`{package}` brings `{path}`, which another package has brought already")]
    Twice {
        /// The package that comes second.
        package: String,
        /// The file.
        path: TreePath,
    },
    /// A file lies below something that is no directory.
    #[error("`{0}` does not lie in a directory")]
    NoDirectory(TreePath),
    /// A second name of a file that is not there.
    #[error("`{0}` is another name of a file that is not there")]
    Dangling(TreePath),
    /// A file that has to be there is not, or has another form.
    #[error("`{0}` is missing or cannot be read")]
    Missing(String),
    /// A path cannot be made.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// The files of all packages as one system. `unpacked` and `entries` are of the same packages, in the same order.
pub(super) fn settle(
    unpacked: Vec<(String, Unpacked)>,
    entries: &[Entry<'_>],
) -> Result<Tree, SettleError> {
    for (package, unpacked) in &unpacked {
        scripts::check(package, &unpacked.scripts)?;
    }
    let mut tree = merge::merge(unpacked)?;
    base::settle(&mut tree)?;
    accounts::settle(&mut tree)?;
    certificates::settle(&mut tree)?;
    php::settle(&mut tree)?;
    status::settle(&mut tree, entries)?;
    let tree = tree.with_parents();
    merge::check(&tree)?;
    Ok(tree)
}

/// The contents of a file, if there is one.
fn contents(tree: &Tree, path: &str) -> Result<Option<Arc<[u8]>>, SettleError> {
    Ok(match tree.get(&path.parse()?).map(|node| &node.kind) {
        Some(Kind::File(contents)) => Some(contents.clone()),
        _ => None,
    })
}

/// The contents of a file that has to be there, as text.
fn text(tree: &Tree, path: &str) -> Result<String, SettleError> {
    let missing = || SettleError::Missing(path.to_owned());
    let contents = contents(tree, path)?.ok_or_else(missing)?;
    String::from_utf8(contents.to_vec()).map_err(|_| missing())
}

/// Copies a file, if it is there.
fn copy(tree: &mut Tree, from: &str, to: &str) -> Result<(), SettleError> {
    if let Some(contents) = contents(tree, from)? {
        tree.file(to.parse()?, contents);
    }
    Ok(())
}

/// Makes a link, if what it leads to is there.
fn link(tree: &mut Tree, path: &str, target: &str) -> Result<(), SettleError> {
    let link: TreePath = path.parse()?;
    let absolute = match (target.strip_prefix('/'), path.rsplit_once('/')) {
        (Some(absolute), _) => absolute.to_owned(),
        (None, Some((directory, _))) => format!("{directory}/{target}"),
        (None, None) => target.to_owned(),
    };
    if tree.get(&absolute.parse()?).is_some() {
        tree.symlink(link, target);
    }
    Ok(())
}

/// Makes a directory with that mode.
fn directory(tree: &mut Tree, path: &str, mode: u32) -> Result<(), SettleError> {
    let _before = tree.insert(path.parse()?, Node::root(Kind::Directory, mode));
    Ok(())
}
