//! Requests to AWS Secrets Manager.

mod secret;
