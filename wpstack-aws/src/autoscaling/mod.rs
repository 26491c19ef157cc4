//! Amazon EC2 Auto Scaling.

mod group;
