//! `rds.instance`

use serde::{Deserialize, Serialize};

use super::{DbParameterGroup, DbSubnetGroup, restore};
use crate::resource::ec2::SecurityGroup;
use crate::resource::secretsmanager::SecretMember;
use crate::resource::{Change, Cost, Expected, Field, Resource, Settles};
use crate::stack::{Ready, Ref};
use crate::value::{
    Days, DbIdentifier, DbInstanceClass, DbName, DbUserName, Gibibytes, MySqlVersion, Port,
    SnapshotName, Tags,
};

/// A MySQL database: encrypted, not public, on gp3, its password read from a secret when it is created.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.html>
///
/// What each change costs: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbInstance {
    /// Its identifier, unique in account and region.
    pub identifier: DbIdentifier,
    /// The machine it runs on.
    pub class: DbInstanceClass,
    /// The engine version. Minor versions that AWS moves on by itself are no drift.
    pub version: MySqlVersion,
    /// The storage to begin with. It grows, and never shrinks.
    pub storage: Gibibytes,
    /// How far AWS may let the storage grow by itself; growth up to it is no drift.
    pub max_storage: Option<Gibibytes>,
    /// The database that is made in it.
    pub database: DbName,
    /// The master user.
    pub user: DbUserName,
    /// The master user's password.
    pub password: SecretMember,
    /// Where it is.
    pub subnets: Ref<DbSubnetGroup>,
    /// The engine's settings, which it starts with.
    pub parameters: Ready<DbParameterGroup>,
    /// Who may reach it.
    pub groups: Vec<Ref<SecurityGroup>>,
    /// Whether a standby in another zone takes over.
    pub multi_az: bool,
    /// How long daily backups are kept; 0 makes none.
    pub backup_retention: Days,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// What it is made from; without a snapshot it is made empty. One that is to be replaced leaves its last snapshot
    /// under the name that its successor has here: see [`Resource::inherits`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_snapshot: Option<SnapshotName>,
    /// Further tags, copied to snapshots.
    pub tags: Tags,
}

/// What RDS tells of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbInstanceState {
    /// The identifier.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// The host name; `None` until it is available.
    pub host: Option<String>,
    /// The port.
    pub port: Port,
    /// Whether it was made from a snapshot and still lacks what RDS sets only afterwards, its password first of all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

impl DbInstanceState {
    /// Host and port, as in `db.example:3306`; empty until the instance is available.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.host.as_ref().map(|host| format!("{host}:{}", self.port)).unwrap_or_default()
    }
}

impl Resource for DbInstance {
    const TYPE: &'static str = "rds.instance";
    const FIELDS: &'static [Field] = crate::fields!(DbInstance {
        identifier: Replace(DataLoss),
        class: Update(Outage),
        version: Update(Outage),
        storage: Update(NoInterruption),
        max_storage: Update(NoInterruption),
        database: Replace(DataLoss),
        user: Replace(DataLoss),
        password: Refused(
            "the password is set when the database is created: change it with the RDS API and in the secret"
        ),
        subnets: Refused(
            "RDS moves no database to another subnet group of its network: to make a new one there with all that is \
             in this one, give it a last snapshot with `from_snapshot = \"NAME\"` in `[database]`, a name that no \
             snapshot has yet"
        ),
        parameters: Update(NoInterruption),
        groups: Update(NoInterruption),
        multi_az: Update(NoInterruption),
        backup_retention: Update(NoInterruption),
        deletion_protection: Update(NoInterruption),
        from_snapshot: Order,
        tags: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const HOLDS_DATA: bool = true;
    const LEAVES_SNAPSHOT: bool = true;
    const EXPECTED: Expected = Expected::seconds(200, 300);

    type State = DbInstanceState;

    fn id(state: &DbInstanceState) -> String {
        state.identifier.clone()
    }

    fn policy(field: &Field, old: &Self, new: &Self) -> Change {
        match field.name {
            "identifier" | "subnets" if Self::inherits(old, new) => Change::Replace(Cost::Outage),
            "storage" if new.storage < old.storage => Change::Refused(
                "RDS storage grows and never shrinks: keep the larger size, or restore into a new stack",
            ),
            "version" if new.version < old.version => Change::Refused(
                "RDS does not go back to an older engine: keep the newer version, or restore a snapshot",
            ),
            // Switching backups on or off restarts the instance; changing how long they are kept does not.
            "backup_retention"
                if (old.backup_retention.0 == 0) != (new.backup_retention.0 == 0) =>
            {
                Change::Update(Cost::Outage)
            }
            _ => field.change,
        }
    }

    /// One that never was available was never written to.
    fn may_hold_data(state: &DbInstanceState) -> bool {
        state.host.is_some()
    }

    fn protection(&self, _: &DbInstanceState) -> Option<&'static str> {
        self.deletion_protection.then_some("its deletion protection is on")
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.identifier != new.identifier && !Self::inherits(old, new)
    }

    /// A name that the old one was not made from is one that its last snapshot is to have. What is made from a snapshot
    /// has the names that are in it.
    fn inherits(old: &Self, new: &Self) -> bool {
        new.from_snapshot.is_some()
            && new.from_snapshot != old.from_snapshot
            && (&new.database, &new.user) == (&old.database, &old.user)
    }

    fn rescue(old: Option<&Self>, new: &Self) -> Option<String> {
        restore::rescue(old, new)
    }

    /// RDS changes nothing of a database that it is still restoring.
    fn settles_first(state: &DbInstanceState) -> bool {
        state.unfinished
    }
}
