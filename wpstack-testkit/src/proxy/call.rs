//! What a request asks of AWS, read off its envelope.

use std::time::{Duration, Instant};

use super::fault::Fault;
use super::wire::Message;

/// One call that went through the proxy. Each attempt of an SDK retry is a call of its own.
#[derive(Debug, Clone)]
pub struct Call {
    /// The signing name: `ec2`, `iam`, `elasticloadbalancing`, `logs`, … or `unsigned`.
    pub service: String,
    /// As AWS spells it: `CreateVpc`. Services without named operations on the wire (S3) show the HTTP method.
    pub operation: String,
    /// What was sent: a form for the query services, JSON for most others.
    pub body: String,
    /// When the request had arrived in full.
    pub started: Instant,
    /// When the answer was ready to be sent, or the connection was cut.
    pub ended: Instant,
    /// The HTTP status the client was given; `None` if the connection was cut instead.
    pub status: Option<u16>,
    /// The fault that was injected, if any.
    pub fault: Option<Fault>,
}

impl Call {
    /// How long the client was kept waiting, the injected latency included.
    pub fn duration(&self) -> Duration {
        self.ended.saturating_duration_since(self.started)
    }

    /// Whether the client was told that the call worked.
    pub fn succeeded(&self) -> bool {
        matches!(self.status, Some(200..300))
    }
}

/// How a service writes its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `<Response><Errors><Error>`: EC2 alone.
    Ec2,
    /// `<ErrorResponse><Error>`: IAM, RDS, Elastic Load Balancing, Auto Scaling, STS, Route 53, CloudFront.
    Query,
    /// `__type`: ECS, ECR, CloudWatch Logs, Secrets Manager and the REST services that speak JSON.
    Json,
    /// `<Error>`: S3.
    S3,
}

/// The envelope of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) protocol: Protocol,
}

impl Envelope {
    pub(super) fn of(request: &Message) -> Self {
        let service = request.header("authorization").and_then(signing_name);
        let service = service.unwrap_or("unsigned").to_owned();
        if let Some(target) = request.header("x-amz-target") {
            let operation = target.rsplit('.').next().unwrap_or(target).to_owned();
            return Self { service, operation, protocol: Protocol::Json };
        }
        if let Some(action) = action(&request.body) {
            let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
            return Self { service, operation: action, protocol };
        }
        let protocol = match service.as_str() {
            "s3" => Protocol::S3,
            "route53" | "cloudfront" => Protocol::Query,
            _ => Protocol::Json,
        };
        Self { service, operation: request.method().to_owned(), protocol }
    }
}

/// The service in `… Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn signing_name(authorization: &str) -> Option<&str> {
    let (_, scope) = authorization.split_once("Credential=")?;
    scope.split(',').next()?.split('/').rev().nth(1)
}

fn action(form: &[u8]) -> Option<String> {
    let found = form.split(|byte| *byte == b'&').find_map(|pair| pair.strip_prefix(b"Action="))?;
    Some(String::from_utf8_lossy(found).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], body: &str, expected: (&str, &str, Protocol)) {
        let mut request = Message::answer(200, headers, body.to_owned());
        request.first_line = "PUT /bucket/key HTTP/1.1".to_owned();
        let (service, operation, protocol) = expected;
        let expected =
            Envelope { service: service.to_owned(), operation: operation.to_owned(), protocol };
        assert_eq!(Envelope::of(&request), expected);
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{service}/aws4_request, Signature=0"
        )
    }

    #[test]
    fn envelopes_name_service_and_operation() {
        let ec2 = signed("ec2");
        check(
            &[("Authorization", &ec2)],
            "Action=CreateVpc&Version=2016-11-15",
            ("ec2", "CreateVpc", Protocol::Ec2),
        );
        let iam = signed("iam");
        check(
            &[("authorization", &iam)],
            "Version=2010-05-08&Action=GetRole",
            ("iam", "GetRole", Protocol::Query),
        );
        let ecs = signed("ecs");
        let target = "AmazonEC2ContainerServiceV20141113.CreateCluster";
        check(
            &[("authorization", &ecs), ("x-amz-target", target)],
            "{}",
            ("ecs", "CreateCluster", Protocol::Json),
        );
        check(&[("authorization", &signed("s3"))], "x", ("s3", "PUT", Protocol::S3));
        check(&[], "Action=GetRole", ("unsigned", "GetRole", Protocol::Query));
    }
}
