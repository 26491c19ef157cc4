//! Everything as text. Pure functions from values to strings with colour codes, which the console keeps or strips.

pub(crate) mod diff;
pub(crate) mod duration;
pub(crate) mod error;
pub(crate) mod image;
pub(crate) mod import;
pub(crate) mod names;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod refresh;
pub(crate) mod state;
pub(crate) mod style;
pub(crate) mod summary;
pub(crate) mod value;
