//! Names of images, logs and secrets.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

name_type! {
    /// The name of an ECR repository: lowercase words in one or more segments, as in
    /// `team/wordpress`.
    ///
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>
    RepositoryName: NameRule {
        min: 2,
        first: Alphabet::LOWER_DIGIT,
        last: Alphabet::LOWER_DIGIT,
        refuses: |name| (!is_repository_path(name)).then_some(REPOSITORY_PATH),
        ..NameRule::new("a repository name", 256, Alphabet {
            class: "a-z0-9._/-",
            words: "lowercase letters, digits and ._-/",
        })
    }
}

/// What a repository path looks like, as the end of an error.
pub(crate) const REPOSITORY_PATH: &str = "between `/` there must be lowercase letters and digits, \
     with single `.`, `_` or `-` between them";

/// Whether `path` is segments of lowercase letters and digits with single dots, underscores or
/// hyphens between.
pub(crate) fn is_repository_path(path: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|one| Alphabet::LOWER_DIGIT.has(one));
    path.split(['/', '.', '_', '-']).all(is_word)
}

name_type! {
    /// The tag of a container image.
    ///
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageIdentifier.html>
    ImageTag: NameRule {
        first: Alphabet { class: "A-Za-z0-9_", words: "a letter, digit or underscore" },
        ..NameRule::new("an image tag", 128, Alphabet {
            class: "A-Za-z0-9_.-",
            words: "letters, digits and _.-",
        })
    }
}

name_type! {
    /// The name of a log group, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>
    LogGroupName: NameRule {
        not_before: &["aws/"],
        ..NameRule::new("a log group name", 512, Alphabet {
            class: "A-Za-z0-9_/.#-",
            words: "letters, digits and _/.#-",
        })
    }
}

name_type! {
    /// The name of a secret, unique per account and region, also among those scheduled for
    /// deletion.
    ///
    /// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
    SecretName: NameRule::new("a secret name", 512, Alphabet {
        class: "A-Za-z0-9/_+=.@-",
        words: "letters, digits and /_+=.@-",
    })
}
