//! WordPress on AWS: what a person writes, and what is built of it.
//!
//! [`Config`] is what a person writes, in `wpstack.toml` or in Rust: typed fields, each with a
//! default that works. [`Config::parse`] reads the file and reports everything that is wrong with
//! it at once; [`template()`] writes one to begin with; [`Config::schema`] tells an editor what may
//! stand in it.
//!
//! ```
//! use wpstack_core::wordpress::{Config, template};
//!
//! let text = template(&"blog".parse()?, &"eu-west-1".parse()?);
//! let config = Config::parse(&text).expect("the template is right");
//! assert_eq!(config.network.cidr.to_string(), "10.11.0.0/16");
//!
//! let problems = Config::parse("regoin = 'eu-west-1'").unwrap_err();
//! assert_eq!(problems.to_string(), "1:1: unknown key `regoin` (did you mean `region`?)");
//! # Ok::<(), wpstack_core::value::ValueError>(())
//! ```

mod config;
mod stack;
mod template;

pub use config::{
    Build, Cloud, Config, Database, Flaw, HealthCheck, Image, ImageSource, Instances, LoadBalancer,
    Logs, Network, Php, Problem, Problems, S3, Service, State, Subnets, Table,
};
pub use stack::{ComposeError, Inputs, stack, stack_with};
pub use template::{template, written};
