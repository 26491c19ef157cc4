//! Policies of IAM, as values.

mod document;
mod managed;
mod principal;
mod statement;
mod texts;
mod trust;

pub use document::PolicyDocument;
pub use managed::ManagedPolicy;
pub use principal::ServicePrincipal;
pub use statement::{Effect, Statement};
pub use trust::TrustPolicy;
