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
    /// AWS refuses because of the rate of calls, in the words of the service that was called.
    Throttle,
    /// The connection is reset before the call has had any effect.
    Reset,
    /// The call takes effect, and then the connection is reset: the client cannot know.
    LoseAnswer,
    /// The call takes effect, and the connection is reset in the middle of the answer.
    CutAnswer,
    /// The call takes effect, and is answered with this error all the same.
    ErrorAfter(AwsError),
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

    /// A failure of the service itself.
    pub fn internal() -> Self {
        Self::error(500, "InternalFailure", "The request processing has failed.")
    }

    /// A failure of the service itself, behind a call that took effect.
    pub fn internal_after() -> Self {
        Self::ErrorAfter(AwsError {
            status: 500,
            code: "InternalFailure".to_owned(),
            message: "The request processing has failed.".to_owned(),
        })
    }

    /// The error that the client is answered with, if it is.
    pub(super) fn refusal(&self, protocol: Protocol) -> Option<AwsError> {
        match self {
            Self::Error(error) | Self::ErrorAfter(error) => Some(error.clone()),
            Self::Throttle => match Self::throttling_of(protocol) {
                Self::Error(error) => Some(error),
                _ => None,
            },
            Self::Reset | Self::LoseAnswer | Self::CutAnswer | Self::Delay(_) => None,
        }
    }

    /// Whether the call reaches the emulator all the same.
    pub(super) fn takes_effect(&self) -> bool {
        match self {
            Self::Error(_) | Self::Throttle | Self::Reset => false,
            Self::LoseAnswer | Self::CutAnswer | Self::ErrorAfter(_) | Self::Delay(_) => true,
        }
    }

    fn throttling_of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Ec2 => Self::request_limit_exceeded(),
            Protocol::Query => Self::throttling(),
            Protocol::Json => Self::throttling_exception(),
            Protocol::S3 => Self::error(503, "SlowDown", "Please reduce your request rate."),
        }
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
    odds: Option<Odds>,
}

/// Faults by chance.
#[derive(Debug, Clone)]
struct Odds {
    seed: u64,
    /// Percent of all calls, and what happens to them.
    shares: Vec<(u8, Fault)>,
}

impl Odds {
    /// What happens to that call, counted from 1 over all operations.
    fn fault(&self, call: u64) -> Option<Fault> {
        let mut drawn = mix(self.seed ^ mix(call)) % 100;
        self.shares.iter().find_map(|(share, fault)| match drawn.checked_sub((*share).into()) {
            None => Some(fault.clone()),
            Some(rest) => {
                drawn = rest;
                None
            }
        })
    }
}

/// One step of SplitMix64: as good as chance, and the same everywhere.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
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

    /// Has the calls that no rule fits meet faults by chance: of each hundred, so many the one and so many the other.
    /// The same seed does the same to the first call, to the second, and so on, whatever they ask for.
    #[must_use]
    pub fn by_chance(mut self, seed: u64, shares: impl IntoIterator<Item = (u8, Fault)>) -> Self {
        self.odds = Some(Odds { seed, shares: shares.into_iter().collect() });
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
        let by_chance = || self.faults.odds.as_ref()?.fault(self.all);
        (self.faults.latency, fault.or_else(by_chance))
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
    fn chance_keeps_its_shares_and_repeats_itself() {
        let faults = Faults::none()
            .on("A", 1..=1, Fault::Reset)
            .by_chance(7, [(20, Fault::Throttle), (5, Fault::LoseAnswer)]);
        let draw = || {
            let mut injector = Injector::new(faults.clone());
            (0..2000).map(|_| injector.next("A").1).collect::<Vec<_>>()
        };
        let drawn = draw();
        let count = |fault: &Fault| drawn.iter().flatten().filter(|it| *it == fault).count();
        assert_eq!(drawn[0], Some(Fault::Reset), "rules go first");
        assert!((350..450).contains(&count(&Fault::Throttle)), "{}", count(&Fault::Throttle));
        assert!((70..130).contains(&count(&Fault::LoseAnswer)), "{}", count(&Fault::LoseAnswer));
        assert_eq!(drawn, draw());
    }

    #[test]
    fn every_service_is_throttled_in_its_own_words() {
        let codes = [Protocol::Ec2, Protocol::Query, Protocol::Json, Protocol::S3]
            .map(|protocol| Fault::Throttle.refusal(protocol).expect("a refusal").code);
        assert_eq!(
            codes,
            ["RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown"]
        );
    }

    #[test]
    fn xml_errors_stay_well_formed() {
        let error = AwsError { status: 400, code: "A".to_owned(), message: "a<b & c".to_owned() };
        let body = error.rendered(Protocol::Query).body;
        assert!(body.contains("<Message>a&lt;b &amp; c</Message>"), "{body}");
    }
}
