//! What a recipe takes from the machine that builds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wpstack_core::image::{ImageSpec, Source};
use wpstack_core::value::Checksum;

use crate::archive::{DirectoryError, Limits, read_directory};
use crate::digest::Digest;
use crate::tree::{Kind, Tree};

/// The largest further file: they are kept in memory.
const FILE: u64 = 64 << 20;

/// What a recipe takes from this machine, read once: what the checksums are of is what gets into the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The plugins that are directories, by name.
    pub plugins: BTreeMap<String, Tree>,
    /// The themes that are directories, by name.
    pub themes: BTreeMap<String, Tree>,
    /// The language pack, if it is a directory.
    pub language: Option<Tree>,
    /// Further files, by their place in the image.
    pub files: BTreeMap<PathBuf, Arc<[u8]>>,
}

/// Why local inputs cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A directory of the recipe.
    #[error("{what} cannot be taken from its directory")]
    Directory {
        /// What it is: "plugin `shop`".
        what: String,
        /// What happened.
        #[source]
        source: DirectoryError,
    },
    /// A further file of the recipe.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file of this machine.
        path: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// A further file that is too large.
    #[error("{} has more than {FILE} bytes", .0.display())]
    Large(PathBuf),
}

impl InputError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Directory { source, .. } => source.hint(),
            Self::File { .. } => "name a file, and check that you may read it",
            Self::Large(_) => "keep what is large in the uploads or in an object store",
        }
    }
}

impl Inputs {
    /// Reads everything of this machine that the recipe names. Archives are none of that: their checksums say what they
    /// are.
    ///
    /// # Errors
    /// When something cannot be read, or is nothing that an image gets. The path is named.
    pub fn read(recipe: &ImageSpec) -> Result<Self, InputError> {
        let mut inputs = Self::default();
        for (name, source) in &recipe.plugins {
            if let Some(tree) = directory(&format!("plugin `{name}`"), source)? {
                inputs.plugins.insert(name.clone(), tree);
            }
        }
        for (name, source) in &recipe.themes {
            if let Some(tree) = directory(&format!("theme `{name}`"), source)? {
                inputs.themes.insert(name.clone(), tree);
            }
        }
        if let Some(pack) = &recipe.language {
            inputs.language = directory(&format!("language `{}`", pack.locale), &pack.source)?;
        }
        for (place, path) in &recipe.files {
            inputs.files.insert(place.clone(), file(path)?);
        }
        Ok(inputs)
    }

    /// The checksum of each, by where the recipe names it, as [`ImageSpec::local`] does.
    #[must_use]
    pub fn checksums(&self) -> BTreeMap<String, Checksum> {
        let Self { plugins, themes, language, files } = self;
        let trees = [("plugins", plugins), ("themes", themes)];
        let trees = trees.into_iter().flat_map(|(kind, trees)| {
            trees.iter().map(move |(name, tree)| (format!("{kind}.{name}"), digest_of(tree)))
        });
        let language = language.iter().map(|tree| ("language".to_owned(), digest_of(tree)));
        let files = files
            .iter()
            .map(|(place, contents)| (format!("files.{}", place.display()), Digest::of(contents)));
        let all = trees.chain(language).chain(files);
        all.map(|(name, digest)| (name, digest.checksum())).collect()
    }
}

/// The digest of what a tree is.
pub(crate) fn digest_of(tree: &Tree) -> Digest {
    let mut parts = Parts::default();
    for (path, node) in tree.iter() {
        parts.add(path.as_str().as_bytes());
        let (kind, contents) = match &node.kind {
            Kind::Directory => (0, &b""[..]),
            Kind::File(contents) => (1, &contents[..]),
            Kind::Symlink(target) => (2, target.as_bytes()),
            Kind::HardLink(target) => (3, target.as_str().as_bytes()),
        };
        for number in [kind, node.mode, node.user, node.group] {
            parts.add(&number.to_le_bytes());
        }
        parts.add(contents);
    }
    parts.finish()
}

/// A digest of several values. Where one ends and the next begins counts.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> Digest {
        Digest::from_hash(self.0)
    }
}

fn directory(what: &str, source: &Source) -> Result<Option<Tree>, InputError> {
    let Source::Directory(path) = source else { return Ok(None) };
    let wrong = |source| InputError::Directory { what: what.to_owned(), source };
    read_directory(path, Limits::default()).map(Some).map_err(wrong)
}

fn file(path: &Path) -> Result<Arc<[u8]>, InputError> {
    let wrong = |source| InputError::File { path: path.to_owned(), source };
    // Asked for before it is opened: a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(wrong)?.is_file() {
        return Err(wrong(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(wrong)?;
    file.take(FILE + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > FILE {
        return Err(InputError::Large(path.to_owned()));
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn recipe(home: &Path) -> ImageSpec {
        ImageSpec {
            plugins: [("shop".to_owned(), Source::Directory(home.join("shop")))].into(),
            files: [(PathBuf::from("/etc/ssl/ca.pem"), home.join("ca.pem"))].into(),
            ..ImageSpec::default()
        }
    }

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("shop")).unwrap();
        fs::write(home.path().join("shop/shop.php"), "<?php").unwrap();
        fs::write(home.path().join("ca.pem"), "ca").unwrap();
        home
    }

    fn of(recipe: &ImageSpec) -> BTreeMap<String, Checksum> {
        Inputs::read(recipe).unwrap().checksums()
    }

    #[test]
    fn checksums_tell_what_is_built_and_not_where_or_when() {
        let (one, other) = (home(), home());
        let (first, second) = (recipe(one.path()), recipe(other.path()));
        assert_eq!(of(&first), of(&second), "the place of local inputs makes no difference");
        let same = of(&first);
        let changes: [(&str, &str); 4] = [
            ("ca.pem", "another"),
            ("shop/shop.php", "<?php 1;"),
            ("shop/new.php", ""),
            ("shop/.git", "not taken"),
        ];
        let mut seen = vec![same.clone()];
        for (path, text) in changes {
            fs::write(one.path().join(path), text).unwrap();
            seen.push(of(&first));
        }
        assert_eq!(seen.pop(), seen.last().cloned(), "what is not taken makes no difference");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4, "each change makes one: {seen:?}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let check = |remove: &str, message: &str, path: &str| {
            let home = home();
            let at = home.path().join(remove);
            if at.is_dir() { fs::remove_dir_all(&at) } else { fs::remove_file(&at) }.unwrap();
            let error = Inputs::read(&recipe(home.path())).unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            let text =
                format!("{error}: {source}").replace(&home.path().display().to_string(), "~");
            assert!(text.starts_with(message) && text.contains(path), "{text}");
            assert!(!error.hint().is_empty());
        };
        check("ca.pem", "~/ca.pem cannot be read", "~/ca.pem");
        check("shop", "plugin `shop` cannot be taken from its directory", "~/shop");
    }
}
