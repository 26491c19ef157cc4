//! Texts of the image's recipe: packages, mirrors, locales and paths of this machine.

use std::fmt;
use std::str::FromStr;

use super::ValueError;
use crate::legible;

/// Declares a text with one rule.
macro_rules! text {
    ($(#[$doc:meta])* $Name:ident, $what:literal, $description:literal, $form:literal, $is_good:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(String);

        impl $Name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $Name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let is_good: fn(&str) -> bool = $is_good;
                match is_good(text) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(ValueError::new(text, $what, $form)),
                }
            }
        }

        text_value!($Name, $what, text, schema: {
            "type": "string",
            "description": $description,
        });
    };
}

text! {
    /// The name of a package of Debian: `php8.4-soap`.
    /// <https://www.debian.org/doc/debian-policy/ch-controlfields.html#source>
    PackageName, "the name of a package", "The name of a Debian package",
    "write the name alone, as in `php8.4-soap`, without version or architecture",
    |text| {
        let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.');
        let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        (2..=128).contains(&text.len()) && starts && text.bytes().all(allowed)
    }
}

text! {
    /// The address of a mirror of Debian: `http://deb.debian.org/debian`.
    MirrorUrl, "the address of a mirror", "The address of a Debian mirror",
    "write it as in `http://deb.debian.org/debian`, without user and password",
    |text| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let Some((host, path)) = rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
            return false;
        };
        let (host, port) = host.split_once(':').unwrap_or((host, "80"));
        let names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let places = |byte: u8| names(byte) || matches!(byte, b'_' | b'~' | b'+');
        let starts = host.starts_with(|first: char| first.is_ascii_alphanumeric());
        let is_host = starts && host.bytes().all(names) && port.parse::<u16>().is_ok();
        let mut segments = path.strip_suffix('/').unwrap_or(path).split('/');
        is_host && !text.contains("..") && segments.all(|it| it.bytes().all(places) && it != ".")
    }
}

text! {
    /// A language in WordPress's words: `de_DE`.
    Locale, "a locale of WordPress", "A locale of WordPress",
    "write it as WordPress does, as in `de_DE`",
    |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let starts = text.starts_with(|first: char| first.is_ascii_lowercase());
        (2..=30).contains(&text.len()) && starts && text.bytes().all(allowed)
    }
}

text! {
    /// The path of a file or directory of this machine.
    LocalPath, "a path", "A path on this machine",
    "write a path in characters that can be seen",
    |text| !text.is_empty() && legible(text) == text
}
