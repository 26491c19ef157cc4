//! Names in IAM.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

const IAM: Alphabet = Alphabet { class: "A-Za-z0-9_+=,.@-", words: "letters, digits and _+=,.@-" };

name_type! {
    /// The name of a role, unique per account whatever its case.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
    RoleName: NameRule::new("a role name", 64, IAM)
}

name_type! {
    /// The name of an instance profile, unique per account.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html>
    InstanceProfileName: NameRule::new("an instance profile name", 128, IAM)
}
