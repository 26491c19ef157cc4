//! Instances: what they are, how they are made, restarted and deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Due;
use super::engine::{self, combination};
use crate::secret::Secret;
use crate::sim::tags::TagMap;
use crate::sim::world::{Refusal, World};
use crate::value::{Days, DbInstanceClass, Gibibytes, MySqlVersion};

/// A MySQL instance on gp3, encrypted and not public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbInstance {
    /// `arn:aws:rds:…:db:…`
    pub arn: String,
    /// `db-…`; unlike the identifier it is never used again.
    pub resource_id: String,
    /// What it is doing.
    pub status: Status,
    /// Counts what it has begun to do.
    pub(super) stage: u32,
    /// The machine it runs on.
    pub class: DbInstanceClass,
    /// The version it runs.
    pub version: MySqlVersion,
    /// How large its storage is.
    pub storage: Gibibytes,
    /// How far the storage may grow by itself.
    pub max_storage: Option<Gibibytes>,
    /// The database that was made in it.
    pub database: String,
    /// The master user.
    pub user: String,
    /// The SHA-256 of the master user's password.
    pub password_digest: String,
    /// Where it may be.
    pub subnet_group: String,
    /// Its settings.
    pub parameter_group: String,
    /// Whether a static parameter waits for a restart.
    pub needs_restart: bool,
    /// `sg-…`
    pub groups: Vec<String>,
    /// Whether there is a standby in another zone.
    pub multi_az: bool,
    /// How long daily backups are kept.
    pub backup_retention: Days,
    /// Whether it cannot be deleted.
    pub deletion_protection: bool,
    /// Its host name, once it has been available.
    pub host: Option<String>,
    /// `eni-…`
    pub interfaces: Vec<String>,
    /// When its storage was changed last.
    pub storage_changed_at: Option<Timestamp>,
    /// Until when the storage is optimized after that.
    pub optimizing_until: Option<Timestamp>,
    /// What it is being changed to.
    pub pending: Pending,
    /// What was written to it, in the words of whoever plays its users. It is in each snapshot and comes back with it.
    #[serde(default)]
    pub contents: String,
    /// Whether its storage is encrypted.
    #[serde(default = "yes")]
    pub encrypted: bool,
    /// The ARN of the snapshot that it was made from.
    #[serde(default)]
    pub restored_from: Option<String>,
}

pub(super) fn yes() -> bool {
    true
}

/// What an instance is being changed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pending {
    /// Another class.
    pub class: Option<DbInstanceClass>,
    /// Another version.
    pub version: Option<MySqlVersion>,
    /// More storage.
    pub storage: Option<Gibibytes>,
    /// With a standby, or without.
    pub multi_az: Option<bool>,
    /// Whether backups begin with it.
    pub first_backup: bool,
}

/// What an instance is doing, in AWS's words.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "AWS's words, explained at the link")]
pub enum Status {
    Creating,
    BackingUp,
    Available,
    Modifying,
    Upgrading,
    Rebooting,
    StorageOptimization,
    Deleting,
    IncompatibleNetwork,
}

impl Status {
    /// AWS's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::BackingUp => "backing-up",
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::Upgrading => "upgrading",
            Self::Rebooting => "rebooting",
            Self::StorageOptimization => "storage-optimization",
            Self::Deleting => "deleting",
            Self::IncompatibleNetwork => "incompatible-network",
        }
    }

    /// Whether the instance can be used, and changed.
    #[must_use]
    pub fn is_available(self) -> bool {
        matches!(self, Self::Available | Self::StorageOptimization)
    }
}

/// What a new instance is to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each as in `DbInstance`")]
pub struct NewDbInstance {
    pub identifier: String,
    pub class: DbInstanceClass,
    pub version: MySqlVersion,
    pub storage: Gibibytes,
    pub max_storage: Option<Gibibytes>,
    pub database: String,
    pub user: String,
    pub password: Secret,
    pub subnet_group: String,
    pub parameter_group: String,
    pub groups: Vec<String>,
    pub multi_az: bool,
    pub backup_retention: Days,
    pub deletion_protection: bool,
}

