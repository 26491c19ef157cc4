//! Images as files: a directory in the OCI's layout, or the same in one archive.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::index::{Index, index};
use super::{Descriptor, Document, Image, annotation, media, tarball};
use crate::digest::Digest;

/// The file that says that a directory is a layout, and its contents.
pub(super) const MARKER: (&str, &[u8]) = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
pub(super) const INDEX: &str = "index.json";
const BLOBS: &str = "blobs";

/// Images that are written to files.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// One image for each kind of processor.
    pub images: &'a [Image],
    /// Repository and tag: `wordpress:wpstack-0123456789abcdef`.
    pub name: &'a str,
    /// The recipe's fingerprint.
    pub recipe: &'a str,
}

/// Why images were not written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Something else is there.
    #[error("{} is there, and wpstack did not write it", .0.display())]
    Foreign(PathBuf),
    /// No tag can be told from the name.
    #[error("`{0}` is no name with a tag for an image")]
    Name(String),
    /// A file could not be read or written.
    #[error("{} could not be written", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
}

impl OutputError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "choose another path, or move away what is there",
            Self::Name(_) => "write it as `repository:tag`, in lower case",
            Self::Write { .. } => {
                "check that the directory is there, has space and may be written to"
            }
        }
    }
}

/// Contents of a layout, by their digest.
pub(super) enum Contents<'a> {
    Bytes(&'a [u8]),
    File(&'a Path, u64),
}

impl Export<'_> {
    /// Writes the directory, with the bill of materials as an artifact. It appears whole; one that wpstack wrote is
    /// replaced.
    ///
    /// # Errors
    /// When something else is there, or it cannot be written.
    pub fn to_directory(&self, path: &Path) -> Result<(), OutputError> {
        let at = |source| OutputError::Write { path: path.to_owned(), source };
        let is_there = fs::symlink_metadata(path).is_ok();
        if is_there && !is_ours(path).map_err(at)? {
            return Err(OutputError::Foreign(path.to_owned()));
        }
        let index = self.index(true)?;
        let parent = parent(path);
        fs::create_dir_all(parent).map_err(at)?;
        let new = tempfile::Builder::new().prefix(".wpstack-").tempdir_in(parent).map_err(at)?;
        let layout = new.path().join("layout");
        let nested = self.nested();
        self.fill(&layout, &index, &self.contents(nested.as_ref(), true)).map_err(at)?;
        let old = new.path().join("old");
        if is_there {
            fs::rename(path, &old).map_err(at)?;
        }
        fs::rename(&layout, path).map_err(|error| {
            // What was there goes back. If even that fails, the first error is the one to tell.
            if is_there {
                drop(fs::rename(&old, path));
            }
            at(error)
        })
    }

    /// Writes the archive, which `docker load`, `podman load` and `skopeo copy oci-archive:` take. Without the bill of
    /// materials: engines would take it for an image. An archive that wpstack wrote is replaced.
    ///
    /// # Errors
    /// When something else is there, or it cannot be written.
    pub fn to_archive(&self, path: &Path) -> Result<(), OutputError> {
        let at = |source| OutputError::Write { path: path.to_owned(), source };
        if fs::symlink_metadata(path).is_ok() && !tarball::is_ours(path).map_err(at)? {
            return Err(OutputError::Foreign(path.to_owned()));
        }
        let index = self.index(false)?;
        let parent = parent(path);
        fs::create_dir_all(parent).map_err(at)?;
        let mut file = tempfile::NamedTempFile::new_in(parent).map_err(at)?;
        let nested = self.nested();
        let contents = self.contents(nested.as_ref(), false);
        tarball::write(&mut file, self, &index, &contents).map_err(at)?;
        file.persist(path).map(drop).map_err(|error| at(error.error))
    }

    /// The list of what the layout has under a name.
    fn index(&self, with_artifacts: bool) -> Result<Document, OutputError> {
        let wrong = || OutputError::Name(self.name.to_owned());
        let (repository, tag) = self.name.rsplit_once(':').ok_or_else(wrong)?;
        let is_plain = |part: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
            !part.is_empty() && part.chars().all(is_plain)
        };
        if !is_plain(repository) || !is_plain(tag) || tag.contains('/') {
            return Err(wrong());
        }
        let entry = match self.images {
            [image] => Descriptor { platform: Some(image.platform.clone()), ..image.descriptor() },
            images => index(images).descriptor(),
        };
        let entry = entry
            .annotated(annotation::REFERENCE, tag)
            .annotated(annotation::CONTAINERD_NAME, format!("{}:{tag}", full_name(repository)));
        let mut entries = vec![entry];
        if with_artifacts {
            let artifacts = self.images.iter().flat_map(|image| &image.artifacts);
            entries.extend(artifacts.map(super::Artifact::descriptor));
        }
        let index = Index::new(entries).annotated(annotation::RECIPE, self.recipe);
        Ok(Document::new(media::INDEX, &index))
    }

    /// The index of several images, which is a document of its own below the layout's.
    fn nested(&self) -> Option<Document> {
        (self.images.len() != 1).then(|| index(self.images))
    }

    fn contents<'b>(
        &'b self,
        nested: Option<&'b Document>,
        with_artifacts: bool,
    ) -> BTreeMap<&'b Digest, Contents<'b>> {
        let mut contents: BTreeMap<_, _> = nested.into_iter().map(bytes).collect();
        for image in self.images {
            contents.extend([&image.manifest, &image.config].map(bytes));
            for layer in &image.layers {
                let file = Contents::File(&layer.path, layer.blob.size);
                contents.insert(&layer.blob.digest, file);
            }
            for artifact in image.artifacts.iter().filter(|_| with_artifacts) {
                let documents = [&artifact.manifest, &artifact.config, &artifact.document];
                contents.extend(documents.map(bytes));
            }
        }
        contents
    }

    fn fill(
        &self,
        layout: &Path,
        index: &Document,
        contents: &BTreeMap<&Digest, Contents<'_>>,
    ) -> io::Result<()> {
        let blobs = layout.join(BLOBS).join("sha256");
        fs::create_dir_all(&blobs)?;
        for (digest, contents) in contents {
            let path = blobs.join(digest.hex());
            match contents {
                Contents::Bytes(bytes) => fs::write(path, bytes)?,
                // The contents and not the permissions, which are those of a private temporary file.
                Contents::File(from, _) => {
                    io::copy(&mut File::open(from)?, &mut File::create(path)?)?;
                }
            }
        }
        fs::write(layout.join(MARKER.0), MARKER.1)?;
        fs::write(layout.join(INDEX), &index.bytes)
    }
}

fn bytes(document: &Document) -> (&Digest, Contents<'_>) {
    (&document.digest, Contents::Bytes(&document.bytes))
}

/// The path of a blob in a layout.
pub(super) fn blob(digest: &Digest) -> String {
    format!("{BLOBS}/sha256/{}", digest.hex())
}

/// Whether an index is one of ours.
pub(super) fn is_our_index(bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Known {
        annotations: BTreeMap<String, String>,
    }
    serde_json::from_slice(bytes)
        .is_ok_and(|Known { annotations }| annotations.contains_key(annotation::RECIPE))
}

/// Whether a path is an empty directory, or a layout of ours with nothing else in it.
fn is_ours(path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(false);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name());
    }
    names.sort();
    if names.is_empty() {
        return Ok(true);
    }
    if names != [BLOBS, INDEX, MARKER.0] {
        return Ok(false);
    }
    let mut index = Vec::new();
    File::open(path.join(INDEX))?.take(1 << 20).read_to_end(&mut index)?;
    Ok(is_our_index(&index))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A repository's name with its registry, as containerd keeps names: `wordpress` is Docker Hub's.
fn full_name(repository: &str) -> String {
    match repository.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => {
            repository.to_owned()
        }
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    }
}
