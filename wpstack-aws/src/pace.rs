//! Between the SDK and the network: every call waits for its turn, so that AWS need not refuse it for its rate.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use wpstack_core::ErrorKind;
use wpstack_core::failure::classify;
use wpstack_core::rate::Limiter;

/// The client, behind the limiter. What is no call of a service, as a question for credentials, goes at once.
pub(crate) fn paced(client: SharedHttpClient, limiter: Limiter) -> SharedHttpClient {
    use aws_smithy_runtime_api::client::http::HttpClient;
    http_client_fn(move |settings, components| {
        let connector = client.http_connector(settings, components);
        SharedHttpConnector::new(Paced { connector, limiter: limiter.clone() })
    })
}

#[derive(Debug)]
struct Paced {
    connector: SharedHttpConnector,
    limiter: Limiter,
}

impl HttpConnector for Paced {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some((service, operation)) = name(&request) else {
            return self.connector.call(request);
        };
        let (connector, limiter) = (self.connector.clone(), self.limiter.clone());
        HttpConnectorFuture::new(async move {
            let turn = limiter.pass(&service, &operation).await;
            turn.map_err(|held| ConnectorError::other(held.into(), None))?;
            let answer = unread(connector.call(request).await?).await?;
            match code(&answer) {
                Some(code) if classify(&service, &operation, &code, "") == ErrorKind::Throttled => {
                    limiter.refused(&service, &operation, again_in(&answer));
                }
                _ => limiter.taken(&service, &operation),
            }
            Ok(answer)
        })
    }
}

/// The service, by its name in the engine's tables, and the operation: from what the request was signed for, and from
/// where each of the protocols says it.
fn name(request: &HttpRequest) -> Option<(String, String)> {
    // AWS4-HMAC-SHA256 Credential=AKIA…/20260101/eu-west-1/ec2/aws4_request, …
    let signed = request.headers().get("authorization")?.split_once("Credential=")?.1;
    let service = match signed.split('/').nth(3)? {
        "elasticloadbalancing" => "elb",
        service => service,
    };
    let operation = match request.headers().get("x-amz-target") {
        Some(target) => target.rsplit('.').next()?,
        None => {
            let form = std::str::from_utf8(request.body().bytes()?).ok()?;
            form.split('&').find_map(|pair| pair.strip_prefix("Action="))?
        }
    };
    Some((service.to_owned(), operation.to_owned()))
}

/// The answer, with the body of a refusal in memory, so that it can be read here and again by the SDK.
async fn unread(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    if answer.status().is_client_error() || answer.status().is_server_error() {
        let body = ByteStream::new(answer.take_body()).collect().await;
        let body = body.map_err(|error| ConnectorError::io(error.into()))?;
        *answer.body_mut() = SdkBody::from(body.into_bytes());
    }
    Ok(answer)
}

/// The code of a refusal, in XML or in JSON.
fn code(answer: &HttpResponse) -> Option<String> {
    if answer.status().is_success() {
        return None;
    }
    if answer.status().as_u16() == 429 {
        return Some("TooManyRequestsException".to_owned());
    }
    let body = std::str::from_utf8(answer.body().bytes()?).ok()?;
    if let Some((_, rest)) = body.split_once("<Code>") {
        return rest.split_once("</Code>").map(|(code, _)| code.trim().to_owned());
    }
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    // A namespace may stand before it, and where it is documented behind it.
    let code = body["__type"].as_str()?.rsplit('#').next()?;
    Some(code.split(':').next()?.to_owned())
}

