//! The image's files with the real programs of Debian: whether they are understood, and what a container of them does.
//!
//! Needs root on Linux (namespaces, mounts) and Debian's mirror. What is missing of the machine is installed; the
//! distribution is the image's own, and kept below the target directory.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]
#![expect(clippy::disallowed_methods, reason = "processes and sockets take real time")]

mod container;
mod database;
mod life;
mod pages;
mod refusals;
mod root;
mod syntax;
