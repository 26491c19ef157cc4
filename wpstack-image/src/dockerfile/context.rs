//! Archives of a tree that tell nothing but the tree.

use std::io::{self, Write};

use tar::{Builder, EntryType, Header};

use crate::tree::{Kind, Node, Tree};

/// A tree as an archive, with its owners, links and permissions.
pub(super) fn pack(tree: &Tree) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (path, node) in tree.iter() {
        match &node.kind {
            Kind::Directory => {
                let path = format!("{path}/");
                tar.append_data(&mut header(node, EntryType::Directory, 0), path, io::empty())?;
            }
            Kind::File(contents) => {
                let mut header = header(node, EntryType::Regular, contents.len() as u64);
                tar.append_data(&mut header, path.as_str(), &contents[..])?;
            }
            Kind::Symlink(target) => {
                let mut header = header(node, EntryType::Symlink, 0);
                tar.append_link(&mut header, path.as_str(), target)?;
            }
            // Whoever unpacks links to what is there already, which a later name is not. A copy is the same to readers.
            Kind::HardLink(target) => match tree.get(target).map(|file| (file, &file.kind)) {
                Some((file, Kind::File(contents))) => {
                    let mut header = header(file, EntryType::Regular, contents.len() as u64);
                    tar.append_data(&mut header, path.as_str(), &contents[..])?;
                }
                _ => return Err(io::Error::other(format!("`/{path}` is a link to no file"))),
            },
        }
    }
    tar.into_inner()
}

/// Files by name as an archive.
pub(super) fn archive<const N: usize>(files: [(&str, Vec<u8>); N]) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for (name, contents) in files {
        let node = Node::root(Kind::Directory, 0o644);
        let mut header = header(&node, EntryType::Regular, contents.len() as u64);
        tar.append_data(&mut header, name, &contents[..])?;
    }
    let mut bytes = tar.into_inner()?;
    bytes.flush()?;
    Ok(bytes)
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
