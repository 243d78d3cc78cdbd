//! AWS's error codes and what they mean. The same failure has another code in each protocol.

use ports::{ErrorKind, Retry};

use super::Meaning;

const fn is(kind: ErrorKind, advice: &'static str) -> Meaning {
    Meaning { kind, advice, retry: None }
}

const THROTTLED: Meaning = is(ErrorKind::Throttled, "AWS limits the rate");
const NOT_ALLOWED: Meaning = is(ErrorKind::Denied, "the credentials may not do this: allow {permission}");
const UNKNOWN_KEY: Meaning =
    is(ErrorKind::Denied, "AWS does not know the access key: check AWS_ACCESS_KEY_ID or the profile or role");
const WRONG_SECRET: Meaning =
    is(ErrorKind::Denied, "the secret does not belong to the access key: check AWS_SECRET_ACCESS_KEY");
const EXPIRED: Meaning = is(
    ErrorKind::Denied,
    "the session token has expired: sign in again and renew AWS_SESSION_TOKEN, or use a role",
);
const WRONG_TIME: Meaning =
    is(ErrorKind::Denied, "this machine's time differs too much from AWS's: synchronise its clock");
const NO_KEY: Meaning =
    is(ErrorKind::Denied, "no credentials were sent: set them, or give the instance a role");
const MISSING: Meaning =
    is(ErrorKind::Missing, "it does not exist: make it, or check its name and AWS_REGION");
/// What was asked for may be an object in it.
const NO_BUCKET: Meaning =
    is(ErrorKind::Missing, "the bucket does not exist: make it, or check its name and AWS_REGION");
const ELSEWHERE: Meaning =
    is(ErrorKind::Missing, "it is in another region: set AWS_REGION to the one it is in");
const TOO_LARGE: Meaning = is(ErrorKind::TooLarge, "it is larger than AWS takes");
const SLOW: Meaning = is(ErrorKind::Timeout, "AWS waited too long for the request");
const BUSY: Meaning = is(ErrorKind::Unavailable, "AWS has an outage; see its health dashboard if this lasts");
const FAILED: Meaning = Meaning { retry: Some(Retry::Unknown), ..BUSY };
/// An answer that says it went well, and is not AWS's.
const NO_ANSWER: Meaning =
    Meaning { retry: Some(Retry::Unknown), ..is(ErrorKind::Unavailable, super::transport::GARBLED) };
/// What lies in the request itself: its text, its key or its name. Another attempt would be refused likewise.
const REFUSED: Meaning = is(ErrorKind::Invalid, "AWS does not take the request");
/// AWS has hundreds of codes and gets new ones. What is not known to lie in the request may pass, or be corrected by an operator.
const UNKNOWN: Meaning = Meaning { retry: Some(Retry::After(None)), ..REFUSED };

/// What a code means; without a known one the status decides.
pub(super) fn meaning(code: Option<&str>, status: u16) -> Meaning {
    code.and_then(by_code).unwrap_or_else(|| by_status(status))
}

fn by_code(code: &str) -> Option<Meaning> {
    Some(match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "LimitExceeded"
        | "LimitExceededException"
        | "OverLimit"
        | "AWS.SimpleQueueService.OverLimit"
        | "KmsThrottled"
        | "SlowDown" => THROTTLED,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AuthorizationError"
        | "KmsAccessDenied"
        | "KMS.AccessDeniedException"
        | "NotAuthorized"
        | "OptInRequired"
        | "UnauthorizedOperation" => NOT_ALLOWED,
        "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidToken"
        | "InvalidSecurity"
        | "AuthFailure" => UNKNOWN_KEY,
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException" => WRONG_SECRET,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => EXPIRED,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => WRONG_TIME,
        "MissingAuthenticationToken" | "MissingAuthenticationTokenException" => NO_KEY,
        "NoSuchBucket" => NO_BUCKET,
        "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "TableNotFoundException" => MISSING,
        "PermanentRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "Redirect"
        | "TemporaryRedirect" => ELSEWHERE,
        "EntityTooLarge"
        | "BatchRequestTooLong"
        | "AWS.SimpleQueueService.BatchRequestTooLong"
        | "RequestEntityTooLarge"
        | "MaxMessageLengthExceeded" => TOO_LARGE,
        "InvalidMessageContents" | "InvalidURI" | "KeyTooLong" | "KeyTooLongError" => REFUSED,
        "RequestTimeout" | "RequestTimeoutException" => SLOW,
        "ServiceUnavailable" | "ServiceUnavailableException" => BUSY,
        "InternalError" | "InternalFailure" | "InternalServerError" | "InternalServiceError" => FAILED,
        _ => return None,
    })
}

