//! What an instance does by itself: it is created, backs up, changes, and goes.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::{DbInstance, Due, Pending, Status, engine};
use crate::sim::world::World;
use crate::time::between;
use crate::value::Gibibytes;

impl World {
    /// Begins what a new instance goes through. Of published logs of small single-zone instances the fastest took
    /// 173 s and the slowest 207 s; with a standby it is 5 to 15 minutes. Restoring takes 4 to 7 minutes, however large the
    /// snapshot is: the data comes in behind.
    pub(super) fn begin_db_instance(&mut self, identifier: &str) {
        let Some(instance) = self.rds.instances.get(identifier) else {
            return;
        };
        let due = Due::Connect { instance: instance.resource_id.clone() };
        let lasting = match (instance.multi_az, instance.backup_retention.0) {
            (false, _) if instance.restored_from.is_some() => 240..=420,
            (false, 0) => 175..=210,
            (false, _) => 150..=180,
            (true, _) => 330..=600,
        };
        self.enter(identifier, Status::Creating, lasting);
        let pause = self.chance.between(Duration::from_secs(20), Duration::from_secs(40));
        self.schedule(pause, due.into());
    }

    /// Begins something that lasts so many seconds.
    pub(super) fn enter(&mut self, identifier: &str, status: Status, lasting: RangeInclusive<u64>) {
        let (least, most) = lasting.into_inner();
        let least = Duration::from_secs(least);
        let lasting = self.chance.between(least, Duration::from_secs(most));
        if let Some(instance) = self.rds.instances.get_mut(identifier) {
            instance.stage += 1;
            instance.status = status;
            let due = Due::from(&*instance);
            self.schedule(lasting, due.into());
        }
    }

    /// What falls due.
    pub(in crate::sim) fn rds_due(&mut self, due: Due) {
        let (Due::Connect { instance } | Due::Next { instance, .. }) = &due;
        let mut instances = self.rds.instances.iter();
        let found = instances.find(|(_, it)| it.resource_id == *instance);
        let Some((identifier, instance)) = found.map(|(name, it)| (name.clone(), it.clone()))
        else {
            return;
        };
        match due {
            Due::Connect { .. } => self.connect_db_instance(&identifier),
            Due::Next { stage, .. } if stage == instance.stage => {
                self.next_db_status(&identifier, &instance);
            }
            Due::Next { .. } => {}
        }
    }

    fn next_db_status(&mut self, identifier: &str, instance: &DbInstance) {
        match instance.status {
            Status::Creating if instance.backup_retention.0 > 0 => {
                self.enter(identifier, Status::BackingUp, 20..=30);
            }
            Status::Modifying | Status::Upgrading => {
                let first_backup = instance.pending.first_backup;
                self.change_db_instance(identifier, &instance.pending);
                match first_backup {
                    true => self.enter(identifier, Status::BackingUp, 20..=30),
                    false => self.settle_db_instance(identifier),
                }
            }
            Status::Creating
            | Status::BackingUp
            | Status::Rebooting
            | Status::StorageOptimization => self.settle_db_instance(identifier),
            Status::Deleting => self.drop_db_instance(identifier, &instance.arn),
            Status::Available | Status::IncompatibleNetwork => {}
        }
    }

    /// What was pending is so now.
    fn change_db_instance(&mut self, identifier: &str, pending: &Pending) {
        let Some(instance) = self.rds.instances.get_mut(identifier) else {
            return;
        };
        let Pending { class, version, storage, multi_az, first_backup: _ } = pending.clone();
        instance.class = class.unwrap_or_else(|| instance.class.clone());
        instance.version = version.unwrap_or_else(|| instance.version.clone());
        instance.storage = storage.unwrap_or(instance.storage);
        instance.multi_az = multi_az.unwrap_or(instance.multi_az);
        instance.pending = Pending::default();
        if pending.class.is_some() || pending.version.is_some() {
            instance.needs_restart = false;
        }
        if multi_az.is_some() {
            self.connect_db_instance(identifier);
        }
    }

    /// It has nothing more to do, but to optimize storage that was changed.
    fn settle_db_instance(&mut self, identifier: &str) {
        let letters: Vec<char> = ('a'..='z').chain('0'..='9').collect();
        let (account_part, now) = (self.letters(12, &letters), self.now);
        let host = format!("{identifier}.{account_part}.{}.rds.amazonaws.com", self.region);
        let Some(instance) = self.rds.instances.get_mut(identifier) else {
            return;
        };
        if instance.status == Status::Rebooting {
            instance.needs_restart = false;
        }
        instance.host.get_or_insert(host);
        instance.stage += 1;
        instance.status = Status::Available;
        if let Some(until) = instance.optimizing_until.filter(|until| *until > now) {
            instance.status = Status::StorageOptimization;
            let due = Due::from(&*instance);
            self.schedule(between(now, until), due.into());
        }
    }

    /// RDS's daily snapshots go with their instance.
    fn drop_db_instance(&mut self, identifier: &str, arn: &str) {
        self.rds
            .snapshots
            .retain(|name, it| it.instance != identifier || !name.starts_with("rds:"));
        self.rds.instances.remove(identifier);
        self.tags.remove(arn);
        self.release_enis(arn, Duration::ZERO);
    }

    /// What AWS does in a maintenance window: the instance runs the newest patch of its version afterwards.
    pub fn upgrade_minor_version(&mut self, identifier: &str) {
        if let Some(instance) = self.rds.instances.get_mut(identifier)
            && let Some(newest) = engine::newest(&instance.version)
        {
            instance.version = newest;
        }
    }

    /// What AWS does when the storage gets full: it grows by a tenth and at least 10 GiB, as far as it may.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html>
    pub fn grow_storage(&mut self, identifier: &str) {
        let now = self.now;
        if let Some(instance) = self.rds.instances.get_mut(identifier)
            && let Some(most) = instance.max_storage
        {
            let grown = instance.storage.0 + (instance.storage.0 / 10).max(10);
            instance.storage = Gibibytes(grown).min(most);
            instance.storage_changed_at = Some(now);
        }
    }
}
