//! WordPress and what a site adds to it: core, plugins, themes, a language, further files.

mod core;
mod extension;
mod files;
mod language;

pub use core::{Core, CoreError, core};
pub use extension::{Extension, ExtensionError, ExtensionKind};
pub use files::{FilesError, files};
pub use language::{LanguageError, language};

use wpstack_core::image::contract;

use crate::tree::{PathError, Tree, TreePath};

/// The path of something of WordPress's in the image.
fn in_wordpress(below: &str) -> Result<TreePath, PathError> {
    format!("{}/{below}", contract::WEB_ROOT).parse()
}

/// A tree, moved into a folder of WordPress's.
fn moved(tree: Tree, folder: &str) -> Result<Tree, PathError> {
    let folder = in_wordpress(folder)?;
    let mut moved = Tree::new();
    moved.directory(folder.clone());
    for (path, node) in tree {
        moved.insert(folder.join(path.as_str())?, node);
    }
    Ok(moved)
}

#[cfg(test)]
mod tests;
