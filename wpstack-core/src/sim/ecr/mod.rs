//! Amazon Elastic Container Registry: repositories and the images in them.

mod image;
mod repository;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use repository::Repository;

use super::world::{Inventory, Refusal, World, list};

/// Everything of ECR.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecr {
    /// The repositories, by name.
    pub repositories: BTreeMap<String, Repository>,
}

impl World {
    pub(super) fn ecr_inventory(&self, into: &mut Inventory) {
        for (name, repository) in &self.ecr.repositories {
            list(into, "ecr.repository", name, repository, &self.tags_of(&repository.arn));
        }
    }

    fn no_repository(&self, name: &str) -> Refusal {
        let message = format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            self.account
        );
        Refusal::new("RepositoryNotFoundException", message)
    }
}
