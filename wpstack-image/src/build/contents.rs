//! What the recipe adds to the distribution, in one tree: for whoever packs it otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wpstack_core::image::{ImageSpec, Recipe};
use wpstack_core::value::Checksum;

use super::stack::Stack;
use super::{BuildError, CoreArchive, Made, Part, Role, created, materials, parts};
use crate::inputs::Inputs;
use crate::layer::Outline;
use crate::oci::Labels;
use crate::tree::Tree;

/// WordPress with its plugins, themes and language, and the recipe's further files.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The files, at their places in the image.
    pub tree: Tree,
    /// The version of WordPress.
    pub wordpress: String,
    /// What is said about an image of them.
    pub labels: BTreeMap<String, String>,
}

/// Reads everything that the recipe adds to the distribution, but for wpstack's own `configuration`. It takes seconds,
/// and blocks.
///
/// # Errors
/// When a part cannot be read, is refused, or stands in the way of another.
pub fn contents(
    recipe: &Recipe,
    inputs: Inputs,
    core: CoreArchive,
    archives: &BTreeMap<Checksum, PathBuf>,
    configuration: &Tree,
) -> Result<Contents, BuildError> {
    let spec: &ImageSpec = &recipe.spec;
    let (mut tree, mut version, mut stack) = (Tree::new(), None, Stack::default());
    for Part { title, role, make, inputs: _ } in parts::of_recipe(spec, inputs, core, archives)? {
        let made = make().map_err(|source| BuildError::Part { part: title.clone(), source })?;
        let Made { tree: files, mut facts } = made;
        stack.lay(&title, role, &stack.complete(&Outline::of(&files)))?;
        if title == parts::CORE {
            version = facts.remove(parts::CORE);
        }
        tree.extend(files);
    }
    // It is laid upon these, and must not hide what the recipe brings.
    let outline = stack.complete(&Outline::of(configuration));
    stack.lay("configuration", Role::Configuration, &outline)?;
    let wordpress = version.ok_or(BuildError::Version)?;
    let created = created(spec, None)?;
    let labels = materials::labels(spec, &recipe.tag(), &wordpress, created, Labels::default());
    Ok(Contents { tree, wordpress, labels })
}
