//! Amazon Relational Database Service.

mod instance;
mod parameter_group;
mod restore;
mod subnet_group;

pub use instance::{DbInstance, DbInstanceState};
pub use parameter_group::{DbParameterGroup, DbParameterGroupState};
pub use restore::{Farewell, Leaving, Origin, Snapshot};
pub use subnet_group::{DbSubnetGroup, DbSubnetGroupState};
