//! `ecr.repository`

use async_trait::async_trait;
use aws_sdk_ecr::types::{ImageScanningConfiguration, Repository as Told, Tag};
use futures::future::{join_all, try_join, try_join3, try_join4};
use serde_json::Value;
use wpstack_core::image::TAG_PREFIX;
use wpstack_core::resource::ecr::{Repository, RepositoryState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::ECR;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Repository> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &Repository,
    ) -> Result<Option<RepositoryState>, ProviderError> {
        let Some(told) = self.repository(spec.name.as_str()).await? else { return Ok(None) };
        let state = state(told, "DescribeRepositories")?;
        let tags = self.repository_tags(&state.arn).await?;
        tags.claim(cx, ECR, "DescribeRepositories", &format!("a repository `{}`", spec.name))?;
        Ok(Some(state))
    }

    async fn create(&self, cx: &Cx, spec: &Repository) -> Result<RepositoryState, ProviderError> {
        let call = self
            .ecr
            .create_repository()
            .repository_name(spec.name.as_str())
            .image_scanning_configuration(scanning(spec))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ECR, "CreateRepository")?;
        let told = answer.repository.told(ECR, "CreateRepository", "the repository")?;
        state(told, "CreateRepository")
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &Repository,
        state: &RepositoryState,
    ) -> Result<RepositoryState, ProviderError> {
        self.put_lifecycle(spec, state).await?;
        Ok(state.clone())
    }

    async fn read(&self, cx: &Cx, spec: &Repository, state: &RepositoryState) -> Look<Repository> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Repository>]) -> Vec<Look<Repository>> {
        join_all(objects.iter().map(|object| self.look_at_repository(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Repository,
        state: &RepositoryState,
        changed: &[String],
    ) -> Result<RepositoryState, ProviderError> {
        let scan = self.ecr.put_image_scanning_configuration().repository_name(&state.name);
        let scan = scan.image_scanning_configuration(scanning(spec));
        let scan = async { scan.send().await.call(ECR, "PutImageScanningConfiguration").map(drop) };
        try_join3(
            when(has(changed, "scan_on_push"), scan),
            when(has(changed, "lifecycle"), self.put_lifecycle(spec, state)),
            when(has(changed, "tags"), self.retag_repository(cx, spec, state)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &Repository,
        id: &str,
    ) -> Result<Option<RepositoryState>, ProviderError> {
        // By its name, or by its URI: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
        let name = id.split_once(".amazonaws.com/").map_or(id, |(_, name)| name);
        let told = self.repository(name).await?;
        told.map(|told| state(told, "DescribeRepositories")).transpose()
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &Repository,
        state: &RepositoryState,
    ) -> Result<(), ProviderError> {
        let call = self.ecr.delete_repository().repository_name(&state.name);
        let call = call.force(cx.may_lose_data() || spec.force_delete);
        call.send().await.call(ECR, "DeleteRepository").gone().map(drop)
    }
}

impl Aws {
    async fn look_at_repository(&self, object: &Recorded<Repository>) -> Look<Repository> {
        let Recorded { cx, spec, state: before } = object;
        let policy = self.ecr.get_lifecycle_policy().repository_name(&before.name);
        let policy = async { policy.send().await.call(ECR, "GetLifecyclePolicy").gone() };
        let tags = async { self.repository_tags(&before.arn).await.gone() };
        let images = self.has_images(&before.name, spec.force_delete);
        let told = try_join4(self.repository(&before.name), policy, tags, images).await?;
        let (Some(told), policy, tags, has_images) = told else { return Ok(None) };
        let mut drifts = Drifts::new();
        let scans =
            told.image_scanning_configuration().map(ImageScanningConfiguration::scan_on_push);
        drifts.field("scan_on_push", &spec.scan_on_push, scans);
        let text = policy.as_ref().and_then(|policy| policy.lifecycle_policy_text());
        if !same_json(text, &spec.lifecycle.policy()) {
            drifts.note("lifecycle", text);
        }
        TagSet::wanted(cx, &spec.tags).compare(&tags.unwrap_or_default(), &mut drifts);
        let state = RepositoryState { has_images, ..state(told, "DescribeRepositories")? };
        Ok(Some(Observed::ready(state).drifted(drifts)))
    }

    async fn repository(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.ecr.describe_repositories().repository_names(name);
        let answer = call.send().await.call(ECR, "DescribeRepositories").gone()?;
        Ok(answer.and_then(|answer| answer.repositories.unwrap_or_default().pop()))
    }

    /// Whether there are images in it; `but_ours`: under a tag that is not of a recipe.
    async fn has_images(&self, name: &str, but_ours: bool) -> Result<bool, ProviderError> {
        let mut next = None;
        loop {
            let call = self.ecr.list_images().repository_name(name).set_next_token(next);
            let call = if but_ours { call.max_results(1000) } else { call.max_results(1) };
            let Some(answer) = call.send().await.call(ECR, "ListImages").gone()? else {
                return Ok(false);
            };
            let mut tags = answer.image_ids().iter().filter_map(|image| image.image_tag());
            let found = match but_ours {
                true => tags.any(|tag| !tag.starts_with(TAG_PREFIX)),
                false => !answer.image_ids().is_empty(),
            };
            next = answer.next_token().map(str::to_owned);
            if found || !but_ours || next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn repository_tags(&self, arn: &str) -> Result<TagSet, ProviderError> {
        let call = self.ecr.list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.call(ECR, "ListTagsForResource")?;
        Ok(TagSet::actual(answer.tags()))
    }

    async fn put_lifecycle(
        &self,
        spec: &Repository,
        state: &RepositoryState,
    ) -> Result<(), ProviderError> {
        let call = self.ecr.put_lifecycle_policy().repository_name(&state.name);
        let call = call.lifecycle_policy_text(spec.lifecycle.policy());
        call.send().await.call(ECR, "PutLifecyclePolicy").map(drop)
    }

    async fn retag_repository(
        &self,
        cx: &Cx,
        spec: &Repository,
        state: &RepositoryState,
    ) -> Result<(), ProviderError> {
        let actual = self.repository_tags(&state.arn).await?;
        let changes = TagSet::wanted(cx, &spec.tags).changes(&actual);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.ecr.tag_resource().resource_arn(&state.arn).set_tags(Some(set));
        let unsetting = self.ecr.untag_resource().resource_arn(&state.arn);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(ECR, "TagResource").map(drop) };
        let unsetting = async { unsetting.send().await.call(ECR, "UntagResource").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}

fn scanning(spec: &Repository) -> ImageScanningConfiguration {
    ImageScanningConfiguration::builder().scan_on_push(spec.scan_on_push).build()
}

fn same_json(actual: Option<&str>, wanted: &str) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    actual.and_then(parse) == parse(wanted)
}

fn state(told: Told, operation: &'static str) -> Result<RepositoryState, ProviderError> {
    Ok(RepositoryState {
        name: told.repository_name.told(ECR, operation, "the repository's name")?,
        arn: told.repository_arn.told(ECR, operation, "the repository's ARN")?,
        uri: told.repository_uri.told(ECR, operation, "the repository's URI")?,
        has_images: false,
    })
}
