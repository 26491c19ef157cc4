//! The recipe as a Dockerfile, for those who want to build through a container engine.
//!
//! The image behaves as the one that is built without an engine: the same packages, the same configuration, user,
//! entry point and port. It is not the same byte for byte, because the packages' own scripts run and leave times and
//! logs behind.
//!
//! # Alpine
//! Alpine's packages put some things elsewhere, which the last steps of its Dockerfile bridge. That it builds and runs is
//! **unverified**: no engine that built it could reach Alpine's packages.

mod alpine;
mod context;
mod debian;
mod value;

use std::collections::BTreeMap;
use std::io;

use thiserror::Error;
use wpstack_core::image::{Base, ImageSpec, contract};

pub use value::ValueError;

use crate::tree::Tree;

/// The name of the Dockerfile in its context.
pub const NAME: &str = "Dockerfile";
/// The archives that the Dockerfile unpacks.
const WORDPRESS: &str = "wordpress.tar";
const CONFIGURATION: &str = "configuration.tar";

/// What goes into a Dockerfile.
#[derive(Clone, Copy, Debug)]
pub struct Ingredients<'a> {
    /// The recipe.
    pub spec: &'a ImageSpec,
    /// The configuration, at its places in the image: Debian's, for Alpine too, whose Dockerfile bridges what differs.
    pub configuration: &'a Tree,
    /// WordPress with plugins, themes and language, at its places in the image.
    pub wordpress: &'a Tree,
    /// What is said about the image.
    pub labels: &'a BTreeMap<String, String>,
    /// The image to begin with, in place of the distribution's own: `registry.example.com/debian:trixie-slim`. Docker
    /// Hub has a dated image of Debian every second week, and a snapshot of another day needs one named.
    pub from: Option<&'a str>,
}

/// A Dockerfile and everything it asks for.
#[derive(Clone, Debug)]
pub struct Context {
    dockerfile: String,
    archive: Vec<u8>,
}

/// Why there is no Dockerfile.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DockerfileError {
    /// A value would not stay in its place.
    #[error("the Dockerfile cannot be written")]
    Value(#[from] ValueError),
    /// The files do not fit into an archive.
    #[error("the files for the Dockerfile cannot be packed")]
    Pack(#[source] io::Error),
}

impl Context {
    /// The Dockerfile of these, with its files.
    ///
    /// # Errors
    /// When a value of the recipe would break out of its place in the Dockerfile.
    pub fn new(ingredients: &Ingredients<'_>) -> Result<Self, DockerfileError> {
        let dockerfile = render(ingredients)?;
        let files = [
            (NAME, dockerfile.clone().into_bytes()),
            (WORDPRESS, context::pack(ingredients.wordpress).map_err(DockerfileError::Pack)?),
            (
                CONFIGURATION,
                context::pack(ingredients.configuration).map_err(DockerfileError::Pack)?,
            ),
        ];
        let archive = context::archive(files).map_err(DockerfileError::Pack)?;
        Ok(Self { dockerfile, archive })
    }

    /// The text.
    #[must_use]
    pub fn dockerfile(&self) -> &str {
        &self.dockerfile
    }

    /// The tar archive that `docker build -` takes: the same bytes for the same ingredients.
    #[must_use]
    pub fn into_archive(self) -> Vec<u8> {
        self.archive
    }
}

fn render(ingredients: &Ingredients<'_>) -> Result<String, ValueError> {
    let head = "# Written by wpstack from its recipe: a change belongs there.\n";
    let begin = match &ingredients.spec.base {
        Base::Debian(debian) => debian::begin(debian, ingredients.from)?,
        Base::Alpine(release) => alpine::begin(release, ingredients.from)?,
    };
    let end = match &ingredients.spec.base {
        Base::Debian(_) => "",
        Base::Alpine(_) => alpine::END,
    };
    // ADD and not COPY: it unpacks, and keeps owners and links as they are in the archive.
    let files = format!("ADD {WORDPRESS} /\nADD {CONFIGURATION} /\n");
    let labels = ingredients.labels.iter().map(|(name, text)| {
        Ok(format!("LABEL {}={}\n", value::label(name)?, value::quoted("label", text)?))
    });
    let labels = labels.collect::<Result<String, ValueError>>()?;
    Ok([head, &begin, &files, end, &labels, &settings()].concat())
}

/// How the image is run, as the image that is built without an engine says it.
fn settings() -> String {
    let (user, port) = (contract::USER, contract::PORT);
    format!(
        "ENV LANG=C.UTF-8\n\
         WORKDIR {}\n\
         USER {user}:{user}\n\
         EXPOSE {port}/tcp\n\
         STOPSIGNAL SIGTERM\n\
         ENTRYPOINT [\"{}\"]\n",
        contract::WEB_ROOT,
        contract::INIT
    )
}

#[cfg(test)]
mod tests;
