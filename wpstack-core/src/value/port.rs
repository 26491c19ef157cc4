//! Port numbers and ranges of them.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::Serialize;

use super::ValueError;
use super::text::digits;

const PORT: &str = "a port number";
const RANGE: &str = "a port or range of ports";

/// A TCP or UDP port, 1 to 65535. Serialises as the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Port(u16);

impl Port {
    /// 80.
    pub const HTTP: Self = Self(80);
    /// 443.
    pub const HTTPS: Self = Self(443);
    /// 8080: HTTP without privileges.
    pub const HTTP_ALTERNATIVE: Self = Self(8080);
    /// 3306.
    pub const MYSQL: Self = Self(3306);

    /// The port of that number.
    ///
    /// # Errors
    /// If it is 0.
    pub fn new(number: u16) -> Result<Self, ValueError> {
        if number == 0 { Err(port_number("0", PORT)) } else { Ok(Self(number)) }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for Port {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let number = digits(text).ok_or_else(|| port_number(text, PORT))?;
        Self::new(number)
    }
}

parsed_value!(Port, PORT, text_or_number);
value_schema!(Port, { "type": "integer", "minimum": 1, "maximum": 65535 });

/// One or more neighbouring ports: `80` or `1024-65535`. Serialises as that text; a number is read
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortRange {
    first: Port,
    last: Port,
}

impl PortRange {
    /// Every port.
    pub const EVERY: Self = Self { first: Port(1), last: Port(u16::MAX) };

    /// The ports from `first` to `last`, both included.
    ///
    /// # Errors
    /// If `last` comes before `first`.
    pub fn new(first: Port, last: Port) -> Result<Self, ValueError> {
        if first <= last {
            Ok(Self { first, last })
        } else {
            let problem = format!("it runs backwards; `{last}-{first}` would be right");
            Err(ValueError::new(format!("{first}-{last}"), RANGE, problem))
        }
    }

    /// The ports of a range written in the source.
    ///
    /// # Panics If the range is empty or begins at 0. For values that come from elsewhere there is
    /// [`PortRange::new`].
    #[must_use]
    pub const fn of(range: &RangeInclusive<u16>) -> Self {
        let (first, last) = (*range.start(), *range.end());
        assert!(
            first > 0 && first <= last,
            "a range of ports begins at 1 or later and runs upwards"
        );
        Self { first: Port(first), last: Port(last) }
    }

    /// The lowest port.
    #[must_use]
    pub const fn first(self) -> Port {
        self.first
    }

    /// The highest port.
    #[must_use]
    pub const fn last(self) -> Port {
        self.last
    }

    /// Whether `port` is one of them.
    #[must_use]
    pub fn has(self, port: Port) -> bool {
        self.first <= port && port <= self.last
    }

    /// Whether all ports of `other` are among these.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.has(other.first) && self.has(other.last)
    }
}

impl From<Port> for PortRange {
    fn from(port: Port) -> Self {
        Self { first: port, last: port }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            self.first.fmt(formatter)
        } else {
            write!(formatter, "{}-{}", self.first, self.last)
        }
    }
}

impl FromStr for PortRange {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let port = |part: &str| match digits(part) {
            None | Some(0) => Err(port_number(text, RANGE)),
            Some(number) => Ok(Port(number)),
        };
        match text.split_once('-') {
            None => port(text).map(Self::from),
            Some((first, last)) => Self::new(port(first)?, port(last)?),
        }
    }
}

text_value!(PortRange, RANGE, text_or_number, schema: {
    "description": "A port, or a range of ports such as `1024-65535`",
    "oneOf": [
        { "type": "integer", "minimum": 1, "maximum": 65535 },
        { "type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$" },
    ],
});

fn port_number(text: &str, what: &'static str) -> ValueError {
    ValueError::new(text, what, "ports are whole numbers from 1 to 65535")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn ports_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<Port>(text), expected);
        check("80", "80");
        check("65535", "65535");
        for text in ["0", "65536", "-1", "+80", "80 ", "http", ""] {
            let why = "is not a port number: ports are whole numbers from 1 to 65535";
            check(text, &format!("`{text}` {why}"));
        }
    }

    #[test]
    fn ranges_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<PortRange>(text), expected);
        check("80", "80");
        check("80-80", "80");
        check("1024-65535", "1024-65535");
        let problem = "it runs backwards; `80-443` would be right";
        check("443-80", &format!("`443-80` is not a port or range of ports: {problem}"));
        for text in ["0-65535", "1-", "-1", "1-2-3", "1..2", ""] {
            let why = "is not a port or range of ports: ports are whole numbers from 1 to 65535";
            check(text, &format!("`{text}` {why}"));
        }
    }

    #[test]
    fn numbers_are_read_and_ports_are_written_as_numbers() {
        assert_eq!(serde_json::to_string(&Port::MYSQL).expect("json"), "3306");
        assert_eq!(serde_json::from_str::<Port>("3306").expect("a port"), Port::MYSQL);
        assert_eq!(serde_json::from_str::<PortRange>("80").expect("a range"), Port::HTTP.into());
        let refused = serde_json::from_str::<Port>("70000").expect_err("no such port").to_string();
        assert!(refused.starts_with("`70000` is not a port number"), "{refused}");
        assert!(serde_json::from_str::<Port>("8.5").is_err());
    }

    #[test]
    fn ranges_contain_what_lies_between_their_ends() {
        let range = PortRange::of(&(1024..=2048));
        let check = |port, expected| assert_eq!(range.has(Port(port)), expected, "{port}");
        check(1023, false);
        check(1024, true);
        check(2048, true);
        check(2049, false);
        assert!(PortRange::EVERY.contains(range));
        assert!(!range.contains(PortRange::EVERY));
    }

    proptest! {
        #[test]
        fn every_range_round_trips(a in 1_u16.., b in 1_u16..) {
            round_trips(&Port(a));
            round_trips(&PortRange::of(&(a.min(b)..=a.max(b))));
        }
    }
}
