//! The engine on the simulation.

mod autoscaling;
mod crowd;
mod database_changes;
mod databases;
mod ec2;
mod ecs;
mod elb;
mod faults;
mod iam;
mod images;
mod import;
mod lifecycle;
mod logs;
mod restores;
mod saving;
mod secrets;
mod terraform;
mod timing;
mod trial;
mod undo;
mod wordpress;
