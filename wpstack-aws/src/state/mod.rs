//! State in S3, for a team.

mod bucket;
mod objects;

pub use bucket::{BucketError, StateBucket};
pub use objects::S3Objects;
