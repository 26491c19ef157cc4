//! What a cloud refuses, and what to make of it.

mod table;

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::legible;

pub use table::{ROWS, Row, classify};

/// A call that did not do what was asked.
///
/// `Display` is one fragment without the source; its [`kind`](Details::kind) says what to do about it.
#[derive(Debug, Error)]
#[error("{}", self.fragment())]
pub struct ProviderError {
    details: Box<Details>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is known of a failed call. A [`ProviderError`] dereferences to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What to do about it.
    pub kind: ErrorKind,
    /// The AWS service, as in `ec2`.
    pub service: &'static str,
    /// The operation, as in `CreateVpc`.
    pub operation: &'static str,
    /// AWS's error code, if AWS answered with one.
    pub code: Option<String>,
    /// AWS's message, or what is wrong in our own words.
    pub message: String,
    /// AWS's id of the request, for its support.
    pub request_id: Option<String>,
}

impl Deref for ProviderError {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.details
    }
}

/// What to do about a failed call. Only the engine acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// AWS limits the rate: slow down and repeat.
    Throttled,
    /// Something made a moment ago is not visible everywhere yet: repeat.
    NotYetVisible,
    /// The object, or something that uses it, is still changing or going away: repeat.
    StillInUse,
    /// The service failed, or the answer was lost. The call may have taken effect: look, then repeat.
    Unclear,
    /// An object of that name is there.
    AlreadyExists,
    /// The object is not there.
    NotFound,
    /// The credentials lack a permission.
    Denied,
    /// A quota of the account is used up.
    Quota,
    /// Protected against deletion.
    Protected,
    /// No credentials, region or network: nothing was sent.
    Unreachable,
    /// AWS will not do it, whatever one repeats.
    Refused,
    /// AWS's answer lacks something that it always has, or a record does not fit its type.
    Unexpected,
}

impl ErrorKind {
    /// How the engine repeats a call that failed so; `None` when repeating is no use.
    #[must_use]
    pub fn retry(self) -> Option<Retry> {
        let retry = |first_ms, longest, patience| {
            Some(Retry {
                first: Duration::from_millis(first_ms),
                longest: Duration::from_secs(longest),
                patience: Duration::from_secs(patience),
            })
        };
        match self {
            Self::Throttled => retry(500, 20, 15 * 60),
            // Roles were seen to take from 3 to some 35 s to become visible (eksctl-io/eksctl#8039); the AWS
            // provider of Terraform gives them two minutes.
            Self::NotYetVisible => retry(1_000, 10, 3 * 60),
            // Network interfaces leave minutes after their load balancer (hashicorp/terraform#3758).
            Self::StillInUse => retry(2_000, 15, 20 * 60),
            Self::Unclear => retry(500, 20, 2 * 60),
            Self::AlreadyExists
            | Self::NotFound
            | Self::Denied
            | Self::Quota
            | Self::Protected
            | Self::Unreachable
            | Self::Refused
            | Self::Unexpected => None,
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Throttled => "the account is busy: run the same command again in some minutes",
            Self::NotYetVisible => {
                "AWS has not made a fresh object visible in time: run the same command again"
            }
            Self::StillInUse => {
                "find what still uses the object in the AWS console, then run again"
            }
            Self::Unclear => {
                "run the same command again: what the call may have made is looked for and adopted"
            }
            Self::AlreadyExists => {
                "choose another stack name, or delete the foreign object if nobody needs it"
            }
            Self::NotFound => "run `wpstack refresh`, then `wpstack plan`",
            Self::Denied => "ask for the permission that the message names, then run again",
            Self::Quota => {
                "delete what is not needed or raise the quota in Service Quotas, then run again"
            }
            Self::Protected => {
                "if it really is to go with all that it holds, say so: `--allow-data-loss` and its address"
            }
            Self::Unreachable => {
                "check the credentials (`aws sts get-caller-identity`), the region and the network; \
                 `--cloud sim` tries everything without an account"
            }
            Self::Refused => "change what the message names in the configuration, then run again",
            Self::Unexpected => "run again with -v and report what it prints",
        }
    }
}

/// How a call is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first pause; each further one doubles.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// When to give up.
    pub patience: Duration,
}

impl ProviderError {
    /// AWS's answer to a call, classified by service and code.
    #[must_use]
    pub fn answer(
        service: &'static str,
        operation: &'static str,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        let kind = classify(service, operation, code, &message);
        let code = Some(code.to_owned());
        Self::from(Details { kind, service, operation, code, message, request_id: None })
    }

    /// A failure of our own finding.
    #[must_use]
    pub fn new(
        kind: ErrorKind,
        service: &'static str,
        operation: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Self::from(Details { kind, service, operation, code: None, message, request_id: None })
    }

    /// An answer without something that it always has.
    #[must_use]
    pub fn missing(service: &'static str, operation: &'static str, what: &str) -> Self {
        let message = format!("the answer lacks {what}");
        Self::new(ErrorKind::Unexpected, service, operation, message)
    }

    /// With AWS's request id.
    #[must_use]
    pub fn request_id(mut self, id: Option<&str>) -> Self {
        self.details.request_id = id.map(str::to_owned);
        self
    }

    /// With the error that caused it.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether AWS says that the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// For an object that AWS has just made: "it is not there" can only mean that it is not there everywhere.
    pub(crate) fn of_fresh_object(mut self) -> Self {
        if self.details.kind == ErrorKind::NotFound {
            self.details.kind = ErrorKind::NotYetVisible;
        }
        self
    }

    fn fragment(&self) -> String {
        let Details { service, operation, message, code, request_id, .. } = &*self.details;
        let mut parts = vec![format!("{service} {operation} failed")];
        // All of these are what a server chose to send.
        parts.extend(code.as_ref().map(|code| format!(" with {}", legible(code))));
        if !message.is_empty() {
            parts.push(format!(": {}", legible(message)));
        }
        parts.extend(request_id.as_ref().map(|id| format!(" (request {})", legible(id))));
        parts.concat()
    }
}

impl From<Details> for ProviderError {
    fn from(details: Details) -> Self {
        Self { details: Box::new(details), source: None }
    }
}

/// Treats "it is not there" as the success that it is for a delete.
pub trait Gone<T> {
    /// `Ok(None)` when the object is not there.
    ///
    /// # Errors
    /// Every other failure, unchanged.
    fn gone(self) -> Result<Option<T>, ProviderError>;
}

impl<T> Gone<T> for Result<T, ProviderError> {
    fn gone(self) -> Result<Option<T>, ProviderError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Prints an error with its sources, as `what failed: why: why that`.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
