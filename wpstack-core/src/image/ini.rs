//! Settings of `php.ini`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::ValueError;

const NAME: &str = "the name of a PHP setting";
const VALUE: &str = "the value of a PHP setting";

/// The name of a setting: `max_input_vars`, `opcache.jit`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IniName(String);

/// The value of a setting, as it stands between quotes: `256M`, `On`, `/run/php`. Without the characters that mean
/// something to PHP even there.
///
/// PHP's constants (`E_ALL`) are no values: write their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub struct IniValue(String);

impl IniName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl IniValue {
    /// The value, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IniName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for IniValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for IniName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let allowed =
            |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-');
        let starts = text.starts_with(|first: char| first.is_ascii_alphabetic());
        if starts && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            let problem = "write up to 64 letters, digits and `_.-`, a letter first";
            Err(ValueError::new(text, NAME, problem))
        }
    }
}

impl FromStr for IniValue {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: String| Err(ValueError::new(text, VALUE, problem));
        let special = |found: &char| {
            matches!(found, '"' | '\'' | '\\' | '$' | ';' | '`') || !matches!(found, ' '..='~')
        };
        if let Some(found) = text.chars().find(special) {
            return refuse(format!(
                "`{}` means something to PHP; leave it out",
                found.escape_debug()
            ));
        }
        if text.starts_with("E_") {
            return refuse("a constant is not read between quotes; write its number".to_owned());
        }
        if text.len() > 1024 {
            return refuse("it has more than 1024 characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for IniName {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<IniName> for String {
    fn from(IniName(text): IniName) -> Self {
        text
    }
}

impl From<IniValue> for String {
    fn from(IniValue(text): IniValue) -> Self {
        text
    }
}

/// What a person may write for a value.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected text, a whole number or a truth value")]
enum Written {
    Truth(bool),
    Number(i64),
    Text(String),
}

impl TryFrom<Written> for IniValue {
    type Error = ValueError;

    fn try_from(written: Written) -> Result<Self, ValueError> {
        match written {
            Written::Truth(truth) => Ok(Self(if truth { "1" } else { "0" }.to_owned())),
            Written::Number(number) => Ok(Self(number.to_string())),
            Written::Text(text) => text.parse(),
        }
    }
}
