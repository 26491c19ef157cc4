//! Amazon Elastic Container Registry.

mod image;
mod repository;

pub use image::{Image, ImageState};
pub use repository::{Lifecycle, Repository, RepositoryState};
