//! How a group comes to the instances that it wants.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Due;
use crate::sim::ec2::InstanceState;
use crate::sim::world::{Refusal, World};

/// Where an instance is in the life that its group gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// It was launched and does not run yet.
    Pending,
    /// It runs.
    InService,
    /// It goes.
    Terminating,
}

/// Something that a group did, or tried to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When.
    pub at: Timestamp,
    /// What.
    pub description: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// The tag by which EC2 tells the version of the launch template.
const VERSION: &str = "aws:ec2launchtemplate:version";

/// How many activities a group keeps.
const ACTIVITIES: usize = 100;

impl World {
    /// Has the group look after its instances in a moment.
    pub(super) fn fit_soon(&mut self, group: &str) {
        let pause = self.chance.between(Duration::from_secs(1), Duration::from_secs(4));
        self.schedule(pause, Due::Fit { group: group.to_owned() }.into());
    }

    /// Launches what is missing and terminates what is too much.
    pub(super) fn fit_group(&mut self, name: &str) {
        let Some(group) = self.autoscaling.groups.get(name) else {
            return;
        };
        let there: Vec<_> = group
            .members
            .iter()
            .filter(|(_, lifecycle)| **lifecycle != Lifecycle::Terminating)
            .map(|(id, _)| id.clone())
            .collect();
        if group.is_deleting && group.members.is_empty() {
            let arn = group.arn.clone();
            self.autoscaling.groups.remove(name);
            self.tags.remove(&arn);
            return;
        }
        let wanted = if group.is_deleting { 0 } else { self.wanted_now(name, &there) };
        for _ in there.len()..wanted {
            if let Err(refusal) = self.launch(name) {
                self.launch_failed(name, &refusal);
                return;
            }
        }
        let over = there.len().saturating_sub(wanted);
        for id in self.least_needed(there).into_iter().take(over) {
            self.note(name, format!("Terminating EC2 instance: {id}"), None);
            // It is there: the group has it.
            drop(self.terminate_instance(&id));
        }
    }

    /// How many instances a group wants now: one more than it keeps while it replaces them and the last new one has not
    /// come yet.
    fn wanted_now(&mut self, name: &str, there: &[String]) -> usize {
        let Some(group) = self.autoscaling.groups.get(name) else {
            return 0;
        };
        let desired = group.desired as usize;
        if !group.is_refreshing {
            return desired;
        }
        let is_done = there.iter().all(|id| !self.is_stale(id));
        let all_run = there.iter().all(|id| group.members.get(id) == Some(&Lifecycle::InService));
        let one_may_go = all_run && there.len() > desired;
        if is_done && let Some(group) = self.autoscaling.groups.get_mut(name) {
            group.is_refreshing = false;
        }
        desired + usize::from(!is_done && !one_may_go)
    }

    /// Whether an instance was started by another version than its group starts instances by now.
    fn is_stale(&self, instance: &str) -> bool {
        let mut groups = self.autoscaling.groups.values();
        let group = groups.find(|group| group.members.contains_key(instance));
        let version = self.ec2.tags.get(instance).and_then(|tags| tags.get(VERSION));
        group.is_some_and(|group| version != Some(&group.version.to_string()))
    }

    fn launch(&mut self, name: &str) -> Result<(), Refusal> {
        let gone = || Refusal::new("ValidationError", "the group or its launch template is gone");
        let group = self.autoscaling.groups.get(name).ok_or_else(gone)?;
        let template = self.ec2.launch_templates.get(&group.template).ok_or_else(gone)?;
        let version = group.version;
        let data = template.versions.get(&version).ok_or_else(gone)?.clone();
        // The zone with the fewest instances comes next.
        let mut counts: BTreeMap<&str, usize> =
            group.subnets.iter().map(|subnet| (subnet.as_str(), 0)).collect();
        for id in group.members.keys() {
            if let Some(count) = self.subnet_of(id).and_then(|subnet| counts.get_mut(subnet)) {
                *count += 1;
            }
        }
        let fewest = counts.into_iter().min_by_key(|(_, count)| *count);
        let subnet = fewest.map(|(subnet, _)| subnet.to_owned()).ok_or_else(gone)?;
        let id = self.run_instance(&data, &subnet)?;
        let tags = self.ec2.tags.entry(id.clone()).or_default();
        tags.insert("aws:autoscaling:groupName".to_owned(), name.to_owned());
        tags.insert(VERSION.to_owned(), version.to_string());
        self.note(name, format!("Launching a new EC2 instance: {id}"), None);
        if let Some(group) = self.autoscaling.groups.get_mut(name) {
            group.members.insert(id, Lifecycle::Pending);
        }
        Ok(())
    }

