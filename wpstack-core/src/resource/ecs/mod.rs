//! Amazon Elastic Container Service.

mod capacity_provider;
mod cluster;
mod cluster_capacity_providers;
mod service;
mod task_definition;

pub use capacity_provider::{CapacityProvider, CapacityProviderState};
pub use cluster::{Cluster, ClusterState};
pub use cluster_capacity_providers::{ClusterCapacityProviders, ClusterCapacityProvidersState};
pub use service::{Attachment, Deployment, Service, ServiceState};
pub use task_definition::{
    Confinement, Container, ContainerImage, EnvironmentValue, LogDestination, Mount,
    TaskDefinition, TaskDefinitionState,
};
