//! The name that all others derive from.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

name_type! {
    /// The name of a stack: 1 to 24 lowercase letters, digits and hyphens, beginning with a letter.
    ///
    /// The names of everything in the stack begin with it. With 24 characters, a load balancer's 32
    /// leave room for a hyphen and seven characters that say what the thing is.
    StackName: NameRule {
        first: Alphabet::LOWER,
        last: Alphabet::LOWER_DIGIT,
        // Names that derive from it refuse a double hyphen.
        without: &["--"],
        ..NameRule::new("a stack name", 24, Alphabet {
            class: "a-z0-9-",
            words: "lowercase letters, digits and hyphens",
        })
    }
}
