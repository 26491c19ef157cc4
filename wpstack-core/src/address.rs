//! Where a resource stands in a stack, and which of its generations is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::legible;

/// The type and the name of a resource in a stack, as in `ec2.subnet:a`.
///
/// ```
/// use wpstack_core::Address;
/// let subnet: Address = "ec2.subnet:a".parse()?;
/// assert_eq!((subnet.type_name(), subnet.name()), ("ec2.subnet", "a"));
/// # Ok::<(), wpstack_core::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(Arc<str>);

impl Address {
    /// The address of the resource `name` of the type `type_name`.
    ///
    /// # Errors
    /// When either part is empty, longer than 64 characters, or has a character outside `a-z 0-9 - _ .`.
    pub fn new(type_name: &str, name: &str) -> Result<Self, AddressError> {
        for part in [type_name, name] {
            if part.is_empty() || part.len() > 64 || !part.chars().all(allowed) {
                return Err(AddressError { text: format!("{type_name}:{name}") });
            }
        }
        Ok(Self(format!("{type_name}:{name}").into()))
    }

    /// The resource type: `ec2.subnet`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.0.split_once(':').map_or("", |(type_name, _)| type_name)
    }

    /// The AWS service, which is the type's first word: `ec2`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.0.split(['.', ':']).next().unwrap_or_default()
    }

    /// The name among the resources of its type: `a`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, name)| name)
    }

    /// The whole address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.')
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (type_name, name) =
            text.split_once(':').ok_or_else(|| AddressError { text: text.to_owned() })?;
        Self::new(type_name, name)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0.as_ref().to_owned()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One object that stands, or stood, at an address. A replacement is a new generation.
///
/// Written as the address alone for the first generation and as `ec2.subnet:a#2` from the second on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId {
    /// Where the object stands.
    pub address: Address,
    /// Counts the objects that have stood there, from 1.
    pub generation: u32,
}

impl ObjectId {
    /// The object of that generation at the address.
    #[must_use]
    pub fn new(address: Address, generation: u32) -> Self {
        Self { address, generation }
    }
}

impl FromStr for ObjectId {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError { text: text.to_owned() };
        match text.split_once('#') {
            None => Ok(Self::new(text.parse()?, 1)),
            Some((address, generation)) => {
                let generation = generation.parse().map_err(|_| malformed())?;
                if generation < 2 {
                    return Err(malformed());
                }
                Ok(Self::new(address.parse()?, generation))
            }
        }
    }
}

impl TryFrom<String> for ObjectId {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<ObjectId> for String {
    fn from(object: ObjectId) -> Self {
        object.to_string()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            1 => self.address.fmt(f),
            n => f.pad(&format!("{}#{n}", self.address)),
        }
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{}` is not a resource address: write TYPE:NAME with lowercase letters, digits, `-`, `_` and `.`, \
     as in `ec2.subnet:a`",
    legible(text)
)]
pub struct AddressError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str, u32)>) {
        let object = text.parse::<ObjectId>().ok();
        let parts = object
            .as_ref()
            .map(|object| (object.address.type_name(), object.address.name(), object.generation));
        assert_eq!(parts, expected, "{text}");
        if let Some(object) = object {
            assert_eq!(object.to_string(), text);
        }
    }

    #[test]
    fn objects_parse_and_print() {
        check("ec2.subnet:a", Some(("ec2.subnet", "a", 1)));
        check("ec2.subnet:a#2", Some(("ec2.subnet", "a", 2)));
        check("ec2.subnet:a#1", None);
        check("ec2.subnet:a#0", None);
        check("ec2.subnet", None);
        check("ec2.subnet:", None);
        check("EC2.subnet:a", None);
        check("ec2.subnet:a:b", None);
    }
}
