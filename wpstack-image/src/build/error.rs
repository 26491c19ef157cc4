//! Why an image is not built.

use crate::archive::ArchiveError;
use crate::debian;
use crate::inputs::InputError;
use crate::layer::LayerError;
use crate::tree::TreePath;
use crate::wordpress::{CoreError, ExtensionError, FilesError, LanguageError};

/// Why an image is not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Something of this machine.
    #[error("the recipe's local inputs cannot be used")]
    Inputs(#[from] InputError),
    /// A part was not fetched.
    #[error("`{0}` has not been fetched")]
    Missing(String),
    /// The files of a part cannot be brought together.
    #[error("the part `{part}` cannot be used")]
    Part {
        /// Its title.
        part: String,
        /// What happened.
        #[source]
        source: PartError,
    },
    /// A part would replace what another has.
    #[error("`/{path}` is in the part `{upper}`, and in `{lower}` already")]
    Replaced {
        /// What both have.
        path: TreePath,
        /// The part that comes later.
        upper: String,
        /// The part that is below.
        lower: String,
    },
    /// A part has something below a link or a file, or a link or a file in place of a directory.
    #[error("`/{path}` of the part `{upper}` would break what the part `{lower}` has at `/{at}`")]
    Through {
        /// What the upper part has.
        path: TreePath,
        /// The part that comes later.
        upper: String,
        /// What stands in the way.
        at: TreePath,
        /// Whose that is.
        lower: String,
    },
    /// A layer cannot be written.
    #[error("the layer of `{part}` cannot be made")]
    Layer {
        /// The part's title.
        part: String,
        /// What happened.
        #[source]
        source: LayerError,
    },
    /// The moment of the snapshot is none.
    #[error("`{snapshot}` is no moment of the snapshot archive")]
    Snapshot {
        /// What the recipe says.
        snapshot: String,
        /// What is wrong with it.
        #[source]
        source: jiff::Error,
    },
    /// Nobody said which WordPress it is.
    #[error("the version of WordPress is not known")]
    Version,
    /// A thread ended without an answer.
    #[error("the making of `{0}` was broken off")]
    Broken(String),
}

/// Why the files of a part cannot be brought together.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// Its archive.
    #[error("its archive cannot be used")]
    Archive(#[from] ArchiveError),
    /// WordPress.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A plugin or theme.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A language pack.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// A further file.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The distribution.
    #[error(transparent)]
    Debian(#[from] debian::Error),
    /// Whatever else makes parts.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl BuildError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Inputs(source) => source.hint(),
            Self::Missing(_) => "fetch the recipe's archives first",
            Self::Part { source, .. } => source.hint(),
            Self::Replaced { .. } => "choose another place: files of an image are not replaced",
            Self::Through { .. } => {
                "write the path that the link leads to, such as `/usr/lib` for `/lib`, or choose another place"
            }
            Self::Layer { source, .. } => source.hint(),
            Self::Snapshot { .. } => "write it as `20261101T000000Z`",
            Self::Version | Self::Broken(_) => "delete the cache of layers, and build again",
        }
    }
}

impl PartError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Archive(source) => source.hint(),
            Self::Core(source) => source.hint(),
            Self::Extension(source) => source.hint(),
            Self::Language(source) => source.hint(),
            Self::Files(source) => source.hint(),
            Self::Debian(source) => source.hint(),
            Self::Other(_) => "see what it says, and build again",
        }
    }
}
