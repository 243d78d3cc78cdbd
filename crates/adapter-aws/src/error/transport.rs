//! What went wrong before an answer came.

use std::error::Error as StdError;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use ports::{ErrorKind, Retry};

use super::Meaning;

pub(super) const SLOW: &str = "no answer in time; it may have been done all the same";
pub(super) const GARBLED: &str = "the answer cannot be read; is that address AWS's, or a proxy's?";

const fn unreachable(advice: &'static str) -> Meaning {
    Meaning { kind: ErrorKind::Unavailable, advice, retry: None }
}

const NO_CREDENTIALS: Meaning = Meaning {
    kind: ErrorKind::Denied,
    advice: "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the instance a role",
    retry: None,
};
const TLS: Meaning = unreachable(
    "the server's certificate is not trusted, or it speaks no TLS: check AWS_ENDPOINT_URL and the machine's root certificates",
);
const REFUSED: Meaning =
    unreachable("nothing listens at the address: is it up? check AWS_ENDPOINT_URL and AWS_REGION");
const NO_HOST: Meaning =
    unreachable("the host name cannot be resolved: check AWS_ENDPOINT_URL, AWS_REGION and the name servers");
const NO_CONNECTION: Meaning =
    unreachable("no connection in time: check AWS_ENDPOINT_URL, firewalls and the network");
const LOST: Meaning = Meaning {
    kind: ErrorKind::Unavailable,
    advice: "the connection broke before an answer came",
    retry: Some(Retry::Unknown),
};
const UNANSWERED: Meaning = Meaning { kind: ErrorKind::Timeout, advice: SLOW, retry: None };
/// The SDK could not make it: its settings are wrong as a rule, and not what was asked.
const UNUSABLE: Meaning = Meaning {
    kind: ErrorKind::Invalid,
    advice: "the request cannot be made",
    retry: Some(Retry::After(None)),
};

/// What the chain of causes says.
pub(super) fn meaning<E: StdError + 'static>(error: &SdkError<E, HttpResponse>) -> Meaning {
    let causes = || chain(error);
    if causes().any(|e| e.is::<CredentialsError>()) {
        return NO_CREDENTIALS;
    }
    if causes().any(is_tls) {
        return TLS;
    }
    if let Some(meaning) = causes().filter_map(|e| e.downcast_ref::<io::Error>()).find_map(from_io) {
        return meaning;
    }
    let says = |part: &str| causes().any(|e| e.to_string().contains(part));
    match error {
        // The SDK hides the type of these.
        _ if says("connect timeout") => NO_CONNECTION,
        _ if says("dns error") || says("failed to lookup") => NO_HOST,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => UNANSWERED,
        SdkError::DispatchFailure(failure) if failure.is_user() => UNUSABLE,
        SdkError::ConstructionFailure(_) => UNUSABLE,
        _ => LOST,
    }
}

fn from_io(error: &io::Error) -> Option<Meaning> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(REFUSED),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(NO_CONNECTION),
        _ => None,
    }
}

/// An error of the TLS layer, which comes as the content of an I/O error.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inside.is_some_and(|e| e.is::<rustls::Error>())
}

fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e| cause(*e))
}

fn cause<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    // An I/O error's own source skips what it holds.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;

    type Failure = SdkError<io::Error, HttpResponse>;

    #[test]
    fn what_lies_deep_is_found() {
        let broken = io::Error::other(io::Error::other(rustls::Error::General("x".to_owned())));
        let table: [(Failure, Meaning); 5] = [
            (SdkError::construction_failure(CredentialsError::not_loaded("none")), NO_CREDENTIALS),
            (
                SdkError::dispatch_failure(ConnectorError::other(
                    Box::new(CredentialsError::not_loaded("none")),
                    None,
                )),
                NO_CREDENTIALS,
            ),
            (SdkError::dispatch_failure(ConnectorError::io(Box::new(broken))), TLS),
            (
                SdkError::dispatch_failure(ConnectorError::io(Box::new(io::Error::from(
                    io::ErrorKind::ConnectionReset,
                )))),
                LOST,
            ),
            (SdkError::dispatch_failure(ConnectorError::user("x".into())), UNUSABLE),
        ];
        for (error, expected) in table {
            assert_eq!(meaning(&error), expected, "{error:?}");
        }
    }
}
