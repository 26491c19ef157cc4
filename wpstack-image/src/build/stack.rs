//! Layers upon each other: which directories each repeats, and what it must not touch.

use std::collections::BTreeMap;

use super::{BuildError, Role};
use crate::layer::{Entry, Outline, Shape};
use crate::tree::{Kind, Node, Tree, TreePath};

/// What the layers so far look like from above.
#[derive(Debug, Default)]
pub(super) struct Stack {
    standing: BTreeMap<TreePath, (Entry, usize)>,
    /// Titles and roles of the layers so far.
    layers: Vec<(String, Role)>,
}

impl Stack {
    /// The outline with the directories above everything in it, as they are below. A layer that left them out would be
    /// unpacked with directories of the engine's own making, which hide the owner and mode of those below.
    pub(super) fn complete(&self, outline: &Outline) -> Outline {
        let mut complete = Outline::default();
        for (path, entry) in outline.iter().filter(|(_, entry)| !entry.is_repeated) {
            for parent in path.parents().filter(|parent| is_missing(outline, parent)) {
                let below = self.standing.get(&parent).map(|(entry, _)| entry);
                let directory = below.filter(|entry| entry.shape == Shape::Directory).cloned();
                complete.repeat(&parent, directory.unwrap_or_else(Entry::directory));
            }
            complete.put(path, entry.clone());
        }
        complete
    }

    /// Lays a layer upon the others.
    pub(super) fn lay(
        &mut self,
        title: &str,
        role: Role,
        outline: &Outline,
    ) -> Result<(), BuildError> {
        for (path, entry) in outline.iter().filter(|(_, entry)| !entry.is_repeated) {
            if let Some(at) = path.parents().find(|at| is_in_the_way(outline.get(at))) {
                let (path, upper, lower) = (path.clone(), title.to_owned(), title.to_owned());
                return Err(BuildError::Through { path, upper, at, lower });
            }
            self.check(title, role, path, entry)?;
        }
        let number = self.layers.len();
        self.layers.push((title.to_owned(), role));
        for (path, entry) in outline.iter() {
            // Who has a directory first is asked about it.
            let owner = match self.standing.get(path) {
                Some((_, owner)) if entry.shape == Shape::Directory => *owner,
                _ => number,
            };
            self.standing.insert(path.clone(), (entry.clone(), owner));
        }
        Ok(())
    }

    fn check(
        &self,
        title: &str,
        role: Role,
        path: &TreePath,
        entry: &Entry,
    ) -> Result<(), BuildError> {
        let (path, upper) = (path.clone(), title.to_owned());
        for at in path.parents() {
            match self.standing.get(&at) {
                Some((below, owner)) if is_in_the_way(Some(below)) => {
                    let lower = self.layers[*owner].0.clone();
                    return Err(BuildError::Through { path, upper, at, lower });
                }
                Some(_) | None => {}
            }
        }
        let Some((below, owner)) = self.standing.get(&path) else { return Ok(()) };
        let (lower, lower_role) = &self.layers[*owner];
        let lower = lower.clone();
        match (&below.shape, &entry.shape) {
            (Shape::Directory, Shape::Directory) => Ok(()),
            (Shape::Directory, _) | (_, Shape::Directory) => {
                Err(BuildError::Through { at: path.clone(), path, upper, lower })
            }
            _ if role == Role::Configuration && *lower_role != Role::Files => Ok(()),
            _ => Err(BuildError::Replaced { path, upper, lower }),
        }
    }
}

/// The tree with the directories that its outline repeats.
pub(super) fn filled(mut tree: Tree, outline: &Outline) -> Tree {
    for (path, entry) in outline.iter().filter(|(_, entry)| entry.is_repeated) {
        let node = Node::root(Kind::Directory, entry.mode).owned_by(entry.user, entry.group);
        tree.insert(path.clone(), node);
    }
    tree
}

fn is_missing(outline: &Outline, path: &TreePath) -> bool {
    outline.get(path).is_none_or(|entry| entry.is_repeated)
}

/// Whether nothing can stand below it.
fn is_in_the_way(entry: Option<&Entry>) -> bool {
    entry.is_some_and(|entry| entry.shape != Shape::Directory)
}
