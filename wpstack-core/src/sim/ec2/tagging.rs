//! Tags of EC2 objects.

use crate::failure::ProviderError;
use crate::provider::Cx;
use crate::sim::Sim;
use crate::sim::tags::owned;
use crate::value::Tags;

impl Sim {
    /// Brings the tags of an object to those of its spec and of its owner.
    pub(super) async fn ec2_retag(
        &self,
        cx: &Cx,
        id: &str,
        wanted: &Tags,
    ) -> Result<(), ProviderError> {
        let old = self.call(cx, "ec2", "DescribeTags", |world| Ok(world.ec2.tags_of(id))).await?;
        let new = owned(cx, wanted);
        let is_over = |key: &&String| !new.contains_key(*key) && !key.starts_with("aws:");
        let over: Vec<_> = old.keys().filter(is_over).cloned().collect();
        if !over.is_empty() {
            self.call(cx, "ec2", "DeleteTags", |world| {
                let tags = world.ec2.tags.entry(id.to_owned()).or_default();
                over.iter().for_each(|key| drop(tags.remove(key)));
                Ok(())
            })
            .await?;
        }
        self.call(cx, "ec2", "CreateTags", |world| {
            world.ec2.tags.entry(id.to_owned()).or_default().extend(new.clone());
            Ok(())
        })
        .await
    }
}
