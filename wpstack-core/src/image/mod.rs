//! The container image as a recipe: what is in it, not how it is built. Building is `wpstack-image`'s.
//!
//! Data and pure functions only. Equal recipes with equal local inputs give the same image, byte for byte.

pub mod contract;
mod flaws;
mod ini;
mod maker;
mod pool;
mod recipe;
mod source;
mod spec;
#[cfg(test)]
mod tests;
mod text;

pub use ini::{IniName, IniValue};
pub use maker::{Destination, ImageMaker};
pub use pool::PhpPool;
pub use recipe::{FORMAT, Recipe, TAG_PREFIX};
pub use source::Source;
pub use spec::{
    Base, Core, Debian, ImageSpec, LanguagePack, Mirror, Nginx, Php, Release, Snapshot,
};
