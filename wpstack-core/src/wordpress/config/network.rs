//! `[network]`

use std::collections::BTreeSet;

use super::flaw::Flaws;
use super::section::section;
use crate::value::{AvailabilityZone, Cidr, Region};

section! {
    /// The network: one subnet for instances and one for the database in each zone.
    pub struct Network {
        /// Addresses of the whole network, a block of /16 to /28.
        pub cidr: Cidr = "10.11.0.0/16",
        /// Zones to spread over, two or more. Without this key: three of the region.
        pub zones: Vec<AvailabilityZone> = ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        /// Size of each subnet, as the length of its prefix: 24 makes 251 usable addresses.
        #[schemars(range(min = 16, max = 28))]
        pub subnet_prefix: u8 = 24,
    }
}

/// The subnets of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnets {
    /// The zone.
    pub zone: AvailabilityZone,
    /// For the load balancer and the instances, with a route to the internet.
    pub public: Cidr,
    /// For the database, with no way in or out of the network. (The old system had its database in
    /// the public subnets: defect 10.)
    pub database: Cidr,
}

impl Network {
    /// The subnets, zone by zone. Public ones fill the network from its beginning, those for
    /// databases from its middle, so that a further zone moves no subnet.
    ///
    /// Empty if they do not fit into the network, which is one of the [flaws](super::Config::flaws).
    #[must_use]
    pub fn subnets(&self) -> Vec<Subnets> {
        if !self.fits() {
            return Vec::new();
        }
        let half = self.cidr.prefix() + 1;
        let Ok(mut halves) = self.cidr.subnets(half) else { return Vec::new() };
        let mut parts = || halves.next()?.subnets(self.subnet_prefix).ok();
        let (Some(public), Some(database)) = (parts(), parts()) else { return Vec::new() };
        let zones = self.zones.iter().cloned();
        zones
            .zip(public.zip(database))
            .map(|(zone, (public, database))| Subnets { zone, public, database })
            .collect()
    }

    /// Whether each half of the network has room for a subnet per zone.
    fn fits(&self) -> bool {
        let bits = self.subnet_prefix.checked_sub(self.cidr.prefix() + 1);
        let room = bits.map_or(0, |bits| 1_u64 << bits.min(32));
        self.subnet_prefix <= 32 && room >= self.zones.len() as u64
    }

    /// Three zones that a new account has in `region`. Where they are not a, b and c, that is known
    /// here for the older regions; a zone that does not exist is refused by AWS with a list of
    /// those that do.
    pub(super) fn zones_of(region: &Region) -> Vec<AvailabilityZone> {
        let letters = match region.as_str() {
            "ap-northeast-1" => "acd",
            "ca-central-1" | "cn-north-1" => "abd",
            "us-west-1" => "ac",
            _ => "abc",
        };
        letters.chars().filter_map(|letter| region.zone(letter).ok()).collect()
    }

    pub(super) fn flaws(&self, region: &Region, flaws: &mut Flaws) {
        self.zone_flaws(region, flaws);
        self.block_flaws(flaws);
        let prefix = self.subnet_prefix;
        flaws.check_range(
            "network.subnet_prefix",
            &prefix,
            &(16..=28),
            "AWS takes subnets of /16 to /28",
        );
        if (16..=28).contains(&prefix) && (16..=28).contains(&self.cidr.prefix()) && !self.fits() {
            let subnets = 2 * self.zones.len();
            let message = format!("{subnets} subnets of /{prefix} do not fit into {}", self.cidr);
            let help = format!(
                "each of the {} zones needs two; write a longer prefix, a larger network or fewer \
                 zones",
                self.zones.len()
            );
            let keys = ["network.subnet_prefix", "network.cidr", "network.zones"];
            flaws.add(&keys, message, help);
        }
    }

    fn zone_flaws(&self, region: &Region, flaws: &mut Flaws) {
        let mut distinct = BTreeSet::new();
        for (place, zone) in self.zones.iter().enumerate() {
            let key = format!("network.zones[{place}]");
            if !distinct.insert(zone) {
                flaws.add(&[&key], format!("`{zone}` is listed twice"), "remove one of them");
            }
            if zone.region() != *region {
                let message = format!("`{zone}` is not in `{region}`");
                let help = format!("write a zone such as `{region}a`, or change `region`");
                flaws.add(&[&key, "network.zones", "region"], message, help);
            } else if zone.as_str().len() > region.as_str().len() + 1 {
                let message = format!("`{zone}` is a local zone, not one of the region itself");
                flaws.add(&[&key], message, format!("write a zone such as `{region}a`"));
            }
        }
        if distinct.len() < 2 {
            let message = "two different zones are needed, or more";
            let help = "a load balancer and the subnets of a database must be in two at least";
            flaws.add(&["network.zones"], message, help);
        }
    }

    fn block_flaws(&self, flaws: &mut Flaws) {
        let prefix = self.cidr.prefix();
        if !(16..=28).contains(&prefix) {
            let message = format!("a network of /{prefix} is not possible");
            flaws.add(&["network.cidr"], message, "AWS takes networks of /16 to /28");
        }
        for (block, why) in TAKEN {
            if block.parse().is_ok_and(|taken| self.cidr.overlaps(&taken)) {
                let message = format!("{} overlaps {block}: {why}", self.cidr);
                let help = "take a private block such as 10.11.0.0/16";
                flaws.add(&["network.cidr"], message, help);
            }
        }
    }
}

/// Addresses that a network must not have, and why.
const TAKEN: &[(&str, &str)] = &[
    ("0.0.0.0/8", "these addresses mean this network"),
    ("127.0.0.0/8", "these addresses mean the machine itself"),
    ("169.254.0.0/16", "these addresses are link-local"),
    // The bridge of Docker: a database at such an address cannot be reached from a container.
    // <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
    ("172.17.0.0/16", "the containers of each instance have them"),
    ("224.0.0.0/3", "these addresses are for multicast or reserved"),
];
