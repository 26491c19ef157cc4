//! The eighteen defects of the Terraform system that wpstack replaces. Each has a test that fails when it comes back.

use serde_json::{Value, json};
use wpstack_core::failure::classify;
use wpstack_core::resource::kinds;
use wpstack_core::stack::Node;
use wpstack_core::stack::graph::Need;
use wpstack_core::value::{MySqlVersion, UserData};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Address, Change, ErrorKind, Stack};

/// The stack of the seed's own configuration.
fn stack() -> Stack {
    let config = Config::parse(include_str!("fixtures/seed.toml")).expect("the fixture is right");
    wordpress::stack(&config).expect("it makes a stack")
}

#[track_caller]
fn node<'a>(stack: &'a Stack, address: &str) -> &'a Node {
    let address: Address = address.parse().expect("an address");
    stack.get(&address).unwrap_or_else(|| panic!("the stack has no {address}"))
}

/// All nodes of a type.
fn of<'a>(stack: &'a Stack, type_name: &str) -> Vec<&'a Node> {
    let nodes: Vec<_> =
        stack.nodes().iter().filter(|node| node.kind.type_name == type_name).collect();
    assert!(!nodes.is_empty(), "the stack has no {type_name}");
    nodes
}

/// Asserts that `from` waits for `to` to be ready, directly.
#[track_caller]
fn waits(stack: &Stack, from: &str, to: &str) {
    let needs = node(stack, from).edges.iter().filter(|edge| edge.to.as_str() == to);
    let strongest = needs.map(|edge| edge.need).max();
    assert_eq!(strongest, Some(Need::Ready), "{from} has to wait until {to} is ready");
}

#[test]
fn defect_01_user_data_begins_with_a_shebang() {
    let stack = stack();
    let script = node(&stack, "ec2.launch-template:instance").spec["user_data"].as_str();
    assert!(script.expect("text").starts_with("#!"));
    assert!(script.expect("text").contains("ECS_CLUSTER=wordpress-cluster"), "{script:?}");
    // And no other text is user data: the two spaces of the heredoc do not parse.
    assert!("  #!/bin/bash\n".parse::<UserData>().is_err());
}

#[test]
fn defect_02_rules_are_never_part_of_a_group() {
    let group = kinds().into_iter().find(|kind| kind.type_name == "ec2.security-group");
    let fields: Vec<_> = group.expect("the type").fields.iter().map(|field| field.name).collect();
    assert_eq!(fields, ["vpc", "name", "description", "tags"]);
}

#[test]
fn defect_03_the_service_waits_for_the_listener() {
    waits(&stack(), "ecs.service:wordpress", "elb.listener:http");
}

#[test]
fn defect_04_the_service_waits_for_policies_and_goes_before_them() {
    let stack = stack();
    waits(&stack, "ecs.service:wordpress", "iam.role:execution");
    waits(&stack, "ecs.service:wordpress", "iam.role-policy:read-secrets");
    waits(&stack, "autoscaling.group:instances", "iam.role:instance");
    // Deletes follow the same edges backwards: see the planner's tests.
}

#[test]
fn defect_05_instances_start_only_when_they_have_a_way_out() {
    let stack = stack();
    waits(&stack, "autoscaling.group:instances", "ec2.route-table:public");
    waits(&stack, "autoscaling.group:instances", "ec2.security-group-rule:instances-to-internet");
}

#[test]
fn defect_06_the_health_of_instances_is_that_of_ec2() {
    // The type has no health check of a load balancer without one, nor any other than EC2's.
    let stack = stack();
    let spec = &node(&stack, "autoscaling.group:instances").spec;
    let fields: Vec<_> = spec.as_object().expect("a spec").keys().cloned().collect();
    assert!(!fields.iter().any(|field| field.contains("health_check")), "{fields:?}");
}

#[test]
fn defect_07_there_are_no_launch_configurations_and_names_do_not_clash() {
    let template = kinds().into_iter().find(|kind| kind.type_name == "ec2.launch-template");
    let template = template.expect("the type");
    assert!(kinds().iter().all(|kind| !kind.type_name.contains("launch-configuration")));
    let name = template.fields.iter().find(|field| field.name == "name").expect("the field");
    assert!(matches!(name.change, Change::Replace(_)));
    let stack = stack();
    let spec = &node(&stack, "ec2.launch-template:instance").spec;
    // A successor of the same name may stand beside it: its physical name carries the generation.
    assert!(template.coexists(spec, spec));
}

#[test]
fn defect_08_the_machine_image_is_a_maintained_one() {
    let stack = stack();
    let image = &node(&stack, "ec2.launch-template:instance").spec["image"];
    assert_eq!(image, "ecs-amazon-linux2023");
}

#[test]
fn defect_09_the_database_is_one_that_rds_still_makes() {
    let stack = stack();
    let spec = &node(&stack, "rds.instance:main").spec;
    assert_ne!(spec["class"], "db.t2.micro");
    let version: MySqlVersion = spec["version"].as_str().expect("text").parse().expect("version");
    assert!(!version.is_deprecated() && version.to_string().starts_with('8'), "{version}");
    let refused = |database: &str| {
        Config::parse(&format!("[database]\n{database}\n")).expect_err("it is refused").to_string()
    };
    assert!(refused("class = \"db.t2.micro\"").contains("db.t2.micro"));
    assert!(refused("storage = \"5 GiB\"").contains("20 GiB"));
}

