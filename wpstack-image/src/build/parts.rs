//! The parts of an image: what each is made of, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use wpstack_core::image::{Core, FORMAT, ImageSpec, Source};
use wpstack_core::value::Checksum;

use super::{BuildError, PartError};
use crate::archive::{Limits, read_archive};
use crate::digest::Digest;
use crate::inputs::{Inputs, digest_of};
use crate::layer::Facts;
use crate::oci::Labels;
use crate::sbom::Package;
use crate::tree::Tree;
use crate::wordpress::{self, ExtensionKind};

/// The title of WordPress's own layer, and the name of its version there.
pub(super) const CORE: &str = "wordpress";
/// How many plugins and themes have a layer each. With more, all plugins share one and all themes another: engines
/// take 127 layers at most.
const LAYERS: usize = 60;

/// What `assemble` needs beside recipe and local inputs.
#[derive(Debug)]
pub struct Parts {
    /// The distribution's files.
    pub distribution: Part,
    /// The distribution's packages.
    pub packages: Vec<Package>,
    /// WordPress's archive.
    pub core: CoreArchive,
    /// Where the recipe's archives have been fetched to.
    pub archives: BTreeMap<Checksum, PathBuf>,
    /// The configuration of everything in the container.
    pub configuration: Part,
    /// When a live mirror's state was published. A snapshot says that itself.
    pub published: Option<Timestamp>,
    /// What is said about the image.
    pub labels: Labels,
}

/// Where WordPress's archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreArchive {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256.
    pub checksum: Checksum,
    /// Where it came from.
    pub url: Option<String>,
}

/// One layer to be.
pub struct Part {
    /// What it has, in a few words.
    pub title: String,
    /// The digest of everything that decides what is in it. Of equal inputs, it is made once.
    pub inputs: Digest,
    /// What it is to the others.
    pub role: Role,
    /// Brings its files together. Called at most once, on a thread that may block.
    pub make: Make,
}

/// Brings the files of a part together.
pub type Make = Box<dyn FnOnce() -> Result<Made, PartError> + Send>;

/// The files of a part.
#[derive(Debug, Default)]
pub struct Made {
    /// The files.
    pub tree: Tree,
    /// Versions that were found in them, by name.
    pub facts: Facts,
}

/// What a part may do to those below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The distribution, WordPress, plugins, themes, languages: nothing below may be replaced.
    Software,
    /// The recipe's further files: nothing below may be replaced, and nothing above may replace them.
    Files,
    /// wpstack's own configuration, which replaces what the distribution has by default.
    Configuration,
}

impl Part {
    /// A part whose files are there already.
    #[must_use]
    pub fn ready(title: &str, role: Role, tree: Tree) -> Self {
        let inputs = identity("ready", &digest_of(&tree).hex());
        let make = move || Ok(Made { tree, facts: Facts::new() });
        Self::new(title, role, inputs, make)
    }

    /// A part whose files are made when no layer was made of these inputs before.
    pub fn new(
        title: &str,
        role: Role,
        inputs: Digest,
        make: impl FnOnce() -> Result<Made, PartError> + Send + 'static,
    ) -> Self {
        Self { title: title.to_owned(), inputs, role, make: Box::new(make) }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, inputs, role, make: _ } = self;
        let mut shown = formatter.debug_struct("Part");
        shown.field("title", title).field("inputs", inputs).field("role", role);
        shown.finish_non_exhaustive()
    }
}

/// Where the files of a part come from.
enum From {
    Archive(PathBuf, Checksum),
    Tree(Tree),
}

impl From {
    fn new(
        source: &Source,
        local: Option<Tree>,
        archives: &BTreeMap<Checksum, PathBuf>,
    ) -> Result<Self, BuildError> {
        match (source, local) {
            (Source::Archive { url, checksum }, _) => match archives.get(checksum) {
                Some(path) => Ok(Self::Archive(path.clone(), checksum.clone())),
                None => Err(BuildError::Missing(url.clone())),
            },
            (Source::Directory(_), Some(tree)) => Ok(Self::Tree(tree)),
            (Source::Directory(path), None) => Err(BuildError::Missing(path.display().to_string())),
        }
    }

    fn identity(&self) -> String {
        match self {
            Self::Archive(_, checksum) => format!("archive {checksum}"),
            Self::Tree(tree) => format!("tree {}", digest_of(tree).hex()),
        }
    }

