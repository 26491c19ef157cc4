//! The seal of a document: its second line has the digest of all the others, so that a bit that flipped on the disk, or an
//! edit by hand, is not taken for what a run recorded.

use crate::digest::hex;
use sha2::{Digest, Sha256};

/// How a document begins, as it is written: one member to a line.
const BRACE: &str = "{\n";
const MEMBER: &str = "  \"sha256\": \"";
const END: &str = "\",\n";

/// Puts the seal into a document's text.
pub(super) fn seal(text: &str) -> String {
    match text.strip_prefix(BRACE) {
        Some(rest) => format!("{BRACE}{MEMBER}{}{END}{rest}", digest(rest)),
        None => text.to_owned(),
    }
}

/// Whether the text is not what was sealed. One without a seal is what somebody has put there on purpose.
pub(super) fn is_broken(text: &[u8]) -> bool {
    let sealed =
        text.strip_prefix(BRACE.as_bytes()).and_then(|it| it.strip_prefix(MEMBER.as_bytes()));
    let Some(sealed) = sealed else { return false };
    let found = sealed.split_at_checked(2 * Sha256::output_size());
    let rest = found.and_then(|(seal, rest)| Some((seal, rest.strip_prefix(END.as_bytes())?)));
    rest.is_none_or(|(seal, rest)| seal != digest(rest).as_bytes())
}

fn digest(text: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_changes_behind_the_seal_breaks_it() {
        let text = "{\n  \"serial\": 7\n}\n";
        let sealed = seal(text);
        assert!(sealed.lines().nth(1).unwrap().starts_with("  \"sha256\": \""), "{sealed}");
        assert!(!is_broken(sealed.as_bytes()) && !is_broken(text.as_bytes()));
        let start = BRACE.len() + MEMBER.len();
        for at in start..sealed.len() {
            let mut flipped = sealed.clone().into_bytes();
            flipped[at] ^= 1;
            assert!(is_broken(&flipped), "{at}");
            assert!(is_broken(&sealed.as_bytes()[..at]), "cut at {at}");
        }
        // Without its line it is taken as it is.
        let lines: Vec<_> = sealed.lines().filter(|line| !line.contains("sha256")).collect();
        assert!(!is_broken(lines.join("\n").as_bytes()));
        assert!(serde_json::from_str::<serde_json::Value>(&sealed).is_ok());
    }
}
