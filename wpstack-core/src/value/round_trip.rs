//! The law of every value: its text parses back to it, and so does what serde writes.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ValueError;

/// Asserts that `value` survives its text and its JSON.
pub(super) fn round_trips<T>(value: &T)
where
    T: Display + FromStr<Err = ValueError> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = value.to_string();
    assert_eq!(text.parse::<T>().as_ref(), Ok(value), "the text {text:?} changed");
    survives_json(value);
}

/// Asserts that `value` survives its JSON.
pub(super) fn survives_json<T>(value: &T)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let json = serde_json::to_string(value).expect("a value serialises");
    let read: T = serde_json::from_str(&json).expect("what was written can be read");
    assert_eq!(&read, value, "the JSON {json} changed");
    assert_eq!(serde_json::to_string(&read).expect("a value serialises"), json);
}

/// Parses `text` and shows the canonical text of the value, or the error; what parses must also
/// round-trip and be read by serde from the same text.
pub(super) fn shown<T>(text: &str) -> String
where
    T: Display + FromStr<Err = ValueError> + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let by_serde = serde_json::from_value::<T>(serde_json::Value::String(text.to_owned()));
    match text.parse::<T>() {
        Ok(value) => {
            round_trips(&value);
            assert_eq!(by_serde.expect("serde reads what FromStr reads"), value);
            value.to_string()
        }
        Err(error) => {
            assert_eq!(by_serde.expect_err("serde refuses too").to_string(), error.to_string());
            error.to_string()
        }
    }
}
