//! A tree as a tar archive that tells nothing but the tree.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tar::{Builder, EntryType, Header};

use super::LayerError;
use crate::tree::{Kind, Node, Tree, TreePath};

/// The longest target of a link that fits into a header.
const LINK_FIELD: usize = 100;

/// Writes the tree: sorted, without times and names of users, in GNU's format with its long names.
pub(super) fn write<W: Write>(tree: &Tree, to: W) -> Result<W, LayerError> {
    let names = Names::of(tree)?;
    let mut tar = Builder::new(to);
    for (path, node) in tree.iter() {
        if path.as_str().split('/').any(|part| part.starts_with(".wh.")) {
            return Err(LayerError::Whiteout(path.clone()));
        }
        append(&mut tar, path, node, &names).map_err(LayerError::Write)?;
    }
    tar.into_inner().map_err(LayerError::Write)
}

fn append<W: Write>(
    tar: &mut Builder<W>,
    path: &TreePath,
    node: &Node,
    names: &Names<'_>,
) -> io::Result<()> {
    match &node.kind {
        Kind::Directory => {
            let mut header = header(node, EntryType::Directory, 0);
            tar.append_data(&mut header, format!("{path}/"), io::empty())
        }
        Kind::Symlink(target) => link(tar, path, node, EntryType::Symlink, target),
        Kind::File(contents) => match names.first(path) {
            // Another name of this file came before it and has the contents.
            Some(first) if first != path => link(tar, path, node, EntryType::Link, first.as_str()),
            _ => file(tar, path, node, contents),
        },
        Kind::HardLink(target) => match (names.first(path), names.file(path)) {
            (Some(first), Some((node, contents))) if first == path => {
                file(tar, path, node, contents)
            }
            (Some(first), Some((node, _))) => {
                link(tar, path, node, EntryType::Link, first.as_str())
            }
            _ => Err(io::Error::other(format!("nothing stands at {target}"))),
        },
    }
}

fn file<W: Write>(
    tar: &mut Builder<W>,
    path: &TreePath,
    node: &Node,
    contents: &[u8],
) -> io::Result<()> {
    let mut header = header(node, EntryType::Regular, contents.len() as u64);
    tar.append_data(&mut header, path.as_str(), contents)
}

fn link<W: Write>(
    tar: &mut Builder<W>,
    path: &TreePath,
    node: &Node,
    kind: EntryType,
    target: &str,
) -> io::Result<()> {
    let mut header = header(node, kind, 0);
    if target.len() <= LINK_FIELD {
        // As it is: the crate's own way would tidy the text of the link.
        header.set_link_name_literal(target)?;
    } else {
        let text = [target.as_bytes(), b"\0"].concat();
        let mut long = Header::new_gnu();
        long.set_entry_type(EntryType::GNULongLink);
        long.set_mode(0o644);
        long.set_uid(0);
        long.set_gid(0);
        long.set_mtime(0);
        long.set_size(text.len() as u64);
        long.set_path("././@LongLink")?;
        long.set_cksum();
        tar.append(&long, &text[..])?;
    }
    tar.append_data(&mut header, path.as_str(), io::empty())
}

fn header(node: &Node, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(node.mode & 0o7777);
    header.set_uid(node.user.into());
    header.set_gid(node.group.into());
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// Files with several names. Whoever unpacks an archive links to what is already there, so the first name has the
/// contents, whichever of them the tree gives them to.
struct Names<'a> {
    tree: &'a Tree,
    /// The path that has the contents, by every path that leads to it by hard links.
    ends: BTreeMap<&'a TreePath, &'a TreePath>,
    /// The first name, by the path that has the contents.
    first: BTreeMap<&'a TreePath, &'a TreePath>,
}

impl<'a> Names<'a> {
    fn of(tree: &'a Tree) -> Result<Self, LayerError> {
        let mut names = Self { tree, ends: BTreeMap::new(), first: BTreeMap::new() };
        for (path, node) in tree.iter() {
            if matches!(node.kind, Kind::HardLink(_)) {
                let end = end(tree, path)?;
                names.ends.insert(path, end);
                names.ends.insert(end, end);
                let first = names.first.entry(end).or_insert(end);
                *first = path.min(*first);
            }
        }
        Ok(names)
    }

    fn first(&self, path: &TreePath) -> Option<&'a TreePath> {
        self.first.get(self.ends.get(path)?).copied()
    }

    fn file(&self, path: &TreePath) -> Option<(&'a Node, &'a [u8])> {
        let node = self.tree.get(self.ends.get(path)?)?;
        match &node.kind {
            Kind::File(contents) => Some((node, contents)),
            Kind::Directory | Kind::Symlink(_) | Kind::HardLink(_) => None,
        }
    }
}

/// Where a chain of hard links ends.
fn end<'a>(tree: &'a Tree, link: &'a TreePath) -> Result<&'a TreePath, LayerError> {
    let mut path = link;
    // Each step of a chain that ends is another node.
    for _ in 0..=tree.len() {
        match tree.get(path).map(|node| &node.kind) {
            Some(Kind::HardLink(target)) => path = target,
            Some(Kind::File(_)) => return Ok(path),
            Some(Kind::Directory | Kind::Symlink(_)) | None => break,
        }
    }
    Err(LayerError::HardLink(link.clone()))
}
