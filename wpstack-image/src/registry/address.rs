//! Where a registry is.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use super::Error;

/// Where a registry is: `https://123456789012.dkr.ecr.eu-west-1.amazonaws.com`, or the host alone. Plain HTTP, which
/// would show the password to everybody on the way, is for this machine only: `http://127.0.0.1:5000`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    base: Url,
}

impl Address {
    /// The host, with the port if it is not the usual one: what an image's URI begins with.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether it is spoken to without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.base.scheme() == "http"
    }

    /// The URL of something below `/v2/`.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{path}"));
        url
    }

    /// Whether this URL leads to the registry itself, and may be told the password.
    pub(super) fn owns(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Error::Address { text: text.to_owned(), why: why.to_owned() };
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let base: Url = whole.parse().map_err(|_| refuse("it is not a host name"))?;
        if base.host_str().is_none() || !matches!(base.scheme(), "http" | "https") {
            return Err(refuse("it is not a host name, with `https://` or without"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            // Not shown: the text holds a password.
            let text = format!("{}://…", base.scheme());
            let why = "user and password do not belong into it".to_owned();
            return Err(Error::Address { text, why });
        }
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            return Err(refuse("there is something behind the host"));
        }
        if base.scheme() == "http" && !is_loopback(&base) {
            return Err(refuse("plain HTTP would show the password to everybody on the way"));
        }
        Ok(Self { base })
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({})", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_plain_only_on_this_machine() {
        let check = |text: &str, expected: Result<(&str, bool), &str>| {
            let found = text.parse::<Address>().map(|it| (it.host(), it.is_plain()));
            let expected = expected.map(|(host, plain)| (host.to_owned(), plain));
            assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
        };
        check("a.example", Ok(("a.example", false)));
        check("a.example:5000", Ok(("a.example:5000", false)));
        check("https://a.example/", Ok(("a.example", false)));
        check("http://127.0.0.1:5055", Ok(("127.0.0.1:5055", true)));
        check("http://[::1]:5055", Ok(("[::1]:5055", true)));
        let plain = "plain HTTP would show the password to everybody on the way";
        check(
            "http://a.example",
            Err(&format!("`http://a.example` is no address of a registry: {plain}")),
        );
        check(
            "https://a.example/blog",
            Err(
                "`https://a.example/blog` is no address of a registry: there is something behind the host",
            ),
        );
        check(
            "https://me:secret@a.example",
            Err("`https://…` is no address of a registry: user and password do not belong into it"),
        );
        assert!("".parse::<Address>().is_err());
        assert!("ftp://a.example".parse::<Address>().is_err());
    }

    #[test]
    fn only_the_registry_itself_is_told_the_password() {
        let address: Address = "https://a.example".parse().unwrap();
        let owns = |url: &str| address.owns(&url.parse().unwrap());
        assert!(owns("https://a.example/v2/x"));
        assert!(owns("https://a.example:443/v2/x"));
        assert!(!owns("http://a.example/v2/x"));
        assert!(!owns("https://a.example:8443/v2/x"));
        assert!(!owns("https://b.example/v2/x"));
    }
}
