//! Machine types of EC2 and RDS.

use std::fmt;
use std::str::FromStr;

use super::{CpuUnits, Mebibytes, ValueError};

const TYPE: &str = "an EC2 instance type";
const CLASS: &str = "a DB instance class";

/// The instruction set of a machine.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// AWS Graviton and other 64-bit Arm.
    Arm64,
}

impl Architecture {
    /// The name in the EC2 API, and in the path of the SSM parameter that names an image.
    #[must_use]
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.api_name())
    }
}

/// An EC2 instance type such as `t3.small`. The form is checked, not whether AWS offers the type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceType(String);

impl InstanceType {
    /// The type, for example `t3.small`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes before the dot: `t3`.
    #[must_use]
    pub fn family(&self) -> &str {
        self.parts().0
    }

    /// What comes after the dot: `small`.
    #[must_use]
    pub fn size(&self) -> &str {
        self.parts().1
    }

    /// The memory, for the common burstable and general-purpose types; None for the others.
    #[must_use]
    pub fn memory(&self) -> Option<Mebibytes> {
        Some(Mebibytes(self.shape()?.memory))
    }

    /// The processor, 1024 units to a vCPU, for the types of which [`memory`](Self::memory) is
    /// known.
    #[must_use]
    pub fn cpu(&self) -> Option<CpuUnits> {
        Some(CpuUnits(self.vcpus()? * 1024))
    }

    /// The number of vCPUs, for the types of which [`memory`](Self::memory) is known.
    #[must_use]
    pub fn vcpus(&self) -> Option<u32> {
        Some(self.shape()?.vcpus)
    }

    /// The instruction set, from AWS's naming: a `g` after the generation's number means Graviton.
    ///
    /// <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        let family = self.family();
        let attributes = family.trim_start_matches(|one: char| one.is_ascii_lowercase());
        // Named before the scheme: a1 was the first Graviton, and all Macs since mac2 have Apple's
        // chips.
        let early = family == "a1" || family.starts_with("mac2");
        if early || attributes.contains('g') { Architecture::Arm64 } else { Architecture::X86_64 }
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }

    fn shape(&self) -> Option<Shape> {
        let sizes = match self.family() {
            "t2" => T2,
            "t3" | "t3a" | "t4g" => T3,
            "m5" | "m6i" | "m7i" => M,
            "m6g" | "m7g" => M_GRAVITON,
            _ => return None,
        };
        sizes.iter().find(|(size, _)| *size == self.size()).map(|(_, shape)| *shape)
    }
}

impl fmt::Display for InstanceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for InstanceType {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_machine(text) {
            return Ok(Self(text.to_owned()));
        }
        let problem = match text.strip_prefix("db.") {
            Some(machine) if is_machine(machine) => {
                format!("it is a DB instance class; did you mean `{machine}`?")
            }
            _ => "it must be a family and a size with a dot between, as in `t3.small`".to_owned(),
        };
        Err(ValueError::new(text, TYPE, problem))
    }
}

text_value!(InstanceType, TYPE, text, schema: {
    "type": "string",
    "description": "An EC2 instance type",
    "pattern": r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$",
    "examples": ["t3.small"],
});

/// A DB instance class such as `db.t4g.micro`. The form is checked, not whether RDS offers the
/// class.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DbInstanceClass(InstanceType);

impl DbInstanceClass {
    /// The machine type without `db.`, which knows memory, vCPUs and architecture.
    #[must_use]
    pub fn machine(&self) -> &InstanceType {
        &self.0
    }
}

impl fmt::Display for DbInstanceClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "db.{}", self.0)
    }
}

impl FromStr for DbInstanceClass {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let machine = text.strip_prefix("db.").filter(|machine| is_machine(machine));
        if let Some(machine) = machine {
            return Ok(Self(InstanceType(machine.to_owned())));
        }
        let problem = if is_machine(text) && !text.starts_with("db.") {
            format!("classes begin with `db.`; did you mean `db.{text}`?")
        } else {
            "it must be `db.`, a family and a size with dots between, as in `db.t4g.micro`"
                .to_owned()
        };
        Err(ValueError::new(text, CLASS, problem))
    }
}

text_value!(DbInstanceClass, CLASS, text, schema: {
    "type": "string",
    "description": "A DB instance class",
    "pattern": r"^db\.[a-z][a-z0-9-]*\.[a-z0-9-]+$",
    "examples": ["db.t4g.micro"],
});

fn is_machine(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-')
    };
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split_once('.').is_some_and(|(family, size)| plain(family) && plain(size))
}

/// The vCPUs of a machine, and its memory in MiB.
#[derive(Clone, Copy)]
struct Shape {
    vcpus: u32,
    memory: u32,
}

