//! Who reaches whom.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Ec2, Interface};
use crate::resource::ec2::Direction;
use crate::value::Port;

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// An address outside the network: a visitor, or a service of AWS.
    Outside(Ipv4Addr),
    /// A network interface: `eni-…`
    Interface(&'a str),
}

impl Endpoint<'_> {
    /// Anybody on the internet.
    pub const INTERNET: Self = Self::Outside(Ipv4Addr::new(198, 51, 100, 1));
}

/// The hop at which a connection fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// There is no such interface.
    #[error("the network interface {0} does not exist")]
    NoInterface(String),
    /// Both ends are outside, or in different networks.
    #[error("the two ends are in no common network")]
    NoCommonNetwork,
    /// The rules of the interface's groups do not let it out.
    #[error("no rule of {} lets TCP {port} out of {interface}", groups.join(", "))]
    NotLetOut {
        /// The interface that begins.
        interface: String,
        /// Its groups.
        groups: Vec<String>,
        /// The port at the other end.
        port: Port,
    },
    /// The rules of the interface's groups do not let it in.
    #[error("no rule of {} lets TCP {port} into {interface}", groups.join(", "))]
    NotLetIn {
        /// The interface that answers.
        interface: String,
        /// Its groups.
        groups: Vec<String>,
        /// The port.
        port: Port,
    },
    /// The interface has no public address.
    #[error("{0} has no public address")]
    NoPublicAddress(String),
    /// The subnet's route table leads nowhere.
    #[error("the route table {table} of {subnet} has no route to {address}")]
    NoRoute {
        /// The subnet.
        subnet: String,
        /// Its route table.
        table: String,
        /// The address outside.
        address: Ipv4Addr,
    },
    /// The route leads to a gateway that is gone, or is not attached to this network.
    #[error("the route table {table} leads to {gateway}, which is not attached to the network")]
    BlackHole {
        /// The route table.
        table: String,
        /// The gateway.
        gateway: String,
    },
}

impl Ec2 {
    /// Whether a TCP connection comes about.
    ///
    /// # Errors
    /// The first hop that fails.
    pub fn reachable(
        &self,
        from: Endpoint<'_>,
        to: Endpoint<'_>,
        port: Port,
    ) -> Result<(), Broken> {
        match (from, to) {
            (Endpoint::Outside(_), Endpoint::Outside(_)) => Err(Broken::NoCommonNetwork),
            (Endpoint::Outside(address), Endpoint::Interface(to)) => {
                let interface = self.interface(to)?;
                self.has_way_out(to, interface, address)?;
                self.lets_in(to, interface, (address, &[]), port)
            }
            (Endpoint::Interface(from), Endpoint::Outside(address)) => {
                let interface = self.interface(from)?;
                self.lets_out(from, interface, (address, &[]), port)?;
                self.has_way_out(from, interface, address)
            }
            (Endpoint::Interface(from), Endpoint::Interface(to)) => {
                let (one, other) = (self.interface(from)?, self.interface(to)?);
                if one.vpc != other.vpc {
                    return Err(Broken::NoCommonNetwork);
                }
                self.lets_out(from, one, (other.address, &other.groups), port)?;
                self.lets_in(to, other, (one.address, &one.groups), port)
            }
        }
    }

    fn interface(&self, id: &str) -> Result<&Interface, Broken> {
        self.interfaces.get(id).ok_or_else(|| Broken::NoInterface(id.to_owned()))
    }

    fn lets_out(
        &self,
        id: &str,
        interface: &Interface,
        other: (Ipv4Addr, &[String]),
        port: Port,
    ) -> Result<(), Broken> {
        if self.lets_through(interface, Direction::Egress, other, port) {
            return Ok(());
        }
        let (interface, groups) = (id.to_owned(), interface.groups.clone());
        Err(Broken::NotLetOut { interface, groups, port })
    }

    fn lets_in(
        &self,
        id: &str,
        interface: &Interface,
        other: (Ipv4Addr, &[String]),
        port: Port,
    ) -> Result<(), Broken> {
        if self.lets_through(interface, Direction::Ingress, other, port) {
            return Ok(());
        }
        let (interface, groups) = (id.to_owned(), interface.groups.clone());
        Err(Broken::NotLetIn { interface, groups, port })
    }

    fn lets_through(
        &self,
        interface: &Interface,
        direction: Direction,
        (address, groups): (Ipv4Addr, &[String]),
        port: Port,
    ) -> bool {
        let mut rules = self
            .rules
            .values()
            .filter(|rule| rule.direction == direction && interface.groups.contains(&rule.group));
        rules.any(|rule| rule.admits(address, groups, port))
    }

    /// Whether packets between the interface and an address outside find their way.
    fn has_way_out(
        &self,
        id: &str,
        interface: &Interface,
        address: Ipv4Addr,
    ) -> Result<(), Broken> {
        if !interface.is_public {
            return Err(Broken::NoPublicAddress(id.to_owned()));
        }
        let subnet = interface.subnet.clone();
        let (id, table) = self.table_of(&subnet).ok_or(Broken::NoCommonNetwork)?;
        let table_id = id.to_owned();
        let Some(gateway) = table.route(address) else {
            return Err(Broken::NoRoute { subnet, table: table_id, address });
        };
        let attached = self.internet_gateways.get(gateway).and_then(|it| it.vpc.as_ref());
        if attached != Some(&interface.vpc) {
            return Err(Broken::BlackHole { table: table_id, gateway: gateway.to_owned() });
        }
        Ok(())
    }
}
