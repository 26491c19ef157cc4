//! A recipe together with what it takes from this machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ImageSpec;
use crate::digest::hex;
use crate::value::{Checksum, ImageTag};

/// What the tags of recipes begin with. An image without such a tag is somebody else's.
pub const TAG_PREFIX: &str = "wpstack-";

/// Raised with everything that makes the same recipe give another image, so that a new version of the builder builds
/// anew.
pub const FORMAT: u32 = 1;

/// Everything that decides what an image is: equal recipes give the same image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// What the image is made of.
    pub spec: ImageSpec,
    /// The contents of what is taken from this machine, by where the recipe names it: `themes.mine`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Checksum>,
}

impl Recipe {
    /// A recipe that takes nothing from this machine.
    #[must_use]
    pub fn new(spec: ImageSpec) -> Self {
        Self { spec, inputs: BTreeMap::new() }
    }

    /// The tag of its image: the same for equal recipes, and for no others. Who finds it in a repository need not
    /// build. Where on this machine something is makes no difference, only what is in it.
    #[must_use]
    pub fn tag(&self) -> ImageTag {
        let mut recipe = self.clone();
        recipe.spec.forget_places();
        let text = serde_json::json!({ "format": FORMAT, "recipe": recipe }).to_string();
        let digest = Sha256::digest(text);
        let tag = format!("{TAG_PREFIX}{}", hex(&digest[..8]));
        tag.parse().expect("letters, digits and a hyphen are a tag")
    }
}
