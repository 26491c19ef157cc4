//! Elastic Load Balancing, of the second version.

mod listener;
mod load_balancer;
mod target_group;

use std::collections::HashMap;
use std::future::Future;
use std::str::FromStr;

use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};
use futures::future::{try_join, try_join_all};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, Gone, ProviderError};

use crate::Aws;
use crate::call::Call;
use crate::provide::when;
use crate::tags::TagSet;

/// The service's name in errors.
const ELB: &str = "elb";

/// The tags of objects, by ARN.
type TagsOf = HashMap<String, TagSet>;

/// The attributes of an object: its settings beyond those that creating it takes.
type Attributes = HashMap<String, String>;

/// Asks for objects by their ARNs.
///
/// Elastic Load Balancing fails a whole call that names one object which does not exist; then they are asked for one by
/// one.
async fn by_arn<T, F>(
    arns: Vec<String>,
    describe: impl Fn(Vec<String>) -> F,
) -> Result<Vec<T>, ProviderError>
where
    F: Future<Output = Result<Vec<T>, ProviderError>>,
{
    // https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
    const MOST_ARNS: usize = 20;
    let describe = &describe;
    let calls = arns.chunks(MOST_ARNS).map(async |arns| -> Result<Vec<T>, ProviderError> {
        if let Some(told) = describe(arns.to_vec()).await.gone()? {
            return Ok(told);
        }
        let others = if arns.len() > 1 { arns } else { &[] };
        let calls = others.iter().map(async |arn| describe(vec![arn.clone()]).await.gone());
        Ok(try_join_all(calls).await?.into_iter().flatten().flatten().collect())
    });
    let told: Vec<Vec<T>> = try_join_all(calls).await?;
    Ok(told.into_iter().flatten().collect())
}

/// The attribute of that name, if it is told and is such a value.
fn attribute<T: FromStr>(attributes: &Attributes, name: &str) -> Option<T> {
    attributes.get(name)?.parse().ok()
}

/// The part of an ARN by which people know a target group or a listener.
fn end(arn: Option<&str>) -> Option<&str> {
    arn?.rsplit(':').next()
}

impl Aws {
    async fn elb_tags(&self, arns: Vec<String>) -> Result<TagsOf, ProviderError> {
        let describe = async |arns| {
            let call = self.elb.describe_tags().set_resource_arns(Some(arns));
            let answer = call.send().await.call(ELB, "DescribeTags")?;
            Ok(answer.tag_descriptions.unwrap_or_default())
        };
        let told: Vec<TagDescription> = by_arn(arns, describe).await?;
        let tags = told
            .iter()
            .filter_map(|it| Some((it.resource_arn()?.to_owned(), TagSet::actual(it.tags()))));
        Ok(tags.collect())
    }

    /// The tags of one object; none if it is not there.
    async fn elb_tags_of(&self, arn: &str) -> Result<TagSet, ProviderError> {
        Ok(self.elb_tags(vec![arn.to_owned()]).await?.remove(arn).unwrap_or_default())
    }

    /// Brings the tags of an object to what they are to be.
    async fn retag_elb(&self, cx: &Cx, arn: &str, configured: &Tags) -> Result<(), ProviderError> {
        let changes = TagSet::wanted(cx, configured).changes(&self.elb_tags_of(arn).await?);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.elb.add_tags().resource_arns(arn).set_tags(Some(set));
        let unsetting = self.elb.remove_tags().resource_arns(arn);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(ELB, "AddTags").map(drop) };
        let unsetting = async { unsetting.send().await.call(ELB, "RemoveTags").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}
