//! `[instances]`

use super::flaw::Flaws;
use super::section::section;
use super::service::Service;
use crate::value::{Gibibytes, InstanceType, Mebibytes};

section! {
    /// The EC2 instances that containers run on.
    pub struct Instances {
        /// Type of each instance.
        // Not t2.micro, whose 1 GiB holds one task of 512 MiB and not the second one that a rolling
        // deployment starts (defect 17).
        pub instance_type as "type": InstanceType = "t3.small",
        /// Fewest instances at any time.
        pub min: u32 = 1,
        /// Instances to begin with; ECS changes the number as tasks need room.
        pub desired: u32 = 2,
        /// Most instances at any time.
        #[schemars(range(min = 1))]
        pub max: u32 = 3,
        /// Size of each instance's encrypted root volume, 30 GiB or more.
        // Not 25 GiB: the image of Amazon Linux 2023 for ECS needs 30 (defect 8 was an image that is
        // no longer maintained).
        pub volume: Gibibytes = "30 GiB",
    }
}

impl Instances {
    /// The memory of one instance that ECS can give to tasks, as far as it is known for the type.
    ///
    /// The kernel takes a share that grows with the machine. This is a cautious figure: instances
    /// register a few percent more.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html>
    #[must_use]
    pub fn task_memory(&self) -> Option<Mebibytes> {
        let Mebibytes(memory) = self.instance_type.memory()?;
        Some(Mebibytes(memory - memory / 16 - 64))
    }

    /// How many tasks of the service have room on one instance, as far as it is known for the type.
    #[must_use]
    pub fn tasks_each(&self, service: &Service) -> Option<u32> {
        let by_memory = self.task_memory()?.0 / service.memory.0.max(1);
        let by_cpu = self.instance_type.cpu()?.0 / service.cpu.0.max(1);
        Some(by_memory.min(by_cpu))
    }

    pub(super) fn flaws(&self, service: &Service, flaws: &mut Flaws) {
        self.count_flaws(flaws);
        self.room_flaws(service, flaws);
        flaws.check_range(
            "instances.volume",
            &self.volume,
            &(Gibibytes(30)..=Gibibytes(16_384)),
            "the machine image for ECS needs 30 GiB, and gp3 volumes have 16 TiB at most",
        );
    }

    fn count_flaws(&self, flaws: &mut Flaws) {
        let Self { min, desired, max, .. } = *self;
        if max == 0 {
            let help = "write 1 or more: ECS takes no group of instances that cannot have any";
            flaws.add(&["instances.max"], "there would never be an instance", help);
        } else if min > max {
            let message = format!("the fewest instances ({min}) are more than the most ({max})");
            let help = "`desired` must be at least `min` and at most `max`";
            flaws.add(&["instances.min", "instances.max"], message, help);
        } else if !(min..=max).contains(&desired) {
            let message =
                format!("{desired} instances are not from `min` ({min}) to `max` ({max})");
            let help = "`desired` must be at least `min` and at most `max`";
            flaws.add(&["instances.desired", "instances.min", "instances.max"], message, help);
        }
    }

    /// While a deployment rolls, the new tasks run beside the old ones (defect 17).
    fn room_flaws(&self, service: &Service, flaws: &mut Flaws) {
        let Some(each) = self.tasks_each(service) else { return };
        let (machine, cpu, memory) = (&self.instance_type, service.cpu, service.memory);
        let keys = ["service.memory", "service.cpu", "instances.type"];
        let both = u64::from(service.tasks) * 2;
        let room = u64::from(each) * u64::from(self.max);
        if service.tasks == 0 || self.max == 0 {
            // Nothing to place, or a flaw already.
        } else if each == 0 {
            let message = format!("a task of {memory} and {cpu} does not fit on a {machine}");
            let free = self.task_memory().unwrap_or_default();
            let units = self.instance_type.cpu().unwrap_or_default();
            let help = format!(
                "it leaves about {free} and {units} to tasks; write less, or a larger type"
            );
            flaws.add(&keys, message, help);
        } else if room < both {
            let max = self.max;
            let message = format!(
                "{both} tasks must fit while a deployment rolls, and {max} x {machine} has room for \
                 {room}"
            );
            let help = "raise `instances.max`, write a larger `type`, or less memory or CPU for a \
                        task";
            let keys = ["instances.max", "instances.type", "service.tasks", keys[0], keys[1]];
            flaws.add(&keys, message, help);
        }
    }
}
