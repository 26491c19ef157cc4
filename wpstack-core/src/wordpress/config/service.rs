//! `[service]`

use super::Image;
use super::flaw::Flaws;
use super::section::section;
use crate::image::contract;
use crate::value::{CpuUnits, Mebibytes, Port, Seconds};

section! {
    /// The service that keeps WordPress containers running.
    pub struct Service {
        /// Number of WordPress containers: 1, or 0 to pause the site.
        // More than one needs a web root that they share: each has its own, so that uploads would
        // differ between them (defect 16).
        #[schemars(range(max = 1))]
        pub tasks: u32 = 1,
        /// Processor time of each, of which 1024 is one vCPU.
        pub cpu: CpuUnits = "512",
        /// Memory of each, which it may not exceed.
        pub memory: Mebibytes = "512 MiB",
        /// Port that the container serves HTTP on.
        ///
        /// Unless given: 8080 for an image that wpstack builds, 80 for others.
        pub port: Option<Port> = None,
        /// How long a new container may fail health checks before it is replaced.
        // The old system had none, so a container that was slow to start was killed while it
        // started (defect 18).
        pub grace_period: Seconds = "120s",
    }
}

impl Service {
    pub(super) fn flaws(&self, image: &Image, flaws: &mut Flaws) {
        if let Some(port) = self.port.filter(|port| image.is_built() && *port != contract::PORT) {
            let message = format!("an image that wpstack builds does not listen on port {port}");
            let help = format!("remove `port`: such an image listens on {}", contract::PORT);
            flaws.add(&["service.port"], message, help);
        }
        if self.tasks > 1 {
            let message = format!("{} tasks would not see each other's uploads", self.tasks);
            let help = "keep it at 1: uploads are in a volume of the instance, and what is \
                        uploaded to one task would be missing on the others";
            flaws.add(&["service.tasks"], message, help);
        }
        flaws.check_range(
            "service.cpu",
            &self.cpu,
            &(CpuUnits(128)..=CpuUnits(196_608)),
            "1024 units are one vCPU, and ECS takes an eighth or more",
        );
        if self.memory < Mebibytes(6) {
            let message = format!("{} is too little for a container", self.memory);
            flaws.add(&["service.memory"], message, "Docker needs 6 MiB, and WordPress about 256");
        }
        if self.grace_period > Seconds(i32::MAX.unsigned_abs()) {
            let message = format!("{} is longer than ECS takes", self.grace_period);
            flaws.add(&["service.grace_period"], message, "write a few minutes");
        }
    }
}
