//! What ECS refuses.

use std::collections::BTreeSet;
use std::time::Duration;

use super::trial::Trial;
use crate::sim::ecs::{ServiceChange, ServiceStatus, TaskDefinition};
use crate::sim::{Refusal, TagMap, World};
use crate::value::{Mebibytes, Percent, Port};
use crate::wordpress::{self, Config};

const CLUSTER: &str = "blog-cluster";
const SERVICE: &str = "blog-wordpress";
const CAPACITY: &str = "blog-capacity";

/// A world in which the whole stack stands.
async fn world(edit: impl FnOnce(&mut World)) {
    let trial = Trial::new(1);
    let mut config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
    config.image.tag = Some("1".parse().unwrap());
    let summary = trial.apply(&wordpress::stack(&config).unwrap()).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.tamper(edit);
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, code: &str, message: &str) {
    let refusal = result.unwrap_err();
    assert_eq!(refusal.code, code, "{}", refusal.message);
    assert!(refusal.message.contains(message), "{}", refusal.message);
}

fn pass(world: &mut World, seconds: u64) {
    let later = world.now + Duration::from_secs(seconds);
    world.catch_up(later);
}

/// What the service of the stack is told.
fn told(world: &World) -> ServiceChange {
    let service = world.service(CLUSTER, SERVICE).unwrap().clone();
    ServiceChange {
        definition: service.primary().unwrap().definition.clone(),
        desired: service.desired,
        capacity: service.capacity,
        target_group: service.target_group,
        container: service.container,
        container_port: service.container_port,
        minimum_healthy: service.minimum_healthy,
        maximum: service.maximum,
        grace_period: service.grace_period,
    }
}