#[test]
fn defect_10_the_database_is_private_encrypted_backed_up_and_protected() {
    let stack = stack();
    let database = node(&stack, "rds.instance:main");
    assert_ne!(database.spec["backup_retention"], "0 days");
    // No apply deletes or replaces it unasked, and a destroy leaves a snapshot: see `plan::hazards`.
    assert!(database.kind.holds_data && database.kind.leaves_snapshot);
    let protected =
        Config::parse("[database]\ndeletion_protection = true\n").expect("it is a setting");
    let protected = wpstack_core::wordpress::stack(&protected).expect("it fits");
    assert_eq!(node(&protected, "rds.instance:main").spec["deletion_protection"], true);
    // Its subnets have no way to the internet. Encryption and privacy are not even fields: they are always on.
    let routed: Vec<_> =
        node(&stack, "ec2.route-table:public").edges.iter().map(|it| &it.to).collect();
    let group = node(&stack, "rds.subnet-group:main");
    let subnets: Vec<_> = group.edges.iter().map(|edge| &edge.to).collect();
    assert!(subnets.len() >= 2 && subnets.iter().all(|subnet| !routed.contains(subnet)));
    for subnet in subnets {
        assert_eq!(node(&stack, subnet.as_str()).spec["public_addresses"], false);
    }
}

#[test]
fn defect_11_the_log_group_is_named_once_and_referred_to() {
    let stack = stack();
    let task = node(&stack, "ecs.task-definition:wordpress");
    assert!(task.edges.iter().any(|edge| edge.to.as_str() == "logs.group:wordpress"));
    let log = &task.spec["containers"][0]["log"];
    assert_eq!(log["group"]["$ref"], "logs.group:wordpress", "the task spells the group's name");
}

#[test]
fn defect_12_a_push_is_a_change_and_no_task_runs_without_an_image() {
    let stack = stack();
    let image = node(&stack, "ecr.image:wordpress");
    assert!(image.kind.ripples, "a new digest behind the tag has to be noticed");
    let task = node(&stack, "ecs.task-definition:wordpress");
    assert!(task.edges.iter().any(|edge| edge.to == image.address));
    assert!(!task.spec.to_string().contains("latest"), "the task names a tag");
    // That the service stands at no tasks meanwhile is in the simulator's tests of the whole stack.
}

#[test]
fn defect_13_a_repository_with_images_goes_on_consent() {
    let stack = stack();
    let repository = node(&stack, "ecr.repository:wordpress");
    let mut state = json!({ "name": "blog", "arn": "arn", "uri": "uri", "has_images": true });
    let protected = repository.kind.protection(&repository.spec, &state);
    assert_eq!(protected, Some("it holds images"));
    state["has_images"] = json!(false);
    assert_eq!(repository.kind.protection(&repository.spec, &state), None);
    let refused = classify("ecr", "DeleteRepository", "RepositoryNotEmptyException", "");
    assert_eq!(
        refused,
        ErrorKind::Protected,
        "it is refused for want of consent, and not repeated"
    );
}

#[test]
fn defect_14_no_secret_is_in_the_stack() {
    let stack = stack();
    let container = &node(&stack, "ecs.task-definition:wordpress").spec["containers"][0];
    let names = |member: &str| -> Vec<String> {
        container[member].as_object().expect("a map").keys().cloned().collect()
    };
    let is_secret = |name: &String| {
        name.contains("PASSWORD") || name.ends_with("_KEY") || name.ends_with("_SALT")
    };
    assert!(!names("environment").iter().any(is_secret), "{:?}", names("environment"));
    assert_eq!(names("secrets").iter().filter(|name| is_secret(name)).count(), 9);
    for secret in of(&stack, "secretsmanager.secret") {
        for how in secret.spec["generate"].as_object().expect("a map").values() {
            assert!(how["length"].as_u64().expect("a length") >= 32, "{how}");
        }
    }
}

#[test]
fn defect_15_a_redirect_is_not_healthy() {
    let stack = stack();
    let check = &node(&stack, "elb.target-group:wordpress").spec["health_check"];
    assert_eq!(check["codes"], "200");
    // The front page redirects to the installer until WordPress is installed.
    assert_ne!(check["path"], "/");
}

#[test]
fn defect_16_no_two_tasks_have_web_roots_of_their_own() {
    // The web root is a volume of the instance, as in the seed: nobody's uploads may be on the other one.
    let two = Config::parse("[service]\ntasks = 2\n").expect_err("it is refused").to_string();
    assert!(two.contains("each other's uploads"), "{two}");
    let stack = stack();
    assert_eq!(node(&stack, "ecs.service:wordpress").spec["desired"], 1);
}

#[test]
fn defect_17_a_second_task_fits_during_a_deployment() {
    let refused = Config::parse(
        "[instances]\ntype = \"t2.micro\"\ndesired = 1\nmax = 1\n[service]\nmemory = \"512 MiB\"\n",
    );
    let problems =
        refused.expect_err("two tasks of 512 MiB do not fit on one t2.micro").to_string();
    assert!(problems.contains("2 tasks must fit"), "{problems}");
    let config = Config::default();
    assert!(config.instances.tasks_each(&config.service).is_some_and(|tasks| tasks >= 2));
}

#[test]
fn defect_18_everything_is_tagged_watched_and_given_time() {
    let stack = stack();
    let untagged = ["iam.role-policy", "ecr.image", "ecs.cluster-capacity-providers"];
    for node in stack.nodes() {
        let takes_tags = node.spec.get("tags").is_some();
        assert_eq!(takes_tags, !untagged.contains(&node.kind.type_name), "{}", node.address);
    }
    let service = &node(&stack, "ecs.service:wordpress").spec;
    assert_ne!(service["grace_period"], Value::Null);
    assert_eq!(service["deployment"]["minimum_healthy"], "100%");
    waits(&stack, "ecs.service:wordpress", "ecs.cluster-capacity-providers:main");
}
