//! Puts an image together out of its parts.

mod contents;
mod error;
mod materials;
mod parts;
mod stack;
mod work;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wpstack_core::image::{Base, Debian, ImageSpec, Mirror, Recipe, Release};
use wpstack_core::value::ImageTag;

pub use contents::{Contents, contents};
pub use error::{BuildError, PartError};
pub use parts::{CoreArchive, Made, Make, Part, Parts, Role};

use crate::inputs::Inputs;
use crate::layer::{Cache, Kept};
use crate::oci::{Artifact, Document, Image, Settings};
use crate::sbom::{self, Package};

/// An image that lies in the cache, ready to be written or pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Built {
    /// The image, and the bill of materials beside it.
    pub image: Image,
    /// The bill of materials.
    pub sbom: Document,
    /// The recipe's tag.
    pub tag: ImageTag,
    /// The version of WordPress in it.
    pub wordpress: String,
    /// The distribution's packages in it, sorted by name.
    pub packages: Vec<Package>,
}

/// How far a build is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A layer was made before, and is taken as it is.
    Reused {
        /// What it has.
        layer: String,
        /// Its compressed size.
        size: u64,
    },
    /// The files of a layer are brought together.
    Reading {
        /// What it has.
        layer: String,
    },
    /// The files of a layer are packed.
    Packing {
        /// What it has.
        layer: String,
        /// How many files, directories and links it has.
        entries: usize,
    },
    /// A layer is ready.
    Packed {
        /// What it has.
        layer: String,
        /// Its compressed size.
        size: u64,
    },
}

/// Is told how far a build is, from several threads.
pub type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// Builds the image of a recipe. What was built before of the same inputs is taken from the cache.
///
/// # Errors
/// When a part cannot be read, is refused, or stands in the way of another, and when the cache cannot be written.
pub async fn assemble(
    recipe: &Recipe,
    inputs: Inputs,
    parts: Parts,
    cache: &Cache,
    observer: &Observer,
) -> Result<Built, BuildError> {
    let (tag, recipe) = (recipe.tag(), &recipe.spec);
    let Parts { distribution, core, archives, configuration, mut packages, published, labels } =
        parts;
    let (checksum, url) = (core.checksum.clone(), core.url.clone());
    let mut list = vec![distribution];
    list.extend(parts::of_recipe(recipe, inputs, core, &archives)?);
    list.push(configuration);
    let kept = work::layers(list, cache, observer).await?;

    let wordpress = fact(&kept, parts::CORE, parts::CORE).ok_or(BuildError::Version)?;
    let created = created(recipe, published)?;
    let settings = Settings {
        architecture: recipe.architecture,
        created,
        labels: materials::labels(recipe, &tag, &wordpress, created, labels),
    };
    let layers = kept.iter().map(|kept| kept.layer.clone()).collect();
    let mut image = Image::new(&settings, layers);
    packages.sort();
    let core = sbom::WordPress { version: wordpress.clone(), url, checksum };
    let materials = materials::materials(recipe, &kept, core, packages.clone());
    let digest = &image.manifest.digest;
    let sbom = sbom::render(&materials, "wordpress", digest, &created.to_string());
    let title = "sbom.cdx.json";
    let about = Artifact::about(image.descriptor(), sbom.clone(), title, created.to_string());
    image.artifacts.push(about);
    Ok(Built { image, sbom, tag, wordpress, packages })
}

/// The version of something in the layer with that title.
fn fact(kept: &[Kept], title: &str, name: &str) -> Option<String> {
    kept.iter().find(|kept| kept.layer.title == title)?.facts.get(name).cloned()
}

/// When what the image consists of was published: the snapshot's moment, or that of a live mirror's newest release
/// file, or the beginning of time.
fn created(recipe: &ImageSpec, published: Option<Timestamp>) -> Result<Timestamp, BuildError> {
    match &recipe.base {
        Base::Debian(Debian { release: Release::Trixie, mirror: Mirror::Snapshot(at), .. }) => {
            let wrong = |source| BuildError::Snapshot { snapshot: at.0.clone(), source };
            let moment = DateTime::strptime("%Y%m%dT%H%M%SZ", &at.0).map_err(wrong)?;
            Ok(moment.to_zoned(TimeZone::UTC).map_err(wrong)?.timestamp())
        }
        Base::Debian(Debian { mirror: Mirror::Live { .. }, .. }) | Base::Alpine(_) => {
            Ok(published.unwrap_or(Timestamp::UNIX_EPOCH))
        }
    }
}

#[cfg(test)]
mod tests;