#[tokio::test]
async fn a_service_needs_what_it_names() {
    world(|world| {
        let told = told(world);
        let create = |world: &mut World, name: &str, change: &dyn Fn(&mut ServiceChange)| {
            let mut told = told.clone();
            change(&mut told);
            world.create_service(CLUSTER, name, "other", told, TagMap::new())
        };
        let parameter = "InvalidParameterException";
        refused(
            create(world, SERVICE, &|_| ()),
            parameter,
            "Creation of service was not idempotent",
        );
        let nowhere = world.create_service("none", "a", "t", told.clone(), TagMap::new());
        refused(nowhere, "ClusterNotFoundException", "Cluster not found");
        let definition = |it: &mut ServiceChange| it.definition.push('9');
        refused(create(world, "a", &definition), "ClientException", "TaskDefinition not found");
        let container = |it: &mut ServiceChange| "php".clone_into(&mut it.container);
        let message = "The container php does not exist in the task definition";
        refused(create(world, "a", &container), parameter, message);
        let port = |it: &mut ServiceChange| it.container_port = Port::HTTPS;
        refused(create(world, "a", &port), parameter, "container port 443");
        let capacity = |it: &mut ServiceChange| it.capacity = vec!["none".to_owned()];
        refused(create(world, "a", &capacity), parameter, "capacity provider");
        let vpc = world.ec2.vpcs.keys().next().unwrap().clone();
        let check = world.target_group(&told.target_group).unwrap().health_check.clone();
        let loose = world.create_target_group("x", &vpc, Port::HTTP, check, TagMap::new()).unwrap();
        let group = |it: &mut ServiceChange| it.target_group.clone_from(&loose);
        refused(create(world, "a", &group), parameter, "does not have an associated load balancer");
        let later = world.now + Duration::from_secs(5);
        world.iam.roles.values_mut().for_each(|role| role.visible_at = later);
        refused(create(world, "a", &|_| ()), parameter, "Unable to assume role");
        pass(world, 5);
        create(world, "a", &|_| ()).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_service_drains_before_its_name_is_free() {
    world(|world| {
        let told = told(world);
        world.push_image("blog", "latest").unwrap();
        world.set_desired(CLUSTER, SERVICE, 1).unwrap();
        pass(world, 10);
        let parameter = "InvalidParameterException";
        let stop = world.delete_service(CLUSTER, SERVICE, false);
        refused(stop, parameter, "cannot be stopped while it is scaled above 0");
        world.set_desired(CLUSTER, SERVICE, 0).unwrap();
        world.delete_service(CLUSTER, SERVICE, false).unwrap();
        let again = world.create_service(CLUSTER, SERVICE, "t", told.clone(), TagMap::new());
        refused(again, parameter, "still Draining");
        let update = world.set_desired(CLUSTER, SERVICE, 1);
        refused(update, "ServiceNotActiveException", "");
        pass(world, 60);
        let status = |world: &World| world.service(CLUSTER, SERVICE).map(|it| it.status);
        assert_eq!(status(world), Ok(ServiceStatus::Inactive));
        refused(world.delete_service(CLUSTER, SERVICE, true), "ServiceNotFoundException", "");
        pass(world, 2 * 3600);
        refused(status(world), "ServiceNotFoundException", "");
        world.create_service(CLUSTER, SERVICE, "t", told, TagMap::new()).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_cluster_goes_last() {
    world(|world| {
        let none = BTreeSet::new();
        let used = world.put_cluster_capacity_providers(CLUSTER, &none);
        refused(used, "ResourceInUseException", "in use");
        let used = world.delete_capacity_provider(CAPACITY);
        refused(used, "InvalidParameterException", "in use");
        let contains = "ClusterContainsContainerInstancesException";
        refused(world.delete_cluster(CLUSTER), contains, "Container Instances");

        let group = world.autoscaling.groups.keys().next().unwrap().clone();
        world.delete_auto_scaling_group(&group, true).unwrap();
        pass(world, 150);
        refused(world.delete_cluster(CLUSTER), "ClusterContainsServicesException", "Services");
        world.delete_service(CLUSTER, SERVICE, true).unwrap();
        pass(world, 60);
        let contains = "ClusterContainsCapacityProviderException";
        refused(world.delete_cluster(CLUSTER), contains, "");
        world.put_cluster_capacity_providers(CLUSTER, &none).unwrap();
        let busy = world.put_cluster_capacity_providers(CLUSTER, &none);
        refused(busy, "UpdateInProgressException", "");
        refused(world.delete_cluster(CLUSTER), "UpdateInProgressException", "");
        pass(world, 10);
        world.delete_capacity_provider(CAPACITY).unwrap();
        assert!(world.capacity_provider(CAPACITY).is_some_and(|it| it.is_deleting));
        pass(world, 15);
        assert!(world.capacity_provider(CAPACITY).is_none());
        world.delete_cluster(CLUSTER).unwrap();
        refused(world.delete_cluster(CLUSTER), "ClusterNotFoundException", "");
    })
    .await;
}

#[tokio::test]
async fn a_capacity_provider_has_a_name_and_a_group_of_its_own() {
    world(|world| {
        let group = world.autoscaling.groups.values().next().unwrap().arn.clone();
        assert!(world.tags_of(&group).contains_key("AmazonECSManaged"));
        let parameter = "InvalidParameterException";
        let mut create = |name: &str, group: &str| {
            world.create_capacity_provider(name, group, Percent(100), TagMap::new())
        };
        refused(create("ecs-blog", &group), parameter, "cannot be prefixed");
        refused(create(CAPACITY, &group), parameter, "already exists");
        refused(create("other", &group), parameter, "already being used");
        refused(create("other", "arn:x"), parameter, "does not exist");
    })
    .await;
}

#[tokio::test]
async fn a_task_definition_is_checked_and_stays_on_record() {
    world(|world| {
        let arn = told(world).definition;
        let good = world.task_definition(&arn).unwrap().clone();
        let mut register = |change: fn(&mut TaskDefinition)| {
            let mut definition = good.clone();
            change(&mut definition);
            world.register_task_definition(definition, TagMap::new())
        };
        let client = "ClientException";
        refused(register(|it| it.containers.clear()), client, "cannot be empty");
        let twice = |it: &mut TaskDefinition| it.containers.push(it.containers[0].clone());
        refused(register(twice), client, "unique");
        refused(register(|it| it.containers[0].memory = Mebibytes(4)), client, "memory");
        refused(register(|it| it.execution_role.push('x')), client, "Role is not valid");
        assert_eq!(register(|_| ()).unwrap(), format!("{}2", arn.strip_suffix('1').unwrap()));

        world.deregister_task_definition(&arn).unwrap();
        assert!(!world.task_definition(&arn).unwrap().is_active);
        let told = told(world);
        let inactive = world.create_service(CLUSTER, "a", "t", told, TagMap::new());
        refused(inactive, client, "inactive");
    })
    .await;
}