    fn subnet_of(&self, instance: &str) -> Option<&str> {
        let interface = &self.ec2.instances.get(instance)?.interface;
        Some(&self.ec2.interfaces.get(interface)?.subnet)
    }

    fn launch_failed(&mut self, name: &str, refusal: &Refusal) {
        let Refusal { code, message } = refusal;
        let failure = format!("{code}: {message}. Launching EC2 instance failed.");
        self.note(name, "Launching a new EC2 instance".to_owned(), Some(failure));
        let pause = self.chance.between(Duration::from_secs(20), Duration::from_secs(60));
        self.schedule(pause, Due::Fit { group: name.to_owned() }.into());
    }

    fn note(&mut self, name: &str, description: String, failure: Option<String>) {
        let at = self.now;
        if let Some(group) = self.autoscaling.groups.get_mut(name) {
            group.activities.push(Activity { at, description, failure });
            let over = group.activities.len().saturating_sub(ACTIVITIES);
            group.activities.drain(..over);
        }
    }

    /// Those that are missed the least first: of another version; without tasks, for ECS moves tasks away before it lets
    /// an instance go; then of the zone with the most of them, the oldest.
    fn least_needed(&self, mut instances: Vec<String>) -> Vec<String> {
        let mut order = Vec::new();
        while !instances.is_empty() {
            let in_zone = |id: &str| {
                let subnet = self.subnet_of(id);
                instances.iter().filter(|other| self.subnet_of(other) == subnet).count()
            };
            let launched = |id: &str| self.ec2.instances.get(id).map(|instance| instance.launched);
            let next = (0..instances.len()).max_by_key(|at| {
                let id = &instances[*at];
                let (stale, tasks) = (self.is_stale(id), Reverse(self.tasks_on(id)));
                (stale, tasks, in_zone(id), Reverse(launched(id)))
            });
            order.extend(next.map(|at| instances.swap_remove(at)));
        }
        order
    }

    fn member(&mut self, instance: &str) -> Option<(String, &mut Lifecycle)> {
        let mut groups = self.autoscaling.groups.iter_mut();
        groups.find_map(|(name, group)| Some((name.clone(), group.members.get_mut(instance)?)))
    }

    /// An instance runs.
    pub(in crate::sim) fn group_gained(&mut self, instance: &str) {
        if let Some((name, lifecycle)) = self.member(instance) {
            *lifecycle = Lifecycle::InService;
            self.fit_soon(&name);
        }
    }

    /// An instance is going, by whose doing ever.
    pub(in crate::sim) fn group_lost(&mut self, instance: &str) {
        if let Some((name, lifecycle)) = self.member(instance) {
            *lifecycle = Lifecycle::Terminating;
            self.fit_soon(&name);
        }
    }

    /// An instance is gone.
    pub(in crate::sim) fn group_forgets(&mut self, instance: &str) {
        if let Some((name, _)) = self.member(instance) {
            if let Some(group) = self.autoscaling.groups.get_mut(&name) {
                group.members.remove(instance);
            }
            self.fit_soon(&name);
        }
    }

    /// Whether the instance runs.
    #[must_use]
    pub fn runs(&self, instance: &str) -> bool {
        let instance = self.ec2.instances.get(instance);
        instance.is_some_and(|instance| instance.state == InstanceState::Running)
    }
}
