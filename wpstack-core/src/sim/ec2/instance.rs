//! Instances.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Due, TemplateData, not_found};
use crate::sim::call::Call;
use crate::sim::fault::Effect;
use crate::sim::world::{Refusal, World};
use crate::value::InstanceType;

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Whether it runs.
    pub state: InstanceState,
    /// Its type.
    pub instance_type: InstanceType,
    /// The name of its instance profile.
    pub profile: String,
    /// `eni-…`
    pub interface: String,
    /// What runs at its first boot.
    pub user_data: String,
    /// When it was started.
    pub launched: Timestamp,
}

/// Whether an instance runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// It boots.
    Pending,
    /// It does.
    Running,
    /// It is being terminated.
    ShuttingDown,
}

const NOT_FOUND: &str = "InvalidInstanceID.NotFound";

impl World {
    /// `RunInstances`, of one, by a launch template. It runs after half a minute or so. A fault script strikes it as it
    /// strikes calls, although nobody of ours makes it.
    ///
    /// # Errors
    /// What the fault script says; `InvalidParameterValue` when the instance profile is not visible yet;
    /// `VcpuLimitExceeded`; and as [`World::attach_eni`].
    pub fn run_instance(&mut self, data: &TemplateData, subnet: &str) -> Result<String, Refusal> {
        let call = Call { service: "ec2", operation: "RunInstances", about: Vec::new() };
        if let Some(Effect::Refuse(refusal)) = self.faults.strike(&call) {
            return Err(refusal);
        }
        if self.iam.visible_profile(&data.profile, self.now).is_none() {
            return Err(Refusal::new("InvalidParameterValue", no_profile(&data.profile)));
        }
        let vcpus = |machine: &InstanceType| machine.vcpus().unwrap_or(1) as usize;
        let running = self.ec2.instances.values().map(|other| vcpus(&other.instance_type));
        if running.sum::<usize>() + vcpus(&data.instance_type) > self.quotas.vcpus {
            let message = format!(
                "You have requested more vCPU capacity than your current vCPU limit of {} allows",
                self.quotas.vcpus
            );
            return Err(Refusal::new("VcpuLimitExceeded", message));
        }
        let id = self.id("i");
        let interface = self.attach_eni(&id, subnet, &data.groups, data.public_address)?;
        let instance = Instance {
            state: InstanceState::Pending,
            instance_type: data.instance_type.clone(),
            profile: data.profile.clone(),
            interface,
            user_data: data.user_data.clone(),
            launched: self.now,
        };
        self.ec2.instances.insert(id.clone(), instance);
        self.ec2.tags.insert(id.clone(), data.tags.clone());
        let boot = self.chance.between(Duration::from_secs(30), Duration::from_secs(45));
        self.schedule(boot, Due::InstanceRuns { id: id.clone() }.into());
        Ok(id)
    }

    /// `TerminateInstances`, of one.
    ///
    /// # Errors
    /// `InvalidInstanceID.NotFound`.
    pub fn terminate_instance(&mut self, id: &str) -> Result<(), Refusal> {
        let instance = self.ec2.instances.get_mut(id).ok_or_else(|| not_found(NOT_FOUND, id))?;
        if instance.state == InstanceState::ShuttingDown {
            return Ok(());
        }
        instance.state = InstanceState::ShuttingDown;
        let shutdown = self.chance.between(Duration::from_secs(30), Duration::from_secs(90));
        self.schedule(shutdown, Due::InstanceGone { id: id.to_owned() }.into());
        self.agent_lost(id);
        self.group_lost(id);
        Ok(())
    }

    pub(super) fn instance_runs(&mut self, id: &str) {
        let instance = self.ec2.instances.get_mut(id);
        if let Some(instance) = instance.filter(|it| it.state == InstanceState::Pending) {
            instance.state = InstanceState::Running;
            self.group_gained(id);
            self.agent_boots(id);
        }
    }

    pub(super) fn instance_gone(&mut self, id: &str) {
        if let Some(instance) = self.ec2.instances.remove(id) {
            self.ec2.interfaces.remove(&instance.interface);
            self.ec2.forget(id);
            self.agent_gone(id);
            self.group_forgets(id);
        }
    }
}

/// What EC2 says of an instance profile that is not there, or not visible yet.
pub(in crate::sim) fn no_profile(name: &str) -> String {
    format!(
        "Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    )
}
