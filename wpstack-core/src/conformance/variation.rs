//! Another value for each field that AWS changes in place.

use serde_json::{Value, json};

/// How a field is made another.
enum To {
    /// This instead.
    Json(&'static str),
    /// The other of two.
    Flip,
    /// Without the last of several.
    WithoutLast,
    /// With this behind it.
    Followed(&'static str),
}

use To::{Flip, Followed, Json, WithoutLast};

/// By type, where it is in the spec, and how it changes. Tags change of every type that has them.
const VARIATIONS: &[(&str, &str, To)] = &[
    ("ec2.vpc", "/dns_hostnames", Flip),
    ("ec2.vpc", "/dns_support", Flip),
    ("ec2.subnet", "/public_addresses", Flip),
    ("ec2.route-table", "/routes/0/destination", Json(r#""0.0.0.0/1""#)),
    ("ec2.route-table", "/subnets", WithoutLast),
    ("ec2.security-group-rule", "/description", Json(r#""later""#)),
    ("ec2.launch-template", "/image", Json(r#""ecs-amazon-linux2023-arm64""#)),
    ("ec2.launch-template", "/instance_type", Json(r#""t4g.small""#)),
    ("ec2.launch-template", "/public_address", Flip),
    ("ec2.launch-template", "/volume", Json(r#""40 GiB""#)),
    ("ec2.launch-template", "/user_data", Followed("# later\n")),
    ("autoscaling.group", "/subnets", WithoutLast),
    ("autoscaling.group", "/min", Json("0")),
    ("autoscaling.group", "/desired", Json("1")),
    ("autoscaling.group", "/max", Json("4")),
    ("autoscaling.group", "/health_grace", Json(r#""360s""#)),
    ("iam.role", "/managed", Json("[]")),
    ("iam.role-policy", "/grants/0/actions", Json(r#"["secretsmanager:DescribeSecret"]"#)),
    ("ecr.repository", "/scan_on_push", Flip),
    ("ecr.repository", "/lifecycle/keep", Json("7")),
    ("ecs.cluster", "/insights", Flip),
    ("ecs.capacity-provider", "/target", Json(r#""90%""#)),
    ("ecs.service", "/desired", Json("2")),
    ("ecs.service", "/deployment/minimum_healthy", Json(r#""50%""#)),
    ("ecs.service", "/grace_period", Json(r#""240s""#)),
    ("elb.load-balancer", "/subnets", WithoutLast),
    ("elb.load-balancer", "/idle_timeout", Json(r#""100s""#)),
    ("elb.load-balancer", "/deletion_protection", Flip),
    ("elb.load-balancer", "/drop_invalid_headers", Flip),
    ("elb.target-group", "/health_check/path", Json(r#""/later""#)),
    ("elb.target-group", "/health_check/interval", Json(r#""20s""#)),
    ("elb.target-group", "/deregistration_delay", Json(r#""50s""#)),
    ("elb.listener", "/port", Json("8080")),
    ("logs.group", "/retention", Json(r#""90 days""#)),
    ("rds.subnet-group", "/description", Json(r#""later""#)),
    ("rds.parameter-group", "/parameters/character_set_server", Json(r#""utf8""#)),
    ("rds.instance", "/class", Json(r#""db.t3.small""#)),
    ("rds.instance", "/storage", Json(r#""40 GiB""#)),
    ("rds.instance", "/max_storage", Json(r#""100 GiB""#)),
    ("rds.instance", "/multi_az", Flip),
    ("rds.instance", "/backup_retention", Json(r#""14 days""#)),
    ("rds.instance", "/deletion_protection", Flip),
    ("secretsmanager.secret", "/description", Json(r#""later""#)),
];

/// Fields that are updated in place, and not varied here: what they refer to stands once in a stack, or no other value
/// works. Replacements turn them, which the lifecycle tests do.
pub const NOT_VARIED: &[(&str, &str)] = &[
    ("autoscaling.group", "template"),
    ("ec2.launch-template", "groups"),
    ("ec2.launch-template", "profile"),
    ("ecs.cluster-capacity-providers", "providers"),
    ("ecs.service", "capacity"),
    ("ecs.service", "load_balancer"),
    ("ecs.service", "task"),
    ("elb.listener", "target_group"),
    ("elb.load-balancer", "groups"),
    ("iam.instance-profile", "role"),
    ("iam.role", "trust"),
    ("rds.instance", "groups"),
    ("rds.instance", "parameters"),
    ("rds.instance", "version"),
    // RDS lets no subnet go that a database is in.
    ("rds.subnet-group", "subnets"),
];

/// Fields that a read does not compare: another controller owns what they begin with.
pub const NOT_TOLD: &[(&str, &str)] =
    &[("autoscaling.group", "desired"), ("ecs.service", "desired")];

/// The spec with another value in every field that AWS changes in place.
///
/// # Panics
/// When the table here does not fit the type.
#[must_use]
pub fn varied(type_name: &str, spec: &Value) -> Value {
    let mut spec = spec.clone();
    if let Some(tags) = spec.get_mut("tags") {
        *tags = json!({ "team": "blog" });
    }
    let of_type = VARIATIONS.iter().filter(|(it, _, _)| *it == type_name);
    for (_, pointer, to) in of_type {
        let value = spec.pointer_mut(pointer);
        let value = value.unwrap_or_else(|| panic!("{type_name} has no {pointer}"));
        vary(value, to).unwrap_or_else(|| panic!("{pointer} of {type_name} is {value}"));
    }
    spec
}

fn vary(value: &mut Value, to: &To) -> Option<()> {
    match to {
        Json(text) => *value = serde_json::from_str(text).ok()?,
        Flip => *value = Value::Bool(!value.as_bool()?),
        // The last one stays: AWS wants some, or there is nothing to leave out.
        WithoutLast => {
            let several = value.as_array_mut()?;
            if several.len() > 1 {
                several.pop();
            }
        }
        Followed(text) => *value = Value::String(format!("{}{text}", value.as_str()?)),
    }
    Some(())
}
