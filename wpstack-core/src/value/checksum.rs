//! Checksums of files.

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// A SHA-256 in hexadecimal: 64 lowercase digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Checksum(String);

impl Checksum {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Checksum {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 64 && text.bytes().all(is_hex) {
            Ok(Self(text.to_owned()))
        } else {
            let form = "a SHA-256 has 64 digits 0-9 or a-f, as `sha256sum` prints them";
            Err(ValueError::new(text, "a checksum", form))
        }
    }
}

text_value!(Checksum, "a checksum", text, schema: {
    "type": "string",
    "description": "The SHA-256 of a file",
    "pattern": "^[0-9a-f]{64}$",
});
