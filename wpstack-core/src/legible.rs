//! Text of others, for people.

use std::borrow::Cow;

/// The text on one line, as it is but for what a terminal would act on instead of showing: line breaks, escape
/// sequences, characters that cannot be seen or that turn the order of others around stand there as `\n` or `\u{202e}`.
///
/// ```
/// assert_eq!(wpstack_core::legible("it's \"fine\""), "it's \"fine\"");
/// assert_eq!(wpstack_core::legible("gone\u{1b}[2J\nerror: no"), "gone\\u{1b}[2J\\nerror: no");
/// ```
#[must_use]
pub fn legible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_shown) {
        return Cow::Borrowed(text);
    }
    let mut legible = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_shown(character) {
            legible.push(character);
        } else {
            legible.extend(character.escape_debug());
        }
    }
    Cow::Owned(legible)
}

/// Whether a terminal shows the character for what it is, and nothing else happens.
fn is_shown(character: char) -> bool {
    // Quotes and backslashes are escaped for the sake of Rust, not of the reader.
    if matches!(character, ' '..='~') {
        return true;
    }
    // Behind another character, for what combines with one is escaped only where there is none.
    let mut pair = [b' '; 5];
    let length = 1 + character.encode_utf8(&mut pair[1..]).len();
    std::str::from_utf8(&pair[..length]).is_ok_and(|pair| pair.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_seen_stays_and_what_acts_is_written_out() {
        let check = |text: &str, expected: &str| assert_eq!(legible(text), expected);
        for shown in ["Größe: 5 GiB – ‘ok’ 日本 🙂", "u\u{308} \u{113bb}", r#"'\"#] {
            check(shown, shown);
        }
        check("a\tb\r\nc\0", "a\\tb\\r\\nc\\0");
        check("\u{1b}]0;title\u{7}\u{9b}2J\u{7f}", "\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{7f}");
        check(
            "\u{202e}txt.exe\u{200b}\u{feff}\u{2066}",
            "\\u{202e}txt.exe\\u{200b}\\u{feff}\\u{2066}",
        );
        check("\u{2028}\u{2029}\u{85}", "\\u{2028}\\u{2029}\\u{85}");
    }

    proptest! {
        #[test]
        fn any_text_becomes_legible_once(text in any::<String>()) {
            let once = legible(&text).into_owned();
            prop_assert!(once.chars().all(is_shown));
            prop_assert_eq!(legible(&once), once.as_str());
        }
    }
}
