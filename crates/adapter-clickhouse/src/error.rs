//! What ClickHouse's errors mean.

use clickhouse::error::Error as Cause;
use ports::{Error, ErrorKind, Retry};

const MIGRATE: &str = "run `efflux migrate`";
const PASSWORD: &str = "check user and password in CLICKHOUSE_URL";
const RIGHTS: &str = "grant the user of CLICKHOUSE_URL what it needs";
const BUSY: &str = "it is tried again later";
const REPLICAS: &str = "look at the server's replicas and its Keeper";
const READ_ONLY: &str = "look at the user's profile and the state of the table's replica";

/// Kinds and advice by ClickHouse's number of an error. None is permanent: rows are written by the export alone, which tries again
/// until they are there. Any other number is [`Invalid`](ErrorKind::Invalid), and tried again as well: ClickHouse has hundreds of
/// them and gets new ones.
const TABLE: &[(u32, ErrorKind, &str)] = &[
    (16, ErrorKind::Missing, MIGRATE),
    (40, ErrorKind::Corrupt, "check the server's disk"),
    (47, ErrorKind::Missing, MIGRATE),
    (60, ErrorKind::Missing, MIGRATE),
    (81, ErrorKind::Missing, MIGRATE),
    (159, ErrorKind::Timeout, BUSY),
    (160, ErrorKind::Timeout, BUSY),
    (164, ErrorKind::Full, READ_ONLY),
    (192, ErrorKind::Denied, PASSWORD),
    (193, ErrorKind::Denied, PASSWORD),
    (194, ErrorKind::Denied, PASSWORD),
    (201, ErrorKind::Throttled, "the user's quota is used up"),
    (202, ErrorKind::Throttled, BUSY),
    (209, ErrorKind::Timeout, BUSY),
    (210, ErrorKind::Unavailable, BUSY),
    (225, ErrorKind::Unavailable, REPLICAS),
    (236, ErrorKind::Unavailable, "the server stopped the statement"),
    (241, ErrorKind::Throttled, "the server's memory is short"),
    (242, ErrorKind::Full, READ_ONLY),
    (243, ErrorKind::Full, "free some space on the server's disk"),
    (246, ErrorKind::Corrupt, "check the server's disk"),
    (252, ErrorKind::Throttled, "the table is in too many parts; ClickHouse merges them by itself"),
    (279, ErrorKind::Unavailable, REPLICAS),
    (285, ErrorKind::Unavailable, REPLICAS),
    (291, ErrorKind::Denied, RIGHTS),
    (319, ErrorKind::Unavailable, REPLICAS),
    (388, ErrorKind::Throttled, "the server is busy merging"),
    (394, ErrorKind::Unavailable, "the server stopped the statement"),
    (497, ErrorKind::Denied, RIGHTS),
    (516, ErrorKind::Denied, PASSWORD),
    (999, ErrorKind::Unavailable, REPLICAS),
];

/// Errors after which it is unknown whether the statement was done.
const UNKNOWN: &[u32] = &[209, 210, 319];

/// An error in the ports' words; `place` is where it happened.
pub(crate) fn translate(operation: &'static str, place: &str, cause: Cause) -> Error {
    let say = |kind, what: &str| Error::new(kind, operation).detail(format!("ClickHouse at {place}: {what}"));
    match cause {
        Cause::BadResponse(text) => match ServerError::of(&text) {
            Some(error) => error.translate(operation, place),
            None => without_code(operation, place, &text),
        },
        Cause::TimedOut => say(ErrorKind::Timeout, "no answer in time"),
        Cause::Network(source) => say(ErrorKind::Unavailable, unreachable(&*source)).source(source),
        Cause::SchemaMismatch(_) | Cause::InvalidColumnsHeader(_) => {
            say(ErrorKind::Missing, &format!("a table has another shape than expected; {MIGRATE}"))
                .source(cause)
        }
        Cause::RowNotFound | Cause::NotEnoughData | Cause::Decompression(_) => {
            say(ErrorKind::Unavailable, "the answer is not whole").source(cause)
        }
        // What is left is about what we wrote or read; its text may quote values.
        _ => say(ErrorKind::Invalid, "a statement or its answer cannot be understood")
            .retry_with(Retry::Unknown),
    }
}

