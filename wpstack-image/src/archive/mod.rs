//! Files out of archives and directories that others made: nothing in them leads outside, hides or explodes.

mod directory;
mod gather;
mod packed;

pub use directory::{DirectoryError, read as read_directory};
pub use gather::{Limits, Refusal, Refused};
pub use packed::{ArchiveError, read as read_archive};

#[cfg(test)]
mod tests;
