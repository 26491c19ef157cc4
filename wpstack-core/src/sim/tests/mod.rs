//! The engine on the simulation.

mod faults;
mod iam;
mod images;
mod lifecycle;
mod logs;
mod saving;
mod trial;
