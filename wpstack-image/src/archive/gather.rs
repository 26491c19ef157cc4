//! The files of an archive or a directory, as they come in, and what is refused of them.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::tree::{Kind, Node, Tree, TreePath};

/// How much is taken from one archive or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of the archive itself in bytes.
    pub packed: u64,
    /// The size of all files in bytes. It also bounds what is unpacked of a compressed archive.
    pub unpacked: u64,
    /// How many files, directories and links there are.
    pub entries: usize,
    /// How long a path is in bytes.
    pub path: usize,
}

impl Default for Limits {
    /// Several times what the largest plugins have: WordPress itself has 27 MB packed, 81 MB and 3,600 entries.
    fn default() -> Self {
        Self { packed: 256 << 20, unpacked: 768 << 20, entries: 60_000, path: 1024 }
    }
}

/// Something in an archive or a directory that no image gets.
#[derive(Debug, thiserror::Error)]
#[error("`{}` {why}", name.escape_debug())]
pub struct Refused {
    /// Its name, as it stands there.
    pub name: String,
    /// What is wrong with it.
    pub why: Refusal,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `..`, an absolute path, or no path at all.
    #[error("leads outside, or is no path")]
    Outside,
    /// Not UTF-8, or with a backslash or a control character.
    #[error("has a name that not every system can have")]
    Name,
    /// A name by which layers delete what lies below.
    #[error("has a name that container engines take for a deletion")]
    Whiteout,
    /// Longer than any real path.
    #[error("is longer than any path should be")]
    Long,
    /// There twice.
    #[error("is there twice")]
    Twice,
    /// The same but for upper and lower case: on some machines they are one file.
    #[error("differs from `{0}` in upper and lower case only")]
    Case(String),
    /// Below a file or a link.
    #[error("stands in `{0}`, which is no directory")]
    Through(String),
    /// A symbolic link out of the folder.
    #[error("is a link that leads outside: to `{0}`")]
    Link(String),
    /// A hard link to nothing.
    #[error("is another name of `{0}`, which is no file before it")]
    HardLink(String),
    /// A device, a socket, a pipe or worse.
    #[error("is neither file, directory nor link")]
    Kind,
    /// With a password.
    #[error("is encrypted")]
    Encrypted,
    /// More than fits into the limits.
    #[error("makes it more than {0} bytes unpacked")]
    Large(u64),
    /// More entries than the limits allow.
    #[error("makes it more than {0} files")]
    Many(usize),
}

impl Refused {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.why {
            Refusal::Encrypted => "unpack it, and name the directory instead of the archive",
            Refusal::Case(_) | Refusal::Name | Refusal::Whiteout | Refusal::Long => "rename it",
            Refusal::Link(_) | Refusal::HardLink(_) => "put the file itself in its place",
            Refusal::Kind => "take it out of the folder",
            Refusal::Large(_) | Refusal::Many(_) => {
                "leave out what the site does not need: sources, tests, packages for development"
            }
            Refusal::Outside | Refusal::Twice | Refusal::Through(_) => {
                "no honest tool packs that: get the archive from its author again"
            }
        }
    }
}

/// How deep a path may lead.
const DEPTH: usize = 64;

/// Files as they come in: root's, and readable.
#[derive(Debug)]
pub(super) struct Gather {
    tree: Tree,
    limits: Limits,
    size: u64,
}

/// Either the reading or what was read is wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum GatherError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Read(#[from] io::Error),
}

impl Gather {
    pub(super) fn new(limits: Limits) -> Self {
        Self { tree: Tree::new(), limits, size: 0 }
    }

    pub(super) fn directory(&mut self, name: &str) -> Result<(), GatherError> {
        // The folder itself, as `tar -C folder .` writes it.
        if matches!(name, "." | "./") {
            return Ok(());
        }
        let path = self.path(name)?;
        if !matches!(self.tree.get(&path), Some(Node { kind: Kind::Directory, .. })) {
            self.insert(path, name, Node::root(Kind::Directory, 0o755))?;
        }
        Ok(())
    }

    /// Takes a file that should have that size. What it says counts less than what comes.
    pub(super) fn file(
        &mut self,
        name: &str,
        size: u64,
        contents: impl Read,
    ) -> Result<(), GatherError> {
        let path = self.path(name)?;
        let left = self.limits.unpacked - self.size;
        let mut bytes = Vec::new();
        if size <= left {
            contents.take(left + 1).read_to_end(&mut bytes)?;
        }
        if size.max(bytes.len() as u64) > left {
            return refuse(name, Refusal::Large(self.limits.unpacked));
        }
        self.size += bytes.len() as u64;
        self.insert(path, name, Node::root(Kind::File(bytes.into()), 0o644))
    }

    pub(super) fn symlink(&mut self, name: &str, target: &str) -> Result<(), GatherError> {
        let path = self.path(name)?;
        self.insert(path, name, Node::root(Kind::Symlink(target.to_owned()), 0o777))
    }

