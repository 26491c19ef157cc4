//! The engine on the simulation.

mod faults;
mod lifecycle;
mod saving;
mod trial;
