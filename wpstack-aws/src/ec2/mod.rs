//! Amazon EC2: the network.

mod internet_gateway;
mod launch_template;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

use std::future::Future;

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use futures::future::{try_join, try_join_all};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, ProviderError, Recorded, Resource};

use crate::Aws;
use crate::call::Call;
use crate::provide::when;
use crate::tags::TagSet;

/// The service's name in errors.
const EC2: &str = "ec2";

/// The tags that a create call gives its object.
fn tagged(kind: ResourceType, cx: &Cx, configured: &Tags) -> TagSpecification {
    let tags = TagSet::wanted(cx, configured).to_sdk();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

/// Objects of which `name` is one of `values`.
fn filter(name: impl Into<String>, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// The object that `cx` is about, by the tags that mark it as ours.
fn owned(cx: &Cx) -> Vec<Filter> {
    cx.tags().map(|(key, value)| filter(format!("tag:{key}"), vec![value])).into()
}

/// Asks for the recorded objects by their ids.
async fn by_id<R, T, F>(
    name: &str,
    objects: &[Recorded<R>],
    describe: impl Fn(Vec<Filter>) -> F,
) -> Result<Vec<T>, ProviderError>
where
    R: Resource,
    F: Future<Output = Result<Vec<T>, ProviderError>>,
{
    by(name, objects.iter().map(|object| R::id(&object.state)).collect(), describe).await
}

/// Asks for the objects of which `name` is one of `values`.
///
/// By a filter, for EC2 fails a whole call that names one id which does not exist, and leaves out what a filter does
/// not find.
async fn by<T, F>(
    name: &str,
    values: Vec<String>,
    describe: impl Fn(Vec<Filter>) -> F,
) -> Result<Vec<T>, ProviderError>
where
    F: Future<Output = Result<Vec<T>, ProviderError>>,
{
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
    const MOST_VALUES: usize = 200;
    let calls = values.chunks(MOST_VALUES).map(|some| describe(vec![filter(name, some.to_vec())]));
    Ok(try_join_all(calls).await?.into_iter().flatten().collect())
}

impl Aws {
    /// Brings the tags of an EC2 object to what they are to be.
    async fn retag(&self, cx: &Cx, id: &str, configured: &Tags) -> Result<(), ProviderError> {
        let pages = self.ec2.describe_tags().filters(filter("resource-id", vec![id.to_owned()]));
        let told: Result<Vec<_>, _> = pages.into_paginator().items().send().collect().await;
        let told = told.call(EC2, "DescribeTags")?;
        let actual = told.iter().filter_map(|tag| Some((tag.key()?, tag.value()?))).collect();
        let changes = TagSet::wanted(cx, configured).changes(&actual);
        let set: Vec<Tag> = changes.set.to_sdk();
        let unset: Vec<_> =
            changes.unset.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let setting = self.ec2.create_tags().resources(id).set_tags(Some(set.clone()));
        let setting = async { setting.send().await.call(EC2, "CreateTags").map(drop) };
        let unsetting = self.ec2.delete_tags().resources(id).set_tags(Some(unset.clone()));
        let unsetting = async { unsetting.send().await.call(EC2, "DeleteTags").map(drop) };
        try_join(when(!set.is_empty(), setting), when(!unset.is_empty(), unsetting)).await?;
        Ok(())
    }
}
