//! The typed stack model and the engine of wpstack.

pub mod stack;
pub mod value;
