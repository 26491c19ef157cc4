//! Requests to Amazon RDS.

mod restore;