    /// Another name of a file that came before.
    pub(super) fn hard_link(&mut self, name: &str, target: &str) -> Result<(), GatherError> {
        let path = self.path(name)?;
        let file = target.parse().ok().and_then(|target| self.tree.get(&target)).cloned();
        match file {
            // As a file of its own, which it is to the image.
            Some(Node { kind: Kind::File(bytes), .. }) => {
                let size = bytes.len() as u64;
                if size > self.limits.unpacked - self.size {
                    return refuse(name, Refusal::Large(self.limits.unpacked));
                }
                self.size += size;
                self.insert(path, name, Node::root(Kind::File(bytes), 0o644))
            }
            _ => refuse(name, Refusal::HardLink(target.to_owned())),
        }
    }

    /// All that came. Where there is one folder and nothing beside it, what is in that folder.
    pub(super) fn finish(self) -> Result<Tree, Refused> {
        let Self { tree, limits, size } = self;
        Self { tree: without_top(tree.with_parents()), limits, size }.finish_whole()
    }

    /// All that came.
    pub(super) fn finish_whole(self) -> Result<Tree, Refused> {
        let tree = self.tree.with_parents();
        let mut folded = BTreeMap::new();
        for (path, node) in tree.iter() {
            let refused = |why| Err(Refused { name: path.as_str().to_owned(), why });
            if let Some(other) = folded.insert(path.as_str().to_lowercase(), path) {
                return refused(Refusal::Case(other.as_str().to_owned()));
            }
            let is_directory = |parent: &TreePath| {
                tree.get(parent).is_none_or(|node| node.kind == Kind::Directory)
            };
            if let Some(parent) = path.parents().find(|parent| !is_directory(parent)) {
                return refused(Refusal::Through(parent.as_str().to_owned()));
            }
            match &node.kind {
                Kind::Symlink(target) if !stays_inside(path, target) => {
                    return refused(Refusal::Link(target.clone()));
                }
                Kind::Symlink(_) | Kind::Directory | Kind::File(_) | Kind::HardLink(_) => {}
            }
        }
        Ok(tree)
    }

    fn path(&self, name: &str) -> Result<TreePath, GatherError> {
        // Every directory on the way is one more, whether the archive has it or not.
        if name.len() > self.limits.path || name.split('/').count() > DEPTH {
            return refuse(name, Refusal::Long);
        }
        if name.contains('\\') || name.chars().any(char::is_control) {
            return refuse(name, Refusal::Name);
        }
        // A path of the tree may begin with a slash, for people write it so. In an archive it is an attack.
        match name.parse::<TreePath>() {
            Ok(path) if !name.starts_with('/') => {
                let is_deletion = path.as_str().split('/').any(|part| part.starts_with(".wh."));
                if is_deletion { refuse(name, Refusal::Whiteout) } else { Ok(path) }
            }
            _ => refuse(name, Refusal::Outside),
        }
    }

    fn insert(&mut self, path: TreePath, name: &str, node: Node) -> Result<(), GatherError> {
        if self.tree.get(&path).is_some() {
            return refuse(name, Refusal::Twice);
        }
        if self.tree.len() == self.limits.entries {
            return refuse(name, Refusal::Many(self.limits.entries));
        }
        self.tree.insert(path, node);
        Ok(())
    }
}

pub(super) fn refuse<T>(name: &str, why: Refusal) -> Result<T, GatherError> {
    Err(Refused { name: name.to_owned(), why }.into())
}

/// What is in the one folder, or all of it when there are several.
fn without_top(tree: Tree) -> Tree {
    let top = |path: &TreePath| path.as_str().split('/').next().map(str::to_owned);
    let Some(first) = tree.iter().next().and_then(|(path, _)| top(path)) else { return tree };
    let is_folder = first
        .parse()
        .is_ok_and(|path| matches!(tree.get(&path), Some(Node { kind: Kind::Directory, .. })));
    if !is_folder || tree.iter().any(|(path, _)| top(path).as_ref() != Some(&first)) {
        return tree;
    }
    let below = |(path, node): (TreePath, Node)| {
        Some((path.as_str().strip_prefix(&first)?.strip_prefix('/')?.parse().ok()?, node))
    };
    let mut inner = Tree::new();
    inner.extend(tree.into_iter().filter_map(below));
    inner
}

/// Whether a link ends in its folder. `..` may stand at the beginning only: after a name, which may be a link itself,
/// nobody knows from the text alone where it leads.
fn stays_inside(link: &TreePath, target: &str) -> bool {
    let depth = link.parents().count();
    let ups = target.split('/').take_while(|part| *part == "..").count();
    let rest = target.split('/').skip(ups);
    !target.is_empty()
        && !target.starts_with('/')
        && ups <= depth
        && rest.into_iter().all(|part| part != "..")
}