fn again_in(answer: &HttpResponse) -> Option<Duration> {
    answer.headers().get("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::http::StatusCode;
    use futures::future::join_all;
    use wpstack_core::time::{Clock, SystemClock, VirtualClock, between, drive};

    use super::*;

    type Answers = Arc<Mutex<Vec<HttpResponse>>>;

    /// Gives the answers in turn, and then empty ones.
    #[derive(Debug)]
    struct Server(Answers);

    impl HttpConnector for Server {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let answer = self.0.lock().unwrap().pop();
            HttpConnectorFuture::ready(Ok(answer.unwrap_or_else(|| answered(200, ""))))
        }
    }

    fn answered(status: u16, body: &'static str) -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body))
    }

    fn request(service: &str, target: Option<&'static str>, body: &'static str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        let scope = format!("AKIA/20260101/eu-west-1/{service}/aws4_request");
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        request.headers_mut().insert("authorization", signed);
        if let Some(target) = target {
            request.headers_mut().insert("x-amz-target", target);
        }
        request
    }

    #[test]
    fn calls_are_known_by_service_and_operation() {
        #[track_caller]
        fn check(request: &HttpRequest, expected: Option<(&str, &str)>) {
            let expected = expected.map(|(service, name)| (service.to_owned(), name.to_owned()));
            assert_eq!(name(request), expected);
        }
        let form = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1";
        check(&request("ec2", None, form), Some(("ec2", "DescribeVpcs")));
        let form = "Action=CreateListener&Version=2015-12-01";
        check(&request("elasticloadbalancing", None, form), Some(("elb", "CreateListener")));
        let target = "AmazonEC2ContainerServiceV20141113.CreateCluster";
        check(&request("ecs", Some(target), "{}"), Some(("ecs", "CreateCluster")));
        check(&request("s3", None, "an object"), None);
        check(&HttpRequest::new(SdkBody::from("Action=GetRole")), None);
    }

    #[test]
    fn refusals_are_known_by_their_codes() {
        #[track_caller]
        fn check(status: u16, body: &'static str, expected: Option<&str>) {
            assert_eq!(code(&answered(status, body)).as_deref(), expected);
        }
        check(
            503,
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            Some("RequestLimitExceeded"),
        );
        check(
            400,
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            Some("ThrottlingException"),
        );
        check(
            400,
            r#"{"__type":"com.amazonaws.ecs#ThrottlingException:http://x/"}"#,
            Some("ThrottlingException"),
        );
        check(429, "", Some("TooManyRequestsException"));
        check(200, "<Code>Throttling</Code>", None);
        check(502, "no gateway", None);
    }

    /// Makes that many calls at once and returns how long they take.
    async fn took(
        count: usize,
        answers: Vec<HttpResponse>,
        requests: fn() -> HttpRequest,
    ) -> Duration {
        let clock = VirtualClock::starting_at(SystemClock.now());
        let limiter = Limiter::new(Arc::new(clock.clone()));
        let server = Server(Arc::new(Mutex::new(answers)));
        let paced = Paced { connector: SharedHttpConnector::new(server), limiter };
        let began = clock.now();
        let calls = join_all((0..count).map(|_| paced.call(requests())));
        let answers = drive(&clock, calls).await;
        assert!(answers.iter().all(Result::is_ok));
        between(began, clock.now())
    }

    fn creates_cluster() -> HttpRequest {
        request("ecs", Some("AmazonEC2ContainerServiceV20141113.CreateCluster"), "{}")
    }

    #[tokio::test]
    async fn calls_go_as_fast_as_aws_takes_them() {
        assert_eq!(took(28, vec![], creates_cluster).await, Duration::from_secs(10));
        assert_eq!(took(500, vec![], || request("s3", None, "")).await, Duration::ZERO);
    }

    #[tokio::test]
    async fn a_refusal_slows_those_behind_it_and_stays_readable() {
        let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
        let mut refusal = answered(400, body);
        refusal.headers_mut().insert("retry-after", "7");
        let clock = VirtualClock::starting_at(SystemClock.now());
        let limiter = Limiter::new(Arc::new(clock.clone()));
        let server = Server(Arc::new(Mutex::new(vec![refusal])));
        let paced = Paced { connector: SharedHttpConnector::new(server), limiter };
        let began = clock.now();
        let refused = drive(&clock, paced.call(creates_cluster())).await.unwrap();
        assert_eq!(refused.body().bytes(), Some(body.as_bytes()));
        drive(&clock, paced.call(creates_cluster())).await.unwrap();
        assert_eq!(between(began, clock.now()), Duration::from_secs(7));
    }
}
