//! Sizes, times and shares, each with its unit in its type.
//!
//! In a configuration each may be text with a unit (`"20 GiB"`, `"5m"`, `"7 days"`) or a plain
//! number in the type's own unit. All serialise as text, so that a plan or a state document says
//! what its numbers mean.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::ValueError;
use super::text::digits;

/// A unit that a quantity may be written in: its spellings, and what one of it is in the type's own
/// unit.
struct Unit {
    spellings: &'static [&'static str],
    factor: u32,
}

const fn unit(spellings: &'static [&'static str], factor: u32) -> Unit {
    Unit { spellings, factor }
}

/// Reads `text` as whole number and unit; without a unit the number is in the unit of factor 1.
fn parse(text: &str, what: &'static str, units: &[Unit], form: &str) -> Result<u32, ValueError> {
    let refuse = |problem: String| ValueError::new(text, what, problem);
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, spelling) = text.split_at(end);
    let spelling = spelling.trim_start_matches(' ');
    let factor = units
        .iter()
        .find(|unit| unit.spellings.contains(&spelling))
        .map(|unit| unit.factor)
        .or_else(|| spelling.is_empty().then_some(1));
    let (false, Some(factor)) = (number.is_empty(), factor) else {
        return Err(refuse(format!("write a whole number and a unit, as in {form}")));
    };
    digits::<u32>(number)
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| refuse(format!("it is more than {}", u32::MAX)))
}

macro_rules! quantity {
    (
        $(#[$doc:meta])*
        $type:ident: $inner:ty, $what:literal, form: $form:literal, units: [$($unit:expr),* $(,)?],
        display: $display:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(
            /// The number, in the unit that the type is named after.
            pub $inner,
        );

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let display: fn($inner, &mut fmt::Formatter<'_>) -> fmt::Result = $display;
                display(self.0, formatter)
            }
        }

        impl FromStr for $type {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let number = parse(text, $what, &[$($unit),*], $form)?;
                <$inner>::try_from(number).map(Self).map_err(|_| {
                    ValueError::new(text, $what, format!("it is more than {}", <$inner>::MAX))
                })
            }
        }

        text_value!($type, $what, text_or_number, schema: {
            "description": concat!(
                "With its unit, for example ", $form, ", or as a plain number in that unit",
            ),
            "oneOf": [
                { "type": "integer", "minimum": 0, "maximum": <$inner>::MAX },
                { "type": "string", "pattern": schema_pattern(&[$($unit),*]) },
            ],
        });
    };
}

fn schema_pattern(units: &[Unit]) -> String {
    let spellings: Vec<_> = units.iter().flat_map(|unit| unit.spellings).copied().collect();
    format!("^[0-9]+ *({})?$", spellings.join("|"))
}

quantity! {
    /// A size of storage in GiB (2³⁰ bytes), as EBS and RDS count it. `"20 GiB"` or `20`.
    Gibibytes: u32, "a size in GiB", form: "`20 GiB`",
    units: [unit(&["GiB"], 1), unit(&["TiB"], 1024)],
    display: |number, formatter| write!(formatter, "{number} GiB")
}

impl Gibibytes {
    /// The same size in MiB, if that many fit.
    #[must_use]
    pub const fn mebibytes(self) -> Option<Mebibytes> {
        match self.0.checked_mul(1024) {
            Some(number) => Some(Mebibytes(number)),
            None => None,
        }
    }
}

quantity! {
    /// A size of memory in MiB (2²⁰ bytes), as ECS counts it. `"512 MiB"`, `"2 GiB"` or `512`.
    Mebibytes: u32, "a size in MiB", form: "`512 MiB`",
    units: [unit(&["MiB"], 1), unit(&["GiB"], 1024)],
    display: |number, formatter| write!(formatter, "{number} MiB")
}

quantity! {
    /// A share of a processor as ECS counts it: 1024 units are one vCPU.
    /// `"512 CPU units"`, `"1 vCPU"` or `512`.
    CpuUnits: u32, "an amount of CPU", form: "`512 CPU units`",
    units: [unit(&["CPU units"], 1), unit(&["vCPU"], 1024)],
    display: |number, formatter| write!(formatter, "{number} CPU units")
}

quantity! {
    /// A length of time in seconds. `"30s"`, `"5m"`, `"1h"`, `"7 days"` or `30`.
    ///
    /// Displays in the largest unit that gives a whole number: 300 seconds are `5m`.
    Seconds: u32, "a length of time in seconds", form: "`30s`",
    units: [
        unit(&["s", "sec", "second", "seconds"], 1),
        unit(&["m", "min", "minute", "minutes"], 60),
        unit(&["h", "hour", "hours"], 3600),
        unit(&["d", "day", "days"], 86_400),
    ],
    display: |number, formatter| match number {
        number if number > 0 && number % 3600 == 0 => write!(formatter, "{}h", number / 3600),
        number if number > 0 && number % 60 == 0 => write!(formatter, "{}m", number / 60),
        number => write!(formatter, "{number}s"),
    }
}

