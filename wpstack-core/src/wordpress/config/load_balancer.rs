//! `[load_balancer]`

use super::flaw::Flaws;
use super::section::section;
use crate::value::Seconds;

section! {
    /// The load balancer that visitors reach.
    pub struct LoadBalancer {
        /// How long a connection may be silent before it is closed.
        pub idle_timeout: Seconds = "60s",
        /// How long a container that is being replaced may finish its requests.
        // AWS's own default of 300 s holds up every deployment; nothing outlasts the idle timeout
        // unless it sends data.
        pub deregistration_delay: Seconds = "60s",
    }
}

impl LoadBalancer {
    pub(super) fn flaws(&self, flaws: &mut Flaws) {
        let api = "a limit of Elastic Load Balancing";
        flaws.check_range(
            "load_balancer.idle_timeout",
            &self.idle_timeout,
            &(Seconds(1)..=Seconds(4000)),
            api,
        );
        flaws.check_range(
            "load_balancer.deregistration_delay",
            &self.deregistration_delay,
            &(Seconds(0)..=Seconds(3600)),
            api,
        );
    }
}