type Sizes = &'static [(&'static str, Shape)];

const fn shape(vcpus: u32, memory: u32) -> Shape {
    Shape { vcpus, memory }
}

// From <https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html>.
const T2: Sizes = &[
    ("nano", shape(1, 512)),
    ("micro", shape(1, 1024)),
    ("small", shape(1, 2048)),
    ("medium", shape(2, 4096)),
    ("large", shape(2, 8192)),
    ("xlarge", shape(4, 16_384)),
    ("2xlarge", shape(8, 32_768)),
];
const T3: Sizes = &[
    ("nano", shape(2, 512)),
    ("micro", shape(2, 1024)),
    ("small", shape(2, 2048)),
    ("medium", shape(2, 4096)),
    ("large", shape(2, 8192)),
    ("xlarge", shape(4, 16_384)),
    ("2xlarge", shape(8, 32_768)),
];
const M: Sizes = &[
    ("large", shape(2, 8192)),
    ("xlarge", shape(4, 16_384)),
    ("2xlarge", shape(8, 32_768)),
    ("4xlarge", shape(16, 65_536)),
];
const M_GRAVITON: Sizes = &[
    ("medium", shape(1, 4096)),
    ("large", shape(2, 8192)),
    ("xlarge", shape(4, 16_384)),
    ("2xlarge", shape(8, 32_768)),
    ("4xlarge", shape(16, 65_536)),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn types_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<InstanceType>(text), expected);
        for text in ["t3.small", "m7i-flex.2xlarge", "u-6tb1.56xlarge", "m5.metal-24xl"] {
            check(text, text);
        }
        let problem = "it is a DB instance class; did you mean `t3.small`?";
        check("db.t3.small", &format!("`db.t3.small` is not an EC2 instance type: {problem}"));
        for text in
            ["", "t3", "t3.", ".small", "T3.small", "3t.small", "t3.small.large", "t3 .small"]
        {
            let problem = "it must be a family and a size with a dot between, as in `t3.small`";
            check(text, &format!("`{text}` is not an EC2 instance type: {problem}"));
        }
    }

    #[test]
    fn classes_parse_or_say_why_not() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown::<DbInstanceClass>(text), expected);
        check("db.t3.micro", "db.t3.micro");
        let problem = "classes begin with `db.`; did you mean `db.t3.micro`?";
        check("t3.micro", &format!("`t3.micro` is not a DB instance class: {problem}"));
        for text in ["", "db.", "db.t3", "DB.t3.micro", "db.t3.micro.large"] {
            let problem =
                "it must be `db.`, a family and a size with dots between, as in `db.t4g.micro`";
            check(text, &format!("`{text}` is not a DB instance class: {problem}"));
        }
    }

    #[test]
    fn common_types_know_their_shape() {
        let check = |text: &str, expected: Option<(u32, u32)>| {
            let machine: InstanceType = text.parse().expect("an instance type");
            let found = machine.vcpus().zip(machine.memory().map(|memory| memory.0));
            assert_eq!(found, expected, "{text}");
            assert_eq!(machine.cpu().map(|cpu| cpu.0), expected.map(|(vcpus, _)| vcpus * 1024));
        };
        check("t2.micro", Some((1, 1024)));
        check("t3.micro", Some((2, 1024)));
        check("t4g.2xlarge", Some((8, 32_768)));
        check("m6g.medium", Some((1, 4096)));
        check("m5.medium", None);
        check("m7i.4xlarge", Some((16, 65_536)));
        check("r5.large", None);
        let class: DbInstanceClass = "db.t3.micro".parse().expect("a class");
        assert_eq!(class.machine().memory(), Some(Mebibytes(1024)));
    }

    #[test]
    fn the_family_tells_the_architecture() {
        let check = |families: &str, expected| {
            for family in families.split(' ') {
                let machine: InstanceType = format!("{family}.large").parse().expect("a type");
                assert_eq!(machine.architecture(), expected, "{family}");
            }
        };
        check("t2 t3 t3a m5 m6i m7i-flex g4dn g6 gr6 c6a mac1 u-6tb1", Architecture::X86_64);
        check("t4g m6g m7gd c7gn im4gn x2gd g5g hpc7g a1 mac2 mac2-m2", Architecture::Arm64);
    }

    proptest! {
        #[test]
        fn every_type_round_trips(text in "[a-z][a-z0-9-]{0,8}\\.[a-z0-9-]{1,8}") {
            round_trips(&text.parse::<InstanceType>().expect("an instance type"));
            round_trips(&format!("db.{text}").parse::<DbInstanceClass>().expect("a class"));
        }
    }
}