/// Advice by what the way to the server says, causes included.
fn unreachable(mut cause: &(dyn std::error::Error + 'static)) -> &'static str {
    loop {
        let text = cause.to_string();
        if text.contains("certificate") || text.contains("InvalidContentType") || text.contains("TLS") {
            return "TLS failed; the server may not offer it there (https in CLICKHOUSE_URL), or its certificate is not trusted";
        }
        match cause.source() {
            Some(deeper) => cause = deeper,
            None => return "cannot be reached; check host and port in CLICKHOUSE_URL",
        }
    }
}

/// An answer that is not ClickHouse's own, such as that of a proxy before it.
fn without_code(operation: &'static str, place: &str, text: &str) -> Error {
    let status: u16 = text.get(..3).and_then(|s| s.parse().ok()).unwrap_or_default();
    let kind = match status {
        401 | 403 => ErrorKind::Denied,
        408 | 504 => ErrorKind::Timeout,
        429 => ErrorKind::Throttled,
        _ => ErrorKind::Unavailable,
    };
    let what = "gave an answer that is not ClickHouse's; check host and port in CLICKHOUSE_URL, and what is in between";
    let status = if status == 0 { String::new() } else { format!(" (status {status})") };
    Error::new(kind, operation).detail(format!("{place} {what}{status}"))
}

/// An error of the server without its text: that may quote rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ClickHouse's error {code}{name}")]
struct ServerError {
    code: u32,
    /// ` UNKNOWN_TABLE`; may be empty.
    name: String,
}

impl ServerError {
    /// Reads `Code: 60. DB::Exception: .... (UNKNOWN_TABLE) (version 25.8)`.
    fn of(text: &str) -> Option<Self> {
        let digits = text.split_once("Code: ")?.1;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let code = digits[..end].parse().ok()?;
        let is_name = |word: &&str| {
            word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        let name = text.rsplit('(').filter_map(|part| part.split(')').next()).find(is_name);
        Some(Self { code, name: name.map(|n| format!(" {n}")).unwrap_or_default() })
    }

    fn translate(self, operation: &'static str, place: &str) -> Error {
        let known = TABLE.iter().find(|(code, ..)| *code == self.code);
        let (kind, advice) = known.map_or((ErrorKind::Invalid, ""), |(_, kind, advice)| (*kind, *advice));
        let dash = if advice.is_empty() { "" } else { "; " };
        let detail = format!("ClickHouse at {place}: error {}{}{dash}{advice}", self.code, self.name);
        let mut error = Error::new(kind, operation).detail(detail);
        if UNKNOWN.contains(&self.code) || known.is_none() {
            error = error.retry_with(Retry::Unknown);
        }
        error.source(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Error {
        translate("analytics.insert", "h:8123/d", Cause::BadResponse(text.to_owned()))
    }

    #[test]
    fn every_number_has_its_kind() {
        for (code, kind, advice) in TABLE {
            let error =
                of(&format!("Code: {code}. DB::Exception: Something. (SOME_NAME) (version 25.8.1.1)"));
            assert_eq!(error.kind(), *kind, "{code}");
            let text = error.to_string();
            assert!(text.contains(advice) && text.contains(&format!("{code} SOME_NAME")), "{text}");
        }
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0), "each once, in order");
        assert_eq!(of("Code: 319. DB::Exception: x").retry(), Retry::Unknown);
        assert_eq!(of("Code: 62. DB::Exception: Syntax error (SYNTAX_ERROR)").kind(), ErrorKind::Invalid);
    }

    #[test]
    fn no_unknown_number_is_permanent() {
        let known: Vec<u32> = TABLE.iter().map(|(code, ..)| *code).collect();
        for code in (0..20_000).chain([u32::MAX]).filter(|code| !known.contains(code)) {
            assert_eq!(of(&format!("Code: {code}. DB::Exception: x")).retry(), Retry::Unknown, "{code}");
        }
    }

    #[test]
    fn what_the_server_quotes_is_not_repeated() {
        let error = of(
            "Code: 27. DB::Exception: Cannot parse input: expected 'x' before 'jane@example.com' (CANNOT_PARSE_INPUT_ASSERTION_FAILED)",
        );
        assert!(!format!("{error} {error:?}").contains("jane"), "{error:?}");
        assert!(error.to_string().contains("27 CANNOT_PARSE_INPUT_ASSERTION_FAILED"), "{error}");
    }

    #[test]
    fn answers_of_other_servers_are_recognised() {
        assert_eq!(of("502 Bad Gateway").kind(), ErrorKind::Unavailable);
        assert_eq!(of("401 Unauthorized").kind(), ErrorKind::Denied);
        assert_eq!(of("<html>hello</html>").kind(), ErrorKind::Unavailable);
        let mismatch = Cause::SchemaMismatch("column `x`".to_owned());
        assert_eq!(translate("o", "p", mismatch).kind(), ErrorKind::Missing);
    }
}
