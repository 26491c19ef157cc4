//! The engine on the simulation.

mod ec2;
mod faults;
mod iam;
mod images;
mod lifecycle;
mod logs;
mod saving;
mod trial;
