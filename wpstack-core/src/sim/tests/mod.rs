//! The engine on the simulation.

mod database_changes;
mod databases;
mod ec2;
mod faults;
mod iam;
mod images;
mod lifecycle;
mod logs;
mod saving;
mod secrets;
mod trial;
