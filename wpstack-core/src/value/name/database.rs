//! Names in RDS and inside the database.

use super::alphabet::Alphabet;
use super::reserved;
use super::rule::{NameRule, name_type};

const IDENTIFIER: Alphabet =
    Alphabet { class: "a-z0-9-", words: "lowercase letters, digits and hyphens" };
const WORD: Alphabet = Alphabet { class: "A-Za-z0-9_", words: "letters, digits and underscores" };

name_type! {
    /// The identifier of a DB instance, unique per account and region. RDS stores it in lowercase.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
    DbIdentifier: NameRule {
        first: Alphabet::LOWER,
        last: Alphabet::LOWER_DIGIT,
        without: &["--"],
        ..NameRule::new("a DB instance identifier", 63, IDENTIFIER)
    }
}

name_type! {
    /// The name of a DB parameter group, unique per account and region. RDS stores it in lowercase.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html>
    DbParameterGroupName: NameRule {
        first: Alphabet::LOWER,
        last: Alphabet::LOWER_DIGIT,
        without: &["--"],
        ..NameRule::new("a DB parameter group name", 255, IDENTIFIER)
    }
}

name_type! {
    /// The name of a DB subnet group, unique per account and region. RDS stores it in lowercase.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html>
    DbSubnetGroupName: NameRule {
        first: Alphabet::LOWER,
        last: Alphabet::LOWER_DIGIT,
        refuses: |name| (name == "default").then_some("RDS keeps that name for its own"),
        ..NameRule::new("a DB subnet group name", 255, Alphabet {
            class: "a-z0-9._-",
            words: "lowercase letters, digits and ._-",
        })
    }
}

name_type! {
    /// The identifier of a DB snapshot, unique per account and region. RDS stores it in lowercase. Those that AWS takes by
    /// itself begin with `rds:` or `awsbackup:`.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
    SnapshotName: NameRule {
        first: Alphabet::LOWER,
        last: Alphabet::LOWER_DIGIT,
        without: &["--"],
        refuses: |name| {
            let taken = AUTOMATED.iter().find_map(|prefix| name.strip_prefix(prefix));
            let own = taken.unwrap_or(name);
            let is_plain = own.starts_with(|first: char| first.is_ascii_lowercase()) && !own.contains(':');
            (!is_plain).then_some(
                "a colon stands only in the `rds:` or `awsbackup:` of a snapshot that AWS took by itself",
            )
        },
        ..NameRule::new("a DB snapshot identifier", 255, Alphabet {
            class: "a-z0-9:-",
            words: "lowercase letters, digits and hyphens",
        })
    }
}

/// What the names of snapshots begin with that AWS takes by itself: RDS's daily ones, and those of AWS Backup.
const AUTOMATED: [&str; 2] = ["rds:", "awsbackup:"];

impl SnapshotName {
    /// Whether AWS took it by itself. Nobody else can give such a name.
    #[must_use]
    pub fn is_automated(&self) -> bool {
        AUTOMATED.iter().any(|prefix| self.as_str().starts_with(prefix))
    }

    /// Whether RDS deletes it together with the database that it was taken of.
    #[must_use]
    pub fn goes_with_its_database(&self) -> bool {
        self.as_str().starts_with(AUTOMATED[0])
    }
}

name_type! {
    /// The name of a MySQL database.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
    DbName: NameRule {
        first: Alphabet::LETTER,
        refuses: |name| reserved::word(name).or_else(|| reserved::schema(name)),
        separator: '_',
        ..NameRule::new("a MySQL database name", 64, WORD)
    }
}

name_type! {
    /// The name of the master user of a MySQL instance.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
    DbUserName: NameRule {
        first: Alphabet::LETTER,
        refuses: |name| reserved::word(name).or_else(|| reserved::user(name)),
        separator: '_',
        ..NameRule::new("a MySQL master user name", 16, WORD)
    }
}

name_type! {
    /// What the names of all of WordPress's tables begin with, usually `wp_`.
    ///
    /// <https://developer.wordpress.org/advanced-administration/wordpress/wp-config/#table-prefix>
    TablePrefix: NameRule {
        separator: '_',
        ..NameRule::new("a table prefix", 20, WORD)
    }
}

name_type! {
    /// A MySQL character set, for example `utf8mb4`.
    ///
    /// <https://dev.mysql.com/doc/refman/8.4/en/charset-charsets.html>
    TableCharset: NameRule {
        first: Alphabet::LOWER,
        separator: '_',
        ..NameRule::new("a MySQL character set", 64, SIMPLE)
    }
}

name_type! {
    /// A MySQL collation, for example `utf8mb4_unicode_520_ci`.
    ///
    /// <https://dev.mysql.com/doc/refman/8.4/en/charset-mysql.html>
    Collation: NameRule {
        first: Alphabet::LOWER,
        separator: '_',
        ..NameRule::new("a MySQL collation", 64, SIMPLE)
    }
}

const SIMPLE: Alphabet =
    Alphabet { class: "a-z0-9_", words: "lowercase letters, digits and underscores" };
