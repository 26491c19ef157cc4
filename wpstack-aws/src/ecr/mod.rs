//! Amazon Elastic Container Registry.

mod image;
mod repository;

/// The service's name in errors.
const ECR: &str = "ecr";
