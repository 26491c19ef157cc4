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

name_type! {
    /// The name of an S3 bucket, unique in all of AWS.
    ///
    /// Dots are refused: the certificate of S3 does not cover names with dots.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
    BucketName: NameRule {
        min: 3,
        first: Alphabet::LOWER_DIGIT,
        last: Alphabet::LOWER_DIGIT,
        not_before: &["xn--", "sthree-", "amzn-s3-demo-"],
        refuses: |name| {
            let reserved = ["-s3alias", "--ol-s3", "--x-s3", "--table-s3"];
            let is_reserved = reserved.iter().any(|end| name.ends_with(end));
            is_reserved.then_some("it ends like names that S3 keeps for itself")
        },
        ..NameRule::new("a bucket name", 63, Alphabet {
            class: "a-z0-9-",
            words: "lowercase letters, digits and -",
        })
    }
}

name_type! {
    /// What the names of some objects in an S3 bucket begin with, without the last `/`.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
    ObjectPrefix: NameRule {
        first: Alphabet { class: "A-Za-z0-9", words: "a letter or digit" },
        last: Alphabet { class: "A-Za-z0-9", words: "a letter or digit" },
        refuses: |name| {
            let is_step = |part: &str| matches!(part, "" | "." | "..");
            name.split('/').any(is_step).then_some("between `/` there must be names")
        },
        ..NameRule::new("an object prefix", 512, Alphabet {
            class: "A-Za-z0-9!_.()/-",
            words: "letters, digits and !_.()/-",
        })
    }
}

name_type! {
    /// A KMS key: its id, its ARN, or an alias as in `alias/states`.
    ///
    /// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id>
    KmsKey: NameRule {
        first: Alphabet { class: "A-Za-z0-9", words: "a letter or digit" },
        ..NameRule::new("a KMS key", 2048, Alphabet {
            class: "A-Za-z0-9:/_-",
            words: "letters, digits and :/_-",
        })
    }
}
