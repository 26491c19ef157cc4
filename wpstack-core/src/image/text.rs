//! How a person writes sources and moments in one line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Core, Snapshot, Source};
use crate::legible;
use crate::value::ValueError;

/// What stands between the address of a file and its checksum.
const CHECKSUM: &str = "#sha256=";

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive { url, checksum } => write!(formatter, "{url}{CHECKSUM}{checksum}"),
            Self::Directory(path) => path.display().fmt(formatter),
        }
    }
}

impl FromStr for Source {
    type Err = ValueError;

    /// Reads the path of a directory, or `<address>#sha256=<64 digits>` of an archive.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refused = |problem: &str| ValueError::new(text, "a source", problem);
        if let Some((url, checksum)) =
            text.rsplit_once(CHECKSUM).filter(|(url, _)| legible(url) == *url)
        {
            let checksum = checksum.parse().map_err(|_| {
                refused("behind `#sha256=` belong the 64 digits that `sha256sum` prints")
            })?;
            return Ok(Self::Archive { url: url.to_owned(), checksum });
        }
        if text.contains("://") {
            return Err(refused(
                "what is fetched needs its checksum: append `#sha256=` and the digits",
            ));
        }
        if text.is_empty() || legible(text) != text {
            return Err(refused("write the path of a directory, or the address of an archive"));
        }
        Ok(Self::Directory(PathBuf::from(text)))
    }
}

impl fmt::Display for Core {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debian => formatter.write_str("debian"),
            Self::Release { url, checksum, version: _ } => {
                write!(formatter, "{url}{CHECKSUM}{checksum}")
            }
        }
    }
}

impl FromStr for Core {
    type Err = ValueError;

    /// Reads `debian`, or `<address>#sha256=<64 digits>` of a release whose file's name says its version.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refused = |problem: &str| ValueError::new(text, "a release of WordPress", problem);
        if text == "debian" {
            return Ok(Self::Debian);
        }
        let form = "write `debian`, or the address of a release with `#sha256=` and its checksum";
        match text.parse() {
            Ok(Source::Archive { url, checksum }) => {
                let version = version(&url).ok_or_else(|| {
                    refused("the file's name has to say the version, as in wordpress-6.8.3.tar.gz")
                })?;
                Ok(Self::Release { version, url, checksum })
            }
            Ok(Source::Directory(_)) | Err(_) => Err(refused(form)),
        }
    }
}

/// The version in the name of a file: 6.8.3 of `…/wordpress-6.8.3.tar.gz`.
fn version(url: &str) -> Option<String> {
    let name = url.rsplit('/').next()?;
    let rest = name.strip_prefix("wordpress")?.strip_prefix(['-', '_'])?;
    let end = rest.find(|found: char| !found.is_ascii_digit() && found != '.');
    let version = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
    let is_number = |part: &str| !part.is_empty();
    (version.contains('.') && version.split('.').all(is_number)).then(|| version.to_owned())
}

impl fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Snapshot {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_form =
            text.len() == 16 && text.is_ascii() && digits(&text[..8]) && digits(&text[9..15]);
        if has_form && text.parse::<jiff::Timestamp>().is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            let form = "write date and time as in `20261101T000000Z`";
            Err(ValueError::new(text, "a moment of the snapshot archive", form))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr<Err = ValueError> + fmt::Display>(text: &str) -> String {
        match text.parse::<T>() {
            Ok(value) => {
                assert_eq!(value.to_string(), text);
                "good".to_owned()
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn sources_releases_and_moments_are_read_and_written() {
        let digits = "0".repeat(64);
        let with = |address: &str| format!("{address}#sha256={digits}");
        for good in
            ["themes/mine", "/srv/theme", &with("https://example.com/a.zip"), &with("a.zip")]
        {
            assert_eq!(check::<Source>(good), "good");
        }
        let told = check::<Source>("https://example.com/a.zip");
        assert!(told.contains("append `#sha256=`"), "{told}");
        let told = check::<Source>("a.zip#sha256=12");
        assert!(told.contains("the 64 digits"), "{told}");
        assert!(check::<Source>("").contains("write the path"));
        let release = with("https://wordpress.org/wordpress-6.8.3.tar.gz");
        assert_eq!(check::<Core>("debian"), "good");
        assert_eq!(check::<Core>(&release), "good");
        let Ok(Core::Release { version, .. }) = release.parse() else { panic!("{release}") };
        assert_eq!(version, "6.8.3");
        let Ok(Core::Release { version, .. }) = with("x/wordpress_6.8.7+dfsg1.orig.tar.xz").parse()
        else {
            panic!("a source of Debian")
        };
        assert_eq!(version, "6.8.7");
        let told = check::<Core>(&with("https://wordpress.org/latest.tar.gz"));
        assert!(told.contains("has to say the version"), "{told}");
        assert!(check::<Core>("6.8").contains("write `debian`"));
        assert_eq!(check::<Snapshot>("20261101T000000Z"), "good");
        for bad in ["2026-11-01", "20261301T000000Z", "20261101T000000", "", "ä0261101T00000Z"] {
            assert!(check::<Snapshot>(bad).contains("20261101T000000Z"), "{bad}");
        }
    }
}
