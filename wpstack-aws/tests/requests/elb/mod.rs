//! Elastic Load Balancing.

mod listener;
mod load_balancer;
mod target_group;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::DescribeTagsOutput;
use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};
use wpstack_aws::tags::TagSet;
use wpstack_core::Cx;
use wpstack_core::value::Tags;
use wpstack_testkit::mock::{Rule, mock};

/// Whether these are the tags that an object is to have.
fn are_its(tags: &[Tag], cx: &Cx, configured: &Tags) -> bool {
    TagSet::actual(tags) == TagSet::wanted(cx, configured)
}

/// Tells of each object that is asked about the tags that it is to have.
fn tagged(arn: &'static str, cx: &Cx) -> Rule {
    let tags: Vec<Tag> = TagSet::wanted(cx, &Tags::new()).to_sdk();
    describe_tags(arn, tags)
}

fn describe_tags(arn: &'static str, tags: Vec<Tag>) -> Rule {
    mock!(Client::describe_tags).match_requests(move |it| it.resource_arns() == [arn]).then_output(
        move || {
            let told =
                TagDescription::builder().resource_arn(arn).set_tags(Some(tags.clone())).build();
            DescribeTagsOutput::builder().tag_descriptions(told).build()
        },
    )
}
