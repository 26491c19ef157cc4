//! The configuration: typed sections, each with its defaults and its rules.

mod build;
mod database;
mod flaw;
mod health_check;
mod image;
mod instances;
mod load_balancer;
mod logs;
mod naming;
mod network;
mod parse;
mod problem;
mod reader;
mod section;
mod service;
mod setting;
mod state;
mod suggest;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use self::flaw::Flaws;
use self::section::section;
use crate::image::{ImageSpec, contract};
use crate::value::{Port, Region, StackName, Tags, UrlPath, ValueError};

pub use self::build::{Build, Php};
pub use self::database::Database;
pub use self::flaw::Flaw;
pub use self::health_check::HealthCheck;
pub use self::image::{Image, ImageSource};
pub use self::instances::Instances;
pub use self::load_balancer::LoadBalancer;
pub use self::logs::Logs;
pub use self::network::{Network, Subnets};
pub use self::problem::{Problem, Problems};
pub(super) use self::section::{Key, Section};
pub use self::service::Service;
pub(super) use self::setting::Written;
pub use self::state::{S3, State};
pub use self::table::Table;

/// A picture that every WordPress has, answered before and after the installation.
const ANY_WORDPRESS: &str = "/wp-includes/images/blank.gif";

section! {
    /// What a person writes about a stack: the contents of `wpstack.toml`.
    ///
    /// The default is a working stack in `eu-west-1`: a load balancer, two instances in three
    /// zones and a database, as the old system had them. Where a default is not what that system
    /// had, the source says which of its defects it avoids.
    pub struct Config {
        /// Name of the stack, which the names of everything in it begin with.
        pub name: StackName = "wordpress",
        /// AWS region to build in.
        pub region: Region = "eu-west-1",
        /// Where to build: `aws`, or `sim` for a simulation that needs no account.
        pub cloud: Cloud = "aws",
        /// The network: one subnet for instances and one for the database in each zone.
        pub network: Network = Network::default(),
        /// The EC2 instances that containers run on.
        pub instances: Instances = Instances::default(),
        /// The service that keeps WordPress containers running.
        pub service: Service = Service::default(),
        /// How the load balancer finds out whether a container is healthy.
        pub health_check: HealthCheck = HealthCheck::default(),
        /// The container image: built by wpstack, unless `tag` or `uri` names another.
        pub image: Image = Image::default(),
        /// The MySQL database on RDS, encrypted and out of reach from the internet.
        pub database: Database = Database::default(),
        /// What the containers print, in CloudWatch Logs.
        pub logs: Logs = Logs::default(),
        /// The load balancer that visitors reach.
        pub load_balancer: LoadBalancer = LoadBalancer::default(),
        /// Where it is kept what is known to exist.
        pub state: State = State::default(),
        /// Tags for everything in the stack, beside those by which wpstack knows its own.
        pub tags: Tags = Tags::new(),
    }
}

impl Config {
    /// The defaults under another name and in another region, with three of its zones.
    #[must_use]
    pub fn new(name: StackName, region: Region) -> Self {
        let network = Network { zones: Network::zones_of(&region), ..Network::default() };
        Self { name, region, network, ..Self::default() }
    }

    /// What the image is made of, if it is built. For the instances' processor: what they cannot run would be found out
    /// by a container that never starts.
    #[must_use]
    pub fn recipe(&self) -> Option<ImageSpec> {
        let architecture = self.instances.instance_type.architecture();
        let recipe = || {
            let mut recipe = ImageSpec { architecture, ..self.image.build.recipe() };
            let proxies = &mut recipe.nginx.trusted_proxies;
            // The load balancer is believed wherever the network is.
            if !proxies.iter().any(|known| known.contains(&self.network.cidr)) {
                proxies.insert(self.network.cidr);
            }
            recipe
        };
        self.image.is_built().then(recipe)
    }

    /// Where the container listens.
    #[must_use]
    pub fn port(&self) -> Port {
        let usual = if self.image.is_built() { contract::PORT } else { Port::HTTP };
        self.service.port.unwrap_or(usual)
    }

    /// Which path tells whether a container is healthy.
    #[must_use]
    pub fn health_path(&self) -> UrlPath {
        let usual = || ANY_WORDPRESS.parse().expect("it is a path");
        self.health_check.path.clone().unwrap_or_else(usual)
    }

    /// Everything that AWS would refuse, or that could not work, although each value is
    /// well-formed. [`Config::parse`] reports these too.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = Flaws::default();
        naming::flaws(&self.name, &self.tags, &mut flaws);
        self.network.flaws(&self.region, &mut flaws);
        self.instances.flaws(&self.service, &mut flaws);
        self.service.flaws(&self.image, &mut flaws);
        self.health_check.flaws(&mut flaws);
        self.image.flaws(&self.name, &mut flaws);
        self.database.flaws(&mut flaws);
        self.load_balancer.flaws(&mut flaws);
        self.state.flaws(&self.name, &mut flaws);
        flaws.0
    }

    /// The JSON Schema of the file, for editors and other programs.
    #[must_use]
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}

/// Where a stack is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    /// At AWS.
    #[default]
    Aws,
    /// In the simulation.
    Sim,
}

impl fmt::Display for Cloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Aws => "aws",
            Self::Sim => "sim",
        })
    }
}

impl FromStr for Cloud {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "aws" => Ok(Self::Aws),
            "sim" => Ok(Self::Sim),
            _ => Err(ValueError::new(text, "a cloud", "it must be `aws` or `sim`")),
        }
    }
}
