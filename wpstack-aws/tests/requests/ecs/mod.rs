//! Elastic Container Service.

mod capacity_provider;
mod cluster;
mod cluster_capacity_providers;
mod service;
mod task_definition;

use aws_sdk_ecs::types::{Failure, Tag};
use wpstack_aws::tags::TagSet;
use wpstack_core::Cx;
use wpstack_core::value::Tags;

/// Whether these are the tags that an object is to have, none being configured.
fn are_its(tags: &[Tag], cx: &Cx) -> bool {
    TagSet::actual(tags) == TagSet::wanted(cx, &Tags::new())
}

/// The tags that an object has when nobody has changed them.
fn tagged(cx: &Cx) -> Option<Vec<Tag>> {
    Some(TagSet::wanted(cx, &Tags::new()).to_sdk())
}

/// What ECS says of one that it does not know.
fn missing(arn: &str) -> Failure {
    Failure::builder().arn(arn).reason("MISSING").build()
}
