//! Tables whose keys a person chooses.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use toml::de::DeValue;

use super::reader::{Reader, Value, below};
use super::section::Key;
use super::setting::{Known, Setting, Written, kind};
use crate::image::{IniName, IniValue, Source};
use crate::value::{LocalPath, ValueError};

/// Values of one kind, by names that a person chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Table<T>(pub BTreeMap<String, T>);

impl<T> Table<T> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Known<Self> for Table<T> {
    fn known(literal: Self) -> Self {
        literal
    }
}

/// What can stand in a table.
pub(crate) trait Entry: FromStr<Err = ValueError> + Display {
    /// A table with an entry, in TOML.
    const EXAMPLE: &'static str;

    /// Whether it can have that name.
    ///
    /// # Errors
    /// When it cannot.
    fn check_name(name: &str) -> Result<(), ValueError>;
}

impl Entry for Source {
    const EXAMPLE: &'static str = "{ mine = \"themes/mine\" }";

    // The names of folders are among what is wrong with a recipe.
    fn check_name(_: &str) -> Result<(), ValueError> {
        Ok(())
    }
}

impl Entry for LocalPath {
    const EXAMPLE: &'static str = "{ \"/srv/wordpress/robots.txt\" = \"robots.txt\" }";

    fn check_name(_: &str) -> Result<(), ValueError> {
        Ok(())
    }
}

impl Entry for IniValue {
    const EXAMPLE: &'static str = "{ max_input_vars = \"3000\" }";

    fn check_name(name: &str) -> Result<(), ValueError> {
        name.parse::<IniName>().map(drop)
    }
}

impl<T: Entry> Setting for Table<T> {
    const WHAT: &'static str = "a table";
    const EXAMPLE: &'static str = T::EXAMPLE;
    const KEYS: &'static [Key] = &[];

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        let help = format!("for example `{at} = {}`", T::EXAMPLE);
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("expected the table `[{at}]`, found {}", kind(value));
            reader.problem(at, value.span(), message, help);
            return None;
        };
        let mut entries = BTreeMap::new();
        let mut good = true;
        for (name, value) in table {
            let at = below(at, name.get_ref());
            reader.seen(&at, name.span());
            let entry = match value.get_ref() {
                DeValue::String(text) => text.parse::<T>().map_err(|error| error.to_string()),
                _ => Err(format!("expected a text in quotes, found {}", kind(value))),
            };
            let checked = T::check_name(name.get_ref()).map_err(|error| error.to_string());
            match (checked, entry) {
                (Ok(()), Ok(entry)) => {
                    entries.insert(name.get_ref().as_ref().to_owned(), entry);
                }
                (Err(message), _) => {
                    reader.problem(&at, name.span(), message, help.clone());
                    good = false;
                }
                (Ok(()), Err(message)) => {
                    reader.problem(&at, value.span(), message, help.clone());
                    good = false;
                }
            }
        }
        good.then_some(Self(entries))
    }

    fn written(&self) -> Written {
        let entries = self.0.iter().map(|(name, value)| (name.clone(), value.to_string()));
        Written::Map(entries.collect())
    }
}