const fn by_status(status: u16) -> Meaning {
    match status {
        200..=299 => NO_ANSWER,
        301 | 307 => ELSEWHERE,
        401 | 403 => NOT_ALLOWED,
        404 => MISSING,
        408 => SLOW,
        // Too large for what is in between, perhaps: AWS itself has a code for it.
        429 => THROTTLED,
        503 => BUSY,
        500..=599 => FAILED,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use ports::ErrorKind::*;
    use proptest::prelude::*;

    use super::super::Call;
    use super::*;

    const CALL: Call<'static> =
        Call { operation: "queue.receive", permission: "sqs:ReceiveMessage", what: "queue trigger" };

    #[test]
    fn codes_of_all_protocols_mean_the_same() {
        let table = [
            ("ThrottlingException", 400, Throttled, "limits the rate"),
            ("SlowDown", 503, Throttled, "limits the rate"),
            ("ProvisionedThroughputExceededException", 400, Throttled, "limits the rate"),
            ("AccessDeniedException", 400, Denied, "allow sqs:ReceiveMessage"),
            ("AccessDenied", 403, Denied, "allow sqs:ReceiveMessage"),
            ("InvalidAccessKeyId", 403, Denied, "AWS_ACCESS_KEY_ID"),
            ("UnrecognizedClientException", 400, Denied, "AWS_ACCESS_KEY_ID"),
            ("SignatureDoesNotMatch", 403, Denied, "AWS_SECRET_ACCESS_KEY"),
            ("ExpiredTokenException", 400, Denied, "AWS_SESSION_TOKEN"),
            ("ExpiredToken", 400, Denied, "AWS_SESSION_TOKEN"),
            ("RequestTimeTooSkewed", 403, Denied, "clock"),
            ("NoSuchBucket", 404, Missing, "the bucket does not exist"),
            ("QueueDoesNotExist", 400, Missing, "does not exist"),
            ("ResourceNotFoundException", 400, Missing, "does not exist"),
            ("PermanentRedirect", 301, Missing, "AWS_REGION"),
            ("EntityTooLarge", 400, TooLarge, "larger"),
            ("RequestTimeout", 400, Timeout, "too long"),
            ("InternalError", 500, Unavailable, "outage"),
            ("SomethingNew", 400, Invalid, "does not take"),
        ];
        for (code, status, kind, part) in table {
            let error = CALL.refused(Some(code), status);
            assert_eq!(error.kind(), kind, "{code}");
            let text = error.to_string();
            for word in ["queue.receive", "queue trigger", code, part] {
                assert!(text.contains(word), "{text}");
            }
        }
    }

    /// The only codes after which a message becomes a dead letter.
    const PERMANENT: [&str; 9] = [
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "BatchRequestTooLong",
        "EntityTooLarge",
        "InvalidMessageContents",
        "InvalidURI",
        "KeyTooLong",
        "KeyTooLongError",
        "MaxMessageLengthExceeded",
        "RequestEntityTooLarge",
    ];

    #[test]
    fn only_what_lies_in_the_request_is_permanent() {
        for code in PERMANENT {
            assert_eq!(CALL.refused(Some(code), 400).retry(), Retry::Never, "{code}");
        }
        for status in 100..=u16::MAX {
            assert_ne!(CALL.refused(None, status).retry(), Retry::Never, "{status}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_unknown_code_is_permanent(code in "[A-Za-z.]{0,40}", status in 0..1_000_u16) {
            prop_assume!(!PERMANENT.contains(&code.as_str()));
            prop_assert_ne!(CALL.refused(Some(&code), status).retry(), Retry::Never, "{}", code);
        }
    }

    #[test]
    fn without_a_code_the_status_decides() {
        let table = [
            (200, Unavailable),
            (301, Missing),
            (403, Denied),
            (404, Missing),
            (408, Timeout),
            (413, Invalid),
            (429, Throttled),
            (500, Unavailable),
            (503, Unavailable),
            (400, Invalid),
        ];
        for (status, kind) in table {
            assert_eq!(CALL.refused(None, status).kind(), kind, "{status}");
        }
    }

    #[test]
    fn only_a_failure_in_the_middle_leaves_doubt() {
        assert_eq!(CALL.refused(Some("InternalError"), 500).retry(), Retry::Unknown);
        assert_eq!(CALL.refused(None, 502).retry(), Retry::Unknown);
        assert_eq!(CALL.refused(Some("ServiceUnavailable"), 503).retry(), Retry::After(None));
        assert_eq!(CALL.refused(Some("KeyTooLongError"), 400).retry(), Retry::Never);
        // The operator can give the permission or make the queue, and the work goes on by itself.
        assert_eq!(CALL.refused(Some("AccessDenied"), 403).retry(), Retry::After(None));
    }
}
