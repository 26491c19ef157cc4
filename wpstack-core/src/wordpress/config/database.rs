//! `[database]`

use super::flaw::Flaws;
use super::section::section;
use crate::value::{
    Collation, Days, DbIdentifier, DbInstanceClass, DbName, DbUserName, Gibibytes, MySqlVersion,
    SnapshotName, TableCharset, TablePrefix,
};

section! {
    /// The MySQL database on RDS, encrypted and out of reach from the internet.
    pub struct Database {
        /// Identifier of a database that was imported. Without this key: made from the stack's name.
        ///
        /// RDS goes on running what it would not make any more: an old class, an old version, little storage. With
        /// this key they are taken as they are.
        pub identifier: Option<DbIdentifier> = None,
        /// Snapshot that the database is made from. Without this key it is made empty.
        ///
        /// It counts only when the database is made. Where one stands that has to be replaced, it leaves its last
        /// snapshot under this name, which nothing may have yet, and the new one is made from that: nothing is lost.
        pub from_snapshot: Option<SnapshotName> = None,
        /// Machine that the database runs on.
        // Not db.t2.micro, which RDS has no more for MySQL 8 (defect 9).
        pub class: DbInstanceClass = "db.t3.micro",
        /// Version of MySQL; without a patch number RDS picks and upgrades it.
        // Not 5.7, which is past its end of life and costs extra (defect 9).
        pub version: MySqlVersion = "8.4",
        /// Storage to begin with, 20 GiB or more; it can grow and never shrink.
        // Not 5 GiB, of which RDS makes no gp3 storage (defect 9).
        pub storage: Gibibytes = "20 GiB",
        /// How far RDS may grow the storage by itself. Without this key it does not grow.
        pub max_storage: Option<Gibibytes> = None,
        /// Name of the database.
        pub name: DbName = "wordpress",
        /// Name of the master user, whose password AWS makes and keeps.
        pub user: DbUserName = "wordpress",
        /// Character set of WordPress's tables.
        pub charset: TableCharset = "utf8mb4",
        /// Order of texts in WordPress's tables.
        pub collation: Collation = "utf8mb4_unicode_520_ci",
        /// What the names of WordPress's tables begin with.
        pub table_prefix: TablePrefix = "wp_",
        /// How long daily backups are kept, up to 35 days; 0 makes none.
        // The old system made none (defect 10).
        pub backup_retention: Days = "7 days",
        /// Whether a standby in another zone takes over when the database fails.
        pub multi_az: bool = false,
        /// Whether it is in the public subnets, as one that was imported may be; RDS moves none out of them.
        pub in_public_subnets: bool = false,
        /// Whether AWS itself refuses to delete the database; turn it on before there is anything to lose.
        // Without it a slip of the hand still loses nothing (defect 10): an apply deletes no database unasked, and a
        // destroy leaves a snapshot.
        pub deletion_protection: bool = false,
    }
}

/// Families of classes that RDS no longer makes MySQL instances of, and those that took their place.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html>
const GONE: &[(&str, &str)] = &[
    ("t1", "t3"),
    ("t2", "t3"),
    ("m1", "m5"),
    ("m2", "r5"),
    ("m3", "m5"),
    ("m4", "m5"),
    ("r3", "r5"),
    ("r4", "r5"),
    ("cr1", "r5"),
];

impl Database {
    pub(super) fn flaws(&self, flaws: &mut Flaws) {
        // RDS goes on running what it would not make any more.
        let is_new = self.identifier.is_none();
        if is_new {
            self.class_flaws(flaws);
        }
        self.storage_flaws(is_new, flaws);
        if is_new && self.version.is_deprecated() {
            let message = format!("RDS makes no new instances of MySQL {}", self.version);
            let help = "write `version = \"8.4\"`";
            flaws.add(&["database.version"], message, help);
        }
        let (charset, collation) = (&self.charset, &self.collation);
        let of = collation.as_str().split('_').next().unwrap_or_default();
        // The one collation that is named after no more than its character set.
        if of != charset.as_str() && collation.as_str() != charset.as_str() {
            let message =
                format!("the collation `{collation}` is not one of the character set `{charset}`");
            let help = format!("write a collation that begins with `{charset}_`");
            flaws.add(&["database.collation", "database.charset"], message, help);
        }
        flaws.check_range(
            "database.backup_retention",
            &self.backup_retention,
            &(Days(0)..=Days(35)),
            "RDS keeps backups for 35 days at most; snapshots can be kept for ever",
        );
    }

    fn class_flaws(&self, flaws: &mut Flaws) {
        let machine = self.class.machine();
        let (family, size) = (machine.family(), machine.size());
        let key = ["database.class"];
        if let Some((_, instead)) = GONE.iter().find(|(gone, _)| *gone == family) {
            let message = format!("RDS makes no MySQL instances of the class `{}`", self.class);
            let help = if *instead == "t3" && size != "nano" {
                format!("take `db.t3.{size}`")
            } else {
                format!("take one of `db.{instead}`, such as `db.{instead}.large`")
            };
            flaws.add(&key, message, help);
        } else if size == "nano" {
            let message = format!("RDS has no class `{}`", self.class);
            flaws.add(&key, message, format!("the smallest is `db.{family}.micro`"));
        }
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html>
    fn storage_flaws(&self, is_new: bool, flaws: &mut Flaws) {
        let storage = self.storage;
        // Older kinds of storage begin at 5 GiB.
        let allowed = Gibibytes(if is_new { 20 } else { 5 })..=Gibibytes(65_536);
        let why = "gp3 storage for MySQL has 20 GiB to 64 TiB";
        flaws.check_range("database.storage", &storage, &allowed, why);
        let Some(max) = self.max_storage else { return };
        flaws.check_range("database.max_storage", &max, &allowed, why);
        if allowed.contains(&max) && u64::from(max.0) * 10 < u64::from(storage.0) * 11 {
            let message = format!("{max} leaves storage of {storage} no room to grow");
            let help = "RDS asks for 10 % more than `storage`; remove the key if it shall not grow";
            flaws.add(&["database.max_storage", "database.storage"], message, help);
        }
    }
}
