//! Plugins and themes.

use std::fmt;

use super::moved;
use crate::tree::{Kind, PathError, Tree, TreePath};

/// How much of a file WordPress reads to find its header.
const HEADER: usize = 8192;

/// What extends WordPress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExtensionKind {
    /// Something that it can do.
    Plugin,
    /// How it looks.
    Theme,
}

/// A plugin or theme, as it stands in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its files.
    pub tree: Tree,
    /// What its own header says, if it says anything.
    pub version: Option<String>,
}

/// Why something was not taken for a plugin or a theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// A name that is no name of a folder.
    #[error("`{}` is no name for a {kind}", name.escape_debug())]
    Name {
        /// What it should be.
        kind: ExtensionKind,
        /// The name.
        name: String,
    },
    /// WordPress would not see it.
    #[error("there is no {kind} in what is named for `{name}`")]
    Header {
        /// What it should be.
        kind: ExtensionKind,
        /// The name.
        name: String,
    },
    /// A path of it cannot stand in the image.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl ExtensionError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Name { .. } => "use its folder's name: lower case letters, digits, `-` and `_`",
            Self::Header { kind: ExtensionKind::Plugin, .. } => {
                "one of its PHP files, not in a folder, has to begin with a comment with `Plugin Name:`"
            }
            Self::Header { kind: ExtensionKind::Theme, .. } => {
                "its `style.css`, not in a folder, has to begin with a comment with `Theme Name:`"
            }
            Self::Path(_) => "rename that file",
        }
    }
}

impl ExtensionKind {
    /// The folder of all of its kind, below WordPress.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Plugin => "wp-content/plugins",
            Self::Theme => "wp-content/themes",
        }
    }

    /// Whether a name can be that of a folder, an URL's part and a title.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check_name(self, name: &str) -> Result<(), ExtensionError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let starts = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if starts && name.len() <= 100 && name.chars().all(is_plain) {
            Ok(())
        } else {
            Err(ExtensionError::Name { kind: self, name: name.to_owned() })
        }
    }

    /// The extension of that name from the files of its folder.
    ///
    /// # Errors
    /// When the name is none, or WordPress would not see a plugin or theme in these files.
    pub fn extension(self, name: &str, files: Tree) -> Result<Extension, ExtensionError> {
        self.check_name(name)?;
        let header = files.iter().filter(|(path, _)| self.has_header(path)).find_map(
            |(_, node)| match &node.kind {
                Kind::File(contents) => {
                    let text = String::from_utf8_lossy(&contents[..contents.len().min(HEADER)]);
                    field(&text, self.title()).map(|_| field(&text, "Version"))
                }
                Kind::Directory | Kind::Symlink(_) | Kind::HardLink(_) => None,
            },
        );
        let Some(version) = header else {
            return Err(ExtensionError::Header { kind: self, name: name.to_owned() });
        };
        Ok(Extension { tree: moved(files, &format!("{}/{name}", self.folder()))?, version })
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Plugin => "Plugin Name",
            Self::Theme => "Theme Name",
        }
    }

    fn has_header(self, path: &TreePath) -> bool {
        let name = path.as_str();
        match self {
            Self::Plugin => !name.contains('/') && name.ends_with(".php"),
            Self::Theme => name == "style.css",
        }
    }
}

impl fmt::Display for ExtensionKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plugin => "plugin",
            Self::Theme => "theme",
        })
    }
}

/// A field of a header, as WordPress's `get_file_data` reads it.
fn field(text: &str, name: &str) -> Option<String> {
    text.split(['\n', '\r']).find_map(|line| {
        let line = line.trim_start_matches("<?php");
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let (key, value) = line.split_once(':')?;
        let value = value.trim().trim_end_matches("*/").trim_end_matches("?>").trim();
        let is_field = key.eq_ignore_ascii_case(name) && !value.is_empty();
        is_field.then(|| value.chars().filter(|c| !c.is_control()).take(200).collect())
    })
}
