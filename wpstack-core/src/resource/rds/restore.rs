//! What a database is made from, and what it leaves: decisions about snapshots, the same on every cloud.

use super::DbInstance;
use crate::failure::{ErrorKind, ProviderError};
use crate::provider::Cx;
use crate::resource::Resource;
use crate::value::{Gibibytes, MySqlVersion, SnapshotName};

/// What of a database is in a snapshot of it, and what nobody can change while one is restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The engine: `mysql`.
    pub engine: String,
    /// The engine's version, if it is one of MySQL's.
    pub version: Option<MySqlVersion>,
    /// The master user.
    pub user: String,
    /// How large the storage is.
    pub storage: Gibibytes,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

/// A snapshot, as RDS tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// AWS's word for what it is at: `creating`, `available`.
    pub status: String,
    /// The identifier of the database that it was taken of.
    pub instance: String,
    /// What is in it.
    pub origin: Origin,
}

/// A database that is about to be deleted.
#[derive(Clone, Debug)]
pub struct Leaving<'a> {
    /// The spec that it was last given.
    pub spec: &'a DbInstance,
    /// The spec of what takes its place, if anything does.
    pub successor: Option<&'a DbInstance>,
    /// Its identifier.
    pub identifier: &'a str,
    /// AWS's word for what it is at.
    pub status: &'a str,
    /// Whether it ever was available, so that something may have been written to it.
    pub was_available: bool,
    /// What is in it.
    pub origin: Origin,
    /// What has the name already that the successor is made from.
    pub found: Option<Snapshot>,
}

/// The last snapshot of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Of that name: the successor is made from it.
    Named(SnapshotName),
    /// Of a name that no other has.
    Dated,
    /// None.
    Nothing,
}

impl Farewell {
    /// The snapshot's name, with that of one which no other has.
    #[must_use]
    pub fn name(&self, dated: impl FnOnce() -> String) -> Option<String> {
        match self {
            Self::Named(name) => Some(name.to_string()),
            Self::Dated => Some(dated()),
            Self::Nothing => None,
        }
    }
}

impl Origin {
    /// Whether it runs with the settings of that version, or is to be brought to the version first.
    #[must_use]
    pub fn is_of_family(&self, version: &MySqlVersion) -> bool {
        self.version.as_ref().is_some_and(|own| own.family() == version.family())
    }
}

/// RDS's words for databases that it takes no snapshots of.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html>
const WITHOUT_SNAPSHOT: &[&str] = &["failed", "incompatible-restore", "incompatible-network"];

impl Leaving<'_> {
    /// The snapshot that is taken last. Decided before anything is changed.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] where the successor could not be made, or would be made from a snapshot that lacks what is
    /// in the database now, and nobody has said that this is meant.
    pub fn farewell(&self, cx: &Cx) -> Result<Farewell, ProviderError> {
        let takes_none = WITHOUT_SNAPSHOT.contains(&self.status);
        if let Some(new) = self.successor
            && let Some(name) = &new.from_snapshot
        {
            let hands_on = self.was_available && DbInstance::inherits(self.spec, new);
            match &self.found {
                None if hands_on => {
                    self.check_handover(new, name, cx)?;
                    return Ok(Farewell::Named(name.clone()));
                }
                Some(_) if hands_on && !cx.may_lose_data() => return Err(self.taken(name, cx)),
                found => {
                    new.check_snapshot(found.as_ref())?;
                }
            }
            let is_of_it = self.found.as_ref().is_some_and(|it| it.instance == self.identifier);
            if name.goes_with_its_database() && is_of_it {
                return Err(refused(format!(
                    "RDS deletes the snapshot `{name}` together with `{}`: copy it (`aws rds copy-db-snapshot`) and \
                     write the name of the copy as `from_snapshot`",
                    self.identifier
                )));
            }
        }
        // Of one that never got anywhere there is nothing to keep.
        let none_is_left = takes_none && (!self.was_available || cx.may_lose_data());
        let is_kept = cx.keeps_snapshot() && !none_is_left;
        Ok(if is_kept { Farewell::Dated } else { Farewell::Nothing })
    }

    /// Whether the successor can be made from a snapshot that is still to be taken.
    fn check_handover(
        &self,
        new: &DbInstance,
        name: &SnapshotName,
        cx: &Cx,
    ) -> Result<(), ProviderError> {
        let (identifier, status) = (self.identifier, self.status);
        if name.is_automated() {
            return Err(refused(format!(
                "there is no snapshot `{name}`, and only AWS gives such names: write one without a colon as \
                 `from_snapshot` for the last snapshot of `{identifier}`"
            )));
        }
        let consent = format!("`--allow-data-loss {}`", cx.object().address);
        if WITHOUT_SNAPSHOT.contains(&status) {
            return Err(refused(format!(
                "RDS takes no snapshot of `{identifier}` while it is {status}: mend it, or write the name of an older \
                 snapshot as `from_snapshot` and say {consent}"
            )));
        }
        if !self.origin.encrypted {
            return Err(refused(format!(
                "`{identifier}` is not encrypted, and neither would its last snapshot be: take one while nobody writes \
                 to it, copy that with a KMS key (`aws rds copy-db-snapshot --kms-key-id alias/aws/rds`), write the \
                 name of the copy as `from_snapshot` and say {consent}"
            )));
        }
        new.check_origin(&format!("the database `{identifier}`"), &self.origin)
    }

    fn taken(&self, name: &SnapshotName, cx: &Cx) -> ProviderError {
        let (identifier, address) = (self.identifier, &cx.object().address);
        refused(format!(
            "there is a snapshot `{name}` already, and the new database would be made from that, without what is in \
             `{identifier}` now: write a name that no snapshot has as `from_snapshot`, and the last one of \
             `{identifier}` gets it; or, if that snapshot is what you want, say so: `--allow-data-loss {address}`"
        ))
    }
}

