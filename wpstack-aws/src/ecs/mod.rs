//! Amazon Elastic Container Service.

mod capacity_provider;
mod cluster;
mod cluster_capacity_providers;
mod service;
mod task_definition;

use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Failure, Tag};
use futures::future::try_join;
use wpstack_core::value::Tags;
use wpstack_core::{Cx, ErrorKind, ProviderError};

use crate::Aws;
use crate::call::Call;
use crate::provide::when;
use crate::tags::TagSet;

/// The service's name in errors.
const ECS: &str = "ecs";

/// Those that ECS told of. Those that it does not know are named as missing beside them; only then are they gone.
fn known<T>(
    told: Option<Vec<T>>,
    failures: Option<&[Failure]>,
    operation: &'static str,
) -> Result<Vec<T>, ProviderError> {
    let failures = failures.unwrap_or_default();
    let other = failures.iter().find(|failure| failure.reason() != Some("MISSING"));
    match other {
        None => Ok(told.unwrap_or_default()),
        Some(failure) => {
            let (arn, reason) = (failure.arn().unwrap_or("one"), failure.reason());
            let message = format!("nothing is told of {arn}: {}", reason.unwrap_or("no reason"));
            Err(ProviderError::new(ErrorKind::Unexpected, ECS, operation, message))
        }
    }
}

/// A share of the tasks for each of these capacity providers, all of the same size.
fn equal_shares(names: &[String]) -> Vec<CapacityProviderStrategyItem> {
    let share = |name: &String| {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(name).weight(1);
        item.build().expect("a share lacks only its capacity provider, and has it")
    };
    names.iter().map(share).collect()
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Aws {
    /// Brings the tags of an ECS object to what they are to be.
    async fn retag_ecs(&self, cx: &Cx, arn: &str, configured: &Tags) -> Result<(), ProviderError> {
        let call = self.ecs.list_tags_for_resource().resource_arn(arn);
        let actual = call.send().await.call(ECS, "ListTagsForResource")?;
        let changes = TagSet::wanted(cx, configured).changes(&TagSet::actual(actual.tags()));
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.ecs.tag_resource().resource_arn(arn).set_tags(Some(set));
        let unsetting = self.ecs.untag_resource().resource_arn(arn);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(ECS, "TagResource").map(drop) };
        let unsetting = async { unsetting.send().await.call(ECS, "UntagResource").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}