const NOT_FOUND: &str = "DBInstanceNotFound";

impl World {
    /// `CreateDBInstance`. Returns its ARN.
    ///
    /// # Errors
    /// `DBInstanceAlreadyExists`; `InstanceQuotaExceeded`; `InvalidParameterValue` and `InvalidParameterCombination` for
    /// what RDS does not offer; `DBSubnetGroupNotFoundFault`; `DBParameterGroupNotFound`.
    pub fn create_db_instance(
        &mut self,
        new: NewDbInstance,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let version = self.check_new_db_instance(&new)?;
        let vpc = self.db_subnet_group(&new.subnet_group)?.vpc.clone();
        let groups = self.check_db_groups(&vpc, &new.groups)?;
        let identifier = new.identifier.clone();
        let (arn, resource_id) = self.db_ids(&identifier);
        let instance = DbInstance {
            arn,
            resource_id,
            status: Status::Creating,
            stage: 0,
            class: new.class,
            version,
            storage: new.storage,
            max_storage: new.max_storage,
            database: new.database,
            user: new.user,
            password_digest: digest(&new.password),
            subnet_group: new.subnet_group,
            parameter_group: new.parameter_group,
            needs_restart: false,
            groups,
            multi_az: new.multi_az,
            backup_retention: new.backup_retention,
            deletion_protection: new.deletion_protection,
            host: None,
            interfaces: Vec::new(),
            storage_changed_at: None,
            optimizing_until: None,
            pending: Pending::default(),
            contents: String::new(),
            encrypted: true,
            restored_from: None,
        };
        Ok(self.add_db_instance(&identifier, instance, tags))
    }

    /// The ARN and the resource id of a new instance.
    pub(super) fn db_ids(&mut self, identifier: &str) -> (String, String) {
        let letters: Vec<char> = ('A'..='Z').chain('2'..='7').collect();
        let resource_id = format!("db-{}", self.letters(26, &letters));
        (self.arn("rds", &format!("db:{identifier}")), resource_id)
    }

    /// Takes a new instance in, and begins to create it. Returns its ARN.
    pub(super) fn add_db_instance(
        &mut self,
        identifier: &str,
        instance: DbInstance,
        tags: TagMap,
    ) -> String {
        let arn = instance.arn.clone();
        self.tags.insert(arn.clone(), tags);
        self.rds.instances.insert(identifier.to_owned(), instance);
        self.begin_db_instance(identifier);
        arn
    }

    /// The version that the new instance is going to run.
    fn check_new_db_instance(&self, new: &NewDbInstance) -> Result<MySqlVersion, Refusal> {
        self.check_db_room(&new.identifier)?;
        let version = engine::resolve(&new.version)?;
        engine::check_class(&new.class, &version)?;
        engine::check_storage(new.storage, new.max_storage)?;
        engine::check_retention(new.backup_retention.0)?;
        engine::check_password(new.password.expose())?;
        self.check_db_parameters(&new.parameter_group, &version)?;
        Ok(version)
    }

    /// Whether there can be one more instance, of that identifier.
    pub(super) fn check_db_room(&self, identifier: &str) -> Result<(), Refusal> {
        if self.rds.instances.contains_key(identifier) {
            return Err(Refusal::new("DBInstanceAlreadyExists", "DB instance already exists"));
        }
        if self.rds.instances.len() >= self.quotas.db_instances {
            return Err(Refusal::new("InstanceQuotaExceeded", "DB Instance quota exceeded"));
        }
        Ok(())
    }

    /// Whether instances of that version can have the parameter group.
    pub(super) fn check_db_parameters(
        &self,
        group: &str,
        version: &MySqlVersion,
    ) -> Result<(), Refusal> {
        let family = match group.strip_prefix("default.") {
            Some(family) => family,
            None => &self.db_parameter_group(group)?.family,
        };
        let wanted = version.family();
        if family == wanted {
            return Ok(());
        }
        Err(combination(format!(
            "The parameter group {group} with DBParameterGroupFamily {family} can't be used for this instance. Please \
             use a parameter group with DBParameterGroupFamily {wanted}."
        )))
    }

