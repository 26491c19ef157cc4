//! Sets of characters that names are made of.

/// A set of ASCII characters: as the inside of a regular expression's `[...]`, and in words.
///
/// One text serves the check and the JSON Schema, so the two cannot differ.
#[derive(Clone, Copy)]
pub(super) struct Alphabet {
    /// Single characters and ranges; a hyphen stands last, `\` comes before `[` and `]`.
    pub(super) class: &'static str,
    /// How an error says it: "lowercase letters and digits", or "a letter or digit" where it is
    /// about one.
    pub(super) words: &'static str,
}

impl Alphabet {
    pub(super) const LOWER: Self = Self { class: "a-z", words: "a lowercase letter" };
    pub(super) const LETTER: Self = Self { class: "A-Za-z", words: "a letter" };
    pub(super) const LOWER_DIGIT: Self =
        Self { class: "a-z0-9", words: "a lowercase letter or digit" };
    pub(super) const ALNUM: Self = Self { class: "A-Za-z0-9", words: "a letter or digit" };

    /// Whether `character` is in the set.
    pub(super) fn has(&self, character: char) -> bool {
        let mut rest = self.class.chars().filter(|character| *character != '\\').peekable();
        while let Some(first) = rest.next() {
            let mut ahead = rest.clone();
            let last = match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) => {
                    rest = ahead;
                    last
                }
                _ => first,
            };
            if (first..=last).contains(&character) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_what_the_regular_expression_has() {
        let check = |class: &'static str, has: &str| {
            let alphabet = Alphabet { class, words: "" };
            let found: String = (' '..='~').filter(|character| alphabet.has(*character)).collect();
            assert_eq!(found, has, "[{class}]");
        };
        check("a-e", "abcde");
        check("a-c0-2_", "012_abc");
        check("xa-c-", "-abcx");
        check(r"a\[\]-", "-[]a");
        check("+=,.@-", "+,-.=@");
    }
}
