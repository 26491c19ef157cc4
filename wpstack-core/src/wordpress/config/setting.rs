//! What can stand behind a key of the configuration.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::Cloud;
use super::reader::{Reader, Value, below};
use super::section::{Key, Section};
use crate::image::{Core, Snapshot, Source};
use crate::value::{
    AvailabilityZone, BucketName, Cidr, Collation, CpuUnits, Days, DbIdentifier, DbInstanceClass,
    DbName, DbUserName, Gibibytes, ImageTag, ImageUri, InstanceType, KmsKey, Locale, Mebibytes,
    MirrorUrl, MySqlVersion, ObjectPrefix, PackageName, Port, Region, RepositoryName,
    RetentionDays, Seconds, SnapshotName, StackName, StatusCodes, TableCharset, TablePrefix, Tags,
    UrlPath, ValueError,
};

/// A value that can stand behind a key.
pub(crate) trait Setting: Sized {
    /// What it is, with its article, as an error says it: "a size".
    const WHAT: &'static str;
    /// One such value, in TOML.
    const EXAMPLE: &'static str;
    /// The keys below, if it is a section.
    const KEYS: &'static [Key] = &[];

    /// Reads the value, or tells the reader what is wrong with it.
    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self>;

    /// How a file says it.
    fn written(&self) -> Written;
}

/// How a file says what stands behind a key.
pub(crate) enum Written {
    /// As this piece of TOML.
    Value(String),
    /// By not having the key.
    Unset,
    /// As a table with a fixed set of keys.
    Section(Vec<Self>),
    /// As a table of whatever keys a person chooses.
    Map(BTreeMap<String, String>),
}

/// A default, as it is written in the source.
pub(crate) trait Known<Literal> {
    /// The value.
    fn known(literal: Literal) -> Self;
}

impl<T: FromStr<Err = ValueError>> Known<&'static str> for T {
    fn known(literal: &'static str) -> Self {
        literal.parse().expect("a default of the source is well-formed")
    }
}

impl<T: Known<&'static str>, const N: usize> Known<[&'static str; N]> for Vec<T> {
    fn known(literals: [&'static str; N]) -> Self {
        literals.into_iter().map(T::known).collect()
    }
}

impl<T> Known<Self> for Option<T> {
    fn known(literal: Self) -> Self {
        literal
    }
}

impl<S: Section> Known<S> for S {
    fn known(literal: S) -> Self {
        literal
    }
}

macro_rules! known_as_they_are {
    ($($Type:ty),*) => {
        $(impl Known<Self> for $Type {
            fn known(literal: Self) -> Self {
                literal
            }
        })*
    };
}
known_as_they_are!(bool, u8, u32, Tags);

/// Settings that are strings in TOML, or also integers.
macro_rules! texts {
    ($($Type:ty: $what:literal, $example:literal, $reads:ident, $writes:ident;)*) => {
        $(impl Setting for $Type {
            const WHAT: &'static str = $what;
            const EXAMPLE: &'static str = $example;

            fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
                $reads(reader, at, value)
            }

            fn written(&self) -> Written {
                $writes(self)
            }
        })*
    };
}

texts! {
    StackName: "a name", "\"blog\"", text, quoted;
    Region: "a region", "\"eu-west-1\"", text, quoted;
    Cloud: "a cloud", "\"aws\"", text, quoted;
    Cidr: "an address block", "\"10.11.0.0/16\"", text, quoted;
    AvailabilityZone: "a zone", "\"eu-west-1a\"", text, quoted;
    InstanceType: "an instance type", "\"t3.small\"", text, quoted;
    Gibibytes: "a size", "\"100 GiB\"", text_or_number, quoted;
    Mebibytes: "a size", "\"512 MiB\"", text_or_number, quoted;
    Snapshot: "a moment of the snapshot archive", "\"20261101T000000Z\"", text, quoted;
    MirrorUrl: "the address of a mirror", "\"http://deb.debian.org/debian\"", text, quoted;
    PackageName: "a package", "\"php8.4-soap\"", text, quoted;
    Core: "a release of WordPress", "\"debian\"", text, quoted;
    Locale: "a locale", "\"de_DE\"", text, quoted;
    Source: "a source", "\"languages/de_DE\"", text, quoted;
    CpuUnits: "an amount of CPU", "512", text_or_number, units;
    Port: "a port", "80", text_or_number, number;
    Seconds: "a length of time", "\"90s\"", text_or_number, quoted;
    Days: "a number of days", "\"7 days\"", text_or_number, quoted;
    RetentionDays: "a number of days", "\"30 days\"", text_or_number, quoted;
    RepositoryName: "a repository", "\"team/wordpress\"", text, quoted;
    ImageTag: "an image tag", "\"latest\"", text, quoted;
    ImageUri: "an image URI", "\"docker.io/library/wordpress@sha256:<64 digits>\"", text, quoted;
    UrlPath: "a path", "\"/healthz\"", text, quoted;
    StatusCodes: "HTTP status codes", "\"200-299\"", text_or_number, quoted;
    DbIdentifier: "an identifier", "\"wordpress-db\"", text, quoted;
    DbInstanceClass: "an instance class", "\"db.t3.micro\"", text, quoted;
    MySqlVersion: "a version", "\"8.4\"", text, quoted;
    DbName: "a name", "\"wordpress\"", text, quoted;
    DbUserName: "a name", "\"wordpress\"", text, quoted;
    SnapshotName: "a snapshot", "\"wordpress-db-last\"", text, quoted;
    TableCharset: "a character set", "\"utf8mb4\"", text, quoted;
    Collation: "a collation", "\"utf8mb4_unicode_520_ci\"", text, quoted;
    TablePrefix: "a prefix", "\"wp_\"", text, quoted;
    BucketName: "a bucket", "\"team-states\"", text, quoted;
    ObjectPrefix: "a prefix", "\"states/blog\"", text, quoted;
    KmsKey: "a KMS key", "\"alias/states\"", text, quoted;
}

