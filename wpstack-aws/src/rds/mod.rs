//! Amazon Relational Database Service.

mod instance;
mod parameter_group;
mod restore;
mod subnet_group;

use aws_sdk_rds::types::Tag;
use futures::future::try_join;
use wpstack_core::value::Tags;
use wpstack_core::{Cx, ProviderError};

use crate::Aws;
use crate::call::Call;
use crate::provide::when;
use crate::tags::TagSet;

/// The service's name in errors.
const RDS: &str = "rds";

impl Aws {
    async fn rds_tags(&self, arn: &str) -> Result<TagSet, ProviderError> {
        let call = self.rds.list_tags_for_resource().resource_name(arn);
        let answer = call.send().await.call(RDS, "ListTagsForResource")?;
        Ok(TagSet::actual(answer.tag_list()))
    }

    /// Brings the tags of an RDS object to what they are to be.
    async fn retag_rds(&self, cx: &Cx, arn: &str, configured: &Tags) -> Result<(), ProviderError> {
        let changes = TagSet::wanted(cx, configured).changes(&self.rds_tags(arn).await?);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.rds.add_tags_to_resource().resource_name(arn).set_tags(Some(set));
        let unsetting = self.rds.remove_tags_from_resource().resource_name(arn);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(RDS, "AddTagsToResource").map(drop) };
        let unsetting =
            async { unsetting.send().await.call(RDS, "RemoveTagsFromResource").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}
