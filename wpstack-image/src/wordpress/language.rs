//! The words of a language.

use super::{in_wordpress, moved};
use crate::tree::{Kind, PathError, Tree};

/// Where WordPress looks for them.
const FOLDER: &str = "wp-content/languages";
/// What a pack consists of.
const WORDS: [&str; 4] = [".mo", ".po", ".json", ".l10n.php"];
/// Folders of a pack. An archive with one of them alone is no pack with a folder around it.
const FOLDERS: [&str; 2] = ["plugins", "themes"];

/// Why something was not taken for a language pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LanguageError {
    /// No name of a language.
    #[error("`{}` is no language as WordPress names them", .0.escape_debug())]
    Locale(String),
    /// The words of WordPress itself are not there.
    #[error("the language pack has no words of `{0}`")]
    Missing(String),
    /// Something else is in it.
    #[error("the language pack has a file that is none: `{0}`")]
    Other(String),
    /// A path of it cannot stand in the image.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl LanguageError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Locale(_) => "write it as `de_DE`, `fi` or `de_DE_formal`",
            Self::Missing(_) | Self::Other(_) | Self::Path(_) => {
                "name a pack as https://downloads.wordpress.org/translation/core/ has them"
            }
        }
    }
}

/// The words of a language from the files of its pack.
///
/// # Errors
/// When the locale is none, or the files are not a pack of it.
pub fn language(locale: &str, pack: Tree) -> Result<Tree, LanguageError> {
    if !is_locale(locale) {
        return Err(LanguageError::Locale(locale.to_owned()));
    }
    for (path, node) in pack.iter() {
        let path = path.as_str();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_known = match &node.kind {
            Kind::Directory => FOLDERS.contains(&path),
            Kind::File(_) => {
                (folder.is_empty() || FOLDERS.contains(&folder))
                    && WORDS.iter().any(|end| name.ends_with(end))
            }
            Kind::Symlink(_) | Kind::HardLink(_) => false,
        };
        if !is_known {
            return Err(LanguageError::Other(path.to_owned()));
        }
    }
    let tree = moved(pack, FOLDER)?;
    for end in [".mo", ".l10n.php"] {
        if tree.get(&in_wordpress(&format!("{FOLDER}/{locale}{end}"))?).is_some() {
            return Ok(tree);
        }
    }
    Err(LanguageError::Missing(locale.to_owned()))
}

/// `de`, `de_DE`, `de_DE_formal`, `kab`.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('_');
    let is = |part: Option<&str>, range: std::ops::RangeInclusive<usize>, all: fn(&u8) -> bool| {
        part.is_none_or(|part| range.contains(&part.len()) && part.as_bytes().iter().all(all))
    };
    is(parts.next(), 2..=3, u8::is_ascii_lowercase)
        && is(parts.next(), 2..=2, u8::is_ascii_uppercase)
        && is(parts.next(), 1..=20, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
        && parts.next().is_none()
}
