//! Managed scaling: how many instances the tasks need.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Due, TaskStatus};
use crate::sim::world::World;
use crate::value::{CpuUnits, Mebibytes};

/// How often a capacity provider looks.
const EVERY: Duration = Duration::from_secs(60);

/// How many times in a row fewer instances must have been enough before some go.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html>
const PATIENCE: u32 = 15;

/// Processor time and memory.
type Room = (u32, u32);

impl World {
    pub(super) fn scale_later(&mut self, provider: &str) {
        self.schedule(EVERY, Due::Scale { provider: provider.to_owned() }.into());
    }

    /// Brings the group to as many instances as the tasks need.
    pub(super) fn scale(&mut self, name: &str) {
        if !self.ecs.capacity_providers.contains_key(name) {
            return;
        }
        self.scale_later(name);
        let Some(provider) = self.ecs.capacity_providers.get(name) else {
            return;
        };
        let mut groups = self.autoscaling.groups.iter();
        let group = groups.find(|(_, group)| group.arn == provider.group);
        let cluster = self.ecs.clusters.values().any(|it| it.providers.contains(name));
        let Some((group_name, group)) = group.filter(|_| cluster) else {
            return;
        };
        let (desired, idle) = (group.desired, self.ecs.capacity_providers[name].idle);
        let needed = u32::try_from(self.instances_needed(name, group_name)).unwrap_or(u32::MAX);
        let wanted = needed.clamp(group.min, group.max);
        let group_name = group_name.clone();
        let (idle, change) = if wanted > desired {
            (0, true)
        } else if wanted < desired {
            (idle + 1, idle + 1 >= PATIENCE)
        } else {
            (0, false)
        };
        if change {
            // A group that is being deleted takes no change.
            drop(self.change_group(&group_name, |group| group.desired = wanted));
        }
        if let Some(provider) = self.ecs.capacity_providers.get_mut(name) {
            provider.idle = idle;
        }
    }

    /// The instances that have tasks, and those that tasks wait for.
    fn instances_needed(&self, provider: &str, group: &str) -> usize {
        let Some(group) = self.autoscaling.groups.get(group) else {
            return 0;
        };
        let busy = group.members.keys().filter(|id| self.tasks_on(id) > 0).count();
        let template = self.ec2.launch_templates.get(&group.template);
        let machine = template.and_then(|it| it.versions.get(&group.version));
        let machine = machine.map(|data| &data.instance_type);
        let cpu = machine.and_then(|it| it.cpu()).unwrap_or(CpuUnits(2048)).0;
        let memory = machine.and_then(|it| it.memory()).unwrap_or(Mebibytes(2048)).0;
        let room = (cpu, memory - memory / 16 - 64);
        // First fit onto empty machines.
        let mut machines: Vec<Room> = Vec::new();
        for (cpu, memory) in self.waiting(provider) {
            let fitting =
                machines.iter_mut().find(|(cpu_left, left)| *cpu_left >= cpu && *left >= memory);
            match fitting {
                Some((cpu_left, left)) => (*cpu_left, *left) = (*cpu_left - cpu, *left - memory),
                None => machines.push((room.0.saturating_sub(cpu), room.1.saturating_sub(memory))),
            }
        }
        busy + machines.len()
    }

    /// What the tasks need that wait for room with the provider.
    fn waiting(&self, provider: &str) -> Vec<Room> {
        let ecs = &self.ecs;
        let waits = ecs.tasks.values().filter(|task| {
            let service = ecs.services.get(&task.service);
            task.status == TaskStatus::Provisioning
                && service.is_some_and(|it| it.capacity.iter().any(|it| it == provider))
        });
        let needs = waits.filter_map(|task| {
            let (CpuUnits(cpu), Mebibytes(memory)) =
                ecs.task_definitions.get(&task.definition)?.reserves();
            Some((cpu, memory))
        });
        needs.collect()
    }

    /// How many tasks are on an instance.
    pub(in crate::sim) fn tasks_on(&self, instance: &str) -> usize {
        let tasks = self.ecs.tasks.values();
        let on_it = |task: &&super::Task| {
            task.instance.as_deref() == Some(instance) && task.status != TaskStatus::Stopped
        };
        tasks.filter(on_it).count()
    }

    /// What is left of an instance.
    pub(super) fn room_on(&self, instance: &str, whole: Room) -> Room {
        let tasks = self.ecs.tasks.values().filter(|task| {
            task.instance.as_deref() == Some(instance) && task.status != TaskStatus::Stopped
        });
        tasks.fold(whole, |(cpu, memory), task| {
            let definition = self.ecs.task_definitions.get(&task.definition);
            let (needs_cpu, needs_memory) = definition.map(|it| it.reserves()).unwrap_or_default();
            (cpu.saturating_sub(needs_cpu.0), memory.saturating_sub(needs_memory.0))
        })
    }

    /// The instance with room for a task of a service, by the fewest tasks; or what is in the way.
    pub(super) fn find_room(
        &self,
        cluster: &str,
        capacity: &[String],
        needs: Room,
    ) -> Result<String, String> {
        let groups: Vec<_> = capacity
            .iter()
            .filter_map(|name| Some(&self.ecs.capacity_providers.get(name)?.group))
            .collect();
        let members = self.autoscaling.groups.values().filter(|it| groups.contains(&&it.arn));
        let members: BTreeMap<_, _> = members.flat_map(|group| &group.members).collect();
        let usable = self.container_instances(cluster);
        let usable: Vec<_> = usable
            .filter(|(id, _)| members.contains_key(&(*id).to_owned()) && self.runs(id))
            .collect();
        if usable.is_empty() {
            return Err("No Container Instances were found in your capacity provider.".to_owned());
        }
        let (mut most, mut best) = ((0, 0), None);
        for (id, instance) in usable {
            let (cpu, memory) = self.room_on(id, (instance.cpu.0, instance.memory.0));
            most = (cpu.max(most.0), memory.max(most.1));
            let tasks = self.tasks_on(id);
            if cpu >= needs.0 && memory >= needs.1 && best.is_none_or(|(fewest, _)| tasks < fewest)
            {
                best = Some((tasks, id));
            }
        }
        match best {
            Some((_, id)) => Ok(id.to_owned()),
            None => {
                let what = if most.0 < needs.0 { "CPU units" } else { "memory" };
                Err(format!(
                    "The closest matching container-instance has insufficient {what} available."
                ))
            }
        }
    }
}
