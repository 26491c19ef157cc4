//! WordPress itself.

use std::collections::BTreeSet;

use wpstack_core::image::contract;

use super::in_wordpress;
use crate::tree::{Kind, Node, PathError, Tree};

/// Files of a release that no container needs. `readme.html` and `wp-config-sample.php` explain an installation by hand,
/// and the former tells everybody that asks which version runs. `license.txt` stays: the GPL asks for it, as do the
/// licences and read-me files of the bundled plugins and themes, which WordPress itself shows.
const LEFT_OUT: [&str; 2] = ["readme.html", "wp-config-sample.php"];
/// What every WordPress has.
const NEEDED: [&str; 5] =
    ["index.php", "wp-load.php", "wp-settings.php", "wp-admin/index.php", VERSION_FILE];
const VERSION_FILE: &str = "wp-includes/version.php";
/// A file that no release has, and that would decide which database is used.
const CONFIG: &str = "wp-config.php";

/// WordPress, as it stands in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Core {
    /// Its files, and the empty directory of uploads.
    pub tree: Tree,
    /// What its own code says that it is.
    pub version: String,
}

/// Why an archive was not taken for WordPress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoreError {
    /// Something that WordPress has is not there.
    #[error("the archive is no WordPress: it has no `{0}`")]
    Missing(&'static str),
    /// Something is there that only an installed site has.
    #[error("the archive is of an installed site: it has a `{0}`")]
    Installed(&'static str),
    /// It is another version than the recipe says.
    #[error("the archive has WordPress {found}, and the recipe says {expected}")]
    Version {
        /// What the recipe says.
        expected: String,
        /// What the archive has.
        found: String,
    },
    /// A path of it cannot stand in the image.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl CoreError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Installed(_) | Self::Path(_) => {
                "name a release as wordpress.org publishes it, or leave it to Debian's source"
            }
            Self::Version { .. } => "correct the version or the URL, and the checksum with it",
        }
    }
}

/// WordPress from the files of its archive. Bundled plugins and themes that the recipe has itself are left out, so that
/// no file of an older version stays among those of the newer.
///
/// # Errors
/// When it is no WordPress, or another version than expected.
pub fn core(
    archive: Tree,
    expected: Option<&str>,
    replaced: &BTreeSet<String>,
) -> Result<Core, CoreError> {
    let text = |path: &str| match &archive.get(&path.parse().ok()?)?.kind {
        Kind::File(contents) => Some(contents.clone()),
        Kind::Directory | Kind::Symlink(_) | Kind::HardLink(_) => None,
    };
    if let Some(missing) = NEEDED.into_iter().find(|path| text(path).is_none()) {
        return Err(CoreError::Missing(missing));
    }
    if text(CONFIG).is_some() {
        return Err(CoreError::Installed(CONFIG));
    }
    let version = text(VERSION_FILE)
        .and_then(|code| version(&String::from_utf8_lossy(&code)))
        .ok_or(CoreError::Missing("version number"))?;
    if let Some(expected) = expected.filter(|expected| *expected != version) {
        let expected = expected.to_owned();
        return Err(CoreError::Version { expected, found: version });
    }
    let mut tree = Tree::new();
    tree.directory(contract::WEB_ROOT.parse()?);
    for (path, node) in archive {
        let is_replaced = || replaced.iter().any(|folder| is_in(path.as_str(), folder));
        if !LEFT_OUT.contains(&path.as_str()) && !is_replaced() {
            tree.insert(in_wordpress(path.as_str())?, node);
        }
    }
    let uploads = Node::root(Kind::Directory, 0o755).owned_by(contract::USER, contract::USER);
    tree.insert(contract::UPLOADS.parse()?, uploads);
    Ok(Core { tree: tree.with_parents(), version })
}

fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The version in the code: `$wp_version = '6.8.3';`.
fn version(code: &str) -> Option<String> {
    let line = code.lines().find_map(|line| line.trim().strip_prefix("$wp_version"))?;
    let value = line.trim_start().strip_prefix('=')?.trim();
    let version = value.strip_suffix(';')?.trim_matches(['\'', '"']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (!version.is_empty() && version.chars().all(is_plain)).then(|| version.to_owned())
}
