//! What the tests of requests share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::test_util::NeverClient;
use serde_json::Value;
use wpstack_aws::Aws;
use wpstack_core::provider::Context;
use wpstack_core::resource::iam::{InstanceProfile, InstanceProfileState, Role, RoleState};
use wpstack_core::time::SystemClock;
use wpstack_core::value::{ServicePrincipal, Tags, TrustPolicy};
use wpstack_core::{Address, Consent, Cx, ObjectId, Observed, Recorded, Ref, Resource, Stack};

/// A client of the SDK crate that answers by the rules, in any order and any number of times, and panics at a request
/// that none of them expects.
macro_rules! mocked {
    ($sdk:ident, [$($rule:expr),* $(,)?]) => {
        wpstack_testkit::mock::mock_client!(
            $sdk,
            wpstack_testkit::mock::RuleMode::MatchAny,
            [$(&$rule),*],
            |config| config.retry_config(aws_config::retry::RetryConfig::disabled())
        )
    };
}
pub(crate) use mocked;

/// Clients that reach nothing, for the services that a test has no rules for.
pub(crate) fn nowhere() -> Aws {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .http_client(NeverClient::new())
        .build();
    Aws::new(&config)
}

/// Provides from a mocked EC2.
pub(crate) fn with_ec2(ec2: aws_sdk_ec2::Client) -> Aws {
    Aws { ec2, ..nowhere() }
}

/// Provides from a mocked Elastic Load Balancing.
pub(crate) fn with_elb(elb: aws_sdk_elasticloadbalancingv2::Client) -> Aws {
    Aws { elb, ..nowhere() }
}

/// Provides from a mocked ECS.
pub(crate) fn with_ecs(ecs: aws_sdk_ecs::Client) -> Aws {
    Aws { ecs, ..nowhere() }
}

/// Provides from a mocked IAM.
pub(crate) fn with_iam(iam: aws_sdk_iam::Client) -> Aws {
    Aws { iam, ..nowhere() }
}

/// Provides from a mocked RDS and a mocked Secrets Manager.
pub(crate) fn with_rds(
    rds: aws_sdk_rds::Client,
    secretsmanager: aws_sdk_secretsmanager::Client,
) -> Aws {
    Aws { rds, secretsmanager, ..nowhere() }
}

/// A stack, and the states of those of its resources that exist.
pub(crate) struct Scene {
    stack: Stack,
    known: BTreeMap<Address, Value>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self { stack: Stack::new("blog".parse().unwrap()), known: BTreeMap::new() }
    }

    /// A resource that exists, for others to refer to.
    pub(crate) fn exists<R: Resource>(&mut self, name: &str, spec: R, state: &R::State) -> Ref<R> {
        let reference = self.stack.add(name, spec).unwrap();
        let state = serde_json::to_value(state).unwrap();
        self.known.insert(reference.address().clone(), state);
        reference
    }

    /// An object that stands at an address, of which nothing matters but its state.
    pub(crate) fn stands(&mut self, address: &str, state: Value) {
        self.known.insert(address.parse().unwrap(), state);
    }

    /// The context of a call for the first object of `R` called `name`.
    pub(crate) fn cx<R: Resource>(&self, name: &str) -> Cx {
        self.generation::<R>(name, 1)
    }

    /// The context of a call for a later object.
    pub(crate) fn generation<R: Resource>(&self, name: &str, generation: u32) -> Cx {
        Cx::new(self.context::<R>(name, generation))
    }

    /// The context of a call that may take protection off.
    pub(crate) fn unprotecting<R: Resource>(&self, name: &str) -> Cx {
        let consent = Consent::to_lose([Address::new(R::TYPE, name).unwrap()]);
        Cx::new(Context { consent, ..self.context::<R>(name, 1) })
    }

    /// The context of the deletion of what `successor` takes the place of.
    pub(crate) fn followed<R: Resource>(&self, name: &str, successor: &R) -> Cx {
        let successor = Some(serde_json::to_value(successor).unwrap());
        Cx::new(Context { successor, ..self.context::<R>(name, 1) })
    }

    fn context<R: Resource>(&self, name: &str, generation: u32) -> Context {
        Context {
            stack: self.stack.name().to_string(),
            lineage: "lineage".to_owned(),
            object: ObjectId::new(Address::new(R::TYPE, name).unwrap(), generation),
            born: 1,
            dependencies: self.known.clone(),
            clock: Arc::new(SystemClock),
            consent: Consent::default(),
            successor: None,
        }
    }

    /// An object as recorded.
    pub(crate) fn recorded<R: Resource>(
        &self,
        name: &str,
        spec: &R,
        state: &R::State,
    ) -> Recorded<R> {
        Recorded { cx: self.cx::<R>(name), spec: spec.clone(), state: state.clone() }
    }
}

/// An instance profile that exists, and its role.
pub(crate) fn profile(scene: &mut Scene) -> (Ref<InstanceProfile>, Ref<Role>) {
    let role = Role {
        name: "blog".parse().unwrap(),
        trust: TrustPolicy::service(&ServicePrincipal::EC2),
        managed: BTreeSet::new(),
        tags: Tags::new(),
    };
    let state = RoleState {
        name: "blog".to_owned(),
        arn: "arn:aws:iam::123456789012:role/blog".to_owned(),
    };
    let role = scene.exists("instances", role, &state);
    let profile =
        InstanceProfile { name: "blog".parse().unwrap(), role: role.clone(), tags: Tags::new() };
    let state = InstanceProfileState {
        name: "blog".to_owned(),
        arn: "arn:aws:iam::123456789012:instance-profile/blog".to_owned(),
        role: "blog".to_owned(),
    };
    (scene.exists("instances", profile, &state), role)
}

/// The tags of a configuration.
pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    let mut tags = Tags::new();
    for (key, value) in pairs {
        tags.insert(*key, *value).unwrap();
    }
    tags
}

/// The names of changed fields.
pub(crate) fn changed(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|&field| field.to_owned()).collect()
}

/// Where an object was found to differ, as `field actual`.
pub(crate) fn drift<S>(observed: &Observed<S>) -> Vec<String> {
    observed.drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect()
}
