//! Joining names from parts within a length.

use sha2::{Digest, Sha256};

/// Hexadecimal digits of the digest that stands for what was cut off.
const DIGITS: usize = 8;

/// The parts with `separator` between, in at most `max` characters.
///
/// What is too long is cut, and ends in eight hexadecimal digits of the SHA-256 of the whole, so
/// that different parts keep giving different names. Equal parts always give the same name. (Where
/// `max` is below 16, fewer digits are used.)
///
/// ```
/// use wpstack_core::value::fit;
///
/// assert_eq!(fit(&["blog", "alb"], '-', 32), "blog-alb");
/// assert_eq!(fit(&["a-very-long-name", "load-balancer"], '-', 24), "a-very-long-nam-ee2ff11c");
/// ```
#[must_use]
pub fn fit(parts: &[&str], separator: char, max: usize) -> String {
    let joined = parts.join(separator.encode_utf8(&mut [0; 4]));
    shortened(&joined, separator, max)
}

/// `text` in at most `max` characters, as [`fit`] shortens.
pub(super) fn shortened(text: &str, separator: char, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let digits = DIGITS.min(max / 2);
    let digest = format!("{:x}", Sha256::digest(text));
    let kept: String = text.chars().take(max.saturating_sub(digits + 1)).collect();
    let kept = kept.trim_end_matches(separator);
    if kept.is_empty() {
        digest[..digits].to_owned()
    } else {
        format!("{kept}{separator}{}", &digest[..digits])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_join_and_shorten() {
        let check = |parts: &[&str], max, expected| assert_eq!(fit(parts, '-', max), expected);
        check(&["blog", "alb"], 32, "blog-alb");
        check(&["blog", "alb"], 8, "blog-alb");
        check(&[], 8, "");
        check(&["abc--------", "rest-of-the-name"], 20, "abc-23ce7197");
    }

    proptest! {
        #[test]
        fn different_names_stay_different_and_fit(
            a in "[a-z][a-z-]{20,60}[a-z]", b in "[a-z][a-z-]{20,60}[a-z]", max in 10_usize..40,
        ) {
            let (short, other) = (fit(&[&a], '-', max), fit(&[&b], '-', max));
            prop_assert!(short.len() <= max);
            prop_assert!(!short.contains("--") || a.contains("--"));
            prop_assert_eq!(short == other, a == b);
        }
    }
}
