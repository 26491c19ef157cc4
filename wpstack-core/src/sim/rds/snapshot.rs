//! Snapshots: taken of an instance, and instances made from them.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::engine::{self, combination};
use super::instance::{DbInstance, Pending, Status, check_available, yes};
use crate::sim::tags::TagMap;
use crate::sim::world::{Refusal, World};
use crate::value::{Days, DbInstanceClass, Gibibytes, MySqlVersion};

/// A snapshot that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbSnapshot {
    /// `arn:aws:rds:…:snapshot:…`
    pub arn: String,
    /// The identifier of the instance it was taken of.
    pub instance: String,
    /// The engine.
    #[serde(default = "mysql")]
    pub engine: String,
    /// The version that instance ran.
    pub version: MySqlVersion,
    /// How large that instance was.
    pub storage: Gibibytes,
    /// The database that was made in it.
    #[serde(default)]
    pub database: String,
    /// The master user.
    #[serde(default)]
    pub user: String,
    /// The SHA-256 of the master user's password.
    #[serde(default)]
    pub password_digest: String,
    /// What was in it.
    #[serde(default)]
    pub contents: String,
    /// Whether it is encrypted.
    #[serde(default = "yes")]
    pub encrypted: bool,
    /// When it was taken.
    pub taken_at: Timestamp,
}

pub(super) fn mysql() -> String {
    "mysql".to_owned()
}

/// How long a snapshot is `creating`. A deletion waits for it.
const TAKES: Duration = Duration::from_secs(100);

/// What an instance that is made from a snapshot is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each as in `DbInstance`")]
pub struct Restoration {
    pub identifier: String,
    pub class: DbInstanceClass,
    /// More than there was, if it is to be more.
    pub storage: Option<Gibibytes>,
    pub subnet_group: String,
    /// The default of its family if none is said.
    pub parameter_group: Option<String>,
    pub groups: Vec<String>,
    pub multi_az: bool,
    /// A day if nothing is said.
    pub backup_retention: Option<Days>,
    pub deletion_protection: bool,
}

impl World {
    /// `DescribeDBSnapshots`, of one.
    ///
    /// # Errors
    /// `DBSnapshotNotFound`.
    pub fn db_snapshot(&self, name: &str) -> Result<&DbSnapshot, Refusal> {
        let missing =
            || Refusal::new("DBSnapshotNotFound", format!("DBSnapshot {name} not found."));
        self.rds.snapshots.get(name).ok_or_else(missing)
    }

    /// What the snapshot is at, in AWS's words.
    #[must_use]
    pub fn db_snapshot_status(&self, snapshot: &DbSnapshot) -> &'static str {
        if snapshot.taken_at + TAKES > self.now { "creating" } else { "available" }
    }

    /// `CreateDBSnapshot`.
    ///
    /// # Errors
    /// `DBInstanceNotFound`; `InvalidDBInstanceState` unless it is available; `DBSnapshotAlreadyExists`;
    /// `SnapshotQuotaExceeded`.
    pub fn create_db_snapshot(&mut self, identifier: &str, name: &str) -> Result<(), Refusal> {
        check_available(self.db_instance(identifier)?)?;
        self.take_snapshot(identifier, name)
    }

    /// Takes a snapshot, with the tags of its instance.
    pub(super) fn take_snapshot(&mut self, identifier: &str, name: &str) -> Result<(), Refusal> {
        if self.rds.snapshots.contains_key(name) {
            let message = format!(
                "Cannot create the snapshot because a snapshot with the identifier {name} already exists."
            );
            return Err(Refusal::new("DBSnapshotAlreadyExists", message));
        }
        if self.rds.snapshots.len() >= self.quotas.db_snapshots {
            let message = "Cannot create more than the allowed number of manual snapshots";
            return Err(Refusal::new("SnapshotQuotaExceeded", message));
        }
        let arn = self.arn("rds", &format!("snapshot:{name}"));
        let instance = self.db_instance(identifier)?;
        let tags = self.tags_of(&instance.arn);
        let snapshot = DbSnapshot {
            arn: arn.clone(),
            instance: identifier.to_owned(),
            engine: mysql(),
            version: instance.version.clone(),
            storage: instance.storage,
            database: instance.database.clone(),
            user: instance.user.clone(),
            password_digest: instance.password_digest.clone(),
            contents: instance.contents.clone(),
            encrypted: instance.encrypted,
            taken_at: self.now,
        };
        self.tags.insert(arn, tags);
        self.rds.snapshots.insert(name.to_owned(), snapshot);
        Ok(())
    }

    /// `RestoreDBInstanceFromDBSnapshot`. Returns the ARN of the new instance, whose names, password and version are those
    /// of the snapshot.
    ///
    /// # Errors
    /// `DBSnapshotNotFound`; `InvalidDBSnapshotState` until it is available; `DBInstanceAlreadyExists`;
    /// `InstanceQuotaExceeded`; `InvalidParameterValue` and `InvalidParameterCombination` for what RDS does not offer;
    /// `DBSubnetGroupNotFoundFault`; `DBParameterGroupNotFound`.
    pub fn restore_db_instance_from_db_snapshot(
        &mut self,
        name: &str,
        new: Restoration,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let snapshot = self.db_snapshot(name)?.clone();
        if self.db_snapshot_status(&snapshot) != "available" {
            let message = format!("The DB snapshot {name} is not in available state.");
            return Err(Refusal::new("InvalidDBSnapshotState", message));
        }
        self.check_db_room(&new.identifier)?;
        engine::check_class(&new.class, &snapshot.version)?;
        let storage = new.storage.unwrap_or(snapshot.storage);
        if storage < snapshot.storage {
            let (asked, least) = (storage.0, snapshot.storage.0);
            let message =
                format!("Invalid storage size {asked}: the snapshot needs at least {least}");
            return Err(combination(message));
        }
        engine::check_storage(storage, None)?;
        let retention = new.backup_retention.unwrap_or(Days(1));
        engine::check_retention(retention.0)?;
        if let Some(group) = &new.parameter_group {
            self.check_db_parameters(group, &snapshot.version)?;
        }
        let vpc = self.db_subnet_group(&new.subnet_group)?.vpc.clone();
        let groups = self.check_db_groups(&vpc, &new.groups)?;
        let identifier = new.identifier.clone();
        let (arn, resource_id) = self.db_ids(&identifier);
        let default = format!("default.{}", snapshot.version.family());
        let instance = DbInstance {
            arn,
            resource_id,
            status: Status::Creating,
            stage: 0,
            class: new.class,
            version: snapshot.version,
            storage,
            max_storage: None,
            database: snapshot.database,
            user: snapshot.user,
            password_digest: snapshot.password_digest,
            subnet_group: new.subnet_group,
            parameter_group: new.parameter_group.unwrap_or(default),
            needs_restart: false,
            groups,
            multi_az: new.multi_az,
            backup_retention: retention,
            deletion_protection: new.deletion_protection,
            host: None,
            interfaces: Vec::new(),
            storage_changed_at: None,
            optimizing_until: None,
            pending: Pending::default(),
            contents: snapshot.contents,
            encrypted: snapshot.encrypted,
            restored_from: Some(snapshot.arn),
        };
        Ok(self.add_db_instance(&identifier, instance, tags))
    }
}
