//! Files in memory, as an image has them: nothing of the machine that builds, not its users, times or links.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The files of one layer, by path. Two trees with the same files give the same layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<TreePath, Node>);

/// A path in an image, without the leading slash: `etc/nginx/nginx.conf`. Never empty, never absolute, and without
/// `.`, `..`, empty parts or control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(String);

/// A path that no image may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no path for a file of an image: it leads outside, or is empty", self.0.escape_debug())]
pub struct PathError(pub String);

/// One file, directory or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Permissions: the lower twelve bits.
    pub mode: u32,
    /// The user that owns it.
    pub user: u32,
    /// The group that owns it.
    pub group: u32,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A file with its contents.
    File(Arc<[u8]>),
    /// A symbolic link, with the text of its target.
    Symlink(String),
    /// A second name of the file at that path of the same tree.
    HardLink(TreePath),
}

impl Tree {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a node at a path, in place of whatever is there. Directories above it are not made: see
    /// [`Tree::with_parents`].
    pub fn insert(&mut self, path: TreePath, node: Node) -> Option<Node> {
        self.0.insert(path, node)
    }

    /// A file of root's that everybody may read.
    pub fn file(&mut self, path: TreePath, contents: impl Into<Arc<[u8]>>) -> &mut Self {
        self.0.insert(path, Node::root(Kind::File(contents.into()), 0o644));
        self
    }

    /// A program of root's.
    pub fn program(&mut self, path: TreePath, contents: impl Into<Arc<[u8]>>) -> &mut Self {
        self.0.insert(path, Node::root(Kind::File(contents.into()), 0o755));
        self
    }

    /// A directory of root's.
    pub fn directory(&mut self, path: TreePath) -> &mut Self {
        self.0.insert(path, Node::root(Kind::Directory, 0o755));
        self
    }

    /// A symbolic link.
    pub fn symlink(&mut self, path: TreePath, target: impl Into<String>) -> &mut Self {
        self.0.insert(path, Node::root(Kind::Symlink(target.into()), 0o777));
        self
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Node> {
        self.0.get(path)
    }

    /// Takes what stands at a path.
    pub fn remove(&mut self, path: &TreePath) -> Option<Node> {
        self.0.remove(path)
    }

    /// All of it, sorted by path, so that a directory comes before what is in it.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Node)> {
        self.0.iter()
    }

    /// How many nodes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With every directory that stands above a node and is not named itself: root's, mode 0755.
    #[must_use]
    pub fn with_parents(mut self) -> Self {
        let parents: Vec<_> = self.0.keys().flat_map(TreePath::parents).collect();
        for parent in parents {
            self.0.entry(parent).or_insert_with(|| Node::root(Kind::Directory, 0o755));
        }
        self
    }
}

impl Extend<(TreePath, Node)> for Tree {
    fn extend<I: IntoIterator<Item = (TreePath, Node)>>(&mut self, nodes: I) {
        self.0.extend(nodes);
    }
}

impl IntoIterator for Tree {
    type Item = (TreePath, Node);
    type IntoIter = std::collections::btree_map::IntoIter<TreePath, Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Node {
    /// A node that root owns.
    #[must_use]
    pub fn root(kind: Kind, mode: u32) -> Self {
        Self { kind, mode, user: 0, group: 0 }
    }

    /// The same, owned by that user and group.
    #[must_use]
    pub fn owned_by(self, user: u32, group: u32) -> Self {
        Self { user, group, ..self }
    }
}

impl TreePath {
    /// The path as text, without the leading slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of something in this directory.
    ///
    /// # Errors
    /// When `below` leads outside.
    pub fn join(&self, below: &str) -> Result<Self, PathError> {
        format!("{}/{below}", self.0).parse()
    }

    /// The directories above, the nearest first.
    pub fn parents(&self) -> impl Iterator<Item = Self> + use<> {
        let text = self.0.clone();
        let ends: Vec<_> = text.rmatch_indices('/').map(|(at, _)| at).collect();
        ends.into_iter().map(move |at| Self(text[..at].to_owned()))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TreePath {
    type Err = PathError;

    /// Reads a path. A leading `/` or `./` and a `/` at the end, as archives write them, are left out.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let path = text.strip_prefix("./").unwrap_or(text).trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let is_part = |part: &str| !matches!(part, "" | "." | "..");
        if path.split('/').all(is_part) && !path.chars().any(char::is_control) {
            Ok(Self(path.to_owned()))
        } else {
            Err(PathError(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leads_outside() {
        for text in ["", "/", "..", "a/../b", "./../x", "a//b", "a/./b", "a\nb", "a/.."] {
            assert_eq!(text.parse::<TreePath>(), Err(PathError(text.to_owned())));
        }
        for (text, path) in [("/etc/x", "etc/x"), ("./usr/bin/", "usr/bin"), ("a..b", "a..b")] {
            assert_eq!(text.parse::<TreePath>().unwrap().as_str(), path);
        }
    }

    #[test]
    fn directories_above_are_made_and_none_is_changed() {
        let mut tree = Tree::new();
        tree.file("a/b/c".parse().unwrap(), *b"text");
        tree.insert("a".parse().unwrap(), Node::root(Kind::Directory, 0o700));
        let tree = tree.with_parents();
        let shown: Vec<_> = tree.iter().map(|(path, node)| (path.as_str(), node.mode)).collect();
        assert_eq!(shown, [("a", 0o700), ("a/b", 0o755), ("a/b/c", 0o644)]);
    }
}
