//! Builds the container image without a daemon, and pushes it to a registry.

pub mod archive;
pub mod build;
pub mod debian;
pub mod digest;
pub mod dockerfile;
pub mod engine;
pub mod fetch;
pub mod inputs;
pub mod layer;
pub mod maker;
pub mod oci;
pub mod registry;
pub mod rootfs;
pub mod sbom;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tree;
pub mod wordpress;
