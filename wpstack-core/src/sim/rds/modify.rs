//! Changes of instances.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html>

use std::ops::RangeInclusive;
use std::time::Duration;

use super::engine::{self, combination};
use super::instance::check_available;
use super::{DbInstance, Pending, Status};
use crate::sim::world::{Refusal, World};
use crate::value::{Days, DbInstanceClass, Gibibytes, MySqlVersion};

/// What is to change, at once and not in the maintenance window; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modification {
    /// Another machine.
    pub class: Option<DbInstanceClass>,
    /// Another version.
    pub version: Option<MySqlVersion>,
    /// Whether that may be one of another family.
    pub allow_major_upgrade: bool,
    /// More storage. Rounded up to a tenth more than there is.
    pub storage: Option<Gibibytes>,
    /// How far the storage may grow by itself, if at all.
    pub max_storage: Option<Option<Gibibytes>>,
    /// Other settings.
    pub parameter_group: Option<String>,
    /// Other security groups.
    pub groups: Option<Vec<String>>,
    /// With a standby, or without.
    pub multi_az: Option<bool>,
    /// How long daily backups are kept.
    pub backup_retention: Option<Days>,
    /// Whether it cannot be deleted.
    pub deletion_protection: Option<bool>,
    /// The SHA-256 of another password of the master user.
    pub password_digest: Option<String>,
}

/// How long storage cannot be changed again.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.StorageTypes.html>
const COOL_DOWN: Duration = Duration::from_secs(6 * 3600);

impl World {
    /// `ModifyDBInstance`.
    ///
    /// # Errors
    /// `DBInstanceNotFound`; `InvalidDBInstanceState` unless it is available; `DBParameterGroupNotFound`;
    /// `InvalidParameterValue` and `InvalidParameterCombination` for what RDS does not do, such as to make storage
    /// smaller, to change it twice in six hours, or to go back to an older version.
    pub fn modify_db_instance(
        &mut self,
        identifier: &str,
        change: &Modification,
    ) -> Result<(), Refusal> {
        let instance = self.db_instance(identifier)?.clone();
        check_available(&instance)?;
        let version = self.check_version_change(&instance, change)?;
        let class = change.class.as_ref().unwrap_or(&instance.class);
        engine::check_class(class, version.as_ref().unwrap_or(&instance.version))?;
        let storage = self.check_storage_change(&instance, change)?;
        let groups = match &change.groups {
            Some(groups) => {
                let vpc = self.db_subnet_group(&instance.subnet_group)?.vpc.clone();
                Some(self.check_db_groups(&vpc, groups)?)
            }
            None => None,
        };
        if let Some(days) = change.backup_retention {
            engine::check_retention(days.0)?;
        }
        let retention = change.backup_retention.filter(|days| *days != instance.backup_retention);
        let pending = Pending {
            class: change.class.clone().filter(|class| *class != instance.class),
            version,
            storage,
            multi_az: change.multi_az.filter(|multi_az| *multi_az != instance.multi_az),
            first_backup: retention.is_some() && instance.backup_retention.0 == 0,
        };
        let no_backups = retention.is_some_and(|days| days.0 == 0);
        let settings =
            change.parameter_group.as_ref().filter(|it| **it != instance.parameter_group);
        let regrouped = groups.as_ref().filter(|groups| **groups != instance.groups);
        let lasting = lasting(&pending, &instance).or(match (regrouped, settings) {
            _ if no_backups => Some(40..=70),
            (None, None) if change.password_digest.is_some() => Some(10..=20),
            (None, None) => None,
            _ => Some(20..=45),
        });
        if let Some(groups) = regrouped {
            self.regroup_db_instance(&instance, groups);
        }
        let upgrading = pending.version.is_some();
        self.change_at_once(identifier, change, groups.as_deref(), pending)?;
        if let Some(lasting) = lasting {
            let status = if upgrading { Status::Upgrading } else { Status::Modifying };
            self.enter(identifier, status, lasting);
        }
        Ok(())
    }

