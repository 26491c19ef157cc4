//! What stands before the tasks.

use wpstack_core::Stack;
use wpstack_core::resource::ec2::Vpc;
use wpstack_core::resource::elb::{HealthCheck, TargetGroup};
use wpstack_core::value::{Port, Seconds, Tags};

use crate::support::{Life, stack};

fn group(port: u16, path: &str, delay: u32) -> Stack {
    let mut stack = stack();
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse().unwrap())).unwrap();
    let group = TargetGroup {
        name: "blog-wordpress".parse().unwrap(),
        vpc,
        port: Port::new(port).unwrap(),
        health_check: HealthCheck {
            path: path.parse().unwrap(),
            codes: "200-399".parse().unwrap(),
            interval: Seconds(15),
            timeout: Seconds(5),
            healthy: 2,
            unhealthy: 3,
        },
        deregistration_delay: Seconds(delay),
        tags: Tags::new(),
    };
    stack.add("wordpress", group).unwrap();
    stack
}

#[tokio::test]
async fn a_target_group_lives() {
    let life = Life::begin().await;
    let stack = group(80, "/wp-login.php", 30);
    life.apply(&stack).await;
    assert!(life.plan(&stack).await.is_empty());
    let seen = life.inventory();
    assert_eq!(seen.only("elbv2.target-group").attributes["HealthCheckPath"], "/wp-login.php");

    let changed = group(80, "/", 300);
    let expected = ["update elb.target-group:wordpress health_check deregistration_delay"];
    assert_eq!(life.apply(&changed).await, expected);
    assert!(life.plan(&changed).await.is_empty());

    let moved = group(8080, "/", 300);
    assert_eq!(life.apply(&moved).await, ["replace elb.target-group:wordpress#2 port"]);
    assert!(life.plan(&moved).await.is_empty());
    let seen = life.inventory();
    let name = &seen.only("elbv2.target-group").attributes["TargetGroupName"];
    assert_eq!(name, "blog-wordpress-2");
    life.end().await;
}
