//! The agents on the instances, and how they join a cluster.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Due;
use crate::sim::ec2::{Endpoint, Instance};
use crate::sim::tags::TagMap;
use crate::sim::world::World;
use crate::value::{CpuUnits, Mebibytes, Port};

/// The agent of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// What the cluster has of the instance, once it has joined one.
    pub joined: Option<ContainerInstance>,
    /// What is wrong: why it has not joined, or not the one it should.
    pub reason: Option<String>,
}

/// An instance as a cluster sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerInstance {
    /// The cluster's name.
    pub cluster: String,
    /// The processor time that tasks can have.
    pub cpu: CpuUnits,
    /// The memory that tasks can have.
    pub memory: Mebibytes,
}

/// The cluster that an agent joins unless it is told another.
const DEFAULT: &str = "default";

impl World {
    /// An instance runs: its agent starts in a while.
    pub(in crate::sim) fn agent_boots(&mut self, instance: &str) {
        let boot = self.chance.between(Duration::from_secs(25), Duration::from_secs(50));
        self.ecs.agents.insert(instance.to_owned(), Agent::default());
        self.schedule(boot, Due::Join { instance: instance.to_owned() }.into());
    }

    /// An instance is going: the tasks on it end with it.
    pub(in crate::sim) fn agent_lost(&mut self, instance: &str) {
        let on_it =
            self.ecs.tasks.iter().filter(|(_, it)| it.instance.as_deref() == Some(instance));
        let ids: Vec<_> = on_it.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.task_stopped(&id, &format!("Host EC2 (instance {instance}) terminated."), false);
        }
        if let Some(agent) = self.ecs.agents.get_mut(instance) {
            agent.reason = Some("the instance is being terminated".to_owned());
        }
    }

    /// An instance is gone, and with it its place in the cluster.
    pub(in crate::sim) fn agent_gone(&mut self, instance: &str) {
        self.ecs.agents.remove(instance);
    }

    pub(super) fn join(&mut self, id: &str) {
        const AGAIN: Duration = Duration::from_secs(60);
        let Some(instance) = self.ec2.instances.get(id).filter(|_| self.runs(id)) else {
            return;
        };
        let (script, ignored) = read_user_data(&instance.user_data);
        let cluster = script.unwrap_or_else(|| DEFAULT.to_owned());
        let shape = (instance.instance_type.cpu(), instance.instance_type.memory());
        let may = self.may_join(instance, &cluster);
        let (joined, reason) = match may {
            Ok(()) => {
                if !self.ecs.clusters.get(&cluster).is_some_and(|it| it.is_active) {
                    self.create_cluster(&cluster, false, TagMap::new());
                }
                let cpu = shape.0.unwrap_or(CpuUnits(2048));
                let Mebibytes(memory) = shape.1.unwrap_or(Mebibytes(2048));
                // The kernel takes its share. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html
                let memory = Mebibytes(memory - memory / 16 - 64);
                (Some(ContainerInstance { cluster: cluster.clone(), cpu, memory }), ignored)
            }
            Err(reason) => (None, Some(reason)),
        };
        if joined.is_none() {
            self.schedule(AGAIN, Due::Join { instance: id.to_owned() }.into());
        }
        self.ecs.agents.insert(id.to_owned(), Agent { joined, reason });
        self.tend_cluster(&cluster);
    }

    /// Whether the agent of an instance can join a cluster.
    fn may_join(&self, instance: &Instance, cluster: &str) -> Result<(), String> {
        let ecs = format!("ecs.{}.amazonaws.com", self.region);
        let way = self.ec2.reachable(
            Endpoint::Interface(&instance.interface),
            Endpoint::INTERNET,
            Port::HTTPS,
        );
        way.map_err(|broken| format!("{ecs} cannot be reached: {broken}"))?;
        let profile = self.iam.profiles.get(&instance.profile);
        let Some(role) = profile.and_then(|profile| profile.role.as_ref()) else {
            return Err(format!("the instance profile {} has no role", instance.profile));
        };
        let allowed = |action: &str, resource: &str| {
            if self.iam.allows(role, action, resource) {
                return Ok(());
            }
            Err(format!(
                "AccessDeniedException: {role} is not authorized to perform: {action} on resource: {resource}"
            ))
        };
        let arn = self.arn("ecs", &format!("cluster/{cluster}"));
        allowed("ecs:DiscoverPollEndpoint", "*")?;
        if !self.ecs.clusters.get(cluster).is_some_and(|it| it.is_active) {
            if cluster != DEFAULT {
                return Err("ClientException: Cluster not found.".to_owned());
            }
            allowed("ecs:CreateCluster", "*")?;
        }
        allowed("ecs:RegisterContainerInstance", &arn)
    }

    /// The instances that are in a cluster and run.
    pub(super) fn container_instances(
        &self,
        cluster: &str,
    ) -> impl Iterator<Item = (&str, &ContainerInstance)> {
        self.ecs.agents.iter().filter_map(move |(id, agent)| {
            let joined = agent.joined.as_ref().filter(|it| it.cluster == cluster)?;
            Some((id.as_str(), joined))
        })
    }
}

/// The cluster that the user data names, and what is wrong with the user data. cloud-init runs no script whose first two
/// bytes are not `#!`.
fn read_user_data(text: &str) -> (Option<String>, Option<String>) {
    if text.is_empty() {
        return (
            None,
            Some("there is no user data, so that the agent joined `default`".to_owned()),
        );
    }
    if !text.starts_with("#!") {
        let reason = "the user data does not begin with `#!`, so that cloud-init ignored it and the agent joined \
                      `default`";
        return (None, Some(reason.to_owned()));
    }
    let named = text.lines().rev().find_map(|line| {
        let (_, value) = line.split_once("ECS_CLUSTER=")?;
        let name = value.split([' ', '>', ';']).next()?.trim_matches(['"', '\'']);
        (!name.is_empty()).then(|| name.to_owned())
    });
    match named {
        Some(cluster) => (Some(cluster), None),
        None => {
            let reason = "the user data names no ECS_CLUSTER, so that the agent joined `default`";
            (None, Some(reason.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::UserData;

    #[test]
    fn user_data_names_the_cluster() {
        let check = |text: &str, expected: Option<&str>| {
            let (cluster, problem) = read_user_data(text);
            assert_eq!(cluster.as_deref(), expected, "{text:?}");
            assert_eq!(problem.is_none(), expected.is_some(), "{text:?}");
        };
        let ours = UserData::ecs_agent(&"blog-cluster".parse().unwrap(), &[]);
        check(ours.as_str(), Some("blog-cluster"));
        check(&format!(" {ours}"), None);
        check("#!/bin/bash\necho ECS_CLUSTER=a >> /etc/ecs/ecs.config\n", Some("a"));
        check("#!/bin/bash\necho \"ECS_CLUSTER=a\" > /etc/ecs/ecs.config\n", Some("a"));
        check("#!/bin/bash\necho ECS_CLUSTER= >> /etc/ecs/ecs.config\n", None);
        check("#!/bin/bash\n", None);
        check("", None);
    }
}
