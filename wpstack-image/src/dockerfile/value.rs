//! Values that stand in a Dockerfile, and in the shell's commands in it.

use thiserror::Error;

/// A value that would not stay in its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{}` cannot be the {what} of an image: {form}", value.escape_debug())]
pub struct ValueError {
    /// What it was to be.
    pub what: &'static str,
    /// The value.
    pub value: String,
    /// What it has to look like.
    pub form: &'static str,
}

type Checked<'a> = Result<&'a str, ValueError>;

fn check<'a>(
    what: &'static str,
    value: &'a str,
    form: &'static str,
    is_good: impl Fn(&str) -> bool,
) -> Checked<'a> {
    if is_good(value) { Ok(value) } else { Err(ValueError { what, value: value.to_owned(), form }) }
}

/// The reference of an image.
pub(super) fn reference(value: &str) -> Checked<'_> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let form = "write it as in `registry.example.com/debian:trixie-slim`";
    check("base", value, form, |text| begins_plainly(text) && text.chars().all(allowed))
}

/// The address of a mirror.
pub(super) fn url(value: &str) -> Checked<'_> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:~+[]%".contains(c);
    check("mirror", value, "write an address as in `http://deb.debian.org/debian`", |text| {
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        host.is_some_and(|host| begins_plainly(host) && host.chars().all(allowed))
    })
}

/// The name of a package.
pub(super) fn package(value: &str) -> Checked<'_> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    let form = "write a package's name, as in `php8.4-imagick`";
    check("package", value, form, |text| begins_plainly(text) && text.chars().all(allowed))
}

/// A moment of the snapshot archive, and the day in it.
pub(super) fn moment(value: &str) -> Result<(&str, &str), ValueError> {
    let is_moment = |text: &str| {
        text.len() == 16
            && text.char_indices().all(|(at, c)| match at {
                8 => c == 'T',
                15 => c == 'Z',
                _ => c.is_ascii_digit(),
            })
    };
    let moment = check("snapshot", value, "write it as in `20261101T000000Z`", is_moment)?;
    Ok((moment, &moment[..8]))
}

/// A release of Alpine.
pub(super) fn release(value: &str) -> Checked<'_> {
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    check("release", value, "write two numbers, as in `3.22`", |text| {
        text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    })
}

/// The name of a label.
pub(super) fn label(value: &str) -> Checked<'_> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let form = "write letters, digits, `.`, `_` and `-`";
    check("label", value, form, |text| begins_plainly(text) && text.chars().all(allowed))
}

/// A text between double quotes.
pub(super) fn quoted(what: &'static str, value: &str) -> Result<String, ValueError> {
    let special = |c: char| c.is_control() || "\"\\$`".contains(c);
    let form = "leave out quotes, `$`, backquotes, backslashes and line breaks";
    let text = check(what, value, form, |text| !text.contains(special))?;
    Ok(format!("\"{text}\""))
}

/// No option, no path, nothing empty.
fn begins_plainly(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
}
