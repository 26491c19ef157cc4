//! How many calls the account takes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::world::Refusal;
use crate::rate::figures::{Figures, class, is_read, per_second};
use crate::time::between;

/// The buckets of the account, filled to where they were at the last call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Buckets(BTreeMap<String, Bucket>);

/// One bucket. Counts in billionths of a token, so that a saved bucket fills exactly like one that was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    level: u64,
    at: Timestamp,
}

const TOKEN: u64 = 1_000_000_000;

impl Buckets {
    /// Takes a token for the call.
    ///
    /// # Errors
    /// The service's own throttling error when there is none.
    pub(super) fn charge(
        &mut self,
        service: &str,
        operation: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (name, figures) = bucket(service, operation);
        let full = figures.tokens * TOKEN;
        let bucket = self.0.entry(name);
        let bucket = bucket.or_insert(Bucket { level: full, at: now });
        let passed = between(bucket.at, now).as_nanos() as u64;
        bucket.level = full.min(bucket.level + (passed / 1000).saturating_mul(figures.refill));
        bucket.at = now;
        if bucket.level < TOKEN {
            return Err(throttled(service));
        }
        bucket.level -= TOKEN;
        Ok(())
    }
}

/// How the service says that it limits the rate.
pub(super) fn throttled(service: &str) -> Refusal {
    let (code, message) = match service {
        "ec2" => ("RequestLimitExceeded", "Request limit exceeded."),
        "iam" | "rds" | "elb" | "autoscaling" => ("Throttling", "Rate exceeded"),
        _ => ("ThrottlingException", "Rate exceeded"),
    };
    Refusal::new(code, message)
}

/// The bucket that a call draws from.
pub(super) fn bucket(service: &str, operation: &str) -> (String, Figures) {
    let class = class(service, operation);
    // Where AWS publishes nothing. One stack was never seen to reach it.
    let unpublished = if is_read(operation) { per_second(100, 20) } else { per_second(50, 10) };
    (format!("{service}.{}", class.name), class.figures.unwrap_or(unpublished))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_at_once_and_fills_slowly() {
        let mut buckets = Buckets::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut calls = |now, times: usize| {
            let charge = |_| buckets.charge("ec2", "RunInstances", now).is_ok();
            (0..times).map(charge).filter(|taken| *taken).count()
        };
        assert_eq!(calls(now, 9), 5);
        now += Duration::from_secs(1);
        assert_eq!(calls(now, 9), 2);
        now += Duration::from_secs(3600);
        assert_eq!(calls(now, 9), 5);
    }
}
