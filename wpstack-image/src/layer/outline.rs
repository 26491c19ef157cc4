//! What a tree is, without the contents of its files: enough to lay one layer upon another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tree::{Kind, Node, PathError, Tree, TreePath};

/// The paths of a layer, and what stands at each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Entry>", into = "BTreeMap<String, Entry>")]
pub struct Outline(BTreeMap<TreePath, Entry>);

impl TryFrom<BTreeMap<String, Entry>> for Outline {
    type Error = PathError;

    fn try_from(entries: BTreeMap<String, Entry>) -> Result<Self, PathError> {
        entries
            .into_iter()
            .map(|(path, entry)| Ok((path.parse()?, entry)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl From<Outline> for BTreeMap<String, Entry> {
    fn from(outline: Outline) -> Self {
        outline.0.into_iter().map(|(path, entry)| (path.as_str().to_owned(), entry)).collect()
    }
}

/// One path of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What stands there.
    pub shape: Shape,
    /// Permissions.
    pub mode: u32,
    /// The user that owns it.
    pub user: u32,
    /// The group that owns it.
    pub group: u32,
    /// Whether it is a directory that is repeated from the layers below, only because something stands in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_repeated: bool,
}

/// What stands at a path of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A directory.
    Directory,
    /// A file, under its first name or another.
    File,
    /// A symbolic link.
    Symlink(String),
}

impl Outline {
    /// The outline of a tree.
    #[must_use]
    pub fn of(tree: &Tree) -> Self {
        let entry = |(path, node): (&TreePath, &Node)| {
            let shape = match &node.kind {
                Kind::Directory => Shape::Directory,
                Kind::File(_) | Kind::HardLink(_) => Shape::File,
                Kind::Symlink(target) => Shape::Symlink(target.clone()),
            };
            let Node { mode, user, group, .. } = *node;
            let entry = Entry { shape, mode, user, group, is_repeated: false };
            (path.clone(), entry)
        };
        Self(tree.iter().map(entry).collect())
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Entry> {
        self.0.get(path)
    }

    /// All of it, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Entry)> {
        self.0.iter()
    }

    pub(crate) fn put(&mut self, path: &TreePath, entry: Entry) {
        self.0.insert(path.clone(), entry);
    }

    /// Adds a directory that is repeated from the layers below.
    pub(crate) fn repeat(&mut self, path: &TreePath, entry: Entry) {
        self.0.insert(path.clone(), Entry { is_repeated: true, ..entry });
    }
}

impl Entry {
    /// A directory of root's that everybody may enter.
    pub(crate) fn directory() -> Self {
        Self { shape: Shape::Directory, mode: 0o755, user: 0, group: 0, is_repeated: false }
    }
}
