//! EC2.

mod internet_gateway;
mod launch_template;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

use aws_sdk_ec2::types::{Filter, Tag, TagSpecification};
use wpstack_aws::tags::TagSet;
use wpstack_core::Cx;
use wpstack_core::value::Tags;

/// Whether a create call tags what it makes, with the tags that the object is to have.
fn tags_it(specifications: &[TagSpecification], cx: &Cx, configured: &Tags) -> bool {
    match specifications {
        [only] => TagSet::actual(only.tags()) == TagSet::wanted(cx, configured),
        _ => false,
    }
}

/// The tags that an object has when nobody has changed them.
fn tagged(cx: &Cx, configured: &Tags) -> Vec<Tag> {
    TagSet::wanted(cx, configured).to_sdk()
}

/// Whether the filters ask for the objects of these ids.
fn asks_for(filters: &[Filter], name: &str, ids: &[&str]) -> bool {
    match filters {
        [only] => only.name() == Some(name) && only.values() == ids,
        _ => false,
    }
}

/// Whether the filters ask for what is marked as the object of `cx`.
fn asks_for_own(filters: &[Filter], cx: &Cx) -> bool {
    let asked = filters.iter().map(|filter| (filter.name().unwrap(), filter.values().join(" ")));
    let wanted = cx.tags().map(|(key, value)| (format!("tag:{key}"), value));
    asked.eq(wanted.iter().map(|(name, value)| (name.as_str(), value.clone())))
}
