//! What a security group rule lets through.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{Port, PortRange, ValueError};

const WHAT: &str = "a kind of traffic";

/// An IP protocol, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, protocol 6.
    Tcp,
    /// UDP, protocol 17.
    Udp,
    /// ICMP for IPv4, protocol 1.
    Icmp,
    /// Every protocol.
    All,
}

impl Protocol {
    /// The name in the EC2 API: `tcp`, `udp`, `icmp` or `-1`.
    #[must_use]
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::All => "-1",
        }
    }
}

/// Protocol and ports of a security group rule: `tcp 80`, `udp 1024-65535`, `icmp` or `all`.
///
/// Only TCP and UDP have ports here. EC2 opens every port of a rule for all protocols, whatever its
/// ports say, so a rule for all protocols cannot name any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Traffic {
    /// TCP to these ports.
    Tcp(PortRange),
    /// UDP to these ports.
    Udp(PortRange),
    /// All of ICMP for IPv4.
    Icmp,
    /// All protocols, all ports.
    All,
}

impl Traffic {
    /// TCP to one port that is written in the source.
    ///
    /// # Panics
    /// If the port is 0. For a port that comes from elsewhere there is [`Traffic::tcp_ports`].
    #[must_use]
    pub const fn tcp(port: u16) -> Self {
        Self::Tcp(PortRange::of(&(port..=port)))
    }

    /// TCP to a range of ports that is written in the source.
    ///
    /// # Panics
    /// If the range is empty or begins at 0.
    #[must_use]
    pub const fn tcp_range(ports: RangeInclusive<u16>) -> Self {
        Self::Tcp(PortRange::of(&ports))
    }

    /// TCP to a [`Port`] or [`PortRange`].
    #[must_use]
    pub fn tcp_ports(ports: impl Into<PortRange>) -> Self {
        Self::Tcp(ports.into())
    }

    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self::All
    }

    /// The protocol.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Tcp(_) => Protocol::Tcp,
            Self::Udp(_) => Protocol::Udp,
            Self::Icmp => Protocol::Icmp,
            Self::All => Protocol::All,
        }
    }

    /// The ports, where the protocol has them.
    #[must_use]
    pub const fn ports(self) -> Option<PortRange> {
        match self {
            Self::Tcp(ports) | Self::Udp(ports) => Some(ports),
            Self::Icmp | Self::All => None,
        }
    }

    /// Whether everything of `other` is let through too.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::All, _) | (Self::Icmp, Self::Icmp) => true,
            (Self::Tcp(these), Self::Tcp(those)) | (Self::Udp(these), Self::Udp(those)) => {
                these.contains(those)
            }
            (Self::Tcp(_) | Self::Udp(_) | Self::Icmp, _) => false,
        }
    }

    /// Whether TCP connections to `port` are let through.
    #[must_use]
    pub fn admits_tcp(self, port: Port) -> bool {
        self.contains(Self::tcp_ports(port))
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(ports) => write!(formatter, "tcp {ports}"),
            Self::Udp(ports) => write!(formatter, "udp {ports}"),
            Self::Icmp => formatter.write_str("icmp"),
            Self::All => formatter.write_str("all"),
        }
    }
}

impl FromStr for Traffic {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (protocol, ports) = match text.split_once(' ') {
            None => (text, None),
            Some((protocol, ports)) => (protocol, Some(ports)),
        };
        let ranges = |ports: &str| {
            ports.parse().map_err(|error: ValueError| ValueError::new(text, WHAT, error.problem()))
        };
        match (protocol, ports) {
            ("all", None) => Ok(Self::All),
            ("icmp", None) => Ok(Self::Icmp),
            ("tcp", Some(ports)) => ranges(ports).map(Self::Tcp),
            ("udp", Some(ports)) => ranges(ports).map(Self::Udp),
            _ => {
                let problem = "write `tcp 80`, `tcp 1024-65535`, `udp 53`, `icmp` or `all`";
                Err(ValueError::new(text, WHAT, problem))
            }
        }
    }
}

text_value!(Traffic, WHAT, text, schema: {
    "type": "string",
    "description": "Protocol and ports",
    "pattern": "^(all|icmp|(tcp|udp) [0-9]{1,5}(-[0-9]{1,5})?)$",
    "examples": ["tcp 80", "tcp 32768-65535", "all"],
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn traffic_parses_or_says_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<Traffic>(text), expected);
        let refused = |text: &str, problem: &str| {
            check(text, &format!("`{text}` is not a kind of traffic: {problem}"));
        };
        check("tcp 80", "tcp 80");
        check("udp 53-53", "udp 53");
        check("tcp 32768-65535", "tcp 32768-65535");
        check("icmp", "icmp");
        check("all", "all");
        let forms = "write `tcp 80`, `tcp 1024-65535`, `udp 53`, `icmp` or `all`";
        refused("tcp", forms);
        refused("all 80", forms);
        refused("TCP 80", forms);
        refused("", forms);
        refused("tcp 0", "ports are whole numbers from 1 to 65535");
        refused("tcp 9-8", "it runs backwards; `8-9` would be right");
    }

    #[test]
    fn traffic_contains_what_it_lets_through() {
        let check = |a: &str, b: &str, expected: bool| {
            let traffic = |text: &str| text.parse::<Traffic>().expect("a kind of traffic");
            assert_eq!(traffic(a).contains(traffic(b)), expected, "{a} contains {b}");
        };
        check("all", "tcp 80", true);
        check("all", "all", true);
        check("tcp 1-65535", "tcp 80", true);
        check("tcp 80", "tcp 80-81", false);
        check("tcp 1-65535", "all", false);
        check("udp 1-65535", "tcp 80", false);
        check("icmp", "icmp", true);
        check("icmp", "tcp 80", false);
        assert!(Traffic::tcp(80).admits_tcp(Port::HTTP));
        assert!(!Traffic::tcp(80).admits_tcp(Port::HTTPS));
    }

    #[test]
    fn traffic_tells_protocol_and_ports() {
        let dynamic = Traffic::tcp_range(32768..=65535);
        assert_eq!(dynamic.protocol().api_name(), "tcp");
        assert_eq!(dynamic.ports().map(|ports| ports.to_string()).as_deref(), Some("32768-65535"));
        assert_eq!(Traffic::all().protocol().api_name(), "-1");
        assert_eq!(Traffic::all().ports(), None);
    }

    proptest! {
        #[test]
        fn all_traffic_round_trips(a in 1_u16.., b in 1_u16..) {
            let ports = PortRange::of(&(a.min(b)..=a.max(b)));
            for traffic in [Traffic::Tcp(ports), Traffic::Udp(ports), Traffic::Icmp, Traffic::All] {
                round_trips(&traffic);
            }
        }
    }
}
