//! What a health check asks for over HTTP, and which answers it takes.

use std::fmt;
use std::str::FromStr;

use super::ValueError;
use super::text::digits;

const PATH: &str = "a URL path";
const CODES: &str = "a set of HTTP status codes";

/// What may stand in a path and a query beside letters and digits.
///
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>
const MARKS: &[u8] = b"-._~%!$&'()*+,;=:@/?";

/// The path of a URL, with its query if it has one: `/wp-login.php`.
///
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UrlPath(String);

impl UrlPath {
    /// The most characters that a health check may ask for.
    pub const MAX: usize = 1024;

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UrlPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for UrlPath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: &str| Err(ValueError::new(text, PATH, problem));
        if text.contains("://") {
            refuse("it must not have a scheme or a host, only what follows them")
        } else if !text.starts_with('/') {
            refuse("it must start with `/`")
        } else if text.len() > Self::MAX {
            refuse("it may have 1024 characters at most")
        } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || MARKS.contains(&byte)) {
            refuse("it must be letters, digits and -._~%!$&'()*+,;=:@/?; write others as `%20`")
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

text_value!(UrlPath, PATH, text, schema: {
    "type": "string",
    "description": "The path of a URL",
    "pattern": "^/[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*$",
    "maxLength": Self::MAX,
    "examples": ["/healthz"],
});

/// The HTTP status codes that count as healthy: `200`, `200,204` or `200-299`.
///
/// An application load balancer takes 200 to 499.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusCodes(Vec<(u16, u16)>);

impl StatusCodes {
    /// Whether `code` is one of them.
    #[must_use]
    pub fn has(&self, code: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&code))
    }

    /// Whether any code from `first` to `last` is one of them.
    #[must_use]
    pub fn has_any(&self, first: u16, last: u16) -> bool {
        self.0.iter().any(|(from, to)| *from <= last && first <= *to)
    }
}

impl fmt::Display for StatusCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (first, last)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            if first == last {
                write!(formatter, "{comma}{first}")?;
            } else {
                write!(formatter, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for StatusCodes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: String| ValueError::new(text, CODES, problem);
        let code = |part: &str| match digits::<u16>(part.trim_matches(' ')) {
            Some(code @ 200..=499) => Ok(code),
            Some(code) => Err(refuse(format!("{code} is not one of 200 to 499"))),
            None => Err(refuse("write `200`, `200,204` or `200-299`".to_owned())),
        };
        let range = |part: &str| match part.split_once('-') {
            None => code(part).map(|code| (code, code)),
            Some((first, last)) => match (code(first)?, code(last)?) {
                (first, last) if first <= last => Ok((first, last)),
                (first, last) => {
                    Err(refuse(format!("it runs backwards; `{last}-{first}` would be right")))
                }
            },
        };
        // AWS's own limit is not documented; more ranges than this are a mistake.
        if text.len() > 256 {
            return Err(refuse("it may have 256 characters at most".to_owned()));
        }
        text.split(',').map(range).collect::<Result<_, _>>().map(Self)
    }
}

text_value!(StatusCodes, CODES, text_or_number, schema: {
    "description": "HTTP status codes that count as healthy, 200 to 499",
    "oneOf": [
        { "type": "integer", "minimum": 200, "maximum": 499 },
        { "type": "string", "pattern": "^ *[2-4][0-9]{2} *(- *[2-4][0-9]{2} *)?(, *[2-4][0-9]{2} *(- *[2-4][0-9]{2} *)?)*$" },
    ],
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::shown;

    #[test]
    fn paths_are_checked() {
        fn check(text: &str, expected: &str) {
            assert_eq!(shown::<UrlPath>(text), expected);
        }
        check("/", "/");
        check("/wp-login.php?x=1", "/wp-login.php?x=1");
        check("healthz", "`healthz` is not a URL path: it must start with `/`");
        check(
            "http://blog/",
            "`http://blog/` is not a URL path: it must not have a scheme or a host, only what \
             follows them",
        );
        check(
            "/a b",
            "`/a b` is not a URL path: it must be letters, digits and -._~%!$&'()*+,;=:@/?; write others as `%20`",
        );
    }

    #[test]
    fn status_codes_are_lists_of_ranges() {
        fn check(text: &str, expected: &str) {
            assert_eq!(shown::<StatusCodes>(text), expected);
        }
        check("200", "200");
        check("200, 204-206", "200,204-206");
        check(
            "299-200",
            "`299-200` is not a set of HTTP status codes: it runs backwards; `200-299` would be right",
        );
        check(
            "200-599",
            "`200-599` is not a set of HTTP status codes: 599 is not one of 200 to 499",
        );
        check("ok", "`ok` is not a set of HTTP status codes: write `200`, `200,204` or `200-299`");
        let codes: StatusCodes = "200,300-399".parse().unwrap();
        assert!(codes.has(200) && codes.has(302) && !codes.has(204));
        assert!(codes.has_any(301, 302) && !codes.has_any(400, 499));
    }
}
