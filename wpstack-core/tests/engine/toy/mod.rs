//! A cloud of our own making, and a laboratory to run the engine in.
//!
//! The cloud is strict: it refuses what refers to things that are not there, deletes nothing that is still referred to,
//! and never recognises a repeated create, so that whatever the engine does twice is there twice.

mod cloud;
mod fate;
mod kinds;
mod lab;
mod show;
mod text;

pub(crate) use cloud::{Fault, FaultKind, Verb};
pub(crate) use fate::{Point, Trap};
pub(crate) use kinds::{Node, ToyState};
pub(crate) use lab::{Lab, Outcome, Stop};
pub(crate) use show::{show_events, show_plan, show_records, show_summary};
pub(crate) use text::{Item, Link, build, parse};
