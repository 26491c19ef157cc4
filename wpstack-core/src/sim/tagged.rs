//! Everything that goes by an ARN: how it is named, how it is tagged, whose it is.

use super::Sim;
use super::tags::{TagMap, is_of, is_of_aws, owned};
use super::world::{Refusal, World};
use crate::failure::{ErrorKind, ProviderError};
use crate::provider::{Cx, owner};
use crate::value::Tags;

/// The calls by which a service tags its objects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tagging {
    pub(super) service: &'static str,
    pub(super) list: &'static str,
    pub(super) add: &'static str,
    pub(super) remove: &'static str,
    /// How it refuses for an object that is not there.
    pub(super) not_found: &'static str,
}

impl World {
    /// The ARN of something in this account and, unless the service is global, in this region.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let region = if service == "iam" { "" } else { self.region.as_str() };
        format!("arn:{}:{service}:{region}:{}:{resource}", self.region.partition(), self.account)
    }

    /// The tags of what has that ARN.
    #[must_use]
    pub fn tags_of(&self, arn: &str) -> TagMap {
        self.tags.get(arn).cloned().unwrap_or_default()
    }

    fn tagged(&mut self, tagging: Tagging, arn: &str) -> Result<&mut TagMap, Refusal> {
        let Tagging { not_found, .. } = tagging;
        self.tags.get_mut(arn).ok_or_else(|| Refusal::new(not_found, format!("{arn} not found")))
    }
}

impl Sim {
    /// The tags of an object, by a call of their own.
    pub(super) async fn list_tags(
        &self,
        cx: &Cx,
        tagging: Tagging,
        arn: &str,
    ) -> Result<TagMap, ProviderError> {
        let Tagging { service, list, .. } = tagging;
        self.call(cx, service, list, |world| world.tagged(tagging, arn).cloned()).await
    }

    /// Brings the tags of an object to those of its spec and of its owner.
    pub(super) async fn retag(
        &self,
        cx: &Cx,
        tagging: Tagging,
        arn: &str,
        wanted: &Tags,
    ) -> Result<(), ProviderError> {
        let Tagging { service, add, remove, .. } = tagging;
        let old = self.list_tags(cx, tagging, arn).await?;
        let new = owned(cx, wanted);
        let is_over = |key: &&String| !new.contains_key(*key) && !is_of_aws(key);
        let over: Vec<_> = old.keys().filter(is_over).cloned().collect();
        if !over.is_empty() {
            self.call(cx, service, remove, |world| {
                let tags = world.tagged(tagging, arn)?;
                over.iter().for_each(|key| drop(tags.remove(key)));
                Ok(())
            })
            .await?;
        }
        self.call(cx, service, add, |world| {
            world.tagged(tagging, arn)?.extend(new.clone());
            Ok(())
        })
        .await
    }
}

/// Whose the object with these tags is, for a message.
pub(super) fn owner_of(tags: &TagMap) -> String {
    let tags = tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    owner(tags).unwrap_or_else(|| "nobody known".to_owned())
}

/// Whether the object with these tags, found under the name that the call is about, is the one of the call.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when it is somebody else's.
pub(super) fn is_mine(
    cx: &Cx,
    service: &'static str,
    operation: &'static str,
    what: &str,
    tags: &TagMap,
) -> Result<bool, ProviderError> {
    if is_of(tags, cx) {
        return Ok(true);
    }
    let message = format!("{what} is there and belongs to {}", owner_of(tags));
    Err(ProviderError::new(ErrorKind::AlreadyExists, service, operation, message))
}
