//! The image at work on this machine, for a look at it: one container of it beside one of MariaDB.

mod parts;
mod start;
mod stop;
mod wait;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use wpstack_core::value::Mebibytes;

/// What everything of a preview is labelled with. The value is the preview's name.
pub const LABEL: &str = "dev.wpstack.preview";

/// What a preview is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewOptions {
    /// Its name, by which it is stopped. One engine can have several.
    pub name: String,
    /// The database's image: MariaDB's or MySQL's official one, or one that reads the same variables.
    pub database_image: String,
    /// Further variables of the container. They win over those that the preview sets.
    pub environment: BTreeMap<String, String>,
    /// How much memory the container may use: as much as it likes, unless given.
    pub memory: Option<Mebibytes>,
    /// How long the database, and then WordPress, may take to answer.
    pub patience: Duration,
}

/// A preview that runs. It goes on when this is dropped: [`Engine::stop_preview`](super::Engine::stop_preview) ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its name.
    pub name: String,
    /// Where WordPress answers: `http://127.0.0.1:49153`. The first visitor installs it.
    pub url: String,
}

/// One of the two containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The database.
    Database,
    /// WordPress.
    Site,
}

impl PreviewOptions {
    /// A preview of that name, with MariaDB.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            database_image: "mariadb:11.4".to_owned(),
            environment: BTreeMap::new(),
            memory: None,
            patience: Duration::from_mins(3),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Database => "database",
            Self::Site => "site",
        })
    }
}
