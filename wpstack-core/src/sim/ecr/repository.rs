//! Repositories.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::{Gone, ProviderError};
use crate::image::TAG_PREFIX;
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::ecr::{self as spec, RepositoryState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::ImageDigest;

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// `arn:aws:ecr:…:repository/…`
    pub arn: String,
    /// `….dkr.ecr.….amazonaws.com/…`
    pub uri: String,
    /// Whether pushed images are scanned.
    pub scan_on_push: bool,
    /// The text of its lifecycle policy. Nothing expires by it.
    pub lifecycle: Option<String>,
    /// The images, with when each was pushed.
    pub images: BTreeMap<ImageDigest, Timestamp>,
    /// The images that have tags, by tag.
    pub tagged: BTreeMap<String, ImageDigest>,
    /// The tags of images that are being built and pushed, with when each is there.
    #[serde(default)]
    pub building: BTreeMap<String, Timestamp>,
}

const TAGGING: Tagging = Tagging {
    service: "ecr",
    list: "ListTagsForResource",
    add: "TagResource",
    remove: "UntagResource",
    not_found: "RepositoryNotFoundException",
};

impl World {
    /// `CreateRepository`.
    ///
    /// # Errors
    /// `RepositoryAlreadyExistsException`; `LimitExceededException`.
    pub fn create_repository(
        &mut self,
        name: &str,
        scan_on_push: bool,
        tags: TagMap,
    ) -> Result<&Repository, Refusal> {
        if self.ecr.repositories.contains_key(name) {
            let message = format!(
                "The repository with name '{name}' already exists in the registry with id '{}'",
                self.account
            );
            return Err(Refusal::new("RepositoryAlreadyExistsException", message));
        }
        if self.ecr.repositories.len() >= self.quotas.repositories {
            let message = format!(
                "The registry with id '{}' already has the maximum allowed number of repositories which is '{}'",
                self.account, self.quotas.repositories
            );
            return Err(Refusal::new("LimitExceededException", message));
        }
        let arn = self.arn("ecr", &format!("repository/{name}"));
        self.tags.insert(arn.clone(), tags);
        let suffix = match self.region.partition() {
            "aws-cn" => ".cn",
            _ => "",
        };
        let registry = format!("{}.dkr.ecr.{}.amazonaws.com{suffix}", self.account, self.region);
        let repository = Repository {
            arn,
            uri: format!("{registry}/{name}"),
            scan_on_push,
            lifecycle: None,
            images: BTreeMap::new(),
            tagged: BTreeMap::new(),
            building: BTreeMap::new(),
        };
        Ok(self.ecr.repositories.entry(name.to_owned()).or_insert(repository))
    }

    /// `DescribeRepositories`, of one.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`.
    pub fn repository(&self, name: &str) -> Result<&Repository, Refusal> {
        self.ecr.repositories.get(name).ok_or_else(|| self.no_repository(name))
    }

    /// `PutImageScanningConfiguration`, `PutLifecyclePolicy`, and a push.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`.
    pub fn change_repository<T>(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Repository) -> T,
    ) -> Result<T, Refusal> {
        let missing = self.no_repository(name);
        self.ecr.repositories.get_mut(name).map(change).ok_or(missing)
    }

    /// `DeleteRepository`.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`; `RepositoryNotEmptyException` unless `force`.
    pub fn delete_repository(&mut self, name: &str, force: bool) -> Result<(), Refusal> {
        let repository = self.repository(name)?;
        if !force && !repository.images.is_empty() {
            let message = format!(
                "The repository with name '{name}' in registry with id '{}' cannot be deleted because it still \
                 contains images",
                self.account
            );
            return Err(Refusal::new("RepositoryNotEmptyException", message));
        }
        let arn = repository.arn.clone();
        self.ecr.repositories.remove(name);
        self.tags.remove(&arn);
        Ok(())
    }
}

