//! Which resource types AWS provides.

use wpstack_core::Registry;

use crate::Aws;

/// The resource types that have a provider here. Once they are all, this list goes and
/// [`wpstack_core::for_each_resource!`] takes its place, so that the compiler insists on a provider for each type.
macro_rules! for_each_provided {
    ($with:ident $($arguments:tt)*) => {
        $with! {
            $($arguments)*
            [
                wpstack_core::resource::ec2::Vpc,
                wpstack_core::resource::ec2::Subnet,
                wpstack_core::resource::ecs::Cluster,
                wpstack_core::resource::ecs::CapacityProvider,
                wpstack_core::resource::ecs::ClusterCapacityProviders,
                wpstack_core::resource::ecs::TaskDefinition,
                wpstack_core::resource::ecs::Service,
                wpstack_core::resource::elb::LoadBalancer,
                wpstack_core::resource::elb::TargetGroup,
                wpstack_core::resource::elb::Listener,
                wpstack_core::resource::iam::Role,
                wpstack_core::resource::iam::RolePolicy,
                wpstack_core::resource::iam::InstanceProfile,
                wpstack_core::resource::ecr::Repository,
                wpstack_core::resource::ecr::Image,
                wpstack_core::resource::logs::LogGroup,
                wpstack_core::resource::rds::DbSubnetGroup,
                wpstack_core::resource::rds::DbParameterGroup,
                wpstack_core::resource::rds::DbInstance,
                wpstack_core::resource::secretsmanager::Secret,
            ]
        }
    };
}

macro_rules! registry_of {
    ($aws:ident [$($resource:ty),* $(,)?]) => {
        Registry::default()$(.with::<$resource, _>($aws.clone()))*
    };
}

impl Aws {
    /// The resource types, each with this as its provider.
    #[must_use]
    pub fn registry(&self) -> Registry {
        for_each_provided!(registry_of self)
    }
}
