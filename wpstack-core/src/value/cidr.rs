//! IPv4 address blocks.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

use super::ValueError;
use super::text::digits;

const WHAT: &str = "an IPv4 CIDR block";

/// An IPv4 address block such as `10.11.0.0/16`. Its host bits are zero.
///
/// AWS silently clears host bits in some calls and refuses them in others; a block that cannot hold
/// them never differs from what AWS reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr(Ipv4Net);

impl Cidr {
    /// Every IPv4 address: `0.0.0.0/0`.
    pub const ANYWHERE: Self = Self(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));

    /// The block of `network`'s addresses that share its first `prefix` bits.
    ///
    /// # Errors If the prefix is longer than 32 bits, or if host bits are set; the error names the
    /// network then.
    pub fn new(network: Ipv4Addr, prefix: u8) -> Result<Self, ValueError> {
        let text = || format!("{network}/{prefix}");
        let block = Ipv4Net::new(network, prefix).map_err(|_| prefix_length(&text()))?;
        if block.addr() == block.network() {
            Ok(Self(block))
        } else {
            let problem = format!("it has host bits set; the network is `{}`", block.trunc());
            Err(ValueError::new(text(), WHAT, problem))
        }
    }

    /// The lowest address of the block.
    #[must_use]
    pub fn network(&self) -> Ipv4Addr {
        self.0.network()
    }

    /// The number of bits that all addresses of the block share, 0 to 32.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.0.prefix_len()
    }

    /// The number of addresses in the block. AWS keeps five of each subnet for itself.
    #[must_use]
    pub fn addresses(&self) -> u64 {
        1 << (32 - u32::from(self.prefix()))
    }

    /// Whether every address of `other` is also in this block. A block contains itself.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether `address` is in this block.
    #[must_use]
    pub fn has(&self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }

    /// Whether the two blocks have an address in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The blocks of prefix length `prefix` that make up this one, in order of address.
    ///
    /// # Errors
    /// If `prefix` is shorter than the block's own or longer than 32.
    pub fn subnets(&self, prefix: u8) -> Result<impl Iterator<Item = Self> + use<>, ValueError> {
        let subnets = self.0.subnets(prefix).map_err(|_| {
            let problem =
                format!("the prefix of a part must be {} to 32, not {prefix}", self.prefix());
            ValueError::new(self.to_string(), "a block that can be split so", problem)
        })?;
        Ok(subnets.map(Self))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Cidr {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: &str| ValueError::new(text, WHAT, problem);
        let (address, prefix) = text
            .split_once('/')
            .ok_or_else(|| refuse("the prefix length is missing, as in `10.0.0.0/16`"))?;
        let address = address.parse().map_err(|_| {
            refuse("the address must be four numbers from 0 to 255 with dots between")
        })?;
        // Through `digits`, because the standard parser takes `+16`.
        let prefix = digits(prefix).ok_or_else(|| prefix_length(text))?;
        Self::new(address, prefix)
    }
}

text_value!(Cidr, WHAT, text, schema: {
    "type": "string",
    "description": "An IPv4 CIDR block without host bits",
    "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$",
    "examples": ["10.11.0.0/16"],
});

fn prefix_length(text: &str) -> ValueError {
    ValueError::new(text, WHAT, "the prefix length must be 0 to 32")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn blocks_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<Cidr>(text), expected);
        let refused = |text: &str, problem: &str| {
            check(text, &format!("`{text}` is not an IPv4 CIDR block: {problem}"));
        };
        check("10.11.0.0/16", "10.11.0.0/16");
        check("0.0.0.0/0", "0.0.0.0/0");
        check("192.0.2.7/32", "192.0.2.7/32");
        refused("10.11.0.0/33", "the prefix length must be 0 to 32");
        refused("10.11.0.0/999", "the prefix length must be 0 to 32");
        refused("10.11.0.0/+16", "the prefix length must be 0 to 32");
        refused("10.11.0.0/", "the prefix length must be 0 to 32");
        refused("10.11.0.0", "the prefix length is missing, as in `10.0.0.0/16`");
        refused("", "the prefix length is missing, as in `10.0.0.0/16`");
        refused("10.11.1.0/16", "it has host bits set; the network is `10.11.0.0/16`");
        let four = "the address must be four numbers from 0 to 255 with dots between";
        refused("10.11.0/16", four);
        refused("10.11.0.256/16", four);
        refused("fd00::/8", four);
        refused(" 10.11.0.0/16", four);
    }

    #[test]
    fn blocks_contain_and_overlap() {
        let cidr = |text: &str| text.parse::<Cidr>().expect("a block");
        let check = |a: &str, b: &str, contains: bool, overlaps: bool| {
            assert_eq!(cidr(a).contains(&cidr(b)), contains, "{a} contains {b}");
            assert_eq!(cidr(a).overlaps(&cidr(b)), overlaps, "{a} overlaps {b}");
            assert_eq!(cidr(b).overlaps(&cidr(a)), overlaps, "{b} overlaps {a}");
        };
        check("10.11.0.0/16", "10.11.0.0/16", true, true);
        check("10.11.0.0/16", "10.11.255.0/24", true, true);
        check("10.11.255.0/24", "10.11.0.0/16", false, true);
        check("10.11.0.0/24", "10.11.1.0/24", false, false);
        check("0.0.0.0/0", "10.11.1.0/24", true, true);
        assert!(cidr("10.11.0.0/16").has(Ipv4Addr::new(10, 11, 255, 255)));
        assert!(!cidr("10.11.0.0/16").has(Ipv4Addr::new(10, 12, 0, 0)));
        assert_eq!(cidr("10.11.0.0/24").addresses(), 256);
        assert_eq!(Cidr::ANYWHERE.addresses(), 1 << 32);
        assert_eq!(Cidr::ANYWHERE.to_string(), "0.0.0.0/0");
    }

    #[test]
    fn a_block_splits_into_longer_prefixes_only() {
        let block: Cidr = "10.11.0.0/16".parse().expect("a block");
        let parts: Vec<_> =
            block.subnets(17).expect("longer").map(|part| part.to_string()).collect();
        assert_eq!(parts, ["10.11.0.0/17", "10.11.128.0/17"]);
        let refuse = |prefix| block.subnets(prefix).err().map(|error| error.to_string());
        let expected = |prefix| {
            Some(format!(
                "`10.11.0.0/16` is not a block that can be split so: \
                 the prefix of a part must be 16 to 32, not {prefix}"
            ))
        };
        assert_eq!(refuse(15), expected(15));
        assert_eq!(refuse(33), expected(33));
    }

    proptest! {
        #[test]
        fn every_block_round_trips(address: u32, prefix in 0_u8..=32) {
            let block = Ipv4Net::new_assert(Ipv4Addr::from(address), prefix).trunc();
            round_trips(&Cidr(block));
        }
    }
}