    fn read(self) -> Result<Tree, PartError> {
        match self {
            Self::Archive(path, checksum) => Ok(read_archive(&path, &checksum, Limits::default())?),
            Self::Tree(tree) => Ok(tree),
        }
    }
}

/// The parts between distribution and configuration, the lowest first.
pub(super) fn of_recipe(
    recipe: &ImageSpec,
    inputs: Inputs,
    core: CoreArchive,
    archives: &BTreeMap<Checksum, PathBuf>,
) -> Result<Vec<Part>, BuildError> {
    let Inputs { plugins, themes, language, files } = inputs;
    let mut parts = vec![core_part(recipe, core)];
    let kinds = [
        (ExtensionKind::Plugin, &recipe.plugins, plugins),
        (ExtensionKind::Theme, &recipe.themes, themes),
    ];
    let share = recipe.plugins.len() + recipe.themes.len() > LAYERS;
    for (kind, sources, mut local) in kinds {
        let mut shared = Vec::new();
        for (name, source) in sources {
            kind.check_name(name).map_err(|error| of(&format!("{kind} {name}"), error.into()))?;
            let from = From::new(source, local.remove(name), archives)?;
            if share {
                shared.push((name.clone(), from));
            } else {
                let title = format!("{kind} {name}");
                parts.push(extensions(&title, kind, vec![(name.clone(), from)]));
            }
        }
        if !shared.is_empty() {
            parts.push(extensions(&format!("{kind}s"), kind, shared));
        }
    }
    if let Some(pack) = &recipe.language {
        let from = From::new(&pack.source, language, archives)?;
        let locale = pack.locale.clone();
        let inputs = identity("language", &(&locale, from.identity()));
        let make = move || {
            let tree = wordpress::language(&locale, from.read()?)?;
            Ok(Made { tree, facts: Facts::new() })
        };
        let title = format!("language {}", pack.locale);
        parts.push(Part::new(&title, Role::Software, inputs, make));
    }
    if !files.is_empty() {
        let tree = wordpress::files(&files).map_err(|error| of("files", error.into()))?;
        parts.push(Part::ready("files", Role::Files, tree));
    }
    Ok(parts)
}

fn core_part(recipe: &ImageSpec, CoreArchive { path, checksum, .. }: CoreArchive) -> Part {
    let expected = match &recipe.wordpress {
        Core::Debian => None,
        Core::Release { version, .. } => Some(version.clone()),
    };
    let folder = |kind: ExtensionKind| move |name| format!("{}/{name}", kind.folder());
    let replaced: BTreeSet<String> = recipe
        .plugins
        .keys()
        .map(folder(ExtensionKind::Plugin))
        .chain(recipe.themes.keys().map(folder(ExtensionKind::Theme)))
        .collect();
    let inputs = identity(CORE, &(&checksum, &expected, &replaced));
    let make = move || {
        let archive = read_archive(&path, &checksum, Limits::default())?;
        let core = wordpress::core(archive, expected.as_deref(), &replaced)?;
        Ok(Made { tree: core.tree, facts: [(CORE.to_owned(), core.version)].into() })
    };
    Part::new(CORE, Role::Software, inputs, make)
}

fn extensions(title: &str, kind: ExtensionKind, sources: Vec<(String, From)>) -> Part {
    let identities: Vec<_> =
        sources.iter().map(|(name, from)| (name.clone(), from.identity())).collect();
    let inputs = identity(&kind.to_string(), &identities);
    let make = move || {
        let mut made = Made::default();
        for (name, from) in sources {
            let extension = kind.extension(&name, from.read()?)?;
            made.tree.extend(extension.tree);
            made.facts.extend(extension.version.map(|version| (name, version)));
        }
        Ok(made)
    };
    Part::new(title, Role::Software, inputs, make)
}

fn of(part: &str, source: PartError) -> BuildError {
    BuildError::Part { part: part.to_owned(), source }
}

/// The digest of what a part of that kind is made of.
fn identity(kind: &str, of: &impl Serialize) -> Digest {
    // Texts and lists of texts: nothing that JSON could not say.
    Digest::of(&serde_json::to_vec(&(FORMAT, kind, of)).expect("texts become JSON"))
}
