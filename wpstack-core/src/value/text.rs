//! How a value that has a text form meets serde and JSON Schema.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

use super::ValueError;

/// Reads a value from a string, through its `FromStr`.
pub(crate) fn text<'de, D, T>(deserializer: D, what: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ValueError>,
{
    deserializer.deserialize_str(Text { what, numbers: false, value: PhantomData })
}

/// Reads a value from a string or an integer; the integer is read as if it were written as text.
pub(crate) fn text_or_number<'de, D, T>(deserializer: D, what: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ValueError>,
{
    deserializer.deserialize_any(Text { what, numbers: true, value: PhantomData })
}

struct Text<T> {
    what: &'static str,
    numbers: bool,
    value: PhantomData<fn() -> T>,
}

impl<T: FromStr<Err = ValueError>> Text<T> {
    fn number<E: Error>(&self, number: &dyn fmt::Display, found: Unexpected<'_>) -> Result<T, E> {
        if self.numbers {
            number.to_string().parse().map_err(E::custom)
        } else {
            Err(E::invalid_type(found, self))
        }
    }
}

impl<T: FromStr<Err = ValueError>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.number(&number, Unexpected::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.number(&number, Unexpected::Signed(number))
    }
}

/// Gives a type with `FromStr<Err = ValueError>` its `TryFrom<&str>`, `TryFrom<String>` and
/// `Deserialize`.
///
/// `parsed_value!(Type, "what it is", text)` reads strings only; with `text_or_number` integers
/// too.
macro_rules! parsed_value {
    ($type:ty, $what:expr, $read:ident) => {
        impl TryFrom<&str> for $type {
            type Error = $crate::value::ValueError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::value::ValueError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::value::text::$read(deserializer, $what)
            }
        }
    };
}

/// Everything that a value with a text form needs beside `FromStr` and `Display`: `TryFrom`, serde
/// as the text, and a JSON Schema.
macro_rules! text_value {
    ($type:ident, $what:expr, $read:ident, schema: $schema:tt) => {
        parsed_value!($type, $what, $read);

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        value_schema!($type, $schema);
    };
}

/// The JSON Schema of a value type, under the type's own name.
macro_rules! value_schema {
    ($type:ident, $schema:tt) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

/// The number of a plain run of ASCII digits: no sign, no space, no overflow.
pub(crate) fn digits<N: FromStr>(text: &str) -> Option<N> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
