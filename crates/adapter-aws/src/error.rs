//! From the SDK's errors to the ports'. Every adapter of this crate translates here and nowhere else.

mod table;
mod transport;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use ports::{Error, ErrorKind, Retry};

/// Which call failed, and on what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    /// The port's operation: `queue.receive`.
    pub(crate) operation: &'static str,
    /// AWS's permission for it: `sqs:ReceiveMessage`.
    pub(crate) permission: &'static str,
    /// The queue, bucket or table, as people know it.
    pub(crate) what: &'c str,
}

impl Call<'_> {
    /// An error of this call, with the resource named before the advice.
    pub(crate) fn error(&self, kind: ErrorKind, advice: &str) -> Error {
        Error::new(kind, self.operation).detail(format!("{}: {advice}", self.what))
    }

    /// What an error of the SDK means.
    pub(crate) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let translated = match &error {
            SdkError::ServiceError(service) => {
                self.refused(service.err().code(), service.raw().status().as_u16())
            }
            SdkError::TimeoutError(_) => self.error(ErrorKind::Timeout, transport::SLOW),
            // The answer came and cannot be read: what was asked may have been done.
            SdkError::ResponseError(_) => {
                self.error(ErrorKind::Unavailable, transport::GARBLED).retry_with(Retry::Unknown)
            }
            // Nothing was sent, or the outcome is unknown.
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => self.not_sent(&error),
            _ => self.error(ErrorKind::Unavailable, "the SDK failed").retry_with(Retry::Unknown),
        };
        // The response stays behind: it holds a raw body.
        match error.into_source() {
            Ok(source) => translated.source(source),
            Err(_) => translated,
        }
    }

    /// What an answer with an error's code and HTTP status means.
    pub(crate) fn refused(&self, code: Option<&str>, status: u16) -> Error {
        let meaning = table::meaning(code, status);
        let advice = meaning.advice.replace("{permission}", self.permission);
        let error = self.error(
            meaning.kind,
            &match code {
                Some(code) => format!("{advice} ({code})"),
                None => format!("{advice} (HTTP {status})"),
            },
        );
        match meaning.retry {
            Some(retry) => error.retry_with(retry),
            None => error,
        }
    }

    fn not_sent<E: std::error::Error + 'static>(&self, error: &SdkError<E, HttpResponse>) -> Error {
        let meaning = transport::meaning(error);
        let error = self.error(meaning.kind, meaning.advice);
        match meaning.retry {
            Some(retry) => error.retry_with(retry),
            None => error,
        }
    }
}

/// What an error means, whatever call it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meaning {
    kind: ErrorKind,
    /// What the reader can do.
    advice: &'static str,
    /// Other than the kind's usual.
    retry: Option<Retry>,
}

/// The code of a service's error, if it is one.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// The HTTP status of an answer, if one came.
pub(crate) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|r| r.status().as_u16())
}
