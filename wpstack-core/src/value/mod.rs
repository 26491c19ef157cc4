//! Typed values: what resource specs and the configuration are made of.
//!
//! Each type checks its text once, where it is parsed, and is right from then on: a [`Cidr`] has no
//! host bits, a [`LoadBalancerName`] fits into AWS's 32 characters, [`Gibibytes`] cannot stand
//! where [`Mebibytes`] are asked for. All of them follow one pattern:
//!
//! - [`FromStr`](std::str::FromStr) and `TryFrom<&str>` parse, [`Display`](std::fmt::Display)
//!   writes the canonical text, and parsing that text gives the same value again;
//! - serde reads through the same check, and writes the canonical text (ports: the number);
//! - a refused text is a [`ValueError`], which says what was wrong and what would be right.
//!
//! ```
//! use wpstack_core::value::{Cidr, Seconds};
//!
//! let network: Cidr = "10.11.0.0/16".parse()?;
//! let subnets: Vec<_> = network.subnets(24)?.take(2).map(|subnet| subnet.to_string()).collect();
//! assert_eq!(subnets, ["10.11.0.0/24", "10.11.1.0/24"]);
//! assert_eq!("5m".parse(), Ok(Seconds(300)));
//!
//! let refused = "10.11.1.0/16".parse::<Cidr>().unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "`10.11.1.0/16` is not an IPv4 CIDR block: it has host bits set; the network is `10.11.0.0/16`",
//! );
//! # Ok::<(), wpstack_core::value::ValueError>(())
//! ```

#[macro_use]
mod text;
mod arn;
mod checksum;
mod cidr;
mod error;
mod http;
mod image;
mod instance_type;
mod mysql_version;
mod name;
mod policy;
mod port;
mod quantity;
mod recipe;
mod region;
mod retention;
#[cfg(test)]
mod round_trip;
mod tags;
mod traffic;
mod user_data;

pub use arn::{AccountId, Arn, KmsKeyArn};
pub use checksum::Checksum;
pub use cidr::Cidr;
pub use error::ValueError;
pub use http::{StatusCodes, UrlPath};
pub use image::{ImageDigest, ImageUri};
pub use instance_type::{Architecture, DbInstanceClass, InstanceType};
pub use mysql_version::{MySqlVersion, Support};
pub use name::*;
pub use policy::{Effect, ManagedPolicy, PolicyDocument, ServicePrincipal, Statement, TrustPolicy};
pub use port::{Port, PortRange};
pub use quantity::{CpuUnits, Days, Gibibytes, Mebibytes, Minutes, Percent, Seconds};
pub use recipe::{LocalPath, Locale, MirrorUrl, PackageName};
pub use region::{AvailabilityZone, Region};
pub use retention::RetentionDays;
pub use tags::Tags;
pub use traffic::{Protocol, Traffic};
pub use user_data::{LogDriver, UserData};