    /// `DescribeDBInstances`, of one.
    ///
    /// # Errors
    /// `DBInstanceNotFound`.
    pub fn db_instance(&self, identifier: &str) -> Result<&DbInstance, Refusal> {
        self.rds.instances.get(identifier).ok_or_else(|| not_found(identifier))
    }

    pub(super) fn db_instance_mut(&mut self, identifier: &str) -> Result<&mut DbInstance, Refusal> {
        self.rds.instances.get_mut(identifier).ok_or_else(|| not_found(identifier))
    }

    /// `RebootDBInstance`. Static parameters take effect by it.
    ///
    /// # Errors
    /// `DBInstanceNotFound`; `InvalidDBInstanceState` unless it is available.
    pub fn reboot_db_instance(&mut self, identifier: &str) -> Result<(), Refusal> {
        check_available(self.db_instance(identifier)?)?;
        self.enter(identifier, Status::Rebooting, 30..=60);
        Ok(())
    }

    /// `DeleteDBInstance`, with a last snapshot of that name or, if `skip`, without one.
    ///
    /// # Errors
    /// `DBInstanceNotFound`; `InvalidParameterCombination` while it is protected, or when not just one of the two is
    /// said; `InvalidDBInstanceState` while it is being created or deleted, and, with a snapshot, whenever it is not
    /// available; `DBSnapshotAlreadyExists`; `SnapshotQuotaExceeded`.
    pub fn delete_db_instance(
        &mut self,
        identifier: &str,
        snapshot: Option<&str>,
        skip: bool,
    ) -> Result<(), Refusal> {
        let instance = self.db_instance(identifier)?;
        match (snapshot, skip) {
            (None, false) => {
                let message =
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
                return Err(combination(message));
            }
            (Some(_), true) => {
                let message = "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot";
                return Err(combination(message));
            }
            _ => {}
        }
        if instance.deletion_protection {
            return Err(combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again.",
            ));
        }
        match instance.status {
            Status::Deleting => {
                return Err(state(format!("Instance {identifier} is already being deleted.")));
            }
            Status::Creating => {
                let message = format!(
                    "Instance {identifier} is currently creating - please try again later."
                );
                return Err(state(message));
            }
            status if snapshot.is_some() && !status.is_available() => {
                return Err(state(format!(
                    "Cannot create a snapshot because the database instance {identifier} is not currently in the \
                     available state."
                )));
            }
            _ => {}
        }
        let lasting = if snapshot.is_some() { 200..=320 } else { 120..=220 };
        if let Some(snapshot) = snapshot {
            self.take_snapshot(identifier, snapshot)?;
        }
        self.enter(identifier, Status::Deleting, lasting);
        Ok(())
    }

    /// Whether the instance lets its master user in with that password. Only while it is available.
    #[must_use]
    pub fn db_accepts(&self, identifier: &str, user: &str, password: &Secret) -> bool {
        self.rds.instances.get(identifier).is_some_and(|instance| {
            let known = instance.user == user && instance.password_digest == digest(password);
            known && instance.status.is_available()
        })
    }
}

impl From<&DbInstance> for Due {
    /// The end of what the instance is doing now.
    fn from(instance: &DbInstance) -> Self {
        Self::Next { instance: instance.resource_id.clone(), stage: instance.stage }
    }
}

pub(super) fn digest(password: &Secret) -> String {
    format!("{:x}", Sha256::digest(password.expose()))
}

fn not_found(identifier: &str) -> Refusal {
    Refusal::new(NOT_FOUND, format!("DBInstance {identifier} not found."))
}

fn state(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidDBInstanceState", message)
}

pub(super) fn check_available(instance: &DbInstance) -> Result<(), Refusal> {
    match instance.status.is_available() {
        true => Ok(()),
        false => Err(state("Database instance is not in available state.")),
    }
}
