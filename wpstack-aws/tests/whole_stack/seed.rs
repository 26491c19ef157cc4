//! What boto3 finds, held against the text of the system that wpstack replaces.

use std::collections::BTreeMap;

use serde_json::Value;
use wpstack_testkit::{Inventory, Item};

/// The network, the chain of security groups, roles, front, service and database, line by line.
pub(crate) fn check(inventory: &Inventory) {
    let stack = inventory.of_stack("wordpress");
    let names = names(&stack);
    let lines = |lines: Vec<String>| {
        let mut lines = lines;
        for line in &mut lines {
            for (id, name) in &names {
                *line = line.replace(id, name);
            }
        }
        lines.sort();
        lines
    };

    assert_eq!(
        lines(stack.of("ec2.subnet").iter().map(subnet).collect()),
        [
            "10.11.0.0/24 eu-west-1a public",
            "10.11.1.0/24 eu-west-1b public",
            "10.11.128.0/24 eu-west-1a private",
            "10.11.129.0/24 eu-west-1b private",
            "10.11.130.0/24 eu-west-1c private",
            "10.11.2.0/24 eu-west-1c public",
        ]
    );
    let vpc = &stack.only("ec2.vpc").attributes;
    assert_eq!(
        (&vpc["CidrBlock"], &vpc["EnableDnsSupport"], &vpc["EnableDnsHostnames"]),
        (&"10.11.0.0/16".into(), &true.into(), &true.into())
    );
    // Nothing wider than the seed's text asks: the world reaches port 80 of the load balancer, that the dynamic ports of
    // the instances, and those the database; egress is free for the instances alone.
    assert_eq!(
        lines(stack.of("ec2.security-group-rule").iter().map(rule).collect()),
        [
            "database in tcp 3306 instances",
            "instances in tcp 32768-65535 load-balancer",
            "instances out -1 -1 0.0.0.0/0",
            "instances out tcp 3306 database",
            "load-balancer in tcp 80 0.0.0.0/0",
            "load-balancer out tcp 32768-65535 instances",
        ]
    );
    assert_eq!(
        lines(stack.of("iam.role").iter().map(role).collect()),
        [
            "wordpress-eu-west-1-execution ecs-tasks.amazonaws.com AmazonECSTaskExecutionRolePolicy",
            "wordpress-eu-west-1-instance ec2.amazonaws.com AmazonEC2ContainerServiceforEC2Role",
        ]
    );
    front(&stack);
    back(&stack);
}

fn front(stack: &Inventory) {
    let balancer = &stack.only("elbv2.load-balancer").attributes;
    assert_eq!(balancer["Scheme"], "internet-facing");
    assert_eq!(balancer["Type"], "application");
    assert_eq!(balancer["AvailabilityZones"].as_array().map(Vec::len), Some(3));
    let target = stack.only("elbv2.target-group");
    assert_eq!(
        (&target.attributes["Protocol"], &target.attributes["Port"]),
        (&"HTTP".into(), &80.into())
    );
    let listener = &stack.only("elbv2.listener").attributes;
    assert_eq!((&listener["Protocol"], &listener["Port"]), (&"HTTP".into(), &80.into()));
    assert_eq!(listener["DefaultActions"][0]["Type"], "forward");
    assert_eq!(listener["DefaultActions"][0]["TargetGroupArn"], target.id.as_str());

    let service = &stack.only("ecs.service").attributes;
    assert_eq!(service["loadBalancers"][0]["targetGroupArn"], target.id.as_str());
    assert_eq!(service["loadBalancers"][0]["containerPort"], 80);
    // The repository holds no image yet.
    assert_eq!(service["desiredCount"], 0);
    let task = &stack.only("ecs.task-definition").attributes["containerDefinitions"][0];
    assert_eq!((&task["cpu"], &task["memory"]), (&512.into(), &512.into()));
    assert_eq!(task["logConfiguration"]["logDriver"], "awslogs");
    assert_eq!(stack.only("ecr.repository").id, "skbelli/wordpress");
}

fn back(stack: &Inventory) {
    let group = &stack.only("autoscaling.group").attributes;
    let sizes = [&group["MinSize"], &group["DesiredCapacity"], &group["MaxSize"]];
    assert_eq!(sizes, [1, 2, 3]);
    let template = &stack.only("ec2.launch-template").attributes["LatestVersion"];
    assert_eq!(template["LaunchTemplateData"]["InstanceType"], "t2.micro");

    let database = &stack.only("rds.instance").attributes;
    assert_eq!(database["Engine"], "mysql");
    assert_eq!(database["DBInstanceClass"], "db.t3.micro");
    assert_eq!(database["DBName"], "wordpress");
    assert_eq!(database["MasterUsername"], "wordpress");
    assert_eq!(database["AllocatedStorage"], 20);
    assert_eq!(database["PubliclyAccessible"], false);
    assert_eq!(database["StorageEncrypted"], true);
    assert_eq!(database["MultiAZ"], false);
}

/// Names of security groups by their ids.
fn names(stack: &Inventory) -> BTreeMap<String, String> {
    let groups = stack.of("ec2.security-group").iter();
    let name = |group: &Item| text(&group.attributes["GroupName"]).replace("wordpress-", "");
    groups.map(|group| (group.id.clone(), name(group))).collect()
}

fn subnet(subnet: &Item) -> String {
    let told = &subnet.attributes;
    let public = if told["MapPublicIpOnLaunch"] == true { "public" } else { "private" };
    format!("{} {} {public}", text(&told["CidrBlock"]), text(&told["AvailabilityZone"]))
}

fn rule(rule: &Item) -> String {
    let told = &rule.attributes;
    let direction = if told["IsEgress"] == true { "out" } else { "in" };
    let ports = match (&told["FromPort"], &told["ToPort"]) {
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}-{to}"),
    };
    let peer = match &told["CidrIpv4"] {
        Value::String(cidr) => cidr.clone(),
        _ => text(&told["ReferencedGroupInfo"]["GroupId"]),
    };
    let (group, protocol) = (text(&told["GroupId"]), text(&told["IpProtocol"]));
    format!("{group} {direction} {protocol} {ports} {peer}")
}

fn role(role: &Item) -> String {
    let told = &role.attributes;
    let trusted = &told["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"];
    let managed = told["AttachedPolicies"].as_array().into_iter().flatten();
    let managed: Vec<_> = managed.map(|policy| text(&policy["PolicyName"])).collect();
    format!("{} {} {}", role.id, text(trusted), managed.join(" "))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
