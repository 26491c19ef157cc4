//! Where things run: regions and availability zones.

use std::fmt;
use std::str::FromStr;

use super::ValueError;

const REGION: &str = "an AWS region";
const ZONE: &str = "an availability zone";

/// An AWS region such as `eu-west-1`. The form is checked, not whether the region exists: AWS opens
/// new ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// The code, for example `eu-west-1`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition of AWS that the region belongs to, as in ARNs: `aws` for all but a few.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match &self.0 {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("us-isob-") => "aws-iso-b",
            region if region.starts_with("us-iso-") => "aws-iso",
            region if region.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        }
    }

    /// The domain under which the services of the region's partition answer, for example
    /// `amazonaws.com`.
    #[must_use]
    pub fn domain(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }

    /// The zone of this region with that letter: `eu-west-1` and `a` make `eu-west-1a`.
    ///
    /// # Errors
    /// If `letter` is not a lowercase ASCII letter.
    pub fn zone(&self, letter: char) -> Result<AvailabilityZone, ValueError> {
        format!("{}{letter}", self.0).parse()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Region {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if region_length(text) == Some(text.len()) {
            return Ok(Self(text.to_owned()));
        }
        let problem = match text.parse::<AvailabilityZone>() {
            Ok(zone) => format!("it is a zone of the region `{}`", zone.region()),
            Err(_) => "a region looks like `eu-west-1`".to_owned(),
        };
        Err(ValueError::new(text, REGION, problem))
    }
}

text_value!(Region, REGION, text, schema: {
    "type": "string",
    "description": "An AWS region",
    "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9]$",
    "examples": ["eu-west-1"],
});

/// An availability zone such as `eu-west-1a`, or a local zone such as `us-west-2-lax-1a`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AvailabilityZone(String);

impl AvailabilityZone {
    /// The name, for example `eu-west-1a`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The region that the zone lies in.
    #[must_use]
    pub fn region(&self) -> Region {
        let length = region_length(&self.0).unwrap_or(self.0.len());
        Region(self.0[..length].to_owned())
    }
}

impl fmt::Display for AvailabilityZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for AvailabilityZone {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let rest = region_length(text).map(|length| &text[length..]);
        match rest {
            Some(rest) if is_letter(rest) || is_local_zone(rest) => Ok(Self(text.to_owned())),
            Some("") => {
                let problem =
                    format!("it is a region; its zones are `{text}a`, `{text}b` and so on");
                Err(ValueError::new(text, ZONE, problem))
            }
            _ => {
                Err(ValueError::new(text, ZONE, "a zone is its region and a letter: `eu-west-1a`"))
            }
        }
    }
}

text_value!(AvailabilityZone, ZONE, text, schema: {
    "type": "string",
    "description": "An availability zone",
    "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9](-[a-z]+-[0-9])?[a-z]$",
    "examples": ["eu-west-1a"],
});

/// The length of the region at the beginning of `text`: words with hyphens between, up to the first
/// digit.
fn region_length(text: &str) -> Option<usize> {
    let digit = text.find(|character: char| character.is_ascii_digit())?;
    let mut words = text[..digit].strip_suffix('-')?.split('-');
    let area = words.next()?;
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut directions = words.peekable();
    let well_formed = (2..=4).contains(&area.len())
        && is_word(area)
        && directions.peek().is_some()
        && directions.all(is_word);
    well_formed.then_some(digit + 1)
}

fn is_letter(rest: &str) -> bool {
    rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether `rest` is what follows the region in the name of a local zone: `-lax-1a`.
fn is_local_zone(rest: &str) -> bool {
    let Some((place, number)) = rest.strip_prefix('-').and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let mut number = number.chars();
    !place.is_empty()
        && place.bytes().all(|byte| byte.is_ascii_lowercase())
        && number.next().is_some_and(|digit| digit.is_ascii_digit())
        && is_letter(number.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn regions_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<Region>(text), expected);
        for region in ["eu-west-1", "us-gov-west-1", "ap-southeast-7", "eusc-de-east-1"] {
            check(region, region);
        }
        check(
            "eu-west-1a",
            "`eu-west-1a` is not an AWS region: it is a zone of the region `eu-west-1`",
        );
        for text in
            ["", "eu-west", "EU-WEST-1", "eu-1", "eu--1", "eu-west-12", "eu west 1", "é-west-1"]
        {
            check(text, &format!("`{text}` is not an AWS region: a region looks like `eu-west-1`"));
        }
    }

    #[test]
    fn zones_parse_or_say_why_not() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown::<AvailabilityZone>(text), expected);
        check("eu-west-1a", "eu-west-1a");
        check("us-west-2-lax-1a", "us-west-2-lax-1a");
        let problem = "it is a region; its zones are `eu-west-1a`, `eu-west-1b` and so on";
        check("eu-west-1", &format!("`eu-west-1` is not an availability zone: {problem}"));
        for text in ["", "a", "eu-west-1A", "eu-west-1ab", "eu-west-1-lax-a", "us-west-2-lax-1é"] {
            let problem = "a zone is its region and a letter: `eu-west-1a`";
            check(text, &format!("`{text}` is not an availability zone: {problem}"));
        }
    }

    #[test]
    fn a_zone_knows_its_region_and_a_region_its_partition() {
        let check = |zone: &str, region: &str, partition: &str| {
            let zone: AvailabilityZone = zone.parse().expect("a zone");
            assert_eq!(zone.region().as_str(), region);
            assert_eq!(zone.region().partition(), partition);
        };
        check("eu-west-1c", "eu-west-1", "aws");
        check("us-west-2-lax-1a", "us-west-2", "aws");
        check("cn-north-1a", "cn-north-1", "aws-cn");
        check("us-gov-west-1b", "us-gov-west-1", "aws-us-gov");
        let region: Region = "eu-west-1".parse().expect("a region");
        assert_eq!(region.zone('b').expect("a zone").as_str(), "eu-west-1b");
        assert!(region.zone('2').is_err());
        assert_eq!(region.domain(), "amazonaws.com");
    }

    proptest! {
        #[test]
        fn every_region_round_trips(
            region in "[a-z]{2}(-[a-z]{1,9}){1,2}-[1-9]",
            letter in "[a-z]",
        ) {
            round_trips(&region.parse::<Region>().expect("a region"));
            let zone: AvailabilityZone = format!("{region}{letter}").parse().expect("a zone");
            round_trips(&zone);
            prop_assert_eq!(zone.region().to_string(), region);
        }
    }
}