fn quoted(value: &impl Display) -> Written {
    // TOML's own writer knows what needs escaping.
    Written::Value(toml::Value::String(value.to_string()).to_string())
}

fn units(value: &CpuUnits) -> Written {
    Written::Value(value.0.to_string())
}

fn number(value: &impl Display) -> Written {
    Written::Value(value.to_string())
}

fn text<T: Setting + FromStr<Err = ValueError>>(
    reader: &mut Reader<'_>,
    at: &str,
    value: &Value<'_>,
) -> Option<T> {
    match value.get_ref() {
        DeValue::String(text) => parsed(reader, at, value, text),
        _ => unquoted(reader, at, value),
    }
}

fn text_or_number<T: Setting + FromStr<Err = ValueError>>(
    reader: &mut Reader<'_>,
    at: &str,
    value: &Value<'_>,
) -> Option<T> {
    match value.get_ref() {
        DeValue::Integer(integer) => {
            let decimal = i128::from_str_radix(integer.as_str(), integer.radix());
            let text = decimal.map_or_else(|_| integer.to_string(), |number| number.to_string());
            parsed(reader, at, value, &text)
        }
        _ => text(reader, at, value),
    }
}

fn parsed<T: Setting + FromStr<Err = ValueError>>(
    reader: &mut Reader<'_>,
    at: &str,
    value: &Value<'_>,
    text: &str,
) -> Option<T> {
    match text.parse() {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            reader.problem(at, value.span(), error.to_string(), example::<T>(at));
            None
        }
    }
}

/// Refuses a value that is not a string, and says so if quotes are all that it lacks.
fn unquoted<T: Setting + FromStr<Err = ValueError>>(
    reader: &mut Reader<'_>,
    at: &str,
    value: &Value<'_>,
) -> Option<T> {
    let written = reader.source(value);
    let help = match written.parse::<T>() {
        Ok(_) => format!("put it in quotes: `\"{written}\"`"),
        Err(_) => example::<T>(at),
    };
    reader.problem(at, value.span(), mismatch::<T>(value), help);
    None
}

/// The help that shows how the key is written.
fn example<T: Setting>(at: &str) -> String {
    let key = at.rsplit('.').next().unwrap_or(at);
    match key.split_once('[') {
        None => format!("for example `{key} = {}`", T::EXAMPLE),
        Some((key, _)) => format!("for example `{key} = [{}]`", T::EXAMPLE),
    }
}

/// What is wrong where a value is of another kind than asked for.
fn mismatch<T: Setting>(value: &Value<'_>) -> String {
    format!("expected {} such as `{}`, found {}", T::WHAT, T::EXAMPLE, kind(value))
}

pub(super) fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

macro_rules! whole_numbers {
    ($($Type:ty: $example:literal),*) => {
        $(impl Setting for $Type {
            const WHAT: &'static str = "a whole number";
            const EXAMPLE: &'static str = $example;

            fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
                let DeValue::Integer(integer) = value.get_ref() else {
                    return bare(reader, at, value);
                };
                let number = Self::from_str_radix(integer.as_str(), integer.radix());
                if number.is_err() {
                    let message =
                        format!("expected a whole number from 0 to {}", Self::MAX);
                    reader.problem(at, value.span(), message, example::<Self>(at));
                }
                number.ok()
            }

            fn written(&self) -> Written {
                Written::Value(self.to_string())
            }
        })*
    };
}
whole_numbers!(u8: "24", u32: "2");

