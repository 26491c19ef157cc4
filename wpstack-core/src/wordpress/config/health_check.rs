//! `[health_check]`

use super::flaw::Flaws;
use super::section::section;
use crate::value::{Seconds, StatusCodes, UrlPath};

section! {
    /// How the load balancer finds out whether a container is healthy.
    pub struct HealthCheck {
        /// Path to ask for: one that answers 200 without redirect and without the database.
        ///
        /// Unless given: a picture that every WordPress has. It answers 200 before and after the
        /// installation, and whoever made the image. A path that PHP answers would fail while the site
        /// is merely busy, and one that needs the database would have every container replaced while
        /// the database is away for a minute.
        // Not `/`: before the installation it redirects to the installer, after it possibly to
        // HTTPS or another host, so it is healthy only if redirects count as healthy (defect 15).
        pub path: Option<UrlPath> = None,
        /// Status codes that count as healthy, such as `200` or `200-299`.
        // Not 200-399: a loop of redirects is not healthy (defect 15).
        pub codes: StatusCodes = "200",
        /// Time between two checks.
        pub interval: Seconds = "30s",
        /// How long an answer may take, less than the interval.
        pub timeout: Seconds = "5s",
        /// Good answers in a row that make a container healthy, 2 to 10.
        // AWS's own default is 5, which keeps a new container waiting for two minutes and a half.
        #[schemars(range(min = 2, max = 10))]
        pub healthy: u32 = 2,
        /// Bad answers in a row that make it unhealthy, 2 to 10.
        #[schemars(range(min = 2, max = 10))]
        pub unhealthy: u32 = 3,
    }
}

impl HealthCheck {
    pub(super) fn flaws(&self, flaws: &mut Flaws) {
        let api = "a limit of Elastic Load Balancing";
        let seconds = |first, last| Seconds(first)..=Seconds(last);
        flaws.check_range("health_check.interval", &self.interval, &seconds(5, 300), api);
        flaws.check_range("health_check.timeout", &self.timeout, &seconds(2, 120), api);
        flaws.check_range("health_check.healthy", &self.healthy, &(2..=10), api);
        flaws.check_range("health_check.unhealthy", &self.unhealthy, &(2..=10), api);
        if self.timeout >= self.interval {
            let message = format!(
                "a check may take {}, and the next one starts after {}",
                self.timeout, self.interval
            );
            let keys = ["health_check.timeout", "health_check.interval"];
            flaws.add(&keys, message, "the timeout must be less than the interval");
        }
    }
}