impl Sim {
    async fn describe_repository(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<Repository>, ProviderError> {
        let found =
            self.call(cx, "ecr", "DescribeRepositories", |world| world.repository(name).cloned());
        found.await.gone()
    }

    async fn put_lifecycle_policy(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
        name: &str,
    ) -> Result<(), ProviderError> {
        self.call(cx, "ecr", "PutLifecyclePolicy", |world| {
            let policy = Some(spec.lifecycle.policy());
            world.change_repository(name, |repository| repository.lifecycle = policy)
        })
        .await
    }

    async fn get_lifecycle_policy(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<Value>, ProviderError> {
        let text = self.call(cx, "ecr", "GetLifecyclePolicy", |world| {
            let missing = Refusal::new(
                "LifecyclePolicyNotFoundException",
                format!("Lifecycle policy does not exist for the repository with name '{name}'"),
            );
            world.repository(name)?.lifecycle.clone().ok_or(missing)
        });
        Ok(text.await.gone()?.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// What `DescribeRepositories` and `ListImages` tell of a repository.
fn told(name: &str, repository: &Repository) -> RepositoryState {
    let Repository { arn, uri, images, .. } = repository.clone();
    RepositoryState { name: name.to_owned(), arn, uri, has_images: !images.is_empty() }
}

#[async_trait]
impl Provider<spec::Repository> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
    ) -> Result<Option<RepositoryState>, ProviderError> {
        let name = spec.name.to_string();
        let Some(repository) = self.describe_repository(cx, &name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &repository.arn).await.gone()? else {
            return Ok(None);
        };
        let what = format!("the repository `{name}`");
        let mine = is_mine(cx, "ecr", "ListTagsForResource", &what, &tags)?;
        Ok(mine.then(|| told(&name, &repository)))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
    ) -> Result<RepositoryState, ProviderError> {
        let name = spec.name.to_string();
        self.call(cx, "ecr", "CreateRepository", |world| {
            let tags = owned(cx, &spec.tags);
            Ok(told(&name, world.create_repository(&name, spec.scan_on_push, tags)?))
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
        state: &RepositoryState,
    ) -> Result<RepositoryState, ProviderError> {
        self.put_lifecycle_policy(cx, spec, &state.name).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
        state: &RepositoryState,
    ) -> Result<Option<Observed<RepositoryState>>, ProviderError> {
        let Some(repository) = self.describe_repository(cx, &state.name).await? else {
            return Ok(None);
        };
        let lifecycle = self.get_lifecycle_policy(cx, &state.name).await?;
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift
            .field("scan_on_push", &spec.scan_on_push, Some(repository.scan_on_push))
            .tags(cx, &spec.tags, &tags);
        if lifecycle != serde_json::from_str(&spec.lifecycle.policy()).ok() {
            drift.note("lifecycle", lifecycle);
        }
        let mut told = told(&state.name, &repository);
        if spec.force_delete {
            told.has_images = repository.tagged.keys().any(|tag| !tag.starts_with(TAG_PREFIX));
        }
        Ok(Some(Observed::ready(told).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
        state: &RepositoryState,
        changed: &[String],
    ) -> Result<RepositoryState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "scan_on_push" => {
                    self.call(cx, "ecr", "PutImageScanningConfiguration", |world| {
                        let on = spec.scan_on_push;
                        world.change_repository(&state.name, |it| it.scan_on_push = on)
                    })
                    .await?;
                }
                "lifecycle" => self.put_lifecycle_policy(cx, spec, &state.name).await?,
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::Repository,
        id: &str,
    ) -> Result<Option<RepositoryState>, ProviderError> {
        // By its name, or by its URI: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
        let name = id.split_once(".amazonaws.com/").map_or(id, |(_, name)| name).to_owned();
        let found = self.describe_repository(cx, &name).await?;
        Ok(found.map(|repository| told(&name, &repository)))
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &spec::Repository,
        state: &RepositoryState,
    ) -> Result<(), ProviderError> {
        let force = cx.may_lose_data() || spec.force_delete;
        let deleted = self.call(cx, "ecr", "DeleteRepository", |world| {
            world.delete_repository(&state.name, force)
        });
        deleted.await.gone().map(drop)
    }
}
