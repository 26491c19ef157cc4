//! What is said about an image: its labels and its bill of materials.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wpstack_core::image::{Base, ImageSpec, Mirror, Release};
use wpstack_core::value::ImageTag;

use super::fact;
use crate::layer::Kept;
use crate::oci::{Labels, annotation};
use crate::sbom::{Added, Materials, Package, WordPress};
use crate::wordpress::ExtensionKind;

/// The labels of an image.
pub(super) fn labels(
    recipe: &ImageSpec,
    tag: &ImageTag,
    version: &str,
    created: Timestamp,
    labels: Labels,
) -> BTreeMap<String, String> {
    let (name, release) = distribution(recipe);
    let state = match &recipe.base {
        Base::Debian(debian) => match &debian.mirror {
            Mirror::Snapshot(at) => format!(" {}", at.0),
            Mirror::Live { .. } => String::new(),
        },
        Base::Alpine(_) => String::new(),
    };
    let Labels { source, revision } = labels;
    let known = [
        (annotation::TITLE, Some("WordPress".to_owned())),
        (annotation::DESCRIPTION, Some("WordPress with nginx and php-fpm".to_owned())),
        (annotation::VERSION, Some(version.to_owned())),
        // WordPress's. Those of all the rest are in the packages' own files.
        (annotation::LICENSES, Some("GPL-2.0-or-later".to_owned())),
        (annotation::CREATED, Some(created.to_string())),
        (annotation::RECIPE, Some(tag.to_string())),
        (annotation::DISTRIBUTION, Some(format!("{name} {release}{state}"))),
        (annotation::SOURCE, source),
        (annotation::REVISION, revision),
    ];
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// What is in an image.
pub(super) fn materials(
    recipe: &ImageSpec,
    kept: &[Kept],
    wordpress: WordPress,
    packages: Vec<Package>,
) -> Materials {
    let kinds = [(ExtensionKind::Plugin, &recipe.plugins), (ExtensionKind::Theme, &recipe.themes)];
    let added = |(kind, sources): (ExtensionKind, &BTreeMap<String, _>)| {
        let added = |(name, source): (&String, &_)| {
            let titles = [format!("{kind} {name}"), format!("{kind}s")];
            let version = titles.iter().find_map(|title| fact(kept, title, name));
            Added { kind, name: name.clone(), version, source: Clone::clone(source) }
        };
        sources.iter().map(added).collect::<Vec<_>>()
    };
    Materials {
        distribution: distribution(recipe),
        packages,
        wordpress,
        extensions: kinds.into_iter().flat_map(added).collect(),
        language: recipe.language.clone().map(|pack| (pack.locale, pack.source)),
    }
}

/// Name and version of the distribution.
fn distribution(recipe: &ImageSpec) -> (String, String) {
    match &recipe.base {
        Base::Debian(debian) => match debian.release {
            Release::Trixie => ("debian".to_owned(), "13".to_owned()),
        },
        Base::Alpine(release) => ("alpine".to_owned(), release.clone()),
    }
}
