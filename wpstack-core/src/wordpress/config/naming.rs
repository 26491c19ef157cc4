//! Rules about the stack's name and tags, which reach into everything.

use super::flaw::Flaws;
use crate::value::{
    AutoScalingGroupName, CapacityProviderName, ClusterName, DbIdentifier, DbParameterGroupName,
    DbSubnetGroupName, InstanceProfileName, LaunchTemplateName, LoadBalancerName, LogGroupName,
    RoleName, SecretName, SecurityGroupName, ServiceName, StackName, Tags, TargetGroupName,
    TaskFamily, ValueError,
};

/// Tags that the stack itself puts on things: three by which it knows its own, `Name`, and the one
/// that ECS puts on a group whose size it manages.
const OWN_TAGS: usize = 5;

/// What the keys of wpstack's own tags begin with.
const OWN: &str = "wpstack:";

pub(super) fn flaws(name: &StackName, tags: &Tags, flaws: &mut Flaws) {
    for error in derived(name) {
        let message = format!("{} cannot begin with `{name}`: {}", error.what(), error.problem());
        flaws.add(&["name"], message, "choose another name for the stack");
    }
    for (key, _) in tags.iter().filter(|(key, _)| key.to_lowercase().starts_with(OWN)) {
        let message = format!("the tag `{key}` would hide one by which wpstack knows its own");
        let help = format!("choose a key that does not begin with `{OWN}`");
        flaws.add(&[&format!("tags.{key}"), "tags"], message, help);
    }
    let most = Tags::MAX - OWN_TAGS;
    if tags.len() > most {
        let message = format!("there are {} tags, and there is room for {most}", tags.len());
        let help = format!("AWS takes {} for each resource; some are wpstack's own", Tags::MAX);
        flaws.add(&["tags"], message, help);
    }
}

/// What is wrong with names that begin with the stack's.
fn derived(name: &StackName) -> Vec<ValueError> {
    let parts = [name.as_str(), "x"];
    let checks = [
        LoadBalancerName::join(&parts).err(),
        TargetGroupName::join(&parts).err(),
        SecurityGroupName::join(&parts).err(),
        LaunchTemplateName::join(&parts).err(),
        AutoScalingGroupName::join(&parts).err(),
        CapacityProviderName::join(&parts).err(),
        ClusterName::join(&parts).err(),
        ServiceName::join(&parts).err(),
        TaskFamily::join(&parts).err(),
        RoleName::join(&parts).err(),
        InstanceProfileName::join(&parts).err(),
        DbIdentifier::join(&parts).err(),
        DbParameterGroupName::join(&parts).err(),
        DbSubnetGroupName::join(&parts).err(),
        LogGroupName::join(&parts).err(),
        SecretName::join(&parts).err(),
    ];
    checks.into_iter().flatten().collect()
}
