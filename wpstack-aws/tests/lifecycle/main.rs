//! Whole lives of small stacks through the engine, over HTTP, against an AWS emulator: a file per service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ec2;
mod ecs;
mod elb;
mod support;
