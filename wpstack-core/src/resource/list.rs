//! THE LIST: every resource type, once.

/// Calls `$with!` with every resource type. A cloud is registered by expanding this over its providers, so that the
/// compiler insists on one for each type.
#[macro_export]
macro_rules! for_each_resource {
    ($with:ident $($arguments:tt)*) => {
        $with! {
            $($arguments)*
            [
                $crate::resource::ec2::Vpc,
                $crate::resource::ec2::Subnet,
                $crate::resource::ec2::InternetGateway,
                $crate::resource::ec2::RouteTable,
                $crate::resource::ec2::SecurityGroup,
                $crate::resource::ec2::SecurityGroupRule,
                $crate::resource::ec2::LaunchTemplate,
                $crate::resource::autoscaling::AutoScalingGroup,
                $crate::resource::iam::Role,
                $crate::resource::iam::RolePolicy,
                $crate::resource::iam::InstanceProfile,
                $crate::resource::ecr::Repository,
                $crate::resource::ecr::Image,
                $crate::resource::ecs::Cluster,
                $crate::resource::ecs::CapacityProvider,
                $crate::resource::ecs::ClusterCapacityProviders,
                $crate::resource::ecs::TaskDefinition,
                $crate::resource::ecs::Service,
                $crate::resource::elb::LoadBalancer,
                $crate::resource::elb::TargetGroup,
                $crate::resource::elb::Listener,
                $crate::resource::logs::LogGroup,
                $crate::resource::rds::DbSubnetGroup,
                $crate::resource::rds::DbParameterGroup,
                $crate::resource::rds::DbInstance,
                $crate::resource::secretsmanager::Secret,
            ]
        }
    };
}

/// The kind of every resource type, in the list's order.
#[must_use]
pub fn kinds() -> Vec<crate::Kind> {
    macro_rules! kinds_of {
        ([$($resource:ty),* $(,)?]) => { vec![$(crate::Kind::of::<$resource>()),*] };
    }
    for_each_resource!(kinds_of)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn type_names_are_unique_and_begin_with_their_service() {
        let names: BTreeSet<_> = kinds().iter().map(|kind| kind.type_name).collect();
        assert_eq!(names.len(), kinds().len());
        assert!(names.iter().all(|name| name.split('.').count() == 2), "{names:?}");
    }

    #[test]
    fn every_refused_change_says_what_to_do() {
        for kind in kinds() {
            for field in kind.fields {
                if let crate::Change::Refused(reason) = field.change {
                    assert!(reason.len() > 20, "{}.{}: {reason}", kind.type_name, field.name);
                }
            }
        }
    }
}
