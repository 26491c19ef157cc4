//! The simulated account in one region: everything in it, and what is still to happen to it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::autoscaling::{self, AutoScaling};
use super::bucket::Buckets;
use super::chance::Chance;
use super::ec2::{self, Ec2};
use super::ecr::Ecr;
use super::ecs::{self, Ecs};
use super::elb::{self, Elb};
use super::fault::Faults;
use super::iam::Iam;
use super::logs::Logs;
use super::quota::Quotas;
use super::rds::{self, Rds};
use super::secretsmanager::{self, SecretsManager};
use super::tags::{TagMap, is_ours};
use crate::value::{AccountId, Region};

/// The simulated account in one region.
///
/// Data only: it changes when a call of a provider reaches it and when something in it falls due, both at one moment
/// of the virtual clock. The operations of a service, under AWS's names, are in the service's module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    /// The moment it has come to.
    pub now: Timestamp,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// What the account may have of each thing.
    #[serde(default)]
    pub quotas: Quotas,
    /// Where chance comes from.
    pub chance: Chance,
    /// The network.
    pub ec2: Ec2,
    /// The image registry.
    #[serde(default)]
    pub ecr: Ecr,
    /// The groups of instances.
    #[serde(default)]
    pub autoscaling: AutoScaling,
    /// Clusters, and what runs in them.
    #[serde(default)]
    pub ecs: Ecs,
    /// The load balancers.
    #[serde(default)]
    pub elb: Elb,
    /// Roles and policies.
    #[serde(default)]
    pub iam: Iam,
    /// Logs.
    #[serde(default)]
    pub logs: Logs,
    /// Databases.
    #[serde(default)]
    pub rds: Rds,
    /// Secrets.
    #[serde(default)]
    pub secretsmanager: SecretsManager,
    /// The tags of everything that goes by an ARN.
    #[serde(default)]
    pub tags: BTreeMap<String, TagMap>,
    pub(super) faults: Faults,
    pub(super) buckets: Buckets,
    agenda: Agenda,
}

/// What is still to happen, the next last. Of what falls due at one moment, what was planned first happens first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Agenda {
    planned: u64,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    at: Timestamp,
    number: u64,
    due: Due,
}

/// Something that happens by itself, by service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// In the network.
    Ec2(ec2::Due),
    /// In databases.
    Rds(rds::Due),
    /// In secrets.
    SecretsManager(secretsmanager::Due),
    /// Of groups of instances.
    AutoScaling(autoscaling::Due),
    /// Of clusters.
    Ecs(ecs::Due),
    /// Of load balancers.
    Elb(elb::Due),
}

/// AWS refuses a call: its error code and message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code, as in `VpcLimitExceeded`.
    pub code: String,
    /// What AWS says.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// Everything that exists and that a stack owns, by type.
pub type Inventory = BTreeMap<String, Vec<Value>>;

impl World {
    /// An empty account.
    #[must_use]
    pub(super) fn new(seed: u64, region: Region, account: AccountId, now: Timestamp) -> Self {
        Self {
            now,
            account,
            region,
            quotas: Quotas::default(),
            chance: Chance::new(seed),
            ec2: Ec2::default(),
            ecr: Ecr::default(),
            autoscaling: AutoScaling::default(),
            ecs: Ecs::default(),
            elb: Elb::default(),
            iam: Iam::default(),
            logs: Logs::default(),
            rds: Rds::default(),
            secretsmanager: SecretsManager::default(),
            tags: BTreeMap::new(),
            faults: Faults::default(),
            buckets: Buckets::default(),
            agenda: Agenda::default(),
        }
    }

    /// A new id as AWS writes them: `vpc-0` and 16 hexadecimal digits.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.chance.draw())
    }

    /// Plans something for later.
    pub(super) fn schedule(&mut self, after: Duration, due: Due) {
        let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
        let at = self.now.checked_add(after).unwrap_or(Timestamp::MAX);
        self.agenda.planned += 1;
        let number = self.agenda.planned;
        let entries = &mut self.agenda.entries;
        let place = entries.partition_point(|other| (other.at, other.number) > (at, number));
        entries.insert(place, Entry { at, number, due });
    }

    /// Lets everything happen that falls due until `now`.
    pub(super) fn catch_up(&mut self, now: Timestamp) {
        while let Some(entry) = self.agenda.entries.pop_if(|entry| entry.at <= now) {
            self.now = self.now.max(entry.at);
            match entry.due {
                Due::Ec2(due) => self.ec2_due(due),
                Due::Rds(due) => self.rds_due(due),
                Due::SecretsManager(due) => self.secretsmanager_due(&due),
                Due::AutoScaling(due) => self.autoscaling_due(&due),
                Due::Ecs(due) => self.ecs_due(due),
                Due::Elb(due) => self.elb_due(due),
            }
        }
        self.now = self.now.max(now);
    }

    /// Everything that exists and that a stack owns, by type.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let mut found = Inventory::new();
        self.ec2.inventory(&mut found);
        self.ecr_inventory(&mut found);
        self.autoscaling_inventory(&mut found);
        self.ecs_inventory(&mut found);
        self.elb_inventory(&mut found);
        self.iam_inventory(&mut found);
        self.logs_inventory(&mut found);
        self.rds_inventory(&mut found);
        self.secretsmanager_inventory(&mut found);
        found
    }
}

/// Puts an object into an inventory, if a stack owns it.
pub(super) fn list<T: Serialize>(
    into: &mut Inventory,
    type_name: &str,
    id: &str,
    object: &T,
    tags: &TagMap,
) {
    if is_ours(tags) {
        let entry = serde_json::json!({ "id": id, "tags": tags, "is": object });
        into.entry(type_name.to_owned()).or_default().push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_due_happens_in_order_and_only_then() {
        let now = Timestamp::UNIX_EPOCH;
        let region = "eu-west-1".parse().unwrap();
        let mut world = World::new(1, region, "123456789012".parse().unwrap(), now);
        for id in ["a", "b", "c"] {
            world.ec2.hidden.insert(id.to_owned());
        }
        let appears = |id: &str| Due::Ec2(ec2::Due::Appear { id: id.to_owned() });
        world.schedule(Duration::from_secs(2), appears("a"));
        world.schedule(Duration::from_secs(1), appears("b"));
        world.schedule(Duration::from_secs(2), appears("c"));
        let mut hidden_after = |seconds| {
            world.catch_up(now + Duration::from_secs(seconds));
            world.ec2.hidden.iter().cloned().collect::<Vec<_>>().join("")
        };
        assert_eq!([0, 1, 2].map(&mut hidden_after), ["abc", "ac", ""]);
        assert_eq!(world.now, now + Duration::from_secs(2));
    }
}
