//! What the result of a call means.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use wpstack_core::failure::{Details, classify};
use wpstack_core::rate::Held;
use wpstack_core::{ErrorKind, ProviderError};

/// Turns the SDK's result of a call into the engine's.
///
/// ```no_run
/// # use wpstack_aws::{Aws, call::Call};
/// # async fn example(aws: &Aws) -> Result<(), wpstack_core::ProviderError> {
/// let answer = aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.call("ec2", "CreateVpc")?;
/// # Ok(()) }
/// ```
pub trait Call<T> {
    /// The answer to the call of `operation`, or what its failure means.
    ///
    /// The service goes by the name it has in [`wpstack_core::failure::ROWS`], the operation by its name in the API.
    ///
    /// # Errors
    /// - an error that the service answered with: as the table says. An answer of 500 and up that the table does not
    ///   know is [`ErrorKind::Unclear`].
    /// - no answer: [`ErrorKind::Unreachable`] if nothing was sent, else [`ErrorKind::Unclear`].
    fn call(self, service: &'static str, operation: &'static str) -> Result<T, ProviderError>;
}

impl<T, E> Call<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn call(self, service: &'static str, operation: &'static str) -> Result<T, ProviderError> {
        debug_assert!(
            std::any::type_name::<E>()
                .to_lowercase()
                .ends_with(&format!("::{operation}error").to_lowercase()),
            "an {} is called an error of {operation}",
            std::any::type_name::<E>()
        );
        self.map_err(|error| match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                refusal(service, operation, status, answer.err().meta())
            }
            unanswered => {
                let (kind, message) = meaning(&unanswered);
                ProviderError::new(kind, service, operation, message).source(unanswered)
            }
        })
    }
}

/// What an error means that the service answered with. Its code, message and id are all there is to it.
fn refusal(
    service: &'static str,
    operation: &'static str,
    status: u16,
    answer: &aws_smithy_types::error::ErrorMetadata,
) -> ProviderError {
    let code = answer.code().map_or_else(|| format!("Http{status}"), str::to_owned);
    let message = answer.message().unwrap_or_default().to_owned();
    let kind = match classify(service, operation, &code, &message) {
        // Refusals that nobody knows: those of the server are no judgement of the request.
        ErrorKind::Refused if status >= 500 => ErrorKind::Unclear,
        known => known,
    };
    let request_id = answer.request_id().map(str::to_owned);
    Details { kind, service, operation, code: Some(code), message, request_id }.into()
}

/// What it means that there is no answer.
fn meaning<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> (ErrorKind, &'static str) {
    match error {
        SdkError::ConstructionFailure(_) => {
            (ErrorKind::Unexpected, "the request could not be made")
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unclear, "no answer came in time"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            (ErrorKind::Unclear, "no answer came in time")
        }
        SdkError::DispatchFailure(_) if is_in_chain(error, |error| error.is::<Held>()) => {
            (ErrorKind::Throttled, "the call was not made")
        }
        SdkError::DispatchFailure(_) if is_in_chain(error, is_credentials) => {
            (ErrorKind::Unreachable, "no credentials were found")
        }
        SdkError::DispatchFailure(_) if is_in_chain(error, is_unconnected) => {
            (ErrorKind::Unreachable, "nothing was reached at the address of the service")
        }
        SdkError::ResponseError(_) => (ErrorKind::Unclear, "the answer is unreadable"),
        _ => (ErrorKind::Unclear, "the connection broke before an answer came"),
    }
}

fn is_in_chain(error: &(dyn Error + 'static), is: fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if is(error) {
            return true;
        }
        next = error.source();
    }
    false
}

fn is_credentials(error: &(dyn Error + 'static)) -> bool {
    error.is::<CredentialsError>()
}

/// Whether no connection came about: refused, no route, or no such host.
fn is_unconnected(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let told = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(told, Some(ConnectionRefused | HostUnreachable | NetworkUnreachable))
        // The resolver's failure has no type that one could name.
        || error.to_string().starts_with("dns error")
}

/// Insists on a part of an answer that the SDK types as optional and AWS always gives.
pub trait Told<T> {
    /// The part, called `what` where it is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] when it is missing.
    fn told(
        self,
        service: &'static str,
        operation: &'static str,
        what: &str,
    ) -> Result<T, ProviderError>;
}

impl<T> Told<T> for Option<T> {
    fn told(
        self,
        service: &'static str,
        operation: &'static str,
        what: &str,
    ) -> Result<T, ProviderError> {
        self.ok_or_else(|| ProviderError::missing(service, operation, what))
    }
}
