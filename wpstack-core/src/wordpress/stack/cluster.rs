//! The cluster: instances that join it by themselves and scale with its tasks.

use std::collections::BTreeSet;

use super::ComposeError;
use super::network::Network;
use crate::resource::autoscaling::AutoScalingGroup;
use crate::resource::ec2::{LaunchTemplate, MachineImage};
use crate::resource::ecs::{CapacityProvider, Cluster, ClusterCapacityProviders};
use crate::resource::iam::{InstanceProfile, Role};
use crate::stack::{Ref, Stack};
use crate::value::{
    Architecture, AutoScalingGroupName, CapacityProviderName, ClusterName, InstanceProfileName,
    LaunchTemplateName, LogDriver, ManagedPolicy, Percent, RoleName, Seconds, ServicePrincipal,
    TrustPolicy, UserData,
};
use crate::wordpress::Config;

pub(super) struct Place {
    pub(super) cluster: Ref<Cluster>,
    pub(super) capacity: Ref<CapacityProvider>,
    pub(super) providers: Ref<ClusterCapacityProviders>,
}

pub(super) fn cluster(
    stack: &mut Stack,
    config: &Config,
    network: &Network,
) -> Result<Place, ComposeError> {
    let tags = || config.tags.clone();
    let name = config.name.as_str();
    let cluster_name = ClusterName::join(&[name, "cluster"])?;
    let cluster = Cluster { name: cluster_name.clone(), insights: false, tags: tags() };
    let cluster = stack.add("main", cluster)?;
    let group = instances(stack, config, network, &cluster, &cluster_name)?;
    let capacity = CapacityProvider {
        name: CapacityProviderName::join(&[name, "capacity"])?,
        group,
        target: Percent(100),
        tags: tags(),
    };
    let capacity = stack.add("instances", capacity)?;
    let providers =
        ClusterCapacityProviders { cluster: cluster.clone(), providers: vec![capacity.clone()] };
    let providers = stack.add("main", providers)?;
    Ok(Place { cluster, capacity, providers })
}

fn instances(
    stack: &mut Stack,
    config: &Config,
    network: &Network,
    cluster: &Ref<Cluster>,
    cluster_name: &ClusterName,
) -> Result<Ref<AutoScalingGroup>, ComposeError> {
    let tags = || config.tags.clone();
    let name = config.name.as_str();
    let settings = &config.instances;
    let role = Role {
        // IAM is global: the region keeps equal stacks of two regions apart.
        name: RoleName::join(&[name, config.region.as_str(), "instance"])?,
        trust: TrustPolicy::service(&ServicePrincipal::EC2),
        managed: BTreeSet::from([ManagedPolicy::ecs_instance().in_region(&config.region)]),
        tags: tags(),
    };
    let role = stack.add("instance", role)?;
    let profile = InstanceProfile {
        name: InstanceProfileName::join(&[name, config.region.as_str(), "instance"])?,
        role: role.clone(),
        tags: tags(),
    };
    let profile = stack.add("instance", profile)?;
    let template = LaunchTemplate {
        name: LaunchTemplateName::join(&[name, "instance"])?,
        image: match settings.instance_type.architecture() {
            Architecture::X86_64 => MachineImage::EcsAmazonLinux2023,
            Architecture::Arm64 => MachineImage::EcsAmazonLinux2023Arm64,
        },
        instance_type: settings.instance_type.clone(),
        profile: profile.clone(),
        groups: vec![network.groups.instances.clone()],
        public_address: true,
        volume: settings.volume,
        user_data: UserData::ecs_agent(cluster_name, &[LogDriver::JsonFile, LogDriver::AwsLogs]),
        tags: tags(),
    };
    let template = stack.add("instance", template)?;
    let group = AutoScalingGroup {
        name: AutoScalingGroupName::join(&[name, "instances"])?,
        template,
        subnets: network.public.clone(),
        min: settings.min,
        desired: settings.desired,
        max: settings.max,
        health_grace: Seconds(300),
        cluster: cluster.clone(),
        profile: profile.ready(),
        role: role.ready(),
        routes: vec![network.routes.ready()],
        rules: network.way_out.clone(),
        tags: tags(),
    };
    Ok(stack.add("instances", group)?)
}