/// Refuses a value that is not a number or boolean, and says so if it only has quotes too many.
fn bare<T: Setting + FromStr>(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<T> {
    let help = match value.get_ref() {
        DeValue::String(text) if text.parse::<T>().is_ok() => {
            format!("write it without quotes: `{text}`")
        }
        _ => example::<T>(at),
    };
    reader.problem(at, value.span(), mismatch::<T>(value), help);
    None
}

impl Setting for bool {
    const WHAT: &'static str = "a yes or no";
    const EXAMPLE: &'static str = "true";

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Boolean(answer) => Some(*answer),
            _ => bare(reader, at, value),
        }
    }

    fn written(&self) -> Written {
        Written::Value(self.to_string())
    }
}

impl<T: Setting> Setting for Option<T> {
    const WHAT: &'static str = T::WHAT;
    const EXAMPLE: &'static str = T::EXAMPLE;
    const KEYS: &'static [Key] = T::KEYS;

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        T::read(reader, at, value).map(Some)
    }

    fn written(&self) -> Written {
        self.as_ref().map_or(Written::Unset, Setting::written)
    }
}

/// What can stand in a list.
pub(crate) trait Listed: Setting + Display {
    /// The list, as an error says it: "a list of zones".
    const LIST: &'static str;
    /// A list of some.
    const EXAMPLES: &'static str;
}

impl Listed for AvailabilityZone {
    const LIST: &'static str = "a list of zones";
    const EXAMPLES: &'static str = "[\"eu-west-1a\", \"eu-west-1b\"]";
}

impl Listed for PackageName {
    const LIST: &'static str = "a list of packages";
    const EXAMPLES: &'static str = "[\"php8.4-soap\"]";
}

impl<T: Listed> Setting for Vec<T> {
    const WHAT: &'static str = T::LIST;
    const EXAMPLE: &'static str = T::EXAMPLES;

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        let DeValue::Array(items) = value.get_ref() else {
            reader.problem(at, value.span(), mismatch::<Self>(value), example::<Self>(at));
            return None;
        };
        // Every item is read before the first bad one makes the list fail.
        let read: Vec<_> = (0..)
            .zip(items)
            .map(|(place, item)| reader.item(&format!("{at}[{place}]"), item))
            .collect();
        read.into_iter().collect()
    }

    fn written(&self) -> Written {
        let items = self.iter().map(|item| toml::Value::String(item.to_string())).collect();
        Written::Value(toml::Value::Array(items).to_string())
    }
}

impl Setting for Tags {
    const WHAT: &'static str = "a table of tags";
    const EXAMPLE: &'static str = "{ team = \"web\" }";

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            reader.problem(at, value.span(), mismatch::<Self>(value), example::<Self>(at));
            return None;
        };
        let mut tags = Self::new();
        let mut good = true;
        for (key, value) in table {
            good &= tag(reader, at, key, value, &mut tags);
        }
        good.then_some(tags)
    }

    fn written(&self) -> Written {
        let tags = self.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        Written::Map(tags.collect())
    }
}

fn tag(
    reader: &mut Reader<'_>,
    at: &str,
    key: &Spanned<DeString<'_>>,
    value: &Value<'_>,
    tags: &mut Tags,
) -> bool {
    let at = below(at, key.get_ref());
    let help = "for example `team = \"web\"`";
    let DeValue::String(text) = value.get_ref() else {
        let message = format!("expected the value of a tag in quotes, found {}", kind(value));
        reader.problem(&at, value.span(), message, help);
        return false;
    };
    let refused = |tags: &mut Tags, text: &str| tags.insert(key.get_ref().as_ref(), text).err();
    // The key is at fault if not even an empty value goes with it.
    if let Some(error) = refused(tags, "") {
        reader.problem(&at, key.span(), error.to_string(), help);
        return false;
    }
    if let Some(error) = refused(tags, text) {
        reader.problem(&at, value.span(), error.to_string(), help);
        return false;
    }
    reader.seen(&at, key.span());
    true
}

impl<S: Section> Setting for S {
    const WHAT: &'static str = "a section";
    const EXAMPLE: &'static str = "{ }";
    const KEYS: &'static [Key] = <S as Section>::KEYS;

    fn read(reader: &mut Reader<'_>, at: &str, value: &Value<'_>) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("expected the section `[{at}]`, found {}", kind(value));
            let help = format!("write `[{at}]` on a line of its own, once, and its keys below");
            reader.problem(at, value.span(), message, help);
            return None;
        };
        Some(reader.section(at, table))
    }

    fn written(&self) -> Written {
        Written::Section(Section::written(self))
    }
}