impl Seconds {
    /// The same time for the standard library.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

quantity! {
    /// A length of time in whole minutes. `"5m"`, `"2h"` or `5`.
    Minutes: u32, "a length of time in minutes", form: "`5m`",
    units: [
        unit(&["m", "min", "minute", "minutes"], 1),
        unit(&["h", "hour", "hours"], 60),
        unit(&["d", "day", "days"], 1440),
    ],
    display: |number, formatter| match number {
        number if number > 0 && number % 60 == 0 => write!(formatter, "{}h", number / 60),
        number => write!(formatter, "{number}m"),
    }
}

quantity! {
    /// A length of time in whole days. `"7 days"`, `"2 weeks"` or `7`.
    Days: u32, "a length of time in days", form: "`7 days`",
    units: [unit(&["d", "day", "days"], 1), unit(&["week", "weeks"], 7)],
    display: |number, formatter| match number {
        1 => formatter.write_str("1 day"),
        number => write!(formatter, "{number} days"),
    }
}

quantity! {
    /// A share in hundredths. May exceed 100: a rolling deployment runs at up to 200 %. `"50%"` or
    /// `50`.
    Percent: u16, "a percentage", form: "`50%`",
    units: [unit(&["%"], 1)],
    display: |number, formatter| write!(formatter, "{number}%")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn quantities_are_written_canonically() {
        fn check<T>(cases: &str)
        where
            T: fmt::Display + FromStr<Err = ValueError> + PartialEq + fmt::Debug,
            T: serde::Serialize + serde::de::DeserializeOwned,
        {
            for case in cases.split("; ") {
                let (text, expected) = case.split_once(" = ").expect("text = canonical text");
                assert_eq!(shown::<T>(text), expected);
            }
        }
        check::<Gibibytes>(
            "20 GiB = 20 GiB; 20GiB = 20 GiB; 20 = 20 GiB; 1 TiB = 1024 GiB; 0 = 0 GiB",
        );
        check::<Mebibytes>("512 MiB = 512 MiB; 2 GiB = 2048 MiB; 512 = 512 MiB");
        check::<CpuUnits>(
            "512 = 512 CPU units; 2 vCPU = 2048 CPU units; 1 CPU units = 1 CPU units",
        );
        check::<Seconds>(
            "30s = 30s; 90 = 90s; 60 seconds = 1m; 5m = 5m; 60m = 1h; 1 day = 24h; 0 = 0s",
        );
        check::<Minutes>("5m = 5m; 90 min = 90m; 2h = 2h; 2 days = 48h; 10 = 10m; 0m = 0m");
        check::<Days>("7 days = 7 days; 7d = 7 days; 1 = 1 day; 2 weeks = 14 days; 0 = 0 days");
        check::<Percent>("50% = 50%; 50 % = 50%; 200 = 200%");
    }

    #[test]
    fn what_is_not_a_quantity_is_refused() {
        fn check<T>(text: &str, expected: &str)
        where
            T: fmt::Display + FromStr<Err = ValueError> + PartialEq + fmt::Debug,
            T: serde::Serialize + serde::de::DeserializeOwned,
        {
            assert_eq!(shown::<T>(text), format!("`{text}` is not {expected}"));
        }
        let form = "a size in GiB: write a whole number and a unit, as in `20 GiB`";
        for text in ["", "GiB", "20 GB", "20 gib", "-20", "1.5 GiB", " 20", "20 GiB ", "20 MiB"] {
            check::<Gibibytes>(text, form);
        }
        check::<Seconds>("4294967296", "a length of time in seconds: it is more than 4294967295");
        check::<Gibibytes>("4194304 TiB", "a size in GiB: it is more than 4294967295");
        check::<Percent>("65536%", "a percentage: it is more than 65535");
    }

    #[test]
    fn numbers_are_read_in_the_unit_of_the_type() {
        let read = serde_json::from_str::<Seconds>;
        assert_eq!(read("30").expect("a time"), Seconds(30));
        assert_eq!(serde_json::to_string(&Seconds(30)).expect("json"), r#""30s""#);
        assert!(
            read("-30").expect_err("negative").to_string().starts_with("`-30` is not a length")
        );
        assert!(read("1.5").expect_err("a fraction").to_string().starts_with("invalid type"));
        assert_eq!(Seconds(30).duration(), Duration::from_secs(30));
        assert_eq!(Gibibytes(2).mebibytes(), Some(Mebibytes(2048)));
        assert_eq!(Gibibytes(u32::MAX).mebibytes(), None);
    }

    proptest! {
        #[test]
        fn every_quantity_round_trips(number: u32, share: u16) {
            round_trips(&Gibibytes(number));
            round_trips(&Mebibytes(number));
            round_trips(&CpuUnits(number));
            round_trips(&Seconds(number));
            round_trips(&Minutes(number));
            round_trips(&Days(number));
            round_trips(&Percent(share));
        }
    }
}
