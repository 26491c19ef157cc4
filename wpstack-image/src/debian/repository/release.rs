//! What a suite says about itself: its name, its date, and the checksums of its indexes.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use wpstack_core::value::Checksum;

use super::signature::SKEW;

/// The verified text of an `InRelease`. <https://wiki.debian.org/DebianRepository/Format>
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Release {
    codename: String,
    date: Timestamp,
    valid_until: Option<Timestamp>,
    pub(super) by_hash: bool,
    files: Vec<(String, Checksum, u64)>,
}

/// When the suite is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// Today: what has expired is refused, because an old state without today's fixes may be replayed.
    Now(Timestamp),
    /// The moment of a snapshot, in which everything expires sooner or later.
    Snapshot(Timestamp),
}

impl Moment {
    pub(super) fn time(self) -> Timestamp {
        match self {
            Self::Now(time) | Self::Snapshot(time) => time,
        }
    }
}

/// A suite that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// A field is missing or has another form.
    #[error("its field `{0}` is missing or cannot be read")]
    Field(&'static str),
    /// It is another suite.
    #[error("it is the suite `{found}`, not `{wanted}`")]
    Suite {
        /// The suite that was asked for.
        wanted: String,
        /// The suite that came.
        found: String,
    },
    /// It was valid until then.
    #[error("it was valid until {0}")]
    Expired(Timestamp),
    /// It was made after the moment that it should be of.
    #[error("it is of {0}, which is later than it may be")]
    TooNew(Timestamp),
    /// An index is not there.
    #[error("it has no `{0}`")]
    NoIndex(String),
}

impl Release {
    pub(super) fn read(text: &str) -> Result<Self, ReleaseError> {
        let value = |name: &'static str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            found.map(str::trim)
        };
        let date = value("Date").and_then(date).ok_or(ReleaseError::Field("Date"))?;
        let valid_until = match value("Valid-Until") {
            Some(text) => Some(self::date(text).ok_or(ReleaseError::Field("Valid-Until"))?),
            None => None,
        };
        let codename = value("Codename").ok_or(ReleaseError::Field("Codename"))?.to_owned();
        let by_hash = value("Acquire-By-Hash") == Some("yes");
        let lines = text.lines().skip_while(|line| line.trim_end() != "SHA256:").skip(1);
        let files = lines.take_while(|line| line.starts_with(' ')).map(file);
        let files = files.collect::<Option<Vec<_>>>().ok_or(ReleaseError::Field("SHA256"))?;
        Ok(Self { codename, date, valid_until, by_hash, files })
    }

    pub(super) fn check(&self, suite: &str, moment: Moment) -> Result<(), ReleaseError> {
        if self.codename != suite {
            let (wanted, found) = (suite.to_owned(), self.codename.clone());
            return Err(ReleaseError::Suite { wanted, found });
        }
        let (at, latest) = match moment {
            Moment::Now(now) => (now, now.as_second() + SKEW),
            Moment::Snapshot(snapshot) => (snapshot, snapshot.as_second()),
        };
        match self.valid_until {
            _ if self.date.as_second() > latest => Err(ReleaseError::TooNew(self.date)),
            Some(until) if until < at => Err(ReleaseError::Expired(until)),
            _ => Ok(()),
        }
    }

    /// The checksum and the size of an index.
    pub(super) fn index(&self, path: &str) -> Result<(&Checksum, u64), ReleaseError> {
        let found = self.files.iter().find(|(name, ..)| name == path);
        let (_, checksum, size) = found.ok_or_else(|| ReleaseError::NoIndex(path.to_owned()))?;
        Ok((checksum, *size))
    }
}

/// `Sat, 12 Sep 2026 07:55:41 UTC`
fn date(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%a, %d %b %Y %H:%M:%S UTC", text).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// ` CHECKSUM SIZE PATH`
fn file(line: &str) -> Option<(String, Checksum, u64)> {
    let mut words = line.split_whitespace();
    let (checksum, size, path) = (words.next()?, words.next()?, words.next()?);
    Some((path.to_owned(), checksum.parse().ok()?, size.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn release(valid_until: &str) -> Result<Release, ReleaseError> {
        Release::read(&format!(
            "Origin: Debian\nCodename: trixie\nDate: Sat, 21 Nov 2026 00:53:03 UTC\n{valid_until}\
             MD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 5 main/x\nSHA256:\n {SUM}   7 main/x\n"
        ))
    }

    fn check(moment: Moment) -> String {
        let release = release("Valid-Until: Sat, 28 Nov 2026 00:53:03 UTC\n").unwrap();
        release.check("trixie", moment).map_or_else(|error| error.to_string(), |()| "good".into())
    }

    #[test]
    fn the_sha256_is_taken_and_nothing_weaker() {
        let release = release("").unwrap();
        assert_eq!(release.index("main/x").unwrap(), (&SUM.parse().unwrap(), 7));
        assert_eq!(release.index("main/y"), Err(ReleaseError::NoIndex("main/y".into())));
        assert!(!release.by_hash);
    }

    #[test]
    fn a_date_decides() {
        let now = |text: &str| check(Moment::Now(text.parse().unwrap()));
        let snapshot = |text: &str| check(Moment::Snapshot(text.parse().unwrap()));
        assert_eq!(now("2026-11-22T00:00:00Z"), "good");
        assert_eq!(now("2026-11-28T00:53:04Z"), "it was valid until 2026-11-28T00:53:03Z");
        let new = "it is of 2026-11-21T00:53:03Z, which is later than it may be";
        assert_eq!(now("2026-11-01T00:00:00Z"), new);
        assert_eq!(snapshot("2026-11-22T00:00:00Z"), "good");
        // A state that was old on that day is not what the archive had then.
        let old = "it was valid until 2026-11-28T00:53:03Z";
        assert_eq!(snapshot("2027-11-22T00:00:00Z"), old);
        assert_eq!(snapshot("2026-11-21T00:00:00Z"), new);
    }

    #[test]
    fn another_suite_and_a_damaged_one_are_refused() {
        let moment = Moment::Now("2026-11-22T00:00:00Z".parse().unwrap());
        let other = release("").unwrap().check("trixie-security", moment).unwrap_err();
        assert_eq!(other.to_string(), "it is the suite `trixie`, not `trixie-security`");
        assert_eq!(release("Valid-Until: soon\n"), Err(ReleaseError::Field("Valid-Until")));
        assert_eq!(Release::read("Codename: x\n"), Err(ReleaseError::Field("Date")));
    }
}
