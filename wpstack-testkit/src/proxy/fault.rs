//! What can be done to a call on its way, and to which calls.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::call::Protocol;
use super::wire::Message;

/// What happens to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// AWS refuses: the call is answered with this error and never reaches the emulator.
    Error(AwsError),
    /// The connection is reset before the call has had any effect.
    Reset,
    /// The call takes effect, and then the connection is reset: the client cannot know.
    LoseAnswer,
    /// The call takes that much longer.
    Delay(Duration),
}

/// An error in the words of AWS. It is written in the form of the service that was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// HTTP status.
    pub status: u16,
    /// The code on the wire.
    pub code: String,
    /// The sentence for people.
    pub message: String,
}

impl Fault {
    /// Any error.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Error(AwsError { status, code: code.to_owned(), message: message.to_owned() })
    }

    /// [EC2's throttling](https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
    pub fn request_limit_exceeded() -> Self {
        Self::error(503, "RequestLimitExceeded", "Request limit exceeded.")
    }

    /// Throttling of the query services: IAM, RDS, Elastic Load Balancing, Auto Scaling.
    pub fn throttling() -> Self {
        Self::error(400, "Throttling", "Rate exceeded")
    }

    /// Throttling of the JSON services: ECS, ECR, CloudWatch Logs, Secrets Manager.
    pub fn throttling_exception() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }
}

/// Which calls get which fault, and the latency of all.
///
/// ```
/// # use std::time::Duration;
/// # use wpstack_testkit::proxy::{Fault, Faults};
/// let faults = Faults::none()
///     .latency(Duration::from_millis(100))
///     .on("CreateVpc", 1..=2, Fault::request_limit_exceeded())
///     .on("CreateCluster", 1..=1, Fault::LoseAnswer);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Faults {
    latency: Duration,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    /// `None`: calls of any operation are counted.
    operation: Option<String>,
    calls: RangeInclusive<u64>,
    fault: Fault,
}

impl Faults {
    /// Passes everything on at once.
    pub fn none() -> Self {
        Self::default()
    }

    /// Delays every call by that much before it is passed on or answered.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Does `fault` to those calls of `operation`, counted from 1. The first rule that fits a call is used.
    #[must_use]
    pub fn on(mut self, operation: &str, calls: RangeInclusive<u64>, fault: Fault) -> Self {
        self.rules.push(Rule { operation: Some(operation.to_owned()), calls, fault });
        self
    }

    /// Does `fault` to those calls, counted from 1 over all operations.
    #[must_use]
    pub fn on_any(mut self, calls: RangeInclusive<u64>, fault: Fault) -> Self {
        self.rules.push(Rule { operation: None, calls, fault });
        self
    }
}

/// Faults, and how many calls they have seen.
#[derive(Debug)]
pub(super) struct Injector {
    faults: Faults,
    all: u64,
    each: HashMap<String, u64>,
}

impl Injector {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, all: 0, each: HashMap::new() }
    }

    /// Counts a call and says how long it is held up and what is done to it.
    pub(super) fn next(&mut self, operation: &str) -> (Duration, Option<Fault>) {
        self.all += 1;
        let each = self.each.entry(operation.to_owned()).or_default();
        *each += 1;
        let fits = |rule: &&Rule| match &rule.operation {
            Some(named) => named == operation && rule.calls.contains(each),
            None => rule.calls.contains(&self.all),
        };
        let fault = self.faults.rules.iter().find(fits).map(|rule| rule.fault.clone());
        (self.faults.latency, fault)
    }
}

/// An error in the form of one protocol.
pub(crate) struct Rendered {
    pub(crate) content_type: &'static str,
    pub(crate) request_id: &'static str,
    pub(crate) body: String,
}

impl AwsError {
    /// The whole answer.
    pub(super) fn answer(&self, protocol: Protocol) -> Message {
        let Rendered { content_type, request_id, body } = self.rendered(protocol);
        let headers = [("Content-Type", content_type), ("x-amzn-RequestId", request_id)];
        Message::answer(self.status, &headers, body)
    }

    pub(crate) fn rendered(&self, protocol: Protocol) -> Rendered {
        const ID: &str = "5d1f7a2e-0000-4000-8000-000000000000";
        let (code, message) = (escape(&self.code), escape(&self.message));
        let (content_type, body) = match protocol {
            Protocol::Ec2 => (
                "text/xml;charset=UTF-8",
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
                     </Errors><RequestID>{ID}</RequestID></Response>"
                ),
            ),
            Protocol::Query => (
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>{ID}</RequestId></ErrorResponse>"
                ),
            ),
            Protocol::S3 => (
                "application/xml",
                format!(
                    "<Error><Code>{code}</Code><Message>{message}</Message>\
                     <RequestId>{ID}</RequestId></Error>"
                ),
            ),
            Protocol::Json => (
                "application/x-amz-json-1.1",
                serde_json::json!({ "__type": self.code, "message": self.message }).to_string(),
            ),
        };
        Rendered { content_type, request_id: ID, body }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_calls_of_their_operation_or_of_all() {
        let faults = Faults::none()
            .on("A", 2..=3, Fault::Reset)
            .on_any(2..=2, Fault::LoseAnswer)
            .on("B", 1..=u64::MAX, Fault::throttling());
        let mut injector = Injector::new(faults);
        let seen: Vec<_> = ["A", "C", "A", "A", "A", "B", "B"]
            .iter()
            .map(|operation| injector.next(operation).1)
            .collect();
        let (reset, lose, throttle) =
            (Some(Fault::Reset), Some(Fault::LoseAnswer), Some(Fault::throttling()));
        assert_eq!(seen, [None, lose, reset.clone(), reset, None, throttle.clone(), throttle]);
    }

    #[test]
    fn xml_errors_stay_well_formed() {
        let error = AwsError { status: 400, code: "A".to_owned(), message: "a<b & c".to_owned() };
        let body = error.rendered(Protocol::Query).body;
        assert!(body.contains("<Message>a&lt;b &amp; c</Message>"), "{body}");
    }
}
