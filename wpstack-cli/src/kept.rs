//! Where the state is kept: on this disk, or in S3 for a team.

use std::sync::Arc;

use wpstack_aws::{S3Objects, StateBucket, connect_s3};
use wpstack_core::state::{Holder, LocalStore, RemoteStore, Store, StoreError, remote};
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::wordpress::S3;

use crate::args::Global;
use crate::environment;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::project::Project;
use crate::work::unique;

/// Where the state is kept.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// On this disk.
    Local(LocalStore),
    /// In S3.
    Team(Team),
}

/// A state in S3, and the bucket it is in.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    /// The state.
    pub(crate) store: RemoteStore,
    /// The bucket.
    pub(crate) bucket: StateBucket,
    /// Where it is, as in `s3://states/blog`.
    pub(crate) place: String,
}

impl Kept {
    /// Where the configuration says that it is kept.
    ///
    /// # Errors
    /// When that is in S3 and there are no credentials.
    pub(crate) async fn open(project: &Project, global: &Global) -> Result<Self, CommandError> {
        match project.team() {
            Some(s3) => Team::open(project, s3, global).await.map(Self::Team),
            None => Ok(Self::Local(project.local(global))),
        }
    }

    /// The store.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Local(store) => Arc::new(store.clone()),
            Self::Team(team) => Arc::new(team.store.clone()),
        }
    }

    /// Makes sure that nothing is recorded elsewhere, and that earlier versions are kept.
    ///
    /// # Errors
    /// When either is not so. A run would build everything a second time, or could lose what is recorded.
    pub(crate) async fn check(
        &self,
        project: &Project,
        global: &Global,
    ) -> Result<(), CommandError> {
        let Self::Team(team) = self else {
            return Ok(());
        };
        team.bucket.check().await?;
        let local = project.local(global);
        match local.load().await {
            Ok(Some(document)) if !document.objects.is_empty() => {
                let message = format!(
                    "what is recorded is still in {}, and not in {}",
                    local.path().display(),
                    team.place
                );
                Err(CommandError::new(message).hint("`wpstack state migrate --to s3` moves it"))
            }
            Ok(_) | Err(StoreError::Moved { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The error with what a person can do about a lock in S3, whose holder may be gone for good.
    pub(crate) fn explain(&self, error: impl Into<CommandError>) -> CommandError {
        let error = error.into();
        match self {
            Self::Team(_) if error.exit == Exit::Locked => error.hint(
                "a run that was killed lets go when its lease runs out: `--lock-timeout 2m` waits for that",
            ),
            _ => error,
        }
    }
}

impl Team {
    /// The state in S3.
    ///
    /// # Errors
    /// When there are no credentials.
    pub(crate) async fn open(
        project: &Project,
        s3: &S3,
        global: &Global,
    ) -> Result<Self, CommandError> {
        let name = &project.config.name;
        let (Some(bucket), Some(prefix)) = (&s3.bucket, s3.prefix(name)) else {
            // A configuration that was checked has both.
            return Err(CommandError::new("`[state.s3]` does not say where the state is kept"));
        };
        let region = s3.region.as_ref().unwrap_or(&project.config.region);
        let client = connect_s3(wpstack_aws::Settings {
            profile: global.profile.clone(),
            region: Some(region.clone()),
            ..wpstack_aws::Settings::default()
        })
        .await?;
        let kms_key = s3.kms_key.as_ref().map(|key| key.as_str());
        let objects = S3Objects::new(client.clone(), bucket.as_str(), prefix.as_str(), kms_key);
        let place = remote::ObjectStore::place(&objects);
        let settings = remote::Settings {
            lease: s3.lease.duration(),
            patience: global.lock_timeout.duration(),
            ..remote::Settings::new(&unique()?)
        };
        let (objects, clock) = (Arc::new(objects), Arc::new(SystemClock));
        let store = RemoteStore::open(objects, clock, name.as_ref(), settings)?;
        let bucket = StateBucket::new(client, bucket.as_str(), region.as_str(), kms_key);
        Ok(Self { store, bucket, place })
    }
}

/// Who runs `command`, for others to read.
pub(crate) fn holder(command: &str) -> Holder {
    Holder {
        who: environment::who(),
        pid: std::process::id(),
        doing: command.to_owned(),
        since: SystemClock.now(),
    }
}
