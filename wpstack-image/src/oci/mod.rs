//! Images and what describes them, in the formats of the OCI: <https://github.com/opencontainers/image-spec>, 1.1.
//!
//! The types are our own and not those of `oci-spec`, which keep annotations and labels in hash maps: the same image
//! would have another digest in every run. That crate reads ours in the tests.

mod artifact;
mod config;
mod descriptor;
mod image;
mod index;
mod layout;
mod tarball;

pub use artifact::Artifact;
pub use config::Settings;
pub use descriptor::{Descriptor, Document, Platform};
pub use image::{Image, Labels};
pub use index::index;
pub use layout::{Export, OutputError};

/// The names of formats.
pub mod media {
    /// A manifest: what an image or an artifact consists of.
    pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// A list of manifests, one for each kind of processor.
    pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// How an image is run.
    pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// A compressed archive of files.
    pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// The configuration of an artifact that needs none.
    pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
}

/// The names of annotations and labels.
pub mod annotation {
    /// When the image was made, or what it consists of was.
    pub const CREATED: &str = "org.opencontainers.image.created";
    /// What people call it.
    pub const TITLE: &str = "org.opencontainers.image.title";
    /// What it is for.
    pub const DESCRIPTION: &str = "org.opencontainers.image.description";
    /// The version of the packaged software.
    pub const VERSION: &str = "org.opencontainers.image.version";
    /// The licence of the packaged software.
    pub const LICENSES: &str = "org.opencontainers.image.licenses";
    /// Where the recipe is kept.
    pub const SOURCE: &str = "org.opencontainers.image.source";
    /// The commit of the recipe.
    pub const REVISION: &str = "org.opencontainers.image.revision";
    /// The tag, in the index of a layout.
    pub const REFERENCE: &str = "org.opencontainers.image.ref.name";
    /// The full name, in the index of a layout, as containerd looks for it.
    pub const CONTAINERD_NAME: &str = "io.containerd.image.name";
    /// The fingerprint of the recipe. By it a layout is known to be ours.
    pub const RECIPE: &str = "wpstack.recipe";
    /// The distribution: "debian trixie 20261101T000000Z". Not `org.opencontainers.image.base.name`, which is the
    /// reference of an image below: there is none.
    pub const DISTRIBUTION: &str = "wpstack.distribution";
}