impl DbInstance {
    /// Whether it can be made from the snapshot that its [`from_snapshot`](Self::from_snapshot) names, which is `None`
    /// where there is none of that name. Returns what is in it.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`], or [`ErrorKind::StillInUse`] while the snapshot is still being taken.
    pub fn check_snapshot<'a>(
        &self,
        found: Option<&'a Snapshot>,
    ) -> Result<&'a Origin, ProviderError> {
        let name = self.from_snapshot.as_ref().map(SnapshotName::as_str).unwrap_or_default();
        let Some(Snapshot { status, origin, .. }) = found else {
            return Err(refused(format!(
                "there is no snapshot `{name}` to make the database from: write the name of one that there is as \
                 `from_snapshot`, or take that key out for an empty database"
            )));
        };
        match status.as_str() {
            "available" => {
                self.check_origin(&format!("the snapshot `{name}`"), origin)?;
                Ok(origin)
            }
            "creating" | "copying" | "pending" => {
                let message = format!("the snapshot `{name}` is still {status}");
                Err(ProviderError::new(
                    ErrorKind::StillInUse,
                    "rds",
                    "DescribeDBSnapshots",
                    message,
                ))
            }
            _ => Err(refused(format!(
                "the snapshot `{name}` is {status}: write the name of another as `from_snapshot`"
            ))),
        }
    }

    fn check_origin(&self, what: &str, origin: &Origin) -> Result<(), ProviderError> {
        let Origin { engine, version, user, storage, encrypted } = origin;
        let refuse = |why: String| Err(refused(format!("{what} {why}")));
        if engine != "mysql" {
            return refuse(format!(
                "is one of `{engine}`, and not of MySQL: write the name of another as `from_snapshot`"
            ));
        }
        if !encrypted {
            return refuse(
                "is not encrypted, as every database here is: copy it with a KMS key (`aws rds copy-db-snapshot \
                 --kms-key-id alias/aws/rds`) and write the name of the copy as `from_snapshot`"
                    .to_owned(),
            );
        }
        if user != self.user.as_str() {
            return refuse(format!(
                "has the master user `{user}`, who cannot be renamed: write `user = \"{user}\"` in `[database]`"
            ));
        }
        let most = self.max_storage.unwrap_or(self.storage).max(self.storage);
        if *storage > most {
            return refuse(format!(
                "has {storage}, and RDS storage never shrinks: write `storage = \"{storage}\"` in `[database]`"
            ));
        }
        match version {
            Some(version) if *version > self.version && !self.version.includes(version) => {
                refuse(format!(
                    "is of MySQL {version}, and RDS does not go back to {}: write `version = \"{version}\"` in \
                     `[database]`",
                    self.version
                ))
            }
            Some(version)
                if MySqlVersion::new(5, 7).includes(version)
                    && self.version > MySqlVersion::new(8, 1) =>
            {
                refuse(format!(
                    "is of MySQL {version}, which RDS brings to 8.0 first: write `version = \"8.0\"` in `[database]`, \
                     and {} once that is applied",
                    self.version
                ))
            }
            _ => Ok(()),
        }
    }
}

/// See [`Resource::rescue`].
pub(super) fn rescue(old: Option<&DbInstance>, new: &DbInstance) -> Option<String> {
    let Some(old) = old else {
        return Some(match &new.from_snapshot {
            None => "it is made empty: to have back what was in it, write `from_snapshot = \"NAME\"` in `[database]`, \
                     with the name of a snapshot that is left of it"
                .to_owned(),
            Some(name) => {
                format!("it is made as it was in the snapshot `{name}`; `from_snapshot` may name a later one")
            }
        });
    };
    if (&old.database, &old.user) != (&new.database, &new.user) {
        return Some(format!(
            "to keep what is in it, leave `name = \"{}\"` and `user = \"{}\"` in `[database]` as they are: a database \
             that is made from a snapshot has the names that are in it",
            old.database, old.user
        ));
    }
    match &new.from_snapshot {
        Some(name) if old.from_snapshot.as_ref() == Some(name) => Some(format!(
            "`{name}` is recorded as the snapshot that it was made from, and what was written since would be lost: to \
             keep that, write a name that no snapshot has as `from_snapshot` in `[database]`"
        )),
        Some(_) => None,
        None => Some(format!(
            "to keep what is in it, write `from_snapshot = \"{}\"` in `[database]`: the old database leaves its last \
             snapshot under that name and the new one is made from it; the site is down meanwhile",
            proposed(old)
        )),
    }
}

/// A name for the last snapshot that the database was not made from itself.
fn proposed(old: &DbInstance) -> String {
    let last = format!("{}-last", old.identifier);
    match &old.from_snapshot {
        Some(name) if name.as_str() == last => format!("{last}-2"),
        _ => last,
    }
}

fn refused(message: String) -> ProviderError {
    ProviderError::new(ErrorKind::Refused, "rds", "DescribeDBSnapshots", message)
}