    /// The version that the instance is to run afterwards, if that is another.
    fn check_version_change(
        &self,
        instance: &DbInstance,
        change: &Modification,
    ) -> Result<Option<MySqlVersion>, Refusal> {
        let old = &instance.version;
        let asked = change.version.as_ref().filter(|asked| !asked.includes(old));
        let version = asked.map(engine::resolve).transpose()?;
        if let Some(new) = &version {
            if new < old {
                return Err(combination(format!("Cannot upgrade mysql from {old} to {new}")));
            }
            if new.family() != old.family() && !change.allow_major_upgrade {
                let message = "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.";
                return Err(combination(message));
            }
        }
        let group = change.parameter_group.as_ref().unwrap_or(&instance.parameter_group);
        self.check_db_parameters(group, version.as_ref().unwrap_or(old))?;
        Ok(version)
    }

    /// The storage that the instance is to have afterwards, if that is more.
    fn check_storage_change(
        &self,
        instance: &DbInstance,
        change: &Modification,
    ) -> Result<Option<Gibibytes>, Refusal> {
        let old = instance.storage;
        let storage = change.storage.filter(|new| *new != old);
        if let Some(new) = storage
            && new < old
        {
            return Err(combination(format!(
                "Requested storage size ({}) cannot be less than the current storage size ({}).",
                new.0, old.0
            )));
        }
        if storage.is_some()
            && instance.storage_changed_at.is_some_and(|at| at + COOL_DOWN > self.now)
        {
            let message = "You can't currently modify the storage of this DB instance because the previous storage \
                           change is being optimized.";
            return Err(combination(message));
        }
        let storage = storage.map(|new| new.max(Gibibytes(old.0 + old.0.div_ceil(10))));
        let max_storage = change.max_storage.unwrap_or(instance.max_storage);
        // What an older instance has stays as it is: RDS made smaller ones once.
        if storage.is_some() || change.max_storage.is_some() {
            engine::check_storage(
                storage.unwrap_or(old),
                max_storage.filter(|_| change.max_storage.is_some()),
            )?;
        }
        Ok(storage)
    }

    /// What takes effect with the call, and what is begun by it.
    fn change_at_once(
        &mut self,
        identifier: &str,
        change: &Modification,
        groups: Option<&[String]>,
        pending: Pending,
    ) -> Result<(), Refusal> {
        let now = self.now;
        let optimizing = self.chance.between(COOL_DOWN / 4, COOL_DOWN);
        let instance = self.db_instance_mut(identifier)?;
        if let Some(group) = &change.parameter_group
            && *group != instance.parameter_group
        {
            instance.parameter_group.clone_from(group);
            instance.needs_restart = true;
        }
        if pending.storage.is_some() {
            instance.storage_changed_at = Some(now);
            instance.optimizing_until = Some(now + optimizing);
        }
        instance.groups = groups.map_or_else(|| instance.groups.clone(), <[_]>::to_vec);
        instance.max_storage = change.max_storage.unwrap_or(instance.max_storage);
        instance.backup_retention = change.backup_retention.unwrap_or(instance.backup_retention);
        instance.deletion_protection =
            change.deletion_protection.unwrap_or(instance.deletion_protection);
        if let Some(digest) = &change.password_digest {
            instance.password_digest.clone_from(digest);
        }
        instance.pending = pending;
        Ok(())
    }
}

/// How many seconds the instance is busy with what is pending: the longest of it counts.
fn lasting(pending: &Pending, instance: &DbInstance) -> Option<RangeInclusive<u64>> {
    let Pending { class, version, storage, multi_az, first_backup } = pending;
    match version {
        Some(version) if version.family() != instance.version.family() => Some(600..=900),
        _ if multi_az.is_some() => Some(420..=720),
        _ if class.is_some() => Some(300..=420),
        Some(_) => Some(240..=420),
        None if storage.is_some() => Some(60..=120),
        None if *first_backup => Some(40..=70),
        None => None,
    }
}
